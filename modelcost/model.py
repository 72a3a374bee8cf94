"""Models: graphs of named layer calls. A model is itself a layer, so models nest."""

from __future__ import annotations

from functools import partial

from modelcost.errors import ModelCostError, SizeError, short
from modelcost.facts import Facts, Output, Weight, Work, within
from modelcost.graph import Call, Tensor, calls_behind, located, name_stem, own_label, shape_text
from modelcost.layers.base import Layer
from modelcost.layers.input import InputLayer, resized

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from modelcost.facts import Shape


class Entry:
    """One call in a model: its name, its layer, its facts, and whether the layer's weights belong to it.

    A layer that is called twice has its weights on its first entry; the second is called `name:2`.
    """

    __slots__ = ("facts", "layer", "name", "owns_weights", "trainable")

    def __init__(self, name: str, layer: Layer, facts: Facts, owns_weights: bool, trainable: bool) -> None:
        self.name, self.layer, self.facts = name, layer, facts
        self.owns_weights, self.trainable = owns_weights, trainable

    @property
    def type(self) -> str:
        """The layer's class, as Keras names it."""
        return type(self.layer).__name__


class Model(Layer):
    """A graph of layer calls from `inputs` to `outputs`, in Keras's functional style.

    >>> from modelcost.layers.dense import Dense
    >>> x = Input((784,))
    >>> hidden = Dense(16)(x)
    >>> model = Model(x, Dense(10)(hidden))
    >>> [entry.name for entry in model.entries()]
    ['input_layer', 'dense', 'dense_1']
    """

    def __init__(
        self,
        inputs: Tensor | Sequence[Tensor],
        outputs: Tensor | Sequence[Tensor],
        name: str | None = None,
        trainable: bool = True,
    ) -> None:
        super().__init__(name=name, trainable=trainable)
        self.__dict__["inputs"] = _tensors("inputs", inputs)
        self.__dict__["outputs"] = _tensors("outputs", outputs)
        self.__dict__["calls"] = self._ordered()
        self.__dict__["named"] = unique_names(call.layer for call in self.calls)

    remembered = False

    if TYPE_CHECKING:
        inputs: tuple[Tensor, ...]
        outputs: tuple[Tensor, ...]
        calls: list[Call]
        named: dict[Layer, str] | None

    @property
    def names(self) -> dict[Layer, str]:
        """The name of each layer in this model."""
        if self.named is None:
            self.__dict__["named"] = unique_names(call.layer for call in self.calls)
        return self.named or {}

    @property
    def layers(self) -> list[Layer]:
        """Its layers, each once, in the order in which the model calls them."""
        return list(self.names)

    def _ordered(self) -> list[Call]:
        """Every call from the inputs to the outputs; an error where an output hangs on an input that was not given."""
        for tensor in self.inputs:
            if not isinstance(tensor.call.layer, InputLayer):
                raise ModelCostError(f"an input of a model must come from Input(...). Received: {tensor!r}")
        calls = calls_behind((*self.inputs, *self.outputs))
        given = {tensor.call for tensor in self.inputs}
        for call in calls:
            if isinstance(call.layer, InputLayer) and call not in given:
                raise ModelCostError(
                    f"the outputs depend on the input {own_label(call.layer)!r} {shape_text(call.facts.outputs[0].shape)}, "
                    "which is not among the inputs; add it to inputs=[...]"
                )
        return calls

    def entries(self, shapes: Sequence[Shape] | None = None) -> list[Entry]:
        """Its calls in order, those of models within it in their place; on other input shapes if they are given."""
        return list(self._walk(self._facts(shapes), "", set(), self.trainable))

    def _facts(self, shapes: Sequence[Shape] | None) -> dict[Call, Facts]:
        """The facts of each call; those found when it was made, unless the sizes that come in are others."""
        if shapes is None and not self._channels_first():
            return {call: call.facts for call in self.calls}
        if shapes is not None and len(shapes) != len(self.inputs):
            raise SizeError(f"the model has {len(self.inputs)} inputs. Received: {len(shapes)}")
        facts: dict[Call, Facts] = {}
        places = {tensor.call: i for i, tensor in enumerate(self.inputs)}
        for call in self.calls:
            if call in places:
                facts[call] = self._entering(call, shapes[places[call]] if shapes is not None else None)
            else:
                came = tuple(facts[tensor.call].outputs[tensor.index].shape for tensor in call.inputs)
                facts[call] = located(call.layer, partial(self.names.__getitem__, call.layer), came, call.options)
        return facts

    def _entering(self, call: Call, shape: Shape | None) -> Facts:
        if shape is None:
            return call.layer.costed((), {"channels_first": self._channels_first()})
        return Facts((), [Output(shape, dtype=call.layer.dtype)])

    def _channels_first(self) -> bool:
        return any(
            layer._channels_first()
            if isinstance(layer, Model)
            else getattr(layer, "data_format", "") == "channels_first"
            for layer in self.names
        )

    def _walk(self, facts: dict[Call, Facts], prefix: str, seen: set[Layer], trainable: bool) -> Iterator[Entry]:
        calls_of: dict[Layer, int] = {}
        for call in self.calls:
            layer = call.layer
            calls_of[layer] = calls_of.get(layer, 0) + 1
            nth = calls_of[layer]
            name = f"{prefix}{self.names[layer]}{f':{nth}' if nth > 1 else ''}"
            if isinstance(layer, Model):
                inner: Any = facts[call]
                yield from layer._walk(inner.of_calls, f"{name}/", seen, trainable and layer.trainable)
            elif not (prefix and isinstance(layer, InputLayer)):
                yield Entry(name, layer, facts[call], _owns(layer, seen), trainable and layer.trainable)

    def costed(self, inputs: tuple[Shape, ...], options: dict[str, Any] | None = None) -> Facts:
        """A model's facts are those of its calls."""
        return ModelFacts(self, inputs, self._facts(inputs))

    def facts(self, *shapes: Any, **options: Any) -> Iterator[Output | Weight | Work]:
        facts = self.costed(shapes, options)
        yield from (*facts.outputs, *facts.weights, *facts.works)

    def weight_owners(self) -> tuple[Layer, ...]:
        """The layers within it whose weights these are."""
        return tuple(owner for layer in self.names for owner in layer.weight_owners())

    def on(self, shapes: Sequence[tuple[Any, ...]]) -> list[Entry]:
        """Its calls on inputs of other shapes, such as [(299, 299, 3)]; an error where the number of axes differs."""
        self._start_unknown(shapes)
        if len(shapes) != len(self.inputs):
            raise SizeError(f"the model has {len(self.inputs)} inputs. Received: {len(shapes)}")
        first = self._channels_first()
        pairs = zip(self.inputs, shapes, strict=True)
        return self.entries([resized(t.call.layer, shape).sizes(first) for t, shape in pairs])  # type: ignore[arg-type]

    def _start_unknown(self, shapes: Sequence[Shape]) -> None:
        """Take the shapes that come in as those of the inputs, where none are known yet."""


class ModelFacts(Facts):
    """The facts of a model within a model: those of each call, and, when asked for, all of them together."""

    __slots__ = ("model", "of_calls")

    def __init__(self, model: Model, inputs: tuple[Shape, ...], of_calls: dict[Call, Facts]) -> None:
        came_out = (of_calls[tensor.call].outputs[tensor.index] for tensor in model.outputs)
        super().__init__(inputs, [Output(output.shape, dtype=output.dtype) for output in came_out])
        self.model, self.of_calls = model, of_calls

    def _together(self) -> list[Weight | Work]:
        entries = self.model._walk(self.of_calls, "", set(), True)
        facts = ((entry, fact) for entry in entries for fact in within(entry.name, entry.facts, entry.trainable))
        return [fact for entry, fact in facts if entry.owns_weights or isinstance(fact, Work)]

    @property
    def weights(self) -> tuple[Weight, ...]:  # type: ignore[override]
        """The weights of all its layers, each under its layer's name."""
        return tuple(fact for fact in self._together() if isinstance(fact, Weight))

    @weights.setter
    def weights(self, _: tuple[Weight, ...]) -> None:
        """Nothing to keep: they are those of the calls."""

    @property
    def works(self) -> tuple[Work, ...]:  # type: ignore[override]
        """The work of all its layers."""
        return tuple(fact for fact in self._together() if isinstance(fact, Work))

    @works.setter
    def works(self, _: tuple[Work, ...]) -> None:
        """Nothing to keep: it is that of the calls."""


def _owns(layer: Layer, seen: set[Layer]) -> bool:
    """Whether the layer's weights are met for the first time; from here on they are not."""
    owners = set(layer.weight_owners())
    if owners & seen and not owners <= seen:
        raise ModelCostError(
            f"{layer!r} shares some of its weights with layers before it, but not all; share all or none"
        )
    first = not owners <= seen or not owners
    seen |= owners
    return first


def _tensors(what: str, given: Any) -> tuple[Tensor, ...]:
    several = (
        tuple(given.values()) if isinstance(given, dict) else given if isinstance(given, list | tuple) else (given,)
    )
    for tensor in several:
        if not isinstance(tensor, Tensor):
            raise ModelCostError(
                f"{what} must be tensors, which Input(shape) and layer calls give. Received: {short(tensor)}"
            )
    if not several:
        raise ModelCostError(f"a model needs {what}")
    return tuple(several)


def unique_names(layers: Iterable[Layer]) -> dict[Layer, str]:
    """A name for each layer: its own, or Keras's with a number, in the order in which the layers were made."""
    distinct = list(dict.fromkeys(layers))
    names: dict[Layer, str] = {}
    taken: dict[str, Layer] = {}
    for layer in distinct:
        if layer.name is not None:
            if layer.name in taken:
                raise ModelCostError(
                    f"two layers are called {layer.name!r}: {taken[layer.name]!r} and {layer!r}; names are unique"
                )
            taken[layer.name] = layer
            names[layer] = layer.name
    numbers: dict[str, int] = {}
    for layer in sorted((one for one in distinct if one.name is None), key=lambda one: one.serial):
        stem = name_stem(type(layer).__name__)
        while (name := stem + (f"_{numbers[stem]}" if numbers.get(stem) else "")) in taken:
            numbers[stem] = numbers.get(stem, 0) + 1
        numbers[stem] = numbers.get(stem, 0) + 1
        taken[name] = layer
        names[layer] = name
    return {layer: names[layer] for layer in distinct}
