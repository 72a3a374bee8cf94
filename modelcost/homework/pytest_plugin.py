"""A plugin of pytest, there as soon as modelcost is installed: `assert 69_696 == report["conv2"].multiplies` says why.

It costs nothing where modelcost is not used: nothing is imported before a comparison with a count fails.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

DEEPEST = 5
MOST_TOLD = 3


def pytest_assertrepr_compare(op: str, left: Any, right: Any) -> list[str] | None:
    """What pytest shows of a comparison that failed; None where it is none of figures with counts.

    Figures may stand on either side, within `pytest.approx`, in lists, tuples and dictionaries.
    """
    if op != "==" or "modelcost.count" not in sys.modules:
        return None
    found: list[str] = []
    for i, (place, claim, count) in enumerate(_pairs(left, right)):
        if i >= MOST_TOLD:
            return [*found, "and others"]
        found += _told(place, claim, count)
    if not found:
        return None
    return found if not isinstance(left, list | tuple | dict) else [f"{left!r:.80} == {right!r:.80}", *found]


def _told(place: str, claim: Any, count: Any) -> list[str]:
    from modelcost.errors import ModelCostError
    from modelcost.homework.checking import check

    try:
        first, *others = check(claim, of=count).lines()
    except ModelCostError as error:
        return [f"{claim!r:.80} == {count!r:.80}", str(error)]
    return [f"{place}: {first}" if place else first, *others]


def _pairs(left: Any, right: Any, place: str = "", depth: int = 0) -> Iterator[tuple[str, Any, Any]]:
    """Claims that differ from the counts that they are held against, each with its place in both sides."""
    left, right = _exact(left), _exact(right)
    if _is_worked_out(left) and not _is_worked_out(right):
        left, right = right, left
    if _is_worked_out(right):
        plain = isinstance(left, int | float | str) and not isinstance(left, bool) and not _is_worked_out(left)
        if (plain or (isinstance(right, tuple) and _is_shape(left))) and left != right:
            yield place, left, right
        return
    if depth < DEEPEST and isinstance(left, dict) and isinstance(right, dict):
        for key in [key for key in left if key in right]:
            yield from _pairs(left[key], right[key], f"{place}[{key!r:.40}]", depth + 1)
    elif depth < DEEPEST and isinstance(left, list | tuple) and isinstance(right, list | tuple):
        for i, (one, other) in enumerate(zip(left, right, strict=False)):
            yield from _pairs(one, other, f"{place}[{i}]", depth + 1)


def _exact(value: Any) -> Any:
    """What stands in pytest.approx."""
    approx = type(value).__module__.startswith("_pytest.") and type(value).__name__.startswith("Approx")
    return getattr(value, "expected", value) if approx else value


def _is_worked_out(value: Any) -> bool:
    """Whether a value is a count with a working, or a shape with such a size in it."""
    count = sys.modules["modelcost.count"].Count
    if isinstance(value, tuple):
        from modelcost.homework.words import letter

        sizes = [isinstance(size, count) and bool(letter(size.name)) for size in value]
        return any(sizes) and all(size or type(one) is int for size, one in zip(sizes, value, strict=True))
    return isinstance(value, count) and bool(value.args or value.source)


def _is_shape(value: Any) -> bool:
    return isinstance(value, tuple | list) and bool(value) and all(type(size) is int for size in value)
