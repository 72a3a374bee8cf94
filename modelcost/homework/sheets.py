"""A marked sheet: every claim with its verdict and its points; and how it is shown."""

from __future__ import annotations

from copy import copy
from fractions import Fraction

from modelcost.homework.verdict import UNJUDGED, Verdict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from os import PathLike
    from typing import Any

    from modelcost.homework.answers import Claim
    from modelcost.model import Model


def mark(
    answers: str | PathLike[str] | Mapping[str, Any],
    *,
    model: Model | str | None = None,
    marking: str = "full",
    **setting: Any,
) -> Sheet:
    """Mark an answer file, as `modelcost check` does: a sheet that a notebook shows as a table.

    `answers`: a path of YAML, or of CSV for a class, or the same as plain data. `model`, and settings such as
    `batch=32`: where the answers name none. `marking`: "full" gives a figure that follows from an earlier one its
    points, "strict" does not.

    Raises `ModelCostError` for a file that cannot be read or is no answer file, a claim about what is not there, a
    figure that is none.

    >>> sheet = mark({"claims": [{"of": "C1", "quantity": "params", "claim": "150", "points": 2}]}, model="lenet5")
    >>> bool(sheet), [row.verdict.why for row in sheet.rows], sheet.points()
    (False, ['the bias (6) is left out'], (Fraction(0, 1), Fraction(2, 1)))
    """
    from modelcost.homework.answers import given
    from modelcost.homework.marking import marked

    return marked(given(answers, model, setting), marking)


class Marked:
    """A claim with its verdict and the points it gets."""

    __slots__ = ("claim", "points", "verdict")

    def __init__(self, claim: Claim, verdict: Verdict, points: Fraction) -> None:
        self.claim, self.verdict, self.points = claim, verdict, points


class Sheet:
    """A marked sheet: every claim of it in `rows`, each with `claim`, `verdict`, `points`; true where all are right.

    `marking`: "full" gives the points of a figure that follows from an earlier one, "strict" does not. `hints_only`:
    whether it shows only where to look, and no answer.
    """

    def __init__(self, title: str, rows: Sequence[Marked], marking: str, hints_only: bool = False) -> None:
        self.title, self.rows, self.marking, self.hints_only = title, list(rows), marking, hints_only

    def __bool__(self) -> bool:
        return all(row.verdict or row.verdict.status == UNJUDGED for row in self.rows)

    @property
    def students(self) -> list[str]:
        """Whose claims these are, in order; "" where nobody is named."""
        return list(dict.fromkeys(row.claim.student for row in self.rows))

    def points(self, student: str | None = None) -> tuple[Fraction, Fraction]:
        """The points that were given and those that there are, of one student or of all."""
        rows = [row for row in self.rows if student in (None, row.claim.student) and row.verdict.status != UNJUDGED]
        return sum((row.points for row in rows), Fraction(0)), sum((row.claim.points for row in rows), Fraction(0))

    @property
    def hints(self) -> Sheet:
        """The same sheet for students: it shows where to look, and no answer."""
        found = copy(self)
        found.hints_only = True
        return found

    def __repr__(self) -> str:
        right = sum(bool(row.verdict) for row in self.rows)
        return f"<Sheet {self.title!r}: {len(self.rows):,} claims, {right:,} right>"

    def __str__(self) -> str:
        return self._written("table")

    def _repr_html_(self) -> str:
        """How a notebook shows it."""
        from modelcost.render import marked as view
        from modelcost.render.notebook import html

        return html(view, self)

    def to_html(self) -> str:
        """The sheet as a page that stands by itself."""
        return self._written("html")

    def to_csv(self) -> str:
        """A line for each claim, as CSV."""
        return self._written("csv")

    def to_json(self) -> str:
        """The sheet as JSON text."""
        return self._written("json")

    def _written(self, format: str) -> str:
        from modelcost.render import marked as view
        from modelcost.render import rendered

        return rendered(view, self, format)
