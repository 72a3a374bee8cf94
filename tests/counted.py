"""Numbers that count what is done with them: the truth that every formula is held against.

A test writes a layer as a beginner would, in plain loops over `Num`s, and the numbers note each
operation in a `Tally`. Nothing here knows a formula, so nothing here can repeat a wrong one.
"""

from __future__ import annotations

import itertools
import math
import random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from modelcost.layers.base import Layer

TALLIED = ("multiplies", "adds", "divisions", "comparisons", "transcendentals")


class Tally:
    """How often each kind of operation was done."""

    def __init__(self) -> None:
        self.multiplies = self.adds = self.divisions = self.comparisons = self.transcendentals = 0

    def as_dict(self) -> dict[str, int]:
        """The counts by column."""
        return {column: getattr(self, column) for column in TALLIED}


class Num:
    """A number that notes in its tally every operation that it takes part in."""

    __slots__ = ("tally", "value")

    def __init__(self, value: float, tally: Tally) -> None:
        self.value, self.tally = float(value), tally

    def _made(self, value: float, column: str) -> Num:
        setattr(self.tally, column, getattr(self.tally, column) + 1)
        return Num(value, self.tally)

    def __add__(self, other: Any) -> Num:
        return self._made(self.value + plain(other), "adds")

    __radd__ = __add__

    def __sub__(self, other: Any) -> Num:
        return self._made(self.value - plain(other), "adds")

    def __rsub__(self, other: Any) -> Num:
        return self._made(plain(other) - self.value, "adds")

    def __neg__(self) -> Num:
        return self._made(-self.value, "adds")

    def __mul__(self, other: Any) -> Num:
        return self._made(self.value * plain(other), "multiplies")

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Num:
        return self._made(_divided(self.value, plain(other)), "divisions")

    def __rtruediv__(self, other: Any) -> Num:
        return self._made(_divided(plain(other), self.value), "divisions")

    def __abs__(self) -> Num:
        return self._made(abs(self.value), "comparisons")

    def _compared(self, answer: bool) -> bool:
        self.tally.comparisons += 1
        return answer

    def __lt__(self, other: Any) -> bool:
        return self._compared(self.value < plain(other))

    def __le__(self, other: Any) -> bool:
        return self._compared(self.value <= plain(other))

    def __gt__(self, other: Any) -> bool:
        return self._compared(self.value > plain(other))

    def __ge__(self, other: Any) -> bool:
        return self._compared(self.value >= plain(other))

    def __repr__(self) -> str:
        return f"Num({self.value:g})"


def plain(x: Any) -> float:
    """The value of a Num, or the plain number itself; nothing is counted."""
    return x.value if isinstance(x, Num) else float(x)


def _divided(a: float, b: float) -> float:
    return a / b if b else math.inf


def numbers(tally: Tally, shape: Sequence[int]) -> Any:
    """Random Nums in nested lists of this shape; one Num for the shape ()."""
    if not shape:
        return Num(random.uniform(0.1, 1), tally)
    return [numbers(tally, shape[1:]) for _ in range(shape[0])]


def places(*lengths: int) -> Iterator[tuple[int, ...]]:
    """Every index into an array of these lengths, in order."""
    return itertools.product(*map(range, lengths))


def at(nested: Any, *index: int) -> Any:
    """One element of nested lists."""
    for i in index:
        nested = nested[i]
    return nested


def flat(nested: Any) -> list[Num]:
    """Every element of nested lists, in order."""
    return [x for part in nested for x in flat(part)] if isinstance(nested, list) else [nested]


def laid(size: int, kernel: int, stride: int, dilation: int, padding: str | tuple[int, int]) -> list[list[int]]:
    """The places along an axis that every window reads, found by trying; those outside 0..size-1 are padding."""
    reach = (kernel - 1) * dilation + 1
    before, after = (0, 0) if isinstance(padding, str) else padding
    if padding == "causal":
        before = reach - 1
    if padding == "same":
        missing = max((-(-size // stride) - 1) * stride + reach - size, 0)
        before, after = missing // 2, missing - missing // 2
    starts = [s for s in range(-before, size + after, stride) if s + reach <= size + after]
    return [[start + tap * dilation for tap in range(kernel)] for start in starts]


def _transcendental(function: Callable[..., float]) -> Callable[..., Num]:
    def counted(x: Num, *others: Any) -> Num:
        try:
            value = function(x.value, *map(plain, others))
        except (ValueError, ZeroDivisionError, OverflowError):
            value = math.nan
        return x._made(value, "transcendentals")

    return counted


exp = _transcendental(math.exp)
log = _transcendental(math.log)
tanh = _transcendental(math.tanh)
sigmoid = _transcendental(lambda x: 1 / (1 + math.exp(-x)))
sqrt = _transcendental(math.sqrt)
rsqrt = _transcendental(lambda x: 1 / math.sqrt(x))
erf = _transcendental(math.erf)
power = _transcendental(math.pow)


def sign(x: Num) -> Num:
    """-1, 0 or 1: one comparison."""
    return x._made((x.value > 0) - (x.value < 0), "comparisons")


def relu(x: Num) -> Num:
    """The number, or 0 where it is negative: one comparison."""
    return x if x > 0 else Num(0, x.tally)


def summed(xs: Iterable[Num]) -> Num:
    """The sum of n numbers: n-1 adds."""
    first, *others = xs
    for x in others:
        first = first + x
    return first


def dot(xs: Iterable[Num], ws: Iterable[Num]) -> Num:
    """The dot product of n and n numbers: n multiplies and n-1 adds."""
    return summed([x * w for x, w in zip(xs, ws, strict=True)])


def largest(xs: Iterable[Num]) -> Num:
    """The largest of n numbers: n-1 comparisons."""
    first, *others = xs
    for x in others:
        first = x if x > first else first
    return first


def layer_counts(layer: Layer, *shapes: Sequence[int], **options: Any) -> dict[str, int]:
    """What the layer says of inference on one example: its work for the example and its work once a call."""
    facts = layer.costed(tuple(tuple(shape) for shape in shapes), options)
    return {column: int(sum(facts.column(column))) for column in TALLIED}


def same_counts(layer: Layer, tally: Tally, *shapes: Sequence[int], **options: Any) -> None:
    """Assert that the layer says of these input shapes exactly what the loops did."""
    assert layer_counts(layer, *shapes, **options) == tally.as_dict(), f"{layer!r} on {shapes}"
