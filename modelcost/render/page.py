"""The view of one report: its layers and their total, every total in full, and example, mini-batch, epoch and run."""

from __future__ import annotations

from modelcost.conventions import CONVENTIONS
from modelcost.levels import LEVELS
from modelcost.render import columns as asked
from modelcost.render.blocks import Grid, Heading, Paragraph
from modelcost.render.units import exact, formula, rounded, shapes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from modelcost.figures import Figures, Row
    from modelcost.render.blocks import Block
    from modelcost.report import Report

COLUMNS = {
    "params": "params",
    "activation_bytes": "memory",
    "multiplies": "multiplies",
    "adds": "adds",
    "flops": "FLOPs",
}
"""The figures that each row of the main table shows."""
TOTALS = {
    "params": "parameters",
    "trainable_params": "trainable parameters",
    "non_trainable_params": "non-trainable parameters",
    "macs": "multiply-accumulates",
    "multiplies": "multiplies",
    "adds": "adds",
    "divisions": "divisions",
    "comparisons": "comparisons",
    "transcendentals": "transcendentals",
    "flops": "FLOPs",
    "activation_bytes": "memory of outputs",
}
UNITS = {"activation_bytes": "B"}
APART = {"validation_flops": "validation", "test_flops": "test"}
"""Passes forward that no level of training holds: lines of their own."""


def html(report: Report) -> str:
    """A page of its own, with a graph, charts and workings."""
    from modelcost.render.webpage import written

    return written(report)


def blocks(report: Report) -> list[Block]:
    """What a person sees of a report."""
    return [
        Heading(f"{report.model}: one forward pass on one example, {report.dtype}", 1),
        *([Paragraph(report.lower_bound, warning=True)] if report.lower_bound else []),
        rows_grid(report),
        Heading("Totals of one example"),
        Grid(("figure", "rounded", "exactly"), [_total(report, name) for name in TOTALS]),
        *_passes(report),
        *_memory(report),
        *(Paragraph(note) for note in notes(report)),
        *_timed(report),
    ]


def _memory(report: Report) -> list[Block]:
    if not report.shows_memory:
        return []
    from modelcost.render.memory import blocks as memory

    return memory(report)


def _timed(report: Report) -> list[Block]:
    if "time" not in report.__dict__:
        return []
    from modelcost.render.timed import blocks as timed

    return timed(report)


def rows_grid(report: Report) -> Grid:
    """The main table: a row for each call of a layer, and the total that they add up to."""
    headings = ("layer", "type", "output", *COLUMNS.values(), *asked.headings(report))
    total = (total_label(report), "", "", *_cells(report.totals), *[""] * len(report.columns))
    return Grid(headings, [(*_row(row), *asked.cells(row, report.columns)) for row in report.rows], 3, total)


def total_label(report: Report) -> str:
    """What the line of totals is called: they may be more where not all layers are known."""
    return "total, at least" if report.lower_bound else "total"


def _row(row: Row) -> tuple[str, ...]:
    return (row.name, row.type, shapes(row.output_shapes, names=True), *_cells(row))


def _cells(figures: Figures) -> tuple[str, ...]:
    return tuple(rounded(figures.figures[name], UNITS.get(name, "")) for name in COLUMNS)


def _total(report: Report, name: str) -> tuple[str, str, str]:
    value, unit = report.totals.figures[name], UNITS.get(name, "")
    digits = exact(value)
    return TOTALS[name], rounded(value, unit), f"{digits} {unit}" if digits and unit else digits


def _passes(report: Report) -> list[Block]:
    """The levels: of training where it was asked for, else of the forward pass alone."""
    if report.trains:
        from modelcost.render.training import blocks

        return blocks(report)
    lines = [line for name in LEVELS for line in _level(report, name)]
    return [Heading("Forward pass"), Grid(("of", "steps", "forward FLOPs", "exactly"), lines)]


def _level(report: Report, name: str) -> Iterator[list[str]]:
    label = level_label(report, name)
    if name not in report.levels:
        yield [label, "", missing(report, name), ""]
        return
    figures = report.levels[name].figures
    flops = figures["forward_flops"]
    yield [label, exact(figures["steps"]) if "steps" in figures else "", rounded(flops), exact(flops)]
    for apart, words in APART.items():
        if apart in figures:
            yield [f"  its {words}", "", rounded(figures[apart]), exact(figures[apart])]


def level_label(report: Report, name: str) -> str:
    """What a level is of, such as "mini-batch of 64"."""
    data, epochs = report.settings.get("data"), report.settings.get("epochs")
    return {
        "example": "one example",
        "minibatch": f"mini-batch of {exact(report.batch)}",
        "epoch": "epoch" if data is None else f"epoch of {exact(data)} examples",
        "run": "run" if epochs is None else f"run of {exact(epochs)} epoch{'' if epochs == 1 else 's'}",
    }[name]


def missing(report: Report, level: str) -> str:
    """What has to be given before a level can be told."""
    needed = ("data",) if level == "epoch" else ("data", "epochs")
    return "give " + " and ".join(f"--{name}" for name in needed if name not in report.settings)


def notes(report: Report) -> list[str]:
    """What the figures mean: the convention, the units, and the sizes that are not known."""
    memory = "Memory is that of each layer's output for one example; 1 MB is 10**6 bytes."
    told = [flops_note(report.convention), memory, *asked.notes(report)]
    unknown = free_letters(report)
    if unknown:
        told.append(f"Not known yet: {', '.join(unknown)}. Give --input; explain and --format json have the formulas.")
    return told


def flops_note(convention: str) -> str:
    """Which convention counts the FLOPs, and what it means."""
    says = CONVENTIONS[convention].says if convention in CONVENTIONS else "not known to this version"
    return f"FLOPs by the convention {convention}: {says}."


def free_letters(report: Report) -> list[str]:
    """The letters of the sizes that have no value yet."""
    from modelcost.count import Term
    from modelcost.sizes import LETTERS

    open_figures = (v for v in report.totals.figures.values() if isinstance(v, Term) and not isinstance(v, int))
    words = (word for figure in open_figures for word in figure.free_sizes())
    return list(dict.fromkeys(LETTERS[word] for word in words if word in LETTERS))


def records(report: Report) -> list[list[Any]]:
    """The rows as lines of exact figures, under their names, and a line for the totals."""
    names = list(report.totals.figures if not report.rows else report.rows[0].figures)
    head = ["name", "type", "inputs", "output_shape", *names, *report.columns]
    lines = (
        [
            r.name,
            r.type,
            shapes(r.inputs),
            shapes(r.output_shapes),
            *r.figures.values(),
            *asked.exact(r, report.columns),
        ]
        for r in report
    )
    blank = [None] * len(report.columns)
    return [head, *lines, [total_label(report), "", "", "", *(report.totals.figures[name] for name in names), *blank]]


def data(report: Report) -> dict[str, Any]:
    """The report as plain data, in the shape that scripts rely on."""
    from modelcost import __version__

    return {
        "modelcost": __version__,
        "model": report.model,
        "batch": report.batch,
        "dtype": report.dtype,
        "convention": report.convention,
        "settings": report.settings,
        **({"lower_bound": True, "unknown": report.unknown} if report.lower_bound else {}),
        "layers": [{**_row_data(row), **asked.data(row, report.columns)} for row in report.rows],
        "totals": plain(report.totals.figures),
        "per": {name: plain(level.figures) for name, level in report.levels.items()},
        **_training(report),
        **_memory_data(report),
        **({"time": report.time.plain()} if "time" in report.__dict__ else {}),
    }


def _training(report: Report) -> dict[str, Any]:
    if not report.trains:
        return {}
    from modelcost.render.training import data

    return {"training": data(report)}


def _memory_data(report: Report) -> dict[str, Any]:
    if not report.shows_memory:
        return {}
    from modelcost.render.memory import data

    return {"memory": data(report)}


def _row_data(row: Row) -> dict[str, Any]:
    found: dict[str, Any] = {"name": row.name, "type": row.type, "inputs": [_sizes(one) for one in row.inputs]}
    if row.output_shapes:
        found["output_shape"] = _sizes(row.output_shape)
    if len(row.output_shapes) != 1:
        found["output_shapes"] = [_sizes(one) for one in row.output_shapes]
    return {**found, **plain(row.figures)}


def plain(figures: Any) -> dict[str, Any]:
    """Figures as whole numbers, and as text where they are formulas."""
    return {name: int(value) if isinstance(value, int) else formula(value) for name, value in figures.items()}


def _sizes(sizes: Any) -> list[Any]:
    return [int(size) if isinstance(size, int) else formula(size) for size in sizes]
