"""Solved backwards: the largest batch whose peak fits into so much memory."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from string import ascii_letters

from modelcost.errors import ModelCostError, short, unknown
from modelcost.sizes import LARGEST_SIZE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from modelcost.memory.buffers import Plan

UNITS = {
    "B": 1,
    **{f"{letter}B": 1000 ** (i + 1) for i, letter in enumerate("kMGTP")},
    **{f"{letter}iB": 1024 ** (i + 1) for i, letter in enumerate("KMGTP")},
}
"""Units of memory: MB is 10**6 bytes and MiB is 2**20."""


def largest_batch(plan: Plan, memory: int, beside: int = 0) -> int:
    """The most examples in a batch whose peak is at most `memory` bytes, `beside` of them taken already; 0 if none.

    What is held at a step is so many bytes whatever the batch is, and so many for each example; the most of all steps
    therefore only grows with the batch, and the step that fills the memory first decides.

    >>> from modelcost.memory.buffers import Buffer, Plan, Step
    >>> x, w = Buffer("x", "input", each=40), Buffer("w", "parameter", fixed=100)
    >>> largest_batch(Plan([Step("f", "forward", [x])], [x, w]), 1000)
    22
    """
    found = LARGEST_SIZE
    for each, fixed in plan.sums:
        left = memory - beside - fixed
        if left < each:
            return 0
        found = min(found, left // each) if each else found
    return found


def bytes_in(text: str) -> int:
    """The bytes that a size with its unit says, rounded down to a whole byte.

    Raises `ModelCostError` for what is not a byte at least, or has no unit.

    >>> bytes_in("8GB"), bytes_in("1.5 GiB")
    (8000000000, 1610612736)
    """
    words = text.strip()
    number = words.rstrip(ascii_letters + " ")
    unit = words[len(number) :].strip()
    if not unit and number:
        raise ModelCostError(f"a size of memory needs its unit, such as 8GB or 512MiB. Received: {short(text)}")
    try:
        found = Decimal(number.replace("_", ""))
    except InvalidOperation:
        found = Decimal("nan")
    if not found.is_finite() or found <= 0:
        raise ModelCostError(f"a size of memory is a number above 0 with a unit, such as 8GB. Received: {short(text)}")
    if unit not in UNITS:
        raise unknown("unit of memory", unit, UNITS)
    exact = found * UNITS[unit]
    if exact > LARGEST_SIZE:
        raise ModelCostError(f"a size of memory must be at most 2**63-1 bytes. Received: {short(text)}")
    if exact < 1:
        raise ModelCostError(f"a size of memory must be at least 1 byte. Received: {short(text)}")
    return int(exact)
