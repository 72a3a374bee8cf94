"""Slips with a finished number: digits exchanged or lost, one unit for another, counted once for twice.

Each gives the figure that was meant, where the one that was written is the outcome of the slip.
"""

from __future__ import annotations

import itertools
from fractions import Fraction

from modelcost.homework.numerals import Numeral
from modelcost.homework.slips import Slip

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Meant = tuple[Numeral, Slip]

MOST_DIGITS = 40
WHOLE = "of the whole figure: "
"""Before the kind of a slip with a finished number that could also be one with its formula."""
FACTORS = {"the batch": "N", "the epochs": "epochs"}
"""Factors of a finished number, as a formula names them."""
PASSES = ("the epochs", "forward and backward of every epoch")
CUT_OFF, UNSAID = "cut off", "rounded without a word"
OF_DIGITS = (CUT_OFF, UNSAID)
"""Kinds of slips with how many digits are given: beside one, no other is looked for."""
HALF = Fraction(1, 2)
NUMBERS = "numbers are counted, not their bytes"


def meant(claim: Numeral, measures: str, scales: Iterable[tuple[str, int]] = ()) -> Iterator[Meant]:
    """The figures that may have been meant, each with the slip that made the claim of it.

    `measures`: "bytes", "bits", "seconds" or "" for plain counts; `scales`: numbers by which the claim may have been
    multiplied or not, as (what, how many), such as the batch.

    >>> for figure, slip in meant(numeral_of(1_049_751), ""):
    ...     if figure.value == 1_049_571:
    ...         print(slip.text)
    the digits 5 and 7 are exchanged
    """
    seen: set[Fraction] = set()
    for figure, slip in (*_cut_off(claim), *_rounded(claim), *_scaled(claim, measures, scales), *_digits(claim)):
        if slip.kind == UNSAID or (figure.value not in seen and figure.value != claim.value):
            seen.add(figure.value)
            yield figure, slip


def other_units(figure: Numeral) -> Iterator[tuple[str, Numeral]]:
    """What a figure in kB, MB or GB is where these are powers of 1024, as Keras prints them, each with its name."""
    for i, (small, large) in enumerate((("kB", "KiB"), ("MB", "MiB"), ("GB", "GiB")), 1):
        if figure.unit == small:
            yield (
                f"{large} ({1024**i:,} bytes), which Keras prints as {small}",
                figure.scaled(Fraction(1024**i, 1000**i)),
            )


def numeral_of(value: int | Fraction) -> Numeral:
    """A figure that stands for itself."""
    return Numeral(Fraction(value), Fraction(value), Fraction(value), f"{value:,}" if isinstance(value, int) else "")


def _cut_off(claim: Numeral) -> Iterator[Meant]:
    """What the claim would be if the rest of the digits had been left away: all up to the next figure."""
    if claim.rounded and claim.value > 0:
        next_one = claim.value + claim.high - claim.low
        text = f"{claim.text} is cut off, not rounded"
        figure = Numeral((claim.value + next_one) / 2, claim.value, next_one, claim.text, unit=claim.unit)
        yield figure, Slip(CUT_OFF, 1.5, text, "look at how it is rounded", {})


def _rounded(claim: Numeral) -> Iterator[Meant]:
    """What a whole number that ends in zeros would be if it had been rounded to the figures before them."""
    digits = str(int(claim.value)) if claim.exact and claim.value.denominator == 1 and claim.value > 0 else ""
    figures = len(digits.rstrip("0"))
    if 1 < figures < len(digits):
        half = Fraction(10 ** (len(digits) - figures), 2)
        text = f"rounded to {figures} figures: written as ≈ {int(claim.value):,}, it is right"
        figure = Numeral(claim.value, claim.value - half, claim.value + half, claim.text, unit=claim.unit)
        bits = 3.0 + 2.0 * max(0, figures - 4)  # hardly anybody rounds to more than four
        yield figure, Slip(UNSAID, bits, text, "say where a figure is rounded", {})


def _scaled(claim: Numeral, measures: str, scales: Iterable[tuple[str, int]]) -> Iterator[Meant]:
    """What the claim would be without a factor that was put in, or with one that was left out."""
    for times, bits, text, hint in _factors(measures):
        kind = f"{WHOLE}without bytes" if text == NUMBERS else f"times {times}"
        figure = claim.scaled(1 / times)
        if claim.exact and times == HALF:  # of an odd number, rounded up or down
            figure = Numeral(figure.value, figure.value - 1, figure.value + 1, claim.text, unit=claim.unit)
        yield figure, Slip(kind, bits, text, hint, {})
    for what, many in scales:
        if many > 1:
            hint = f"look at {what}: is the figure for one, or for all of them?"
            again = measures == "bytes" and what in PASSES
            why = "memory is used again from pass to pass" if again else "this does not belong"
            text = f"multiplied by {many:,} ({what}): {why}"
            yield claim.scaled(Fraction(1, many)), Slip(f"times {what}", 3.0, text, hint, {})
            text = f"{what} ({many:,}): the multiplication by it is left out"
            kind = f"{WHOLE}without {FACTORS.get(what, what)}"
            yield claim.scaled(Fraction(many)), Slip(kind, 3.0, text, hint, {})


def _factors(measures: str) -> Iterator[tuple[Fraction, float, str, str]]:
    hint = "is it counted once, or twice?"
    if measures not in ("bytes", "bits"):
        yield Fraction(2), 4.0, "everything is counted twice (as for a multiply-add that is two)", hint
        yield HALF, 4.5, "half of it is counted (as for a multiply-add that is one)", hint
        yield Fraction(3), 4.5, "three times as much, as if forward and backward were meant", hint
    for power in (3, 6, 9):
        text = f"a factor of 10**{power}: one prefix (k, M, G) for another"
        yield Fraction(10**power), 5.0 + power / 3, text, "look at the prefix of the unit"
        yield Fraction(1, 10**power), 5.0 + power / 3, text, "look at the prefix of the unit"
    yield Fraction(10), 5.0, "a zero too many", "count the digits"
    yield Fraction(1, 10), 5.0, "a zero too few", "count the digits"
    if measures in ("bytes", "bits"):
        for i, (small, large) in enumerate((("kB", "KiB"), ("MB", "MiB"), ("GB", "GiB")), 1):
            times, hint = Fraction(1000**i, 1024**i), f"look at {small} and {large}"
            yield times, 2.0 + (i != 2), f"{large} ({1024**i:,} bytes) are meant, not {small}", hint
            yield 1 / times, 3.0 + (i != 2), f"{small} are meant, not {large}", hint
        hint = "look at bits, bytes and numbers"
        yield Fraction(8), 3.0, "bits are counted, not bytes", hint
        yield Fraction(1, 8), 3.5, "divided by 8, as if bits had been counted", hint
        yield Fraction(2), 3.5, "twice the bytes are taken for each number, as of float64 for float32", hint
        yield HALF, 3.5, "half the bytes are taken for each number, as of float16 for float32", hint
        yield Fraction(1, 4), 3.0, NUMBERS, hint


def _digits(claim: Numeral) -> Iterator[Meant]:
    if not claim.exact or claim.value.denominator != 1 or not 10 <= claim.value < 10**MOST_DIGITS:
        return
    text = str(int(claim.value))
    yield from _exchanged(text)
    yield from _dropped(text)
    yield from _mistyped(text)


def _exchanged(text: str) -> Iterator[Meant]:
    for i, (a, b) in enumerate(itertools.pairwise(text)):
        if a != b and not (i == 0 and b == "0"):
            said = f"the digits {b} and {a} are exchanged"
            other = int(text[:i] + b + a + text[i + 2 :])
            yield numeral_of(other), Slip("digits exchanged", 5.0, said, "look at the order of the digits", {})


def _dropped(text: str) -> Iterator[Meant]:
    hint = "count the digits"
    for i in range(len(text) + 1):
        for digit in "0123456789":
            if i or digit != "0":
                other = int(text[:i] + digit + text[i:])
                yield numeral_of(other), Slip("digit dropped", 7.0, f"a digit ({digit}) is missing", hint, {})
    for i, digit in enumerate(text):
        rest = text[:i] + text[i + 1 :]
        if len(rest) > 1 and rest[0] != "0":
            yield numeral_of(int(rest)), Slip("digit added", 7.0, f"a digit ({digit}) too many", hint, {})


def _mistyped(text: str) -> Iterator[Meant]:
    for i, old in enumerate(text):
        for digit in "0123456789":
            if digit != old and not (i == 0 and digit == "0"):
                said = f"the digit {old} stands where {digit} belongs"
                other = int(text[:i] + digit + text[i + 1 :])
                yield numeral_of(other), Slip("digit mistyped", 8.5, said, "look at each digit", {})
