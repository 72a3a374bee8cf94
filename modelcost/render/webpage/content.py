"""What the page says, for its template to set: settings, headline figures, tables, charts, graph, workings."""

from __future__ import annotations

from modelcost.render.page import TOTALS, UNITS, level_label, notes
from modelcost.render.units import exact, rounded, shapes
from modelcost.render.webpage import memory, tables
from modelcost.render.webpage.network import KINDS, OTHER, network
from modelcost.render.webpage.worked import Worked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from modelcost.render.webpage.tables import Cell
    from modelcost.report import Report

CHARTS = ("flops", "params", "activation_bytes")


def content(report: Report) -> dict[str, Any]:
    """All that the template names, but for scripts and styles."""
    from modelcost import __version__

    worked = Worked(report)
    layers = tables.layers(report, worked)
    return {
        "version": __version__,
        "model": report.model,
        "bound": report.lower_bound,
        "settings": settings(report),
        "headline": headline(report, worked),
        "charts": charts(report, layers),
        "network": network(report),
        "kinds": [name for name in (*KINDS, OTHER) if any(line.kind == name for line in layers.lines)],
        "layers": layers,
        "totals": tables.totals(report, worked),
        "levels": tables.levels(report, worked),
        "step": tables.step(report, worked) if report.trains else None,
        "trains": report.trains,
        "memory": memory.section(report, worked),
        "together": report.network is not None and any(row.entry is None for row in report),
        "sections": _sections(report),
        "notes": notes(report),
        "groups": worked.groups,
        "same": worked.same,
    }


def settings(report: Report) -> list[tuple[str, str]]:
    """What was asked, as pairs of words."""
    told = {"input": shapes(_entering(report), names=True), "batch": exact(report.batch), "dtype": report.dtype}
    told |= {"convention": report.convention}
    told |= {name: exact(value) or str(value) for name, value in report.settings.items()}
    if "time" in report.__dict__:
        told |= {"CPU": report.time.cpu, "method": report.time.method}
    return [(name.replace("_", " "), words) for name, words in told.items() if words]


def _entering(report: Report) -> list[Any]:
    """The shapes of what goes in: rows may have been put together, and one that was read from a file has no model."""
    if report.network is None:
        return [row.output_shape for row in report if row.type == "InputLayer"]
    return [tensor.shape for tensor in report.network.inputs]


def headline(report: Report, worked: Worked) -> list[tuple[str, Cell]]:
    """The figures that are asked for most, large."""
    found = []
    for name in ("params", "flops", "activation_bytes"):
        value = report.totals.figures[name]
        cell = tables.Cell(rounded(value, UNITS.get(name, "")), value, link=worked.total(name))
        found.append((TOTALS[name], cell))
    last = list(report.levels)[-1]
    if last not in ("example", "minibatch") or report.batch > 1 or report.trains:
        figure = "flops" if report.trains else "forward_flops"
        value = report.levels[last].figures[figure]
        words = f"{'training' if report.trains else 'forward'} FLOPs, {level_label(report, last)}"
        found.append((words, tables.Cell(rounded(value), value, link=worked.level(last, figure))))
    if report.shows_memory:
        found += _peaks(report, worked)
    if "time" in report.__dict__:
        found.append(_forward_time(report))
    return found


def _peaks(report: Report, worked: Worked) -> list[tuple[str, Cell]]:
    """The planned peak: of training, or of inference alone."""
    from modelcost.render.memory import WORDS

    known = [name for name in WORDS if name.startswith("peak_") and name in report.memory.figures]
    cells = [(name, tables.cell(report.memory.figures[name], "B", worked.total(f"memory.{name}"))) for name in known]
    return [(f"{WORDS[name]}, {level_label(report, 'minibatch')}", cell) for name, cell in cells[-1:]]


def _forward_time(report: Report) -> tuple[str, Cell]:
    from modelcost.render.timed import duration

    seconds = report.time.inference.parts["inference"].seconds
    words = f"forward pass, {level_label(report, 'minibatch')}, {report.time.cpu}"
    return words, tables.Cell(duration(seconds), repr(seconds))


def charts(report: Report, layers: tables.Table) -> list[dict[str, Any]]:
    """For each chart its name, the column of the table that it draws, and in what unit; none of unknowns or zeros."""
    names = tables.shown_figures(report)
    found = []
    for name in CHARTS:
        values = [row.figures[name] for row in report]
        if not all(isinstance(value, int) for value in values) or not any(values):
            continue
        most = max(report, key=lambda row: int(row.figures[name]))
        found.append(
            {
                "name": name,
                "title": TOTALS[name],
                "column": names.index(name),
                **tables.unit(int(most.figures[name]), UNITS.get(name, "")),
                "most": f"{most.name}, {rounded(most.figures[name], UNITS.get(name, ''))}",
            }
        )
    return found


def _sections(report: Report) -> list[tuple[str, list[Any]]]:
    """What stands in the page as it stands on every other: each section's name, and its blocks with their kinds."""
    from modelcost.render.timed import blocks as timed
    from modelcost.render.training import rules_of_thumb

    found = {
        "Rules of thumb": rules_of_thumb(report) if report.trains else [],
        "Time": timed(report),
    }
    return [(name, [(type(one).__name__.lower(), one) for one in blocks]) for name, blocks in found.items() if blocks]
