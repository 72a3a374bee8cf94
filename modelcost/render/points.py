"""Points of a sweep for programs: CSV and JSON, written a column at a time, since they can be millions."""

from __future__ import annotations

from itertools import islice, repeat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any

    from modelcost.sweeps import Points

    Piece = str | list[str]  # a text that stands in every line, or those that stand in one each


def csv(points: Points) -> str:
    """A line for each point, exact, those that failed last, under their names."""
    from modelcost.render.csv import lines

    at_least = " (at least)" if points.at_least else ""
    head = lines([[*points.choices, *(f"{name}{at_least}" for name in points.figures), "failed"]])
    there = [_column(points[name], _cells) for name in (*points.choices, *points.figures)]
    gone = [_column(points.failed.columns[name], _cells) for name in points.choices if len(points.failed)]
    gone += [*[""] * len(points.figures), _cells(points.failed.reasons)]
    found = [_lines(_between(there, ",", ",\n"), len(points)), _lines(_between(gone, ",", "\n"), len(points.failed))]
    return "".join([head, *found])


def json(points: Points) -> str:
    """All of it as objects, laid out as other JSON is."""
    from modelcost.render.json import dumped

    marks: dict[str, Any] = {"lower_bound": True} if points.at_least else {}
    marks |= {"notes": list(points.notes)} if points.notes else {}
    head = {"sweep": points.of, "choices": list(points.choices), "figures": list(points.figures), **marks}
    there = {name: _column(points[name], _texts) for name in (*points.choices, *points.figures)}
    gone = {name: _column(points.failed.columns[name], _texts) for name in points.choices if len(points.failed)}
    gone["reason"] = _texts(points.failed.reasons)
    written = [',\n  "points": ', _objects(there, len(points)), ',\n  "failed": ', _objects(gone, len(points.failed))]
    return "".join([dumped(head).removesuffix("\n}\n"), *written, "\n}\n"])


def _column(values: Any, written: Callable[[Iterable[Any]], list[str]]) -> Piece:
    """The texts of a column: whole numbers are the same everywhere, all else is as `written` has it."""
    if values.dtype.kind not in "iu":
        return written(values.tolist())
    low, high = (int(values.min()), int(values.max())) if len(values) else (0, 0)
    if low == high:
        return str(low)
    if high - low < len(values) / 4:  # as sizes are: each is written once
        return list(map([str(value) for value in range(low, high + 1)].__getitem__, (values - low).tolist()))
    return list(map(str, values.tolist()))


def _cells(values: Iterable[Any]) -> list[str]:
    """Values as cells of CSV; none of them has an end of line in it, which is written out there."""
    from modelcost.render.csv import lines

    return [line[:-1] for line in lines([_plain(value), None] for value in values).split("\n")[:-1]]


def _texts(values: Iterable[Any]) -> list[str]:
    from json import dumps

    return [dumps(_plain(value)) for value in values]


def _objects(columns: dict[str, Piece], many: int) -> str:
    """A list of objects, from the texts of their values by name."""
    from json import dumps

    if not many:
        return "[]"
    pieces: list[Piece] = ["    {"]
    for name, texts in columns.items():
        pieces += ["\n" if len(pieces) == 1 else ",\n", f"      {dumps(name)}: ", texts]
    lines = _lines([*pieces, "\n    },\n"], many).removesuffix(",\n")
    return f"[\n{lines}\n  ]"


def _between(columns: Sequence[Piece], comma: str, end: str) -> list[Piece]:
    return [piece for i, column in enumerate(columns) for piece in ([comma] if i else []) + [column]] + [end]


def _lines(pieces: Sequence[Piece], many: int) -> str:
    """So many lines, each of all these pieces; what is the same in all of them is put together once."""
    together: list[Piece] = [""]
    for piece in pieces:
        last = together[-1]
        if isinstance(piece, str) and isinstance(last, str):
            together[-1] = last + piece
        else:
            together.append(piece)
    return "".join(map("".join, zip(*_in_each(together, many), strict=False)))


def _in_each(pieces: Sequence[Piece], many: int) -> Iterator[Iterable[str]]:
    for piece in pieces:
        yield repeat(piece, many) if isinstance(piece, str) else islice(piece, many)


def _plain(value: Any) -> Any:
    """A value as JSON and spreadsheets have it."""
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value if value is None or isinstance(value, int | float | str) else str(value)
