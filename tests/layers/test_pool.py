"""Poolings of every kind against loops over numbers that count, and against Keras."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from modelcost import layers
from modelcost.errors import ModelCostError, SizeError, UnboundSizeError
from modelcost.layers.input import InputLayer
from tests.counted import Num, Tally, at, laid, largest, numbers, same_counts, summed

quick = settings(max_examples=100, deadline=None)
FORMATS = ("channels_last", "channels_first")
RANKS = st.integers(1, 3)
LENGTHS = (9, 5, 3)


def space_of(draw: Any, rank: int) -> tuple[int, ...]:
    space: tuple[int, ...] = draw(st.tuples(*[st.integers(1, LENGTHS[rank - 1])] * rank))
    return space


def shape_of(space: tuple[Any, ...], channels: int, data_format: str) -> tuple[Any, ...]:
    return (*space, channels) if data_format == "channels_last" else (channels, *space)


def pooled(mode: str, tally: Tally, space: tuple[int, ...], channels: int, windows: list[list[list[int]]]) -> None:
    """Take the largest or the mean of every window, of the elements that exist, for each channel."""
    image = numbers(tally, (*space, channels))
    for window in itertools.product(*windows):
        real = ([place for place in along if 0 <= place < size] for along, size in zip(window, space, strict=True))
        pixels = [at(image, *place) for place in itertools.product(*real)]
        for channel in range(channels):
            fold(mode, [pixel[channel] for pixel in pixels])


def fold(mode: str, values: list[Num]) -> Num:
    return largest(values) if mode == "Max" else summed(values) / len(values)


modes = pytest.mark.parametrize("mode", ["Max", "Average"])


@modes
@quick
@given(st.data(), RANKS, st.integers(1, 2), st.sampled_from(["valid", "same"]), st.sampled_from(FORMATS))
def test_pooling(mode: str, data: st.DataObject, rank: int, channels: int, padding: str, data_format: str) -> None:
    space = space_of(data.draw, rank)
    size = data.draw(st.tuples(*[st.integers(1, 4)] * rank))
    strides = data.draw(st.none() | st.tuples(*[st.integers(1, 4)] * rank))
    windows = [laid(space[i], size[i], (strides or size)[i], 1, padding) for i in range(rank)]
    assume(all(windows))
    tally = Tally()
    pooled(mode, tally, space, channels, windows)
    layer = getattr(layers, f"{mode}Pooling{rank}D")(size, strides, padding, data_format)
    same_counts(layer, tally, shape_of(space, channels, data_format))


@modes
@quick
@given(st.data(), RANKS, st.integers(1, 3), st.booleans(), st.sampled_from(FORMATS))
def test_global(mode: str, data: st.DataObject, rank: int, channels: int, keepdims: bool, data_format: str) -> None:
    space, tally = space_of(data.draw, rank), Tally()
    pooled(mode, tally, space, channels, [[list(range(size))] for size in space])
    layer = getattr(layers, f"Global{mode}Pooling{rank}D")(data_format, keepdims)
    same_counts(layer, tally, shape_of(space, channels, data_format))


@modes
@quick
@given(st.data(), RANKS, st.integers(1, 2), st.sampled_from(FORMATS))
def test_adaptive(mode: str, data: st.DataObject, rank: int, channels: int, data_format: str) -> None:
    space, tally = space_of(data.draw, rank), Tally()
    counts = data.draw(st.tuples(*[st.integers(1, 4)] * rank))
    windows = [
        [list(range(i * size // n, -(-(i + 1) * size // n))) for i in range(n)]
        for size, n in zip(space, counts, strict=True)
    ]
    pooled(mode, tally, space, channels, windows)
    layer = getattr(layers, f"Adaptive{mode}Pooling{rank}D")(counts, data_format)
    same_counts(layer, tally, shape_of(space, channels, data_format))


def test_a_window_over_the_border_counts_what_is_real() -> None:
    facts = layers.MaxPooling1D(3, strides=2, padding="same").costed(((6, 1),))
    assert facts.outputs[0].shape == (3, 1)
    assert facts.column("comparisons")[0] == 2 + 2 + 1  # the third window reads two steps and one zero


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_sizes_may_be_bound_later(padding: str) -> None:
    layer = layers.AveragePooling2D(3, 2, padding)
    free = layer.costed((InputLayer((None, None, 4)).costed(()).outputs[0].shape,))
    known = layer.costed(((9, 12, 4),))
    for column in ("adds", "divisions"):
        assert free.column(column)[0].rebind(height=9, width=12) == known.column(column)[0]
    with pytest.raises(UnboundSizeError):
        int(free.column("adds")[0])


def test_a_global_pool_may_be_bound_later() -> None:
    x = InputLayer((None, None, 4)).costed(()).outputs[0].shape
    adds = layers.GlobalAveragePooling2D().costed((x,)).column("adds")[0]
    assert adds.formula() == "C*(H*W - 1)"
    assert adds.rebind(height=7, width=7) == 4 * 48


@pytest.mark.parametrize(
    ("make", "shape", "says"),
    [
        (lambda: layers.MaxPooling2D(9), (5, 5, 2), "does not fit"),
        (lambda: layers.MaxPooling2D(2), (5, 2), "expected 3 axes"),
        (lambda: layers.MaxPooling2D(2, padding="causal"), None, "causal"),
        (lambda: layers.MaxPooling2D(2, padding=1), None, "padding"),
        (lambda: layers.MaxPooling2D(2, strides=0), None, "strides"),
        (lambda: layers.AveragePooling2D(), None, "pool_size"),
        (lambda: layers.GlobalMaxPooling2D(keepdims=1), None, "keepdims"),
        (lambda: layers.AdaptiveMaxPooling2D(0), None, "output_size"),
        (lambda: layers.GlobalMaxPooling1D(data_format="channels"), None, "data_format"),
    ],
)
def test_refusals(make: Any, shape: tuple[int, ...] | None, says: str) -> None:
    with pytest.raises((ModelCostError, SizeError), match=says):
        make().costed((shape or (8, 8, 2),))


@pytest.mark.keras
@modes
@settings(max_examples=20, deadline=None)
@given(st.data(), RANKS, st.sampled_from(["valid", "same"]), st.sampled_from(FORMATS))
def test_pooling_like_keras(mode: str, data: st.DataObject, rank: int, padding: str, data_format: str) -> None:
    from tests.keras_oracle import assert_like_keras

    space = space_of(data.draw, rank)
    size = data.draw(st.tuples(*[st.integers(1, 4)] * rank))
    strides = data.draw(st.none() | st.tuples(*[st.integers(1, 4)] * rank))
    assume(all(laid(space[i], size[i], (strides or size)[i], 1, padding) for i in range(rank)))
    layer = getattr(layers, f"{mode}Pooling{rank}D")(size, strides, padding, data_format)
    assert_like_keras(layer, shape_of(space, 2, data_format))


@pytest.mark.keras
@modes
@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_whole_pools_like_keras(mode: str, rank: int, data_format: str) -> None:
    from tests.keras_oracle import assert_like_keras

    for keepdims in (False, True):
        layer = getattr(layers, f"Global{mode}Pooling{rank}D")(data_format, keepdims)
        assert_like_keras(layer, shape_of((None, 4, 3)[:rank], 2, data_format))
    layer = getattr(layers, f"Adaptive{mode}Pooling{rank}D")((2, 3, 2)[:rank], data_format)
    assert_like_keras(layer, shape_of((5, 4, 3)[:rank], 2, data_format))


@pytest.mark.keras
@modes
@pytest.mark.parametrize(("size", "count"), [(5, 3), (7, 2), (4, 4), (9, 4)])  # not (3, 1): it kills TensorFlow
def test_adaptive_windows_are_where_keras_has_them(mode: str, size: int, count: int) -> None:
    import numpy

    from tests.keras_oracle import keras_twin

    steps = numpy.random.default_rng(0).random((1, size, 1))
    shares = [steps[0, i * size // count : -(-(i + 1) * size // count), 0] for i in range(count)]
    ours = [share.max() if mode == "Max" else share.mean() for share in shares]
    theirs = keras_twin(getattr(layers, f"Adaptive{mode}Pooling1D")(count))(steps)
    assert numpy.allclose(theirs[0, :, 0], ours)


@pytest.mark.keras
@pytest.mark.parametrize(
    "make",
    [
        lambda layers: layers.MaxPooling2D((2,)),
        lambda layers: layers.MaxPooling2D(2, padding="causal")(layers.Input((8, 8, 2))),
        lambda layers: layers.MaxPooling2D(2, padding=[1, 1])(layers.Input((8, 8, 2))),
        lambda layers: layers.MaxPooling2D(2, strides=0)(layers.Input((8, 8, 2))),
        lambda layers: layers.MaxPooling2D(9)(layers.Input((8, 8, 2))),
        lambda layers: layers.MaxPooling2D(2)(layers.Input((8, 2))),
        lambda layers: layers.AveragePooling1D(),
        lambda layers: layers.AdaptiveAveragePooling2D((2,)),
        lambda layers: layers.GlobalMaxPooling2D()(layers.Input((8, 2))),
        lambda layers: layers.GlobalMaxPooling2D(data_format="last"),
    ],
)
def test_refused_like_keras(make: Any) -> None:
    from tests.keras_oracle import assert_refused_like_keras

    assert_refused_like_keras(make)
