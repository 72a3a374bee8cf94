"""The same report by another convention: what was counted stays as it is, and only what counts as a FLOP changes."""

from __future__ import annotations

from modelcost.conventions import convention
from modelcost.costing import assembled
from modelcost.errors import ModelCostError
from modelcost.report import Basis

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from modelcost.report import Report
    from modelcost.training.step import Step


def recounted(report: Report, name: str, plain: bool = False) -> Report:
    """What `cost` gave, by the convention of that name: nothing is worked out anew but FLOPs, and without its time.

    With `plain`, the figures of training have no working, and are there much sooner.

    Raises `ModelCostError` for a report that was read from a file, and as `cost` does for the convention.

    >>> from modelcost.costing import cost
    >>> recounted(cost("lenet5"), "macs").flops == cost("lenet5", convention="macs").flops
    True
    """
    known = report.basis
    if known is None or report.network is None:
        raise ModelCostError(f"{report.model}: a report that was read from a file cannot be counted by {name}")
    rule = convention(name).at(report.batch)
    around = known.around.by(name)
    seen = rule.seen(report.network, around.entries)
    rows = [row.by(rule, seen.get(row.name), around) for row in report.rows]
    step = None if known.step is None else _plain(known.step).by(rule) if plain else known.step.by(rule)
    head: dict[str, Any] = {word: getattr(report, word) for word in ("model", "batch", "dtype", "settings", "unknown")}
    head["convention"] = name
    found = assembled(head, rows, rule, Basis(around, known.schedule, step, known.guarded))
    found.network, found.planner, found.shows_memory = report.network, report.planner, report.shows_memory
    return found


def _plain(step: Step) -> Step:
    from modelcost.training.plain import Plain

    return step if isinstance(step, Plain) else Plain(step)
