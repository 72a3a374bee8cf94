"""The view of a sweep: its points, and those that failed."""

from __future__ import annotations

from modelcost.render.blocks import Grid, Heading, Paragraph
from modelcost.render.units import rounded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from modelcost.render.blocks import Block
    from modelcost.sweeps import Points

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
    return found


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


def records(points: Points) -> list[list[Any]]:
    """A line for each point, exact, those that failed last, under their names."""
    head = [*points.choices, *points.figures, "failed"]
    lines = zip(*(_column(points[name]) for name in head[:-1]), strict=True)
    found = [head, *([*line, None] for line in lines)]
    for point in points.failed:
        found.append([*map(_plain, point.choices.values()), *[None] * len(points.figures), point.failed])
    return found


def data(points: Points) -> dict[str, Any]:
    """All of it as objects."""
    names = (*points.choices, *points.figures)
    lines = zip(*(_column(points[name]) for name in names), strict=True)
    return {
        "sweep": points.of,
        "choices": list(points.choices),
        "figures": list(points.figures),
        "points": [dict(zip(names, line, strict=True)) for line in lines],
        "failed": [{**{k: _plain(v) for k, v in one.choices.items()}, "reason": one.failed} for one in points.failed],
    }


def _column(values: Any) -> list[Any]:
    """The values of a column as JSON and spreadsheets have them."""
    found: list[Any] = values.tolist()
    return found if values.dtype.kind in "if" else [_plain(value) for value in found]


def _plain(value: Any) -> Any:
    """A value as JSON and spreadsheets have it."""
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value if value is None or isinstance(value, int | float | str) else str(value)
