"""A convention: a table of weights over the columns that are counted apart."""

from __future__ import annotations

from modelcost.count import NOTHING, total

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from modelcost.facts import Facts
    from modelcost.model import Model


class Convention:
    """How many FLOPs each counted thing is.

    `weights`: for each column, what one of it counts as; columns left out count 0.
    `part_weights`: more weights, for the work of one part of a layer ("bias") alone.
    """

    __slots__ = ("name", "part_weights", "says", "weights")

    def __init__(
        self,
        name: str,
        says: str,
        weights: Mapping[str, int],
        part_weights: Mapping[str, Mapping[str, int]] | None = None,
    ) -> None:
        self.name, self.says, self.weights = name, says, dict(weights)
        self.part_weights = {part: dict(extra) for part, extra in (part_weights or {}).items()}

    def shapeless(self, model: Model) -> frozenset[str]:
        """The calls of a model of which only what is done once a call is counted; none, unless a tool errs so."""
        return frozenset()

    def flops(self, facts: Facts, parts: frozenset[str] | None = None) -> tuple[Any, Any]:
        """The FLOPs of a call in inference, as (for each example, once a call); of some parts, or of all."""
        pairs = [self._weighed(facts, column, weight, parts) for column, weight in self.weights.items()]
        for part, weights in self.part_weights.items():
            if parts is None or part in parts:
                pairs += [self._weighed(facts, column, w, frozenset((part,))) for column, w in weights.items()]
        return total(each for each, _ in pairs if each is not NOTHING), total(c for _, c in pairs if c is not NOTHING)

    @staticmethod
    def _weighed(facts: Facts, column: str, weight: int, parts: frozenset[str] | None) -> tuple[Any, Any]:
        example, once = (part if part is NOTHING else weight * part for part in facts.column(column, parts))
        return example, once
