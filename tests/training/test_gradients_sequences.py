"""Gradients of layers over sequences: recurrent layers through time, attention, lookups."""

from __future__ import annotations

import inspect
from collections import Counter
from math import prod
from typing import Any

import pytest

from modelcost import Input, Sequential, layers
from modelcost.count import Expression
from modelcost.errors import ModelCostError
from modelcost.facts import Primitive
from modelcost.training.gradients import gradients
from modelcost.training.tape import Tape
from tests.counted import Num, Tally, dot, summed
from tests.training.counted_gradients import Places, columns, tallied
from tests.training.traced_gradients import BATCH, by_operation, kept, ours, traced, traced_kept

T, C, U, K = 3, 4, 5, 6

Extra = Counter[str]


def called_as(twin: Any, shapes: Any, call: dict[str, Any]) -> Any:
    """Keras's layer as a function of its inputs, states among them, that gives all that comes out in one list."""
    import tensorflow as tf

    takes = list(inspect.signature(twin.call).parameters)
    options = {**call, **({"training": True} if "training" in takes else {})}
    listed = takes[0] == "inputs" and len(shapes) > 1 and "states" not in takes

    def called(*xs: Any) -> Any:
        if "states" in takes:
            sizes = twin.state_size if isinstance(twin.state_size, list | tuple) else [twin.state_size]
            states = list(xs[1:])
            nested = [[states.pop(0) for _ in tf.nest.flatten(size)] for size in sizes]
            flat = [one for several in nested for one in several]
            return tf.nest.flatten(twin(xs[0], nested if hasattr(twin, "cells") else flat, **options))
        if "initial_state" in takes and len(xs) > 1:
            return tf.nest.flatten(twin(xs[0], initial_state=list(xs[1:]), **options))
        return tf.nest.flatten(twin(list(xs) if listed else xs[0], **options) if listed else twin(*xs, **options))

    return called


def twin_of(layer: Any, shapes: Any, call: dict[str, Any]) -> tuple[Any, list[Any]]:
    """Keras's layer as a function, and its weights that are trained."""
    import tensorflow as tf

    from tests.keras_oracle import keras_twin

    twin = keras_twin(layer)
    called = called_as(twin, shapes, call)
    called(*(tf.ones((BATCH, *shape)) for shape in shapes))  # makes the weights
    return called, [one.value for one in twin.trainable_variables]


def same(
    layer: Any, *shapes: Any, wanted: Any = None, trainable: bool = True, more: Extra | None = None, **call: Any
) -> None:
    """TensorFlow does what we say, and so much `more` of some operations, or less."""
    wanted = [True] * len(shapes) if wanted is None else wanted
    called, weights = twin_of(layer, shapes, call)
    counts = Counter(ours(layer, shapes, wanted, call, trainable))
    counts.update(more or Extra())
    theirs = traced(called, shapes, wanted, weights if trainable else [])
    assert {op: n for op, n in counts.items() if n} == theirs


# What TensorFlow adds up that is one sum, or zeros, in plain arithmetic.


def pieces(layer: Any, steps: int = T, before: int = T - 1) -> Extra:
    """What gates that are computed apart cost in AddN, over so many steps, of which so many have a gradient before.

    What came, and the state, get a gradient from each gate: as many adds as one product of matrices has more. Slices
    of weights, and of sums, are put together by adding them, each filled up with zeros to the whole.
    """
    kind, gates, biased = type(layer).__name__.removesuffix("Cell"), 4, layer.use_bias
    before_gate = kind == "GRU" and not layer.reset_after
    apart = layer.recurrent_dropout > 0 or getattr(layer, "implementation", 2) == 1
    if kind == "LSTM" and not apart:
        return Extra()
    if not apart:
        sums = (2 if before_gate else 2 * 3) * U * BATCH  # z, r and the candidate, cut out of the sums
        return Extra(AddN=steps * (sums + (U * 3 * U if before_gate else 0)))
    meets = 4 if kind == "LSTM" else 2 if before_gate else 3
    x, h = (gates - 1) * steps * C * BATCH, (meets - 1) * before * U * BATCH
    weights = U * 4 * U
    if kind == "GRU":
        gates, x = 3, 2 * steps * C * BATCH
        weights = 3 * U * (C + U + (0 if not biased else 1 if before_gate else 2))
    dropped = (x if layer.dropout else 0) + (h if layer.recurrent_dropout else 0)
    return Extra(AddN=x + h + (gates - 1) * steps * weights, Sum=-dropped)


KINDS = (layers.SimpleRNN, layers.LSTM, layers.GRU)
RECURRENT = [
    *(kind(U, unroll=True, **given) for kind in KINDS for given in (
        {}, {"return_sequences": True}, {"return_state": True}, {"return_sequences": True, "return_state": True},
        {"use_bias": False, "go_backwards": True}, {"activation": "relu"}, {"activation": None, "dropout": 0.3},
    )),
    layers.SimpleRNN(U, unroll=True, dropout=0.3, recurrent_dropout=0.2),
    layers.SimpleRNN(U, activation=layers.PReLU(), unroll=True),
    layers.LSTM(U, activation=layers.PReLU(), unroll=True),
    *(kind(U, unroll=True, **given) for kind in KINDS[1:] for given in (
        {"implementation": 1}, {"recurrent_dropout": 0.3}, {"recurrent_dropout": 0.3, "dropout": 0.2},
        {"implementation": 1, "dropout": 0.2, "use_cudnn": False, "use_bias": False},
        {"recurrent_activation": "silu", "activation": "gelu"}, {"recurrent_activation": "softmax"},
    )),
    *(layers.GRU(U, unroll=True, reset_after=False, **given) for given in (
        {}, {"use_bias": False}, {"implementation": 1}, {"dropout": 0.2, "recurrent_dropout": 0.3},
    )),
]  # fmt: skip


def more_of(layer: Any, **steps: int) -> Extra:
    plain = isinstance(layer, layers.SimpleRNN | layers.SimpleRNNCell | layers.RNN)
    return Extra() if plain else pieces(layer, **steps)


@pytest.mark.keras
@pytest.mark.parametrize("layer", RECURRENT, ids=repr)
def test_recurrent_layers_through_time(layer: Any) -> None:
    same(layer, (T, C), more=more_of(layer))


@pytest.mark.keras
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("steps", [1, 2])
def test_one_step_and_two(kind: Any, steps: int) -> None:
    layer = kind(U, unroll=True)
    same(layer, (steps, C), more=more_of(layer, steps=steps, before=steps - 1))


@pytest.mark.keras
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("trainable", [True, False])
@pytest.mark.parametrize(("x", "state"), [(True, True), (True, False), (False, True), (False, False)])
def test_states_that_come_in(kind: Any, trainable: bool, x: bool, state: bool) -> None:
    """Without weights to train, and without a gradient of the first state, the state has none at the first step."""
    layer = kind(U, unroll=True, return_state=True)
    states = [(U,)] * len(layer.states)
    sliced = T if state or trainable else T - 1 if x else 0
    same(
        layer,
        (T, C),
        *states,
        wanted=[x] + [state] * len(states),
        trainable=trainable,
        more=more_of(layer, steps=sliced),
    )


def only(layer: Any, *which: int, shapes: Any = ((T, C),), wanted: Any = (True,)) -> None:
    """The same where gradients come back to some outputs alone; and as many numbers are kept for it."""
    called, weights = twin_of(layer, shapes, {})

    def some(*xs: Any) -> list[Any]:
        outputs = called(*xs)
        return [outputs[i] for i in which]

    facts = layer.costed(tuple(shapes))
    given = [i in which for i in range(len(facts.outputs))]
    found = Counter(by_operation(facts, wanted, given=given)) + more_of(layer)
    assert found == traced(some, shapes, wanted, weights)
    assert sum(kept(facts, wanted, given=given)) == sum(traced_kept(some, shapes, wanted, weights))


@pytest.mark.keras
@pytest.mark.parametrize("which", [(0,), (1,), (2,), (1, 2), (0, 2), (0, 1, 2)])
@pytest.mark.parametrize("more", [{}, {"return_sequences": True}, {"activation": "relu", "use_bias": False}], ids=repr)
def test_some_of_what_an_lstm_gives(which: tuple[int, ...], more: Any) -> None:
    """Where only the memory is used, nothing reads the last state: no gradient goes through the last output gate."""
    for steps in (1, T):
        only(layers.LSTM(U, unroll=True, return_state=True, **more), *which, shapes=((steps, C),))
    states = ((T, C), (U,), (U,))
    for wanted in ([False, True, True], [False, False, True], [True, True, False]):
        only(layers.LSTM(U, unroll=True, return_state=True, **more), *which, shapes=states, wanted=wanted)


@pytest.mark.keras
@pytest.mark.parametrize("which", range(5))
def test_some_of_what_cells_one_above_the_other_give(which: int) -> None:
    """Where only what the lower one gives is used, none goes through the upper one."""
    only(layers.RNN([layers.LSTMCell(U), layers.LSTMCell(2)], unroll=True, return_state=True), which)
    if which < 3:
        only(layers.RNN([layers.SimpleRNNCell(U), layers.SimpleRNNCell(2)], unroll=True, return_state=True), which)


CELLS = [layers.SimpleRNNCell(U), layers.LSTMCell(U), layers.GRUCell(U), layers.GRUCell(U, reset_after=False)]


@pytest.mark.keras
@pytest.mark.parametrize("cell", CELLS, ids=repr)
@pytest.mark.parametrize("state", [True, False])
def test_cells(cell: Any, state: bool) -> None:
    states = [(U,)] * len(cell.sequence.states)
    same(cell, (C,), *states, wanted=[True] + [state] * len(states), more=more_of(cell, steps=1))
    if state:
        same(layers.RNN(cell, unroll=True, return_state=True), (T, C), more=more_of(cell))


@pytest.mark.keras
def test_cells_one_above_the_other() -> None:
    lstm, simple = layers.LSTMCell(U), layers.SimpleRNNCell(2)
    same(layers.StackedRNNCells([lstm, simple]), (C,), (U,), (U,), (2,), wanted=[True, True, False, True])
    same(layers.RNN([lstm, simple], unroll=True, return_sequences=True, return_state=True), (T, C))
    same(layers.RNN([simple, layers.SimpleRNNCell(U, dropout=0.2)], unroll=True), (T, C), wanted=[False])


@pytest.mark.keras
@pytest.mark.parametrize("sequences", [False, True])
@pytest.mark.parametrize("mode", ["concat", "sum", "mul", "ave", None])
def test_both_directions(mode: str | None, sequences: bool) -> None:
    same(layers.Bidirectional(layers.SimpleRNN(U, unroll=True, return_sequences=sequences), mode), (T, C))


@pytest.mark.keras
def test_both_directions_with_states_and_other_layers() -> None:
    lstm = layers.LSTM(U, unroll=True, return_state=True)
    same(layers.Bidirectional(lstm), (T, C), *[(U,)] * 4)
    same(layers.Bidirectional(lstm), (T, C), *[(U,)] * 4, wanted=[False, False, True, True, False], trainable=False)
    back = layers.SimpleRNN(1, unroll=True, go_backwards=True)
    same(layers.Bidirectional(layers.SimpleRNN(U, unroll=True), "sum", backward_layer=back), (T, C))


@pytest.mark.keras
@pytest.mark.parametrize(
    ("layer", "shape", "out"),
    [
        (layers.ConvLSTM1D(2, 3, unroll=True), (T, 6, 3), 4 * 2),
        (layers.ConvLSTM2D(2, (2, 3), padding="same", unroll=True, return_sequences=True), (T, 5, 6, 3), 5 * 6 * 2),
        (layers.ConvLSTM2D(2, 2, strides=2, unroll=True, return_state=True), (T, 5, 6, 3), 2 * 3 * 2),
        (layers.ConvLSTM2D(2, 2, use_bias=False, unroll=True, dropout=0.2, recurrent_dropout=0.3), (T, 5, 6, 3), 40),
        (layers.ConvLSTM3D(2, 2, unroll=True), (T, 3, 4, 5, 1), 2 * 3 * 4 * 2),
    ],
    ids=repr,
)
def test_convolutional_lstms(layer: Any, shape: Any, out: int) -> None:
    """TensorFlow convolves for each gate apart, and adds up what comes back from the four of them."""
    x = 3 * BATCH * prod(shape)
    h = 3 * BATCH * (T - 1) * out
    same(layer, shape, more=Extra(AddN=x + h, Sum=-(x + h) if layer.dropout else 0))


def steps_put_together(*shape: int) -> Extra:
    """Each step's gradient, filled up with zeros to that of all T steps, added to those of the others."""
    return Extra(AddN=(shape[0] - 1) * BATCH * prod(shape))


@pytest.mark.keras
@pytest.mark.parametrize(
    ("inner", "shape"),
    [
        (layers.Dense(U, "tanh"), (T, C)),
        (layers.Conv2D(U, 3), (T, 6, 6, 2)),
        (layers.BatchNormalization(), (T, C)),
        (layers.LayerNormalization(), (T, C)),
        (layers.LSTM(U, unroll=True), (2, T, C)),
        (layers.Bidirectional(layers.SimpleRNN(U, unroll=True, return_sequences=True), "mul"), (2, T, C)),
        (layers.TimeDistributed(layers.Dense(U)), (1, T, C)),
    ],
    ids=repr,
)
def test_at_every_step(inner: Any, shape: Any) -> None:
    more = steps_put_together(*shape)
    if isinstance(inner, layers.TimeDistributed):
        more = steps_put_together(*shape[1:])
    same(layers.TimeDistributed(inner), *[shape], more=more)
    same(layers.TimeDistributed(inner), *[shape], wanted=[False])


MODEL = (
    ("Conv2D", (3, 3), {"activation": "relu"}), ("BatchNormalization", (), {}), ("MaxPooling2D", (2,), {}),
    ("Flatten", (), {}), ("Dropout", (0.3,), {}), ("Dense", (2,), {}),
)  # fmt: skip


@pytest.mark.keras
@pytest.mark.parametrize("trainable", [True, False])
def test_a_model_at_every_step(trainable: bool) -> None:
    keras = pytest.importorskip("keras")
    import tensorflow as tf

    shape = (T, 6, 6, 2)
    made = [getattr(layers, name)(*args, **given) for name, args, given in MODEL]
    facts = layers.TimeDistributed(Sequential([Input(shape[1:]), *made])).costed((shape,))
    twins = [getattr(keras.layers, name)(*args, **given) for name, args, given in MODEL]
    twin = keras.layers.TimeDistributed(keras.Sequential([keras.Input(shape[1:]), *twins]))
    twin(tf.ones((BATCH, *shape)))
    weights = [one.value for one in twin.trainable_variables] if trainable else []
    counts = Counter(by_operation(facts, [True], trainable)) + steps_put_together(*shape)
    assert counts == traced(lambda x: [twin(x, training=True)], [shape], [True], weights)


ATTENTION = [
    layers.Attention(), layers.Attention(use_scale=True), layers.Attention(score_mode="concat"),
    layers.Attention(use_scale=True, score_mode="concat", dropout=0.3), layers.AdditiveAttention(),
    layers.AdditiveAttention(use_scale=False, dropout=0.3),
    layers.MultiHeadAttention(2, 4), layers.MultiHeadAttention(1, 1, use_bias=False),
    layers.MultiHeadAttention(2, 4, value_dim=5, output_shape=7), layers.MultiHeadAttention(2, 4, output_shape=(2, 3)),
    layers.MultiHeadAttention(2, 4, dropout=0.2), layers.MultiHeadAttention(2, 4, use_gate=True),
    layers.MultiHeadAttention(2, 4, use_gate=True, dropout=0.2, use_bias=False),
    layers.GroupQueryAttention(4, 4, 2), layers.GroupQueryAttention(4, 4, 1, dropout=0.2),
    layers.GroupQueryAttention(4, 4, 4, use_bias=False, use_gate=True),
]  # fmt: skip


@pytest.mark.keras
@pytest.mark.parametrize("layer", ATTENTION, ids=repr)
def test_attention(layer: Any) -> None:
    same(layer, (T, C), (K, C))
    same(layer, (T, C), (K, C), (K, C), return_attention_scores=True, use_causal_mask=True)


@pytest.mark.keras
@pytest.mark.parametrize(
    "layer", [layers.Attention(use_scale=True), layers.AdditiveAttention(), ATTENTION[6]], ids=repr
)
@pytest.mark.parametrize("wanted", [(False, True, True), (True, False, False), (False, False, False)])
@pytest.mark.parametrize("trainable", [True, False])
def test_attention_to_what_wants_no_gradient(layer: Any, wanted: Any, trainable: bool) -> None:
    same(layer, (T, C), (K, U), (K, C), wanted=list(wanted), trainable=trainable)


@pytest.mark.keras
@pytest.mark.parametrize("axes", [None, 2, (1, 2)])
def test_attention_along_several_axes(axes: Any) -> None:
    same(layers.MultiHeadAttention(2, 4, attention_axes=axes), (2, T, C), (2, K, C))


@pytest.mark.keras
def test_lookups() -> None:
    """Rows' gradients come as they are; what adds them to their rows is the sum that makes a dense gradient of them."""
    import tensorflow as tf

    embedding = layers.Embedding(9, U)
    same(embedding, (T,), more=Extra(UnsortedSegmentSum=-BATCH * T * U))
    rows = tf.function(lambda x, i: tf.convert_to_tensor(tf.IndexedSlices(x, i, tf.constant([9, U]))))
    graph = rows.get_concrete_function(tf.TensorSpec((BATCH * T, U)), tf.TensorSpec((BATCH * T,), tf.int32)).graph
    (sums,) = (op for op in graph.get_operations() if op.type == "UnsortedSegmentSum")
    assert sums.inputs[0].shape.num_elements() == ours(embedding, [(T,)], [False], {})["UnsortedSegmentSum"]


@pytest.mark.keras
def test_lookups_in_reverse_and_masks() -> None:
    same(layers.ReversibleEmbedding(9, U), (T, U), reverse=True)
    same(layers.ReversibleEmbedding(9, U), (T, U), wanted=[False], reverse=True)
    same(layers.ReversibleEmbedding(9, U, tie_weights=False, logit_soft_cap=3.0), (T, U), reverse=True)
    same(layers.Masking(), (T, C))


@pytest.mark.keras
def test_layers_of_our_own() -> None:
    """Keras has none of these: they are written here as papers' own code writes them."""
    import tensorflow as tf

    places, token = tf.Variable(tf.ones((K, C))), tf.Variable(tf.ones((C,)))
    added = traced(lambda x: [x + places[:T]], [(T, C)], [True], [places])
    assert ours(layers.PositionEmbedding(K), [(T, C)], [True], {}) == added == {"Sum": (BATCH - 1) * T * C}

    def before(x: Any) -> list[Any]:
        return [tf.concat([tf.broadcast_to(token, (BATCH, 1, C)), x], 1)]

    put = traced(before, [(T, C)], [True], [token])
    assert ours(layers.ClassToken(), [(T, C)], [True], {}) == put == {"Sum": (BATCH - 1) * C}


@pytest.mark.keras
@pytest.mark.parametrize(
    ("layer", "shapes", "copies"),
    [
        *((kind(U, unroll=True), [(T, C)], 0) for kind in KINDS),
        *((kind(U, unroll=True, dropout=0.2), [(T, C)], 0) for kind in KINDS),
        (layers.SimpleRNN(U, unroll=True, recurrent_dropout=0.2), [(T, C)], 0),
        (layers.LSTM(U, unroll=True), [(T, C), (U,), (U,)], 0),
        (layers.GRU(U, unroll=True, reset_after=False), [(T, C)], (T * 3 - 2) * U * U),  # slices of the kernel
        (layers.RNN([layers.SimpleRNNCell(U), layers.SimpleRNNCell(2)], unroll=True), [(T, C)], 0),
        (
            layers.Bidirectional(layers.LSTM(U, unroll=True)),
            [(T, C)],
            BATCH * T * C,
        ),  # steps of x, for either direction
        (layers.TimeDistributed(layers.Dense(U, "tanh")), [(T, C)], 0),
        (layers.Attention(), [(T, C), (K, C)], BATCH * K * C),  # the keys, also turned
        (layers.Attention(score_mode="concat", dropout=0.2), [(T, C), (K, C)], 0),
        (layers.AdditiveAttention(), [(T, C), (K, C)], 0),
        (layers.MultiHeadAttention(2, 4), [(T, C), (K, C)], 0),
        (layers.MultiHeadAttention(2, 4, dropout=0.2, use_gate=True), [(T, C), (K, C)], 0),
        (layers.GroupQueryAttention(4, 4, 2), [(T, C), (K, C)], 0),
    ],
    ids=repr,
)
def test_what_is_kept(layer: Any, shapes: Any, copies: int) -> None:
    """As many numbers as TensorFlow's gradient graph reads, which has `copies` of some."""
    called, weights = twin_of(layer, shapes, {})
    wanted = [True] * len(shapes)
    assert sum(kept(layer.costed(tuple(shapes)), wanted)) + copies == sum(traced_kept(called, shapes, wanted, weights))


# The same in plain loops, which know nothing of operations: only what is multiplied and added.


class Backwards:
    """A recurrent layer's way back through time, with what is done for its weights counted apart."""

    def __init__(self) -> None:
        self.others, self.weights, self.sums = Tally(), Tally(), Places()

    def some(self, n: int) -> list[Num]:
        """So many numbers that are there already."""
        return [Num(0.5, self.others) for _ in range(n)]

    def met(self, kernel: str, inputs: int, gradient: list[Num], back: bool = True) -> list[Num]:
        """The gradients of a product of matrices: of the kernel, and (back) of what met it."""
        for place in ((kernel, i, j) for i in range(inputs) for j in range(len(gradient))):
            self.sums.add(place, Num(0.5, self.weights) * Num(0.5, self.weights))
        return [dot(gradient, self.some(len(gradient))) for _ in range(inputs)] if back else []

    def biased(self, bias: str, gradient: list[Num]) -> None:
        """The gradient of a bias."""
        for j in range(len(gradient)):
            self.sums.add((bias, j), Num(0.5, self.weights))

    def through(self, gradient: list[Num]) -> list[Num]:
        """The gradient before a tanh or a sigmoid: of what comes out, y, it takes g*(1 - y*y) or g*(y*(1 - y))."""
        return [g * (1 - y * y) for g, y in zip(gradient, self.some(len(gradient)), strict=True)]

    def times(self, gradient: list[Num]) -> list[Num]:
        """The gradient of one factor of a product."""
        return [g * other for g, other in zip(gradient, self.some(len(gradient)), strict=True)]


def added(*several: list[Num]) -> list[Num]:
    """Gradients that come back to the same numbers."""
    return [summed(one) for one in zip(*(some for some in several if some), strict=True)]


def simple_step(walk: Backwards, dh: list[Num], dc: list[Num], first: bool) -> tuple[list[Num], list[Num]]:
    dz = walk.through(dh)
    walk.met("kernel", C, dz)
    walk.biased("bias", dz)
    return walk.met("recurrent", U, dz, not first), []


def lstm_step(walk: Backwards, dh: list[Num], dc: list[Num], first: bool) -> tuple[list[Num], list[Num]]:
    d_out, d_memory = walk.times(dh), walk.times(dh)
    dc = added(walk.through(d_memory), dc)
    d_forget, d_in, d_candidate = walk.times(dc), walk.times(dc), walk.times(dc)
    before = [] if first else walk.times(dc)
    dz = [one for gate in (d_in, d_forget, d_candidate, d_out) for one in walk.through(gate)]
    walk.met("kernel", C, dz)
    walk.biased("bias", dz)
    return walk.met("recurrent", U, dz, not first), before


def gru_step(walk: Backwards, dh: list[Num], dc: list[Num], first: bool, after: bool = True) -> Any:
    d_update = added(walk.times(dh), [-one for one in walk.times(dh)])
    kept = [] if first else walk.times(dh)
    dz = walk.through(walk.times(dh))  # of the candidate
    if after:
        d_reset, d_state = walk.times(dz), walk.times(dz)
        d_gates = [one for gate in (d_update, d_reset) for one in walk.through(gate)]
        met = walk.met("recurrent", U, d_gates + d_state, not first)
        walk.biased("recurrent bias", d_gates + d_state)
    else:
        d_held = walk.met("recurrent held", U, dz)  # of the state that the reset gate has let through
        d_reset, through = walk.times(d_held), [] if first else walk.times(d_held)
        d_gates = [one for gate in (d_update, d_reset) for one in walk.through(gate)]
        met = [] if first else added(walk.met("recurrent", U, d_gates), through)
        if first:
            walk.met("recurrent", U, d_gates, back=False)
    walk.met("kernel", C, d_gates + dz)
    walk.biased("bias", d_gates + dz)
    return ([] if first else added(met, kept)), []


STEPS = {
    layers.SimpleRNN(U): simple_step,
    layers.LSTM(U): lstm_step,
    layers.GRU(U): gru_step,
    layers.GRU(U, reset_after=False): lambda *args: gru_step(*args, after=False),
}


@pytest.mark.parametrize("layer", STEPS, ids=repr)
@pytest.mark.parametrize("sequences", [False, True])
@pytest.mark.parametrize("steps", [1, 4])
def test_through_time_in_plain_loops(layer: Any, sequences: bool, steps: int) -> None:
    walk = Backwards()
    for _ in range(BATCH):
        dh, dc = walk.some(U), []
        for t in reversed(range(steps)):
            dh, dc = STEPS[layer](walk, dh, dc, t == 0)
            dh = added(dh, walk.some(U)) if sequences and t else dh
    found = gradients(type(layer)(**layer.given, return_sequences=sequences).costed(((steps, C),)), [True])
    assert columns(found.to_inputs) == tallied(walk.others)
    assert columns(found.to_weights) == tallied(walk.weights)


N, G = BATCH, 4 * U  # what one step of an LSTM makes for its gates
LSTM_STEP = {"SigmoidGrad": N * 3 * 3 * U, "TanhGrad": N * 3 * 2 * U, "BiasAddGrad": (N - 1) * G}
WEIGHTS = C * G + U * G + G
BOTH_WAYS = layers.Bidirectional(layers.SimpleRNN(U, return_state=True), "ave")
MODEL_EACH_STEP = layers.TimeDistributed(Sequential([Input((C,)), layers.Dense(U, "relu"), layers.Dense(2)]))


@pytest.mark.parametrize(
    ("layer", "shapes", "wanted", "done"),
    [
        (layers.LSTM(U), [(T, C)], [False], {
            **{op: T * count for op, count in LSTM_STEP.items()},
            "MatMul": N * (T * C * G + T * U * G + (T - 1) * U * G),  # for the kernels, and for the states between
            "Mul": N * (T * 5 + T - 1) * U,  # the first memory has no gradient
            "AddN": (T - 1) * WEIGHTS + N * (T - 1) * U,  # memories are read by their step and by the next
        }),
        (layers.LSTMCell(U), [(C,), (U,), (U,)], [False, True, True], {
            **LSTM_STEP, "MatMul": N * (C * G + U * G + U * G), "Mul": N * 6 * U,
            "AddN": N * 2 * U,  # h comes out twice; c comes out and is shown in h
        }),
        (layers.LSTMCell(U), [(C,), (U,), (U,)], [False, True, False], {
            **LSTM_STEP, "MatMul": N * (C * G + U * G + U * G), "Mul": N * 5 * U, "AddN": N * 2 * U,
        }),
        (layers.SimpleRNN(U, use_bias=False, recurrent_dropout=0.5), [(T, C)], [True], {
            "TanhGrad": N * 3 * T * U, "Mul": N * (T - 1) * U,  # the mask of all states but the first
            "MatMul": N * (2 * T * C * U + T * U * U + (T - 1) * U * U), "AddN": (T - 1) * (C * U + U * U),
        }),
        (BOTH_WAYS, [(T, C), (U,), (U,)], [False, False, True], {
            "TanhGrad": 2 * N * 3 * T * U, "BiasAddGrad": 2 * (N - 1) * T * U, "RealDiv": N * U,
            "MatMul": N * (2 * T * C * U + 2 * T * U * U + (T - 1) * U * U + T * U * U),  # the backward state came in
            "AddN": 2 * (T - 1) * (C * U + U * U + U) + 2 * N * U,
        }),
        (layers.Attention(use_scale=True), [(T, C), (K, C)], [True, False], {
            "BatchMatMulV2": N * 2 * T * K * C, "Mul": N * 4 * T * K, "Sub": N * T * K,
            "Sum": N * (T * (K - 1) + T * K) - 1,  # of the softmax's rows, and of all of them for the scale
            "AddN": N * 2 * T * K,  # scores are masked or not, and come out as shares and mix
        }),
        (layers.MultiHeadAttention(1, U, use_bias=False), [(T, C), (K, C)], [True, False], {
            "BatchMatMulV2": N * (2 * T * C * U + 2 * K * C * U + 2 * T * U * C + 4 * T * K * U),
            "Mul": N * (T * U + 2 * T * K), "Sub": N * T * K, "Sum": N * T * (K - 1), "AddN": N * T * K,
        }),
        (layers.ConvLSTM1D(2, 3, padding="same", dropout=0.5, recurrent_dropout=0.5), [(T, 6, 1)], [True], {
            "Conv2DBackpropInput": N * 6 * 8 * 3 * (T * 1 + (T - 1) * 2),
            "Conv2DBackpropFilter": N * 6 * 8 * 3 * (T * 1 + T * 2),
            "SigmoidGrad": N * 9 * T * 12, "TanhGrad": N * 6 * T * 12, "AddN": (T - 1) * (24 + 48 + 8 + N * 12),
            "Mul": N * ((T * 5 + T - 1) * 12 + T * 4 * 6 + (T - 1) * 4 * 12),  # gates, and masks for each of them
            "Sum": T * (N * 6 - 1) * 8 + N * (T * 3 * 6 + (T - 1) * 3 * 12),
        }),
        (MODEL_EACH_STEP, [(T, C)], [True], {
            "MatMul": N * T * 2 * (C * U + U * 2), "ReluGrad": N * T * U, "BiasAddGrad": (N - 1) * T * (U + 2),
            "AddN": (T - 1) * (C * U + U + U * 2 + 2),
        }),
    ],
    ids=lambda value: repr(value)[:50],
)  # fmt: skip
def test_operations_by_hand(layer: Any, shapes: Any, wanted: Any, done: dict[str, int]) -> None:
    """What each operation does: elements, those added up (less the first of each sum), or products."""
    shows = {"return_attention_scores": True}
    call = {layers.Attention: {**shows, "use_causal_mask": True}, layers.MultiHeadAttention: shows}.get(type(layer), {})
    assert ours(layer, shapes, wanted, call) == done


def test_what_convolutions_over_time_reach() -> None:
    """A window of 3 over 6 places reaches 8, with the padding: as many sums for each channel, mask and step."""
    layer = layers.ConvLSTM1D(2, 3, padding="same", dropout=0.5, recurrent_dropout=0.5)
    found = gradients(layer.costed(((T, 6, 1),)), [True])
    sums = [work.times for work in found.to_inputs if work.op == "Conv2DBackpropInput"]
    assert sorted(sums) == sorted([T * 8 * 1 * 4, (T - 1) * 8 * 2 * 4])
    plain = gradients(layers.ConvLSTM1D(2, 3, padding="same").costed(((T, 6, 1),)), [True])
    sums = [work.times for work in plain.to_inputs if work.op == "Conv2DBackpropInput"]
    assert sorted(sums) == sorted([T * 8 * 1, (T - 1) * 8 * 2])


@pytest.mark.parametrize(
    ("layer", "shapes"),
    [
        *((layer, [(T, C)]) for layer in RECURRENT),
        *((cell, [(C,), *[(U,)] * len(cell.sequence.states)]) for cell in CELLS),
        *((layers.Bidirectional(layers.LSTM(U), mode), [(T, C)]) for mode in ("concat", "sum", "mul", "ave", None)),
        (layers.RNN([layers.LSTMCell(U), layers.GRUCell(2)], return_state=True), [(T, C)]),
        (layers.ConvLSTM2D(2, 2, dropout=0.2, recurrent_dropout=0.3), [(T, 5, 6, 3)]),
        *((layer, [(T, C), (K, C)]) for layer in ATTENTION),
        (layers.Embedding(9, U), [(T,)]),
        (layers.PositionEmbedding(9), [(T, U)]),
        (layers.ClassToken(), [(T, U)]),
        (layers.Masking(), [(T, C)]),
    ],
    ids=repr,
)
@pytest.mark.parametrize("phase", ["training", "inference"])
def test_all_that_is_made_is_read_or_comes_out(layer: Any, shapes: Any, phase: str) -> None:
    call = {"use_causal_mask": True} if "use_causal_mask" in type(layer).call_options else {}
    facts = layer.costed(tuple(shapes), call)
    tape = Tape(facts, [True] * len(shapes), True, phase)
    read = {id(operand.value) for operation in tape.operations for operand in operation.operands}
    named = {id(tape.values[output.of]) for output in facts.outputs if output.of}
    masks = {id(operation.result) for operation in tape.operations if operation.name == "GreaterEqual"}
    left = [operation for operation in tape.operations if id(operation.result) not in read | named | masks]
    assert len(left) == sum(not output.of for output in facts.outputs), left


def test_attention_in_plain_loops() -> None:
    walk, keys, values = Backwards(), Places(), Places()
    for example in range(BATCH):
        for _ in range(T):
            g = walk.some(C)
            back = [dot(g, walk.some(C)) for _ in range(K)]  # to the shares
            ys = walk.some(K)
            row = summed([b * y for b, y in zip(back, ys, strict=True)])
            scores = [(b - row) * y for b, y in zip(back, ys, strict=True)]
            for c in range(C):
                dot(scores, walk.some(K))  # to the query
                for k in range(K):
                    keys.add((example, k, c), scores[k] * walk.some(1)[0])
                    values.add((example, k, c), g[c] * walk.some(1)[0])
    found = gradients(layers.Attention().costed(((T, C), (K, C), (K, C))), [True] * 3)
    assert columns(found.to_inputs) == tallied(walk.others)
    both = gradients(layers.Attention().costed(((T, C), (K, C))), [True] * 2)  # the values are the keys too
    assert columns(both.to_inputs)["adds"] == walk.others.adds + BATCH * K * C


def test_lookups_by_hand() -> None:
    """Each of the 3 rows of 5 numbers that 2 examples look up is added to its row of the table."""
    found = gradients(layers.Embedding(9, U).costed(((T,),)), [False])
    assert columns(found.to_weights) == {"adds": BATCH * T * U}
    assert found.to_inputs == ()
    places = gradients(layers.PositionEmbedding(9).costed(((T, U),)), [False])
    assert (columns(places.to_weights), places.to_inputs) == ({"adds": (BATCH - 1) * T * U}, ())
    token = gradients(layers.ClassToken().costed(((T, U),)), [True])
    assert (columns(token.to_weights), token.to_inputs) == ({"adds": (BATCH - 1) * U}, ())


def test_what_is_kept_by_hand() -> None:
    """Of an LSTM: what came, its gates, candidates and memories shown, and of states and memories all but the last."""
    sizes = kept(layers.LSTM(U).costed(((T, C),)), [True])
    assert sizes == sorted(N * size for size in (T * C, T * 2 * U, *[T * U] * 3, (T - 1) * U, (T - 1) * U))
    came_in = kept(layers.LSTM(U).costed(((T, C), (U,), (U,))), [True] * 3)
    assert sum(came_in) == sum(sizes) + N * 2 * U


def test_shared_keys_and_values_get_the_sum_of_their_heads() -> None:
    layer = layers.GroupQueryAttention(U, 4, 2, use_bias=False)
    sums = ours(layer, [(T, C), (K, C)], [True, True], {})["Sum"]
    assert sums == N * (2 * K * 2 * U + 4 * T * (K - 1))  # two heads for each of 2, of keys and of values; the softmax


@pytest.mark.parametrize("layer", [*STEPS, layers.Bidirectional(layers.LSTM(U), "mul")], ids=repr)
def test_steps_that_are_not_known_stay_a_letter(layer: Any) -> None:
    """So many gradients are added as for any number of steps: none is added to itself for one step."""
    unknown = gradients(layer.costed((Input((None, C)).shape,)), [True])
    for steps in (1, 7):
        known = gradients(layer.costed(((steps, C),)), [True])
        for one, other in ((unknown.to_inputs, known.to_inputs), (unknown.to_weights, known.to_weights)):
            bound = columns(
                work.but(primitive=bind(work.primitive, steps), times=bind(work.times, steps)) for work in one
            )
            assert bound == columns(other)


def bind(what: Any, steps: int) -> Any:
    """A count, or a primitive, for so many steps."""
    if isinstance(what, Primitive):
        return what if what.over is None else Primitive(what.kind, what.n, bind(what.over, steps))
    return what.rebind(steps=steps, batch=BATCH) if isinstance(what, Expression) else what


def test_parts_of_several_results_cannot_be_followed_through_a_model() -> None:
    """A model at every step is followed from call to call; an operation that gives several parts is not, yet."""
    x = Input((4, C))
    from modelcost import Model, ops

    first, second = ops.split(x, 2, axis=1)
    inner = Model(x, layers.Add()([layers.Dense(2)(first), layers.Dense(2)(second)]))
    facts = layers.TimeDistributed(inner).costed(((T, 4, C),))
    with pytest.raises(ModelCostError, match="which nothing makes"):
        gradients(facts, [True])


def test_loops_within_loops_go_round_so_many_times() -> None:
    """A recurrent layer at each of 3 places of a longer sequence takes three times what it takes once."""
    one = gradients(layers.LSTM(U).costed(((T, C),)), [True])
    three = gradients(layers.TimeDistributed(layers.LSTM(U)).costed(((3, T, C),)), [True])
    assert columns(three.to_inputs) == {name: 3 * count for name, count in columns(one.to_inputs).items()}
