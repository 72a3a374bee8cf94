"""One thing that the TensorFlow profiler gets wrong: its name, and how it changes what is counted."""

from __future__ import annotations

from modelcost.count import NOTHING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from modelcost.conventions.tensorflow.operations import ByOp


class Difference:
    """One named difference: why the profiler counts otherwise, and the change by operation (each example, once).

    `once_for`: what it is there only once for in the whole graph, however many layers have it.
    """

    __slots__ = ("flops", "name", "once_for")

    def __init__(self, name: str, flops: ByOp, once_for: Any = None) -> None:
        self.name, self.flops, self.once_for = name, dict(flops), once_for


SHAPES = "the shape of a sum's gradient is worked out"


def shapes_worked_out(shape: tuple[Any, ...], axes: tuple[int, ...]) -> Difference:
    """TensorFlow works out the shape of the gradient of a sum, or of a mean, once for all along the same axes of
    tensors of one shape. `shape` is that of an example, and axis 0 is that of the examples.
    """
    return Difference(SHAPES, {"Maximum": (NOTHING, len(shape) + 1)}, once_for=(tuple(map(str, shape)), axes))


def instead(counted: ByOp, name: str, flops: Any) -> ByOp:
    """The change that makes an operation count `flops` for each example, whatever it should count."""
    return {name: (flops - counted[name][0], NOTHING)}


def uncounted(counted: ByOp, *names: str) -> ByOp:
    """The change that makes these operations count 0."""
    return {name: (0 - counted[name][0], 0 - counted[name][1]) for name in names if name in counted}
