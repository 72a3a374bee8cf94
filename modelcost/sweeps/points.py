"""Points of a sweep as a table: choices and figures in columns, those that failed beside them."""

from __future__ import annotations

from modelcost.errors import ModelCostError, short, unknown
from modelcost.sizes import size
from modelcost.space import array
from modelcost.sweeps.conditions import conditions
from modelcost.sweeps.front import front

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from modelcost.sweeps.rebinding import Reasons


class Point:
    """One point: the choices made, and its figures, or the reason why it has none.

    >>> point = Point({"batch": 8}, {"params": 10})
    >>> point["batch"], point["params"], point.failed
    (8, 10, None)
    """

    __slots__ = ("choices", "failed", "figures")

    def __init__(self, choices: Mapping[str, Any], figures: Mapping[str, Any], failed: str | None = None) -> None:
        self.choices, self.figures, self.failed = dict(choices), dict(figures), failed

    def __getitem__(self, name: str) -> Any:
        values = {**self.choices, **self.figures}
        if name not in values:
            if self.failed is not None:
                raise ModelCostError(f"this point failed: {self.failed}")
            raise unknown("figure or choice", name, values)
        return values[name]

    def __repr__(self) -> str:
        values = self.choices if self.failed is not None else {**self.choices, **self.figures}
        told = ", ".join(f"{name}={short(value)}" for name, value in values.items())
        return f"<{told}{f': failed: {self.failed}' if self.failed is not None else ''}>"


class Failed:
    """Points that could not be costed: their choices in columns, and the reason of each, found when it is read."""

    def __init__(self, columns: Mapping[str, Any], reasons: Sequence[str] | Reasons) -> None:
        self.columns, self.reasons = dict(columns), reasons

    def __len__(self) -> int:
        return len(self.reasons)

    def __getitem__(self, i: int) -> Point:
        return Point({name: plain(column[i]) for name, column in self.columns.items()}, {}, self.reasons[i])

    def __iter__(self) -> Iterator[Point]:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        return f"<{len(self)} failed points>"


class Points:
    """Points that were costed, as columns by name: `points["params"]` is an array, `points[0]` a `Point`.

    `of` says what was swept, `choices` and `figures` which columns are which, `failed` holds the points that cannot
    be. What picks or orders points gives other `Points`, and leaves `failed` as it is. `notes`: what must be known of
    all of them; `at_least`: whether layers of unknown cost are left out, so that all figures are lower bounds.
    """

    def __init__(
        self, of: str, choices: Sequence[str], figures: Sequence[str], columns: Mapping[str, Any], failed: Failed
    ) -> None:
        self.of, self.choices, self.figures = of, tuple(choices), tuple(figures)
        self._columns, self._failed = dict(columns), failed
        self.notes: tuple[str, ...] = ()
        self.at_least = False

    @property
    def columns(self) -> dict[str, Any]:
        """The choices and figures of all points, as arrays of equal length."""
        return self._columns

    @property
    def failed(self) -> Failed:
        """The points that cannot be, each with the reason."""
        return self._failed

    def __len__(self) -> int:
        return len(self.columns[self.choices[0]])

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            return self._of(key)
        if not isinstance(key, str):
            return self._point(range(len(self))[key])
        if key not in self.columns:
            raise unknown("figure or choice of this sweep", key, self.columns)
        return self.columns[key]

    def __iter__(self) -> Iterator[Point]:
        return (self._point(i) for i in range(len(self)))

    def _point(self, i: int) -> Point:
        values = {name: plain(column[i]) for name, column in self.columns.items()}
        return Point({name: values[name] for name in self.choices}, {name: values[name] for name in self.figures})

    def __repr__(self) -> str:
        failed = f", {len(self.failed):,} failed" if len(self.failed) else ""
        return f"<{type(self).__name__} of {self.of}: {len(self):,} point{'' if len(self) == 1 else 's'}{failed}>"

    def _of(self, which: Any) -> Points:
        columns = {name: column[which] for name, column in self.columns.items()}
        found = Points(self.of, self.choices, self.figures, columns, self.failed)
        found.notes, found.at_least = self.notes, self.at_least
        return found

    def where(self, *given: str) -> Points:
        """Those points for which conditions hold, such as "params < 1e6 and batch >= 8"; see `conditions`."""
        import numpy as np

        keep = np.full(len(self), True)
        for condition in conditions(given):
            keep &= np.asarray(condition.holds(self.columns), bool)
        return self._of(keep)

    def pareto(self, *names: str) -> Points:
        """Those points that no other beats: none is as low in all of these figures and lower in one.

        `-name` asks for high values instead. Points that are equal in all of them are kept together.
        """
        if not names:
            raise ModelCostError("a Pareto front needs figures, such as pareto('params', 'flops')")
        return self._of(front([self._ordered(name) for name in names]))

    def sort(self, *names: str) -> Points:
        """The points with most of a figure first, or with least for `-name`; equal ones by the next name given."""
        import numpy as np

        if not names:
            raise ModelCostError("sort needs the name of a figure or choice")
        return self._of(np.lexsort([-self._ordered(name) for name in reversed(names)]))

    def top(self, count: int) -> Points:
        """The first so many points."""
        return self._of(slice(0, size("top", count)))

    def _ordered(self, name: str) -> Any:
        """Where each point stands in the order of a column, from 0; turned round for `-name`."""
        import numpy as np

        column = self[name.removeprefix("-")]
        try:
            values, ranks = np.unique(column, return_inverse=True)
        except TypeError:
            raise ModelCostError(f"{name.removeprefix('-')} has values that have no order") from None
        return len(values) - 1 - ranks if name.startswith("-") else ranks

    def to_csv(self) -> str:
        """All points as CSV, a line each, exact; failed ones after them, with the reason in the last column."""
        from modelcost.render import rendered, sweep

        return rendered(sweep, self, "csv")

    def to_json(self) -> str:
        """All points as JSON, exact, and the failed ones with their reasons."""
        from modelcost.render import rendered, sweep

        return rendered(sweep, self, "json")

    def to_markdown(self) -> str:
        """The first points as a Markdown table."""
        from modelcost.render import rendered, sweep

        return rendered(sweep, self, "markdown")

    def to_pandas(self) -> Any:
        """The points as a pandas data frame, a line each; those that failed are in `failed`."""
        try:
            from pandas import DataFrame  # type: ignore[import-untyped,unused-ignore]
        except ImportError:
            raise ModelCostError("to_pandas needs pandas: pip install 'modelcost[notebook]'") from None
        return DataFrame(self.columns)

    def plot(self, x: str | None = None, y: str | None = None, front: Points | None = None) -> Any:
        """A Matplotlib figure of one column over another; see `render.plots.sweep`."""
        from modelcost.render.plots.sweep import figure

        return figure(self, x, y, front)

    def __str__(self) -> str:
        from modelcost.render import rendered, sweep

        return rendered(sweep, self)

    def _repr_html_(self) -> str:
        """How a notebook shows them."""
        from modelcost.render import sweep
        from modelcost.render.notebook import html

        return html(sweep, self)


def plain(value: Any) -> Any:
    """A value of Python's own, instead of NumPy's."""
    return value.item() if hasattr(value, "item") else value


def gathered(of: str, choices: Sequence[str], figures: Sequence[str], points: Iterable[Point]) -> Points:
    """Points that came one by one, as a table."""
    several = list(points)
    there = [point for point in several if point.failed is None]
    not_there = [point for point in several if point.failed is not None]
    columns = {name: array([point[name] for point in there]) for name in (*choices, *figures)}
    failed = {name: array([point.choices[name] for point in not_there]) for name in choices}
    return Points(of, choices, figures, columns, Failed(failed, [str(point.failed) for point in not_there]))
