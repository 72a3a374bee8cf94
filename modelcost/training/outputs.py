"""The losses of a model: which goes with which output, and what each takes as its input."""

from __future__ import annotations

from modelcost.dtypes import COMPUTE, DEFAULT
from modelcost.errors import ModelCostError, short
from modelcost.training.losses import get

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from modelcost.facts import Output, Shape
    from modelcost.model import Entry
    from modelcost.training.loss import Loss, LossWork


class Lost:
    """The loss of one output: the call that it comes from, the shape of what this gives, and the work that it is."""

    __slots__ = ("loss", "maker", "shape", "work")

    def __init__(self, loss: Loss, maker: Entry, shape: Shape, work: LossWork) -> None:
        self.loss, self.maker, self.shape, self.work = loss, maker, shape, work


def losses(given: Any, makers: Sequence[tuple[Entry, Output]]) -> list[Loss]:
    """The loss of each output of a model: one for all of them, or as many as there are.

    Raises `ModelCostError` where they are not as many.
    """
    several = list(given) if isinstance(given, list | tuple) else [given] * len(makers)
    if len(several) != len(makers):
        raise ModelCostError(
            f"the model has {len(makers)} outputs; give one loss, or one for each. Received: {short(given)}"
        )
    return [get(one) for one in several]


def lost(losses: Sequence[Loss], makers: Sequence[tuple[Entry, Output]]) -> list[Lost]:
    """What the losses take: each works on what its output's call gives, or on what went into its activation."""
    found = []
    for loss, (maker, output) in zip(losses, makers, strict=True):
        layer: Any = maker.layer
        activation = "softmax" if type(layer).__name__ == "Softmax" else getattr(layer, "activation", "")
        dtype = COMPUTE[layer.dtype] if layer.dtype else DEFAULT
        try:
            work = loss.work(output.shape, activation if isinstance(activation, str) else "", dtype)
        except ModelCostError as error:
            raise type(error)(f"{maker.name}: {error}") from None
        if maker.type == "InputLayer":
            work.gradient.clear()  # none goes back into data that come out as they went in
        found.append(Lost(loss, maker, output.shape, work))
    return found
