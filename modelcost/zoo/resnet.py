"""Residual networks: each block learns what to add to its own input.

He, Zhang, Ren and Sun 2015, "Deep Residual Learning for Image Recognition", https://arxiv.org/abs/1512.03385, table 1.
Layers are named as in keras.applications. Parameters include the moving statistics of batch normalization.
"""

from __future__ import annotations

from modelcost.layers import (
    Activation,
    Add,
    BatchNormalization,
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
    from collections.abc import Callable
    from typing import Any

    from modelcost.graph import Tensor

_WIDTHS = (64, 128, 256, 512)


def resnet18(input_shape: tuple[int | None, ...] = (224, 224, 3), classes: int = 1000) -> Model:
    """ResNet-18: two basic blocks a stage, convolutions without bias, as torchvision's `resnet18`.

    11,699,112 parameters: torchvision's 11,689,512 trainable ones and 9,600 moving statistics.
    """
    return _resnet("resnet18", _basic, (2, 2, 2, 2), input_shape, classes, use_bias=False)


def resnet34(input_shape: tuple[int | None, ...] = (224, 224, 3), classes: int = 1000) -> Model:
    """ResNet-34: basic blocks, convolutions without bias, as torchvision's `resnet34`.

    21,814,696 parameters: torchvision's 21,797,672 trainable ones and 17,024 moving statistics.
    """
    return _resnet("resnet34", _basic, (3, 4, 6, 3), input_shape, classes, use_bias=False)


def resnet50(input_shape: tuple[int | None, ...] = (224, 224, 3), classes: int = 1000) -> Model:
    """ResNet-50: bottleneck blocks, as keras.applications' `ResNet50`: 25,636,712 parameters.

    A block's strides are those of its first 1x1, and convolutions have biases, in all three of the bottleneck networks.

    >>> import modelcost
    >>> modelcost.cost(modelcost.zoo.resnet50()).params
    25636712
    """
    return _resnet("resnet50", _bottleneck, (3, 4, 6, 3), input_shape, classes)


def resnet101(input_shape: tuple[int | None, ...] = (224, 224, 3), classes: int = 1000) -> Model:
    """ResNet-101: bottleneck blocks, as keras.applications' `ResNet101`: 44,707,176 parameters."""
    return _resnet("resnet101", _bottleneck, (3, 4, 23, 3), input_shape, classes)


def resnet152(input_shape: tuple[int | None, ...] = (224, 224, 3), classes: int = 1000) -> Model:
    """ResNet-152: bottleneck blocks, as keras.applications' `ResNet152`: 60,419,944 parameters."""
    return _resnet("resnet152", _bottleneck, (3, 8, 36, 3), input_shape, classes)


def _resnet(
    name: str,
    block: Callable[..., Any],
    depths: tuple[int, ...],
    input_shape: tuple[int | None, ...],
    classes: int,
    use_bias: bool = True,
) -> Model:
    image = Input(input_shape, name="input")
    x = ZeroPadding2D(3, name="conv1_pad")(image)
    x = _relu(_conv_bn(x, 64, 7, "conv1", use_bias, strides=2), "conv1")
    x = ZeroPadding2D(1, name="pool1_pad")(x)
    x = MaxPooling2D(3, strides=2, name="pool1_pool")(x)
    for stage, (width, depth) in enumerate(zip(_WIDTHS, depths, strict=True), 2):
        for i in range(1, depth + 1):
            x = block(
                x, width, f"conv{stage}_block{i}", use_bias, strides=2 if i == 1 and stage > 2 else 1, first=i == 1
            )
    x = GlobalAveragePooling2D(name="avg_pool")(x)
    return Model(image, Dense(classes, activation="softmax", name="predictions")(x), name=name)


def _basic(x: Tensor, width: int, name: str, use_bias: bool, strides: int, first: bool) -> Any:
    """Two 3x3 convolutions; a 1x1 on the shortcut where the size changes."""
    shortcut = _conv_bn(x, width, 1, f"{name}_0", use_bias, strides) if strides > 1 else x
    x = _relu(_conv_bn(x, width, 3, f"{name}_1", use_bias, strides, "same"), f"{name}_1")
    x = _conv_bn(x, width, 3, f"{name}_2", use_bias, padding="same")
    return _joined(shortcut, x, name)


def _bottleneck(x: Tensor, width: int, name: str, use_bias: bool, strides: int, first: bool) -> Any:
    """1x1 down to `width`, 3x3, 1x1 up to four times `width`; a 1x1 on the shortcut of each stage's first block."""
    shortcut = _conv_bn(x, 4 * width, 1, f"{name}_0", use_bias, strides) if first else x
    x = _relu(_conv_bn(x, width, 1, f"{name}_1", use_bias, strides), f"{name}_1")
    x = _relu(_conv_bn(x, width, 3, f"{name}_2", use_bias, padding="same"), f"{name}_2")
    x = _conv_bn(x, 4 * width, 1, f"{name}_3", use_bias)
    return _joined(shortcut, x, name)


def _joined(shortcut: Tensor, x: Tensor, name: str) -> Any:
    x = Add(name=f"{name}_add")([shortcut, x])
    return Activation("relu", name=f"{name}_out")(x)


def _conv_bn(
    x: Tensor, filters: int, kernel: int, name: str, use_bias: bool, strides: int = 1, padding: str = "valid"
) -> Any:
    x = Conv2D(filters, kernel, strides=strides, padding=padding, use_bias=use_bias, name=f"{name}_conv")(x)
    return BatchNormalization(epsilon=1.001e-5, name=f"{name}_bn")(x)


def _relu(x: Tensor, name: str) -> Any:
    return Activation("relu", name=f"{name}_relu")(x)
