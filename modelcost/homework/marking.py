"""Marking a sheet: each claim in turn, with the student's own earlier figures at hand."""

from __future__ import annotations

from fractions import Fraction

from modelcost.count import Count, total
from modelcost.errors import ModelCostError
from modelcost.homework.diagnosis import Explanation
from modelcost.homework.misread import numeral_of
from modelcost.homework.nearby import nearby, scales
from modelcost.homework.numerals import Numeral
from modelcost.homework.quantities import QUANTITIES, count, quantity
from modelcost.homework.references import Reference, references
from modelcost.homework.shapes import checked_shape
from modelcost.homework.sheets import Marked, Sheet
from modelcost.homework.slips import Slip
from modelcost.homework.subject import Subject
from modelcost.homework.trained import exactly
from modelcost.homework.verdict import CARRIED, NO_FIGURE, OPEN, OWN_PARTS, UNJUDGED, WRONG, Verdict, judged, written

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from modelcost.homework.answers import Answers, Claim
    from modelcost.homework.quantities import Quantity

    Own = dict[tuple[str, str, str], Numeral]

MARKING = ("full", "strict")
MEASURED = ("measured_seconds_per_step", "measured_seconds_per_example", "measured_seconds_per_epoch")
"""What only the student's machine can tell: such claims are taken down and not judged."""
CARRIED_ON = 0.5  # bits of going on with one's own figure: nothing is less surprising
STARTS_ANEW = 4.0  # and of not doing so, where that figure was wrong


def marked(answers: Answers, marking: str = "full") -> Sheet:
    """Mark the claims of an answer file, each student's in order.

    Raises `ModelCostError`, with the place of the claim, for a layer or a quantity that is not there, a unit that
    measures something else, a working that is not arithmetic.
    """
    if marking not in MARKING:
        from modelcost.errors import unknown

        raise unknown("marking", marking, MARKING)
    models = {name: Subject(model, answers.settings[name]) for name, model in answers.models.items()}
    subjects: dict[tuple[str, str], Subject] = {}
    rows = []
    for place, claim in enumerate(answers.claims, 1):
        key = claim.model, claim.student
        if key not in subjects:
            subjects[key] = models[claim.model].another()
        try:
            verdict = _of_a_student(claim, subjects[key])
        except ModelCostError as error:
            raise type(error)(f"claim {place}, {claim.name}: {error}") from None
        given = claim.points if verdict or (marking == "full" and verdict.status == CARRIED) else Fraction(0)
        rows.append(Marked(claim, verdict, given))
    return Sheet(answers.title, rows, marking)


def _of_a_student(claim: Claim, subject: Subject) -> Verdict:
    """The verdict on a claim that may be none: one that a student left open, or wrote in a unit of something else.

    Raises `ModelCostError` for what nobody could answer; and, where no student is named, for a claim that is none.
    """
    if claim.quantity in MEASURED:
        return verdict_on(claim, subject)
    right = count(subject.by(claim.convention) if claim.convention else subject, claim.of, claim.quantity, claim.part)
    if claim.given == "":
        return Verdict(claim.name, "", right, OPEN)
    try:
        if claim.unread:
            raise ModelCostError(claim.unread)
        return verdict_on(claim, subject)
    except ModelCostError as error:
        if not claim.student:
            raise
        return Verdict(claim.name, claim.given, right, NO_FIGURE, note=str(error))


def verdict_on(claim: Claim, subject: Subject) -> Verdict:
    """The verdict on one claim; it is remembered in `subject` for those that follow from it."""
    if claim.convention:
        subject = subject.by(claim.convention)
    if claim.quantity in MEASURED:
        return Verdict(claim.name, claim.given, None, UNJUDGED, note="measured on a machine that nobody knows")
    if claim.quantity == "output_shape":
        return _shape_verdict(claim, subject)
    figure = in_units(claim)
    verdict = verdict_alone(claim, figure, subject)
    subject.own[claim.of, claim.quantity, claim.part] = figure
    if claim.part:
        subject.own.setdefault((claim.of, claim.quantity, ""), figure)
    return verdict


def in_units(claim: Claim) -> Numeral:
    """The figure that was claimed, in the unit in which the quantity is counted."""
    asked = quantity(claim.quantity)
    figure: Numeral = claim.given if claim.tolerance is None else claim.given.within(claim.tolerance)
    if figure.measures and figure.measures != asked.measures:
        if (figure.measures, asked.measures) != ("bits", "bytes"):
            raise ModelCostError(f"{claim.quantity} is not measured in {figure.unit}. Received: {figure.text}")
        figure = figure.scaled(Fraction(1, 8))
    elif not figure.unit:
        figure = figure.scaled(asked.unit)
        figure.unit = {10**6: "MB"}.get(int(asked.unit), "")
    if claim.tolerance is None and asked.measures == "seconds" and figure.exact:
        half = Fraction(1, 2)  # time is no whole number: a claim of 126 s is rounded
        return Numeral(figure.value, figure.value - half, figure.value + half, figure.text, True, figure.unit)
    return figure


def _shape_verdict(claim: Claim, subject: Subject) -> Verdict:
    right = count(subject, claim.of, "output_shape")
    verdict = checked_shape(claim.name, claim.given, right, nearby(subject, claim.of))
    row = subject.row(claim.of)
    if verdict.status != WRONG or row is None:
        return verdict
    from modelcost.homework.variants import layer_variants

    for slip, other in layer_variants(subject, row):
        if tuple(map(int, other.output_shape)) == claim.given:
            verdict.explanations.insert(0, Explanation(slip.bits, Reference(0), [slip], True, ""))
    return verdict


def verdict_alone(claim: Claim, figure: Numeral, subject: Subject) -> Verdict:
    """The verdict on a figure, which is not remembered.

    Right, right by a convention, following from earlier figures, or wrong: asked in this order.
    """
    of, name = claim.of, claim.quantity
    asked = quantity(name)
    several = references(subject, of, name, claim.part)
    right = several[0].count if asked.unit == 1 else Fraction(several[0].count) / asked.unit
    own = _carried(subject, of, name, claim.part)
    if own and all(one.slip or one.count != own[0].count for one in several):
        several = [one.after(STARTS_ANEW) for one in several]
    known = {one.count for one in several}  # what own figures change nothing of does not follow from them
    changed = [one for one in own if one.count not in known]
    if not any(one.slip is None and figure.means(Fraction(one.count)) for one in (*several, *changed)):
        several = [*several, *exactly(subject, name, figure)]
    found = judged(
        claim.name,
        figure,
        [*several, *changed],
        nearby(subject, of),
        _scales(subject, name),
        asked.measures,
        claim.working,
    )
    found.claim, found.right = claim.given, right
    if found.status == WRONG and not found.explanations:
        _without_explanation(found, own, asked)
    return found


def _scales(subject: Subject, name: str) -> tuple[tuple[str, int], ...]:
    """What a figure may have been multiplied by: parameters by nothing, for there is one set of them."""
    return () if "param" in name or name == "optimizer_bytes" else scales(subject)


def _without_explanation(found: Verdict, own: list[Reference], asked: Quantity) -> None:
    """What can be said all the same: what was asked for, and what one's own figures would have given."""
    found.note = f"asked for: {asked.says}"
    follows = Fraction(own[0].count) / asked.unit if own and own[0].slip is None else found.right
    if follows != found.right:
        found.note += f"; from earlier figures of the sheet it would be {written(follows)}"


def _carried(subject: Subject, of: str, name: str, part: str) -> list[Reference]:
    """What the figure would be on the student's own earlier ones; none where no earlier one goes into it."""
    if of not in ("", "model"):
        return []
    own = {key: one for key, one in subject.own.items() if key != (of, name, part)}
    found: list[Reference] = []
    if not own:
        return found
    for figures, rounded in ((own, not all(one.exact for one in own.values())), (_unrounded(own), False)):
        other = subject.carried()
        other.own = figures
        several = [*references(other, of, name, part), *_sums_of_own(other, name, part)]
        for one in several:
            one.bits, one.own = one.bits + CARRIED_ON, True
            one.rounded = rounded and any(not figures[key].exact for key in other.used if key in figures)
        found += several if other.used else []
        if figures == _unrounded(own):
            break
    return found


def _unrounded(own: Own) -> Own:
    """The student's figures with FLOPs that were rounded as they came out of their own multiplies and adds."""
    kept = dict(own)
    parts = [own.get(("model", column, "")) for column in ("multiplies", "adds")]
    flops = own.get(("model", "flops", ""))
    if flops is not None and not flops.exact and all(parts):
        kept["model", "flops", ""] = numeral_of(sum(int(one.value) for one in parts if one is not None))
    return kept


def _sums_of_own(subject: Subject, name: str, part: str) -> Iterator[Reference]:
    """The sum of one's own rows, those that were not given left out; FLOPs as one's own multiplies and adds."""
    of_row = QUANTITIES[name].of_row
    own = {of: one for (of, what, _), one in subject.own.items() if what == name and of != "model"}
    if of_row and own:
        names = [row.name for row in subject.report]
        kept = [(row, own[row]) for row in names if row in own]
        whole = total(Count(int(one.value)).called(row) for row, one in kept)
        missing = [
            row.name
            for row in subject.report
            if row.name not in own and of_row(subject, row, part if _has(row, part) else "")
        ]
        subject.used.add("rows")
        slip = None
        if missing:
            verb = "is" if len(missing) == 1 else "are"
            text = f"the sum of the sheet's own figures: {', '.join(missing)} {verb} left out"
            slip = Slip(OWN_PARTS, 1.0, text, "is anything missing from the sum?", {})
        yield Reference(whole, 1.0 if slip else 0.0, slip=slip)
    if name == "flops":
        columns = [subject.own.get(("model", column, part)) for column in ("multiplies", "adds")]
        if all(columns):
            subject.used.add("columns")
            yield Reference(total(Count(int(one.value)) for one in columns if one))


def _has(row: Any, part: str) -> bool:
    return bool(part) and set(part.split("+")) <= set(row.entry.facts.part_names())
