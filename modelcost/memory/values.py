"""What a model computes, value by value: the operations of each layer, what they read and make, what gradients need."""

from __future__ import annotations

from itertools import groupby

from modelcost.dtypes import bytes_of, held_as, stored_as
from modelcost.errors import ModelCostError, UnboundSizeError
from modelcost.facts import CONSTANT, ELEMENTWISE, INPUT
from modelcost.memory.loops import looped
from modelcost.training.backward import phase
from modelcost.training.rules import gradient
from modelcost.training.tape import Tape, apart

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from modelcost.facts import Output, Weight, Work
    from modelcost.graph import Call
    from modelcost.memory.runtimes import Runtime
    from modelcost.model import Entry, Model
    from modelcost.training.tape import Operation


class Value:
    """A tensor that comes to exist: its layer, its elements for one example, or for the call (`once`), its bytes.

    `differentiable`: a loss has a gradient with respect to it that training needs.
    `light`: one step away from others, element by element, so that a compiler makes it anew wherever it is read.
    """

    __slots__ = ("border", "differentiable", "elements", "kind", "light", "name", "once", "width")

    def __init__(
        self,
        name: str,
        kind: str,
        elements: Any,
        width: int,
        once: bool = False,
        differentiable: bool = False,
        light: bool = False,
    ) -> None:
        self.name, self.kind, self.elements, self.width = name, kind, int(elements), width
        self.once, self.differentiable, self.light = once, differentiable, light
        self.border: Value | None = None  # what it is the border around

    def __repr__(self) -> str:
        return f"<{self.kind} {self.name}: {self.elements}{' once' if self.once else ''}>"


class Op:
    """An operation: the values that it reads, the one that it makes, and those that its gradient needs again.

    `kinds`: its primitives, none where it only moves or widens what it reads; `op`: TensorFlow's name for it, if any.
    `groups`: those of channels that a convolution keeps apart; `axes`: how many its input has, with the batch's.
    `loop`: whether it goes over steps and stacks up a row of each, as its gradient does.
    `back`: what gradients go back to, once for each time that it is read; all that it reads, unless others are given.
    """

    __slots__ = ("axes", "back", "groups", "keeps", "kinds", "layer", "loop", "made", "op", "reads")

    def __init__(
        self,
        layer: str,
        reads: Sequence[Value],
        made: Value,
        keeps: Iterable[Value] = (),
        kinds: Iterable[str] = (),
        op: str = "",
        groups: int = 1,
        axes: int = 0,
        back: Sequence[Value] | None = None,
        loop: bool = False,
    ) -> None:
        self.back = self.reads = tuple(reads)
        if back is not None:
            self.back = tuple(back)
        self.layer, self.made, self.groups, self.axes, self.loop = layer, made, groups, axes, loop
        self.keeps, self.kinds, self.op = tuple(dict.fromkeys(keeps)), frozenset(kinds), op

    @property
    def elementwise(self) -> bool:
        """Whether each element that it makes hangs on the same element of what it reads, and no other."""
        return self.op == CHOICE or (bool(self.kinds) and self.kinds <= ELEMENTS)

    @property
    def joins(self) -> bool:
        """Whether it puts values side by side, as a concatenation does."""
        return self.op == "ConcatV2"

    @property
    def sums(self) -> bool:
        """Whether it is a sum or a mean, whose gradient is one number for many elements."""
        return "sum" in self.kinds and self.kinds <= {"sum", "div"} and not self.whole

    @property
    def several(self) -> bool:
        """Whether several kernels do it, which have one gradient together."""
        return len(self.kinds) > 1 and not self.op

    @property
    def factors(self) -> bool:
        """Whether it is a product, so that the gradient of a factor needs the others."""
        return bool(self.kinds) and self.kinds <= PRODUCTS

    @property
    def relaid(self) -> bool:
        """Whether its gradient reads in another order than it does itself, as a convolution's, so that copies are made.

        A product of matrices, and a pool, read the same tensor in both passes.
        """
        return "Conv" in self.op or "conv" in self.op

    @property
    def whole(self) -> bool:
        """Whether it reads tensors as they stand in memory, so that these cannot be worked out on the way."""
        return "Pool" in self.op or bool(self.kinds & {"dot", "scatter", "gather"})

    def __repr__(self) -> str:
        return f"<{self.layer}: {self.reads} -> {self.made}>"


class Trace:
    """All operations of a model in order, for inference or for training, and its inputs, weights and outputs."""

    def __init__(
        self, model: Model, entries: Sequence[Entry], runtime: Runtime, training: bool, dtype: str | None = None
    ) -> None:
        self.runtime, self.training, self.dtype = runtime, training, dtype
        self.entries = {entry.name: entry for entry in entries}
        self.ops: list[Op] = []
        self.weights: dict[Any, Value] = {}
        self._facts: dict[Value, Weight] = {}
        self.in_steps: dict[Value, Value] = {}  # of what a loop gives, the same in the order of its steps
        self.inputs = [self._input(entry) for entry in self._entering(model)]
        self.outputs = model.carried(self.inputs, self._visited)
        again = {value for op in self.ops for value in op.keeps}
        for op in self.ops:
            if op.elementwise and op.kinds & TRANSCENDENTAL:
                op.made.light = op.made not in again

    def _entering(self, model: Model) -> list[Entry]:
        return [self.entries[model.names[tensor.call.layer]] for tensor in model.inputs]

    def _input(self, entry: Entry) -> Value:
        out = entry.facts.outputs[0]
        return Value(entry.name, "input", out.elements, self._width(entry, out))

    def _width(self, entry: Entry, out: Output | None = None) -> int:
        own = (out.dtype if out is not None else None) or entry.layer.dtype
        return bytes_of(held_as(own, self.dtype))

    def _visited(self, name: str, call: Call, came: list[Value]) -> list[Value]:
        entry = self.entries[name]
        try:
            layer = OfLayer(self, entry, came, self._width(entry))
            layer.run()
        except UnboundSizeError:
            raise  # says already which size of the input is missing
        except ModelCostError as error:
            raise type(error)(f"{name}: {error}") from None
        return [layer.output(out, self._width(entry, out)) for out in entry.facts.outputs]

    def weights_of(self, entry: Entry) -> dict[str, Value]:
        """The weights of a layer's call by name; a layer that is called again has the same."""
        owner = tuple(map(id, entry.layer.weight_owners()))
        width = bytes_of(stored_as(entry.layer.dtype, self.dtype))
        found = {}
        for weight in entry.facts.weights:
            key = (owner, weight.name)
            if key not in self.weights:
                changes = self.training and weight.trainable and entry.trainable
                label = f"{entry.name}/{weight.name}"
                value = self.weights[key] = Value(label, "parameter", weight.params, width, True, changes)
                self._facts[value] = weight
            found[weight.name] = self.weights[key]
        return found

    def trained(self) -> dict[Value, Weight]:
        """The weights that training changes, each with its fact."""
        return {value: weight for value, weight in self._facts.items() if value.differentiable}


class OfLayer:
    """The operations of one call of a layer, written down one after the other."""

    def __init__(self, trace: Trace, entry: Entry, came: Sequence[Value], width: int) -> None:
        self.trace, self.name, self.came, self.width = trace, entry.name, list(came), width
        self.facts, self.layer = entry.facts, entry.layer
        wanted, trained = [value.differentiable for value in came], trace.training and entry.trainable
        during = phase(entry) if trace.training else "inference"
        facts = apart(entry.facts, during) if trace.runtime.linearized else entry.facts
        self.tape = Tape(facts, wanted, trained, during)
        read = [(name, work.primitive.kind) for work in facts.works for name in work.operands]
        self.weights = {
            name: value if {kind for one, kind in read if one == name} == {"gather"} else self._cast(value)
            for name, value in trace.weights_of(entry).items()
        }
        known = {**{f"{INPUT}:{i}": value for i, value in enumerate(came)}, **self.weights}
        self.made = {id(self.tape.values[name]): value for name, value in known.items()}  # by what it is on the tape
        self.curved: set[Value] = set()  # values that come of a transcendental function
        self.sequence: Value | None = None  # what loops give

    def _cast(self, weight: Value) -> Value:
        """A weight as the layer computes with it: a copy in a narrower dtype under mixed precision."""
        if weight.width <= self.width:
            return weight
        made = Value(weight.name, "cast", weight.elements, self.width, True, weight.differentiable)
        return self.put(Op(self.name, (weight,), made))

    def put(self, op: Op) -> Value:
        """Write an operation down; what it makes."""
        self.trace.ops.append(op)
        return op.made

    def value(self, elements: Any, differentiable: bool) -> Value:
        """A tensor of this layer's, for each example."""
        return Value(self.name, "activation", elements, self.width, False, differentiable)

    def stacks(self) -> bool:
        """Whether what comes out of a loop is something of every step."""
        return len(self.facts.outputs[0].shape) == len(self.facts.inputs[0])

    def run(self) -> None:
        """Write down all operations, those of loops as one."""
        for loop, operations in groupby(self.tape.operations, lambda operation: bool(operation.steps)):
            if loop:
                looped(self, list(operations))
            else:
                for operation in operations:
                    self._done(operation)

    def _done(self, operation: Operation) -> None:
        works = operation.works
        part, kinds = works[0].part, {work.primitive.kind for work in works}
        reads = self._values(operation.operands)
        made = self.made[id(operation.result)] = self._made(operation)
        keeps = self._values(gradient(operation)[1]) if made.differentiable else []
        if self.trace.runtime.linearized and "erf" in kinds and keeps:
            keeps.append(self.put(Op(self.name, reads, self.value(made.elements, False))))
        curved = any(one in self.curved and one.elements == made.elements for one in reads)
        light = kinds <= LIGHT or operation.name == CHOICE
        made.light = (light and not (curved and kinds == {"mul"})) or part == "border"
        if kinds & TRANSCENDENTAL or (light and curved):
            self.curved.add(made)
        made.border = reads[0] if part == "border" else None
        axes = len(self.facts.inputs[0]) + 1
        back = self._values(value for _, value in operation.back)
        wide = made
        if kinds == {"gather"} and reads[-1].width > made.width:  # rows of a table that is not cast as a whole
            wide = Value(self.name, "activation", made.elements, reads[-1].width, made.once, made.differentiable)
        self.put(Op(self.name, reads, wide, keeps, kinds, works[0].op, self._groups(works[0]), axes, back))
        if wide is not made:
            self.put(Op(self.name, (wide,), made))

    def _values(self, taped: Iterable[Any]) -> list[Value]:
        """The values in memory of those on the tape, but for constants."""
        return [self.made[id(one.value)] for one in taped if one.kind != CONSTANT]

    def _groups(self, work: Work) -> int:
        """How many groups of channels a convolution keeps apart; in a depthwise one each channel is a group."""
        if work.part == "depthwise":
            return next(int(one.shape[-2]) for one in self.facts.weights if one.name in work.operands)
        return int(getattr(self.layer, "groups", 1)) if work.primitive.kind == "dot" else 1

    def _made(self, operation: Operation) -> Value:
        result = operation.result
        width, kind = (1, "mask") if operation.name in TRUTHS else (self.width, "activation")
        return Value(self.name, kind, result.elements, width, result.once, result.wanted)

    def output(self, out: Output, width: int) -> Value:
        """The value that comes out: one made already, the input that it is a view of, or a copy."""
        value = self.made[id(self.tape.values[out.of] if out.of else self.tape.last)]
        own = value not in self.came and value is not self.sequence
        if value.elements == out.elements and (own or out.view):
            return value
        made = Value(self.name, "activation", out.elements, width, False, value.differentiable)
        if value is self.sequence and value.elements == out.elements:
            made.light, self.trace.in_steps[made] = True, value
        return self.put(Op(self.name, (value,), made))


ELEMENTS = frozenset(ELEMENTWISE) - {"gather", "random", "copy", "unknown"}
"""Primitives that make one element of another, without looking at its neighbours."""
TRANSCENDENTAL = frozenset(name for name, column in ELEMENTWISE.items() if column == "transcendentals")
PRODUCTS = frozenset(("dot", "scatter", "mul"))
LIGHT = frozenset(("add", "sub", "mul", "compare", "abs", "sign", "round", "div"))
"""Those that take no longer than reading what they would have made."""
CHOICE = "SelectV2"
"""The operation that takes each element from one of two others."""
TRUTHS = frozenset(("Greater", "GreaterEqual", "Less", "LessEqual", "Equal", "NotEqual", "IsFinite", "IsNan", "IsInf"))
"""Operations whose results are true or false, of a byte each."""
