"""Conditions on points, such as `params < 1e6 and batch >= 8`: read word by word, never run as code."""

from __future__ import annotations

import operator
import re
from decimal import Decimal

from modelcost.errors import ModelCostError, short, unknown
from modelcost.prefixes import number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Any

COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
}
MOST_DIGITS = 1000  # 1e999999999 is compared as it is: written out, it would fill the memory
RULE = "a condition compares figures, as in 'params < 1e6' or '1e6 < params <= 2M and batch >= 8'"


class Condition:
    """Comparisons that must all hold, each of a name or a number with another.

    >>> condition = Condition("1k < params <= 2e6 and batch == 8")
    >>> condition.names
    ('params', 'batch')
    >>> condition.holds({"params": 2_000_000, "batch": 8}), condition.holds({"params": 1000, "batch": 8})
    (True, False)
    """

    def __init__(self, text: str) -> None:
        if not isinstance(text, str) or not text.strip():
            raise ModelCostError(f"{RULE}. Received: {short(text)}")
        self.text = text
        self.comparisons = [one for part in re.split(r"\band\b", text) for one in _comparisons(part, text)]
        sides = (side for left, _, right in self.comparisons for side in (left, right))
        self.names = tuple(dict.fromkeys(side for side in sides if isinstance(side, str)))

    def holds(self, values: Mapping[str, Any]) -> Any:
        """Whether it holds; for arrays of values an array that says where.

        Raises `UnknownNameError` for a name that is not there, `ModelCostError` for what is no number.
        """
        result: Any = True
        for left, comparison, right in self.comparisons:
            compared = COMPARISONS[comparison](_side(left, right, values), _side(right, left, values))
            result = result & compared
        return result


def _comparisons(part: str, whole: str) -> Iterator[tuple[Any, str, Any]]:
    """`a < b <= c` is `a < b` and `b <= c`."""
    words = [word.strip() for word in re.split(r"(<=|>=|==|!=|<|>)", part)]
    if len(words) < 3 or not all(words):
        raise ModelCostError(f"{RULE}. Received: {short(whole)}")
    sides = [_read(word, whole) for word in words[::2]]
    for i, comparison in enumerate(words[1::2]):
        if not any(isinstance(side, str) for side in sides[i : i + 2]):
            raise ModelCostError(f"{RULE}; there is no figure in {short(part.strip())}")
        yield sides[i], comparison, sides[i + 1]


def _read(word: str, whole: str) -> Decimal | str:
    if re.fullmatch(r"[A-Za-z_][\w.:/-]*", word):
        return word
    try:
        return number(word)
    except ModelCostError:
        raise ModelCostError(f"{RULE}. {short(word)} is neither a figure nor a number in {short(whole)}") from None


def _side(side: Any, other: Any, values: Mapping[str, Any]) -> Any:
    """A side with its value: exact against exact, a float where it is compared with a float."""
    if isinstance(side, str):
        return _valued(side, values)
    if isinstance(other, str) and _kind(_valued(other, values)) == "f":
        return float(side)
    return int(side) if abs(side.adjusted()) < MOST_DIGITS and side == int(side) else side


def _valued(name: str, values: Mapping[str, Any]) -> Any:
    if name not in values:
        raise unknown("figure or choice", name, values)
    value = values[name]
    if _kind(value) == "O" and not all(isinstance(one, int | float) for one in value):
        raise ModelCostError(f"{name} is no number, and cannot be compared")
    if not hasattr(value, "dtype") and not isinstance(value, int | float):
        raise ModelCostError(f"{name} is no number, and cannot be compared. Received: {short(value)}")
    return value


def _kind(value: Any) -> str:
    """NumPy's letter for the kind of a value: i for whole numbers, f for floats, O for Python's own."""
    return str(value.dtype.kind) if hasattr(value, "dtype") else "f" if isinstance(value, float) else "i"


def conditions(given: str | Iterable[str] | None) -> list[Condition]:
    """One condition, or several that must all hold, or none."""
    if given is None:
        return []
    several: Any = given if hasattr(given, "__iter__") and not isinstance(given, str) else [given]
    return [Condition(text) for text in several]
