"""Where text goes: to the terminal, down a pipe, or into a file."""

from __future__ import annotations

import os
import sys

from modelcost.errors import ModelCostError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from typing import Any, TextIO


def shown(view: Any, subject: Any, given: Namespace) -> None:
    """Write a view of `subject` in the format and to the place that were asked for."""
    from modelcost.render import rendered

    to_file = given.output not in (None, "-")
    text = rendered(view, subject, given.format, *((None, False) if to_file else (terminal_width(), colored())))
    if not to_file:
        said(text, "; use --output FILE")
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


def colored(stream: TextIO | None = None) -> bool:
    """Whether a stream, standard output if none is named, goes to a terminal whose user wants colours.

    By the custom of NO_COLOR: it is set, to anything, where none are wanted.
    """
    stream = stream or sys.stdout
    unwanted = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return stream is not None and stream.isatty() and not unwanted


def said(text: str, way_out: str = "") -> None:
    """Write to standard output. A reader that has gone away, as `head` does, is no error.

    Raises `ModelCostError`, with a way out, where it is closed or takes no more.
    """
    if sys.stdout is None:
        raise ModelCostError(f"standard output is closed{way_out}")
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        _silence(sys.stdout)
    except OSError as error:
        raise ModelCostError(f"cannot write to standard output: {error.strerror}") from None


def warned(text: str) -> None:
    """Write a line to standard error, if that can be done: the exit status says it all the same."""
    if sys.stderr is None:
        return
    try:
        print(text, file=sys.stderr, flush=True)
    except OSError:
        _silence(sys.stderr)


def _silence(stream: TextIO) -> None:
    """Let what a stream still holds go nowhere, so that Python does not fail on it when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
