"""Recurrent layers in memory: a loop over the steps, which stacks up what the way back needs of each."""

from __future__ import annotations

from modelcost.count import product
from modelcost.training.rules import gradient
from modelcost.training.values import kept

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from modelcost.memory.values import OfLayer
    from modelcost.training.tape import Operation
    from modelcost.training.values import Value as Taped


def looped(layer: OfLayer, operations: Sequence[Operation]) -> None:
    """Write down a layer's loops as one operation: the input put in the order of steps, the stacks, what comes out.

    The stack of a state has a row for every step, that of the first with what stands there before it.
    """
    from modelcost.memory.values import Op

    x, wanted = layer.came[0], any(operation.result.wanted for operation in operations)
    ordered = layer.put(Op(layer.name, (x,), layer.value(x.elements, x.differentiable)))
    keeps = read = [ordered, *layer.came[1:], *layer.weights.values()]
    if wanted:
        stacks = layer.value(sum(_stacked(layer, operations)), False)
        keeps = [*read, layer.put(Op(layer.name, read, stacks))]
    leaving = _leaving(layer, operations)
    every = layer.trace.runtime.linearized or layer.stacks()
    sizes = [product((*one.steps, one.elements)) if every else one.elements for one in leaving]
    sequence = layer.value(sum(map(int, sizes)), wanted)
    layer.put(Op(layer.name, keeps, sequence, keeps if wanted else (), ("dot",)))
    layer.made.update((id(one), sequence) for one in leaving)
    layer.sequence = sequence


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
