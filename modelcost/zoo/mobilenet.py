"""MobileNetV2: widen, filter each channel alone, narrow again.

Sandler, Howard, Zhu, Zhmoginov and Chen 2018, "MobileNetV2: Inverted Residuals and Linear Bottlenecks",
https://arxiv.org/abs/1801.04381, table 2. Layers are named as in keras.applications.
"""

from __future__ import annotations

from modelcost.layers import (
    Add,
    BatchNormalization,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    GlobalAveragePooling2D,
    Input,
    ReLU,
    ZeroPadding2D,
)
from modelcost.model import Model

from .padding import same_by_hand

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from modelcost.graph import Tensor

_STAGES = (  # expansion, channels, blocks, strides of the first block
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


def mobilenet_v2(input_shape: tuple[int | None, ...] = (224, 224, 3), classes: int = 1000) -> Model:
    """MobileNetV2 of width 1.0, as keras.applications' `MobileNetV2`: 3,538,984 parameters with the moving statistics.

    >>> import modelcost
    >>> modelcost.cost(modelcost.zoo.mobilenet_v2()).params
    3538984
    """
    image = Input(input_shape, name="input")
    x = Conv2D(32, 3, strides=2, padding="same", use_bias=False, name="Conv1")(image)
    x = _relu6(_norm(x, "bn_Conv1"), "Conv1_relu")
    channels, block = 32, 0
    for expansion, filters, depth, strides in _STAGES:
        for i in range(depth):
            name = f"block_{block}" if block else "expanded_conv"
            x = _inverted_residual(x, channels, expansion, filters, strides if i == 0 else 1, name)
            channels, block = filters, block + 1
    x = Conv2D(1280, 1, use_bias=False, name="Conv_1")(x)
    x = _relu6(_norm(x, "Conv_1_bn"), "out_relu")
    x = GlobalAveragePooling2D()(x)
    return Model(image, Dense(classes, activation="softmax", name="predictions")(x), name="mobilenet_v2")


def _inverted_residual(x: Tensor, channels: int, expansion: int, filters: int, strides: int, name: str) -> Any:
    y = x
    if expansion > 1:
        y = Conv2D(expansion * channels, 1, padding="same", use_bias=False, name=f"{name}_expand")(y)
        y = _relu6(_norm(y, f"{name}_expand_BN"), f"{name}_expand_relu")
    if strides > 1:
        y = ZeroPadding2D(same_by_hand(y, 3), name=f"{name}_pad")(y)
    y = DepthwiseConv2D(
        3, strides, padding="valid" if strides > 1 else "same", use_bias=False, name=f"{name}_depthwise"
    )(y)
    y = _relu6(_norm(y, f"{name}_depthwise_BN"), f"{name}_depthwise_relu")
    y = Conv2D(filters, 1, padding="same", use_bias=False, name=f"{name}_project")(y)
    y = _norm(y, f"{name}_project_BN")
    return Add(name=f"{name}_add")([x, y]) if strides == 1 and filters == channels else y


def _norm(x: Tensor, name: str) -> Any:
    return BatchNormalization(momentum=0.999, name=name)(x)


def _relu6(x: Tensor, name: str) -> Any:
    return ReLU(max_value=6.0, name=name)(x)
