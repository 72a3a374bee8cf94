"""The real Keras model that a model of ours describes, built layer for layer."""

from __future__ import annotations

from modelcost.errors import ModelCostError
from modelcost.layers.base import Layer
from modelcost.layers.input import InputLayer
from modelcost.model import Model
from modelcost.verification.frameworks import keras

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from modelcost.graph import Call

ALIASES = {"GroupedQueryAttention": "GroupQueryAttention"}
"""Classes that Keras exports under another name only."""


def twin_of(model: Model) -> Any:
    """A Keras model with the same layers, names, calls and input shapes; its weights are Keras's initial ones.

    Raises `ModelCostError` for a layer that Keras does not have.
    """
    made: dict[Layer, Any] = {}
    tensors: dict[Any, Any] = {}
    for call in model.calls:
        outputs = _called(call, [tensors[one] for one in call.inputs], model.names[call.layer], made)
        tensors.update(zip(call.outputs, outputs, strict=True))
    ins, outs = ([tensors[one] for one in several] for several in (model.inputs, model.outputs))
    return keras().Model(
        ins if len(ins) > 1 else ins[0], outs if len(outs) > 1 else outs[0], name=model.name or "model"
    )


def _called(call: Call, tensors: list[Any], name: str, made: dict[Layer, Any]) -> list[Any]:
    layer = call.layer
    if isinstance(layer, InputLayer):
        return [keras().Input(layer.example_shape(), dtype=layer.dtype, name=name)]
    if layer not in made:
        made[layer] = twin_of(layer) if isinstance(layer, Model) else layer_twin(layer, name)
    return _flat(_on(made[layer], tensors, call.options))


def _on(twin: Any, tensors: list[Any], options: dict[str, Any]) -> Any:
    """Call a Keras layer on tensors in the way that its `call` takes them."""
    import inspect

    takes = list(inspect.signature(twin.call).parameters)
    if len(tensors) < 2:
        return twin(*tensors, **options)
    if takes[0] == "inputs":
        return twin(tensors, **options)
    if "initial_state" in takes:
        return twin(tensors[0], initial_state=tensors[1:], **options)
    return twin(*tensors, **options)


def _flat(outputs: Any) -> list[Any]:
    return [one for output in outputs for one in _flat(output)] if isinstance(outputs, list | tuple) else [outputs]


def layer_twin(layer: Layer, name: str | None = None) -> Any:
    """The Keras layer of the same class with the same arguments."""
    kind = type(layer).__name__
    own = _extensions().get(kind)
    if own is None and isinstance(getattr(layer, "padding", ""), tuple) and kind.startswith("Conv"):
        own = _padded(kind)
    found = own or getattr(keras().layers, ALIASES.get(kind, kind), None)
    if found is None:
        raise ModelCostError(f"{name or kind}: Keras has no layer {kind}, so it cannot be verified")
    given = {key: _argument(value) for key, value in layer.given.items() if key in accepted(found)}
    return found(**{**given, **({"name": name.replace("/", "_")} if name else {})})


def accepted(keras_class: Any) -> set[str]:
    """Every argument that a Keras class or one of its bases names, and those that it takes out of **kwargs."""
    import inspect

    inits = [base.__init__ for base in keras_class.__mro__ if "__init__" in base.__dict__]
    named = {name for init in inits for name in inspect.signature(init).parameters}
    return (named | {"alpha"}) - {"self", "kwargs", "args"}


def _argument(value: Any) -> Any:
    """An argument as Keras takes it: layers within layers are twins, counts are plain ints."""
    if isinstance(value, Layer):
        return layer_twin(value)
    if isinstance(value, list | tuple):
        return type(value)(_argument(one) for one in value)
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    return (lambda x: keras().activations.gelu(x, approximate=True)) if value == "gelu_tanh" else value


def _padded(kind: str) -> Any:
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


def _extensions() -> dict[str, Any]:
    """Keras layers for those that are ours alone."""
    import tensorflow as tf

    loaded = keras()

    class LocalResponseNormalization(loaded.layers.Layer):  # type: ignore[misc,name-defined]
        def __init__(
            self, depth_radius: int = 5, bias: float = 1.0, alpha: float = 1.0, beta: float = 0.5, **kw: Any
        ) -> None:
            super().__init__(**kw)
            self.settings = {"depth_radius": depth_radius, "bias": bias, "alpha": alpha, "beta": beta}

        def call(self, x: Any) -> Any:
            return tf.nn.local_response_normalization(x, **self.settings)

        def compute_output_shape(self, shape: Any) -> Any:
            return shape

    class PositionEmbedding(loaded.layers.Layer):  # type: ignore[misc,name-defined]
        def __init__(self, sequence_length: int, **kw: Any) -> None:
            super().__init__(**kw)
            self.sequence_length = sequence_length

        def build(self, shape: Any) -> None:
            self.table = self.add_weight(shape=(self.sequence_length, shape[-1]), name="position_embeddings")

        def call(self, x: Any) -> Any:
            return x + self.table[: x.shape[1]]

    class ClassToken(loaded.layers.Layer):  # type: ignore[misc,name-defined]
        def build(self, shape: Any) -> None:
            self.token = self.add_weight(shape=(1, 1, shape[-1]), name="class_token")

        def call(self, x: Any) -> Any:
            token = tf.repeat(self.token, tf.shape(x)[0], axis=0)
            return loaded.ops.concatenate([token, x], axis=1)

        def compute_output_shape(self, shape: Any) -> Any:
            return (shape[0], shape[1] + 1, shape[2])

    return {one.__name__: one for one in (LocalResponseNormalization, PositionEmbedding, ClassToken)}
