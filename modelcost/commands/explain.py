"""`modelcost explain MODEL [LAYER]`: every figure with its working."""

from __future__ import annotations

from modelcost.commands.arguments import Parser, add_memory, add_output, add_settings, costed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def parser(name: str = "explain") -> Parser:
    """What `modelcost explain` takes."""
    parser = Parser(f"modelcost {name}", "Formula, numbers and result of every figure of a model, or of one layer.")
    parser.add_model()
    words = "a layer's name; without it, all layers and the totals"
    parser.add_argument("layer", metavar="LAYER", nargs="?", help=words)
    add_settings(parser)
    add_memory(parser)
    add_output(parser)
    return parser


def run(name: str, words: Sequence[str]) -> int:
    """Show the workings."""
    given = parser(name).parsed(words)
    from modelcost.commands.output import shown
    from modelcost.render import explain

    shown(explain, explain.Explained(costed(given, given.model), given.layer), given)
    return 0
