"""A sweep drawn: one column over another, a series for each value of a second choice."""

from __future__ import annotations

from modelcost.errors import ModelCostError
from modelcost.render.plots import PALETTE, new_figure, text, with_prefix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from modelcost.sweeps import Points

SERIES = ("blue", "orange", "green", "purple", "sky blue", "vermilion", "yellow", "black")
"""The colours of the first series, the second, ..."""
MARKERS = "osD^vP*X"
WIDE = 30
"""The ratio of the largest value to the smallest from which an axis is logarithmic."""
LARGE = 10_000
"""From so much on a mark has a prefix: 2.5M. Sizes, such as 1024, have none."""


def figure(points: Points, x: str | None = None, y: str | None = None, front: Points | None = None) -> Any:
    """A Matplotlib figure: `y`, the last figure if none is named, over `x`, the first choice that is a number.

    `front`: points to be joined by a line, such as those of `pareto`. Axes that span much are logarithmic.

    Raises `ModelCostError` where matplotlib is not installed, or there is nothing to draw.
    """
    if not len(points):
        raise ModelCostError(f"the sweep of {points.of} has no points to draw")
    x, y = x or _first_numbers(points), y or points.figures[-1]
    made = new_figure(8, 5)
    axes = made.add_subplot()
    for i, (label, which) in enumerate(_series(points, x, y)):
        style: dict[str, Any] = {"color": PALETTE[SERIES[i]], "marker": MARKERS[i], "markersize": 4, "label": label}
        style |= {"linewidth": 1 if _is_curve(points, x, label) else 0, "alpha": 1 if front is None else 0.4}
        order = which[_numbers(points, x)[which].argsort(kind="stable")]
        axes.plot(_numbers(points, x)[order], _numbers(points, y)[order], **style)
    if front is not None:
        ordered = _numbers(front, x).argsort(kind="stable")
        ends = _numbers(front, x)[ordered], _numbers(front, y)[ordered]
        axes.plot(*ends, color="black", marker="o", markerfacecolor="none", label="Pareto front")
    for letter, name in (("x", x), ("y", y)):
        axis, values = getattr(axes, f"{letter}axis"), _numbers(points, name)
        if _spans_much(values):
            getattr(axes, f"set_{letter}scale")("log")
            continue
        if points[name].dtype.kind == "i":
            axis.get_major_locator().set_params(integer=True)
        if abs(values).max() >= LARGE:
            axis.set_major_formatter(with_prefix)
    axes.set(xlabel=text(x), ylabel=text(y), title=text(f"{points.of}: {len(points):,} points"))
    axes.grid(alpha=0.3)
    if axes.get_legend_handles_labels()[1]:
        axes.legend()
    return made


def _is_curve(points: Points, x: str, label: str | None) -> bool:
    """Whether there is one point for each `x`, so that they can be joined."""
    others = (name for name in points.choices if name != x)
    alone = all(len(set(map(str, points[name].tolist()))) == 1 for name in others)
    return x in points.choices and (alone or label is not None)


def _first_numbers(points: Points) -> str:
    """The first choice that is a number and has more than one value, else the first figure."""
    several = (name for name in points.choices if _is_numeric(points, name) and len(set(points[name].tolist())) > 1)
    return next(several, points.figures[0])


def _is_numeric(points: Points, name: str) -> bool:
    return points[name].dtype.kind in "if"


def _numbers(points: Points, name: str) -> Any:
    """A column as floats, near enough for a drawing."""
    try:
        return points[name].astype(float)
    except (TypeError, ValueError, OverflowError):
        raise ModelCostError(f"{name} cannot be drawn: it has values that are no numbers, or beyond floats") from None


def _series(points: Points, x: str, y: str) -> Iterator[tuple[str | None, Any]]:
    """The points of each value of the first other choice that has few enough; all of them where there is none."""
    import numpy as np

    others = (name for name in points.choices if name not in (x, y))
    for name in others if x in points.choices else ():
        values = list(dict.fromkeys(map(str, points[name].tolist())))
        if 1 < len(values) <= len(SERIES):
            told = np.array([str(value) for value in points[name].tolist()])
            yield from ((text(f"{name} = {value}"), np.flatnonzero(told == value)) for value in values)
            return
    yield None, np.arange(len(points))


def _spans_much(values: Any) -> bool:
    return bool(values.min() > 0 and values.max() >= WIDE * values.min())
