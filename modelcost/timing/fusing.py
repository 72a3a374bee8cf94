"""Which operations a runtime does at once: those whose results are still at hand when the next one wants them."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from modelcost.timing.operations import Operation

RECTIFIERS = ("Relu", "Relu6", "LeakyRelu", "Elu")
DRAWN = ("mul", "add")
"""What goes with drawing a number at random: to stretch it and to shift it into its range."""


def fused(made: Iterable[Operation]) -> Iterator[Operation]:
    """Operations of one layer, those together that the runtime does at once."""
    waiting: Operation | None = None
    for one in made:
        if waiting is not None and _goes_with(waiting, one):
            _take_in(waiting, one)
            continue
        if waiting is not None:
            yield waiting
        waiting = one
    if waiting is not None:
        yield waiting


def _take_in(before: Operation, one: Operation) -> None:
    before.flops += one.flops
    before.fused = (*before.fused, one.part)
    if before.kind == "random":
        return
    if one.kind == "transcendental":
        before.kind = one.kind


def _goes_with(before: Operation, one: Operation) -> bool:
    """Whether an operation is done while the results of the one before it are still at hand."""
    if before.written_bytes != one.written_bytes:
        return False
    if before.kind == "random":
        return before.part == one.part and len(before.fused) < len(DRAWN)
    if before.dots:
        return before.fuses and (one.part == "bias" or one.name in RECTIFIERS)
    return before.part == one.part == "activation" and {before.kind, one.kind} <= {"elementwise", "transcendental"}


def joined(before: list[Operation], made: list[Operation]) -> list[Operation]:
    """The operations of a layer, after those of the layers before it: a rectifier goes with the product before it,
    and the border that a convolution reads with the convolution."""
    if not before or not made:
        return made
    last, first = before[-1], made[0]
    sole = len(made) == 1 and first.kind == "elementwise" and first.part == "activation"
    if sole and last.fuses and last.written_bytes == first.written_bytes and first.name in RECTIFIERS:
        _take_in(last, first)
        return []
    if last.part == "border" and first.kind in ("convolution", "pointwise") and last.written_bytes == first.read_bytes:
        before.pop()
    return made
