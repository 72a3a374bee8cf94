"""CSV: exact figures, a line each, safe to open in a spreadsheet."""

from __future__ import annotations

from modelcost.errors import ModelCostError
from modelcost.render.escape import csv as escaped
from modelcost.render.units import formula

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from modelcost.report import Report


def csv(report: Report) -> str:
    """The rows of the report and their total as CSV."""
    from modelcost.render.page import records

    return lines(records(report))


def lines(records: Iterable[Sequence[Any]]) -> str:
    """Records as CSV, the first being the names of the columns."""
    from csv import writer
    from io import StringIO

    text = StringIO(newline="")
    writer(text, lineterminator="\n").writerows([_cell(value) for value in record] for record in records)
    return text.getvalue()


def _cell(value: Any) -> Any:
    if value is None or isinstance(value, int):
        return value
    return escaped(value if isinstance(value, str) else formula(value))


def frame(report: Report) -> Any:
    """The rows as a pandas data frame, a line each by its name, without the total.

    A column of figures is of int64 where all fit, and of Python's own ints where they do not, so that these and their
    sums stay exact; formulas of sizes that are not known are text.

    Raises `ModelCostError` where pandas is not installed.
    """
    try:
        from pandas import DataFrame, Index, Series  # type: ignore[import-untyped,unused-ignore]
    except ImportError:
        raise ModelCostError("to_pandas needs pandas: pip install 'modelcost[notebook]'") from None
    from modelcost.render.page import records

    head, *rows, total = records(report)
    columns = {name: [row[i] for row in rows] for i, name in enumerate(head)}
    index = Index(columns.pop("name"), name="name", dtype=object)
    sums = dict(zip(head, total, strict=True))
    return DataFrame({name: _column(Series, index, values, sums[name]) for name, values in columns.items()})


def _column(series: Any, index: Any, values: list[Any], total: Any) -> Any:
    """A column, of int64 where the sum of its figures is one too."""
    plain = [int(value) if isinstance(value, int) else value if isinstance(value, str) else formula(value)
             for value in values]  # fmt: skip
    figures = all(isinstance(value, int) for value in plain)
    small = figures and isinstance(total, int) and total < 2**63
    return series(plain, index, "int64" if small else "object" if figures else None)
