"""What is held in memory at each step, stacked by kind: of a forward pass, and of a training step."""

from __future__ import annotations

from modelcost.errors import ModelCostError
from modelcost.render.plots import PALETTE, new_figure, text, with_prefix
from modelcost.render.units import exact, scaled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from modelcost.memory.buffers import Plan
    from modelcost.report import Report

COLORS = {
    "parameter": "blue",
    "optimizer state": "sky blue",
    "input": "grey",
    "cast": "black",
    "activation": "orange",
    "mask": "yellow",
    "gradient": "vermilion",
    "weight gradient": "purple",
    "workspace": "green",
}
"""The kinds of what is held, from the bottom up: what stays first."""


def drawn(report: Report) -> Any:
    """The figure: bytes over the steps of a forward pass, and below it of a training step, if it trains.

    Raises `ModelCostError` for a report that was read from a file, or where matplotlib is not installed.
    """
    plans = {"inference": planned(report).inference}
    if report.trains:
        plans["training"] = planned(report).training
    figure = new_figure(9, 1 + 3.6 * len(plans))
    each = figure.subplots(len(plans), 1, squeeze=False)[:, 0]
    for axes, (name, plan) in zip(each, plans.items(), strict=True):
        _stacked(axes, plan, report.batch)
        _peak(axes, plan, report.batch, name)
        axes.yaxis.set_major_formatter(with_prefix)
        axes.set_ylabel("bytes held")
        axes.set_xlim(0, len(plan.steps))
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    each[-1].set_xlabel("steps, in order")
    figure.suptitle(f"{text(report.model)}: memory of tensors, batch {exact(report.batch)}", fontsize=11)
    return figure


def planned(report: Report) -> Any:
    """The plans of what is held when.

    Raises `ModelCostError` for a report that was read from a file.
    """
    if report.planner is None:
        raise ModelCostError("a report that was read from a file has no plan of its memory; cost the model again")
    return report.memory


def _stacked(axes: Any, plan: Plan, batch: int) -> None:
    """One layer of the picture for each kind that is ever held; a step is as wide as any other."""
    edges = [float(i) for i in range(len(plan.steps) + 1)]
    below = [0.0] * len(edges)
    for kind, bytes in held_by_kind(plan, batch).items():
        above = [b + h for b, h in zip(below, [*bytes, bytes[-1]], strict=True)]
        color = PALETTE[COLORS[kind]]
        axes.fill_between(edges, below, above, step="post", color=color, label=kind, linewidth=0, rasterized=True)
        below = above
    axes.set_ylim(0, 1.18 * max(below))


def held_by_kind(plan: Plan, batch: int) -> dict[str, list[int]]:
    """For each kind of what is held the bytes at every step, the kinds from the bottom of the picture up."""
    held = {kind: bytes for kind, bytes in plan.by_kind(batch).items() if any(bytes)}
    return {kind: held[kind] for kind in sorted(held, key=list(COLORS).index)}


def _peak(axes: Any, plan: Plan, batch: int, name: str) -> None:
    """Where most is held, and where one phase ends and the next begins."""
    at = plan.peak_step(batch)
    most, step = plan.bytes(at, batch), plan.steps[at]
    axes.plot([at + 0.5], [most], marker="v", color="black", markersize=6, clip_on=False)
    axes.set_title(f"{name}: peak {scaled(most, 'B')} at {text(step.name)} ({step.phase})", fontsize=10)
    starts = {step.phase: i for i, step in reversed(list(enumerate(plan.steps)))}
    for phase, start in starts.items() if len(starts) > 1 else ():
        axes.axvline(start, color="black", linewidth=0.6, linestyle=":")
        late = start > 0.85 * len(plan.steps)  # its name would run out of the picture
        told, side = (f"{phase} ", "right") if late else (f" {phase}", "left")
        axes.annotate(told, (start, 1), xycoords=("data", "axes fraction"), fontsize=8, va="top", ha=side)
