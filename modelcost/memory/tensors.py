"""The exact bytes of a model's tensors: parameters, the optimizer's state."""

from __future__ import annotations

from functools import partial

from modelcost.count import NOTHING, Count, product, total
from modelcost.dtypes import DEFAULT, bytes_of, stored_as
from modelcost.figures import absent
from modelcost.training.step import trained_weights

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from modelcost.facts import Weight
    from modelcost.model import Entry
    from modelcost.training.optimizer import Optimizer


def parameter_bytes(entry: Entry, dtype: str | None = None) -> Any:
    """The bytes of a layer's weights, as they are stored; nothing for a layer that is called again."""
    return _of_weights(entry, dtype, lambda weight: weight.params)


def optimizer_bytes(entry: Entry, optimizer: Optimizer, dtype: str | None = None) -> Any:
    """The bytes of an optimizer's state for a layer's weights, in their dtype."""
    return _of_weights(entry, dtype, partial(_state, optimizer), trained=True)


def _state(optimizer: Optimizer, weight: Weight) -> Any:
    """The numbers of a weight's state: those slots that are as large as the weight together."""
    shapes = optimizer.slots(weight).values()
    alike = [shape for shape in shapes if shape is weight.shape]
    others = (product(shape) for shape in shapes if shape is not weight.shape)
    return total((Count(len(alike), "slots") * weight.params if alike else 0, *others))


def counter_bytes(optimizer: Optimizer, entries: Iterable[Entry] = (), dtype: str | None = None) -> Any:
    """The bytes of the single numbers that an optimizer keeps for itself: few hang on the dtype of the first weight.

    >>> from modelcost.training.optimizers import get
    >>> counter_bytes(get("adam")).formula(), counter_bytes(get("adam"))  # a step's number, of 8 bytes; the rate
    ('iteration + learning_rate', 12)
    """
    first = next((stored_as(entry.layer.dtype, dtype) for entry in entries if trained_weights(entry)), DEFAULT)
    return total(Count(bytes_of(dtype), name) for name, dtype in optimizer.counters(first).items())


def _of_weights(entry: Entry, dtype: str | None, size: Callable[[Any], Any], trained: bool = False) -> Any:
    if not entry.owns_weights:
        return NOTHING
    weights = trained_weights(entry) if trained else entry.facts.weights
    width = Count(bytes_of(stored_as(entry.layer.dtype, dtype)), "bytes")
    return total(size(weight) * width for weight in weights)


def summed(parts: Iterable[tuple[str, Any]]) -> Any:
    """The figures of several together, each under its name; those of which there is nothing leave no trace."""
    return total(part.called(name) for name, part in parts if not absent(part))
