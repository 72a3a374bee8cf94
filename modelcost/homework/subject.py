"""What a claim is about: a model's report, the setting that was given, and what was claimed before."""

from __future__ import annotations

from fractions import Fraction

from modelcost.count import Count
from modelcost.errors import ModelCostError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from modelcost.figures import Row
    from modelcost.homework.references import Reference
    from modelcost.memory import Memory
    from modelcost.model import Model
    from modelcost.report import Report

    Key = tuple[str, str, str]

COSTED = ("batch", "dtype", "input", "partial")
"""What of a setting says what a forward pass is."""
HELD = ("batch", "dtype", "input", "optimizer", "runtime", "checkpoints")
"""And what says what is held in memory."""


class Subject:
    """A model in a setting: its report under any convention, and the figures that stand for others.

    `setting`: batch, data, validation, epochs, rate, ... as numbers. `own`: what was claimed before, by (of, quantity,
    part); those figures are taken instead of the right ones once `carried()` is asked for.
    """

    def __init__(self, model: Model | str, setting: Mapping[str, Any], own: Mapping[Key, Any] | None = None) -> None:
        self.model, self.setting, self.own = model, dict(setting), dict(own or {})
        self.reports: dict[tuple[str, str], Report] = {}
        self.memories: list[Memory] = []
        self.variants: dict[tuple[str, str], Subject] = {}
        self.known: dict[tuple[str, ...], list[Reference]] = {}
        self.carrying = False
        self.used: set[Any] = set()
        self.convention: str = self.setting.get("convention", "flops")
        if "early_stop" in self.setting:
            self.setting["epochs"] = _epochs_run(self.setting.get("epochs"), self.setting.pop("early_stop"))

    @property
    def report(self) -> Report:
        """What the model costs in inference, by the convention of the setting."""
        return self._costed("")

    @property
    def trained(self) -> Report:
        """What it costs in training, with the optimizer of the setting."""
        return self._costed(self.setting["optimizer"])

    @property
    def memory(self) -> Memory:
        """What the model holds in memory; in training, too, where the setting has an optimizer."""
        if not self.memories:
            from modelcost.memory import Memory

            network = self.report.network
            assert network is not None
            self.memories.append(Memory(network, **{word: self.setting[word] for word in HELD if word in self.setting}))
        return self.memories[0]

    def _costed(self, optimizer: Any) -> Report:
        key = self.convention, str(optimizer)
        if key not in self.reports:
            from modelcost.recounted import recounted

            known = (report for (_, trainer), report in self.reports.items() if trainer == key[1])
            other = next(known, None) or self._counted(optimizer)
            same = other.convention == self.convention and not optimizer
            self.reports[key] = other if same else recounted(other, self.convention, plain=True)
        return self.reports[key]

    def _counted(self, optimizer: Any) -> Report:
        """What it costs by the convention of the setting, which has been asked for first, or by another."""
        from modelcost.costing import cost
        from modelcost.homework.batches import TOLD, number  # which is about subjects

        options: dict[str, Any] = {word: self.setting[word] for word in COSTED if word in self.setting}
        if "data" in self.setting:
            options |= {word: number(self.setting[word]) for word in ("data", *TOLD) if word in self.setting}
        if optimizer:
            options |= {"optimizer": optimizer, "loss": self.setting.get("loss")}
        return cost(self.model, convention=self.convention, **options)

    def another(self) -> Subject:
        """The same model in the same setting, of which nothing has been claimed; what was worked out is shared."""
        other = Subject(self.model, self.setting)
        other.reports, other.known, other.convention = self.reports, self.known, self.convention
        other.memories, other.variants = self.memories, self.variants
        return other

    def carried(self) -> Subject:
        """The same with the student's own figures wherever they stand for a part of another."""
        other = self.another()
        other.own, other.carrying = dict(self.own), True
        return other

    def by(self, convention: str) -> Subject:
        """The same by another convention."""
        other = self.another()
        other.convention, other.carrying = convention, self.carrying
        other.own, other.used = self.own, self.used  # the same ones: what is claimed by one is known by the other
        return other

    def figure(self, of: str, quantity: str, right: Any, part: str = "") -> Any:
        """A figure that another is made of: the right one, or the student's own where errors are carried forward."""
        key = (of, quantity, part)
        if not self.carrying or key not in self.own:
            return right
        self.used.add(key)
        value = self.own[key].value
        return Count(int(value)) if Fraction(value).denominator == 1 else value

    def needs(self, word: str) -> None:
        """Raises `ModelCostError` where the setting does not say this."""
        if word not in self.setting:
            raise ModelCostError(f"{word} is needed for this; give it in the setting, as {word}: ...")

    def whole(self, word: str) -> Any:
        """A number of the setting, under its name.

        Raises `ModelCostError` where the setting does not say it.
        """
        self.needs(word)
        return Count(self.setting[word], {"batch": "N"}.get(word, word))

    def whole_or_part(self, word: str) -> Any:
        """A number of the setting that need not be whole; errors as in `whole`."""
        self.needs(word)
        return self.setting[word]

    def row(self, of: str) -> Row | None:
        """The layer of that name; None for the model as a whole."""
        return None if of in ("", "model") else self.report[of]


def _epochs_run(epochs: int | None, early_stop: int) -> int:
    from modelcost.training.schedule import Schedule

    return int(Schedule(1, 1, epochs, early_stop=early_stop).epochs)
