"""A step of training as it is reported: a row for each thing that is done in it, its figures by pass."""

from __future__ import annotations

from functools import cached_property, partial

from modelcost.count import NOTHING, Term
from modelcost.errors import unknown
from modelcost.facts import COLUMNS, counted
from modelcost.figures import Figures, absent, summed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from modelcost.training.step import Doing

PASSES = ("forward", "input_gradient", "weight_gradient", "optimizer")
"""What a step consists of: the forward pass in training mode, the gradients of what layers take, those of their
weights, and the change of the weights."""
FIGURES = (*(f"{name}_flops" for name in PASSES), "flops")
"""The figures of a row: one for each pass, and their sum."""


def on_batch(pair: tuple[Any, Any], batch: Any) -> Any:
    """What is counted (for each example, once a call), on so many examples: in training both can depend on them."""
    each, once = (_at(one, batch) for one in pair)
    return summed((batch * each if not absent(each) else NOTHING, once))


def _at(count: Any, batch: Any) -> Any:
    """A count on so many examples, where it depends on how many: a last batch is a count that follows from others."""
    if not hasattr(count, "rebind") or "batch" not in count.free_sizes():
        return count
    from modelcost.binding import rebound

    return rebound(count, {"batch": batch.called("N") if isinstance(batch, Term) and batch.args else batch})


class Training:
    """What is done in a step on a mini-batch: a row for each call of a layer, for the loss, for the optimizer."""

    def __init__(self, rows: Iterable[Figures], totals: Figures) -> None:
        self._found, self.totals = rows, totals

    @cached_property
    def rows(self) -> list[Figures]:
        """All rows, which are made when they are asked for: mostly the totals alone are."""
        return list(self._found)

    @cached_property
    def _by_name(self) -> dict[str, Figures]:
        return {row.of: row for row in self.rows}

    def __getstate__(self) -> dict[str, Any]:
        return {"_found": self.rows, "totals": self.totals}

    def __repr__(self) -> str:
        return f"<Training: a step of {len(self)} rows, {self.totals.flops} FLOPs>"

    def __getitem__(self, name: str) -> Figures:
        if name not in self._by_name:
            raise unknown("row of the training step", name, self._by_name)
        return self._by_name[name]

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __iter__(self) -> Iterator[Figures]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


class StepRow(Figures):
    """What one call of a layer, the loss, or the optimizer does in a step, in FLOPs by pass."""

    def __init__(self, doing: Doing, flops_of: Callable[[str, Any], Any], batch: Any) -> None:
        figures = {f"{name}_flops": partial(flops_of, name, batch) for name in PASSES}
        super().__init__(doing.name, {**figures, "flops": self._together})
        self.name, self.type, self.doing, self.batch = doing.name, doing.type, doing, batch

    def _together(self) -> Any:
        passes = ((name, getattr(self, name)) for name in FIGURES[:-1])
        return summed(figure.called(name) for name, figure in passes if not absent(figure))

    def part(self, name: str) -> Figures:
        """All columns of one pass, such as "weight_gradient"; `UnknownNameError` for another name."""
        if name not in PASSES:
            raise unknown("pass", name, PASSES)
        columns = counted(self.doing.works.get(name, ()))
        found = {one: on_batch(columns.get(one, (NOTHING, NOTHING)), self.batch) for one in COLUMNS}
        return Figures(f"{self.name}.{name}", found)
