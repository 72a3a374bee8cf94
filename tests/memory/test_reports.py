"""The memory of a report: what is there and when, there and back through JSON, and what is refused."""

from __future__ import annotations

import json
import pickle
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import modelcost as mc
from modelcost.errors import ModelCostError, SizeError, UnboundSizeError
from modelcost.figures import MissingFigureError
from modelcost.memory import FIGURES
from modelcost.memory.memory import OF_LAYERS, OF_TRAINING
from tests.random_graphs import model as random_model

CONTRACT = [
    *("parameter_bytes", "gradient_bytes", "optimizer_bytes", "kept_activation_bytes"),
    *("peak_inference_bytes", "peak_training_bytes", "process_training_bytes"),
]


def test_json_has_the_keys_that_scripts_rely_on_where_training_is_asked_for() -> None:
    found = json.loads(mc.cost("lenet5", batch=64, optimizer="adam").to_json())["memory"]
    assert set(CONTRACT) <= set(FIGURES) <= set(found)
    assert found["parameter_bytes"] == found["gradient_bytes"] == 61_706 * 4
    assert found["optimizer_bytes"] == 2 * 61_706 * 4 + 12
    assert found["layers"][1]["activation_bytes"] == 64 * 28 * 28 * 6 * 4
    assert found["peaks"] == {"inference": "S2, forward", "training": "S2, backward"}
    assert found["runtime"] == "tensorflow"


def test_without_an_optimizer_there_is_inference_and_it_is_shown_where_it_is_asked_for() -> None:
    report = mc.cost("lenet5", batch=64)
    assert "memory" not in json.loads(report.to_json())
    assert "planned peak" not in str(report)
    shown = mc.cost("lenet5", batch=64, memory=True)
    told = json.loads(shown.to_json())["memory"]
    assert not set(told) & set(OF_TRAINING)
    assert report.memory.peak_inference_bytes == shown.memory.peak_inference_bytes == told["peak_inference_bytes"]
    assert "planned peak, inference" in str(shown)
    for name in OF_TRAINING:
        with pytest.raises(MissingFigureError, match=r"lenet5: no memory of training without an optimizer; give opt"):
            getattr(report.memory, name)


def test_what_was_not_written_is_not_read() -> None:
    read = mc.Report.from_json(mc.cost("lenet5").to_json())
    with pytest.raises(MissingFigureError, match=r"lenet5: no memory without its model: the file .* has none; write"):
        _ = read.memory
    inference = mc.Report.from_json(mc.cost("lenet5", memory=True).to_json())
    with pytest.raises(MissingFigureError, match="memory has no peak_training_bytes; it has parameter_bytes"):
        _ = inference.memory.peak_training_bytes


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), st.integers(1, 9))
def test_there_and_back(data: st.DataObject, batch: int) -> None:
    model = random_model(data.draw)
    try:
        report = mc.cost(model, batch=batch, optimizer="adam")
    except ModelCostError as error:  # no weights, or in a part of a nested model that nobody reads
        assert str(error).startswith("there is nothing to train")
        return
    again = mc.Report.from_json(report.to_json())
    assert again.memory.figures == report.memory.figures
    assert again.to_json() == report.to_json()
    assert str(again) == str(report)
    for name in OF_LAYERS:
        assert sum(getattr(row, name) for row in again.memory.rows) == getattr(report.memory, name)


def test_layers_may_have_any_name() -> None:
    names = ["output", "loss (1)", "optimizer x", "a b c"]
    plain = [mc.Dense(3, activation="tanh", name=f"d{i}") for i in range(4)]
    named = [mc.Dense(3, activation="tanh", name=name) for name in names]
    figures = [mc.cost(mc.Sequential([mc.Input((3,)), *one]), optimizer="adam").memory for one in (plain, named)]
    assert figures[0].figures == figures[1].figures
    kept = [[int(row.kept_activation_bytes) for row in one.rows] for one in figures]
    assert kept[0] == kept[1] == [0, 12, 12, 12, 12, 0]


def test_a_tensor_that_is_read_twice_by_one_operation_has_a_gradient_from_each() -> None:
    def model(*kinds: Any) -> Any:
        x = mc.Input((4,))
        y = mc.Dense(4, use_bias=False)(x)
        return mc.Model(x, kinds[0]()([y, y if len(kinds) == 1 else mc.Identity()(y)]))

    for kind in (mc.layers.Add, mc.layers.Multiply, mc.layers.Maximum):
        twice = mc.cost(model(kind), optimizer="sgd").memory
        views = mc.cost(model(kind, mc.Identity), optimizer="sgd").memory
        assert twice.peak_training_bytes == views.peak_training_bytes
        adds = [moment for moment in twice.timeline() if moment["phase"] == "backward" and moment["step"] == "dense"]
        assert len(adds) == 2, kind  # both gradients added up, and that of the kernel


def test_an_output_without_a_loss_has_no_gradient() -> None:
    x = mc.Input((6,))
    y = mc.Dense(4, name="a")(x)
    model = mc.Model(x, [y, mc.Dense(3, name="b")(y)])
    memory = mc.cost(model, batch=5, optimizer="adam", loss=["mse", None]).memory
    a, b = 6 * 4 + 4, 4 * 3 + 3
    assert memory.gradient_bytes == 4 * a
    assert memory.optimizer_bytes == 2 * 4 * (a + b) + 12  # Keras makes slots for all weights
    assert {one["name"] for one in memory.tensors() if one["kind"] == "weight gradient"} == {"a/kernel", "a/bias"}
    assert {one.name for one in memory.kept_activations()} == {"a"}
    other = memory.but(loss={"a": None, "b": "mse"})
    assert (other.gradient_bytes, other.but(loss=None).gradient_bytes) == (4 * (a + b), 4 * (a + b))
    assert memory.peak_training_bytes < other.peak_training_bytes
    with pytest.raises(ModelCostError, match="there is nothing to train: no output has a loss"):
        memory.but(loss=[None, None])


def test_a_report_with_memory_is_pickled() -> None:
    report = mc.cost("lenet5", batch=2, optimizer="adam")
    peak = report.memory.peak_training_bytes
    again = pickle.loads(pickle.dumps(report))
    assert (again.memory.peak_training_bytes, again.memory.peak_training_bytes.formula()) == (peak, peak.formula())
    assert pickle.loads(pickle.dumps(mc.cost("lenet5", batch=2))).memory.peak_inference_bytes < peak


SUMMED = ("parameter_bytes", "gradient_bytes", "optimizer_bytes", "activation_bytes")
"""Figures whose formulas hold for all sizes; the others are planned for those given."""
REFUSED = r"^memory is planned for given sizes: cost the model again with others. Received: {}$"


def sequence(steps: int) -> mc.Model:
    return mc.Sequential([mc.Input((steps, 3)), mc.LSTM(2), mc.Dense(1)])


def test_sums_hold_for_any_batch_and_what_is_planned_for_its_own() -> None:
    memory = mc.cost("lenet5", batch=2, optimizer="adam").memory
    other = memory.but(batch=8)
    assert memory.peaks != memory.but(batch=64).peaks
    for name, figure in memory.figures.items():
        if name in SUMMED:
            assert figure.rebind(batch=8) == getattr(other, name)
        else:
            assert (figure.free_sizes(), figure.rebind()) == ([], figure)
            for sizes in ({"batch": 8}, {"batch": 2}, {"batch": [1, 8]}, {"height": 32}):
                told = ", ".join(f"{word}={value}" for word, value in sizes.items())
                with pytest.raises(SizeError, match=REFUSED.format(re.escape(told))):
                    figure.rebind(**sizes)


def test_what_a_loop_keeps_is_not_what_it_would_keep_over_other_steps() -> None:
    one, four = (mc.cost(sequence(steps), batch=1, optimizer="adam").memory for steps in (1, 4))
    assert one.kept_activation_bytes != four.kept_activation_bytes
    rows = [row.kept_activation_bytes for row in four.rows[:-1]]
    for figure in (four.kept_activation_bytes, four.kept_activation_bytes + four.parameter_bytes, *rows):
        for again in (figure, pickle.loads(pickle.dumps(figure)), figure.called("kept"), figure * 2):
            with pytest.raises(SizeError, match=REFUSED.format("steps=1")):
                again.rebind(steps=1)


def test_no_memory_where_a_layer_cannot_have_such_sizes() -> None:
    memory = mc.cost("lenet5", optimizer="adam").memory
    for name in SUMMED:
        with pytest.raises(SizeError, match="and a size is at least 1"):
            getattr(memory, name).rebind(height=4)


def test_a_sweep_plans_anew_for_each_size() -> None:
    names = ["memory.kept_activation_bytes", "memory.peak_training_bytes", "memory.parameter_bytes"]
    found = mc.sweep(sequence(4), steps=[1, 4, 9], batch=[1, 5], optimizer="adam", figures=names)
    for point in found:
        memory = mc.cost(sequence(point["steps"]), batch=point["batch"], optimizer="adam").memory
        assert [point[name] for name in names] == [getattr(memory, name.partition(".")[2]) for name in names]
    assert len(found) == 6


def test_sizes_that_are_not_known_leave_out_the_peaks() -> None:
    model = mc.Sequential([mc.Input((None, None, 3)), mc.Conv2D(4, 3)], name="free")
    report = mc.cost(model, optimizer="sgd")
    assert list(report.memory.figures) == [name for name in OF_LAYERS if name != "kept_activation_bytes"]
    assert report.memory.activation_bytes.rebind(height=5, width=5) == 4 * (5 * 5 * 3 + 3 * 3 * 4)
    assert "The peak is not known before all sizes of the input are; give --input." in str(report)
    assert mc.Report.from_json(report.to_json()).to_json() == report.to_json()
    with pytest.raises(UnboundSizeError, match="height and width"):
        _ = report.memory.peak_training_bytes
    whole = mc.cost(model, optimizer="sgd", input=(8, 8, 3)).memory
    assert whole.peak_training_bytes > whole.kept_activation_bytes > 0


def test_mixed_precision_keeps_float32_weights_and_halves_what_layers_give() -> None:
    plain, mixed = (mc.cost("lenet5", optimizer="adam", dtype=dtype) for dtype in (None, "mixed_bfloat16"))
    for name in ("parameter_bytes", "gradient_bytes", "optimizer_bytes"):
        assert getattr(plain.memory, name) == getattr(mixed.memory, name)
    assert plain.memory.activation_bytes == 2 * mixed.memory.activation_bytes
    assert plain.totals.activation_bytes == 2 * mixed.totals.activation_bytes
    assert mixed.dtype == "mixed_bfloat16"
    assert any(one["kind"] == "cast" for one in mixed.memory.tensors())


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"batch": 0}, r"batch must be at least 1. Received: batch=0"),
        ({"batch": 2**63}, r"batch must be at most 2\*\*63-1. Received: batch=9223372036854775808"),
        ({"batch": 1, "data": -1}, r"data must be at least 1. Received: data=-1"),
        ({"dtype": "int8"}, r"C1: whole numbers have no gradient, so its weights cannot be trained; give a float dty"),
        ({"dtype": "float31"}, r"unknown dtype 'float31'; did you mean float32"),
        ({"dtype": 32}, r"unknown dtype 32; known are: float64"),
        ({"optimizer": "adamm"}, r"unknown optimizer 'adamm'; did you mean Adam"),
        ({"optimizer": 3}, r"optimizer must be a name, a call with plain values .* Received: 3"),
    ],
)
def test_what_cannot_be_is_refused(settings: dict[str, Any], text: str) -> None:
    with pytest.raises(ModelCostError, match=text):
        mc.cost("lenet5", **{"optimizer": "adam", **settings})


def test_what_is_whole_numbers_may_stay_as_it_is_where_it_is_not_trained() -> None:
    frozen = mc.Dense(4, dtype="int32", trainable=False)
    model = mc.Sequential([mc.Input((3,), dtype="int32"), frozen, mc.Dense(2)])
    assert mc.cost(model, optimizer="sgd").memory.gradient_bytes == 4 * 10
    assert mc.cost("lenet5", dtype="int8", memory=True).memory.parameter_bytes == 61_706


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"peaks": None}, "peaks of memory must be an object. Received: None"),
        ({"peaks": {"training": 3}}, "the peak of training must be text. Received: 3"),
        ({"layers": {}}, "layers of memory must be a list. Received: {}"),
        ({"layers": [{"name": 1}]}, "the name of a layer in memory must be text. Received: 1"),
        ({"parameter_bytes": 1.5}, "parameter_bytes of memory must be a whole number. Received: 1.5"),
        ({"runtime": 1}, "runtime of memory must be text. Received: 1"),
    ],
)
def test_json_that_is_no_memory(change: dict[str, Any], text: str) -> None:
    found = json.loads(mc.cost("lenet5", memory=True).to_json())
    found["memory"].update(change)
    with pytest.raises(ModelCostError) as error:
        mc.Report.from_json(json.dumps(found))
    assert str(error.value) == f"not a report of modelcost: {text}"


@pytest.mark.keras
@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16", "mixed_float16"])
@pytest.mark.parametrize("text", ["sgd", "SGD(momentum=0.9)", "adam", "Nadam()", "Adam(use_ema=True)", "Lion()",
                                  "Adam(gradient_accumulation_steps=4)", "RMSprop(centered=True)"])  # fmt: skip
def test_weights_and_state_take_as_many_bytes_as_keras_s(text: str, dtype: str) -> None:
    keras = pytest.importorskip("keras")
    layers = [keras.layers.Conv2D(4, 3, dtype=dtype), keras.layers.BatchNormalization(dtype=dtype)]
    layers += [keras.layers.Flatten(dtype=dtype), keras.layers.Dense(5, dtype=dtype)]
    twin = keras.Sequential([keras.Input((6, 6, 2), dtype="float32"), *layers])
    name, _, rest = text.partition("(")
    arguments = dict(word.split("=") for word in rest.rstrip(")").split(",") if word)
    optimizer = keras.optimizers.get(
        {"class_name": name, "config": {k: json.loads(v.lower()) for k, v in arguments.items()}}
    )
    optimizer.build(twin.trainable_variables)
    memory = mc.cost(mc.from_keras(twin), optimizer=text).memory
    assert memory.parameter_bytes == sum(map(nbytes, twin.weights))
    assert memory.gradient_bytes == sum(map(nbytes, twin.trainable_weights))
    assert memory.optimizer_bytes == sum(map(nbytes, optimizer.variables))


def nbytes(variable: Any) -> int:
    """What a variable of Keras's takes."""
    return int(variable.value.dtype.size * variable.value.shape.num_elements())
