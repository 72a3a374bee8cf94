"""The operations of a training step: from what the step does in each call of a layer, in its loss and its optimizer.

Gradients of products have the shape of the product that they are of: that of the weights takes as many rows as the
product has inner products, that of the input as many inner products as it has columns.
"""

from __future__ import annotations

from modelcost.count import product
from modelcost.facts import Primitive
from modelcost.timing.fusing import fused, joined
from modelcost.timing.operations import FLOAT, Operation, facts_of, number
from modelcost.timing.worked import POOLED, Worked, alike, worked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from modelcost.facts import Facts, Work
    from modelcost.figures import Row
    from modelcost.training.rows import Training

PASSES = ("forward", "backward", "optimizer")
BIASED = ("convolution", "pointwise")
"""Products whose gradient of the weights gives that of the bias along with it (`Conv2DBackpropFilterWithBias`)."""


def step(rows: Sequence[Row], training: Training, batch: int) -> dict[str, list[Operation]]:
    """The operations of each of `PASSES`, on so many examples.

    Raises `ModelCostError` where sizes are missing, or there are no facts.
    """
    entries = {row.name: row for row in rows}
    forward: list[Operation] = []
    back: list[list[Operation]] = []
    optimizer: list[Operation] = []
    trained = False
    for done in training:
        works, row = done.doing.works, entries.get(done.name)
        facts = None if row is None else facts_of(row)
        plain = worked(works.get("forward", ()), batch, facts)
        moved = (_copied_back(one) for one in plain if trained and one.kind == "copy" and one.name != "gather")
        back.append([one.of(done.name) for one in (*_gradients(works, plain, facts, batch), *moved)])
        trained |= bool(works.get("weight_gradient"))
        forward += joined(forward, [one.of(done.name) for one in fused(plain)])
        sizes = [] if row is None else _trained_sizes(row, batch)
        optimizer += [one.of(done.name) for one in _updates(works.get("optimizer", ()), sizes, batch)]
    return {"forward": forward, "backward": [one for each in reversed(back) for one in each], "optimizer": optimizer}


def waiting(rows: Sequence[Row], optimizer: str, batch: int) -> dict[str, list[Operation]]:
    """What the optimizer does at a step that only adds up gradients, if there are such, as the pass `waiting`."""
    from modelcost.training.optimizers import get
    from modelcost.training.step import trained_weights

    chosen = get(optimizer)
    if not chosen.gradient_accumulation_steps:
        return {}
    found = list(_updates(chosen.waiting_work(), [], batch))
    for row in rows:
        weights = [] if row.entry is None else trained_weights(row.entry)
        if weights:
            found += _updates(chosen.accumulation_work(weights), _trained_sizes(row, batch), batch)
    return {"waiting": found}


def _gradients(works: Any, forward: Sequence[Operation], facts: Facts | None, batch: int) -> Iterator[Operation]:
    """The backward pass of one call: products by the shapes of those before, and all else as its work says."""
    products = [one for one in reversed(forward) if one.dots]
    steps = max((one.starts for one in forward if one.looped), default=0)
    entered = False
    for of, name in (("input", "input_gradient"), ("weights", "weight_gradient")):
        for one in _of_pass(works.get(name, ()), of, products, facts, batch, steps):
            one.backward, one.looped, one.starts = True, steps > 0, max(1, steps)
            one.enters, entered = int(one.looped and not entered), True
            yield one


def _of_pass(
    works: Sequence[Work], of: str, products: list[Operation], facts: Facts | None, batch: int, steps: int
) -> Iterator[Operation]:
    left = [one for one in products for _ in range(1 if one.weight_bytes else 2)]  # for each factor a gradient
    for together in alike(Worked(work, batch) for work in works):
        first = together[0]
        if first.multiplied and products:
            before = min(left or products, key=lambda one: abs(_macs(one) - first.taken))
            if before in left:
                left.remove(before)
            yield _product(before, of, first)
        elif first.name.removesuffix("Grad") in POOLED and facts is not None:
            yield _pool(together, facts, batch)
        elif first.name != "BiasAddGrad" or not products or products[0].kind not in BIASED:
            yield from worked((one.work for one in together), batch, facts, steps)


def _copied_back(one: Operation) -> Operation:
    """What was moved is moved back, which is no arithmetic."""
    made = one.of(one.layer)
    made.part, made.backward = "gradient", True
    made.read_bytes, made.written_bytes = one.written_bytes, one.read_bytes
    return made


def _macs(one: Operation) -> int:
    return one.rows * one.columns * one.inner


def _product(before: Operation, of: str, one: Worked) -> Operation:
    """The gradient of a product with respect to its weights, or to its input."""
    made = Operation("", f"{before.kind}:{of}", "gradient", one.flops, 0, one.results)
    made.name, made.channels = one.name, before.channels
    if of == "weights":
        made.read_bytes = before.read_bytes + before.written_bytes
        made.rows, made.columns, made.inner = before.inner * before.starts, before.columns, before.rows
        made.channels = max(1, round(before.rows / before.starts))
        return made
    made.read_bytes, made.weight_bytes = before.written_bytes, before.weight_bytes
    if not before.weight_bytes:
        made.read_bytes += max(0, before.read_bytes - FLOAT * one.results)
    made.rows, made.columns, made.inner = before.rows, before.columns, before.inner
    made.line = before.line
    if "depthwise" not in before.kind:  # what a window spans of the channels has become what it gives of them
        made.columns, made.channels = before.channels, before.columns
        made.inner = max(1, round(before.inner / before.channels)) * before.columns
    return made


def _pool(together: list[Worked], facts: Facts, batch: int) -> Operation:
    """The gradient of a pooling writes all that the pooling read; that of the largest looks for it again."""
    whole, given = (batch * number(product(shape), batch) for shape in (facts.inputs[0], facts.outputs[0].shape))
    largest = together[0].name.startswith("Max")
    flops, read = sum(one.flops for one in together), given
    if largest:
        flops += sum(Worked(work, batch).flops for work in facts.works if work.op in POOLED)
        read += whole + given
    kind = POOLED[together[0].name.removesuffix("Grad")]
    made = Operation("", f"{kind}:input", "gradient", flops, read, whole)
    made.name, made.channels = together[0].name, number(facts.inputs[0][-1], batch)
    return made


def _trained_sizes(row: Row, batch: int) -> list[int]:
    from modelcost.training.step import trained_weights

    assert row.entry is not None
    return [number(weight.params, batch) for weight in trained_weights(row.entry)]


def _updates(works: Sequence[Work], sizes: Sequence[int], batch: int) -> Iterator[Operation]:
    """The operations of the optimizer on the weights of one call: each is done to each weight by itself.

    Its work is that of all weights together, with their numbers added up; what is not stands with the first of them.
    """
    for i in range(max(1, len(sizes))):
        of_one = [_on_one(work, number(work.times, batch), sizes, i) for work in works]
        for one in worked((work for work in of_one if work is not None), batch):
            if one.kind in STREAMING:
                one.kind = "update"
            yield one


STREAMING = ("elementwise", "broadcast", "transcendental", "copy")
"""Kinds of operation that an optimizer does to all numbers of a weight, one after the other."""


def _on_one(work: Work, times: int, sizes: Sequence[int], i: int) -> Work | None:
    """The work on one weight of several: on all its numbers, on a number of its own, or on what they fold to."""
    if times == sum(sizes):
        return work.but(times=sizes[i])
    if times == len(sizes):
        folded = work.primitive.over is not None and int(work.primitive.over) == sum(sizes)
        did = Primitive(work.primitive.kind, over=sizes[i]) if folded else work.primitive
        return work.but(times=1, primitive=did)
    return None if i else work
