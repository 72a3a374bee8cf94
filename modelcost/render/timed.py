"""What a report says of time: its levels with their intervals, the slowest layers, what they wait for, the working."""

from __future__ import annotations

from modelcost.render.blocks import Grid, Heading, Paragraph, Working, Workings
from modelcost.render.units import exact, scaled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from modelcost.render.blocks import Block
    from modelcost.report import Report
    from modelcost.timing.estimate import Time

SLOWEST = 10
UNITS = (
    (1e-3, 1e-6, "us"),
    (1.0, 1e-3, "ms"),
    (120.0, 1.0, "s"),
    (7200.0, 60.0, "min"),
    (172800.0, 3600.0, "h"),
    (63072000.0, 86400.0, "days"),
)
"""Below so many seconds a time is told in this unit, which is so many seconds; from two years on, in years."""
YEAR = 31557600.0
CALLED = {
    "graph": "The model is called as a graph (tf.function); --mode gives the time of other calls: eager or predict.",
    "eager": "The model is called eagerly: Python starts each operation.",
    "predict": "The model is called by Keras's predict and fit, whose loops take time for each mini-batch too.",
}
"""What is said of how the model is called, by the mode."""


def duration(seconds: float) -> str:
    """A time as people read it, in three significant figures.

    >>> duration(0.01234), duration(68142.5), duration(0)
    ('12.3 ms', '18.9 h', '0 s')
    >>> duration(1.5e12), duration(1e30)
    ('47,500 years', '3.17e+22 years')
    """
    if not seconds:
        return "0 s"
    unit, name = next(((unit, name) for most, unit, name in UNITS if seconds < most), (YEAR, "years"))
    value = seconds / unit
    if value < 0.001:
        return f"{value:.1e} {name}"
    rounded = f"{value:.3g}"
    return f"{float(rounded):,.0f} {name}" if 100 <= value < 1e6 else f"{rounded} {name}"


def interval(span: Any) -> str:
    """The interval of a time: from the least to the most."""
    return f"{duration(span.low)} to {duration(span.high)}"


def blocks(report: Report) -> list[Block]:
    """What a person sees of a report's time; nothing where none was asked for."""
    time: Time | None = report.__dict__.get("time")
    if time is None:
        return []
    found: list[Block] = [Heading(f"Time on {time.cpu}, by the method {time.method}"), _levels(report, time)]
    if time.by_cores:
        found += [Heading("Time by cores used"), _by_cores(time)]
    if time.workings:
        each = time.workings.items()
        found.append(Workings([Working(f"{name}_seconds", quotient, of_figures=True) for name, quotient in each]))
    if time.rows:
        found += [Heading(f"Slowest layers, {_of_call(report)}"), _slowest(time), Paragraph(_bounds(time))]
    return [*found, *(Paragraph(note) for note in _notes(time))]


def _of_call(report: Report) -> str:
    return "one forward call" if report.batch == 1 else f"one forward call on {exact(report.batch)}"


def _levels(report: Report, time: Time) -> Grid:
    from modelcost.render.page import level_label

    rows, trains = [], any("forward" in level.parts for level in time.levels.values())
    for name in ("example", "minibatch", "epoch", "run"):
        if name in time.levels:
            level, label = time.levels[name], level_label(report, name)
            trained = (_cells(level) if "forward" in level.parts else ("", "")) if trains else ()
            rows.append([label, *_cells(level.parts["inference"]), *trained])
            held_out = [part for part in ("validation", "test") if part in level.parts]
            rows += [[f"{label}: {part}", *_cells(level.parts[part]), *[""] * 2 * trains] for part in held_out]
    return Grid(("of", "forward only", "between", *(("training", "between") * trains)), rows)


def _cells(span: Any) -> tuple[str, str]:
    return duration(span.seconds), interval(span)


def _by_cores(time: Time) -> Grid:
    rows = []
    for cores, levels in time.by_cores.items():
        level = list(levels.values())[-1]
        rows.append([exact(cores), duration(level.parts["inference"].seconds), duration(level.seconds)])
    return Grid(("cores", "forward only", "training"), rows, 0)


def _slowest(time: Time) -> Grid:
    rows = sorted(time.rows.values(), key=lambda row: -row.seconds)[:SLOWEST]
    cells = [
        [row.layer, row.bound, duration(row.seconds), interval(row), scaled(row.read_bytes, "B"),
         scaled(row.written_bytes, "B"), f"{row.intensity:.2f}"]
        for row in rows
    ]  # fmt: skip
    return Grid(("layer", "bound by", "time", "between", "reads", "writes", "FLOPs/byte"), cells, 2)


def _bounds(time: Time) -> str:
    """How much of the time goes to layers that wait for one thing."""
    whole = sum(row.seconds for row in time.rows.values())
    found: dict[str, list[float]] = {}
    for row in time.rows.values():
        found.setdefault(row.bound, []).append(row.seconds)
    told = [f"{len(each)} bound by {bound} ({sum(each) / whole:.0%} of the time)" for bound, each in found.items()]
    return f"Of {len(time.rows)} layers with work, {', '.join(told)}."


def _notes(time: Time) -> list[str]:
    notes = list(time.head.get("notes", ()))
    if "mode" in time.head:
        notes.append(CALLED[time.head["mode"]])
    assumptions = time.head.get("assumptions")
    if assumptions:
        told = ", ".join(f"{name}={value:g}" if isinstance(value, float) else f"{name}={value}"
                         for name, value in assumptions.items())  # fmt: skip
        notes.append(f"Assumed: {told}. Others may be given: --cores, --ghz, --convention, --assume NAME=VALUE.")
    return notes
