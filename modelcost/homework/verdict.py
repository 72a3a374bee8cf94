"""The verdict on one claim: right, right by a convention that was not named, carried forward, or wrong and why."""

from __future__ import annotations

import sys
from fractions import Fraction

from modelcost.count import Term
from modelcost.errors import short
from modelcost.homework.asserted import asserting
from modelcost.homework.diagnosis import CLOSE, Explanation, diagnosed
from modelcost.homework.misread import WHOLE, other_units
from modelcost.homework.numerals import Numeral
from modelcost.homework.references import AND_BY, Reference

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

RIGHT, CONVENTION, CARRIED, WRONG, UNJUDGED = "right", "right by convention", "carried forward", "wrong", "not judged"
OPEN, NO_FIGURE = "not answered", "no figure"
OWN_PARTS = "own parts only"
"""The kind of slip by which a sum of one's own figures has not all of them."""
HINTS = {
    CARRIED: "follows from an earlier figure that is wrong",
    OPEN: "answer it",
}
"""Where to look, by status, if that says it all."""
LONGEST_WORKING = 100


class Verdict:
    """What is to be said of one claim; it is true where the claim is right, by whatever convention.

    `status`: one of "right", "right by convention", "carried forward", "wrong", "not judged"; on a sheet also
    "not answered" and "no figure".
    `right`: the right figure; `convention`: by which the claim is right, where that is not the one asked for.
    `explanations`: what may have gone wrong, the likeliest first; `note`: what else is to be said.
    """

    def __init__(
        self,
        what: str,
        claim: Any,
        right: Any,
        status: str,
        explanations: Sequence[Explanation] = (),
        convention: str = "",
        note: str = "",
        unit: str = "",
    ) -> None:
        self.what, self.claim, self.right, self.status = what, claim, right, status
        self.explanations, self.convention, self.note, self.unit = list(explanations), convention, note, unit

    def __bool__(self) -> bool:
        true = self.status in (RIGHT, CONVENTION)
        if not true and asserting(sys._getframe(1)):
            raise AssertionError(str(self))
        return true

    @property
    def legend(self) -> list[str]:
        """What it is by which the claim is right, a line for each name that a student may not know."""
        from modelcost.conventions import CONVENTIONS
        from modelcost.training.approximations import APPROXIMATIONS

        several: list[Any] = []
        for name in self.convention.split(AND_BY):
            known: Any = CONVENTIONS if name in CONVENTIONS else APPROXIMATIONS
            several += [known[name]] if name in known else []
        return [f"{one.name}: {one.says}" for one in several]

    @property
    def slips(self) -> list[str]:
        """What went wrong in the likeliest explanation, one line a slip; empty where none fits."""
        return [slip.text for slip in self.explanations[0].slips] if self.explanations else []

    @property
    def likeliest(self) -> list[Explanation]:
        """The explanations that are about as likely as the first; those that are certain alone, if any is."""
        first = self.explanations[:1]
        close = [
            one for one in self.explanations if one.bits <= first[0].bits + CLOSE and one.certain == first[0].certain
        ]
        return _told_once(close)

    @property
    def why(self) -> str:
        """The diagnosis in a sentence or two."""
        if self.status == CONVENTION:
            return "; ".join(one for one in (f"right by {self.convention}", self.note) if one)
        if self.status != WRONG:
            return self.note
        if not self.explanations:
            return "; ".join(one for one in ("no slip that is known makes this figure", self.note) if one)
        several = self.likeliest
        text = " | or: ".join(one.text for one in several[:3])
        doubt = "" if several[0].certain else "perhaps (so few digits are also met by chance): "
        more = f"several explanations fit: {text}" if len(several) > 1 else text
        return "; ".join(one for one in (f"{doubt}{more}", self.note) if one)

    @property
    def hint(self) -> str:
        """Where to look, without the answer."""
        if self:
            return "right"
        if self.status == NO_FIGURE:
            return self.note
        if self.status in HINTS:
            return HINTS[self.status]
        return self.explanations[0].hint if self.explanations else "look at it again"

    def __repr__(self) -> str:
        return f"<Verdict: {self.what} {written(self.claim)} is {self.status}{f', {self.why}' if self.why else ''}>"

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def _repr_pretty_(self, printer: Any, _: bool) -> None:
        """How a notebook shows it: as it is printed."""
        printer.text(str(self))

    def lines(self) -> list[str]:
        """The verdict as a small table: what was claimed beside what is right, then why."""
        rows = [("claimed", written(self.claim)), ("right", self._right())]
        if self.status == CONVENTION:
            said = self.legend if len(self.legend) == len(self.convention.split(AND_BY)) else [self.convention]
            rows += [("by" if i == 0 else "", line) for i, line in enumerate(said)]
        elif self.status == WRONG:
            several = self.likeliest
            doubt = "" if not several or several[0].certain else "perhaps "
            rows += [(("slip" if i == 0 else "or"), f"{doubt}{one.text}") for i, one in enumerate(several[:3])]
            rows += [("so", f"{written(self.claim)} = {several[0].working}")] if several and several[0].working else []
            rows += [] if several else [("slip", "none that is known makes this figure")]
        if self.note:
            rows.append(("note", self.note))
        return [f"{self.what} is {self.status}", *(f"  {name:<9}{text}" for name, text in rows)]

    def _right(self) -> str:
        text = written(self.right)
        if not isinstance(self.right, Term) or not getattr(self.right, "args", ()):
            return text
        steps = [step for step in (self.right.formula(), self.right.numbers()) if len(step) <= LONGEST_WORKING]
        return " = ".join(dict.fromkeys((text, *steps)))


def _told_once(explanations: Sequence[Explanation]) -> list[Explanation]:
    """Without those that say of the finished figure what another says of its formula; of every part alike, the
    first is the shorter.
    """
    kinds = [one.slips[0].kind if len(one.slips) == 1 else "" for one in explanations]
    same = {kind.removeprefix(WHOLE) for kind in kinds if kind.startswith(WHOLE)}
    dropped = {f"{kind} everywhere" for kind in same} | {f"{WHOLE}{kind}" for kind in same if kind in kinds}
    return [one for one, kind in zip(explanations, kinds, strict=True) if kind not in dropped]


def goes_on(explanations: Sequence[Explanation]) -> str:
    """What is said where the likeliest explanation starts from the student's own earlier figures."""
    own = explanations and explanations[0].reference.own and explanations[0].slips[0].kind != OWN_PARTS
    return f"goes on with {_earlier(explanations[0].reference)}" if own else ""


def _earlier(reference: Reference) -> str:
    exact = ", a rounded one as if it were exact" if reference.rounded else ""
    return f"earlier figures of the sheet{exact}"


def written(value: Any) -> str:
    """A figure as people read it: in groups of three, or as it was written."""
    if isinstance(value, str):
        return value
    if isinstance(value, Numeral):
        return value.text if not value.exact or value.value.denominator != 1 else f"{int(value.value):,}"
    if isinstance(value, tuple | list):
        return "x".join(str(size) for size in value)
    if isinstance(value, Fraction) and value.denominator != 1:
        return f"{float(value):.5g}" if abs(value) < 10_000 else f"{round(value):,}"
    return f"{int(value):,}" if isinstance(value, int | Fraction) else short(value)


def _fits(what: str, claim: Numeral, right: Any, reference: Reference) -> Verdict:
    """The verdict on a claim that is one of the references."""
    if reference.own:
        by = f", by {reference.by}" if reference.by else ""
        return Verdict(what, claim, right, CARRIED, note=f"follows from {_earlier(reference)}{by}")
    off = _off(reference.count, right) if reference.way else ""
    return Verdict(what, claim, right, CONVENTION if reference.by else RIGHT, convention=reference.by, note=off)


def _off(figure: Any, right: Any) -> str:
    """How far a figure that is worked out by hand is from the exact one."""
    if not right or figure == right:
        return ""
    part = float(Fraction(figure) / Fraction(right) - 1)
    return f"{abs(part):.2%} {'above' if part > 0 else 'below'} the exact figure"


def judged(
    what: str,
    claim: Numeral,
    references: Sequence[Reference],
    nearby: tuple[tuple[str, int], ...] = (),
    scales: tuple[tuple[str, int], ...] = (),
    measures: str = "",
    working: str | None = None,
) -> Verdict:
    """The verdict on a claim, in the unit of the references, of which the first is the right one."""
    right = references[0].count
    for one in references:
        if one.slip is None and claim.means(Fraction(one.count)):
            return _fits(what, claim, right, one)
    for unit, other in other_units(claim):
        if other.means(Fraction(right)):
            return Verdict(what, claim, right, CONVENTION, convention=unit)
    if working is not None:
        from modelcost.homework.matched import with_working

        return with_working(what, claim, references, nearby, scales, measures, working)
    explanations = diagnosed(claim, references, nearby, scales, measures)
    return Verdict(what, claim, right, WRONG, explanations, note=goes_on(explanations))
