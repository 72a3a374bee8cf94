"""From the work of a layer to what a runtime starts for it: steps that are one operation together, and what they move.

What an operation reads is what its work names: of an input, a weight, or what was made before, as much as it uses. The
work of gradients names nothing; there a step on two numbers reads two tensors, and one on a single number reads one.
"""

from __future__ import annotations

from modelcost.count import product
from modelcost.facts import CONSTANT, ELEMENTWISE, ENTERING, HIDDEN, INPUT, REDUCTIONS
from modelcost.timing.operations import FLOAT, Operation, number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from modelcost.facts import Facts, Work

DOTS = {
    "Conv2D": "convolution", "Conv3D": "convolution", "MatMul": "dense", "BatchMatMulV2": "product",
    "Einsum": "product", "DepthwiseConv2dNative": "depthwise", "Conv2DBackpropInput": "transposed",
    "Conv3DBackpropInputV2": "transposed", "": "product",
}  # fmt: skip
"""The kind of an operation that is made of dot products, by its name in TensorFlow."""
POOLED = {"MaxPool": "max pool", "AvgPool": "average pool", "MaxPool3D": "max pool", "AvgPool3D": "average pool"}
MOVING = ("copy", "gather", "round")
TRANSCENDENTAL = tuple(kind for kind, column in ELEMENTWISE.items() if column == "transcendentals")
NARROW = 9
"""Products in a window up to which depthwise convolutions have kernels of their own; wider ones take a slower way."""
FUSED_AFTER = ("convolution", "pointwise", "depthwise", "dense")
SMALL = 2_048  # elements, up to which one core does an operation at once
SINGLE = (CONSTANT, "learning_rate", "iteration")
"""Operands that are a number, or none at all."""
PAIRED = ("add", "sub", "mul", "div", "pow", "compare")
"""Primitives that read two tensors in a gradient: what came back, and what was kept; or what comes back twice."""
ALONE = ("Neg", "Square", "Reciprocal", "RealDiv")
"""Operations of these primitives that read only one; the last divides by a number of elements."""


class Worked:
    """Some work with its numbers on a batch: how many results, and FLOPs of every sort."""

    def __init__(self, work: Work, batch: int) -> None:
        times = 1 if work.once else batch
        self.work, self.kind, self.name = work, work.primitive.kind, work.op
        self.results = times * number(work.times, batch)
        n, over = work.primitive.n, work.primitive.over
        self.inner = 0 if n is None else number(n, batch)
        self.taken = times * number(over, batch) if over is not None else self.results * self.inner
        self.flops = self.results if ELEMENTWISE.get(self.kind) else 0
        if self.kind in REDUCTIONS:
            self.flops = self.taken - self.results + (self.taken if REDUCTIONS[self.kind][0] else 0)
        self.steps = number(product(work.steps), batch) if work.steps else 0

    @property
    def multiplied(self) -> bool:
        """Whether it is a product of matrices, however it is called."""
        return self.kind in ("dot", "scatter")


class Sizes:
    """How many numbers stand behind each name that work reads, on a mini-batch."""

    def __init__(self, facts: Facts | None, batch: int, steps: int) -> None:
        self.steps = steps
        shapes = [] if facts is None else facts.inputs
        self.noted = facts is None  # notes of an optimizer or a loss name what they make; hidden is a single number
        self.known = dict.fromkeys((*SINGLE, *((HIDDEN,) if self.noted else ())), 1)
        self.known |= {f"{INPUT}:{i}": batch * number(product(shape), batch) for i, shape in enumerate(shapes)}
        if shapes:
            self.known[INPUT] = self.known[HIDDEN] = self.known[ENTERING] = self.known[f"{INPUT}:0"]
        self.weights = {} if facts is None else {weight.name: weight for weight in facts.weights}
        self.known |= {name: number(weight.params, batch) for name, weight in self.weights.items()}
        self.vectors = facts is None or len(facts.outputs[0].shape) == 1  # whether it gives vectors, one an example
        self.channels = number(shapes[0][-1], batch) if shapes and shapes[0] else 0
        shape = () if facts is None else facts.outputs[0].shape
        self.line = number(shape[-2], batch) if len(shape) > 1 else 1
        self.part = ""

    def enter(self, part: str) -> None:
        """Begin a part of the layer."""
        if part != self.part:
            self.part = part
            self.known |= {ENTERING: self.known[HIDDEN]} if HIDDEN in self.known else {}

    def made(self, together: Sequence[Worked]) -> None:
        """Note what work has made, under its names."""
        for one in together:
            self.known |= {one.work.makes: one.results} if one.work.makes not in ("", *self.weights) else {}
        if not self.noted:
            self.known[HIDDEN] = together[-1].results

    def added_up(self, adds: int) -> tuple[int, int]:
        """What is read and written where gradients are added up by so many adds: those of what came in, all at once."""
        whole = self.known.get(INPUT, 0)
        several = round(adds / whole) if whole and not adds % whole else 1
        return adds + round(adds / several), round(adds / several)

    def read(self, together: Sequence[Worked], most: int) -> int:
        """How many numbers an operation reads that were there before it, of each tensor at most so many.

        What has no size of its own, as a state of an optimizer, has as many numbers as come out.
        """
        names, inside = list(together[0].work.operands), {HIDDEN, together[0].work.makes}
        for one in together[1:]:
            names += [name for name in one.work.operands if name not in inside]
            inside.add(one.work.makes)
        return sum(min(most, self.known.get(name, most)) for name in dict.fromkeys(names))


def worked(works: Iterable[Work], batch: int, facts: Facts | None = None, steps: int = 0) -> list[Operation]:
    """The operations that work of one layer is, in order; none of them done along with another yet.

    `steps`: how often loops go round where the work does not say it, as that of gradients.
    """
    sizes, found = Sizes(facts, batch, steps), []
    entered = False
    done = (one for one in (Worked(work, batch) for work in works) if one.results)  # a loop of one step has no next
    for together in alike(done):
        sizes.enter(together[0].work.part.partition(" ")[0])
        one = _operation(together, sizes)
        one.enters = int(one.looped and not entered)
        entered |= one.looped
        sizes.made(together)
        found.append(one)
    return found


def alike(several: Iterable[Worked]) -> Iterator[list[Worked]]:
    """Neighbours that are steps of one operation: those of the same name; of gradients, those of one kernel."""
    together: list[Worked] = []
    for one in several:
        last = together[-1] if together else None
        same = last is not None and one.name and one.name == last.name and not one.multiplied
        if together and (not same or (one.work.part == "gradient" and not one.name.endswith("Grad"))):
            yield together
            together = []
        together.append(one)
    if together:
        yield together


def _operation(together: list[Worked], sizes: Sizes) -> Operation:
    first, results = together[0], max(one.results for one in together)
    if first.multiplied:
        return _product(first, sizes)
    kind = _kind(together)
    written = together[-1].results
    if first.name == "AddN":
        read, written = sizes.added_up(results)
    elif first.work.part == "gradient":
        read = first.taken or results * (2 if first.kind in PAIRED and first.name not in ALONE else 1)
    elif first.name in POOLED:
        read = sizes.known[INPUT]
    else:
        read = first.taken if first.kind in REDUCTIONS else sizes.read(together, results)
    if kind == "elementwise" and first.work.part != "gradient" and results + 1 < read < 2 * results:
        kind = "broadcast"
    operation = Operation("", kind, first.work.part, sum(one.flops for one in together), read, written)
    if first.name in POOLED:
        operation.channels = sizes.channels
    steps = first.steps or sizes.steps
    operation.small = first.name not in POOLED and max(results, *(one.taken for one in together)) <= SMALL * max(
        1, steps
    )
    return _started(operation, first.name or first.kind, steps)


def _started(operation: Operation, name: str, steps: int) -> Operation:
    operation.starts, operation.looped, operation.name = max(1, steps), steps > 0, name
    return operation


def _kind(together: list[Worked]) -> str:
    kinds, name = {one.kind for one in together}, together[0].name
    if name in POOLED:
        return POOLED[name]
    if "Softmax" in name:
        return "softmax"
    if kinds & {"sum", "max", "min"}:
        return "reduction"
    if kinds & set(TRANSCENDENTAL):
        return "transcendental"
    if "random" in kinds:
        return "random"
    return "copy" if kinds & set(MOVING) else "elementwise"


def _product(one: Worked, sizes: Sizes) -> Operation:
    """A product of matrices, however it is called: so many rows and columns, and the products in each result."""
    kind, operands = DOTS.get(one.name, "product"), one.work.operands
    weights = [sizes.weights[name] for name in operands if name in sizes.weights]
    others = [sizes.known.get(name, one.results) for name in operands if name not in sizes.weights]
    operation = Operation("", kind, one.work.part, one.flops, sum(others), one.results)
    _started(operation, one.name, one.steps)
    operation.inner = max(1, one.inner or round(one.taken / max(1, one.results)))
    operation.channels = operation.inner
    if weights:
        size = sum(sizes.known[weight.name] for weight in weights)
        operation.weight_bytes, operation.columns = FLOAT * size, max(1, round(size / operation.inner))
        _shaped(operation, weights[0].shape, sizes.line)
    else:
        operation.columns = max(1, round(one.results * operation.inner / max(1, others[0])))
    operation.rows = max(1, round(one.results / operation.columns))
    operation.fuses = kind in FUSED_AFTER and (kind != "dense" or sizes.vectors or one.steps > 0)
    return operation


def _shaped(operation: Operation, shape: Any, line: int) -> None:
    """Which kernel a convolution has, by the shape of its weights: windows of one element are products of matrices.

    Of wider windows, the kernel goes along a line of results (oneDNN's `brg_conv_fwd`), and begins anew with the next.
    """
    if operation.kind == "convolution":
        operation.channels = number(shape[-2], 1)
        if all(number(length, 1) == 1 for length in shape[:-2]):
            operation.kind = "pointwise"
        else:
            operation.line = line
    elif operation.kind == "depthwise" and operation.inner > NARROW:
        operation.kind = "wide depthwise"
