"""Keras layers for those that it does not export: ours, those of its ready-made networks, padded convolutions."""

from __future__ import annotations

from modelcost.verification.frameworks import keras

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def extension(kind: str) -> Any:
    """The Keras class for a class of ours that Keras does not export; None where it does, or has none."""
    if kind in NETWORKS:
        from importlib import import_module

        return getattr(import_module(f"keras.src.applications.{NETWORKS[kind]}"), kind)
    return EXTENSIONS[kind]() if kind in EXTENSIONS else None


NETWORKS = {
    "LayerScale": "convnext",
    "StochasticDepth": "convnext",
    "CustomScaleLayer": "inception_resnet_v2",
}
"""Layers of Keras's ready-made networks, and the module of the network."""


def padded(kind: str) -> Any:
    """A convolution of Keras with explicit padding, which Keras leaves to another layer."""
    loaded = keras()
    base = getattr(loaded.layers, kind)

    class Padded(base):  # type: ignore[misc,valid-type]
        def __init__(self, *args: Any, padding: Any = 0, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            rank = self.rank
            several = padding if isinstance(padding, list | tuple) else (padding,) * rank
            self.sides = [one if isinstance(one, list | tuple) else (one, one) for one in several]

        def call(self, x: Any) -> Any:
            pads = [(0, 0), *self.sides, (0, 0)]
            if self.data_format == "channels_first":
                pads = [(0, 0), (0, 0), *self.sides]
            return super().call(loaded.ops.pad(x, pads))

        def compute_output_shape(self, shape: Any) -> Any:
            places = range(2, 2 + self.rank) if self.data_format == "channels_first" else range(1, 1 + self.rank)
            grown = list(shape)
            for place, side in zip(places, self.sides, strict=True):
                grown[place] += sum(side)
            return super().compute_output_shape(tuple(grown))

    return Padded


def _response() -> Any:
    import tensorflow as tf

    class LocalResponseNormalization(keras().layers.Layer):  # type: ignore[misc]
        def __init__(
            self, depth_radius: int = 5, bias: float = 1.0, alpha: float = 1.0, beta: float = 0.5, **kw: Any
        ) -> None:
            super().__init__(**kw)
            self.settings = {"depth_radius": depth_radius, "bias": bias, "alpha": alpha, "beta": beta}

        def call(self, x: Any) -> Any:
            return tf.nn.local_response_normalization(x, **self.settings)

        def compute_output_shape(self, shape: Any) -> Any:
            return shape

    return LocalResponseNormalization


def _position() -> Any:
    class PositionEmbedding(keras().layers.Layer):  # type: ignore[misc]
        def __init__(self, sequence_length: int, **kw: Any) -> None:
            super().__init__(**kw)
            self.sequence_length = sequence_length

        def build(self, shape: Any) -> None:
            self.table = self.add_weight(shape=(self.sequence_length, shape[-1]), name="position_embeddings")

        def call(self, x: Any) -> Any:
            return x + self.table[: x.shape[1]]

        def compute_output_shape(self, shape: Any) -> Any:
            return shape

    return PositionEmbedding


def _token() -> Any:
    import tensorflow as tf

    class ClassToken(keras().layers.Layer):  # type: ignore[misc]
        def build(self, shape: Any) -> None:
            self.token = self.add_weight(shape=(1, 1, shape[-1]), name="class_token")

        def call(self, x: Any) -> Any:
            token = tf.repeat(self.token, tf.shape(x)[0], axis=0)
            return keras().ops.concatenate([token, x], axis=1)

        def compute_output_shape(self, shape: Any) -> Any:
            return (shape[0], shape[1] + 1, shape[2])

    return ClassToken


EXTENSIONS = {"LocalResponseNormalization": _response, "PositionEmbedding": _position, "ClassToken": _token}
