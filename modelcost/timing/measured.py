"""The measuring method: run a few real steps of the real Keras network here, and say what an epoch of them takes."""

from __future__ import annotations

from modelcost.errors import ModelCostError
from modelcost.timing.estimate import LevelTime, Time, over_levels
from modelcost.timing.span import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from modelcost.model import Model
    from modelcost.report import Report
    from modelcost.timing.cpu import CPU

SECONDS = 3.0
"""For how long each kind of call is repeated."""


def by_measuring(report: Report, cpu: CPU, mode: str, model: Model | None) -> Time:
    """The time by running the model's Keras twin: the median of some calls, from the least to nearly the most.

    The interval is that between the 5th and the 95th percentile of the calls. Raises `ModelCostError` where this
    machine is not the CPU that was asked for, or Keras is not there.
    """
    from modelcost.timing.machine import this

    here = this()
    if (here.name, here.cores) != (cpu.name, cpu.cores):
        raise ModelCostError(f'only this machine can be measured: give --cpu this. Received: the CPU "{cpu.name}"')
    known: dict[int, LevelTime] = {}

    def step(batch: int) -> LevelTime:
        if batch not in known:
            known[batch] = _measured(report, model, mode, batch)
        return known[batch]

    levels = over_levels(report, step)
    notes = ["The training step is one of a loss that is nearly free."] if report.trains else []
    return Time({"cpu": here.name, "method": "measure", "mode": mode, "notes": notes}, levels)


def _measured(report: Report, model: Model | None, mode: str, batch: int) -> LevelTime:
    if model is None:
        raise ModelCostError("only a model can be measured, not a report on one; give it as model=")
    from modelcost.timing.stopwatch import Network, repeated

    network = Network(model, batch)
    parts = {"inference": _spread(repeated(network.call(mode), SECONDS))}
    if report.trains:
        parts["forward"] = _spread(repeated(network.step(report.settings["optimizer"]), SECONDS))
    return LevelTime(parts)


def _spread(times: Sequence[float]) -> Span:
    ordered = sorted(times)
    most = len(ordered) - 1
    low, middle, high = (ordered[round(share * most)] for share in (0.05, 0.5, 0.95))
    return Span(middle, low, high)
