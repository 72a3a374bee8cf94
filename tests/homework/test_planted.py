"""Slips that were planted into random layers are named, and none is claimed of numbers that mean nothing.

`tests/benchmarks/diagnosis.py` measures the same on thousands of them, with times.
"""

from __future__ import annotations

import random

import pytest

import modelcost as mc
from tests.benchmarks.diagnosis import checked, false_claims, hits
from tests.homework.planted import added, planted, planted_epoch, right, unrelated


def test_formulas_without_a_slip_are_ours() -> None:
    chance = random.Random(3)
    for _ in range(100):
        _, report, quantity, formula, knobs, _ = right(chance)
        assert added(formula(knobs, quantity)) == getattr(report["asked"], quantity)


def test_formulas_of_training_are_ours() -> None:
    chance = random.Random(5)
    for _ in range(6):
        case = planted_epoch(chance, 0)
        verdict = checked(case, on_a_sheet=True)
        assert verdict
        assert verdict.convention == "3x forward"


def test_what_is_planted_changes_the_figure() -> None:
    chance = random.Random(4)
    for many in (1, 2, 3):
        for _ in range(20):
            case = planted(chance, many)
            assert case.claim != case.of
            assert len(case.slips) == many


@pytest.mark.parametrize("on_a_sheet", [False, True], ids=["figure", "sheet"])
def test_one_slip(on_a_sheet: bool) -> None:
    first, three, *_ = hits(seed=7, many=1, count=150, on_a_sheet=on_a_sheet)
    assert first >= 0.95
    assert three >= 0.99


@pytest.mark.parametrize("on_a_sheet", [False, True], ids=["figure", "sheet"])
def test_two_slips(on_a_sheet: bool) -> None:
    first, *_ = hits(seed=7, many=2, count=60, on_a_sheet=on_a_sheet)
    assert first >= 0.80


def test_slips_in_the_total_of_a_network() -> None:
    first, three, *_ = hits(seed=7, many=1, count=60, kind="totals")
    assert first >= 0.95
    assert three >= 0.99
    assert hits(seed=7, many=2, count=40, kind="totals")[0] >= 0.80


def test_a_hundred_layers() -> None:
    first, three, *_ = hits(seed=7, many=1, count=15, kind="deep totals", on_a_sheet=True)
    assert first >= 0.95
    assert three >= 0.99
    two = hits(seed=7, many=2, count=15, kind="deep totals")
    assert two.first + two.simpler >= 0.8  # where fewer slips make the same figure, these are named


def test_what_training_costs() -> None:
    first, three, *_ = hits(seed=7, many=1, count=10, kind="training", on_a_sheet=True)
    assert first >= 0.95
    assert three >= 0.99
    assert hits(seed=7, many=2, count=5, kind="training", on_a_sheet=True)[0] >= 0.80


def test_unrelated_numbers() -> None:
    assert false_claims(seed=7, count=60) < 0.02
    assert false_claims(seed=8, count=20, on_a_sheet=True) < 0.02
    assert false_claims(seed=9, count=30, kind="totals") < 0.02


def test_unrelated_numbers_that_were_rounded() -> None:
    """Two figures near the right one are met by many a small slip: hardly ever is one held for certain."""
    chance, claimed = random.Random(6), 0
    for i in range(60):
        case = unrelated(chance, "totals" if i % 2 == 0 else "layers")
        near = f"≈ {int(case.of * (1 + chance.uniform(-0.2, 0.2))):.1e}"
        verdict = mc.check(near, of=case.of, report=case.report)
        claimed += not verdict and any(one.certain for one in verdict.explanations)
    assert claimed <= 1
