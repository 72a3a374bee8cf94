"""EfficientNet: inverted residuals whose channels are weighed by a small network of their own.

Tan and Le 2019, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks",
https://arxiv.org/abs/1905.11946, table 1. Layers are named as in keras.applications.
"""

from __future__ import annotations

from modelcost.layers import (
    Activation,
    Add,
    BatchNormalization,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    Dropout,
    GlobalAveragePooling2D,
    Input,
    Multiply,
    Normalization,
    Rescaling,
    Reshape,
    ZeroPadding2D,
)
from modelcost.model import Model

from .padding import same_by_hand

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from modelcost.graph import Tensor

_STAGES = (  # kernel, blocks, channels, expansion, strides of the first block
    (3, 1, 16, 1, 1),
    (3, 2, 24, 6, 2),
    (5, 2, 40, 6, 2),
    (3, 3, 80, 6, 2),
    (5, 3, 112, 6, 1),
    (5, 4, 192, 6, 2),
    (3, 1, 320, 6, 1),
)
_BLOCKS = sum(blocks for _, blocks, *_ in _STAGES)


def efficientnet_b0(input_shape: tuple[int | None, ...] = (224, 224, 3), classes: int = 1000) -> Model:
    """EfficientNet-B0, as keras.applications' `EfficientNetB0`: 5,330,571 parameters.

    Among them are the moving statistics, and 7 of the normalization at the front.

    >>> import modelcost
    >>> modelcost.cost(modelcost.zoo.efficientnet_b0()).params
    5330571
    """
    image = Input(input_shape, name="input")
    x = _stem(image)
    channels, block = 32, 0
    for stage, (kernel, blocks, filters, expansion, strides) in enumerate(_STAGES, 1):
        for letter in "abcd"[:blocks]:
            name, drop = f"block{stage}{letter}", 0.2 * block / _BLOCKS
            x = _block(x, channels, kernel, filters, expansion, strides if letter == "a" else 1, drop, name)
            channels, block = filters, block + 1
    x = Conv2D(1280, 1, padding="same", use_bias=False, name="top_conv")(x)
    x = _bn_silu(x, "top")
    x = GlobalAveragePooling2D(name="avg_pool")(x)
    x = Dropout(0.2, name="top_dropout")(x)
    return Model(image, Dense(classes, activation="softmax", name="predictions")(x), name="efficientnet_b0")


def _stem(x: Tensor) -> Any:
    x = Rescaling(1 / 255, name="rescaling")(x)
    x = Normalization(name="normalization")(x)
    x = ZeroPadding2D(same_by_hand(x, 3), name="stem_conv_pad")(x)
    x = Conv2D(32, 3, strides=2, use_bias=False, name="stem_conv")(x)
    return _bn_silu(x, "stem")


def _block(
    x: Tensor, channels: int, kernel: int, filters: int, expansion: int, strides: int, drop: float, name: str
) -> Any:
    y = x
    if expansion > 1:
        y = Conv2D(expansion * channels, 1, padding="same", use_bias=False, name=f"{name}_expand_conv")(y)
        y = _bn_silu(y, f"{name}_expand")
    if strides > 1:
        y = ZeroPadding2D(same_by_hand(y, kernel), name=f"{name}_dwconv_pad")(y)
    y = DepthwiseConv2D(
        kernel, strides, padding="valid" if strides > 1 else "same", use_bias=False, name=f"{name}_dwconv"
    )(y)
    y = _bn_silu(y, name)
    y = _excited(y, expansion * channels, channels // 4, name)
    y = Conv2D(filters, 1, padding="same", use_bias=False, name=f"{name}_project_conv")(y)
    y = BatchNormalization(name=f"{name}_project_bn")(y)
    if strides > 1 or filters != channels:
        return y
    y = Dropout(drop, noise_shape=(None, 1, 1, 1), name=f"{name}_drop")(y)
    return Add(name=f"{name}_add")([y, x])


def _excited(x: Tensor, channels: int, squeezed: int, name: str) -> Any:
    """Squeeze and excitation: scale each channel by a number that all channels' means decide."""
    y = GlobalAveragePooling2D(name=f"{name}_se_squeeze")(x)
    y = Reshape((1, 1, channels), name=f"{name}_se_reshape")(y)
    y = Conv2D(squeezed, 1, padding="same", activation="silu", name=f"{name}_se_reduce")(y)
    y = Conv2D(channels, 1, padding="same", activation="sigmoid", name=f"{name}_se_expand")(y)
    return Multiply(name=f"{name}_se_excite")([x, y])


def _bn_silu(x: Tensor, name: str) -> Any:
    x = BatchNormalization(name=f"{name}_bn")(x)
    return Activation("silu", name=f"{name}_activation")(x)
