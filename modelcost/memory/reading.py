"""A memory that was written down as plain data, read again: equal figures, without plans and workings."""

from __future__ import annotations

from modelcost.figures import Figures

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any


class WrittenMemory(Figures):
    """The figures of a `Memory`, its rows, and where its peaks are."""

    def __init__(
        self, figures: Mapping[str, Any], rows: Sequence[Figures], peaks: Mapping[str, str], runtime: str
    ) -> None:
        super().__init__("memory", figures)
        self.rows, self.peaks, self.runtime = list(rows), dict(peaks), runtime
