"""What a process of TensorFlow's on a CPU holds while it runs a model: an estimate, each term measured for itself.

Measured with TensorFlow 2.21 and Keras 3.15 as they come (oneDNN on; Keras leaves XLA off where there is no GPU), on
Linux with two cores, November 2026, as growth of the resident set beyond the loaded framework:

- tensors: the plan, run as TensorFlow's executor does it (`memory.executor`) in its pool (`memory.pool`);
- the start: the first call of any traced function, in which threads, kernels and their packing buffers come to exist
  (a perceptron of three layers: its growth less its tensors);
- variables, nodes of the graph, convolutions: chains of 1 to 300 layers too small to hold anything. A variable takes
  45 kB (Python's object and TensorFlow's; an optimizer's slot is one too), a node 18 kB (17 to 22 in chains of dense
  layers, activations, normalizations; the trace, the optimized copies, and what malloc keeps of making them), and a
  convolution of a shape of its own 0.2 MB for each of its three kernels, which oneDNN compiles.

Copies of weights in other layouts do not show: oneDNN caches them for constants, and Keras's weights are variables.
What looks like a copy is the pool: an initializer makes three tensors for a weight, and the pool keeps their pages.
"""

from __future__ import annotations

from fractions import Fraction

from modelcost.count import Count, total
from modelcost.memory.executor import slots_of, written_bytes
from modelcost.memory.fit import largest_batch
from modelcost.sizes import planned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from modelcost.memory.buffers import Plan

FRAMEWORK_BYTES = 605_000_000
"""What a process holds that has loaded TensorFlow and Keras, and done one operation.

573 MB were measured where nothing else was loaded and the library was read from disk as it ran, and 603 where all of it
had been read before, as when it was just installed: more of its pages are mapped at once. Keras loads pandas (32 MB)
and Matplotlib with Pillow (26 to 33) where they are installed.
"""
FRAMEWORK_MOST_BYTES = 670_000_000
"""The same with all of this."""
START_BYTES = 45_000_000
"""What the first call of a traced function takes, whatever it computes."""
VARIABLE_BYTES = 45_000
"""What a weight, or a slot of an optimizer for it, takes beside its numbers."""
NODE_BYTES = 18_000
"""What a node of the graph takes."""
CONVOLUTION_BYTES = 200_000
"""What a convolution's compiled kernel takes; its gradients have their own."""
STEP_NODES = 2
"""Nodes of the graph for a step of a plan, and for a weight that is read."""
UPDATE_NODES = (9, 16, 44)
"""Nodes that update a weight, by the optimizer's slots: SGD, with momentum, Adam (counted in their graphs)."""
BAND = Fraction(1, 8)
"""The share by which a process may grow more than estimated, beyond the framework.

`python -m tests.benchmarks.memory` prints what was measured: of 52 that grew by more than 300 MB, 44 are within 10% and
48 within this. The four others grew by more: GRU layers, whose steps come from malloc (by a fifth), a batch of 186
spectrograms (by an eighth), and ResNet18 at 48 and 49, whose pool had just taken a stretch of 1 GiB and filled it in a
few steps (by a half). Where the pool is about to grow, processes of one and the same batch differ by as much.
"""


def beside(plan: Plan) -> Any:
    """What a process holds beside the tensors of a plan."""
    weights = sum(buffer.kind == "parameter" for buffer in plan.always)
    slots = slots_of(plan).values()
    each = UPDATE_NODES[min(max(slots, default=0), len(UPDATE_NODES) - 1)]
    updates = sum(step.phase == "optimizer" for step in plan.steps)
    nodes = STEP_NODES * (len(plan.steps) - updates + weights) + each * updates
    parts = (
        Count(weights + sum(slots), "variables") * Count(VARIABLE_BYTES, "variable_bytes"),
        Count(nodes, "nodes") * Count(NODE_BYTES, "node_bytes"),
        Count(sum(step.convolution for step in plan.steps), "convolutions") * Count(CONVOLUTION_BYTES, "kernel_bytes"),
    )
    return total((Count(FRAMEWORK_BYTES, "framework"), Count(START_BYTES, "start"), *parts))


def held_by_process(plan: Plan, batch: int) -> Any:
    """The most that a process holds: the framework, the graph, and every address that a tensor ever had.

    >>> from modelcost.memory.buffers import Buffer, Plan, Step
    >>> plan = Plan([Step("dense", "forward", [Buffer("x", "input", each=1_000_000)])])
    >>> held_by_process(plan, 10).numbers()
    '605000000 + 45000000 + 0*45000 + 2*18000 + 0*200000 + 10000000'
    """
    return planned(total((beside(plan), Count(written_bytes(plan, batch), "written"))))


PROBES = 8
"""Larger batches that are looked at beyond one that fits where the next does not."""


def batch_of_process(plan: Plan, memory: int) -> int:
    """The most examples in a batch whose process stays within `memory` bytes, even at the upper end of the band.

    Accidents of its pool let a process now and then hold less with more examples: where the search by halves ends,
    `PROBES` batches up to twice as large are looked at, and it goes on from the largest of these that fits.
    """
    most = largest_batch(plan, memory, int(beside(plan)))
    fits = _halved(plan, memory, 0, most + 1)
    while (found := _probed(plan, memory, fits, most)) is not None:
        fits = _halved(plan, memory, *found)
    return fits


def _halved(plan: Plan, memory: int, fits: int, over: int) -> int:
    """A batch between one that fits and one that does not, which fits where the next does not."""
    while over - fits > 1:
        batch = (fits + over) // 2
        if most_of_process(plan, batch) <= memory:
            fits = batch
        else:
            over = batch
    return fits


def _probed(plan: Plan, memory: int, fits: int, most: int) -> tuple[int, int] | None:
    """Of batches above one that fits the largest that does too, and the one looked at before it; None if none does."""
    reach, over = max(fits, PROBES), most + 1
    for probe in range(PROBES, 0, -1):
        batch = fits + reach * probe // PROBES
        if batch <= most:
            if most_of_process(plan, batch) <= memory:
                return batch, over
            over = batch
    return None


def most_of_process(plan: Plan, batch: int) -> int:
    """The bytes at the upper end of the band, with all that the framework may have loaded."""
    return FRAMEWORK_MOST_BYTES + int((int(held_by_process(plan, batch)) - FRAMEWORK_BYTES) * (1 + BAND))
