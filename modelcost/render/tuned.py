"""The view of what a search costs: its space, how long it trains how many networks, and what that takes in all."""

from __future__ import annotations

from modelcost.render.blocks import Grid, Heading, Paragraph
from modelcost.render.page import flops_note
from modelcost.render.timed import duration
from modelcost.render.units import exact, rounded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from modelcost.render.blocks import Block
    from modelcost.tuning import SearchReport

WORDS = {
    "params": "parameters",
    "macs": "multiply-accumulates of an example",
    "flops": "FLOPs of an example, forward",
}
PASSES = {
    "flops": "FLOPs of training",
    "forward_flops": "FLOPs, forward alone",
    "validation_flops": "FLOPs of validation",
    "seconds": "time on the CPU",
}


def blocks(found: SearchReport) -> list[Block]:
    """What a person sees."""
    spread = [(WORDS[name], *map(rounded, (one.least, one.median, one.most))) for name, one in found.spreads.items()]
    groups = [(exact(networks), exact(epochs), exact(networks * epochs)) for networks, epochs in found.search.groups]
    totals = (exact(found.drawn), "", exact(found.total_epochs))
    costs = [(PASSES[name], *_told(name, found)) for name in found.costs]
    return [
        Heading(f"A search over {found.networks:,} networks", 1),
        Grid(("of a network", "least", "median", "most"), spread),
        Heading("Networks that are trained"),
        Grid(("networks", "epochs of each", "epochs"), groups, 0, totals),
        Heading("The whole search"),
        Grid(("of", "least", "expected", "most"), costs),
        Paragraph(
            f"Trained on {exact(found.examples)} examples in {exact(found.steps)} steps. Networks are drawn once each; "
            "least and most are of those drawn that cost least and most, trained as long as can be."
        ),
        Paragraph(flops_note(found.convention)),
    ]


def _told(name: str, found: SearchReport) -> list[str]:
    cost = found.costs[name]
    told = duration if name == "seconds" else rounded
    return [told(_plain(name, value)) for value in (cost.least, cost.expected, cost.most)]


def _plain(name: str, value: Any) -> Any:
    """A figure as it is written: seconds with a fraction, all others the nearest whole number."""
    return float(value) if name == "seconds" else round(value)


def records(found: SearchReport) -> list[list[Any]]:
    """A line for each figure, exact."""
    lines = [[name, one.least, "", one.most] for name, one in found.spreads.items()]
    return [["of", "least", "expected", "most"], *lines, *([name, *_three(name, found)] for name in found.costs)]


def _three(name: str, found: SearchReport) -> list[Any]:
    cost = found.costs[name]
    return [_plain(name, value) for value in (cost.least, cost.expected, cost.most)]


def data(found: SearchReport) -> dict[str, Any]:
    """All of it as plain data; what is expected as the nearest whole number."""
    spreads = {
        name: {"least": int(one.least), "median": int(one.median), "most": int(one.most)}
        for name, one in found.spreads.items()
    }
    return {
        "batch": found.batch,
        "convention": found.convention,
        "settings": found.settings,
        "space": {"networks": found.networks, **spreads},
        "drawn": int(found.drawn),
        "groups": [{"networks": int(networks), "epochs": int(epochs)} for networks, epochs in found.search.groups],
        "total_epochs": int(found.total_epochs),
        "steps": int(found.steps),
        "examples": int(found.examples),
        "search": {
            name: dict(zip(("least", "expected", "most"), _three(name, found), strict=True)) for name in found.costs
        },
    }
