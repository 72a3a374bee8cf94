"""The calibrated method: each operation's features times what micro-benchmarks have shown of its kind."""

from __future__ import annotations

from modelcost.timing.features import features, waits
from modelcost.timing.roofline import BOUNDS, loop
from modelcost.timing.span import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from modelcost.report import Report
    from modelcost.timing.calibration import Calibration
    from modelcost.timing.cpu import CPU
    from modelcost.timing.estimate import Time
    from modelcost.timing.operations import Operation
    from modelcost.timing.rates import Rates

CARRIED = 1.5
"""How many times wider the interval is taken on another CPU than that of the calibration."""


class Calibrated:
    """The method for one machine: its rates, its coefficients, and how far they may be off."""

    name = "calibrated"

    def __init__(self, calibration: Calibration, rates: Rates, mode: str, wider: float = 1.0) -> None:
        self.calibration, self.likely, self.mode = calibration, rates, mode
        self.off = {
            phase: [(each[bound][0] / wider, each[bound][1] * wider) for bound in BOUNDS]
            for phase, each in calibration.off.items()
        }

    def times(self, operations: Sequence[Operation], training: bool = False) -> list[tuple[Span, str]]:
        """The time of each operation of a call, and what it waits for most."""
        resident = sum(one.weight_bytes for one in operations)
        alike = {one.figures(): one for one in operations}
        known = {figures: self._time(one, resident, training) for figures, one in alike.items()}
        return [known[one.figures()] for one in operations]

    def call(self, training: bool = False) -> Span:
        """The time of a mini-batch beside its operations."""
        if self.mode == "predict":
            return self._around(("step", loop(training)), training)
        step = training and self.mode == "graph"
        return self._around(("step", "graph") if step else ("call", self.mode), training)

    def once(self) -> Span:
        """The time of a call beside its mini-batches, where one call goes through many of them."""
        return self._around(("call", "predict"), False) if self.mode == "predict" else Span(0.0)

    def _around(self, key: tuple[str, str], training: bool) -> Span:
        return self._span([0.0, 0.0, self.calibration.coefficients[key]], training)

    def _time(self, one: Operation, resident: float, training: bool) -> tuple[Span, str]:
        coefficients = self.calibration.coefficients
        seconds = waits(features(one, self.likely, resident), coefficients)
        if self.mode == "eager":
            seconds[2] += one.starts * coefficients["each", "eager"]
        return self._span(seconds, training), BOUNDS[seconds.index(max(seconds))]

    def _span(self, seconds: Sequence[float], training: bool) -> Span:
        """The time that is waited for each of `BOUNDS`, each as far off as what waits for that."""
        shares = self.off["training" if training else "inference"]
        low, high = (sum(one * share[end] for one, share in zip(seconds, shares, strict=True)) for end in (0, 1))
        whole = sum(seconds)
        return Span(whole, min(whole, low), max(whole, high))


def by_calibration(report: Report, cpu: CPU, mode: str, assume: Any, calibration: Calibration | None) -> Time:
    """The time by a calibration: that of this machine, or carried over to a CPU of another name.

    What was learned are shares of a peak, so on another CPU they are kept, and its sheet's peaks take their place.
    Raises `ModelCostError` where there is no calibration, or it is of another machine than this.
    """
    from modelcost.errors import ModelCostError
    from modelcost.timing.methods import by_operation
    from modelcost.timing.rates import rates
    from modelcost.timing.store import check, doubts, loaded, same

    if assume:
        raise ModelCostError("a calibration assumes nothing that could be changed; take another method with --assume")
    found = loaded() if calibration is None else calibration
    this = cpu.figures.get("vendor") is None or same(found.cpu, cpu)
    if this and calibration is None:
        check(found, cpu)
    carried = not same(found.cpu, cpu)
    its_rates = rates(cpu)[1] if carried else found.rates
    method = Calibrated(found, its_rates, mode, CARRIED if carried else 1.0)
    time = by_operation(report, cpu, method, mode)
    told = (
        [f"Carried over from {found.name}: what it makes of its peaks is taken for what {cpu.name} does."]
        if carried
        else []
    )
    time.head["notes"] = [*told, *doubts(found)]
    return time
