"""LeNet-5 and AlexNet, the two networks that courses begin with."""

from __future__ import annotations

from modelcost.layers import (
    AveragePooling2D,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Input,
    LocalResponseNormalization,
    MaxPooling2D,
)
from modelcost.model import Model
from modelcost.sequential import Sequential


def lenet5(input_shape: tuple[int | None, ...] = (32, 32, 1), classes: int = 10) -> Model:
    """LeNet-5, which reads handwritten digits.

    LeCun et al. 1998, "Gradient-Based Learning Applied to Document Recognition", figure 2, in the form that courses
    teach: C3 sees all six maps of S2, subsampling is a plain average, the output is a softmax layer: 61,706 parameters.
    (In the paper C3 sees chosen maps, subsampling learns a scale and a shift, the output is radial: 60,000 parameters.)

    >>> import modelcost
    >>> modelcost.cost(modelcost.zoo.lenet5()).params
    61706
    """
    layers = [
        Input(input_shape, name="input"),
        Conv2D(6, 5, activation="tanh", name="C1"),
        AveragePooling2D(2, name="S2"),
        Conv2D(16, 5, activation="tanh", name="C3"),
        AveragePooling2D(2, name="S4"),
        Conv2D(120, 5, activation="tanh", name="C5"),
        Flatten(name="flatten"),
        Dense(84, activation="tanh", name="F6"),
        Dense(classes, activation="softmax", name="output"),
    ]
    return Sequential(layers, name="lenet5")


def alexnet(input_shape: tuple[int | None, ...] = (227, 227, 3), classes: int = 1000) -> Model:
    """AlexNet as textbooks draw it: one tower.

    Krizhevsky, Sutskever and Hinton 2012, "ImageNet Classification with Deep Convolutional Neural Networks", with each
    normalization after its pooling and no grouped convolution. 62,378,344 parameters, 1,135,256,096 multiply-adds.

    >>> import modelcost
    >>> modelcost.cost(modelcost.zoo.alexnet()).params
    62378344
    """
    return _alexnet(input_shape, classes, groups=1, name="alexnet")


def alexnet_grouped(input_shape: tuple[int | None, ...] = (227, 227, 3), classes: int = 1000) -> Model:
    """AlexNet as it was trained: two towers that meet at conv3 and in the dense layers.

    The paper's figure 2; each tower is one group of conv2, conv4 and conv5, so these hold half the weights. Layers and
    their order are those of `alexnet`. 60,965,224 parameters (the paper: 60 million), 724,406,816 multiply-adds.

    >>> import modelcost
    >>> modelcost.cost(modelcost.zoo.alexnet_grouped()).params
    60965224
    """
    return _alexnet(input_shape, classes, groups=2, name="alexnet_grouped")


def _alexnet(input_shape: tuple[int | None, ...], classes: int, groups: int, name: str) -> Model:
    layers = [
        Input(input_shape, name="input"),
        Conv2D(96, 11, strides=4, activation="relu", name="conv1"),
        MaxPooling2D(3, strides=2, name="pool1"),
        _normalization("norm1"),
        Conv2D(256, 5, padding=2, groups=groups, activation="relu", name="conv2"),
        MaxPooling2D(3, strides=2, name="pool2"),
        _normalization("norm2"),
        Conv2D(384, 3, padding=1, activation="relu", name="conv3"),
        Conv2D(384, 3, padding=1, groups=groups, activation="relu", name="conv4"),
        Conv2D(256, 3, padding=1, groups=groups, activation="relu", name="conv5"),
        MaxPooling2D(3, strides=2, name="pool3"),
        Flatten(name="flatten"),
        Dense(4096, activation="relu", name="fc6"),
        Dropout(0.5, name="drop6"),
        Dense(4096, activation="relu", name="fc7"),
        Dropout(0.5, name="drop7"),
        Dense(classes, activation="softmax", name="fc8"),
    ]
    return Sequential(layers, name=name)


def _normalization(name: str) -> LocalResponseNormalization:
    """Five neighbouring channels, with the constants of the paper's section 3.3."""
    return LocalResponseNormalization(depth_radius=2, bias=2.0, alpha=1e-4, beta=0.75, name=name)
