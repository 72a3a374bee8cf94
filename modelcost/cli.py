"""The command line: which command, and what becomes of errors.

Exit status 0: fine; 1: the answer is no; 2: bad usage or bad input.
"""

from __future__ import annotations

import sys

from modelcost.errors import ModelCostError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

COMMANDS = {
    "explain": "explain",
    "compare": "compare",
    "fit": "fit",
    "search": "search",
    "sweep": "sweep",
    "verify": "verify",
    "check": "check",
    "practice": "practice",
    "models": "listings",
    "layers": "listings",
    "conventions": "listings",
    "cpus": "cpus",
    "calibrate": "calibrate",
    "completion": "completion",
}
"""Each command and its module, which is loaded when it is named. Anything else is a model to be costed."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line, `sys.argv` if none is given; the exit status.

    >>> main(["--version"])
    modelcost 0.1.0
    0
    """
    words = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        return _run(words)
    except ModelCostError as error:
        return _complain(str(error))
    except OSError as error:
        return _complain(str(error))
    except KeyboardInterrupt:
        return 130


def _run(words: list[str]) -> int:
    name = words[0] if words and words[0] in COMMANDS else None
    status: int = command(name).run(name, words[1:] if name else words)
    return status


def command(name: str | None) -> Any:
    """The module of a command, loaded; None is that which costs a model."""
    from importlib import import_module

    return import_module(f"modelcost.commands.{COMMANDS[name] if name else 'cost'}")


def _complain(text: str) -> int:
    from modelcost.commands.output import colored, warned
    from modelcost.render.escape import visible
    from modelcost.render.paint import painted, plain

    paint = painted if sys.stderr is not None and colored(sys.stderr) else plain
    warned(f"{paint('modelcost: error:', 'error')} {visible(text)}")
    return 2
