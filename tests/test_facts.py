"""Facts, what each primitive counts as, and the conventions over them; every number here is by hand."""

from __future__ import annotations

from typing import Any

import pytest

import modelcost as mc
from modelcost.conventions import CONVENTIONS, convention
from modelcost.count import Count, Expression
from modelcost.errors import ModelCostError, UnknownNameError
from modelcost.facts import (
    COLUMNS,
    ELEMENTWISE,
    HIDDEN,
    INPUT,
    REDUCTIONS,
    Facts,
    Output,
    Primitive,
    Weight,
    Work,
    dot,
    max_of,
    scatter,
    sum_of,
)

COUNTED: dict[str, tuple[Any, dict[str, int]]] = {
    # ten of each; reductions fold five elements, or fifty altogether
    "add": ("add", {"adds": 10}),
    "sub": ("sub", {"adds": 10}),
    "mul": ("mul", {"multiplies": 10}),
    "div": ("div", {"divisions": 10}),
    "sin": ("sin", {"transcendentals": 10}),
    "cos": ("cos", {"transcendentals": 10}),
    "tan": ("tan", {"transcendentals": 10}),
    "dot": (dot(5), {"macs": 50, "multiplies": 50, "adds": 40}),
    "scatter": (scatter(50), {"macs": 50, "multiplies": 50, "adds": 40}),
    "sum": (sum_of(5), {"adds": 40}),
    "sum over": (sum_of(over=50), {"adds": 40}),
    "max": (max_of(5), {"comparisons": 40}),
    "max over": (max_of(over=50), {"comparisons": 40}),
    "min": (Primitive("min", 5), {"comparisons": 40}),
    **{kind: (kind, {"comparisons": 10}) for kind in ("compare", "abs", "sign")},
    **{
        kind: (kind, {"transcendentals": 10})
        for kind in ("exp", "log", "pow", "sqrt", "rsqrt", "tanh", "sigmoid", "erf")
    },
    **{kind: (kind, {}) for kind in ("copy", "gather", "random", "round")},
}


@pytest.mark.parametrize(("primitive", "counts"), COUNTED.values(), ids=COUNTED)
def test_what_each_primitive_counts_as(primitive: Any, counts: dict[str, int]) -> None:
    assert Work(10, primitive, (INPUT,), "part").counted() == counts
    assert Work(10, primitive, (INPUT,), "part", once=True).counted() == counts


def test_the_list_of_primitives_is_closed_and_all_of_it_is_tested() -> None:
    named = {name.split()[0] for name in COUNTED}
    assert {*REDUCTIONS, *ELEMENTWISE} >= named
    assert not {*REDUCTIONS, *ELEMENTWISE} - named - {"unknown"}, "a primitive has no row in COUNTED"
    with pytest.raises(UnknownNameError, match="unknown primitive 'sqr'; did you mean sqrt"):
        Primitive("sqr")
    for bad in (lambda: Primitive("dot"), lambda: Primitive("add", 3), lambda: Work(1, "sum", (INPUT,), "p")):
        with pytest.raises(ModelCostError, match="a reduction says how many elements it folds, nothing else does"):
            bad()
    with pytest.raises(UnknownNameError, match="unknown phase 'train'; did you mean training"):
        Work(1, "add", (INPUT,), "p", phase="train")


def facts() -> Facts:
    """A made-up layer with a part for each example, one for each call, and one in training alone."""
    return Facts(
        ((7,),),
        [
            Output((3, 2)),
            Output((3,), view=True, dtype="int32"),
            Weight("kernel", (7, 6)),
            Weight("moving_mean", (6,), trainable=False),
            Work(6, dot(7), (INPUT, "kernel"), "kernel"),
            Work(6, "add", (HIDDEN, "moving_mean"), "bias"),
            Work(6, "rsqrt", ("moving_mean",), "fold", once=True),
            Work(6, "mul", ("moving_mean",), "fold", once=True),
            Work(100, "mul", (INPUT,), "dropout", phase="training"),
            Work(1, "div", (HIDDEN,), "kernel", phase="inference"),
        ],
    )


def test_facts_are_sorted_by_kind() -> None:
    f = facts()
    assert ([o.shape for o in f.outputs], [w.name for w in f.weights]) == ([(3, 2), (3,)], ["kernel", "moving_mean"])
    assert (f.outputs[0].elements, f.weights[0].params, len(f.works)) == (6, 42, 6)
    assert f.part_names() == ["kernel", "bias", "fold", "dropout"]
    assert (f.params(), f.params(trainable=True), f.params(trainable=False)) == (48, 42, 6)


def test_columns_are_those_of_inference_for_each_example_and_once_a_call() -> None:
    f = facts()
    assert {name: f.column(name) for name in COLUMNS} == {
        "macs": (42, 0),
        "multiplies": (42, 6),
        "adds": (36 + 6, 0),
        "divisions": (1, 0),
        "comparisons": (0, 0),
        "transcendentals": (0, 6),
    }
    assert f.column("adds", frozenset({"bias"})) == (6, 0)
    assert f.column("multiplies", frozenset({"kernel", "fold"})) == (42, 6)
    assert f.column("multiplies", frozenset({"dropout"})) == (0, 0)


def test_facts_are_readable() -> None:
    assert [repr(fact) for fact in facts().outputs] == ["Output((3, 2))", "Output((3,), view=True)"]
    assert [repr(fact) for fact in facts().weights] == [
        "Weight('kernel', (7, 6))",
        "Weight('moving_mean', (6,), trainable=False)",
    ]
    assert repr(facts().works[0]) == "Work(6 dot(7), kernel)"
    assert repr(facts().works[2]) == "Work(6 rsqrt, fold, once)"


def test_figures_keep_their_formulas() -> None:
    c, u = Count(7, "C"), Count(6, "U")
    f = Facts(((c,),), [Output((u,)), Weight("kernel", (c, u)), Work(u, dot(c), (INPUT, "kernel"), "kernel")])
    assert f.params().formula() == "C*U"
    assert f.column("multiplies")[0].formula() == "U*C"
    assert (f.column("adds")[0].formula(), f.column("adds")[0].numbers()) == ("U*(C - 1)", "6*(7 - 1)")


def test_facts_of_unknown_sizes_are_formulas() -> None:
    t = Expression("T", size="steps")
    f = Facts(((t,),), [Output((t, 2)), Work(t * 2, dot(3), (INPUT, "kernel"), "kernel")])
    assert (f.outputs[0].elements.formula(), f.column("macs")[0].formula()) == ("T*2", "T*2*3")


# Dense(10, softmax) on 784: 7,840 products; 783 and a bias for each of ten; softmax: nine comparisons,
# ten subtractions, ten exponentials, nine adds, ten divisions
DENSE = {
    "macs": 7840,
    "multiplies": 7840,
    "adds": 7850 - 10 + 10 + 9,
    "divisions": 10,
    "comparisons": 9,
    "transcendentals": 10,
}
FLOPS = {
    "flops": 7840 + 7859 + 10,
    "all": 7840 + 7859 + 10 + 9 + 10,
    "macs": 7840,
    "macs+bias": 7840 + 10,
    "2macs": 15680,
}


@pytest.mark.parametrize("name", FLOPS)
def test_conventions_over_a_dense_layer(name: str) -> None:
    model = mc.Sequential([mc.Input((784,)), mc.Dense(10, activation="softmax", name="out")])
    report = mc.cost(model, convention=name, batch=5)
    assert report["out"].figures.items() >= DENSE.items()
    assert report["out"].flops == report.flops == report.example.forward_flops == FLOPS[name]
    assert report.minibatch.forward_flops == 5 * FLOPS[name]
    assert report.convention == name


def test_conventions_weigh_once_a_call_work_too() -> None:
    f = facts()
    assert {name: CONVENTIONS[name].flops(f) for name in FLOPS} == {
        "flops": (42 + 42 + 1, 6),
        "all": (42 + 42 + 1, 12),
        "macs": (42, 0),
        "macs+bias": (48, 0),
        "2macs": (84, 0),
    }
    assert convention("macs+bias").flops(f, frozenset({"bias"})) == (6, 0)
    assert convention("macs+bias").flops(f, frozenset({"kernel"})) == (42, 0)
    assert convention("flops").flops(f, frozenset({"bias", "fold"})) == (6, 6)


def test_every_convention_says_what_it_is_and_knows_only_columns() -> None:
    for name, one in CONVENTIONS.items():
        assert (one.name, bool(one.says)) == (name, True)
        assert set(one.weights) <= set(COLUMNS)
        assert all(set(weights) <= set(COLUMNS) for weights in one.part_weights.values())


def test_a_convention_keeps_the_working() -> None:
    model = mc.Sequential([mc.Input((784,)), mc.Dense(10, name="out")])
    row = mc.cost(model, convention="2macs")["out"]
    assert (row.flops.formula(), row.flops.numbers()) == ("2*U*C", "2*10*784")
    plain = mc.cost(model)["out"]
    assert plain.flops.formula() == "U*C + U*(C - 1) + U"  # no `+ 0` for what there is nothing of
    assert plain.divisions.formula() == "0"


def test_parts_of_a_layer_stand_apart() -> None:
    model = mc.Sequential([mc.Input((127,)), mc.Dense(10, activation="softmax", name="dense2")])
    row = mc.cost(model)["dense2"]
    assert row.part("kernel+bias").adds == (126 + 1) * 10
    assert row.part("bias").adds == 10
    assert row.part("activation").adds == 19
    assert (row.part("activation").divisions, row.part("activation").transcendentals) == (10, 10)
    assert row.part("kernel").flops == 1270 + 1260
    with pytest.raises(UnknownNameError, match="dense2: unknown part 'kernal'; did you mean kernel"):
        row.part("kernal")
    with pytest.raises(ModelCostError, match="has no params"):
        _ = row.part("bias").params


PRIMITIVES_OF_DOCS = (
    "add sub mul div dot scatter sum max compare abs exp log pow sqrt rsqrt tanh sigmoid erf copy gather random"
)


def test_the_primitives_that_the_design_names_are_there() -> None:
    assert set(PRIMITIVES_OF_DOCS.split()) <= {*REDUCTIONS, *ELEMENTWISE}
