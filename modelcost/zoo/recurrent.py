"""The recurrent networks of five courses' homework, layer by layer as the exercises give them."""

from __future__ import annotations

from modelcost.errors import SizeError, short, unknown
from modelcost.layers import GRU, LSTM, Dense, Flatten, Input, SimpleRNN
from modelcost.model import Model
from modelcost.sequential import Sequential

_KINDS = {"lstm": LSTM, "gru": GRU, "simple_rnn": SimpleRNN}


def lstm_stack() -> Model:
    """A time series whose 10 past values come in one step, through three LSTM layers: 6,621 parameters.

    >>> import modelcost
    >>> modelcost.cost(modelcost.zoo.lstm_stack()).params
    6621
    """
    layers = [
        Input((1, 10), name="input"),
        LSTM(10, return_sequences=True, name="lstm1"),
        LSTM(20, return_sequences=True, name="lstm2"),
        LSTM(20, name="lstm3"),
        Dense(1, name="dense"),
    ]
    return Sequential(layers, name="lstm_stack")


def spectrogram_lstm() -> Model:
    """An LSTM over the 501 steps of a spectrogram, every state read to tell 15 sounds apart: 249,839 parameters."""
    layers = [
        Input((501, 40), name="input"),
        LSTM(32, return_sequences=True, name="lstm"),
        Flatten(name="flatten"),
        Dense(15, activation="softmax", name="output"),
    ]
    return Sequential(layers, name="spectrogram_lstm")


def recurrent_three(kind: str = "lstm", widths: tuple[int, int, int] = (32, 32, 32), steps: int = 499) -> Model:
    """Three recurrent layers and a dense one at every step of a series of 499 values.

    `kind` is lstm, gru or simple_rnn. The exercise's widths are lost and so left free: the default is only an example,
    with 21,025 parameters.

    >>> import modelcost
    >>> modelcost.cost(modelcost.zoo.recurrent_three("simple_rnn", widths=(8, 16, 8))).params
    689
    """
    if kind not in _KINDS:
        raise unknown("recurrent layer", kind, _KINDS)
    if len(widths) != 3:
        raise SizeError(f"widths must be three whole numbers. Received: widths={short(widths)}")
    recurrent = _KINDS[kind]
    layers = [
        Input((steps, 1), name="input"),
        *[
            recurrent(units, return_sequences=True, name=name)
            for name, units in zip(("first", "second", "third"), widths, strict=True)
        ],
        Dense(1, name="output"),
    ]
    return Sequential(layers, name="recurrent_three")
