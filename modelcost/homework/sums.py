"""Long sums, such as a model's layers, and what is multiplied with them: searched part by part.

What the whole is off by, one part must be off by, or two together; or every part in the same way. Parts that are alike,
as the layers of repeated blocks, are searched once, and what is found in one of them is told once.
"""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from itertools import chain
from math import inf, log2

from modelcost.homework.form import Form, addends
from modelcost.homework.parts import alike, all_of, at, one_of, plain
from modelcost.homework.search import FURTHER, LIKELY, ByValue, Tried
from modelcost.homework.slips import SWAPPED, Slip

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from modelcost.homework.parts import Part
    from modelcost.homework.search import Found

    Change = tuple[int, float, Slip, frozenset[str], str, list[str]]

OMITTED, TWICE, ALONE, GROUP, EVERYWHERE = 2.0, 5.0, 4.0, 3.0, 0.5
WITHIN, OTHER_SIZE = 0.5, 2.5
"""Bits of a slip in a part, beside those of which part it is: of many sizes in many parts one or other would fit."""
IN_ONE_PART = 9.0  # bits that two slips in the same part of a sum have at most
LEAST_OF_TWO = 3.5
"""Bits that two slips have at least of which one is in a part, beside those of which part it is."""
FAR = 2.0
"""Bits that a slip in a part may be less likely than whole parts that make the figure, and is still looked for."""
FEW = 3  # parts of which it is no more to say that two are left out than that one stands alone
MOST_PARTS = 400
MANY, MOST_PAIRS = 1_000, 4_000
"""Changes of which pairs are formed: where so many are of likely slips, none of others; and the likeliest of all."""


class TriedSum:
    """A sum, part by part; a part that stands in it by name is called so."""

    def __init__(self, count: Any, others: tuple[tuple[str, int], ...] = ()) -> None:
        self.whole, self.value, self.others = count, int(count), others
        self.addends = addends(count)
        self.values = {one.name: one.sign * one.value for one in self.addends if one.value}
        self.place = log2(max(len(self.values), 1)) / 2
        self._changes: ByValue | None = None

    @cached_property
    def parts(self) -> list[Part]:
        """Its parts, those that are alike as one; none where there are too many."""
        found = alike(self.addends, self.others)
        return found if len(found) <= MOST_PARTS else []

    @cached_property
    def form(self) -> Form:
        """All of it as one formula."""
        return Form(self.whole)

    def explained(self, low: Any, high: Any, most: int, limit: float = inf) -> Iterator[Found]:
        """The sets of at most so many slips, and bits, with which the sum comes to a value from `low` to `high`."""
        if low <= self.value <= high:
            yield 0.0, ()
        if most < 1:
            return
        low, high = low - self.value, high - self.value
        if limit < LEAST_OF_TWO + self.place:
            most = 1
        known: ByValue | None = self.__dict__.get("_paired", self._changes)
        if most == 1 and limit < inf and known is None:
            found = _alone(self._left_out(low, high))  # all else is likelier in other figures
        elif most == 1 and limit < inf and known is not None and not self.long:
            found = _alone(known.between(low, high))
        elif most == 1:
            found = self._one(low, high, limit)
        else:
            two = self._in_one_part(low, high, most, limit), self._two(low, high, limit)
            found = chain(self._one(low, high, limit), *two)
        for one in found:
            if one[0] <= limit:
                yield one

    def changes(self) -> list[Change]:
        """What each single slip changes the sum by, in order of that: (change, bits, slip, where, beside, names).

        `where`: the parts that it is in. Of parts that are alike, the same slip is in the first and, `beside` that, in
        the second. `names`: those of which one has the slip, where it is one in the formula of a part.
        """
        if self._changes is None:
            every = chain(self._left_out(), self._in_all(), self._within())
            self._changes = ByValue(every)
        return self._changes.rows

    def _one(self, low: Any, high: Any, limit: float) -> Iterator[Found]:
        """One slip: looked up where all are known; else each part is looked into where it may be there.

        Beside whole parts that make the figure, what is far less likely is not looked for.
        """
        known = self._changes
        tried = chain(self._left_out(low, high), self._in_all(low, high)) if known is None else known.between(low, high)
        found = [change for change in tried if not change[4]]
        limit = min([limit, *(change[1] + FAR for change in found if not change[5])])
        yield from ((change[1], (placed(change),)) for change in found if change[1] <= limit)
        for part in self.parts if known is None else self.long:
            for bits, several in part.explained(low, high, 1, limit - self.place):
                more = self.place + within(several, part)
                if bits + more <= limit:
                    yield bits + more, tuple(at(part.names, slip) for slip in several)

    def _two(self, low: Any, high: Any, limit: float) -> Iterator[Found]:
        """Slips in two parts. The second is looked up by what the first leaves, those of few bits first."""
        likely = self._likely
        if low == high:  # most have no other that makes up for the rest
            likely = [change for change in likely if low - change[0] in self._made]
        for one in likely:
            if one[1] + self._likely[0][1] + FURTHER > limit:
                return  # those after it are no likelier
            for other in self._paired.between(low - one[0], high - one[0]):
                if _apart(one, other):
                    yield one[1] + other[1] + FURTHER, (placed(one), placed(other))

    @cached_property
    def _likely(self) -> list[Change]:
        """The changes of which pairs are formed, the likeliest first; where these are enough, no others are made."""
        found = [] if self._changes else [*self._left_out(), *self._in_all(), *self._within(LIKELY)]
        return sorted(found if len(found) >= MANY else self.changes(), key=_by_bits)[:MOST_PAIRS]

    @cached_property
    def _paired(self) -> ByValue:
        """The same by what they change."""
        return ByValue(self._likely)

    @cached_property
    def _made(self) -> set[int]:
        """What they change the sum by, and nothing more."""
        return set(self._paired.values)

    def reaches(self, low: Any, high: Any) -> bool:
        """Whether a slip of these may make a value from `low` to `high`: told at once where they are all known."""
        known = "_paired" in self.__dict__ and low == high and not self.long
        return not known or low - self.value in self._made

    def _in_one_part(self, low: Any, high: Any, most: int, limit: float) -> Iterator[Found]:
        """Several slips in one part, which is then off by all that the sum is off by."""
        bound = min(limit, IN_ONE_PART) - self.place
        for part in self.parts:
            if part.value + (low if part.sign > 0 else -high) > part.value * 10_000:
                continue
            for bits, several in part.explained(low, high, min(most, 2), bound):
                if len(several) > 1:
                    yield bits + self.place + within(several, part), tuple(at(part.names, slip) for slip in several)

    def _left_out(self, low: Any = -inf, high: Any = inf) -> Iterator[Change]:
        """Parts that are left out or counted twice, or stand alone; those with numbered names all together."""
        by_value: dict[int, list[str]] = {}
        groups: dict[str, list[str]] = {}
        for name, value in self.values.items():
            by_value.setdefault(value, []).append(name)
            groups.setdefault(_unnumbered(name), []).append(name)
        for value, names in by_value.items():
            for change, kind in ((-value, "left out"), (value, "counted twice")):
                if low <= change <= high:
                    yield from self._whole_part(change, kind, names)
            if len(self.values) > FEW and low <= (change := value - self.value) <= high and not _unnamed(names[0]):
                text, hint = f"{one_of(names)} ({abs(value):,}) alone is given", "is the figure that of all parts?"
                slip = Slip("part alone", ALONE, text, hint, {})
                yield change, ALONE + self.place, slip, frozenset(self.values), "", []
        for names in groups.values():
            change = -sum(self.values[name] for name in names)
            if 1 < len(names) < len(self.values) and low <= change <= high:
                text, hint = f"{all_of(names, ' and ')} are left out", "several parts of the sum are missing"
                slip = Slip("without parts", GROUP, text, hint, {})
                yield change, GROUP + self.place, slip, frozenset(names), "", []

    def _whole_part(self, change: int, said: str, names: list[str]) -> Iterator[Change]:
        """One of the parts of one value, and another beside it."""
        twice = said != "left out"
        bits, kind = (TWICE, "part twice") if twice else (OMITTED, "without part")
        hint = f"a part of the sum {'stands in it twice' if twice else 'is missing'}: "
        for place, name in enumerate(names[:2]):
            text = f"{one_of(names[place:])} ({abs(change):,}) is {said}"
            slip = Slip(kind, bits, text, f"{hint}{one_of(names[place:])}", {})
            yield change, bits + self.place, slip, frozenset([name]), names[0] if place else "", []

    def _within(self, most: float = inf) -> Iterator[Change]:
        """Slips of at most so many bits in parts."""
        for part in self.parts:
            if isinstance(part.search, Tried):
                changes = part.changes(most)
                for place, name in enumerate(part.names[:2]):
                    where, beside, names = frozenset([name]), part.names[0] if place else "", part.names[place:]
                    for change, slip in changes:
                        bits = slip.bits + self.place + _within_part(slip)
                        yield change, bits, slip, where, beside, names

    @cached_property
    def long(self) -> list[Part]:
        """The parts that are searched part by part in their turn."""
        return [part for part in self.parts if not isinstance(part.search, Tried)]

    def _in_all(self, low: Any = -inf, high: Any = inf) -> Iterator[Change]:
        """The same slip in every part in which it can be made."""
        for kind, (change, parts) in self._common.items():
            first = next((slip for part in parts if (slip := part.told(kind))), None) if low <= change <= high else None
            names = {name for part in parts for name in part.names}
            if first is not None and len(names) > 1:
                named = [name for name in self.values if name in names and not _unnamed(name)]
                bits, where = first.bits + EVERYWHERE, f"in all of {all_of(named, ', ')}" if named else "throughout"
                slip = Slip(f"{kind} everywhere", bits, f"{where}: {plain(first.text)}", first.hint, {})
                yield change, bits, slip, frozenset(names), "", []

    @cached_property
    def _common(self) -> dict[str, tuple[int, list[Part]]]:
        """What each kind of slip that may well be made throughout changes the sum by, and the parts that it is in."""
        found: dict[str, tuple[int, list[Part]]] = {}
        for part in self.parts:
            for kind, change in part.common.items():
                before, parts = found.get(kind, (0, []))
                found[kind] = before + change * len(part.names), [*parts, part]
        return found


def _unnamed(name: str) -> bool:
    """Whether a part is called by its place alone."""
    return name.startswith("term ")


@lru_cache(maxsize=10_000)
def _unnumbered(name: str) -> str:
    """A name without the number at its end."""
    return re.sub(r"_?\d+$", "", name)


def within(several: Iterable[Slip], part: Part) -> float:
    """Bits that slips have more for being in a part; none in one that is a long sum itself, which has given them."""
    return sum(map(_within_part, several)) if isinstance(part.search, Tried) else 0.0


def _within_part(slip: Slip) -> float:
    return OTHER_SIZE if slip.bits >= SWAPPED else WITHIN


def _by_bits(change: Change) -> float:
    return change[1]


def _alone(changes: Iterable[Change]) -> Iterator[Found]:
    """Slips of which there is no other."""
    return ((change[1], (placed(change),)) for change in changes if not change[4])


def _apart(one: Change, other: Change) -> bool:
    """Whether two slips are in different parts; of two orders one is enough, and of parts that are alike the first."""
    where, others = one[3], other[3]
    beside = (not one[4] or one[4] in others) and (not other[4] or other[4] in where)
    return beside and not where & others and min(where) < min(others)


def placed(change: Change) -> Slip:
    """The slip of a change; where it was made, if it is one in the formula of a part."""
    return at(change[5], change[2]) if change[5] else change[2]
