"""Why a figure is what it is: the simplest slips that make the claim of a figure that it could have been.

How surprising an explanation is, is counted in bits, those of its slips together. How much a claim says is counted in
bits, too: the digits that it gives. An explanation is held for certain only where it takes fewer bits than the claim
has, by `MARGIN`: otherwise some set of slips or other would fit almost any number. Of numbers that have nothing to do
with the figure, a slip is claimed of fewer than one in a hundred.
"""

from __future__ import annotations

from fractions import Fraction
from math import inf, log2

from modelcost.homework.misread import OF_DIGITS, meant
from modelcost.homework.search import FURTHER, LEAST, Tried, ends, together

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from modelcost.homework.numerals import Numeral
    from modelcost.homework.references import Nearby, Reference
    from modelcost.homework.slips import Slip

MARGIN, MARGIN_OF_ROUNDED = 0.0, 2.5
AT_MOST = 3  # slips together
ENOUGH = 4.5  # bits of an explanation of one slip, beside which none of two slips is looked for
CLOSE = 1.0  # bits by which another explanation may be more surprising and still be told
ROUNDED = 3.0  # the same for a figure that was rounded, which many a small slip leaves as it is
KEPT = 5
FAR = 4.0  # bits that two slips together have at least
DOUBTFUL = 2.0  # bits more than the claim has with which several slips together are still told, with a doubt


class Explanation:
    """A way in which the claim may have come about: from which figure, by which slips, and how surprising that is.

    `certain`: whether it stands out from what would fit by chance. `working`: the student's presumed one, in numbers.
    """

    __slots__ = ("bits", "certain", "reference", "slips", "working")

    def __init__(self, bits: float, reference: Reference, slips: Sequence[Slip], certain: bool, working: str) -> None:
        self.bits, self.reference, self.slips = bits, reference, tuple(slips)
        self.certain, self.working = certain, working

    @property
    def text(self) -> str:
        """What went wrong, in words."""
        said = "; ".join(dict.fromkeys(slip.text for slip in self.slips))
        by = f" (counted by {self.reference.convention})" if self.reference.convention else ""
        return f"{said}{by}"

    @property
    def hint(self) -> str:
        """Where to look, without a figure."""
        return "; ".join(dict.fromkeys(slip.hint for slip in self.slips))

    def __repr__(self) -> str:
        return f"Explanation({self.text!r}, {self.bits:.1f} bits{'' if self.certain else ', may be chance'})"


MANY = 40
"""Parts of a sum in which every single slip is not looked for once there is an explanation that is likelier."""
ALONE = ("another layer", "another network")
"""Slips beside which no other is looked for: something or other is nearly everything."""


def information(claim: Numeral) -> float:
    """How many bits the digits of a claim say.

    >>> from modelcost.homework.numerals import numeral
    >>> information(numeral(1024)), round(information(numeral("≈ 3e6")))
    (10.0, 2)
    """
    width = max(claim.high - claim.low, Fraction(1) if claim.value.denominator == 1 else claim.value / 10**6)
    return max(0.0, log2(abs(claim.value) / width)) if claim.value else 0.0


def diagnosed(
    claim: Numeral, references: Sequence[Reference], nearby: Nearby = (), scales: Nearby = (), measures: str = ""
) -> list[Explanation]:
    """The explanations of a claim, the least surprising first; none where nothing known makes it.

    `claim` is in the unit of the references; `nearby`: sizes that may have been put in; `scales`: numbers by which it
    may have been multiplied; `measures`: "bytes", "seconds" or "".
    """
    says = information(claim) - (0.0 if claim.exact else MARGIN_OF_ROUNDED)
    others = [(*ends(figure.low, figure.high), slip) for figure, slip in meant(claim, measures, scales)]
    found: list[Explanation] = []
    for most in range(1, AT_MOST + 1):
        for reference in sorted(references, key=lambda one: one.bits)[: None if most < AT_MOST else 2]:
            limit = _limit(found, says, most, reference, nearby)
            for bits, slips in (
                _reached(claim, others, reference, nearby, most, limit) if reference.bits <= limit else ()
            ):
                certain = bits + MARGIN <= says
                found.append(Explanation(bits, reference, slips, certain, ""))
        found = _best(found)
        if found and says - MARGIN < FAR:
            break  # so few digits would fit two slips or other whatever they were
        if any(one.certain and (one.bits <= ENOUGH + _where(one.reference, nearby) or most > 1) for one in found):
            break
    rivals = [one for one in found if one.bits <= found[0].bits + ROUNDED]
    for one in found:
        one.working = _working(one, claim, nearby)
        one.certain = one.certain and (claim.exact or len(rivals) == 1)
    return found


def _where(reference: Reference, nearby: Nearby) -> float:
    """Bits of which part of a long sum it is: these are in every explanation of one slip there, and of two."""
    search = reference.search(nearby)
    return search.place if search is not None and search.place > log2(MANY) / 2 else 0.0


def _limit(found: Sequence[Explanation], says: float, most: int, reference: Reference, nearby: Nearby) -> float:
    """The bits beyond which an explanation is not looked for: others are likelier, or it could be chance."""
    best = min((one.bits for one in found if one.certain), default=inf)
    if most == 1:
        return best + ROUNDED if best < inf and _where(reference, nearby) else inf
    return min(best + CLOSE, says + DOUBTFUL)


def _reached(
    claim: Numeral,
    others: Iterable[tuple[Any, Any, Slip]],
    reference: Reference,
    nearby: Nearby,
    most: int,
    limit: float,
) -> Iterator[tuple[float, tuple[Slip, ...]]]:
    """The sets of at most so many slips, and bits, that lead from a reference to the claim."""
    before = () if reference.slip is None else (reference.slip,)
    left, bound = most - len(before), limit - reference.bits
    if before and before[0].kind in ALONE:
        left = min(left, 0)
    if left < 0:
        return
    search = reference.search(nearby) if left else None
    if claim.means(Fraction(reference.count)) and before:
        yield reference.bits, before
    if search is not None:
        for bits, slips in search.explained(*ends(claim.low, claim.high), left, bound):
            if slips:
                yield reference.bits + bits, (*before, *slips)
    for low, high, slip in others if left else ():
        further = slip.bits + FURTHER
        if slip.bits <= bound and low <= reference.count <= high:
            yield reference.bits + slip.bits, (*before, slip)
        elif search is not None and left > 1 and further + LEAST <= bound and slip.kind not in OF_DIGITS:
            for bits, slips in search.explained(low, high, 1, bound - further) if search.reaches(low, high) else ():
                if slips:
                    yield reference.bits + bits + further, (*before, *slips, slip)


def _best(found: Iterable[Explanation]) -> list[Explanation]:
    """The likeliest, each once; those that are as likely in an order that does not hang on how they were found."""
    kept: dict[str, Explanation] = {}
    for one in sorted(found, key=lambda one: (round(one.bits, 6), len(one.slips), one.text)):
        kept.setdefault(one.text, one)
    return list(kept.values())[:KEPT]


def _working(explanation: Explanation, claim: Numeral, nearby: Nearby) -> str:
    """The numbers that the student multiplied and added, where slips in one formula alone make the claim of it."""
    slips = [slip for slip in explanation.slips if slip is not explanation.reference.slip]
    search = explanation.reference.search(nearby)
    if not isinstance(search, Tried) or not all(slip.values for slip in slips):
        return ""
    values = together(slips)
    return search.form.written(values) if claim.means(search.form.valued(values)) else ""
