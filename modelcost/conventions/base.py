"""A convention: a table of weights over the columns that are counted apart."""

from __future__ import annotations

from modelcost.count import NOTHING, total
from modelcost.facts import counted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from modelcost.facts import Facts, Work
    from modelcost.model import Entry, Model


class Seen:
    """A call as a tool sees it: FLOPs by operation, as (for each example, once a call), and where the tool errs."""

    __slots__ = ("_flops", "by_operation", "errors")

    def __init__(self, by_operation: Mapping[str, tuple[Any, Any]], errors: Sequence[str]) -> None:
        self.by_operation, self.errors = dict(by_operation), tuple(dict.fromkeys(errors))
        self._flops: tuple[Any, Any] | None = None

    def flops(self) -> tuple[Any, Any]:
        """Those of all its operations."""
        if self._flops is None:
            pairs = self.by_operation.values()
            self._flops = total(each for each, _ in pairs), total(once for _, once in pairs)
        return self._flops


class Convention:
    """How many FLOPs each counted thing is.

    `weights`: for each column, what one of it counts as; columns left out count 0.
    `part_weights`: more weights, for the work of one part of a layer ("bias") alone.
    `batch`: the number of examples for which alone it holds; None for any.
    """

    __slots__ = ("batch", "name", "part_weights", "says", "weights")

    def __init__(
        self,
        name: str,
        says: str,
        weights: Mapping[str, int],
        part_weights: Mapping[str, Mapping[str, int]] | None = None,
        batch: int | None = None,
    ) -> None:
        self.name, self.says, self.weights, self.batch = name, says, dict(weights), batch
        self.part_weights = {part: dict(extra) for part, extra in (part_weights or {}).items()}

    def at(self, batch: int) -> Convention:
        """The convention as it is for so many examples a call: the same, unless a tool counts batches otherwise."""
        return self

    def seen(self, model: Model, entries: Sequence[Entry]) -> Mapping[str, Seen]:
        """The calls of a model, by name, as the tool sees them that counts so; none where it is no tool's."""
        return {}

    def flops(self, facts: Facts, parts: frozenset[str] | None = None) -> tuple[Any, Any]:
        """The FLOPs of a call in inference, as (for each example, once a call); of some parts, or of all."""
        pairs = list(_weighed(facts.columns(parts), self.weights))
        for part, weights in self.part_weights.items():
            if parts is None or part in parts:
                pairs += _weighed(facts.columns(frozenset((part,))), weights)
        return _both(pairs)

    def flops_of(self, works: Iterable[Work]) -> tuple[Any, Any]:
        """The FLOPs of any work, such as that of a backward pass, as (for each example, once a call)."""
        several = tuple(works)
        pairs = list(_weighed(counted(several), self.weights))
        for part, weights in self.part_weights.items():
            pairs += _weighed(counted(work for work in several if work.part == part), weights)
        return _both(pairs)


def _weighed(columns: Mapping[str, tuple[Any, Any]], weights: Mapping[str, int]) -> Iterator[tuple[Any, Any]]:
    for column, weight in weights.items():
        if column in columns:
            each, once = (part if part is NOTHING else weight * part for part in columns[column])
            yield each, once


def _both(pairs: Iterable[tuple[Any, Any]]) -> tuple[Any, Any]:
    several = tuple(pairs)
    return total(each for each, _ in several if each is not NOTHING), total(c for _, c in several if c is not NOTHING)
