"""What a command line that makes no sense may have meant."""

from __future__ import annotations

from modelcost import zoo
from modelcost.commands.arguments import is_option
from modelcost.errors import ModelCostError, nearest, unknown
from modelcost.importers import is_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST = 100  # characters of a suggestion
OF_A_MODEL = ("explain", "compare", "fit", "search", "sweep", "verify", "practice")
"""The commands that take a model."""


def is_model(word: str) -> bool:
    """Whether a word stands for a model: a name of the zoo, a file, or code."""
    return word in zoo.names() or is_path(word) or ":" in word


def command_or_model(word: str) -> ModelCostError | None:
    """The error for a word that is no model and most like a command; None if it is not that."""
    near = nearest(word, (*_commands(), *zoo.names()))
    return _unknown(word) if near and near[0] in _commands() and not is_model(word) else None


def with_words(first: str, others: Sequence[str]) -> str:
    """What to say of words that follow a model and have no place there.

    Raises `UnknownNameError` where the first is no model: it will have been meant as a command.

    >>> with_words("alexnet", ["conv1"])
    '; did you mean `modelcost explain alexnet conv1`?'
    """
    if not is_model(first):
        raise _unknown(first)
    words = [word for word in others if not is_option(word)]
    if words[0] in OF_A_MODEL:
        line = [words[0], first, *words[1:]]
    elif all(map(is_model, words)):
        line = ["compare", first, *words]
    elif len(words) == 1:
        line = ["explain", first, *words]
    else:
        return ""
    text = " ".join(("modelcost", *line))
    return f"; did you mean `{text}`?" if len(text) <= LONGEST else ""


def _unknown(word: str) -> ModelCostError:
    return unknown("command or model", word, (*_commands(), *zoo.names()))


def _commands() -> tuple[str, ...]:
    from modelcost.cli import COMMANDS

    return tuple(COMMANDS)
