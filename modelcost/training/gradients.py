"""The backward pass of one call: from the work of the forward pass, operation by operation, backwards."""

from __future__ import annotations

from modelcost.count import total
from modelcost.errors import ModelCostError
from modelcost.facts import HIDDEN, INPUT, Work
from modelcost.training.rules import gradient
from modelcost.training.structural import ROWS_ADDED
from modelcost.training.tape import Tape
from modelcost.training.values import kept

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from modelcost.facts import Facts
    from modelcost.training.values import Kept, Operand, Value


class Gradients:
    """The work of a call's backward pass: for the gradients of weights, and for those of all other values.

    `by_weight`: that of each weight that has a gradient, and that of what is made of weights alone under "".
    `kept`: the values that it reads, which the forward pass must keep until then. `reached`: for each input, whether
    a gradient goes on into it; `wanted`: whether any was asked for. `looked_up`: for each weight whose gradient has
    numbers for the rows alone that were looked up in it, how many those are in a step; its work adds them up, each
    where it belongs.
    """

    __slots__ = ("by_weight", "kept", "looked_up", "reached", "to_inputs", "wanted")

    def __init__(
        self,
        to_inputs: Sequence[Work],
        by_weight: Mapping[str, Sequence[Work]],
        kept: Sequence[Kept],
        wanted: bool,
        reached: Iterable[bool],
        looked_up: Mapping[str, Any],
    ) -> None:
        self.wanted, self.reached, self.looked_up = wanted, tuple(reached), looked_up
        self.to_inputs, self.by_weight, self.kept = tuple(to_inputs), dict(by_weight), tuple(kept)

    def but(self, **changes: Any) -> Gradients:
        """The same with some things changed."""
        return Gradients(**{name: changes.get(name, getattr(self, name)) for name in self.__slots__})

    @property
    def to_weights(self) -> tuple[Work, ...]:
        """All work for the gradients of weights."""
        return tuple(work for works in self.by_weight.values() for work in works)

    @property
    def works(self) -> tuple[Work, ...]:
        """All of it."""
        return (*self.to_inputs, *self.to_weights)


def gradients(
    facts: Facts,
    wanted: Sequence[bool],
    trainable: bool = True,
    phase: str = "training",
    given: Sequence[bool] | None = None,
) -> Gradients:
    """The gradients of a call, given that of what comes out.

    `wanted`: for each input, whether its gradient is needed; `trainable`: whether its weights are trained;
    `phase`: "training", or "inference" for a layer that runs as in inference all the same; `given`: for each output,
    whether a gradient comes back to it, as to all where nothing is said.

    Raises `ModelCostError` for an operation whose gradient is not known.

    >>> from modelcost.layers import Dense
    >>> found = gradients(Dense(10).costed(((784,),)), [False])
    >>> found.by_weight["kernel"][0].counted()["multiplies"].formula(), found.to_inputs
    ('N*U*C', ())
    """
    try:
        tape = Tape(facts, wanted, trainable, phase, given)
        return _backwards(tape)
    except ModelCostError as error:
        raise type(error)(f"{type(facts.layer).__name__}: {error}") from None


def _backwards(tape: Tape) -> Gradients:
    works: list[tuple[Value, Work]] = []
    looks: list[Value | Operand] = []
    for operation in reversed(tape.operations):
        if operation.result.wanted:
            found, read = gradient(operation)
            works += found
            looks += read
            for _, operand in operation.back:
                operand.back()
    works += _added(tape)
    to_inputs: list[Work] = []
    by_weight: dict[str, list[Work]] = {
        weight.name: [] for weight in tape.facts.weights if tape.values[weight.name].came
    }
    for value, work in works:
        own = value.kind == "weight"
        into = by_weight.setdefault(value.name if own else "", []) if own or tape.of_weights(value) else to_inputs
        into.append(work)
    looked_up = dict(_looked_up(tape, by_weight))
    return Gradients(to_inputs, by_weight, kept(looks), any(tape.wanted), _reached(tape), looked_up)


def _reached(tape: Tape) -> Iterator[bool]:
    """Whether a gradient comes back to each input: from what reads it, or where it comes out itself."""
    given = {id(tape.values[output.of] if output.of else tape.last) for output in tape.given}
    for i, wanted in enumerate(tape.wanted):
        value = tape.values[f"{INPUT}:{i}"]
        yield wanted and (bool(value.came) or id(value) in given)


def _looked_up(tape: Tape, by_weight: Mapping[str, Sequence[Work]]) -> Iterator[tuple[str, Any]]:
    """The weights in which rows are looked up and nothing else is done, and how many numbers that are in a step."""
    readers: dict[int, set[str]] = {}
    for operation in tape.operations:
        for operand in operation.operands:
            readers.setdefault(id(operand.value), set()).add(operation.works[-1].primitive.kind)
    for name, works in by_weight.items():
        if name and readers[id(tape.values[name])] == {"gather"}:
            yield name, total(work.times for work in works if work.op == ROWS_ADDED)


def _added(tape: Tape) -> Iterator[tuple[Value, Work]]:
    """The gradients that come back to a value from all who read it, and from outside, added up."""
    for output in tape.given:
        if output.of:
            tape.values[output.of].receive(output.elements)
    values = [operand.value for operation in tape.operations for operand in operation.operands] + tape.results
    every = {id(one): one for value in values for one in (value, value.first) if one is not None}
    for value in every.values():
        if value.wanted and (adds := value.added()) is not None:
            yield value, accumulated(adds, value.once)


def accumulated(adds: Any, once: bool = False) -> Work:
    """Gradients of the same numbers, added up."""
    return Work(adds, "add", (HIDDEN,), "gradient", once, "training", "AddN")
