"""Calibration without a machine to be quiet: fits of known parameters, files, and whose calibration it is."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import modelcost as mc
from modelcost.errors import ModelCostError
from modelcost.timing import store
from modelcost.timing.bench import benches
from modelcost.timing.calibrate import learned, sample
from modelcost.timing.calibration import Calibration, calibration_of
from modelcost.timing.cpu import CPU
from modelcost.timing.estimate import estimate
from modelcost.timing.features import WAITS, features, priors, resident
from modelcost.timing.fitting import fitted, not_negative
from modelcost.timing.operations import KINDS, operations
from modelcost.timing.rates import Rates
from modelcost.timing.trained import step

CPU_HERE = CPU("a machine", cores=2, ghz=2.5, flops_per_cycle=32, lanes=8, l2_kib=1024, l3_mib=32)
RATES = Rates(200e9, {"l2": 200e9, "l3": 100e9, "memory": 20e9}, {"l2": 2 * 2**20, "l3": 32 * 2**20}, 8)


OFF = {
    "inference": {"compute": (0.8, 1.25), "memory": (0.75, 1.5), "overhead": (0.5, 2.0)},
    "training": {"compute": (0.7, 1.5), "memory": (0.7, 1.5), "overhead": (0.7, 1.5)},
}


def calibration(**more: Any) -> Calibration:
    about = {"date": "2999-01-01", "versions": {}, "load": 0.1, **more.pop("about", {})}
    return Calibration(more.pop("cpu", CPU_HERE), more.pop("rates", RATES), {**priors(), **more}, OFF, about)


def test_a_fit_finds_the_parameters_that_times_were_made_with() -> None:
    chance = random.Random(0)
    truth = {"start": 3e-6, "compute": 1.7, "move": 2.5}
    rows = [{"start": 5.0, "compute": chance.uniform(0, 1e-3), "move": chance.uniform(0, 1e-3)} for _ in range(40)]
    samples = [(row, sum(truth[name] * value for name, value in row.items())) for row in rows]
    found = fitted(samples, {"start": 1e-6, "compute": 1.0, "move": 1.0}, trust=1e-6)
    assert found == pytest.approx(truth, rel=1e-6)


def test_a_fit_is_not_carried_away_by_times_that_something_disturbed() -> None:
    chance = random.Random(1)
    samples = []
    for i in range(60):
        row = {"compute": chance.uniform(1e-4, 1e-3), "start": 100.0}
        seconds = (2.0 * row["compute"] + 4e-6 * row["start"]) * chance.uniform(0.98, 1.02)
        samples.append((row, seconds * (5 if i % 10 == 0 else 1)))
    found = fitted(samples, {"compute": 1.0, "start": 1e-6})
    assert found == pytest.approx({"compute": 2.0, "start": 4e-6}, rel=0.1)


def test_times_that_differ_as_usual_weigh_the_same() -> None:
    """The least squares of relative errors, by hand: the sum of 1/t over that of 1/t**2; the middle one would be 1."""
    times = [1.0, 1.0, 1.0, 1.1, 1.1]
    found = fitted([({"a": 1.0}, time) for time in times], {"a": 1.0}, trust=1e-6)
    assert found["a"] == pytest.approx((3 + 2 / 1.1) / (3 + 2 / 1.21), rel=1e-6)


def test_a_prior_that_is_far_off_does_not_hold_back_what_was_measured() -> None:
    assert 50 < fitted([({"a": 1.0}, 100.0)], {"a": 1.0})["a"] <= 100


def test_what_was_not_measured_keeps_its_prior() -> None:
    found = fitted([({"a": 1.0}, 3.0)], {"a": 1.0, "b": 7.0}, trust=1e-4)
    assert found == pytest.approx({"a": 3.0, "b": 7.0})
    assert fitted([], {"a": 2.0}) == {"a": 2.0}


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**6))
def test_least_squares_without_negatives_are_least(seed: int) -> None:
    """No step that is allowed makes the sum of squares less, as the conditions of Karush, Kuhn and Tucker say."""
    import numpy as np

    chance = np.random.default_rng(seed)
    matrix, target = chance.normal(size=(12, 6)), chance.normal(size=12)
    gram, pull = matrix.T @ matrix + 1e-9 * np.eye(6), matrix.T @ target
    x = not_negative(gram, pull)
    slope = gram @ x - pull
    assert (x >= 0).all()
    assert (slope >= -1e-6).all() and np.allclose(slope[x > 0], 0, atol=1e-6)


def test_a_calibration_finds_the_machine_that_its_times_were_made_on() -> None:
    """Times of every benchmark on a machine with known coefficients: predictions for other networks are its times."""
    chance = random.Random(2)
    truth = {key: value * chance.uniform(0.5, 2.0) for key, value in priors().items()}
    lines: list[dict[str, Any]] = [
        {"peak": RATES.peak, "bandwidths": RATES.bandwidths},
        {
            "calls": {
                "graph": truth["call", "graph"],
                "eager": 1e-3,
                "predict": 0.03,
                "each": 1e-5,
                "each_fit": 1e-3,
                "each_predict": 2e-3,
            }
        },
    ]
    for bench in benches():
        for what in ("inference", *bench.optimizers):
            seconds = sum(value * truth[key] for key, value in sample(bench, what, RATES).items())
            lines.append({"bench": bench.name, "what": what, "best": seconds, "median": seconds})
    found = learned(CPU_HERE, lines, False, {})
    exact = Calibration(CPU_HERE, RATES, truth, found.off, {})
    for name, batch in (("resnet50", 1), ("mobilenet_v2", 4), ("lenet5", 32), ("vit_b16", 1), ("recurrent_three", 8)):
        report = mc.cost(name, batch=batch)
        told, true = (estimate(report, CPU_HERE, "calibrated", calibration=each) for each in (found, exact))
        assert told.inference.seconds == pytest.approx(true.inference.seconds, rel=0.1), name
        assert told.inference.low <= true.inference.seconds <= told.inference.high


def test_every_coefficient_that_can_be_measured_is_touched_by_a_benchmark() -> None:
    touched = set()
    for bench in benches():
        for what in ("inference", *bench.optimizers):
            touched |= {key for key, value in sample(bench, what, RATES).items() if value}
    left = {key for key in priors() if key not in touched} - {("call", mode) for mode in ("eager", "predict")}
    assert left == {("each", "eager"), ("step", "fit"), ("step", "predict")}


def test_benchmarks_have_names_of_their_own_and_are_no_network_of_the_zoo() -> None:
    several = benches(thorough=True)
    assert len({bench.name for bench in several}) == len(several)
    assert not {bench.name for bench in several} & set(mc.zoo.names())
    assert {bench.name for bench in benches()} < {bench.name for bench in several}


def test_a_prediction_is_features_times_coefficients() -> None:
    net = mc.Sequential([mc.Input((64,)), mc.Dense(64)])
    found = calibration()
    [one] = operations(mc.cost(net).rows, 1)
    made = features(one, RATES, one.weight_bytes)
    by_hand = sum(value * found.coefficients[key] for key, value in made.items())
    assert made["dense", "compute"] == one.flops / 200e9 == made["dense", "short"]
    time = estimate(mc.cost(net), CPU_HERE, "calibrated", calibration=found)
    assert time.inference.seconds == pytest.approx(by_hand + found.coefficients["call", "graph"])
    computing = sum(
        made["dense", sort] * found.coefficients["dense", sort] for sort in ("compute", "short", "few", "narrow")
    )
    moving = made["dense", "move"] * found.coefficients["dense", "move"]
    starting = time.inference.seconds - computing - moving
    assert 0 < moving < computing < starting
    assert time.inference.low == pytest.approx(0.8 * computing + 0.75 * moving + 0.5 * starting)
    assert time.inference.high == pytest.approx(1.25 * computing + 1.5 * moving + 2 * starting)
    trained = estimate(mc.cost(net, optimizer="sgd"), CPU_HERE, "calibrated", calibration=found)
    assert trained.minibatch.low == pytest.approx(0.7 * trained.minibatch.seconds)


def test_the_features_of_a_product_by_hand() -> None:
    """24 columns fill three vectors of 8, and 20 fill 20/24 of them; 8 channels are an eighth of 64, and so on."""
    from modelcost.timing.operations import Operation

    one = Operation("layer", "dense", "kernel", 1000, 0, 0)
    one.rows, one.columns, one.inner, one.channels, one.starts = 320, 20, 40, 8, 10
    rates = Rates(1000.0, {"memory": 1e9}, {}, 8)
    found = features(one, rates, 0.0)
    assert found["dense", "start"] == 10 and found["dense", "move"] == 0
    assert found["dense", "compute"] == pytest.approx(24 / 20)
    assert found["dense", "short"] == pytest.approx(24 / 20 * 64 / 8)
    assert found["dense", "few"] == pytest.approx(24 / 20 * 64 * 10 / 320)  # 32 rows each time
    assert found["dense", "wake"] == 0  # less than a core does at once
    one.line = 16
    assert features(one, rates, 0.0)["dense", "few"] == pytest.approx(24 / 20 * 64 / 16)
    assert found["dense", "narrow"] == pytest.approx(64 / 20)
    one.small, one.looped, one.backward = True, True, True
    found = features(one, rates, 0.0)
    assert found["small", "start"] == found["loop", "back"] == 10 and ("dense", "start") not in found


def test_the_weights_that_lie_together_are_those_of_the_forward_pass() -> None:
    net = mc.Sequential([mc.Input((64,)), mc.Dense(64), mc.Dense(64)])
    report = mc.cost(net, optimizer="sgd")
    several = [one for each in step(report.rows, report.training, 1).values() for one in each]
    assert resident(several) == 4 * 2 * 64 * 64 < sum(one.weight_bytes for one in several)


@pytest.mark.parametrize("kind", KINDS)
def test_every_coefficient_makes_a_time_longer(kind: str) -> None:
    from modelcost.timing.calibrated import Calibrated
    from modelcost.timing.operations import Operation

    one = Operation("layer", kind, "kernel", 10**6, 10**6, 10**6)
    one.channels = 64 if (kind, "short") in priors() else 0
    one.rows = one.columns = one.inner = 64 if (kind, "few") in priors() else 0
    assert one.shared
    plain = Calibrated(calibration(), RATES, "graph").times([one])[0][0]
    for key in priors():
        if key[0] == kind:
            slower = Calibration(CPU_HERE, RATES, {**priors(), key: 2 * priors()[key]}, calibration().off, {})
            assert Calibrated(slower, RATES, "graph").times([one])[0][0].seconds > plain.seconds, key


def test_a_file_holds_all_of_it(tmp_path: Path) -> None:
    found = calibration()
    again = calibration_of(found.text())
    assert again.plain() == found.plain()
    assert again.coefficients == found.coefficients and again.off == found.off
    file = tmp_path / "calibration.json"
    file.write_text(found.text())
    assert store.loaded(file).text() == found.text()


def changed(change: Any) -> str:
    told = calibration().plain()
    change(told)
    return json.dumps(told)


BROKEN: list[tuple[str, str]] = [
    ("", "this is no calibration, or a part of one"),
    (calibration().text()[:-100], "this is no calibration, or a part of one"),
    ("[" * 100_000, "this is no calibration, or a part of one"),
    ("[]", "it must be an object. Received: []"),
    (changed(lambda t: t.update(modelcost_calibration=99)), "a calibration of version 3 is understood. Received: 99"),
    (changed(lambda t: t.pop("coefficients")), "coefficients must be an object. Received: None"),
    (changed(lambda t: t["coefficients"].pop("dense/move")), "coefficient dense/move must be a number, at least 0"),
    (changed(lambda t: t["coefficients"].update({"dense/move": -1})), "Received: -1"),
    (changed(lambda t: t["coefficients"].update({"dense/move": "fast"})), "Received: 'fast'"),
    (changed(lambda t: t["coefficients"].update({"dense/move": float("nan")})), "Received: nan"),
    (changed(lambda t: t["coefficients"].update({"dense/move": float("inf")})), "Received: inf"),
    (changed(lambda t: t["coefficients"].update({"dense/move": True})), "Received: True"),
    (changed(lambda t: t["rates"].update(peak=0)), "peak must be a number, at least 1. Received: 0"),
    (changed(lambda t: t["rates"].update(bandwidths={})), "bandwidths must be those of memory"),
    (changed(lambda t: t["rates"]["bandwidths"].update(l9=1)), "bandwidths must be those of memory"),
    (changed(lambda t: t["rates"]["bandwidths"].update(memory="x")), "memory must be a number, at least 1"),
    (changed(lambda t: t["rates"].update(peak=5e-324)), "peak must be a number, at least 1. Received: 5e-324"),
    (changed(lambda t: t["off"]["training"].update(memory=[1, 10**400])), "off training memory must be two shares"),
    (changed(lambda t: t["cpu"].update(unknown=3)), "unknown must be texts by the figures"),
    (changed(lambda t: t.update(cpu=3)), "cpu must be an object. Received: 3"),
    (changed(lambda t: t["cpu"].update(cores=0)), "cores must be a whole number"),
    (changed(lambda t: t["cpu"].update(evil=1)), "unknown figure 'evil'"),
    (changed(lambda t: t["off"].pop("training")), "off training must be an object. Received: None"),
    (changed(lambda t: t["off"].update(training=[0.5, 2])), "off training must be an object"),
    (changed(lambda t: t["off"]["training"].pop("memory")), "off training memory must be two shares"),
    (changed(lambda t: t["off"]["training"].update(memory=[2, 1])), "off training memory must be two shares"),
    (changed(lambda t: t["off"]["training"].update(memory="abc")), "off training memory must be two shares"),
    (changed(lambda t: t["off"]["training"].update(memory=[0, 1])), "off training memory must be two shares"),
    (changed(lambda t: t["off"]["training"].update(memory=[0.9, True])), "off training memory must be two shares"),
    (changed(lambda t: t.pop("about")), "about must be an object. Received: None"),
]


@pytest.mark.parametrize(("text", "said"), BROKEN)
def test_a_file_that_was_cut_short_or_edited_is_an_error(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "broken.json"
    file.write_text(text)
    with pytest.raises(ModelCostError) as error:
        store.loaded(file)
    assert said in str(error.value) and "broken.json" in str(error.value)


def test_a_file_that_is_not_there_or_too_large(tmp_path: Path) -> None:
    with pytest.raises(ModelCostError, match="this machine is not calibrated; run `modelcost calibrate`, or take"):
        store.loaded(tmp_path / "none.json")
    (tmp_path / "large.json").write_bytes(b" " * (store.LARGEST + 1))
    with pytest.raises(ModelCostError, match="bytes are no calibration"):
        store.loaded(tmp_path / "large.json")
    with pytest.raises(ModelCostError, match="it is a folder, and only files are read"):
        store.loaded(tmp_path)


def test_the_calibration_of_another_machine_is_refused() -> None:
    with pytest.raises(
        ModelCostError, match="made on a machine with 2 cores, and this is b with 4 cores; run `modelcost"
    ):
        store.check(calibration(), CPU("b", cores=4))
    with pytest.raises(ModelCostError, match="made on a machine with 2 cores, and this is a machine with 1 cores"):
        store.check(calibration(), CPU_HERE.changed(cores=1))
    store.check(calibration(), CPU_HERE)


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ({"date": "2001-01-01T00:00:00"}, "days old: run `modelcost calibrate` again."),
        ({"date": "yesterday"}, "does not say when it was made"),
        ({"versions": {"numpy": "0.1"}}, "was made with numpy 0.1, and "),
        ({"load": 3.5}, "The machine was busy while it was calibrated (load 3.5)"),
    ],
)
def test_what_speaks_against_a_calibration_is_told(about: dict[str, Any], said: str) -> None:
    [doubt] = store.doubts(calibration(about=about))
    assert said in doubt
    time = estimate(mc.cost("lenet5"), CPU_HERE, "calibrated", calibration=calibration(about=about))
    assert time.head["notes"] == [doubt]
    assert list(store.doubts(calibration())) == []


def test_a_calibration_is_carried_to_another_cpu_by_its_peaks() -> None:
    """On a CPU with ten times the peak and bandwidth all takes a tenth of the time, but for starting operations."""
    made = {key: 0.0 for key in priors() if WAITS.get(key[1], 2) == 2}
    found = calibration()
    found.coefficients.update(made)
    here = estimate(mc.cost("vgg16"), CPU_HERE, "calibrated", calibration=found)
    clock = 10 * RATES.peak / (2 * 32 * 1e9)
    fast = CPU("fast", cores=2, ghz=clock, flops_per_cycle=32, lanes=8, bandwidth=10 * 20 / 0.7, vendor="x")
    there = estimate(mc.cost("vgg16"), fast, "calibrated", calibration=found)
    assert there.inference.seconds < here.inference.seconds / 5
    assert there.head["notes"][0].startswith("Carried over from a machine")
    for end in ("low", "high"):  # wider by half at both ends
        shares = [getattr(time.inference, end) / time.inference.seconds for time in (here, there)]
        assert shares[1] / shares[0] == pytest.approx(1 / 1.5 if end == "low" else 1.5, rel=0.05)


def test_the_file_of_this_machine_is_taken_where_this_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from modelcost.timing.machine import this

    file = tmp_path / "calibration.json"
    monkeypatch.setenv(store.VARIABLE, str(file))
    assert not store.stored()
    file.write_text(calibration(cpu=this()).text())
    time = mc.cost("lenet5", cpu="this").time
    assert time.method == "calibrated" and time.inference.low < time.inference.seconds < time.inference.high
    assert mc.cost("lenet5", cpu="i3-540").time.method == "roofline"
    file.write_text(calibration().text())
    with pytest.raises(ModelCostError, match="the calibration was made on a machine with 2 cores, and this is"):
        mc.cost("lenet5", cpu="this")


def test_assumptions_are_not_for_what_was_measured() -> None:
    with pytest.raises(ModelCostError, match="a calibration assumes nothing that could be changed"):
        estimate(mc.cost("lenet5"), CPU_HERE, "calibrated", assume={"woken": 1e-6}, calibration=calibration())


def test_only_this_machine_can_be_measured() -> None:
    with pytest.raises(
        ModelCostError, match=r'only this machine can be measured: give --cpu this. Received: the CPU "Intel'
    ):
        mc.cost("lenet5", cpu="i3-540", method="measure")


def test_a_prediction_loads_no_framework_and_no_numpy(tmp_path: Path) -> None:
    import subprocess
    import sys

    from modelcost.timing.machine import this

    file = tmp_path / "calibration.json"
    file.write_text(calibration(cpu=this()).text())
    code = f"""
import os, sys
os.environ["{store.VARIABLE}"] = {str(file)!r}
import modelcost as mc
assert mc.cost("resnet50", cpu="this").time.method == "calibrated"
mc.cost("resnet50", cpu="i3-540"), mc.cost("resnet50", cpu="i3-540", method="textbook")
print(sorted({{"tensorflow", "keras", "numpy", "matplotlib"}} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_python_starts_every_operation_of_an_eager_call_each_time() -> None:
    """A recurrent layer of 20 steps starts each of its operations 20 times."""
    report, found = mc.cost(mc.Sequential([mc.Input((20, 4)), mc.LSTM(8)])), calibration()
    starts = sum(one.starts for one in operations(report.rows, 1))
    assert starts >= 20 * 5
    graph, eager = (
        estimate(report, CPU_HERE, "calibrated", mode, calibration=found).inference.seconds
        for mode in ("graph", "eager")
    )
    calls = found.coefficients["call", "eager"] - found.coefficients["call", "graph"]
    assert eager - graph == pytest.approx(calls + starts * found.coefficients["each", "eager"])


def test_timings_of_a_benchmark_that_there_is_not_are_an_error() -> None:
    lines = [
        {"peak": 1e11, "bandwidths": RATES.bandwidths},
        {"calls": dict.fromkeys(("graph", "eager", "predict", "each", "each_fit", "each_predict"), 1e-3)},
        {"bench": "dense_8_x", "what": "inference", "best": 1e-3},
    ]
    with pytest.raises(ModelCostError, match="unknown benchmark 'dense_8_x'; did you mean dense_8_x6 or dense_8_x1"):
        learned(CPU_HERE, lines, False, {})
    with pytest.raises(ModelCostError, match="the timing ended early: nothing was said of calls; run `modelcost"):
        learned(CPU_HERE, lines[:1], False, {})
