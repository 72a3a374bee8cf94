"""The stopwatch: what it says of real Keras networks, and what becomes of one that breaks off."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

import modelcost as mc
from modelcost.errors import ModelCostError
from modelcost.timing import calibrate as calibrating
from modelcost.timing.calibrate import calibrate, told_by
from modelcost.timing.features import priors
from modelcost.timing.store import loaded


class Process:
    """A process that says these lines, and ends well."""

    returncode = 0

    def __init__(self, lines: list[dict[str, Any]]) -> None:
        self.stdout = io.StringIO("".join(json.dumps(line) + "\n" for line in lines))

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


def test_rounds_that_differ_make_the_intervals_wider(monkeypatch: pytest.MonkeyPatch) -> None:
    def high(*, later: float) -> float:
        lines = [*LINES[:4], {**LINES[3], "best": later}]
        monkeypatch.setattr("subprocess.Popen", lambda *_, **__: Process(lines))
        return calibrate().off["inference"]["compute"][1]

    assert high(later=18e-4) > high(later=9e-4)


def script(text: str) -> list[str]:
    return [sys.executable, "-c", text]


def test_a_timing_that_breaks_off_is_an_error_that_says_why() -> None:
    broken = "import sys; print('{}'); sys.exit('Traceback\\nModelCostError: verification needs TensorFlow')"
    said = told_by(script(broken))
    assert next(said) == {}
    with pytest.raises(ModelCostError, match="the timing broke off: 'ModelCostError: verification needs TensorFlow'"):
        next(said)
    with pytest.raises(ModelCostError, match="the timing broke off: 'it said nothing'"):
        list(told_by(script("import os; os._exit(3)")))


def test_without_tensorflow_its_own_error_is_told_and_nothing_around_it() -> None:
    without = "import sys, runpy; sys.modules['tensorflow'] = sys.modules['keras'] = None; "
    command = [*script(without + "runpy.run_module('modelcost.timing.stopwatch', run_name='__main__')"), "0.01"]
    with pytest.raises(ModelCostError, match=r"^this needs TensorFlow, with Keras: pip install 'modelcost\[keras\]'"):
        list(told_by(command))


def test_what_is_no_result_is_an_error_and_what_goes_to_stderr_is_not() -> None:
    talks = "import sys; sys.stderr.write('warning\\n' * 100_000); print('{\"total\": 3}')"
    assert list(told_by(script(talks))) == [{"total": 3}]  # more than a pipe holds
    with pytest.raises(ModelCostError, match="no result: 'onednn_verbose,v1'; unset what makes libraries write"):
        list(told_by(script("print('onednn_verbose,v1')")))


def test_the_timing_ends_with_whoever_listens(tmp_path: Path) -> None:
    waits = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
    for end in ("close", "throw"):
        said = told_by(script(waits))
        process = int(str(next(said)))
        if end == "close":
            said.close()
        else:
            with pytest.raises(KeyboardInterrupt):
                said.throw(KeyboardInterrupt)
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


def test_what_the_command_says_and_keeps(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from modelcost.cli import main

    monkeypatch.setattr("subprocess.Popen", lambda *_, **__: Process(LINES))
    file = tmp_path / "deep" / "calibration.json"
    monkeypatch.setenv("MODELCOST_CALIBRATION", str(file))
    assert main(["calibrate"]) == 0
    out, err = capsys.readouterr()
    assert "100 GFLOP/s, 20 GB/s of memory; benchmarks that had no part in the fit took" in out and str(file) in out
    assert "calibrating: 3 of 3" in err
    assert loaded().rates.peak == 1e11
    assert main(["calibrate", "--output", str(tmp_path / "none" / "c.json")]) == 2
    said = capsys.readouterr().err
    assert "there is no folder" in said and "calibrating" not in said
    before = file.read_text()
    monkeypatch.setattr("subprocess.Popen", lambda *_, **__: Process(LINES[:2]))
    assert main(["calibrate"]) == 2  # broken off before the calls were timed: what was there stays
    assert file.read_text() == before and [one.name for one in file.parent.iterdir()] == ["calibration.json"]
    assert "the timing ended early" in capsys.readouterr().err


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

    with pytest.raises(ModelCostError, match="this needs TensorFlow, with Keras"):
        Network(mc.zoo.lenet5(), 1)
