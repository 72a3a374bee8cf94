"""Recurrent layers against cells written as loops over counting numbers, and against Keras."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelcost.count import Expression
from modelcost.errors import ModelCostError
from modelcost.layers import GRU, LSTM, Bidirectional, Dropout, Input, LeakyReLU, PReLU, SimpleRNN
from modelcost.layers.input import InputLayer
from tests.counted import Num, Tally, dot, largest, numbers, relu, same_counts, sigmoid, summed, tanh
from tests.counted import exp as exponential

if TYPE_CHECKING:
    from collections.abc import Callable

small = st.integers(1, 4)


def softmax(row: list[Num]) -> list[Num]:
    top = largest(row)
    shares = [exponential(x - top) for x in row]
    total = summed(shares)
    return [x / total for x in shares]


FUNCTIONS: dict[str, Callable[[list[Num]], list[Num]]] = {
    "tanh": lambda row: [tanh(x) for x in row],
    "sigmoid": lambda row: [sigmoid(x) for x in row],
    "relu": lambda row: [relu(x) for x in row],
    "linear": lambda row: row,
    "softmax": softmax,
}


class Cell:
    """Weights of one gate or candidate: a kernel, a recurrent kernel, and biases."""

    def __init__(self, tally: Tally, c: int, u: int, biases: int) -> None:
        self.kernel, self.recurrent = numbers(tally, (u, c)), numbers(tally, (u, u))
        self.biases = numbers(tally, (biases, u))

    def of_input(self, x: list[Num]) -> list[Num]:
        return [dot(x, row) for row in self.kernel]

    def of_state(self, h: list[Num]) -> list[Num]:
        return [dot(h, row) for row in self.recurrent]


def added(*rows: list[Num]) -> list[Num]:
    return [summed(several) for several in zip(*rows, strict=True)]


def times(a: list[Num], b: list[Num]) -> list[Num]:
    return [x * y for x, y in zip(a, b, strict=True)]


def lstm(tally: Tally, t: int, c: int, u: int, bias: bool, f: Any, g: Any) -> None:
    """Hochreiter's cell with a forget gate, in textbook order: i, f, candidate, o."""
    cells = [Cell(tally, c, u, int(bias)) for _ in range(4)]
    h, memory = numbers(tally, (u,)), numbers(tally, (u,))
    for _ in range(t):
        x = numbers(tally, (c,))
        i, forget, candidate, out = (added(one.of_input(x), one.of_state(h), *one.biases) for one in cells)
        memory = added(times(g(forget), memory), times(g(i), f(candidate)))
        h = times(g(out), f(memory))


def gru(tally: Tally, t: int, c: int, u: int, bias: bool, f: Any, g: Any, after: bool) -> None:
    """Cho's cell; the reset gate meets the state before the recurrent kernel, or what comes out after it."""
    cells = [Cell(tally, c, u, (1 + after) * bias) for _ in range(3)]
    h = numbers(tally, (u,))
    for _ in range(t):
        x = numbers(tally, (c,))
        z, r = (g(added(one.of_input(x), one.of_state(h), *one.biases)) for one in cells[:2])
        last = cells[2]
        if after:
            inner = times(r, added(last.of_state(h), *last.biases[1:]))
        else:
            inner = last.of_state(times(r, h))
        candidate = f(added(last.of_input(x), *last.biases[:1], inner))
        h = [zi * hi + (1 - zi) * ci for zi, hi, ci in zip(z, h, candidate, strict=True)]


def simple_rnn(tally: Tally, t: int, c: int, u: int, bias: bool, f: Any) -> None:
    cell = Cell(tally, c, u, int(bias))
    h = numbers(tally, (u,))
    for _ in range(t):
        h = f(added(cell.of_input(numbers(tally, (c,))), *cell.biases, cell.of_state(h)))


cells = {"t": small, "c": small, "u": small, "bias": st.booleans()}
function = st.sampled_from(list(FUNCTIONS))


@settings(max_examples=30, deadline=None)
@given(**cells, inner=function, gate=function)
def test_lstm_does_what_the_loop_does(t: int, c: int, u: int, bias: bool, inner: str, gate: str) -> None:
    tally = Tally()
    lstm(tally, t, c, u, bias, FUNCTIONS[inner], FUNCTIONS[gate])
    same_counts(LSTM(u, inner, gate, bias), tally, (t, c))


@settings(max_examples=30, deadline=None)
@given(**cells, inner=function, gate=function, after=st.booleans())
def test_gru_does_what_the_loop_does(t: int, c: int, u: int, bias: bool, inner: str, gate: str, after: bool) -> None:
    tally = Tally()
    gru(tally, t, c, u, bias, FUNCTIONS[inner], FUNCTIONS[gate], after)
    same_counts(GRU(u, inner, gate, bias, reset_after=after), tally, (t, c))


@settings(max_examples=30, deadline=None)
@given(**cells, inner=function)
def test_simple_rnn_does_what_the_loop_does(t: int, c: int, u: int, bias: bool, inner: str) -> None:
    tally = Tally()
    simple_rnn(tally, t, c, u, bias, FUNCTIONS[inner])
    same_counts(SimpleRNN(u, inner, bias), tally, (t, c))


def test_what_changes_no_work_changes_no_work() -> None:
    plain = GRU(3).costed(((5, 2),))
    more = GRU(
        3, return_sequences=True, return_state=True, go_backwards=True, stateful=True, unroll=True, use_cudnn=False
    )
    for column in ("multiplies", "adds", "transcendentals"):
        assert more.costed(((5, 2), (3,))).column(column) == plain.column(column)


def test_an_lstm_counted_by_hand() -> None:
    """With 8 channels and 4 units each of the 16 sums takes 12 multiplies, 11 adds and one for the bias."""
    facts = LSTM(4).costed(((1, 8),))
    sums = frozenset(["kernel", "recurrent", "bias"])
    assert facts.column("multiplies", sums)[0] == 16 * 12
    assert facts.column("adds", sums)[0] == 16 * 12
    assert facts.column("multiplies", frozenset(["gates"]))[0] == 3 * 4
    assert facts.column("macs")[0] == 16 * 12


@pytest.mark.parametrize("layer", [LSTM(4), GRU(4), GRU(4, reset_after=False), SimpleRNN(4)], ids=repr)
def test_steps_that_are_not_known_stay_a_letter(layer: Any) -> None:
    facts = layer.costed((InputLayer((None, 3)).costed(()).outputs[0].shape,))
    fixed = layer.costed(((7, 3),))
    for column in ("multiplies", "adds", "transcendentals"):
        figure = facts.column(column)[0]
        assert isinstance(figure, Expression)
        assert figure.rebind(steps=7) == fixed.column(column)[0]
    assert facts.params() == fixed.params()


def test_states_come_in_by_name_and_go_out() -> None:
    x, h, c = Input((5, 3)), Input((4,)), Input((4,))
    out, *states = LSTM(4, return_sequences=True, return_state=True)(x, initial_state=[h, c])
    assert [tuple(one.shape) for one in (out, *states)] == [(5, 4), (4,), (4,)]
    assert GRU(4)(x, initial_state=h).shape == (4,)


def test_a_layer_as_activation_works_at_every_step_and_has_its_weights_once() -> None:
    assert SimpleRNN(4, LeakyReLU()).costed(((5, 3),)).column("comparisons")[0] == 5 * 4
    with_alpha = SimpleRNN(4, PReLU()).costed(((5, 3),))
    assert with_alpha.params() == SimpleRNN(4).costed(((5, 3),)).params() + 4


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: LSTM(4).costed(((3,),)), r"expected 2 axes \(T, C\)"),
        (lambda: LSTM(4).costed(((2, 3, 5),)), "expected 2 axes"),
        (lambda: LSTM(4).costed(((2, 3), (4,))), "initial_state must have 2 tensors. Received: 1"),
        (lambda: GRU(4).costed(((2, 3), (5,))), r"must have shape \(4,\)"),
        (lambda: LSTM(4, use_cudnn="yes"), "use_cudnn"),
        (lambda: GRU(4, implementation=3), "implementation must be 1 or 2"),
        (lambda: SimpleRNN(4, recurrent_activation="tanh"), "recurrent_activation"),
        (lambda: SimpleRNN(0), "units must be at least 1"),
        (lambda: LSTM(4, recurrent_dropout=1.5), "from 0 to 1"),
    ],
)
def test_what_cannot_be_is_refused(make: Any, says: str) -> None:
    with pytest.raises(ModelCostError, match=says):
        make()


def _in_training(layer: Any, kind: str, shape: tuple[int, ...] = (5, 3)) -> int:
    works = (work for work in layer.costed((shape,)).works if work.phase == "training")
    return sum(int(work.times) for work in works if work.primitive.kind == kind)


@pytest.mark.parametrize(
    ("layer", "masks"),
    [
        (LSTM(4, dropout=0.2), (1, 0)),
        (LSTM(4, dropout=0.2, implementation=1), (4, 0)),
        (LSTM(4, dropout=0.2, recurrent_dropout=0.1), (4, 4)),
        (GRU(4, recurrent_dropout=0.1), (0, 3)),
        (SimpleRNN(4, dropout=0.2, recurrent_dropout=0.1), (1, 1)),
    ],
)
def test_dropout_draws_its_masks_once_and_multiplies_them_in_at_every_step(layer: Any, masks: tuple[int, int]) -> None:
    drawn, multiplied = ((_in_training(layer, kind)) for kind in ("random", "mul"))
    assert drawn == masks[0] * 3 + masks[1] * 4
    assert multiplied == _in_training(Dropout(0.2), "mul", (drawn,)) + 5 * drawn


@pytest.mark.keras
@pytest.mark.parametrize(
    "layer",
    [
        LSTM(4),
        LSTM(4, "relu", "hard_sigmoid", False, return_sequences=True),
        LSTM(4, return_state=True, return_sequences=True, go_backwards=True),
        GRU(4),
        GRU(4, reset_after=False),
        GRU(4, use_bias=False, return_state=True),
        SimpleRNN(4),
        SimpleRNN(4, use_bias=False, return_sequences=True, return_state=True),
        LSTM(4, trainable=False),
    ],
    ids=repr,
)
@pytest.mark.parametrize("steps", [5, None])
def test_shapes_and_weights_are_those_of_keras(layer: Any, steps: int | None) -> None:
    from tests.keras_oracle import assert_like_keras

    assert_like_keras(layer, (steps, 3))


@pytest.mark.keras
@pytest.mark.parametrize(
    "make",
    [
        lambda layers: layers.LSTM(4)(layers.Input((3,))),
        lambda layers: layers.GRU(4)(layers.Input((2, 3, 5))),
        lambda layers: layers.SimpleRNN(4, recurrent_activation="tanh"),
        lambda layers: layers.LSTM(0),
        lambda layers: layers.GRU(4, use_cudnn="yes"),
    ],
)
def test_keras_refuses_the_same(make: Any) -> None:
    from tests.keras_oracle import assert_refused_like_keras

    assert_refused_like_keras(make)


@pytest.mark.keras
@pytest.mark.parametrize(
    "layer",
    [
        LSTM(3, unroll=True),
        LSTM(3, unroll=True, use_bias=False, return_sequences=True),
        GRU(3, unroll=True),
        GRU(3, unroll=True, reset_after=False),
        SimpleRNN(3, unroll=True),
        Bidirectional(LSTM(3, unroll=True), "ave"),
        Bidirectional(GRU(3, unroll=True), "mul"),
    ],
    ids=repr,
)
def test_steps_are_those_of_the_traced_graph(layer: Any) -> None:
    """Unrolled, since TensorFlow's graph has the steps of a loop once, however often it goes round."""
    from tests.traced import primitives, traced

    assert primitives(layer, ((4, 5),), {}) == traced(layer, ((4, 5),), {})


@pytest.mark.keras
@pytest.mark.parametrize("name", ["LSTM", "GRU", "SimpleRNN"])
def test_a_keras_config_is_already_our_arguments(name: str) -> None:
    from modelcost import layers
    from tests.keras_oracle import keras

    config = getattr(keras().layers, name)(4).get_config()
    assert getattr(layers, name)(**config).units == 4
