"""What every optimizer is: arguments by Keras's names, the state it keeps, and the work of its steps."""

from __future__ import annotations

from modelcost.count import Count, product, total
from modelcost.dtypes import DEFAULT
from modelcost.errors import ModelCostError, short
from modelcost.facts import HIDDEN, Weight
from modelcost.training.learning_rates import rate_of
from modelcost.training.lookups import ROWS, LookupNotes
from modelcost.training.noted import Notes, pooled
from modelcost.training.settings import Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any, ClassVar

    from modelcost.facts import Work
    from modelcost.layers.fields import Flag, Free, Ignored, MaybeNumber, MaybeSize, Rate
    from modelcost.training.noted import Noted

ALL = "P"
"""The shape of many tensors taken together: all their numbers."""


class Update:
    """The weights that one update works on, their gradients and their state, as tensors that note what is done."""

    def __init__(self, optimizer: Optimizer, weights: Sequence[Weight], looked_up: Any = None) -> None:
        """`looked_up` says how many numbers were looked up in a weight that is an embedding: its gradient has those."""
        tensors = Count(len(weights), "tensors")
        params = total(weight.params for weight in weights).called("P")
        self.weights = weights
        self.optimizer, self.shape = optimizer, (ALL,) if optimizer.alike else weights[0].shape
        elements = pooled(tensors, params) if optimizer.alike else product
        self.notes = (
            Notes("optimizer", elements)
            if looked_up is None
            else LookupNotes("optimizer", elements, self.shape, looked_up)
        )
        self.weight = self.notes.tensor(*self.shape, name="weight")
        self.gradient = self.notes.tensor(*(self.shape if looked_up is None else ROWS), name="gradient")
        self.gradient.partial = looked_up is not None
        self.rate = self.number("learning_rate")

    def slot(self, name: str, *shape: Any) -> Noted:
        """A state of the optimizer that goes with the weight: of its shape, where none is given."""
        return self.notes.tensor(*(shape or self.shape), name=name)

    def number(self, name: str = HIDDEN) -> Noted:
        """A single number that stands in the graph: what is done with it is done for every tensor."""
        return self.notes.tensor(name=name)

    def iterations(self) -> Noted:
        """The updates so far."""
        return self.optimizer.updates_so_far(self.notes)


class Optimizer(Settings):
    """How gradients change weights. A subclass declares its arguments and its slots, and writes its `update`.

    Source of all steps: Keras 3.15, `update_step` of each optimizer on the TensorFlow backend. A
    step's work is that of `update` for any weights (a layer's, or all: it adds up) and that of `step`,
    once. Casts, assignments and choices between two numbers are no arithmetic.

    >>> from modelcost.training.optimizers import Adam
    >>> kernel, bias = Weight("kernel", (784, 10)), Weight("bias", (10,))
    >>> works = Adam().update_work([kernel, bias])
    >>> sum(int(work.counted().get("multiplies", 0)) for work in works) - 2  # a multiply for alpha, of each tensor
    31400
    >>> Adam().state_numbers([kernel, bias])  # momentum, velocity; 7850 each
    15700
    """

    alike: ClassVar[bool] = True  # whether all tensors are treated alike, whatever their shapes

    learning_rate: Free = 0.001
    weight_decay: MaybeNumber = None
    clipnorm: MaybeNumber = None
    clipvalue: MaybeNumber = None
    global_clipnorm: MaybeNumber = None
    use_ema: Flag = False
    ema_momentum: Rate = 0.99
    ema_overwrite_frequency: MaybeSize = None
    loss_scale_factor: MaybeNumber = None
    gradient_accumulation_steps: MaybeSize = None
    name: Ignored = None
    decay: Ignored = None
    jit_compile: Ignored = None
    is_legacy_optimizer: Ignored = None

    def check(self) -> None:
        self.schedule = rate_of(self.learning_rate)
        clips = [name for name in ("clipnorm", "clipvalue", "global_clipnorm") if getattr(self, name) is not None]
        if len(clips) > 1:
            raise ModelCostError(f"only one of clipnorm, clipvalue and global_clipnorm can be set. Received: {clips}")
        steps = self.gradient_accumulation_steps
        if steps is not None and steps < 2:
            raise ModelCostError(
                "gradient_accumulation_steps must be at least 2, or None. "
                f"Received: gradient_accumulation_steps={short(steps)}"
            )

    def slots(self, weight: Weight) -> dict[str, tuple[Any, ...]]:
        """The state that goes with one weight, by name: the shape of each."""
        names = (*(("average",) if self.use_ema else ()),)
        names += ("gradient_accumulator",) if self.gradient_accumulation_steps else ()
        return dict.fromkeys((*names, *self.slot_names()), weight.shape)

    def slot_names(self) -> tuple[str, ...]:
        """The names of the states that have the shape of the weight."""
        return ()

    def counters(self, stored: str = DEFAULT) -> dict[str, str]:
        """Single numbers that it keeps for itself: the dtype of each; `stored` is that of the first weight."""
        return {"iteration": "int64", **({} if self.schedule else {"learning_rate": "float32"})}

    def state(self, weights: Iterable[Weight]) -> list[Weight]:
        """Every tensor of state that goes with these weights; the `counters` stand apart."""
        return [
            Weight(f"{weight.name}_{name}", shape, trainable=False)
            for weight in weights
            for name, shape in self.slots(weight).items()
        ]

    def state_numbers(self, weights: Iterable[Weight]) -> Any:
        """How many numbers of state go with these weights."""
        return total(slot.params for slot in self.state(weights))

    def update(self, at: Update) -> None:
        """Change the weights by their gradients, as the framework does it, operation by operation."""
        raise NotImplementedError

    def update_work(self, weights: Sequence[Weight], looked_up: Mapping[str, Any] | None = None) -> list[Work]:
        """What an update of these trainable weights does: at every step, or at those that end an accumulation.

        `looked_up` says of weights that are embeddings, by name, how many numbers a step looks up in them: where
        nothing else uses them, and no penalty is on them, their gradient has those rows alone.
        """
        return [work for at in self._updates(weights, looked_up or {}) for work in self._noted(at)]

    def _noted(self, at: Update) -> list[Work]:
        self._unscaled(at)
        if self.gradient_accumulation_steps:
            at.gradient = (at.gradient + at.slot("gradient_accumulator")) / self.gradient_accumulation_steps
        self._clipped(at)
        self.decayed(at)
        self.update(at)
        self._averaged(at)
        return at.notes.works

    def _updates(self, weights: Sequence[Weight], looked_up: Mapping[str, Any]) -> list[Update]:
        """The weights all together, or each by itself where its shape matters, or its gradient is of some rows."""
        whole = [weight for weight in weights if weight.name not in looked_up]
        groups = [whole] if self.alike else [[weight] for weight in whole]
        alone = [weight for weight in weights if weight.name in looked_up]
        return [
            *(Update(self, group) for group in groups if group),
            *(Update(self, [weight], looked_up[weight.name]) for weight in alone),
        ]

    def _unscaled(self, at: Update) -> None:
        if self.loss_scale_factor is not None:
            if at.gradient.partial:
                raise ModelCostError(
                    "loss_scale_factor does not go with an embedding: Keras cannot divide its gradient"
                )
            at.gradient / self.loss_scale_factor

    def rate_now(self, notes: Notes) -> Noted:
        """The learning rate, which a schedule works out each time that it is asked for."""
        return notes.tensor(name="learning_rate") if self.schedule is None else self.schedule.at(notes.tensor())

    def decayed(self, at: Update) -> None:
        """Make weights smaller by a part of themselves."""
        if self.weight_decay is not None:
            at.weight.apply("assign_sub", at.weight * at.number() * self.rate_now(at.notes))

    def _clipped(self, at: Update) -> None:
        """Source: TensorFlow's `clip_by_norm`; Keras's `clip_by_global_norm`, whose norm `step_work` has; `clip`."""
        g = at.gradient
        if limit := _limit(self.clipnorm):
            numbers = at.notes.tensor(*g.shape, name=g.name)  # of the rows that there are
            norm = (numbers * numbers).sum()
            norm.apply("greater")
            (numbers * limit) / norm.apply("sqrt").apply("maximum")
        elif _limit(self.global_clipnorm):
            g.apply("square").sum()
            at.gradient = at.notes.whole(g) * at.number()
        elif _limit(self.clipvalue):
            g.apply("minimum").apply("maximum")

    def _averaged(self, at: Update) -> None:
        """The moving average of the weights, which is kept at every step."""
        if self.use_ema:
            at.iterations().apply("not_equal")
            momentum = at.number() * self.ema_momentum
            momentum * at.slot("average") + (1 - momentum) * at.weight

    def averaging_work(self, weights: Sequence[Weight]) -> list[Work]:
        """What a step does with weights that have no gradient: the average is kept of them too."""
        found: list[Work] = []
        for at in self._updates(weights, {}):
            self._averaged(at)
            found += at.notes.works
        return found

    def unseen_work(self, weights: Sequence[Weight], looked_up: Mapping[str, Any]) -> list[Work]:
        """That part of `update_work` which works on rows whose number is not known once one was divided by a tensor."""
        found: list[Work] = []
        for at in self._updates([weight for weight in weights if weight.name in looked_up], looked_up):
            self._noted(at)
            found += at.notes.unseen
        return found

    def step_work(self, tensors: int) -> list[Work]:
        """What an update does once, whatever the weights: the learning rate, the counter, the norm of all gradients."""
        notes = Notes("optimizer")
        self.rate_now(notes)
        if limit := _limit(self.global_clipnorm):
            norm = notes.tensor(Count(tensors, "tensors")).sum().apply("sqrt")
            scale = (1.0 / norm).apply("minimum") * limit
            scale + (norm - norm)
        self.shared(notes)
        return [*notes.works, *self.waiting_work()]

    def waiting_work(self) -> list[Work]:
        """What every step does once, one that only adds up gradients too: counters, and the scale of the loss."""
        notes = Notes("optimizer")
        counter = notes.tensor(name="iteration")
        if self.gradient_accumulation_steps:
            (counter + 1).apply("mod").apply("equal")
        if self.use_ema and self.ema_overwrite_frequency:
            (self.updates_so_far(notes) + 1).apply("mod").apply("equal")
        counter + 1
        if self.loss_scale_factor is not None:
            counter * self.loss_scale_factor * self.loss_scale_factor  # the loss, and the gradient of it
        return notes.works

    def updates_so_far(self, notes: Notes) -> Noted:
        """The updates so far: the steps, or what is divided out of them each time where gradients accumulate."""
        counter = notes.tensor(name="iteration")
        return counter.apply("floor_divide") if self.gradient_accumulation_steps else counter

    def shared(self, notes: Notes) -> None:
        """What an update does once for all weights."""

    def accumulation_work(self, weights: Sequence[Weight], looked_up: Mapping[str, Any] | None = None) -> list[Work]:
        """What a step does that only adds up gradients; `update_work` is that of the others."""
        found: list[Work] = []
        for at in self._updates(weights, looked_up or {}) if self.gradient_accumulation_steps else ():
            self._unscaled(at)
            at.gradient + at.slot("gradient_accumulator")
            self._averaged(at)
            found += at.notes.works
        return found


def _limit(given: float | None) -> float:
    """What gradients are held to; 0 for no limit, as which Keras takes all that are not above 0."""
    return max(given or 0.0, 0.0)
