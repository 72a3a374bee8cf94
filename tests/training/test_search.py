"""What a search trains: against KerasTuner's own oracle, and what it costs: against every way to draw a small space."""

from __future__ import annotations

import json
from collections import Counter
from fractions import Fraction
from itertools import permutations, product
from pathlib import Path
from typing import Any

import pytest

import modelcost as mc
from modelcost.errors import ModelCostError
from modelcost.space import Space
from modelcost.training.search import Search, hyperband, random_search

with (Path(__file__).parent.parent / "data" / "hyperband.json").open(encoding="utf-8") as file:
    DRIVEN = json.load(file)


def sequences(lengths: Any, choices: Any) -> Space:
    """So many places, each as likely, then one of the choices for each: a network is a tuple of these."""
    return Space(length=lengths, units=lambda length: product(choices, repeat=length)).built(lambda units: units)


MNIST = sequences(range(3, 6), (64, 128, 256))


@pytest.mark.parametrize("row", DRIVEN, ids=lambda row: f"{row['max_epochs']}-{row['factor']}")
def test_hyperband_trains_what_the_oracle_of_keras_tuner_lets_train(row: dict[str, Any]) -> None:
    search = hyperband(row["max_epochs"], row["factor"], row["hyperband_iterations"])
    assert {str(epochs): int(networks) for networks, epochs in search.groups} == row["epochs_of_networks"]
    assert search.total_epochs == row["total_epochs"]
    assert search.networks == sum(row["epochs_of_networks"].values())


@pytest.mark.keras
def test_keras_tuner_still_schedules_as_it_did() -> None:
    """The stored rows come from driving the oracle; here its own rules for sizes and epochs, where it is installed."""
    oracle = pytest.importorskip("keras_tuner").oracles.HyperbandOracle
    for most, factor in product((1, 2, 5, 10, 27, 64, 100, 243, 1000), (2, 3, 4, 10)):
        theirs = oracle(objective="val_accuracy", max_epochs=most, factor=factor)
        epochs = Counter[int]()
        for bracket in range(theirs._get_num_brackets()):
            sizes = [theirs._get_size(bracket, one) for one in range(theirs._get_num_rounds(bracket))]
            for one, (here, left) in enumerate(zip(sizes, [*sizes[1:], 0], strict=True)):
                epochs[theirs._get_epochs(bracket, one)] += here - left
        assert {int(e): int(n) for n, e in hyperband(most, factor).groups} == {e: n for e, n in epochs.items() if n}


def test_the_space_of_the_homework() -> None:
    assert len(MNIST) == 3**3 + 3**4 + 3**5 == 351
    params = MNIST.costs(lambda units: mc.cost(mc.zoo.mnist_mlp(units)).params)
    only = sorted(int(count) for _, count in params)
    assert (only[0], only[-1]) == (59_978, 471_818)
    found = hyperband(max_epochs=10).cost(params)
    assert found.least < found.expected < found.most
    mean = sum(chance * int(count) for chance, count in params)
    assert random_search(trials=1, epochs=10).cost(params).expected == 10 * mean
    assert found.expected > 120 * mean  # short networks are likelier, and gone earlier


@pytest.mark.parametrize("groups", [[(1, 5)], [(2, 3)], [(1, 7), (2, 2)], [(1, 4), (1, 3), (1, 1)]])
def test_least_and_most_are_those_of_all_ways_to_draw(groups: list[tuple[int, int]]) -> None:
    costs = [3, 10, 4, 8]
    epochs = [each for networks, each in groups for _ in range(networks)]
    ways = [sum(c * e for c, e in zip(way, epochs, strict=True)) for way in permutations(costs, len(epochs))]
    found = Search(groups).cost([(Fraction(1, 4), cost) for cost in costs])
    assert (found.least, found.most) == (min(ways), max(ways))
    assert found.expected == Fraction(sum(ways), len(ways))


def test_what_is_drawn_less_often_counts_less() -> None:
    space = sequences((1, 2), (1, 3))
    assert [chance for chance, _ in space.networks] == [Fraction(1, 4)] * 2 + [Fraction(1, 8)] * 4
    assert random_search(1, 1).cost(space.costs(sum)).expected == Fraction(1, 2) * 2 + Fraction(1, 2) * 4


@pytest.mark.parametrize("search", [random_search(3, 1), random_search(6, 2), hyperband(3, 2)])
def test_the_mean_is_over_all_draws_in_turn_however_likely_each_is(search: Search) -> None:
    """Every order of drawing, with how likely it is; each of a bracket trains as long, in the mean."""
    costs = sequences((1, 2), (1, 9)).costs(sum)
    shares = [Fraction(int(epochs), int(networks)) for networks, epochs in search.brackets for _ in range(networks)]
    mean = Fraction(0)
    for way in permutations(range(len(costs)), len(shares)):
        likely, left, cost = Fraction(1), Fraction(1), Fraction(0)
        for share, i in zip(shares, way, strict=True):
            likely, left = likely * costs[i][0] / left, left - costs[i][0]
            cost += share * costs[i][1]
        mean += likely * cost
    assert search.cost(costs).expected == mean
    assert sum(int(epochs) for _, epochs in search.brackets) == search.total_epochs


def test_a_mean_too_long_to_follow_is_refused() -> None:
    networks = [(Fraction(2 * i, 100 * 101), i) for i in range(1, 101)]
    with pytest.raises(ModelCostError, match="50 draws of 100 different chances is too long; draw fewer, or give"):
        random_search(50, 1).cost(networks)


def test_the_working_of_a_search() -> None:
    costs = [(Fraction(1, 2), 7), (Fraction(1, 2), 9)]
    found = random_search(2, 10).cost(costs)
    assert (found.least.formula(), found.least) == ("epochs*(7 + 9)", 160)
    assert repr(found) == "SearchCost(least=160, expected=160, most=160)"
    assert all(eval(one.numbers()) == one for group in hyperband(81).groups for one in group)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: hyperband(0), "max_epochs must be at least 1"),
        (lambda: hyperband(10, 1), "factor must be at least 2. Received: factor=1"),
        (lambda: hyperband(10, 3, 0), "hyperband_iterations must be at least 1"),
        (lambda: hyperband(2**63), "max_epochs must be at most"),
        (lambda: random_search(0, 1), "trials must be at least 1"),
        (lambda: random_search(1, 1.5), "epochs must be a whole number"),  # type: ignore[arg-type]
        (lambda: random_search(3, 1).cost([(Fraction(1), 1)]), "a search that draws 3 networks, none of them twice"),
        (lambda: Space(units=()), "units has no values"),
        (lambda: sequences((1, 1), (2,)), "length has 1 twice"),
        (lambda: sequences((1,), (2, 2)), r"units has 2 twice|units has \(2,\) twice"),
        (lambda: Space(units=range(9), sample=3).chances, "a sample of a space says nothing of how likely"),
        (lambda: mc.search(Space(units=(1, 2)), trials=1, epochs=1, data=3), r"say what is built of them: space.built"),
    ],
)
def test_what_is_no_search_is_refused(make: Any, text: str) -> None:
    with pytest.raises(ModelCostError, match=text):
        make()
