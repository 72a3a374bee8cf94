"""Exact figures of training that a claim may be: by other conventions, and of other networks."""

from __future__ import annotations

from fractions import Fraction

from modelcost.conventions import CONVENTIONS
from modelcost.errors import ModelCostError
from modelcost.homework.passes import by_hand, trains, ways
from modelcost.homework.quantities import count
from modelcost.homework.references import (
    NOT_THE_NETWORK,
    OTHER_CONVENTION,
    Reference,
    by_convention,
    of_network,
    variants_of,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from modelcost.homework.numerals import Numeral
    from modelcost.homework.subject import Subject

NOT_FAR = 4
"""Times that what training costs may be more, or less, than it is by hand (a backward pass is 0 to 3 forward passes),
or than the right figure is, of which the optimizer may be nearly all.
"""
RELATED = Fraction(3, 2)
"""The same where a related network tells how much more, or less, it is."""


def exactly(subject: Subject, name: str, claim: Numeral) -> Iterator[Reference]:
    """The exact figures of training by other conventions, and of other networks, that the claim is.

    A network is costed once more for each, so only for those that are of the claim's size.
    """
    if not trains(subject, name):
        return
    right = Fraction(count(subject, "model", name))
    for i, convention in enumerate(CONVENTIONS):
        if convention in (*NOT_THE_NETWORK, subject.convention):
            continue
        by_examples = by_convention(subject, "model", name, "", convention)
        if _near([*by_examples, ("", right)], claim):  # by hand, nothing is told of what an optimizer does
            try:
                CONVENTIONS[convention].flops_of(())  # one that covers the forward pass alone refuses even no work
                figures = list(ways(subject.by(convention), name))
            except ModelCostError:
                continue  # by hand, that is all it takes
            for way, figure in figures:
                if claim.means(Fraction(figure)):
                    yield Reference(figure, OTHER_CONVENTION + i / 10, convention, way=way)
    for other, variant in variants_of(subject):
        pairs = zip(by_hand(variant, name), by_hand(subject, name), strict=True)
        if _near(((way, figure * right / own) for (way, figure), (_, own) in pairs), claim, RELATED):
            figure = count(variant, "model", name)
            if claim.means(Fraction(figure)):
                yield of_network(figure, other)


def _near(by_examples: Iterable[tuple[str, Any]], claim: Numeral, times: Any = NOT_FAR) -> bool:
    """Whether one of the figures that are worked out by hand is of the claim's size."""
    return any(figure < times * claim.high and claim.low < times * figure for _, figure in by_examples)
