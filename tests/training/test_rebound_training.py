"""Every figure of training, and of memory, with other sizes is that of the network made anew for them, or refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import modelcost as mc
from modelcost.errors import ModelCostError, SizeError
from modelcost.memory import FIGURES, RUNTIMES, Memory

if TYPE_CHECKING:
    from collections.abc import Callable

SEQUENCES: list[Any] = [
    lambda: mc.LSTM(3, return_sequences=True),
    lambda: mc.GRU(3, return_sequences=True),
    lambda: mc.GRU(2, return_sequences=True, reset_after=False, go_backwards=True),
    lambda: mc.SimpleRNN(4, return_sequences=True),
    lambda: mc.Bidirectional(mc.LSTM(2, return_sequences=True)),
    lambda: mc.TimeDistributed(mc.Dense(3, activation="relu")),
    lambda: mc.Conv1D(3, 2, padding="same", activation="tanh"),
    lambda: mc.Conv1D(2, 2, strides=2),
    lambda: mc.MaxPooling1D(2, strides=1),
    lambda: mc.MaxPooling1D(2, padding="same"),
    lambda: mc.AveragePooling1D(3, strides=2),
    lambda: mc.LayerNormalization(),
    lambda: mc.BatchNormalization(),
    lambda: mc.Dropout(0.5),
    lambda: mc.ZeroPadding1D(1),
    lambda: mc.Cropping1D(1),
    lambda: mc.UpSampling1D(2),
]
IMAGES: list[Any] = [
    lambda: mc.Conv2D(2, 3, padding="same", activation="relu"),
    lambda: mc.Conv2D(3, 2, strides=2),
    lambda: mc.Conv2DTranspose(2, 3, strides=2),
    lambda: mc.DepthwiseConv2D(2, activation="softmax"),
    lambda: mc.SeparableConv2D(2, 2),
    lambda: mc.MaxPooling2D(2),
    lambda: mc.MaxPooling2D(3, strides=2, padding="same"),
    lambda: mc.AveragePooling2D(2, strides=1),
    lambda: mc.BatchNormalization(),
    lambda: mc.ZeroPadding2D(1),
    lambda: mc.UpSampling2D(2),
    lambda: mc.Dropout(0.5),
]
ENDS: dict[str, list[Any]] = {
    "steps": [lambda: mc.GlobalAveragePooling1D(), lambda: mc.Flatten(), lambda: mc.LSTM(2), lambda: mc.GRU(3)],
    "height": [lambda: mc.GlobalMaxPooling2D(), lambda: mc.Flatten()],
}
OPTIMIZERS: list[Any] = [
    "sgd", "adam", "muon", "adafactor", "lamb", "Adam(global_clipnorm=1.0)",
    "SGD(momentum=0.9, gradient_accumulation_steps=6)",
]  # fmt: skip
SHORT = st.integers(1, 7)


def embedded(length: int, layers: list[Any]) -> mc.Model:
    """A network on words, whose rows are looked up."""
    words = mc.Input((length,), dtype="int32")
    x = mc.Embedding(11, 3)(words)
    for layer in layers:
        x = layer()(x)
    return mc.Model(words, mc.Dense(2)(x))


def attending(length: int, layers: list[Any]) -> mc.Model:
    """A network that compares every step with every other, and adds what comes of it."""
    x = entering = mc.Input((length, 3))
    y = mc.MultiHeadAttention(2, 2)(x, x)
    x = mc.Add()([x, y])
    for layer in layers:
        x = layer()(x)
    return mc.Model(entering, mc.Dense(2)(x))


def remembering(length: int, layers: list[Any]) -> mc.Model:
    """A network that goes on with the memory of an LSTM alone, which no gradient of the last step's output reaches."""
    x = entering = mc.Input((length, 3))
    for layer in layers[:-1]:
        x = layer()(x)
    return mc.Model(entering, mc.Dense(2)(mc.LSTM(3, return_state=True)(x)[2]))


BRANCHED = {"embedded": embedded, "attending": attending, "remembering": remembering}


def plain(shape: tuple[int, ...], layers: list[Any]) -> mc.Model:
    """One layer after the other."""
    return mc.Sequential([mc.Input(shape), *(layer() for layer in layers), mc.Dense(2)])


def figures(model: mc.Model, **asked: Any) -> dict[str, Any]:
    """Every figure of a report, but for those of memory."""
    report = mc.cost(model, data=97, epochs=5, validation=0.2, test=3, loss="mse", **asked)
    return {name: report.figure(name) for name in report.figure_names() if not name.startswith("memory.")}


def drawn(draw: Any) -> tuple[str, Callable[[int], mc.Model]]:
    """A word, and a network for each length of what it names."""
    kind = draw(st.sampled_from(["steps", "height", *BRANCHED]))
    word = "height" if kind == "height" else "steps"
    layers = draw(st.lists(st.sampled_from(IMAGES if kind == "height" else SEQUENCES), max_size=3))
    layers = [*layers, draw(st.sampled_from(ENDS[word]))]

    def made(length: int) -> mc.Model:
        if kind in BRANCHED:
            return BRANCHED[kind](length, layers)
        return plain((length, 4, 2) if kind == "height" else (length, 3), layers)

    return word, made


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_rebinding_is_rebuilding(data: st.DataObject) -> None:
    word, made = drawn(data.draw)
    asked = {
        "optimizer": data.draw(st.sampled_from(OPTIMIZERS)),
        "convention": data.draw(st.sampled_from(["flops", "all", "macs"])),
        "drop_remainder": data.draw(st.booleans()),
    }
    first, other = data.draw(SHORT), data.draw(SHORT)
    batch, others = data.draw(st.integers(1, 99)), data.draw(st.integers(1, 99))
    try:
        known = figures(made(first), batch=batch, **asked)
    except ModelCostError:
        return
    try:
        expected = figures(made(other), batch=others, **asked)
    except ModelCostError:
        with pytest.raises(ModelCostError):
            for figure in known.values():
                figure.rebind(batch=others, **{word: other})
        return
    for name, figure in known.items():
        assert figure.rebind(batch=others, **{word: other}) == expected[name], name


SUMMED = ("parameter_bytes", "gradient_bytes", "optimizer_bytes", "activation_bytes")
"""Figures of memory that have a formula for all sizes; the others are planned for those given."""


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_memory_for_other_sizes_is_that_of_the_network_made_anew_or_refused(data: st.DataObject) -> None:
    word, made = drawn(data.draw)
    asked = {
        "optimizer": data.draw(st.sampled_from(OPTIMIZERS)),
        "runtime": data.draw(st.sampled_from(list(RUNTIMES))),
        "dtype": data.draw(st.sampled_from([None, "mixed_float16", "float64"])),
    }
    batch, others = data.draw(st.integers(1, 99)), data.draw(st.integers(1, 99))
    first, other = data.draw(SHORT), data.draw(SHORT)
    sizes = {"batch": others, word: other}
    try:
        known = Memory(made(first), batch=batch, **asked)
    except ModelCostError:
        return
    for name in set(FIGURES) - set(SUMMED):
        for size in sizes.items():
            with pytest.raises(SizeError, match="planned for given sizes"):
                getattr(known, name).rebind(**dict([size]))
    try:
        expected = Memory(made(other), batch=others, **asked)
    except ModelCostError:
        for name in SUMMED:
            with pytest.raises(SizeError):
                getattr(known, name).rebind(**sizes)
        return
    for name in SUMMED:
        assert getattr(known, name).rebind(**sizes) == getattr(expected, name), name
        for row, again in zip(known.rows, expected.rows, strict=True):
            assert getattr(row, name).rebind(**sizes) == getattr(again, name), (row.of, name)
