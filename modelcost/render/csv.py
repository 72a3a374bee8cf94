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
    """The rows as a pandas data frame, a line each, without the total; figures beyond 2**63 stay exact.

    Raises `ModelCostError` where pandas is not installed.
    """
    try:
        from pandas import DataFrame  # type: ignore[import-untyped,unused-ignore]
    except ImportError:
        raise ModelCostError("to_pandas needs pandas: pip install 'modelcost[notebook]'") from None
    from modelcost.render.page import records

    head, *rows, _ = records(report)
    return DataFrame([[int(v) if isinstance(v, int) else v for v in row] for row in rows], columns=head)
