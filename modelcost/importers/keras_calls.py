"""The calls of layers and operations that a Keras configuration writes down, done on our tensors."""

from __future__ import annotations

from modelcost.errors import ModelCostError, short
from modelcost.graph import Tensor
from modelcost.importers.keras_graph import Constant, Node, Ref, flat
from modelcost.importers.keras_layers import MOST_AXES, STRANGE, class_name, config_of, name_of, sizes
from modelcost.importers.rules import NoRuleError, no_rule, rule_for
from modelcost.layers import operations
from modelcost.layers.base import Layer
from modelcost.layers.operations import Operation
from modelcost.layers.unknown import UnknownLayer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from modelcost.importers.keras_layers import LayerReader

OLD_OPERATIONS = ("TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer")
"""What TensorFlow's Keras, before 3, made of an operation in a model."""


def is_operation(record: dict[str, Any]) -> bool:
    """Whether a record is of an operation: HDF5 files tell it from the layer of that name only by what it lacks."""
    kind, module = class_name(record), record.get("module")
    if "module" not in record:
        return kind in OLD_OPERATIONS or (kind in operations.names() and "trainable" not in config_of(record))
    return isinstance(module, str) and module.startswith("keras.src.ops.")


class CallReader:
    """Makes the layers and does the calls; `partial`: what is not known becomes an `UnknownLayer`."""

    def __init__(self, layers: LayerReader, partial: bool) -> None:
        self.layers, self.partial = layers, partial

    def layer(self, record: Any, follower: Any = None) -> Layer:
        """The layer of a record; or, in a partial reading, what stands for it: the one after it says what it gives."""
        try:
            return self.layers.layer(record)
        except NoRuleError:
            if not self.partial:
                raise
            gives = [] if follower is None else [stated_for(follower)]
            return _standing_for(record, gives, [stated_for(record)], name_of(record))

    def layer_of(self, record: dict[str, Any], node: Node, layers: dict[str, Layer], stated: dict[Any, Any]) -> Layer:
        """The layer that a call is of: the same for all calls, but for operations and unknown ones."""
        known = layers.get(node.layer)
        if known is not None and not isinstance(known, Operation | UnknownLayer):
            return known
        try:
            made = self._operation(record, node) if is_operation(record) else self.layers.layer(record)
        except NoRuleError:
            if not self.partial:
                raise
            shapes = {i: shape for (layer, call, i), shape in stated.items() if (layer, call) == (node.layer, node.nth)}
            if max(shapes, default=0) > 1000:
                raise ModelCostError(f"{short(node.layer)} has more than 1000 outputs") from None
            gives = [shapes.get(i, []) for i in range(max(shapes, default=-1) + 1)]
            made = _standing_for(record, gives, [ref.shape for ref in node.refs()], _nth(node))
        layers[node.layer] = made
        return made

    def _operation(self, record: dict[str, Any], node: Node) -> Layer:
        if class_name(record) in OLD_OPERATIONS:
            from modelcost.importers.tensorflow_ops import renamed

            kind, config = renamed(record, node)
        else:
            kind, config = class_name(record), config_of(record)
        if kind not in operations.names():
            if rule_for(kind) is not None:
                return self.layers.layer({**record, "module": "rule", "name": _nth(node)})
            raise no_rule(node.layer, kind, "is an operation that is not known here")
        return self.layers.constructed(
            operations.operation(kind), {"class_name": kind, "config": config, "name": _nth(node)}
        )

    def called(
        self, layer: Layer, record: dict[str, Any], node: Node, made: dict[tuple[str, int], list[Tensor]]
    ) -> list[Tensor]:
        """The tensors that come out of a call."""

        def given(value: Any) -> Any:
            if isinstance(value, Ref):
                return self.tensor(value, made)
            if isinstance(value, list):
                return [given(one) for one in value]
            return {name: given(one) for name, one in value.items()} if isinstance(value, dict) else value

        args, kwargs = given(node.args), given(node.kwargs)
        if isinstance(layer, Operation):
            out = self.guarded(layer, lambda: layer(*args, **{k: v for k, v in kwargs.items() if v is not None}))
        elif isinstance(layer, UnknownLayer):
            out = self.guarded(layer, lambda: layer(*(one for one in flat([args, kwargs]) if isinstance(one, Tensor))))
        else:
            inputs, options = _plain(args), _options(layer, kwargs)
            out = self.guarded(layer, lambda: layer(*inputs, **options))
        tensors = out if isinstance(out, list) else [out]
        for tensor in tensors:
            if len(tensor.shape) > MOST_AXES:
                raise ModelCostError(f"{short(node.layer)}: what comes out has more than {MOST_AXES} axes")
        return tensors

    def guarded(self, layer: Layer, call: Callable[[], Any]) -> Any:
        """Do a call; what goes wrong in it is an error that names the layer."""
        try:
            return call()
        except ModelCostError:
            raise
        except STRANGE as error:
            raise ModelCostError(f"{short(layer.name)}: {layer!r} cannot be called so: {short(str(error))}") from error

    def tensor(self, ref: Ref, made: dict[tuple[str, int], list[Tensor]]) -> Tensor:
        """The tensor that a reference means."""
        outputs = made.get((ref.layer, ref.call))
        if outputs is None:
            raise ModelCostError(f"{short(ref.layer)} has no call {ref.call}, which the model names")
        if ref.output >= len(outputs):
            raise ModelCostError(
                f"{short(ref.layer)} has {len(outputs)} outputs. Received: output {ref.output} (from 0)"
            )
        found: Tensor = outputs[ref.output]
        return found


def stated_for(record: Any) -> Any:
    """The shape that a layer was built for, where its record says so."""
    build = record.get("build_config") if isinstance(record, dict) else None
    return build.get("input_shape") if isinstance(build, dict) else None


def _nth(node: Node) -> str:
    """The name of an operation, which is a layer of its own for each call."""
    return f"{node.layer}:{node.nth + 1}" if node.nth else node.layer


def _standing_for(record: dict[str, Any], gives: list[Any], takes: list[Any], name: str) -> UnknownLayer:
    """What stands for an unknown layer: a file says what comes out of it where something follows, or must."""
    shapes = _examples(gives)
    if shapes is None:
        raise ModelCostError(
            f"{short(name)}: it is not known what {short(class_name(record))} costs, and the file does not say the "
            "shape of what comes out of it, which the layers after it need; say it with mc.register"
        )
    named: Any = {"name": name}
    return UnknownLayer(class_name(record), shapes, _examples(takes) or (), **named)


def _examples(shapes: list[Any]) -> tuple[Any, ...] | None:
    """Stated shapes without their batch; None where one of them is not stated."""
    if any(not isinstance(shape, list) or (shape and isinstance(shape[0], list)) for shape in shapes):
        return None
    return tuple(sizes(shape)[1:] if shape else () for shape in shapes)


def _plain(args: list[Any]) -> list[Any]:
    """The positional arguments of a layer: its tensors, without those that were None."""
    return [one for one in flat(args) if one is not None]


def _options(layer: Layer, kwargs: dict[str, Any]) -> dict[str, Any]:
    """The arguments by name, without those that are off, and without constant masks, which cost nothing."""
    known = (*layer.more_inputs, *layer.call_options, *layer.free_options)
    off = {name for name, value in kwargs.items() if value in (None, False) and name not in known}
    fixed = {name for name, value in kwargs.items() if name.endswith("mask") and isinstance(value, Constant)}
    return {name: value for name, value in kwargs.items() if value is not None and name not in off | fixed}
