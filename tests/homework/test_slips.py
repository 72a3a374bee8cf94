"""Forms are worth what their counts are, slips what their workings come to; the simplest slip is told first."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest

import modelcost as mc
from modelcost.errors import ModelCostError
from modelcost.homework.answers import Claim
from modelcost.homework.form import Form
from modelcost.homework.marking import verdict_on
from modelcost.homework.numerals import numeral
from modelcost.homework.search import Tried, together
from modelcost.homework.subject import Subject
from modelcost.homework.verdict import Verdict

FIGURES = ("params", "macs", "multiplies", "adds", "comparisons", "flops", "activation_bytes")
NETWORKS = ("lenet5", "alexnet_grouped", "lstm_stack", "fashion_cnn_bn", "mobilenet_v2", "gpt2")


def figures(name: str) -> dict[str, Any]:
    """Every figure of a network's layers."""
    report = mc.cost(name)
    return {f"{row.name}.{q}": getattr(row, q) for row in report for q in FIGURES if getattr(row, q)}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_form_is_worth_what_its_count_is(name: str) -> None:
    for label, figure in figures(name).items():
        form = Form(figure)
        assert form.value == form.valued({}) == figure, label
        assert eval(form.written({})) == figure, label


@pytest.mark.parametrize("name", NETWORKS[:4])
def test_a_slip_comes_to_what_its_working_says(name: str) -> None:
    chance = random.Random(name)
    for label, figure in figures(name).items():
        tried = Tried(Form(figure), [("the classes", 10)])
        pairs = list(itertools.combinations(tried.slips, 2))
        several = [*([slip] for slip in tried.slips), *chance.sample(pairs, min(20, len(pairs)))]
        for slips in several:
            values = together(slips)
            assert eval(tried.form.written(values)) == tried.form.valued(values), (label, slips)


def test_slips_change_something_and_say_what() -> None:
    for figure in figures("lenet5").values():
        tried = Tried(Form(figure))
        for slip in tried.slips:
            assert slip.text
            assert slip.hint
            assert slip.bits > 0
            assert any(tried.form.values[place] != value for place, value in slip.values.items())


REPORTS = {
    name: mc.cost(name) for name in ("fashion_cnn_small", "alexnet", "lstm_stack", "cnn_128", "cifar_convs_only")
}
SIMPLE = [
    ("fashion_cnn_small", "conv2", "multiplies", 3 * 3 * 11 * 11 * 64, "the 64 input channels are left out"),
    ("fashion_cnn_small", "conv2", "params", 3 * 3 * 64 * 64, "the bias (64) is left out"),
    ("fashion_cnn_small", "conv2", "multiplies", 13 * 13 * 64 * 3 * 3 * 64, "13 x 13 places, those of"),
    ("fashion_cnn_small", "conv2", "multiplies", 11 * 11 * 64 * 3 * 64, "the kernel size 3 is left out"),
    ("fashion_cnn_small", "conv2", "adds", 11 * 11 * 64 * 3 * 3 * 64 + 11 * 11 * 64, "the - 1 is left out"),
    ("fashion_cnn_small", "conv1", "activation_bytes", 26 * 26 * 64, "the 4 bytes of each number are left out"),
    ("fashion_cnn_small", "dense1", "params", 7744 * 128, "the bias (128) is left out"),
    ("alexnet", "conv1", "multiplies", 56 * 56 * 96 * 11 * 11 * 3, "56 x 56 places"),
    ("alexnet", "conv1", "multiplies", 217 * 217 * 96 * 11 * 11 * 3, "217 x 217 places, those of a stride of 1"),
    ("cnn_128", "conv1", "multiplies", 124 * 124 * 32 * 5 * 5 * 3, "124 x 124 places, those of valid padding"),
    ("lstm_stack", "lstm2", "params", 3 * (10 * 20 + 20 * 20 + 20), "3 stands where the 4 gates belong"),
    ("lstm_stack", "lstm2", "params", 10 * 20 + 20 * 20 + 20, "the 4 gates are left out"),
    ("lstm_stack", "lstm2", "params", 4 * (10 * 20 + 20), "the recurrent kernel (1,600) is left out"),
    ("lstm_stack", "lstm2", "params", 2408, "the digits 8 and 0 are exchanged"),
]


@pytest.mark.parametrize(("name", "layer", "quantity", "claim", "words"), SIMPLE)
def test_a_slip_by_its_name(name: str, layer: str, quantity: str, claim: int, words: str) -> None:
    verdict = mc.check(claim, of=getattr(REPORTS[name][layer], quantity), report=REPORTS[name])
    assert not verdict
    assert any(words in text for text in verdict.slips), verdict.explanations
    assert verdict.explanations[0].certain


ON_A_SHEET = [
    ("alexnet", "model", "params", 60_965_224, "this is the figure of alexnet_grouped"),
    ("alexnet", "conv2", "params", 307_456, "this is the figure of alexnet_grouped"),
    ("alexnet", "model", "params", 62_378_344 - 10_568, "the bias is left out"),
    ("alexnet", "model", "params", 62_378_344 - 37_752_832, "fc6 (37,752,832) is left out"),
    ("fashion_cnn_small", "dense2", "params", 36_928, "this is the figure of conv2"),
    ("fashion_cnn_small", "conv1", "multiplies", 640, "params are given, not multiplies"),
    ("fashion_cnn_small", "model", "steps_per_epoch", 469, "all examples are taken, those for validation too"),
    ("fashion_cnn_small", "model", "forward_flops_per_epoch", 11_684_893 * 60_000, "60,000 (all examples"),
    ("fashion_cnn_small", "model", "forward_flops_per_minibatch", 11_684_893, "the batch of 128 is left out"),
    ("fashion_cnn_small", "model", "parameter_bytes", 1_030_218, "the 4 bytes of each number are left out"),
    ("fashion_cnn_bn", "model", "steps_per_epoch", 374, "rounded down: the last batch, which is smaller"),
]


@pytest.mark.parametrize(("name", "of", "quantity", "claim", "words"), ON_A_SHEET)
def test_what_a_sheet_knows_beyond_the_figure(name: str, of: str, quantity: str, claim: int, words: str) -> None:
    data = 47_950 if words.startswith("rounded") else 60_000
    setting = {"batch": 128, "data": data, "epochs": 20}
    subject = Subject(name, setting if data != 60_000 else {**setting, "validation": numeral("0.2").value})
    verdict = verdict_on(Claim(name, of, quantity, numeral(claim)), subject)
    assert verdict.status == "wrong"
    assert words in verdict.explanations[0].text, verdict.explanations


def test_shapes() -> None:
    conv = REPORTS["alexnet"]["conv1"].output_shape
    assert mc.check("55x55x96", of=conv)
    assert mc.check([55, 55, 96], of=conv)
    assert mc.check((1, 55, 55, 96), of=conv).slips == ["the batch (1) stands in front; a shape is that of one example"]
    assert mc.check((96, 55, 55), of=conv).slips == ["the axes are in another order"]
    assert "56 x 56 places" in mc.check((56, 56, 96), of=conv).slips[0]
    assert mc.check((7, 7, 7), of=conv).explanations == []


def on_a_sheet(name: str, of: str, quantity: str, claim: Any) -> Verdict:
    given = claim if quantity == "output_shape" else numeral(claim)
    return verdict_on(Claim("net", of, quantity, given), Subject(name, {"batch": 32}))


def test_a_shape_with_another_size_in_it() -> None:
    found = on_a_sheet("lenet5", "C3", "output_shape", (10, 10, 6))
    assert found.slips == ["6 (the channels of S2, the layer before) stands where the 16 filters belong"]
    assert on_a_sheet("lenet5", "C3", "output_shape", (10, 10, 7)).slips == []


CUT = [("params", "138.35e6", "138.36e6", "138.31e6"), ("parameter_bytes", "553.4301 MB", "553.4302 MB", "553.4298 MB")]
"""Of vgg16's 138,357,544 parameters: cut off, rounded, neither."""


@pytest.mark.parametrize(("quantity", "cut", "rounded", "neither"), CUT)
def test_digits_that_were_cut_off(quantity: str, cut: str, rounded: str, neither: str) -> None:
    assert on_a_sheet("vgg16", "model", quantity, rounded)
    found = on_a_sheet("vgg16", "model", quantity, cut)
    assert found.status == "wrong"
    assert found.slips == [f"{cut} is cut off, not rounded"]
    assert found.hint == "look at how it is rounded"
    assert not any("cut off" in slip for slip in on_a_sheet("vgg16", "model", quantity, neither).slips)
    within = Claim("net", "model", quantity, numeral(cut), tolerance=numeral(cut).value / 10**9)
    assert not any("cut off" in slip for slip in verdict_on(within, Subject("vgg16", {})).slips)


def test_half_of_an_odd_figure() -> None:
    right = REPORTS["alexnet"].flops
    assert right % 2 == 1
    for half in (right // 2, right // 2 + 1):
        found = on_a_sheet("alexnet", "model", "flops", int(half))
        assert "half of it is counted (as for a multiply-add that is one)" in found.slips
    assert on_a_sheet("alexnet", "model", "flops", int(right // 2 - 1)).slips == []


@pytest.mark.parametrize(("claim", "convention"), [(724_406_816, "macs"), ("724M", "macs"), (1_448_813_632, "2macs")])
def test_a_figure_of_another_variant_by_another_convention(claim: Any, convention: str) -> None:
    found = on_a_sheet("alexnet", "model", "flops", claim)
    assert found.likeliest[0].text == f"this is the figure of alexnet_grouped (counted by {convention})"
    assert (
        on_a_sheet("alexnet", "conv2", "flops", 223_948_800).likeliest[0].text
        == "this is the figure of alexnet_grouped (counted by macs)"
    )


def test_a_rounded_figure_of_another_variant() -> None:
    found = on_a_sheet("alexnet", "model", "params", "61M")  # as the grouped network, that of the paper, is cited
    assert found.slips == ["this is the figure of alexnet_grouped"]


def test_a_whole_number_that_was_rounded() -> None:
    found = on_a_sheet("vgg16", "model", "flops", 30.9e9)  # of 30,940,531,639
    assert found.slips == ["rounded to 3 figures: written as ≈ 30,900,000,000, it is right"]
    assert on_a_sheet("vgg16", "model", "flops", "≈ 30,900,000,000")
    assert on_a_sheet("vgg16", "model", "flops", 31_000_000_000).slips
    assert on_a_sheet("vgg16", "model", "flops", 30_800_000_000).slips == []
    assert on_a_sheet("vgg16", "model", "params", 138_357_540).slips == ["the digit 0 stands where 4 belongs"]
    by_macs = on_a_sheet("vgg16", "model", "flops", 15.5e9).likeliest[0].text
    assert by_macs == "rounded to 3 figures: written as ≈ 15,500,000,000, it is right (counted by macs)"


def test_one_layer_for_all_of_them() -> None:
    found = on_a_sheet("vgg16", "model", "params", 102_764_544)
    assert found.slips == ["fc1 (102,764,544) alone is given"]
    found = on_a_sheet("vgg16", "model", "params", 2_359_808)
    assert found.slips == ["block4_conv2 or one of 4 like it (2,359,808) alone is given"]
    three = on_a_sheet("mlp_128", "model", "params", 10_100)  # of three that is two that are left out
    assert three.slips == ["first (4,915,300) is left out", "third (1,010) is left out"]


def test_attention_is_spoken_of_in_words() -> None:
    x = mc.Input((16, 64))
    model = mc.Model(x, mc.MultiHeadAttention(4, 16, value_dim=8, name="attention")(x, x))
    row, said = (
        mc.cost(model)["attention"],
        ("the 4 heads are", "the 16 numbers of a key are", "the 8 numbers of a value are"),
    )
    heads, keys, values = (_without(row.multiplies, name) for name in ("A", "d_k", "d_v"))
    for claim, words in zip((heads, keys, values), said, strict=True):
        assert any(f"{words} left out" in one.text for one in mc.check(claim, of=row.multiplies).explanations)


def _without(figure: Any, name: str) -> int:
    """A figure where one size is 1, worked out from its formula by Python itself."""
    sizes = {"T": 16, "C": 64, "A": 4, "d_k": 16, "d_v": 8}
    assert eval(figure.formula(), sizes) == figure
    return int(eval(figure.formula(), {**sizes, name: 1}))


def test_what_cannot_be_checked() -> None:
    with pytest.raises(ModelCostError, match="has no value until its free sizes are bound"):
        mc.check(3, of=mc.Expression("T", size="steps"))
    with pytest.raises(ModelCostError, match=r"of must be a figure of a report, such as .* Received: 'conv1'"):
        mc.check(3, of="conv1")
    with pytest.raises(ModelCostError, match="a working is arithmetic"):
        mc.check(3, of=REPORTS["alexnet"].params, working="import os")


def test_nothing_is_claimed_where_nothing_fits() -> None:
    verdict = mc.check(123_457, of=REPORTS["fashion_cnn_small"]["conv2"].multiplies)
    assert not [one for one in verdict.explanations if one.certain]
    few = mc.check("≈ 2e6", of=REPORTS["fashion_cnn_small"]["conv2"].multiplies)
    assert not few.explanations or not few.explanations[0].certain


def test_several_that_fit_are_told() -> None:
    verdict = mc.check(11 * 64 * 3 * 3 * 64, of=REPORTS["fashion_cnn_small"]["conv2"].multiplies)
    told = ["the output height 11 is left out", "the output width 11 is left out"]
    assert [one.text for one in verdict.likeliest] == told
    assert verdict.why == f"several explanations fit: {told[0]} | or: {told[1]}"
    assert [line.strip() for line in verdict.lines()[3:5]] == [f"slip     {told[0]}", f"or       {told[1]}"]


def test_a_mebibyte_is_not_a_megabyte() -> None:
    of = REPORTS["alexnet"].activation_bytes
    assert mc.check("4.2 MB", of=of).status == "right"
    verdict = mc.check("4.00 MB", of=of)
    assert verdict
    assert (verdict.status, verdict.convention) == (
        "right by convention", "MiB (1,048,576 bytes), which Keras prints as MB"
    )  # fmt: skip
    assert mc.check("33.6 Mbit", of=of)
    assert mc.check("33.6 MB", of=of).slips == ["bits are counted, not bytes"]
