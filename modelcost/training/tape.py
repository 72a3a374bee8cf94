"""The work of a layer as operations on values, in order: what reads what, so that gradients can be taken backwards."""

from __future__ import annotations

from modelcost.count import Count, product
from modelcost.errors import ModelCostError
from modelcost.facts import CONSTANT, ENTERING, HIDDEN, INPUT, Facts
from modelcost.nesting import VIEW
from modelcost.training.rules import STEPS_OF, TAKE_APART, differentiable
from modelcost.training.values import Operand, Value, fewer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from modelcost.facts import Work


class Operation:
    """Work that has one gradient together: one primitive, or all the primitives of one kernel of the framework."""

    __slots__ = ("back", "gradient", "name", "operands", "result", "steps", "works")

    def __init__(self, works: Sequence[Work], operands: tuple[Operand, ...], result: Value) -> None:
        self.works, self.operands, self.result = tuple(work.each or work for work in works), operands, result
        self.steps = result.steps
        last = works[-1]
        self.name = last.op or last.primitive.kind
        self.gradient = last.gradient
        to = [int(word[1:]) for word in (last.gradient or "").split() if word.startswith(">")]
        self.back = [(i, value) for i, value in enumerate(operands) if not to or i in to]  # what gradients go back to

    @property
    def runs(self) -> tuple[Any, ...]:
        """At how many steps a gradient comes back to its result."""
        return fewer(self.steps, self.result.early)

    def __repr__(self) -> str:
        return f"<{self.name} {self.operands} -> {self.result}>"


class Tape:
    """All operations of one call in training (or as in inference), and the values between them.

    `wanted`: for each input, whether its gradient is needed; `trainable`: whether the weights are trained; `given`:
    for each output, whether a gradient comes back to it, as to all where nothing is said.
    `last`: what comes out, where the facts do not name it: the result of the last work, or else the input.
    """

    def __init__(
        self,
        facts: Facts,
        wanted: Sequence[bool],
        trainable: bool,
        phase: str = "training",
        given: Sequence[bool] | None = None,
    ) -> None:
        self.facts, self.wanted = facts, wanted
        self.given = [out for i, out in enumerate(facts.outputs) if given is None or given[i]]
        self.values = {
            **{name: value for i, shape in enumerate(facts.inputs) for name, value in _input(i, shape, wanted[i])},
            **{
                weight.name: Value(weight.name, "weight", weight.params, True, weight.trainable and trainable)
                for weight in facts.weights
            },
        }
        works = [work for work in facts.works if work.phase in ("both", phase)]
        groups = list(grouped(works))
        self._made(groups)
        self.operations = self._linked(groups)
        self._feed()
        self._spread()

    def of_weights(self, value: Value) -> bool:
        """Whether a value is made without any input: what has a gradient then hangs on weights alone."""
        return id(value) not in self.fed

    def _feed(self) -> None:
        """Find the values that inputs lead to: until nothing is added, because of loops."""
        self.fed = {id(self.values[f"{INPUT}:{i}"]) for i in range(len(self.facts.inputs))}
        known = -1
        while known != len(self.fed):
            known = len(self.fed)
            for operation in self.operations:
                read = [one for operand in operation.operands for one in (operand.value, operand.value.first)]
                if any(id(one) in self.fed for one in read):
                    self.fed.add(id(operation.result))

    def _made(self, groups: Sequence[Sequence[Work]]) -> None:
        """The values that the operations make, under their names: later ones may come round again in a loop."""
        self.results = [_result(f"#{i}", group[-1]) for i, group in enumerate(groups)]
        weights = {weight.name for weight in self.facts.weights}
        self.new: set[int] = set()  # new values of weights
        for group, result in zip(groups, self.results, strict=True):
            for work in group:
                if work.makes in weights:
                    self.new.add(id(result))
                elif work.makes:
                    self.values[work.makes] = result
                    result.first = self.values.get(work.first)

    def _linked(self, groups: Sequence[Sequence[Work]]) -> list[Operation]:
        before: Value | None = self.values.get(INPUT)
        constant = Value(CONSTANT, CONSTANT, Count(1), True, False)
        entering, part, found = before, None, []
        self.known = set(map(id, self.values.values())) - set(map(id, self.results))
        self.known.add(id(constant))
        for group, result in zip(groups, self.results, strict=True):
            own = group[0].part.partition(" ")[0]
            if own != part:
                entering, part = before, own
            known = {HIDDEN: before, ENTERING: entering, CONSTANT: constant, **self.values}
            operation = Operation(group, self._read(group, known), result)
            if own == VIEW:
                result = operation.operands[0].value
            else:
                found.append(operation)
            if id(result) not in self.new:
                self.values.update((work.makes, result) for work in group if work.makes in self.values)
            self.known.add(id(result))
            before = result
        self.last = before
        return found

    def _read(self, group: Sequence[Work], known: dict[str, Any]) -> tuple[Operand, ...]:
        """What a group reads from outside: the operands of its first work, and named ones of the others."""
        names, inside = list(group[0].operands), {HIDDEN, group[0].makes}
        for work in group[1:]:
            names += [one for one in work.operands if one not in inside]
            inside.add(work.makes)
        for name in names:
            if known.get(name) is None:
                raise ModelCostError(f"{group[0]!r} reads {name!r}, which nothing makes")
        if names.count(HIDDEN) > 1:
            raise ModelCostError(f"{group[0]!r} reads two things of its own; name the earlier one with `makes`")
        read = [known[name] for name in names]
        return tuple(self._operand(value, group[0]) for value in (read if len(group) == 1 else dict.fromkeys(read)))

    def _operand(self, value: Value, work: Work) -> Operand:
        again = id(value) not in self.known
        if again and not work.steps:
            raise ModelCostError(f"{work!r} reads what only later work makes, and stands in no loop")
        return Operand(value, work.steps, again, _used(work.each or work), work.op in TAKE_APART)

    def _spread(self) -> None:
        """Say of what the operations make whether its gradient is wanted: until nothing changes, because of loops."""
        self._lose()
        changed = True
        while changed:
            changed = False
            for operation in self.operations:
                wanted = [operand for _, operand in operation.back if operand.wanted]
                if wanted and differentiable(operation) and id(operation.result) not in self.lost:
                    changed |= operation.result.want(late=all(operand.late for operand in wanted))

    def _lose(self) -> None:
        """Find what no gradient comes back to: it is read by comparisons, by new values of weights and such alone, or
        by what goes on to nothing that has one. And what one comes back to, but not at the last step of its loop.
        """
        blocked = self.new | {id(one.result) for one in self.operations if not differentiable(one)}
        given, back = self._ends(), [one for one in reversed(self.operations) if id(one.result) not in blocked]
        found, known = set(given), -1
        while known != len(found):
            known = len(found)
            found.update(id(value.value) for one in back if id(one.result) in found for _, value in one.back)
        self.lost = {id(value) for value in self.results if id(value) not in found} | blocked
        for one in back:
            if id(one.result) in given or (id(one.result) in found and not one.steps):
                given.update(id(value.value) for _, value in one.back if not value.again)
        for one in self.operations:
            one.result.early = bool(one.steps) and id(one.result) in found and id(one.result) not in given
            for operand in one.operands:
                operand.early = one.result.early

    def _ends(self) -> set[int]:
        """What a gradient comes back to from outside: the outputs, and results that nobody reads where one is plain."""
        for output in self.facts.outputs:
            if output.of and output.of not in self.values:
                raise ModelCostError(f"{output!r} is {output.of!r}, which nothing makes")
        ends = {id(self.values[output.of]) for output in self.given if output.of}
        if any(not output.of and is_float(output.dtype) for output in self.given):
            read = {id(operand.value) for operation in self.operations for operand in operation.operands}
            ends |= {id(value) for value in (*self.results, self.last) if value is self.last or id(value) not in read}
        return ends


def is_float(dtype: str | None) -> bool:
    """Whether numbers of a dtype, or of the model's own, have gradients."""
    return dtype is None or "float" in dtype


def _result(name: str, work: Work) -> Value:
    one = work.each or work
    return Value(name, "hidden", one.times if one.gives is None else one.gives, one.once, False, work.steps)


def _used(work: Work) -> Any:
    """How many elements of an operand it has a use for."""
    folded = work.primitive.over
    if folded is None:
        folded = work.times if work.primitive.n is None else work.times * work.primitive.n
    return folded


def _input(i: int, shape: Any, wanted: bool) -> Iterator[tuple[str, Value]]:
    value = Value(f"{INPUT}:{i}", "input", product(shape) if shape else Count(1), False, wanted)
    yield value.name, value
    if i == 0:
        value.shape = shape
        yield INPUT, value


def grouped(works: Iterable[Work]) -> Iterator[list[Work]]:
    """Work in operations: as many of one name as that operation's kernel has steps, and all up to a gradient."""
    group: list[Work] = []
    for work in works:
        group.append(work)
        whole = work.gradient != "" if group[0].gradient is not None else len(group) == STEPS_OF.get(group[0].op, 1)
        if whole:
            yield group
            group = []
    if group:
        raise ModelCostError(f"{group!r} is only a part of an operation")


def apart(facts: Facts, phase: str) -> Facts:
    """The facts of a phase with the gradient of every primitive its own, where several kernels have one together.

    >>> from modelcost.layers import Activation
    >>> facts = Activation("silu").costed(((6,),))
    >>> [len(Tape(one, [True], True).operations) for one in (facts, apart(facts, "training"))]
    [1, 3]
    """
    groups = grouped(work for work in facts.works if work.phase in ("both", phase))
    several = [(work, len(group) > 1 and not work.op) for group in groups for work in group]
    works = (work.but(gradient=None) if alone else work for work, alone in several)
    return Facts(facts.inputs, (*facts.outputs, *facts.weights, *works), facts.layer)
