"""The sizes of axes: given or free, at least 1, agreeing with each other, now and under every rebinding."""

from __future__ import annotations

from functools import lru_cache

from modelcost.count import Count, Expression, Term, made
from modelcost.errors import SizeError, short
from modelcost.notation import ALIASES, topological

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

LETTERS = {"batch": "N", "steps": "T", "depth": "D", "height": "H", "width": "W"}
"""The sizes that may stay free, and the letter that each has in a formula."""
LARGEST_SIZE = 2**63 - 1


def larger(a: Any, b: Any) -> Any:
    """The larger of two sizes, known or not."""
    return made("max", (a, b))


def smaller(a: Any, b: Any) -> Any:
    """The smaller of two sizes, known or not."""
    return made("min", (a, b))


def common(a: Any, b: Any) -> Any:
    """The greatest common divisor of two sizes, known or not."""
    return made("gcd", (a, b))


def axis(name: str | None, length: Any) -> Any:
    """The length of an axis, which has a name and is at least 1, now and under every rebinding.

    Raises `SizeError` where it is less.
    """
    return made("axis", (length,), name)


def agreed(sizes: Iterable[Any], broadcast: bool = False) -> Any:
    """The one length that all of `sizes` have; with `broadcast`, a length of 1 goes with any other.

    Where they cannot be compared yet, or could come apart under a rebinding, the check is kept
    in the tree and done whenever it is evaluated. Raises `SizeError` where they differ.

    >>> agreed([Count(8, "C"), 8])
    8
    """
    several = list(sizes)
    first = several[0]
    if all(other is first or alike(first, other) for other in several[1:]):
        return first
    node = made("broadcast" if broadcast else "same", tuple(several))
    return node if node.free_sizes() or not isinstance(node, int) else next(s for s in several if s == node)


def is_free(size: Any) -> bool:
    """Whether a rebinding can change a size: it is a free one, or follows from such."""
    return isinstance(size, Term) and bool(size.size or (size.args and size.free_sizes()))


def alike(a: Any, b: Any) -> bool:
    """Whether two trees are the same formula over the same leaves, so that no rebinding can part them."""
    pairs, seen = [(a, b)], set()
    while pairs:
        x, y = pairs.pop()
        x, y = _behind(x), _behind(y)
        if x is y or (id(x), id(y)) in seen:
            continue
        seen.add((id(x), id(y)))
        left, right = getattr(x, "args", ()), getattr(y, "args", ())
        if not left and not right:
            bound = getattr(x, "size", ()) or getattr(y, "size", ())
            if bound or not isinstance(x, int) or not isinstance(y, int) or int(x) != int(y):
                return False
        elif len(left) != len(right) or x.op != y.op:
            return False
        else:
            pairs.extend(zip(left, right, strict=True))
    return True


def _behind(node: Any) -> Any:
    """What a node is worth, without the names that it was given and the checks that it had to pass."""
    while getattr(node, "op", "") in ALIASES:
        node = node.args[0]
    return node


def planned(figure: Any) -> Any:
    """A figure that was worked out for given sizes, of which no formula says what it is for others.

    >>> planned(Count(40, "kept")).rebind(steps=5)
    Traceback (most recent call last):
        ...
    modelcost.errors.SizeError: memory is planned for given sizes: cost the model again with others. Received: steps=5
    """
    return made("planned", (figure,))


def check_unplanned(term: Any, sizes: Mapping[str, Any]) -> None:
    """Refuse other sizes for what is planned, or has a part that is."""
    if sizes and any(getattr(node, "op", "") == "planned" for node in topological(term)):
        came = ", ".join(f"{word}={short(value)}" for word, value in sizes.items())
        raise SizeError(f"memory is planned for given sizes: cost the model again with others. Received: {came}")


CHECKING = ("axis", "same", "broadcast")
"""Operators that can find that sizes are impossible."""


def checks(sizes: Iterable[Any]) -> tuple[Any, ...]:
    """The nodes under some sizes that can find a rebinding impossible: a length below 1, lengths that must agree."""
    found: list[Any] = []
    seen: set[int] = set()
    waiting = list(sizes)
    while waiting:
        node = waiting.pop()
        if isinstance(node, Term) and id(node) not in seen:
            seen.add(id(node))
            waiting.extend(node.args)
            if node.op in CHECKING:
                found.append(node)
    return tuple(found)


def size(word: str, value: object) -> int:
    """`value` as a size that a user gave: a whole number from 1 to 2**63-1, or a `SizeError` that names it."""
    number = whole(value)
    if number is None:
        raise SizeError(f"{word} must be a whole number. Received: {word}={short(value)}")
    if number < 1:
        raise SizeError(f"{word} must be at least 1. Received: {word}={short(number)}")
    if number > LARGEST_SIZE:
        raise SizeError(f"{word} must be at most 2**63-1. Received: {word}={short(number)}")
    return number


def whole(value: Any) -> int | None:
    """The whole number that a value is, Python's or NumPy's; None where it is none, as True and an unknown size.

    >>> whole(3), whole(3.0), whole(True)
    (3, None, None)
    """
    if isinstance(value, int):
        return None if isinstance(value, bool) else value
    try:
        return None if isinstance(value, Expression) else int(value.__index__())
    except (AttributeError, TypeError):
        return None


@lru_cache(maxsize=1024)  # the same object each time: what is worked out for one input serves another like it
def free_size(word: str, value: int | None, of: str | None = None) -> Any:
    """A leaf for one of `LETTERS`, with a value or without; `of` is the input that it belongs to.

    >>> free_size("height", 28).formula(), free_size("steps", None)
    ('H', T)
    """
    words = (word, f"{of}.{word}") if of else (word,)
    return Expression(LETTERS[word], words) if value is None else Count(value, LETTERS[word], words)


BATCH: Any = free_size("batch", None)
"""The number of examples in one call, N: known only when a cost is asked for."""
