"""The roofline drawn: what a CPU can do at each intensity, and where the layers of a model lie under it."""

from __future__ import annotations

from math import log

from modelcost.errors import ModelCostError
from modelcost.render.plots import PALETTE, new_figure, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from modelcost.report import Report

STYLES = ("-", "--", ":", "-.")
"""The lines of the levels of memory, from the slowest to the fastest: names beside them would lie on one another."""
COLORS = {"compute": "blue", "memory": "orange", "overhead": "grey"}
NEAR = 3.0  # times as much, at which two names would overlap
NAMED = 5
"""So many layers, the slowest, have their names beside them."""


def drawn(report: Report) -> Any:
    """The figure; the area of a layer's point is its share of the time.

    Raises `ModelCostError` where matplotlib is not installed, there is no time with a roof, or no layer has FLOPs.
    """
    time = report.__dict__.get("time")
    if time is None or not time.roofs:
        raise ModelCostError("a roofline is drawn of a time by the method roofline or calibrated; give cpu=...")
    if not any(row.flops for row in time.rows.values()):
        raise ModelCostError(f"{report.model}: there is no layer with FLOPs to draw")
    figure = new_figure(8, 5)
    axes = figure.add_subplot()
    axes.set(xscale="log", yscale="log")
    _points(axes, time)
    axes.set(xlabel="FLOPs for each byte read or written", ylabel="FLOP/s")
    axes.set_title(f"{text(report.model)}, batch {report.batch}, on {text(time.cpu)}: {time.method}")
    axes.margins(0.08)
    for handle in axes.legend(fontsize=8, markerscale=1.0).legend_handles:
        if hasattr(handle, "set_sizes"):  # whatever the largest layer has
            handle.set_sizes([40])
    return figure


def _points(axes: Any, time: Any) -> None:
    rows = [row for row in time.rows.values() if row.flops]
    peak = time.roofs["peak"]
    most = max([row.intensity for row in rows] + [10 * peak / time.roofs["memory"]])
    least = min([row.intensity for row in rows] + [0.1])
    levels = sorted((rate, level) for level, rate in time.roofs.items() if level != "peak")
    for (rate, level), style in zip(levels, STYLES, strict=False):
        label = f"{level}: {rate / 1e9:.3g} GB/s"
        axes.plot([least, peak / rate], [least * rate, peak], style, color="black", linewidth=1, label=label)
    ridge = min(peak / rate for rate in time.roofs.values() if rate)
    axes.plot([ridge, most], [peak, peak], color="black")
    above = {"xytext": (0, 4), "textcoords": "offset points"}  # at the end where no layer is
    axes.annotate(f"peak: {peak / 1e9:.3g} GFLOP/s", (ridge, peak), fontsize=8, **above)
    whole = sum(row.seconds for row in rows) or 1.0
    for bound, color in COLORS.items():
        of_bound = [row for row in rows if row.bound == bound]
        if not of_bound:
            continue
        sizes = [10 + 600 * row.seconds / whole for row in of_bound]
        places = [row.intensity for row in of_bound], [row.flops / row.seconds for row in of_bound]
        axes.scatter(*places, s=sizes, color=PALETTE[color], alpha=0.6, label=f"bound by {bound}")
    _names(axes, rows)


def _names(axes: Any, rows: list[Any]) -> None:
    """The names of the slowest layers: of several at one place that of the first, and how many more there are."""
    placed: list[tuple[float, float, list[Any]]] = []
    for row in sorted(rows, key=lambda row: -row.seconds)[:NAMED]:
        x, y = row.intensity, row.flops / row.seconds
        near = next((group for a, b, group in placed if max(a / x, x / a, b / y, y / b) < NEAR), None)
        if near is None:
            placed.append((x, y, [row]))
        else:
            near.append(row)
    middle = sum(map(log, axes.get_xlim())) / 2
    for x, y, (row, *others) in placed:
        told = f"{text(row.layer)}{f' and {len(others)} more' if others else ''}"
        side = "right" if log(x) > middle else "left"
        axes.annotate(told, (x, y), (0, -16), textcoords="offset points", fontsize=8, ha=side)
