"""Receptive fields and intensities: against published tables, and against what really influences what."""

from __future__ import annotations

import csv
import io
import json
import pickle
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import modelcost as mc
from modelcost.cli import main
from modelcost.errors import ModelCostError, UnboundSizeError, UnknownNameError
from modelcost.receptive import Fields

# Araujo, Norris and Sim 2019, the table of the appendix: receptive field and effective stride of the last features.
PUBLISHED = [
    ("alexnet", "pool3", 195, 32),
    ("vgg16", "block5_pool", 212, 32),
    ("resnet50", "conv5_block3_out", 483, 32),
    ("resnet101", "conv5_block3_out", 1027, 32),
    ("resnet152", "conv5_block3_out", 1507, 32),
    ("inception_v3", "mixed10", 1311, 32),
]


@pytest.mark.parametrize(("name", "layer", "size", "jump"), PUBLISHED)
def test_published_receptive_fields(name: str, layer: str, size: int, jump: int) -> None:
    field = mc.cost(name)[layer].receptive_field
    assert (field.size, field.jump) == ((size, size), (jump, jump))


def mobilenet_v1(width: float) -> mc.Model:
    """Howard et al. 2017, table 1: a convolution, then one in depth and one of points, thirteen times."""
    x = image = mc.Input((224, 224, 3))
    x = mc.Conv2D(int(32 * width), 3, strides=2, padding="same")(x)
    for channels, strides in zip(
        (64, 128, 128, 256, 256, *[512] * 6, 1024, 1024), (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1), strict=True
    ):
        x = mc.DepthwiseConv2D(3, strides=strides, padding="same")(x)
        x = mc.Conv2D(int(channels * width), 1, name=None)(x)
    return mc.Model(image, mc.Activation("relu", name="end")(x))


def resnet200() -> mc.Model:
    """He et al. 2016: bottlenecks, 3, 24, 36 and 3 of them; each stage halves at its end, as the table has it."""
    x = image = mc.Input((224, 224, 3))
    x = mc.MaxPooling2D(3, strides=2, padding="same")(mc.Conv2D(64, 7, strides=2, padding="same")(x))
    for many, last in zip((3, 24, 36, 3), (2, 2, 2, 1), strict=True):
        for i in range(many):
            strides = last if i == many - 1 else 1
            y = mc.Conv2D(4, 3, strides=strides, padding="same")(mc.Conv2D(4, 1)(x))
            x = mc.Add()([mc.Conv2D(16, 1, strides=strides)(x), mc.Conv2D(16, 1)(y)])
    return mc.Model(image, mc.Activation("relu", name="end")(x))


@pytest.mark.parametrize(("model", "size"), [(mobilenet_v1(1.0), 315), (mobilenet_v1(0.75), 315), (resnet200(), 1763)])
def test_published_fields_of_networks_that_the_zoo_has_not(model: mc.Model, size: int) -> None:
    assert mc.cost(model)["end"].receptive_field.size == (size, size)


def test_fields_found_going_forward_are_those_found_going_back() -> None:
    """Every call of networks with branches, gates, padding by hand, and ways that enlarge, at the first two places."""
    for name in ("efficientnet_b0", "densenet121", "unet", "mobilenet_v2", "spectrogram_cnn"):
        model = mc.zoo.build(name)
        fields = Fields(model, model.entries())
        evenly = {one for one, _ in fields.slides}
        assert len(evenly) > len(fields.entries) / 3, name
        for call in [*fields.entries][:: max(1, len(fields.entries) // 40)]:
            for place in (0, 1, 5):
                try:
                    back = fields._seen(call, place, between=True)
                except ModelCostError:
                    continue
                short = fields._seen(call, place)
                assert {key: short.get(key) for key in fields.enters} == {key: back.get(key) for key in fields.enters}


def test_the_padding_of_published_fields() -> None:
    """The same table's effective padding, of those whose layers are padded as there."""
    assert mc.cost("vgg16")["block5_pool"].receptive_field.start == (-90, -90)
    assert mc.cost("inception_v3")["mixed10"].receptive_field.start == (-618, -618)


class Impulses:
    """Which elements of a sequence influence which, found by sending a 1 through each place: all weights are positive.

    Every layer is a loop over its definition, on arrays of (impulse, place).
    """

    def __init__(self, length: int) -> None:
        self.seen = np.eye(length, dtype=bool)

    def windows(self, kernel: int, stride: int, rate: int, padding: Any) -> None:
        length, across = self.seen.shape[1], (kernel - 1) * rate + 1
        if padding == "same":
            count = -(-length // stride)
            both = max((count - 1) * stride + across - length, 0)
            padding = (both // 2, both - both // 2)
        elif padding == "causal":
            padding = (across - 1, 0)
        self.seen = np.pad(self.seen, ((0, 0), padding if padding != "valid" else (0, 0)))
        starts = range(0, self.seen.shape[1] - across + 1, stride)
        self.seen = np.stack([self.seen[:, i : i + across : rate].any(axis=1) for i in starts], 1)

    def spread(self, more: int, stride: int, padding: str) -> None:
        kernel, length = stride + more, self.seen.shape[1]
        out = np.zeros((len(self.seen), (self.seen.shape[1] - 1) * stride + max(kernel, stride)), bool)
        for i in range(self.seen.shape[1]):
            for tap in range(kernel):
                out[:, i * stride + tap] |= self.seen[:, i]
        before = max(out.shape[1] - length * stride, 0) // 2
        self.seen = out[:, before : before + length * stride] if padding == "same" else out

    def repeated(self, times: int) -> None:
        self.seen = np.repeat(self.seen, times, axis=1)

    def padded(self, before: int, after: int) -> None:
        self.seen = np.pad(self.seen, ((0, 0), (before, after)))

    def cut(self, before: int, after: int) -> None:
        self.seen = self.seen[:, before : self.seen.shape[1] - after]


SMALL = st.integers(1, 4)
SLID = st.tuples(st.just("windows"), st.integers(1, 5), SMALL, SMALL, st.sampled_from(["valid", "same", "causal"]))
OTHERS = st.one_of(
    st.tuples(st.just("pool"), SMALL, SMALL, st.sampled_from(["valid", "same"])),
    st.tuples(st.just("spread"), st.integers(0, 3), SMALL, st.sampled_from(["valid", "same"])),
    st.tuples(st.just("repeated"), SMALL),
    st.tuples(st.just("padded"), st.integers(0, 3), st.integers(0, 3)),
    st.tuples(st.just("cut"), st.integers(0, 2), st.integers(0, 2)),
    st.just(("plain",)),
)
STACKS = st.lists(st.one_of(SLID, OTHERS), min_size=1, max_size=5)


def layer_of(kind: str, *numbers: Any) -> Any:
    """The layer that a step of a stack stands for."""
    if kind == "windows":
        kernel, stride, rate, padding = numbers
        return mc.Conv1D(2, kernel, strides=stride, dilation_rate=rate if stride == 1 else 1, padding=padding)
    if kind == "pool":
        return mc.MaxPooling1D(numbers[0], strides=numbers[1], padding=numbers[2])
    made = {"repeated": mc.UpSampling1D, "padded": mc.ZeroPadding1D, "cut": mc.Cropping1D}
    if kind == "plain":
        return mc.BatchNormalization()
    if kind == "spread":
        more, stride, padding = numbers
        return mc.Conv1DTranspose(2, stride + more, strides=stride, padding=padding)
    return made[kind](numbers if len(numbers) > 1 else numbers[0])


def sent(impulses: Impulses, kind: str, *numbers: Any) -> None:
    """A step of a stack, done to impulses."""
    if kind == "windows":
        kernel, stride, rate, padding = numbers
        impulses.windows(kernel, stride, rate if stride == 1 else 1, padding)
    elif kind == "pool":
        impulses.windows(numbers[0], numbers[1], 1, numbers[2])
    elif kind != "plain":
        getattr(impulses, kind)(*numbers)


LENGTH = 160


def middle(length: int) -> range:
    """Places side by side, far from the ends of an axis."""
    return range(max(0, length // 2 - 25), min(length, length // 2 + 25))


@settings(max_examples=100, suppress_health_check=[HealthCheck.filter_too_much])
@given(STACKS)
def test_fields_are_what_really_influences(stack: list[tuple[Any, ...]]) -> None:
    """At every place whose field lies within all layers on the way, exactly what impulses show; and the largest."""
    impulses = Impulses(LENGTH)
    layers = [mc.Input((LENGTH, 1))]
    try:
        for step in stack:
            layers.append(layer_of(*step))
        model = mc.Sequential(layers)
    except ModelCostError:
        return
    for step in stack:
        sent(impulses, *step)
    names = [entry.name for entry in model.entries()]
    lengths = {entry.name: int(entry.facts.outputs[0].shape[0]) for entry in model.entries()}
    fields, name = Fields(model, model.entries()), names[-1]
    assert impulses.seen.shape[1] == lengths[name]
    sizes = []
    for place in middle(lengths[name]):
        boxes = fields._seen(name, place, between=True)
        assert fields._seen(name, place)[names[0], 0] == boxes[names[0], 0]
        if all(box[0][0] >= 0 and box[0][1] < lengths[one] for (one, _), box in boxes.items()):
            influencing = np.flatnonzero(impulses.seen[:, place])
            low, high = boxes[names[0], 0][0]
            assert (low, high) == (influencing[0], influencing[-1]), place
            sizes.append(high - low + 1)
    field = fields[name]
    assert all(size <= field.size[0] for size in sizes)
    if len(sizes) > 4 * fields._density(name):
        assert max(sizes) == field.size[0]


def test_places_that_nothing_reaches_and_padding_of_ones_own() -> None:
    """A stride above the kernel leaves places between: the fields are those of the places that see something."""
    gaps = mc.cost(mc.Sequential([mc.Input((20, 1)), mc.Conv1DTranspose(1, 2, strides=4)]))["conv1d_transpose"]
    assert (gaps.receptive_field.size, gaps.receptive_field.jump) == ((1,), (Fraction(1, 4),))
    padded = mc.Sequential([mc.Input((20, 20, 1)), mc.Conv2D(1, 5, padding=((1, 2), (0, 3)))])
    assert mc.cost(padded)["conv2d"].receptive_field.start == (-1, 0)


def two_paths(long: int, short: int) -> mc.Model:
    """A residual block: two convolutions beside one."""
    x = mc.Input((64, 48, 3))
    y = mc.Conv2D(4, long, padding="same", activation="relu")(x)
    y = mc.Conv2D(4, long, padding="same", name="deep")(y)
    return mc.Model(x, mc.Activation("relu", name="end")(mc.Add()([y, mc.Conv2D(4, short, padding="same")(x)])))


def test_where_branches_meet_the_largest_counts() -> None:
    assert mc.cost(two_paths(3, 1))["end"].receptive_field.size == (5, 5)
    assert mc.cost(two_paths(3, 9))["end"].receptive_field.size == (9, 9)
    assert mc.cost(two_paths(3, 9))["deep"].receptive_field.size == (5, 5)
    x = mc.Input((32, 3))
    joined = mc.Concatenate()([mc.Conv1D(2, 3, padding="causal")(x), mc.Conv1D(2, 5, padding="same")(x)])
    field = mc.cost(mc.Model(x, joined))["concatenate"].receptive_field
    assert (field.size, field.start) == ((5,), (-2,))


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (mc.GlobalAveragePooling2D(), (20, 24, 3)),
        (mc.GlobalMaxPooling1D(), (20, 3)),
        (mc.LSTM(4, return_sequences=True), (20, 3)),
        (mc.GRU(4), (20, 3)),
        (mc.Bidirectional(mc.LSTM(4)), (20, 3)),
        (mc.Softmax(axis=1), (20, 3)),
        (mc.LayerNormalization(axis=(1, 2, 3)), (20, 24, 3)),
        (mc.GroupNormalization(groups=1), (20, 24, 3)),
    ],
)
def test_layers_that_look_at_everything(layer: Any, shape: tuple[int, ...]) -> None:
    model = mc.Sequential([mc.Input(shape), mc.Conv1D(2, 3) if len(shape) == 2 else mc.Conv2D(2, 3), layer])
    field = mc.cost(model).rows[-1].receptive_field
    assert field.whole == (True,) * (len(shape) - 1)
    assert field.size == shape[:-1]
    assert str(field) == "whole"


@pytest.mark.parametrize(
    "layer",
    [
        mc.Dense(4), mc.LayerNormalization(), mc.RMSNormalization(), mc.Activation("softmax"), mc.BatchNormalization(),
        mc.Dropout(0.5), mc.ReLU(), mc.PReLU(), mc.Activation("gelu"), mc.Rescaling(2.0), mc.GaussianNoise(0.1),
        mc.LocalResponseNormalization(), mc.Identity(),
    ],
)  # fmt: skip
def test_layers_that_look_at_their_own_place(layer: Any) -> None:
    model = mc.Sequential([mc.Input((20, 24, 3)), mc.Conv2D(6, 3, strides=2), layer])
    field = mc.cost(model).rows[-1].receptive_field
    assert (field.size, field.jump, field.start) == ((3, 3), (2, 2), (0, 0))


def test_other_axes_and_orders() -> None:
    first = mc.Sequential([mc.Input((3, 20, 24)), mc.Conv2D(6, (3, 5), data_format="channels_first")])
    assert mc.cost(first)["conv2d"].receptive_field.size == (3, 5)
    turned = mc.Sequential([mc.Input((20, 24, 3)), mc.Permute((2, 1, 3)), mc.Conv2D(6, (3, 5))])
    assert mc.cost(turned)["conv2d"].receptive_field.size == (5, 3)
    flat = mc.Sequential([mc.Input((20, 24, 3)), mc.Conv2D(2, 3), mc.Flatten(), mc.Dense(4)])
    report = mc.cost(flat)
    assert (report["flatten"].receptive_field.size, report["flatten"].receptive_field.jump) == ((3, 3), (None, None))
    assert report["dense"].receptive_field.whole == (True, True)
    patches = mc.Sequential([mc.Input((32, 32, 3)), mc.Conv2D(8, 8, strides=8), mc.Reshape((16, 8)), mc.Dense(4)])
    assert mc.cost(patches)["dense"].receptive_field.size == (8, 8)
    tokens = mc.Sequential([mc.Input((20,), dtype="int32"), mc.Embedding(100, 8), mc.Conv1D(4, 3)])
    assert mc.cost(tokens)["conv1d"].receptive_field.size == (3,)
    vector = mc.Sequential([mc.Input((7,)), mc.Dense(4)])
    assert mc.cost(vector)["dense"].receptive_field.whole == (True,)


def test_positions_denser_than_the_input() -> None:
    model = mc.Sequential([mc.Input((20, 3)), mc.UpSampling1D(2), mc.Conv1D(4, 3, padding="same")])
    report = mc.cost(model)
    assert (report["up_sampling1d"].receptive_field.size, report["up_sampling1d"].receptive_field.jump) == (
        (1,), (Fraction(1, 2),)
    )  # fmt: skip
    assert report["conv1d"].receptive_field.size == (2,), "three half steps touch two elements, wherever they begin"
    blended = mc.Sequential([mc.Input((20, 20, 3)), mc.UpSampling2D(2, interpolation="bilinear")])
    assert mc.cost(blended)["up_sampling2d"].receptive_field.size == (2, 2)


def test_models_within_models_and_several_inputs() -> None:
    block = mc.Sequential([mc.Input((20, 20, 3)), mc.Conv2D(3, 3, padding="same")], name="block")
    x = mc.Input((20, 20, 3))
    report = mc.cost(mc.Model(x, block(block(x))))
    fields = [row.receptive_field.size for row in report if row.type == "Conv2D"]
    assert fields == [(3, 3), (5, 5)]
    a, b = mc.Input((9, 3)), mc.Input((30, 3))
    two = mc.Model([a, b], mc.Concatenate(axis=1)([mc.Conv1D(2, 3)(a), mc.Conv1D(2, 7)(b)]))
    assert [row.receptive_field.size for row in mc.cost(two) if row.type == "Conv1D"] == [(3,), (7,)]


def test_what_is_not_known_is_said() -> None:
    model = mc.Sequential([mc.Input((20, 20, 3)), mc.Resizing(10, 10), mc.Conv2D(4, 3)])
    report = mc.cost(model)
    with pytest.raises(ModelCostError, match="resizing: it is not known which part of its input Resizing looks at"):
        _ = report["conv2d"].receptive_field
    free = mc.cost(mc.Sequential([mc.Input((None, None, 3)), mc.Conv2D(4, 3)]))
    with pytest.raises(UnboundSizeError, match="has no value until"):
        _ = free["conv2d"].receptive_field
    read = mc.Report.from_json(mc.cost("lenet5").to_json())
    for name in ("receptive_field", "intensity"):
        with pytest.raises(ModelCostError, match="known to a report that was computed"):
            getattr(read["C1"], name)


def test_intensity_by_hand() -> None:
    """A dense layer: 2NIO FLOPs of products and biases, over 4 bytes of N(I + O) numbers and I*O + O weights."""
    for batch in (1, 64):
        one = mc.cost(mc.Sequential([mc.Input((784,)), mc.Dense(10)]), batch=batch)["dense"].intensity
        flops, moved = batch * (784 * 10 + 783 * 10 + 10), 4 * (batch * (784 + 10) + 7850)
        assert one == Fraction(flops, moved)
        assert (one.flops, one.bytes) == (flops, moved)
        assert eval(one.numbers()) == float(one)
    assert one.formula() == "N*each/((N*elements + weights)*width)"
    half = mc.cost(mc.Sequential([mc.Input((784,)), mc.Dense(10)]), batch=64, dtype="float16")["dense"].intensity
    assert half == 2 * one
    assert pickle.loads(pickle.dumps(one)) == one


def test_intensity_of_what_moves_nothing_and_of_work_once_a_call() -> None:
    report = mc.cost("alexnet", batch=2)
    for name in ("flatten", "drop6", "input"):
        with pytest.raises(ModelCostError, match=f"{name} moves no bytes"):
            _ = report[name].intensity
    model = mc.Sequential([mc.Input((4, 4, 3)), mc.BatchNormalization()])
    row = mc.cost(model, batch=5)["batch_normalization"]
    each, once = row.flops_by_call()
    assert row.intensity.flops == 5 * each + once
    assert "once" in row.intensity.formula()


def test_columns_stand_only_where_they_are_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    report = mc.cost("lenet5", batch=4)
    assert "receptive" not in report.to_json() + str(report) + report.to_csv()
    asked = report.with_columns("receptive_field", "intensity")
    assert report.columns == ()
    (row,) = (one for one in json.loads(asked.to_json())["layers"] if one["name"] == "C3")
    assert row["receptive_field"] == {"size": [14, 14], "jump": [2, 2], "start": [0, 0], "whole": [False, False]}
    assert Fraction(row["intensity"]["flops"], row["intensity"]["bytes"]) == report["C3"].intensity
    lines = list(csv.DictReader(io.StringIO(asked.to_csv())))
    (line,) = (one for one in lines if one["name"] == "C3")
    assert (line["receptive_field"], Fraction(line["intensity"])) == ("14x14", report["C3"].intensity)
    assert mc.Report.from_json(asked.to_json())["C3"].macs == report["C3"].macs
    assert main(["lenet5", "--batch", "4", "--columns", "receptive_field,intensity"]) == 0
    out = capsys.readouterr().out
    assert out == str(asked)
    assert "14x14" in out
    assert "mini-batch of 4" in out
    assert main(["lenet5", "--columns", "field"]) == 2
    assert "unknown column 'field'" in capsys.readouterr().err
    with pytest.raises(UnknownNameError, match="unknown column 'x'; known are: receptive_field, intensity"):
        report.with_columns("x")
    unknown = mc.cost(mc.Sequential([mc.Input((20, 20, 3)), mc.Resizing(10, 10)])).with_columns("receptive_field")
    assert "unknown" in str(unknown)


@pytest.mark.keras
@settings(max_examples=15)
@given(stack=STACKS)
def test_fields_are_what_influences_in_keras(stack: list[tuple[Any, ...]]) -> None:
    """Real layers with weights of 1, an impulse at each place: what comes out above 0 was influenced by it."""
    keras = pytest.importorskip("keras")
    try:
        layers = [layer_of(*step) for step in stack if step[0] != "plain"]
        mc.Sequential([mc.Input((120, 1)), *layers])
        assume(layers)
    except ModelCostError:
        return
    given = [(type(layer).__name__, dict(layer.given)) for layer in layers]
    ones = {"kernel_initializer": "ones"}
    made = [getattr(keras.layers, kind)(**args, **(ones if kind.startswith("Conv") else {})) for kind, args in given]
    real = keras.Sequential([keras.Input((120, 1)), *made])
    seen = np.asarray(real(np.eye(120, dtype="float32")[..., None])).max(axis=-1) > 0
    model = mc.from_keras(real)
    fields, names = Fields(model, model.entries()), [entry.name for entry in model.entries()]
    lengths = {entry.name: int(entry.facts.outputs[0].shape[0]) for entry in model.entries()}
    for place in middle(lengths[names[-1]]):
        boxes = fields._seen(names[-1], place)
        if all(box[0][0] >= 0 and box[0][1] < lengths[one] for (one, _), box in boxes.items()):
            influencing = np.flatnonzero(seen[:, place])
            assert boxes[names[0], 0][0] == (influencing[0], influencing[-1])


def test_every_field_of_the_zoo_is_told_or_said_to_be_unknown() -> None:
    """No call of any network ends in another error: gpt2 has layers that give other axes than they take."""
    for row in mc.cost("gpt2"):
        try:
            assert str(row.receptive_field)
        except ModelCostError as error:
            assert "it is not known" in str(error)
