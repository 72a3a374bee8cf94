"""What a runtime starts to do a model: the work of its layers, as operations that read, compute and write.

Facts say step by step what Keras computes. TensorFlow runs some of these steps as one operation: a bias and a
rectifier go with the convolution before them, the five steps of a softmax are one, as are `x * sigmoid(x)`, and a
border of zeros that a convolution reads. What is fused here is what its graph shows on a CPU (TensorFlow 2.21 with
oneDNN: `_FusedConv2D`, `_FusedMatMul`, `_MklSwish`, `PadWithConv2D`; `grappler/optimizers/remapper.cc`).
"""

from __future__ import annotations

from functools import partial
from operator import attrgetter

from modelcost.errors import ModelCostError, UnboundSizeError
from modelcost.notation import topological

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from modelcost.facts import Facts
    from modelcost.figures import Row

FLOAT = 4  # bytes of a float32, the only numbers whose time is told

PRODUCTS = ("convolution", "pointwise", "depthwise", "wide depthwise", "transposed", "dense", "product")
POOLS = ("max pool", "average pool")
KINDS = (
    *PRODUCTS, *POOLS, "softmax", "reduction", "elementwise", "broadcast", "transcendental", "copy", "random",
    *(f"{kind}:{of}" for kind in PRODUCTS for of in ("input", "weights")), *(f"{kind}:input" for kind in POOLS),
    "update",
)  # fmt: skip
"""Kinds of operation, each with an efficiency and an overhead of its own. Behind a colon: the gradient of which
operand it is. A `broadcast` is arithmetic with fewer numbers than it makes, as a scale for each channel; an `update`
is what an optimizer does to all numbers of one weight."""


ALONE = 400_000
"""FLOPs up to which one core does a product by itself: 6,000 cycles of what one core does, as oneDNN decides it
(`adjust_thread_count` in `cpu/x64/gemm/gemm_driver.cpp`, for 2 to 4 threads with vectors of 16)."""


class Operation:
    """One operation of the runtime, on one mini-batch: its kind, FLOPs of every sort, bytes, and the shape of its dots.

    `starts`: how often it is started, with so much of the work each time (a recurrent layer starts it at every step).
    `small`: whether it touches too little each time to use more than one core, as the folding of a normalization does.
    A matrix product makes `rows` x `columns` results out of `inner` products each, `channels` of them side by side.
    `line`: how many rows a convolution's kernel has at once, those of a line of its results; 0 where it has them all.
    """

    __slots__ = (
        "backward", "channels", "columns", "enters", "flops", "fused", "fuses", "inner", "kind", "layer", "line",
        "looped", "name", "part", "read_bytes", "rows", "small", "starts", "weight_bytes", "written_bytes",
    )  # fmt: skip

    def __init__(self, layer: str, kind: str, part: str, flops: int, read: int, written: int) -> None:
        self.layer, self.kind, self.part, self.flops = layer, kind, part, flops
        self.read_bytes, self.written_bytes, self.weight_bytes = FLOAT * read, FLOAT * written, 0
        self.rows = self.columns = self.inner = self.channels = self.line = 0
        self.enters = 0  # loops over the steps of a sequence that it is the first operation of
        self.starts, self.small = 1, False
        self.backward = False  # whether it is of the backward pass
        self.looped = False  # whether it stands in a loop over the steps of a sequence
        self.name, self.fuses = "", False  # TensorFlow's operation, and whether others may be done along with it
        self.fused: tuple[str, ...] = ()  # the parts of the layer that are

    def of(self, layer: str) -> Operation:
        """The same in a layer of another name."""
        other = Operation.__new__(Operation)
        for word in self.__slots__:
            setattr(other, word, getattr(self, word))
        other.layer = layer
        return other

    def figures(self) -> tuple[Any, ...]:
        """All that its time depends on."""
        figures: tuple[Any, ...] = _FIGURES(self)
        return figures

    @property
    def dots(self) -> bool:
        """Whether it is a product of matrices, however it is called."""
        return self.inner > 0

    @property
    def shared(self) -> bool:
        """Whether other cores are woken to share it; those that work on a loop are awake already."""
        return not (self.small or self.looped or (self.dots and self.flops <= ALONE))

    @property
    def bytes(self) -> int:
        """Everything that it reads and writes, each tensor once, but weights at every start."""
        return self.read_bytes + self.starts * self.weight_bytes + self.written_bytes

    def __repr__(self) -> str:
        return f"<{self.kind} of {self.layer}: {self.flops:,} FLOPs, {self.bytes:,} bytes>"


_FIGURES = attrgetter(*(word for word in Operation.__slots__ if word not in ("layer", "name", "part")))


def operations(rows: Sequence[Row], batch: int) -> list[Operation]:
    """The operations of one forward call in inference on `batch` examples, in order, fused as the runtime fuses them.

    Raises `ModelCostError` where sizes are missing, or there are no facts (a report that was read from a file).
    """
    from modelcost.timing.fusing import joined

    found: list[Operation] = []
    for row in rows:
        facts = facts_of(row)
        key = ("operations", batch)
        made = facts.remembered(key, partial(_in_inference, facts, batch))
        found += joined(found, [one.of(row.name) for one in made])
    return found


def _in_inference(facts: Facts, batch: int) -> list[Operation]:
    from modelcost.timing.fusing import fused
    from modelcost.timing.worked import worked

    return list(fused(worked((work for work in facts.works if work.phase != "training"), batch, facts)))


def facts_of(row: Row) -> Any:
    """The facts of a row; an error where it has none."""
    if row.entry is None:
        raise ModelCostError("a report that was read from a file has no facts to take time from; cost it again")
    return row.entry.facts


def number(size: Any, batch: int) -> int:
    """A size on a batch; an error that says what to give where it is still free."""
    if isinstance(size, int):
        return int(size)
    if "batch" in size.free_sizes():
        size = size.rebind(batch=batch)
    try:
        return int(size)
    except UnboundSizeError:
        raise unbound(size) from None


def unbound(size: Any) -> UnboundSizeError:
    """The error for a size, or what is made of such, that has no value where a time is asked for."""
    free = (getattr(node, "size", ()) for node in topological(size) if not isinstance(node, int))
    words = list(dict.fromkeys(word for several in free for word in several if "." not in word))
    verb = "has" if len(words) == 1 else "have"
    way_out = "give the input's shape, as in input=(224, 224, 3) or --input 224x224x3"
    return UnboundSizeError(f"time needs every size, and {' and '.join(words)} {verb} no value; {way_out}")
