"""Markdown, as repositories and notebooks show it."""

from __future__ import annotations

from modelcost.render.blocks import Grid, Heading, Paragraph
from modelcost.render.escape import markdown as escaped
from modelcost.render.table import working_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from modelcost.render.blocks import Block, Workings


def written(blocks: Sequence[Block]) -> str:
    """Blocks as Markdown, an empty line between them."""
    return "\n\n".join(_block(block) for block in blocks) + "\n"


def _block(block: Block) -> str:
    if isinstance(block, Grid):
        return grid(block)
    if isinstance(block, Heading):
        return f"{'#' * (block.level + 1)} {escaped(block.text)}"
    return escaped(block.text) if isinstance(block, Paragraph) else _code(block)


def grid(block: Grid) -> str:
    """A grid as a Markdown table; the total is bold."""
    from tabulate import tabulate

    rows = [[escaped(cell) for cell in row] for row in block.rows]
    if block.total:
        rows.append([f"**{escaped(cell)}**" if cell else "" for cell in block.total])
    sides = ["left" if i < block.left else "right" for i in range(len(block.headings))]
    headings = [escaped(heading) for heading in block.headings]
    return str(tabulate(rows, headings, "pipe", colalign=sides, disable_numparse=True))


def _code(block: Workings) -> str:
    """Workings as a block of code, between fences that nothing inside can close."""
    text = "\n".join(line[2:] for working in block.workings for line in working_lines(working, 100))
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}text\n{text}\n{fence}"
