"""The operations of TensorFlow's graph that work is done by, and what its profiler counts for each.

Source: the statistics that `tensorflow/python/profiler/internal/flops_registry.py` and
`tensorflow/python/ops/nn_ops.py` register for operations of a graph (TensorFlow 2.21).
"""

from __future__ import annotations

from modelcost.count import NOTHING, total
from modelcost.errors import ModelCostError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from modelcost.facts import Facts, Work

    ByOp = dict[str, tuple[Any, Any]]

OPERATION = {
    "add": "AddV2", "sub": "Sub", "mul": "Mul", "div": "RealDiv", "abs": "Abs", "sign": "Sign", "exp": "Exp",
    "log": "Log", "pow": "Pow", "sqrt": "Sqrt", "rsqrt": "Rsqrt", "tanh": "Tanh", "sigmoid": "Sigmoid", "erf": "Erf",
    "sin": "Sin", "cos": "Cos", "tan": "Tan", "sum": "Sum", "max": "Max", "min": "Min", "copy": "Copy",
    "gather": "GatherV2", "random": "Random", "round": "Round", "unknown": "Unknown",
}  # fmt: skip
"""The operation that does a primitive, where its layer names no other."""

MATRIX = frozenset({
    "MatMul", "BatchMatMulV2", "Einsum", "Conv2D", "Conv3D", "DepthwiseConv2dNative", "Conv2DBackpropInput",
    "Conv3DBackpropInputV2", "Conv2DBackpropFilter", "Conv3DBackpropFilterV2", "DepthwiseConv2dNativeBackpropInput",
    "DepthwiseConv2dNativeBackpropFilter",
})  # fmt: skip
"""Operations that count two for each multiply-accumulate."""

POOLS = frozenset({"MaxPool", "AvgPool", "MaxPool3D", "AvgPool3D"})
"""Operations that count every element of every window, and a division not at all."""

AVERAGED = frozenset({"AvgPoolGrad", "AvgPool3DGrad"})
"""Operations that count two for every element of every window."""

EACH = {
    "BiasAdd": 1, "AddV2": 1, "Sub": 1, "Mul": 1, "RealDiv": 1, "Maximum": 1, "Minimum": 1, "Pow": 1, "Neg": 1,
    "Square": 1, "Log": 1, "Greater": 1, "GreaterEqual": 1, "Less": 1, "LessEqual": 1, "Equal": 1, "NotEqual": 1,
    "SquaredDifference": 1, "Reciprocal": 1, "Rsqrt": 2, "AddN": 1,
    "MaxPoolGrad": 1, "MaxPool3DGrad": 1, "RsqrtGrad": 1,
}  # fmt: skip
"""Operations that count so much for each primitive that they do."""

UNCOUNTED = frozenset({
    "Abs", "Sign", "Exp", "Sqrt", "Tanh", "Sigmoid", "Erf", "Sin", "Cos", "Tan", "Max", "Min", "Copy", "GatherV2",
    "Random", "Round", "IsFinite", "IsNan", "IsInf", "DivNoNan", "FloorDiv", "FloorMod", "Expm1", "Log1p",
    "Prod", "Relu", "Relu6", "LeakyRelu", "Elu", "Selu", "Softplus", "Softsign", "LogSoftmax", "LRN",
    "ResizeBilinear", "ResizeNearestNeighbor", "TopKV2", "Cumsum", "ConcatV2", "Pad", "Slice", "Tile", "SelectV2",
    "BroadcastTo", "MirrorPad", "Split", "All", "Any", "OnesLike", "ZerosLike", "StopGradient", "AssignAddVariableOp",
    "AssignSubVariableOp", "Floor", "Ceil",
    "UnsortedSegmentSum", "ScatterNd", "SoftmaxCrossEntropyWithLogits", "SparseSoftmaxCrossEntropyWithLogits",
    "ResourceScatterAdd", "ResourceScatterSub", "ReverseV2", "ImageProjectiveTransformV3", "RGBToHSV",
    "HSVToRGB", "RightShift", "LeftShift", "Resize", "Unknown",
})  # fmt: skip
"""Operations without a statistic: they count 0."""


def operation(work: Work) -> str:
    """The operation of TensorFlow that does this work."""
    name = work.op or OPERATION.get(work.primitive.kind, "")
    if not name:
        raise ModelCostError(f"it is not known which operation of TensorFlow does {work!r}; the layer must name it")
    return name


def flops_of(work: Work) -> Any:
    """What the profiler counts for this work, its defects mended."""
    name, primitive = operation(work), work.primitive
    if name == "Einsum" and primitive.kind != "dot":  # products and sums that are no dot product
        return {"mul": work.times, "sum": _elements(work) - work.times if primitive.kind == "sum" else 0}.get(
            primitive.kind, NOTHING
        )
    if name in MATRIX:
        return 2 * (work.times * primitive.n if primitive.over is None else primitive.over)
    if name in EACH:
        return EACH[name] * work.times
    if name == "Softmax":
        return 5 * work.times if primitive.kind == "exp" else NOTHING
    if name == "Mean" or name in POOLS:
        return _elements(work) if primitive.kind in ("sum", "max") else NOTHING
    if name in AVERAGED:
        return 2 * _elements(work) if primitive.kind == "sum" else NOTHING
    if name in ("Sum", "ArgMax", "ArgMin", "BiasAddGrad"):
        return _elements(work) - work.times
    if name in UNCOUNTED or name.endswith("Grad"):
        return NOTHING
    raise ModelCostError(f"{name} is no operation that this convention knows; it stands in {work!r}")


def _elements(work: Work) -> Any:
    """The elements that go into all results together."""
    return work.times * work.primitive.n if work.primitive.over is None else work.primitive.over


def honest(facts: Facts, parts: frozenset[str] | None = None) -> ByOp:
    """The FLOPs of a call by operation, as (for each example, once a call), as they would be without defects."""

    def found() -> ByOp:
        inference = (work for work in facts.works if work.phase != "training")
        return folded(work for work in inference if parts is None or work.part in parts)

    try:
        known: ByOp = facts.remembered(("by operation", parts), found)
        return known
    except ModelCostError as error:
        raise type(error)(f"{type(facts.layer).__name__}: {error}") from None


def folded(works: Iterable[Any]) -> ByOp:
    """The FLOPs of work by operation, as (for each example, once a call)."""
    counted: dict[str, tuple[list[Any], list[Any]]] = {}
    for work in works:
        counted.setdefault(operation(work), ([], []))[work.once].append(flops_of(work))
    return {name: (total(each), total(once)) for name, (each, once) in counted.items()}


def changed(counted: ByOp, changes: ByOp) -> ByOp:
    """What is counted with some changes to it."""
    result = dict(counted)
    for name, (each, once) in changes.items():
        before = result.get(name, (NOTHING, NOTHING))
        result[name] = (total((before[0], each)), total((before[1], once)))
    return result
