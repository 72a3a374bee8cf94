"""Rows arranged: whatever is put together, what is shown adds up to the same totals."""

from __future__ import annotations

import re

import pytest

import modelcost as mc
from modelcost import ModelCostError


def nested() -> mc.Model:
    inner = mc.Sequential([mc.Input((8,)), mc.Dense(4), mc.Dense(3)], name="inner")
    deep = mc.Sequential([mc.Input((8,)), inner, mc.Dense(2)], name="deep")
    return mc.Sequential([mc.Input((8,)), mc.Dense(8), deep, mc.Dense(2), mc.Dense(3)], name="outer")


ARRANGED = [{}, {"depth": 1}, {"depth": 2}, {"top": 2}, {"sort": "params"}, {"depth": 1, "sort": "adds", "top": 1}]


@pytest.mark.parametrize("arguments", ARRANGED)
@pytest.mark.parametrize("model", [nested(), "lenet5", "resnet18"])
def test_rows_add_up_to_the_totals_however_they_are_arranged(model: mc.Model | str, arguments: dict[str, int]) -> None:
    plain = mc.cost(model, batch=3, optimizer="adam", loss="mse")
    report = plain.arranged(**arguments)
    for figure, whole in plain.totals.figures.items():
        if figure != "non_trainable_params":
            assert sum(row.figures[figure] for row in report) == whole == report.totals.figures[figure]
    for figure, whole in plain.training.totals.figures.items():
        assert sum(row.figures[figure] for row in report.training) == whole
    for figure in ("parameter_bytes", "gradient_bytes", "kept_activation_bytes"):
        assert sum(row.figures[figure] for row in report.memory.rows) == plain.memory.figures[figure]
    assert len(report.memory.rows) <= len(report.rows) + 1
    again = mc.Report.from_json(report.to_json())
    assert [(row.name, row.figures) for row in again] == [(row.name, row.figures) for row in report]


def test_each_nested_model_is_one_row() -> None:
    report = mc.cost(nested(), optimizer="sgd").arranged(depth=1)
    assert [row.name for row in report] == ["input_layer", "dense", "deep", "dense_1", "dense_2"]
    deep = report["deep"]
    assert (deep.type, deep.inputs, deep.output_shape, deep.params) == ("Model", ((8,),), (2,), 36 + 15 + 8)
    assert deep.params.formula() == "deep/inner/dense + deep/inner/dense_1 + deep/dense"
    assert [row.of for row in report.training][-1:] == ["optimizer"]
    names = [row.name for row in mc.cost(nested()).arranged(depth=2)]
    assert names == ["input_layer", "dense", "deep/inner", "deep/dense", "dense_1", "dense_2"]


def test_a_model_with_nothing_nested_stays_as_it_is() -> None:
    report = mc.cost("lenet5")
    assert report.arranged(depth=1).rows == report.rows


def test_the_largest_come_first_and_the_others_together() -> None:
    report = mc.cost("vgg16").arranged(sort="params", top=3)
    assert [row.name for row in report] == ["fc1", "fc2", "predictions", "20 others"]
    others = report["20 others"]
    assert (others.type, others.inputs, others.output_shapes) == ("", (), ())
    ranked = [row.flops for row in mc.cost("vgg16").arranged(sort="flops")]
    assert ranked == sorted(ranked, reverse=True)
    assert [row.name for row in mc.cost("vgg16").arranged(top=30)] == [
        row.name for row in mc.cost("vgg16").arranged(sort="flops")
    ]


def test_equal_rows_stay_in_the_order_of_the_model() -> None:
    names = [row.name for row in mc.cost("lenet5") if row.params == 0]
    assert [row.name for row in mc.cost("lenet5").arranged(sort="params") if row.params == 0] == names


def refused(said: str, report: mc.Report, **arguments: object) -> None:
    with pytest.raises(ModelCostError, match=re.escape(said)):
        report.arranged(**arguments)  # type: ignore[arg-type]


def test_what_cannot_be_arranged() -> None:
    report = mc.cost("lenet5")
    refused("top must be at least 1. Received: top=0", report, top=0)
    refused("depth must be at least 1. Received: depth=-1", report, depth=-1)
    refused("unknown figure to sort by 'flop'; did you mean flops?", report, sort="flop")
    free = mc.cost(mc.Sequential([mc.Input((None, 4)), mc.Dense(3)]))
    refused("rows cannot be sorted by flops, which depends on sizes not known yet: dense has", free, top=1)
    assert [row.name for row in free.arranged(sort="params")] == ["dense", "input_layer"]
    read = mc.Report.from_json(mc.cost(mc.Sequential([mc.Input((None, 4)), nested_steps()])).to_json())
    refused("rows of a report that was read from a file cannot be added up while sizes are not known", read, depth=1)


def nested_steps() -> mc.Model:
    return mc.Sequential([mc.Input((None, 4)), mc.Dense(3), mc.Dense(2)], name="steps")


def test_rows_put_together_have_no_parts_and_no_formulas_of_a_layer() -> None:
    report = mc.cost(nested()).arranged(depth=1)
    with pytest.raises(ModelCostError, match="deep: this row is several layers together, and a part is of one layer"):
        report["deep"].part("kernel")
    with pytest.raises(ModelCostError, match="explain the report that cost"):
        report.explain()


@pytest.mark.parametrize("arguments", ARRANGED)
def test_the_page_has_rows_in_any_arrangement_and_the_graph_only_of_layers(arguments: dict[str, int]) -> None:
    pytest.importorskip("jinja2")
    report = mc.cost(nested(), optimizer="adam").arranged(**arguments)
    page = report.to_html()
    assert all(row.name in page for row in report)
    assert ('id="network"' in page) == (len(report) == len(mc.cost(nested())))


def named(*names: str) -> mc.Model:
    return mc.Sequential([mc.Input((4,), name="total"), *(mc.Dense(3 + i, name=name) for i, name in enumerate(names))])


@pytest.mark.parametrize("arguments", ARRANGED)
def test_layers_called_as_the_rows_of_training_are_rows_of_their_own(arguments: dict[str, int]) -> None:
    """Held against the same model with other names: what is done in a step does not hang on them."""
    found, plain = (
        mc.cost(named(*names), batch=4, optimizer="adam", loss="mse").arranged(**arguments)
        for names in (("loss", "optimizer", "optimizer_1"), ("a", "b", "c"))
    )
    assert [row.figures for row in found.training] == [row.figures for row in plain.training]
    assert [row.figures for row in found.memory.rows] == [row.figures for row in plain.memory.rows]
    assert found.memory.figures == plain.memory.figures
    for report in (found, plain):
        assert len({row.of for row in report.training}) == len(report.training)
        assert sum(row.flops for row in report.training) == report.training.totals.flops


def test_the_rows_of_training_are_numbered_where_layers_have_their_names() -> None:
    report = mc.cost(named("loss", "optimizer", "optimizer_1"), batch=4, optimizer="adam", loss="mse")
    assert [row.of for row in report.training][-2:] == ["loss_1", "optimizer_2"]
    assert [row.of for row in report.memory.rows][-1] == "optimizer_2"
    assert report.training["optimizer"].forward_flops == 4 * report["optimizer"].flops
    assert report.memory.checkpointed(1) == mc.cost(
        named("a", "b", "c"), batch=4, optimizer="adam"
    ).memory.checkpointed(1)


def test_models_within_that_are_called_as_the_rows_of_training_are_rows_of_their_own() -> None:
    def named(*names: str) -> mc.Model:
        within = [mc.Sequential([mc.Input((4,)), mc.Dense(4), mc.Dense(4)], name=name) for name in names]
        return mc.Sequential([mc.Input((4,)), *within])

    for arguments in ({}, {"depth": 1}, {"depth": 1, "top": 1}):
        found, plain = (
            mc.cost(named(*names), batch=4, optimizer="adam", loss="mse").arranged(**arguments)
            for names in (("loss", "optimizer"), ("a", "b"))
        )
        assert [row.figures for row in found.training] == [row.figures for row in plain.training]
        assert [row.figures for row in found.memory.rows] == [row.figures for row in plain.memory.rows]


def test_several_layers_together_have_no_receptive_field() -> None:
    report = mc.cost("lenet5").with_columns("receptive_field", "intensity").arranged(top=1)
    first, others = (line for line in str(report).splitlines() if line.startswith(("C3", "8 others")))
    assert "14x14" in first and "unknown" not in others
