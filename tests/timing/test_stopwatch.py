"""The stopwatch: what it says of real Keras networks, and what becomes of one that breaks off."""

from __future__ import annotations

import io
import json
import sys
from typing import Any

import pytest

import modelcost as mc
from modelcost.errors import ModelCostError
from modelcost.timing import calibrate as calibrating
from modelcost.timing.calibrate import calibrate
from modelcost.timing.features import priors


class Process:
    """A process that says these lines, complains, and ends with a status."""

    def __init__(self, lines: list[dict[str, Any]], complaint: str = "", status: int = 0) -> None:
        self.stdout = io.StringIO("".join(json.dumps(line) + "\n" for line in lines))
        self.stderr, self.returncode = io.StringIO(complaint), status

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None: ...


LINES: list[dict[str, Any]] = [
    {"total": 3},
    {"peak": 1e11, "bandwidths": {"l2": 1e11, "l3": 5e10, "memory": 2e10}},
    {"calls": {"graph": 5e-5, "eager": 3e-4, "predict": 0.03, "each": 2e-5, "each_fit": 1e-3, "each_predict": 1e-3}},
    {"bench": "dense_256_x1", "what": "inference", "best": 9e-4, "median": 1e-3, "times": 9},
    {"done": "dense_256_x1"},
    {"bench": "dense_256_x1", "what": "inference", "best": 3e-4, "median": 1e-3, "times": 9},
]


def test_progress_is_told_and_the_best_of_all_rounds_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("subprocess.Popen", lambda *_, **__: Process(LINES))
    told: list[str] = []
    found = calibrate(tell=told.append)
    assert told == ["calibrating: 1 of 3", "calibrating: 2 of 3", "calibrating: 3 of 3", "calibrating: 3 of 3"]
    assert found.rates.peak == 1e11 and set(found.about) == {"date", "versions", "load"}
    assert set(found.coefficients) == set(priors())
    assert found.coefficients["call", "predict"] == pytest.approx(0.03)
    monkeypatch.setattr("subprocess.Popen", lambda *_, **__: Process(LINES[:4]))
    assert sum(calibrate().coefficients.values()) > sum(found.coefficients.values())


def test_a_timing_that_breaks_off_is_an_error_that_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    complaint = "Traceback\nModelCostError: verification needs TensorFlow\n"
    monkeypatch.setattr("subprocess.Popen", lambda *_, **__: Process(LINES[:1], complaint, 1))
    with pytest.raises(ModelCostError, match="the timing broke off: 'ModelCostError: verification needs TensorFlow'"):
        calibrate()
    monkeypatch.setattr("subprocess.Popen", lambda *_, **__: Process([], "", -9))
    with pytest.raises(ModelCostError, match="the timing broke off: 'it said nothing'"):
        calibrate()


@pytest.mark.keras
def test_real_networks_are_timed_in_every_mode_and_trained() -> None:
    pytest.importorskip("tensorflow")
    from modelcost.timing.stopwatch import LEAST, Network, repeated, to_time, told

    net = mc.Sequential([mc.Input((8, 8, 3)), mc.Conv2D(4, 3), mc.Flatten(), mc.Dense(2)])
    network = Network(net, 2)
    for mode in ("graph", "eager", "predict"):
        assert tuple(network.call(mode)().shape) == (2, 2)
    before = [weight.numpy().copy() for weight in network.twin.trainable_variables]
    network.step("sgd")()
    assert any((old != new.numpy()).any() for old, new in zip(before, network.twin.trainable_variables, strict=True))
    times = repeated(network.call(), 0.01)
    assert len(times) >= LEAST and min(times) > 0
    assert told("net", "inference", [3.0, 1.0, 2.0]) == {
        "bench": "net", "what": "inference", "best": 1.0, "median": 2.0, "times": 3,
    }  # fmt: skip
    from modelcost.timing.bench import Bench

    assert [what for what, _ in to_time(Bench("net", lambda: net, 2))] == ["inference", "sgd"]
    assert [what for what, _ in to_time(Bench("net", lambda: net, 2, optimizers=()))] == ["inference"]


@pytest.mark.keras
def test_every_benchmark_is_a_network_that_keras_has() -> None:
    pytest.importorskip("tensorflow")
    from modelcost.timing.bench import benches
    from modelcost.verification.twins import twin_of

    for bench in benches(thorough=True):
        assert twin_of(bench.build()).count_params() == mc.cost(bench.build()).params, bench.name


@pytest.mark.keras
def test_measuring_is_a_method(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tensorflow")
    from modelcost.timing import measured

    monkeypatch.setattr(measured, "SECONDS", 0.01)
    time = mc.cost("mnist_mlp", batch=4, data=10, epochs=2, cpu="this", method="measure").time
    assert time.method == "measure" and 0 < time.minibatch.low <= time.minibatch.seconds <= time.minibatch.high
    assert time.run.seconds == pytest.approx(2 * time.epoch.seconds)
    assert time.epoch.inference.seconds > 2 * time.inference.seconds


def test_calibrating_needs_what_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    assert calibrating.EACH[False] < calibrating.EACH[True]
    monkeypatch.setitem(sys.modules, "keras", None)
    from modelcost.timing.stopwatch import Network

    with pytest.raises(ModelCostError, match="verification needs TensorFlow, with Keras"):
        Network(mc.zoo.lenet5(), 1)
