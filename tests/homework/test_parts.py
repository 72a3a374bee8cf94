"""Parts of a long sum: what is found in them is what each of them, tried alone with every slip, comes to."""

from __future__ import annotations

from typing import Any

import pytest

import modelcost as mc
from modelcost.count import Count, product, total
from modelcost.homework.form import Form
from modelcost.homework.points import MOST_TERMS, Points
from modelcost.homework.search import FURTHER, searched
from modelcost.homework.slips import slips
from modelcost.homework.sums import OMITTED, WITHIN, TriedSum

NEARBY = (("the classes", 10), ("the batch", 32))


def formulas() -> list[Any]:
    """Such as layers do not all have: passes, one letter for two axes, a size within a bracket, beside it and alone."""
    n, u, c, f, kh, kw, h, w = (
        Count(value, name)
        for name, value in {"N": 23, "U": 7, "C": 5, "F": 11, "K_h": 3, "K_w": 13, "H": 17, "W": 19}.items()
    )
    bracket = total([c, u])
    return [
        product([Count(3, "passes"), n, bracket]),
        u * bracket + u,
        u * bracket * u + u,
        kh * kw * c * f + f,
        h * w * (kh * kw * c - 1) * f,
        4 * u * (4 * c + 4 * u) - u,
        h * w - kh * (h - c),
    ]


@pytest.mark.parametrize("count", formulas(), ids=lambda count: count.formula())
def test_what_one_slip_makes_of_any_formula_is_among_the_points(count: Any) -> None:
    form = Form(count)
    points, tried = Points(form, NEARBY), slips(form, NEARBY)
    assert points.told
    for slip in tried:
        value = form.valued(slip.values)
        assert points.fit(value, value), slip
        assert points.fit(value, value + 0.5), slip
        assert points.fit(value - 0.5, value), slip
    assert not all(points.fit(value, value) for value in range(form.value))


def test_of_a_formula_that_is_too_much_to_multiply_out_no_figure_is_ruled_out() -> None:
    brackets = [total([Count(10 * i + j, "CFUHW"[j]) for j in range(5)]) for i in range(1, 4)]
    points = Points(Form(product(brackets) + 3), NEARBY)
    assert MOST_TERMS < 5**3
    assert not points.told
    assert points.fit(1, 1)


def signed() -> dict[str, tuple[int, Any]]:
    """Parts that are added and taken away, some of them alike: the products and the differences of layers."""
    layers = [mc.Conv2D(6, 3, strides=2, name="a"), mc.Conv2D(10, 5, name="b"), mc.Conv2D(10, 5, name="c")]
    report = mc.cost(
        mc.Sequential([mc.Input((31, 28, 6)), *layers, mc.Flatten(), mc.Dense(7, use_bias=False, name="d")])
    )
    figures = {row.name: row.adds for row in report if row.adds}
    signs = {"a": 1, "b": 1, "c": 1, "d": -1}
    return {name: (signs[name], figures[name]) for name in figures} | {"e": (-1, figures["b"]), "f": (1, figures["b"])}


def summed(parts: dict[str, tuple[int, Any]]) -> Any:
    """The sum of all parts by their names."""
    (_, first), *others = [(sign, figure.called(name)) for name, (sign, figure) in parts.items()]
    for sign, figure in others:
        first = first + figure if sign > 0 else first - figure
    return first


def within(parts: dict[str, tuple[int, Any]]) -> set[tuple[int, str, str]]:
    """What each slip in each part changes the sum by, tried one by one."""
    found = set()
    for name, (sign, figure) in parts.items():
        form = Form(figure)
        for slip in slips(form, NEARBY):
            value = form.valued(slip.values)
            found |= {(sign * (value - int(figure)), name, slip.text)} if value >= 0 else set()
    return found


def test_slips_in_parts_that_are_added_and_taken_away() -> None:
    parts = signed()
    search = searched(summed(parts), NEARBY)
    assert isinstance(search, TriedSum)
    assert search.value == sum(sign * int(figure) for sign, figure in parts.values())
    made = [one for one in search.changes() if one[5] and not one[4]]
    assert {(change, name, slip.text) for change, _, slip, _, _, names in made for name in names} == within(parts)


def test_what_is_found_in_a_sum_does_not_hang_on_what_was_asked_of_it_before() -> None:
    parts = signed()
    known = searched(summed(parts), NEARBY)
    assert isinstance(known, TriedSum)
    known.changes()
    every, expected = {change for change, *_ in known.changes()}, within(parts)
    for change, name, text in sorted(one for one in expected if one[1] in ("b", "d", "e"))[::7]:
        search, value = searched(summed(parts), NEARBY), known.value + change
        found = sorted((bits, several[0].text) for bits, several in search.explained(value, value, 1))
        assert found == sorted((bits, several[0].text) for bits, several in known.explained(value, value, 1))
        assert any(one.endswith((f": {text}", "left out", "counted twice")) for _, one in found), name
    below = known.value + 7 * 349 + 7  # where d is 7*(0 - 1), its C left out as a term: nobody takes that for a figure
    for search in (known, searched(summed(parts), NEARBY)):
        assert not any("d: C is left out" in str(found) for found in search.explained(below, below, 1))
    nothing = next(change for change in range(1, 10_000) if change not in every)
    assert list(known.explained(known.value + nothing, known.value + nothing, 1)) == []


def test_slips_in_two_parts_are_every_pair_that_makes_the_figure_and_each_once() -> None:
    c, f, u = Count(13, "C"), Count(11, "F"), Count(29, "U")
    parts = {"a": (1, c * f + f), "b": (1, c * f + f), "d": (-1, c * u), "e": (1, f * u * 2)}
    search = searched(summed(parts), ())
    assert isinstance(search, TriedSum)
    singles = {(sign * -int(figure), name, OMITTED, f"{name} is out") for name, (sign, figure) in parts.items()}
    for name, (sign, figure) in parts.items():
        form = Form(figure)
        made = [(form.valued(slip.values), slip) for slip in slips(form)]
        singles |= {(sign * (value - form.value), name, slip.bits + WITHIN, slip.text)
                    for value, slip in made if value >= 0 and slip.bits <= 4}  # fmt: skip
    every = [(one, other) for one in singles for other in singles if one[1] < other[1]]
    for one, other in sorted(every)[::23]:
        value, limit = search.value + one[0] + other[0], one[2] + other[2] + FURTHER + 2 * search.place
        found = [(bits, two) for bits, two in search.explained(value, value, 2, limit + 1e-6) if len(two) == 2]
        assert any(abs(bits - limit) < 1e-6 for bits, _ in found), (one, other)
        texts = [frozenset(slip.text for slip in two) for _, two in found]
        assert len(texts) == len(set(texts)), (one, other)


def test_formulas_of_other_signs_or_operators_are_of_another_shape() -> None:
    h, w, c = Count(17, "H"), Count(19, "W"), Count(5, "C")
    for count in (h * w + c, h * w - c, (h + w) * c, h * w * c, 3 * h + w, 4 * h + w):
        form = Form(count)
        for slip in slips(form, NEARBY):
            value = form.valued(slip.values)
            assert Points(form, NEARBY).fit(value, value), slip


def deep(*layers: Any, side: int = 33, channels: int = 6) -> mc.Report:
    return mc.cost(mc.Sequential([mc.Input((side, side, channels)), *layers], name="net"))


def test_the_same_slip_in_all_parts_is_what_it_comes_to_in_each() -> None:
    convs = deep(mc.Conv2D(8, 3, name="a"), mc.Conv2D(12, 5, name="b"), mc.Conv2D(20, 3, name="c"))
    same = 33 * 33 * 9 * 6 * 8 + 31 * 31 * 25 * 8 * 12 + 27 * 27 * 9 * 12 * 20
    assert mc.check(same, of=convs.multiplies).slips[0].startswith("in all of a, b, c: ")
    assert "those of same padding" in mc.check(same, of=convs.multiplies).slips[0]
    lines = [mc.Dense(units, name=name) for name, units in (("a", 12), ("b", 17), ("c", 12), ("d", 9))]
    dense = mc.cost(mc.Sequential([mc.Input((12,)), *lines], name="net"))
    shapes = ((12, 12), (12, 17), (17, 12), (12, 9))
    assert mc.check(sum(c + u for c, u in shapes), of=dense.params).slips == [
        "in all of a, b, c, d: the units are left out"
    ]
    assert mc.check(sum(u + u for _, u in shapes), of=dense.params).slips == [
        "in all of a, b, c, d: the inputs are left out"
    ]
    whole = sum(u * c + u for c, u in shapes)
    told = [several[0].text for _, several in searched(dense.adds).explained(whole, whole, 1)]
    assert told == ["in all of a, b, c, d: the - 1 is left out"]


def test_a_slip_that_changes_one_part_alone_is_not_told_of_all() -> None:
    report = deep(mc.Conv2D(8, 3, name="a"), mc.Conv2D(12, 5, name="b"), channels=1)
    found = mc.check(31 * 31 * 9 * 8 + 27 * 27 * 25 * 12, of=report.multiplies)
    assert found.slips == ["b: the 8 input channels are left out"]


def test_the_same_slip_in_parts_that_are_added_and_taken_away() -> None:
    search = searched(summed(signed()), NEARBY)
    assert isinstance(search, TriedSum)
    (change,) = [one[0] for one in search.changes() if one[2].text.endswith(": the bias is left out")]
    places = 15 * 13 * 6, 11 * 9 * 10, 7 * 5 * 10
    assert change == -places[0] - places[1] - places[2] + places[1] - places[1]


def test_beside_a_part_that_is_left_out_only_what_is_nearly_as_likely_is_told() -> None:
    c, f, h, u = Count(13, "C"), Count(11, "F"), Count(97, "H"), Count(89, "U")
    parts = {"a": c * f, "b": c * (f - 1), "c": c * h, "d": h * u * 2}  # F left out of a, 87 for H in c: as b left out
    whole = total(part.called(name) for name, part in parts.items())
    search, value = searched(whole, [("the classes", 87)]), int(whole) - 13 * 10
    found = sorted(several[0].text for _, several in search.explained(value, value, 1))
    assert found == ["a: the 11 filters are left out", "b (130) is left out"]
    without = total(part.called(name) for name, part in parts.items() if name != "b")
    (bits, (slip,)), *_ = searched(without, [("the classes", 87)]).explained(
        int(without) - 13 * 10, int(without) - 13 * 10, 1
    )
    assert slip.text == "a: the 11 filters are left out" and bits < 6


@pytest.mark.parametrize("off", [-1, 0, 1])
def test_what_a_sum_has_to_be_within_a_product_is_whole(off: int) -> None:
    whole = Count(32, "N") * summed(signed()).called("examples")
    search, value = searched(whole, NEARBY), int(whole) - 32 * int(signed()["a"][1])
    for low, high in ((value + off, value + off), (value + off - 0.25, value + off + 0.25)):
        found = [several[0].text for _, several in search.explained(low, high, 1)]
        assert any(text.startswith("a (") and text.endswith("is left out") for text in found) is (off == 0)
