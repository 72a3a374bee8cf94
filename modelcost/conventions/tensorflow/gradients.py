"""Where the TensorFlow profiler's count of a training step is another than its own weights would give.

Measured on the graph of forward pass and gradients that `GradientTape` makes of a Keras model (TensorFlow 2.21,
Keras 3.15), for the layers that stand in `RULES`; those of sequences are in `sequences`.
"""

from __future__ import annotations

from modelcost.conventions.tensorflow import sequences
from modelcost.conventions.tensorflow.defects import differences
from modelcost.conventions.tensorflow.difference import Difference, shapes_worked_out, uncounted
from modelcost.conventions.tensorflow.operations import MATRIX, folded
from modelcost.conventions.tensorflow.sliding import compiled
from modelcost.count import NOTHING, product
from modelcost.errors import ModelCostError
from modelcost.layers.axes import example_axes
from modelcost.layers.conv import Conv, axis_padding
from modelcost.layers.windows import reach, rounded_down, rounded_up
from modelcost.sizes import BATCH

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from modelcost.conventions.tensorflow.operations import ByOp
    from modelcost.facts import Facts

    Into = tuple[bool, ...]  # into which inputs gradients go

UNNEEDED = "a tape makes the gradients of frozen weights too, and those that lead to them"
FROM_INPUTS = "gradients of a convolution are counted from what goes in, at stride 1 over the strides; both are made"
FROM_OUTPUTS = "gradients of a transposed convolution are counted from what comes out, over the strides"
NO_STATISTIC = "gradients of depthwise and 3-D convolutions, and of 3-D pooling, have no statistic"
SOUGHT_AGAIN = "the gradient of max pooling seeks the maximum again, in full windows"
FULL = "the gradient of average pooling is counted in full windows"
COMPILED = "a grouped convolution is compiled apart, with its gradients"
ACTED = "a gradient within an activation, which nobody wants, is in the graph"
SEEDS = "a layer that draws random numbers draws its next seed"
NOISE = "the gradient of what noise is scaled with, or of itself, which nobody wants, is in the graph"
STATISTICS = "gradients of a batch normalization's statistics are made where nobody wants them"


WITHOUT = frozenset({
    "DepthwiseConv2dNativeBackpropInput", "DepthwiseConv2dNativeBackpropFilter", "Conv3DBackpropInputV2",
    "Conv3DBackpropFilterV2", "MaxPool3DGrad", "AvgPool3DGrad", "Einsum",
})  # fmt: skip
"""Operations of a gradient that have no statistic."""

DIVIDED = "Mul Neg RealDiv RealDiv Sum"
WITHIN = {
    "silu": "Mul Mul Mul Square Sub Sum",
    **dict.fromkeys(("celu", "squareplus", "hard_sigmoid", "hard_silu"), DIVIDED),
    "sparse_sigmoid": "Sum Sum",
}
"""What a tape makes for each number within an activation, though nobody wants it; a sum is one of all numbers."""


def made_for_nobody(name: str, steps: str, elements: Any) -> Iterator[Difference]:
    """Operations on so many numbers whose results are not used: they stand in the graph that is profiled."""
    for op in steps.split():
        yield Difference(name, {op: (elements, -1 if op == "Sum" else NOTHING)})


def of_gradients(facts: Facts, exact: ByOp, made: ByOp, tape: Any) -> Iterator[Difference]:
    """What differs in the gradients of one call, from the exact count to the profiler's.

    `made` is what a tape makes of them, and `tape` says which of its inputs it makes a gradient of.

    Raises `ModelCostError` for a layer of which that is not known.
    """
    yield Difference(UNNEEDED, {op: _less(made[op], exact.get(op, (NOTHING, NOTHING))) for op in made})
    yield Difference(NO_STATISTIC, uncounted(made, *WITHOUT))
    yield from _acted(facts)
    for base in type(facts.layer).__mro__:
        if base.__name__ in RULES:
            yield from RULES[base.__name__](facts, made, tape.reached)
            return
    raise ModelCostError(f"what the profiler counts for the gradient of {type(facts.layer).__name__} is not known")


def _acted(facts: Facts) -> Iterator[Difference]:
    activation = getattr(facts.layer, "activation", "")
    if activation == "sparsemax":
        raise ModelCostError("what the profiler counts for the gradient of sparsemax is not known")
    if activation == "sparse_plus":
        yield Difference(ACTED, {"Sub": (NOTHING, 1)})
    yield from made_for_nobody(ACTED, WITHIN.get(activation, ""), facts.outputs[0].elements)


def _less(a: tuple[Any, Any], b: tuple[Any, Any]) -> tuple[Any, Any]:
    return a[0] - b[0], a[1] - b[1]


def _nothing(facts: Facts, made: ByOp, into: Into) -> Iterator[Difference]:
    return iter(())


def _conv(facts: Facts, made: ByOp, into: Into) -> Iterator[Difference]:
    layer = facts.layer
    if compiled(layer):
        yield Difference(COMPILED, uncounted(made, *MATRIX))
    elif layer.op == "Conv2D":
        space = facts.inputs[0][:-1] if layer.data_format == "channels_last" else facts.inputs[0][1:]
        axes = zip(space, layer.kernel_size, layer.dilation_rate, strict=True)
        wide = (_wide(*axis, axis_padding(layer.padding, i)) for i, axis in enumerate(axes))
        yield _from_inputs(made, product(wide), product(facts.weights[0].shape), layer.strides)


def _wide(size: Any, kernel: Any, rate: Any, padding: Any) -> Any:
    """An axis as TensorFlow's convolution has it: padded beforehand for a causal one, or one shared out into blocks."""
    if padding == "valid" or (padding == "same" and rate == 1):
        return rounded_up(size, rate)
    added = reach(kernel, rate) - 1 if isinstance(padding, str) else sum(padding)
    return rounded_up(size + added, rate)


def _from_inputs(made: ByOp, places: Any, taps: Any, strides: Any) -> Difference:
    flops = rounded_down(product((BATCH, 2, places, taps)), product(strides))
    both = ("Conv2DBackpropInput", "Conv2DBackpropFilter")
    before = {op: made.get(op, (NOTHING, NOTHING)) for op in both}
    return Difference(FROM_INPUTS, {op: (0 - each, flops - once) for op, (each, once) in before.items()})


def _transposed(facts: Facts, made: ByOp, into: Into) -> Iterator[Difference]:
    """The gradient of its kernel is counted from what comes out; that of its input is a convolution, and exact."""
    layer = facts.layer
    if layer.op != "Conv2DBackpropInput":
        return
    if layer.data_format == "channels_first":
        raise ModelCostError("what the profiler counts for the gradient of a channels_first convolution is not known")
    space, taps = product(facts.outputs[0].shape[:-1]), product(facts.weights[0].shape)
    both = _from_inputs(made, space, taps, layer.strides).flops
    exact = product((2, product(facts.inputs[0][:-1]), taps)) - made.get("Conv2D", (NOTHING, NOTHING))[0]
    yield Difference(FROM_OUTPUTS, {"Conv2DBackpropFilter": both["Conv2DBackpropFilter"], "Conv2D": (exact, NOTHING)})


def _pool(facts: Facts, made: ByOp, into: Into) -> Iterator[Difference]:
    layer = facts.layer
    if layer.op.endswith("3D"):
        return
    full = product(layer.pool_size) * facts.outputs[0].elements
    if layer.op == "MaxPool":
        yield Difference(SOUGHT_AGAIN, {"MaxPoolGrad": (full, NOTHING)})
    elif layer.padding == "same":
        yield Difference(FULL, {"AvgPoolGrad": (2 * full - made["AvgPoolGrad"][0], NOTHING)})


def _dropout(facts: Facts, made: ByOp, into: Into) -> Iterator[Difference]:
    if facts.layer.rate and any(into):
        yield from made_for_nobody(NOISE, "Sum", facts.outputs[0].elements)


def _times_noise(facts: Facts, made: ByOp, into: Into) -> Iterator[Difference]:
    if facts.layer.rate and any(into):
        yield from made_for_nobody(NOISE, "Mul", facts.outputs[0].elements)


def _relu(facts: Facts, made: ByOp, into: Into) -> Iterator[Difference]:
    if facts.layer.threshold and any(into):
        yield from made_for_nobody(ACTED, "Sum", facts.outputs[0].elements)


def _along(facts: Facts, made: ByOp, into: Into) -> Iterator[Difference]:
    """Sums along the axes that a layer names, of a tensor of the input's shape."""
    shape = facts.inputs[0]
    if made:
        yield shapes_worked_out(shape, tuple(i + 1 for i in example_axes(facts.layer.axis, shape)))


def _softmax(facts: Facts, made: ByOp, into: Into) -> Iterator[Difference]:
    if isinstance(facts.layer.axis, list | tuple) and len(facts.layer.axis) > 1:
        yield from _along(facts, made, into)


def _groups(facts: Facts, made: ByOp, into: Into) -> Iterator[Difference]:
    """Means of the groups, along all axes but those of the examples and of the groups."""
    if made and "RsqrtGrad" in made:
        (at,), shape = example_axes((facts.layer.axis,), facts.inputs[0]), facts.inputs[0]
        G = shape[at] if facts.layer.groups == -1 else facts.layer.groups
        grouped = (*shape[:at], G, rounded_down(shape[at], G), *shape[at + 1 :])
        yield shapes_worked_out(grouped, tuple(i + 1 for i in range(len(grouped)) if i != at))


def _mean(facts: Facts, made: ByOp, into: Into) -> Iterator[Difference]:
    """A mean over all axes of space, or over all that are no channels."""
    if any(into):
        shape = facts.inputs[0]
        space = len(shape) - 1
        first = 2 if facts.layer.data_format == "channels_first" else 1
        yield shapes_worked_out(shape, tuple(range(first, first + space)))


def _batch_mean(facts: Facts) -> Difference:
    """The mean over the batch and all axes but those that are kept."""
    shape, kept = facts.inputs[0], example_axes((facts.layer.axis,), facts.inputs[0])
    return shapes_worked_out(shape, (0, *(i + 1 for i in range(len(shape)) if i not in kept)))


def _batch_norm(facts: Facts, made: ByOp, into: Into) -> Iterator[Difference]:
    """Of a product a tape makes the gradients of both factors, if it makes any: also of statistics that stand still."""
    if any(into) and "RsqrtGrad" in made:
        yield _batch_mean(facts)
    else:
        C = facts.weights[-1].params
        yield Difference(STATISTICS, {"Mul": (NOTHING, C + C if facts.layer.scale else C)})


PLAIN = (
    "InputLayer", "Dense", "DepthwiseConv", "SeparableConv", "GlobalPool", "Flatten", "Reshape", "Permute", "Identity",
    "ZeroPadding", "Cropping", "Activation", "LeakyReLU", "PReLU", "ELU", "Merge", "Add", "Concatenate", "Rescaling",
    "LocalResponseNormalization", "Embedding", "GaussianNoise", "ActivityRegularization", "RepeatVector",
    "UpSampling1D", "UpSampling2D",
)  # fmt: skip
"""Layers whose gradients the profiler counts as they are; a separable one's windows of 1 are as many as its inputs."""

RULES: dict[str, Callable[[Facts, ByOp, Into], Iterator[Difference]]] = {
    **dict.fromkeys(PLAIN, _nothing),
    "Conv": _conv,
    "ConvTranspose": _transposed,
    "Pool": _pool,
    **dict.fromkeys(("Dropout", "SpatialDropout"), _dropout),
    **dict.fromkeys(("GaussianDropout", "AlphaDropout"), _times_noise),
    "ReLU": _relu,
    "Softmax": _softmax,
    **dict.fromkeys(("LayerNormalization", "RMSNormalization", "UnitNormalization"), _along),
    "GroupNormalization": _groups,
    **{f"GlobalAveragePooling{rank}D": _mean for rank in (1, 2, 3)},
    "BatchNormalization": _batch_norm,
    **sequences.RULES,
}
"""What a tape and the profiler do otherwise for the gradients of a layer, by its class."""


def of_training(facts: Facts, phase: str) -> Iterator[Difference]:
    """What differs in the forward pass of training, whose graph is not frozen: there a compiled one keeps its shape."""
    layer, works = facts.layer, [work for work in facts.works if work.phase in ("both", phase)]
    if isinstance(layer, Conv) and compiled(layer):
        yield Difference(COMPILED, uncounted(folded(works), layer.op))
    elif getattr(layer, "unroll", True) is False:
        yield sequences.one_step(works)
    else:
        yield from differences(facts)
    if any(work.primitive.kind == "random" for work in works):
        normal = type(layer).__name__ in ("GaussianNoise", "GaussianDropout")
        steps = {"AddV2": 2, "Mul": 2, **({} if normal else {"Sub": 1})}
        yield Difference(SEEDS, {op: (NOTHING, times) for op, times in steps.items()})
