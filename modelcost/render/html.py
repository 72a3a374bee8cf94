"""HTML: a page that stands by itself, with no script and nothing from elsewhere."""

from __future__ import annotations

from html import escape

from modelcost.render.blocks import Grid, Heading, Paragraph, Workings
from modelcost.render.escape import visible
from modelcost.render.table import working_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from modelcost.render.blocks import Block

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
"""What a browser lets a page do: nothing but show itself.

Styles are let in because charts and tables set sizes; with nothing to be reached they can do no harm.
"""
STYLE = (
    "body{max-width:80rem}td{white-space:normal;vertical-align:top}td.n{white-space:nowrap}"
    "tfoot td{white-space:nowrap}tbody td:last-child:not(.n){min-width:16rem}pre{overflow-x:auto;margin:.5rem 0}"
)
"""What a page of blocks has besides the style that all pages share: sentences in its tables, which are filled."""


def base_style() -> str:
    """The style that all pages share: colours in light and dark, type, tables, paper."""
    from importlib.resources import files

    return files("modelcost.render").joinpath("base.css").read_text(encoding="utf-8")


def written(blocks: Sequence[Block]) -> str:
    """Blocks as a whole page; every text in it is escaped."""
    title = next((block.text for block in blocks if isinstance(block, Heading)), "modelcost")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<link rel="icon" href="data:,">\n'
        f"<title>{text(title)}</title>\n<style>\n{base_style()}{STYLE}\n</style>\n</head>\n"
        f"<body>\n<main>\n{_scrolling(blocks)}\n</main>\n</body>\n</html>\n"
    )


def _scrolling(blocks: Sequence[Block]) -> str:
    """Blocks, each that may be wider than the page in a box of its own that scrolls, also by keyboard."""
    return "\n".join(
        f'<div class="scrolls" role="group" aria-label="{_label(block)}" tabindex="0">\n{_block(block)}\n</div>'
        if isinstance(block, Grid | Workings)
        else _block(block)
        for block in blocks
    )


def _label(block: Grid | Workings) -> str:
    return text(", ".join(block.headings)) if isinstance(block, Grid) else "Workings"


def body(blocks: Sequence[Block]) -> str:
    """Blocks as a piece of a page, with no style of its own; every text in it is escaped."""
    return "\n".join(_block(block) for block in blocks)


def text(given: str) -> str:
    """A text as a page shows it.

    >>> text("<b> & co")
    '&lt;b&gt; &amp; co'
    """
    return escape(visible(given))


def _block(block: Block) -> str:
    if isinstance(block, Heading):
        return f"<h{block.level}>{text(block.text)}</h{block.level}>"
    if isinstance(block, Paragraph):
        return f"<p{' class=warning' if block.warning else ''}>{text(block.text)}</p>"
    if isinstance(block, Grid):
        return _grid(block)
    lines = (line[2:] for working in block.workings for line in working_lines(working, 100))
    return "<pre>{}</pre>".format("\n".join(text(line) for line in lines))


def _grid(block: Grid) -> str:
    head = _row(block.headings, block.left, "th")
    body = "\n".join(_row(row, block.left) for row in block.rows)
    foot = f"\n<tfoot>{_row(block.total, block.left)}</tfoot>" if block.total else ""
    return f"<table>\n<thead>{head}</thead>\n<tbody>\n{body}\n</tbody>{foot}\n</table>"


def _row(cells: Sequence[str], left: int, tag: str = "td") -> str:
    name = f"{tag} scope=col" if tag == "th" else tag
    inner = "".join(f"<{name}{'' if i < left else ' class=n'}>{text(cell)}</{tag}>" for i, cell in enumerate(cells))
    return f"<tr>{inner}</tr>"
