"""From a report to text. A view says what is shown, a format says how it looks; any view goes with any format.

A view is a module with three functions of its subject: `blocks` (headings, grids, workings: for people),
`records` (lines of cells: for spreadsheets) and `data` (plain data: for programs). A format is a module that
writes one of these. A view may have a page of its own, `html`, and formats of its `OWN`, which write it in another way.
Both are loaded when they are asked for.
"""

from __future__ import annotations

from modelcost.errors import unknown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol

    from modelcost.render.blocks import Block

    class View(Protocol):
        """What a view module offers."""

        def blocks(self, subject: Any, /) -> list[Block]: ...


FORMATS = ("table", "markdown", "csv", "json", "latex", "html")


def rendered(view: View, subject: Any, format: str = "table", width: int | None = None, color: bool = False) -> str:
    """The text of a view of `subject` in one of `FORMATS`; `width` is that of the terminal, if there is one,
    and `color` whether it shows colours.

    Raises `UnknownNameError` for a format that is not known.
    """
    own = getattr(view, "OWN", {})
    if format in own:
        text: str = own[format](subject)
        return text
    if format == "table":
        from modelcost.render.paint import painted, plain
        from modelcost.render.table import written

        return written(view.blocks(subject), width, painted if color else plain)
    if format in ("json", "csv"):
        return _exact(view, subject, format)
    if format == "markdown":
        from modelcost.render import markdown

        return markdown.written(view.blocks(subject))
    if format == "html":
        return _page(view, subject)
    if format == "latex":
        from modelcost.render import latex

        return latex.written(view.blocks(subject))
    raise unknown("format", format, FORMATS)


def _exact(view: Any, subject: Any, format: str) -> str:
    """For programs: the view's plain data, or its records."""
    if format == "json":
        from modelcost.render.json import dumped

        return dumped(view.data(subject))
    from modelcost.render.csv import lines

    return lines(view.records(subject))


def _page(view: View, subject: Any) -> str:
    """HTML: the view's own page, or else its blocks as one."""
    from modelcost.render import html

    own: Callable[[Any], str] | None = getattr(view, "html", None)
    return own(subject) if own is not None else html.written(view.blocks(subject))
