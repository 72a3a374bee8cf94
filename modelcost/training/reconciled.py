"""What the TensorFlow profiler counts for a training step: the exact count by operation, and each named difference."""

from __future__ import annotations

from modelcost.conventions import convention
from modelcost.conventions.tensorflow.difference import Difference, uncounted
from modelcost.conventions.tensorflow.gradients import of_gradients, of_training
from modelcost.conventions.tensorflow.losses import of_loss, of_penalty, tracked
from modelcost.conventions.tensorflow.operations import folded
from modelcost.count import NOTHING
from modelcost.errors import ModelCostError
from modelcost.training.backward import backward, phase
from modelcost.training.newer import LossScaleOptimizer, Muon
from modelcost.training.optimizers import get
from modelcost.training.rows import on_batch
from modelcost.training.step import Step

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from modelcost.conventions.tensorflow.operations import ByOp
    from modelcost.model import Model


def reconciled_step(
    model: Model, batch: int, optimizer: Any = None, loss: Any = None
) -> tuple[dict[str, int], dict[str, dict[str, int]]]:
    """The FLOPs of a step by operation, exactly; and the profiler's differences by name.

    Without a loss, the gradient of what comes out of the model is given; without an optimizer, the step ends with the
    gradients of the weights. With both it is Keras's `train_step`.

    Raises `ModelCostError` for masks, and for a layer or a loss of which the profiler's count is not known.
    """
    entries = model.entries()
    if any(getattr(entry.layer, "mask_zero", False) or entry.type == "Masking" for entry in entries):
        raise ModelCostError("what the profiler counts for training with masks is not known; leave them out")
    step = Step(model, entries, convention("tf-honest"), get(optimizer or "sgd"), loss)
    exact: dict[str, int] = {}
    for doing in step.doings:
        for name, works in doing.works.items():
            if name != "optimizer" or optimizer is not None:
                _add(exact, folded(works), batch)
    named: dict[str, dict[str, int]] = {}
    seen: set[Any] = set()
    differences = [*_differences(model, step), *(_of_updates(step) if optimizer is not None else ())]
    for difference in differences:
        if difference.once_for is None or difference.once_for not in seen:
            seen.add(difference.once_for)
            _add(named.setdefault(difference.name, {}), difference.flops, batch)
    return exact, named


def _differences(model: Model, step: Step) -> Iterator[Difference]:
    made = backward(model, step.entries, frozen_too=True, **step.ends)
    for entry in step.entries:
        yield from of_training(entry.facts, phase(entry))
        if (tape := made.get(entry.name)) is not None:
            needed = step.gradients.get(entry.name)
            yield from of_gradients(entry.facts, folded(needed.works) if needed else {}, folded(tape.works), tape)
    if step.lost:
        yield tracked(len(step.lost))
        for one in step.lost:
            yield from of_loss(one.loss, one.shape, one.work.by_logits)
    for penalty in step.penalties:
        yield from of_penalty(penalty)


def _of_updates(step: Step) -> Iterator[Difference]:
    optimizer = step.optimizer
    if optimizer.gradient_accumulation_steps or isinstance(optimizer, LossScaleOptimizer):
        raise ModelCostError(f"{optimizer!r} changes weights in branches of the graph, which the profiler does not see")
    for entry in step.entries:
        weights = step.changed.get(entry.name, [])
        unseen = folded(optimizer.unseen_work(weights, step.looked_up.get(entry.name, {})))
        yield Difference(BRANCH, uncounted(unseen, *unseen))
        if isinstance(optimizer, Muon) and optimizer.rms_rate is not None:
            matrices = sum(not optimizer.by_adam(weight) for weight in weights)
            yield Difference(LONGER, {"Maximum": (NOTHING, matrices)})


BRANCH = "rows are divided in a branch of the graph, after which their number is not known, and nothing is counted"
LONGER = "the longer side of a matrix is worked out"


def _add(into: dict[str, int], flops: ByOp, batch: int) -> None:
    for op, pair in flops.items():
        value: Any = on_batch(pair, batch)
        into[op] = into.get(op, 0) + int(value)
