"""DenseNet: every layer reads the outputs of all layers before it.

Huang, Liu, van der Maaten and Weinberger 2016, "Densely Connected Convolutional Networks",
https://arxiv.org/abs/1608.06993, table 1. Layers are named as in keras.applications.
"""

from __future__ import annotations

from modelcost.layers import (
    Activation,
    AveragePooling2D,
    BatchNormalization,
    Concatenate,
    Conv2D,
    Dense,
    GlobalAveragePooling2D,
    Input,
    MaxPooling2D,
    ZeroPadding2D,
)
from modelcost.model import Model

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from modelcost.graph import Tensor

_GROWTH = 32


def densenet121(input_shape: tuple[int | None, ...] = (224, 224, 3), classes: int = 1000) -> Model:
    """DenseNet-121, as keras.applications' `DenseNet121`: 8,062,504 parameters with the moving statistics.

    >>> import modelcost
    >>> modelcost.cost(modelcost.zoo.densenet121()).params
    8062504
    """
    image = Input(input_shape, name="input")
    x = _stem(image)
    channels = 64
    for stage, depth in enumerate((6, 12, 24, 16), 2):
        for i in range(1, depth + 1):
            x = _dense_layer(x, f"conv{stage}_block{i}")
        channels += depth * _GROWTH
        if stage < 5:
            channels //= 2
            x = _transition(x, channels, f"pool{stage}")
    x = BatchNormalization(epsilon=1.001e-5, name="bn")(x)
    x = Activation("relu", name="relu")(x)
    x = GlobalAveragePooling2D(name="avg_pool")(x)
    return Model(image, Dense(classes, activation="softmax", name="predictions")(x), name="densenet121")


def _stem(x: Tensor) -> Any:
    x = ZeroPadding2D(3)(x)
    x = Conv2D(64, 7, strides=2, use_bias=False, name="conv1_conv")(x)
    x = _bn_relu(x, "conv1")
    x = ZeroPadding2D(1)(x)
    return MaxPooling2D(3, strides=2, name="pool1")(x)


def _dense_layer(x: Tensor, name: str) -> Any:
    """1x1 to four times the growth, 3x3 to the growth, put beside the input."""
    y = _bn_relu(x, f"{name}_0")
    y = Conv2D(4 * _GROWTH, 1, use_bias=False, name=f"{name}_1_conv")(y)
    y = _bn_relu(y, f"{name}_1")
    y = Conv2D(_GROWTH, 3, padding="same", use_bias=False, name=f"{name}_2_conv")(y)
    return Concatenate(name=f"{name}_concat")([x, y])


def _transition(x: Tensor, filters: int, name: str) -> Any:
    """Half the channels, half the height and half the width."""
    x = _bn_relu(x, name)
    x = Conv2D(filters, 1, use_bias=False, name=f"{name}_conv")(x)
    return AveragePooling2D(2, name=f"{name}_pool")(x)


def _bn_relu(x: Tensor, name: str) -> Any:
    x = BatchNormalization(epsilon=1.001e-5, name=f"{name}_bn")(x)
    return Activation("relu", name=f"{name}_relu")(x)
