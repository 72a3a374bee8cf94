"""What each layer has, as bars: the layers from top to bottom, a column for each figure."""

from __future__ import annotations

from modelcost.errors import ModelCostError, UnboundSizeError, unknown
from modelcost.render.page import TOTALS, UNITS
from modelcost.render.plots import PALETTE, new_figure, text, with_prefix
from modelcost.render.units import formula, rounded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from modelcost.report import Report

FIGURES = ("params", "flops", "activation_bytes")
COLORS = ("blue", "orange", "green", "purple", "sky blue", "vermilion")
ALL_NAMED = 60
"""Up to so many layers each has its name beside it; of more, those with the longest bars."""
NAMED = 12
FAR = 3  # lines of text; where no long bar is near, some other layer is named all the same
TALLEST = 13.0  # inches


def drawn(report: Report, *figures: str) -> Any:
    """The figure: `figures` are names of `report.FIGURES`, those of `FIGURES` where none is given.

    Raises `ModelCostError` for a name that is not known, for sizes that are not, or where matplotlib is not installed.
    """
    wanted = figures or FIGURES
    columns = {name: _values(report, name) for name in wanted}
    if not report.rows:
        raise ModelCostError(f"{report.model}: there is no layer to draw")
    figure = new_figure(2.2 + 2.8 * len(wanted), min(TALLEST, 1.3 + 0.22 * len(report)))
    each = figure.subplots(1, len(wanted), sharey=True, squeeze=False)[0]
    for i, (axes, (name, values)) in enumerate(zip(each, columns.items(), strict=True)):
        axes.barh(range(len(values)), values, color=PALETTE[COLORS[i % len(COLORS)]], height=_height(len(values)))
        total = rounded(report.totals.figures[name], UNITS.get(name, ""))
        axes.set_title(f"{TOTALS[name]}: {total}", fontsize=10)
        axes.xaxis.set_major_formatter(with_prefix)
        if not any(values):
            axes.set(xlim=(0, 1), xticks=[0])
        axes.set_xlabel("bytes" if name in UNITS else "")
        axes.grid(axis="x", alpha=0.3)
        axes.set_axisbelow(True)
    places = _named(list(columns.values()))
    each[0].set_yticks(places, [text(report.rows[i].name) for i in places], fontsize=8)
    each[0].set_ylim(len(report) - 0.4, -0.6)
    figure.suptitle(f"{text(report.model)}: {_of(report)}", fontsize=11)
    return figure


def _of(report: Report) -> str:
    bound = "; lower bound" if report.lower_bound else ""
    return f"one forward pass on one example ({report.convention}, {report.dtype}{bound})"


def _height(rows: int) -> float:
    """Bars of a few layers stand apart; those of many touch, or they would be too thin to be seen."""
    return 0.8 if rows <= ALL_NAMED else 1.0


def _values(report: Report, name: str) -> list[float]:
    if name not in TOTALS or (report.rows and name not in report.rows[0].figures):
        raise unknown("figure of a layer", name, [one for one in TOTALS if one != "non_trainable_params"])
    for row in report:
        if not isinstance(row.figures[name], int):
            told = f"{row.name}: {name} has no value yet: {formula(row.figures[name])}"
            raise UnboundSizeError(f"{told}; give the sizes that are missing, as in input=(224, 224, 3)")
    return [float(int(row.figures[name])) for row in report]


def _named(columns: Sequence[Sequence[float]]) -> list[int]:
    """The places of the layers that have their name beside them: none so near another that the two would overlap.

    Of many layers these are such with long bars, and some between.
    """
    rows = len(columns[0])
    if rows <= ALL_NAMED:
        return list(range(rows))
    gap, found = rows / ALL_NAMED, list[int]()
    largest = zip(*(sorted(range(rows), key=lambda i: -column[i])[:NAMED] for column in columns), strict=True)
    longest_of_each_first = [place for several in largest for place in several]
    for places, apart in ((longest_of_each_first, gap), (range(rows), FAR * gap)):
        for place in places:
            if all(abs(place - other) >= apart for other in found):
                found.append(place)
    return sorted(found)
