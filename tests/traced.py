"""What TensorFlow's graph of a Keras layer does, by primitive: for tests marked `keras` only."""

from __future__ import annotations

import inspect
from collections import Counter
from typing import Any

from tests.keras_oracle import keras_twin

OPS = {
    "AddV2": "add", "BiasAdd": "add", "Sub": "add", "Mul": "mul", "RealDiv": "div", "Tanh": "tanh",
    "Sigmoid": "sigmoid", "Sum": "sum", "MatMul": "dot", "BatchMatMulV2": "dot", "Einsum": "dot",
}  # fmt: skip
"""Ops of the graph, and the primitive that each is; a subtraction counts as an add."""
BATCH = 2


def primitives(layer: Any, shapes: Any, call: dict[str, Any], leave_out: str = "") -> dict[str, int]:
    """How often our layer does each primitive in inference on a batch of two; one part may be left out."""
    counts: Counter[str] = Counter()
    for work in layer.costed(tuple(shapes), call).works:
        kind = {"sub": "add"}.get(work.primitive.kind, work.primitive.kind)
        if work.phase != "training" and work.part != leave_out and kind in OPS.values():
            counts[kind] += int(work.times) * (1 if work.once else BATCH)
    return dict(counts)


def traced(layer: Any, shapes: Any, call: dict[str, Any]) -> dict[str, int]:
    """How many numbers the ops of each primitive give in Keras's graph for the same, constants folded in."""
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    twin = keras_twin(layer)
    as_list = next(iter(inspect.signature(twin.call).parameters)) == "inputs" and len(shapes) > 1

    def called(*xs: Any) -> Any:
        return twin(list(xs), **call) if as_list else twin(*xs, **call)

    called(*(tf.zeros((BATCH, *shape)) for shape in shapes))  # makes the weights
    function = tf.function(called).get_concrete_function(*(tf.TensorSpec((BATCH, *shape)) for shape in shapes))
    counts: Counter[str] = Counter()
    for op in convert_variables_to_constants_v2(function).graph.get_operations():
        if op.type in OPS and op.outputs[0].dtype.is_floating:
            counts[OPS[op.type]] += op.outputs[0].shape.num_elements()
    return dict(counts)
