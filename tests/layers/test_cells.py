"""Cells, convolutional LSTMs, dense layers by equation, and the layers of ready-made networks."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelcost import layers
from modelcost.errors import ModelCostError
from modelcost.layers import (
    GRU,
    LSTM,
    RNN,
    ConvLSTM1D,
    ConvLSTM2D,
    ConvLSTM3D,
    CustomScaleLayer,
    Dense,
    EinsumDense,
    Embedding,
    GRUCell,
    Input,
    LayerScale,
    LSTMCell,
    SimpleRNN,
    SimpleRNNCell,
    SpectralNormalization,
    StackedRNNCells,
    StochasticDepth,
)
from modelcost.model import Model
from tests.counted import Num, Tally, at, dot, flat, numbers, places, same_counts, sigmoid, summed, tanh
from tests.layers.test_recurrent import FUNCTIONS, gru, lstm, simple_rnn

small = st.integers(1, 4)


# Cells: the loops are those of the recurrent layers.


@settings(max_examples=30, deadline=None)
@given(t=small, c=small, u=small, bias=st.booleans(), kind=st.sampled_from(["lstm", "gru", "rnn"]), after=st.booleans())
def test_rnn_does_what_the_loop_does(t: int, c: int, u: int, bias: bool, kind: str, after: bool) -> None:
    tally = Tally()
    f, g = FUNCTIONS["tanh"], FUNCTIONS["sigmoid"]
    cell: Any
    if kind == "lstm":
        lstm(tally, t, c, u, bias, f, g)
        cell = LSTMCell(u, use_bias=bias)
    elif kind == "gru":
        gru(tally, t, c, u, bias, f, g, after)
        cell = GRUCell(u, use_bias=bias, reset_after=after)
    else:
        simple_rnn(tally, t, c, u, bias, f)
        cell = SimpleRNNCell(u, use_bias=bias)
    same_counts(RNN(cell), tally, (t, c))
    if t == 1:
        same_counts(cell, tally, (c,))


@settings(max_examples=20, deadline=None)
@given(t=small, c=small, u=small, v=small)
def test_stacked_cells_feed_each_other(t: int, c: int, u: int, v: int) -> None:
    tally = Tally()
    lstm(tally, t, c, u, True, FUNCTIONS["tanh"], FUNCTIONS["sigmoid"])
    simple_rnn(tally, t, u, v, True, FUNCTIONS["tanh"])
    same_counts(RNN([LSTMCell(u), SimpleRNNCell(v)]), tally, (t, c))
    same_counts(RNN(StackedRNNCells([LSTMCell(u), SimpleRNNCell(v)])), tally, (t, c))


@pytest.mark.parametrize(("cell", "layer"), [(LSTMCell, LSTM), (GRUCell, GRU), (SimpleRNNCell, SimpleRNN)])
def test_a_cell_in_training_drops_as_its_layer_does(cell: Any, layer: Any) -> None:
    given = {"dropout": 0.2, "recurrent_dropout": 0.3}
    works = [
        [(str(work.times), work.primitive.kind, work.phase) for work in one.costed(((5, 3),)).works]
        for one in (RNN(cell(4, **given)), layer(4, **given))
    ]
    assert works[0] == works[1]


def test_a_cell_is_called_step_by_step() -> None:
    x, h, c = Input((3,)), Input((4,)), Input((4,))
    out, *states = LSTMCell(4)(x, states=[h, c])
    assert [one.shape for one in (out, *states)] == [(4,), (4,), (4,)]


def test_a_cell_that_two_layers_share_has_its_weights_once() -> None:
    cell, x = LSTMCell(4), Input((5, 4))
    model = Model(x, RNN(cell)(RNN(cell, return_sequences=True)(x)))
    assert (
        sum(int(entry.facts.params()) for entry in model.entries() if entry.owns_weights)
        == LSTM(4).costed(((5, 4),)).params()
    )


# Convolutional LSTMs.


def same(x: Any, size: int, kernel: int, place: int) -> list[Any]:
    """The taps of a `same` window at a place; those on the padding are there, and count."""
    before = (kernel - 1) // 2
    return [x[place - before + j] if 0 <= place - before + j < size else None for j in range(kernel)]


@settings(max_examples=15, deadline=None)
@given(
    t=st.integers(1, 2),
    n=st.integers(2, 4),
    c=st.integers(1, 2),
    f=st.integers(1, 2),
    k=st.integers(1, 3),
    bias=st.booleans(),
    padding=st.sampled_from(["same", "valid"]),
)
def test_conv_lstm_does_what_the_loop_does(t: int, n: int, c: int, f: int, k: int, bias: bool, padding: str) -> None:
    if padding == "valid" and k > n:
        return
    tally = Tally()
    out = n if padding == "same" else n - k + 1
    zero = [Num(0, tally)] * max(c, f)
    kernel, recurrent, biases = numbers(tally, (4, f, k * c)), numbers(tally, (4, f, k * f)), numbers(tally, (4, f))
    h, memory = numbers(tally, (out, f)), numbers(tally, (out, f))

    def gate(x: Any, which: int, place: int, filter: int) -> Num:
        taps = same(x, n, k, place) if padding == "same" else x[place : place + k]
        value = dot(flat([tap if tap is not None else zero[:c] for tap in taps]), kernel[which][filter])
        value = value + biases[which][filter] if bias else value
        states = [tap if tap is not None else zero[:f] for tap in same(h, out, k, place)]
        return value + dot(flat(states), recurrent[which][filter])

    for _ in range(t):
        x = numbers(tally, (n, c))
        sums = [[[gate(x, which, i, j) for j in range(f)] for i in range(out)] for which in range(4)]
        for i, j in places(out, f):
            memory[i][j] = sigmoid(sums[0][i][j]) * memory[i][j] + sigmoid(sums[1][i][j]) * tanh(sums[2][i][j])
        h = [[sigmoid(sums[3][i][j]) * tanh(memory[i][j]) for j in range(f)] for i in range(out)]
    same_counts(ConvLSTM1D(f, k, use_bias=bias, padding=padding), tally, (t, n, c))


# Dense layers by equation.


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_einsum_dense_does_what_the_loop_does(data: Any) -> None:
    equation = data.draw(
        st.sampled_from(
            ["zac,cd->zad", "zabc,bcd->zad", "zac,cde->zade", "zac,acd->zad", "zabc,cd->zabd", "zac,d->zad"]
        )
    )
    size = {letter: data.draw(small) for letter in "abcde"}
    left, out = equation.split("->")
    term, kernel = left.split(",")
    bias = data.draw(st.sampled_from([None, *out[1:], out[1:]]))
    tally = Tally()
    x, w = (numbers(tally, tuple(size[one] for one in letters)) for letters in (term[1:], kernel))
    met = [one for one in term[1:] if one in kernel and one not in out]
    alone = [one for one in term[1:] if one not in kernel and one not in out]
    for place in places(*(size[one] for one in term[1:] if one not in alone)) if alone else ():
        summed(numbers(tally, tuple(size[one] for one in alone)))
        assert len(place) < len(term)
    for _ in places(*(size[one] for one in out[1:])):
        n = len(list(places(*(size[one] for one in met))))
        value = dot(flat(x)[:1] * n, flat(w)[:1] * n)
        value if bias is None else value + 1
    shape = tuple(size[one] for one in out[1:])
    same_counts(EinsumDense(equation, shape, bias_axes=bias), tally, tuple(size[one] for one in term[1:]))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: EinsumDense("ab,bc", 3), "must be letters"),
        (lambda: EinsumDense("abb,bc->ac", 3), "only once"),
        (lambda: EinsumDense("ab,bc->ac", 0), "output_shape must be sizes"),
        (lambda: EinsumDense("ab,bc->ac", "x"), "output_shape must be sizes"),
        (lambda: EinsumDense("ab,bc->ac", 3, bias_axes=3), "bias_axes must be letters"),
        (lambda: EinsumDense("ab,bc->ac", 3, bias_axes="b").costed(((4,),)), "bias_axes must be letters"),
        (lambda: EinsumDense("ab,bc->ac", 3).costed(((4, 5),)), "as many letters as axes"),
        (lambda: EinsumDense("ab,bc->ac", (3, 4)).costed(((4,),)), "output_shape must have 1 size"),
        (lambda: EinsumDense("ab,bc->ac", None).costed(((4,),)), "not known; give it in output_shape"),
        (lambda: EinsumDense("abc,cd->abd", (5, 3)).costed(((4, 2),)), "must be one length"),
        (lambda: EinsumDense("ab,bc->ca", 3).costed(((4,),)), "must come out first"),
        (lambda: RNN(Dense(3)), "cell must be LSTMCell"),
        (lambda: RNN([]), "cells must be a list"),
        (lambda: StackedRNNCells([LSTMCell(3), Dense(4)]), "cells must be a list"),
        (lambda: RNN(LSTMCell(3)).costed(((4,),)), "expected 2 axes"),
        (lambda: RNN(LSTMCell(3)).costed(((4, 2), (3,))), "initial_state must be 2 tensors"),
        (lambda: LSTMCell(3).costed(((4, 2),)), "expected 1 axis"),
        (lambda: ConvLSTM2D(3, 2, padding="causal"), "unknown padding"),
        (lambda: ConvLSTM2D(3, 2, strides=2, dilation_rate=2), "cannot both be above 1"),
        (lambda: ConvLSTM2D(3, 2).costed(((4, 4, 1),)), "expected 4 axes"),
        (lambda: ConvLSTM2D(3, 5).costed(((2, 4, 4, 1),)), "does not fit"),
        (lambda: ConvLSTM2D(3, 2).costed(((2, 4, 4, 1), (3, 3, 3))), "initial_state must be 2 tensors"),
        (lambda: SpectralNormalization(3), "takes a layer"),
        (lambda: SpectralNormalization(layers.Flatten()).costed(((3,),)), "with a kernel or embeddings"),
        (lambda: LayerScale(1e-6, 5).costed(((4,),)), "number of channels"),
        (lambda: CustomScaleLayer(0.1).costed(((4,),)), "exactly 2 inputs"),
        (lambda: StochasticDepth(2), "number from 0 to 1"),
    ],
)
def test_what_cannot_be_is_refused(make: Any, says: str) -> None:
    with pytest.raises(ModelCostError, match=says):
        make()


def test_a_size_left_out_of_output_shape_is_the_inputs() -> None:
    assert EinsumDense("abc,cd->abd", (None, 5)).costed(((6, 4),)).outputs[0].shape == (6, 5)  # Keras leaves it open


def test_einsum_dense_over_any_axes() -> None:
    facts = EinsumDense("...x,xy->...y", 7, bias_axes="y").costed(((3, 4, 5),))
    assert facts.outputs[0].shape == (3, 4, 7)
    assert facts.params() == 5 * 7 + 7


# Wrappers and the layers of ready-made networks.


def normalization(tally: Tally, m: int, n: int, iterations: int) -> None:
    """What training adds to a kernel of m rows of n."""

    def unit(v: list[Num]) -> list[Num]:
        squares = [_square(x) for x in v]
        from tests.counted import rsqrt

        scale = rsqrt(summed(squares))
        scale = min(scale, Num(1e7, tally))
        return [x * scale for x in v]

    w, u = numbers(tally, (m, n)), numbers(tally, (n,))
    for i, j in places(m, n):
        at(w, i, j) < 0  # noqa: B015  # is it zero?
    for _ in range(iterations):
        v = unit([dot(u, row) for row in w])
        u = unit([dot(v, [row[j] for row in w]) for j in range(n)])
    sigma = dot([dot(v, [row[j] for row in w]) for j in range(n)], u)
    for i, j in places(m, n):
        w[i][j] = w[i][j] / sigma


def _square(x: Num) -> Num:
    return x * x


@settings(max_examples=20, deadline=None)
@given(small, small, st.integers(1, 3))
def test_spectral_normalization_in_training(m: int, n: int, iterations: int) -> None:
    tally = Tally()
    normalization(tally, m, n, iterations)
    works = SpectralNormalization(Dense(n), iterations).costed(((m,),)).works
    found = dict.fromkeys(tally.as_dict(), 0)
    for work in works:
        if work.phase == "training":
            assert work.once
            for column, count in work.counted().items():
                if column in found:
                    found[column] += int(count)
    assert found == tally.as_dict()


def test_at_inference_it_is_the_layer_within() -> None:
    outer, inner = SpectralNormalization(Dense(4)).costed(((3,),)), Dense(4).costed(((3,),))
    for column in ("multiplies", "adds", "divisions", "transcendentals", "comparisons"):
        assert outer.column(column) == inner.column(column)


def test_stochastic_depth_does_nothing_at_inference() -> None:
    facts = StochasticDepth(0.3).costed(((4, 4, 2),))
    assert all(facts.column(column) == (0, 0) for column in ("multiplies", "adds", "divisions"))
    assert {work.primitive.kind for work in facts.works} == {"random", "add", "round", "div", "mul"}


LIKE_KERAS: list[tuple[Any, tuple[Any, ...]]] = [
    (RNN(LSTMCell(4), return_sequences=True, return_state=True), ((5, 3),)),
    (RNN(GRUCell(4, reset_after=False)), ((5, 3),)),
    (RNN([SimpleRNNCell(4), LSTMCell(2)], return_state=True), ((5, 3),)),
    (RNN(GRUCell(4), return_sequences=True), ((None, 3),)),
    (ConvLSTM1D(3, 2, strides=2), ((4, 9, 2),)),
    (ConvLSTM1D(3, 2, dilation_rate=2, return_sequences=True), ((4, 9, 2),)),
    (ConvLSTM2D(3, (2, 3), padding="same", return_state=True), ((4, 6, 7, 2),)),
    (ConvLSTM2D(3, 2, use_bias=False), ((None, 6, 7, 2),)),
    (ConvLSTM2D(3, 2, return_sequences=True, strides=(2, 1), padding="same"), ((4, 6, 7, 2),)),
    (ConvLSTM3D(2, 2), ((3, 4, 5, 6, 1),)),
    (EinsumDense("ab,bc->ac", 5), ((4,),)),
    (EinsumDense("abc,cd->abd", (6, 5), bias_axes="d"), ((6, 4),)),
    (EinsumDense("abc,cde->abde", (6, 2, 3), bias_axes="de"), ((6, 4),)),
    (EinsumDense("abcd,cde->abe", (6, 5), bias_axes="e"), ((6, 2, 3),)),
    (EinsumDense("ab...,bc->ac...", 5, bias_axes="c"), ((6, 4, 3),)),
    (EinsumDense("abc,cd->abd", (6, 5), bias_axes="b"), ((6, 4),)),
    (EinsumDense("...x,xy->...y", 6, bias_axes="y"), ((3, 4),)),
    (SpectralNormalization(Dense(4)), ((3,),)),
    (SpectralNormalization(layers.Conv2D(4, 3), 2), ((8, 8, 3),)),
    (SpectralNormalization(Embedding(10, 4)), ((5,),)),
]


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("layer", "shapes"), LIKE_KERAS, ids=lambda value: repr(value)[:60])
def test_like_keras(layer: Any, shapes: Any) -> None:
    from tests.keras_oracle import assert_like_keras

    assert_like_keras(layer, *shapes)


@pytest.mark.keras
@pytest.mark.parametrize(
    "make",
    [
        lambda layers: layers.EinsumDense("ab,bc", 3)(layers.Input((4,))),
        lambda layers: layers.EinsumDense("abc,cd->abd", (5, 3))(layers.Input((4, 2))),
        lambda layers: layers.EinsumDense("ab,bc->ac", 3, bias_axes="b")(layers.Input((4,))),
        lambda layers: layers.RNN(layers.Dense(3)),
        lambda layers: layers.RNN(layers.LSTMCell(3))(layers.Input((4,))),
        lambda layers: layers.ConvLSTM2D(3, 2)(layers.Input((4, 4, 1))),
        lambda layers: layers.ConvLSTM2D(3, 5)(layers.Input((2, 4, 4, 1))),
        lambda layers: layers.ConvLSTM2D(3, 2)(layers.Input((2, None, 4, 1))),
        lambda layers: layers.ConvLSTM2D(3, 2, padding="causal"),
        lambda layers: layers.SpectralNormalization(layers.Flatten())(layers.Input((4,))),
        lambda layers: layers.SpectralNormalization(layers.Dense(3), 0),
        lambda layers: layers.LSTMCell(0),
    ],
)
def test_refused_like_keras(make: Any) -> None:
    from tests.keras_oracle import assert_refused_like_keras

    assert_refused_like_keras(make)
