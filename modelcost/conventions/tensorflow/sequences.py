"""Where the profiler's count of a training step is another than its own weights would give: layers of sequences.

Measured on the graph of forward pass and gradients that `GradientTape` makes (TensorFlow 2.21, Keras 3.15).
"""

from __future__ import annotations

from modelcost.conventions.tensorflow.difference import Difference, uncounted
from modelcost.conventions.tensorflow.operations import folded
from modelcost.count import NOTHING, product
from modelcost.errors import ModelCostError
from modelcost.facts import INPUT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from modelcost.conventions.tensorflow.operations import ByOp
    from modelcost.facts import Facts, Work

    Into = tuple[bool, ...]  # into which inputs gradients go

LOOP = "a loop's body is in a graph of its own: what is counted is a step that Keras calls beforehand"
LOOP_BACK = "the gradients of a loop are in graphs of their own, and not counted"
FIRST_STATE = "the gradient of the state at first, which nobody wants, is in the graph where products have it"
SLICES = "gradients of slices are as large as the whole, and added up"
TRANSPOSED = "of a product whose first factor is transposed the other axis is taken for that which is summed along"
BOTH = "of a product of tensors both gradients are made, also that of data"
EXAMPLES = "the gradient of a kernel is made for each example, and summed up"


def one_step(works: Sequence[Work]) -> Difference:
    """What is counted of loops: one step of each."""
    whole, seen = folded(works), folded(work.each or work for work in works)
    return Difference(LOOP, {op: (seen[op][0] - whole[op][0], seen[op][1] - whole[op][1]) for op in whole})


def _recurrent(facts: Facts, made: ByOp, into: Into) -> Iterator[Difference]:
    """Loops count nothing; unrolled, the products of a memory or a state have a gradient for the first, too."""
    layer, (T, _), states = facts.layer, facts.inputs[0], facts.inputs[1:]
    kind, U = type(layer).__name__, layer.units
    gates = () if kind == "SimpleRNN" else (layer.recurrent_activation,)
    plain = layer.activation in PLAIN and all(one in PLAIN for one in gates)
    unrolled = not layer.unroll or (layer.at_once() and plain)
    if layer.dropout or layer.recurrent_dropout or states or not unrolled:
        raise ModelCostError(f"what the profiler counts for the gradient of {layer!r} is not known")
    if not layer.unroll:
        yield Difference(LOOP_BACK, uncounted(made, *made))
        return
    if kind == "LSTM":
        yield Difference(FIRST_STATE, {"Mul": (U, NOTHING)})
    elif kind == "GRU" and layer.reset_after:
        yield Difference(FIRST_STATE, {"Mul": (U, NOTHING)})
        yield Difference(SLICES, {"AddN": (T * 2 * 3 * U, NOTHING)})
    elif kind == "GRU":
        yield Difference(FIRST_STATE, {"Mul": (2 * U, NOTHING)})
        yield Difference(SLICES, {"AddN": (T * 2 * U, T * U * 3 * U)})


PLAIN = ("sigmoid", "tanh", "relu", "linear")
"""Activations within which no gradients are made for nobody."""


def _kernels(facts: Facts, made: ByOp, into: Into) -> Iterator[Difference]:
    """Products of tensors with kernels: of each example apart, in the gradient."""
    weights = {weight.name: weight.params for weight in facts.weights}
    if getattr(facts.layer, "dropout", None):
        raise ModelCostError(f"what the profiler counts for the gradient of {facts.layer!r} is not known")
    for work in facts.works:
        if work.op == "BatchMatMulV2":
            (kernel,) = (weights[name] for name in work.operands if name in weights)
            C = work.primitive.n
            yield Difference(TRANSPOSED, {"BatchMatMulV2": (2 * C * kernel - 2 * C * work.times, NOTHING)})
            yield Difference(EXAMPLES, {"Sum": (kernel, 0 - kernel)})
            if work.operands[0].startswith(INPUT) and not into[int(work.operands[0].partition(":")[2] or 0)]:
                yield Difference(BOTH, {"BatchMatMulV2": (2 * C * work.times, NOTHING)})


def _attention(facts: Facts, made: ByOp, into: Into) -> Iterator[Difference]:
    """The gradients of keys and of values are products whose first factor is transposed: the query, and the shares."""
    layer, (query, value, *_) = facts.layer, facts.inputs
    if len(query) != 2 or layer.score_mode != "dot" or layer.use_scale or layer.dropout or not all(into):
        raise ModelCostError(f"what the profiler counts for the gradient of {layer!r} is not known")
    (T, C), (S, V) = query, value
    yield Difference(TRANSPOSED, {"BatchMatMulV2": (2 * C * S * C - 2 * C * S * T, NOTHING)})
    yield Difference(TRANSPOSED, {"BatchMatMulV2": (2 * S * V * S - 2 * S * V * T, NOTHING)})


def _each_step(facts: Facts, made: ByOp, into: Into) -> Iterator[Difference]:
    """Every step is cut out of the whole by itself."""
    layer, (T, *inner) = facts.layer, facts.inputs[0]
    if type(layer.layer).__name__ != "Dense" or layer.layer.activation not in PLAIN:
        raise ModelCostError(f"what the profiler counts for the gradient of {layer!r} is not known")
    if any(into):
        yield Difference(SLICES, {"AddN": ((T - 1) * T * product(inner), NOTHING)})


RULES: dict[str, Callable[[Facts, ByOp, Into], Iterator[Difference]]] = {
    "Recurrent": _recurrent,
    **dict.fromkeys(("EinsumDense", "MultiHeadAttention"), _kernels),
    "Attention": _attention,
    "TimeDistributed": _each_step,
}
"""What a tape and the profiler do otherwise for the gradients of layers of sequences, by class."""
