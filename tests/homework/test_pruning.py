"""A long sum is searched only where a slip can be, and finds what a search of everything finds."""

from __future__ import annotations

import random
import re
from math import inf
from typing import Any

import pytest

import modelcost as mc
from modelcost.homework.answers import Claim
from modelcost.homework.form import Form
from modelcost.homework.marking import verdict_on
from modelcost.homework.numerals import numeral
from modelcost.homework.parts import COMMON
from modelcost.homework.points import Points
from modelcost.homework.search import Tried, searched
from modelcost.homework.slips import SWAPPED, Slip, slips
from modelcost.homework.subject import Subject
from modelcost.homework.sums import FAR, OMITTED, OTHER_SIZE, TWICE, WITHIN, TriedSum, placed
from tests.homework.planted import network, right

NEARBY = (("the classes", 10), ("the batch", 32), ("a size of the input", 224))
FIGURES = ("params", "multiplies", "adds", "flops", "activation_bytes")
NETWORKS = ("lenet5", "alexnet_grouped", "lstm_stack", "fashion_cnn_bn", "mobilenet_v2", "gpt2", "efficientnet_b0")


def forms(name: str) -> list[Form]:
    """The formulas of a network's layers, those that are alike once."""
    rows = mc.cost(name)
    return list(dict.fromkeys(Form(figure) for row in rows for one in FIGURES if (figure := getattr(row, one))))


@pytest.mark.parametrize("name", NETWORKS)
def test_what_a_slip_makes_is_among_the_points(name: str) -> None:
    for form in forms(name):
        points = Points(form, NEARBY)
        for slip in slips(form, NEARBY):
            value = form.valued(slip.values)
            assert points.fit(value, value), (form.whole.formula(), slip)
            assert points.fit(value - 1, value + 0.5), (form.whole.formula(), slip)


def test_most_other_figures_do_not_fit() -> None:
    chance, fitting, tried = random.Random(1), 0, 0
    for form in forms("mobilenet_v2"):
        points = Points(form, NEARBY)
        for _ in range(10):
            value = chance.randint(0, 2 * form.value)
            fitting += points.fit(value, value)
            tried += 1
    assert fitting < tried / 50


def by_hand(form: Form, low: float, high: float) -> list[tuple[float, str]]:
    """All slips of one formula that make a figure, each tried."""
    return sorted((one.bits, one.text) for one in slips(form, NEARBY) if low <= form.valued(one.values) <= high)


@pytest.mark.parametrize("exact", [True, False], ids=["exact", "rounded"])
def test_a_formula_is_searched_as_if_every_slip_were_tried(exact: bool) -> None:
    chance = random.Random(2)
    for _ in range(60):
        _, report, quantity, *_ = right(chance)
        figure = getattr(report["asked"], quantity)
        form = Form(figure)
        outcomes = [form.valued(slip.values) for slip in slips(form, NEARBY)]
        for value in (*chance.sample(outcomes, min(5, len(outcomes))), chance.randint(0, 3 * form.value)):
            low, high = (value, value) if exact else (value * 0.97, value * 1.02)
            found = [
                (bits, one.text) for bits, several in Tried(form, NEARBY).explained(low, high, 1) for one in several
            ]
            assert sorted(found) == by_hand(form, low, high)


def tried_one_by_one(parts: dict[str, Any], value: int, place: float) -> set[tuple[float, str]]:
    """What one slip in one part explains, or a part left out or counted twice: without looking which are alike."""
    whole, found = sum(map(int, parts.values())), set[tuple[float, str]]()
    for part in parts.values():
        found |= {(OMITTED + place, "left out")} if whole - part == value else set()
        found |= {(TWICE + place, "counted twice")} if whole + part == value else set()
        form = Form(part)
        for bits, text in by_hand(form, *[value - whole + part] * 2):
            found.add((bits + place + (OTHER_SIZE if bits >= SWAPPED else WITHIN), text))
    return found


WHOLE = ("everywhere", "without parts", "part alone", "without part", "part twice")
"""Slips with whole parts, by the ends of their kinds."""


def told(search: TriedSum, value: int) -> tuple[set[tuple[float, str]], float]:
    """What a search says of one part, without its name; and the bits beyond which it need not say any more."""
    found = [(bits, several[0]) for bits, several in search.explained(value, value, 1) if several]
    alone = ((bits, slip) for bits, slip in found if not slip.kind.endswith(WHOLE[:3]))
    limit = min((bits + FAR for bits, slip in found if slip.kind.endswith(WHOLE)), default=inf)
    return {(bits, _short(slip)) for bits, slip in alone}, limit


def _short(slip: Slip) -> str:
    if slip.kind in ("without part", "part twice"):
        return "left out" if slip.kind == "without part" else "counted twice"
    return slip.text.partition(": ")[2]


def test_a_sum_is_searched_as_if_every_part_were() -> None:
    chance, opened = random.Random(3), []
    for _ in range(25):
        model, _ = network(chance)
        report = mc.cost(model)
        quantity = chance.choice(("params", "multiplies"))
        parts = {row.name: figure for row in report if (figure := getattr(row, quantity))}
        form = Form(chance.choice(list(parts.values())))
        slip = chance.choice(slips(form, NEARBY))
        whole = getattr(report, quantity)
        for change in (form.valued(slip.values) - form.value, -form.value, form.value, chance.randint(-form.value, 99)):
            search, value = searched(whole, NEARBY), int(whole) + change
            assert isinstance(search, TriedSum)
            every, (found, limit) = tried_one_by_one(parts, value, search.place), told(search, value)
            expected = {one for one in every if one[0] <= limit}
            assert found == expected
            opened += [1 in part.search.known for part in search.parts if isinstance(part.search, Tried)]
            search.changes()  # now all are known, and looked up
            assert told(search, value) == (expected, limit)
    assert sum(opened) < len(opened) / 2


def blocks(many: int) -> mc.Report:
    """Convolutions that are alike, one after the other."""
    convs = [mc.Conv2D(16, 3, padding="same", name=f"conv{i}") for i in range(many)]
    return mc.cost(mc.Sequential([mc.Input((8, 8, 16)), *convs, mc.Flatten(), mc.Dense(10, name="classes")]))


def test_parts_that_are_alike_are_searched_once_and_told_once() -> None:
    report = blocks(8)
    search = searched(report.params, ())
    assert isinstance(search, TriedSum)
    assert sorted(len(part.names) for part in search.parts) == [1, 8]
    verdict = mc.check(report.params - 16, of=report.params, report=report)
    assert [one.text for one in verdict.likeliest] == ["conv0 or one of 7 like it: the bias (16) is left out"]
    verdict = mc.check(report.params - report["conv3"].params, of=report.params, report=report)
    assert verdict.slips == ["conv0 or one of 7 like it (2,320) is left out"]
    assert mc.check(blocks(2).params - 16, of=blocks(2).params).slips == ["conv0 or conv1: the bias (16) is left out"]


def test_filters_left_out_of_all_convolutions_leave_what_was_flattened_as_it_is() -> None:
    report = mc.cost("lenet5")
    claim = int(report.macs) - sum(
        row.macs - row.macs // row.output_shape[-1] for row in report.rows if "C" in row.name
    )
    assert mc.check(claim, of=report.macs).why == "in all of C1, C3, C5: the filters are left out"
    inputs = {"C1": 1, "C3": 6, "C5": 16, "F6": 120, "output": 84}
    claim = sum(int(report[name].macs) // size for name, size in inputs.items())
    assert mc.check(claim, of=report.macs).why == "in all of C3, C5, F6, output: the input channels are left out"


@pytest.mark.parametrize("name", ["alexnet_grouped", "fashion_cnn_bn", "lenet5"])
@pytest.mark.parametrize("quantity", ["flops", "multiplies", "params"])
def test_what_is_said_of_all_parts_has_no_size_of_the_first(name: str, quantity: str) -> None:
    search = searched(getattr(mc.cost(name), quantity), NEARBY)
    assert isinstance(search, TriedSum)
    said = [slip.text.partition(": ")[2] for _, _, slip, *_ in search.changes() if slip.kind.endswith("everywhere")]
    assert len(said) > 3
    for text in said:
        assert not re.search(r"\d\d|\d\*|[2-9]", text.replace("the factor 2 is", "")), text


def test_the_same_slip_in_two_parts_that_are_alike() -> None:
    report = blocks(8)
    both = mc.check(report.params - 2 * 2_320, of=report.params, report=report)
    assert both.slips == [
        "conv0 or one of 7 like it (2,320) is left out",
        "conv1 or one of 6 like it (2,320) is left out",
    ]


def test_what_is_likely_is_what_a_full_search_has_of_it() -> None:
    for form in forms("lstm_stack") + forms("mobilenet_v2"):
        every = [(slip.bits, slip.text) for slip in slips(form, NEARBY) if slip.bits <= COMMON]
        assert [(slip.bits, slip.text) for slip in Tried(form, NEARBY).likely(COMMON)] == every


def test_a_term_that_is_taken_away_is_one_that_makes_the_sum_larger_where_it_is_left_out() -> None:
    sizes = [mc.Count(value, name) for name, value in zip("KCFHW", (3, 5, 7, 11, 13), strict=True)]
    terms = [
        (one * 2 * other * 3).called(f"part{i}{j}") for i, one in enumerate(sizes) for j, other in enumerate(sizes)
    ]
    whole = terms[0]
    for i, term in enumerate(terms[1:]):
        whole = whole - term if i == 3 else whole + term
    search = searched(whole, ())
    assert isinstance(search, TriedSum)
    changes = {placed(change).text: change[0] for change in search.changes()}
    assert changes[f"part04 ({3 * 13 * 6:,}) is left out"] == 3 * 13 * 6


@pytest.mark.parametrize("figure", ["params", "multiplies", "one layer"])
def test_whether_one_slip_makes_a_figure_is_told_at_once(figure: str) -> None:
    report = blocks(5)
    count = report["classes"].params if figure == "one layer" else getattr(report, figure)
    search, chance = searched(count, NEARBY), random.Random(4)
    list(search.explained(int(count) + 1, int(count) + 1, 2))  # all slips are known from now on
    values = {int(count) + chance.randint(-3_000, 3_000) for _ in range(300)}
    values |= {search.form.valued(slip.values) for slip in slips(Form(count), NEARBY)[:50]}
    values |= {int(count) - row.params for row in report} - {int(count)}
    told = {value for value in values if search.reaches(value, value)}
    assert told == {value for value in values if any(several for _, several in search.explained(value, value, 1))}
    assert told and told != values
    assert search.reaches(0.0, 1.0)  # of a rounded figure it is not told


def test_what_is_told_of_a_figure_does_not_hang_on_what_was_claimed_before() -> None:
    """Rounded figures, of which much is equally likely, on a sheet on which all slips of the network are known."""
    setting, claims = {"batch": 32}, ["1.97e9", "≈ 1.9e9", "2.05e9", "1.1e9"]

    def verdicts(subject: Subject, several: list[str]) -> list[list[str]]:
        made = [verdict_on(Claim("", "model", "flops", numeral(one)), subject.another()) for one in several]
        return [[one.text for one in verdict.explanations] for verdict in made]

    first = [verdicts(Subject("alexnet", setting), [one])[0] for one in claims]
    sheet = Subject("alexnet", setting)
    verdicts(sheet, ["1,234,567,891", "987654321"])
    assert verdicts(sheet, claims) == first
    assert sum(len(texts) > 1 for texts in first) > 1
