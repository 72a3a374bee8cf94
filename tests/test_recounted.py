"""A report by another convention is the one that would have been counted by it, figure by figure."""

from __future__ import annotations

import pytest

import modelcost as mc
from modelcost.conventions import CONVENTIONS
from modelcost.errors import ModelCostError
from modelcost.recounted import recounted

SETTINGS = {"batch": 32, "data": 1_000, "epochs": 3, "validation": 0.2, "test": 100}
NETWORKS = ("fashion_cnn_bn", "lstm_stack", "alexnet_grouped", "mobilenet_v2")
OPTIMIZERS = (None, "adam", "SGD(momentum=0.9, gradient_accumulation_steps=4)")


def levels(report: mc.Report) -> object:
    """Every figure of every level; the kind of error, where a convention does not cover training."""
    try:
        return {level: {name: int(one) for name, one in of.figures.items()} for level, of in report.levels.items()}
    except ModelCostError as error:
        return type(error)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("name", NETWORKS)
def test_the_same_as_if_counted_so(name: str, optimizer: str | None) -> None:
    first = mc.cost(name, optimizer=optimizer, **SETTINGS)
    for convention in CONVENTIONS:
        try:
            counted = mc.cost(name, optimizer=optimizer, convention=convention, **SETTINGS)
        except ModelCostError:
            with pytest.raises(ModelCostError):
                recounted(first, convention)
            continue
        for plain in (False, True):
            again = recounted(first, convention, plain)
            assert again.convention == convention
            assert levels(again) == levels(counted)
        again = recounted(first, convention)
        assert [(row.name, row.figures) for row in again] == [(row.name, row.figures) for row in counted]
        assert again.flops.formula() == counted.flops.formula()
        assert again.rows[-1].part("kernel").flops == counted.rows[-1].part("kernel").flops


def test_what_was_read_from_a_file_cannot_be_counted_anew() -> None:
    stored = mc.Report.from_json(mc.cost("lenet5").to_json())
    with pytest.raises(ModelCostError, match="lenet5: a report that was read from a file cannot be counted by macs"):
        recounted(stored, "macs")


def test_the_first_report_stays_as_it_is() -> None:
    first = mc.cost("lenet5")
    before = first.to_json()
    recounted(first, "2macs")
    assert first.to_json() == before


def test_figures_that_were_read_before_are_found_anew() -> None:
    first, counted = mc.cost("lenet5"), mc.cost("lenet5", convention="macs")
    before = [row.flops for row in first]
    again = [row.flops for row in recounted(first, "macs")]
    assert again == [row.flops for row in counted]
    assert again != before
