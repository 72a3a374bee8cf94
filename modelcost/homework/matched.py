"""A student's working beside the right one: whether its arithmetic is right, and factor by factor what differs."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import permutations
from math import log2

from modelcost.homework.diagnosis import MARGIN, Explanation, diagnosed, information
from modelcost.homework.misread import numeral_of
from modelcost.homework.slips import Slip
from modelcost.homework.verdict import WRONG, Verdict, goes_on, written
from modelcost.homework.words import left_out, many, the
from modelcost.homework.working import Step, working

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from modelcost.homework.form import Form, Node
    from modelcost.homework.numerals import Numeral
    from modelcost.homework.references import Nearby, Reference

CONFIRMED = 4.0  # bits that a working with just these numbers makes an explanation less surprising
EACH = 2.5  # bits of a factor that differs, read off the working
MOST_DIFFERENT = 3
MOST_MISSING = 8
MOST_TERMS = 6
MOST_COMPARED = 4


def with_working(
    what: str, claim: Numeral, references: Sequence[Reference], nearby: Nearby, scales: Nearby, measures: str, text: str
) -> Verdict:
    """The verdict on a wrong claim whose working was given."""
    step = working(text)
    right = references[0].count
    miscounted = not claim.means(step.value)
    comes_to = numeral_of(step.value if step.value.denominator != 1 else int(step.value)) if miscounted else claim
    note = f"the working itself comes to {written(step.value)}, not {written(claim)}" if miscounted else ""
    if miscounted and step.value == right:
        note = f"{note}: it is right, and was added up or multiplied wrongly"
        return Verdict(what, claim, right, WRONG, diagnosed(claim, references[:1], (), scales, measures), note=note)
    explanations = diagnosed(comes_to, references, nearby, scales, measures)
    for one in explanations:
        if _same_numbers(one, step):
            one.bits, one.certain = one.bits - CONFIRMED, one.certain or one.bits - CONFIRMED <= information(comes_to)
    explanations += compared(step, comes_to, _simplest(references), nearby)
    explanations.sort(key=lambda one: (not one.certain, one.bits))
    note = "; ".join(one for one in (note, goes_on(explanations)) if one)
    return Verdict(what, claim, right, WRONG, explanations, note=note)


def _simplest(references: Sequence[Reference]) -> list[Reference]:
    """The likeliest figures that were meant as such, and not for another."""
    return sorted((one for one in references if one.slip is None), key=lambda one: one.bits)[:MOST_COMPARED]


def _same_numbers(explanation: Explanation, step: Step) -> bool:
    """Whether an explanation's working is a sum of the same products as the student's."""
    if not explanation.working:
        return False
    presumed = working(explanation.working)
    mine, theirs = (sorted(sorted(_factors(term).elements()) for term in one.terms()) for one in (presumed, step))
    return mine == theirs


def compared(step: Step, claim: Numeral, references: Sequence[Reference], nearby: Nearby) -> list[Explanation]:
    """Explanations that are read off the working: factors of it that differ from those of the formula."""
    found = []
    for reference in references:
        search = reference.search(nearby)
        slips = None if search is None else by_terms(step, search.form, nearby)
        if slips is not None and 0 < len(slips) <= MOST_DIFFERENT:
            bits = reference.bits + EACH * len(slips) + 1.0
            found.append(Explanation(bits, reference, slips, bits + MARGIN - CONFIRMED <= information(claim), ""))
    return found


def by_terms(step: Step, form: Form, nearby: Nearby = ()) -> list[Slip] | None:
    """Which factors differ, term by term where both are sums of as many products; None where they cannot be paired.

    >>> from modelcost.count import Count
    >>> from modelcost.homework.form import Form
    >>> form = Form(Count(3, "K") * Count(64, "C") * Count(32, "F") + Count(32, "F"))
    >>> [slip.text for slip in by_terms(working("3*16*32 + 32"), form)]
    ['16 stands where the 64 input channels belong']
    """
    if all(node.op != "add" for node in form.nodes):
        return differences(step, form, nearby)
    if form.root.op != "add" or any(node.op == "add" for node in form.nodes if node is not form.root):
        return None
    terms = {part.index: _without_ones(part) for part in form.root.parts}
    theirs = step.terms()
    if len(theirs) != len(terms) or len(terms) > MOST_TERMS:
        return None
    left = [one for one in theirs if _factors(one) not in terms.values()]
    other = [part for part in form.root.parts if terms[part.index] not in map(_factors, theirs)]
    if len(left) != 1 or len(other) != 1:
        return None
    return differences(left[0], form, nearby, other[0])


def _factors(step: Step) -> Counter[Fraction]:
    return Counter(factor for factor in step.factors() if factor != 1)


def _without_ones(part: Node) -> Counter[Fraction]:
    return Counter(Fraction(leaf.value) for leaf in part.leaves if leaf.value != 1)


def differences(step: Step, form: Form, nearby: Nearby = (), within: Node | None = None) -> list[Slip] | None:
    """Which factors of a product are others in a working, or missing, or too many; None where they cannot be paired.

    >>> from modelcost.count import Count
    >>> from modelcost.homework.form import Form
    >>> form = Form(Count(256, "U") * (Count(5, "H") * Count(5, "W") * Count(64, "F")).called("C"))
    >>> [slip.text for slip in differences(working("256*(10*5*5)"), form)]
    ['10 stands where the 64 channels belong']
    """
    parts = [part for part in (within or form.root).leaves if part.value != 1]
    extra, missing = _unlike([factor for factor in step.factors() if factor != 1], parts)
    _paired(extra, missing)
    if len(extra) > len(missing) + 1 or len(extra) > MOST_DIFFERENT or len(missing) > MOST_MISSING:
        return None
    missing = _nearest(extra, missing)
    known = {value: what for what, value in nearby}
    slips = [_instead(value, part, form, known) for value, part in zip(extra, missing, strict=False)]
    slips += [Slip("without", EACH, left_out(part, form), "a factor is missing", {}) for part in missing[len(extra) :]]
    more = [
        Slip("extra", EACH, f"the factor {written(value)} does not belong", "", {}) for value in extra[len(missing) :]
    ]
    return slips + more


def _unlike(theirs: list[Fraction], parts: list[Node]) -> tuple[list[Fraction], list[Node]]:
    """What differs: place by place where as many stand in the same order, else whatever has none of its value."""
    left = Counter(theirs)
    missing: list[Node] = []
    for part in parts:
        if left[Fraction(part.value)] > 0:
            left[Fraction(part.value)] -= 1
        else:
            missing.append(part)
    places = [i for i, (one, part) in enumerate(zip(theirs, parts, strict=False)) if one != part.value]
    if len(theirs) == len(parts) and len(places) == len(missing):
        return [theirs[i] for i in places], [parts[i] for i in places]
    return sorted(left.elements()), missing


def _nearest(extra: list[Fraction], missing: list[Node]) -> list[Node]:
    """What is missing, in the order of what stands in its place: each by that which is nearest to it in size."""
    if not extra or len(extra) >= len(missing) + 1 or any(value <= 0 for value in extra):
        return sorted(missing, key=lambda part: part.value)
    sizes = [log2(value) for value in extra]

    def distance(chosen: tuple[Node, ...]) -> float:
        return sum(abs(size - log2(part.value)) for size, part in zip(sizes, chosen, strict=True))

    chosen = min(permutations(missing, len(extra)), key=distance)
    return [*chosen, *(part for part in missing if part not in chosen)]


def _paired(extra: list[Fraction], missing: list[Node]) -> None:
    """Take away what is the same on both sides once two factors are multiplied: 9 for 3*3."""
    for value in list(extra):
        pairs = ((a, b) for i, a in enumerate(missing) for b in missing[i + 1 :])
        same = next(((a, b) for a, b in pairs if a.value * b.value == value), None)
        if same:
            extra.remove(value)
            missing.remove(same[0])
            missing.remove(same[1])


def _instead(value: Fraction, part: Node, form: Form, known: dict[int, str]) -> Slip:
    what = f" ({known[int(value)]})" if value.denominator == 1 and int(value) in known else ""
    verb = "belong" if many(part, form) else "belongs"
    text = f"{written(value)}{what} stands where {the(part, form)} {verb}"
    return Slip("instead", EACH, text, f"look at each factor: {the(part, form).rpartition(' ')[2]}", {})
