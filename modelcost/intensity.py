"""Arithmetic intensity: how much is computed for each byte that is moved."""

from __future__ import annotations

from fractions import Fraction

from modelcost.count import Count, product, total
from modelcost.dtypes import bytes_of, held_as
from modelcost.errors import ModelCostError
from modelcost.figures import absent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from modelcost.model import Entry


class Intensity(Fraction):
    """FLOPs over bytes, as the exact fraction that it is, with the counts that it is made of: `flops` and `bytes`.

    >>> one = Intensity(Count(6, "flops"), Count(4, "bytes"))
    >>> one, one.formula(), one.numbers(), float(one)
    (Intensity(3, 2), 'flops/bytes', '6/4', 1.5)
    """

    flops: Any
    bytes: Any

    def __new__(cls, flops: Any, moved: Any) -> Intensity:
        """So many FLOPs for so many bytes."""
        self = super().__new__(cls, int(flops), int(moved))
        self.flops, self.bytes = flops, moved
        return self

    def formula(self) -> str:
        """How it is made, with names for numbers."""
        return f"{_within(self.flops.formula())}/{_bracketed(self.bytes.formula())}"

    def numbers(self) -> str:
        """The same with the numbers put in."""
        return f"{_within(self.flops.numbers())}/{_bracketed(self.bytes.numbers())}"

    def __reduce__(self) -> tuple[Any, ...]:
        return Intensity, (self.flops, self.bytes)


def _within(text: str) -> str:
    return f"({text})" if " + " in text or " - " in text else text


def _bracketed(text: str) -> str:
    return f"({text})" if any(sign in text for sign in "+-*/ ") else text


def intensity(entry: Entry, by_call: tuple[Any, Any], batch: int, dtype: str | None) -> Intensity:
    """Of a call on a mini-batch: what comes in, its weights and what comes out are each moved once.

    `by_call`: the FLOPs for each example, and those once a call. Raises `ModelCostError` where nothing is moved.
    Source: Williams, Waterman and Patterson 2009, "Roofline", with no cache between the layers.
    """
    facts, N = entry.facts, Count(batch, "N", size="batch")
    written = [output for output in facts.held() if output not in facts.inner]
    if not written or not facts.inputs:
        raise ModelCostError(f"{entry.name} moves no bytes, so that nothing can be said of FLOPs for each")
    width = Count(bytes_of(held_as(entry.layer.dtype, dtype)), "width")
    shapes = (*facts.inputs, *(output.shape for output in written))
    weights = facts.params().called("weights")
    elements = N * total(product(shape) for shape in shapes).called("elements")
    each, once = by_call
    flops = N * each.called("each") if absent(once) else N * each.called("each") + once.called("once")
    return Intensity(flops, (elements + weights) * width)
