"""`modelcost search MODEL...`: what it costs to look for the best of several networks."""

from __future__ import annotations

from argparse import ArgumentTypeError

from modelcost.commands.arguments import Parser, add_output, add_settings, settings, whole
from modelcost.commands.timing import add_timing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any


def parser(name: str = "search") -> Parser:
    """What `modelcost search` takes."""
    told = (
        "What a search for the best of several networks costs, at least, expected and at most: so many trials, each "
        "trained for all epochs, or a schedule by hyperband, as KerasTuner has them."
    )
    parser = Parser(f"modelcost {name}", told)
    parser.add_model("+", "the networks, each as likely; package.module:name may also be a list of them, or a Space: ")
    parser.add_argument("--trials", metavar="N", type=whole, help="networks drawn, each trained for --epochs")
    words = "draw and train as hyperband does: the most epochs, by which factor more, how often all of it (3, 1)"
    parser.add_argument("--hyperband", metavar="EPOCHS,FACTOR,TIMES", type=_schedule, help=words)
    add_settings(parser)
    add_timing(parser)
    add_output(parser)
    return parser


def run(name: str, words: Sequence[str]) -> int:
    """Show what the search costs."""
    given = parser(name).parsed(words)
    from modelcost.commands.output import shown
    from modelcost.render import tuned
    from modelcost.tuning import search

    chosen = {"batch": given.batch, **settings(given)}
    epochs = chosen.pop("epochs")
    how = {"trials": given.trials, "epochs": epochs, "hyperband": given.hyperband}
    shown(tuned, search(_space(given.model), **how, **chosen), given)
    return 0


def _schedule(text: str) -> tuple[int, ...]:
    several = tuple(map(whole, text.split(",")))
    if len(several) > 3:
        raise ArgumentTypeError("expected at most three whole numbers, such as 10,3,1")
    return several


def _space(texts: Sequence[str]) -> Any:
    """The networks that words stand for; a Space where one word stands for it."""
    from modelcost.commands.source import several
    from modelcost.space import Space

    found = [several(text) for text in texts]
    if len(found) == 1 and isinstance(found[0], Space):
        return found[0]
    return list(_together(found))


def _together(found: Sequence[Any]) -> Iterator[Any]:
    for one in found:
        if isinstance(one, list):
            yield from one
        else:
            yield one
