"""How wide the intervals of a calibration are: by what was left out of the fit, by what is waited for, and by noise."""

from __future__ import annotations

import random
from math import exp, log
from statistics import NormalDist, mean
from typing import Any

import pytest

from modelcost.timing.residuals import ENOUGH, noise, off, spread

START = {("dense", "compute"): 1.0, ("dense", "move"): 1.0, ("call", "graph"): 1e-4}


def bench(sort: str, chance: random.Random, error: float) -> tuple[dict[Any, float], float]:
    """A call that takes most of its time by one sort, at what is known, off by a normal error of the logarithm."""
    size = chance.uniform(1e-3, 1e-2)
    features = {("dense", sort): size, ("call", "graph"): 1.0}
    return features, (2.0 * size + 1e-4) * exp(chance.gauss(0, error))


def several(count: int, errors: dict[str, float], seed: int = 0) -> dict[tuple[str, str], Any]:
    chance = random.Random(seed)
    return {
        (f"{sort}_{i}", what): bench(sort, chance, error)
        for sort, error in errors.items()
        for i in range(count)
        for what in ("inference", "sgd")
    }


def test_an_interval_holds_nine_of_ten_that_had_no_part_in_the_fit() -> None:
    low, high = off(several(400, {"compute": 0.1}), START, {})["inference"]["compute"]
    ends = [exp(NormalDist(0, 0.1).inv_cdf(share)) for share in (0.05, 0.95)]
    assert (low, high) == pytest.approx(ends, rel=0.06)
    held = [low <= exp(random.Random(i).gauss(0, 0.1)) <= high for i in range(2000)]
    assert 0.86 < mean(held) < 0.94


def test_what_is_told_less_well_has_the_wider_interval() -> None:
    found = off(several(60, {"compute": 0.02, "move": 0.3}), START, {})["training"]
    assert found["memory"][0] < found["compute"][0] < 1 < found["compute"][1] < found["memory"][1]


def test_what_few_benchmarks_wait_for_has_the_interval_of_all() -> None:
    few = off(several(ENOUGH - 1, {"compute": 0.02, "move": 0.3}), START, {})["inference"]
    assert few["compute"] == few["memory"] == few["overhead"]
    enough = off(several(ENOUGH, {"compute": 0.02, "move": 0.3}), START, {})["inference"]
    assert enough["compute"] != enough["memory"] and enough["overhead"] not in (enough["compute"], enough["memory"])


def test_phases_stand_apart() -> None:
    samples = several(40, {"compute": 0.02})
    slow = {call: (features, seconds * (1.5 if call[1] == "sgd" and i % 3 == 0 else 1))
            for i, (call, (features, seconds)) in enumerate(samples.items())}  # fmt: skip
    found = off(slow, START, {})
    assert found["training"]["compute"][1] > 1.4 > 1.2 > found["inference"]["compute"][1]


def test_a_benchmark_is_left_out_with_all_of_its_calls() -> None:
    """One kind that a single benchmark has, at three times what it is taken for: nothing else could have told."""
    samples = several(40, {"compute": 0.01})
    for what in ("inference", "sgd"):
        samples["odd", what] = ({("odd", "compute"): 1e-2}, 3e-2)
    from modelcost.timing.residuals import _left_out

    ratios = [ratio for (name, _), ratio, _ in _left_out(samples, {**START, ("odd", "compute"): 1.0}) if name == "odd"]
    assert ratios == pytest.approx([3.0, 3.0])


def test_noise_is_how_much_passes_differ() -> None:
    """Times 10% apart in the middle of all: nine of ten normal differences are within 1.645 * 1.4826 of that."""
    passes = [[1.0, 1.0], [2.0, 2.2], [3.0, 2.0], [5.0]]
    assert noise(passes) == pytest.approx(1.645 * 1.4826 * log(1.1))
    assert noise([]) == noise([[1.0]]) == 0


def test_noise_makes_an_interval_wider_as_independent_errors_add() -> None:
    assert spread([0.8, 1.0, 1.25]) == (0.8, 1.25)
    low, high = spread([0.8, 1.0, 1.25], 0.3)
    assert -log(low) == pytest.approx(log(high), abs=1e-5)
    assert log(high) ** 2 == pytest.approx(log(1.25) ** 2 + 0.3**2, abs=1e-5)
    assert spread([2.0, 3.0]) == (1.0, 3.0) and spread([0.5]) == (0.5, 1.0) and spread([]) == (1.0, 1.0)


def test_the_passes_that_a_calibration_was_told_of_are_in_its_interval() -> None:
    samples = several(40, {"compute": 0.05})
    calm, busy = (
        off(samples, START, {call: [seconds, seconds * more] for call, (_, seconds) in samples.items()})
        for more in (1.0, 1.3)
    )
    assert busy["inference"]["compute"][0] < calm["inference"]["compute"][0]
    assert busy["inference"]["compute"][1] > calm["inference"]["compute"][1]
