"""The operations of a training step: which there are, by hand and in real graphs, and what each of them moves."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

import modelcost as mc
from modelcost.timing.operations import Operation
from modelcost.timing.trained import step


def trained(net: Any, batch: int = 1, optimizer: str = "sgd", **more: Any) -> dict[str, list[Operation]]:
    report = mc.cost(net, batch=batch, optimizer=optimizer, **more)
    return step(report.rows, report.training, batch)


def kinds(several: list[Operation]) -> Counter[str]:
    return Counter("small" if one.small else one.kind for one in several)


def chain(shape: tuple[int, ...], *layers: Any) -> Any:
    return mc.Sequential([mc.Input(shape), *layers])


def test_the_gradients_of_a_small_network_by_hand() -> None:
    """Two convolutions and a dense layer: the first needs no gradient of its input, each has that of its weights."""
    net = chain((32, 32, 3), mc.Conv2D(8, 3, activation="relu"), mc.Conv2D(8, 3), mc.Flatten(), mc.Dense(10))
    assert kinds(trained(net)["backward"]) == {
        "dense:weights": 1, "dense:input": 1, "convolution:weights": 2, "convolution:input": 1, "elementwise": 1,
        "small": 1,
    }  # fmt: skip
    net.layers[0].trainable = False
    found = kinds(trained(net)["backward"])
    assert found["convolution:weights"] == 1 and found["convolution:input"] == 0


def test_the_shapes_and_bytes_of_gradients_by_hand() -> None:
    """5x5 from 16 to 32 channels, 20x20 to 16x16, 2 examples: each gradient is 2*16*16*32*400 products."""
    net = chain((20, 20, 16), mc.Conv2D(16, 1), mc.Conv2D(32, 5, use_bias=False))
    read, made, kernel = 4 * 2 * 20 * 20 * 16, 4 * 2 * 16 * 16 * 32, 4 * 400 * 32
    to_input, to_weights = trained(net, 2)["backward"][:2]
    assert (to_input.kind, to_weights.kind) == ("convolution:input", "convolution:weights")
    assert (to_input.read_bytes, to_input.weight_bytes, to_input.written_bytes) == (made, kernel, read)
    assert (to_weights.read_bytes, to_weights.weight_bytes, to_weights.written_bytes) == (read + made, 0, kernel)
    assert (to_weights.rows, to_weights.columns, to_weights.inner, to_weights.channels) == (400, 32, 512, 512)
    assert (to_input.rows, to_input.columns, to_input.inner, to_input.channels) == (512, 16, 25 * 32, 32)
    assert (to_input.line, to_weights.line) == (16, 0)  # along a line; its weights' are a product of their own
    products = 2 * 16 * 16 * 32 * 400
    assert to_weights.flops == 2 * products - 400 * 32
    assert to_input.flops == 2 * products - 2 * 20 * 20 * 16


def test_the_gradients_of_a_depthwise_convolution_stay_with_their_channels() -> None:
    net = chain((20, 20, 16), mc.Conv2D(16, 1), mc.DepthwiseConv2D(3, use_bias=False))
    to_input, to_weights = trained(net, 2)["backward"][:2]
    positions = 2 * 18 * 18
    assert (to_input.rows, to_input.columns, to_input.inner, to_input.channels) == (positions, 16, 9, 9)
    assert (to_weights.rows, to_weights.columns, to_weights.inner, to_weights.channels) == (9, 16, positions, positions)
    wide = chain((20, 20, 16), mc.Conv2D(16, 1), mc.DepthwiseConv2D(5))
    assert trained(wide)["backward"][0].kind == "wide depthwise:input"


def test_the_gradients_of_a_product_of_two_activations_read_the_other() -> None:
    x = mc.Input((6, 8))
    found = trained(mc.Model(x, mc.MultiHeadAttention(2, 4)(mc.Dense(8)(x), mc.Dense(8)(x))))
    shapes = [(one.rows, one.columns, one.inner) for one in found["forward"] if one.name == "Einsum"]
    assert shapes == [(2 * 6, 6, 4), (2 * 6, 4, 6)]
    to_scores = [one for one in found["backward"] if one.name == "Einsum"]
    assert len(to_scores) == 4 and {one.kind for one in to_scores} == {"product:input"}
    assert {(one.read_bytes, one.written_bytes) for one in to_scores} == {
        (4 * (48 + 48), 4 * 72), (4 * (48 + 72), 4 * 48),
    }  # fmt: skip


def test_every_gradient_has_the_shape_of_the_product_that_it_is_of() -> None:
    """Two heads, 6 steps: 12 rows of 6 scores from 4 products each, 12 rows of 16 values from 6 products each."""
    x = mc.Input((6, 8))
    found = trained(mc.Model(x, mc.MultiHeadAttention(2, 4, value_dim=16)(x, x)))
    shapes = [(one.rows, one.columns, one.inner) for one in found["forward"] if one.name == "Einsum"]
    assert shapes == [(12, 6, 4), (12, 16, 6)]
    to_weights = [one for one in found["backward"] if one.kind == "product:weights"]
    assert sorted(one.written_bytes for one in to_weights) == [4 * 64, 4 * 64, 4 * 256, 4 * 256]
    alike = trained(mc.Model(x, mc.MultiHeadAttention(2, 4)(mc.Dense(8)(x), mc.Dense(8)(x))))
    back = [(one.rows, one.columns, one.inner) for one in alike["backward"] if one.name == "Einsum"]
    assert back == [(12, 6, 4), (12, 6, 4), (12, 4, 6), (12, 4, 6)]


def test_statistics_over_a_batch_are_no_small_operation_and_numbers_are_drawn_in_one() -> None:
    net = chain((16, 16, 8), mc.BatchNormalization(), mc.Dropout(0.5))
    found = kinds(trained(net, 32)["forward"])
    assert (found["reduction"], found["random"], found["copy"]) == (2, 1, 1)
    # the difference of the mean, and mul and add of the normalization; scale and comparison of the mask
    assert (found["broadcast"], found["elementwise"]) == (3, 2)
    assert "random" not in kinds(trained(net, 32)["backward"])


def test_a_frozen_normalization_takes_no_statistics_and_goes_back_all_the_same() -> None:
    norm = mc.BatchNormalization(trainable=False)
    found = trained(chain((16, 16, 8), mc.Conv2D(8, 1), norm), 32)
    assert kinds(found["forward"])["reduction"] == 0 and len(found["optimizer"]) == 2 * 2 + 1
    back = [one for one in found["backward"] if one.layer == norm.name or "norm" in one.layer]
    assert kinds(back) == {"elementwise": 1}  # the gradient times the factor


def test_gradients_are_added_up_at_once_and_read_but_once() -> None:
    """Three layers read what the first gives: of 3 gradients of 1,024 numbers each, all are read and one is written."""
    x = mc.Input((64, 64))
    y = mc.Dense(64)(x)
    found = trained(mc.Model(x, mc.Add()([mc.Dense(8)(y), mc.Dense(8)(y), mc.Dense(8)(y)])))
    [added] = [one for one in found["backward"] if one.name == "AddN"]
    assert (added.read_bytes, added.written_bytes, added.flops) == (4 * 3 * 4096, 4 * 4096, 2 * 4096)


def test_what_was_moved_is_moved_back_only_above_what_is_trained() -> None:
    def found(*layers: Any) -> int:
        return kinds(trained(chain((32, 32, 16), *layers))["backward"])["copy"]

    assert found(mc.Conv2D(16, 1), mc.ZeroPadding2D(1), mc.DepthwiseConv2D(3)) == 1
    assert found(mc.ZeroPadding2D(1), mc.DepthwiseConv2D(3)) == 0
    x, tokens = mc.Input((100,)), mc.Input((100,), dtype="int32")
    both = [mc.Dense(64)(x), mc.Flatten()(mc.Embedding(50, 64)(tokens))]
    back = trained(mc.Model([x, tokens], mc.Concatenate()(both)), 32)["backward"]
    assert [one.name for one in back if one.kind == "copy"] == ["ConcatV2"]  # rows that were looked up are added up


def test_the_largest_of_a_pool_is_looked_for_again() -> None:
    """2x2 out of 32x32x8: 4 numbers each of 2,048 windows are read again, a gradient each is added where it belongs."""
    found = {}
    for pool in (mc.MaxPooling2D(2), mc.AveragePooling2D(2)):
        net = chain((32, 32, 8), mc.Conv2D(8, 1), pool)
        found[type(pool).__name__] = trained(net)["backward"][0]
    largest, mean = found["MaxPooling2D"], found["AveragePooling2D"]
    assert (largest.kind, mean.kind) == ("max pool:input", "average pool:input")
    assert (largest.read_bytes, largest.written_bytes) == (4 * (8192 + 2 * 2048), 4 * 8192)
    assert (mean.read_bytes, mean.written_bytes) == (4 * 2048, 4 * 8192)
    assert largest.flops == 2048 * 3 + 2048 and largest.channels == mean.channels == 8


def test_gradients_through_time_are_done_at_every_step() -> None:
    found = trained(chain((20, 4), mc.Dense(4), mc.LSTM(8)), 3)
    back = [one for one in found["backward"] if one.layer == "lstm"]
    assert {one.starts for one in back} == {20} and {one.looped for one in back} == {True}
    assert sum(one.enters for one in back) == 1 and all(one.small for one in back if not one.dots)
    [kernel] = [one for one in back if one.kind == "dense:weights" and one.rows == 20 * 4]
    assert (kernel.channels, kernel.columns) == (3, 32)  # at each step a product of (4, 3) and (3, 32)


def test_the_gradients_of_weights_in_a_loop_are_added_up_apart() -> None:
    """Those of kernel, recurrent kernel and bias, and those that come back to the state."""
    found = trained(chain((20, 4), mc.LSTM(8)), 3)["backward"]
    assert [one.name for one in found].count("AddN") == 4


def test_a_step_reads_as_much_of_a_tensor_as_it_uses() -> None:
    """The gates of an LSTM are three tensors in one: each product reads one of them, and another tensor."""
    gates = [one for one in trained(chain((20, 4), mc.LSTM(8)), 3)["forward"] if one.part == "gates"]
    assert [one.read_bytes for one in gates] == [4 * 2 * 20 * 3 * 8] * 4
    assert [one.written_bytes for one in gates] == [4 * 20 * 3 * 8] * 4


def test_gradients_read_what_came_back_and_what_was_kept() -> None:
    """That of a rectifier reads both; that of a mean reads what came back, and divides it."""
    net = chain((16, 16, 16), mc.Conv2D(16, 1, activation="relu"), mc.GlobalAveragePooling2D())
    read = {one.name: (one.read_bytes, one.written_bytes) for one in trained(net)["backward"]}
    assert read["ReluGrad"] == (4 * 2 * 4096, 4 * 4096)
    assert read["RealDiv"] == (4 * 4096, 4 * 4096)


def test_an_optimizer_does_to_every_trained_weight_what_its_formula_says() -> None:
    """SGD: rate*g, and w minus that: 1 + 1 and 2 + 1 numbers for each of the weight."""
    net = chain((100,), mc.Dense(100), mc.Dense(100, trainable=False))
    found = trained(net)["optimizer"]
    assert [(one.kind, one.small) for one in found] == [
        ("update", False), ("update", False), ("update", True), ("update", True), ("update", True),
    ]  # fmt: skip
    assert [one.bytes for one in found[:2]] == [4 * (2 * 10_000 + 1), 4 * 3 * 10_000]


def test_the_single_numbers_of_an_optimizer_are_worked_out_for_every_weight() -> None:
    """Adam: 8 steps to alpha, and 12 on all numbers; for a kernel and a bias; and the counter, once."""
    found = trained(chain((100,), mc.Dense(100)), 1, "adam")["optimizer"]
    assert Counter(one.flops for one in found) == {1: 2 * 8 + 1, 10_000: 12, 100: 12}


BYTES = {
    "SGD(momentum=0.9)": 4 * (2 + 2 + 3 + 3),  # m*momentum, g*rate, their difference, w plus it
    "Adam()": 4 * (3 + 2 + 3 + 2 + 3 + 2 + 3 + 2 + 2 + 2 + 3 + 3),
    "RMSprop()": 4 * (2 + 2 + 2 + 3 + 2 + 2 + 2 + 3 + 3),
    "Lion()": 4 * (2 + 2 + 3 + 2 + 2 + 3 + 2 + 2 + 3),
}


@pytest.mark.parametrize("optimizer", BYTES)
def test_the_bytes_that_an_optimizer_moves_for_each_number_of_a_weight(optimizer: str) -> None:
    small, large = (
        sum(one.bytes for one in trained(chain((size,), mc.Dense(64, use_bias=False)), 1, optimizer)["optimizer"])
        for size in (1000, 2000)
    )
    assert large - small == BYTES[optimizer] * 64_000


NETS = {
    "norms": chain((12, 8), mc.Dense(8), mc.LayerNormalization(), mc.BatchNormalization(), mc.Dropout(0.5)),
    "loops": chain((12, 8), mc.LSTM(6, return_sequences=True), mc.GRU(4), mc.Dense(3, activation="softmax")),
    "pools": chain((12, 8), mc.Conv1D(8, 3, use_bias=False), mc.AveragePooling1D(2), mc.GlobalAveragePooling1D()),
    "weights": chain((12,), mc.Dense(8, kernel_constraint="unit_norm", kernel_regularizer="l2"), mc.Dense(8)),
}


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adafactor", "lamb", "muon", "SGD(clipnorm=1.0)"])
def test_all_that_a_step_does_is_in_its_operations(name: str, optimizer: str) -> None:
    """The FLOPs of all sorts of every pass, as they are counted: none is lost, and none is done twice."""
    batch = 5
    report = mc.cost(NETS[name], batch=batch, optimizer=optimizer, loss="mse", convention="all")
    found = step(report.rows, report.training, batch)
    level = report.minibatch
    for part in ("forward", "backward", "optimizer"):
        assert sum(one.flops for one in found[part]) == getattr(level, f"{part}_flops"), part


@pytest.mark.parametrize(
    "optimizer",
    ["adamw", "nadam", "adagrad", "adadelta", "ftrl", "lamb", "adafactor", "adamax", "Adam(clipnorm=1.0)",
     "SGD(momentum=0.9, nesterov=True, use_ema=True)"],
)  # fmt: skip
def test_every_optimizer_has_a_time(optimizer: str) -> None:
    report = mc.cost("lenet5", batch=8, optimizer=optimizer, loss="sparse_categorical_crossentropy", cpu="i5-8250u")
    plain = mc.cost("lenet5", batch=8, optimizer="sgd", cpu="i5-8250u")
    assert report.time.minibatch.optimizer.seconds > plain.time.minibatch.optimizer.seconds > 0


def test_the_loss_is_a_part_of_the_step() -> None:
    plain = trained("lenet5", 32)
    found = trained("lenet5", 32, loss="sparse_categorical_crossentropy")
    assert [one.layer for one in plain["backward"]].count("loss") == 0
    assert found["backward"][0].layer == "loss" and "loss" in {one.layer for one in found["forward"]}


@pytest.mark.keras
@pytest.mark.parametrize("name", ["lenet5", "resnet18", "mobilenet_v2", "densenet121"])
def test_products_and_pools_of_a_step_are_those_of_the_real_graph(name: str) -> None:
    """As often as TensorFlow's traced step has them: products, their gradients, pools and theirs."""
    pytest.importorskip("tensorflow")
    from modelcost.timing.stopwatch import Network

    model = mc.zoo.build(name)
    graph = Network(model, 2).step("sgd").get_concrete_function().graph
    used = (one for one in graph.get_operations() if any(output.consumers() for output in one.outputs))
    real = Counter(one.type for one in used)  # what nothing reads is pruned before it runs
    found = Counter(one.name for each in trained(model, 2).values() for one in each)
    for op in (
        "Conv2D", "Conv2DBackpropInput", "Conv2DBackpropFilter", "DepthwiseConv2dNative",
        "DepthwiseConv2dNativeBackpropInput", "DepthwiseConv2dNativeBackpropFilter", "MatMul", "MaxPool",
        "MaxPoolGrad", "AvgPool", "AvgPoolGrad", "ReluGrad", "Relu6Grad", "RsqrtGrad",
    ):  # fmt: skip
        assert found[op] == real[op], op
