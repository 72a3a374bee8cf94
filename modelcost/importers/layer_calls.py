"""Layers written as calls in a file: `Conv2D(32, 5, padding="same")`, read and never run.

Python's own parser makes a tree of the text; only a call of a layer that modelcost knows, with literals and layers for
arguments, is taken from it. Nothing is evaluated.
"""

from __future__ import annotations

import ast

from modelcost.errors import ModelCostError, short, unknown
from modelcost.layers.base import Layer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from modelcost.sequential import Sequential

LONGEST = 2_000  # characters of one call
MOST_LAYERS = 2_000
MOST_AXES = 16
MOST_DIGITS = 19
UNKNOWN = ("none", "null", "~")
RULE = "a layer is written as a call with plain values, such as Conv2D(32, 5, padding='same')"


def layer(text: str, name: str | None = None) -> Layer:
    """The layer that a call stands for; `name` is its name where the call gives none.

    Raises `ModelCostError` for what is no call of a known layer with literals, `UnknownNameError` for the layer.

    >>> layer("Dense(10, activation='softmax')")
    Dense(units=10, activation='softmax')
    """
    return _called(_call(text), text, {} if name is None else {"name": name})


def _call(text: Any) -> ast.Call:
    """The call that a text is, which may go without brackets."""
    if not isinstance(text, str) or len(text) > LONGEST:
        raise ModelCostError(f"{RULE}. Received: {short(text)}")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        cut = "; within [ ] a call with a comma needs quotes" if text.count("(") != text.count(")") else ""
        raise ModelCostError(f"{RULE}{cut}. Received: {short(text)}") from None
    if isinstance(tree, ast.Name):
        tree = ast.Call(tree, [], [])
    if not isinstance(tree, ast.Call) or not isinstance(tree.func, ast.Name | ast.Attribute):
        raise ModelCostError(f"{RULE}. Received: {short(text)}")
    return tree


def _called(tree: ast.Call, text: str, more: dict[str, Any]) -> Layer:
    kind = _kind(tree.func, text)
    args, given = _arguments(tree, text)
    made = kind(*args, **{**more, **given})
    assert isinstance(made, Layer)
    return made


def _arguments(tree: ast.Call, text: str) -> tuple[list[Any], dict[str, Any]]:
    """What stands in the brackets of a call: literals, and layers."""
    if any(isinstance(one, ast.Starred) for one in tree.args) or any(one.arg is None for one in tree.keywords):
        raise ModelCostError(f"{RULE}. Received: {short(text)}")
    return [_value(one, text) for one in tree.args], {str(one.arg): _value(one.value, text) for one in tree.keywords}


def _word(func: ast.expr, text: str) -> str:
    """What is called, as Conv2D, layers.Conv2D or keras.layers.Conv2D."""
    *where, word = ast.unparse(func).split(".")
    if where not in ([], ["layers"], ["keras"], ["keras", "layers"], ["tf", "keras", "layers"], ["mc"]):
        raise ModelCostError(f"{RULE}. Received: {short(text)}")
    return word


def _kind(func: ast.expr, text: str) -> type[Layer]:
    """The class of layer that is called."""
    from modelcost import layers

    word = _word(func, text)
    if word not in layers.names():
        raise unknown("layer", word, layers.names())
    kind = getattr(layers, word)
    if not isinstance(kind, type) or not issubclass(kind, Layer):
        raise ModelCostError(f"the input is given once, first of all or as input: [28, 28, 1]. Received: {short(text)}")
    return kind


def _value(tree: ast.expr, text: str) -> Any:
    """A literal, or a layer within a layer."""
    if isinstance(tree, ast.Call):
        return _called(_call(ast.unparse(tree)), text, {})
    try:
        return ast.literal_eval(tree)
    except (ValueError, TypeError, RecursionError, MemoryError):
        raise ModelCostError(f"{RULE}; {short(ast.unparse(tree))} is no plain value. Received: {short(text)}") from None


def sequential(name: str, shape: Sequence[Any] | None, calls: Sequence[Any]) -> Sequential:
    """The model of layers that follow each other: texts, or {name: text}.

    Where no input's shape is given, the first call says it, as in Keras: `Input((28, 28, 1))`, or a layer with an
    `input_shape`. Raises `ModelCostError`, with the number of the layer, for one that is none.

    >>> sequential("net", [28, 28, 1], ["Flatten()", {"output": "Dense(10)"}])
    Sequential(2 layers)
    >>> sequential("net", None, ["Input((28, 28, 1))", "Flatten()", "Dense(10)"]).count_params()
    7850
    """
    from modelcost.layers import Input
    from modelcost.sequential import Sequential

    if len(calls) > MOST_LAYERS:
        raise ModelCostError(f"a model written out has at most {MOST_LAYERS:,} layers. Received: {len(calls):,}")
    made: list[Any] = [] if shape is None else [Input(tuple(shape), name="input")]
    for i, call in enumerate(calls, 1):
        try:
            made.append(layer(*_named(call)) if made else _first(call))
        except ModelCostError as error:
            raise type(error)(f"layer {i}: {error}") from None
    return Sequential(made, name=name)


def _named(call: Any) -> tuple[Any, str | None]:
    """A call, and the name that stands before it."""
    if not isinstance(call, dict):
        return call, None
    if len(call) != 1:
        raise ModelCostError(f"a layer is a call, or one name and its call. Received: {short(call)}")
    ((name, text),) = call.items()
    return text, str(name)


def _first(call: Any) -> Any:
    """The input, or a first layer that says the input's shape."""
    from modelcost.layers import Input

    text, name = _named(call)
    tree = _call(text)
    if _word(tree.func, text) in ("Input", "InputLayer"):
        args, given = _arguments(tree, text)
        return Input(*args, **{**({} if name is None else {"name": name}), **given})
    first = layer(text, name)
    if first.input_shape is None and first.batch_input_shape is None:
        raise ModelCostError(f"{FORM}. Received: {short(text)}")
    return first


KEYS = ("name", "input", "layers")
FORM = (
    "a model is written out as input: [28, 28, 1] and layers: [Flatten(), Dense(10)], or its layers begin with "
    "Input((28, 28, 1))"
)


def model_of(found: Any, name: str) -> Sequential:
    """The model that a YAML file says, all of it text: its input and its layers, listed or each in a line of its own;
    `name` is for one without a name.

    >>> model_of({"input": "28x28x1", "layers": ["Flatten()", "Dense(10)"]}, "net").count_params()
    7850
    """
    if not isinstance(found, dict):
        raise ModelCostError(f"{FORM}. Received: {short(found)}")
    if "claims" in found:
        raise ModelCostError("this is an answer file, not a model; mark it with modelcost check")
    if "class_name" in found:
        raise ModelCostError("Keras's own YAML is not read; save the model as .keras, or with to_json()")
    for word in found:
        if word not in KEYS:
            raise unknown("key of a model", word, KEYS)
    shape, calls = found.get("input"), found.get("layers")
    if isinstance(calls, str):
        calls = [line for line in calls.splitlines() if line.strip()]
    if not isinstance(calls, list) or (shape in (None, "") and not calls):
        raise ModelCostError(f"{FORM}. Received: {short(found)}")
    given = found.get("name", name)
    if not isinstance(given, str):
        raise ModelCostError(f"a model's name is a word. Received: {short(given)}")
    return sequential(given, None if shape in (None, "") else input_shape(shape), calls)


def input_shape(given: Any) -> tuple[int | None, ...]:
    """The shape of one example as it is written, 28x28x1 or [28, 28, 1]; `none` is a size that is not known.

    >>> input_shape("28 x 28 x 1"), input_shape(["none", "40"]), input_shape("49_152")
    ((28, 28, 1), (None, 40), (49152,))
    """
    rule = "an input is written as 28x28x1 or [28, 28, 1], none for a size that is not known"
    written = given if isinstance(given, list) else str(given).strip("()[] ").replace(",", "x").split("x")
    words = [word.strip() for word in written if isinstance(word, str)]
    if not words or len(words) != len(written) or len(words) > MOST_AXES:
        raise ModelCostError(f"{rule}. Received: {short(given)}")
    return tuple(None if word.lower() in UNKNOWN else _size(word, rule) for word in words)


def _size(word: str, rule: str) -> int:
    digits = word.replace("_", "")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= MOST_DIGITS):
        raise ModelCostError(f"{rule}. Received: {short(word)}")
    return int(digits)
