"""The levels of a cost: one example, a mini-batch, an epoch, a run; and the passes that each consists of."""

from __future__ import annotations

from functools import partial

from modelcost.count import total
from modelcost.figures import Figures, Level, Row, absent, summed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from modelcost.figures import Around
    from modelcost.training.schedule import Batches, Schedule
    from modelcost.training.step import Step

    Figured = dict[str, Any]  # figures, or functions that give them when they are asked for

LEVELS = ("example", "minibatch", "epoch", "run")
"""What the figures of a pass are of, from the least to the most."""
NEEDS = {
    "epoch": "the number of training examples; give data=...",
    "run": "the number of training examples and of epochs; give data=... and epochs=...",
}
"""The levels that are there only where arguments are given for them, and these."""
TRAINING = {
    "forward_flops": ("forward",),
    "backward_flops": ("input_gradient", "weight_gradient"),
    "optimizer_flops": ("optimizer",),
}
"""The figures of a training step, and the passes that each adds up."""


class Levels:
    """All levels of a cost: `step` is that of training, None where no optimizer is given; then all is forward only."""

    def __init__(
        self, rows: Sequence[Row], totals: Figures, guarded: Callable[[Any], Any], step: Step | None, around: Around
    ) -> None:
        self.rows, self.totals, self.guarded, self.step, self.around = rows, totals, guarded, step, around

    def found(self, N: Any, schedule: Schedule | None) -> dict[str, Level]:
        """Those that the settings allow for, by name; N is the batch."""
        found = {
            "example": self._level("example", {"forward_flops": lambda: self.totals.flops}),
            "minibatch": self._level("minibatch", self._minibatch(N)),
        }
        if schedule is not None:
            found["epoch"] = self._level("epoch", self._epoch(schedule))
            if schedule.epochs is not None:
                found["run"] = self._level("run", self._run(schedule, found["epoch"]))
        return found

    def _level(self, name: str, figures: Figured) -> Level:
        return Level(name, figures, self.around)

    def _minibatch(self, N: Any) -> Figured:
        if self.step is None:
            return {"forward_flops": lambda: self._forward(N, 1)}
        return _with_sum({name: partial(self._on, passes, N) for name, passes in TRAINING.items()})

    def _epoch(self, schedule: Schedule) -> Figured:
        training, held_out = schedule.training, schedule.validation
        figures: dict[str, Callable[[], Any]] = {
            "forward_flops": lambda: self._forward(training.examples, training.steps)
        }
        if self.step is not None:
            figures = {name: partial(self._all_steps, passes, training) for name, passes in TRAINING.items()}
            figures["optimizer_flops"] = lambda: self._optimizer(schedule, 1, training.steps, schedule.updates)
            figures = _with_sum(figures)
        if held_out is not None:
            figures["validation_flops"] = lambda: self._forward(held_out.examples, held_out.steps)
        return {"steps": training.steps, **figures}

    def _run(self, schedule: Schedule, epoch: Level) -> Figured:
        def epochs_of(name: str) -> Any:
            return times * getattr(epoch, name).called("epoch")

        times, names = schedule.epochs, TRAINING if self.step is not None else ("forward_flops",)
        figures: dict[str, Callable[[], Any]] = {name: partial(epochs_of, name) for name in names}
        if self.step is not None:
            counts = (schedule.epochs, schedule.run_steps, schedule.run_updates)
            figures["optimizer_flops"] = lambda: self._optimizer(schedule, *counts)
            figures = _with_sum(figures)
        if schedule.validation is not None:
            figures["validation_flops"] = lambda: (
                schedule.validated_epochs * epoch.validation_flops.called("validation")
            )
        if (test := schedule.test) is not None:
            figures["test_flops"] = lambda: self._forward(test.examples, test.steps)
        return {"steps": schedule.run_steps, **figures}

    def _on(self, passes: tuple[str, ...], examples: Any) -> Any:
        assert self.step is not None
        return self.guarded(self.step.flops(passes, examples))

    def _all_steps(self, passes: tuple[str, ...], batches: Batches) -> Any:
        """Whole mini-batches, and the last, which may be short: in training no cost is a plain multiple of another."""
        whole = self._on(passes, batches.batch).called("step")
        return batches.total(lambda n: whole if n is batches.batch else self._on(passes, n).called("last_step"))

    def _optimizer(self, schedule: Schedule, epochs: Any, steps: Any, updates: Any) -> Any:
        """Steps that change the weights, and those that only add up gradients until then.

        Where rows are looked up, the last step of an epoch may be on fewer of them.
        """
        assert self.step is not None
        whole, last = schedule.training.batch, schedule.training.last
        if not self.step.looked_up:
            return self._updating(schedule, updates, steps - updates, whole)
        short = schedule.last_updates(epochs)
        others, waiting = updates - short, epochs - short
        before = self._updating(schedule, others, steps - epochs - others, whole)
        return before + self._updating(schedule, short, waiting, last, "last_")

    def _updating(self, schedule: Schedule, updates: Any, waiting: Any, examples: Any, which: str = "") -> Any:
        assert self.step is not None
        changes = updates * self._on(("optimizer",), examples).called(f"{which}step")
        if schedule.accumulated is None:
            return changes
        return changes + waiting * self.guarded(self.step.waiting_flops(examples)).called(f"{which}waiting")

    def _forward(self, examples: Any, calls: Any) -> Any:
        """Forward passes as in inference: work for each example times these, work for each call times the calls."""
        pairs = ((examples, self._flops(0, "each")), (calls, self._flops(1, "once")))
        return self.guarded(summed(times * flops for times, flops in pairs if not absent(flops)))

    def _flops(self, which: int, name: str) -> Any:
        flops = ((row.name, row.flops_by_call()[which]) for row in self.rows)
        whole = total(part.called(layer) for layer, part in flops if not absent(part))
        return whole if absent(whole) else whole.called(name)


def _with_sum(figures: Mapping[str, Callable[[], Any]]) -> dict[str, Callable[[], Any]]:
    """The figures of training, and all of them together."""
    return {**figures, "flops": lambda: total(figure().called(name) for name, figure in figures.items())}
