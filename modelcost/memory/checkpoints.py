"""Gradient checkpointing: keep what stands between segments of a model, and do each segment again on the way back.

What a segment reads is kept so that it can be done again, even where its gradients need less, as a mask alone.

Source: Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost", https://arxiv.org/abs/1604.06174.
"""

from __future__ import annotations

from math import isqrt

from modelcost.errors import ModelCostError, short
from modelcost.memory.values import Op, Value
from modelcost.sizes import whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from modelcost.memory.values import Trace


def every(layers: int, wanted: Any) -> int:
    """How many layers a segment has: the number wanted, or the root of their number for "sqrt".

    >>> every(50, "sqrt"), every(50, 10)
    (7, 10)
    """
    if wanted == "sqrt":
        return max(1, isqrt(layers))
    length = whole(wanted)
    if length is None or length < 1:
        rule = 'checkpoints are every so many layers, at least 1, or "sqrt"'
        raise ModelCostError(f"{rule}. Received: {short(wanted)}")
    return length


class Segments:
    """The segments of a trace, so many layers each, and what is done again for the way back."""

    def __init__(self, trace: Trace, length: int) -> None:
        layers = list(dict.fromkeys(op.layer for op in trace.ops))
        starts = range(0, len(layers), length)
        self.of_layer = {layer: i for i, start in enumerate(starts) for layer in layers[start : start + length]}
        self.last = len(starts) - 1
        self.ops = trace.ops
        made = {op.made: self.of_layer[op.layer] for op in trace.ops}
        crossing = {one for op in trace.ops for one in op.reads if made.get(one, 0) != self.of_layer[op.layer]}
        kept = {*crossing, *trace.outputs, *trace.inputs, *trace.weights.values()}
        self.dropped = {value for value, segment in made.items() if segment != self.last and value not in kept}
        self.again: dict[Value, Value] = {}

    @property
    def layers_again(self) -> list[str]:
        """The layers whose forward pass is done twice."""
        return list(dict.fromkeys(op.layer for op in self.ops if op.made in self.dropped))

    def on_the_way_back(self, backward: Sequence[Op]) -> Iterator[tuple[Op, str]]:
        """The operations of the backward pass, each segment's forward operations before its own; and their phase."""
        done = {self.last}
        for op in backward:
            segment = self.of_layer.get(op.layer, self.last)
            if segment not in done:
                done.add(segment)
                yield from ((self._remade(one), "again") for one in self.ops if self._in(one, segment))
            yield self._reading(op), "backward"

    def _in(self, op: Op, segment: int) -> bool:
        return op.made in self.dropped and self.of_layer[op.layer] == segment

    def _remade(self, op: Op) -> Op:
        old = op.made
        made = Value(old.name, old.kind, old.elements, old.width, old.once, old.differentiable, old.light)
        made.border = None if old.border is None else self.again.get(old.border, old.border)
        found = Op(op.layer, self._mapped(op.reads), made, (), op.kinds, op.op, op.groups, op.axes, loop=op.loop)
        self.again[old] = made
        return found

    def _reading(self, op: Op) -> Op:
        return Op(op.layer, self._mapped(op.reads), op.made, (), op.kinds, op.op, op.groups, op.axes, loop=op.loop)

    def _mapped(self, values: Sequence[Value]) -> list[Value]:
        return [self.again.get(value, value) for value in values]
