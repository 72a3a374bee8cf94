"""Gradients of embeddings, which have numbers for the rows alone that were looked up: what is done with them."""

from __future__ import annotations

from modelcost.training.noted import STEPS, Noted, Notes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

ROWS = ("rows",)
"""The shape of all rows looked up in a step, as often as they were."""
SCATTERED = {"assign_add": "add:ResourceScatterAdd", "assign_sub": "sub:ResourceScatterSub"}


class LookupNotes(Notes):
    """Notes in which some tensors have numbers for the rows looked up alone.

    Multiplied, divided, or taken by themselves, they stay such; added to a whole tensor, they are made
    whole first. Where one is divided by a tensor it is looked for zeros, of which none is taken to be there.
    Source: Keras 3.15, `keras/src/backend/tensorflow/sparse.py`, for TensorFlow's `IndexedSlices`.
    """

    def __init__(self, part: str, elements: Callable[[tuple[Any, ...]], Any], full: tuple[Any, ...], rows: Any) -> None:
        """`full` is the shape of a whole tensor, `rows` how many numbers were looked up in a step."""
        super().__init__(part, lambda shape: rows if shape == ROWS else elements(shape))
        self.full = full
        self.branched: set[str] = set()  # what such branches gave

    def apply(self, what: str, *operands: Any, shape: tuple[Any, ...] | None = None) -> Noted:
        """As in any notes; what has rows alone stays such, or is made whole first."""
        parts = [one for one in operands if isinstance(one, Noted) and one.partial]
        others = [one for one in operands if not isinstance(one, Noted) or not one.partial]
        whole = [one for one in others if isinstance(one, Noted) and one.shape]
        if not parts:
            return super().apply(what, *operands, shape=shape)
        if (what in ("add", "sub") and others) or (what in ("maximum", "minimum") and whole):
            return super().apply(what, *map(self.whole, operands), shape=shape)
        if what == "div" and whole:
            for op in ("Equal", "IsNan"):
                self.note_steps(f"compare:{op}", whole[:1], whole[0].shape)
        lost = (what == "div" and bool(whole)) or any(one.name in self.branched for one in parts)
        made = self._on_rows(lost, SCATTERED.get(what, STEPS.get(what, what)), operands)
        if what in SCATTERED:
            return whole[0]
        made.partial = True
        return made

    def _on_rows(self, lost: bool, steps: str, operands: tuple[Any, ...]) -> Noted:
        before = len(self.works)
        made = self.note_steps(steps, operands, ROWS)
        if lost:
            self.unseen += self.works[before:]
            self.branched.add(made.name)
        return made

    def fold(self, value: Noted, axis: int | None, kind: str = "sum", mean: bool = False) -> Noted:
        """As in any notes, of the whole tensor; the mean of all is the sum of those rows, divided apart."""
        if value.partial and mean and axis is None:
            added = super().fold(self.tensor(*ROWS, name=value.name), axis)
            self.unseen += self.works[-1:] if value.name in self.branched else []
            return added / 1.0
        return super().fold(self.whole(value), axis, kind, mean)

    def whole(self, value: Any) -> Any:
        """A tensor with all its rows: those looked up are added up, each where it belongs."""
        if not isinstance(value, Noted) or not value.partial:
            return value
        return self.note_steps("add:UnsortedSegmentSum", [value], ROWS).along(*self.full)
