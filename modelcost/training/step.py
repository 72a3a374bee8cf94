"""One step of training: what each layer does in it, forwards and backwards, and the optimizer with its weights."""

from __future__ import annotations

from copy import copy
from functools import partial

from modelcost.count import total
from modelcost.dtypes import stored_as
from modelcost.errors import ModelCostError
from modelcost.figures import Figures, absent
from modelcost.naming import free_name
from modelcost.training.backward import backward, makers, phase
from modelcost.training.constrained import constraint_work
from modelcost.training.gathered import gathered
from modelcost.training.loss import joined
from modelcost.training.outputs import losses, lost, output_names
from modelcost.training.penalties import activity_penalties, weight_penalties
from modelcost.training.rows import PASSES, StepRow, Training, on_batch
from modelcost.training.shared import changed, looked_up

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from modelcost.conventions import Convention
    from modelcost.facts import Weight, Work
    from modelcost.model import Entry, Model
    from modelcost.training.gradients import Gradients
    from modelcost.training.optimizer import Optimizer
    from modelcost.training.penalties import Penalty


class Doing:
    """Something in a step: a layer's call, the loss, what the optimizer does once; its work by pass.

    `find` gives that work: calls that are alike in all share it, and who asks for no figure of training needs none.
    """

    __slots__ = ("find", "name", "type")

    def __init__(self, name: str, type: str, find: Callable[[], Mapping[str, Sequence[Work]]]) -> None:
        self.name, self.type, self.find = name, type, find

    @property
    def works(self) -> Mapping[str, Sequence[Work]]:
        """Its work by pass."""
        return self.find()

    def __reduce__(self) -> tuple[Any, ...]:
        return Doing, (self.name, self.type, partial(dict, self.works))


class Step:
    """A step of training, on any number of examples."""

    def __init__(
        self,
        model: Model,
        entries: Sequence[Entry],
        rule: Convention,
        optimizer: Optimizer,
        loss: Any = None,
    ) -> None:
        self.rule, self.optimizer, self.entries = rule, optimizer, list(entries)
        found = [] if loss is None else losses(loss, output_names(model))
        self.lost = lost(found, makers(model, entries)) if found else []
        by_logits = [one.maker.name for one in self.lost if one.work.by_logits]
        given = [one is not None for one in found] or None
        self.ends: dict[str, Any] = {"by_logits": by_logits, "given": given}
        self.gradients = backward(model, entries, **self.ends)
        self.changed, self.looked_up = changed(entries, self.gradients), looked_up(entries, self.gradients)
        self.penalties: list[Penalty] = []
        self._known: dict[Any, Any] = {}
        self.doings = list(self._doings(entries))

    def by(self, rule: Convention) -> Step:
        """The same step by another convention."""
        other = copy(self)
        other.rule, other._known = rule, {}
        return other

    def flops(self, which: Sequence[str], batch: Any) -> Any:
        """The FLOPs of these passes in all, on so many examples."""
        found = [(doing.name, self._pair(doing.works, name)) for doing in self.doings for name in which]
        each, once = (total(pair[i].called(layer) for layer, pair in found if not absent(pair[i])) for i in (0, 1))
        return on_batch((each, once), batch)

    def flops_of(self, doing: Doing, name: str, batch: Any) -> Any:
        """The FLOPs of a pass of one thing that is done in it, on so many examples."""
        works = doing.works
        key = id(works), name, id(batch)
        _, figure = self._remembered(key, lambda: (batch, on_batch(self._pair(works, name), batch)))  # held: its id
        return figure

    def _pair(self, works: Mapping[str, Sequence[Work]], name: str) -> tuple[Any, Any]:
        """The FLOPs of a pass as (for each example, once a call)."""
        find = partial(self.rule.flops_of, works.get(name, ()))
        pair: tuple[Any, Any] = self._remembered((id(works), name), lambda: _written(name, find()))
        return pair

    def _remembered(self, key: Any, make: Callable[[], Any]) -> Any:
        """What `make` gave for this key the first time: calls that are alike in all share their work, and its sums."""
        if key not in self._known:
            self._known[key] = make()
        return self._known[key]

    def _doings(self, entries: Sequence[Entry]) -> Iterator[Doing]:
        names = [entry.name for entry in entries]
        for entry in entries:
            key = self._key(entry)
            fined = self._remembered((*key, "penalties"), partial(_penalties, entry))
            self._remembered((*key, "constraints"), partial(_constraints, entry, self.changed.get(entry.name, ())))
            self.penalties += fined
            doing = Doing(entry.name, entry.type, partial(self._remembered, key, partial(self._works, entry, fined)))
            if entry.name in self.looked_up:
                doing.works  # noqa: B018 - an optimizer may not take rows: then the error comes now
            yield doing
        if self.lost:
            kinds = " + ".join(type(one.loss).__name__ for one in self.lost)
            yield Doing(free_name("loss", names), kinds, partial(self._remembered, "loss", self._of_loss))
        once = partial(self._remembered, "optimizer", self._of_optimizer)
        yield Doing(free_name("optimizer", names), type(self.optimizer).__name__, once)

    def _key(self, entry: Entry) -> tuple[Any, ...]:
        """What the work of a call depends on."""
        weights = tuple(weight.name for weight in self.changed.get(entry.name, ()))
        own = entry.name if entry.name in self.looked_up else ""
        gradients = self.gradients.get(entry.name)
        return id(entry.facts), id(gradients), entry.trainable, entry.owns_weights, weights, own

    def _works(self, entry: Entry, fined: Sequence[Penalty]) -> dict[str, list[Work]]:
        """What a call does in a step, by pass; some of it is that of penalties."""
        works = _layer_works(entry, self.gradients.get(entry.name))
        for penalty in fined:
            works["forward"] += penalty.forward
            works["input_gradient" if penalty.of == "output" else "weight_gradient"] += penalty.gradient
        works["optimizer"] = self._changes(entry, self.optimizer.update_work)
        return works

    def _of_loss(self) -> dict[str, list[Work]]:
        outputs = len(self.ends["given"] or ())
        together = [*(one.work for one in self.lost), joined([None] * len(self.lost), len(self.penalties), outputs)]
        return {
            "forward": [work for one in together for work in one.forward],
            "input_gradient": [work for one in together for work in one.gradient],
        }

    def _of_optimizer(self) -> dict[str, list[Work]]:
        """What the optimizer does once, whatever the weights."""
        return {"optimizer": self.optimizer.step_work(sum(map(len, self.changed.values())))}

    def _changes(self, entry: Entry, work: Callable[[Sequence[Weight], Mapping[str, Any]], list[Work]]) -> list[Work]:
        """What the optimizer does with the weights of a call, and then their constraints."""
        weights = self.changed.get(entry.name, [])
        others = [weight for weight in trained_weights(entry) if weight not in weights]
        changes = [*work(weights, self.looked_up.get(entry.name, {})), *self.optimizer.averaging_work(others)]
        return [*changes, *_constraints(entry, weights)]

    def waiting_flops(self, batch: Any) -> Any:
        """The FLOPs of the optimizer at a step on so many examples that only adds up gradients."""
        optimizer = self.optimizer
        works = [work for entry in self.entries for work in self._changes(entry, optimizer.accumulation_work)]
        return on_batch(_written("optimizer", self.rule.flops_of([*works, *optimizer.waiting_work()])), batch)

    def training(self, batch: Any) -> Training:
        """A row for each thing that is done in it, on so many examples."""
        rows = (StepRow(doing, partial(self.flops_of, doing), batch) for doing in self.doings)
        totals: dict[str, Any] = {f"{name}_flops": partial(self.flops, (name,), batch) for name in PASSES}
        totals["flops"] = partial(self.flops, PASSES, batch)
        return Training(rows, Figures("training", totals))


def _written(name: str, pair: tuple[Any, Any]) -> tuple[Any, Any]:
    """The FLOPs of a pass as they are written: an optimizer does the same with all numbers again and again."""
    return (gathered(pair[0]), gathered(pair[1])) if name == "optimizer" else pair


def _layer_works(entry: Entry, gradients: Gradients | None) -> dict[str, list[Work]]:
    """What a call does in a step, but for penalties and the optimizer."""
    forward = [work for work in entry.facts.works if work.phase in ("both", phase(entry))]
    to_inputs, to_weights = ([], []) if gradients is None else (list(gradients.to_inputs), list(gradients.to_weights))
    return {"forward": forward, "input_gradient": to_inputs, "weight_gradient": to_weights}


def _penalties(entry: Entry) -> list[Penalty]:
    """What the regularizers of a layer add: those of weights where it has them, those of what it gives at each call."""

    def found() -> Iterator[Penalty]:
        yield from weight_penalties(entry.layer, trained_weights(entry))
        yield from activity_penalties(entry.layer, entry.facts.outputs)

    return _of(entry, found())


def _constraints(entry: Entry, weights: Sequence[Weight]) -> list[Work]:
    """What is done to the weights of a layer after each step."""
    return _of(entry, constraint_work(entry.layer, weights))


def _of(entry: Entry, found: Iterator[Any]) -> list[Any]:
    """All that is found for a call; where there is an error, it names the call."""
    try:
        return list(found)
    except ModelCostError as error:
        raise type(error)(f"{entry.name}: {error}") from None


def trained_weights(entry: Entry) -> list[Any]:
    """The weights of a call that training changes: none, where they are those of an earlier call."""
    if not entry.owns_weights or not entry.trainable:
        return []
    return [weight for weight in entry.facts.weights if weight.trainable]


def check_dtypes(entries: Sequence[Entry], dtype: str | None = None) -> None:
    """Refuse to train weights that are whole numbers, which have no gradient; `dtype` as in `cost`."""
    for entry in entries:
        stored = stored_as(entry.layer.dtype, dtype)
        if "float" not in stored and trained_weights(entry):
            rule = (
                "whole numbers have no gradient, so its weights cannot be trained; give a float dtype, or no optimizer"
            )
            raise ModelCostError(f"{entry.name}: {rule}. Received: dtype={stored!r}")
