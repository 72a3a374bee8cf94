"""The options that draw a report into a file: what each layer has, what is held in memory, the roofline."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable
    from typing import Any

    from modelcost.commands.arguments import Parser
    from modelcost.report import Report

PLOTS = {
    "plot": "parameters, FLOPs and memory of each layer",
    "plot_memory": "what is held in memory at each step",
    "plot_roofline": "the CPU's roofline and the model's layers under it",
}
"""The methods of a report that draw, and what each draws: its option has its name."""


def add_plots(parser: Parser) -> None:
    """Take a file for each picture."""
    parser.section("pictures")
    for name, what in PLOTS.items():
        words = f"draw {what} into a file, .png, .svg or .pdf"
        parser.files.append(parser.add_argument(_option(name), metavar="FILE", help=words))


def plotted(report: Report, given: Namespace) -> None:
    """Draw what was asked for."""
    for name in PLOTS:
        path = getattr(given, name)
        if path is not None:
            saved_picture(getattr(report, name), path, _option(name))


def saved_picture(drawn: Callable[[], Any], path: str, option: str) -> None:
    """Draw into a file, as the ending of its name says; an error before anything is drawn where it says nothing."""
    from modelcost.commands.saving import saved
    from modelcost.errors import unknown
    from modelcost.render.plots import ENDINGS, written

    ending = path.rpartition(".")[2].lower()
    if ending not in ENDINGS:
        raise unknown("ending of a picture", ending, ENDINGS)
    saved(written(drawn(), ending), path, option)


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"
