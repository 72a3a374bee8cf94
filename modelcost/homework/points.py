"""What a formula can come to once one slip is in it: told without thinking of any slip.

Most slips put one size in place of another, or leave a size out; there are as many outcomes as there are places and
sizes at hand. A formula that comes to a figure under none of these need not be searched for it.
"""

from __future__ import annotations

from functools import lru_cache
from math import prod

from modelcost.homework.form import is_short
from modelcost.homework.slips import PASSES, factor_of, windows_miscounted
from modelcost.homework.words import SPACE, letter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from modelcost.homework.form import Form, Node, Shape

    Term = tuple[int, tuple[Node, ...]]
    Together = tuple[list[Node], tuple[int, ...]]
    Group = tuple[tuple[int, ...], list[tuple[int, list[tuple[int, list[int]]]]]]

MOST_TERMS = 100
"""Products that a formula is multiplied out into; of one with more nothing is told."""


class Points:
    """The figures that may come out of a formula with one thing in it wrong: all that do, and a few more.

    >>> from modelcost.count import Count
    >>> from modelcost.homework.form import Form
    >>> form = Form(Count(3, "K") * Count(16, "C") * Count(32, "F") + Count(32, "F"))
    >>> points = Points(form, [])
    >>> points.fit(3 * 32 + 32, 3 * 32 + 32), points.fit(1541, 1541)
    (True, False)
    """

    def __init__(self, form: Form, others: Iterable[tuple[str, int]]) -> None:
        sizes = [value for leaf in form.leaves for value in (leaf.value, *form.sizes_behind(leaf).values())]
        self.sizes = {1, 2, *sizes, *(value for _, value in others), *dict(PASSES)}
        self.points = {form.valued(slip.values) for slip in windows_miscounted(form)}
        groups = _groups(form.shape)
        self.told = groups is not None
        if groups is not None:
            for group in groups:
                self._add_of_several(form.values, group)
            self._add_of_one(form)

    def fit(self, low: Any, high: Any) -> bool:
        """Whether one slip may make a figure from `low` to `high`; where this is false, none does."""
        if not self.told:
            return True
        return low in self.points if low == high else any(low <= one <= high for one in self.points)

    def _add_of_several(self, values: Sequence[int], group: Group) -> None:
        """Some leaves are others, all of them the same."""
        put_in, powers = group
        sums = [
            (power, sum([sign * prod([values[i] for i in rest]) for sign, rest in terms])) for power, terms in powers
        ]
        self.points.update([sum([times * size**power for power, times in sums]) for size in put_in or self.sizes])

    def _add_of_one(self, form: Form) -> None:
        """One node is another, the others are as they are: what comes out grows with it evenly."""
        slopes = {form.root.index: 1}
        for node in reversed(form.nodes):
            slope = slopes[node.index]
            for part, sign in zip(node.parts, node.signs, strict=True):
                beside = prod(other.value for other in node.parts if other is not part) if node.op == "mul" else sign
                slopes[part.index] = slope * beside
            start = form.value - slope * node.value
            if node.up is not None and node.up.op == "add":
                self.points |= {start, start + 2 * slope * node.value}
            if node.op == "leaf" or is_short(node.name or ""):
                own = (node.value - 1, node.value + 1, node.value**2)
                self.points.update([start + slope * size for size in (*self.sizes, *own)])


@lru_cache(maxsize=1_000)
def _groups(shape: Shape) -> list[Group] | None:
    """The leaves that one slip may change together: what may be put in for them, nothing for any size at hand; and the
    formula as a sum of their powers, each with what it is multiplied by. None where that is too much to tell.
    """
    terms = _multiplied_out(shape.form.root)
    return None if terms is None else [_group(terms, *chosen) for chosen in _wrong_together(shape.form)]


def _group(terms: list[Term], chosen: list[Node], put_in: tuple[int, ...]) -> Group:
    places = {leaf.index for leaf in chosen}
    powers: dict[int, list[tuple[int, list[int]]]] = {}
    for sign, leaves in terms:
        rest = [leaf.index for leaf in leaves if leaf.index not in places]
        powers.setdefault(len(leaves) - len(rest), []).append((sign, rest))
    return put_in, list(powers.items())


def _multiplied_out(node: Node) -> list[Term] | None:
    """A formula as a sum of products, each with its sign; None where these are too many."""
    if node.op == "leaf":
        return [(1, (node,))]
    found: list[Term] = [(1, ())] if node.op == "mul" else []
    for part, sign in zip(node.parts, node.signs, strict=True):
        terms = _multiplied_out(part)
        if terms is None or len(terms) * len(found) > MOST_TERMS:
            return None
        if node.op == "add":
            found += [(sign * own, leaves) for own, leaves in terms]
        else:
            found = [(a * b, (*before, *leaves)) for a, before in found for b, leaves in terms]
    return found


def _wrong_together(form: Form) -> Iterator[Together]:
    """The leaves that one slip may change together, and what may be put in for them; nothing for any size at hand."""
    for name, leaves in form.named.items():
        factors = [leaf for leaf in leaves if factor_of(leaf)]
        if name is None:
            for value in {leaf.value for leaf in factors}:
                yield [leaf for leaf in factors if leaf.value == value], (1, 2, value - 1, value + 1)
        elif len(leaves) > 1:
            yield factors, (1,)
            yield [*factors, *(leaf for leaf in leaves if leaf.up is form.root and not factor_of(leaf))], (1,)
            yield leaves, ()
    for letters in (("K",), SPACE):
        yield [leaf for leaf in form.leaves if letter(leaf.name) in letters and factor_of(leaf)], (1,)
