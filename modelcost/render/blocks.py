"""What a page for people is made of: headings, paragraphs, grids of cells, and workings."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


class Heading:
    """A line that says what follows; level 1 is the page's own."""

    __slots__ = ("level", "text")

    def __init__(self, text: str, level: int = 2) -> None:
        self.text, self.level = text, level


class Paragraph:
    """A sentence or more, to be filled to the width of the page; a warning should not be overlooked."""

    __slots__ = ("text", "warning")

    def __init__(self, text: str, warning: bool = False) -> None:
        self.text, self.warning = text, warning


class Grid:
    """Headings over rows of cells; the first `left` columns are words, the others numbers; perhaps a total below."""

    __slots__ = ("headings", "left", "rows", "total")

    def __init__(
        self, headings: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1, total: Sequence[str] | None = None
    ) -> None:
        self.headings, self.rows, self.left, self.total = headings, rows, left, total


class Working:
    """How one figure came about: its name, and its steps: the formula, the numbers put in, the result.

    `count` is what was worked out, from which a format may take its own notation; `depth` indents a part;
    `of_figures`: the names in it are those of other figures, not of sizes.
    """

    __slots__ = ("count", "depth", "name", "of_figures", "steps")

    def __init__(self, name: str, count: Any, depth: int = 0, of_figures: bool = False) -> None:
        self.name, self.count, self.depth, self.of_figures = name, count, depth, of_figures
        self.steps = _steps(self.count)


class Workings:
    """Several workings, one below the other."""

    __slots__ = ("workings",)

    def __init__(self, workings: Sequence[Working]) -> None:
        self.workings = workings


Block = Heading | Paragraph | Grid | Workings


def _steps(count: Any) -> list[str]:
    """Formula, numbers and result, with nothing said twice; what is no count says its result itself."""
    result = f"{count:,}" if isinstance(count, int) else getattr(count, "result", None)
    steps: list[str] = []
    for step in (count.formula(), count.numbers(), result):
        if step is not None and (not steps or steps[-1].replace(",", "") != step.replace(",", "")):
            steps.append(step)
    return steps
