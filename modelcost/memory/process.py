"""What a process of TensorFlow's on a CPU holds while it runs a model: an estimate, made of a plan and of measurements.

Measured with `tests/benchmarks/process_memory.py` (TensorFlow 2.21, Keras 3.15, Linux, two cores, `train_on_batch` with
Adam, 10 networks): the growth beyond the loaded framework is the planned peak, a start that every traced function
takes, and some memory for each operation in the graph. Copies of weights in other layouts, which oneDNN makes of
constants, were looked for and not found: training does not hold its weights as constants.
"""

from __future__ import annotations

from fractions import Fraction

from modelcost.count import Count, total
from modelcost.memory.fit import largest_batch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from modelcost.memory.buffers import Plan

FRAMEWORK_BYTES = 571_000_000
"""What a process holds that has loaded TensorFlow and Keras, and done one operation."""
START_BYTES = 61_000_000
"""What the first call of a traced function takes, whatever it computes."""
STEP_BYTES = 160_000
"""What each step of a plan takes as operations in a graph, its optimized copies, and kernels made for it."""
BAND = Fraction(3, 10)
"""The share by which a process may grow more than estimated, beyond the framework: its allocator cannot use all that it
holds. Of 21 measurements the estimate was within 10% of 12 and within 20% of all; the worst was 25% above it.
"""


def beside(plan: Plan) -> Any:
    """What a process holds beside the tensors of a plan."""
    graph = Count(len(plan.steps), "steps") * Count(STEP_BYTES, "step_bytes")
    return total((Count(FRAMEWORK_BYTES, "framework"), Count(START_BYTES, "start"), graph))


def held_by_process(plan: Plan, batch: int) -> Any:
    """The most that a process holds: the framework, the graph, and the planned peak.

    >>> from modelcost.memory.buffers import Buffer, Plan, Step
    >>> plan = Plan([Step("dense", "forward", [Buffer("x", "input", each=1_000_000)])])
    >>> held_by_process(plan, 10).numbers()
    '571000000 + 61000000 + 1*160000 + 10*1000000'
    """
    return total((beside(plan), plan.peak_bytes(batch)))


def batch_of_process(plan: Plan, memory: int) -> int:
    """The most examples in a batch whose process stays within `memory` bytes, even at the upper end of the band."""
    growth = int((memory - FRAMEWORK_BYTES) / (1 + BAND))
    return largest_batch(plan, growth, int(beside(plan)) - FRAMEWORK_BYTES)


def most_of_process(plan: Plan, batch: int) -> int:
    """The bytes at the upper end of the band."""
    return FRAMEWORK_BYTES + int((int(held_by_process(plan, batch)) - FRAMEWORK_BYTES) * (1 + BAND))
