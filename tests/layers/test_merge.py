"""Layers that merge, against loops over numbers that count, and against Keras."""

from __future__ import annotations

import functools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelcost import layers
from modelcost.errors import ModelCostError, SizeError
from modelcost.layers.input import InputLayer
from modelcost.sizes import free_size
from tests.counted import Num, Tally, at, dot, flat, largest, numbers, places, rsqrt, same_counts, summed

quick = settings(max_examples=60, deadline=None)
SHAPES = st.lists(st.integers(1, 3), min_size=1, max_size=3).map(tuple)


def smallest(xs: list[Num]) -> Num:
    return functools.reduce(lambda a, b: b if b < a else a, xs)


BY_TWO = {
    "Add": lambda a, b: a + b,
    "Multiply": lambda a, b: a * b,
    "Maximum": lambda a, b: largest([a, b]),
    "Minimum": lambda a, b: smallest([a, b]),
    "Average": lambda a, b: a + b,
}


@quick
@given(SHAPES, st.integers(1, 4), st.sampled_from(list(BY_TWO)))
def test_same_shapes(shape: tuple[int, ...], count: int, name: str) -> None:
    tally = Tally()
    inputs = [flat(numbers(tally, shape)) for _ in range(count)]
    for values in zip(*inputs, strict=True):
        value = functools.reduce(BY_TWO[name], values)
        if name == "Average":
            value / count
    same_counts(getattr(layers, name)(), tally, *[shape] * count)


@quick
@given(SHAPES, st.data(), st.sampled_from(list(BY_TWO)))
def test_broadcast(shape: tuple[int, ...], data: st.DataObject, name: str) -> None:
    """As NumPy and Keras do it: step by step, so that what is small stays small until it meets something large."""
    import numpy

    tally = Tally()
    shapes = []
    for _ in range(data.draw(st.integers(2, 3))):
        kept = data.draw(st.tuples(*[st.booleans()] * len(shape)))
        ones = tuple(size if keep else 1 for size, keep in zip(shape, kept, strict=True))
        shapes.append(ones[data.draw(st.integers(0, len(shape))) :])
    arrays = [numpy.empty(one, dtype=object) for one in shapes]
    for array in arrays:
        for place in numpy.ndindex(*array.shape):
            array[place] = numbers(tally, ())
    merged = functools.reduce(numpy.frompyfunc(BY_TWO[name], 2, 1), arrays)
    if name == "Average":
        numpy.frompyfunc(lambda value: value / len(arrays), 1, 1)(merged)
    layer = getattr(layers, name)()
    same_counts(layer, tally, *shapes)
    assert layer.costed(tuple(shapes)).outputs[0].shape == numpy.shape(merged)


def test_what_is_small_stays_small_until_it_meets_something_large() -> None:
    assert layers.Add().costed(((1,), (1,), (5,))).column("adds")[0] == 1 + 5
    assert layers.Average().costed(((1,), (5,), (1,))).column("adds")[0] == 5 + 5


@quick
@given(SHAPES)
def test_subtract(shape: tuple[int, ...]) -> None:
    tally = Tally()
    for a, b in zip(flat(numbers(tally, shape)), flat(numbers(tally, shape)), strict=True):
        a - b
    same_counts(layers.Subtract(), tally, shape, shape)


@quick
@given(SHAPES, SHAPES, st.data(), st.integers(1, 3), st.booleans())
def test_dot(one: tuple[int, ...], other: tuple[int, ...], data: st.DataObject, n: int, normalize: bool) -> None:
    a, b = data.draw(st.integers(0, len(one) - 1)), data.draw(st.integers(0, len(other) - 1))
    x_shape, y_shape = (*one[:a], n, *one[a + 1 :]), (*other[:b], n, *other[b + 1 :])
    tally = Tally()
    x, y = vectors(numbers(tally, x_shape), x_shape, a), vectors(numbers(tally, y_shape), y_shape, b)
    if normalize:
        x, y = [unit(vector) for vector in x], [unit(vector) for vector in y]
    for left in x:
        for right in y:
            dot(left, right)
    same_counts(layers.Dot((a + 1, b + 1), normalize), tally, x_shape, y_shape)
    same_counts(layers.Dot((a - len(one), b - len(other)), normalize), tally, x_shape, y_shape)


def vectors(x: Any, shape: tuple[int, ...], axis: int) -> list[list[Num]]:
    """Everything that stands along one axis."""
    others = places(*shape[:axis], *shape[axis + 1 :])
    return [[at(x, *other[:axis], i, *other[axis:]) for i in range(shape[axis])] for other in others]


def unit(vector: list[Num]) -> list[Num]:
    length = rsqrt(summed([value * value for value in vector]))
    length = length if length < 1e12 else numbers(length.tally, ())
    return [value * length for value in vector]


@quick
@given(SHAPES, st.data())
def test_concatenate(shape: tuple[int, ...], data: st.DataObject) -> None:
    along = data.draw(st.integers(0, len(shape) - 1))
    lengths = data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=3))
    shapes = [(*shape[:along], length, *shape[along + 1 :]) for length in lengths]
    for axis in (along + 1, along - len(shape)):
        same_counts(layers.Concatenate(axis), Tally(), *shapes)
        (out,) = layers.Concatenate(axis).costed(tuple(shapes)).outputs
        assert out.shape == (*shape[:along], sum(lengths), *shape[along + 1 :])
        assert not out.view


def test_sizes_that_are_not_known_yet_are_compared_when_they_are_bound() -> None:
    x = InputLayer((None, 4), name="x").costed(()).outputs[0].shape
    y = InputLayer((10, 4), name="y").costed(()).outputs[0].shape
    adds = layers.Add().costed((x, y)).column("adds")[0]
    assert adds.rebind(**{"x.steps": 10}) == 40
    with pytest.raises(SizeError):
        adds.rebind(**{"x.steps": 11})


def test_concatenating_adds_up_sizes_that_are_not_known_yet() -> None:
    steps = free_size("steps", None)
    (out,) = layers.Concatenate(1).costed(((steps, 4), (3, 4))).outputs
    assert out.shape[0].formula() == "T + 3"


def test_lower_case_functions_call_the_layers() -> None:
    x, y = layers.Input((8, 4)), layers.Input((8, 4))
    for name in ("add", "subtract", "multiply", "average", "maximum", "minimum", "concatenate"):
        assert type(getattr(layers, name)([x, y], name="merged").call.layer).__name__ == name.capitalize()
    assert layers.concatenate([x, y], axis=1).shape == (16, 4)
    assert layers.dot([x, y], axes=2, normalize=True).shape == (8, 8)


BAD = [
    (lambda layers, x: layers.Add()([x((3, 4)), x((2,))]), "must have equal lengths"),
    (lambda layers, x: layers.Multiply()([x((3, 4)), x((2, 4))]), "must have equal lengths"),
    (lambda layers, x: layers.Add()([]), "takes a list of inputs"),
    (lambda layers, x: layers.Subtract()([x((3,)), x((3,)), x((3,))]), "exactly 2"),
    (lambda layers, x: layers.Concatenate(axis=1)([x((3, 4)), x((2, 5))]), "must be equal but for axis 1"),
    (lambda layers, x: layers.Concatenate()([x((3, 4)), x((4,))]), "same number of axes"),
    (lambda layers, x: layers.Concatenate(axis=5)([x((3, 4)), x((2, 4))]), "axis"),
    (lambda layers, x: layers.Dot(axes=1)([x((3,)), x((4,))]), "same length"),
    (lambda layers, x: layers.Dot(axes=5)([x((3,)), x((3,))]), "axis"),
    (lambda layers, x: layers.Dot(axes=[1]), "axes must be"),
    (lambda layers, x: layers.Dot(axes="last"), "axes must be"),
    (lambda layers, x: layers.Dot(axes=1)([x((3,))]), "exactly 2"),
]


@pytest.mark.parametrize(("make", "says"), BAD)
def test_refusals(make: Any, says: str) -> None:
    with pytest.raises(ModelCostError, match=says):
        make(layers, layers.Input)


@pytest.mark.parametrize("make", [lambda: layers.Concatenate(axis=0), lambda: layers.Dot(axes=0)])
def test_nothing_is_done_along_the_batch(make: Any) -> None:
    """Keras does join batches, and finds out about `Dot` when it runs; a cost is that of one example."""
    with pytest.raises(SizeError, match="axis 0 is the batch"):
        make().costed(((3,), (3,)))


@pytest.mark.keras
@pytest.mark.parametrize(("make", "says"), BAD)
def test_refused_like_keras(make: Any, says: str) -> None:
    from tests.keras_oracle import assert_refused_like_keras

    assert_refused_like_keras(lambda layers: make(layers, layers.Input))


@pytest.mark.keras
@pytest.mark.parametrize("name", [*BY_TWO, "Subtract"])
def test_merges_like_keras(name: str) -> None:
    from tests.keras_oracle import assert_like_keras

    assert_like_keras(getattr(layers, name)(), (8, 8, 4), (1, 1, 4))
    assert_like_keras(getattr(layers, name)(), (3, 4), (4,))
    if name != "Subtract":
        assert_like_keras(getattr(layers, name)(), (3, 1), (1, 4), (4,))


@pytest.mark.keras
def test_joins_like_keras() -> None:
    from tests.keras_oracle import assert_like_keras

    assert_like_keras(layers.Concatenate(), (8, 8, 4), (8, 8, 6), (8, 8, 1))
    assert_like_keras(layers.Concatenate(axis=1), (None, 4), (3, 4))
    assert_like_keras(layers.Dot(1), (5,), (5,))
    assert_like_keras(layers.Dot(-1, normalize=True), (3, 5), (7, 5))
    assert_like_keras(layers.Dot((2, 1)), (3, 5, 2), (5, 4, 6))
    assert_like_keras(layers.Dot((1, 1)), (5,), (5, 4, 6))
    assert_like_keras(layers.Dot((-2, -1)), (4, 5), (4,))
