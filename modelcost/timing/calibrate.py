"""Calibrate this machine: time small networks in a process of their own, and fit what each kind of operation costs."""

from __future__ import annotations

from modelcost.errors import ModelCostError, short
from modelcost.timing.calibration import Calibration
from modelcost.timing.features import priors, resident, summed
from modelcost.timing.fitting import fitted
from modelcost.timing.operations import operations
from modelcost.timing.rates import Rates, capacities
from modelcost.timing.roofline import STEPS
from modelcost.timing.trained import step

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from modelcost.timing.bench import Bench
    from modelcost.timing.cpu import CPU
    from modelcost.timing.features import Features

EACH = {False: 0.1, True: 0.4}
"""Seconds for which each network is timed at once, by whether it is to be thorough."""
FOLDS = 5
SHARE = 0.05  # of the benchmarks' times that may lie beyond each end of the interval
DECIMALS = 6


def calibrate(thorough: bool = False, tell: Callable[[str], None] = lambda text: None) -> Calibration:
    """Time this machine for a minute or two, more when `thorough`, and say what was learned; `tell` hears of progress.

    Raises `ModelCostError` where Keras on TensorFlow is not there, or the timing breaks off.
    """
    from modelcost.timing.machine import this

    cpu, before = this(), _load()
    found = list(timed(thorough, tell))
    about = {**_about(), "load": before}
    return learned(cpu, found, thorough, about)


def timed(thorough: bool, tell: Callable[[str], None]) -> Iterator[dict[str, Any]]:
    """What the stopwatch says, line by line, from a process of its own."""
    import json
    import subprocess
    import sys

    words = [sys.executable, "-W", "ignore", "-m", "modelcost.timing.stopwatch", str(EACH[thorough])]
    command = [*words, *(["thorough"] if thorough else [])]
    done = total = 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stderr is not None
        for line in process.stdout:
            found = json.loads(line)
            total = found.get("total", total)
            if "bench" not in found:
                done += 1
                tell(f"calibrating: {min(done, total)} of {total}")
            yield found
        complaint = process.stderr.read()
    if process.returncode:
        last = complaint.strip().splitlines()[-1:] or ["it said nothing"]
        raise ModelCostError(f"the timing broke off: {short(last[0], 500)}")


def _load() -> float:
    import os

    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else 0.0


def _about() -> dict[str, Any]:
    """When, with what, and for how many threads."""
    from datetime import datetime
    from importlib.metadata import PackageNotFoundError, version

    versions = {}
    for name in ("tensorflow", "keras"):
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "not installed as a package"
    return {"date": datetime.now().astimezone().isoformat(timespec="seconds"), "versions": versions}


def learned(cpu: CPU, found: Sequence[Mapping[str, Any]], thorough: bool, about: Mapping[str, Any]) -> Calibration:
    """The calibration that the stopwatch's lines give."""
    from modelcost.timing.bench import benches

    measured = next(one for one in found if "peak" in one)
    rates = Rates(measured["peak"], measured["bandwidths"], capacities(cpu), cpu.lanes)
    known = {bench.name: bench for bench in benches(thorough)}
    best: dict[tuple[str, str], float] = {}
    for one in found:
        if "bench" in one:
            key = (one["bench"], one["what"])
            best[key] = min(float(one["best"]), best.get(key, float("inf")))
    samples = [(sample(known[name], what, rates), seconds) for (name, what), seconds in best.items()]
    calls = next(one["calls"] for one in found if "calls" in one)
    start = {**priors(), **{("call", mode): calls[mode] for mode in ("eager", "predict")}}
    start |= {("step", loop): calls[f"each_{loop}"] for loop in STEPS}
    start["each", "eager"] = max(1e-7, calls["each"])
    coefficients = fitted(samples, start)
    off = _off(samples, start, [what for _, what in best])
    return Calibration(cpu, rates, coefficients, off, about)


def sample(bench: Bench, what: str, rates: Rates) -> Features:
    """The features of a call of a benchmark: in inference, or of a training step with an optimizer."""
    from modelcost.costing import cost

    optimizer = None if what == "inference" else what
    report = cost(bench.build(), batch=bench.batch, optimizer=optimizer)
    if optimizer is None:
        several = operations(report.rows, bench.batch)
    else:
        several = [one for each in step(report.rows, report.training, bench.batch).values() for one in each]
    found = summed(several, rates, resident(several))
    found["call" if what == "inference" else "step", "graph"] = 1.0
    return found


def _off(
    samples: Sequence[tuple[Features, float]], start: Features, whats: Sequence[str]
) -> dict[str, tuple[float, float]]:
    """How far predictions were off for benchmarks without a part in the fit: the shares that nearly all lie between."""
    ratios: dict[str, list[float]] = {"inference": [], "training": []}
    for fold in range(FOLDS):
        others = [one for i, one in enumerate(samples) if i % FOLDS != fold]
        coefficients = fitted(others, start)
        for i, (features, seconds) in enumerate(samples):
            if i % FOLDS == fold:
                predicted = sum(value * coefficients[key] for key, value in features.items())
                ratios["inference" if whats[i] == "inference" else "training"].append(seconds / max(predicted, 1e-9))
    return {name: _spread(each) for name, each in ratios.items()}


def _spread(ratios: Sequence[float]) -> tuple[float, float]:
    """The ratios between which all but a few lie; 1 is always among them."""
    ordered = sorted(ratios) or [1.0]
    most = len(ordered) - 1
    low, high = ordered[round(SHARE * most)], ordered[round((1 - SHARE) * most)]
    return round(min(1.0, low), DECIMALS), round(max(1.0, high), DECIMALS)
