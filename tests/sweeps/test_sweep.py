"""Sweeps: every point is what costing it alone gives, and what cannot be stands beside the rest."""

from __future__ import annotations

import json
from itertools import product
from statistics import median
from typing import Any

import numpy as np
import pytest
from search import mlp, nothing, small

import modelcost as mc
from modelcost.errors import ModelCostError
from modelcost.memory import Memory

TRAINED = {"data": 1000, "epochs": 3, "optimizer": "adam", "validation": 0.2}
COUNTED = ["params", "macs", "activation_bytes", "minibatch.flops", "epoch.steps", "run.flops", "run.validation_flops"]


def alone(name: str, sizes: dict[str, int], figures: list[str], **settings: Any) -> list[int]:
    """The figures of a network of the zoo that is made for these sizes."""
    shape = mc.zoo.build(name).inputs[0].shape
    words = ("height", "width")
    made = [sizes.get(word, length) for word, length in zip(words, shape, strict=False)]
    report = mc.cost(name, batch=sizes.get("batch", 1), input=(*made, *shape[2:]), **settings)
    return [int(report.figure(name)) for name in figures]


@pytest.mark.parametrize("name", ["lenet5", "resnet18", "vgg16"])
def test_every_point_of_a_grid_is_what_costing_it_alone_gives(name: str) -> None:
    sizes = {"batch": [7, 64, 2000], "height": [32, 47], "width": range(32, 66, 33)}
    found = mc.sweep(name, figures=COUNTED, **sizes, **TRAINED)
    assert len(found) == 3 * 2 * 2
    for point in found:
        assert [point[one] for one in COUNTED] == alone(name, point.choices, COUNTED, **TRAINED), point.choices


def test_points_one_by_one_are_the_same_as_all_at_once() -> None:
    """Those of a function, of another convention, and of sizes that are bound."""
    at_once = mc.sweep("lenet5", batch=[1, 8], height=[32, 36])
    one_by_one = mc.sweep(lambda: mc.zoo.lenet5(), batch=[1, 8], height=[32, 36])
    assert at_once.at_once
    assert not one_by_one.at_once
    for name in at_once.columns:
        assert at_once[name].tolist() == one_by_one[name].tolist()
    by_tf = mc.sweep("lenet5", batch=[1, 8], convention="tf", figures=["minibatch.forward_flops"])
    assert not by_tf.at_once
    expected = [mc.cost("lenet5", batch=batch, convention="tf").minibatch.forward_flops for batch in (1, 8)]
    assert by_tf["minibatch.forward_flops"].tolist() == expected


def test_figures_beyond_64_bits_are_exact() -> None:
    settings = {"data": 10**12, "epochs": 10**6, "optimizer": "adam"}
    found = mc.sweep("lenet5", batch=[1, 1000], figures=["run.flops"], **settings)
    expected = [int(mc.cost("lenet5", batch=batch, **settings).run.flops) for batch in (1, 1000)]
    assert min(expected) > 2**63
    assert found["run.flops"].tolist() == expected
    assert all(str(one) in found.to_csv() and str(one) in found.to_json() for one in expected)


def test_sizes_that_cannot_be_are_told_with_the_layer_and_the_reason() -> None:
    found = mc.sweep("lenet5", batch=[1, 8], height=[4, 12, 32])
    assert found["height"].tolist() == [32, 32]
    told = [(one.choices["height"], one.failed) for one in found.failed]
    assert (
        told
        == [
            (4, "C1: H_out = H - K + 1 = 4 - 5 + 1 would be 0, and a size is at least 1"),
            (12, "C3: H_out = H - K + 1 = 4 - 5 + 1 would be 0, and a size is at least 1"),
        ]
        * 2
    )
    assert len(list(found)) == 6, "going through a sweep meets the failed points too"
    for one in found.failed:
        with pytest.raises(ModelCostError):
            mc.cost("lenet5", input=(one.choices["height"], 32, 1))


def test_heights_fail_exactly_where_costing_them_fails() -> None:
    found = mc.sweep("alexnet", height=range(1, 120), figures=["params"])

    def possible(height: int) -> bool:
        try:
            mc.cost(mc.zoo.alexnet(), input=(height, 227, 3))
        except ModelCostError:
            return False
        return True

    assert found["height"].tolist() == [height for height in range(1, 120) if possible(height)]
    assert len(found) + len(found.failed) == 119
    assert all(one.failed for one in found.failed)


def by_hand(units: tuple[int, ...]) -> tuple[int, int]:
    """Parameters and multiply-accumulates of the MLP of the homework, added up layer by layer."""
    params = macs = 0
    wide = 784
    for one in units:
        params += wide * one + one + 4 * one
        macs += wide * one
        wide = one
    return params + wide * 10 + 10, macs + wide * 10


def test_the_search_space_of_the_homework() -> None:
    """All 351 networks of homework set 3: how many, and the least, median and greatest parameters."""
    found = mc.sweep(
        mlp,
        layers=[3, 4, 5],
        units=lambda layers: product((64, 128, 256), repeat=layers),
        figures=["params", "macs"],
    )
    expected = [by_hand(units) for n in (3, 4, 5) for units in product((64, 128, 256), repeat=n)]
    assert list(zip(found["params"].tolist(), found["macs"].tolist(), strict=True)) == expected
    assert len(found) == 351
    params = sorted(one for one, _ in expected)
    assert [params[0], median(params), params[-1]] == [59_978, 186_442, 471_818]
    assert found.sort("-params")[0].choices == {"layers": 3, "units": (64, 64, 64)}
    front = {tuple(point["units"]) for point in found.pareto("-layers", "params")}
    assert front == {(64,) * 3, (64,) * 4, (64,) * 5}
    light = found.where("params < 1e5 and layers == 5")
    assert light["units"].tolist() == [u for u in product((64, 128, 256), repeat=5) if by_hand(u)[0] < 100_000]


def test_settings_are_choices_too() -> None:
    found = mc.sweep("lenet5", optimizer=["sgd", "adam"], batch=[2, 4], figures=["minibatch.optimizer_flops"])
    expected = [
        mc.cost("lenet5", optimizer=optimizer, batch=batch).minibatch.optimizer_flops
        for optimizer in ("sgd", "adam")
        for batch in (2, 4)
    ]
    assert found["minibatch.optimizer_flops"].tolist() == expected


def test_memory_and_time_are_worked_out_point_by_point() -> None:
    figures = ["memory.peak_training_bytes", "time.minibatch.seconds", "memory.optimizer_bytes"]
    found = mc.sweep("lenet5", batch=[1, 64], height=[32, 64], figures=figures, optimizer="adam", cpu="i3-540")
    for point in found:
        batch, shape = point["batch"], (point["height"], 32, 1)
        memory = Memory(mc.zoo.lenet5(), batch=batch, optimizer="adam", input=[shape])
        assert point["memory.peak_training_bytes"] == memory.peak_training_bytes
        assert point["memory.optimizer_bytes"] == memory.optimizer_bytes
        report = mc.cost(mc.zoo.lenet5(), batch=batch, input=shape, optimizer="adam", cpu="i3-540")
        assert point["time.minibatch.seconds"] == report.time.minibatch.seconds


def test_what_is_done_is_the_table_once_all_is_done() -> None:
    found = mc.sweep("lenet5", height=[2, 4])
    assert (len(found.done), len(found.done.failed)) == (0, 0)
    assert (len(found), len(found.done.failed)) == (0, 2)


def test_functions_that_fail_are_points_that_fail() -> None:
    found = mc.sweep(small, units=[2, 13, 4, 0], layers=[1, 2])
    assert found["units"].tolist() == [2, 2, 4, 4]
    reasons = [one.failed for one in found.failed]
    assert reasons[:2] == ["RuntimeError: unlucky"] * 2
    assert all("units must be at least 1" in reason for reason in reasons[2:])
    assert [one.failed for one in mc.sweep(nothing, units=[1]).failed] == [
        "the function must return a model. Received: None"
    ]


def test_points_come_one_by_one_and_nothing_before_they_are_asked_for(tmp_path: Any) -> None:
    tally = tmp_path / "tally"
    points = iter(mc.sweep(small, units=[1, 2, 3], tally=str(tally)))
    assert not tally.exists()
    assert next(points)["units"] == 1
    assert tally.read_text() == "1\n"
    assert [point["units"] for point in points] == [2, 3]


def test_where_leaves_points_out_as_they_come_and_in_the_table() -> None:
    for where in ("params > 20 and units != 4", ["params > 20", "units != 4"]):
        found = mc.sweep(small, units=[2, 3, 4, 5, 13], where=where, figures=["macs"])
        assert [point["units"] for point in found if not point.failed] == [3, 5]
        assert found["units"].tolist() == [3, 5]
        assert len(found.failed) == 1
        assert found.figures == ("macs", "params")


def test_a_model_whose_inputs_have_sizes_of_their_own() -> None:
    a, b = mc.Input((8, 8, 3), name="a"), mc.Input((8, 8, 3), name="b")
    y = mc.Concatenate()([mc.GlobalMaxPooling2D()(mc.Conv2D(4, 3)(x)) for x in (a, b)])
    model = mc.Model([a, b], y)
    found = mc.sweep(model, {"a.height": [8, 16], "b.width": [8]}, figures=["macs"])
    expected = [mc.cost(model, input=[(height, 8, 3), (8, 8, 3)]).macs for height in (8, 16)]
    assert found["macs"].tolist() == expected
    peaks = mc.sweep(model, {"a.height": [8, 16]}, figures=["memory.peak_inference_bytes"])
    assert np.diff(peaks["memory.peak_inference_bytes"])[0] > 0


def test_sizes_go_into_another_input_shape() -> None:
    found = mc.sweep("lenet5", width=[32, 40], input=(40, 40, 1), figures="macs")
    one_by_one = mc.sweep("lenet5", width=[32, 40], input=(40, 40, 1), figures=["macs", "memory.parameter_bytes"])
    expected = [mc.cost(mc.zoo.lenet5(), input=(40, width, 1)).macs for width in (32, 40)]
    assert found["macs"].tolist() == one_by_one["macs"].tolist() == expected
    wrong = mc.sweep("lenet5", width=[32], input=(40, 40), figures=["memory.parameter_bytes"])
    assert "input must have the axes of (32, 32, 1)" in wrong.failed[0].failed


@pytest.mark.parametrize(
    ("name", "shapes"),
    [
        ("mobilenet_v2", [(96, 128, 3), (224, 224, 3)]),
        ("efficientnet_b0", [(96, 128, 3), (224, 224, 3)]),
        ("vit_b16", [(32, 48, 3), (384, 384, 3)]),
        ("bert_base", [(16,), (128,)]),
    ],
)
def test_networks_made_for_one_input_have_memory_and_time_at_others(name: str, shapes: list[tuple[int, ...]]) -> None:
    """What depends on the input in them, such as a padding or a position embedding, follows: each is built anew."""
    words = ("height", "width") if len(shapes[0]) == 3 else ("steps",)
    figures, settings = ["params", "macs", "memory.peak_inference_bytes", "time.minibatch.seconds"], {"cpu": "i3-540"}
    for shape in shapes:
        made = mc.zoo.build(name, [shape])
        report = mc.cost(made, **settings)
        sizes = dict(zip(words, shape, strict=False))
        found = mc.sweep(name, {word: [length] for word, length in sizes.items()}, figures=figures, **settings)
        assert not found.at_once and not found.failed, found.failed[0].failed
        assert [found[0][one] for one in figures] == [report.figure(one) for one in figures]
        counted = mc.sweep(name, {word: [length] for word, length in sizes.items()}, figures=figures[:2])
        given = mc.sweep(name, batch=[1], input=[shape] * len(made.inputs), figures=figures[:2])
        assert counted.at_once and given.at_once
        assert [counted[0][one] for one in figures[:2]] == [given[0][one] for one in figures[:2]]
        assert [counted[0][one] for one in figures[:2]] == [report.figure(one) for one in figures[:2]]


def test_a_size_that_nothing_is_chosen_for_is_named() -> None:
    model = mc.Sequential([mc.Input((None, None, 3)), mc.Conv2D(4, 3)], name="free")
    for name in ("macs", "params"):
        with pytest.raises(ModelCostError, match=f"{name} of free depends on width, which has no value: sweep over it"):
            len(mc.sweep(model, height=[8, 9], figures=[name]))
    found = mc.sweep(model, height=[8, 9], width=3, figures=["params", "macs"])
    assert (found["params"].tolist(), found["macs"].tolist()) == ([112, 112], [6 * 4 * 27, 7 * 4 * 27])


@pytest.mark.parametrize(
    ("subject", "choices", "told"),
    [
        ("lenet5", {"steps": [1]}, "unknown free size of lenet5 'steps'; known are: batch, height, input.height"),
        ("lenet5", {"batchs": [1]}, "unknown free size of lenet5 'batchs'; did you mean batch"),
        ("lenet5", {"batch": [1, 2.5]}, "batch must be a whole number. Received: batch=2.5"),
        ("lenet5", {"batch": [1, True]}, "batch must be a whole number. Received: batch=True"),
        ("lenet5", {"batch": [0, 1]}, "batch must be at least 1. Received: batch=0"),
        ("lenet5", {"batch": range(5)}, "batch must be at least 1"),
        ("lenet5", {"batch": ["a"]}, "batch must be a whole number. Received: batch='a'"),
        ("lenet5", {"batch": [1, 1]}, "batch has 1 twice"),
        ("lenet5", {"batch": []}, "batch has no values"),
        ("lenet5", {"batch": range(1, 10**12)}, "999,999,999,999 points are too many"),
        ("lenet5", {}, "a sweep needs something to sweep over"),
        ("lenet", {"batch": [1]}, "unknown model 'lenet'; did you mean lenet5"),
        ("lenet5", {"batch": [1], "figures": ["parms"]}, "unknown figure 'parms'; did you mean params"),
        ("lenet5", {"batch": [1], "figures": ["minibatch.x"]}, "unknown figure 'minibatch.x'"),
        ("lenet5", {"batch": [1], "figures": [3]}, "a figure is asked for by its name. Received: 3"),
        ("lenet5", {"batch": [1], "where": "parms < 3"}, "unknown figure 'parms'; did you mean params"),
        ("lenet5", {"batch": [1], "sample": 0}, "sample must be a whole number of at least 1"),
        (small, {"layers": [1]}, "small needs units: give the values of each"),
        (small, {"units": [1], "layer": [1]}, "unknown choice 'layer'; did you mean layers"),
        (small, {"units": [1], "height": [0]}, "height must be at least 1"),
        (lambda params: None, {"params": [1]}, "params is the name of a figure"),
        ("lenet5", {"batch": [1], "executor": 5}, "executor must be one of concurrent.futures. Received: 5"),
        (max, {"batch": [1]}, "it is not known which arguments"),
        (5, {"batch": [1]}, "a model is a Model, the name of one"),
        ("lenet5", {"batch": [1, 2], "sample": 1, "seed": "x"}, "seed must be a whole number. Received: seed='x'"),
        ("lenet5", {"batch": [1], "where": 5}, "a condition compares figures"),
        ("lenet5", {"batch": [1], "figures": 5}, "a figure is asked for by its name. Received: 5"),
    ],
)
def test_what_is_refused_before_anything_is_done(subject: Any, choices: dict[str, Any], told: str) -> None:
    with pytest.raises(ModelCostError, match=told):
        mc.sweep(subject, **choices)


@pytest.mark.parametrize(
    ("choices", "told"),
    [
        ({1: [1]}, "choices are a dict of values by name. Received: {1: "),
        ([("batch", [1])], "choices are a dict of values by name"),
        ("batch", "choices are a dict of values by name. Received: 'batch'"),
        ({"batch": [1]}, "batch is given twice, as a choice and by its name"),
    ],
)
def test_choices_that_are_no_names(choices: Any, told: str) -> None:
    with pytest.raises(ModelCostError, match=told):
        mc.sweep("lenet5", choices, batch=[2])


@pytest.mark.parametrize(
    ("figures", "told"),
    [
        ("epoch.forward_flops", "no epoch without the number of training examples; give data"),
        ("minibatch.flops", "no minibatch.flops without an optimizer; give optimizer"),
        ("memory.peak_training_bytes", "no memory of training without an optimizer"),
        ("time.run.seconds", "no time without a CPU; give cpu"),
    ],
)
@pytest.mark.parametrize("subject", [small, "lenet5"])
def test_figures_that_no_point_can_have_are_an_error_not_failed_points(subject: Any, figures: str, told: str) -> None:
    choices = {"units": [1, 2]} if subject is small else {"batch": [1, 2]}
    with pytest.raises(ModelCostError, match=told):
        len(mc.sweep(subject, figures=[figures], **choices))


def test_figures_of_one_layer() -> None:
    found = mc.sweep("lenet5", height=[32, 64], figures=["C1.multiplies"])
    assert found["C1.multiplies"].tolist() == [28 * 28 * 6 * 25, 60 * 28 * 6 * 25]
    deep = mc.sweep(small, units=[3], layers=[1, 2], figures=["dense_1.params"])
    assert deep["dense_1.params"].tolist() == [12]
    assert "unknown figure 'dense_1.params'" in deep.failed[0].failed


def test_the_figure_names_of_a_sweep_are_those_of_reports() -> None:
    from modelcost.sweeps.costing import NAMES

    report = mc.cost("lenet5", optimizer="adam", data=10, epochs=2, validation=3, test=4)
    assert set(report.figure_names()) == {name for name in NAMES if not name.startswith("time.")}
    assert all(report.figure(name) is not None for name in report.figure_names())


def test_what_holds_for_one_setting_only_is_a_point_that_fails() -> None:
    found = mc.sweep("lenet5", cpu=["i3-540", None], figures=["time.minibatch.seconds"])
    assert [one.failed for one in found.failed] == ["lenet5: no time without a CPU; give cpu=..."]
    assert found["cpu"].tolist() == ["i3-540"]


class UntoldError(Exception):
    """An error that cannot be written out."""

    def __str__(self) -> str:
        raise RuntimeError


def fails(how: int) -> Any:
    """A function that fails in ways of its own."""
    if how == 0:
        raise SystemExit(3)
    if how == 1:
        raise UntoldError
    return [None, None, (i for i in range(3)), mc.cost("lenet5"), "lenet5"][how]


def test_functions_that_fail_oddly() -> None:
    reasons = [one.failed for one in mc.sweep(fails, how=range(5)).failed]
    assert reasons == [
        "SystemExit: 3",
        "UntoldError",
        "the function must return a model. Received: a generator",
        "the function must return a model. Received: a Report",
        "the function must return a model. Received: 'lenet5'",
    ]


def test_functions_that_take_any_name_and_parts_of_functions() -> None:
    from functools import partial

    found = mc.sweep(lambda **chosen: small(**chosen), units=[2, 3], layers=[1], batch=4)
    assert found["params"].tolist() == [14, 21]
    deep = mc.sweep(partial(small, layers=2), units=[2])
    assert (deep.of, deep["params"].tolist()) == ("small", [20])


def test_a_functions_own_optimizer_is_no_setting() -> None:
    """Its argument has the name of a setting, and asks for no training."""
    found = mc.sweep(lambda optimizer: small(optimizer), optimizer=[2, 3])
    assert found.figures == ("params", "activation_bytes", "minibatch.forward_flops")


def test_a_size_without_a_value_is_named_where_points_are_costed_one_by_one() -> None:
    model = mc.Sequential([mc.Input((None, None, 3)), mc.Conv2D(4, 3)], name="free")
    found = mc.sweep(model, height=[8], figures=["memory.parameter_bytes"])
    assert [one.failed for one in found.failed] == ["the input depends on width, which has no value: sweep over it too"]


def test_a_side_that_stays_is_told_and_can_follow_the_other() -> None:
    alone = mc.sweep("lenet5", height=[32, 64], figures="macs")
    assert "The width stays 32 at every height; --width height" in str(alone)
    assert json.loads(alone.to_json())["notes"] == list(alone.notes)
    square = mc.sweep("lenet5", height=[32, 64], width=lambda height: height, figures="macs")
    assert not square.notes
    assert square["macs"].tolist() == [mc.cost(mc.zoo.lenet5(), input=(side, side, 1)).macs for side in (32, 64)]


def test_layers_of_unknown_cost_make_every_figure_a_lower_bound() -> None:
    known = mc.sweep("lenet5", batch=[1, 2], partial=True)
    assert not known.at_least
    found = mc.sweep(small, units=[2, 3], partial=True)
    assert "LOWER BOUND" in str(found)
    assert found.to_csv().startswith("units,params (at least),")
    assert json.loads(found.to_json())["lower_bound"] is True
    assert found.where("params > 0").at_least


def test_batches_of_which_there_are_none_fail_however_they_are_worked_out() -> None:
    settings = {"data": 100, "drop_remainder": True, "figures": ["epoch.steps"]}
    at_once = mc.sweep("lenet5", batch=[50, 101], **settings)
    assert at_once["epoch.steps"].tolist() == [2]
    assert [one.failed for one in at_once.failed] == ["steps = data//N = 100//101 would be 0, and a size is at least 1"]
    assert len(mc.sweep(lambda: mc.zoo.lenet5(), batch=[50, 101], **settings).failed) == 1
