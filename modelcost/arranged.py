"""The same report with its rows arranged: nested models as one row, the largest first, the small ones together."""

from __future__ import annotations

from copy import copy

from modelcost.count import Term, total
from modelcost.errors import ModelCostError, short, unknown
from modelcost.figures import Figures, Row
from modelcost.sizes import size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from modelcost.report import Report


class Together(Row):
    """Several rows as one: its figures are their sums."""

    def part(self, names: str) -> Figures:
        """A `ModelCostError`: parts are those of one layer."""
        raise ModelCostError(f"{self.name}: this row is several layers together, and a part is of one layer")


def arranged(report: Report, depth: int | None = None, sort: str | None = None, top: int | None = None) -> Report:
    """The report in other rows, which add up to the same totals; those of training go with their layers.

    `depth`: a nested model deeper than so many names is one row (1: each model in the model is);
    `sort`: the rows with most of this figure first, such as "params" or "flops";
    `top`: so many rows with most of it (of `flops`, where none is named), and one for all others.

    Raises `ModelCostError` for a depth or a number of rows below 1, and for a figure that depends on a size that is
    not known; `UnknownNameError` for a figure that rows do not have.

    >>> from modelcost.costing import cost
    >>> [(row.name, row.params) for row in arranged(cost("lenet5"), top=2, sort="params")]
    [('C5', 48120), ('F6', 10164), ('7 others', 3422)]
    """
    names = [row.name for row in report]
    found = _report(report, _nested(names, None if depth is None else size("depth", depth)))
    if sort is None and top is None:
        return found
    ranked = [row.name for row in sorted(found.rows, key=_figure(found, sort or "flops"), reverse=True)]
    shown = ranked[: None if top is None else size("top", top)]
    others = ranked[len(shown) :]
    groups = {name: [name] for name in shown}
    return _report(found, groups | ({f"{len(others)} others": others} if others else {}))


def _nested(names: Iterable[str], depth: int | None) -> dict[str, list[str]]:
    """Names that begin alike, in as many names as the depth, are one group, where the first of them stands."""
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault("/".join(name.split("/")[:depth]), []).append(name)
    return found


def _figure(report: Report, name: str) -> Callable[[Row], int]:
    """The figure that rows are ranked by."""

    def figure(row: Row) -> int:
        if name not in row.figures:
            raise unknown("figure to sort by", name, row.figures)
        value = row.figures[name]
        if not isinstance(value, int):
            told = f"{row.name} has {short(str(value))}"
            raise ModelCostError(f"rows cannot be sorted by {name}, which depends on sizes not known yet: {told}")
        return int(value)

    return figure


def _report(report: Report, groups: Mapping[str, Sequence[str]]) -> Report:
    """A report of the same totals with a row for each group of names."""
    found = copy(report)
    found.rows = [_row(name, [report[one] for one in names]) for name, names in groups.items()]
    found._by_name = {row.name: row for row in found.rows}
    if report.trains:
        found.training = type(report.training)(_grouped(report.training, groups), report.training.totals)
    if report.trains and report.shows_memory:
        memory: Any = copy(report.memory)
        memory.rows = _grouped(memory.rows, groups)
        found.memory = memory
    return found


def _row(name: str, rows: Sequence[Row]) -> Row:
    if len(rows) == 1 and rows[0].name == name:
        return rows[0]
    nested = all(row.name.startswith(f"{name}/") for row in rows)
    inputs, outputs = (rows[0].inputs, rows[-1].output_shapes) if nested else ((), ())
    return Together(name, "Model" if nested else "", inputs, outputs, _sums(rows))


def _grouped(rows: Iterable[Figures], groups: Mapping[str, Sequence[str]]) -> list[Figures]:
    """Rows of training, or of memory, in the same groups; what is of no layer, as the optimizer, stands below them."""
    by_name, found = {row.of: row for row in rows}, []
    for name, names in groups.items():
        several = [by_name.pop(one) for one in names if one in by_name]
        alone = len(several) == 1 and several[0].of == name
        found += several if alone else [Figures(name, _sums(several))] if several else []
    return [*found, *by_name.values()]


def _sums(rows: Sequence[Figures]) -> dict[str, Any]:
    """The figures of several rows, added up."""
    return {name: _sum([(row.of, row.figures[name]) for row in rows]) for name in rows[0].figures}


def _sum(parts: Sequence[tuple[str, Any]]) -> Any:
    for name, value in parts:
        if isinstance(value, str):
            rule = "rows of a report that was read from a file cannot be added up while sizes are not known"
            raise ModelCostError(f"{rule}: {name} has {short(value)}; cost the model again")
    return total(value.called(name) if isinstance(value, Term) else value for name, value in parts)
