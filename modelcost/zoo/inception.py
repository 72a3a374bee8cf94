"""Inception v3: several convolutions of different reach side by side, large ones factored into small ones.

Szegedy, Vanhoucke, Ioffe, Shlens and Wojna 2015, "Rethinking the Inception Architecture for Computer Vision",
https://arxiv.org/abs/1512.00567. Layers are made in the order of keras.applications and so get the same names.
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
)
from modelcost.model import Model

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from modelcost.graph import Tensor


def inception_v3(input_shape: tuple[int | None, ...] = (299, 299, 3), classes: int = 1000) -> Model:
    """Inception v3 without its auxiliary head, as keras.applications' `InceptionV3`: 23,851,784 parameters.

    >>> import modelcost
    >>> modelcost.cost(modelcost.zoo.inception_v3()).params
    23851784
    """
    image = Input(input_shape, name="input")
    x = _stem(image)
    for i, pooled in enumerate((32, 64, 64)):
        x = _square(x, pooled, f"mixed{i}")
    x = _halve_35(x, "mixed3")
    for i, width in enumerate((128, 160, 160, 192), 4):
        x = _factored(x, width, f"mixed{i}")
    x = _halve_17(x, "mixed8")
    for i in range(2):
        x = _spread(x, f"mixed9_{i}", f"mixed{9 + i}")
    x = GlobalAveragePooling2D(name="avg_pool")(x)
    return Model(image, Dense(classes, activation="softmax", name="predictions")(x), name="inception_v3")


def _stem(x: Tensor) -> Any:
    x = _conv(x, 32, 3, strides=2, padding="valid")
    x = _conv(x, 32, 3, padding="valid")
    x = _conv(x, 64, 3)
    x = MaxPooling2D(3, strides=2)(x)
    x = _conv(x, 80, 1, padding="valid")
    x = _conv(x, 192, 3, padding="valid")
    return MaxPooling2D(3, strides=2)(x)


def _square(x: Tensor, pooled: int, name: str) -> Any:
    """Side by side: 1x1; 5x5; two 3x3; a pooling followed by a 1x1 of `pooled` filters."""
    branches = [
        _conv(x, 64, 1),
        _chain(x, (48, 1), (64, 5)),
        _chain(x, (64, 1), (96, 3), (96, 3)),
        _conv(_average(x), pooled, 1),
    ]
    return Concatenate(name=name)(branches)


def _halve_35(x: Tensor, name: str) -> Any:
    """From 35x35 to 17x17: strided 3x3; 3x3 and strided 3x3; a pooling."""
    branches = [
        _conv(x, 384, 3, strides=2, padding="valid"),
        _conv(_chain(x, (64, 1), (96, 3)), 96, 3, strides=2, padding="valid"),
        MaxPooling2D(3, strides=2)(x),
    ]
    return Concatenate(name=name)(branches)


def _factored(x: Tensor, width: int, name: str) -> Any:
    """The paper's figure 6: each 7x7 is a 1x7 and a 7x1."""
    branches = [
        _conv(x, 192, 1),
        _chain(x, (width, 1), (width, (1, 7)), (192, (7, 1))),
        _chain(x, (width, 1), (width, (7, 1)), (width, (1, 7)), (width, (7, 1)), (192, (1, 7))),
        _conv(_average(x), 192, 1),
    ]
    return Concatenate(name=name)(branches)


def _halve_17(x: Tensor, name: str) -> Any:
    """From 17x17 to 8x8: 1x1 and strided 3x3; a factored 7x7 and strided 3x3; a pooling."""
    branches = [
        _conv(_conv(x, 192, 1), 320, 3, strides=2, padding="valid"),
        _conv(_chain(x, (192, 1), (192, (1, 7)), (192, (7, 1))), 192, 3, strides=2, padding="valid"),
        MaxPooling2D(3, strides=2)(x),
    ]
    return Concatenate(name=name)(branches)


def _spread(x: Tensor, fork: str, name: str) -> Any:
    """The paper's figure 7: the 3x3s become a 1x3 and a 3x1 side by side."""
    branches = [
        _conv(x, 320, 1),
        _fork(_conv(x, 384, 1), fork),
        _fork(_chain(x, (448, 1), (384, 3))),
        _conv(_average(x), 192, 1),
    ]
    return Concatenate(name=name)(branches)


def _fork(x: Tensor, name: str | None = None) -> Any:
    return Concatenate(name=name)([_conv(x, 384, (1, 3)), _conv(x, 384, (3, 1))])


def _average(x: Tensor) -> Any:
    return AveragePooling2D(3, strides=1, padding="same")(x)


def _chain(x: Tensor, *steps: tuple[int, int | tuple[int, int]]) -> Any:
    """One convolution after another, each given as (filters, kernel)."""
    for filters, kernel in steps:
        x = _conv(x, filters, kernel)
    return x


def _conv(x: Tensor, filters: int, kernel: int | tuple[int, int], strides: int = 1, padding: str = "same") -> Any:
    x = Conv2D(filters, kernel, strides=strides, padding=padding, use_bias=False)(x)
    x = BatchNormalization(scale=False)(x)
    return Activation("relu")(x)
