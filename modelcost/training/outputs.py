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
    from modelcost.model import Entry, Model
    from modelcost.training.loss import Loss, LossWork


class Lost:
    """The loss of one output: the call that it comes from, the shape of what this gives, and the work that it is."""

    __slots__ = ("loss", "maker", "shape", "work")

    def __init__(self, loss: Loss, maker: Entry, shape: Shape, work: LossWork) -> None:
        self.loss, self.maker, self.shape, self.work = loss, maker, shape, work


def given_losses(loss: Any, model: Model) -> list[bool] | None:
    """For each output of a model whether it has a loss; None where nothing is said of any."""
    if loss is None:
        return None
    return [one is not None for one in losses(loss, output_names(model))]


def output_names(model: Model) -> list[str]:
    """The layers that a model's outputs come from, by name."""
    return [model.names[tensor.call.layer] for tensor in model.outputs]


def losses(given: Any, names: Sequence[str]) -> list[Loss | None]:
    """The loss of each output of a model, None where it has none: one for all, a list, or by the layers' names.

    Source: Keras 3.15, `CompileLoss.build`, which takes a dictionary that has all of these names, and no other.

    >>> losses({"scores": "mse", "boxes": None}, ["boxes", "scores"])
    [None, MeanSquaredError()]

    Raises `ModelCostError` where they are not as many, or not called so.
    """
    if isinstance(given, dict) and "class_name" not in given:
        if given.keys() != set(names):
            rule = f"losses by name must be of all outputs: {', '.join(names)}; None is no loss"
            raise ModelCostError(f"{rule}. Received: {', '.join(map(str, given)) or 'none'}")
        given = [given[name] for name in names]
    several = list(given) if isinstance(given, list | tuple) else [given] * len(names)
    if len(several) != len(names):
        raise ModelCostError(
            f"the model has {len(names)} outputs; give one loss, or one for each. Received: {short(given)}"
        )
    if all(one is None for one in several):
        raise ModelCostError("there is nothing to train: no output has a loss")
    return [None if one is None else get(one) for one in several]


def lost(losses: Sequence[Loss | None], makers: Sequence[tuple[Entry, Output]]) -> list[Lost]:
    """What the losses take: each works on what its output's call gives, or on what went into its activation."""
    found = []
    for loss, (maker, output) in zip(losses, makers, strict=True):
        if loss is None:
            continue
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
