"""Real Keras and TensorFlow, loaded when a verification asks for them: a model's twin, and the profiler's count."""

from __future__ import annotations

from contextlib import contextmanager

from modelcost.errors import ModelCostError, short

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any


def keras() -> Any:
    """Keras on TensorFlow; an error that names the extra to install where it is not there.

    The figures of the convention `tf` are those of TensorFlow's graphs, so another backend is refused.
    """
    import os

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        import keras as found
        import tensorflow  # noqa: F401  # Keras alone does not need it
    except ImportError as error:
        raise ModelCostError(f"this needs TensorFlow, with Keras: pip install 'modelcost[keras]' ({error})") from None
    if found.backend.backend() != "tensorflow":
        raise ModelCostError(f"this needs Keras on TensorFlow. Received: the backend {found.backend.backend()}")
    return found


def tensorflow() -> Any:
    """TensorFlow itself, under Keras."""
    keras()
    import tensorflow as found

    return found


def versions() -> str:
    """Which TensorFlow and which Keras are asked."""
    import tensorflow

    return f"TensorFlow {tensorflow.__version__}, Keras {keras().__version__}"


def read(path: str) -> Any:
    """The Keras model of a file, built anew from its configuration by Keras itself, without weights."""
    import json

    from modelcost.importers.archives import read as config_of

    loaded = keras()
    config = config_of(path)
    try:
        return loaded.models.model_from_json(json.dumps(config))
    except Exception as error:
        raise unbuilt(path, error) from error


def unbuilt(what: str, error: Exception) -> ModelCostError:
    """The error for a model that Keras does not take."""
    return ModelCostError(f"{what}: Keras does not build it: {type(error).__name__}: {short(str(error), 400)}")


def profile(model: Any, batch: int, tell: Callable[[str], None]) -> dict[str, int]:
    """What the TensorFlow profiler counts for one forward pass of a Keras model on a batch, by operation.

    The graph is traced for that batch and frozen, as in the snippet that everybody uses.
    """
    tell("tracing the graph")
    several = len(model.inputs) > 1
    specs = [((batch, *one.shape[1:]), one.dtype) for one in model.inputs]
    try:
        function = traced(lambda *xs: model(list(xs) if several else xs[0], training=False), specs)
    except Exception as error:
        raise ModelCostError(f"Keras does not run it: {type(error).__name__}: {short(str(error), 400)}") from error
    tell("freezing and profiling it")
    return counted(function)


def traced(call: Callable[..., Any], specs: list[tuple[tuple[int, ...], str]]) -> Any:
    """The graph of a call on tensors of these shapes, the batch included, and dtypes."""
    import tensorflow as tf

    return tf.function(call).get_concrete_function(*(tf.TensorSpec(shape, dtype) for shape, dtype in specs))


def counted(function: Any) -> dict[str, int]:
    """What the profiler counts for a traced graph, frozen, by operation.

    The statistics are those that TensorFlow registers for operations, which its profiler adds up.
    """
    from tensorflow.python.framework import ops

    graph = _frozen(function).graph
    found: dict[str, int] = {}
    with _quiet():
        for op in graph.get_operations():
            if flops := _statistic(ops, graph, op):
                found[op.type] = found.get(op.type, 0) + flops
    return found


@contextmanager
def _quiet() -> Iterator[None]:
    """TensorFlow does not say that its own statistics use what it deprecates."""
    import logging

    logger = logging.getLogger("tensorflow")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


def _frozen(function: Any) -> Any:
    """A traced graph with its variables as constants.

    TensorFlow cannot freeze variables that a graph changes. Random seeds, which recurrent layers with dropout change
    in inference too, stay variables; an error for others, whose shapes would be lost.
    """
    from tensorflow.python.framework import convert_to_constants as convert

    assigned = [op.inputs for op in function.graph.get_operations() if op.type in ASSIGNING]
    changed = {inputs[0].name.partition(":")[0] for inputs in assigned}
    if not changed:
        return convert.convert_variables_to_constants_v2(function)
    if any(inputs[1].dtype.is_floating for inputs in assigned):
        raise ModelCostError(STATEFUL)
    data = convert._FunctionConverterDataInEager(
        func=function, lower_control_flow=True, aggressive_inlining=False, variable_names_denylist=changed
    )
    return convert._construct_concrete_function(function, *convert._replace_variables_by_constants(converter_data=data))


STATEFUL = (
    "TensorFlow cannot freeze a graph that changes its variables, as a layer with stateful=True does; "
    "verify the model with stateful=False, which costs the same"
)
ASSIGNING = frozenset({"AssignVariableOp", "AssignAddVariableOp", "AssignSubVariableOp"})


def _statistic(ops: Any, graph: Any, op: Any) -> int:
    try:
        found = ops.get_stats_for_node_def(graph, op.node_def, "flops").value
    except ValueError:  # an operation whose shapes are not known: the profiler, too, counts it as 0
        return 0
    return int(found or 0)
