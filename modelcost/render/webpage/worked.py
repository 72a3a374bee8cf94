"""The workings of a report in groups, one for each layer and some for the model, each with a place to point to."""

from __future__ import annotations

from modelcost.render.blocks import Working
from modelcost.render.explain import (
    WORDS,
    layer_workings,
    level_workings,
    memory_workings,
    step_workings,
    total_workings,
    way,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from modelcost.figures import Figures
    from modelcost.report import Report


class Group:
    """Workings under one heading; `id` is where it stands in the page, and with a number where each working does.

    `place` is that of its layer.
    """

    __slots__ = ("heading", "id", "place", "workings")

    def __init__(self, id: str, heading: str, workings: Iterable[Working], place: int | None = None) -> None:
        self.id, self.heading, self.workings, self.place = id, heading, list(workings), place


class Worked:
    """All groups, and where the working of a figure stands; nothing for a report that was read from a file."""

    def __init__(self, report: Report) -> None:
        self.groups: list[Group] = []
        self._places: dict[tuple[str, ...], str] = {}
        if any(row.entry is None for row in report):
            return
        for i, row in enumerate(report):
            step = step_workings(report, row.name)
            heading = f"{row.name}: {row.type}, {way(row)}"
            self._add(("layer", row.name), Group(f"w{i}", heading, [*layer_workings(row), *step], i))
            self._alike(("layer", row.name), "trainable_params", "params")
            self._alike(("layer", row.name), "step.flops", *(working.name for working in step))
        self._add(("total",), Group("wt", "Totals of one example", total_workings(report)))
        self._alike(("total",), "trainable_params", "params")
        if report.trains:
            self._add_step(report)
        if report.shows_memory:
            self._add(("memory",), Group("wm", "Memory of a mini-batch", list(memory_workings(report))))
        self._add(("levels",), Group("wl", "Training" if report.trains else "Forward pass", level_workings(report)))

    def _add_step(self, report: Report) -> None:
        """The training step as a whole, and what is done in it that belongs to no layer: the loss, the optimizer."""
        self._add(("total",), Group("ws", "One training step", _of_step(report.training.totals)))
        for i, row in enumerate(row for row in report.training if row.of not in report):
            self._add(("layer", row.of), Group(f"wx{i}", f"{row.of}, in a training step", _of_step(row)))

    def layer(self, name: str, figure: str) -> str | None:
        """Where the working of a layer's figure stands; None if nowhere."""
        return self._link("layer", name, figure)

    def total(self, figure: str) -> str | None:
        """Where that of a total stands."""
        return self._link("total", figure)

    def level(self, name: str, figure: str) -> str | None:
        """Where that of a level stands."""
        return self._link("levels", f"{figure} of {WORDS[name]}")

    def _link(self, *key: str) -> str | None:
        place = self._places.get(key)
        return f"#{place}" if place else None

    def _add(self, of: tuple[str, ...], group: Group) -> None:
        self.groups.append(group)
        for i, working in enumerate(group.workings):
            if not working.depth:
                self._places.setdefault((*of, working.name.partition(" (")[0]), f"{group.id}-{i}")

    def _alike(self, of: tuple[str, ...], figure: str, *others: str) -> None:
        """A figure that is not written out where it is the same as another points to that."""
        found = [self._places[*of, other] for other in others if (*of, other) in self._places]
        if found:
            self._places.setdefault((*of, figure), found[0])


def _of_step(figures: Figures) -> list[Working]:
    return [Working(f"step.{name}", value) for name, value in figures.figures.items() if str(value) != "0"]
