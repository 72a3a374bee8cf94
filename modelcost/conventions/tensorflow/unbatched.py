"""What the profiler of TensorFlow 1 printed for a Keras model before any batch size was known: hardly the network.

Every operation with an unknown batch axis was skipped: all convolutions, all products of matrices. Left over are the
random initializers of the kernels, what batch normalization does for each channel, and a few scalars.
"""

from __future__ import annotations

from modelcost.conventions.base import Convention
from modelcost.count import NOTHING, product, total
from modelcost.errors import ModelCostError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from modelcost.facts import Facts, Work

SKIPPED = ("InputLayer", "MaxPooling2D", "AveragePooling2D", "Flatten", "Reshape", "Activation", "ReLU", "Softmax")
"""Layers of which nothing was left."""
INITIALIZER = 2
"""glorot_uniform: a multiply and an add for each element of a kernel; and one subtraction, of the interval's ends."""
MOVING, PER_CHANNEL = 4, 6
"""For each channel: two moving averages, a subtraction and a multiply each; and, where the input is no image (on images
the operation is one, and skipped): variance + epsilon, rsqrt (which the profiler takes for 2), times gamma, times the
mean, beta minus that."""
DROPOUT = 3
"""Scalars: the share that is kept, its inverse, the ends of the interval that random numbers are drawn from."""


class Unbatched(Convention):
    """A convention of one tool at one time, known for the layers that it was met with."""

    def flops(self, facts: Facts, parts: frozenset[str] | None = None) -> tuple[Any, Any]:
        return NOTHING, total(self._left(facts))

    def flops_of(self, works: Iterable[Work]) -> tuple[Any, Any]:
        raise ModelCostError("the convention tf1-unbatched covers the forward pass alone; use another for training")

    def _left(self, facts: Facts) -> Iterator[Any]:
        """What was counted of a layer, all of it once a call.

        Raises `ModelCostError` for a layer of which nobody knows what was left.
        """
        kind = type(facts.layer).__name__
        if kind in ("Dense", "Conv2D"):
            kernel = next(weight for weight in facts.weights if weight.name == "kernel")
            yield from (INITIALIZER * product(kernel.shape), 1)
        elif kind == "BatchNormalization":
            channels = next(weight.params for weight in facts.weights if weight.name == "moving_mean")
            yield from (MOVING * channels, 1)
            if len(facts.outputs[0].shape) == 1:
                yield PER_CHANNEL * channels
        elif kind == "Dropout":
            yield DROPOUT
        elif facts.layer is not None and kind not in SKIPPED:
            known = ", ".join(("Dense", "Conv2D", "BatchNormalization", "Dropout", *SKIPPED[1:]))
            raise ModelCostError(
                f"the convention tf1-unbatched is known for {known}. Received: {kind}; name another convention"
            )


UNBATCHED = Unbatched(
    "tf1-unbatched",
    "what TensorFlow 1's profiler printed before a batch size was known, which is not the network's cost",
    {},
)
