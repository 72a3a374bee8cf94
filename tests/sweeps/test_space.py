"""What is swept over: grids, choices that depend on others, samples, and what is refused."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import modelcost as mc
from modelcost.errors import ModelCostError
from modelcost.space import MOST_POINTS, Space

GRIDS = st.dictionaries(
    st.sampled_from("abcd"), st.lists(st.integers(), min_size=1, max_size=4, unique=True), min_size=1, max_size=4
)


@given(GRIDS)
def test_a_grid_is_the_product_of_its_choices(choices: dict[str, list[int]]) -> None:
    points = [tuple(point.values()) for point in Space(choices)]
    assert points == list(product(*choices.values()))
    mesh = Space(choices).mesh()
    columns = [column.ravel().tolist() for column in np.broadcast_arrays(*mesh.values())]
    assert list(zip(*columns, strict=True)) == points


@given(GRIDS, st.integers(1, 30), st.integers(0, 9))
def test_a_sample_is_some_of_the_points_in_their_order(choices: dict[str, list[int]], few: int, seed: int) -> None:
    everything = list(Space(choices))
    sample = list(Space(choices, sample=few, seed=seed))
    assert len(sample) == min(few, len(everything))
    assert sample == [point for point in everything if point in sample]
    assert sample == list(Space(choices, sample=few, seed=seed))


def test_every_point_can_be_drawn() -> None:
    drawn = {Space({"a": range(4), "b": [1, 2]}, sample=1, seed=seed).places[0] for seed in range(200)}
    assert drawn == set(range(8))


def test_a_sample_of_a_space_that_nobody_could_go_through() -> None:
    space = Space({name: range(1, 2**62) for name in "abc"}, sample=5)
    points = list(space)
    assert len(points) == len({tuple(point.values()) for point in points}) == 5
    assert all(0 < value < 2**62 for point in points for value in point.values())


def test_choices_that_depend_on_others() -> None:
    def units(layers: int) -> Any:
        return product((64, 128, 256), repeat=layers)

    space = Space({"layers": [3, 4, 5], "units": units})
    assert len(space) == 3**3 + 3**4 + 3**5 == 351
    assert len({point["units"] for point in space}) == 351
    assert all(len(point["units"]) == point["layers"] for point in space)
    assert len(Space({"layers": [3, 4, 5], "units": units}, sample=20)) == 20


@pytest.mark.parametrize(
    ("choices", "told"),
    [
        ({}, "a sweep needs something to sweep over"),
        ({"a": []}, r"a has no values. Received: \[\]"),
        ({"a": range(3, 3)}, r"a has no values. Received: range\(3, 3\)"),
        ({"a": [1, 2, 1]}, "a has 1 twice"),
        ({"a": [(1, 2), [3], (1, 2)]}, r"a has \(1, 2\) twice"),
        ({"a": [([1],), ([1],)]}, r"a has \(\[1\],\) twice"),
        ({"a": np.array([4, 4])}, "a has 4 twice"),
        ({"a": {1, 2}}, "the values of a need an order; give a list"),
        ({"a": range(10**6), "b": range(10**6)}, "1,000,000,000,000 points are too many .* may have 10,000,000"),
        ({"a": [1], "b": lambda c: [c]}, "b depends on c, which is not chosen before it; before it is a"),
        ({"a": [2], "b": lambda a: []}, "b has no values"),
        ({"a": [0], "b": lambda a: [1 // a]}, r"b of \{'a': 0\}: ZeroDivisionError"),
        ({"a": [1], "b": lambda a: range(10**9)}, "more than 10,000,000 points are too many"),
    ],
)
def test_what_is_refused(choices: Any, told: str) -> None:
    with pytest.raises(ModelCostError, match=told):
        Space(choices)


@pytest.mark.parametrize("sample", [0, -1, 2.5, True])
def test_a_sample_is_of_a_number_of_points(sample: Any) -> None:
    with pytest.raises(ModelCostError, match="sample must be a whole number of at least 1"):
        Space({"a": [1, 2]}, sample=sample)


def test_one_and_true_are_two_values() -> None:
    assert [point["a"] for point in Space({"a": [1, True, 1.0]})] == [1, True, 1.0]
    assert MOST_POINTS == 10_000_000


def test_one_space_is_swept_and_searched() -> None:
    """What a sweep finds at each point, weighted by how likely it is drawn, is what a search of one trial expects."""
    space = Space(layers=[1, 2], units=lambda layers: product((4, 8), repeat=layers)).built(mc.zoo.mnist_mlp)
    settings = {"batch": 4, "data": 10, "optimizer": "adam"}
    swept = mc.sweep(space, figures="epoch.flops", **settings)
    assert swept["units"].tolist() == [(4,), (8,), (4, 4), (4, 8), (8, 4), (8, 8)]
    assert space.chances == [Fraction(1, 4)] * 2 + [Fraction(1, 8)] * 4
    mean = sum(chance * flops for chance, flops in zip(space.chances, swept["epoch.flops"].tolist(), strict=True))
    assert mc.search(space, trials=1, epochs=3, **settings)["flops"].expected == 3 * mean


@given(GRIDS)
def test_every_point_of_a_grid_is_as_likely(choices: dict[str, list[int]]) -> None:
    space = Space(choices)
    assert space.chances == [Fraction(1, len(space))] * len(space)
    assert space.costs(lambda point: sum(point.values())) == [
        (Fraction(1, len(space)), sum(point.values())) for point in space
    ]


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Space([1, 2]), "choices are a dict of values by name. Received: \\[1, 2\\]"),  # type: ignore[arg-type]
        (lambda: Space({"a": [1]}, a=[2]), "a is given twice, as a choice and by its name"),
        (lambda: Space(layer=[1]).built(lambda layers: None), "unknown choice 'layer'; did you mean layers"),
        (
            lambda: Space(units=[0]).built(lambda units: 1 / units).networks,
            "ZeroDivisionError: division by",
        ),
        (lambda: mc.sweep(Space(units=[1])), "say what is built of them: space.built"),
        (lambda: mc.search(max, trials=1, epochs=1), "a space is several networks, such as a list of models, or Space"),
    ],
)
def test_what_cannot_be_built_is_refused(make: Any, told: str) -> None:
    with pytest.raises(ModelCostError, match=told):
        make()
