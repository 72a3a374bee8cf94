"""Powers of 1000 and their letters, as numbers are shown and read."""

from __future__ import annotations

from modelcost.errors import ModelCostError, short

TYPE_CHECKING = False
if TYPE_CHECKING:
    from decimal import Decimal

PREFIXES = ("", "k", "M", "G", "T", "P", "E", "Z", "Y", "R", "Q")
"""1 kB is 1000 bytes and 1 MB is 10**6."""


def number(text: str, what: str = "it") -> Decimal:
    """A number, exactly: 1000000, 1_000_000, 1e6, 1M.

    Raises `ModelCostError`, which says `what` must be one, for anything else.

    >>> number("2.5M") == 2_500_000 == number("25e5")
    True
    """
    from decimal import Decimal, InvalidOperation

    prefix = text[-1:] if text[-1:] in PREFIXES[1:] else ""
    try:
        found = Decimal(text.removesuffix(prefix))
    except InvalidOperation:
        found = Decimal("nan")
    if not found.is_finite():
        raise ModelCostError(f"{what} must be a number, such as 1000000, 1e6 or 1M. Received: {short(text)}")
    return found.scaleb(3 * PREFIXES.index(prefix)) if prefix else found
