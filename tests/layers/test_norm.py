"""Normalizations: naive loops that count themselves, real Keras, and TensorFlow's own counts."""

from __future__ import annotations

from math import prod
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelcost import layers
from modelcost.errors import ModelCostError, SizeError
from tests.counted import Num, Tally, at, numbers, places, power, rsqrt, same_counts, summed
from tests.keras_oracle import assert_like_keras, assert_refused_like_keras

SHAPES = st.lists(st.integers(1, 4), min_size=1, max_size=3)
FLAG = st.booleans()


def mean(xs: list[Num]) -> Num:
    return summed(xs) / len(xs)


def mean_and_variance(xs: list[Num]) -> tuple[Num, Num]:
    middle = mean(xs)
    differences = [x - middle for x in xs]
    return middle, mean([d * d for d in differences])


def rows(xs: Any, shape: list[int], along: set[int]) -> list[list[Num]]:
    """The elements of nested lists, those together that differ along these axes only."""
    together: dict[tuple[int, ...], list[Num]] = {}
    for place in places(*shape):
        key = tuple(i for axis, i in enumerate(place) if axis not in along)
        together.setdefault(key, []).append(at(xs, *place))
    return list(together.values())


def axis_of(data: Any, shape: list[int]) -> tuple[int, int]:
    """An axis as Keras numbers it, and its place in the shape of an example."""
    place = data.draw(st.integers(0, len(shape) - 1))
    return data.draw(st.sampled_from([place + 1, place - len(shape)])), place


@given(SHAPES, FLAG, FLAG, st.data())
def test_batch_normalization_in_inference(shape: list[int], center: bool, scale: bool, data: Any) -> None:
    axis, place = axis_of(data, shape)
    tally = Tally()
    channels = shape[place]
    factors, shifts = [], []
    for mu, variance, gamma, beta in zip(*(numbers(tally, (channels,)) for _ in range(4)), strict=True):
        inv = rsqrt(variance + 0.001)
        inv = inv * gamma if scale else inv
        factors.append(inv)
        shifts.append(beta - mu * inv if center else -mu * inv)
    xs = numbers(tally, shape)
    for spot in places(*shape):
        at(xs, *spot) * factors[spot[place]] + shifts[spot[place]]
    layer = layers.BatchNormalization(axis, center=center, scale=scale)
    same_counts(layer, tally, shape)
    facts = layer.costed((tuple(shape),))
    assert facts.params() == (2 + center + scale) * channels
    assert facts.params(trainable=True) == (center + scale) * channels
    assert facts.column("multiplies")[1] == (1 + scale) * channels  # folded once a call


def training(facts: Any, column: str, batch: int) -> int:
    """A column over a batch as training does it: all work but that of inference alone."""
    works = [work for work in facts.works if work.phase != "inference"]
    sums = (work.counted().get(column, 0) * (1 if work.once else batch) for work in works)
    return sum(int(one.rebind(batch=batch)) if hasattr(one, "rebind") else one for one in sums)


@given(st.integers(1, 3), SHAPES, FLAG, FLAG)
def test_batch_normalization_in_training(batch: int, shape: list[int], center: bool, scale: bool) -> None:
    tally = Tally()
    xs = numbers(tally, (batch, *shape))
    for row in rows(xs, [batch, *shape], set(range(len(shape)))):
        mu, variance = mean_and_variance(row)
        for moved in (mu, variance):
            Num(0, tally) * 0.99 + moved * 0.01
        inv = rsqrt(variance + 0.001)
        inv = inv * 2 if scale else inv
        shift = 1 - mu * inv if center else -mu * inv
        for x in row:
            x * inv + shift
    facts = layers.BatchNormalization(center=center, scale=scale).costed((tuple(shape),))
    assert {column: training(facts, column, batch) for column in tally.as_dict()} == tally.as_dict()


def standardise(row: list[Num], gammas: list[Num | None], betas: list[Num | None]) -> None:
    """One row; the weights as many as there are different ones for it, each used once."""
    mu, variance = mean_and_variance(row)
    inv = rsqrt(variance + 0.001)
    invs = [inv if gamma is None else inv * gamma for gamma in gammas] if gammas[0] is not None else [inv]
    negative = -mu
    shifts = [negative * one for one in invs]
    if betas[0] is not None:
        shifts = [shifts[i % len(shifts)] + beta for i, beta in enumerate(betas) if beta is not None]
    for i, x in enumerate(row):
        x * invs[i % len(invs)] + shifts[i % len(shifts)]


@given(SHAPES, FLAG, FLAG, st.data())
def test_layer_normalization(shape: list[int], center: bool, scale: bool, data: Any) -> None:
    along = sorted(data.draw(st.sets(st.integers(0, len(shape) - 1), min_size=1)))
    tally = Tally()
    for row in rows(numbers(tally, shape), shape, set(along)):
        weights = [[Num(1, tally) if wanted else None for _ in row] for wanted in (scale, center)]
        standardise(row, *weights)
    axis = along[0] - len(shape) if len(along) == 1 else [place + 1 for place in along]
    layer = layers.LayerNormalization(axis, center=center, scale=scale)
    same_counts(layer, tally, shape)
    assert layer.costed((tuple(shape),)).params() == (center + scale) * prod(shape[place] for place in along)


@given(st.lists(st.integers(1, 3), max_size=2), st.integers(1, 3), st.integers(1, 3), FLAG, FLAG, FLAG)
def test_group_normalization(space: list[int], groups: int, width: int, center: bool, scale: bool, every: bool) -> None:
    tally = Tally()
    if every:
        groups, width = groups * width, 1
    for _ in range(groups):
        row = numbers(tally, (prod(space) * width,))
        weights = [[Num(1, tally) if wanted else None for _ in range(width)] for wanted in (scale, center)]
        standardise(row, *weights)
    for layer, shape in (
        (layers.GroupNormalization(-1 if every else groups, center=center, scale=scale), (*space, groups * width)),
        (layers.GroupNormalization(groups, 1, center=center, scale=scale), (groups * width, *space)),
    ):
        same_counts(layer, tally, shape)
        assert layer.costed((shape,)).params() == (center + scale) * groups * width


@given(SHAPES, st.data())
def test_rms_normalization(shape: list[int], data: Any) -> None:
    last = data.draw(st.integers(1, len(shape)))
    tally = Tally()
    for row in rows(numbers(tally, shape), shape, set(range(len(shape) - last, len(shape)))):
        inv = rsqrt(mean([x * x for x in row]) + 1e-6)
        for x in row:
            x * inv * 1.5
    same_counts(layers.RMSNormalization([-1 - i for i in range(last)] if last > 1 else -1), tally, shape)


@given(SHAPES, st.data())
def test_unit_normalization(shape: list[int], data: Any) -> None:
    along = sorted(data.draw(st.sets(st.integers(0, len(shape) - 1), min_size=1)))
    tally = Tally()
    for row in rows(numbers(tally, shape), shape, set(along)):
        inv = rsqrt(summed([x * x for x in row]))
        inv = inv if inv < 1e12 else Num(1e12, tally)
        for x in row:
            x * inv
    same_counts(layers.UnitNormalization([place + 1 for place in along]), tally, shape)


@given(st.integers(1, 3), st.integers(1, 3), st.integers(1, 7), st.integers(0, 8), FLAG)
def test_local_response_normalization(height: int, width: int, channels: int, radius: int, first: bool) -> None:
    tally = Tally()
    xs = numbers(tally, (height, width, channels))
    for h, w in places(height, width):
        squares = [x * x for x in xs[h][w]]
        for c in range(channels):
            around = summed(squares[max(c - radius, 0) : c + radius + 1])
            xs[h][w][c] / power(around * 1e-4 + 2.0, 0.75)
    shape = (channels, height, width) if first else (height, width, channels)
    data_format = "channels_first" if first else None
    same_counts(layers.LocalResponseNormalization(radius, 2.0, 1e-4, 0.75, data_format), tally, shape)


def test_the_batch_is_no_axis_to_normalize() -> None:
    for layer in (layers.LayerNormalization(0), layers.UnitNormalization([0, 1]), layers.BatchNormalization(-3)):
        with pytest.raises(SizeError, match="batch"):
            layer.costed(((4, 5),))


def test_axes_that_keras_cannot_scale_are_refused() -> None:
    with pytest.raises(SizeError, match="last"):
        layers.RMSNormalization(1).costed(((4, 5),))


def test_what_would_be_counted_wrong_is_refused() -> None:
    with pytest.raises(ModelCostError, match="renorm"):
        layers.BatchNormalization(renorm=True)
    with pytest.raises(ModelCostError, match="RMSNormalization"):
        layers.LayerNormalization(rms_scaling=True)
    assert layers.BatchNormalization(renorm=False, synchronized=False).axis == -1
    with pytest.raises(ModelCostError, match="depth_radius"):
        layers.LocalResponseNormalization(-1)


def test_sizes_may_be_unknown_where_no_weight_hangs_on_them() -> None:
    x = layers.Input((None, None, 8))
    assert layers.BatchNormalization()(x).call.facts.column("multiplies")[0].formula() == "H*W*C"
    assert layers.GroupNormalization(4)(x).call.facts.params() == 16
    y = layers.LayerNormalization([1, 2, 3], center=False, scale=False)
    with pytest.raises(SizeError, match="not known"):
        y(x)


WRONG = [
    lambda layers: layers.BatchNormalization(axis=[1, 2]),
    lambda layers: layers.BatchNormalization(axis=5)(layers.Input((3, 4))),
    lambda layers: layers.BatchNormalization(axis=1)(layers.Input((None, 4))),
    lambda layers: layers.LayerNormalization(axis="a"),
    lambda layers: layers.LayerNormalization(axis=3)(layers.Input((3, 4))),
    lambda layers: layers.LayerNormalization(axis=1)(layers.Input((None, 4))),
    lambda layers: layers.GroupNormalization(0),
    lambda layers: layers.GroupNormalization(-2),
    lambda layers: layers.GroupNormalization(2.0),
    lambda layers: layers.GroupNormalization()(layers.Input((3, 4))),
    lambda layers: layers.GroupNormalization(3)(layers.Input((3, 4))),
    lambda layers: layers.GroupNormalization(1, axis=1)(layers.Input((None, 4))),
    lambda layers: layers.RMSNormalization(axis=3)(layers.Input((3, 4))),
    lambda layers: layers.UnitNormalization(axis="a"),
    lambda layers: layers.UnitNormalization(axis=3)(layers.Input((3, 4))),
]


@pytest.mark.keras
@pytest.mark.parametrize("make", WRONG)
def test_refused_like_keras(make: Any) -> None:
    assert_refused_like_keras(make)


CASES = [
    (layers.BatchNormalization(), (None, None, 3)),
    (layers.BatchNormalization(center=False), (None, 3)),
    (layers.BatchNormalization(scale=False, trainable=False), (3,)),
    (layers.BatchNormalization(1), (3, 4)),
    (layers.LayerNormalization(), (None, 4)),
    (layers.LayerNormalization([1, 2], center=False), (3, 4)),
    (layers.LayerNormalization([2, 1]), (3, 4)),
    (layers.GroupNormalization(2), (None, None, 4)),
    (layers.GroupNormalization(-1, scale=False), (3, 4)),
    (layers.GroupNormalization(2, axis=-2), (4, 3)),
    (layers.RMSNormalization(), (None, 4)),
    (layers.RMSNormalization([-1, -2]), (3, 4)),
    (layers.UnitNormalization([1, 2]), (3, 4)),
]


@pytest.mark.keras
@pytest.mark.parametrize(("layer", "shape"), CASES)
def test_like_keras(layer: Any, shape: tuple[int, ...]) -> None:
    assert_like_keras(layer, shape)


TF_WEIGHTS = {"add": 1, "sub": 1, "mul": 1, "div": 1, "pow": 1, "rsqrt": 2, "sqrt": 0, "compare": 1}
"""What the profiler counts for the ops of these layers (comparisons here are Minimum and Maximum)."""


def profiled(layer: Any, shape: tuple[int, ...]) -> int:
    """TensorFlow's count of one call on a batch of 2: each op of the graph by the registry's formula."""
    tf = pytest.importorskip("tensorflow")
    from tensorflow.python.framework import ops

    layer.build((2, *shape))
    graph = tf.function(lambda x: layer(x)).get_concrete_function(tf.TensorSpec((2, *shape), tf.float32)).graph
    counts = (ops.get_stats_for_node_def(graph, op.node_def, "flops").value for op in graph.get_operations())
    return sum(count or 0 for count in counts)


@pytest.mark.keras
@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        *(case for case in CASES if None not in case[1]),
        *((layers.BatchNormalization(center=c, scale=s), (5, 4)) for c in (True, False) for s in (True, False)),
        (layers.LayerNormalization(), (5, 4)),
        (layers.LayerNormalization(scale=False), (5, 4)),
        (layers.GroupNormalization(2), (3, 5, 4)),
        (layers.UnitNormalization(), (5, 4)),
    ],
)
def test_a_fold_gives_tensorflows_count(layer: Any, shape: tuple[int, ...]) -> None:
    from tests.keras_oracle import keras_twin

    def weigh(work: Any) -> int:
        kind = work.primitive.kind
        each = int(work.counted().get("adds", 0)) if kind == "sum" else int(work.times) * TF_WEIGHTS[kind]
        return each if work.once else 2 * each

    works = [work for work in layer.costed((shape,)).works if work.phase != "training"]
    assert sum(map(weigh, works)) == profiled(keras_twin(layer), shape)
