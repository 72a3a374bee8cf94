"""Dense layers against loops over numbers that count, and against Keras."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelcost import layers
from modelcost.errors import ModelCostError
from tests.counted import Tally, dot, exp, flat, largest, numbers, relu, same_counts, sigmoid, summed, tanh

quick = settings(max_examples=100, deadline=None)
LEADS = st.lists(st.integers(1, 3), max_size=2).map(tuple)
BY_ELEMENT = {"relu": relu, "sigmoid": sigmoid, "tanh": tanh}


def vectors(nested: Any, depth: int) -> list[list[Any]]:
    """The rows of nested lists: what stands along their last axis."""
    return [nested] if depth == 0 else [row for part in nested for row in vectors(part, depth - 1)]


@quick
@given(LEADS, st.integers(1, 4), st.integers(1, 4), st.booleans(), st.sampled_from([None, *BY_ELEMENT, "softmax"]))
def test_dense(lead: tuple[int, ...], deep: int, units: int, use_bias: bool, activation: str | None) -> None:
    tally = Tally()
    kernel, bias = numbers(tally, (units, deep)), numbers(tally, (units,))
    for row in vectors(numbers(tally, (*lead, deep)), len(lead)):
        out = [dot(row, weights) for weights in kernel]
        if use_bias:
            out = [value + b for value, b in zip(out, bias, strict=True)]
        if activation in BY_ELEMENT:
            out = [BY_ELEMENT[activation](value) for value in out]
        if activation == "softmax":
            most = largest(out)
            shares = [exp(value - most) for value in out]
            whole = summed(shares)
            out = [share / whole for share in shares]
        assert len(flat(out)) == units
    same_counts(layers.Dense(units, activation, use_bias), tally, (*lead, deep))


def test_the_parts_stand_apart() -> None:
    facts = layers.Dense(10, activation="softmax").costed(((784,),))
    assert facts.column("adds", frozenset({"kernel", "bias"}))[0] == 784 * 10
    assert facts.column("adds", frozenset({"activation"}))[0] == 10 + 9
    assert facts.part_names() == ["kernel", "bias", "activation"]


@pytest.mark.parametrize("units", [0, -1, 2.5, "ten", None, True, 2**63])
def test_units_that_are_no_size(units: Any) -> None:
    with pytest.raises(ModelCostError, match="units"):
        layers.Dense(units)


@pytest.mark.keras
@pytest.mark.parametrize("shape", [(7,), (None, 7), (2, 3, 7)])
@pytest.mark.parametrize("use_bias", [True, False])
def test_dense_like_keras(shape: tuple[int | None, ...], use_bias: bool) -> None:
    from tests.keras_oracle import assert_like_keras

    layer = layers.Dense(5, "relu", use_bias, kernel_initializer="he_normal", kernel_regularizer="l2", name="fc")
    assert_like_keras(layer, shape)


@pytest.mark.keras
@pytest.mark.parametrize(
    "make",
    [
        lambda layers: layers.Dense(0),
        lambda layers: layers.Dense("ten"),
        lambda layers: layers.Dense(),
        lambda layers: layers.Dense(3, activation="no such function"),
        lambda layers: layers.Dense(3, filters=2),
    ],
)
def test_refused_like_keras(make: Any) -> None:
    from tests.keras_oracle import assert_refused_like_keras

    assert_refused_like_keras(make)
