"""Wrappers: against the layers that they wrap, and against Keras."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelcost.count import Expression
from modelcost.errors import ModelCostError
from modelcost.facts import COLUMNS
from modelcost.layers import (
    GRU,
    LSTM,
    BatchNormalization,
    Bidirectional,
    Conv2D,
    Conv2DTranspose,
    Dense,
    Embedding,
    Flatten,
    Input,
    SimpleRNN,
    TimeDistributed,
)
from modelcost.layers.input import InputLayer
from modelcost.model import Model
from modelcost.sequential import Sequential
from tests.counted import TALLIED, Tally, dot, layer_counts, numbers, same_counts, tanh

small = st.integers(1, 4)


def reading(tally: Tally, t: int, c: int, u: int) -> list[list[Any]]:
    """What a plain recurrent layer gives at every step."""
    kernel, recurrent, bias = numbers(tally, (u, c)), numbers(tally, (u, u)), numbers(tally, (u,))
    h, out = numbers(tally, (u,)), []
    for _ in range(t):
        x = numbers(tally, (c,))
        h = [tanh(dot(x, kernel[j]) + dot(h, recurrent[j]) + bias[j]) for j in range(u)]
        out.append(h)
    return out


MERGED: dict[str | None, Any] = {
    "concat": lambda a, b: None,
    "sum": lambda a, b: a + b,
    "mul": lambda a, b: a * b,
    "ave": lambda a, b: (a + b) / 2,
    None: lambda a, b: None,
}


@settings(max_examples=30, deadline=None)
@given(t=small, c=small, u=small, mode=st.sampled_from(list(MERGED)), sequences=st.booleans())
def test_both_directions_do_what_two_loops_do(t: int, c: int, u: int, mode: str | None, sequences: bool) -> None:
    tally = Tally()
    there, back = reading(tally, t, c, u), reading(tally, t, c, u)
    rows = zip(there, reversed(back), strict=True) if sequences else [(there[-1], back[-1])]
    for row, other in rows:
        for a, b in zip(row, other, strict=True):
            MERGED[mode](a, b)
    same_counts(Bidirectional(SimpleRNN(u, return_sequences=sequences), mode), tally, (t, c))


@settings(max_examples=20, deadline=None)
@given(t=small, c=small, u=small)
def test_the_same_layer_at_every_step_does_what_the_loop_does(t: int, c: int, u: int) -> None:
    tally = Tally()
    kernel, bias = numbers(tally, (u, c)), numbers(tally, (u,))
    for _ in range(t):
        x = numbers(tally, (c,))
        for j in range(u):
            tanh(dot(x, kernel[j]) + bias[j])
    same_counts(TimeDistributed(Dense(u, "tanh")), tally, (t, c))


@pytest.mark.parametrize(
    ("inner", "shape"),
    [
        (Conv2D(3, 2), (5, 4, 2)),
        (Conv2DTranspose(3, 3, strides=2, padding="same"), (3, 4, 2)),
        (BatchNormalization(), (4, 4, 2)),
        (LSTM(3), (4, 2)),
        (Bidirectional(GRU(2)), (4, 2)),
        (Flatten(), (2, 3)),
    ],
    ids=repr,
)
def test_every_layer_is_done_at_every_step_with_weights_once(inner: Any, shape: tuple[int, ...]) -> None:
    alone, wrapped = inner.costed((shape,)), TimeDistributed(inner).costed(((6, *shape),))
    for column in COLUMNS:
        assert wrapped.column(column) == tuple(6 * figure for figure in alone.column(column))
    assert wrapped.params() == alone.params()
    assert wrapped.params(trainable=False) == alone.params(trainable=False)
    assert tuple(wrapped.outputs[0].shape) == (6, *alone.outputs[0].shape)
    assert not wrapped.outputs[0].view


def test_work_reads_the_weights_by_their_new_names() -> None:
    facts = Bidirectional(LSTM(2)).costed(((4, 3),))
    names = [weight.name for weight in facts.weights]
    assert names[0] == "forward_lstm/kernel"
    assert names[3] == "backward_lstm/kernel"
    read = {operand for work in facts.works for operand in work.operands}
    assert set(names) <= read
    assert TimeDistributed(Dense(2, name="head")).costed(((4, 3),)).weights[0].name == "head/kernel"


def test_a_model_at_every_step() -> None:
    inner = Sequential([Input((6, 6, 1)), Conv2D(2, 3), Flatten(), Dense(4)])
    facts = TimeDistributed(inner).costed(((5, 6, 6, 1),))
    assert tuple(facts.outputs[0].shape) == (5, 4)
    assert facts.params() == (9 * 2 + 2) + (4 * 4 * 2 * 4 + 4)
    assert facts.column("macs")[0] == 5 * (16 * 2 * 9 + 4 * 32)


def test_two_models_of_one_input_are_not_mixed_up() -> None:
    x = Input((5, 6))
    one, two = (Sequential([Input((6,)), Dense(units)]) for units in (2, 3))
    assert [TimeDistributed(model)(x).shape for model in (one, two)] == [(5, 2), (5, 3)]


def test_a_frozen_layer_stays_frozen_in_its_wrapper() -> None:
    inner = Dense(4, trainable=False)
    assert TimeDistributed(inner).costed(((5, 3),)).params(trainable=True) == 0
    assert Bidirectional(LSTM(4, trainable=False)).costed(((5, 3),)).params(trainable=True) == 0


def test_steps_that_are_not_known_stay_a_letter() -> None:
    x = InputLayer((None, 3)).costed(()).outputs[0].shape
    for layer in (Bidirectional(LSTM(2), "ave"), TimeDistributed(Dense(4, "tanh"))):
        figure = layer.costed((x,)).column("adds")[0]
        assert isinstance(figure, Expression)
        assert figure.rebind(steps=7) == layer.costed(((7, 3),)).column("adds")[0]


def test_states_go_forwards_and_backwards() -> None:
    x, states = Input((5, 3)), [Input((4,)) for _ in range(4)]
    outputs = Bidirectional(LSTM(4, return_state=True))(x, initial_state=states)
    assert [tuple(one.shape) for one in outputs] == [(8,), (4,), (4,), (4,), (4,)]


def test_the_two_directions_may_be_different_layers() -> None:
    both = Bidirectional(LSTM(4), backward_layer=GRU(3, go_backwards=True)).costed(((5, 2),))
    assert tuple(both.outputs[0].shape) == (7,)
    assert both.params() == LSTM(4).costed(((5, 2),)).params() + GRU(3).costed(((5, 2),)).params()


def test_wrappers_nest_in_a_model() -> None:
    x = Input((7, 5), dtype="int32")
    y = TimeDistributed(Embedding(10, 4))(x)
    y = TimeDistributed(Bidirectional(LSTM(3)))(y)
    model = Model(x, TimeDistributed(Dense(2))(y))
    assert [entry.name for entry in model.entries()][1:] == [
        "time_distributed",
        "time_distributed_1",
        "time_distributed_2",
    ]
    assert y.shape == (7, 6)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Bidirectional(Dense(3)), "takes LSTM, GRU or SimpleRNN layers. Received: Dense"),
        (lambda: Bidirectional("lstm"), "takes LSTM, GRU or SimpleRNN layers"),
        (lambda: Bidirectional(LSTM(3), "join"), "unknown merge_mode 'join'"),
        (lambda: Bidirectional(LSTM(3, go_backwards=True)), "opposite directions"),
        (lambda: Bidirectional(LSTM(3), backward_layer=LSTM(3)), "opposite directions"),
        (
            lambda: Bidirectional(LSTM(3), backward_layer=LSTM(3, go_backwards=True, return_sequences=True)),
            "the same return_sequences",
        ),
        (
            lambda: Bidirectional(LSTM(3), "sum", backward_layer=LSTM(4, go_backwards=True)).costed(((5, 2),)),
            "sizes that must agree do not: 3, 4",
        ),
        (lambda: Bidirectional(LSTM(3)).costed(((5, 2), (3,), (3,))), "initial_state must have 2 tensors. Received: 1"),
        (lambda: TimeDistributed("dense"), "TimeDistributed takes a layer"),
        (lambda: TimeDistributed(Dense(3)).costed(((5,),)), "expected at least 2 axes"),
        (lambda: TimeDistributed(LSTM(3, return_state=True)).costed(((5, 4, 2),)), "one output. Received: 3"),
    ],
)
def test_what_cannot_be_is_refused(make: Any, says: str) -> None:
    with pytest.raises(ModelCostError, match=says):
        make()


@pytest.mark.keras
@pytest.mark.parametrize("mode", list(MERGED))
@pytest.mark.parametrize("sequences", [True, False])
@pytest.mark.parametrize("states", [True, False])
def test_both_directions_have_the_shapes_of_keras(mode: str | None, sequences: bool, states: bool) -> None:
    from tests.keras_oracle import assert_like_keras

    inner = GRU(4, return_sequences=sequences, return_state=states)
    assert_like_keras(Bidirectional(inner, mode), (5, 3))


@pytest.mark.keras
@pytest.mark.parametrize(
    ("inner", "shape"),
    [(Dense(4), (5, 3)), (Conv2D(3, 2), (2, 5, 5, 3)), (BatchNormalization(), (2, 4, 4, 3))],
    ids=repr,
)
def test_every_step_has_the_shapes_of_keras(inner: Any, shape: tuple[int, ...]) -> None:
    from tests.keras_oracle import assert_like_keras

    assert_like_keras(TimeDistributed(inner), shape)


@pytest.mark.keras
@pytest.mark.parametrize(
    "make",
    [
        lambda layers: layers.Bidirectional(layers.Dense(3)),
        lambda layers: layers.Bidirectional(layers.LSTM(3), "join"),
        lambda layers: layers.Bidirectional(layers.LSTM(3, go_backwards=True)),
        lambda layers: layers.Bidirectional(layers.LSTM(3), backward_layer=layers.LSTM(3)),
        lambda layers: layers.TimeDistributed(layers.Dense(3))(layers.Input((5,))),
        lambda layers: layers.TimeDistributed(layers.LSTM(3, return_state=True))(layers.Input((5, 4, 2))),
    ],
)
def test_keras_refuses_the_same(make: Any) -> None:
    from tests.keras_oracle import assert_refused_like_keras

    assert_refused_like_keras(make)


def test_every_column_is_compared() -> None:
    assert set(TALLIED) == set(layer_counts(TimeDistributed(Dense(1)), (1, 1)))
