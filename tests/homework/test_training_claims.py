"""Claims of what training costs: exact ones, those by a rule of thumb with its name, and those with a slip."""

from __future__ import annotations

from typing import Any

import pytest

import modelcost as mc
from modelcost.errors import ModelCostError
from modelcost.homework.answers import Claim, from_data
from modelcost.homework.marking import marked, verdict_on
from modelcost.homework.numerals import numeral
from modelcost.homework.subject import Subject
from modelcost.homework.verdict import Verdict
from modelcost.training.approximations import APPROXIMATIONS

NET = "fashion_cnn_bn"
SETTING = {"batch": 64, "data": 60_000, "validation": 0.21, "epochs": 10, "test": 9_999, "optimizer": "adam"}
REPORT = mc.cost(NET, **SETTING)
FORWARD, TRAINED, HELD_OUT = 28_422_429, 47_400, 12_600
LEVELS = ("minibatch", "epoch", "run")
EXAMPLES = {"minibatch": 64, "epoch": TRAINED, "run": 10 * TRAINED}


def verdict(quantity: str, claim: Any, setting: dict[str, Any] = SETTING, own: dict[str, Any] | None = None) -> Verdict:
    """The verdict on one claim about the network as a whole, after others."""
    subject = Subject(NET, {**setting, "validation": numeral(str(setting.get("validation", 0.21))).value})
    for name, earlier in (own or {}).items():
        verdict_on(Claim(NET, "model", name, numeral(earlier)), subject)
    return verdict_on(Claim(NET, "model", quantity, numeral(claim)), subject)


@pytest.mark.parametrize("level", LEVELS)
def test_exact_figures_are_those_of_cost(level: str) -> None:
    found = getattr(REPORT, level)
    for name, figure in found.figures.items():
        if name != "steps":
            assert verdict(f"{name}_per_{level}", int(figure)).status == "right", name
    assert verdict(f"flops_per_{level}", int(found.flops) + 1).status == "wrong"


def test_the_loss_is_a_part_of_it_where_it_is_given() -> None:
    with_loss = {**SETTING, "loss": "sparse_categorical_crossentropy"}
    figure = int(mc.cost(NET, **with_loss).minibatch.flops)
    assert figure != REPORT.minibatch.flops
    assert verdict("flops_per_minibatch", figure, with_loss).status == "right"
    assert not verdict("flops_per_minibatch", figure)


@pytest.mark.parametrize("level", LEVELS)
def test_three_times_forward_is_right_by_the_name_of_that_rule(level: str) -> None:
    rule = APPROXIMATIONS["3x forward"]
    found = verdict(f"flops_per_{level}", rule.of(EXAMPLES[level] * FORWARD))
    assert found
    assert (found.status, found.convention) == ("right by convention", rule.name)
    assert found.right == getattr(REPORT, level).flops
    error = rule.error(EXAMPLES[level] * FORWARD, found.right)
    assert found.why == f"right by 3x forward; {float(error):.2%} above the exact figure"
    assert verdict(f"backward_flops_per_{level}", 2 * EXAMPLES[level] * FORWARD).convention == rule.name


def test_other_figures_by_hand_have_their_names() -> None:
    one_by_one = "so many times one example in inference"
    assert verdict("forward_flops_per_epoch", TRAINED * FORWARD).convention == one_by_one
    assert verdict("validation_flops_per_epoch", HELD_OUT * FORWARD).convention == one_by_one
    assert verdict("validation_flops_per_run", 10 * HELD_OUT * FORWARD).convention == one_by_one
    assert verdict("test_flops_per_run", 9_999 * FORWARD).convention == one_by_one
    whole = verdict("flops_per_epoch", 741 * int(REPORT.minibatch.flops))
    assert whole.convention == "a last mini-batch that is taken as a whole one"
    assert verdict("flops_per_run", 7_410 * int(REPORT.minibatch.flops)).convention == whole.convention
    macs = mc.cost(NET, convention="macs", **SETTING)
    assert verdict("flops_per_minibatch", int(macs.minibatch.flops)).convention == "macs"
    assert verdict("flops_per_minibatch", 3 * 64 * int(macs.flops)).convention == "3x forward, counted by macs"
    tf = mc.cost(NET, convention="tf", batch=64)
    assert verdict("flops_per_minibatch", 3 * 64 * int(tf.flops)).convention == "3x forward, counted by tf"


def test_without_an_optimizer_there_is_the_rule_alone() -> None:
    setting = {word: value for word, value in SETTING.items() if word != "optimizer"}
    assert verdict("flops_per_epoch", 3 * TRAINED * FORWARD, setting).convention == "3x forward"
    assert (
        verdict("forward_flops_per_epoch", int(mc.cost(NET, **setting).epoch.forward_flops), setting).status == "right"
    )
    with pytest.raises(ModelCostError, match="optimizer is needed for this; give it in the setting"):
        verdict("optimizer_flops_per_epoch", 3, setting)


def test_what_is_not_said_is_asked_for() -> None:
    for word, quantity in (("batch", "flops_per_minibatch"), ("data", "flops_per_epoch"), ("epochs", "flops_per_run"),
                           ("test", "test_flops_per_run")):  # fmt: skip
        setting = {name: value for name, value in SETTING.items() if name != word}
        with pytest.raises(ModelCostError, match=f"{word} is needed for this; give it in the setting, as {word}: "):
            verdict(quantity, 3, setting)


STEP = REPORT.minibatch
SLIPS = [
    ("flops_per_minibatch", 4 * 64 * FORWARD, "taken as 4 times the forward pass, not 3 times"),
    ("flops_per_minibatch", 64 * FORWARD, "the factor 3 for both passes is left out"),
    ("flops_per_minibatch", 3 * FORWARD, "the batch of 64 is left out"),
    ("flops_per_minibatch", int(STEP.flops - STEP.optimizer_flops), f"the optimizer ({int(STEP.optimizer_flops):,})"),
    ("flops_per_minibatch", int(STEP.flops - STEP.backward_flops), f"the backward pass ({int(STEP.backward_flops):,})"),
    ("flops_per_epoch", 3 * 60_000 * FORWARD, "60,000 (all examples, those for validation too) stands where"),
    ("flops_per_epoch", int(REPORT.run.flops), "FLOPs of run are given, not FLOPs of epoch"),
    ("flops_per_run", int(REPORT.epoch.flops), "FLOPs of epoch are given, not FLOPs of run"),
]


@pytest.mark.parametrize(("quantity", "claim", "words"), SLIPS)
def test_slips_in_what_training_costs(quantity: str, claim: int, words: str) -> None:
    found = verdict(quantity, claim)
    assert found.status == "wrong"
    assert words in found.explanations[0].text, found.explanations
    assert found.explanations[0].certain


def test_own_figures_go_on_by_hand() -> None:
    own = {"flops": 13_912_320}
    assert verdict("flops_per_minibatch", 3 * 64 * 13_912_320, own=own).status == "carried forward"
    assert verdict("flops_per_minibatch", 3 * 64 * 13_912_320).status == "wrong"
    own["flops_per_minibatch"] = 41_736_960
    assert verdict("flops_per_epoch", 741 * 41_736_960, own=own).status == "carried forward"
    assert verdict("flops_per_epoch", 3 * TRAINED * 13_912_320, own=own).status == "carried forward"
    epoch = {"flops": 13_912_320, "flops_per_epoch": 13_050_000_000}
    assert verdict("flops_per_run", 10 * 13_050_000_000, own=epoch).status == "carried forward"
    assert verdict("flops_per_run", 3 * 10 * TRAINED * 13_912_320, own=epoch).status == "wrong"  # not their own epoch
    right = {"flops": FORWARD, "flops_per_minibatch": int(REPORT.minibatch.flops)}
    assert verdict("flops_per_epoch", 3 * TRAINED * FORWARD, own=right).convention == "3x forward"


def test_an_optimizer_that_nobody_knows_is_refused() -> None:
    for word, value, words in (
        ("optimizer", "adm", "unknown optimizer 'adm'; did you mean"),
        ("optimizer", "x" * 2_000, "optimizer is a name, or a call"),
        ("optimizer", "__import__('os')", "unknown optimizer '__import__'"),
        ("optimizer", ["adam"], "optimizer is a name, or a call"),
        ("loss", "sparse", "unknown loss 'sparse'"),
    ):
        data = {"model": "lenet5", "setting": {word: value}, "claims": []}
        with pytest.raises(ModelCostError, match=words):
            from_data(data, "sheet")


def test_a_right_figure_of_zero_is_zero() -> None:
    claims = [{"of": "pool1", "quantity": "params", "claim": text} for text in ("0", "640")]
    sheet = marked(from_data({"model": NET, "claims": claims}, "sheet"))
    assert [row.verdict.status for row in sheet.rows] == ["right", "wrong"]
    assert [row.verdict.right for row in sheet.rows] == [0, 0]


def test_only_a_claim_of_its_size_is_held_against_exact_figures_by_other_conventions() -> None:
    setting = {"batch": 32, "optimizer": "adam"}
    right = mc.cost("lenet5", convention="2macs", **setting).minibatch.flops
    for claimed, status, costed in ((right, "right by convention", True), (17 * right, "wrong", False)):
        subject = Subject(mc.load("lenet5"), setting)
        verdict = verdict_on(Claim("net", "model", "flops_per_minibatch", numeral(int(claimed))), subject)
        assert verdict.status == status
        assert ((("2macs", "adam") in subject.reports) is costed) and (("flops", "adam") in subject.reports)


def test_what_a_relative_of_the_network_costs_in_training_is_told_exactly_and_by_hand() -> None:
    setting = {"batch": 32, "optimizer": "sgd"}
    subject, others = Subject("resnet18", setting), {one: mc.cost(one, **setting) for one in ("resnet34", "resnet50")}
    for name, other in others.items():
        for figure in (other.minibatch.flops, 3 * 32 * other.flops):
            found = verdict_on(Claim("net", "model", "flops_per_minibatch", numeral(int(figure))), subject)
            assert found.slips == [f"this is the figure of {name}"]
    found = verdict_on(Claim("net", "model", "flops_per_minibatch", numeral(123_456_789_123)), subject)
    assert found.slips == []
    costed = {name for (name, _), variant in subject.variants.items() if ("flops", "sgd") in variant.reports}
    assert costed == {"resnet34", "resnet50"}  # the others are far from all that was claimed


EMBEDDED = mc.Sequential([mc.Input((20,)), mc.Embedding(50_000, 16), mc.GlobalAveragePooling1D(), mc.Dense(2)])
"""800,000 numbers are trained on few of them: what the optimizer does is nearly all of a step."""


@pytest.mark.parametrize("quantity", ["flops", "optimizer_flops"])
@pytest.mark.parametrize("level", LEVELS)
def test_exact_figures_by_other_conventions_are_known_where_the_optimizer_does_nearly_all(
    level: str, quantity: str
) -> None:
    setting: dict[str, Any] = {"batch": 2, "data": 6, "epochs": 3, "optimizer": "adam"}
    of = getattr(getattr(mc.cost(EMBEDDED, **setting), level), quantity)
    claim = int(getattr(getattr(mc.cost(EMBEDDED, convention="all", **setting), level), quantity))
    assert claim != of
    assert mc.check(claim, of=of).why == "right by all"


def test_the_optimizer_of_a_relative_that_does_much_of_it_is_reckoned_with() -> None:
    setting = {"batch": 1, "optimizer": "adam", "input": (24, 24, 3)}
    other = mc.cost("resnet34", **setting)
    assert 2 * other.minibatch.flops > 3 * 3 * other.flops  # by hand it is further off than a relative may be
    claim = Claim("net", "model", "flops_per_minibatch", numeral(int(other.minibatch.flops)))
    assert verdict_on(claim, Subject("resnet18", setting)).slips == ["this is the figure of resnet34"]
