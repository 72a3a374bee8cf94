"""The networks whose memory is held against XLA's and TensorFlow's, each with the batch sizes it is run at."""

from __future__ import annotations

from typing import Any

from modelcost import zoo
from modelcost.layers import (
    GRU,
    LSTM,
    Add,
    Dense,
    GlobalAveragePooling1D,
    Input,
    LayerNormalization,
    MultiHeadAttention,
)
from modelcost.model import Model
from modelcost.sequential import Sequential

BATCHES = {
    "mlp": (32, 512),
    "lstm": (16, 64),
    "transformer_encoder": (8, 32),
    "alexnet": (8, 32),
    "vgg16": (1, 8),
    "resnet50": (4, 16),
    "mobilenet_v2": (8, 32),
    "densenet121": (4, 16),
    "efficientnet_b0": (4, 16),
    "inception_v3": (4, 16),
}
HELD_OUT = {
    "resnet18": (4, 16),
    "unet": (1, 4),
    "fashion_cnn_bn": (32, 256),
    "spectrogram_cnn": (8, 32),
    "spectrogram_lstm": (8, 32),
    "gru": (16, 64),
    "lstm_deep": (24,),
    "gru_deep": (24,),
    "gru_wide": (24,),
}
"""The same for networks that were looked at only once the planner's rules stood, for the last three a GRU's too."""


def build(name: str) -> Model:
    """The network of that name: one of those below, or of the zoo."""
    if name in RECURRENT:
        return recurrent(name, *RECURRENT[name])
    own = {"mlp": mlp, "transformer_encoder": transformer_encoder}
    return own[name]() if name in own else zoo.build(name)


def mlp() -> Model:
    """Two wide dense layers and ten classes."""
    layers = [Input((784,)), Dense(1024, activation="relu"), Dense(1024, activation="relu"), Dense(10, "softmax")]
    return Sequential(layers, name="mlp")


RECURRENT: dict[str, tuple[Any, tuple[int, ...], tuple[int, int]]] = {
    "lstm": (LSTM, (256, 256), (200, 64)),
    "lstm_deep": (LSTM, (128, 128, 64), (60, 48)),
    "gru": (GRU, (128, 128), (100, 32)),
    "gru_deep": (GRU, (96, 96, 64), (60, 48)),
    "gru_wide": (GRU, (160,), (80, 40)),
}
"""Recurrent networks: the kind of layer, the units of each, and the steps and channels of the input."""


def recurrent(name: str, kind: Any, units: tuple[int, ...], shape: tuple[int, int]) -> Model:
    """Recurrent layers on top of each other, and ten classes."""
    layers = [*(kind(one, return_sequences=True) for one in units[:-1]), kind(units[-1])]
    return Sequential([Input(shape), *layers, Dense(10, activation="softmax")], name=name)


def transformer_encoder(depth: int = 4, width: int = 256, heads: int = 8, steps: int = 128) -> Model:
    """Blocks of attention and two dense layers, each behind a normalization and beside a shortcut."""
    start = x = Input((steps, width))
    for i in range(depth):
        y = LayerNormalization(name=f"ln1_{i}")(x)
        y = MultiHeadAttention(heads, width // heads, name=f"attn{i}")(y, y)
        x = Add(name=f"add1_{i}")([x, y])
        y = LayerNormalization(name=f"ln2_{i}")(x)
        y = Dense(4 * width, activation="gelu", name=f"fc1_{i}")(y)
        y = Dense(width, name=f"fc2_{i}")(y)
        x = Add(name=f"add2_{i}")([x, y])
    y = GlobalAveragePooling1D(name="gap")(x)
    return Model(start, Dense(10, activation="softmax", name="head")(y), name="transformer_encoder")
