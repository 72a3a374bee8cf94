"""What every loss is: arguments by Keras's names, and the work of the loss and of its gradient by the predictions."""

from __future__ import annotations

from modelcost.errors import ModelCostError, SizeError, unknown
from modelcost.facts import INPUT, Weight
from modelcost.sizes import BATCH
from modelcost.training.gradients import gradients
from modelcost.training.noted import Notes
from modelcost.training.settings import Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any, ClassVar

    from modelcost.facts import Work
    from modelcost.layers.fields import DType, Ignored, Option
    from modelcost.training.noted import Noted

KEEP_LOGITS = ("softmax", "sigmoid")
"""Activations that hand on what they were made of, with what they give."""
REDUCTIONS = ("sum_over_batch_size", "mean", "mean_with_sample_weight", "sum")


class LossWork:
    """The work of a loss: `forward` of itself, `gradient` of its derivative, by the predictions or by their logits.

    `by_logits` says that the derivative is by what goes into the activation that gave the predictions:
    that activation has no backward pass of its own then.
    """

    __slots__ = ("by_logits", "forward", "gradient")

    def __init__(self, forward: Iterable[Work], gradient: Iterable[Work], by_logits: bool) -> None:
        self.forward, self.gradient, self.by_logits = list(forward), list(gradient), by_logits


def joined(weights: Sequence[float | None], penalties: int = 0, outputs: int = 1) -> LossWork:
    """What makes one number of the losses of some outputs, each with its weight or None, and of penalties.

    The losses of several outputs, though only one has any, are added to a 0, as Python's `sum` does it; theirs and the
    penalties are added up at the end. Source: Keras `CompileLoss.call`, `Trainer.compute_loss`.

    >>> joined([None]).forward, joined([1.0, 0.5], penalties=2).forward
    ([], [Work(2 mul, loss, once), Work(2 add, loss, once), Work(1 sum(3), loss, once)])
    """
    notes, weighted = Notes("loss"), Weight("losses", (sum(one is not None for one in weights),))
    if weighted.params:
        notes.tensor(*weighted.shape, name=weighted.name) * 1.0
    if max(len(weights), outputs) > 1:
        notes.tensor(len(weights)) + 0
    if penalties:
        notes.tensor(1 + penalties).sum()
    return LossWork(notes.works, gradients(notes.facts((), [weighted]), ()).works, by_logits=False)


class Loss(Settings):
    """How far predictions are from what is true: a number for each, and the mean of all. Works on shapes (..., C).

    A subclass declares its arguments and writes its formula, `each`. Source of all: Keras 3.15,
    `keras/src/losses/losses.py` on the TensorFlow backend, with its gradients; sample weights and masks cost
    more, which is not counted.

    >>> from modelcost.training.losses import MeanSquaredError
    >>> work = MeanSquaredError().work((10,))
    >>> work.forward
    [Work(10 sub, loss), Work(10 mul, loss), Work(1 sum(10), loss), Work(1 div, loss), \
Work(1 sum(N), loss, once), Work(1 div, loss, once)]
    """

    takes_logits: ClassVar[bool] = False  # whether it looks for logits behind the activation
    labels: ClassVar[bool] = False  # whether what is true is a label for each prediction, not a number for each

    reduction: Option = "sum_over_batch_size"
    name: Ignored = None
    dtype: DType = None

    def check(self) -> None:
        if self.reduction not in REDUCTIONS:
            raise unknown("reduction", self.reduction, REDUCTIONS)

    def each(self, true: Noted, predicted: Noted) -> Noted:
        """A number for every prediction, from what is true and what was predicted."""
        raise NotImplementedError

    def work(self, shape: Sequence[Any], activation: str = "", dtype: str = "float32") -> LossWork:
        """What the loss does for predictions of this shape, for one example, that `activation` gave.

        Behind a softmax or a sigmoid Keras's cross-entropies take the logits, whichever of both it is, where
        that is the last that was done and gave float32: pass the activation of the last layer then.
        """
        if not shape:
            raise SizeError(f"{type(self).__name__} needs predictions with an axis beside that of the examples")
        behind = self.takes_logits and activation in KEEP_LOGITS and dtype == "float32"
        notes, labels = Notes("loss"), tuple(shape[:-1] if self.labels else shape)
        predicted, true = notes.tensor(BATCH, *shape, name=INPUT), notes.tensor(BATCH, *labels, name=f"{INPUT}:1")
        values = self.each_of_logits(true, predicted) if behind else self.each(true, predicted)
        reduced = values.sum()
        if self.reduction != "sum":
            reduced.apply("divide_no_nan")
        return LossWork(notes.works, gradients(notes.facts((tuple(shape), labels)), (True, False)).works, behind)

    def each_of_logits(self, true: Noted, predicted: Noted) -> Noted:
        """As `each`, where the predictions are logits."""
        raise ModelCostError(f"{type(self).__name__} takes no logits")
