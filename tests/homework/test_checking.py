"""`mc.check` alone judges a figure of a report as a sheet does: it knows from where the figure is."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

import modelcost as mc
from modelcost.figures import Source
from modelcost.homework import pytest_plugin
from modelcost.homework.answers import Claim
from modelcost.homework.checking import asked, subject_of
from modelcost.homework.held import OF_ROWS
from modelcost.homework.marking import verdict_on
from modelcost.homework.numerals import numeral
from modelcost.homework.quantities import QUANTITIES, count

SETTING: dict[str, Any] = {"batch": 64, "data": 60_000, "validation": 0.21, "epochs": 10, "test": 9_999}
NET = mc.cost("fashion_cnn_bn", optimizer="adam", **SETTING)
DROPPED = mc.cost("lenet5", batch=64, data=1_000, epochs=9, early_stop=4, drop_remainder=True, optimizer="sgd")

BY_ANOTHER = [
    (250_880, NET["conv1"].flops, "macs+bias"),  # 28*28*32 * (3*3*1 + 1), by hand
    (7_225_344, NET["conv2"].flops, "macs"),
    (2 * 7_225_344, NET["conv2"].flops + 0, ""),  # a sum, which is no figure of a report any more, has no other
    (25_088, NET["pool1"].flops, "tf"),
    (451_584 - 25_088, NET["conv1"].flops, ""),
    (3 * 64 * 28_422_429, NET.minibatch.flops, "3x forward"),
    (47_400 * 28_422_429, NET.epoch.forward_flops, "so many times one example in inference"),
    ("1.83 MB", NET.memory.parameter_bytes, "MiB (1,048,576 bytes), which Keras prints as MB"),
    (409_600 * 2, mc.cost("fashion_cnn_bn", convention="macs")["dense1"].flops, "flops"),
]


@pytest.mark.parametrize(("claim", "of", "convention"), BY_ANOTHER)
def test_a_figure_is_right_by_a_convention_that_was_not_named(claim: Any, of: Any, convention: str) -> None:
    verdict = mc.check(claim, of=of)
    right = numeral(claim).means(of)
    assert verdict.status == ("right by convention" if convention else "right" if right else "wrong"), verdict
    assert verdict.convention == convention
    if not right:
        lines = pytest_plugin.pytest_assertrepr_compare("==", claim, of)
        assert lines == verdict.lines()
        assert any(line.startswith(f"  by       {convention}") for line in lines) is bool(convention)


def test_a_convention_says_what_it_is() -> None:
    lines = mc.check(250_880, of=NET["conv1"].flops).lines()
    assert lines[-1] == "  by       macs+bias: multiply-accumulates, and one more for each bias that is added"
    both = mc.check(3 * 64 * int(mc.cost("fashion_cnn_bn", convention="macs").flops), of=NET.minibatch.flops)
    assert both.convention == "3x forward, counted by macs"
    assert [line.partition(":")[0].strip() for line in both.lines()[3:5]] == ["by       3x forward", "macs"]
    assert mc.check("1.83 MB", of=NET.memory.parameter_bytes).legend == []
    assert mc.check(451_584, of=NET["conv1"].flops).legend == []


def test_the_verdict_says_of_what_it_is() -> None:
    assert str(mc.check(250_880, of=NET["conv1"].flops)).splitlines()[0] == "conv1.flops is right by convention"
    assert mc.check(1, of=NET.run.steps).what == "model.steps_per_run"
    assert mc.check(28_422_429, of=NET.example.forward_flops).what == "model.flops"
    assert mc.check(1, of=3).what == "the figure"


def test_an_assertion_holds_for_a_figure_by_another_convention() -> None:
    assert mc.check(250_880, of=NET["conv1"].flops)
    assert not mc.check(250_881, of=NET["conv1"].flops)


OTHERS = [
    (36_928, NET["conv2"].params, "this is the figure of conv4"),
    (9_216, NET["conv2"].params, "the bias (32) is left out"),
    (9_248, NET["conv2"].multiplies, "params are given, not multiplies"),
    (26 * 26 * 32 * 288, NET["conv2"].multiplies, "26 x 26 places, those of valid padding"),
    (138_357_544, mc.cost("vgg19").params, "this is the figure of vgg16"),
    (int(NET.minibatch.flops), NET.epoch.flops, "FLOPs of minibatch are given, not FLOPs of epoch"),
]


@pytest.mark.parametrize(("claim", "of", "words"), OTHERS)
def test_slips_that_take_more_than_the_formula(claim: int, of: Any, words: str) -> None:
    assert words in mc.check(claim, of=of).why


@pytest.mark.parametrize("report", [NET, DROPPED, mc.cost("lstm_stack", dtype="float64"),
                                    mc.cost("vgg16", input=(64, 64, 3), batch=3, memory=True)],
                         ids=lambda report: report.model)  # fmt: skip
def test_every_figure_is_the_one_that_it_says_it_is(report: mc.Report) -> None:
    figures = [figure for row in report for figure in row.figures.values()]
    figures += [*report.totals.figures.values(), *report.memory.figures.values()]
    figures += [figure for level in report.levels.values() for figure in level.figures.values()]
    subjects: dict[int, Any] = {}
    for figure in figures:
        of, name = asked(figure.source)
        subject = subjects.setdefault(id(figure.source.arguments), subject_of(figure.source))
        assert count(subject, of, name) == figure, (of, name)
        assert QUANTITIES[name].says
    assert len(figures) > 20
    assert {asked(one.source) for one in figures} >= {("model", "flops"), ("model", "peak_inference_bytes")}


def test_a_figure_is_itself_and_nothing_made_of_it_is() -> None:
    report = mc.cost("lenet5")
    figure = report["C1"].params
    assert figure is report["C1"].params
    assert isinstance(figure.source, Source)
    assert (figure.source.of, figure.source.name) == ("C1", "params")
    made: list[Any] = [figure + 0 * figure, figure * 2, figure.called("p"), figure.rebind(batch=3)]
    made += [pickle.loads(pickle.dumps(figure)), pickle.loads(pickle.dumps(report))["C1"].params]
    made += [mc.Report.from_json(report.to_json())["C1"].params]
    assert all(getattr(one, "source", None) is None for one in made if one is not figure)
    assert pickle.loads(pickle.dumps(report))["C1"].params == figure
    assert copy.copy(report)["C1"].params.source.of == "C1"
    assert figure.formula() == mc.cost("lenet5")["C1"].params.formula()


def test_two_networks_with_a_layer_alike_are_told_apart() -> None:
    models = [mc.Sequential([mc.Input((7,)), mc.Dense(5, name=name)]) for name in ("one", "other")]
    figures = [mc.cost(model)[name].params for model, name in zip(models, ("one", "other"), strict=True)]
    assert [mc.check(1, of=figure).what for figure in figures] == ["one.params", "other.params"]


@pytest.mark.parametrize("name", ["model", "epoch", "memory", "example"])
def test_a_layer_with_the_name_of_something_else_is_judged_by_its_own_figure(name: str) -> None:
    report = mc.cost(mc.Sequential([mc.Input((7,)), mc.Dense(5, name=name), mc.Dense(3)]), batch=2)
    assert mc.check(40, of=report[name].params)
    assert mc.check(35, of=report[name].params).slips == ["the bias (5) is left out"]
    assert mc.check(70 + 0, of=report[name].flops)


def test_a_unit_of_something_else_is_refused() -> None:
    with pytest.raises(mc.ModelCostError, match=r"params is not measured in MB\. Received: 1 MB"):
        mc.check("1 MB", of=NET.params)
    lines = pytest_plugin.pytest_assertrepr_compare("==", "1 MB", NET.params)
    assert lines is not None
    assert lines[-1] == "params is not measured in MB. Received: 1 MB"


def test_a_working_is_read_here_too() -> None:
    verdict = mc.check(64_000, of=NET["dense1"].macs, working="256*(10*5*5)")
    assert verdict.slips == ["10 (the classes) stands where the 64 channels belong"]


SLIPS_OF_MEMORY = [
    ("parameter_bytes", 478_698, "the 4 bytes of each number are left out"),
    ("parameter_bytes", 478_698 * 32, "bits are counted, not bytes"),
    ("parameter_bytes", 478_698 * 8, "twice the bytes are taken for each number, as of float64 for float32"),
    ("parameter_bytes", 478_698 * 2, "half the bytes are taken for each number, as of float16 for float32"),
    ("parameter_bytes", "1914.8 MB", "one prefix (k, M, G) for another"),
    ("parameter_bytes", 478_698 * 4 - 9_248 * 4, "conv2 (9,248) is left out"),
    ("parameter_bytes", int(NET.memory.activation_bytes), ""),
    ("optimizer_bytes", int(NET.memory.gradient_bytes), "bytes of the gradients are given, not bytes of the optimizer"),
    ("memory.activation_bytes", int(NET.activation_bytes), "the batch"),
    ("peak_training_bytes", int(NET.memory.peak_inference_bytes), "the peak of inference are given, not bytes held at"),
    ("kept_activation_bytes", int(NET.memory.activation_bytes), "the whole batch are given, not bytes of the outputs"),
]


@pytest.mark.parametrize(("name", "claim", "words"), SLIPS_OF_MEMORY)
def test_slips_with_memory(name: str, claim: Any, words: str) -> None:
    verdict = mc.check(claim, of=getattr(NET.memory, name.removeprefix("memory.")))
    assert verdict.status == "wrong"
    assert len(verdict.likeliest) <= 1
    assert words in verdict.why
    assert verdict.what == f"model.{name}"


SIZES = {"parameter_bytes": 478_698 * 4, "gradient_bytes": 478_058 * 4, "optimizer_bytes": 478_058 * 8 + 12}
"""By hand: four bytes a parameter, of which training leaves 640 alone; Adam's two slots, its step and its rate."""


def test_memory_on_a_sheet() -> None:
    subject = subject_of(NET.flops.source)

    def verdict(of: str, name: str, claim: Any) -> Any:
        return verdict_on(Claim("", of, name, numeral(claim)), subject)

    for name, right in SIZES.items():
        assert verdict("model", name, right).status == "right"
        assert verdict("model", name, f"{right * 8 / 10**6:.3f} Mbit").status == "right"
        assert verdict("model", name, f"{right / 2**20:.3f} MiB").status == "right"
        assert verdict("model", name, f"{right / 2**20:.3f} MB").convention.startswith("MiB")
    assert verdict("conv1", "parameter_bytes", 1_280).status == "right"
    assert verdict("conv1", "parameter_bytes", 1_152).slips == ["the bias (32) is left out"]
    assert verdict("conv1", "memory.activation_bytes", 64 * 28 * 28 * 32 * 4).status == "right"
    assert verdict("conv1", "activation_bytes", 28 * 28 * 32 * 4).status == "right"
    for name in OF_ROWS:
        rows = sum(count(subject, row.name, name) for row in NET)
        own = 12 if name == "optimizer_bytes" else 0
        assert rows + own == count(subject, "model", name), name


def test_memory_goes_on_with_own_figures() -> None:
    subject = subject_of(NET.flops.source)
    for of, name, claim, status in (
        ("model", "params", 478_700, "wrong"),
        ("model", "parameter_bytes", 478_700 * 4, "carried forward"),
        ("conv1", "memory.activation_bytes", 1, "wrong"),
        ("model", "memory.activation_bytes", int(NET.memory.activation_bytes) - 6_422_528 + 1, "carried forward"),
        ("conv2", "activation_bytes", 7, "wrong"),
        ("model", "activation_bytes", int(NET.activation_bytes) - 100_352 + 7, "carried forward"),
    ):
        assert verdict_on(Claim("", of, name, numeral(claim)), subject).status == status, (of, name)


def test_memory_of_training_needs_an_optimizer() -> None:
    subject = subject_of(mc.cost("lenet5", batch=4).flops.source)
    with pytest.raises(mc.ModelCostError, match="optimizer is needed for this; give it in the setting, as optimizer:"):
        count(subject, "model", "gradient_bytes")
    with pytest.raises(mc.ModelCostError, match="peak_inference_bytes is said of a model, not of one layer"):
        count(subject, "C1", "peak_inference_bytes")


def test_weights_of_several_widths_are_added_up() -> None:
    layers = [mc.Input((8,)), mc.Dense(4, dtype="float64"), mc.Dense(2, dtype="float32")]
    report = mc.cost(mc.Sequential(layers))
    assert report.memory.parameter_bytes == 36 * 8 + 10 * 4
    subject = subject_of(report.flops.source)
    assert count(subject, "model", "parameter_bytes") == 36 * 8 + 10 * 4
    assert mc.check(46 * 4, of=report.memory.parameter_bytes).status == "wrong"


FREE = mc.Sequential([mc.Input((None, 8)), mc.LSTM(3), mc.Dense(2)], name="free")


def test_what_is_known_of_a_model_with_a_free_size_can_be_checked() -> None:
    report = mc.cost(FREE)
    assert mc.check(152, of=report.params)  # 4*(8*3 + 3*3 + 3) + 3*2 + 2
    assert mc.check(8, of=report["dense"].params)
    assert mc.check(6, of=report["dense"].params).slips == ["the bias (2) is left out"]
    assert mc.check(150, of=report.params).slips == ["dense: the bias (2) is left out"]
    claims = [{"quantity": "params", "claim": "150"}, {"of": "lstm", "quantity": "params", "claim": "144"}]
    assert [row.verdict.status for row in mc.mark({"claims": claims}, model=FREE).rows] == ["wrong", "right"]
    flops = {"claims": [{"of": "lstm", "quantity": "flops", "claim": "150"}]}
    with pytest.raises(mc.ModelCostError, match="flops of lstm depends on sizes that are not known; give input"):
        mc.mark(flops, model=FREE)
    assert mc.mark(flops, model=FREE, input="7x8").rows[0].verdict.status == "wrong"
