"""The parts of a long sum: those that are alike together, with what may be wrong in each, and what they are called."""

from __future__ import annotations

import re
from functools import cached_property, lru_cache

from modelcost.homework.search import LIKELY, Tried, searched
from modelcost.homework.slips import Slip, of_shape, windows_miscounted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from modelcost.homework.form import Addend, Shape
    from modelcost.homework.search import Found, Search

COMMON = 3.5  # bits: likelier slips than this may have been made in every part alike
TOLD = 3  # names of parts that are alike that are told one by one
MOST_TOLD = 6  # names of parts that go together
PLACES = re.compile(r"[\d,x ]+ places, (.+), stand where [\d,x ]+ belong")
TERM = re.compile(r"in the term [\d*,]+")


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
        """What each slip of at most so many bits changes the sum by, where its formula is searched as one.

        As in `explained`, none makes a figure of less than nothing.
        """
        search = self.search
        assert isinstance(search, Tried)
        if most <= LIKELY:
            made = ((search.form.valued(slip.values), slip) for slip in search.likely(most))
        else:
            made = ((value, slip) for value, bits, (slip,) in search.outcomes(1) if bits <= most)
        return [(self.sign * (value - self.value), slip) for value, slip in made if value >= 0]

    @cached_property
    def common(self) -> dict[str, int]:
        """What the likeliest slip of each kind changes the sum by, of those that may well be made throughout.

        Formulas of one shape share most of these, so that they need not be thought of for each.
        """
        found: dict[str, int] = {}
        if isinstance(self.search, Tried):
            form = self.search.form
            for slip in (*_common(form.shape), *windows_miscounted(form)):
                kind = kind_of(slip)
                if slip.bits <= COMMON and kind not in found and (change := form.valued(slip.values) - self.value):
                    found[kind] = self.sign * change
        return found

    def told(self, kind: str) -> Slip | None:
        """The slip of that kind, in words."""
        likely = self.search.likely(COMMON) if isinstance(self.search, Tried) else []
        return next((slip for slip in likely if kind_of(slip) == kind), None)

    def explained(self, low: Any, high: Any, most: int, limit: float) -> Iterator[Found]:
        """The slips in it that change the sum by `low` to `high`; none that make a figure of less than nothing."""
        first, last = (low, high) if self.sign > 0 else (-high, -low)
        if self.value + last >= 0:
            yield from self.search.explained(self.value + first, self.value + last, most, limit)


@lru_cache(maxsize=1_000)
def _common(shape: Shape) -> list[Slip]:
    """The slips that formulas of one shape share and that may well be made throughout, the likeliest first."""
    return sorted((slip for slip in of_shape(shape.form, COMMON) if slip.bits <= COMMON), key=lambda slip: slip.bits)


def kind_of(slip: Slip) -> str:
    """Its kind, without the figures of one layer."""
    return slip.kind.partition(" (")[0]


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

    >>> plain("the bias (64) is left out"), plain("the 64 filters are left out in the term 26*26*64*9")
    ('the bias is left out', 'the filters are left out in one term')
    >>> plain("26 x 26 places, those of valid padding, stand where 28 x 28 belong")
    'the places are those of valid padding'
    """
    text = PLACES.sub(r"the places are \1", text)
    return re.sub(r" \([\d,]+\)|(?<=the )[\d,]+ |(?<=\)) [\d,]+", "", TERM.sub("in one term", text))
