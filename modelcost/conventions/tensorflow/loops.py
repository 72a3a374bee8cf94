"""Recurrent layers in TensorFlow's graph: a loop's body is counted once, and of that only what keeps a known shape.

What a loop hands on to its next step has no shape, once the graph is frozen; nor has what is made of it, except that
a sum or product of it with a tensor of several examples has that tensor's shape. (With one example, 1 could be
broadcast.) Sums of two vectors, which batches of one example are, are done by `BiasAdd` where Keras writes `ops.add`.
"""

from __future__ import annotations

from modelcost.conventions.tensorflow.operations import changed, folded
from modelcost.count import NOTHING, product
from modelcost.errors import ModelCostError
from modelcost.layers.dense import added_by
from modelcost.layers.functions import applied

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from modelcost.conventions.tensorflow.operations import ByOp


def body(cells: list[Any], C: Any, several: bool) -> ByOp:
    """What is counted of a loop's body: that of cells one above the other, fed by C numbers.

    `cells` are the recurrent layers that are made of them; `several`: whether the batch has more than one example.
    """
    counted: ByOp = {}
    for cell in cells:
        for step in BODIES[type(cell).__name__](cell, C, several):
            counted = changed(counted, step)
        if type(cell).__name__ != "SimpleRNN" or not several:
            break  # what it gives has no shape, and so nothing above it is counted
        C = cell.units
    return counted


def _counted(op: str, flops: Any) -> ByOp:
    return {op: (flops, NOTHING)}


def acted(function: Any, *elements: Any, times: int = 1) -> Iterator[ByOp]:
    """An activation on tensors whose shape is known."""
    if function == "sparsemax":
        raise ModelCostError("it is not known what the profiler counts of sparsemax within a loop")
    for _ in range(times):
        yield folded(applied(function, elements))


def _lstm(layer: Any, C: Any, several: bool) -> Iterator[ByOp]:
    U, at_once = layer.units, layer.at_once()
    yield _counted("MatMul", 2 * C * 4 * U)
    if several or at_once:
        yield _counted("AddV2" if several else "BiasAdd", 4 * U)
    if layer.use_bias:
        yield _counted("BiasAdd" if at_once else "AddV2", 4 * U)
    if several or at_once:
        yield from acted(layer.recurrent_activation, U, times=3)
        yield from acted(layer.activation, U)
        yield _counted("Mul", U)


def _gru(layer: Any, C: Any, several: bool) -> Iterator[ByOp]:
    U = layer.units
    yield _counted("MatMul", 2 * C * 3 * U)
    if layer.use_bias:
        yield _counted("BiasAdd" if layer.at_once() else "AddV2", 3 * U)
    if several:
        yield _counted("AddV2", 3 * U)
        yield from acted(layer.recurrent_activation, U, times=2)
        yield from acted(layer.activation, U)
        yield _counted("Mul", 2 * U if layer.reset_after else U)
        yield _counted("Sub", U)


def _simple(layer: Any, C: Any, several: bool) -> Iterator[ByOp]:
    U = layer.units
    yield _counted("MatMul", 2 * C * U)
    if layer.use_bias:
        yield _counted(added_by((U,), (U,)) or "AddV2", U)
    if several:
        yield _counted("AddV2", U)
        yield from acted(layer.activation, U)


BODIES = {"LSTM": _lstm, "GRU": _gru, "SimpleRNN": _simple}
"""What each cell does in a loop, as far as it keeps a known shape."""


def convolved(layer: Any, out: tuple[Any, ...], flops: Any, several: bool) -> ByOp:
    """What is counted of the body of a convolutional LSTM: `flops` are those of a step's convolutions of the input."""
    counted = {layer.op: (flops, NOTHING)}
    each = product(out)
    space = out[:-1] if layer.data_format == "channels_last" else out[1:]
    if layer.use_bias:
        counted = changed(counted, _counted("AddV2", 4 * each))
    if several and min(map(int, space)) > 1:
        counted = changed(counted, _counted("AddV2", 4 * each))
        for step in (*acted(layer.recurrent_activation, *out, times=3), *acted(layer.activation, *out)):
            counted = changed(counted, step)
        counted = changed(counted, _counted("Mul", each))
    return counted
