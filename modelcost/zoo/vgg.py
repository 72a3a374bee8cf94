"""VGG: nothing but 3x3 convolutions, doubled in width whenever the picture is halved.

Simonyan and Zisserman 2014, "Very Deep Convolutional Networks for Large-Scale Image Recognition",
https://arxiv.org/abs/1409.1556, table 1. Layers are named, and the dense part is built without dropout, as in
keras.applications.
"""

from __future__ import annotations

from modelcost.layers import Conv2D, Dense, Flatten, Input, MaxPooling2D
from modelcost.model import Model
from modelcost.sequential import Sequential

_WIDTHS = (64, 128, 256, 512, 512)


def vgg11(input_shape: tuple[int | None, ...] = (224, 224, 3), classes: int = 1000) -> Model:
    """VGG-11, configuration A of the paper: 132,863,336 parameters, as torchvision's `vgg11`."""
    return _vgg("vgg11", (1, 1, 2, 2, 2), input_shape, classes)


def vgg13(input_shape: tuple[int | None, ...] = (224, 224, 3), classes: int = 1000) -> Model:
    """VGG-13, configuration B of the paper: 133,047,848 parameters, as torchvision's `vgg13`."""
    return _vgg("vgg13", (2, 2, 2, 2, 2), input_shape, classes)


def vgg16(input_shape: tuple[int | None, ...] = (224, 224, 3), classes: int = 1000) -> Model:
    """VGG-16, configuration D of the paper: 138,357,544 parameters, as keras.applications' `VGG16`.

    >>> import modelcost
    >>> modelcost.cost(modelcost.zoo.vgg16()).params
    138357544
    """
    return _vgg("vgg16", (2, 2, 3, 3, 3), input_shape, classes)


def vgg19(input_shape: tuple[int | None, ...] = (224, 224, 3), classes: int = 1000) -> Model:
    """VGG-19, configuration E of the paper: 143,667,240 parameters, as keras.applications' `VGG19`."""
    return _vgg("vgg19", (2, 2, 4, 4, 4), input_shape, classes)


def _vgg(name: str, depths: tuple[int, ...], input_shape: tuple[int | None, ...], classes: int) -> Model:
    model = [Input(input_shape, name="input")]
    for block, (width, depth) in enumerate(zip(_WIDTHS, depths, strict=True), 1):
        model += [
            Conv2D(width, 3, padding="same", activation="relu", name=f"block{block}_conv{i}")
            for i in range(1, depth + 1)
        ]
        model.append(MaxPooling2D(2, name=f"block{block}_pool"))
    layers = [
        *model,
        Flatten(name="flatten"),
        Dense(4096, activation="relu", name="fc1"),
        Dense(4096, activation="relu", name="fc2"),
        Dense(classes, activation="softmax", name="predictions"),
    ]
    return Sequential(layers, name=name)
