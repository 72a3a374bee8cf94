"""The parts of a long sum: those that are alike together, with what may be wrong in each, and what they are called."""

from __future__ import annotations

import re
from functools import cached_property

from modelcost.homework.search import LIKELY, Tried, searched
from modelcost.homework.slips import Slip

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from modelcost.homework.form import Addend
    from modelcost.homework.search import Found, Search

COMMON = 3.5  # bits: likelier slips than this may have been made in every part alike
TOLD = 3  # names of parts that are alike that are told one by one
MOST_TOLD = 6  # names of parts that go together


class Part:
    """A part of a sum, together with those that are like it: their names, the value of each, what searches them."""

    def __init__(self, addend: Addend, others: tuple[tuple[str, int], ...]) -> None:
        _, self.sign, self.value, self.behind = addend
        self.others, self.names = others, list[str]()

    @cached_property
    def search(self) -> Search:
        """What finds slips within it."""
        return searched(self.behind, self.others)

    def changes(self, most: float) -> list[tuple[int, Slip]]:
        """What each slip of at most so many bits changes the sum by, where its formula is searched as one."""
        search = self.search
        assert isinstance(search, Tried)
        if most <= LIKELY:
            made = ((search.form.valued(slip.values), slip) for slip in search.likely(most))
        else:
            made = ((value, slip) for value, bits, (slip,) in search.outcomes(1) if bits <= most)
        return [(self.sign * (value - self.value), slip) for value, slip in made]

    @cached_property
    def common(self) -> dict[str, tuple[int, Slip]]:
        """The likeliest slip of each kind of those that may well be made throughout, and what it changes the sum by."""
        found: dict[str, tuple[int, Slip]] = {}
        if isinstance(self.search, Tried):
            for change, slip in self.changes(COMMON):
                found.setdefault(slip.kind.partition(" (")[0], (change, slip))
        return found

    def explained(self, low: Any, high: Any, most: int, limit: float) -> Iterator[Found]:
        """The slips in it that change the sum by `low` to `high`."""
        first, last = (low, high) if self.sign > 0 else (-high, -low)
        return self.search.explained(self.value + first, self.value + last, most, limit)


def alike(addends: Iterable[Addend], others: tuple[tuple[str, int], ...]) -> list[Part]:
    """The parts of a sum, those of one formula together: layers that are alike often share their figures, too."""
    same: dict[Any, Part] = {}
    for addend in addends:
        name, sign, value, behind = addend
        if value:
            args = getattr(behind, "args", ())
            key = (sign, value, behind.op, *map(id, args)) if args else (sign, value, id(behind))
            if key not in same:
                same[key] = Part(addend, others)
            same[key].names.append(name)
    found: dict[Any, Part] = {}
    for part in same.values():
        like = found.setdefault((part.sign, part.search.form) if isinstance(part.search, Tried) else part, part)
        if like is not part:
            like.names += part.names
    return list(found.values())


def one_of(names: Sequence[str]) -> str:
    """Which part it is, of parts that are alike.

    >>> one_of(["conv1"]), one_of(["conv1", "conv2"]), one_of(["a", "b", "c", "d", "e"])
    ('conv1', 'conv1 or conv2', 'a or one of 4 like it')
    """
    return " or ".join(names) if len(names) <= TOLD else f"{names[0]} or one of {len(names) - 1} like it"


def all_of(names: Sequence[str], between: str) -> str:
    """Parts that go together, not all of them by name where there are many.

    >>> all_of(["conv1", "conv2"], " and "), all_of([f"conv{i}" for i in range(9)], " and ")
    ('conv1 and conv2', 'conv0, conv1, conv2 and 6 others')
    """
    if len(names) <= MOST_TOLD:
        return between.join(names)
    return f"{', '.join(names[:TOLD])} and {len(names) - TOLD} others"


def at(names: Sequence[str], slip: Slip) -> Slip:
    """A slip, and in which part it was made."""
    name = one_of(names)
    return Slip(slip.kind, slip.bits, f"{name}: {slip.text}", f"{name}: {slip.hint}", {})


def plain(text: str) -> str:
    """What a slip is, without the figures of one layer.

    >>> plain("the bias (64) is left out"), plain("the 64 filters are left out")
    ('the bias is left out', 'the filters are left out')
    """
    return re.sub(r" \([\d,]+\)|(?<=the )[\d,]+ ", "", text)
