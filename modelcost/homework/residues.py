"""What a formula can come to once one slip is in it: told from remainders, without trying any slip.

A slip leaves most sizes as they are. What it makes of the formula therefore leaves the same remainder as all that
this slip does not touch, divided by whatever is multiplied with what it does: K*K*C*F with another C is a multiple of
K*K*F. And no size is put in that is larger than the largest at hand. A formula whose remainders do not fit a figure
need not be searched for it.
"""

from __future__ import annotations

from functools import lru_cache
from math import gcd, prod

from modelcost.homework.form import is_short
from modelcost.homework.slips import PASSES, factor_of
from modelcost.homework.words import SPACE, letter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from modelcost.homework.form import Form, Node, Shape

    Term = tuple[int, tuple[Node, ...]]
    Group = list[tuple[int, list[tuple[int, list[int]]]]]
    Residue = tuple[int, int, int, int]

MOST_TERMS = 100
"""Products that a formula is multiplied out into; of one with more nothing is told."""


class Residues:
    """What may come out of a formula with one thing in it wrong.

    `points`: each figure, where it is known what may stand in place of a size. `lines`: else, as (remainder, divisor,
    least, most), the remainder that any figure leaves.

    >>> from modelcost.count import Count
    >>> from modelcost.homework.form import Form
    >>> form = Form(Count(3, "K") * Count(16, "C") * Count(32, "F") + Count(32, "F"))
    >>> residues = Residues(form, [])
    >>> residues.fit(3 * 32 + 32, 3 * 32 + 32), residues.fit(1541, 1541)
    (True, False)
    """

    def __init__(self, form: Form, others: Iterable[tuple[str, int]]) -> None:
        sizes = [value for leaf in form.leaves for value in (leaf.value, *form.sizes_behind(leaf).values())]
        self.sizes = {1, 2, *sizes, *(value for _, value in others), *dict(PASSES)}
        self.largest = 1 + max(self.sizes)
        self.points: set[int] = set()
        self.lines: set[Residue] = set()
        groups = _groups(form.shape)
        self.told = groups is not None
        if groups is not None:
            self.lines.update(self._of_several(form.values, group) for group in groups)
            self._add_of_one(form)

    def fit(self, low: Any, high: Any) -> bool:
        """Whether one slip may make a figure from `low` to `high`; where this is false, none does."""
        if not self.told or (low in self.points if low == high else any(low <= one <= high for one in self.points)):
            return True
        return any(
            (first := max(low, least)) <= (last := min(high, most))
            and (first + (remainder - first) % divisor <= last if divisor else first <= remainder <= last)
            for remainder, divisor, least, most in self.lines
        )

    def _of_several(self, values: Sequence[int], group: Group) -> Residue:
        """Some leaves are others, those of one name all the same."""
        remainder, least, most, steps = 0, 0, 0, []
        for others, terms in group:
            times = sum([sign * prod([values[place] for place in rest]) for sign, rest in terms])
            if others:
                bound = times * self.largest**others
                least, most = least + min(bound, 0), most + max(bound, 0)
                steps.append(times)
            else:
                remainder = times
        return remainder, gcd(*steps), remainder + least, remainder + most

    def _add_of_one(self, form: Form) -> None:
        """One node is another, the others are as they are: what comes out lies on a straight line."""
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
                self._add_other(node, start, slope)

    def _add_other(self, node: Node, start: int, slope: int) -> None:
        """Another size in place of one: any, where windows are counted."""
        own = (node.value - 1, node.value + 1, node.value**2)
        if letter(node.name) not in SPACE:
            self.points.update([start + slope * size for size in (*self.sizes, *own)])
            return
        end = start + slope * max(self.largest, *own)
        self.lines.add((start, abs(slope), min(start, end), max(start, end)))


@lru_cache(maxsize=1_000)
def _groups(shape: Shape) -> list[Group] | None:
    """What stays as it is where some leaves are others, for each set of leaves; None where that is too much to tell."""
    terms = _multiplied_out(shape.form.root)
    return None if terms is None else [_group(terms, chosen) for chosen in _wrong_together(shape.form)]


def _group(terms: list[Term], chosen: Mapping[int, str]) -> Group:
    """The terms of a formula by which of the chosen leaves they have: of how many, and what is left of each term."""
    found: dict[tuple[str, ...], list[tuple[int, list[int]]]] = {}
    for sign, leaves in terms:
        names = sorted(chosen[leaf.index] for leaf in leaves if leaf.index in chosen)
        rest = [leaf.index for leaf in leaves if leaf.index not in chosen]
        found.setdefault(tuple(names), []).append((sign, rest))
    return [(len(names), several) for names, several in found.items()]


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


def _wrong_together(form: Form) -> Iterator[dict[int, str]]:
    """The leaves that one slip may change together, each with what all of one name are called."""
    for name, leaves in form.named.items():
        factors = [leaf for leaf in leaves if factor_of(leaf)]
        if name is None:
            values = {leaf.value for leaf in factors}
            yield from ({leaf.index: "" for leaf in factors if leaf.value == value} for value in values)
            continue
        alone = [leaf for leaf in leaves if leaf.up is form.root and not factor_of(leaf)]
        for several in (factors, [*factors, *alone], leaves):
            if len(several) > 1:
                yield {leaf.index: "" for leaf in several}
    for letters in (("K",), SPACE):
        chosen = [leaf for leaf in form.leaves if letter(leaf.name) in letters]
        if len({leaf.name for leaf in chosen}) > 1:
            yield {leaf.index: f"{leaf.name} {factor_of(leaf)}" for leaf in chosen}
