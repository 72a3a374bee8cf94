"""The tables of the page: cells that know their exact value, their place among others, and where their working is."""

from __future__ import annotations

from modelcost.render.page import TOTALS, UNITS, level_label, missing
from modelcost.render.training import COLUMNS as STEP_COLUMNS
from modelcost.render.training import PASSES
from modelcost.render.units import exact, formula, rounded, shapes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from modelcost.render.webpage.worked import Worked
    from modelcost.report import Report

HEADINGS = {
    "params": "params",
    "flops": "FLOPs",
    "activation_bytes": "memory",
    "macs": "MACs",
    "multiplies": "multiplies",
    "adds": "adds",
    "divisions": "divisions",
    "comparisons": "comparisons",
    "transcendentals": "transcendentals",
    "trainable_params": "trainable params",
}
"""The figures of the main table, in order; those that are nothing everywhere are left out."""


class Cell:
    """One figure: as it is read, its value in full, its place from the least to the most, where its working stands."""

    __slots__ = ("link", "rank", "text", "value")

    def __init__(self, text: str, value: Any = "", rank: int | None = None, link: str | None = None) -> None:
        self.text, self.rank, self.link = text, rank, link
        self.value = _full(value)


class Line:
    """A row of a table: words, then figures; `place` and `kind` are those of a layer."""

    __slots__ = ("cells", "kind", "place", "words")

    def __init__(self, words: Sequence[str], cells: Sequence[Cell], place: int | None = None, kind: str = "") -> None:
        self.words, self.cells, self.place, self.kind = words, cells, place, kind


class Table:
    """Headings of words and of figures, the lines, and perhaps the total below."""

    def __init__(
        self, words: Sequence[str], figures: Sequence[str], lines: Sequence[Line], total: Line | None = None
    ) -> None:
        self.words, self.figures, self.lines, self.total = words, figures, lines, total


def layers(report: Report, worked: Worked) -> Table:
    """A row for each call of a layer, and the total."""
    from modelcost.render.page import total_label
    from modelcost.render.webpage.network import kind

    names = shown_figures(report)
    ranks = {name: _ranks(row.figures[name] for row in report) for name in names}
    timed = _times(report)
    lines = []
    for i, row in enumerate(report):
        cells = [_cell(row.figures[name], name, worked.layer(row.name, name), ranks[name]) for name in names]
        words = (row.name, row.type, shapes(row.output_shapes, names=True))
        lines.append(Line(words, [*cells, *(column[i] for column in timed.values())], i, kind(row)))
    totals = [_cell(report.totals.figures[name], name, worked.total(name)) for name in names]
    total = Line((total_label(report), "", ""), [*totals, *(Cell("") for _ in timed)])
    return Table(("layer", "type", "output"), [*(HEADINGS[name] for name in names), *timed], lines, total)


def shown_figures(report: Report) -> list[str]:
    """The figures that the main table shows."""
    frozen = any(_full(row.params) != _full(row.trainable_params) for row in report)
    there = {name for name in HEADINGS if any(_full(row.figures[name]) != "0" for row in report)}
    always = {"params", "flops", "activation_bytes"}
    return [name for name in HEADINGS if name in there | always and (name != "trainable_params" or frozen)]


def _full(value: Any) -> str:
    """A figure as text, all its digits; a formula where it has no value yet."""
    return str(int(value)) if isinstance(value, int) else formula(value)


def _ranks(values: Iterable[Any]) -> dict[str, int]:
    """The place of each value in order, so that figures of any length are sorted exactly; formulas come last."""
    several = list(values)
    numbers = sorted({int(value) for value in several if isinstance(value, int)})
    formulas = sorted({formula(value) for value in several if not isinstance(value, int)})
    return {str(value): i for i, value in enumerate((*numbers, *formulas))}


def _cell(value: Any, name: str, link: str | None, ranks: dict[str, int] | None = None) -> Cell:
    return Cell(rounded(value, UNITS.get(name, "")), value, None if ranks is None else ranks[_full(value)], link)


def _times(report: Report) -> dict[str, list[Cell]]:
    """The columns about time, where it was asked for and the method tells it layer by layer."""
    rows = report.time.rows if "time" in report.__dict__ else {}
    if not rows:
        return {}
    from modelcost.render.timed import duration

    timed = [rows.get(row.name) for row in report]
    order = {seconds: i for i, seconds in enumerate(sorted({row.seconds for row in timed if row}), start=1)}
    dense = {value: i for i, value in enumerate(sorted({row.intensity for row in timed if row}), start=1)}
    blank = Cell("", rank=0)
    return {
        "time": [Cell(duration(r.seconds), repr(r.seconds), order[r.seconds]) if r else blank for r in timed],
        "FLOPs/byte": [
            Cell(f"{r.intensity:.2f}", repr(r.intensity), dense[r.intensity]) if r else blank for r in timed
        ],
        "bound by": [Cell(r.bound) if r else Cell("") for r in timed],
    }


def totals(report: Report, worked: Worked) -> Table:
    """Every total, rounded and in full."""
    lines = []
    for name, words in TOTALS.items():
        value, unit = report.totals.figures[name], UNITS.get(name, "")
        digits = exact(value)
        whole = f"{digits} {unit}" if digits and unit else digits
        lines.append(Line((words,), [_cell(value, name, worked.total(name)), Cell(whole)]))
    return Table(("figure",), ("rounded", "exactly"), lines)


def levels(report: Report, worked: Worked) -> Table:
    """What an example, a mini-batch, an epoch and a run are; what has to be given where they cannot be told."""
    from modelcost.levels import LEVELS

    lines = [line for name in LEVELS for line in _level(report, name, worked)]
    return Table(("of", "pass"), ("steps", "FLOPs", "exactly"), lines)


def _level(report: Report, name: str, worked: Worked) -> Iterator[Line]:
    label = level_label(report, name)
    if name not in report.levels:
        yield Line((label, missing(report, name)), [Cell(""), Cell(""), Cell("")])
        return
    figures = report.levels[name].figures
    for figure, words in PASSES.items():
        if figure in figures:
            link = worked.level(name, figure)
            steps = figures.get("steps")
            cells = [Cell(exact(steps), link=worked.level(name, "steps")) if steps is not None else Cell("")]
            cells += [_cell(figures[figure], figure, link), Cell(exact(figures[figure]))]
            yield Line((label, words), cells)


def step(report: Report, worked: Worked) -> Table:
    """What each layer does in a training step."""
    done = [row for row in report.training if any(figure != 0 for figure in row.figures.values())]
    ranks = {name: _ranks(row.figures[name] for row in done) for name in STEP_COLUMNS}
    lines = [
        Line((row.of,), [_cell(row.figures[n], n, worked.layer(row.of, f"step.{n}"), ranks[n]) for n in STEP_COLUMNS])
        for row in done
    ]
    sums = report.training.totals.figures
    total = Line(("total",), [_cell(sums[name], name, worked.total(f"step.{name}")) for name in STEP_COLUMNS])
    return Table(("layer",), list(STEP_COLUMNS.values()), lines, total)
