"""Where text goes: to the terminal, down a pipe, or into a file."""

from __future__ import annotations

import os
import sys

from modelcost.errors import ModelCostError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from typing import Any


def shown(view: Any, subject: Any, given: Namespace) -> None:
    """Write a view of `subject` in the format and to the place that were asked for."""
    from modelcost.render import rendered

    text = rendered(view, subject, given.format, None if given.output is not None else terminal_width())
    if given.output is None:
        said(text)
    else:
        from modelcost.commands.saving import saved

        saved(text, given.output)


def terminal_width() -> int | None:
    """How wide the terminal is; None where the text does not go to one."""
    if sys.stdout is None or not sys.stdout.isatty():
        return None
    asked = os.environ.get("COLUMNS", "")
    if asked.isascii() and asked.isdigit() and 0 < len(asked) < 6:
        return int(asked) or None
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or None
    except OSError:
        return None


def said(text: str) -> None:
    """Write to standard output. A reader that has gone away, as `head` does, is no error."""
    if sys.stdout is None:
        raise ModelCostError("standard output is closed; use --output FILE")
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
