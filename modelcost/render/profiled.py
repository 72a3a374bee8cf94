"""FLOPs by operation, for a convention that counts operations as a profiler does; and what that profiler gets wrong."""

from __future__ import annotations

from modelcost.count import NOTHING
from modelcost.figures import summed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from modelcost.figures import Row

SHAPELESS = "no shape is known of what comes in, so that only what is done once a call is counted"


def operations(row: Row) -> list[tuple[str, Any]]:
    """The FLOPs of a row by operation, which add up to those of the row; none where its convention has no such."""
    by_operation = getattr(row.convention, "by_operation", None)
    if by_operation is None or row.entry is None:
        return []
    counted = by_operation(row.entry.facts).items()
    return [(name, summed((NOTHING if _shapeless(row) else each, once))) for name, (each, once) in counted]


def defects(row: Row) -> str:
    """Why the profiler counts otherwise than its own weights would; empty where it does not."""
    if row.entry is None or not getattr(row.convention, "defects", False):
        return ""
    from modelcost.conventions.tensorflow.defects import differences

    found = [difference.name for difference in differences(row.entry.facts)] + [SHAPELESS] * _shapeless(row)
    return f"Where the profiler errs: {'; '.join(dict.fromkeys(found))}." if found else ""


def _shapeless(row: Row) -> bool:
    """Whether what is done for each example is left out, though the layer does something for each."""
    assert row.entry is not None
    assert row.convention is not None
    each, _ = row.flops_by_call()
    return each is NOTHING and row.convention.flops(row.entry.facts)[0] is not NOTHING
