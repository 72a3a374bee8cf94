"""What can go wrong together, what cannot, and what is told for certain: rules that hold for every formula."""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import Any

import pytest

import modelcost as mc
from modelcost.conventions import CONVENTIONS
from modelcost.count import Count, product, total
from modelcost.homework.answers import Claim
from modelcost.homework.checking import subject_of
from modelcost.homework.diagnosis import CLOSE, DOUBTFUL, MARGIN_OF_ROUNDED, Explanation, diagnosed, information
from modelcost.homework.form import Form
from modelcost.homework.marking import verdict_on
from modelcost.homework.matched import differences
from modelcost.homework.nearby import nearby
from modelcost.homework.numerals import numeral
from modelcost.homework.practice import MOST_BITS, practice
from modelcost.homework.references import BY_HAND, Reference, references
from modelcost.homework.search import MOST_TRIED, Tried, searched
from modelcost.homework.sums import TriedSum
from modelcost.homework.verdict import Verdict
from modelcost.homework.words import is_size
from modelcost.homework.working import working


def primes(**sizes: int) -> dict[str, Any]:
    """Sizes that are primes, so that no two ways lead to one figure by chance."""
    return {name: Count(value, name) for name, value in sizes.items()}


def flattened() -> Any:
    """A dense layer on what was flattened: U*(H*W*F) + U."""
    s = primes(U=101, H=7, W=11, F=13)
    return s["U"] * product([s["H"], s["W"], s["F"]]).called("C") + s["U"]


def convolution() -> Any:
    """A convolution with its bias: K*K*C*F + F."""
    s = primes(K=5, C=17, F=29)
    return product([s["K"], s["K"], s["C"], s["F"]]) + s["F"]


@pytest.mark.parametrize("count", [flattened(), convolution()], ids=["flattened", "convolution"])
def test_two_slips_are_about_different_things(count: Any) -> None:
    """No size is put in twice, and neither slip undoes what the other does."""
    tried = Tried(Form(count), [("the classes", 10)])
    pairs = [several for _, _, several in tried.outcomes(2)]
    assert len(pairs) > 50
    for several in pairs:
        for one, other in itertools.combinations(several, 2):
            both = one.values.keys() & other.values.keys()
            assert all(0 in (one.values[place], other.values[place]) for place in both), several
        alone = [tried.form.valued(slip.values) for slip in several]
        for value, _, (slip, *more) in tried.outcomes(2):
            if (slip, *more) == several:
                assert value not in alone, several


@pytest.mark.parametrize(("count", "bits"), [(2, 10.0), (3, 11.5)])
def test_the_likeliest_are_tried_however_far_a_search_goes(count: int, bits: float) -> None:
    """Of more sets of slips than are tried, the rarest are left out; nothing hangs on earlier claims."""
    net = mc.cost("alexnet", batch=32)
    others = nearby(subject_of(net.flops.source), "conv1")
    found = []
    for limits in ((bits,), (40.0, bits), (bits, 40.0, bits)):
        tried = Tried(Form(net["conv1"].flops), others)
        for limit in limits:
            rows = tried.outcomes(count, limit)
        assert (len(rows) == MOST_TRIED[count]) is (40.0 in limits)
        found.append({(value, slips) for value, one, slips in rows if one <= bits})
    told = [{(value, tuple(slip.text for slip in slips)) for value, slips in rows} for rows in found]
    assert told[0] == told[1] == told[2]
    assert len(told[0]) > 100


def convolved(size: int, stride: int) -> Any:
    """What a 3x3 convolution multiplies, valid padding: the same 10x10 from another input."""
    layer = mc.Conv2D(31, 3, strides=stride, name="c")
    return mc.cost(mc.Sequential([mc.Input((size, size, 7)), layer]))["c"].multiplies


def test_formulas_with_the_same_numbers_but_another_input_are_not_alike() -> None:
    plain, strided = convolved(12, 1), convolved(21, 2)
    assert plain == strided
    assert plain.formula() == strided.formula()
    assert Form(plain) != Form(strided)
    assert Form(plain) == Form(convolved(12, 1))
    for count, size in ((plain, 12), (strided, 11), (plain, 12)):
        (found,) = [one for one in Tried(Form(count)).slips if one.kind == "same"]
        assert found.text.startswith(f"{size} x {size} places, those of same padding")


def test_no_part_of_a_sum_is_lost_twice() -> None:
    parts = {"conv1": 1_009, "conv2": 20_011, "dense1": 300_007}
    count = total(product([Count(value, "C"), Count(3, "K")]).called(name) for name, value in parts.items())
    search = searched(count)
    assert isinstance(search, TriedSum)
    twice = int(count) - 3 * (parts["conv1"] + 2 * parts["conv2"])
    for claim in (twice, int(count) - 3 * (parts["conv1"] + parts["conv2"])):
        for _, slips in search.explained(claim, claim, 2):
            lost = [name for name in parts for slip in slips if name in slip.text and "left out" in slip.text]
            assert len(lost) == len(set(lost)), slips


NET = mc.cost("fashion_cnn_bn", batch=64, data=60_000, epochs=10, validation=0.2, optimizer="adam")


def verdict(of: str, name: str, claim: Any, **more: Any) -> Verdict:
    """The verdict on one claim of a sheet."""
    return verdict_on(Claim("", of, name, numeral(claim), **more), subject_of(NET.flops.source))


def test_several_slips_are_told_only_of_figures_that_say_enough() -> None:
    """A sheet of short figures: what takes many more bits than their digits say is not told, not even with a doubt."""
    count = NET["conv4"].flops
    several = 0
    rounded = [f"{digits}e3" for digits in range(311, 2_000, 97)]
    rounded += [f"≈ {digits}e4" for digits in range(311, 900, 37)]
    for claim in (*range(100_000, 900_000, 17_777), *rounded):
        figure = numeral(claim)
        says = information(figure) - (0.0 if figure.exact else MARGIN_OF_ROUNDED)
        for one in diagnosed(figure, [Reference(count)]):
            if len(one.slips) > 1:
                several += 1
                assert one.bits <= says + DOUBTFUL, (claim, one)
    assert several


def test_another_layer_s_figure_is_that_and_nothing_more() -> None:
    """Something or other is nearly every number: beside the figure of another layer no slip is told."""
    others = [row.params for row in NET if row.params]
    seen = 0
    for claim in {int(other) + change for other in others for change in (0, -32, -64, 64, 1)}:
        for one in verdict("conv3", "params", claim).explanations:
            kinds = [slip.kind for slip in one.slips]
            seen += "another layer" in kinds
            assert len(kinds) == 1 or "another layer" not in kinds, (claim, one)
    assert seen


def test_a_working_is_held_against_what_was_asked_for() -> None:
    """28*28*30 is not the number of outputs with a wrong factor, where multiply-adds were asked for."""
    found = verdict("conv2", "macs", 28 * 28 * 30, working="28*28*30")
    assert "30 stands where the 32 filters belong" not in [one.text for one in found.explanations]
    right = verdict("conv2", "macs", 28 * 28 * 30 * 9 * 32, working="28*28*30*3*3*32")
    assert right.explanations[0].text.startswith("30 stands where the 32 ")


@pytest.mark.parametrize(("factor", "what", "missing"), [(15, "16 input channels", "128 filters"),
                                                         (120, "128 filters", "16 input channels")])  # fmt: skip
def test_what_stands_in_a_working_is_taken_for_the_nearest_that_is_missing(
    factor: int, what: str, missing: str
) -> None:
    sizes = [Count(value, name) for name, value in
             (("H_out", 11), ("W_out", 13), ("F", 128), ("K", 3), ("K", 3), ("C", 16))]  # fmt: skip
    found = differences(working(f"11*13*{factor}*3*3"), Form(product(sizes)))
    assert found is not None
    assert [slip.text for slip in found] == [f"{factor} stands where the {what} belong", f"the {missing} are left out"]


def test_what_comes_out_by_hand_is_less_likely_meant_where_the_exact_figure_is_known() -> None:
    subject = subject_of(NET.flops.source)
    known = references(subject, "model", "flops_per_epoch")
    assert [(one.way, one.bits) for one in known if not one.by.endswith(tuple(CONVENTIONS)) and one.slip is None] == [
        ("", 0), ("3x forward", BY_HAND),
    ]  # fmt: skip
    subject.own["model", "flops", ""] = numeral(28_000_000)
    carried = references(subject.carried(), "model", "flops_per_epoch")
    assert {one.bits for one in carried if one.way and not one.convention and one.slip is None} == {0}


MLP = mc.cost("mnist_mlp", batch=1, optimizer="adam")
"""Where the optimizer does more than the passes: three times forward is below the exact figure."""


@pytest.mark.parametrize(("report", "direction"), [(NET, "above"), (MLP, "below")])
def test_how_far_a_figure_by_hand_is_off_is_said_with_its_direction(report: mc.Report, direction: str) -> None:
    claim, right = 3 * report.batch * int(report.flops), int(report.minibatch.flops)
    off = float(Fraction(claim - right, right))
    assert (off < 0) == (direction == "below")
    assert mc.check(claim, of=report.minibatch.flops).note == f"{abs(off):.2%} {direction} the exact figure"


def test_names_of_layers_and_passes_are_no_sizes() -> None:
    for name in ("conv1", "dense", "forward pass", "kernel", "input", "x", "H2", ""):
        assert not is_size(name), name
    for name in ("H", "K_h", "C_group", "steps", "bytes", "passes"):
        assert is_size(name), name
    found = [slip.text for slip in Tried(Form(product([Count(7, "N"), Count(1_009, "forward pass")]))).slips]
    assert "the batch of 7 is left out" in found
    assert not any("forward pass 1,009 is left out" in text or "where the forward pass" in text for text in found)


def test_a_figure_that_follows_from_none_of_ones_own_is_judged_as_if_there_were_none() -> None:
    """Own figures that were right change nothing of how likely it is that a total was meant as it is."""
    subject = subject_of(NET.flops.source)
    for row in NET:
        if row.params:
            verdict_on(Claim("", row.name, "params", numeral(int(row.params))), subject)
    with_own = verdict_on(Claim("", "model", "params", numeral(478_698 - 9_248)), subject)
    alone = verdict("model", "params", 478_698 - 9_248)
    assert with_own.explanations[0].text == alone.explanations[0].text == "conv2 (9,248) is left out"
    assert with_own.explanations[0].bits == alone.explanations[0].bits
    wrong = subject_of(NET.flops.source)
    verdict_on(Claim("", "conv1", "params", numeral(288)), wrong)
    anew = verdict_on(Claim("", "model", "params", numeral(478_698 - 9_248)), wrong)
    assert anew.explanations[0].bits >= alone.explanations[0].bits
    assert CLOSE > 0


def test_own_figures_by_another_convention_are_no_reason_to_doubt_who_starts_anew() -> None:
    subject = subject_of(NET.flops.source)
    for row in NET:
        if row.flops:
            verdict_on(Claim("", row.name, "flops", numeral(int(row.macs))), subject)
    claim = 28_422_429 - 14_450_688
    with_own = verdict_on(Claim("", "model", "flops", numeral(claim)), subject).explanations[0]
    alone = verdict("model", "flops", claim).explanations[0]
    assert with_own.text == alone.text == "conv2 (14,450,688) is left out"
    assert with_own.bits == alone.bits


def test_what_is_certain_and_what_may_be_chance_are_not_told_side_by_side() -> None:
    reference = Reference(NET.params)
    slips = Tried(Form(convolution())).slips[:3]
    several = [
        Explanation(bits, reference, [slip], certain, "")
        for bits, slip, certain in zip((3.0, 3.1, 3.2), slips, (True, False, True), strict=True)
    ]
    found = Verdict("x", 1, 2, "wrong", several)
    assert [one.bits for one in found.likeliest] == [3.0, 3.2]


def test_validation_is_spoken_of_only_where_examples_are_set_aside_for_it() -> None:
    for validation, spoken in ((0.2, True), (None, False), (500, False)):
        report = mc.cost("lenet5", batch=8, data=1_001, validation=validation)
        told = " ".join(what for what, _ in nearby(subject_of(report.flops.source), "model"))
        assert ("validation" in told) is spoken, (validation, told)


@pytest.mark.parametrize(("text", "value"), [("12/3(2)", 8), ("2**3(4)", 32), ("2(3)(4)", 24), ("1+2(3)", 7)])
def test_a_number_before_a_bracket_multiplies_as_a_sign_would(text: str, value: int) -> None:
    assert working(text).value == value


@pytest.mark.parametrize(("size", "stride", "rounds"), [(12, 1, False), (21, 2, False), (16, 4, True)])
def test_rounding_is_suspected_only_where_something_is_rounded(size: int, stride: int, rounds: bool) -> None:
    kinds = {slip.kind for slip in Tried(Form(convolved(size, stride))).slips}
    assert ("ceil" in kinds) is rounds


def test_flops_that_were_given_exactly_go_on_as_they_were_given() -> None:
    """Only rounded FLOPs may go on as the multiplies and adds that they were made of."""
    for given, statuses in (("31", ("wrong", "carried forward")), ("≈ 3e1", ("carried forward", "carried forward"))):
        subject = subject_of(NET.flops.source)
        for name, claim in (("multiplies", "10"), ("adds", "20"), ("flops", given)):
            verdict_on(Claim("", "model", name, numeral(claim)), subject)
        of_own = 30 if "≈" in given else 31
        found = []
        for flops in (30, of_own):
            claim = Claim("", "model", "flops_per_minibatch", numeral(3 * 64 * flops))
            found.append(verdict_on(claim, subject).status)
            del subject.own["model", "flops_per_minibatch", ""]
        assert tuple(found) == statuses


@pytest.mark.parametrize("name", ["lenet5", "alexnet", "lstm_stack"])
def test_a_slip_that_is_planted_is_the_only_likely_one(name: str) -> None:
    report = mc.cost(name)
    for seed in range(4):
        for question in practice(name, report, slips=5, seed=seed).planted:
            search = searched(question.right)
            if isinstance(search, Tried):
                likely = [(value, slip) for value, bits, (slip,) in search.outcomes(1) if bits <= MOST_BITS]
                assert [value for value, _ in likely].count(question.claim) == 1, (question.of, likely)
            assert question.claim > 0
