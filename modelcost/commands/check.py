"""`modelcost check ANSWERS.yaml`: which figures are right, and which slip made the wrong ones."""

from __future__ import annotations

from modelcost.commands.arguments import Parser, add_choice, add_output, whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

EPILOG = """\
an answer file:
  model: lenet5                  or a file, or input: [28, 28, 1], layers: [...]
  setting: {batch: 32, data: 60_000, validation: 0.2, epochs: 10}
  claims:
    - {of: C1, quantity: params, claim: 156, working: 6*5*5*1+6, points: 2}
    - {of: model, quantity: flops, claim: "≈ 8e5"}

examples:
  modelcost check answers.yaml
  modelcost check answers.yaml --hints-only
  modelcost check class.csv --model lenet5 --format html --output marked.html
"""


def parser(name: str = "check") -> Parser:
    """What `modelcost check` takes."""
    from modelcost.homework.marking import MARKING

    told = "Mark an answer file: what is right, and why the rest is wrong. Status 1 if not all is right."
    parser = Parser(f"modelcost {name}", told, EPILOG)
    words = "an answer file: YAML, or CSV with the columns student, of, quantity, claim"
    parser.files.append(parser.add_argument("answers", metavar="ANSWERS", help=words))
    parser.add_argument("--model", metavar="MODEL", help="the model, where the file names none")
    for option, words in (
        ("batch", "examples in a mini-batch"),
        ("data", "training examples"),
        ("epochs", "epochs"),
    ):
        parser.add_argument(f"--{option}", metavar="N", type=whole, help=f"{words}, where the file does not say")
    words = "a fraction of the data, or so many examples beside them"
    parser.add_argument("--validation", metavar="X", help=words)
    parser.add_argument("--hints-only", action="store_true", help="say where the slip is without giving the answer")
    words = "what a figure that follows from a wrong one gets: its points, or none"
    add_choice(parser, "--marking", MARKING, "full", words)
    add_output(parser)
    return parser


def run(name: str, words: Sequence[str]) -> int:
    """Mark the file and show the sheet; 1 if anything is wrong."""
    given = parser(name).parsed(words)
    from modelcost.commands.output import shown
    from modelcost.commands.source import code_or_name
    from modelcost.homework.sheets import mark
    from modelcost.render import marked as view

    asked = {word: getattr(given, word) for word in ("batch", "data", "epochs", "validation")}
    setting = {word: value for word, value in asked.items() if value is not None}
    model = None if given.model is None else code_or_name(given.model)
    sheet = mark(given.answers, model=model, marking=given.marking, **setting)
    shown(view, sheet.hints if given.hints_only else sheet, given)
    return 0 if sheet else 1
