"""Text for a terminal.

Grids are drawn here and not by tabulate, which takes longer to import than everything else together.
"""

from __future__ import annotations

from modelcost.render.blocks import Grid, Heading, Paragraph
from modelcost.render.escape import visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from modelcost.render.blocks import Block, Working
    from modelcost.report import Report

GAP = "  "
WIDEST = 60  # characters of one cell, whatever the terminal
NARROWEST = 8  # to which a column is cut before the table may be wider than the terminal
FILL = 100  # characters of a line of text where the width of the terminal is not known


def table(report: Report, width: int | None = None) -> str:
    """The report as a table for a terminal `width` characters wide, or as wide as it needs."""
    from modelcost.render.page import blocks

    return written(blocks(report), width)


def written(blocks: Sequence[Block], width: int | None = None) -> str:
    """Blocks as plain text, an empty line between them; a heading stands right above a grid."""
    lines: list[str] = []
    for block in blocks:
        if isinstance(block, Heading):
            lines += [*([""] if lines and lines[-1] else []), visible(block.text), *([""] if block.level == 1 else [])]
        elif isinstance(block, Paragraph):
            lines += filled(visible(block.text), width or FILL)
        elif isinstance(block, Grid):
            lines += [*grid(block, width), ""]
        else:
            lines += [line for working in block.workings for line in working_lines(working, width or FILL)] + [""]
    return "\n".join(lines).rstrip("\n") + "\n"


def grid(block: Grid, width: int | None = None) -> list[str]:
    """The lines of a grid; too wide for `width`, words give way: cut short, or filled where there are only words."""
    rows = [[visible(cell) for cell in row] for row in (block.headings, *block.rows, *_total(block))]
    only_words = block.left == len(block.headings)
    if not only_words:
        rows = [[cut(cell, WIDEST) for cell in row] for row in rows]
    widths = _fitting([max(map(columns, column)) for column in zip(*rows, strict=True)], block.left, only_words, width)
    lines = [line for row in rows for line in _lines(row, widths, block.left, only_words)]
    rule = GAP.join("-" * one for one in widths)
    return [lines[0], rule, *lines[1:-1], *([rule] if block.total else []), lines[-1]]


def _total(block: Grid) -> list[Sequence[str]]:
    return [block.total] if block.total else []


def _fitting(widths: list[int], left: int, only_words: bool, width: int | None) -> list[int]:
    """Widths that go into the terminal, as far as words can give way: names before shapes, the widest first."""
    fitting, room = list(widths), None if width is None else width - len(GAP) * (len(widths) - 1)
    for columns_that_give in ([left - 1],) if only_words else (range(min(left, 2)), range(left)):
        while room is not None and sum(fitting) > room:
            widest = max(columns_that_give, key=lambda column: fitting[column])
            if fitting[widest] <= NARROWEST:
                break
            fitting[widest] -= 1
    return fitting


def _lines(cells: Sequence[str], widths: Sequence[int], left: int, only_words: bool) -> list[str]:
    if not only_words:
        return [_line([cut(cell, width) for cell, width in zip(cells, widths, strict=True)], widths, left)]
    first, *more = filled(cells[-1], widths[-1])
    blank = [""] * (len(cells) - 1)
    return [_line([*cells[:-1], first], widths, left), *(_line([*blank, line], widths, left) for line in more)]


def _line(cells: Sequence[str], widths: Sequence[int], left: int) -> str:
    spaces = [" " * (width - columns(cell)) for cell, width in zip(cells, widths, strict=True)]
    padded = (c + s if i < left else s + c for i, (c, s) in enumerate(zip(cells, spaces, strict=True)))
    return GAP.join(padded).rstrip()


def columns(text: str) -> int:
    """How many columns of a terminal the text takes: East Asian characters take two, accents that join none."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def cut(text: str, most: int) -> str:
    """The text in at most `most` columns; what is missing is marked."""
    if columns(text) <= most:
        return text
    while columns(text) > most - 1:
        text = text[:-1]
    return f"{text}…"


def filled(text: str, width: int, indent: str = "") -> list[str]:
    """The text in lines of at most `width` characters, broken at spaces; later lines are indented."""
    lines, line = [], ""
    for word in text.split(" "):
        if line and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = indent + word
        else:
            line = f"{line} {word}" if line else word
    return [*lines, line]


def working_lines(working: Working, width: int) -> list[str]:
    """A working on one line if it fits, else each step on a line of its own."""
    space, name = GAP * (working.depth + 1), visible(working.name)
    steps = [visible(step) for step in working.steps]
    line = f"{space}{' = '.join((name, *steps))}"
    if len(line) <= width:
        return [line]
    lead = " " * (len(space) + len(name))
    texts = [f"{space}{name} = {steps[0]}", *(f"{lead} = {step}" for step in steps[1:])]
    return [line for text in texts for line in _broken(text, width, f"{lead}   ")]


def _broken(text: str, width: int, indent: str) -> list[str]:
    """A step in lines: broken after a plus, so that a term stays whole."""
    terms, lines = text.split(" + "), [""]
    for i, term in enumerate(terms):
        piece = term if i == len(terms) - 1 else f"{term} +"
        if not lines[-1]:
            lines[-1] = piece
        elif len(lines[-1]) + 1 + len(piece) > width:
            lines.append(indent + piece)
        else:
            lines[-1] += f" {piece}"
    return lines
