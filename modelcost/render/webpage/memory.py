"""Memory on the page: what is held in all, layer by layer, and at each step, thinned out to what a screen can show."""

from __future__ import annotations

from modelcost.render import memory as words
from modelcost.render.escape import visible
from modelcost.render.plots import PALETTE
from modelcost.render.plots.memory import COLORS, held_by_kind
from modelcost.render.units import exact, scaled
from modelcost.render.webpage import tables

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from modelcost.memory.buffers import Plan
    from modelcost.render.webpage.worked import Worked
    from modelcost.report import Report

POINTS = 400  # of a chart, at most


def section(report: Report, worked: Worked) -> dict[str, Any] | None:
    """The tables of memory, its charts and what is to be said of them; None where nobody asked for it."""
    if not report.shows_memory:
        return None
    return {
        "totals": totals(report, worked),
        "layers": layers(report, worked) if report.trains else None,
        "charts": charts(report),
        "note": words.note(report.memory),
    }


def totals(report: Report, worked: Worked) -> tables.Table:
    """What is held for a mini-batch: each figure, and for a peak the step at which it is reached."""
    lines = []
    for name, label in words.WORDS.items():
        if name in report.memory.figures:
            value = report.memory.figures[name]
            digits = exact(value)
            cells = [
                tables.cell(value, "B", worked.total(f"memory.{name}")),
                tables.Cell(f"{digits} B" if digits else ""),
            ]
            lines.append(tables.Line((label, words.most_at(report.memory, name)), cells))
    return tables.Table(("of", "most at"), ("rounded", "exactly"), lines)


def layers(report: Report, worked: Worked) -> tables.Table:
    """What each layer has of the memory of training."""
    memory: Any = report.memory
    columns = {name: heading for name, heading in words.COLUMNS.items() if name in memory.figures}
    return tables.by_layer(words.holding(memory), memory, columns, "memory.", "B", worked)


def charts(report: Report) -> list[dict[str, Any]]:
    """For each pass whose plan is known, what is held over its steps; none for a report that was read from a file."""
    if report.planner is None:
        return []
    return [_chart(report.memory.plan(name), name, report) for name in report.memory.peaks]


def _chart(plan: Plan, name: str, report: Report) -> dict[str, Any]:
    held, batch = held_by_kind(plan, report.batch), report.batch
    peak = plan.peak_step(batch)
    shown, each = thinned([plan.bytes(step, batch) for step in range(len(plan.steps))])
    most = plan.bytes(peak, batch)
    starts = {step.phase: i for i, step in reversed(list(enumerate(plan.steps)))}
    return {
        "name": name,
        "at": report.memory.peaks[name],
        "most": scaled(most, "B"),
        "each": each,
        "kinds": [(kind, _color(kind)) for kind in held],
        **tables.unit(most, "B"),
        "points": len(shown),
        "data": {
            "held": [[str(bytes[step]) for step in shown] for bytes in held.values()],
            "names": [visible(f"{plan.steps[step].name}, {plan.steps[step].phase}") for step in shown],
            "peak": [(peak + 0.5) / each, str(most)],
            "phases": [[start / each, phase] for phase, start in starts.items()],
            "steps": len(plan.steps) / each,
        },
    }


def thinned(held: list[int], most: int = POINTS) -> tuple[list[int], int]:
    """Of each run of so many steps that at most `most` points remain, the one at which most is held; and how many.

    >>> thinned([3, 1, 4, 1, 5], most=2)
    ([2, 4], 3)
    """
    each = len(range(0, len(held), most)) or 1
    runs = (range(start, min(start + each, len(held))) for start in range(0, len(held), each))
    return [max(run, key=held.__getitem__) for run in runs], each


def _color(kind: str) -> str:
    """That of the plot; what is black there has the colour of writing here, since a page may be dark."""
    return "var(--ink)" if COLORS[kind] == "black" else PALETTE[COLORS[kind]]
