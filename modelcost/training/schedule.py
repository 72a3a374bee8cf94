"""How often what is done: data in mini-batches, mini-batches in epochs, epochs in a run."""

from __future__ import annotations

from modelcost.count import Count
from modelcost.errors import ModelCostError, SizeError, short
from modelcost.layers.windows import last_window, part_kept, rounded_down, windows
from modelcost.sizes import axis, common, size, whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class Batches:
    """Examples gone through once, in mini-batches: `examples` of them in `steps`, `last` of them in the last step.

    Every step before the last is on a whole batch; the last may be on fewer, and is never on none.

    >>> once = Batches("", Count(60_000, "data"), Count(128, "N", size="batch"))
    >>> once.steps, once.last, once.examples
    (469, 96, 60000)
    >>> once.steps.formula(unfold=True), once.last.formula()
    ('(data - 1)//N + 1', 'data - (steps - 1)*N')
    """

    __slots__ = ("batch", "examples", "last", "steps")

    def __init__(self, name: str, examples: Any, batch: Any, drop_remainder: bool = False) -> None:
        """`name` goes before that of its steps; `drop_remainder` leaves out the examples that make no whole batch."""
        word = f"{name}_steps" if name else "steps"
        if drop_remainder:
            self.steps = axis(word, rounded_down(examples, batch))
            self.examples, self.last = self.steps * batch, batch
        else:
            self.steps = windows("", examples, 1, batch, padding="same").called(word)
            self.examples, self.last = examples, last_window(examples, batch, self.steps)
        self.batch = batch

    def total(self, cost: Callable[[Any], Any]) -> Any:
        """What all steps cost together, from what a step on so many examples costs (no straight line).

        >>> Batches("", Count(10), Count(4)).total(lambda n: n * n)
        36
        """
        return (self.steps - 1) * cost(self.batch) + cost(self.last)


class Schedule:
    """What a run of training goes through, from how it was asked for: all of it as counts with their working.

    `training`, `validation` and `test` are `Batches` (the last two None where there are none): training
    and validation once an epoch, the test once after the run. `epochs` are those really run, None where
    they were not given. Rules of Keras's `fit`: a fraction of `validation` is cut off the end of the data
    (train = floor(data*(1-x)), with x as a float has it), a whole number is beside the data; the counter of
    gradient accumulation goes on over the epochs, so that only a run's updates are a plain quotient.

    Raises `SizeError` for sizes below 1 or above 2**63-1, and for a split that leaves nothing to train on.

    >>> plan = Schedule(batch=64, data=60_000, epochs=10, validation=0.2, test=10_000)
    >>> plan.training.steps, plan.training.last, plan.validation.examples, plan.validation.steps, plan.test.steps
    (750, 64, 12000, 188, 157)
    >>> plan.run_steps.formula(), plan.run_steps
    ('epochs*steps', 7500)
    """

    __slots__ = (
        "accumulated", "batch", "data", "epochs", "test", "training", "validated_epochs", "validation",
    )  # fmt: skip

    def __init__(
        self,
        batch: int,
        data: int,
        epochs: int | None = None,
        *,
        validation: float | None = None,
        test: int | None = None,
        drop_remainder: bool = False,
        early_stop: int | None = None,
        gradient_accumulation_steps: int | None = None,
        validation_freq: int = 1,
    ) -> None:
        """`early_stop` is the epoch after which it really ended; `validation_freq` the epochs to each validation."""
        self.batch = Count(size("batch", batch), "N", size="batch")
        self.data = Count(size("data", data), "data")
        self.epochs = _epochs_run(epochs, early_stop)
        self.accumulated = _accumulated(gradient_accumulation_steps)
        examples, held_out = _split(self.data, validation)
        if drop_remainder not in (True, False):
            raise ModelCostError(f"drop_remainder must be True or False. Received: {short(drop_remainder)}")
        if drop_remainder and int(examples) < int(self.batch):
            raise SizeError(
                f"drop_remainder leaves nothing to train on: {examples} examples make no whole batch of {self.batch}"
            )
        self.training = Batches("", examples, self.batch, drop_remainder)
        self.validation = None if held_out is None else Batches("validation", held_out, self.batch)
        self.test = None if test is None else Batches("test", Count(size("test", test), "test"), self.batch)
        every = Count(size("validation_freq", validation_freq), "validation_freq")
        self.validated_epochs = None if self.epochs is None or held_out is None else rounded_down(self.epochs, every)

    @property
    def run_steps(self) -> Any:
        """The training steps of the whole run."""
        return self._run() * self.training.steps

    @property
    def updates(self) -> Any:
        """How often the first epoch changes the weights: once a step, or once in so many where gradients accumulate."""
        return self._updates(self.training.steps)

    @property
    def run_updates(self) -> Any:
        """How often the run changes the weights; gradients that wait at its end for others never do.

        >>> plan = Schedule(batch=64, data=60_000, epochs=3, gradient_accumulation_steps=4)
        >>> plan.training.steps, plan.updates, plan.run_updates
        (938, 234, 703)
        """
        return self._updates(self.run_steps)

    def last_updates(self, epochs: Any) -> Any:
        """In how many of the first so many epochs the last step changes the weights.

        >>> plan = Schedule(batch=4, data=38, epochs=7, gradient_accumulation_steps=4)
        >>> plan.training.steps, plan.last_updates(7)
        (10, 3)
        """
        if self.accumulated is None:
            return epochs
        together = common(self.accumulated, self.training.steps)
        return rounded_down(epochs * together, self.accumulated)

    def _updates(self, steps: Any) -> Any:
        return steps if self.accumulated is None else rounded_down(steps, self.accumulated)

    def _run(self) -> Any:
        if self.epochs is None:
            raise ModelCostError("a run needs the number of epochs; give epochs=...")
        return self.epochs


def _epochs_run(epochs: int | None, early_stop: int | None) -> Any:
    """The epochs that were really run: all, or those up to an early stop."""
    if epochs is None:
        if early_stop is not None:
            raise ModelCostError("early_stop says how many of the epochs were run; give epochs=... too")
        return None
    given, run = size("epochs", epochs), size("early_stop", epochs if early_stop is None else early_stop)
    if run > given:
        raise SizeError(f"early_stop must be at most the {given} epochs. Received: early_stop={run}")
    return Count(run, "epochs")


def _accumulated(steps: int | None) -> Any:
    """Over how many steps gradients are added up, None for each step by itself: Keras takes no 1."""
    if steps is None:
        return None
    if size("gradient_accumulation_steps", steps) < 2:
        raise SizeError(f"gradient_accumulation_steps must be at least 2, or None. Received: {steps}")
    return Count(int(steps), "gradient_accumulation_steps")


def _split(data: Any, validation: Any) -> tuple[Any, Any]:
    """The examples to train on and those held out, None for none: a fraction of the data, or so many beside it."""
    number = whole(validation)
    if validation is None or number == 0 or (isinstance(validation, float) and validation == 0):
        return data, None
    if number is not None:
        return data, Count(size("validation", number), "validation")
    if not isinstance(validation, float) or not 0 < validation < 1:
        raise SizeError(
            "validation must be a fraction of the data between 0 and 1, or a whole number of examples beside it. "
            f"Received: validation={short(validation)}"
        )
    kept = part_kept(data, validation)
    if kept in (0, data):
        left = "train on" if kept == 0 else "validate on"
        raise SizeError(
            f"validation={validation} of {data} examples leaves none to {left}; give more data or another fraction"
        )
    training = kept.called("training")
    return training, (data - training).called("validation")
