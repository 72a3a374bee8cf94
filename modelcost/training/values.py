"""What the operations of a call read and make, in loops too: how much of it, and how often its gradient comes back."""

from __future__ import annotations

from modelcost.binding import same_number
from modelcost.count import product, total
from modelcost.sizes import is_free, larger, smaller

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any


class Value:
    """Something that work reads or makes: how many numbers, for one example or for the whole call.

    `wanted`: whether the gradient of the loss with respect to it is needed; `late`: not of the first step's; `early`:
    none comes back to the last step's.
    `kind`: "input", "weight", "hidden" or "constant". `steps`: how often the loops go round in which it is made, each
    time with so many `elements`; `first`: what stands for it before the first step. `came`: how many elements each of
    the gradients has that come back to it; `several`: whether there are more than one.
    """

    __slots__ = (
        "came", "early", "elements", "first", "kind", "late", "name", "once", "several", "shape", "steps", "wanted",
    )  # fmt: skip

    def __init__(self, name: str, kind: str, elements: Any, once: bool, wanted: bool, steps: Any = ()) -> None:
        self.name, self.kind, self.elements, self.once, self.wanted = name, kind, elements, once, wanted
        self.steps: tuple[Any, ...] = steps
        self.first: Value | None = None
        self.shape: tuple[Any, ...] = ()  # of an input that loops take apart along its first axes
        self.came: list[Any] = []
        self.several = self.late = self.early = False

    again = False  # as of an operand

    @property
    def value(self) -> Value:
        """Itself, as of an operand."""
        return self

    def at(self, steps: tuple[Any, ...]) -> Any:
        """How many of its elements there are for each step of these loops."""
        if not steps or not self.shape:
            return self.elements
        return product(self.shape[len(steps) :]) if len(steps) < len(self.shape) else 1

    def want(self, late: bool) -> bool:
        """Say that its gradient is needed, that of the first step perhaps not; gives whether that is news."""
        before, self.late = (self.wanted, self.late), late and (self.late or not self.wanted)
        self.wanted = True
        return before != (True, self.late)

    def receive(self, elements: Any, loop: bool = False) -> None:
        """Note a gradient that comes back, or one from each step of a loop."""
        self.several |= loop or bool(self.came)
        self.came.append(elements)

    def added(self) -> Any:
        """How many adds put together the gradients that came back: none (None) where each element has one."""
        if not self.several:
            return None
        whole = product((*fewer(self.steps, self.late + self.early), self.elements))
        for i, one in enumerate(self.came):
            if same_number(one, whole):
                others = [*self.came[:i], *self.came[i + 1 :]]
                return total(others) if others else None
        adds = total(self.came) - whole
        if same_number(total(self.came), whole) or (isinstance(adds, int) and adds <= 0 and not is_free(adds)):
            return None
        return larger(adds, 0) if isinstance(adds, int) and adds <= 0 else adds

    def __repr__(self) -> str:
        return f"<{self.kind} {self.name}: {self.elements}{' once' if self.once else ''}>"


def fewer(steps: tuple[Any, ...], by: int) -> tuple[Any, ...]:
    """How often loops go round, of whose innermost so many steps are left out."""
    return (*steps[:-1], steps[-1] - by) if by else steps


class Operand:
    """A value as one operation reads it.

    In a loop it is read anew at each of the `steps`; `again`: what the step before made. `elements`: how many are read
    each time, which are not all where the operation has no use for so many. `early`: no gradient comes back to what
    the operation makes at the last step.
    """

    __slots__ = ("again", "early", "elements", "steps", "value")

    def __init__(self, value: Value, steps: tuple[Any, ...], again: bool, used: Any, part: bool) -> None:
        self.value, self.steps, self.again, self.early = value, steps, again, False
        self.elements = value.at(steps)
        known = isinstance(used, int) and isinstance(self.elements, int) and value.kind in ("hidden", "weight")
        if part or (known and used < self.elements):
            self.elements = used

    @property
    def kind(self) -> str:
        """That of the value."""
        return self.value.kind

    @property
    def once(self) -> bool:
        """Whether the value is there once for the whole call."""
        return self.value.once

    @property
    def late(self) -> bool:
        """Whether it has no gradient at the first step, since what it is made of is a constant there."""
        if self.again:
            return not (self.value.first and self.value.first.wanted)
        return self.value.late and len(self.steps) == len(self.value.steps)

    @property
    def runs(self) -> tuple[Any, ...]:
        """At how many steps it has a gradient."""
        return fewer(self.steps, self.late + self.early)

    @property
    def wanted(self) -> bool:
        """Whether its gradient is needed, at any step."""
        wanted = self.value.wanted or (self.again and not self.late)
        return wanted and not any(isinstance(one, int) and one <= 0 and not is_free(one) for one in self.runs)

    def back(self) -> None:
        """Give the value its gradients from here, and what stands for it at the first step its own."""
        if not self.wanted:
            return
        outer, first = self.steps[:-1], self.value.first
        if self.again and first and first.wanted:
            first.receive(product((*outer, self.elements)), bool(outer))
        times = fewer(self.steps, (self.again or self.late) + self.early)
        self.value.receive(product((*times, self.elements)), len(self.steps) > len(self.value.steps))

    def __repr__(self) -> str:
        return f"{self.elements} of {self.value}"


class Kept:
    """A value of the forward pass that the backward pass reads, and how many of its elements, of all steps together.

    `each`: how many of them at each step of its loops.
    """

    __slots__ = ("each", "elements", "value")

    def __init__(self, value: Value, reads: Sequence[Value | Operand]) -> None:
        self.value = value
        parts = [one.elements for one in reads]
        whole = value.kind == "input" or any(part is value.elements for part in parts)
        self.each = value.elements if whole else smaller(total(parts), value.elements)
        but_the_last = all(one.again or one.early for one in reads)
        self.elements = product((*fewer(value.steps, but_the_last), self.each))

    @property
    def name(self) -> str:
        """That of the value."""
        return self.value.name

    @property
    def kind(self) -> str:
        """That of the value."""
        return self.value.kind

    @property
    def once(self) -> bool:
        """Whether the value is there once for the whole call."""
        return self.value.once

    def __repr__(self) -> str:
        return f"{self.elements} of {self.value}"


def kept(read: Iterable[Value | Operand]) -> list[Kept]:
    """What is kept of the values that are read, each once; and of what stands for a state before the first step."""
    reads: dict[int, list[Value | Operand]] = {}
    for one in read:
        first = one.value.first if one.again else None
        for value in (one, first) if first else (one,):
            reads.setdefault(id(value.value), []).append(value)
    return [Kept(several[0].value, several) for several in reads.values()]
