"""The tables of the page: cells that know their exact value, their place among others, and where their working is."""

from __future__ import annotations

from modelcost.render import columns as asked
from modelcost.render.page import TOTALS, UNITS, level_label, missing
from modelcost.render.training import COLUMNS as STEP_COLUMNS
from modelcost.render.training import PASSES
from modelcost.render.units import exact, formula, rounded, shapes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from modelcost.figures import Figures
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
    """One figure: as it is read, its value in full, where its working stands.

    `rank` is its place from the least to the most, where that does not follow from the value.
    """

    __slots__ = ("link", "rank", "text", "value")

    def __init__(self, text: str, value: Any = "", link: str | None = None, rank: int | None = None) -> None:
        self.text, self.link, self.rank = text, link, rank
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
    further = {**_times(report), **_asked(report, worked)}  # an intensity that was asked for, not that of the time
    lines = []
    for i, row in enumerate(report):
        links = {name: worked.layer(row.name, name) for name in names}
        cells = [cell(row.figures[name], UNITS.get(name, ""), links[name]) for name in names]
        words = (row.name, row.type, shapes(row.output_shapes, names=True))
        lines.append(Line(words, [*cells, *(column[i] for column in further.values())], i, kind(row)))
    sums = [cell(report.totals.figures[name], UNITS.get(name, ""), worked.total(name)) for name in names]
    total = Line((total_label(report), "", ""), [*sums, *(Cell("") for _ in further)])
    return Table(("layer", "type", "output"), [*(HEADINGS[name] for name in names), *further], lines, total)


def shown_figures(report: Report) -> list[str]:
    """The figures that the main table shows."""
    frozen = any(_full(row.params) != _full(row.trainable_params) for row in report)
    there = {name for name in HEADINGS if any(_full(row.figures[name]) != "0" for row in report)}
    always = {"params", "flops", "activation_bytes"}
    return [name for name in HEADINGS if name in there | always and (name != "trainable_params" or frozen)]


def _full(value: Any) -> str:
    """A figure as text, all its digits; a formula where it has no value yet."""
    return str(int(value)) if isinstance(value, int) else formula(value)


def cell(value: Any, unit: str, link: str | None) -> Cell:
    """A figure with its unit, and the link to its working."""
    return Cell(rounded(value, unit), value, link)


def by_layer(
    rows: Sequence[Figures], total: Figures, columns: Mapping[str, str], before: str, unit: str, worked: Worked
) -> Table:
    """A row for each of what has something in a training step, and the total; `before` is that of their workings."""
    lines = []
    for row in rows:
        links = {name: worked.layer(row.of, f"{before}{name}") for name in columns}
        cells = [cell(row.figures[name], unit, links[name]) for name in columns]
        lines.append(Line((row.of,), cells, worked.place(row.of)))
    sums = [cell(total.figures[name], unit, worked.total(f"{before}{name}")) for name in columns]
    return Table(("layer",), list(columns.values()), lines, Line(("total",), sums))


def _times(report: Report) -> dict[str, list[Cell]]:
    """The columns about time, where it was asked for and the method tells it layer by layer."""
    rows = report.time.rows if "time" in report.__dict__ else {}
    if not rows:
        return {}
    from modelcost.render.timed import duration

    timed = [rows.get(row.name) for row in report]
    blank = Cell("")
    return {
        "time": [Cell(duration(r.seconds), repr(r.seconds)) if r else blank for r in timed],
        "FLOPs/byte": [Cell(f"{r.intensity:.2f}", repr(r.intensity)) if r else blank for r in timed],
        "bound by": [Cell(r.bound) if r else blank for r in timed],
    }


def _asked(report: Report, worked: Worked) -> dict[str, list[Cell]]:
    """The columns that were asked for; what has no value stands first where they are sorted."""
    found = {}
    for name, heading in zip(report.columns, asked.headings(report), strict=True):
        values = [asked.value(row, name) for row in report]
        keys = [_key(value) for value in values]
        places = {key: i for i, key in enumerate(sorted({key for key in keys if key is not None}), start=1)}
        found[heading] = [
            Cell(asked.cells(row, (name,))[0], value, worked.layer(row.name, name), places.get(key, 0))
            for row, value, key in zip(report, values, keys, strict=True)
        ]
    return found


def _key(value: Any) -> Any:
    """What a column that was asked for is sorted by: an intensity itself, of a receptive field its size."""
    return tuple(value.size) if hasattr(value, "jump") else None if isinstance(value, str) else value


def totals(report: Report, worked: Worked) -> Table:
    """Every total, rounded and in full."""
    lines = []
    for name, words in TOTALS.items():
        value, unit = report.totals.figures[name], UNITS.get(name, "")
        digits = exact(value)
        whole = f"{digits} {unit}" if digits and unit else digits
        lines.append(Line((words,), [cell(value, unit, worked.total(name)), Cell(whole)]))
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
            cells += [cell(figures[figure], "", link), Cell(exact(figures[figure]))]
            yield Line((label, words), cells)


def step(report: Report, worked: Worked) -> Table:
    """What each layer does in a training step."""
    done = [row for row in report.training if any(figure != 0 for figure in row.figures.values())]
    return by_layer(done, report.training.totals, STEP_COLUMNS, "step.", "", worked)


def unit(most: int, unit: str) -> dict[str, Any]:
    """The power of ten by which the marks of an axis are divided, and the prefix that stands for it."""
    from modelcost.prefixes import PREFIXES

    thousands = max(i for i in range(len(PREFIXES)) if most >= 1000**i or not i)
    return {"power": 3 * thousands, "unit": f"{PREFIXES[thousands]}{unit}"}
