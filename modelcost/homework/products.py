"""A product of a few sizes and of one long sum, such as the batch times what the layers cost."""

from __future__ import annotations

from functools import cached_property
from math import inf

from modelcost.count import Count, product
from modelcost.homework.form import Form, is_sum
from modelcost.homework.search import FURTHER, SHORT, Tried, searched

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from modelcost.homework.form import Node
    from modelcost.homework.search import Found


class TriedProduct:
    """A product: slips in its sizes, in its longest part, or in both."""

    def __init__(self, count: Any, others: tuple[tuple[str, int], ...] = ()) -> None:
        self.whole = count
        root = Form(count, deepest=0).root
        longest = max(root.parts, key=_length)
        self.inner = searched(longest.behind, others) if getattr(longest.behind, "args", ()) else None
        self.outer = Tried(Form(_folded(root, longest)), others)
        self.folded = longest.value
        self.place = 0.0 if self.inner is None else self.inner.place

    @cached_property
    def form(self) -> Form:
        """All of it as one formula."""
        return Form(self.whole)

    def reaches(self, low: Any, high: Any) -> bool:
        """Whether one slip may make a value from `low` to `high`: as much is told by whether there is one."""
        return True

    def explained(self, low: Any, high: Any, most: int, limit: float = inf) -> Iterator[Found]:
        """The sets of at most so many slips, and bits, with which it comes to a value from `low` to `high`."""
        for count in range(min(most, 2) + 1):
            for value, bits, several in self.outer.outcomes(count, limit):
                if value <= 0 or bits > limit or self.inner is None or any("sum of" in slip.text for slip in several):
                    continue
                left = 0 if most == count else min(most - count, 1 if count else 2)
                further = FURTHER if several else 0.0
                first, last = -(-low * self.folded // value), high * self.folded // value  # what the sum then has to be
                if first > last:
                    continue  # and it is whole
                for more, others in self.inner.explained(first, last, left, limit - bits):
                    yield bits + more + (further if others else 0.0), (*several, *others)


def _length(part: Node) -> int:
    """How many nodes a part has; of a long sum, which is not opened for it, about so many as it has terms."""
    return SHORT + 1 if is_sum(part.behind, SHORT) else len(Form(part.behind, most=SHORT).nodes)


def _folded(root: Node, longest: Node) -> Any:
    """A product in which one part stands as a size of its own."""
    name = f"the sum of {longest.name or 'its parts'}"
    return product(Count(part.value, name if part is longest else part.name) for part in root.parts)
