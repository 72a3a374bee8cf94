"""Rules of thumb beside exact figures: dense layers, whose backward pass is known by hand, and the homework's."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest

import modelcost as mc
from modelcost.count import Count
from modelcost.errors import ModelCostError
from modelcost.training.approximations import APPROXIMATIONS, approximated


def test_three_times_is_too_much_by_the_input_gradient_that_nobody_needs() -> None:
    """784-128-10 without biases: the first layer needs no gradient by its input."""
    first, second = 784 * 128, 128 * 10
    exact = (first + second) + (first + second) + second  # forward, by the weights, by the hidden input
    rule = APPROXIMATIONS["3x forward"]
    assert rule.error(first + second, exact) == Fraction(first, exact)
    assert rule.of(first + second) - exact == first


def test_the_homework_s_rule_against_the_usual_one() -> None:
    """The claim of 1.5e9 for a mini-batch of 128 is 4 times a forward pass of 3e6; 3 times is 1.15e9."""
    assert [APPROXIMATIONS[name].of(3_000_000) * 128 for name in APPROXIMATIONS] == [1_152_000_000, 1_536_000_000]
    assert APPROXIMATIONS["4x forward"].error(3_000_000, 9_000_000) == Fraction(1, 3)


def test_too_low_is_negative() -> None:
    assert APPROXIMATIONS["3x forward"].error(1, 4) == Fraction(-1, 4)
    assert APPROXIMATIONS["4x forward"].of(Count(5, "forward")).formula() == "4*forward"
    assert repr(APPROXIMATIONS["3x forward"]).startswith("3x forward: the backward pass is two products")


def test_there_is_no_error_against_nothing() -> None:
    with pytest.raises(ModelCostError, match="3x forward has no error against an exact figure of 0"):
        APPROXIMATIONS["3x forward"].error(1, 0)


def test_rules_beside_a_step_of_a_report() -> None:
    """784-128-10 without biases, at a batch of 2: dots alone, by hand; the same from a file."""
    layers = [mc.Dense(128, use_bias=False), mc.Dense(10, use_bias=False)]
    report = mc.cost(mc.Sequential([mc.Input((784,)), *layers]), batch=2, optimizer="sgd", convention="macs")
    forward, unneeded = 2 * (784 * 128 + 128 * 10), 2 * 784 * 128
    for training in (report.training, mc.Report.from_json(report.to_json()).training):
        three, four = approximated(training)
        assert (three.flops, four.flops) == (3 * forward, 4 * forward)
        assert three.exact_flops == four.exact_flops == 3 * forward - unneeded
        assert three.error == Fraction(unneeded, 3 * forward - unneeded)
    told = json.loads(report.to_json())["training"]["approximations"][0]
    assert told == {"name": "3x forward", "flops": 3 * forward, "exact_flops": int(three.exact_flops),
                    "error": float(three.error)}  # fmt: skip


def test_no_rule_is_held_against_nothing() -> None:
    """No multiply-accumulates at all, or sizes that are not known."""
    norm = mc.Sequential([mc.Input((4,)), mc.BatchNormalization()])
    assert approximated(mc.cost(norm, optimizer="sgd", convention="macs").training) == []
    free = mc.cost(mc.Sequential([mc.Input((None, 3)), mc.Dense(2)]), optimizer="sgd")
    assert approximated(free.training) == []
    assert "Rules of thumb" not in str(free) + free.explain()
    assert "Rules of thumb" in str(mc.cost("lenet5", optimizer="sgd"))
