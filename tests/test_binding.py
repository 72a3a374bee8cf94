"""Rebinding a figure gives what rebuilding the model gives: the same numbers and refusals, for one value or many."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import modelcost as mc
from modelcost.count import Count, Expression, total
from modelcost.errors import ModelCostError, SizeError, UnknownNameError
from modelcost.report import FIGURES
from modelcost.sizes import agreed, axis, larger, smaller

H, W = Count(6, "H", size="height"), Count(4, "W", size="width")


def _conv(draw: st.DrawFn, first: bool) -> dict[str, Any]:
    strides, padding = draw(st.integers(1, 3)), draw(st.sampled_from(["valid", "same", 1, (0, 2)]))
    return {
        "filters": draw(st.sampled_from([2, 4])),
        "kernel_size": draw(st.tuples(st.integers(1, 4), st.integers(1, 4))),
        "strides": strides,
        "padding": padding,
        "dilation_rate": draw(st.integers(1, 2)) if strides == 1 else 1,
        "activation": draw(st.sampled_from([None, "relu", "softmax"])),
        "data_format": "channels_first" if first else "channels_last",
    }


def _pool(draw: st.DrawFn, first: bool) -> dict[str, Any]:
    return {
        "pool_size": draw(st.integers(1, 4)),
        "strides": draw(st.none() | st.integers(1, 3)),
        "padding": draw(st.sampled_from(["valid", "same"])),
        "data_format": "channels_first" if first else "channels_last",
    }


KINDS: dict[str, Any] = {
    "Conv2D": _conv,
    "MaxPooling2D": _pool,
    "AveragePooling2D": _pool,
    "BatchNormalization": lambda draw, first: {"axis": 1 if first else -1},
    "ReLU": lambda draw, first: {},
    "Dropout": lambda draw, first: {"rate": 0.5},
    "Cropping2D": lambda draw, first: {
        "cropping": draw(st.integers(0, 2)), "data_format": "channels_first" if first else "channels_last",
    },
    "ZeroPadding2D": lambda draw, first: {
        "padding": draw(st.integers(0, 2)), "data_format": "channels_first" if first else "channels_last",
    },
}  # fmt: skip
ENDS: list[list[tuple[str, dict[str, Any]]]] = [
    [],
    [("Flatten", {}), ("Dense", {"units": 5, "activation": "softmax"})],
    [("GlobalAveragePooling2D", {}), ("Dense", {"units": 3})],
]


@st.composite
def recipes(draw: st.DrawFn) -> tuple[bool, list[tuple[str, dict[str, Any]]]]:
    """A random network as data, so that it can be built for any size of input."""
    first = draw(st.integers(0, 3)) == 0
    names = draw(st.lists(st.sampled_from(list(KINDS)), min_size=1, max_size=4))
    if first:  # a layer that says so, so that the input knows which axis is its channels
        names = ["Conv2D", *names]
    layers = [(name, KINDS[name](draw, first)) for name in names]
    end = draw(st.sampled_from(ENDS))
    return first, layers + [(name, _formatted(name, kwargs, first)) for name, kwargs in end]


def _formatted(name: str, kwargs: dict[str, Any], first: bool) -> dict[str, Any]:
    takes = name.startswith("Global") or name == "Flatten"
    return {**kwargs, "data_format": "channels_first"} if first and takes else kwargs


def built(recipe: tuple[bool, list[tuple[str, dict[str, Any]]]], height: int | None, width: int | None) -> mc.Model:
    """The network of a recipe on an image of 2 channels."""
    first, layers = recipe
    shape = (2, height, width) if first else (height, width, 2)
    return mc.Sequential([mc.Input(shape), *(getattr(mc, name)(**kwargs) for name, kwargs in layers)])


def figures(model: mc.Model, batch: int = 1) -> dict[str, Any]:
    """Every figure that a report has for a forward pass."""
    report = mc.cost(model, batch=batch, data=100, epochs=3)
    found = {name: getattr(report, name) for name in FIGURES}
    found |= {f"{level}": getattr(report, level).forward_flops for level in ("example", "minibatch", "epoch", "run")}
    for i, length in enumerate(list(report)[-1].output_shape):
        found[f"axis {i}"] = length
    return found


def outcome(make: Any) -> Any:
    """What came out, as plain numbers, or that it was refused."""
    try:
        return make()
    except SizeError:
        return "refused"


sides = st.integers(1, 24)


@settings(max_examples=150, deadline=None)
@given(recipes(), sides, sides, st.tuples(sides, sides, st.integers(1, 9)))
def test_rebinding_is_rebuilding(recipe: Any, height: int, width: int, other: tuple[int, int, int]) -> None:
    model = outcome(lambda: built(recipe, height, width))
    if model == "refused":
        return
    new = {"height": other[0], "width": other[1], "batch": other[2]}
    rebuilt = outcome(lambda: figures(built(recipe, other[0], other[1]), other[2]))
    for name, figure in figures(model).items():
        again = outcome(lambda figure=figure: figure.rebind(**new))
        if rebuilt == "refused":
            assert again == "refused" or name.startswith("axis"), name
        else:
            assert again == rebuilt[name], name
            assert eval(again.numbers(unfold=True)) == again


@settings(max_examples=100, deadline=None)
@given(recipes(), st.lists(sides, min_size=1, max_size=4), st.lists(sides, min_size=1, max_size=3))
def test_a_grid_of_sizes_is_every_model_rebuilt(recipe: Any, heights: list[int], widths: list[int]) -> None:
    model = outcome(lambda: built(recipe, 23, 24))
    if model == "refused":
        return
    figure = mc.cost(model).minibatch.forward_flops
    grid = figure.rebind(batch=7, height=np.array(heights)[:, None], width=widths)
    assert grid.shape == (len(heights), len(widths))
    for i, height in enumerate(heights):
        for j, width in enumerate(widths):
            whole = outcome(lambda h=height, w=width: mc.cost(built(recipe, h, w), batch=7).minibatch.forward_flops)
            assert ("refused" if grid.mask[i, j] else grid[i, j]) == whole


@settings(max_examples=60, deadline=None)
@given(recipes(), sides, sides)
def test_sizes_that_are_unknown_come_later_to_the_same(recipe: Any, height: int, width: int) -> None:
    first, layers = recipe
    if any(name == "Dense" for name, _ in layers) and any(name == "Flatten" for name, _ in layers):
        layers = [pair for pair in layers if pair[0] not in ("Flatten", "Dense")]
    open_model = figures(built((first, layers), None, None))
    whole = outcome(lambda: figures(built((first, layers), height, width)))
    for name, figure in open_model.items():
        again = outcome(lambda figure=figure: figure.rebind(height=height, width=width))
        if whole == "refused":
            assert again == "refused" or name.startswith("axis"), name
        else:
            assert again == whole[name], name


@st.composite
def terms(draw: st.DrawFn) -> Any:
    """A random tree over two free sizes, with every operator that array evaluation has."""
    pool: list[Any] = [H, W, Count(3, "K"), Count(2, "S"), 2, 5, H * W]
    for _ in range(draw(st.integers(1, 9))):
        a, b = draw(st.sampled_from(pool)), draw(st.sampled_from(pool))
        op = draw(st.sampled_from(["+", "-", "*", "//", "max", "min", "total", "axis", "same", "called", "broadcast"]))
        makers: dict[str, Any] = {
            "+": lambda a=a, b=b: a + b,
            "-": lambda a=a, b=b: a - b,
            "*": lambda a=a, b=b: a * b,
            "//": lambda a=a: (a + 3) // draw(st.sampled_from([2, 3, Count(2, "S")])),
            "max": lambda a=a, b=b: larger(a, b),
            "min": lambda a=a, b=b: smaller(a, b),
            "total": lambda a=a, b=b: total([a, b, a, 0]),
            "axis": lambda a=a: axis("H_out", a),
            "same": lambda a=a: agreed([a, a + H - W + (W - H) + Count(0, "z")]),
            "broadcast": lambda a=a: agreed([a, 1, axis("one", a - a + Count(1, "o"))], broadcast=True),
            "called": lambda a=a: (a + 0 if isinstance(a, Count) else Count(a)).called("part"),
        }
        try:
            pool.append(makers[op]())
        except SizeError:
            continue
    return next(one for one in reversed(pool) if isinstance(one, Count))


BIG = [1, 2, 5, 2**31 - 1, 2**31, 2**32, 2**62, 2**63 - 1]


@settings(max_examples=300, deadline=None)
@given(terms(), st.lists(st.sampled_from(BIG) | sides, min_size=1, max_size=5), st.lists(sides, min_size=1, max_size=3))
def test_arrays_never_wrap(term: Any, heights: list[int], widths: list[int]) -> None:
    found = term.rebind(height=np.array(heights, dtype=object)[:, None], width=widths)
    assert found.dtype in (np.dtype(np.int64), np.dtype(object))
    for i, height in enumerate(heights):
        for j, width in enumerate(widths):
            alone = outcome(lambda h=height, w=width: term.rebind(height=h, width=w))
            assert (alone == "refused") == bool(np.ma.getmaskarray(found)[i, j])
            assert alone == "refused" or int(found[i, j]) == alone


def test_what_fits_is_int64_and_what_does_not_is_exact_or_said_to_be_float() -> None:
    square = H * H
    root = 3_037_000_499  # the greatest whose square is below 2**63
    assert square.rebind(height=[root]).dtype == np.int64
    assert square.rebind(height=[root]).tolist() == [root**2]
    assert square.rebind(height=[root + 1]).dtype == object
    assert square.rebind(height=[root + 1, 2]).tolist() == [(root + 1) ** 2, 4]
    assert (H + 0 * W - H * 2 + H * 2).rebind(height=[2**62], width=[1]).tolist() == [2**62]
    fast = square.rebind(height=[root + 1, 2], exact=False)
    assert (fast.dtype, fast.tolist()) == (np.float64, [float((root + 1) ** 2), 4.0])
    assert square.rebind(height=[root], exact=False).dtype == np.int64


def test_nothing_on_the_way_wraps_though_the_result_is_small() -> None:
    one = (H * H * H * H) // (H * H * H * H)
    assert one.rebind(height=[2**40]).tolist() == [1]
    assert (H * H - H * H + 3).rebind(height=[2**60]).tolist() == [3]
    assert smaller(H * H * H, 7).rebind(height=[2**40, 1]).tolist() == [7, 1]
    narrow = np.array([200, 100], dtype=np.uint8)
    assert (H * H).rebind(height=narrow).tolist() == [40_000, 10_000]
    assert (H * H).rebind(height=np.array([2**31 - 1], dtype=np.int32)).tolist() == [(2**31 - 1) ** 2]
    assert (H - 300).rebind(height=narrow).tolist() == [-100, -200]
    assert (H + H).rebind(height=np.array([2**63 - 1], dtype=np.uint64)).tolist() == [2**64 - 2]


def test_sizes_broadcast_as_arrays_do() -> None:
    area = H * W
    assert area.rebind(height=[[1], [2]], width=[3, 4, 5]).tolist() == [[3, 4, 5], [6, 8, 10]]
    assert area.rebind(height=[1, 2], width=7).tolist() == [7, 14]
    assert area.rebind(height=[1, 2]).tolist() == [4, 8]
    assert area.rebind(height=[], width=3).tolist() == []
    assert area.rebind(height=np.int64(5), width=2) == 10
    assert Count(5, "C").rebind(height=[1, 2, 3]).tolist() == [5, 5, 5]


def test_arrays_that_do_not_broadcast_are_refused_in_our_words() -> None:
    with pytest.raises(
        SizeError,
        match=r"^arrays of sizes must broadcast together. Received: height of shape \(2,\) and width of shape \(3,\)$",
    ):
        (H * W).rebind(height=[1, 2], width=[1, 2, 3])


def test_impossible_sizes_are_masked() -> None:
    out = axis("H_out", H - 2)
    found = (out * 10).rebind(height=[1, 2, 3, 4])
    assert found.mask.tolist() == [True, True, False, False]
    assert found.tolist() == [None, None, 10, 20]
    high, wide = Count(6, "H", size="height"), Count(6, "W", size="width")
    assert agreed([high, wide]).rebind(height=[3, 4], width=4).tolist() == [None, 4]
    assert agreed([high, wide, 1], broadcast=True).rebind(height=[1, 2, 4], width=[4]).tolist() == [4, None, 4]


def test_a_size_that_is_still_missing_is_named() -> None:
    t = Expression("T", size="steps")
    with pytest.raises(ModelCostError, match="steps"):
        (t * H).rebind(height=[1, 2])
    assert (t * H).rebind(height=3).free_sizes() == ["steps", "height"]


BAD_ARRAYS: list[tuple[Any, str]] = [
    ([1.0, 2.0], "height must be a whole number. Received: height=1.0"),
    (np.array([1.5]), "height must be a whole number. Received: height=1.5"),
    ([float("nan")], "height must be a whole number. Received: height=nan"),
    ([3, 0], "height must be at least 1. Received: height=0"),
    ([3, -2], "height must be at least 1. Received: height=-2"),
    ([True], "height must be a whole number. Received: height=True"),
    (np.array([True, False]), "height must be a whole number. Received: height=True"),
    (["32"], "height must be a whole number. Received: height='32'"),
    ("32", "height must be a whole number. Received: height='32'"),
    ([None], "height must be a whole number. Received: height=None"),
    (None, "height must be a whole number. Received: height=None"),
    (2.0, "height must be a whole number. Received: height=2.0"),
    (True, "height must be a whole number. Received: height=True"),
    ([2**63], "height must be at most 2**63-1. Received: height=9223372036854775808"),
    (np.array([2**63], dtype=np.uint64), "height must be at most 2**63-1. Received: height=9223372036854775808"),
    ([10**30], "height must be at most 2**63-1. Received: height=1000000000000000000000000000000"),
    ([1 + 2j], "height must be a whole number. Received: height=(1+2j)"),
    ([[1, 2], [3]], "height must be a whole number. Received: height=[1, 2]"),
    ({}, "height must be a whole number. Received: height={}"),
]


@pytest.mark.parametrize(("bad", "text"), BAD_ARRAYS, ids=[repr(bad)[:24] for bad, _ in BAD_ARRAYS])
def test_bad_arrays_are_refused(bad: Any, text: str) -> None:
    for more in ({}, {"width": [1, 2]}):
        with pytest.raises(SizeError) as caught:
            (H * W).rebind(height=bad, **more)
        assert str(caught.value) == text


def test_a_masked_array_of_sizes_keeps_its_mask() -> None:
    given_sizes = np.ma.MaskedArray([5, 0, 7], mask=[False, True, False])
    assert (H * 2).rebind(height=given_sizes).tolist() == [10, None, 14]


def test_words_that_are_no_sizes() -> None:
    for word in ("hight", "channels", "N", "left.hight"):
        with pytest.raises(UnknownNameError, match="unknown size"):
            (H * W).rebind(**{word: 3})


def test_two_inputs_are_bound_together_or_each_by_its_name() -> None:
    left, right = mc.Input((8, 8, 1), name="left"), mc.Input((8, 8, 1), name="right")
    a, b = mc.Conv2D(2, 3)(left), mc.Conv2D(2, 3)(right)
    flops = mc.cost(mc.Model([left, right], [a, b])).example.forward_flops
    alone = {n: mc.cost(mc.Sequential([mc.Input((n, 8, 1)), mc.Conv2D(2, 3)])).example.forward_flops for n in (8, 20)}
    assert flops.rebind(height=20) == 2 * alone[20]
    assert flops.rebind(**{"left.height": 20}) == alone[20] + alone[8]
    merged = mc.cost(mc.Model([left, right], mc.Add()([a, b]))).example.forward_flops
    assert merged.rebind(height=20) > merged
    with pytest.raises(SizeError, match="sizes that must agree do not: 18, 6"):
        merged.rebind(**{"left.height": 20})
    assert merged.rebind(**{"left.height": [8, 20], "right.height": [8, 8]}).mask.tolist() == [False, True]


def test_the_batch_of_a_mini_batch_takes_other_values() -> None:
    model = mc.Sequential([mc.Input((8, 8, 3)), mc.Conv2D(4, 3), mc.BatchNormalization(), mc.Flatten(), mc.Dense(2)])
    flops = mc.cost(model, batch=64).minibatch.forward_flops
    assert flops.free_sizes() == ["batch", "height", "width"]
    for batch in (1, 7, 64, 1000):
        assert flops.rebind(batch=batch) == mc.cost(model, batch=batch).minibatch.forward_flops
    many = flops.rebind(batch=[1, 2, 3])
    assert many.tolist() == [mc.cost(model, batch=n).minibatch.forward_flops for n in (1, 2, 3)]
    assert many[1] - many[0] == many[2] - many[1]


def test_sequences_of_any_length() -> None:
    model = mc.Sequential([mc.Input((None, 8)), mc.LSTM(4, return_sequences=True), mc.Conv1D(2, 3), mc.Dense(3)])
    flops = mc.cost(model).example.forward_flops
    assert isinstance(flops, Expression)
    for steps in (3, 10, 499):
        fixed = mc.Sequential([mc.Input((steps, 8)), mc.LSTM(4, return_sequences=True), mc.Conv1D(2, 3), mc.Dense(3)])
        assert flops.rebind(steps=steps) == mc.cost(fixed).example.forward_flops
    with pytest.raises(SizeError):
        flops.rebind(steps=2)


def test_epochs_depend_on_the_batch_through_their_steps() -> None:
    model = mc.Sequential([mc.Input((8, 8, 3)), mc.BatchNormalization()])
    epoch = mc.cost(model, batch=64, data=1000).epoch
    for batch in (1, 10, 999, 1000, 5000):
        fresh = mc.cost(model, batch=batch, data=1000).epoch
        assert epoch.steps.rebind(batch=batch) == fresh.steps
        assert epoch.forward_flops.rebind(batch=batch) == fresh.forward_flops


def test_the_binding_of_a_volume() -> None:
    def made(d: int | None, h: int | None, w: int | None) -> Any:
        return mc.cost(mc.Sequential([mc.Input((d, h, w, 2)), mc.Conv3D(3, 3, strides=2)])).flops

    assert made(None, None, None).rebind(depth=5, height=9, width=7) == made(5, 9, 7)
    assert made(9, 9, 9).rebind(depth=5) == made(5, 9, 9)
