"""Calibrate this machine: time small networks in a process of their own, and fit what each kind of operation costs."""

from __future__ import annotations

from modelcost.errors import ModelCostError, short, unknown
from modelcost.timing.calibration import Calibration
from modelcost.timing.features import priors, resident, summed
from modelcost.timing.fitting import fitted
from modelcost.timing.operations import operations
from modelcost.timing.rates import Rates, capacities
from modelcost.timing.residuals import off
from modelcost.timing.roofline import STEPS
from modelcost.timing.trained import step

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from modelcost.timing.bench import Bench
    from modelcost.timing.cpu import CPU
    from modelcost.timing.features import Features

EACH = {False: 0.08, True: 0.4}
"""Seconds for which each network is timed at once, by whether it is to be thorough."""


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
    import sys

    words = [sys.executable, "-W", "ignore", "-m", "modelcost.timing.stopwatch", str(EACH[thorough])]
    done = total = 0
    for found in told_by([*words, *(["thorough"] if thorough else [])]):
        total = found.get("total", total)
        if "bench" not in found:
            done += 1
            tell(f"calibrating: {min(done, total)} of {total}")
        yield found


def told_by(command: Sequence[str]) -> Iterator[dict[str, Any]]:
    """What a process says, a line of JSON at a time; it is ended when nobody listens any longer.

    Raises `ModelCostError` where it says something else, or fails.
    """
    import subprocess
    from tempfile import TemporaryFile

    with TemporaryFile("w+", encoding="utf-8", errors="replace") as complaints:  # a pipe that nobody reads may be full
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=complaints, text=True) as process:
            assert process.stdout is not None
            try:
                yield from map(_line, process.stdout)
            except BaseException:
                process.kill()
                raise
        complaints.seek(0)
        last = complaints.read().strip().splitlines()[-1:] or ["it said nothing"]
    if process.returncode:
        raise ModelCostError(f"the timing broke off: {short(last[0], 500)}")


def _line(text: str) -> dict[str, Any]:
    from json import loads

    try:
        found: dict[str, Any] = loads(text)
    except ValueError:
        raise ModelCostError(f"the timing said what is no result: {short(text.strip(), 200)}; unset what makes "
                             "libraries write, such as ONEDNN_VERBOSE") from None  # fmt: skip
    if isinstance(found, dict) and "error" in found:
        raise ModelCostError(found["error"])
    return found


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

    measured, calls = _of(found, "peak"), _of(found, "calls")["calls"]
    rates = Rates(measured["peak"], measured["bandwidths"], capacities(cpu), cpu.lanes)
    known = {bench.name: bench for bench in benches(thorough)}
    passes: dict[tuple[str, str], list[float]] = {}
    for one in found:
        if "bench" in one:
            if one["bench"] not in known:
                raise unknown("benchmark", one["bench"], known)
            passes.setdefault((one["bench"], one["what"]), []).append(float(one["best"]))
    samples = {(name, what): (sample(known[name], what, rates), min(times)) for (name, what), times in passes.items()}
    start = {**priors(), **{("call", mode): calls[mode] for mode in ("eager", "predict")}}
    start |= {("step", loop): calls[f"each_{loop}"] for loop in STEPS}
    start["each", "eager"] = max(1e-7, calls["each"])
    coefficients = fitted(list(samples.values()), start)
    return Calibration(cpu, rates, coefficients, off(samples, start, passes), about)


def _of(found: Sequence[Mapping[str, Any]], word: str) -> Mapping[str, Any]:
    for one in found:
        if word in one:
            return one
    raise ModelCostError(f"the timing ended early: nothing was said of {word}; run `modelcost calibrate` again")


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
