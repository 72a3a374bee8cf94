"""Exact bytes and plans of small networks, worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from modelcost.errors import ModelCostError, SizeError, UnboundSizeError, UnknownNameError
from modelcost.layers import (
    LSTM,
    Activation,
    Add,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Input,
    MaxPooling2D,
    RandomHue,
)
from modelcost.memory import FIGURES, RUNTIMES, Memory, batch_of_process, bytes_in, largest_batch
from modelcost.model import Model
from modelcost.sequential import Sequential

MOMENTUM = "SGD(momentum=0.9)"
COUNTERS = 8 + 4
"""The number of the step, of eight bytes, and the learning rate."""


def mlp(optimizer: Any = "sgd", **settings: Any) -> Memory:
    """5 -> 4 relu -> 3: 24 + 15 parameters."""
    model = Sequential([Input((5,)), Dense(4, activation="relu"), Dense(3)])
    return Memory(model, optimizer=optimizer, **settings)


def test_bytes_of_weights_their_gradients_and_the_optimizer() -> None:
    memory = mlp("adam")
    found = (memory.parameter_bytes, memory.gradient_bytes, memory.optimizer_bytes)
    assert found == (39 * 4, 39 * 4, 39 * 8 + COUNTERS)
    assert memory.parameter_bytes.formula() == "dense + dense_1"
    assert memory.optimizer_bytes.formula() == "dense + dense_1 + optimizer"


@pytest.mark.parametrize(
    ("optimizer", "numbers", "counters"),
    [
        ("sgd", 0, 12),
        ("SGD(momentum=0.9)", 39, 12),
        ("Adam(amsgrad=True)", 3 * 39, 12),
        ("Adam(use_ema=True)", 3 * 39, 12),
        ("Adam(gradient_accumulation_steps=4)", 3 * 39, 12),
        ("Nadam()", 2 * 39, 16),
        ("LossScaleOptimizer('nadam')", 2 * 39, 12 + 12 + 16),
        ("LossScaleOptimizer('adam')", 2 * 39, 12 + 12 + 12),
        ("Adafactor()", 39 + (5 + 4) + 2 + (4 + 3) + 2, 12),  # a row and a column, or two numbers; and the product
    ],
)
def test_the_state_is_that_of_the_optimizer(optimizer: str, numbers: int, counters: int) -> None:
    memory = mlp(optimizer)
    assert memory.optimizer_bytes == 4 * numbers + counters
    state = [one for one in memory.tensors("training") if one["kind"] == "optimizer state"]
    assert sum(one["bytes"] for one in state) == 4 * numbers + counters


@pytest.mark.parametrize(
    ("dtype", "stored", "computed"),
    [
        ("float64", 8, 8),
        ("float32", 4, 4),
        ("bfloat16", 2, 2),
        ("float16", 2, 2),
        ("mixed_float16", 4, 2),
        ("mixed_bfloat16", 4, 2),
    ],
)
def test_each_dtype_has_its_bytes_and_mixed_precision_keeps_float32_weights(
    dtype: str, stored: int, computed: int
) -> None:
    memory = mlp(MOMENTUM, dtype=dtype, batch=7)
    assert memory.parameter_bytes == memory.gradient_bytes == 39 * stored
    assert memory.optimizer_bytes == 39 * stored + COUNTERS
    casts = 24 * computed if computed < stored else 0
    assert memory.kept_activation_bytes == 7 * (4 + 3) * computed  # what relu gave, and what the loss reads
    plain = mlp(dtype=dtype, batch=7, runtime="plain")
    # weights, the batch, the first product and what the bias makes of it
    assert plain.inference.bytes(1 if not casts else 3, 7) >= 39 * stored + 7 * (5 + 4 + 4) * computed


def test_frozen_weights_have_no_gradient_and_no_state_and_shared_ones_count_once() -> None:
    frozen, shared = Dense(4, trainable=False), Dense(4)
    x = Input((4,))
    memory = Memory(Model(x, shared(shared(frozen(x)))), optimizer="adam")
    found = (memory.parameter_bytes, memory.gradient_bytes, memory.optimizer_bytes)
    assert found == (2 * 20 * 4, 20 * 4, 2 * 20 * 4 + COUNTERS)
    row = next(row for row in memory.rows if row.of == "dense_1:2")
    assert row.parameter_bytes == row.gradient_bytes == row.optimizer_bytes == 0


def test_moving_statistics_are_parameters_without_gradients() -> None:
    memory = Memory(Sequential([Input((2, 2, 8)), BatchNormalization()]), optimizer=MOMENTUM)
    found = (memory.parameter_bytes, memory.gradient_bytes, memory.optimizer_bytes)
    assert found == (4 * 32, 4 * 16, 4 * 16 + COUNTERS)


def test_a_number_of_the_optimizer_s_own_may_be_as_wide_as_the_weights() -> None:
    assert mlp("nadam", dtype="float64").optimizer_bytes == 2 * 39 * 8 + COUNTERS + 8
    assert mlp("nadam", dtype="mixed_float16").optimizer_bytes == 2 * 39 * 4 + COUNTERS + 4


@pytest.mark.parametrize(("optimizer", "several"), [("sgd", 1), (MOMENTUM, 1), ("adam", 2), ("Adam(use_ema=True)", 3)])
def test_an_update_makes_a_tensor_for_each_slot_and_one_at_least(optimizer: str, several: int) -> None:
    steps = [step for step in mlp(optimizer).training.steps if step.phase == "optimizer"]
    assert [one.fixed for step in steps for one in step.makes] == [
        4 * params for params in (5 * 4, 4, 4 * 3, 3) for _ in range(several)
    ]
    fused = [step for step in mlp(optimizer, runtime="xla").training.steps if step.phase == "optimizer"]
    assert not [one for step in fused for one in step.makes]


def test_the_peak_of_a_small_inference_by_hand() -> None:
    # x (5) -> product (4) -> + bias (4) -> relu (4) -> product (3) -> + bias (3); each lives to the next alone
    weights, x = 39 * 4, 10 * 5 * 4
    assert mlp(batch=10, runtime="plain").peak_inference_bytes == weights + x + 10 * (4 + 4) * 4
    assert mlp(batch=10).peak_inference_bytes == weights + x + 10 * (4 + 3) * 4  # in place, only products need both


def test_a_tensor_that_is_read_later_is_held_until_then() -> None:
    x = Input((4,))
    first = Dense(8, use_bias=False)(x)
    second = Dense(8, use_bias=False)(first)
    model = Model(x, Add()([first, second]))
    # while the sum is made: the weights, the batch, both products, and in place no third
    weights = 4 * (4 * 8 + 8 * 8)
    assert Memory(model, runtime="plain").peak_inference_bytes == weights + 16 + 3 * 32
    assert Memory(model).peak_inference_bytes == weights + 16 + 2 * 32


def test_views_hold_nothing() -> None:
    flat = Memory(Sequential([Input((4, 4, 2)), Flatten(), Dense(1, use_bias=False)]), runtime="plain")
    assert flat.peak_inference_bytes == 4 * 32 + 4 * 32 + 4 * 1


def kept(*layers: Any, shape: tuple[int, ...] = (6,), runtime: str = "plain") -> int:
    """What training keeps of layers between two dense ones, for one example, in numbers; without what comes out."""
    whole = Sequential([Input(shape), Dense(6, use_bias=False), *layers, Dense(2, use_bias=False)])
    bytes_kept = int(Memory(whole, optimizer="sgd", runtime=runtime).kept_activation_bytes)
    assert bytes_kept % 4 == 0
    return bytes_kept // 4 - 2


def test_what_training_keeps_of_each_layer() -> None:
    assert kept() == 6  # the input of the second
    assert kept(Activation("relu")) == 6  # its result, which is also the input of what follows
    assert kept(Activation("tanh")) == 6
    assert kept(Activation("softplus")) == 12  # its input, and the input of what follows
    assert kept(Activation("gelu")) == 24  # x, the argument of erf, erf of it, and the product
    assert kept(Activation("silu")) == 12  # x alone, as its gradient works the rest out again, and the product
    assert kept(Activation("silu"), runtime="xla") == 18  # x and sigmoid(x), of two primitives, and the product
    assert kept(Flatten()) == 6


def test_dropout_keeps_a_mask_of_a_byte_an_element() -> None:
    whole = Sequential([Input((8,)), Dense(8, use_bias=False), Dropout(0.5), Dense(2, use_bias=False)])
    assert Memory(whole, optimizer="sgd", runtime="plain").kept_activation_bytes == 8 * 4 + 8 + 2 * 4


def test_a_pool_keeps_what_it_read_and_made() -> None:
    whole = Sequential([Input((4, 4, 1)), Conv2D(3, 1, use_bias=False), MaxPooling2D(2), Conv2D(1, 1, use_bias=False)])
    assert Memory(whole, optimizer="sgd").kept_activation_bytes == 4 * (4 * 4 * 3 + 2 * 2 * 3 + 2 * 2)


def test_an_lstm_keeps_gates_and_states_of_each_step() -> None:
    memory = Memory(Sequential([Input((10, 3)), LSTM(4)]), optimizer="sgd")
    gates, states, ordered = 5 * 4, 2 * 4, 3  # three sigmoids and two tanhs; state and memory; the input
    assert memory.kept_activation_bytes == 4 * (10 * (gates + states + ordered) + 4)  # and what the loss reads


def test_a_gradient_that_is_not_known_is_an_error_that_names_the_layer() -> None:
    model = Sequential([Input((4, 4, 3)), Conv2D(3, 1), RandomHue(0.5, name="hue"), Conv2D(3, 1)])
    assert Memory(model).peak_inference_bytes > 0
    with pytest.raises(ModelCostError, match=r"^hue: .*the gradient of RGBToHSV is not counted"):
        _ = Memory(model, optimizer="sgd").training


def test_nothing_is_kept_below_the_lowest_trainable_layer() -> None:
    x = Input((4,))
    y = Dense(64, trainable=False, activation="tanh")(x)
    memory = Memory(Model(x, Dense(1, use_bias=False)(y)), optimizer="sgd", runtime="plain")
    assert memory.kept_activation_bytes == (64 + 1) * 4


def test_checkpoints_save_memory_and_say_what_is_done_again() -> None:
    layers = [Dense(50, activation="tanh", use_bias=False, name=f"d{i}") for i in range(16)]
    model = Sequential([Input((50,)), *layers])
    with_all = Memory(model, optimizer="sgd")
    with_few = with_all.but(checkpoints="sqrt")
    assert with_few.training.peak_bytes(10_000) < with_all.training.peak_bytes(10_000)
    assert with_few.layers_again == [f"d{i}" for i in range(12)]  # all segments of four but the last
    assert with_all.layers_again == []
    # kept: the ends of the first three segments, and all four of the last
    assert (with_all.kept_activation_bytes, with_few.kept_activation_bytes) == (4 * 50 * 16, 4 * 50 * 7)
    assert with_all.but(checkpoints=16).training.peak_bytes(100) == with_all.training.peak_bytes(100)


def test_what_checkpoints_save_and_add_by_hand() -> None:
    layers = [Dense(50, activation="tanh", use_bias=False, name=f"d{i}") for i in range(16)]
    memory = Memory(Sequential([Input((50,)), *layers]), optimizer="adam", batch=10_000)
    found = memory.checkpointed("sqrt")
    saved = memory.peak_training_bytes - memory.but(checkpoints=4).peak_training_bytes
    assert found == {
        "batch": 10_000,
        "layers_again": 12,
        "saved_bytes": saved,
        "added_flops": 12 * 10_000 * 50 * (50 + 49),  # multiplies and adds; what tanh takes stands apart
    }
    assert saved > 0
    assert memory.but(checkpoints=3).checkpointed("sqrt") == found


def test_gradients_go_back_where_the_work_says() -> None:
    """The variance's gradient goes to the numbers, and not to the mean that they are taken from."""
    model = Sequential([Input((2, 2, 8)), Dense(8, use_bias=False, name="d"), BatchNormalization(name="bn")])
    steps = [
        step for step in Memory(model, optimizer="sgd", runtime="plain").training.steps if step.phase == "backward"
    ]
    added = [step for step in steps if step.name == "d" and len(step.reads) == 3 and len(step.makes) == 1]
    assert len(added) == 1  # the gradients by the shift and scale, by the mean, and by the variance: three, not four
    to_the_mean = [step for step in steps if step.name == "bn" and [one.each for one in step.makes] == [0, 8 * 4 * 4]]
    assert len(to_the_mean) == 2  # sums over the batch: for the shift that the mean is part of, and for the scale


@pytest.mark.parametrize("name", list(RUNTIMES))
def test_figures_are_there_for_every_runtime_and_grow_with_the_batch(name: str) -> None:
    small, large = mlp(runtime=name), mlp(runtime=name, batch=50)
    assert list(small.figures) == list(FIGURES)
    for figure in FIGURES[3:]:
        assert small.figures[figure] < large.figures[figure], figure


def test_what_fits_is_the_largest_that_does() -> None:
    for memory in (mlp("adam"), mlp("adam", runtime="xla"), mlp("adam", checkpoints=1)):
        for plan in (memory.inference, memory.training):
            found = largest_batch(plan, 10_000)
            assert plan.peak_bytes(found) <= 10_000 < plan.peak_bytes(found + 1)
    assert largest_batch(mlp().training, 100) == 0
    assert 0 < batch_of_process(mlp().training, 10**9) < largest_batch(mlp().training, 10**9)
    assert batch_of_process(mlp().training, 10**8) == 0


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("8GB", 8 * 10**9),
        ("8 GiB", 8 * 2**30),
        ("1.5MB", 1_500_000),
        ("512KiB", 2**19),
        ("1_000B", 1000),
        ("1e3kB", 10**6),
    ],
)
def test_sizes_of_memory_have_units(text: str, size: int) -> None:
    assert bytes_in(text) == size


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("8", "a size of memory needs its unit, such as 8GB or 512MiB. Received: '8'"),
        ("GB", "a size of memory is a number above 0 with a unit, such as 8GB. Received: 'GB'"),
        ("-3GB", "a size of memory is a number above 0 with a unit, such as 8GB. Received: '-3GB'"),
        ("0GB", "a size of memory is a number above 0 with a unit, such as 8GB. Received: '0GB'"),
        ("8gb", "unknown unit of memory 'gb'; did you mean"),
        ("0.0004kB", "a size of memory must be at least 1 byte. Received: '0.0004kB'"),
        ("1e30GB", "a size of memory must be at most 2**63-1 bytes. Received: '1e30GB'"),
        ("", "a size of memory is a number above 0 with a unit, such as 8GB. Received: ''"),
    ],
)
def test_sizes_of_memory_that_cannot_be(text: str, message: str) -> None:
    with pytest.raises(ModelCostError) as error:
        bytes_in(text)
    assert str(error.value).startswith(message)


def test_settings_that_cannot_be() -> None:
    for batch in (0, -1, 2**63):
        with pytest.raises(SizeError, match="batch must be"):
            mlp(batch=batch)
    with pytest.raises(UnknownNameError, match="unknown dtype 'float31'; did you mean float32"):
        mlp(dtype="float31")
    with pytest.raises(UnknownNameError, match="unknown runtime 'xlA'; did you mean xla"):
        mlp(runtime="xlA")
    with pytest.raises(ModelCostError, match="checkpoints are every so many layers, at least 1"):
        mlp(checkpoints=0)
    with pytest.raises(ModelCostError, match=r"input must be the sizes of one example, .* Received: input=5"):
        mlp(input=5)
    assert mlp(input=(5,)).peak_training_bytes == mlp(input=[[5]]).peak_training_bytes == mlp().peak_training_bytes
    with pytest.raises(UnboundSizeError, match="steps"):
        _ = Memory(Sequential([Input((None, 3)), LSTM(2)])).peak_inference_bytes
