"""The backward pass as operations on gradients: what each reads, makes, and needs kept from the forward pass."""

from __future__ import annotations

from modelcost.memory.values import Op, Value
from modelcost.naming import free_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from modelcost.memory.rows import Rows
    from modelcost.memory.values import Trace


class Backward:
    """The operations of a trace's backward pass, from the gradients of what comes out to those of the weights."""

    def __init__(
        self, trace: Trace, rows: Mapping[str, Rows] | None = None, given: Sequence[bool] | None = None
    ) -> None:
        """`rows`: the weights, as "layer/weight", whose gradients stay rows; `given`: the outputs that have a loss."""
        self.ops: list[Op] = []
        self.rows = rows or {}
        self.row_numbers: dict[Value, Value] = {}  # of gradients of rows that were put together, by weight
        self._arrived: dict[Value, list[Value]] = {}
        loss = free_name("loss", trace.entries)
        for i, out in enumerate(trace.outputs):
            if out.differentiable and (given is None or given[i]):
                seed = Value(loss, "gradient", out.elements, out.width, out.once)
                self.ops.append(Op(loss, (out,), seed))
                self._arrived.setdefault(out, []).append(seed)
        for op in reversed(trace.ops):
            if op.made in self._arrived:
                self._through(op, self._summed(op.layer, op.made, op.joins))
        self.of_weights = {
            weight: self._summed(weight.name, weight) for weight in trace.weights.values() if weight in self._arrived
        }

    def _summed(self, layer: str, value: Value, in_pieces: bool = False) -> Value:
        """The gradient of a value: the sum of those that come from all that read it."""
        came = self._arrived.pop(value)
        if len(came) == 1:
            return came[0]
        if value.name in self.rows:
            return self._joined(value, came)
        made = self._gradient(value, layer)
        made.light = in_pieces
        self.ops.append(Op(layer, came, made, kinds=("add",)))
        return made

    def _joined(self, weight: Value, came: Sequence[Value]) -> Value:
        """Gradients of rows one after the other, and so the numbers of these rows."""
        name, rows = weight.name, self.rows[weight.name]
        made = Value(name, "weight gradient", sum(one.elements for one in came), weight.width)
        self.row_numbers[weight] = Value(name, "weight gradient", made.elements // rows.length, rows.index_bytes)
        self.ops += (Op(name, came, made), Op(name, (), self.row_numbers[weight]))
        return made

    def _through(self, op: Op, gradient: Value) -> None:
        """From the gradient of what an operation made to those of what it read, weights first."""
        wanted = [one for one in op.back if one.differentiable]
        for one in sorted(wanted, key=lambda value: value.kind != "parameter"):
            if one.name in self.rows and one.kind == "parameter":
                self._arrived.setdefault(one, []).append(gradient)  # as it came back
                continue
            alike = one.elements == gradient.elements and one.once == gradient.once and one.width == gradient.width
            if op.kinds <= {"add", "sub"} and op.kinds and alike and one.kind != "parameter":
                self._arrived.setdefault(one, []).append(gradient)
                continue
            again = [kept for kept in op.keeps if not (op.factors and kept is one and op.reads.count(one) == 1)]
            made = self._gradient(one, op.layer)
            wider = (op.elementwise or op.sums) and not one.once and one.elements >= gradient.elements
            made.light = op.joins or wider
            loop = op.loop and made.kind == "gradient"
            self.ops.append(Op(op.layer, (gradient, *again), made, (), op.kinds, op.op, op.groups, op.axes, loop=loop))
            self._arrived.setdefault(one, []).append(made)

    def _gradient(self, value: Value, layer: str) -> Value:
        kind = "weight gradient" if value.kind == "parameter" else "gradient"
        name = value.name if value.kind == "parameter" else layer
        return Value(name, kind, value.elements, value.width, value.once)
