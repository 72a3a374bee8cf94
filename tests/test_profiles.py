"""All networks of keras.applications: the convention `tf` is the TensorFlow profiler's count, operation by operation.

The profiler's tables come from TensorFlow (`data/remake_profiles.py`), the networks from their configurations
(`data/remake_applications.py`); only the last test needs it, and profiles some of them again.
"""

from __future__ import annotations

import functools
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

import modelcost as mc
from modelcost.conventions.tensorflow import reconciled
from modelcost.importers.keras_config import model_of
from modelcost.model import Model

DATA = Path(__file__).parent / "data"
STORED: dict[str, Any] = json.loads((DATA / "profiles.json").read_text())
PROFILES: dict[str, dict[str, int]] = STORED["operations"]
LIVE = ("MobileNet", "MobileNetV3Small", "EfficientNetB0", "ConvNeXtTiny")
"""Those that are profiled anew: small ones, one of them with grouped convolutions."""


@functools.cache
def application(name: str) -> Model:
    return model_of(json.loads(gzip.decompress((DATA / "applications" / f"{name}.json.gz").read_bytes()))["config"])


def predicted(model: Model, batch: int) -> dict[str, int]:
    """What the profiler would count, by operation."""
    exact, named = reconciled(model, batch)
    for flops in named.values():
        for op, change in flops.items():
            exact[op] = exact.get(op, 0) + change
    return {op: flops for op, flops in exact.items() if flops}


def test_there_are_all_forty_and_who_made_them() -> None:
    assert len(PROFILES) == 40
    assert set(PROFILES) == {file.name.partition(".")[0] for file in (DATA / "applications").glob("*.json.gz")}
    assert STORED["batch"] == 1
    assert set(STORED["versions"]) == {"tensorflow", "keras"}


@pytest.mark.parametrize("name", sorted(PROFILES))
def test_every_operation_is_the_profilers(name: str) -> None:
    model = application(name)
    assert predicted(model, 1) == PROFILES[name]
    assert mc.cost(model, convention="tf").example.forward_flops == sum(PROFILES[name].values())


def test_a_broken_statistic_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    from modelcost.conventions.tensorflow import operations
    from modelcost.layers import base

    monkeypatch.setattr(base, "_remembered", {})  # what was worked out before the statistic broke
    monkeypatch.setitem(operations.EACH, "Rsqrt", 1)
    assert predicted(application.__wrapped__("MobileNet"), 1) != PROFILES["MobileNet"]


@pytest.mark.parametrize(("batch", "flops"), [(1, 112), (2, 225), (3, 337)])
def test_a_batch_is_rounded_down_as_a_whole(batch: int, flops: int) -> None:
    """25 outputs x 9 taps x 2, divided by the strides, are 112 and a half for each example."""
    x = mc.Input((2, 2, 1))
    model = mc.Model(x, mc.Conv2DTranspose(1, 3, strides=2, use_bias=False)(x))
    assert mc.cost(model, batch=batch, convention="tf").minibatch.forward_flops == flops
    assert predicted(model, batch) == {"Conv2DBackpropInput": flops}


def test_mended_defects_are_what_is_left_out() -> None:
    """ConvNeXt's depthwise convolutions are grouped ones: the profiler does not see them."""
    model = application("ConvNeXtTiny")
    honest = mc.cost(model, convention="tf-honest").example.forward_flops
    assert honest > mc.cost(model, convention="tf").example.forward_flops
    assert honest == sum(reconciled(model, 1)[0].values())


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", LIVE)
def test_profiled_anew(name: str) -> None:
    """The network is built by Keras, traced, frozen and profiled; at a batch other than that of the tables."""
    keras = pytest.importorskip("keras")
    from modelcost.verification import verify

    keras.backend.clear_session()
    given = {"input_shape": (224, 224, 3)} if "V3" in name else {}
    live = getattr(keras.applications, name)(weights=None, **given)
    said: list[str] = []
    found = verify(live, batch=2, tell=said.append)
    assert found, str(found)
    assert {check.name: check.profiler for check in found.operations if check.profiler} == predicted(
        application(name), 2
    )
    assert said
