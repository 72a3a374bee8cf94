"""The feed-forward networks of five courses' homework, layer by layer as the exercises give them.

An activation stands where the exercise states one, and nowhere else; layers have the names that the exercises use.
"""

from __future__ import annotations

from modelcost.layers import (
    AveragePooling2D,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Input,
    LeakyReLU,
    MaxPooling2D,
)
from modelcost.model import Model
from modelcost.sequential import Sequential


def fashion_cnn_bn() -> Model:
    """Fashion-MNIST: four convolutions, batch normalization and dropout: 478,698 parameters, 478,058 of them trainable.

    >>> import modelcost
    >>> modelcost.cost(modelcost.zoo.fashion_cnn_bn()).params
    478698
    """
    layers = [
        Input((28, 28, 1), name="input"),
        Conv2D(32, 3, padding="same", activation="relu", name="conv1"),
        Conv2D(32, 3, padding="same", activation="relu", name="conv2"),
        MaxPooling2D(2, strides=2, name="pool1"),
        Dropout(0.2, name="drop1"),
        Conv2D(64, 3, activation="relu", name="conv3"),
        Conv2D(64, 3, activation="relu", name="conv4"),
        BatchNormalization(name="bn1"),
        MaxPooling2D(2, strides=2, name="pool2"),
        Dropout(0.3, name="drop2"),
        Flatten(name="flatten"),
        Dense(256, activation="relu", name="dense1"),
        BatchNormalization(name="bn2"),
        Dropout(0.3, name="drop3"),
        Dense(10, activation="softmax", name="dense2"),
    ]
    return Sequential(layers, name="fashion_cnn_bn")


def fashion_cnn_small() -> Model:
    """Fashion-MNIST: two convolutions and two dense layers, multiplies and adds counted apart: 1,030,218 parameters.

    >>> import modelcost
    >>> modelcost.cost(modelcost.zoo.fashion_cnn_small()).params
    1030218
    """
    layers = [
        Input((28, 28, 1), name="input"),
        Conv2D(64, 3, activation="relu", name="conv1"),
        MaxPooling2D(2, name="pool"),
        Conv2D(64, 3, activation="relu", name="conv2"),
        Flatten(name="flatten"),
        Dense(128, activation="relu", name="dense1"),
        Dense(10, activation="softmax", name="dense2"),
    ]
    return Sequential(layers, name="fashion_cnn_small")


def mlp_128() -> Model:
    """Three dense layers on a picture of 128x128x3, given as 49,152 numbers: 4,926,410 parameters."""
    layers = [
        Input((49152,), name="input"),
        Dense(100, name="first"),
        Dense(100, name="second"),
        Dense(10, name="third"),
    ]
    return Sequential(layers, name="mlp_128")


def cnn_128() -> Model:
    """Two padded 5x5 convolutions and a dense layer on a picture of 128x128x3: 355,754 parameters."""
    layers = [
        Input((128, 128, 3), name="input"),
        Conv2D(32, 5, padding="same", name="conv1"),
        MaxPooling2D(2, name="pool1"),
        Conv2D(32, 5, padding="same", name="conv2"),
        MaxPooling2D(2, name="pool2"),
        Flatten(name="flatten"),
        Dense(10, name="output"),
    ]
    return Sequential(layers, name="cnn_128")


def spectrogram_cnn() -> Model:
    """Two 5x5 convolutions that tell 15 kinds of sound apart in a spectrogram of 40x501: 562,159 parameters."""
    layers = [
        Input((40, 501, 1), name="input"),
        Conv2D(32, 5, activation="relu", name="conv1"),
        MaxPooling2D(2, name="pool1"),
        Conv2D(32, 5, padding="same", activation="relu", name="conv2"),
        MaxPooling2D(2, name="pool2"),
        Flatten(name="flatten"),
        Dense(15, activation="softmax", name="output"),
    ]
    return Sequential(layers, name="spectrogram_cnn")


def mnist_mlp(units: tuple[int, ...] = (64, 64, 64), name: str = "mnist_mlp") -> Model:
    """MNIST: a point of a search space, which is three to five hidden blocks of 64, 128 or 256 units each.

    A block is a dense layer, batch normalization, a leaky relu and dropout, whose rate the exercise leaves open (here
    0.5; the rate changes no count). The default is the smallest network of the space: 59,978 parameters.

    >>> import modelcost
    >>> modelcost.cost(modelcost.zoo.mnist_mlp(units=(256, 256, 256, 256, 256))).params
    471818
    """
    layers = [Input((784,), name="input")]
    for i, width in enumerate(units, 1):
        layers += [
            Dense(width, kernel_regularizer="l2", name=f"dense{i}"),
            BatchNormalization(name=f"bn{i}"),
            LeakyReLU(name=f"relu{i}"),
            Dropout(0.5, name=f"drop{i}"),
        ]
    return Sequential([*layers, Dense(10, name="output")], name=name)


def mnist_mlp_winner() -> Model:
    """MNIST: the network that the search over `mnist_mlp` found best: 203,786 parameters, 202,250 of them trainable."""
    return mnist_mlp((128, 128, 256, 128, 128), name="mnist_mlp_winner")


def mnist_softmax_only() -> Model:
    """MNIST: one dense layer with softmax: 7,850 parameters."""
    layers = [
        Input((784,), name="input"),
        Dense(10, activation="softmax", name="output"),
    ]
    return Sequential(layers, name="mnist_softmax_only")


def mnist_pooled() -> Model:
    """MNIST: averages of 5x5 and one dense layer: 260 parameters."""
    layers = [
        Input((28, 28, 1), name="input"),
        AveragePooling2D(5, strides=5, name="pool"),
        Flatten(name="flatten"),
        Dense(10, name="output"),
    ]
    return Sequential(layers, name="mnist_pooled")


def mnist_conv_pooled() -> Model:
    """MNIST: two 5x5 filters, maxima of 9x9 and one dense layer: 142 parameters."""
    layers = [
        Input((28, 28, 1), name="input"),
        Conv2D(2, 5, name="conv"),
        MaxPooling2D(9, name="pool"),
        Flatten(name="flatten"),
        Dense(10, name="output"),
    ]
    return Sequential(layers, name="mnist_conv_pooled")


def cifar_convs_only() -> Model:
    """CIFAR-10: seven convolutions and no pooling: 1,191,502 parameters, 387,972 of them before the flattening."""
    layers = [
        Input((32, 32, 3), name="input"),
        Conv2D(8, 3, activation="relu", name="conv1"),
        Conv2D(24, 3, activation="relu", name="conv2"),
        Conv2D(36, 3, activation="relu", name="conv3"),
        Conv2D(48, 5, activation="relu", name="conv4"),
        Conv2D(36, 7, padding="same", activation="relu", name="conv5"),
        Conv2D(36, 7, padding="same", activation="relu", name="conv6"),
        Conv2D(64, 9, activation="relu", name="conv7"),
        Flatten(name="flatten"),
        Dense(64, activation="relu", name="dense1"),
        Dense(10, name="dense2"),
    ]
    return Sequential(layers, name="cifar_convs_only")


def cifar_convs_and_pools() -> Model:
    """CIFAR-10: the filters of `cifar_convs_only`, all but the last padded, and three poolings: 589,390 parameters."""
    layers = [
        Input((32, 32, 3), name="input"),
        Conv2D(8, 3, padding="same", activation="relu", name="conv1"),
        Conv2D(24, 3, padding="same", activation="relu", name="conv2"),
        MaxPooling2D(2, strides=1, name="pool1"),
        Conv2D(36, 3, padding="same", activation="relu", name="conv3"),
        Conv2D(48, 5, padding="same", activation="relu", name="conv4"),
        MaxPooling2D(2, strides=1, name="pool2"),
        Conv2D(36, 7, padding="same", activation="relu", name="conv5"),
        Conv2D(36, 7, padding="same", activation="relu", name="conv6"),
        MaxPooling2D(2, name="pool3"),
        Conv2D(64, 9, activation="relu", name="conv7"),
        Flatten(name="flatten"),
        Dense(64, activation="relu", name="dense1"),
        Dense(10, name="dense2"),
    ]
    return Sequential(layers, name="cifar_convs_and_pools")
