"""Numbers as people write them, and how exactly they mean them: "41,736,960", "≈ 3e6", "4.2 MB", "40-60"."""

from __future__ import annotations

import re
from fractions import Fraction

from modelcost.errors import ModelCostError, short

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DIGITS = 300  # before the point; a figure of more is nobody's answer
LONGEST = 1000  # characters

PREFIXES = {"": 0, "k": 3, "K": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
WORDS = {"thousand": 3, "million": 6, "mio": 6, "billion": 9, "trillion": 12}
TIMES = {"s": 1, "sec": 1, "second": 1, "seconds": 1, "min": 60, "minutes": 60, "h": 3600, "hours": 3600, "d": 86400}
OPERATIONS = ("FLOP", "FLOPs", "FLOPS", "flop", "flops", "MAC", "MACs", "macs", "OP", "OPs", "ops", "parameters")


def _units() -> dict[str, tuple[str, Fraction]]:
    """Every unit, as (what it measures, how much of it)."""
    units: dict[str, tuple[str, Fraction]] = {word: ("", Fraction(10**power)) for word, power in WORDS.items()}
    units |= {word: ("seconds", Fraction(each)) for word, each in TIMES.items()}
    units |= {f"{p}s": ("seconds", Fraction(1, 10**n)) for p, n in (("m", 3), ("u", 6), ("µ", 6), ("μ", 6), ("n", 9))}
    units |= {"params": ("", Fraction(1)), "param": ("", Fraction(1)), "%": ("", Fraction(1, 100))}
    for prefix, power in PREFIXES.items():
        scale = Fraction(10**power)
        units |= {f"{prefix}{word}": ("", scale) for word in OPERATIONS}
        units |= {f"{prefix}B": ("bytes", scale), f"{prefix}bit": ("bits", scale), f"{prefix}bits": ("bits", scale)}
        if prefix:
            units[prefix] = ("", scale)
    for i, prefix in enumerate(("Ki", "Mi", "Gi", "Ti"), 1):
        units[f"{prefix}B"] = ("bytes", Fraction(2 ** (10 * i)))
    units |= {"byte": ("bytes", Fraction(1)), "bytes": ("bytes", Fraction(1))}
    return units


UNITS = _units()
"""What may stand behind a number."""

_WHOLE = r"\d{1,3}(?:[,' \u202f]\d{3})+|\d+(?:_\d+)*"
_POWER = r"[eE](?P<power>[+-]?\d+)|\s*[x*×·]\s*10\s*(?:\^|\*\*)\s*(?P<ten>[+-]?\d+)"  # noqa: RUF001
NUMBER = rf"(?P<whole>{_WHOLE})?(?P<part>\.\d*)?(?:{_POWER})?"
_ABOUT = r"(?P<about>≈|~|=|about|approx\.?|ca\.?)?"
_FIGURE = re.compile(rf"{_ABOUT}\s*(?P<sign>[+-])?\s*{NUMBER}\s*(?P<unit>[^\d\s.,]*)", re.A)
_RANGE = re.compile(r"(?P<low>.*?\d[^-–—]*?)\s*(?:[-–—]|\bto\b|\.\.\.?)\s*(?P<high>\d.*)")  # noqa: RUF001
RULE = "a figure is written as 41,736,960 or 1_000, 3e6, 4.2 MB, ≈ 3e6 or 40-60"


class Numeral:
    """A figure that somebody wrote: its value, from where to where it may be meant, what it measures, its text.

    `low` and `high` are equal where it stands for itself: a whole number in full. `rounded`: these are half a step of
    its last digit to either side.

    >>> about = numeral("≈ 3e6")
    >>> int(about.value), int(about.low), int(about.high)
    (3000000, 2500000, 3500000)
    """

    __slots__ = ("about", "high", "low", "measures", "rounded", "text", "unit", "value")

    def __init__(
        self,
        value: Fraction,
        low: Fraction,
        high: Fraction,
        text: str,
        about: bool = False,
        unit: str = "",
        rounded: bool = False,
    ) -> None:
        self.value, self.low, self.high, self.text, self.about, self.unit = value, low, high, text, about, unit
        self.rounded = rounded
        self.measures = UNITS[unit][0] if unit else ""

    @property
    def exact(self) -> bool:
        """Whether it stands for one number only."""
        return self.low == self.high

    def means(self, value: Fraction | int) -> bool:
        """Whether a value is this figure, to the digits that were given.

        >>> numeral("4.2 MB").means(4_198_284), numeral("4.2").means(4_198_284)
        (True, False)
        """
        return self.low <= value <= self.high

    def scaled(self, factor: Fraction) -> Numeral:
        """The same figure in another unit."""
        value, low, high = self.value * factor, self.low * factor, self.high * factor
        return Numeral(value, low, high, self.text, self.about, self.unit, self.rounded)

    def within(self, tolerance: Fraction) -> Numeral:
        """The same figure, meant to within so much of either side."""
        return Numeral(self.value, self.value - tolerance, self.value + tolerance, self.text, self.about, self.unit)

    def __repr__(self) -> str:
        return f"numeral({self.text!r})"


def numeral(given: Any) -> Numeral:
    """The figure that was written: text, or a number of Python's.

    A whole number in full, a float's too, is meant exactly; with a point, a power of ten or a unit before which it was
    rounded, and behind "≈", it is meant to the figures given.

    Raises `ModelCostError` for what is no figure: NaN, an infinity, more than 300 digits, a word such as no.

    >>> numeral("41,736,960").value, numeral("4.2 MB").measures, numeral("40-60").high
    (Fraction(41736960, 1), 'bytes', Fraction(60, 1))
    """
    if isinstance(given, Numeral):
        return given
    if isinstance(given, bool) or not isinstance(given, int | float | str | Fraction):
        raise ModelCostError(f"{RULE}. Received: {short(given)}")
    if isinstance(given, float) and given.is_integer():
        given = int(given)
    if isinstance(given, int | Fraction):
        return _exactly(given)
    text = given if isinstance(given, str) else repr(float(given))
    if len(text) > LONGEST:
        raise ModelCostError(f"a figure has at most {LONGEST} characters. Received: {len(text):,}")
    return _single(text.strip()) or _range(text.strip()) or _refuse(text)


def _exactly(given: int | Fraction) -> Numeral:
    if abs(given) >= 10**DIGITS:
        raise _too_long()
    value = Fraction(given)
    return Numeral(value, value, value, f"{int(given):,}" if value.denominator == 1 else str(float(value)))


def _too_long() -> ModelCostError:
    return ModelCostError(f"a figure has at most {DIGITS} digits; this one has more")


def _refuse(text: str) -> Numeral:
    way_out = "; write 1.5 with a point, 1,500 with groups of three" if re.fullmatch(r"\d+,\d+", text.strip()) else ""
    raise ModelCostError(f"{RULE}{way_out}. Received: {short(text)}")


def _single(text: str) -> Numeral | None:
    found = _FIGURE.fullmatch(text)
    if not found or not (found["whole"] or (found["part"] or "").strip(".")):
        return None
    unit = found["unit"]
    if unit not in UNITS and unit:
        return None
    whole = re.sub(r"[^\d]", "", found["whole"] or "0")
    part = (found["part"] or "")[1:]
    power = found["power"] or found["ten"]
    longest = max(len(whole), len(part), len(power or "") * 60)
    if longest > DIGITS or abs(int(power or 0)) + len(whole) > DIGITS:
        raise _too_long()
    about = found["about"] not in (None, "=")
    sign = -1 if found["sign"] == "-" else 1
    return _read(text, sign, whole, part, power, unit, about)


def _read(text: str, sign: int, whole: str, part: str, power: str | None, unit: str, about: bool) -> Numeral:
    scale = Fraction(10) ** int(power or 0) * (UNITS[unit][1] if unit else 1)
    value = sign * Fraction(int(whole + part), 10 ** len(part)) * scale
    rounded = about or bool(part) or power is not None or (bool(unit) and UNITS[unit][1] != 1)
    half = Fraction(0)
    if rounded:
        zeros = 0 if part or not about else len(whole) - len(whole.rstrip("0") or whole)
        half = Fraction(10**zeros, 2 * 10 ** len(part)) * scale
    return Numeral(value, value - half, value + half, text, about, unit, rounded)


def _range(text: str) -> Numeral | None:
    """Two figures, of which the second may have the unit of both; the value is their middle."""
    found = _RANGE.fullmatch(text)
    if not found:
        return None
    last = _single(found["high"].strip())
    first = _single(f"{found['low'].strip()} {last.unit}".strip()) if last else None
    first = first or (_single(found["low"].strip()) if last else None)
    if not first or not last or first.value > last.value:
        return None
    return Numeral((first.value + last.value) / 2, first.value, last.value, text, last.about, last.unit)
