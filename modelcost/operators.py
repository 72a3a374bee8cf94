"""What each operator of a tree of counts does to plain whole numbers."""

from __future__ import annotations

from math import gcd

from modelcost.errors import SizeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def _all_same(first: int, *others: int) -> int:
    if any(other != first for other in others):
        raise SizeError(f"sizes that must agree do not: {', '.join(map(str, (first, *others)))}")
    return first


def _broadcast(*sizes: int) -> int:
    return _all_same(*([one for one in sizes if one != 1] or [1]))


def _product(*factors: int) -> int:
    result = 1
    for factor in factors:
        result *= factor
    return result


EVALUATE: dict[str, Callable[..., int]] = {
    "add": lambda *terms: sum(terms),
    "mul": _product,
    "sub": lambda a, b: a - b,
    "floordiv": lambda a, b: a // b,
    "max": max,
    "min": min,
    "gcd": gcd,
    "same": _all_same,
    "broadcast": _broadcast,
    "named": lambda a: a,
    "axis": lambda a: a,
    "given": lambda a, *_: a,
    "planned": lambda a: a,
}
"""The closed list of operators, each with what it does to plain ints."""
