"""`modelcost practice MODEL`: an answer sheet to fill in, or one with slips to find; and its solution."""

from __future__ import annotations

from modelcost.commands.arguments import Parser, add_output, add_settings, costed, whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

EPILOG = """\
examples:
  modelcost practice lenet5 > blank.yaml                    a sheet to fill in
  modelcost practice lenet5 --slips 3 --seed 7 > find.yaml  three slips to find
  modelcost practice lenet5 --slips 3 --seed 7 --solution   where they are
"""


def parser(name: str = "practice") -> Parser:
    """What `modelcost practice` takes."""
    told = "An answer sheet on a model: blank, or filled in with slips planted for teaching."
    parser = Parser(f"modelcost {name}", told, EPILOG)
    parser.add_model()
    parser.add_argument("--slips", metavar="N", type=whole, default=0, help="plant so many slips; 0 is a blank sheet")
    parser.add_argument("--seed", metavar="N", type=whole, default=0, help="which slips: the same ones each time (0)")
    parser.add_argument("--solution", action="store_true", help="show the right figures, and the slips, instead")
    add_settings(parser)
    add_output(parser)
    return parser


def run(name: str, words: Sequence[str]) -> int:
    """Write the sheet, or its solution."""
    given = parser(name).parsed(words)
    from modelcost.homework.practice import answer_file, practice

    sheet = practice(given.model, costed(given, given.model), given.slips, given.seed)
    if given.solution:
        from modelcost.commands.output import shown
        from modelcost.render import solved

        shown(solved, sheet, given)
    else:
        _write(answer_file(sheet, blank=not given.slips), given)
    return 0


def _write(text: str, given: Namespace) -> None:
    if given.output in (None, "-"):
        from modelcost.commands.output import said

        said(text, "; use --output FILE")
    else:
        from modelcost.commands.saving import saved

        saved(text, given.output)
