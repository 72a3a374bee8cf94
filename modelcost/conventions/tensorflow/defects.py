"""Where the TensorFlow profiler's count is another than what its own weights would give, and by how much.

Each defect has a name, a reason and a formula, measured on TensorFlow 2.21 with Keras 3.15. A layer's defects
are looked up by its class; what is found for one call is a change of its FLOPs by operation.
"""

from __future__ import annotations

from modelcost.conventions.tensorflow import loops
from modelcost.conventions.tensorflow.operations import honest
from modelcost.count import NOTHING, Expression, product, total
from modelcost.errors import ModelCostError
from modelcost.layers.axes import example_axes
from modelcost.layers.merge import broadcast
from modelcost.layers.windows import reach, rounded_down, rounded_up, windows
from modelcost.sizes import larger

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from modelcost.conventions.tensorflow.operations import ByOp
    from modelcost.facts import Facts

VERSIONS = "TensorFlow 2.21, Keras 3.15"


class Difference:
    """One named difference: why the profiler counts otherwise, and the change by operation (each example, once)."""

    __slots__ = ("flops", "name")

    def __init__(self, name: str, flops: ByOp) -> None:
        self.name, self.flops = name, dict(flops)


def differences(facts: Facts, batch: int | None = None) -> Iterator[Difference]:
    """What the profiler gets wrong about one call of a layer, on a batch of so many; by default, of more than one."""
    names = [base.__name__ for base in type(facts.layer).__mro__]
    for name in names:
        if name in DEFECTS:
            yield from DEFECTS[name](facts, honest(facts), batch)
            break
    if not WITHIN.intersection(names):
        yield from _ranges(facts)


def _instead(counted: ByOp, name: str, flops: Any) -> ByOp:
    """The change that makes an operation count `flops` for each example, whatever it should count."""
    return {name: (flops - counted[name][0], NOTHING)}


def _nothing(counted: ByOp, *names: str) -> ByOp:
    return {name: (0 - counted[name][0], 0 - counted[name][1]) for name in names if name in counted}


def _space(facts: Facts) -> tuple[Any, ...]:
    """The axes of space that come out."""
    shape = facts.outputs[0].shape
    return shape[:-1] if facts.layer.data_format == "channels_last" else shape[1:]


def _conv(facts: Facts, counted: ByOp, batch: int | None) -> Iterator[Difference]:
    layer = facts.layer
    if compiled(layer):
        yield Difference(COMPILED, _nothing(counted, *counted))
    elif max(layer.dilation_rate) > 1:
        space = _space(facts)
        padded = [rounded_up(size, rate) for size, rate in zip(space, layer.dilation_rate, strict=True)]
        (op,) = (name for name in counted if name.startswith("Conv"))
        per_place = 2 * product(facts.weights[0].shape)
        yield Difference(DILATION, _instead(counted, op, per_place * product(padded)))


def compiled(layer: Any) -> bool:
    """Whether Keras hands a convolution to the compiler, so that its graph does not show it."""
    return getattr(layer, "groups", 1) > 1 or (layer.op == "Conv3D" and layer.data_format == "channels_first")


def _depthwise(facts: Facts, counted: ByOp, batch: int | None) -> Iterator[Difference]:
    layer, op = facts.layer, "DepthwiseConv2dNative"
    if max(layer.dilation_rate) == 1:
        return
    shape, per_place = facts.inputs[0], 2 * product(facts.weights[0].shape)
    space = shape[:-1] if layer.data_format == "channels_last" else shape[1:]
    axes = zip(space, layer.kernel_size, layer.strides, layer.dilation_rate, strict=True)
    by_hand = max(layer.strides) > 1 and layer.padding == "same"  # Keras then pads by itself
    places = [rounded_up(_at_stride_1(*axis, by_hand, layer.padding), axis[-1]) for axis in axes]
    yield Difference(
        "a dilated depthwise convolution is computed at stride 1, every axis rounded up to a multiple of its rate",
        _instead(counted, op, per_place * product(places)),
    )
    if by_hand:
        index = {"AddV2": 4, "Sub": 8, "Maximum": 2, "Mul": 2}
        yield Difference("how much is padded is worked out", {op: (NOTHING, n) for op, n in index.items()})


def _at_stride_1(size: Any, kernel: Any, stride: Any, rate: Any, by_hand: bool, padding: Any) -> Any:
    """How many windows fit at stride 1 into an axis that is padded for another stride."""
    if not by_hand:
        return windows("", size, kernel, 1, rate, padding)
    last = (windows("", size, 1, stride, padding="same") - 1) * stride
    return larger(last, size - reach(kernel, rate)) + 1


def _transposed(facts: Facts, counted: ByOp, batch: int | None) -> Iterator[Difference]:
    layer = facts.layer
    if layer.op == "Conv3DBackpropInputV2":
        yield Difference("a 3-D transposed convolution has no statistic", _nothing(counted, layer.op))
    elif layer.data_format == "channels_first":
        yield Difference("a transposed convolution with channels first counts 0", _nothing(counted, layer.op))
    else:
        flops = 2 * product(_space(facts)) * product(facts.weights[0].shape)
        change = _instead(counted, layer.op, rounded_down(flops, product(layer.strides)))
        if batch is not None:  # what is rounded is the count of the whole batch
            change = {layer.op: (0 - counted[layer.op][0], rounded_down(batch * flops, product(layer.strides)))}
        yield Difference("a transposed convolution is counted from its outputs, divided by the strides", change)


def _pool(facts: Facts, counted: ByOp, batch: int | None) -> Iterator[Difference]:
    layer = facts.layer
    if layer.op.endswith("3D"):
        yield Difference("3-D pooling has no statistic", _nothing(counted, layer.op))
    elif layer.padding == "same":
        full = product(layer.pool_size) * facts.outputs[0].elements
        yield Difference("pooling counts full windows, padding too", _instead(counted, layer.op, full))


def _adaptive(facts: Facts, counted: ByOp, batch: int | None) -> Iterator[Difference]:
    """Along each axis in turn, the whole map is pooled with stride 1 in two sizes of window, and some are picked."""
    layer, (*space, C) = facts.layer, facts.inputs[0]
    if layer.data_format == "channels_first":
        C, *space = facts.inputs[0]
    flops = []
    for i, wanted in enumerate(layer.output_size):
        if not isinstance(space[i], Expression) and (wanted == 1 or space[i] == 1):
            raise ModelCostError(
                f"{type(layer).__name__}: TensorFlow does not run it, since Keras also pools with windows one longer "
                f"than an axis of {space[i]}, so its profiler counts nothing"
            )
        others = product((*layer.output_size[:i], *space[i + 1 :], C))
        small = windows("", space[i], 1, wanted, 1, "same")
        flops += [window * (space[i] - window + 1) * others for window in (small, small + 1)]
    name = "adaptive pooling pools the whole map with stride 1, in two sizes of window along each axis"
    yield Difference(name, _instead(counted, layer.op, 0 if layer.op.endswith("3D") else total(flops)))
    places = sum(layer.output_size)
    index = {"Mul": 2, "RealDiv": 2, "Minimum": 2, "Sub": 1, "Equal": 1, "AddV2": 1}
    yield Difference("where its windows stand is worked out", {op: (NOTHING, n * places) for op, n in index.items()})


def _recurrent(facts: Facts, counted: ByOp, batch: int | None) -> Iterator[Difference]:
    yield from _cells(facts.layer, [facts.layer], facts.inputs[0], counted, batch)


def _of_cells(facts: Facts, counted: ByOp, batch: int | None) -> Iterator[Difference]:
    yield from _cells(facts.layer, _wholes(facts.layer.stacked), facts.inputs[0], counted, batch)


def _wholes(cell: Any) -> list[Any]:
    """The recurrent layers that are made of a cell, or of several."""
    return [one.whole() for one in getattr(cell, "cells", (cell,))]


def _cells(layer: Any, cells: list[Any], x: Any, counted: ByOp, batch: int | None) -> Iterator[Difference]:
    T, C = x
    if layer.unroll:
        yield from _one_example(cells, T, batch)
    else:
        seen = loops.body(cells, C, batch != 1)
        changes = {op: _until(seen, op, counted) for op in {*seen, *counted}}
        yield Difference("a loop's body is counted once, and only what keeps a known shape in it", changes)


def _until(seen: ByOp, op: str, counted: ByOp) -> Any:
    """The change that makes an operation count what is seen of it."""
    (each, once), (all_each, all_once) = seen.get(op, (NOTHING, NOTHING)), counted.get(op, (NOTHING, NOTHING))
    return each - all_each, once - all_once


def _one_example(cells: list[Any], times: Any, batch: int | None) -> Iterator[Difference]:
    """Where both are vectors, as for one example, an LSTM's input and state are added by `BiasAdd`."""
    flops = total(times * 4 * cell.units for cell in cells if type(cell).__name__ == "LSTM" and cell.at_once())
    if batch == 1 and flops:
        yield Difference(VECTOR, {"AddV2": (0 - flops, NOTHING), "BiasAdd": (flops, NOTHING)})


def _step(facts: Facts, counted: ByOp, batch: int | None) -> Iterator[Difference]:
    yield from _one_example(_wholes(facts.layer), 1, batch)


def _conv_lstm(facts: Facts, counted: ByOp, batch: int | None) -> Iterator[Difference]:
    layer, T = facts.layer, facts.inputs[0][0]
    out = tuple(facts.outputs[0].shape)[-layer.rank - 1 :]
    if compiled(layer):
        yield Difference(COMPILED, _nothing(counted, *counted))
        return
    per_place = 2 * product(facts.weights[0].shape)
    space = out[:-1] if layer.data_format == "channels_last" else out[1:]
    rounded = max(layer.dilation_rate) > 1
    padded = [rounded_up(*pair) for pair in zip(space, layer.dilation_rate, strict=True)] if rounded else space
    step = per_place * product(padded)
    if not layer.unroll:
        seen = loops.convolved(layer, out, step, batch != 1)
        changes = {op: _until(seen, op, counted) for op in {*seen, *counted}}
        yield Difference("a loop's body is counted once, and only what keeps a known shape in it", changes)
    elif rounded:
        yield Difference(DILATION, {layer.op: (T * (step - per_place * product(space)), NOTHING)})


def _repeat(facts: Facts, counted: ByOp, batch: int | None) -> Iterator[Difference]:
    yield _repeating(1)


def _repeating(times: int) -> Difference:
    return Difference("repeating multiplies lengths of axes", {"Mul": (NOTHING, times)})


def _softmax(facts: Facts, counted: ByOp, batch: int | None) -> Iterator[Difference]:
    axis, rank = facts.layer.axis, len(facts.outputs[0].shape)
    axes = axis if isinstance(axis, list | tuple) else (axis,)
    if len(axes) == 1 and axes[0] not in (-1, rank):
        index = {"Sub": 2, **({"AddV2": 3} if axes[0] < 0 else {})}
        name = "a softmax along another axis than the last works out which axis it is"
        yield Difference(name, {op: (NOTHING, n) for op, n in index.items()})


def _ranges(facts: Facts) -> Iterator[Difference]:
    """Each sparsemax numbers the places of a row; there is one sort in each."""
    sorts = sum(work.op == "TopKV2" for work in facts.works)
    if sorts:
        yield Difference("sparsemax numbers its places", {"AddV2": (NOTHING, sorts)})


def _within(facts: Facts, batch: int | None, times: Any = 1) -> Iterator[Difference]:
    """What the profiler gets wrong about a layer that stands inside another, so many times over."""
    for difference in differences(facts, batch):
        yield Difference(
            difference.name, {op: (each * times, once * times) for op, (each, once) in difference.flops.items()}
        )


def _both_ways(facts: Facts, counted: ByOp, batch: int | None) -> Iterator[Difference]:
    for layer in (facts.layer.layer, facts.layer.backward):
        yield from _within(layer.costed(facts.inputs[:1]), batch)


def _each_step(facts: Facts, counted: ByOp, batch: int | None) -> Iterator[Difference]:
    steps, *inner = facts.inputs[0]
    yield from _within(facts.layer.layer.costed((tuple(inner),)), batch, steps)


def _wrapped(facts: Facts, counted: ByOp, batch: int | None) -> Iterator[Difference]:
    yield from _within(facts.layer.layer.costed(facts.inputs), batch)


def _calls(facts: Any, counted: ByOp, batch: int | None) -> Iterator[Difference]:
    for inner in facts.of_calls.values():
        yield from differences(inner, batch)


def _embedding(facts: Facts, counted: ByOp, batch: int | None) -> Iterator[Difference]:
    if not any(work.op == "" and work.primitive.kind == "gather" for work in facts.works):
        return  # it is called in reverse
    indices = product(facts.inputs[0])
    yield Difference(
        FROM_THE_END,
        {"Less": (indices, NOTHING), "AddV2": (indices, NOTHING)},
    )


def _nearest(facts: Facts, counted: ByOp, batch: int | None) -> Iterator[Difference]:
    if getattr(facts.layer, "interpolation", "nearest") == "nearest":
        yield _repeating(facts.layer.rank)


def _base(facts: Facts, counted: ByOp, batch: int | None) -> Iterator[Difference]:
    yield Difference("the logarithm of the base is worked out", {"Log": (NOTHING, 1)})


def _signs(facts: Facts, counted: ByOp, batch: int | None) -> Iterator[Difference]:
    elements = product(facts.inputs[0])
    yield Difference("zeros are told apart by their sign", {op: (elements, NOTHING) for op in ("Equal", "Less")})


def _inverted(facts: Facts, counted: ByOp, batch: int | None) -> Iterator[Difference]:
    """Normalization the other way round adds the numbers to the mean: for one example, these may be a vector."""
    layer, shape = facts.layer, tuple(facts.inputs[0])
    if not layer.invert or batch is None:
        return
    kept = example_axes(layer.axes(), shape)
    mean = (1, *(int(size) if i in kept else 1 for i, size in enumerate(shape)))
    if is_vector(mean, (batch, *map(int, shape))):
        elements = batch * product(shape)
        yield Difference(VECTOR, {"AddV2": (NOTHING, 0 - elements), "BiasAdd": (NOTHING, product(mean))})


def _cut(facts: Facts, counted: ByOp, batch: int | None) -> Iterator[Difference]:
    places = facts.layer.indices_or_sections
    if isinstance(places, list | tuple):
        name = "the lengths between the places of a split are worked out"
        yield Difference(name, {"Sub": (NOTHING, len(places))})


def _taken(facts: Facts, counted: ByOp, batch: int | None) -> Iterator[Difference]:
    layer, shape = facts.layer, facts.inputs[0]
    indices: Any = product(shape)
    if layer.axis not in (None, 0):  # of a tensor; else what came are the places in a constant
        (place,) = example_axes((layer.axis,), shape)
        indices = product(facts.outputs[0].shape) * shape[place] // product(shape)
    both = (indices, NOTHING) if layer.axis in (None, 0) else (NOTHING, indices)
    yield Difference(FROM_THE_END, {"Less": both, "AddV2": both})


def _cropping(facts: Facts, counted: ByOp, batch: int | None) -> Iterator[Difference]:
    if facts.layer.crop_to_aspect_ratio:
        index = {"Mul": 2, "RealDiv": 4, "Minimum": 2, "Maximum": 2, "Sub": 2, "AddV2": 2}
        yield Difference("where the crop stands is worked out", {op: (NOTHING, n) for op, n in index.items()})


def _heads(facts: Facts, counted: ByOp, batch: int | None) -> Iterator[Difference]:
    yield Difference("Einsum has no statistic", _nothing(counted, "Einsum"))


def _grouped_heads(facts: Facts, counted: ByOp, batch: int | None) -> Iterator[Difference]:
    yield from _heads(facts, counted, batch)
    yield _repeating(2)


def _added(facts: Facts, counted: ByOp, batch: int | None) -> Iterator[Difference]:
    """Inputs that are added one after the other: where the next is a vector, Keras adds it as a bias."""
    first, *others = (tuple(map(int, shape)) for shape in facts.inputs) if batch else ((),)
    changes: dict[str, int] = {}
    for other in others:
        out = tuple(map(int, broadcast(first, other)))
        with_batch = (batch, *first), (batch, *other)
        if is_vector(*with_batch):
            changes["AddV2"] = changes.get("AddV2", 0) - product((batch, *out))
            changes["BiasAdd"] = changes.get("BiasAdd", 0) + product(with_batch[0])
        first = out
    if changes:
        yield Difference(VECTOR, {op: (NOTHING, flops) for op, flops in changes.items()})


def is_vector(x: tuple[int, ...], y: tuple[int, ...]) -> bool:
    """Whether `ops.add(x, y)` takes y for a bias: one axis is longer than 1, and as long as x's second or last."""
    long = [length for length in y if length > 1]
    return len(x) > 1 and len(long) == 1 and long[0] in (x[1], x[-1])


FROM_THE_END = "numbers of rows are compared with 0 and added to, in case they count from the end"
VECTOR = "a vector is added as a bias"
COMPILED = "a grouped convolution, or one of volumes with channels first, is compiled apart, and its layer counts 0"
DILATION = "dilation rounds every axis up to a multiple of its rate"
WITHIN = frozenset({"TimeDistributed", "Bidirectional", "SpectralNormalization", "Model"})
"""Layers around others, whose differences are those of what is within."""
DEFECTS: dict[str, Callable[[Facts, ByOp, int | None], Iterator[Difference]]] = {
    "Conv": _conv,
    "DepthwiseConv": _depthwise,
    "SeparableConv": _depthwise,
    "ConvTranspose": _transposed,
    "Pool": _pool,
    "Recurrent": _recurrent,
    "RNN": _of_cells,
    "Cell": _step,
    "StackedRNNCells": _step,
    "ConvLSTM": _conv_lstm,
    "Embedding": _embedding,
    "GroupedQueryAttention": _grouped_heads,
    "Headed": _heads,
    "EinsumDense": _heads,
    "UpSampling1D": _nearest,
    "UpSampling2D": _nearest,
    "UpSampling3D": _nearest,
    "RepeatVector": _repeat,
    "Repeat": _repeat,
    "Split": _cut,
    "Take": _taken,
    "Einsum": _heads,
    "LogSoftmax": _softmax,
    "Resizing": _cropping,
    "Normalization": _inverted,
    "Log2": _base,
    "Log10": _base,
    "Argmax": _signs,
    "Argmin": _signs,
    "AdaptivePool": _adaptive,
    "Softmax": _softmax,
    "Add": _added,
    "Average": _added,
    "Bidirectional": _both_ways,
    "TimeDistributed": _each_step,
    "SpectralNormalization": _wrapped,
    "Model": _calls,
}
"""The layers about which the profiler errs, by class; subclasses err alike."""
