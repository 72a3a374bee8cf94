"""The view of a marked sheet: every claim with its verdict, what went wrong, and the points."""

from __future__ import annotations

from modelcost.render.blocks import Grid, Heading, Paragraph

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fractions import Fraction
    from typing import Any

    from modelcost.homework.sheets import Marked, Sheet
    from modelcost.render.blocks import Block

TOLD = {"right": "right", "right by convention": "right, by another convention", "wrong": "WRONG"}
"""How a verdict stands in the table; others as they are."""


def blocks(sheet: Sheet) -> list[Block]:
    """What a person sees of a marked sheet: a table for each student."""
    found: list[Block] = [Heading(f"{sheet.title}: marked", 1)]
    if len(sheet.students) > 1 and not sheet.hints_only:
        found.append(
            Grid(
                ("student", "points", "of"),
                [(student or "nobody", *_points(sheet, student)) for student in sheet.students],
            )
        )
    for student in sheet.students:
        rows = [row for row in sheet.rows if row.claim.student == student]
        found += [Heading(student)] if student else []
        found.append(_grid(rows, sheet, student))
    return [*found, Paragraph(_summary(sheet)), *(Paragraph(line) for line in _legend(sheet))]


def _grid(rows: list[Marked], sheet: Sheet, student: str) -> Grid:
    several = len({row.claim.model for row in sheet.rows}) > 1
    if sheet.hints_only:
        headings = ("of", "claimed", "verdict", "where to look")
        return Grid(headings, [(_of(row, several), _claimed(row), _status(row), _hint(row)) for row in rows], 4)
    given, possible = _points(sheet, student)
    lines = [(_of(row, several), _claimed(row), _right(row), points(row.points), _verdict(row)) for row in rows]
    total = ("total", "", "", f"{given} of {possible}", "")
    return Grid(("of", "claimed", "right", "points", "verdict"), lines, 5, total)


def _of(row: Marked, several: bool) -> str:
    """What a claim is about; its model, too, where there is more than one."""
    return f"{row.claim.model}: {row.claim.name}" if several else row.claim.name


def _status(row: Marked) -> str:
    return TOLD.get(row.verdict.status, row.verdict.status)


def _claimed(row: Marked) -> str:
    from modelcost.homework.verdict import written

    return written(row.claim.given)


def _right(row: Marked) -> str:
    from modelcost.homework.verdict import written

    return "" if row.verdict.right is None else written(row.verdict.right)


def _verdict(row: Marked) -> str:
    if row.verdict.status == "right by convention":
        return row.verdict.why
    return f"{_status(row)}: {row.verdict.why}" if row.verdict.why else _status(row)


def _hint(row: Marked) -> str:
    return "" if row.verdict.status in ("right", "right by convention", "not judged") else row.verdict.hint


def points(value: Fraction) -> str:
    """Points as they are written: whole, or with the part that there is.

    >>> from fractions import Fraction
    >>> points(Fraction(3)), points(Fraction(1, 2))
    ('3', '0.5')
    """
    return str(int(value)) if value.denominator == 1 else f"{float(value):g}"


def _points(sheet: Sheet, student: str | None = None) -> tuple[str, str]:
    """The points given and those that there are, of one student or of all."""
    given, possible = sheet.points(student)
    return points(given), points(possible)


def _legend(sheet: Sheet) -> list[str]:
    """What the conventions are that verdicts name, a line each."""
    return list(dict.fromkeys(f"{line}." for row in sheet.rows for line in row.verdict.legend))


def _summary(sheet: Sheet) -> str:
    found: dict[str, int] = {}
    for row in sheet.rows:
        found[row.verdict.status] = found.get(row.verdict.status, 0) + 1
    counted = ", ".join(f"{many} {status}" for status, many in found.items())
    marking = {
        "full": "Full marking: a figure that follows from an earlier one has its points.",
        "strict": "Strict marking: a figure that follows from a wrong one has no points.",
    }[sheet.marking]
    many = f"{len(sheet.rows):,} {'claim' if len(sheet.rows) == 1 else 'claims'}"
    return f"{many}: {counted}. {'' if sheet.hints_only else marking}".strip()


def data(sheet: Sheet) -> dict[str, Any]:
    """A marked sheet as plain data."""
    given, possible = _points(sheet)
    head: dict[str, Any] = {"title": sheet.title, "marking": sheet.marking, "right": bool(sheet)}
    if not sheet.hints_only:
        head |= {"points": given, "of_points": possible}
        named = [(student, *_points(sheet, student)) for student in sheet.students if student]
        head |= {"students": [dict(zip(("student", "points", "of_points"), one, strict=True)) for one in named]}
    return {**head, "claims": [_claim_data(row, sheet.hints_only) for row in sheet.rows]}


def _claim_data(row: Marked, hints_only: bool) -> dict[str, Any]:
    claim, verdict = row.claim, row.verdict
    found: dict[str, Any] = {
        **({"student": claim.student} if claim.student else {}),
        "model": claim.model,
        "of": claim.of,
        "quantity": claim.quantity,
        "claim": _claimed(row),
        "verdict": verdict.status,
    }
    if hints_only:
        return {**found, "hint": _hint(row)}
    explanations = [
        {"slips": [slip.text for slip in one.slips], "convention": one.reference.convention, "certain": one.certain}
        for one in verdict.explanations
    ]
    return {
        **found,
        "right": _right(row),
        "points": points(row.points),
        "convention": verdict.convention,
        "why": verdict.why,
        "explanations": explanations,
    }


def records(sheet: Sheet) -> list[list[Any]]:
    """A line for each claim."""
    told = "hint" if sheet.hints_only else "why"
    head = ["student", "model", "of", "quantity", "claim", "verdict", told]
    if not sheet.hints_only:
        head[5:5] = ["right", "points"]
    lines = []
    for row in sheet.rows:
        claim = row.claim
        line = [claim.student, claim.model, claim.of, claim.quantity, _claimed(row), row.verdict.status]
        line.append(_hint(row) if sheet.hints_only else row.verdict.why)
        if not sheet.hints_only:
            line[5:5] = [_right(row), points(row.points)]
        lines.append(line)
    return [head, *lines]
