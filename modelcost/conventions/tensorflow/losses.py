"""Where the TensorFlow profiler's count of a loss is another than its own weights would give.

Measured on the graph of Keras's `train_step` (TensorFlow 2.21, Keras 3.15).
"""

from __future__ import annotations

from modelcost.conventions.tensorflow.difference import Difference, shapes_worked_out
from modelcost.count import NOTHING, product
from modelcost.errors import ModelCostError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

TRACKED = "Keras keeps the mean of the losses of an epoch's steps"
DIVISOR = "the gradient of the number of those that are averaged, which nobody wants, is in the graph"
FACTOR = "the gradient of a penalty's factor, which nobody wants, is in the graph"
TRUTH = "the gradient of what is true, which nobody wants, is in the graph"
PLACES = "which axis is the last is worked out"

OF_TRUTH = {
    **dict.fromkeys(("MeanSquaredError", "MeanAbsoluteError", "SparseCategoricalCrossentropy"), ""),
    "MeanAbsolutePercentageError": "Mul Neg RealDiv RealDiv",
    **dict.fromkeys(("MeanSquaredLogarithmicError", "Huber", "LogCosh"), "Neg"),
    "KLDivergence": "Mul RealDiv",
    **dict.fromkeys(("Poisson", "Hinge", "SquaredHinge", "CosineSimilarity", "CategoricalCrossentropy"), "Mul"),
    **dict.fromkeys(("CategoricalHinge", "BinaryCrossentropy"), "Mul Mul"),
}
"""The operations on each number of the gradient of each loss by what is true: a tape makes that of both sides."""
OF_TRUE_LOGITS = {"CategoricalCrossentropy": "Mul Neg", "BinaryCrossentropy": "Mul"}
"""The same where the predictions are logits."""


def tracked(losses: int) -> Difference:
    """What differs for so many losses together: the mean of each is kept, and that of their sum."""
    means = losses + (losses > 1)
    return Difference(TRACKED, {"AddV2": (NOTHING, 2 * means), "Mul": (NOTHING, means)})


def _divisor() -> Difference:
    return Difference(DIVISOR, {"Neg": (NOTHING, 1), "Mul": (NOTHING, 1)})


def of_penalty(penalty: Any) -> Iterator[Difference]:
    """What differs for a penalty, on a weight or on an output.

    Raises `ModelCostError` for a regularizer of which that is not known.
    """
    numbers = penalty.regularizer.numbers
    if not numbers.keys() <= {"l1", "l2"}:
        raise ModelCostError(f"what the profiler counts for {penalty.regularizer!r} is not known")
    yield Difference(FACTOR, {"Mul": (NOTHING, sum(factor != 0 for factor in numbers.values()))})
    if penalty.of == "output":
        yield _divisor()


def of_loss(loss: Any, shape: tuple[Any, ...], behind: bool) -> Iterator[Difference]:
    """What differs for the loss of one output, from the exact count to the profiler's.

    `shape`: that of the predictions; `behind`: whether the loss is of the logits behind them.

    Raises `ModelCostError` for a loss of which that is not known.
    """
    name, logits = type(loss).__name__, behind or getattr(loss, "from_logits", False)
    if name not in OF_TRUTH:
        raise ModelCostError(f"what the profiler counts for {loss!r} is not known")
    if loss.reduction != "sum":
        yield _divisor()
    each = OF_TRUE_LOGITS.get(name, OF_TRUTH[name]) if logits else OF_TRUTH[name]
    for op in each.split():
        yield Difference(TRUTH, {op: (product(shape), NOTHING)})
    if name == "SparseCategoricalCrossentropy":
        if len(shape) > 1:
            yield Difference(PLACES, {"AddV2": (NOTHING, 1), "Sub": (NOTHING, 1)})
    elif name == "CategoricalCrossentropy" and logits:
        yield Difference(PLACES, {"Sub": (NOTHING, 3)})
    else:
        yield shapes_worked_out(shape, (len(shape),))
