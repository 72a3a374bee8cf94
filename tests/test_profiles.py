"""The convention `tf` against the profiler's own tables for all of `keras.applications`, operation for operation."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

import modelcost as mc
from modelcost.conventions.tensorflow import reconciled
from modelcost.importers.keras_config import model_of

DATA = Path(__file__).parent / "data"
PROFILES = json.loads((DATA / "profiles.json").read_text(encoding="utf-8"))
"""What the profiler counted for each network at batch 1, and which TensorFlow and Keras that was."""


def network(name: str) -> mc.Model:
    """One of `keras.applications`, read from its configuration."""
    with gzip.open(DATA / "applications" / f"{name}.json.gz", "rt", encoding="utf-8") as file:
        return model_of(json.load(file)["config"])


def test_there_is_a_table_for_each_of_them() -> None:
    kept = {path.name.removesuffix(".json.gz") for path in (DATA / "applications").glob("*.json.gz")}
    assert set(PROFILES["operations"]) == kept
    assert len(kept) == 40


@pytest.mark.parametrize("name", PROFILES["operations"])
def test_nothing_of_a_profile_is_unexplained(name: str) -> None:
    exact, named = reconciled(network(name), PROFILES["batch"])
    found = dict(exact)
    for flops in named.values():
        for op, change in flops.items():
            found[op] = found.get(op, 0) + change
    assert {op: flops for op, flops in found.items() if flops} == PROFILES["operations"][name]


def test_the_convention_prints_the_profilers_total() -> None:
    for name in ("ResNet50", "MobileNetV2", "ConvNeXtTiny"):
        report = mc.cost(network(name), convention="tf")
        assert report.flops == sum(PROFILES["operations"][name].values())


@pytest.mark.keras
@pytest.mark.parametrize("name", ["lenet5", "lstm_stack", "fashion_cnn_bn", "alexnet_grouped"])
def test_live(name: str) -> None:
    pytest.importorskip("tensorflow")
    found: Any = mc.verify(name)
    assert found, str(found)


@pytest.mark.keras
def test_a_wrong_twin_is_told() -> None:
    pytest.importorskip("tensorflow")
    from modelcost.verification import verify
    from modelcost.verification.twins import twin_of

    ours = mc.Sequential([mc.Input((8,)), mc.Dense(4, name="hidden"), mc.Dense(2)])
    other = mc.Sequential([mc.Input((8,)), mc.Dense(5, name="hidden"), mc.Dense(2)])
    found = verify(ours, twin=twin_of(other))
    assert not found
    assert "hidden" in str(found)
    assert "UNEXPLAINED" in str(found)
