"""Calls of layers on tensors: the graph that the functional style writes down."""

from __future__ import annotations

from functools import partial
from itertools import count as serials

from modelcost.errors import ModelCostError, short, unknown
from modelcost.naming import name_stem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from modelcost.facts import Facts, Shape
    from modelcost.layers.base import Layer

_serial = serials(1)


class Tensor:
    """What a call gives: a shape for one example, no values."""

    __slots__ = ("call", "index")

    def __init__(self, call: Call, index: int) -> None:
        self.call, self.index = call, index

    @property
    def shape(self) -> Shape:
        """The sizes of its axes, the batch left out."""
        return self.call.facts.outputs[self.index].shape

    def __repr__(self) -> str:
        return f"<Tensor {shape_text(self.shape)} from {own_label(self.call.layer)}>"

    def __add__(self, other: Any) -> Any:
        return _operation("Add", self, other)

    def __radd__(self, other: Any) -> Any:
        return _operation("Add", other, self)

    def __sub__(self, other: Any) -> Any:
        return _operation("Subtract", self, other)

    def __rsub__(self, other: Any) -> Any:
        return _operation("Subtract", other, self)

    def __mul__(self, other: Any) -> Any:
        return _operation("Multiply", self, other)

    def __rmul__(self, other: Any) -> Any:
        return _operation("Multiply", other, self)

    def __truediv__(self, other: Any) -> Any:
        return _operation("TrueDivide", self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return _operation("TrueDivide", other, self)

    def __floordiv__(self, other: Any) -> Any:
        return _operation("FloorDivide", self, other)

    def __mod__(self, other: Any) -> Any:
        return _operation("Mod", self, other)

    def __pow__(self, other: Any) -> Any:
        return _operation("Power", self, other)

    def __rpow__(self, other: Any) -> Any:
        return _operation("Power", other, self)

    def __matmul__(self, other: Any) -> Any:
        return _operation("Matmul", self, other)

    def __rmatmul__(self, other: Any) -> Any:
        return _operation("Matmul", other, self)

    def __neg__(self) -> Any:
        return _operation("Negative", self)

    def __abs__(self) -> Any:
        return _operation("Absolute", self)

    def __lt__(self, other: Any) -> Any:
        return _operation("Less", self, other)

    def __le__(self, other: Any) -> Any:
        return _operation("LessEqual", self, other)

    def __gt__(self, other: Any) -> Any:
        return _operation("Greater", self, other)

    def __ge__(self, other: Any) -> Any:
        return _operation("GreaterEqual", self, other)

    def __getitem__(self, key: Any) -> Any:
        return _operation("GetItem", self, key)

    __iter__ = None  # the first axis is the batch, which has no length yet
    __array_ufunc__ = None  # so that NumPy leaves `array * tensor` to us


def _operation(kind: str, *operands: Any) -> Any:
    from modelcost.layers.operations import operation

    return operation(kind)()(*operands)


class Call:
    """One call of a layer: on which tensors, with which options, and the facts of it.

    `serial` grows with each call that is made, so that calls in its order are always ones whose
    inputs stand before them, and in the order in which the model was written.
    """

    __slots__ = ("facts", "inputs", "layer", "options", "outputs", "serial", "uncounted")

    def __init__(
        self,
        layer: Layer,
        inputs: tuple[Tensor, ...],
        options: dict[str, Any],
        label: Callable[[], str],
        uncounted: tuple[Tensor, ...],
    ) -> None:
        self.layer, self.inputs, self.options = layer, inputs, options
        self.uncounted = uncounted  # tensors that it also takes, such as masks, and that do not change its facts
        self.serial = next(_serial)
        self.facts = located(layer, label, tuple(tensor.shape for tensor in inputs), options)
        self.outputs = tuple(Tensor(self, i) for i in range(len(self.facts.outputs)))
        layer.__dict__["called"] = None if "called" in layer.__dict__ else self  # None: more than once


def shape_text(shape: Iterable[Any]) -> str:
    """A shape as a tuple; sizes that are not known yet stand by their names.

    >>> shape_text((28, 28, 1)), shape_text((784,))
    ('(28, 28, 1)', '(784,)')
    """
    sizes = [str(size) for size in shape]
    return f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"


def located(layer: Layer, label: Callable[[], str], shapes: tuple[Shape, ...], options: dict[str, Any]) -> Facts:
    """The facts of a call; an error gains the place: which layer, by its label, and what came in."""
    try:
        return layer.costed(shapes, options)
    except ModelCostError as error:
        if error.located:
            raise
        came = f" on input {', '.join(map(shape_text, shapes))}" if shapes else ""
        placed = type(error)(f"{label()}: {layer!r}{came}: {error}")
        placed.located = True
        raise placed from None


def flat(tensors: Iterable[Any]) -> Iterator[Any]:
    """What lists within lists hold, in order."""
    for tensor in tensors:
        if isinstance(tensor, list | tuple):
            yield from flat(tensor)
        else:
            yield tensor


def own_label(layer: Layer) -> str:
    """The layer's own name, or the stem of the name that a model will give it."""
    return layer.name or name_stem(type(layer).__name__)


def called(
    layer: Layer, inputs: tuple[Any, ...], options: dict[str, Any], label: Callable[[], str] | None = None
) -> Any:
    """Write a call down: the tensor that comes out, or the list of them where there are several.

    `label` gives the layer's name for errors, where the model that the call is for is known.
    """
    label = label or partial(own_label, layer)
    by_name = [options.get(name) for name in layer.more_inputs if options.get(name) is not None]
    tensors = tuple(flat((*inputs, *by_name)))
    for tensor in tensors:
        if not isinstance(tensor, Tensor):
            raise ModelCostError(
                f"{label()}: {layer!r} was called on {short(tensor)}; "
                "call a layer on tensors, which Input(shape) and other calls give"
            )
    known = (*layer.more_inputs, *layer.call_options, *layer.free_options)
    for name in options:
        if name not in known:
            raise ModelCostError(f"{label()}: {unknown('call argument', name, known)}")
    wanted = {name: options[name] for name in layer.call_options if name in options}
    uncounted = tuple(value for value in flat(options.values()) if isinstance(value, Tensor) and value not in tensors)
    outputs = Call(layer, tensors, wanted, label, uncounted).outputs
    return outputs[0] if len(outputs) == 1 else list(outputs)


def calls_behind(outputs: Iterable[Tensor]) -> list[Call]:
    """Every call that the outputs depend on, in the order in which they were written."""
    found: dict[int, Call] = {}
    waiting = [tensor.call for tensor in outputs]
    while waiting:
        call = waiting.pop()
        if call.serial not in found:
            found[call.serial] = call
            waiting.extend(tensor.call for tensor in (*call.inputs, *call.uncounted))
    return [found[serial] for serial in sorted(found)]
