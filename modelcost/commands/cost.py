"""`modelcost MODEL`: what a model costs. Without a model: the help."""

from __future__ import annotations

from modelcost.commands.arguments import Parser, add_memory, add_output, add_rows, add_settings, arranged, costed
from modelcost.commands.plotting import add_plots, plotted
from modelcost.commands.timing import add_timing
from modelcost.errors import UnknownNameError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable, Sequence

    from modelcost.commands.limits import Limit
    from modelcost.report import Report

OTHERS = """\
other commands:
  modelcost explain MODEL [LAYER]     formula, numbers, result of every figure
  modelcost compare MODEL MODEL...    models side by side
  modelcost fit MODEL --memory 8GB    the largest batch that fits
  modelcost search MODEL MODEL...     what looking for the best costs
  modelcost sweep MODEL --batch 1:64  many sizes, or many models, as a table
  modelcost verify MODEL              the figures held against real Keras
  modelcost calibrate                 learn how fast this machine is
  modelcost check ANSWERS.yaml        homework: what is right, and why not
  modelcost practice MODEL            a sheet to fill in, or one with slips
  modelcost models | layers | conventions | cpus
                                      what there is
  modelcost completion bash | zsh     completion for your shell

examples:
  modelcost alexnet --batch 64
  modelcost explain alexnet conv1
  modelcost net.keras --data 60_000 --epochs 20 --format json
  modelcost resnet50 --input 320x320x3 --convention tf
  modelcost alexnet --cpu i3-540 --method textbook --data 10_000
"""


def parser(name: str | None = None) -> Parser:
    """What `modelcost MODEL` takes."""
    told = "What a neural network costs, exactly, before anything runs."
    parser = Parser("modelcost", told, OTHERS)
    parser.add_model("?")
    add_settings(parser)
    add_memory(parser)
    add_timing(parser)
    add_plots(parser)
    add_output(parser)
    words = "further columns of the table: receptive_field, intensity (FLOPs for each byte moved)"
    parser.add_argument("--columns", metavar="NAMES", help=words)
    add_rows(parser)
    words = "exit with status 1 if a figure is above, as params=1e6 or epoch.forward_flops=2T; may be given again"
    parser.add_argument("--max", metavar="FIGURE=N", action="append", default=[], help=words)
    parser.add_argument("--version", action="store_true", help="show the version and stop")
    return parser


def run(name: str | None, words: Sequence[str]) -> int:
    """Cost the model and show the report; 1 if it is above a `--max`."""
    if not words or tuple(words) == ("--version",):
        return _without_model(words)
    taken = parser(name)
    given = taken.parsed(words, _meant)
    if given.version:
        return _without_model(("--version",))
    if given.model is None:
        taken.error("which model?")
    from modelcost.commands.output import shown
    from modelcost.render import page

    report = _costed(given)
    limits = _limits(given.max, report)
    columns = given.columns.split(",") if given.columns else ()
    shown(page, arranged(report.with_columns(*columns), given), given)
    plotted(report, given)
    return _judged(limits)


def _costed(given: Namespace) -> Report:
    try:
        report: Report = costed(given, given.model)
    except UnknownNameError as error:
        from modelcost.commands.meant import command_or_model

        raise command_or_model(given.model) or error from None
    return report


def _meant(given: Namespace, others: list[str]) -> str:
    from modelcost.commands.meant import with_words

    return with_words(given.model, others)


def _without_model(words: Sequence[str]) -> int:
    from modelcost import __version__
    from modelcost.commands.output import said

    said(f"modelcost {__version__}\n" if words else parser().format_help())
    return 0


def _limits(texts: Iterable[str], report: Report) -> list[Limit]:
    if not texts:
        return []
    from modelcost.commands.limits import limit

    return [limit(text, report) for text in texts]


def _judged(limits: Iterable[Limit]) -> int:
    from modelcost.commands.output import warned

    over = [limit for limit in limits if limit.over]
    for limit in over:
        warned(f"modelcost: over the limit: {limit}")
    return 1 if over else 0
