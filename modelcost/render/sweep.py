"""The view of a sweep: its points, and those that failed."""

from __future__ import annotations

from modelcost.render.blocks import Grid, Heading, Paragraph
from modelcost.render.points import csv, json
from modelcost.render.units import rounded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from modelcost.render.blocks import Block
    from modelcost.sweeps import Points

OWN = {"csv": csv, "json": json}
"""The formats that are written here, and not from `records` and `data`."""
MOST_ROWS = 40
"""Points that are shown to people: the rest are for programs."""
MOST_REASONS = 10


def blocks(points: Points) -> list[Block]:
    """What a person sees: the first points, and the reasons of those that failed."""
    many = len(points)
    found: list[Block] = [Heading(f"{points.of}: {_points(many)}", 1)]
    if many:
        columns = [*_words(points), *_others(points)]
        rows = [[_cell(name, value) for name, value in zip(columns, line, strict=True)] for line in _lines(points)]
        found.append(Grid(columns, rows, max(1, len(_words(points)))))
    if many > MOST_ROWS:
        told = f"The first {MOST_ROWS} of {many:,} points; --where, --pareto, --sort and --top choose others"
        found.append(Paragraph(f"{told}, --format csv has all."))
    if len(points.failed):
        found += _failed(points)
    return [*found, *(Paragraph(note, warning=points.at_least) for note in points.notes)]


def _points(many: int) -> str:
    return f"{many:,} point{'' if many == 1 else 's'}"


def _words(points: Points) -> list[str]:
    """Choices that are no numbers, which stand first."""
    first = points[0].choices
    return [name for name in points.choices if not _is_number(first[name])]


def _others(points: Points) -> list[str]:
    words = _words(points)
    return [name for name in (*points.choices, *points.figures) if name not in words]


def _lines(points: Points) -> Iterator[list[Any]]:
    columns = [points[name][:MOST_ROWS].tolist() for name in (*_words(points), *_others(points))]
    return (list(line) for line in zip(*columns, strict=True))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _cell(name: str, value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3g} s" if name.startswith("time.") else f"{value:g}"
    if not _is_number(value):
        return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return rounded(value, "B" if name.endswith("_bytes") else "") if value >= 10_000 else f"{value:,}"


def _failed(points: Points) -> Iterator[Block]:
    """Each reason, how many points have it, and one of them."""
    reasons: dict[str, list[Any]] = {}
    for i, reason in enumerate(points.failed.reasons):
        reasons.setdefault(reason, [0, i])[0] += 1
    rows = []
    for reason, (many, i) in [*reasons.items()][:MOST_REASONS]:
        choices = points.failed[i].choices.items()
        rows.append([f"{many:,}", ", ".join(f"{name}={_cell(name, value)}" for name, value in choices), reason])
    yield Heading(f"{_points(len(points.failed))} failed")
    yield Grid(("points", "such as", "reason"), rows, 3)
    if len(reasons) > MOST_REASONS:
        yield Paragraph(f"{len(reasons) - MOST_REASONS:,} more reasons; --format csv has all.")
