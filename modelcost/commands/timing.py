"""The options about time: which CPU, by which method, under which assumptions."""

from __future__ import annotations

from argparse import ArgumentTypeError

from modelcost.commands.arguments import add_choice, whole
from modelcost.errors import ModelCostError, short

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from typing import Any

    from modelcost.commands.arguments import Parser

METHODS = ("textbook", "roofline", "calibrated", "measure")
MODES = ("graph", "eager", "predict")
FIGURES = {"cores": "cores", "ghz": "GHz", "flops_per_cycle": "float32 operations of a core in a cycle",
           "bandwidth": "GB/s of memory"}  # fmt: skip


def measured(text: str) -> float:
    """A number above 0."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e12:
        raise ArgumentTypeError(f"expected a number above 0. Received: {short(text)}")
    return value


def add_timing(parser: Parser) -> None:
    """What is to be known for a time."""
    parser.section("time")
    words = 'a CPU for the time: a name (see `modelcost cpus`), a .toml file of your own, or "this" machine'
    parser.add_argument("--cpu", metavar="NAME", help=words)
    add_choice(parser, "--method", METHODS, None, "textbook, roofline, calibrated or measure")
    add_choice(parser, "--mode", MODES, None, "how the model is called: graph, eager, or Keras's predict (graph)")
    for name, what in FIGURES.items():
        kind = measured if name in ("ghz", "bandwidth") else whole
        option = f"--{name.replace('_', '-')}"
        parser.add_argument(option, metavar="N", type=kind, help=f"{what}, instead of the CPU's own")
    words = "another value for an assumption of the method, as backward_ratio=3; may be given again"
    parser.add_argument("--assume", metavar="NAME=N", action="append", default=[], help=words)


def timing(given: Namespace) -> dict[str, Any]:
    """The arguments of `cost` that are about time; none where no CPU was asked for."""
    figures = {name: getattr(given, name) for name in FIGURES if getattr(given, name, None) is not None}
    asked = [name for name in ("method", "mode", "assume", "plot_roofline") if getattr(given, name, None)]
    if getattr(given, "cpu", None) is None and not figures:
        if asked:
            raise ModelCostError(f"--{asked[0].replace('_', '-')} is about the time on a CPU; give --cpu")
        return {}
    mode = {"mode": given.mode} if given.mode else {}
    return {"cpu": _cpu(given.cpu, figures), "method": given.method, "assume": _assumed(given.assume), **mode}


def _cpu(name: str | None, figures: dict[str, Any]) -> Any:
    if not figures:
        return name
    from modelcost.timing.cpu import CPU
    from modelcost.timing.own import cpu_of

    if name is not None:
        return cpu_of(name).changed(**figures)
    if not {"cores", "ghz"} <= set(figures):
        raise ModelCostError("a CPU without a name needs --cores and --ghz; or give --cpu")
    return CPU("given", **figures)


def _assumed(texts: list[str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise ModelCostError(f"--assume takes a name and a number, as backward_ratio=3. Received: {short(text)}")
        try:
            found[name] = float(value)
        except ValueError:
            raise ModelCostError(f"--assume {name} must be a number. Received: {short(value)}") from None
    return found
