"""Which slips make a wanted figure out of a formula: each slip alone, then two and three together, likeliest first.

A long sum is searched part by part, in `sums`.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from functools import cached_property, lru_cache
from itertools import combinations_with_replacement, islice
from math import inf

from modelcost.homework.form import Form, is_short, is_sum
from modelcost.homework.slips import Slip, slips

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from fractions import Fraction
    from typing import Any, Protocol

    from modelcost.homework.form import Node
    from modelcost.homework.points import Points

    Found = tuple[float, tuple[Slip, ...]]
    Outcome = tuple[int, float, tuple[Slip, ...]]
    Places = tuple[int, int, int]

    class Search(Protocol):
        """What finds the slips that make a figure; `place`: bits of in which part of a sum one is."""

        place: float

        @property
        def form(self) -> Form: ...

        def explained(self, low: Any, high: Any, most: int, limit: float = ...) -> Iterator[Found]: ...

        def reaches(self, low: Any, high: Any) -> bool: ...


MOST_TRIED = {2: 10_000, 3: 20_000}
"""Combinations that are evaluated, the likeliest of them: what is left out is too far-fetched to be told."""
FURTHER = 1.5  # bits that each further slip is more surprising than it is alone
LEAST = 1.0  # bits that each slip has at least
LIKELY = 4.0  # bits that a slip has at most for which sizes nearby are not thought of
SHORT = 45  # nodes of a formula that is searched as one


class ByValue:
    """Rows in the order of their first two entries, which are found by the first, a whole number.

    >>> ByValue([(7, 2.0, "b"), (3, 1.0, "a"), (7, 1.0, "c")]).between(4, 9)
    [(7, 1.0, 'c'), (7, 2.0, 'b')]
    """

    def __init__(self, rows: Iterable[Any]) -> None:
        self.rows = sorted(rows, key=_in_order)
        self.values = [row[0] for row in self.rows]  # numbers alone are compared fastest

    def between(self, low: Any, high: Any) -> list[Any]:
        """The rows whose first entry is from `low` to `high`."""
        first = bisect_left(self.values, low)
        return self.rows[first : bisect_right(self.values, high, first)]


class Tried:
    """One formula with all that can go wrong in it; what each slip, and each pair, comes to is worked out once."""

    place = 0.0

    def __init__(self, form: Form, others: Iterable[tuple[str, int]] = ()) -> None:
        self.form, self.others = form, tuple(others)
        self.known: dict[int, tuple[float, ByValue]] = {}

    @cached_property
    def slips(self) -> list[Slip]:
        """All that can go wrong in it, the likeliest first."""
        return _slips(self.form, self.others)[0]

    @cached_property
    def points(self) -> Points:
        """What tells that no slip makes a figure before any was tried."""
        from modelcost.homework.points import Points

        return Points(self.form, self.others)

    def likely(self, most: float) -> list[Slip]:
        """The slips of at most so many bits; where that is no more than `LIKELY`, all need not be thought of."""
        several = self.slips if most > LIKELY or 1 in self.known else _likely(self.form)
        return [slip for slip in several if slip.bits <= most]

    def outcomes(self, count: int, limit: float = inf) -> list[Outcome]:
        """What so many slips together come to, as (value, bits, slips), by value: all of at most `limit` bits."""
        return self._by_value(count, limit).rows

    def _by_value(self, count: int, limit: float) -> ByValue:
        if count == 1 and count not in self.known:
            self.known[count] = inf, _slips(self.form, self.others)[1]
        if count not in self.known or self.known[count][0] < limit:
            found: list[Outcome] = [] if count else [(self.form.value, 0.0, ())]
            for bits, several in islice(self._combined(count, limit), MOST_TRIED[count]) if count else ():
                found.append((self.form.valued(together(several)), bits, several))
            self.known[count] = limit, ByValue(found)
        return self.known[count][1]

    def _combined(self, count: int, limit: float) -> Iterator[Found]:
        """Sets of slips that can go together, the likeliest first."""
        one_of = self.likely(limit - (count - 1) * (FURTHER + LEAST))
        places = [_places(self.form, slip) for slip in one_of]
        for bits, chosen in _combinations(one_of, places, count, limit):
            yield bits, tuple(one_of[rank] for rank in chosen)

    def explained(self, low: Any, high: Any, most: int, limit: float = inf) -> Iterator[Found]:
        """The sets of at most so many slips, and bits, with which the formula comes to a value from `low` to `high`."""
        for count in range(most + 1):
            if count == 1 and 1 not in self.known and not self.points.fit(low, high):
                continue
            if count == 1 and limit <= LIKELY:
                found = ((slip.bits, (slip,)) for slip in self.likely(limit))
                yield from (one for one in found if low <= self.form.valued(one[1][0].values) <= high)
            else:
                outcomes = self._by_value(count, limit).between(low, high)
                yield from ((bits, several) for _, bits, several in outcomes if bits <= limit)

    @cached_property
    def _made(self) -> set[int]:
        """What one slip comes to, and nothing more."""
        return set(self._by_value(1, inf).values)

    def reaches(self, low: Any, high: Any) -> bool:
        """Whether one slip may make a value from `low` to `high`: told at once where all slips are known."""
        return low != high or 1 not in self.known or low in self._made


@lru_cache(maxsize=5_000)
def _slips(form: Form, others: tuple[tuple[str, int], ...]) -> tuple[list[Slip], ByValue]:
    """The slips of a form, and what each comes to: once for all that are alike, as layers and the claims of a class."""
    found = slips(form, others)
    return found, ByValue((form.valued(slip.values), slip.bits, (slip,)) for slip in found)


@lru_cache(maxsize=5_000)
def _likely(form: Form) -> list[Slip]:
    return slips(form, most=LIKELY)


def _combinations(
    slips: Sequence[Slip], places: Sequence[Places], count: int, limit: float
) -> Iterator[tuple[float, tuple[int, ...]]]:
    """Sets of so many slips, of at most so many bits, that can go together, by their ranks; the likeliest first."""
    ranks: dict[float, list[int]] = {}
    for rank, slip in enumerate(slips):
        ranks.setdefault(slip.bits, []).append(rank)
    for several in sorted(combinations_with_replacement(ranks, count), key=sum):
        bits = sum(several) + (count - 1) * FURTHER
        if bits > limit:
            return
        for chosen in _chosen([ranks[one] for one in several], places):
            yield bits, chosen


def _chosen(
    lists: Sequence[list[int]], places: Sequence[Places], before: tuple[int, ...] = ()
) -> Iterator[tuple[int, ...]]:
    """One rank of each list, in ascending order, all of slips that can go together."""
    if len(before) == len(lists):
        yield before
        return
    for rank in lists[len(before)]:
        if (not before or rank > before[-1]) and all(_together(places[rank], places[other]) for other in before):
            yield from _chosen(lists, places, (*before, rank))


def _in_order(row: Any) -> tuple[int, float]:
    return row[0], row[1]


def _places(form: Form, slip: Slip) -> Places:
    under = own = out = 0
    for top, value in slip.values.items():
        place = 1 << top
        under, own, out = under | form.nodes[top].within, own | place, out if value else out | place
    return under, own, out


def _together(one: Places, other: Places) -> bool:
    """Whether two slips are about different things: each changes something that the other leaves as it is."""
    (under, own, out), (under_other, others, out_other) = one, other
    if not under & under_other:
        return True
    if own & others & ~(out | out_other):
        return False
    return bool(others & ~(out | under & ~own)) and bool(own & ~(out_other | under_other & ~others))


def ends(low: Fraction, high: Fraction) -> tuple[Any, Any]:
    """From where to where a figure may be, as whole numbers where they are: those compare much faster."""
    return tuple(int(one) if one.denominator == 1 else one for one in (low, high))  # type: ignore[return-value]


def together(several: Sequence[Slip]) -> dict[int, int]:
    """The values that several slips put in; what one of them leaves out as a term is out."""
    values: dict[int, int] = {}
    for slip in several:
        for place, value in slip.values.items():
            values[place] = value if values.get(place, value) else 0
    return values


def searched(count: Any, others: Iterable[tuple[str, int]] = ()) -> Search:
    """What searches a count: as one formula where it is short, part by part where it is a sum of many."""
    nearby = tuple(others)
    if not is_sum(count, SHORT):
        form = Form(count, most=SHORT)
        if len(form.nodes) <= SHORT and not any(map(_of_named_parts, form.nodes)):
            return Tried(form, nearby)
    if is_sum(count, 1):
        from modelcost.homework.sums import TriedSum

        return TriedSum(count, nearby)
    from modelcost.homework.products import TriedProduct

    return TriedProduct(count, nearby)


def _of_named_parts(node: Node) -> bool:
    """Whether a node is a sum of parts that have names of their own, as layers have."""
    return node.op == "add" and any(
        part.name is not None and part.op != "leaf" and not is_short(part.name) for part in node.parts
    )
