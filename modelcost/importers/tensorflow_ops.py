"""Operations as TensorFlow's own Keras (before 3) wrote them -> the names and arguments that they have today."""

from __future__ import annotations

from modelcost.errors import ModelCostError, short
from modelcost.importers.keras_graph import Constant, Node, constant
from modelcost.importers.keras_layers import class_name, config_of
from modelcost.importers.rules import no_rule
from modelcost.layers.base import fields_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def _table(words: dict[str, str]) -> dict[str, str]:
    """Names under prefixes, written as old=New."""
    pairs = ((prefix, pair.partition("=")) for prefix, text in words.items() for pair in text.split())
    return {prefix + old: new for prefix, (old, _, new) in pairs}


FUNCTIONS = _table(
    {
        "__operators__.": "add=Add subtract=Subtract multiply=Multiply truediv=Divide matmul=Matmul pow=Power "
        "getitem=GetItem eq=Equal ne=NotEqual neg=Negative",
        "math.": "add=Add subtract=Subtract multiply=Multiply divide=Divide truediv=Divide pow=Power maximum=Maximum "
        "minimum=Minimum negative=Negative abs=Absolute exp=Exp log=Log log1p=Log1p sqrt=Sqrt rsqrt=Rsqrt "
        "square=Square sigmoid=Sigmoid tanh=Tanh softplus=Softplus erf=Erf sin=Sin cos=Cos "
        "squared_difference=SquaredDifference reduce_sum=Sum reduce_mean=Mean reduce_max=Max reduce_min=Min "
        "reduce_prod=Prod reduce_variance=Var reduce_std=Std argmax=Argmax argmin=Argmin cumsum=Cumsum "
        "greater=Greater greater_equal=GreaterEqual less=Less less_equal=LessEqual equal=Equal not_equal=NotEqual "
        "logical_and=LogicalAnd logical_or=LogicalOr logical_not=LogicalNot l2_normalize=Normalize",
        "nn.": "relu=Relu relu6=Relu6 leaky_relu=LeakyRelu elu=Elu selu=Selu silu=Silu swish=Silu gelu=Gelu "
        "sigmoid=Sigmoid tanh=Tanh softmax=Softmax log_softmax=LogSoftmax softplus=Softplus softsign=Softsign "
        "l2_normalize=Normalize",
        "": "linalg.matmul=Matmul matmul=Matmul einsum=Einsum reshape=Reshape transpose=Transpose concat=Concatenate "
        "compat.v1.transpose=Transpose stack=Stack split=Split unstack=Unstack squeeze=Squeeze "
        "compat.v1.squeeze=Squeeze expand_dims=ExpandDims tile=Tile repeat=Repeat cast=Cast "
        "stop_gradient=StopGradient identity=Copy clip_by_value=Clip where=Where gather=Take "
        "compat.v1.gather=Take image.resize=Resize pad=Pad reverse=Flip convert_to_tensor=StopGradient",
    }
)
"""TensorFlow's public functions, and the operations that do the same."""

OPS = _table(
    {
        "": "Add=Add AddV2=Add BiasAdd=Add Sub=Subtract Mul=Multiply RealDiv=Divide Pow=Power Maximum=Maximum "
        "Minimum=Minimum Neg=Negative Abs=Absolute Exp=Exp Log=Log Sqrt=Sqrt Rsqrt=Rsqrt Square=Square "
        "SquaredDifference=SquaredDifference Relu=Relu Relu6=Relu6 Sigmoid=Sigmoid Tanh=Tanh Softmax=Softmax "
        "Softplus=Softplus Sum=Sum Mean=Mean Max=Max Min=Min MatMul=Matmul BatchMatMul=Matmul BatchMatMulV2=Matmul "
        "Reshape=Reshape Transpose=Transpose ConcatV2=Concatenate ExpandDims=ExpandDims Identity=Copy"
    }
)
"""TensorFlow's graph operations, as the layers of TensorFlow 2.0 to 2.3 name them."""
LAST_INPUT = {
    **dict.fromkeys(("Sum", "Mean", "Max", "Min", "Concatenate", "ExpandDims"), "axis"),
    "Reshape": "newshape",
    "Transpose": "axes",
}
"""Graph operations whose last input is an argument today."""

WORDS = _table(
    {
        "": "keep_dims=keepdims perm=axes multiples=repeats num_or_size_splits=indices_or_sections "
        "method=interpolation alpha=negative_slope equation=subscripts clip_value_min=x_min clip_value_max=x_max "
        "paddings=pad_width"
    }
)
"""What an argument is called today."""
RENAMED = {"Reshape": {"shape": "newshape"}, "Elu": {"alpha": "alpha"}}
OFF = (None, False, 0, 1.0)
"""Values of TensorFlow's other arguments under which they do nothing."""


def renamed(record: dict[str, Any], node: Node) -> tuple[str, dict[str, Any]]:
    """The operation that a record of TensorFlow's Keras is of, and its arguments; the call keeps its operands only."""
    config = config_of(record)
    if class_name(record) == "TensorFlowOpLayer":
        return _of_graph(config, node)
    function = config.get("function", "__operators__.getitem" if class_name(record) == "SlicingOpLambda" else None)
    if not isinstance(function, str) or function not in FUNCTIONS:
        raise no_rule(
            node.layer,
            f"tf.{function}" if isinstance(function, str) else "TFOpLambda",
            "is a function that is not known here",
        )
    kind = FUNCTIONS[function]
    return kind, _shared(kind, node)


def _shared(kind: str, node: Node) -> dict[str, Any]:
    """Take the arguments by name out of the call: those that an operation is made with are returned."""
    from modelcost.layers.operations import operation

    cls = operation(kind)
    if kind == "Einsum" and node.args and isinstance(node.args[0], str):
        return {"subscripts": node.args.pop(0)}
    own: dict[str, Any] = {}
    operands: list[Any] = list(node.args)
    left = [name for name in cls.arguments if name not in cls.settings][len(operands) :]
    for name, value in node.kwargs.items():
        word = RENAMED.get(kind, {}).get(name, WORDS.get(name, name))
        if name == "slice_spec":
            operands.append(value)
        elif name == "name":
            continue
        elif word in fields_of(cls):
            own[word] = list(value.value) if isinstance(value, Constant) and value.value else value
        elif value is not None and left:
            left.pop(0)
            operands.append(value)
        else:
            _off(node, name, value)
    node.args, node.kwargs = operands, {}
    return own


def _off(node: Node, name: str, value: Any) -> None:
    if value not in OFF:
        raise ModelCostError(
            f"{short(node.layer)}: {name}={short(value)} is an argument of TensorFlow's that is not counted yet"
        )


def _of_graph(config: dict[str, Any], node: Node) -> tuple[str, dict[str, Any]]:
    """A graph operation: its inputs are tensors, but for the constants, which stand at their places."""
    described, constants = config.get("node_def"), config.get("constants") or {}
    op = described.get("op") if isinstance(described, dict) else None
    if not isinstance(op, str) or op not in OPS or not isinstance(constants, dict):
        raise no_rule(
            node.layer,
            f"tf.raw_ops.{op}" if isinstance(op, str) else "TensorFlowOpLayer",
            "is a graph operation that is not known here",
        )
    kind = OPS[op]
    tensors = [one for args in node.args for one in (args if isinstance(args, list) else [args])]
    places = {int(place): value for place, value in constants.items() if str(place).isdigit() and len(str(place)) < 4}
    count = len(tensors) + len(places)
    waiting = iter(tensors)
    operands = [places[i] if i in places else next(waiting, None) for i in range(count)]
    own: dict[str, Any] = {}
    argument = LAST_INPUT.get(kind)
    if argument and operands:
        own[argument] = operands.pop()
    attributes = described.get("attr") if isinstance(described, dict) else None
    keep = attributes.get("keep_dims") if isinstance(attributes, dict) else None
    if kind in ("Sum", "Mean", "Max", "Min") and isinstance(keep, dict):
        own["keepdims"] = keep.get("b") is True
    operands = [constant(one) if isinstance(one, list) else one for one in operands]
    node.args, node.kwargs = ([operands] if kind == "Concatenate" else operands), {}
    return kind, own
