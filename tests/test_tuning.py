"""What a search over networks costs: against every way to draw a small space, and the homework's space by hand."""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import permutations, product
from pathlib import Path
from typing import Any

import pytest

import modelcost as mc
from modelcost.cli import main
from modelcost.errors import ModelCostError, SizeError
from modelcost.tuning import search

UNITS = [one for length in (3, 4, 5) for one in product((64, 128, 256), repeat=length)]


def blocks_of(*units: int) -> mc.Model:
    return mc.zoo.mnist_mlp(units)


SOME = [(64,), (128,), (64, 64), (256, 64)]


def mlps(layers: Any, choices: Any) -> mc.Space:
    """Networks of so many layers, each as likely, and each of these widths for every layer."""
    return mc.Space(layers=layers, units=lambda layers: product(choices, repeat=layers)).built(mc.zoo.mnist_mlp)


def test_the_space_of_the_homework_and_the_whole_of_its_search() -> None:
    """351 networks; by hyperband of at most 10 epochs 22 of them are trained, for 120 epochs of 50,000 examples."""
    space = mlps((3, 4, 5), (64, 128, 256))
    found = search(space, hyperband=10, batch=32, data=50_000, validation=10_000)
    macs = sorted(sum(a * b for a, b in zip((784, *units), (*units, 10), strict=True)) for units in UNITS)
    params = sorted(sum((a + 1) * b for a, b in zip((784, *u), (*u, 10), strict=True)) + 4 * sum(u) for u in UNITS)
    assert (found.networks, found.drawn, found.total_epochs) == (351, 22, 120)
    assert found.examples == 120 * 50_000 == 6_000_000
    assert found.steps == 120 * 1563
    for name, values in (("macs", macs), ("params", params)):
        spread = found.spreads[name]
        assert (spread.least, spread.median, spread.most) == (values[0], values[175], values[-1])


def test_whole_batches_of_validation_cost_what_as_many_of_training_do_forward() -> None:
    found = search([blocks_of(*one) for one in SOME], trials=2, epochs=9, batch=50, data=500, validation=100)
    told, held_out = found["forward_flops"], found["validation_flops"]
    for name in ("least", "expected", "most"):
        assert getattr(told, name) == 5 * getattr(held_out, name)


def test_all_ways_to_draw_a_small_space() -> None:
    reports = [mc.cost(blocks_of(*units), batch=32, data=100, optimizer="adam") for units in SOME]
    epochs = [int(report.epoch.flops) for report in reports]
    found = search(reports, hyperband={"max_epochs": 2, "factor": 2})
    trained = [int(each) for networks, each in found.search.groups for _ in range(int(networks))]
    assert len(trained) == found.drawn <= len(SOME)
    ways = [
        sum(cost * each for cost, each in zip(way, trained, strict=True)) for way in permutations(epochs, len(trained))
    ]
    told = found["flops"]
    assert (told.least, told.expected, told.most) == (min(ways), Fraction(sum(ways), len(ways)), max(ways))


def test_what_is_drawn_less_often_counts_less() -> None:
    space = mlps((1, 2), (64, 128))
    found = search(space, trials=1, epochs=7, data=10)
    flops = {
        units: mc.cost(blocks_of(*units)).flops
        for units in [*product((64, 128), repeat=1), *product((64, 128), repeat=2)]
    }
    mean = sum(Fraction(1, 2 * 2 ** len(units)) * int(one) for units, one in flops.items())
    assert found["forward_flops"].expected == 7 * 10 * mean
    assert found["forward_flops"].least.formula().startswith("epochs*")


def test_seconds_come_with_a_cpu() -> None:
    networks = [blocks_of(*units) for units in SOME]
    found = search(networks, trials=4, epochs=3, data=100, optimizer="sgd", cpu="i3-540", method="textbook")
    each = [
        mc.cost(one, data=100, optimizer="sgd", cpu="i3-540", method="textbook").time.epoch.seconds for one in networks
    ]
    told = found["seconds"]
    assert told.least == pytest.approx(3 * sum(each))
    assert told.most == pytest.approx(3 * sum(each))
    assert float(told.expected) == pytest.approx(3 * sum(each))
    with pytest.raises(ModelCostError, match="a search has no seconds; it has forward_flops"):
        search(networks, trials=1, epochs=1, data=100)["seconds"]


def test_a_split_and_a_remainder_are_gone_through_as_an_epoch_does() -> None:
    found = search(["lenet5"], trials=1, epochs=3, batch=64, data=1000, validation=0.2, drop_remainder=True)
    assert (found.examples, found.steps) == (3 * 12 * 64, 3 * 12)


@pytest.mark.parametrize(
    ("space", "settings", "text"),
    [
        (["lenet5"], {"data": 10}, r"a search needs trials=\.\.\. and epochs=\.\.\., or hyperband=\.\.\."),
        (["lenet5"], {"data": 10, "trials": 1}, r"a search needs trials=\.\.\. and epochs=\.\.\."),
        (["lenet5"], {"data": 10, "trials": 2, "epochs": 1}, "a search that draws 2 networks, none of them twice"),
        (["lenet5"], {"data": 10, "trials": 0, "epochs": 1}, "trials must be at least 1. Received: trials=0"),
        (["lenet5"], {"data": 10, "trials": 2**63, "epochs": 1}, r"trials must be at most 2\*\*63-1"),
        (["lenet5"], {"trials": 1, "epochs": 1}, r"lenet5: a search trains for epochs, which needs .*; give data="),
        (["lenet5"], {"hyperband": 3, "epochs": 1}, "hyperband says itself how many networks it draws"),
        (["lenet5"], {"hyperband": {"factor": 3}}, "hyperband takes max_epochs, factor, hyperband_iterations, the fi"),
        (["lenet5"], {"hyperband": {"max_epochs": 3, "by": 3}}, r"hyperband takes max_epochs, .* Received: \{'max_ep"),
        (["lenet5"], {"hyperband": (1, 2, 3, 4)}, "hyperband is max_epochs, factor, hyperband_iterations, the first"),
        (["lenet5"], {"hyperband": ()}, "hyperband is max_epochs"),
        (["lenet5"], {"hyperband": (9, 1)}, "factor must be at least 2. Received: factor=1"),
        (
            ["lenet5"],
            {"hyperband": 3, "data": 9, "test": 9},
            "test is of a single run, and a search has none; leave it",
        ),
        (["lenet5"], {"hyperband": 3, "data": 9, "early_stop": 1}, "early_stop is of a single run"),
        ([], {"data": 10, "trials": 1, "epochs": 1}, "a space must hold at least one network"),
        ("lenet5", {"data": 10, "trials": 1, "epochs": 1}, "a space is several networks, .* Received: 'lenet5'"),
        (3, {"data": 10, "trials": 1, "epochs": 1}, "a space is several networks, such as a list of models, or Sp"),
        (["lenet6"], {"data": 10, "trials": 1, "epochs": 1}, "unknown model 'lenet6'; did you mean lenet5"),
    ],
)
def test_what_is_no_search_is_refused(space: Any, settings: dict[str, Any], text: str) -> None:
    with pytest.raises(ModelCostError, match=text):
        search(space, **settings)


def test_networks_costed_differently_are_no_space() -> None:
    one, other = mc.cost("lenet5", data=10), mc.cost("lenet5", data=11)
    with pytest.raises(ModelCostError, match=r"all networks of a search have the same settings. Received: lenet5 with"):
        search([one, other], trials=1, epochs=1)
    with pytest.raises(ModelCostError, match=r"reports have their settings already. Received: batch=\.\.\."):
        search([one], trials=1, epochs=1, batch=3)
    with pytest.raises(SizeError, match="batch must be at least 1"):
        search(["lenet5"], trials=1, epochs=1, batch=0, data=10)


NETS = """
from itertools import product

import modelcost as mc

space = mc.Space(layers=(1, 2), units=lambda layers: product((64, 128), repeat=layers)).built(mc.zoo.mnist_mlp)
some = [mc.zoo.mnist_mlp((64,)), mc.zoo.mnist_mlp((128,))]
none = None
"""


@pytest.fixture
def nets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "searched_nets.py").write_text(NETS)
    monkeypatch.chdir(tmp_path)


def said(capsys: pytest.CaptureFixture[str], line: str) -> tuple[int, str, str]:
    status = main(["search", *line.split()])
    wrote = capsys.readouterr()
    return status, wrote.out, wrote.err


@pytest.mark.usefixtures("nets")
def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    line = "searched_nets:space --hyperband 3 --batch 32 --data 1000 --validation 0.2 --optimizer adam"
    status, out, _ = said(capsys, f"{line} --format json")
    found = json.loads(out)
    space = mlps((1, 2), (64, 128))
    expected = search(space, hyperband=3, batch=32, data=1000, validation=0.2, optimizer="adam")
    assert status == 0
    assert found["search"]["flops"]["most"] == expected["flops"].most
    assert found["search"]["flops"]["expected"] == round(expected["flops"].expected)
    assert found["space"]["networks"] == 6
    assert (found["drawn"], found["total_epochs"]) == (expected.drawn, expected.total_epochs)
    assert "A search over 6 networks" in said(capsys, line)[1]
    both = json.loads(said(capsys, "searched_nets:some lenet5 --trials 3 --epochs 2 --data 5 --format json")[1])
    assert both["space"]["networks"] == 3
    assert both["search"]["forward_flops"]["least"] == both["search"]["forward_flops"]["most"]


@pytest.mark.usefixtures("nets")
@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("lenet5 --hyperband 1,2,3,4", "--hyperband: expected at most three whole numbers, such as 10,3,1 (see"),
        ("lenet5 --hyperband many", "--hyperband: expected a whole number. Received: 'many'"),
        ("lenet5 --hyperband 2 --data 3 --test 3", "test is of a single run, and a search has none; leave it out"),
        ("lenet5 --data 3", "a search needs trials=... and epochs=..., or hyperband=..."),
        ("searched_nets:none --data 3 --trials 1 --epochs 1", "searched_nets:none must be a Model, or a function tha"),
        ("--trials 3", "the following arguments are required: MODEL"),
    ],
)
def test_bad_input(capsys: pytest.CaptureFixture[str], line: str, message: str) -> None:
    status, out, error = said(capsys, line)
    assert (status, out) == (2, "")
    assert error.startswith(f"modelcost: error: {message}")
