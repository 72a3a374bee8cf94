"""Conditions on points: what they mean, by Python's own comparisons, and that nothing is ever run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelcost.errors import ModelCostError, UnknownNameError
from modelcost.sweeps.conditions import Condition, conditions

OPERATORS = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
SIDES = st.sampled_from(["a", "b", "3", "-2", "2.5", "0"])


@given(st.lists(st.tuples(SIDES, OPERATORS), min_size=1, max_size=3), st.lists(st.integers(-4, 4), min_size=2))
def test_a_condition_means_what_python_means(parts: list[tuple[str, str]], numbers: list[int]) -> None:
    text = " ".join(f"{side} {operator}" for side, operator in parts) + " a and b >= a"
    pairs = list(zip([side for side, _ in parts], [side for side, _ in parts[1:]], strict=False))
    if any(not ({*pair} & {"a", "b"}) for pair in pairs):
        with pytest.raises(ModelCostError, match="there is no figure in"):
            Condition(text)
        return
    values = {"a": np.array(numbers), "b": np.array(numbers[::-1])}
    expected = [eval(text, {"a": a, "b": b}) for a, b in zip(numbers, numbers[::-1], strict=True)]
    assert np.asarray(Condition(text).holds(values)).tolist() == expected
    each = [Condition(text).holds({"a": a, "b": b}) for a, b in zip(numbers, numbers[::-1], strict=True)]
    assert each == expected


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("x < 1e6", 999_999, True),
        ("x < 1M", 1_000_000, False),
        ("x<=1_000_000", 1_000_000, True),
        ("x < 9223372036854775808", 2**63 - 1, True),
        ("x == 10000000000000000000000001", 10**25 + 1, True),
        ("x == 10000000000000000000000001", 10**25, False),
        ("x < 1.5", 1, True),
        ("x < 1e999999999", 2**70, True),
        ("-1e999999999 < x", 2**70, True),
        ("x < 0.25", 0.2, True),
        ("time.run.seconds < 0.25", 0.3, False),
        ("block/conv-1.params != 3", 4, True),
    ],
)
def test_numbers_are_exact(text: str, value: Any, expected: bool) -> None:
    (name,) = Condition(text).names
    assert bool(Condition(text).holds({name: value})) is expected
    many = np.array([value, value], dtype=None if isinstance(value, float) or value < 2**63 else object)
    assert np.asarray(Condition(text).holds({name: many})).tolist() == [expected] * 2


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "params", "params <", "< 3", "params < < 3", "params = 3", "params < 3 and", "and params < 3",
        "params < 3 or batch < 2", "params < x()", "params < 'a'", "__import__('os').system('x') < 1", "1 < 2",
        "params < 3e", "params < 3 batch", "(params < 3)", "params < 3; batch", "params + 1 < 3", None, 3,
    ],
)  # fmt: skip
def test_what_is_no_condition_is_refused(text: Any) -> None:
    with pytest.raises(ModelCostError, match="a condition compares figures"):
        Condition(text)


def test_names_are_looked_up_and_compared_as_numbers_alone() -> None:
    with pytest.raises(UnknownNameError, match="unknown figure or choice 'parms'; did you mean params"):
        Condition("parms < 3").holds({"params": 3})
    for word in ("a", (1, 2), np.array(["a", "b"], object), None):
        with pytest.raises(ModelCostError, match="kind is no number"):
            Condition("kind < 3").holds({"kind": word})


def test_one_condition_several_or_none() -> None:
    assert conditions(None) == []
    assert [one.text for one in conditions("a < 1")] == ["a < 1"]
    assert [one.text for one in conditions(["a < 1", "b < 2"])] == ["a < 1", "b < 2"]
