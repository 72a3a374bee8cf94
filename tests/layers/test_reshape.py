"""Layers that change a shape, and those that put space another size, against NumPy, loops and Keras."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelcost import layers
from modelcost.errors import ModelCostError, SizeError
from modelcost.facts import COLUMNS
from modelcost.layers.input import InputLayer
from tests.counted import Tally, at, numbers, same_counts

quick = settings(max_examples=60, deadline=None)
FORMATS = ("channels_last", "channels_first")
SHAPES = st.lists(st.integers(1, 4), min_size=1, max_size=4).map(tuple)
PAIRS = st.tuples(st.integers(0, 3), st.integers(0, 3))


def shape_of(layer: Any, *shapes: tuple[int, ...]) -> tuple[int, ...]:
    """What comes out, once it is sure that no arithmetic was done for it."""
    facts = layer.costed(shapes)
    assert not any(any(facts.column(column)) for column in COLUMNS)
    return tuple(facts.outputs[0].shape)


def in_order(space: tuple[int, ...], channels: int, data_format: str) -> tuple[int, ...]:
    return (*space, channels) if data_format == "channels_last" else (channels, *space)


@quick
@given(SHAPES, st.sampled_from(FORMATS))
def test_flatten(shape: tuple[int, ...], data_format: str) -> None:
    import math

    layer = layers.Flatten(data_format)
    assert shape_of(layer, shape) == (math.prod(shape),)
    assert layer.costed((shape,)).outputs[0].view == (data_format == "channels_last" or len(shape) == 1)


@quick
@given(SHAPES, st.data())
def test_reshape(shape: tuple[int, ...], data: st.DataObject) -> None:
    import numpy

    target = list(data.draw(st.permutations(shape)))
    if data.draw(st.booleans()):
        target[data.draw(st.integers(0, len(target) - 1))] = -1
    assert shape_of(layers.Reshape(target), shape) == numpy.zeros(shape).reshape(target).shape
    assert layers.Reshape(target).costed((shape,)).outputs[0].view


@quick
@given(SHAPES, st.data())
def test_permute(shape: tuple[int, ...], data: st.DataObject) -> None:
    import numpy

    order = data.draw(st.permutations(range(len(shape))))
    layer = layers.Permute([place + 1 for place in order])
    assert shape_of(layer, shape) == numpy.zeros(shape).transpose(order).shape
    assert not layer.costed((shape,)).outputs[0].view


@quick
@given(st.integers(1, 3), st.data(), st.sampled_from(FORMATS))
def test_padding_and_cropping(rank: int, data: st.DataObject, data_format: str) -> None:
    sides = data.draw(st.tuples(*[PAIRS] * rank))
    space = data.draw(st.tuples(*[st.integers(7, 9)] * rank))
    given = sides[0] if rank == 1 else sides
    wider = tuple(size + sum(pair) for size, pair in zip(space, sides, strict=True))
    narrower = tuple(size - sum(pair) for size, pair in zip(space, sides, strict=True))
    padded = getattr(layers, f"ZeroPadding{rank}D")(given, data_format)
    assert shape_of(padded, in_order(space, 2, data_format)) == in_order(wider, 2, data_format)
    order = {} if rank == 1 else {"data_format": data_format}
    cropped = getattr(layers, f"Cropping{rank}D")(given, **order)
    first = order.get("data_format", "channels_last")
    assert shape_of(cropped, in_order(space, 2, first)) == in_order(narrower, 2, first)


def test_one_number_pads_every_side_and_two_each_an_axis() -> None:
    assert shape_of(layers.ZeroPadding2D(1), (5, 5, 3)) == (7, 7, 3)
    assert shape_of(layers.ZeroPadding2D((1, 2)), (5, 5, 3)) == (7, 9, 3)
    assert shape_of(layers.ZeroPadding1D((1, 2)), (5, 3)) == (8, 3)
    (out,) = layers.ZeroPadding2D((1, 2)).costed(((5, 5, 3),)).outputs
    assert out.elements.formula(unfold=True) == "(H + P_h)*(W + P_w)*C"


def test_defaults() -> None:
    assert shape_of(layers.ZeroPadding2D(), (5, 5, 3)) == (7, 7, 3)
    assert shape_of(layers.Cropping1D(), (5, 3)) == (3, 3)
    assert shape_of(layers.Cropping2D(), (5, 5, 3)) == (5, 5, 3)
    assert shape_of(layers.Cropping3D(), (5, 5, 5, 3)) == (3, 3, 3, 3)
    assert shape_of(layers.UpSampling2D(), (5, 5, 3)) == (10, 10, 3)


@quick
@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 2), st.integers(1, 3), st.integers(1, 3))
def test_bilinear(high: int, wide: int, channels: int, down: int, across: int) -> None:
    """Where outputs fall among the inputs, once; then three blends for each output."""
    tally = Tally()
    image, one = numbers(tally, (high, wide, channels)), numbers(tally, ())

    def positions(size: int, times: int) -> list[tuple[int, int, Any]]:
        scale = one / 2
        found = []
        for i in range(size * times):
            where = (one + 0.5) * scale - 0.5
            below = 0 if where < 0 else i // times  # the pixels on both sides, kept within the image
            above = size - 1 if where > size - 1 else i // times
            found.append((below, above, where - float(i)))
        return found

    for (top, bottom, v), (left, right, u) in itertools.product(positions(high, down), positions(wide, across)):
        for c in range(channels):
            upper = at(image, top, left, c) + (at(image, top, right, c) - at(image, top, left, c)) * u
            lower = at(image, bottom, left, c) + (at(image, bottom, right, c) - at(image, bottom, left, c)) * u
            upper + (lower - upper) * v
    same_counts(layers.UpSampling2D((down, across), interpolation="bilinear"), tally, (high, wide, channels))


def test_nearest_and_the_others_only_copy() -> None:
    assert shape_of(layers.UpSampling1D(3), (4, 2)) == (12, 2)
    assert shape_of(layers.UpSampling2D((2, 3), "channels_first"), (2, 4, 4)) == (2, 8, 12)
    assert shape_of(layers.UpSampling3D((1, 2, 3)), (4, 4, 4, 2)) == (4, 8, 12, 2)
    assert shape_of(layers.RepeatVector(3), (4,)) == (3, 4)


def test_sizes_may_be_bound_later() -> None:
    x = InputLayer((None, None, 3)).costed(()).outputs[0].shape
    (flat,) = layers.Flatten().costed((x,)).outputs[0].shape
    assert flat.rebind(height=4, width=5) == 60
    rows, _ = layers.Reshape((-1, 6)).costed((x,)).outputs[0].shape
    assert rows.rebind(height=4, width=5) == 10
    with pytest.raises(SizeError):
        rows.rebind(height=3, width=3)
    fixed = layers.Reshape((10, 6)).costed((x,)).outputs[0].elements
    assert fixed.rebind(height=4, width=5) == 60
    with pytest.raises(SizeError):
        fixed.rebind(height=4, width=6)
    cropped = layers.Cropping2D(2).costed((x,)).outputs[0].elements
    with pytest.raises(SizeError, match="at least 1"):
        cropped.rebind(height=4, width=5)


def test_the_number_of_elements_is_held_when_an_image_is_given_another_size() -> None:
    x = InputLayer((28, 28, 1)).costed(()).outputs[0].shape
    elements = layers.Reshape((784,)).costed((x,)).outputs[0].elements
    assert elements == 784
    with pytest.raises(SizeError):
        elements.rebind(height=30)


BAD = [
    (lambda layers, x: layers.Reshape((-1, 2))(x((3,))), "must hold all elements"),
    (lambda layers, x: layers.Reshape((2, 2))(x((3,))), "must hold all elements"),
    (lambda layers, x: layers.Reshape((2,))(x((6,))), "must hold all elements"),
    (lambda layers, x: layers.Reshape(())(x((6,))), "must hold all elements"),
    (lambda layers, x: layers.Reshape((-1, -1)), "target_shape"),
    (lambda layers, x: layers.Reshape((-2, 3)), "target_shape"),
    (lambda layers, x: layers.Reshape(3), "target_shape"),
    (lambda layers, x: layers.Permute((2, 1))(x((3, 4, 5))), "expected 2 axes"),
    (lambda layers, x: layers.Permute((0, 1)), "dims"),
    (lambda layers, x: layers.Permute((1, 1)), "dims"),
    (lambda layers, x: layers.RepeatVector(0), "at least 1"),
    (lambda layers, x: layers.RepeatVector(2)(x((3, 4))), "expected 1 axis"),
    (lambda layers, x: layers.ZeroPadding1D(-1), "padding"),
    (lambda layers, x: layers.ZeroPadding2D((1, 2, 3)), "padding"),
    (lambda layers, x: layers.ZeroPadding2D("same"), "padding"),
    (lambda layers, x: layers.ZeroPadding2D(1)(x((3, 4))), "expected 3 axes"),
    (lambda layers, x: layers.Cropping2D(2)(x((4, 5, 4))), "would be 0"),
    (lambda layers, x: layers.Cropping1D(1, data_format="channels_first"), "data_format"),
    (lambda layers, x: layers.UpSampling1D((2,)), "size"),
    (lambda layers, x: layers.UpSampling2D(0), "size"),
]


@pytest.mark.parametrize(("make", "says"), BAD)
def test_refusals(make: Any, says: str) -> None:
    with pytest.raises(ModelCostError, match=says):
        make(layers, layers.Input)


def test_an_interpolation_that_nobody_knows() -> None:
    """Keras finds out when it runs."""
    with pytest.raises(ModelCostError, match="unknown interpolation 'cubic'"):
        layers.UpSampling2D(2, interpolation="cubic")


@pytest.mark.parametrize("word", ["bicubic", "lanczos3", "lanczos5", "area"])
def test_interpolations_that_are_not_counted_say_so(word: str) -> None:
    with pytest.raises(ModelCostError, match="not counted yet"):
        layers.UpSampling2D(2, interpolation=word)


@pytest.mark.keras
@pytest.mark.parametrize(("make", "says"), BAD)
def test_refused_like_keras(make: Any, says: str) -> None:
    from tests.keras_oracle import assert_refused_like_keras

    assert_refused_like_keras(lambda layers: make(layers, layers.Input))


@pytest.mark.keras
@pytest.mark.parametrize("data_format", FORMATS)
def test_shapes_like_keras(data_format: str) -> None:
    from tests.keras_oracle import assert_like_keras

    order = {"data_format": data_format}
    assert_like_keras(layers.Flatten(**order), (4, 5, 2))
    assert_like_keras(layers.Flatten(), ())
    assert_like_keras(layers.Reshape((-1, 4)), (4, 5, 2))
    assert_like_keras(layers.Reshape(()), (1,))
    assert_like_keras(layers.Permute((3, 1, 2)), (4, 5, 2))
    assert_like_keras(layers.RepeatVector(3), (4,))
    assert_like_keras(layers.ZeroPadding1D((1, 2), **order), (5, 3))
    assert_like_keras(layers.ZeroPadding2D(((1, 2), (3, 4)), **order), (5, 6, 7))
    assert_like_keras(layers.ZeroPadding3D((1, 2, 3), **order), (5, 6, 7, 8))
    assert_like_keras(layers.Cropping1D((1, 2)), (5, 3))
    assert_like_keras(layers.Cropping2D(((1, 2), (0, 1)), **order), (5, 6, 7))
    assert_like_keras(layers.Cropping3D(((1, 2), (0, 1), (1, 1)), **order), (5, 6, 7, 8))
    assert_like_keras(layers.UpSampling1D(3), (5, 3))
    assert_like_keras(layers.UpSampling2D((2, 3), interpolation="Bilinear", **order), (5, 6, 7))
    assert_like_keras(layers.UpSampling3D(2, **order), (5, 6, 7, 8))
