"""Gradients of weights as they are held: whole, or of an embedding the rows looked up, and which rows these are."""

from __future__ import annotations

from modelcost.count import NOTHING, Count, product, total
from modelcost.dtypes import bytes_of, stored_as
from modelcost.training.backward import backward
from modelcost.training.rows import on_batch
from modelcost.training.shared import changed, looked_up
from modelcost.training.step import trained_weights

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from modelcost.facts import Output, Weight
    from modelcost.graph import Call
    from modelcost.model import Entry, Model

WIDE = "int64"
"""Row numbers of this dtype stay what they are; all others become int32, and those beside such become such."""


class Rows:
    """The rows of a table: how many numbers each has, and the bytes of the number that says which one it is."""

    __slots__ = ("index_bytes", "length")

    def __init__(self, length: int, index_bytes: int) -> None:
        self.length, self.index_bytes = length, index_bytes


class WeightGradients:
    """The gradients of a model's weights; `rows`: whether those of embeddings stay the rows that were looked up.

    These are then two tensors, as TensorFlow's `IndexedSlices` are: the gradients of the rows, as often as each was
    looked up, and a whole number for each of them that says where it belongs. (Its shape, two numbers, is no part.)
    Source: Keras 3.15 `Embedding.call`, TensorFlow 2.21 `math_ops._as_indexed_slices_list` (measured in the tests).
    """

    def __init__(self, model: Model, entries: Sequence[Entry], rows: bool, given: Sequence[bool] | None = None) -> None:
        """`given`: for each output whether it has a loss, as all have where nothing is said."""
        self.entries = entries
        found = backward(model, entries, given=given) if any(map(trained_weights, entries)) else {}
        self.changed = changed(entries, found)
        self.looked_up = looked_up(entries, found) if rows else {}
        self._calls = set(found)
        self._wide = _wide(model, {entry.name: entry for entry in entries}) if self.looked_up else set()

    @property
    def of_rows(self) -> dict[str, Rows]:
        """The weights whose gradients stay rows, as "layer/weight"."""
        return {
            f"{name}/{weight.name}": Rows(int(product(weight.shape[1:])), self._index_bytes(name))
            for name, weights in self.changed.items()
            for weight in weights
            if weight.name in self.looked_up.get(name, ())
        }

    def bytes(self, entry: Entry, N: Any, dtype: str | None = None) -> Any:
        """The bytes of those of a layer's weights, in the dtype of the weights, at a batch N."""
        width = Count(bytes_of(stored_as(entry.layer.dtype, dtype)), "bytes")
        return total(
            part for weight in self.changed.get(entry.name, ()) for part in self._parts(entry, weight, N, width)
        )

    def _parts(self, entry: Entry, weight: Weight, N: Any, width: Any) -> Iterator[Any]:
        numbers = self.looked_up.get(entry.name, {}).get(weight.name)
        if numbers is None:
            yield weight.params * width
            return
        yield on_batch((NOTHING, numbers), N) * width
        index = Count(self._index_bytes(entry.name), "index_bytes")
        for call in self._readers(entry.name):
            yield N * product(call.facts.inputs[0]) * index

    def _readers(self, owner: str) -> list[Entry]:
        """The calls that look up in the table of the one that owns it."""
        layer = next(entry.layer for entry in self.entries if entry.name == owner)
        return [
            entry
            for entry in self.entries
            if entry.layer is layer
            and entry.name in self._calls
            and any(work.primitive.kind == "gather" for work in entry.facts.works)
        ]

    def _index_bytes(self, owner: str) -> int:
        return bytes_of(WIDE if any(call.name in self._wide for call in self._readers(owner)) else "int32")


def _wide(model: Model, entries: dict[str, Entry]) -> set[str]:
    """The calls whose first input is of the wider whole numbers; what only looks at an input has its dtype."""
    wide: set[str] = set()

    def dtype_of(entry: Entry, out: Output, came: Sequence[str]) -> str:
        return out.dtype or (came[0] if out.view and came else entry.layer.dtype or "")

    def visit(name: str, call: Call, came: list[str]) -> list[str]:
        if came and came[0] == WIDE:
            wide.add(name)
        return [dtype_of(entries[name], out, came) for out in entries[name].facts.outputs]

    entering = [tensor.call.layer.dtype or "" for tensor in model.inputs]
    model.carried(entering, visit)
    return wide
