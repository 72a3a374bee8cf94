"""The networks whose memory is held against XLA's and TensorFlow's, each with the two batch sizes it is run at."""

from __future__ import annotations

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
}
"""The same for networks that were looked at only once the rules of the planner stood; a GRU's own came later."""


def build(name: str) -> Model:
    """The network of that name: one of those below, or of the zoo."""
    own = {"mlp": mlp, "lstm": lstm, "transformer_encoder": transformer_encoder, "gru": gru}
    return own[name]() if name in own else zoo.build(name)


def mlp() -> Model:
    """Two wide dense layers and ten classes."""
    layers = [Input((784,)), Dense(1024, activation="relu"), Dense(1024, activation="relu"), Dense(10, "softmax")]
    return Sequential(layers, name="mlp")


def lstm() -> Model:
    """Two LSTMs over 200 steps."""
    layers = [Input((200, 64)), LSTM(256, return_sequences=True), LSTM(256), Dense(10, activation="softmax")]
    return Sequential(layers, name="lstm")


def gru() -> Model:
    """Two GRUs over 100 steps."""
    layers = [Input((100, 32)), GRU(128, return_sequences=True), GRU(128), Dense(10, activation="softmax")]
    return Sequential(layers, name="gru")


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
