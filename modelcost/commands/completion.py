"""`modelcost completion bash`: a script that makes the shell complete commands, options, and names."""

from __future__ import annotations

from argparse import SUPPRESS, ArgumentParser

from modelcost.commands.arguments import Parser, one_of
from modelcost.errors import ModelCostError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

SHELLS = ("bash", "zsh")
EPILOG = """\
examples:
  eval "$(modelcost completion bash)"          for this shell
  modelcost completion bash >> ~/.bashrc       for every bash to come
  modelcost completion zsh > ~/.zfunc/_modelcost
"""


def parser(name: str = "completion") -> Parser:
    """What `modelcost completion` takes."""
    parser = Parser(f"modelcost {name}", "Completion for your shell: prints the script that it is to read.", EPILOG)
    words = " or ".join(SHELLS)
    parser.add_argument("shell", metavar="SHELL", type=one_of("shell", SHELLS), choices=SHELLS, help=words)
    return parser


def run(name: str, words: Sequence[str]) -> int:
    """Print the script.

    Raises `ModelCostError` where shtab, which writes it, is not installed.
    """
    given = parser(name).parsed(words)
    try:
        from shtab import FILE, complete
    except ImportError:
        raise ModelCostError("completion needs shtab: pip install 'modelcost[completion]'") from None
    from modelcost.commands.output import said

    said(complete(everything(FILE), shell=given.shell) + "\n")
    return 0


def everything(file: Any) -> ArgumentParser:
    """All that can be typed as one parser: the commands, and each model as a command that takes the options."""
    from modelcost import zoo
    from modelcost.cli import COMMANDS

    root = Parser("modelcost", "")
    root.add_argument("--version", action="store_true", help="show the version and stop")
    commands = root.add_subparsers(parser_class=ArgumentParser)
    for name in COMMANDS:
        commands.add_parser(name, parents=[_known(name, file)], add_help=False, help=f"{name} ...")
    first, *others = zoo.names()
    commands.add_parser(first, aliases=others, parents=[_known(None, file)], add_help=False, help="what it costs")
    return root


def _known(name: str | None, file: Any) -> Parser:
    """The parser of a command, with names for its models and files for its output."""
    from modelcost import zoo
    from modelcost.cli import command

    parser: Parser = command(name).parser(name)
    for action in parser.files:
        action.complete = file  # type: ignore[attr-defined]
    for action in parser.models:
        action.choices = zoo.names()
        action.help = action.help if name else SUPPRESS
    return parser
