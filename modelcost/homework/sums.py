"""Long sums, such as a model's layers, and what is multiplied with them: searched part by part.

What the whole is off by, one part must be off by, or two together; or every part in the same way.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from fractions import Fraction
from functools import cached_property
from itertools import chain
from math import inf, log2

from modelcost.homework.form import Form
from modelcost.homework.search import FURTHER, Tried, ends, searched
from modelcost.homework.slips import Slip

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from modelcost.homework.form import Node
    from modelcost.homework.search import Found, Search

    Change = tuple[int, float, Slip, frozenset[str]]

OMITTED, TWICE, GROUP, EVERYWHERE = 3.0, 5.0, 3.0, 0.5
COMMON = 3.5  # bits: likelier slips than this may have been made in every part alike
IN_ONE_PART = 9.0  # bits that two slips in the same part of a sum have at most
LEAST_OF_TWO = 3.5
"""Bits that two slips have at least of which one is in a part, beside those of which part it is."""
MOST_PARTS = 400
MOST_PAIRS = 4_000  # changes, the likeliest, of which pairs are formed


class TriedSum:
    """A sum, part by part; a part that stands in it by name is called so."""

    def __init__(self, form: Form, others: tuple[tuple[str, int], ...] = ()) -> None:
        self.form, self.others = form, others
        self.parts = {_name(part, i): part for i, part in enumerate(form.root.parts) if part.value}
        self.place = log2(max(len(self.parts), 1)) / 2
        self._searches: dict[str, Search] = {}
        self._changes: list[Change] | None = None

    def search(self, name: str) -> Search:
        """What searches one part."""
        if name not in self._searches:
            self._searches[name] = searched(self.parts[name].behind, self.others)
        return self._searches[name]

    def explained(self, low: Any, high: Any, most: int, limit: float = inf) -> Iterator[Found]:
        """The sets of at most so many slips, and bits, with which the sum comes to a value from `low` to `high`."""
        value = self.form.value
        if low <= value <= high:
            yield 0.0, ()
        if most < 1 or len(self.parts) > MOST_PARTS:
            return
        if limit < LEAST_OF_TWO + self.place:
            most = 1
        if most == 1 and limit < inf and self._changes is None:
            yield from self._one_part(low - value, high - value, limit)  # all else is likelier in other figures
            return
        found = self._one(low - value, high - value, limit)
        if most > 1:
            found = chain(found, self._in_one_part(low, high, most, limit), self._two(low - value, high - value, limit))
        yield from (one for one in found if one[0] <= limit)

    def changes(self) -> list[Change]:
        """What each single slip changes the sum by, as (change, bits, slip, parts that it is in), by change."""
        if self._changes is None:
            found = [*self._left_out(), *self._within(), *self._in_all()]
            self._changes = sorted(found, key=lambda change: change[:2])
        return self._changes

    def _one(self, low: Any, high: Any, limit: float) -> Iterator[Found]:
        for change in _between(self.changes(), low, high):
            yield change[1], (placed(change),)
        for name in self.long:
            value = self.parts[name].value
            for bits, several in self.search(name).explained(low + value, high + value, 1, limit - self.place):
                yield bits + self.place, tuple(_at(name, slip) for slip in several)

    def _one_part(self, low: Any, high: Any, limit: float) -> Iterator[Found]:
        """A part left out or counted twice: that is seen without a search of every part."""
        return ((one[1], (placed(one),)) for one in self._left_out() if low <= one[0] <= high and one[1] <= limit)

    def _two(self, low: Any, high: Any, limit: float) -> Iterator[Found]:
        """Slips in two parts. The second is looked up by what the first leaves, those of few bits first."""
        likely = sorted(self.changes(), key=lambda change: change[1])[:MOST_PAIRS]
        if not likely:
            return
        likely = [change for change in likely if change[1] + likely[0][1] + FURTHER <= limit]
        by_change = sorted(likely, key=lambda change: change[:2])
        for one in likely:
            for other in _between(by_change, low - one[0], high - one[0]):
                if not one[3] & other[3] and min(one[3]) < min(other[3]):
                    yield one[1] + other[1] + FURTHER, (placed(one), placed(other))

    def _in_one_part(self, low: Any, high: Any, most: int, limit: float) -> Iterator[Found]:
        """Several slips in one part, which is then off by all that the sum is off by."""
        bound = min(limit - self.place, IN_ONE_PART)
        for name, part in self.parts.items():
            rest = self.form.value - part.value
            if low - rest < 0 or low - rest > part.value * 10_000:
                continue
            for bits, several in self.search(name).explained(low - rest, high - rest, min(most, 2), bound):
                if len(several) > 1:
                    yield bits + self.place, tuple(_at(name, slip) for slip in several)

    def _left_out(self) -> Iterator[Change]:
        groups: dict[str, list[str]] = {}
        for name, part in self.parts.items():
            groups.setdefault(re.sub(r"_?\d+$", "", name), []).append(name)
            text, hint = f"{name} ({part.value:,}) is left out", f"a part of the sum is missing: {name}"
            yield -part.value, OMITTED + self.place, Slip("without part", OMITTED, text, hint, {}), frozenset([name])
            text, hint = f"{name} ({part.value:,}) is counted twice", f"a part of the sum stands in it twice: {name}"
            yield part.value, TWICE + self.place, Slip("part twice", TWICE, text, hint, {}), frozenset([name])
        for names in groups.values():
            if 1 < len(names) < len(self.parts):
                change = -sum(self.parts[name].value for name in names)
                text, hint = f"{' and '.join(names)} are left out", "several parts of the sum are missing"
                yield change, GROUP + self.place, Slip("without parts", GROUP, text, hint, {}), frozenset(names)

    def _within(self) -> Iterator[Change]:
        for name, part in self.parts.items():
            search = self.search(name)
            if not isinstance(search, Tried):
                continue
            where = frozenset([name])
            for value, bits, (slip,) in search.outcomes(1):
                yield value - part.value, bits + self.place + 0.5, slip, where

    @cached_property
    def long(self) -> list[str]:
        """The parts that are searched part by part in their turn."""
        return [name for name in self.parts if not isinstance(self.search(name), Tried)]

    def _in_all(self) -> Iterator[Change]:
        """The same slip in every part in which it can be made."""
        by_kind: dict[str, list[tuple[str, int, Slip]]] = {}
        for name, part in self.parts.items():
            search = self.search(name)
            for kind, slip in _common(search).items() if isinstance(search, Tried) else ():
                by_kind.setdefault(kind, []).append((name, search.form.valued(slip.values) - part.value, slip))
        for kind, several in by_kind.items():
            if len(several) > 1:
                change, bits = sum(change for _, change, _ in several), several[0][2].bits + EVERYWHERE
                text = f"in all of {', '.join(name for name, _, _ in several)}: {_plain(several[0][2].text)}"
                slip = Slip(f"{kind} everywhere", bits, text, several[0][2].hint, {})
                yield change, bits, slip, frozenset(name for name, _, _ in several)


def _common(search: Tried) -> dict[str, Slip]:
    """The likeliest slip of each kind, of those that may well be made throughout."""
    found: dict[str, Slip] = {}
    for slip in search.slips:
        if slip.bits <= COMMON:
            found.setdefault(re.sub(r" \(.*", "", slip.kind), slip)
    return found


def _plain(text: str) -> str:
    """What a slip is, without the figures of one layer."""
    return re.sub(r" \([\d,]+\)|(?<=the )[\d,]+ ", "", text)


def _between(changes: list[Change], low: Any, high: Any) -> list[Change]:
    first = bisect_left(changes, low, key=lambda change: change[0])
    return changes[first : bisect_right(changes, high, key=lambda change: change[0])]


def _name(part: Node, place: int) -> str:
    return part.name if part.name and part.op != "leaf" else part.name or f"term {place + 1}"


def placed(change: Change) -> Slip:
    """The slip of a change; where it was made, if it is one with the formula of a part."""
    _, _, slip, where = change
    return _at(min(where), slip) if slip.values else slip


def _at(name: str, slip: Slip) -> Slip:
    """A slip, and in which part it was made."""
    return Slip(slip.kind, slip.bits, f"{name}: {slip.text}", f"{name}: {slip.hint}", {})


class TriedProduct:
    """A product of a few sizes and of one long sum, such as the batch times what the layers cost."""

    def __init__(self, form: Form, others: tuple[tuple[str, int], ...] = ()) -> None:
        self.form = form
        longest = max(form.root.parts, key=lambda part: len(list(part.within())))
        self.inner = searched(longest.behind, others) if longest.op != "leaf" else None
        self.outer = Tried(Form(_folded(form.root, longest)), others)
        self.folded = longest.value

    def explained(self, low: Any, high: Any, most: int, limit: float = inf) -> Iterator[Found]:
        """The sets of at most so many slips, and bits, with which it comes to a value from `low` to `high`."""
        for count in range(min(most, 2) + 1):
            for value, bits, several in self.outer.outcomes(count, limit):
                if value <= 0 or bits > limit or self.inner is None or any("sum of" in slip.text for slip in several):
                    continue
                left = 0 if most == count else min(most - count, 1 if count else 2)
                further = FURTHER if several else 0.0
                times = Fraction(self.folded, value)
                first, last = ends(low * times, high * times)  # what the sum then has to be
                if first == last and first.__class__ is not int:
                    continue  # and it is whole
                for more, others in self.inner.explained(first, last, left, limit - bits):
                    yield bits + more + (further if others else 0.0), (*several, *others)


def _folded(root: Node, longest: Node) -> Any:
    """A product in which one part stands as a size of its own."""
    from modelcost.count import Count, product

    name = f"the sum of {longest.name or 'its parts'}"
    return product(Count(part.value, name if part is longest else part.name) for part in root.parts)
