"""Numbers that note what is done with them: the formulas of training are counted by running them."""

from __future__ import annotations

from modelcost.count import product
from modelcost.facts import CONSTANT, HIDDEN, Facts, Output, Primitive, Work, dot
from modelcost.layers.elementwise import PAIRS, SINGLES
from modelcost.layers.functions import STEPS as FUNCTIONS
from modelcost.layers.functions import stepped
from modelcost.layers.windows import always_one
from modelcost.naming import name_stem
from modelcost.sizes import BATCH

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    from modelcost.facts import Shape, Weight

STEPS = {
    **{name_stem(name): steps for name, steps in (*SINGLES.items(), *PAIRS.items())},
    "softplus": " ".join(FUNCTIONS["softplus"]),
    "floor_divide": "div:FloorDiv",  # these two of the numbers of steps, which are whole
    "mod": "div:FloorMod",
    "select": "copy:SelectV2",
    "assign_add": "add:AssignAddVariableOp",
    "assign_sub": "sub:AssignSubVariableOp",
}
"""What is done to each number, by the names of Keras's operations, as in `layers.functions`; others are a primitive."""


class Notes:
    """Notes the work that its tensors do, all of one part, of a step of training.

    What is done to a tensor of shape (N, ...) is done for each example, all else once a step.
    """

    def __init__(self, part: str, elements: Callable[[tuple[Any, ...]], Any] = product) -> None:
        """`elements` says how many numbers a tensor of some shape holds, or many of them that are treated alike."""
        self.part, self.elements = part, elements
        self.works: list[Work] = []
        self.unseen: list[Work] = []  # see `lookups`

    def facts(self, inputs: tuple[Shape, ...], weights: Sequence[Weight] = ()) -> Facts:
        """What is noted as the facts of a call that gives a single number."""
        return Facts(inputs, [Output(()), *weights, *self.works])

    def tensor(self, *shape: Any, name: str = CONSTANT) -> Noted:
        """A tensor of this shape, or a single number, that is there already: an input, a weight, or a constant."""
        return Noted(self, shape, name)

    def apply(self, what: str, *operands: Any, shape: tuple[Any, ...] | None = None) -> Noted:
        """Do something to each number of some tensors, or to each of the `shape` that they are spread to."""
        wide = spread([one.shape for one in operands if isinstance(one, Noted)]) if shape is None else shape
        return self.note_steps(STEPS.get(what, what), operands, wide)

    def note_steps(self, steps: str, operands: Iterable[Any], shape: tuple[Any, ...]) -> Noted:
        """Note steps done to each number of a tensor of this shape, written as in `layers.functions`."""
        reads = tuple(one.name if isinstance(one, Noted) else CONSTANT for one in operands)
        return self.note(stepped(tuple(steps.split()), self.numbers(shape), self.part, reads), shape)

    def fold(self, value: Noted, axis: int | None, kind: str = "sum", mean: bool = False) -> Noted:
        """Sums, means or largest of all numbers of a tensor, or of those along an axis."""
        at = None if axis is None else axis % len(value.shape)
        left = () if at is None else (*value.shape[:at], *value.shape[at + 1 :])
        op, times = "Mean" if mean else kind.capitalize(), self.numbers(left)
        over = self.numbers(value.shape) if batched(left) else self.elements(value.shape)
        works = [Work(times, Primitive(kind, over=over), (value.name,), self.part, op=op)]
        return self.note([*works, *([Work(times, "div", (HIDDEN,), self.part, op=op)] if mean else [])], left)

    def product(self, a: Noted, b: Noted) -> Noted:
        """The product of two matrices, of (M, K) and of (K, N)."""
        shape = (a.shape[0], b.shape[1])
        work = Work(self.numbers(shape), dot(a.shape[1]), (a.name, b.name), self.part, op="MatMul")
        return self.note([work], shape)

    def numbers(self, shape: tuple[Any, ...]) -> Any:
        """How many numbers a tensor of this shape holds: for one example, if it has some for each."""
        return self.elements(shape[1:] if batched(shape) else shape)

    def whole(self, value: Noted) -> Noted:
        """A tensor with all its rows, which all have here."""
        return value

    def note(self, works: Iterable[Work], shape: tuple[Any, ...]) -> Noted:
        """Note work that together makes a tensor of this shape, which later work reads under a name of its own."""
        *others, last = works
        result, once = Noted(self, shape, f"#{len(self.works)}"), not batched(shape)
        self.works += [work.but(once=once, phase="training") for work in (*others, last.but(makes=result.name))]
        return result


def batched(shape: tuple[Any, ...]) -> bool:
    """Whether a shape has the axis of the examples."""
    return bool(shape) and shape[0] is BATCH


def spread(shapes: list[tuple[Any, ...]]) -> tuple[Any, ...]:
    """The shape that shapes are spread to: axes of 1, and tensors that have no axes, go with any."""
    longest = max(shapes, key=len)
    whole = [shape for shape in shapes if len(shape) == len(longest)]
    return tuple(next((size for size in sizes if not always_one(size)), 1) for sizes in zip(*whole, strict=True))


class Noted:
    """A tensor, or a single number, of a step: what is done with it is noted. Plain Python numbers cost nothing.

    >>> notes = Notes("optimizer")
    >>> w = notes.tensor(10)
    >>> half = w * 0.5 + 1
    >>> notes.works
    [Work(10 mul, optimizer, once), Work(10 add, optimizer, once)]
    """

    __slots__ = ("name", "notes", "partial", "shape")

    def __init__(self, notes: Notes, shape: tuple[Any, ...], name: str) -> None:
        self.notes, self.shape, self.name = notes, shape, name
        self.partial = False  # whether it has numbers for some rows alone; see `lookups`

    def apply(self, what: str, *others: Any) -> Noted:
        """Do this to each of its numbers, with those of other tensors beside them."""
        return self.notes.apply(what, self, *others)

    def __add__(self, other: Noted | float) -> Noted:
        return self.apply("add", other)

    def __radd__(self, other: float) -> Noted:
        return self.notes.apply("add", other, self)

    def __sub__(self, other: Noted | float) -> Noted:
        return self.apply("sub", other)

    def __rsub__(self, other: float) -> Noted:
        return self.notes.apply("sub", other, self)

    def __mul__(self, other: Noted | float) -> Noted:
        return self.apply("mul", other)

    def __rmul__(self, other: float) -> Noted:
        return self.notes.apply("mul", other, self)

    def __truediv__(self, other: Noted | float) -> Noted:
        return self.apply("div", other)

    def __rtruediv__(self, other: float) -> Noted:
        return self.notes.apply("div", other, self)

    def __pow__(self, other: Noted | float) -> Noted:
        return self.apply("pow", other)

    def __rpow__(self, other: float) -> Noted:
        return self.notes.apply("pow", other, self)

    def __neg__(self) -> Noted:
        return self.apply("negative")

    def sum(self, axis: int | None = None) -> Noted:
        """The sum of all its numbers, or of those along an axis."""
        return self.notes.fold(self, axis)

    def mean(self, axis: int | None = None) -> Noted:
        """Their mean: the sum, divided."""
        return self.notes.fold(self, axis, mean=True)

    def max(self, axis: int) -> Noted:
        """The largest along an axis."""
        return self.notes.fold(self, axis, "max")

    def turned(self) -> Noted:
        """A matrix on its side; nothing is computed."""
        return self.along(*self.shape[::-1])

    def along(self, *shape: Any) -> Noted:
        """The same numbers in another shape; nothing is done."""
        return Noted(self.notes, shape, self.name)


def pooled(tensors: Any, params: Any) -> Callable[[tuple[Any, ...]], Any]:
    """How many numbers many tensors hold that are treated alike: a number of each, or all of each."""
    return lambda shape: params if shape else tensors


def of_length_one(x: Noted, axis: int = -1) -> Noted:
    """Vectors over their length, which is no less than epsilon. Source: TensorFlow's `l2_normalize`."""
    at = axis % len(x.shape)
    length = x.apply("square").sum(at).along(*x.shape[:at], 1, *x.shape[at + 1 :])
    return x * length.apply("rsqrt").apply("minimum")
