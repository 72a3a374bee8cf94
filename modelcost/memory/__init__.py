"""Memory: the exact bytes of tensors, what is held at each step of inference and training, and what a process takes."""

from __future__ import annotations

from modelcost.memory.fit import bytes_in, largest_batch
from modelcost.memory.memory import FIGURES, PASSES, Memory
from modelcost.memory.process import batch_of_process, most_of_process
from modelcost.memory.runtimes import RUNTIMES, Runtime

__all__ = [
    "FIGURES",
    "PASSES",
    "RUNTIMES",
    "Memory",
    "Runtime",
    "batch_of_process",
    "bytes_in",
    "largest_batch",
    "most_of_process",
]
