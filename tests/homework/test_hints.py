"""With --hints-only a sheet says where to look and gives no figure away, in whatever form it is shown."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import modelcost as mc
from modelcost.homework.answers import Answers, answers, from_data
from modelcost.homework.form import Form
from modelcost.homework.marking import marked
from modelcost.homework.practice import answer_file, practice
from modelcost.homework.sheets import Sheet
from modelcost.homework.slips import slips
from modelcost.importers.yaml_text import yaml_text
from modelcost.render import FORMATS, rendered
from modelcost.render import marked as view

pytest.importorskip("yaml")

SHEETS = sorted((Path(__file__).parents[2] / "examples" / "homework").glob("*.yaml"))
NETWORKS = ("lenet5", "alexnet", "lstm_stack", "fashion_cnn_bn")


def worded(shown: Sheet, form: str) -> str:
    """A sheet in a format, without the numbers of its style."""
    return re.sub("<style>.*</style>", "", rendered(view, shown, form), flags=re.DOTALL)


def planted(name: str, seed: int) -> Answers:
    """A sheet on a network with eight slips in it."""
    return from_data(yaml_text(answer_file(practice(name, mc.cost(name), slips=8, seed=seed), blank=False)), name)


def numbers(text: str) -> set[str]:
    """Every whole number in a text, however its digits are grouped."""
    flat = re.sub(r"(?<=\d)[,_  ](?=\d{3}(?!\d))", "", text)
    return {word for one in (text, flat) for word in re.findall(r"(?<![\d.])\d+(?![\d.]*\d)", one)}


def gives_nothing_away(sheet: Sheet) -> None:
    claimed = {word for row in sheet.rows for word in numbers(view._claimed(row))}
    wrong = [row for row in sheet.rows if row.verdict.status in ("wrong", "carried forward")]
    assert wrong
    secrets = {str(int(row.verdict.right)) for row in wrong if row.verdict.right == int(row.verdict.right)}
    names = re.compile("|".join(sorted({re.escape(row.claim.of) for row in sheet.rows}, key=len, reverse=True)))
    for form in FORMATS:
        text = worded(sheet.hints, form)
        assert not numbers(text) & secrets - claimed, form
        shown = numbers(worded(sheet, form))
        assert secrets <= shown or form == "latex", form  # which the search would have found
    for row in wrong:
        assert not re.search(r"\d", names.sub("", row.verdict.hint)), row.verdict.hint
        assert not row.verdict.hint.endswith((" ", ":")), row.verdict.hint


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.stem)
def test_hints_on_the_sheets_of_five_courses(path: Path) -> None:
    sheet = marked(answers(str(path)))
    if not sheet and any(row.verdict.status == "wrong" for row in sheet.rows):
        gives_nothing_away(sheet)


@pytest.mark.parametrize("name", NETWORKS)
def test_hints_on_planted_sheets(name: str) -> None:
    for seed in range(3):
        gives_nothing_away(marked(planted(name, seed)))


@pytest.mark.parametrize("name", (*NETWORKS, "gpt2", "mobilenet_v2"))
def test_no_hint_of_any_slip_has_a_figure_in_it(name: str) -> None:
    for row in mc.cost(name):
        for quantity in ("params", "macs", "adds", "activation_bytes"):
            for slip in slips(Form(getattr(row, quantity)), [("the classes", 10)]):
                assert not re.search(r"\d", slip.hint), slip.hint
                assert slip.hint.strip() == slip.hint != ""
