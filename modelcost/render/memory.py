"""What a page shows of memory: what is held for a mini-batch, at once and in all; and in training layer by layer."""

from __future__ import annotations

from modelcost.memory.process import BAND
from modelcost.render.blocks import Grid, Heading, Paragraph
from modelcost.render.units import exact, rounded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from modelcost.figures import Figures
    from modelcost.render.blocks import Block
    from modelcost.report import Report

WORDS = {
    "parameter_bytes": "parameters",
    "gradient_bytes": "gradients of parameters",
    "optimizer_bytes": "state of the optimizer",
    "activation_bytes": "outputs of all layers",
    "kept_activation_bytes": "kept for the way back",
    "peak_inference_bytes": "planned peak, inference",
    "peak_training_bytes": "planned peak, training",
    "process_inference_bytes": "process, inference, about",
    "process_training_bytes": "process, training, about",
}
"""The figures, and what each is of."""
COLUMNS = {
    "parameter_bytes": "parameters",
    "gradient_bytes": "gradients",
    "optimizer_bytes": "optimizer",
    "activation_bytes": "outputs",
    "kept_activation_bytes": "kept",
}
"""The figures of a layer, and their headings."""


def blocks(report: Report) -> list[Block]:
    """What is held for a mini-batch, and what each layer has of it in training."""
    from modelcost.render.page import level_label

    memory, on = report.memory, f"on a {level_label(report, 'minibatch')}"
    by_layer: list[Block] = [Heading(f"Memory of training, by layer, {on}"), rows_grid(memory)]
    lines = [_line(memory, name) for name in WORDS if name in memory.figures]
    return [
        *(by_layer if report.trains else ()),
        Heading(f"Memory {on}"),
        Grid(HEADINGS, lines, 1),
        Paragraph(note(memory)),
    ]


HEADINGS = ("of", "rounded", "exactly", "most at")


def _line(memory: Any, name: str) -> tuple[str, ...]:
    value = memory.figures[name]
    digits = exact(value)
    return WORDS[name], rounded(value, "B"), f"{digits} B" if digits else "", most_at(memory, name)


def most_at(memory: Any, name: str) -> str:
    """Of a peak the step at which it is reached; nothing of any other figure."""
    pass_of = name.removeprefix("peak_").removesuffix("_bytes")
    found: str = memory.peaks.get(pass_of, "") if name.startswith("peak") else ""
    return found


def note(memory: Any) -> str:
    """What a peak is, and what a process."""
    if not memory.peaks:
        return "The peak is not known before all sizes of the input are; give --input."
    return (
        f"Peaks are planned as the runtime {memory.runtime} goes about it, from the first operation to the last. A "
        "process is what the system counts for Python with TensorFlow on a CPU, an estimate: of those that were "
        f"measured, most took at most {float(BAND):.1%} more, TensorFlow's own memory left aside."
    )


def rows_grid(memory: Any) -> Grid:
    """A row for everything that holds any memory in training, and the totals that they add up to."""
    names = [name for name in COLUMNS if name in memory.figures]

    def cells(figures: Any) -> list[str]:
        return [rounded(figures.figures[name], "B") for name in names]

    rows = [(row.of, *cells(row)) for row in holding(memory)]
    return Grid(("layer", *(COLUMNS[name] for name in names)), rows, 1, ("total", *cells(memory)))


def holding(memory: Any) -> list[Figures]:
    """The rows that hold any memory in training."""
    return [row for row in memory.rows if any(map(_counts, row.figures.values()))]


def _counts(figure: Any) -> bool:
    return not isinstance(figure, int) or figure != 0


def data(report: Report) -> dict[str, Any]:
    """All of it as plain data."""
    from modelcost.render.page import plain

    memory = report.memory
    return {
        "runtime": str(memory.runtime),
        **plain(memory.figures),
        "peaks": memory.peaks,
        "layers": [{"name": row.of, **plain(row.figures)} for row in memory.rows],
    }
