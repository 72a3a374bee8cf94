"""What a page shows of training: a step layer by layer, and the passes of mini-batch, epoch and run."""

from __future__ import annotations

from modelcost.levels import LEVELS, TRAINING
from modelcost.render.blocks import Grid, Heading
from modelcost.render.units import exact, rounded
from modelcost.training.approximations import approximated

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from modelcost.render.blocks import Block
    from modelcost.report import Report
    from modelcost.training.approximations import Approximated

COLUMNS = {
    "forward_flops": "forward",
    "input_gradient_flops": "input gradients",
    "weight_gradient_flops": "weight gradients",
    "optimizer_flops": "optimizer",
    "flops": "all FLOPs",
}
"""The figures of a row of a training step, and their headings."""
PASSES = {
    **{name: name.removesuffix("_flops") for name in TRAINING},
    "flops": "all",
    "validation_flops": "validation",
    "test_flops": "test",
}
"""The figures of a level of training, and what each is of: those of training and their sum, then those apart."""


def blocks(report: Report) -> list[Block]:
    """The training step by layer, then its levels."""
    from modelcost.render.page import level_label

    return [
        Heading(f"Training: one step on a {level_label(report, 'minibatch')}"),
        rows_grid(report),
        Heading("Training: all passes"),
        Grid(
            ("of", "pass", "steps", "FLOPs", "exactly"),
            [line for name in LEVELS[1:] for line in _level(report, name)],
            2,
        ),
        *rules_of_thumb(report),
    ]


def rules_of_thumb(report: Report) -> list[Block]:
    """What rules of thumb say of the step, beside what it is."""
    found = approximated(report.training)
    lines = [(one.rule.name, rounded(one.flops), exact(one.flops), error(one)) for one in found]
    if not found:
        return []
    exactly = exact(found[0].exact_flops)
    heading = Heading(f"Rules of thumb for the step, forward and backward: {exactly} FLOPs exactly")
    return [heading, Grid(("rule", "FLOPs", "in full", "error"), lines)]


def error(one: Approximated) -> str:
    """By which part of the exact figure a rule of thumb is too high, or too low."""
    return f"{float(one.error):+.1%}"


def rows_grid(report: Report) -> Grid:
    """A row for everything that is done in a step: those of layers that do anything."""
    done = [row for row in report.training if any(figure != 0 for figure in row.figures.values())]
    rows = [(row.of, *_cells(row)) for row in done]
    return Grid(("layer", *COLUMNS.values()), rows, 1, ("total", *_cells(report.training.totals)))


def _cells(figures: Any) -> Iterator[str]:
    return (rounded(figures.figures[name]) for name in COLUMNS)


def _level(report: Report, name: str) -> Iterator[tuple[str, ...]]:
    from modelcost.render.page import level_label, missing

    label = level_label(report, name)
    if name not in report.levels:
        yield label, "", "", missing(report, name), ""
        return
    figures = report.levels[name].figures
    steps = exact(figures["steps"]) if "steps" in figures else ""
    for figure, words in PASSES.items():
        if figure in figures:
            yield label, words, steps, rounded(figures[figure]), exact(figures[figure])
            label = steps = ""


def data(report: Report) -> dict[str, Any]:
    """The training step as plain data."""
    from modelcost.render.page import plain

    rows = [{"name": row.of, **plain(row.figures)} for row in report.training]
    rules = [
        {
            "name": one.rule.name,
            **plain({"flops": one.flops, "exact_flops": one.exact_flops}),
            "error": float(one.error),
        }
        for one in approximated(report.training)
    ]
    return {"rows": rows, "totals": plain(report.training.totals.figures), "approximations": rules}
