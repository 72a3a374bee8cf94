"""Numbers as people read them: three figures and a prefix, or all digits; shapes as they are given."""

from __future__ import annotations

from modelcost.count import Term
from modelcost.prefixes import PREFIXES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

LONGEST = 24  # characters of a formula in a cell


def scaled(value: int, unit: str = "") -> str:
    """Three significant figures, rounded half up, and a prefix; below 1000 the number itself.

    >>> scaled(62_378_344), scaled(999_500), scaled(96), scaled(4_198_284, "B")
    ('62.4M', '1.00M', '96', '4.20 MB')
    """
    gap = " " if unit else ""
    if value < 1000:
        return f"{int(value)}{gap}{unit}"
    power = len(str(int(value))) - 3
    figures = (2 * value + 10**power) // (2 * 10**power)
    if figures == 1000:
        figures, power = 100, power + 1
    digits, thousands, rest = str(int(figures)), (power + 2) // 3, (power + 2) % 3
    if thousands >= len(PREFIXES):
        return f"{digits[0]}.{digits[1:]}e{power + 2}{gap}{unit}"
    return f"{digits[: rest + 1]}{'.' if rest < 2 else ''}{digits[rest + 1 :]}{gap}{PREFIXES[thousands]}{unit}"


def formula(value: Any) -> str:
    """What is not known yet, as a formula in the sizes that are missing; a report read from a file has it as text."""
    return value.numbers() if isinstance(value, Term) else str(value)


def rounded(value: Any, unit: str = "") -> str:
    """A figure for a table: scaled, or the formula where sizes are missing, cut short if it is long."""
    if isinstance(value, int):
        return scaled(value, unit)
    text = formula(value)
    if len(text) > LONGEST:
        return f"{text[: LONGEST - 1]}…"
    return f"{text} {unit}" if unit else text


def exact(value: Any) -> str:
    """All digits, in groups of three; nothing where there is no number yet.

    >>> exact(34944)
    '34,944'
    """
    return f"{value:,}" if isinstance(value, int) else ""


def shape(sizes: Iterable[Any], names: bool = False) -> str:
    """The sizes of one example as `--input` takes them; unknown ones stand by their formula, or by their names.

    >>> shape((227, 227, 3)), shape(("H", "W", 3))
    ('227x227x3', 'H x W x 3')
    """
    several = list(sizes)
    known = all(isinstance(size, int) for size in several)
    return ("x" if known else " x ").join(_size(size, names) for size in several) or "1"


def _size(size: Any, names: bool) -> str:
    name = getattr(size, "name", None) if names else None
    text = str(int(size)) if isinstance(size, int) else name or formula(size)
    return f"({text})" if " " in text else text


def shapes(several: Iterable[Iterable[Any]], names: bool = False) -> str:
    """More than one shape.

    >>> shapes([(10,), (4, 4)])
    '10 + 4x4'
    """
    return " + ".join(shape(one, names) for one in several)
