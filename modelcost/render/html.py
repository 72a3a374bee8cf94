"""HTML: a page that stands by itself, with no script and nothing from elsewhere."""

from __future__ import annotations

from html import escape

from modelcost.render.blocks import Grid, Heading, Paragraph
from modelcost.render.escape import visible
from modelcost.render.table import working_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from modelcost.render.blocks import Block

STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:72em;margin:2em auto;padding:0 1em}"
    "table{border-collapse:collapse;margin:1em 0}th,td{padding:.25em .75em;text-align:left;vertical-align:top}"
    "th{border-bottom:2px solid}td{border-bottom:1px solid #ccc}"
    ".n{text-align:right;font-variant-numeric:tabular-nums}tfoot td{font-weight:bold;border-top:2px solid}"
)


def written(blocks: Sequence[Block]) -> str:
    """Blocks as a whole page; every text in it is escaped."""
    title = next((block.text for block in blocks if isinstance(block, Heading)), "modelcost")
    head = f'<meta charset="utf-8"><title>{text(title)}</title><style>{STYLE}</style>'
    return f'<!doctype html>\n<html lang="en">\n<head>{head}</head>\n<body>\n{body(blocks)}\n</body>\n</html>\n'


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
        return f"<p>{text(block.text)}</p>"
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
    inner = "".join(f"<{tag}{'' if i < left else ' class=n'}>{text(cell)}</{tag}>" for i, cell in enumerate(cells))
    return f"<tr>{inner}</tr>"
