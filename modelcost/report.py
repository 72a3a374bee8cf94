"""What a model costs, as plain data: rows, totals, and the levels example, mini-batch, epoch and run."""

from __future__ import annotations

from modelcost.errors import unknown
from modelcost.facts import COLUMNS
from modelcost.figures import Figures, Level, MissingFigureError, Row
from modelcost.levels import LEVELS, NEEDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from modelcost.figures import Around
    from modelcost.memory import Memory
    from modelcost.model import Model
    from modelcost.timing.estimate import Time
    from modelcost.training.rows import Training
    from modelcost.training.schedule import Schedule
    from modelcost.training.step import Step

    Guarded = Callable[[Any], Any]

FIGURES = ("params", "trainable_params", *COLUMNS, "flops", "activation_bytes")
"""The figures of a row, in order; those of a total are the same and `non_trainable_params`."""

ASKED_FOR = {
    "training": "an optimizer; give optimizer=...",
    "time": "a CPU; give cpu=...",
    "memory": "its model: the file that it was read from has none; write it with cost(..., memory=True)",
}
"""What a report has only where an argument asked for it: what each layer does in a training step, time, and memory."""


MISSING = {
    **dict.fromkeys(("backward_flops", "optimizer_flops", "flops"), ASKED_FOR["training"]),
    "validation_flops": "examples held out; give validation=...",
    "test_flops": "examples to test on; give test=...",
}
"""Figures of a level that it has only where an argument asked for them."""
APART = ("memory", "time")
"""Where the figures stand of which no formula holds for all sizes."""
ENDS = ("seconds", "low", "high")


def apart_names() -> list[str]:
    """The names of all figures that memory and time can have."""
    from modelcost.memory.memory import FIGURES as OF_MEMORY
    from modelcost.timing.estimate import LEVELS as TIMED

    return [*(f"memory.{name}" for name in OF_MEMORY), *(f"time.{level}.{end}" for level in TIMED for end in ENDS)]


ASKED_COLUMNS = {"receptive_field": "receptive field", "intensity": "FLOPs/byte"}
"""Figures of a row that stand in a table only where `with_columns` asked for them, and what stands above each."""


class Basis:
    """What a report is counted from, whatever counts as a FLOP: with it the same is told by another convention.

    It is not stored with the report.
    """

    __slots__ = ("around", "guarded", "schedule", "step")

    def __init__(self, around: Around, schedule: Schedule | None, step: Step | None, guarded: Guarded) -> None:
        self.around, self.schedule, self.step, self.guarded = around, schedule, step, guarded

    def __reduce__(self) -> tuple[Any, ...]:
        return type(None), ()


class Report:
    """The cost of a model: `report.params`, `report["conv1"].multiplies`, `report.minibatch.forward_flops`.

    Rows and totals are one forward call on one example. `report.memory` is planned when it is asked for, by the
    `planner`; `shows_memory` says whether tables and JSON have it.
    """

    def __init__(
        self,
        head: Mapping[str, Any],
        rows: Sequence[Row],
        totals: Figures,
        levels: Mapping[str, Level],
        training: Training | None = None,
        time: Time | None = None,
        memory: Figures | None = None,
    ) -> None:
        self.model: str = head["model"]
        self.batch: int = head["batch"]
        self.dtype: str = head["dtype"]
        self.convention: str = head["convention"]
        self.settings: dict[str, Any] = dict(head["settings"])
        self.unknown: list[str] = list(head.get("unknown", ()))
        self.network: Model | None = None  # as the planner, there where the report was computed, not read from a file
        self.rows = list(rows)
        self.totals = totals
        self.levels = dict(levels)
        if training is not None:
            self.training = training
        if time is not None:
            self.time = time
        if memory is not None:
            self.memory: Memory | Figures = memory
        self.shows_memory = memory is not None
        self.planner: Callable[[], Memory] | None = None
        self.basis: Basis | None = None
        self.columns: tuple[str, ...] = ()
        self._by_name = {row.name: row for row in self.rows}

    @property
    def lower_bound(self) -> str:
        """What must stand beside the figures wherever they are shown, if some layers' cost is unknown; else empty."""
        if not self.unknown:
            return ""
        which = ", ".join(self.unknown)
        return f"LOWER BOUND: what {len(self.unknown)} unknown layers cost is not in these figures: {which}"

    @property
    def trains(self) -> bool:
        """Whether training was asked for, by an optimizer."""
        return "training" in self.__dict__

    def __getitem__(self, name: str) -> Row:
        if not isinstance(name, str) or name not in self._by_name:
            raise unknown(f"layer of {self.model}", name, self._by_name)
        return self._by_name[name]

    def figure(self, name: str) -> Any:
        """A figure by its name: "params", "epoch.forward_flops", "conv1.multiplies", "memory.peak_inference_bytes".

        Raises `UnknownNameError` for a name that there is not, `MissingFigureError`, which says what to give, for one
        that was not asked for.
        """
        of, dot, figure = str(name).rpartition(".")
        if of.partition(".")[0] in APART and (of not in self or name in apart_names()):
            return self._apart(name, of, figure)
        if dot and of not in LEVELS and of not in self:
            raise unknown("figure", name, self.figure_names())
        known: Figures = self.totals if not dot else getattr(self, of) if of in LEVELS else self[of]
        if figure in known:
            return getattr(known, figure)
        if of in LEVELS and figure in MISSING:
            raise MissingFigureError(f"{self.model}: no {name} without {MISSING[figure]}")
        raise unknown("figure", name, [f"{of}.{one}" for one in known] if dot else self.figure_names())

    def _apart(self, name: str, of: str, figure: str) -> Any:
        """A figure of the memory or of the time."""
        if name not in apart_names():
            alike = [one for one in apart_names() if one.startswith(f"{of}.")]
            raise unknown("figure", name, alike or apart_names())
        return getattr(getattr(self.time, of.removeprefix("time.")) if of != "memory" else self.memory, figure)

    def figure_names(self) -> list[str]:
        """The names of the figures of the whole model, each as `figure` takes it; of memory and time, where shown."""
        apart = [name for name in apart_names() if self.shows_memory and name.startswith("memory.")]
        if "time" in self.__dict__:
            apart += [f"time.{level}.{end}" for level in self.time.levels for end in ENDS]
        return [*self.totals, *(f"{level}.{name}" for level, found in self.levels.items() for name in found), *apart]

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *dir(self.totals), *self.levels]

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name in ("totals", "levels", "planner"):
            raise AttributeError(name)
        if name in LEVELS:
            if name not in self.levels:
                raise MissingFigureError(f"{self.model}: no {name} without {NEEDS[name]}")
            return self.levels[name]
        if name == "memory" and self.planner is not None:
            self.memory = self.planner()
            return self.memory
        if name in ASKED_FOR:
            raise MissingFigureError(f"{self.model}: no {name} without {ASKED_FOR[name]}")
        return getattr(self.totals, name)

    def __repr__(self) -> str:
        at_least = "at least " if self.unknown else ""
        return f"<Report on {self.model}: {len(self.rows)} layers, {at_least}{self.totals.params:,} parameters>"

    def __str__(self) -> str:
        from modelcost.render.table import table

        return table(self)

    def arranged(self, *, depth: int | None = None, sort: str | None = None, top: int | None = None) -> Report:
        """The same report in other rows: nested models as one, the largest first, the small ones together.

        See `modelcost.arranged`.
        """
        from modelcost.arranged import arranged

        return arranged(self, depth, sort, top)

    def with_columns(self, *names: str) -> Report:
        """The same report with further columns wherever its rows are shown: "receptive_field", "intensity"."""
        from copy import copy

        for name in names:
            if name not in ASKED_COLUMNS:
                raise unknown("column", name, ASKED_COLUMNS)
        found = copy(self)
        found.columns = names
        return found

    def to_json(self, indent: int | None = 2) -> str:
        """The report as JSON text; every whole number in full. Formulas are not stored."""
        from modelcost.render.json import json

        return json(self, indent)

    @staticmethod
    def from_json(text: str) -> Report:
        """The report that `to_json` wrote: equal figures, without formulas."""
        from modelcost.render.json import parsed

        head, rows, totals, levels, training, time, memory = parsed(text)
        return Report(
            head,
            [Row(**row) for row in rows],
            Figures(head["model"], totals),
            {name: Level(name, figures) for name, figures in levels.items()},
            training,
            time,
            memory,
        )

    def _repr_html_(self) -> str:
        """How a notebook shows it."""
        from modelcost.render import page
        from modelcost.render.notebook import html

        return html(page, self)

    def _repr_markdown_(self) -> str:
        """How a notebook shows it that has no HTML."""
        from modelcost.render import page, rendered

        return rendered(page, self, "markdown")

    def to_html(self) -> str:
        """The report as a page that stands by itself, with a graph, charts and every working; needs Jinja2."""
        from modelcost.render.webpage import written

        return written(self)

    def to_csv(self) -> str:
        """The rows as CSV, a line each and one for the totals, exact numbers."""
        from modelcost.render.csv import csv

        return csv(self)

    def to_pandas(self) -> Any:
        """The rows as a pandas data frame, one line a layer."""
        from modelcost.render.csv import frame

        return frame(self)

    def plot(self, *figures: str) -> Any:
        """A Matplotlib figure of what each layer has: parameters, FLOPs and memory, or the `figures` named."""
        from modelcost.render.plots.layers import drawn

        return drawn(self, *figures)

    def plot_memory(self) -> Any:
        """A Matplotlib figure of what is held in memory at each step: of inference, and of training if it trains."""
        from modelcost.render.plots.memory import drawn

        return drawn(self)

    def plot_roofline(self) -> Any:
        """A Matplotlib figure of the CPU's roofline, and of the layers under it; needs a time, `cpu=...`."""
        from modelcost.render.plots.roofline import drawn

        return drawn(self)

    def explain(self, layer: str | None = None) -> str:
        """Formula, numbers and result of every figure of a layer, or of all layers and the totals."""
        from modelcost.render.explain import explain

        return explain(self, layer)
