"""Colour for a terminal: what stands out and what steps back. Text that goes elsewhere stays plain."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Paint = Callable[[str, str], str]

STYLES = {"title": "1;36", "heading": "1", "total": "1", "rule": "2", "nothing": "2", "warning": "33", "error": "1;31"}
"""What a piece of text is, and the codes of ECMA-48 that show it: bold, faint, and three of the terminal's colours."""


def plain(text: str, style: str) -> str:
    """The text as it is."""
    return text


def painted(text: str, style: str) -> str:
    r"""The text in a style.

    >>> painted("0", "nothing")
    '\x1b[2m0\x1b[0m'
    """
    return f"\x1b[{STYLES[style]}m{text}\x1b[0m" if text else text
