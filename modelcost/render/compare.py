"""The view of several reports side by side."""

from __future__ import annotations

from modelcost.levels import LEVELS
from modelcost.render.blocks import Grid, Heading, Paragraph
from modelcost.render.page import TOTALS, UNITS, flops_note, level_label, missing, plain
from modelcost.render.page import data as report_data
from modelcost.render.units import rounded, shapes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from modelcost.render.blocks import Block
    from modelcost.report import Report


def blocks(reports: Sequence[Report]) -> list[Block]:
    """What a person sees: a column for each model, a row for each figure."""
    first = reports[0]
    rows = [
        ["input", *(_inputs(report) for report in reports)],
        ["layers", *(str(len(report)) for report in reports)],
        *([words, *(_total(report, name) for report in reports)] for name, words in TOTALS.items()),
        *([f"forward FLOPs, {level_label(first, level)}", *(_level(r, level) for r in reports)] for level in LEVELS),
    ]
    return [
        Heading(f"One forward pass on one example, {first.dtype}", 1),
        Grid(("figure", *(report.model for report in reports)), rows),
        *(Paragraph(f"{report.model}: {report.lower_bound}") for report in reports if report.lower_bound),
        Paragraph(flops_note(first.convention)),
    ]


def _inputs(report: Report) -> str:
    return shapes(row.output_shape for row in report if row.type == "InputLayer")


def _total(report: Report, name: str) -> str:
    return rounded(report.totals.figures[name], UNITS.get(name, ""))


def _level(report: Report, level: str) -> str:
    return rounded(report.levels[level].forward_flops) if level in report.levels else missing(report, level)


def records(reports: Sequence[Report]) -> list[list[Any]]:
    """A line for each model, exact figures, under their names."""
    head = ["model", "input", "layers", *reports[0].totals.figures, *_level_names(reports[0])]
    return [head, *(_line(report) for report in reports)]


def _line(report: Report) -> list[Any]:
    name = f"{report.model} (at least)" if report.lower_bound else report.model
    return [name, _inputs(report), len(report), *report.totals.figures.values(), *_level_names(report).values()]


def _level_names(report: Report) -> dict[str, Any]:
    levels = report.levels.items()
    return {f"{level}.{name}": value for level, found in levels for name, value in plain(found.figures).items()}


def data(reports: Sequence[Report]) -> dict[str, Any]:
    """The whole report of each model, in order."""
    return {"models": [report_data(report) for report in reports]}
