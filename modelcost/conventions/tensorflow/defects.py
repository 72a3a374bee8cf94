"""Where the TensorFlow profiler's count is another than what its own weights would give, and by how much.

Each defect has a name, a reason and a formula, measured on TensorFlow 2.21 with Keras 3.15. A layer's defects
are looked up by its class; what is found for one call is a change of its FLOPs by operation.
"""

from __future__ import annotations

from modelcost.conventions.tensorflow.operations import honest
from modelcost.count import NOTHING, product, total
from modelcost.layers.windows import rounded_down, rounded_up, windows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from modelcost.conventions.tensorflow.operations import ByOp
    from modelcost.facts import Facts
    from modelcost.graph import Call
    from modelcost.model import Model

VERSIONS = "TensorFlow 2.21, Keras 3.15"


class Difference:
    """One named difference: why the profiler counts otherwise, and the change by operation (each example, once)."""

    __slots__ = ("flops", "name")

    def __init__(self, name: str, flops: ByOp) -> None:
        self.name, self.flops = name, dict(flops)


def differences(facts: Facts) -> Iterator[Difference]:
    """What the profiler gets wrong about one call of a layer."""
    for base in type(facts.layer).__mro__:
        if base.__name__ in DEFECTS:
            yield from DEFECTS[base.__name__](facts, honest(facts))
            return


def without_shape(model: Model) -> list[str]:
    """The calls whose inputs have lost their static shape in TensorFlow's graph: work for each example counts 0.

    A grouped convolution is compiled apart, and no shape is known of what it gives, until a layer reshapes to
    lengths that it knows itself.
    """
    found: list[str] = []

    def visit(name: str, call: Call, came: list[bool]) -> list[bool]:
        lost, layer = any(came), type(call.layer).__name__
        if lost and not _gives_shape(call):
            found.append(name)
        grouped = getattr(call.layer, "groups", 1) != 1 and layer.startswith("Conv")
        return [grouped or (lost and not _gives_shape(call))] * len(call.outputs)

    model.carried([False] * len(model.inputs), visit)
    return found


def _gives_shape(call: Call) -> bool:
    """Whether a layer's result has a known shape whatever came in."""
    kind = type(call.layer).__name__
    return kind in ("Reshape", "Flatten") or (kind == "Dense" and len(call.facts.inputs[0]) > 1)


def _instead(counted: ByOp, name: str, flops: Any) -> ByOp:
    """The change that makes an operation count `flops` for each example, whatever it should count."""
    return {name: (flops - counted[name][0], NOTHING)}


def _nothing(counted: ByOp, *names: str) -> ByOp:
    return {name: (0 - counted[name][0], 0 - counted[name][1]) for name in names if name in counted}


def _space(facts: Facts) -> tuple[Any, ...]:
    """The axes of space that come out."""
    shape = facts.outputs[0].shape
    return shape[:-1] if facts.layer.data_format == "channels_last" else shape[1:]


def _conv(facts: Facts, counted: ByOp) -> Iterator[Difference]:
    layer = facts.layer
    if layer.groups > 1:
        name = "a grouped convolution is compiled apart, and counts 0 with all that follows in its layer"
        yield Difference(name, _nothing(counted, *counted))
    elif max(layer.dilation_rate) > 1:
        space = _space(facts)
        padded = [rounded_up(size, rate) for size, rate in zip(space, layer.dilation_rate, strict=True)]
        (op,) = (name for name in counted if name.startswith("Conv"))
        per_place = 2 * product(facts.weights[0].shape)
        yield Difference(
            "dilation rounds every axis up to a multiple of its rate",
            _instead(counted, op, per_place * product(padded)),
        )


def _depthwise(facts: Facts, counted: ByOp) -> Iterator[Difference]:
    layer, op = facts.layer, "DepthwiseConv2dNative"
    if max(layer.dilation_rate) == 1:
        return
    shape, per_place = facts.inputs[0], 2 * product(facts.weights[0].shape)
    space = shape[:-1] if layer.data_format == "channels_last" else shape[1:]
    axes = zip(space, layer.kernel_size, layer.dilation_rate, strict=True)
    whole = [windows("", size, kernel, 1, rate, layer.padding) for size, kernel, rate in axes]
    padded = [rounded_up(size, rate) for size, rate in zip(whole, layer.dilation_rate, strict=True)]
    yield Difference(
        "a dilated depthwise convolution is computed at stride 1, every axis rounded up to a multiple of its rate",
        _instead(counted, op, per_place * product(padded)),
    )


def _transposed(facts: Facts, counted: ByOp) -> Iterator[Difference]:
    layer = facts.layer
    if layer.op == "Conv3DBackpropInputV2":
        yield Difference("a 3-D transposed convolution has no statistic", _nothing(counted, layer.op))
    elif layer.data_format == "channels_first":
        yield Difference("a transposed convolution with channels first counts 0", _nothing(counted, layer.op))
    else:
        flops = rounded_down(2 * product(_space(facts)) * product(facts.weights[0].shape), product(layer.strides))
        yield Difference(
            "a transposed convolution is counted from its outputs, divided by the strides",
            _instead(counted, layer.op, flops),
        )


def _pool(facts: Facts, counted: ByOp) -> Iterator[Difference]:
    layer = facts.layer
    if layer.op.endswith("3D"):
        yield Difference("3-D pooling has no statistic", _nothing(counted, layer.op))
    elif layer.padding == "same":
        full = product(layer.pool_size) * facts.outputs[0].elements
        yield Difference("pooling counts full windows, padding too", _instead(counted, layer.op, full))


def _adaptive(facts: Facts, counted: ByOp) -> Iterator[Difference]:
    """Along each axis in turn, the whole map is pooled with stride 1 in two sizes of window, and some are picked."""
    layer, (*space, C) = facts.layer, facts.inputs[0]
    if layer.data_format == "channels_first":
        C, *space = facts.inputs[0]
    flops = []
    for i, wanted in enumerate(layer.output_size):
        others = product((*layer.output_size[:i], *space[i + 1 :], C))
        small = windows("", space[i], 1, wanted, 1, "same")
        flops += [window * (space[i] - window + 1) * others for window in (small, small + 1)]
    name = "adaptive pooling pools the whole map with stride 1, in two sizes of window along each axis"
    yield Difference(name, _instead(counted, layer.op, 0 if layer.op.endswith("3D") else total(flops)))
    places = sum(layer.output_size)
    index = {"Mul": 2, "RealDiv": 2, "Minimum": 2, "Sub": 1, "Equal": 1, "AddV2": 1}
    yield Difference("where its windows stand is worked out", {op: (NOTHING, n * places) for op, n in index.items()})


def _loop(steps_once: dict[str, Any]) -> Callable[[Facts, ByOp], Iterator[Difference]]:
    """A recurrent layer: its loop's body is counted once, and of that only what keeps a known shape."""

    def defect(facts: Facts, counted: ByOp) -> Iterator[Difference]:
        layer = facts.layer
        if layer.unroll:
            return
        U, C = layer.units, facts.inputs[0][-1]
        seen: dict[str, Any] = {"MatMul": 2 * C * layer.gates * U, **{op: n * U for op, n in steps_once.items()}}
        if layer.use_bias:
            seen["BiasAdd"] = layer.gates * U
        changes = {op: (seen.get(op, 0) - counted.get(op, (NOTHING, 0))[0], NOTHING) for op in {*seen, *counted}}
        yield Difference("a loop's body is counted once, and only what keeps a known shape in it", changes)

    return defect


def _repeat(facts: Facts, counted: ByOp) -> Iterator[Difference]:
    yield Difference("repeating multiplies lengths of axes", {"Mul": (NOTHING, 1)})


def _softmax(facts: Facts, counted: ByOp) -> Iterator[Difference]:
    axis, rank = facts.layer.axis, len(facts.outputs[0].shape)
    if axis not in (-1, rank):
        yield Difference("a softmax along another axis than the last works out which axis it is", {"Sub": (NOTHING, 2)})


def _function(facts: Facts, counted: ByOp) -> Iterator[Difference]:
    if facts.layer.activation == "sparsemax":
        yield Difference("sparsemax numbers its places", {"AddV2": (NOTHING, 1)})


def _within(facts: Facts, times: Any = 1) -> Iterator[Difference]:
    """What the profiler gets wrong about a layer that stands inside another, so many times over."""
    for difference in differences(facts):
        yield Difference(
            difference.name, {op: (each * times, once * times) for op, (each, once) in difference.flops.items()}
        )


def _both_ways(facts: Facts, counted: ByOp) -> Iterator[Difference]:
    for layer in (facts.layer.layer, facts.layer.backward):
        yield from _within(layer.costed(facts.inputs[:1]))


def _each_step(facts: Facts, counted: ByOp) -> Iterator[Difference]:
    steps, *inner = facts.inputs[0]
    yield from _within(facts.layer.layer.costed((tuple(inner),)), steps)


def _calls(facts: Any, counted: ByOp) -> Iterator[Difference]:
    for inner in facts.of_calls.values():
        yield from differences(inner)


def _embedding(facts: Facts, counted: ByOp) -> Iterator[Difference]:
    indices = product(facts.inputs[0])
    yield Difference(
        "token numbers are compared with 0 and added to, in case they count from the end",
        {"Less": (indices, NOTHING), "AddV2": (indices, NOTHING)},
    )


def _nearest(facts: Facts, counted: ByOp) -> Iterator[Difference]:
    if getattr(facts.layer, "interpolation", "nearest") == "nearest":
        axes = 1 if facts.layer.rank == 1 else facts.layer.rank
        yield Difference("repeating multiplies lengths of axes", {"Mul": (NOTHING, axes)})


def _heads(facts: Facts, counted: ByOp) -> Iterator[Difference]:
    yield Difference("Einsum has no statistic", _nothing(counted, "Einsum"))


GRU_LOOPS = {after: _loop({"AddV2": 3, "Mul": 1 + after, "Sub": 1}) for after in (False, True)}
DEFECTS: dict[str, Callable[[Facts, ByOp], Iterator[Difference]]] = {
    "Conv": _conv,
    "DepthwiseConv": _depthwise,
    "ConvTranspose": _transposed,
    "Pool": _pool,
    "LSTM": _loop({"AddV2": 4, "Mul": 1}),
    "GRU": lambda facts, counted: GRU_LOOPS[facts.layer.reset_after](facts, counted),
    "SimpleRNN": _loop({"AddV2": 1}),
    "Embedding": _embedding,
    "Headed": _heads,
    "UpSampling1D": _nearest,
    "UpSampling2D": _nearest,
    "RepeatVector": _repeat,
    "AdaptivePool": _adaptive,
    "Softmax": _softmax,
    "Activation": _function,
    "Bidirectional": _both_ways,
    "TimeDistributed": _each_step,
    "Model": _calls,
}
"""The layers about which the profiler errs, by class; subclasses err alike."""
