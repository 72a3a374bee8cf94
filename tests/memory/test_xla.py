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
APART = {f"{key} inference" for key in HIDDEN}
"""Where the plan is more than that away."""


@pytest.mark.parametrize("key", list(FIGURES))
def test_planned_peaks_are_near_xla_s(key: str) -> None:
    name, batch, what = key.split()
    memory = Memory(networks.build(name), batch=int(batch), optimizer="adam", runtime="xla")
    peak = int(memory.peak_inference_bytes if what == "inference" else memory.peak_training_bytes)
    apart = peak / FIGURES[key][WAY[what]] - 1
    assert (abs(apart) <= GOAL) == (key not in APART), f"{apart:+.1%}"


@pytest.mark.parametrize("key", list(HIDDEN))
def test_where_a_library_takes_over_xla_counts_what_goes_in_and_out(key: str) -> None:
    name, batch = key.split()
    memory = Memory(networks.build(name), batch=int(batch), runtime="xla")
    seen = sum(one.fixed + int(batch) * one.each for one in memory.inference.always)
    (out,) = memory.entries[-1].facts.outputs
    ways = FIGURES[f"{key} inference"]
    assert ways["memory"] == seen + 4 * int(batch) * int(out.elements) + HIDDEN[key]
    assert abs(int(memory.peak_inference_bytes) / ways["own"] - 1) <= 0.002  # without the library, all of it is seen
