"""The view of what fits into so much memory."""

from __future__ import annotations

from modelcost.render.blocks import Grid, Heading
from modelcost.render.units import scaled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from modelcost.render.blocks import Block

COLUMNS = ("pass", "of", "batch", "bytes")
SAVED = ("batch", "layers_again", "saved_bytes", "added_flops")


class Fit:
    """A model, the bytes that there are, who trains, the largest batch of each pass, what checkpointing changes."""

    def __init__(
        self, model: str, memory: int, optimizer: str, lines: Sequence[dict[str, Any]], saved: dict[str, int]
    ) -> None:
        self.model, self.memory, self.optimizer = model, memory, optimizer
        self.lines, self.saved = list(lines), saved


def blocks(fit: Fit) -> list[Block]:
    """What a person sees."""
    rows = [
        [
            _pass(fit, line["pass"]),
            line["of"],
            f"{line['batch']:,}" if line["batch"] else "none fits",
            scaled(line["bytes"], "B"),
        ]
        for line in fit.lines
    ]
    found: list[Block] = [Heading(f"{fit.model}: the largest batch in {scaled(fit.memory, 'B')}", 1)]
    found.append(Grid(("pass", "of", "batch", "memory"), rows, 2))
    if fit.saved:
        heads = ("checkpoints at batch", "layers done again", "memory saved", "FLOPs added")
        batch, layers, saved, added = (fit.saved[name] for name in SAVED)
        found.append(Grid(heads, [[f"{batch:,}", f"{layers:,}", _signed(saved), scaled(added)]], 0))
    return found


def _pass(fit: Fit, name: str) -> str:
    return f"training, {fit.optimizer}" if name == "training" else name


def _signed(value: int) -> str:
    return scaled(value, "B") if value >= 0 else f"-{scaled(-value, 'B')}"


def records(fit: Fit) -> list[list[Any]]:
    """The lines under the names of their columns."""
    return [list(COLUMNS), *([line[name] for name in COLUMNS] for line in fit.lines)]


def data(fit: Fit) -> dict[str, Any]:
    """All of it as objects."""
    saved = {"checkpoints": fit.saved} if fit.saved else {}
    return {"model": fit.model, "memory_bytes": fit.memory, "optimizer": fit.optimizer, "fit": fit.lines, **saved}
