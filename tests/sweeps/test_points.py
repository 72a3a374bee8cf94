"""Tables of points: fronts, orders, and what they are written as."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import modelcost as mc
from modelcost.errors import ModelCostError, UnknownNameError
from modelcost.sweeps import Point, Points
from modelcost.sweeps.points import gathered

NAMES = ("p", "q", "r")


def table(rows: list[tuple[int, ...]], failed: int = 0) -> Points:
    """Points with these figures, numbered by the choice `i`, and some that failed."""
    points = [Point({"i": i}, dict(zip(NAMES, row, strict=False))) for i, row in enumerate(rows)]
    points += [Point({"i": len(rows) + i}, {}, f"reason {i}") for i in range(failed)]
    return gathered("test", ("i",), NAMES[: len(rows[0])] if rows else NAMES, points)


def beaten(one: tuple[int, ...], others: list[tuple[int, ...]]) -> bool:
    """Whether another is as low everywhere and lower somewhere: the definition, pair by pair."""
    return any(
        all(b <= a for a, b in zip(one, other, strict=True)) and any(b < a for a, b in zip(one, other, strict=True))
        for other in others
    )


@pytest.mark.parametrize("width", [1, 2, 3])
@given(data=st.data())
def test_the_pareto_front_is_what_no_point_beats(width: int, data: st.DataObject) -> None:
    values = st.sampled_from([0, 1, 2, 3, 5, -1, 10**30])
    rows = data.draw(st.lists(st.tuples(*[values] * width), min_size=1, max_size=25))
    signs = data.draw(st.tuples(*[st.sampled_from([1, -1])] * width))
    names = [f"{'-' if sign < 0 else ''}{name}" for sign, name in zip(signs, NAMES, strict=False)]
    signed = [tuple(sign * value for sign, value in zip(signs, row, strict=True)) for row in rows]
    front = table(rows).pareto(*names)
    assert front["i"].tolist() == [i for i, one in enumerate(signed) if not beaten(one, signed)]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1))
def test_sorting_is_stable_and_most_comes_first(rows: list[tuple[int, ...]]) -> None:
    order = sorted(range(len(rows)), key=lambda i: (-rows[i][0], rows[i][1]))
    assert table(rows).sort("p", "-q")["i"].tolist() == order
    assert table(rows).sort("p", "-q").top(3)["i"].tolist() == order[:3]


def test_rows_columns_and_slices() -> None:
    points = table([(5, 1), (6, 2), (7, 3)], failed=2)
    assert [point["p"] for point in points] == [5, 6, 7]
    assert (points[-1]["i"], points[-1].figures, len(points)) == (2, {"p": 7, "q": 3}, 3)
    assert all(type(value) is int for value in points[0].figures.values())
    assert points.where("p > 5", "q < 3")["i"].tolist() == [1]
    assert points.where("p > 5").failed is points.failed
    assert [(one.choices, one.failed) for one in points.failed] == [({"i": 3}, "reason 0"), ({"i": 4}, "reason 1")]
    assert repr(points) == "<Points of test: 3 points, 2 failed>"
    assert repr(points.failed[0]) == "<i=3: failed: reason 0>"
    with pytest.raises(UnknownNameError, match="unknown figure or choice of this sweep 'x'"):
        points["x"]
    with pytest.raises(UnknownNameError, match="unknown figure or choice 'x'"):
        points[0]["x"]
    with pytest.raises(ModelCostError, match="this point failed: reason 0"):
        points.failed[0]["p"]
    with pytest.raises(IndexError):
        points[3]


@pytest.mark.parametrize("method", ["pareto", "sort"])
def test_what_picks_needs_names_that_have_an_order(method: str) -> None:
    points = gathered("test", ("i",), ("p",), [Point({"i": "a"}, {"p": 1}), Point({"i": (1, 2)}, {"p": 2})])
    with pytest.raises(ModelCostError, match="needs"):
        getattr(points, method)()
    with pytest.raises(ModelCostError, match="i has values that have no order"):
        getattr(points, method)("i")


def test_every_format_has_every_point_exactly() -> None:
    big = 3 * 10**20 + 1
    points = table([(1, 2), (2**53 + 1, big)], failed=1)
    read = list(csv.DictReader(io.StringIO(points.to_csv())))
    expected = [("0", "1", "2", ""), ("1", str(2**53 + 1), str(big), ""), ("2", "", "", "reason 0")]
    assert [tuple(line.values()) for line in read] == expected
    found = json.loads(points.to_json())
    assert found["points"] == [{"i": 0, "p": 1, "q": 2}, {"i": 1, "p": 2**53 + 1, "q": big}]
    assert found["failed"] == [{"i": 2, "reason": "reason 0"}]
    assert (found["sweep"], found["choices"], found["figures"]) == ("test", ["i"], ["p", "q"])
    assert "reason 0" in points.to_markdown()
    assert "reason 0" in str(points) and "2 points" in str(points)


def test_names_from_elsewhere_are_harmless() -> None:
    hostile = gathered("t", ("i",), ("p",), [Point({"i": "=1+1\x1b[31m"}, {"p": 1}), Point({"i": "x"}, {}, "\x1b[2J")])
    for text in (str(hostile), hostile.to_csv(), hostile.to_json(), hostile.to_markdown()):
        assert "\x1b" not in text
    assert "'=1+1" in hostile.to_csv()


def test_a_table_for_people_says_how_much_it_leaves_out() -> None:
    text = str(table([(i,) for i in range(100)]))
    assert "The first 40 of 100 points" in text
    assert len(text.splitlines()) < 50


def test_pandas_has_the_columns() -> None:
    pandas = pytest.importorskip("pandas")
    frame = mc.sweep("lenet5", batch=[1, 2, 4]).to_pandas()
    assert isinstance(frame, pandas.DataFrame)
    assert frame["batch"].tolist() == [1, 2, 4]
    assert frame["params"].nunique() == 1


def plotted(points: Points, **asked: Any) -> Any:
    """The axes of a plot."""
    pytest.importorskip("matplotlib")
    (axes,) = points.plot(**asked).axes
    return axes


def test_a_plot_draws_every_point_and_a_line_for_each_value_of_another_choice() -> None:
    points = mc.sweep("lenet5", batch=[1, 8, 64], height=[32, 40])
    axes = plotted(points)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("batch", "minibatch.forward_flops")
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert [line.get_label() for line in axes.get_lines()] == ["height = 32", "height = 40"]
    for line, height in zip(axes.get_lines(), (32, 40), strict=True):
        of_height = points.where(f"height == {height}")
        assert line.get_xdata().tolist() == [1, 8, 64]
        assert line.get_ydata().tolist() == of_height["minibatch.forward_flops"].tolist()
    assert len({line.get_color() for line in axes.get_lines()}) == 2


def test_a_plot_of_a_front_joins_its_points() -> None:
    points = table([(1, 9), (2, 5), (3, 7), (4, 1)])
    axes = plotted(points, x="p", y="q", front=points.pareto("p", "q"))
    everything, front = axes.get_lines()
    assert everything.get_xdata().tolist() == [1, 2, 3, 4]
    assert front.get_xdata().tolist() == [1, 2, 4]
    assert (axes.get_xscale(), axes.get_yscale()) == ("linear", "linear")


def test_points_are_joined_where_there_is_one_for_each_place() -> None:
    lines = plotted(mc.sweep("lenet5", batch=[1, 2, 3])).get_lines()
    assert [line.get_linewidth() for line in lines] == [1]
    many = plotted(mc.sweep("lenet5", batch=[1, 2], height=range(32, 42))).get_lines()
    assert [line.get_linewidth() for line in many] == [0]


def test_what_cannot_be_drawn_says_why() -> None:
    pytest.importorskip("matplotlib")
    with pytest.raises(ModelCostError, match="i cannot be drawn"):
        gathered("t", ("i",), ("p",), [Point({"i": "a"}, {"p": 1})]).plot(x="i")
    with pytest.raises(ModelCostError, match="no points to draw"):
        table([(1,)]).where("p > 1").plot()
    assert np.isfinite(plotted(table([(10**30,), (1,)])).get_lines()[0].get_ydata()).all()


@given(st.lists(st.integers(-3, 5) | st.integers(-(10**30), 10**30), min_size=1, max_size=40), st.booleans())
def test_columns_are_written_as_python_writes_each_value(values: list[int], narrow: bool) -> None:
    """Those of one value, of few, of many, and of numbers beyond 64 bits."""
    rows = [(value % 4 if narrow else value, 7) for value in values]
    points = table(rows, failed=2)
    lines = [f"{i},{p},{q}," for i, (p, q) in enumerate(rows)]
    lines += [f"{len(rows)},,,reason 0", f"{len(rows) + 1},,,reason 1"]
    assert points.to_csv().splitlines() == ["i,p,q,failed", *lines]
    whole = json.loads(points.to_json())
    assert whole["points"] == [{"i": i, "p": p, "q": q} for i, (p, q) in enumerate(rows)]
    assert whole["failed"] == [{"i": len(rows) + i, "reason": f"reason {i}"} for i in range(2)]


def test_json_is_laid_out_as_other_json_is() -> None:
    from modelcost.render.json import dumped

    points = gathered(
        "t",
        ("a%s", "b"),
        ("p",),
        [Point({"a%s": (1, 2), "b": "x,\n"}, {"p": 1}), Point({"a%s": 1, "b": None}, {}, "no")],
    )
    assert points.to_json() == dumped(json.loads(points.to_json()))


def test_a_slice_is_a_table_and_a_layer_may_be_called_memory() -> None:
    found = mc.sweep("lenet5", batch=[1, 2, 4])
    assert found[1:]["batch"].tolist() == [2, 4]
    report = mc.cost(mc.Sequential([mc.Input((4,)), mc.Dense(2, name="memory"), mc.Dense(3, name="time")]))
    assert (report.figure("memory.params"), report.figure("time.params")) == (10, 9)
    assert report.figure("memory.parameter_bytes") == 76
