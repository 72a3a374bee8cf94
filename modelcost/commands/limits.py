"""`--max FIGURE=N`: a figure of a report, and what it may be at most."""

from __future__ import annotations

from modelcost.errors import ModelCostError, short
from modelcost.levels import LEVELS
from modelcost.prefixes import number
from modelcost.render.page import missing
from modelcost.render.units import formula

TYPE_CHECKING = False
if TYPE_CHECKING:
    from decimal import Decimal
    from typing import Any

    from modelcost.report import Report


class Limit:
    """A figure, its value, and the most that it may be."""

    def __init__(self, text: str, figure: str, value: int | float, most: Decimal) -> None:
        self.text, self.figure, self.value, self.most = text, figure, value, most

    @property
    def over(self) -> bool:
        """Whether the value, as it is written, is above the limit."""
        return type(self.most)(repr(self.value)) > self.most  # seconds are not what their digits say, to the last bit

    def __str__(self) -> str:
        return f"{self.figure} is {self.value:,} (--max {self.text})"


def limit(text: str, report: Report) -> Limit:
    """The limit that `params=1e6` or `minibatch.forward_flops=2T` sets.

    Raises `ModelCostError` for a figure that is not there or not known yet, or a limit that is no number.
    """
    figure, equals, most = text.partition("=")
    if not equals:
        raise ModelCostError(f"--max must be a figure and a number, such as params=1e6. Received: {short(text)}")
    value = _figure(figure, report)
    if not isinstance(value, int | float):
        raise ModelCostError(f"--max {figure}: it is {short(formula(value))}, which has no value yet; give --input")
    return Limit(text, figure, value if isinstance(value, float) else int(value), number(most, "--max"))


def _figure(name: str, report: Report) -> Any:
    level, dot, _ = name.partition(".")
    if dot and level in LEVELS and level not in report.levels:
        raise ModelCostError(f"--max {name}: {missing(report, level)}")
    return report.figure(name)
