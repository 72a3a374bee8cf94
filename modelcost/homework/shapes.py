"""Shapes that were claimed: axis by axis, in another order, with the batch in front, of another padding."""

from __future__ import annotations

from modelcost.count import Term, product
from modelcost.errors import ModelCostError, short
from modelcost.homework.diagnosis import Explanation
from modelcost.homework.form import Form
from modelcost.homework.numerals import numeral
from modelcost.homework.references import Reference
from modelcost.homework.search import Tried
from modelcost.homework.slips import Slip
from modelcost.homework.verdict import RIGHT, WRONG, Verdict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from modelcost.homework.references import Nearby

MOST_AXES = 16


def shape(given: Any) -> tuple[int, ...]:
    """The shape that was written: 28x28x32, (28, 28, 32) or a list.

    >>> shape("28 x 28 x 32"), shape([1600])
    ((28, 28, 32), (1600,))
    """
    rule = "a shape is written as 28x28x32 or [28, 28, 32]"
    if isinstance(given, str):
        given = [size for size in given.strip("()[] ").replace("×", "x").replace(",", "x").split("x") if size.strip()]  # noqa: RUF001
    several = list(given) if isinstance(given, list | tuple) else [given]
    if not several or len(several) > MOST_AXES:
        raise ModelCostError(f"{rule}. Received: {short(given)}")
    try:
        sizes = [numeral(size.strip() if isinstance(size, str) else size).value for size in several]
    except ModelCostError:
        raise ModelCostError(f"{rule}. Received: {short(given)}") from None
    if any(size.denominator != 1 or size < 1 for size in sizes):
        raise ModelCostError(f"{rule}, of whole numbers from 1. Received: {short(given)}")
    return tuple(int(size) for size in sizes)


def checked_shape(what: str, claim: Any, right: tuple[Any, ...], nearby: Nearby = ()) -> Verdict:
    """The verdict on a shape; `nearby`: sizes that may have been put in for one of its own."""
    claimed, sizes = shape(claim), tuple(int(size) for size in right)
    if claimed == sizes:
        return Verdict(what, claimed, sizes, RIGHT)
    found = sorted(_explained(claimed, right, sizes, nearby), key=lambda slip: slip.bits)
    reference = Reference(0)
    return Verdict(
        what, claimed, sizes, WRONG, [Explanation(slip.bits, reference, [slip], True, "") for slip in found[:3]]
    )


def _explained(
    claimed: tuple[int, ...], right: tuple[Any, ...], sizes: tuple[int, ...], nearby: Nearby
) -> Iterator[Slip]:
    if claimed[1:] == sizes:
        text = f"the batch ({claimed[0]}) stands in front; a shape is that of one example"
        yield Slip("batch in front", 1.0, text, "is this the shape of one example?", {})
    if sorted(claimed) == sorted(sizes):
        yield Slip("order", 2.0, "the axes are in another order", "look at the order of the axes", {})
    if len(claimed) != len(sizes):
        if _multiplied(claimed) == _multiplied(sizes):
            yield Slip("flattened", 2.0, "all elements are there, on other axes", "how many axes are there?", {})
        return
    yield from _of_sizes(claimed, right, nearby)


def _multiplied(sizes: tuple[int, ...]) -> int:
    return int(product(sizes))


def _of_sizes(claimed: tuple[int, ...], right: tuple[Any, ...], nearby: Nearby) -> Iterator[Slip]:
    """Slips with the sizes of the axes that give each axis the length that was claimed."""
    form = Form(product(size if isinstance(size, Term) else int(size) for size in right))
    by_place = dict(zip(_places(right), form.root.parts, strict=False))
    if len(by_place) != len(claimed):
        return
    for _, bits, (slip,) in Tried(form, nearby).outcomes(1):
        got = tuple(slip.values.get(leaf.index, leaf.value) for leaf in by_place.values())
        if got == claimed:
            yield Slip(slip.kind, bits, slip.text, slip.hint, {})


def _places(right: tuple[Any, ...]) -> list[int]:
    return [i for i, size in enumerate(right) if isinstance(size, Term) or int(size) != 1]
