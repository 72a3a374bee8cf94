"""What `cost` was asked: settings that are checked, and what follows from them for any model."""

from __future__ import annotations

from modelcost.conventions import convention as convention_named
from modelcost.dtypes import computed_as
from modelcost.errors import ModelCostError, short
from modelcost.sizes import size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from modelcost.model import Entry, Model
    from modelcost.training.optimizer import Optimizer
    from modelcost.training.schedule import Schedule
    from modelcost.training.step import Step


class Asked:
    """The settings of a cost, by the names of `cost`'s arguments: how a model is called, trained, and how often.

    `how` has batch, dtype, convention, input and partial; `training` the optimizer and the loss; `passes` the
    data, epochs and what else is said of them, None for what is not said. `arguments` are all of them, which ask the
    same again.
    """

    def __init__(self, how: Mapping[str, Any], training: Mapping[str, Any], passes: Mapping[str, Any]) -> None:
        self.shapes = None if how["input"] is None else shapes(how["input"])
        self.arguments = {**how, **training, **passes, "input": self.shapes}
        self.batch, self.dtype, self.partial = size("batch", how["batch"]), how["dtype"], how["partial"]
        if self.dtype is not None:
            computed_as(self.dtype)  # an error for one that is not known
        self.rule = convention_named(how["convention"]).at(self.batch)
        self.loss, self.optimizer = training["loss"], _optimizer(training["optimizer"])
        self.settings = {word: value for word, value in passes.items() if value is not None}
        self.schedule = _schedule(self.batch, self.settings, self.optimizer)
        self.settings |= _trained(training["optimizer"], self.optimizer, self.loss)

    def model(self, given: Model | str) -> Model:
        """The model that is meant, one of the zoo made for the input that was asked for."""
        from modelcost.importers import made_for

        return made_for(given, self.shapes, self.partial)

    def entries(self, model: Model) -> Sequence[Entry]:
        """The calls of its layers, on the input that was asked for."""
        return model.entries() if self.shapes is None else model.on(self.shapes)

    def head(self, entries: Sequence[Entry]) -> dict[str, Any]:
        """What a report says of its settings, and of what is not known of these calls.

        Raises `ModelCostError` for such where no lower bound was asked for.
        """
        return {
            "batch": self.batch,
            "convention": self.arguments["convention"],
            "settings": self.settings,
            "unknown": _unknown(entries, self.partial, self.optimizer is not None),
        }

    def step(self, model: Model, entries: Sequence[Entry]) -> Step | None:
        """The step of training; None where no optimizer was given."""
        if self.optimizer is None:
            return None
        from modelcost.training.step import Step, check_dtypes

        check_dtypes(entries, self.dtype)
        return Step(model, entries, self.rule, self.optimizer, self.loss)

    @property
    def memory_arguments(self) -> dict[str, Any]:
        """What planning the memory takes of it."""
        return {name: self.arguments[name] for name in ("batch", "dtype", "optimizer", "loss", "input")}


def _trained(optimizer: Any, trainer: Optimizer | None, loss: Any) -> dict[str, str]:
    """What was said of training, in words."""
    if trainer is None:
        if loss is not None:
            raise ModelCostError("a loss is a part of training, which needs an optimizer; give optimizer=...")
        return {}
    told = {"optimizer": optimizer if isinstance(optimizer, str) else repr(trainer)}
    return told if loss is None else {**told, "loss": loss if isinstance(loss, str) else repr(loss)}


def _optimizer(identifier: Any) -> Optimizer | None:
    if identifier is None:
        return None
    from modelcost.training.optimizers import get

    return get(identifier)


def _schedule(batch: int, settings: Mapping[str, Any], optimizer: Optimizer | None) -> Schedule | None:
    """How often what is done; None without data, without which nothing else can be said of epochs."""
    if "data" not in settings:
        alone = [word for word in settings if word != "epochs"]
        if alone:
            raise ModelCostError(f"{alone[0]} says something of epochs, and needs the training examples; give data=...")
        if "epochs" in settings:
            size("epochs", settings["epochs"])
        return None
    from modelcost.training.schedule import Schedule

    accumulated = None if optimizer is None else optimizer.gradient_accumulation_steps
    return Schedule(batch, **settings, gradient_accumulation_steps=accumulated)


PARTIAL = "or ask for a lower bound with partial=True"
REFUSED = {
    "both": f"it is not known what these layers cost: {{}}; register rules for them with mc.register, {PARTIAL}",
    "training": f"what these layers do is not counted: {{}}; let it be done to the data before the model, {PARTIAL}",
    "constraint": f"it is not known what these constraints do in training: {{}}; leave them out, {PARTIAL}",
}
"""What is said where a part of a cost is not known, by which part it is."""


def _unknown(entries: Sequence[Entry], partial: bool, training: bool) -> list[str]:
    """What nobody has said the cost of, in inference or in training too; an error unless a partial answer was asked
    for.
    """
    found = {"both": _with_unknown(entries, ("both", "inference"))}
    if training:
        found |= {"training": _with_unknown(entries, ("training",)), "constraint": _own_constraints(entries)}
    for part, names in found.items():
        if names and not partial:
            raise ModelCostError(REFUSED[part].format(", ".join(names)))
    return [name for names in found.values() for name in names]


def _with_unknown(entries: Sequence[Entry], phases: tuple[str, ...]) -> list[str]:
    """Calls with unknown work in these phases, each with its type."""
    found = (
        entry
        for entry in entries
        if any(work.primitive.kind == "unknown" and work.phase in phases for work in entry.facts.works)
    )
    told = ", in training" if phases == ("training",) else ""
    return [f"{entry.name} ({getattr(entry.layer, 'kind', entry.type)}{told})" for entry in found]


def _own_constraints(entries: Sequence[Entry]) -> list[str]:
    from modelcost.training.constrained import others
    from modelcost.training.step import trained_weights

    return [f"{entry.name} ({one})" for entry in entries for one in others(entry.layer, trained_weights(entry))]


def shapes(input: Sequence[Any]) -> list[tuple[Any, ...]]:
    """The shape of each input, from that of one or of several; `ModelCostError` for what is none.

    >>> shapes((28, 28, 1)), shapes([[3], (4, 2)])
    ([(28, 28, 1)], [(3,), (4, 2)])
    """
    rule = "input must be the sizes of one example, such as (224, 224, 3), or a list of such for several inputs"
    if not isinstance(input, list | tuple):
        raise ModelCostError(f"{rule}. Received: input={short(input)}")
    given = list(input) if any(isinstance(one, list | tuple) for one in input) else [input]
    if not all(isinstance(one, list | tuple) for one in given):
        raise ModelCostError(f"{rule}. Received: input={short(input)}")
    several = [tuple(one) for one in given]
    for shape in several:
        for i, length in enumerate(shape):
            size(f"axis {i} of input", length)
    return several
