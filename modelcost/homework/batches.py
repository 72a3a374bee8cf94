"""Which examples are trained on, and in how many mini-batches: the setting of a sheet as a `Schedule`."""

from __future__ import annotations

from modelcost.errors import ModelCostError
from modelcost.training.schedule import Batches, Schedule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from modelcost.homework.subject import Subject

TOLD = ("epochs", "validation", "test", "drop_remainder")


def schedule(subject: Subject) -> Schedule:
    """What the setting says is gone through; without a batch, one by one."""
    told = {word: number(subject.setting[word]) for word in TOLD if word in subject.setting}
    return Schedule(int(subject.setting.get("batch", 1)), int(subject.whole("data")), **told)


def number(value: Any) -> Any:
    """A number of the setting as `cost` takes it: whole, or a float."""
    return value if isinstance(value, int) else float(value)


def training_examples(subject: Subject) -> Any:
    """The examples trained on: `data` less what a fraction sets aside for validation, rounded down as Keras does."""
    return schedule(subject).training.examples.called("data")


def validation_examples(subject: Subject) -> Any:
    """The examples that are set aside for validation, or that stand beside the data.

    Raises `ModelCostError` where the setting has none.
    """
    subject.whole_or_part("validation")
    held_out = schedule(subject).validation
    if held_out is None:
        raise ModelCostError("validation is needed for this; give it in the setting, as validation: ...")
    return held_out.examples.called("data")


def steps(examples: Any, subject: Subject) -> Any:
    """How many batches the examples make, the last one perhaps smaller."""
    return Batches("", examples, subject.whole("batch")).steps
