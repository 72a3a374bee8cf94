"""`modelcost verify MODEL`: the figures, held against real Keras and the TensorFlow profiler."""

from __future__ import annotations

from modelcost.commands.arguments import Parser, add_output, whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def parser(name: str = "verify") -> Parser:
    """What `modelcost verify` takes."""
    words = (
        "Prove a model's figures against real Keras and the TensorFlow profiler. Status 1 if anything is unexplained."
    )
    parser = Parser(f"modelcost {name}", words)
    parser.add_model()
    parser.add_argument("--batch", metavar="N", type=whole, default=2, help="examples for which it is traced (2)")
    add_output(parser)
    return parser


def run(name: str, words: Sequence[str]) -> int:
    """Verify, tell what is being done meanwhile, and show what was found."""
    given = parser(name).parsed(words)
    from modelcost.commands.output import shown, warned
    from modelcost.commands.source import code_or_name
    from modelcost.render import verified
    from modelcost.verification import verify

    found = verify(code_or_name(given.model), given.batch, tell=lambda text: warned(f"modelcost: {text} ..."))
    shown(verified, found, given)
    return 0 if found else 1
