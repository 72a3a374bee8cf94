"""The workings of a report in groups: those of layers, alike ones together, and some for the model as a whole."""

from __future__ import annotations

from modelcost.count import Count, total
from modelcost.figures import Figures
from modelcost.render import columns as asked
from modelcost.render import explain
from modelcost.render.blocks import Working
from modelcost.render.explain import WORDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from modelcost.figures import Row
    from modelcost.report import Report


LONG = 70
"""Characters from which formula and numbers are written once in a page, and led to from where they are the same."""


class Group:
    """Workings under one heading; `id` is where it stands in the page, and with a number where each working does.

    `names` and `places` are those of its layers: several whose workings are the same to the letter share a group.
    """

    __slots__ = ("heading", "id", "names", "places", "workings")

    def __init__(self, id: str, heading: str, workings: Iterable[Working]) -> None:
        self.id, self.heading, self.workings = id, heading, list(workings)
        self.names: list[str] = []
        self.places: list[int] = []


class Worked:
    """All groups, and where the working of a figure stands; nothing for a report that was read from a file.

    `same`: for a working that another has already said, by where it stands, where that other stands and its name.
    """

    def __init__(self, report: Report) -> None:
        self.groups: list[Group] = []
        self.same: dict[str, tuple[str, str]] = {}
        self._places: dict[tuple[str, ...], str] = {}
        self._alike: dict[Any, Group] = {}
        self._rows = {row.name: i for i, row in enumerate(report)}
        if report.network is None:
            return
        for i, row in enumerate(report):
            self._add_layer(i, row, report)
        self._add(("total",), Group("wt", "Totals of one example", explain.total_workings(report)))
        self._same_trainable(("total",), report.totals)
        if report.trains:
            self._add_step(report)
        heading = "Training" if report.trains else "Forward pass"
        self._add(("levels",), Group("wl", heading, explain.level_workings(report)))
        if report.shows_memory:
            self._add(("total",), Group("wm", "Memory", explain.memory_workings(report)))
        self.groups.sort(key=lambda group: bool(group.names))  # those of layers come last
        self.same = _said_before(self.groups)

    def _add_layer(self, place: int, row: Row, report: Report) -> None:
        """The workings of a row; where those of another are the same, that other's."""
        of, heading = ("layer", row.name), _heading(row)
        step = explain.step_workings(report, row.name)
        workings = [*_own(row), *_asked(row, report), *step, *explain.held_workings(report, row.name)]
        key = (heading, *((one.name, one.depth, *one.steps) for one in workings))
        if key not in self._alike:
            self._alike[key] = Group(f"w{place}", heading, workings)
            self.groups.append(self._alike[key])
        group = self._alike[key]
        group.names.append(row.name)
        group.places.append(place)
        self._point(of, group)
        self._same_trainable(of, row)
        self._same(of, "step.flops", *(working.name for working in step))

    def _add_step(self, report: Report) -> None:
        """The training step as a whole, and what is done in it that belongs to no layer: the loss, the optimizer."""
        self._add(("total",), Group("ws", "One training step", _of_step(report.training.totals)))
        apart: dict[str, list[Working]] = {}
        held = report.memory.rows if report.shows_memory else ()
        for before, rows in (("step.", report.training), ("memory.", held)):
            for row in rows:
                if row.of not in report:
                    apart.setdefault(row.of, []).extend(explain.figure_workings(row, before))
        for i, (name, workings) in enumerate(apart.items()):
            self._add(("layer", name), Group(f"wx{i}", f"{name}, in a training step", workings))

    def place(self, name: str) -> int | None:
        """The place of the row of a layer; None for what is none."""
        return self._rows.get(name)

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
        self._point(of, group)

    def _point(self, of: tuple[str, ...], group: Group) -> None:
        for i, working in enumerate(group.workings):
            if not working.depth:
                self._places.setdefault((*of, working.name.partition(" (")[0]), f"{group.id}-{i}")

    def _same_trainable(self, of: tuple[str, ...], figures: Figures) -> None:
        if figures.trainable_params == figures.params:
            self._same(of, "trainable_params", "params")

    def _same(self, of: tuple[str, ...], figure: str, *others: str) -> None:
        """A figure that is not written out where it is the same as another points to that."""
        found = [self._places[*of, other] for other in others if (*of, other) in self._places]
        if found:
            self._places.setdefault((*of, figure), found[0])


def _said_before(groups: Iterable[Group]) -> dict[str, tuple[str, str]]:
    """Where a long working stands for the first time, and its name, for every later one that is the same."""
    first: dict[tuple[str, ...], tuple[str, str]] = {}
    found = {}
    for group in groups:
        for i, one in enumerate(group.workings):
            place, key = f"{group.id}-{i}", tuple(one.steps)
            if sum(map(len, key[:-1])) >= LONG:
                of = f"of {group.names[0]}" if group.names else f"under {group.heading}"
                earlier = first.setdefault(key, (place, f"{one.name} {of}"))
                if earlier[0] != place:
                    found[place] = earlier
    return found


def _of_step(totals: Figures) -> list[Working]:
    """The totals of a step, each the sum over all that is done in it; and all FLOPs, the sum of those."""
    parts = {name: value for name, value in totals.figures.items() if name != "flops"}
    whole = total(value.called(f"step.{name}") for name, value in parts.items() if str(value) != "0")
    if not (whole == totals.flops and isinstance(whole, Count)):
        return explain.figure_workings(totals, "step.")
    return [*explain.figure_workings(Figures(totals.of, parts), "step."), Working("step.flops", whole, of_figures=True)]


def _heading(row: Row) -> str:
    if row.entry is not None:
        return f"{row.type}, {explain.way(row)}"
    return f"{row.type}: several layers together" if row.type else "several layers together"


def _own(row: Row) -> list[Working]:
    """What a layer counts; for several layers together, that of which each is."""
    return explain.layer_workings(row) if row.entry is not None else explain.figure_workings(row)


def _asked(row: Row, report: Report) -> Iterable[Working]:
    found = asked.value(row, "intensity") if "intensity" in report.columns else None
    return [] if found is None else [Working("intensity", found)]
