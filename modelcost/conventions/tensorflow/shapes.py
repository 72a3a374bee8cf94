"""What TensorFlow's graph of a model shows of its calls: some have no shape there, and some are not there at all."""

from __future__ import annotations

from modelcost.conventions.tensorflow.sliding import compiled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from modelcost.graph import Call
    from modelcost.model import Model


def without_shape(model: Model) -> list[str]:
    """The calls whose inputs have lost their static shape in TensorFlow's graph: work for each example counts 0.

    A convolution that is compiled apart gives a tensor without a shape, and so are the states that a loop ends with;
    layers that reshape to lengths that they know themselves end it.
    """
    found: list[str] = []

    def visit(name: str, call: Call, came: list[bool]) -> list[bool]:
        lost = any(came) and not _gives_shape(call)
        if lost:
            found.append(name)
        return [lost or one for one in _loses(call)]

    model.carried([False] * len(model.inputs), visit)
    return found


def pruned(model: Model) -> list[str]:
    """The calls that are no longer there once the graph is frozen: those whose results none of the outputs hangs on.

    A model has none, but one within it may have outputs that nothing takes.
    """
    if not _several_outputs_within(model):
        return []
    found: list[str] = []

    def visit(name: str, call: Call, came: list[frozenset[str]]) -> list[frozenset[str]]:
        found.append(name)
        return [frozenset((name,)).union(*came)] * len(call.outputs)

    nothing: frozenset[str] = frozenset()
    live = nothing.union(*model.carried([nothing] * len(model.inputs), visit))
    return [name for name in found if name not in live]


def _several_outputs_within(model: Model) -> bool:
    inner: list[Any] = [layer for layer in model.layers if type(layer).__name__ in ("Model", "Sequential")]
    return any(len(one.outputs) > 1 or _several_outputs_within(one) for one in inner)


def _loses(call: Call) -> list[bool]:
    """Which of a call's outputs have no shape, whatever came in."""
    layer: Any = call.layer
    bases = {base.__name__ for base in type(layer).__mro__}
    if bases & {"Conv", "ConvLSTM"} and compiled(layer):
        return [True] * len(call.outputs)
    if bases & {"Recurrent", "RNN", "ConvLSTM"} and not layer.unroll:
        return [False, *[True] * (len(call.outputs) - 1)]
    return [False] * len(call.outputs)


def _gives_shape(call: Call) -> bool:
    """Whether a layer's result has a known shape whatever came in."""
    kind = type(call.layer).__name__
    return kind in ("Reshape", "Flatten") or (kind == "Dense" and len(call.facts.inputs[0]) > 1)
