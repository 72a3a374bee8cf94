"""LaTeX, as a piece to be put into a document: needs no package but amsmath, and that for workings alone."""

from __future__ import annotations

from modelcost.count import Count
from modelcost.render.blocks import Grid, Heading, Paragraph
from modelcost.render.escape import latex as escaped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from modelcost.render.blocks import Block, Working

LONGEST = 1500
"""Characters of mathematics that a notebook sets at once: the total of a deep network has thousands of terms."""


def written(blocks: Sequence[Block]) -> str:
    """Blocks as LaTeX, an empty line between them."""
    return "\n\n".join(_block(block) for block in blocks) + "\n"


def _block(block: Block) -> str:
    if isinstance(block, Grid):
        return grid(block)
    if isinstance(block, Heading):
        return rf"\{'sub' * (block.level - 1)}section*{{{escaped(block.text)}}}"
    if isinstance(block, Paragraph):
        return escaped(block.text)
    lines = " \\\\\n".join(_working(working) for working in block.workings)
    return f"\\begin{{align*}}\n{lines}\n\\end{{align*}}"


def grid(block: Grid) -> str:
    """A grid as a tabular."""
    from tabulate import tabulate

    rows = [[escaped(cell) for cell in row] for row in (*block.rows, *([block.total] if block.total else []))]
    sides = ["left" if i < block.left else "right" for i in range(len(block.headings))]
    headings = [escaped(heading) for heading in block.headings]
    return str(tabulate(rows, headings, "latex_raw", colalign=sides, disable_numparse=True))


def _working(working: Working) -> str:
    count = working.count
    is_size = count.name == working.name and working.name.partition("_")[0].isupper()
    name = _math(Count(0, working.name).latex()) if is_size else rf"\text{{{escaped(working.name)}}}"
    return f"{name} &= " + " \\\\\n&= ".join(_steps(count))


def displayed(count: Any) -> str | None:
    """A count as a notebook shows it: formula, numbers and result, but for those that are too long to be set.

    None where there is nothing to show but a number.

    >>> print(displayed(Count(3, "K") * Count(16, "C")))
    $\\displaystyle K \\cdot C = 3 \\cdot 16 = 48$
    """
    if count.name is None and not count.args:
        return None
    fitting = [step for step in _steps(count) if len(step) <= LONGEST]
    return f"$\\displaystyle {' = '.join(fitting)}$" if fitting else None


def _steps(count: Any) -> list[str]:
    """Formula, numbers and result, with nothing said twice; a formula without a value has no result."""
    result = f"{count:,}" if isinstance(count, int) else getattr(count, "result", None)
    result = result and result.replace(",", "{,}").replace(" s", r"\,\mathrm{s}")
    steps: list[str] = []
    for step in (_math(count.latex()), _math(count.latex(numbers=True)), result) if hasattr(count, "latex") else ():
        if step is not None and (not steps or steps[-1] != step.replace("{,}", "")):
            steps.append(step)
    return steps


def _math(text: str) -> str:
    """Formulas come escaped, but for what does not print: that is left out of mathematics."""
    return "".join(c if c.isprintable() else "?" for c in text)
