"""Planned peaks held against XLA's buffer assignment of the same Keras models (`benchmarks/xla_memory.py` asked)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from modelcost.memory import Memory
from tests.benchmarks import networks

FIGURES = json.loads((Path(__file__).parents[1] / "data" / "xla_memory.json").read_text("utf-8"))["figures"]
WAY = {"inference": "memory", "training": "own"}
"""How XLA compiled what a plan is held against: scheduled for little memory; for training without library fusions."""
GOAL = 0.10
HIDDEN = {
    "mlp 512": 4 * 512,
    "spectrogram_cnn 8": 4 * 8,
    "spectrogram_cnn 32": 4 * 32,
    "fashion_cnn_bn 32": 2560,
    "fashion_cnn_bn 256": 2560,
}
"""Inference that a library takes over between input and softmax, so that XLA sees nothing of it: it counts weights,
input, output and so many bytes, of which a number for each example belongs to the softmax."""
SET_UP = {"gru_deep 24 inference": (1, 24 * 60 * 96), "gru_wide 24 training": (9, 24 * 80 * 160)}
"""GRUs of which XLA sets up the stacks of a loop before it multiplies the input for all steps, not after: how many are
set up, and the numbers of each, one for every example, step and unit."""
APART = {*(f"{key} inference" for key in HIDDEN), *SET_UP}
"""Where the plan is more than that away."""


def planned(key: str) -> int:
    """The planned peak beside a figure of XLA's."""
    name, batch, what = key.split()
    memory = Memory(networks.build(name), batch=int(batch), optimizer="adam", runtime="xla")
    return int(memory.peak_inference_bytes if what == "inference" else memory.peak_training_bytes)


def seen(key: str) -> int:
    """The figure of XLA's that a plan is held against."""
    return int(FIGURES[key][WAY[key.split()[-1]]])


@pytest.mark.parametrize("key", list(FIGURES))
def test_planned_peaks_are_near_xla_s(key: str) -> None:
    apart = planned(key) / seen(key) - 1
    assert (abs(apart) <= GOAL) == (key not in APART), f"{apart:+.1%}"


@pytest.mark.parametrize("key", list(HIDDEN))
def test_where_a_library_takes_over_xla_counts_what_goes_in_and_out(key: str) -> None:
    name, batch = key.split()
    memory = Memory(networks.build(name), batch=int(batch), runtime="xla")
    held = sum(one.fixed + int(batch) * one.each for one in memory.inference.always)
    (out,) = memory.entries[-1].facts.outputs
    ways = FIGURES[f"{key} inference"]
    assert ways["memory"] == held + 4 * int(batch) * int(out.elements) + HIDDEN[key]
    assert abs(int(memory.peak_inference_bytes) / ways["own"] - 1) <= 0.002  # without the library, all of it is seen


@pytest.mark.parametrize("key", list(SET_UP))
def test_stacks_that_are_set_up_early_stand_beside_the_products_of_the_input(key: str) -> None:
    stacks, numbers = SET_UP[key]
    early, late = stacks + 2 * 3, max(stacks + 3, 2 * 3)  # three products, and the same in the order of steps
    assert abs((planned(key) + 4 * (early - late) * numbers) / seen(key) - 1) <= 0.005
