"""The methods by their names, each from a report and a CPU to its time."""

from __future__ import annotations

from modelcost.timing.estimate import LEVELS, LevelTime, RowTime, Time, over_levels
from modelcost.timing.operations import operations, unbound
from modelcost.timing.span import Span, together
from modelcost.timing.trained import step, waiting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, Protocol

    from modelcost.report import Report
    from modelcost.timing.cpu import CPU
    from modelcost.timing.operations import Operation
    from modelcost.timing.rates import Rates

    class ByOperation(Protocol):
        """A method that knows the time of every operation."""

        name: str
        likely: Rates

        def times(self, operations: Sequence[Operation], training: bool = False) -> list[tuple[Span, str]]: ...
        def call(self, training: bool = False) -> Span: ...
        def once(self) -> Span: ...


def _textbook(report: Report, cpu: CPU, mode: str, assume: Any, *_: Any) -> Time:
    """Operations over a rate, for every level; and the same with fewer cores."""
    from modelcost.timing.roofline import assumed
    from modelcost.timing.textbook import ASSUMPTIONS, Textbook

    book = Textbook(cpu, assumed(assume, ASSUMPTIONS))
    levels = _by_book(report, book)
    head = {"cpu": cpu.id or cpu.name, "method": book.name, "assumptions": {"cores": cpu.cores, **book.assumptions}}
    head["assumptions"] |= {"ghz": cpu.ghz, "operations": report.convention}
    time = Time(head, levels)
    time.workings = _workings(report, book)
    for cores in (1, cpu.cores) if cpu.cores > 1 else ():
        time.by_cores[cores] = _by_book(report, Textbook(cpu.changed(cores=cores), book.assumptions))
    return time


def _by_book(report: Report, book: Any) -> dict[str, LevelTime]:
    found: dict[str, LevelTime] = {}
    for name, level in report.levels.items():
        figures = level.figures
        forward = figures["forward_flops"]
        if not isinstance(forward, int):
            raise unbound(forward)
        parts = {"inference": book.span(forward)}
        if name != "example":
            parts |= {"forward": parts["inference"], "backward": book.span(book.backward(forward, figures))}
        held_out = ("optimizer", "validation", "test")
        parts |= {part: book.span(figures[f"{part}_flops"]) for part in held_out if f"{part}_flops" in figures}
        found[name] = LevelTime(parts)
    found["inference"] = LevelTime({"inference": found["minibatch"].parts["inference"]})
    return {name: found[name] for name in LEVELS if name in found}


def _workings(report: Report, book: Any) -> dict[str, Any]:
    """The quotients behind the largest level that there is, by what they are the time of."""
    name, level = list(report.levels.items())[-1]
    forward = level.figures["forward_flops"].called("forward_flops")
    back = book.backward(forward, level.figures).called("backward_flops")
    return {f"{name}.forward": book.working(forward), f"{name}.backward": book.working(back)}


def _roofline(report: Report, cpu: CPU, mode: str, assume: Any, *_: Any) -> Time:
    """The most that computing, moving and starting take, operation by operation, from the CPU's sheet."""
    from modelcost.timing.rates import rates
    from modelcost.timing.roofline import Roofline, assumed, defaults

    time = by_operation(report, cpu, Roofline(rates(cpu), assumed(assume, defaults()), mode), mode)
    if cpu.unknown:
        time.head["notes"] = [f"Not known: {text}." for text in cpu.unknown.values()]
    return time


def by_operation(report: Report, cpu: CPU, method: ByOperation, mode: str) -> Time:
    """The time by a method that knows that of every operation."""
    known: dict[int, LevelTime] = {}

    def on(batch: int) -> LevelTime:
        if batch not in known:
            known[batch] = _step(report, method, batch)
        return known[batch]

    head = {"cpu": cpu.id or cpu.name, "method": method.name, "mode": mode}
    time = Time(head, over_levels(report, on, method.once()), _rows(report, method))
    time.roofs = {"peak": method.likely.peak, **method.likely.bandwidths}
    return time


def _step(report: Report, method: ByOperation, batch: int) -> LevelTime:
    """One call in inference, and one training step."""
    several = {"inference": operations(report.rows, batch)}
    if report.trains:
        several |= step(report.rows, report.training, batch)
        several |= waiting(report.rows, report.settings["optimizer"], batch)
    parts = {
        name: together(span for span, _ in method.times(each, training=name != "inference"))
        for name, each in several.items()
    }
    for name in ("inference", "forward"):
        if name in parts:
            parts[name] = parts[name] + method.call(training=name == "forward")
    return LevelTime(parts)


def _rows(report: Report, method: ByOperation) -> list[RowTime]:
    """The time of each layer that does anything, in inference on a mini-batch."""
    several = operations(report.rows, report.batch)
    found: dict[str, list[tuple[Operation, Span, str]]] = {}
    for one, (span, bound) in zip(several, method.times(several), strict=True):
        found.setdefault(one.layer, []).append((one, span, bound))
    return [_row(name, each) for name, each in found.items()]


def _row(name: str, each: Sequence[tuple[Operation, Span, str]]) -> RowTime:
    waits: dict[str, float] = {}
    for _, span, bound in each:
        waits[bound] = waits.get(bound, 0.0) + span.seconds
    read = sum(one.read_bytes + one.starts * one.weight_bytes for one, _, _ in each)
    written, flops = sum(one.written_bytes for one, _, _ in each), sum(one.flops for one, _, _ in each)
    whole = together(span for _, span, _ in each)
    return RowTime(name, whole, flops, read, written, max(waits, key=lambda bound: waits[bound]))


def _calibrated(report: Report, cpu: CPU, mode: str, assume: Any, calibration: Any) -> Time:
    """By what micro-benchmarks of this machine have shown."""
    from modelcost.timing.calibrated import by_calibration

    return by_calibration(report, cpu, mode, assume, calibration)


def _measure(report: Report, cpu: CPU, mode: str, assume: Any, model: Any) -> Time:
    """By running the model itself, a few times."""
    from modelcost.timing.measured import by_measuring

    return by_measuring(report, cpu, mode, model)


METHOD: dict[str, Callable[..., Time]] = {
    "textbook": _textbook, "roofline": _roofline, "calibrated": _calibrated, "measure": _measure,
}  # fmt: skip
"""Each method of `estimate.METHODS`."""
