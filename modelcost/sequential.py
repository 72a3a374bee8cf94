"""Models that are chains of layers."""

from __future__ import annotations

from modelcost.errors import ModelCostError, SizeError, short
from modelcost.graph import Tensor, called
from modelcost.layers.base import Layer
from modelcost.layers.input import Input, InputLayer
from modelcost.model import Model, not_as_many
from modelcost.naming import unique_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from modelcost.facts import Facts, Shape
    from modelcost.graph import Call


class Sequential(Model):
    """A chain of layers. It starts with `Input(shape)`, or its first layer has `input_shape=`.

    >>> from modelcost.layers.dense import Dense
    >>> [entry.name for entry in Sequential([Input((784,)), Dense(10, name="output")]).entries()]
    ['input_layer', 'output']
    """

    def __init__(self, layers: Iterable[Layer | Tensor] = (), name: str | None = None, trainable: bool = True) -> None:
        self.__dict__.update(chain=[], inputs=(), outputs=(), calls=[], named=None, taken={})
        Layer.__init__(self, name=name, trainable=trainable)
        if isinstance(layers, Layer):
            raise ModelCostError(f"a Sequential takes a list of layers. Received: {short(layers)}")
        for layer in list(layers or ()):
            self.add(layer)

    if TYPE_CHECKING:
        chain: list[Layer]  # its layers, the input left out: they wait here while its shape is not known
        taken: dict[str | None, Layer]

    def add(self, layer: Layer | Tensor) -> None:
        """Put a layer at the end of the chain."""
        if isinstance(layer, InputLayer):
            layer = layer()
        if isinstance(layer, Tensor) and isinstance(layer.call.layer, InputLayer):
            if self.chain:
                raise ModelCostError("a Sequential has one input, and it stands first")
            self._start(layer)
            return
        if not isinstance(layer, Layer):
            raise ModelCostError(f"a Sequential takes layers. Received: {short(layer)}")
        self.chain.append(layer)
        if not self.outputs and _own_shape(layer) is not None:
            self._start(Input(_own_shape(layer)))
        elif self.outputs:
            self._grow(layer)

    def pop(self) -> None:
        """Take the last layer away."""
        if not self.chain:
            raise ModelCostError("the Sequential has no layers left to pop")
        layers = self.chain[:-1]
        start = [tensor.call.layer for tensor in self.inputs]
        self.__dict__.update(chain=[], inputs=(), outputs=(), calls=[], named=None, taken={})
        for layer in (*start, *layers):
            self.add(layer)

    def _start(self, tensor: Tensor) -> None:
        if self.inputs:
            raise ModelCostError("a Sequential has one input, and it stands first")
        self.__dict__.update(inputs=(tensor,), outputs=(tensor,), calls=[tensor.call], named=None)
        self.taken[tensor.call.layer.name] = tensor.call.layer
        for layer in self.chain:
            self._grow(layer)

    def _grow(self, layer: Layer) -> None:
        def label() -> str:
            return unique_names([*(call.layer for call in self.calls), layer])[layer]

        if layer.name is not None and layer.name in self.taken and self.taken[layer.name] is not layer:
            label()  # which refuses a name that is taken
        self.taken[layer.name] = layer
        if len(self.outputs) != 1:
            raise ModelCostError(
                f"{label()}: the layer before it in a Sequential has {len(self.outputs)} outputs; use Model"
            )
        out = called(layer, self.outputs, {}, label)
        self.__dict__.update(outputs=tuple(out) if isinstance(out, list) else (out,), named=None)
        self.calls.append(self.outputs[0].call)

    def _facts(self, shapes: Sequence[Shape] | None) -> dict[Call, Facts]:
        self._start_unknown(shapes or ())
        if not self.inputs:
            raise ModelCostError(
                "the shape of the input is not known; start the Sequential with Input(shape), or give input=(...)"
            )
        return super()._facts(shapes)

    @property
    def layers(self) -> list[Layer]:
        return list(dict.fromkeys(self.chain))

    def _start_unknown(self, shapes: Sequence[Shape]) -> None:
        if not self.inputs and len(shapes) > 1:
            raise SizeError(not_as_many(1, len(shapes)))
        if not self.inputs and shapes:
            self._start(Input(tuple(int(size) if isinstance(size, int) else None for size in shapes[0])))


def _own_shape(layer: Layer) -> Any:
    """The input shape that a first layer was given, in any of Keras's ways of saying it."""
    if isinstance(layer, Model):
        return layer.input_layers[0].example_shape() if len(layer.inputs) == 1 else None
    if layer.batch_input_shape is not None:
        return tuple(layer.batch_input_shape[1:])
    if layer.input_shape is not None:
        return layer.input_shape
    if layer.input_dim is not None and "input_dim" in layer.given and not _takes_input_dim(layer):
        return (layer.input_dim,) if layer.input_length is None else (layer.input_length, layer.input_dim)
    return None


def _takes_input_dim(layer: Layer) -> bool:
    return not type(layer).fields["input_dim"].keyword_only
