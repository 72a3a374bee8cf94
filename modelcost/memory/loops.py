"""Recurrent layers in memory: a loop over the steps, which stacks up what the way back needs of each."""

from __future__ import annotations

from modelcost.count import product
from modelcost.training.rules import gradient
from modelcost.training.values import kept

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from modelcost.memory.values import OfLayer, Value
    from modelcost.training.tape import Operation
    from modelcost.training.values import Value as Taped


def looped(layer: OfLayer, operations: Sequence[Operation]) -> None:
    """Write down a layer's loops as one operation: the input put in the order of steps, the stacks, what comes out.

    The stack of a state has a row for every step, that of the first with what stands there before it.
    """
    from modelcost.memory.values import Op

    wanted = any(operation.result.wanted for operation in operations)
    ahead = _ahead(layer, operations)
    ordered = _projected(layer, ahead) if ahead else _ordered(layer)
    weights = [value for name, value in layer.weights.items() if not (ahead and name == "kernel")]
    keeps = read = [ordered, *layer.came[1:], *weights]
    if wanted:
        stacks = layer.value(sum(_stacked(layer, operations)), False)
        keeps = [*read, layer.put(Op(layer.name, read, stacks))]
    leaving = _leaving(layer, operations)
    every = layer.stacks() or (layer.trace.runtime.linearized and not ahead)
    sizes = [product((*one.steps, one.elements)) if every else one.elements for one in leaving]
    sequence = layer.value(sum(map(int, sizes)), wanted)
    again = keeps[1:] if ahead else keeps  # the gradient of what is only added does not need it
    layer.put(Op(layer.name, keeps, sequence, again if wanted else (), ("dot",), loop=True))
    layer.made.update((id(one), sequence) for one in leaving)
    layer.sequence = sequence


def _ordered(layer: OfLayer) -> Value:
    """The input in the order of steps; what a loop gives is in it, where turning it there and back is left out."""
    from modelcost.memory.values import Op

    x = layer.came[0]
    if layer.trace.runtime.fused and x in layer.trace.in_steps:
        return layer.trace.in_steps[x]
    return layer.put(Op(layer.name, (x,), layer.value(x.elements, x.differentiable)))


def _ahead(layer: OfLayer, operations: Sequence[Operation]) -> Sequence[Operation]:
    """What is done for all steps before the loop: the product of the input and its kernel, and the bias, of a GRU.

    Source: `gru` in Keras 3.15's backend for JAX, which takes a GRU over where the reset comes after the kernel; an
    LSTM on a CPU, and a GRU that is unrolled, multiply step by step.
    """
    taken_over = getattr(layer.layer, "reset_after", False) and not getattr(layer.layer, "unroll", False)
    if not layer.trace.runtime.ahead or not taken_over:
        return ()
    return [one for one in operations if one.works[0].part == "kernel"]


def _projected(layer: OfLayer, ahead: Sequence[Operation]) -> Value:
    """The input times its kernel for all steps, and the same in the order of steps."""
    from modelcost.memory.values import Op

    x, kernel = layer.came[0], layer.weights["kernel"]
    elements = sum(int(product((*one.steps, one.result.elements))) for one in ahead)
    wanted = x.differentiable or kernel.differentiable
    products = layer.value(elements, wanted)
    layer.put(Op(layer.name, (x, kernel), products, (x, kernel) if wanted else (), ("dot",)))
    return layer.put(Op(layer.name, (products,), layer.value(elements, wanted)))


def _stacked(layer: OfLayer, operations: Sequence[Operation]) -> Iterator[int]:
    """How many numbers each stack has: what gradients read again, and where they are linearized, derivatives too."""
    from modelcost.memory.values import TRANSCENDENTAL

    read = [one for operation in operations if operation.result.wanted for one in gradient(operation)[1]]
    bent = {
        id(operation.result)
        for operation in operations
        if {work.primitive.kind for work in operation.works} & TRANSCENDENTAL
    }
    for one in kept(read):
        if one.value.steps:
            several = 2 if layer.trace.runtime.linearized and id(one.value) in bent else 1
            yield several * int(product((*one.value.steps, one.each)))


def _leaving(layer: OfLayer, operations: Sequence[Operation]) -> list[Taped]:
    """What the loops make that is read outside of them."""
    tape = layer.tape
    outside: list[Any] = [
        one.value for operation in tape.operations if not operation.steps for one in operation.operands
    ]
    outside += [tape.values[output.of] if output.of else tape.last for output in layer.facts.outputs]
    read = set(map(id, outside))
    return [operation.result for operation in operations if id(operation.result) in read]
