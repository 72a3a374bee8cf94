"""From what a model computes to what is held when: plans of inference and of a training step."""

from __future__ import annotations

from modelcost.count import product
from modelcost.memory.backward import Backward
from modelcost.memory.buffers import Buffer, Plan, Step
from modelcost.memory.checkpoints import Segments, every
from modelcost.memory.tensors import counter_bytes
from modelcost.memory.values import Op, Trace, Value
from modelcost.naming import free_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from modelcost.memory.rows import Rows
    from modelcost.memory.runtimes import Runtime
    from modelcost.training.optimizer import Optimizer


class Planner:
    """Writes down steps on buffers for operations on values.

    Where a runtime fuses, a value that is one step away from others, element by element, is made anew wherever it is
    read, of the values in memory that it hangs on. It comes to exist only where an operation reads tensors as they
    stand in memory; a product of matrices or a pool then leaves it for its own gradient, a convolution does not,
    since its gradient wants the elements in another order. So are broadcasts, the gradients of sums; the gradients of
    what is concatenated, pieces of one that nobody else reads, and that one itself where it is a sum of several; and
    what a loop gives, turned back from the order of its steps.
    """

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.steps: list[Step] = []
        self._buffers: dict[Value, Buffer] = {}
        self._passing: dict[Value, Buffer] = {}
        self._staying: dict[Value, Buffer] = {}
        self._maker: dict[Value, Op] = {}
        self._zeros: dict[tuple[int, int], Buffer] = {}
        self._sources: dict[Value, tuple[Value, ...]] = {}

    def buffer(self, value: Value) -> Buffer:
        """Where a value is held."""
        if value not in self._buffers:
            self._buffers[value] = _buffer(value)
        return self._buffers[value]

    def buffers(self, values: Iterable[Value]) -> list[Buffer]:
        """Where several are held."""
        return [self.buffer(value) for value in values]

    def add(self, op: Op, phase: str) -> None:
        """The step that an operation is; none where its result is made anew by those that read it."""
        self._maker[op.made] = op
        if self.runtime.fused and op.made.light:
            return
        reads, makes = self._read(op.reads, op.whole or not op.kinds, op.relaid)
        made = self.buffer(op.made)
        over = {one: tuple(reads) for one in makes}
        if op.elementwise:
            over[made] = tuple(reads)
        if op.loop and self.runtime.zeros:
            reads.append(self._blank(op.made))
            over[made] = (reads[-1],)
        if self.runtime.coordinates and op.op.startswith("MaxPool") and op.made.kind == "gradient":
            reads += self._found_places(op, phase, reads)
        self.steps.append(Step(op.layer, phase, reads, [made, *makes, *self._workspace(op)], over, op.relaid))

    def _blank(self, value: Value) -> Buffer:
        """The zeros on which a loop stacks its rows up: one tensor for all loops whose stacks have the same shape."""
        return self._zeros.setdefault((value.elements, value.width), _buffer(value, "workspace"))

    def _found_places(self, op: Op, phase: str, reads: list[Buffer]) -> list[Buffer]:
        """A step that finds where the largest of each window stood: the numbers, and a coordinate on each axis.

        For it every element read has its coordinates beside it, as whole numbers of four bytes.
        """
        out = op.reads[0]
        around = [_whole_numbers(op, op.made.elements) for _ in range(op.axes)]
        places = [_buffer(out, "workspace"), *(_whole_numbers(op, out.elements) for _ in range(op.axes))]
        self.steps.append(Step(op.layer, phase, reads, [*around, *places]))
        return places

    def _workspace(self, op: Op) -> list[Buffer]:
        """What an operation needs for itself alone."""
        largest = max((op.made, *op.reads), key=lambda value: value.elements)
        if not self.runtime.fused and op.elementwise and (largest is not op.made or op.several):
            return [_buffer(largest, "workspace")]  # a product before it is summed up, or what stands between kernels
        if self.runtime.dense_groups and op.groups > 1 and op.made.kind == "weight gradient":
            return [_buffer(op.made, "workspace", op.groups) for _ in range(2)]
        return []

    def turn(self) -> None:
        """From here on, the way back, what convolutions read is made anew."""
        self._passing = dict(self._staying)

    def _read(self, values: Iterable[Value], whole: bool, relaid: bool) -> tuple[list[Buffer], list[Buffer]]:
        """The buffers that are read for some values, and those that are made for it."""
        reads: list[Buffer] = []
        makes: list[Buffer] = []
        for value in values:
            while self.runtime.fused and relaid and value.border is not None:
                value = value.border  # a convolution reaches over the border itself
            if not (self.runtime.fused and value.light):
                reads.append(self.buffer(value))
            elif not whole:
                reads += self.buffers(self.sources(value))
            elif value in self._passing:
                reads.append(self._passing[value])
            else:
                makes.append(self._made_for(value, relaid))
                reads += self.buffers(self.sources(value))
        return reads, makes

    def _made_for(self, value: Value, relaid: bool) -> Buffer:
        passing = self._passing[value] = _buffer(value)
        if not relaid:
            self._staying[value] = passing
        return passing

    def sources(self, value: Value) -> tuple[Value, ...]:
        """The values in memory that one is made of."""
        if not value.light:
            return (value,)
        if value not in self._sources:
            found = (source for one in self._maker[value].reads for source in self.sources(one))
            self._sources[value] = tuple(dict.fromkeys(found))
        return self._sources[value]

    def update(self, weight: Value, gradient: Value, slots: int, row_numbers: Value | None = None) -> None:
        """A step of the optimizer on one weight, which has so many slots.

        On the way it makes a tensor for each of them, and at least one; none where the runtime fuses. Together with
        slots, which are whole, a gradient of rows becomes whole too.
        """
        several = 0 if self.runtime.fused else max(1, slots)
        makes = [_buffer(weight if slots else gradient, "workspace") for _ in range(several)]
        reads = [one for one in (gradient, row_numbers) if one is not None]
        self.steps.append(Step(weight.name, "optimizer", self.buffers(reads), makes))

    def finish(self, name: str, values: Iterable[Value]) -> None:
        """A last step of the forward pass, which reads what comes out."""
        reads, makes = self._read(values, True, False)
        self.steps.append(Step(name, "forward", reads, makes, {one: tuple(reads) for one in makes}))


def _buffer(value: Value, kind: str = "", times: int = 1) -> Buffer:
    size = value.elements * value.width * times
    return Buffer(value.name, kind or value.kind, 0 if value.once else size, size if value.once else 0)


def _whole_numbers(op: Op, elements: int) -> Buffer:
    return Buffer(op.layer, "workspace", each=4 * elements)


def inference_plan(trace: Trace) -> Plan:
    """What is held when in a forward pass: a tensor goes after its last reader; inputs and weights stay."""
    planner = Planner(trace.runtime)
    always = planner.buffers((*trace.weights.values(), *trace.inputs))
    for op in trace.ops:
        planner.add(op, "forward")
    planner.finish("output", trace.outputs)
    return Plan(planner.steps, always, trace.runtime.in_place)


def training_plan(
    trace: Trace,
    optimizer: Optimizer,
    checkpoints: int | str | None = None,
    rows: Mapping[str, Rows] | None = None,
    given: Sequence[bool] | None = None,
) -> Plan:
    """What is held when in a training step: forward, backward, optimizer.

    `checkpoints`: do segments of so many layers again on the way back ("sqrt": as many as the root of their number).
    `rows`: the weights, as "layer/weight", whose gradients stay the rows that were looked up.
    `given`: for each output whether it has a loss, as all have where nothing is said.
    """
    planner = Planner(trace.runtime)
    slots = {weight: optimizer.slots(fact) for weight, fact in trace.trained().items()}
    always = [*planner.buffers((*trace.weights.values(), *trace.inputs)), *_state(slots, optimizer, trace)]
    for op in trace.ops:
        planner.add(op, "forward")
    planner.finish("output", trace.outputs)
    planner.turn()
    backward = Backward(trace, rows, given)
    updated: dict[Value, list[Value]] = {}  # rows that are added up have one gradient
    for weight, gradient in backward.of_weights.items():
        updated.setdefault(gradient, []).append(weight)

    def update(gradient: Value) -> None:
        for weight in updated.get(gradient, ()):
            planner.update(weight, gradient, len(slots[weight]), backward.row_numbers.get(weight))

    for op, phase in _way_back(trace, backward, checkpoints):
        planner.add(op, phase)
        if trace.runtime.at_once:
            update(op.made)
    if not trace.runtime.at_once:
        for gradient in updated:
            update(gradient)
    return Plan(planner.steps, always, trace.runtime.in_place)


def _way_back(trace: Trace, backward: Backward, checkpoints: int | str | None) -> Iterable[tuple[Op, str]]:
    if checkpoints is None:
        return ((op, "backward") for op in backward.ops)
    layers = len({op.layer for op in trace.ops})
    return Segments(trace, every(layers, checkpoints)).on_the_way_back(backward.ops)


def _state(slots: Mapping[Value, Mapping[str, Any]], optimizer: Optimizer, trace: Trace) -> Iterator[Buffer]:
    """The optimizer's state: that of each weight that training changes, and its own numbers."""
    for value, shapes in slots.items():
        numbers = sum(int(product(shape)) for shape in shapes.values())
        if numbers:
            yield Buffer(value.name, "optimizer state", fixed=numbers * value.width)
    yield Buffer(
        free_name("optimizer", trace.entries),
        "optimizer state",
        fixed=int(counter_bytes(optimizer, trace.entries.values(), trace.dtype)),
    )
