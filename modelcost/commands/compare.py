"""`modelcost compare MODEL MODEL...`: models side by side."""

from __future__ import annotations

from modelcost.commands.arguments import Parser, add_output, add_settings, costed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def parser(name: str = "compare") -> Parser:
    """What `modelcost compare` takes."""
    parser = Parser(f"modelcost {name}", "Models side by side, costed with the same settings.")
    parser.add_model("+", "two or more: ")
    add_settings(parser)
    add_output(parser)
    return parser


def run(name: str, words: Sequence[str]) -> int:
    """Show the comparison."""
    taken = parser(name)
    given = taken.parsed(words)
    if len(given.model) < 2:
        taken.error("compare takes two models or more")
    from modelcost.commands.output import shown
    from modelcost.render import compare

    shown(compare, [costed(given, model) for model in given.model], given)
    return 0
