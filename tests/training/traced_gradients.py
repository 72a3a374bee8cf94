"""What TensorFlow's gradient graph of a Keras layer does, operation by operation: for tests marked `keras` only."""

from __future__ import annotations

import inspect
from collections import Counter
from math import prod
from typing import TYPE_CHECKING, Any

from modelcost.conventions.tensorflow.operations import operation
from modelcost.training.gradients import gradients
from tests.keras_oracle import keras_twin

if TYPE_CHECKING:
    from collections.abc import Callable

BATCH = 2
STEPS_IN = {
    "TanhGrad": 3, "SigmoidGrad": 3, "RsqrtGrad": 4, "SqrtGrad": 2, "ReciprocalGrad": 3, "Relu6Grad": 2,
    "LeakyReluGrad": 2, "EluGrad": 3, "SeluGrad": 4, "SoftsignGrad": 4, "FloorDiv": 2,
}  # fmt: skip
"""How many primitives the kernel of a gradient does to each element, where it is not one.

Source: `tensorflow/core/kernels/{relu_op_functor,softsign_op,cwise_ops}.h`. FloorDiv divides and rounds.
"""
FOLDED = ("Sum", "BiasAddGrad", "MirrorPadGrad")
"""Operations that add up so many elements as go in, into so many as come out: those are left out that nothing is
added to."""
RUNNING = ("Cumsum", "Cumprod")
"""Operations that fold a row step by step."""
MOVES = {
    "BatchToSpaceND", "BroadcastTo", "Cast", "ConcatV2", "Const", "ExpandDims", "Fill", "GatherV2", "Identity",
    "IdentityN", "NoOp", "OnesLike", "Pack", "Pad", "PadV2", "Placeholder", "ReadVariableOp", "Reshape",
    "ResourceGather", "ReverseV2", "Select", "SelectV2", "Shape", "ShapeN", "Slice", "SpaceToBatchND", "Split",
    "SplitV", "Squeeze", "StopGradient", "StridedSlice", "StridedSliceGrad", "Tile", "Transpose", "Unpack", "ZerosLike",
}  # fmt: skip
"""Operations that compute nothing."""


def ours(layer: Any, shapes: Any, wanted: Any, call: dict[str, Any], trainable: bool = True) -> dict[str, int]:
    """How much each operation does in our backward pass of a batch of two: elements, those summed, or products."""
    return by_operation(layer.costed(tuple(shapes), call), wanted, trainable)


def by_operation(
    facts: Any, wanted: Any, trainable: bool = True, phase: str = "training", given: Any = None
) -> dict[str, int]:
    """The same from the facts of a call; `given` says for each output whether a gradient comes back to it."""
    found = gradients(facts, wanted, trainable, phase, given)
    counts: Counter[str] = Counter()
    for work in (*found.to_inputs, *found.to_weights):
        name = operation(work)
        done = work.primitive.over if work.primitive.over is not None else work.times
        if name in (*FOLDED, *RUNNING) and work.primitive.kind == "sum":
            done = work.counted()["adds"]
        if hasattr(done, "rebind"):
            done = done.rebind(batch=BATCH)
        if name not in MOVES:
            counts[name] += int(done) * (1 if work.once else BATCH)
    return {name: count for name, count in counts.items() if count}


def kept(facts: Any, wanted: Any, trainable: bool = True, given: Any = None) -> list[int]:
    """How many elements each value has that our backward pass of a batch of two reads, weights left out."""
    found = [one for one in gradients(facts, wanted, trainable, given=given).kept if one.kind != "weight"]
    sizes = [(one.elements.rebind(batch=BATCH) if hasattr(one.elements, "rebind") else one.elements) for one in found]
    return sorted(int(size) * (1 if one.once else BATCH) for one, size in zip(found, sizes, strict=True))


def theirs(layer: Any, shapes: Any, wanted: Any, call: dict[str, Any], trainable: bool = True) -> dict[str, int]:
    """The same, of the operations that TensorFlow adds to Keras's graph in training to take the gradients."""
    called, weights = twin_called(layer, shapes, call)
    return traced(called, shapes, wanted, weights if trainable else [])


def twin_called(layer: Any, shapes: Any, call: dict[str, Any]) -> tuple[Callable[..., list[Any]], list[Any]]:
    """Keras's layer in training as a function of tensors, and its weights that are trained."""
    import tensorflow as tf

    twin = keras_twin(layer)
    as_list = next(iter(inspect.signature(twin.call).parameters)) == "inputs" and len(shapes) > 1
    takes_training = "training" in inspect.signature(twin.call).parameters
    options = {**call, **({"training": True} if takes_training else {})}

    def called(*xs: Any) -> Any:
        return tf.nest.flatten(twin(list(xs), **options) if as_list else twin(*xs, **options))

    called(*(tf.ones((BATCH, *shape)) for shape in shapes))  # makes the weights
    return called, [one.value for one in twin.trainable_variables]


def traced(called: Callable[..., list[Any]], shapes: Any, wanted: Any, weights: Any = ()) -> dict[str, int]:
    """How much each operation does that TensorFlow adds to the graph of a function, to take its gradients."""
    _, backward = graphs(called, shapes, wanted, weights)
    return counted(backward)


def traced_kept(called: Callable[..., list[Any]], shapes: Any, wanted: Any, weights: Any = ()) -> list[int]:
    """How many elements each value has that these operations read of the forward pass, weights left out."""
    return read_by(*reversed(graphs(called, shapes, wanted, weights)))


def read_by(backward: set[Any], forward: set[Any]) -> list[int]:
    """How many elements each value of the forward pass has that is read there, weights and constants left out."""
    looks = [op for op in backward if op.type not in ("Shape", "ShapeN")]  # which need no numbers
    read = {one.ref(): one for op in looks for one in map(_origin, op.inputs) if one.op in forward}
    held = [one for one in read.values() if one.op.type != "ReadVariableOp" and not _constant(one.op)]
    return sorted(int(one.shape.num_elements()) for one in held)


def _origin(tensor: Any) -> Any:
    """The value itself, where it is seen under another shape or name."""
    while tensor.op.type in ("Identity", "IdentityN", "Reshape", "Squeeze", "ExpandDims", "StopGradient"):
        tensor = tensor.op.inputs[tensor.value_index]
    return tensor


def graphs(called: Callable[..., list[Any]], shapes: Any, wanted: Any, weights: Any) -> tuple[set[Any], set[Any]]:
    """The operations of a function's graph, and those that TensorFlow adds to take its gradients."""
    import tensorflow as tf

    specs = [tf.TensorSpec((BATCH, *shape)) for shape in shapes]
    seeds = [tf.TensorSpec(one.shape, one.dtype) for one in called(*map(tf.ones, [one.shape for one in specs]))]

    def both(xs: Any, given: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch([x for x, want in zip(xs, wanted, strict=True) if want])
            ys = called(*xs)
        sources = [x for x, want in zip(xs, wanted, strict=True) if want] + list(weights)
        return ys, [one for one in tape.gradient(ys, sources, output_gradients=list(given)) if one is not None]

    function = tf.function(both).get_concrete_function(specs, seeds)
    ys, taken = function.structured_outputs
    values = [getattr(one, "values", one) for one in taken]
    return _behind(ys), _behind(values) - _behind(ys)


def _behind(tensors: Any) -> set[Any]:
    found: set[Any] = set()
    waiting = [tensor.op for tensor in tensors]
    while waiting:
        op = waiting.pop()
        if op not in found:
            found.add(op)
            waiting += [tensor.op for tensor in op.inputs]
    return found


def counted(ops: Any) -> dict[str, int]:
    """How much operations do, by their names; those on whole numbers are left out."""
    counts: Counter[str] = Counter()
    for op in (one for each in ops for one in _within(each)):
        floats = any(t.dtype.is_floating for t in (*op.outputs, *op.inputs))
        if op.type not in MOVES and op.outputs and floats and not _constant(op) and not _of_a_product(op):
            counts[op.type] += _done_by(op)
    return {name: count for name, count in counts.items() if count}


def _within(op: Any) -> list[Any]:
    """Itself, or all operations of the function that it calls: Keras has some convolutions compiled apart."""
    if op.type not in ("PartitionedCall", "StatefulPartitionedCall"):
        return [op]
    return list(op.graph._get_function(op.get_attr("f").name).graph.get_operations())


def _constant(op: Any) -> bool:
    """Whether it is done to constants alone, and so once for all, before the graph runs."""
    drawn = op.type in ("Placeholder", "ReadVariableOp") or op.op_def.is_stateful
    return not drawn and all(_constant(tensor.op) for tensor in op.inputs)


def _of_a_product(op: Any) -> bool:
    """Whether it is the sum over what a factor was broadcast to.

    TensorFlow's gradient first adds up fewer products each, where we say one dot product for all of them. Products and
    adds are the same in all.
    """
    before = op.inputs[0].op if op.type == "Sum" else op
    same = op.name.rpartition("/")[0] == before.name.rpartition("/")[0]
    return op.type == "Sum" and before.type in ("BatchMatMulV2", "Einsum") and same


def _done_by(op: Any) -> int:
    out = op.outputs[0].shape.num_elements()
    if op.type in FOLDED:
        return int(op.inputs[0].shape.num_elements() - out)
    if op.type in RUNNING:
        import tensorflow as tf

        return int(out - out // op.outputs[0].shape[int(tf.get_static_value(op.inputs[1]))])
    if op.type in ("Mean", "Max", "Min", "Prod", "UnsortedSegmentSum"):
        return int(op.inputs[0].shape.num_elements())
    if op.type == "ScatterNd":  # places, elements, shape
        return int(op.inputs[1].shape.num_elements())
    if op.type == "Einsum":
        return _products_of(op.get_attr("equation").decode(), [tensor.shape.as_list() for tensor in op.inputs])
    if op.type in (
        "AvgPoolGrad",
        "AvgPool3DGrad",
    ):  # sizes, gradient: a division, and one more for each element of a window
        gradient = int(op.inputs[1].shape.num_elements())
        return gradient + _elements_of_windows(op)
    if op.type in ("MaxPoolGrad", "MaxPool3DGrad"):  # input, output, gradient
        return int(op.inputs[2].shape.num_elements())
    if op.type == "ResizeNearestNeighborGrad":
        return int(op.inputs[0].shape.num_elements())
    if op.type == "ResizeBilinearGrad":  # 8 products and 4 sums each, and where 9 steps say that rows and columns fall
        return int(12 * op.inputs[0].shape.num_elements() + 9 * sum(op.inputs[0].shape[1:3]) + 2)
    if op.type == "LRNGrad":
        return int(10 * out + 2 * out // op.inputs[0].shape[-1] * _neighbours(op))
    if op.type == "AddN":
        return int((len(op.inputs) - 1) * out)
    if op.type in ("MatMul", "BatchMatMulV2"):
        turned = op.get_attr("transpose_a" if op.type == "MatMul" else "adj_x")
        return int(out * op.inputs[0].shape[-2 if turned else -1])
    if op.type.endswith(("BackpropInput", "BackpropInputV2")):  # sizes, filter, gradient
        window = prod(op.inputs[1].shape.as_list())
        return _products(op, op.inputs[2].shape, window, op.inputs[1].shape)
    if op.type.endswith(("BackpropFilter", "BackpropFilterV2")):  # input, sizes, gradient
        return _products(op, op.inputs[2].shape, prod(op.outputs[0].shape.as_list()), op.outputs[0].shape)
    if op.type in ("Conv2D", "Conv3D"):
        return _products(op, op.outputs[0].shape, prod(op.inputs[1].shape.as_list()), op.inputs[1].shape)
    return int(out * STEPS_IN.get(op.type, 1))


def _products_of(equation: str, shapes: list[list[int]]) -> int:
    """The products of an equation over two factors: letters that one alone has and that do not come out are summed
    before."""
    left, _, right = equation.partition("->")
    lengths: dict[str, list[int]] = {}
    for term, shape in zip(left.split(","), shapes, strict=True):
        before, _, after = term.partition("...")
        dots = map(str, reversed(range(len(shape) - len(before) - len(after))))
        for name, size in zip((*before, *dots, *after), shape, strict=True):
            lengths.setdefault(name, []).append(size)
    met = [max(sizes) for name, sizes in lengths.items() if name.isdigit() or name in right or len(sizes) == 2]
    return prod(met) if len(shapes) == 2 else 0


def _neighbours(op: Any) -> int:
    """The channels that all channels of a place look at together: those squares are summed up, and their gradients."""
    channels, radius = range(op.inputs[0].shape[-1]), op.get_attr("depth_radius")
    return sum(abs(one - other) <= radius for one in channels for other in channels)


def _elements_of_windows(op: Any) -> int:
    """The real elements of all windows of a pooling together, counted window by window."""
    import numpy as np
    import tensorflow as tf

    shape = tf.get_static_value(op.inputs[0])
    size, steps = op.get_attr("ksize")[1:-1], op.get_attr("strides")[1:-1]
    elements = int(shape[0] * shape[-1])
    for length, k, s, windows in zip(shape[1:-1], size, steps, op.inputs[1].shape[1:-1], strict=True):
        same = op.get_attr("padding") == b"SAME"
        before = max((windows - 1) * s + k - length, 0) // 2 if same else 0
        places = np.arange(windows)[:, None] * s + np.arange(k)[None, :] - before
        elements *= int(((places >= 0) & (places < length)).sum())
    return elements


def _products(op: Any, results: Any, window: int, kernel: Any) -> int:
    """The products of a convolution whose results and kernel have these shapes."""
    if op.type.startswith("Depthwise"):
        return int(results.num_elements() * prod(kernel.as_list()[:-2]))
    return int(results.num_elements() * window // kernel[-1])


def same_gradients(layer: Any, *shapes: Any, wanted: Any = None, trainable: bool = True, **call: Any) -> None:
    """Our backward pass does what TensorFlow's gradient graph does, operation by operation."""
    wanted = [True] * len(shapes) if wanted is None else wanted
    assert ours(layer, shapes, wanted, call, trainable) == theirs(layer, shapes, wanted, call, trainable)


def same_and_kept(layer: Any, *shapes: Any, wanted: Any = None, trainable: bool = True) -> None:
    """And it reads as much of the forward pass."""
    wanted = [True] * len(shapes) if wanted is None else wanted
    called, weights = twin_called(layer, shapes, {})
    forward, backward = graphs(called, shapes, wanted, weights if trainable else [])
    facts = layer.costed(shapes)
    assert by_operation(facts, wanted, trainable) == counted(backward)
    assert kept(facts, wanted, trainable) == read_by(backward, forward)


def operation_gradients(called: Callable[..., Any], *shapes: Any, wanted: Any = None) -> None:
    """The same of an operation, called with a module of operations, ours or Keras's, and a tensor of each shape."""
    import tensorflow as tf

    from modelcost import ops
    from modelcost.layers import Input
    from tests.keras_oracle import keras

    outputs = called(ops, *map(Input, shapes))
    facts = (outputs[0] if isinstance(outputs, list) else outputs).call.facts
    wanted = [True] * len(shapes) if wanted is None else wanted
    forward, backward = graphs(lambda *xs: tf.nest.flatten(called(keras().ops, *xs)), shapes, wanted, [])
    assert by_operation(facts, wanted) == counted(backward)
    assert kept(facts, wanted) == read_by(backward, forward)
