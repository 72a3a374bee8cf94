"""Text for a terminal.

Grids are drawn here and not by tabulate, which takes longer to import than everything else together.
"""

from __future__ import annotations

from modelcost.render.blocks import Grid, Heading, Paragraph
from modelcost.render.escape import visible
from modelcost.render.paint import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from modelcost.render.blocks import Block, Working
    from modelcost.render.paint import Paint
    from modelcost.report import Report

GAP = "  "
WIDEST = 60  # characters of one cell, whatever the terminal
NARROWEST = (
    8,
    24,
)  # a column of words is cut to a quarter of the width, between these; then the table is folded
ZEROS = ("0", "0 B", "0 s")
FILL = 100  # characters of a line of text where the width of the terminal is not known


def table(report: Report, width: int | None = None) -> str:
    """The report as a table for a terminal `width` characters wide, or as wide as it needs."""
    from modelcost.render.page import blocks

    return written(blocks(report), width)


def written(blocks: Sequence[Block], width: int | None = None, paint: Paint = plain) -> str:
    """Blocks as text, an empty line between them; a heading stands right above a grid."""
    lines: list[str] = []
    for block in blocks:
        if isinstance(block, Heading):
            style = "title" if block.level == 1 else "heading"
            lines += [""] if lines and lines[-1] else []
            lines += [paint(line, style) for line in filled(visible(block.text), width or len(visible(block.text)))]
            lines += [""] if block.level == 1 else []
        elif isinstance(block, Paragraph):
            text = filled(visible(block.text), width or FILL)
            lines += [paint(line, "warning") for line in text] if block.warning else text
        elif isinstance(block, Grid):
            lines += [*grid(block, width, paint), ""]
        else:
            lines += [line for working in block.workings for line in working_lines(working, width or FILL)] + [""]
    return "\n".join(lines).rstrip("\n") + "\n"


def grid(block: Grid, width: int | None = None, paint: Paint = plain) -> list[str]:
    """The lines of a grid. Too wide for `width`, words give way: cut short, or filled where there are only words;
    and if that is not enough, the grid is folded: columns of numbers that have no room stand below, again by name.
    """
    rows = [[visible(cell) for cell in row] for row in (block.headings, *block.rows, *_total(block))]
    only_words = block.left == len(block.headings)
    if not only_words:
        rows = [[cut(cell, WIDEST) for cell in row] for row in rows]
    widths = _fitting([max(map(columns, column)) for column in zip(*rows, strict=True)], block.left, only_words, width)
    folds = [] if only_words else _folds(widths, block.left, width)
    if len(folds) > 1:
        lefts = [block.left, *[1] * (len(folds) - 1)]
        each = [_folded(block, fold, left) for fold, left in zip(folds, lefts, strict=True)]
        return [line for i, one in enumerate(each) for line in ([""] if i else []) + grid(one, width, paint)]
    lines = [_lines(row, widths, block.left, only_words, paint) for row in rows]
    rule = paint(GAP.join("-" * one for one in widths), "rule")
    head, body = lines[0], lines[1:-1] if block.total else lines[1:]
    foot = [rule, *(paint(line, "total") for line in lines[-1])] if block.total else []
    return [*(paint(line, "heading") for line in head), rule, *(line for row in body for line in row), *foot]


def _total(block: Grid) -> list[Sequence[str]]:
    return [block.total] if block.total else []


def _fitting(widths: list[int], left: int, only_words: bool, width: int | None) -> list[int]:
    """Widths that go into the terminal, as far as words can give way: names before shapes, the widest first."""
    if width is None:
        return widths
    fitting, room = list(widths), width - len(GAP) * (len(widths) - 1)
    least, most = NARROWEST
    for columns_that_give in ([left - 1],) if only_words else (range(min(left, 2)), range(left)):
        while sum(fitting) > room:
            widest = max(columns_that_give, key=lambda column: fitting[column])
            if fitting[widest] <= least or (fitting[widest] <= most and 4 * fitting[widest] <= width):
                break
            fitting[widest] -= 1
    return fitting


def _folds(widths: Sequence[int], left: int, width: int | None) -> list[list[int]]:
    """The columns that stand side by side: words and the numbers beside them, then names and further numbers."""
    folds = [list(range(left))]
    for column in range(left, len(widths)):
        fold = folds[-1]
        taken = sum(widths[one] + len(GAP) for one in fold)
        alone = len(fold) == (left if len(folds) == 1 else 1)
        if width is None or alone or taken + widths[column] <= width:
            fold.append(column)
        else:
            folds.append([0, column])
    return folds


def _folded(block: Grid, fold: Sequence[int], left: int) -> Grid:
    headings, *rows = ([row[i] for i in fold] for row in (block.headings, *block.rows, *_total(block)))
    return Grid(headings, rows[:-1], left, rows[-1]) if block.total else Grid(headings, rows, left)


def _lines(cells: Sequence[str], widths: Sequence[int], left: int, only_words: bool, paint: Paint = plain) -> list[str]:
    if not only_words:
        return [_line([cut(cell, width) for cell, width in zip(cells, widths, strict=True)], widths, left, paint)]
    first, *more = filled(cells[-1], widths[-1])
    blank = [""] * (len(cells) - 1)
    return [_line([*cells[:-1], first], widths, left), *(_line([*blank, line], widths, left) for line in more)]


def _line(cells: Sequence[str], widths: Sequence[int], left: int, paint: Paint = plain) -> str:
    spaces = [" " * (width - columns(cell)) for cell, width in zip(cells, widths, strict=True)]
    shown = [paint(cell, "nothing") if cell in ZEROS else cell for cell in cells]
    padded = (c + s if i < left else s + c for i, (c, s) in enumerate(zip(shown, spaces, strict=True)))
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
