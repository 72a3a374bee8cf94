"""How often what is done: against steps that a loop takes, against homework, and against Keras's own `fit`."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelcost.count import Count
from modelcost.errors import ModelCostError
from modelcost.training.schedule import Batches, Schedule


def taken(examples: int, batch: int, drop_remainder: bool) -> list[int]:
    """The sizes of the batches that somebody takes who takes one after the other."""
    sizes = []
    while examples >= (batch if drop_remainder else 1):
        sizes.append(min(batch, examples))
        examples -= sizes[-1]
    return sizes


@given(st.integers(1, 500), st.integers(1, 60), st.booleans())
def test_batches_are_those_that_a_loop_takes(examples: int, batch: int, drop: bool) -> None:
    sizes = taken(examples, batch, drop)
    if sizes:
        once = Batches("", Count(examples), Count(batch, "N", size="batch"), drop)
        assert (once.steps, once.last, once.examples) == (len(sizes), sizes[-1], sum(sizes))
        assert once.total(lambda n: n * n + 3) == sum(n * n + 3 for n in sizes)


@given(st.integers(1, 500), st.integers(1, 60), st.integers(1, 60))
def test_batches_bound_to_another_batch_are_those_of_that_batch(examples: int, batch: int, other: int) -> None:
    once = Batches("", Count(examples), Count(batch, "N", size="batch"))
    again = Batches("", Count(examples), Count(other))
    assert once.steps.rebind(batch=other) == again.steps
    if batch != 1:  # a batch that is 1 for good divides nothing
        assert once.last.rebind(batch=other) == again.last


SETTINGS = [
    ("fashion_cnn_bn", (64, 60_000, 10), {"validation": 0.2, "test": 10_000}, 750, 64, 188, 157),
    ("fashion_cnn_small", (128, 60_000, 20), {}, 469, 96, None, None),
    ("convs_only", (32, 50_000, 15), {"validation": 10_000}, 1563, 16, 313, None),
    ("spectrogram_cnn", (64, 4500, 50), {"early_stop": 42, "validation": 1500}, 71, 20, 24, None),
    ("spectrogram_lstm", (32, 4500, 50), {"validation": 1500}, 141, 20, 47, None),
    ("lstm_stack", (10, 55, 100), {}, 6, 5, None, None),
    ("mnist_winner", (32, 50_000, 10), {"validation": 10_000}, 1563, 16, 313, None),
]
"""Settings of five courses' homework (batch, data, epochs): steps of an epoch, examples in the last, other steps."""


@pytest.mark.parametrize(("name", "sizes", "others", "steps", "last", "validation", "test"), SETTINGS)
def test_homework(
    name: str, sizes: tuple[int, int, int], others: dict[str, Any], steps: int, last: int, validation: Any, test: Any
) -> None:
    plan = Schedule(*sizes, **others)
    assert (plan.training.steps, plan.training.last) == (steps, last), name
    assert (plan.validation and plan.validation.steps) == validation
    assert (plan.test and plan.test.steps) == test
    epochs = others.get("early_stop", sizes[2])
    assert (plan.epochs, plan.run_steps) == (epochs, epochs * steps)
    assert plan.run_updates == plan.run_steps
    assert plan.validated_epochs == (None if validation is None else epochs)


def test_the_working_of_the_steps() -> None:
    plan = Schedule(batch=64, data=60_000, epochs=10, validation=0.2, test=10_000)
    assert plan.training.steps.formula() == "(training - 1)//N + 1"
    assert plan.training.steps.numbers() == "(48000 - 1)//64 + 1"
    assert plan.training.examples.formula() == "data*4//5"
    assert plan.validation is not None
    assert plan.validation.examples.formula() == "data - training"
    assert plan.validation.steps.formula() == "(validation - 1)//N + 1"


@given(st.integers(2, 10**6), st.floats(0.001, 0.999))
def test_a_fraction_is_cut_off_as_a_float_has_it(data: int, fraction: float) -> None:
    kept = math.floor(data * (1.0 - fraction))
    if kept == 0:
        with pytest.raises(ModelCostError, match="leaves none to train on"):
            Schedule(1, data, validation=fraction)
    else:
        plan = Schedule(1, data, validation=fraction)
        assert plan.validation is not None
        assert (plan.training.examples, plan.validation.examples) == (kept, data - kept)


def test_a_tenth_of_a_hundred_is_nine_where_the_float_says_so() -> None:
    plan = Schedule(1, 100, validation=0.9)
    assert plan.training.examples == 9
    assert eval(plan.training.examples.numbers(unfold=True)) == 9


@pytest.mark.parametrize("accumulated", [2, 3, 7])
def test_updates_are_counted_over_the_epochs(accumulated: int) -> None:
    plan = Schedule(batch=4, data=18, epochs=5, gradient_accumulation_steps=accumulated)
    done = [step for step in range(5 * 5) if (step + 1) % accumulated == 0]
    assert (plan.updates, plan.run_updates) == (len([step for step in done if step < 5]), len(done))


@pytest.mark.parametrize(
    ("setting", "text"),
    [
        ({"batch": 0}, "batch must be at least 1. Received: batch=0"),
        ({"batch": 2.0}, "batch must be a whole number. Received: batch=2.0"),
        ({"data": -1}, "data must be at least 1. Received: data=-1"),
        ({"data": 2**63}, "data must be at most 2\\*\\*63-1"),
        ({"epochs": 0}, "epochs must be at least 1"),
        ({"test": 0}, "test must be at least 1"),
        ({"validation": 1.0}, "validation must be a fraction of the data between 0 and 1, or a whole number of"),
        ({"validation": -0.1}, "Received: validation=-0.1"),
        ({"validation": float("nan")}, "Received: validation=nan"),
        ({"validation": False}, "Received: validation=False"),
        ({"validation": "a fifth"}, "Received: validation='a fifth'"),
        ({"validation": -5}, "validation must be at least 1"),
        ({"data": 1, "validation": 0.5}, "validation=0.5 of 1 examples leaves none to train on"),
        ({"validation": 1e-30}, "validation=1e-30 of 100 examples leaves none to validate on"),
        ({"drop_remainder": True, "batch": 128}, "100 examples make no whole batch of 128"),
        ({"drop_remainder": "no"}, "drop_remainder must be True or False. Received: 'no'"),
        ({"epochs": 3, "early_stop": 4}, "early_stop must be at most the 3 epochs. Received: early_stop=4"),
        ({"early_stop": 4}, "give epochs=... too"),
        ({"gradient_accumulation_steps": 1}, "gradient_accumulation_steps must be at least 2, or None"),
        ({"validation_freq": 0}, "validation_freq must be at least 1"),
    ],
)
def test_bad_settings_are_refused(setting: dict[str, Any], text: str) -> None:
    with pytest.raises(ModelCostError, match=text):
        Schedule(**{"batch": 8, "data": 100, **setting})


def test_without_epochs_there_is_no_run() -> None:
    plan = Schedule(8, 100, validation=0)
    assert (plan.epochs, plan.validation, plan.test) == (None, None, None)
    with pytest.raises(ModelCostError, match=r"a run needs the number of epochs; give epochs=\.\.\."):
        _ = plan.run_steps


@pytest.mark.keras
@pytest.mark.parametrize("seed", range(6))
def test_steps_are_those_that_keras_takes(seed: int) -> None:
    keras = pytest.importorskip("keras")
    np = pytest.importorskip("numpy")
    draw = random.Random(seed)
    data, batch, epochs = draw.randint(10, 60), draw.randint(2, 17), draw.randint(1, 4)
    split, freq = draw.choice([0.1, 0.2, 0.9, 1 / 3]), draw.randint(1, 2)
    accumulated = draw.choice([None, 2, 3])
    seen: dict[str, int] = {"train": 0, "validate": 0, "test": 0, "validations": 0}

    class Steps(keras.callbacks.Callback):  # type: ignore[misc, name-defined]
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            seen["train"] += 1

        def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
            seen["validate"] += 1

        def on_test_begin(self, logs: Any = None) -> None:
            seen["validations"] += 1

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, use_bias=False)])
    optimizer = keras.optimizers.SGD(gradient_accumulation_steps=accumulated)
    model.compile(optimizer, "mse")
    x = np.ones((data, 2), "float32")
    model.fit(
        x, x[:, :1], batch_size=batch, epochs=epochs, validation_split=split, validation_freq=freq, verbose=0,
        callbacks=[Steps()],
    )  # fmt: skip
    plan = Schedule(
        batch, data, epochs, validation=split, validation_freq=freq, gradient_accumulation_steps=accumulated
    )
    assert plan.validation is not None
    assert seen["train"] == plan.run_steps
    assert seen["validations"] == plan.validated_epochs
    assert seen["validate"] == plan.validated_epochs * plan.validation.steps
    assert int(optimizer.iterations) == plan.run_updates


@pytest.mark.parametrize("every", [None, 2, 3, 4, 6, 7])
@pytest.mark.parametrize("steps", [1, 2, 6, 10])
def test_last_steps_that_change_the_weights_are_those_of_a_counter(every: int | None, steps: int) -> None:
    plan = Schedule(batch=4, data=4 * steps - 1, gradient_accumulation_steps=every)
    counter = found = 0
    for epochs in range(1, 15):
        counter += steps
        found += counter % (every or 1) == 0
        assert plan.last_updates(epochs) == found
