"""Columns of a report that stand there only where they are asked for: receptive field, arithmetic intensity."""

from __future__ import annotations

from modelcost.arranged import Together
from modelcost.errors import ModelCostError
from modelcost.report import ASKED_COLUMNS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from modelcost.figures import Row
    from modelcost.report import Report

UNKNOWN = "unknown"
NOTES = {
    "receptive_field": "The receptive field is the part of the input that one place of an output depends on, what lies "
    "on padding included.",
    "intensity": "FLOPs/byte are those of a call on a mini-batch of {batch:,}: what comes in, the weights and what "
    "comes out are each moved once.",
}


def notes(report: Report) -> list[str]:
    """What the columns mean that were asked for."""
    return [NOTES[name].format(batch=report.batch) for name in report.columns]


def headings(report: Report) -> tuple[str, ...]:
    """What stands above the columns that were asked for."""
    return tuple(ASKED_COLUMNS[name] for name in report.columns)


def cells(row: Row, names: Iterable[str]) -> tuple[str, ...]:
    """A row in these columns, for people."""
    return tuple(_cell(value(row, name)) for name in names)


def _cell(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return str(value) if hasattr(value, "jump") else f"{float(value):.3g}"


def exact(row: Row, names: Iterable[str]) -> list[Any]:
    """A row in these columns, as words and numbers for a spreadsheet: an intensity as the fraction that it is."""
    return [None if one is None else str(one) for one in (value(row, name) for name in names)]


def data(row: Row, names: Iterable[str]) -> dict[str, Any]:
    """A row in these columns, as plain data; null for what there is not."""
    return {name: _data(value(row, name)) for name in names}


def _data(value: Any) -> Any:
    if value is None or isinstance(value, str):
        return value
    if not hasattr(value, "jump"):
        return {"flops": int(value.flops), "bytes": int(value.bytes), "flops_per_byte": float(value)}
    jump = [float(one) if hasattr(one, "denominator") and one.denominator != 1 else one for one in value.jump]
    return {"size": list(value.size), "jump": jump, "start": list(value.start), "whole": list(value.whole)}


def value(row: Row, name: str) -> Any:
    """The value of a row; "unknown" where nobody knows it, None where there is none, as of several layers together."""
    if isinstance(row, Together):
        return None
    try:
        return getattr(row, name)
    except ModelCostError:
        return UNKNOWN if name == "receptive_field" else None
