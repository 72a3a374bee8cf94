"""The gradient of each operation, step by step as TensorFlow takes it.

Source: the gradients that `tensorflow/python/ops/{math,nn,array}_grad.py` register (TensorFlow 2.21).
"""

from __future__ import annotations

from modelcost.binding import same_number
from modelcost.errors import ModelCostError
from modelcost.facts import CONSTANT, REDUCTIONS, sum_of
from modelcost.layers.functions import stepped
from modelcost.nesting import many
from modelcost.training.structural import STRUCTURAL, backward, over_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from modelcost.facts import Work
    from modelcost.training.tape import Operation
    from modelcost.training.values import Operand, Value

STEPS_OF = {
    "Mean": 2, "AvgPool": 2, "AvgPool3D": 2, "SquaredDifference": 2, "Softmax": 5, "LogSoftmax": 6, "Relu6": 2,
    "LeakyRelu": 2, "Elu": 3, "Selu": 5, "Softplus": 4, "Softsign": 3, "FloorMod": 4,
    "ResizeBilinear": 9, "LRN": 6,
}  # fmt: skip
"""Operations whose one kernel does several primitives, and how many pieces of work say so."""

NOT_DIFFERENTIABLE = frozenset({
    "compare", "sign", "round", "random", "Greater", "GreaterEqual", "Less", "LessEqual", "Equal", "NotEqual",
    "IsFinite", "IsNan", "IsInf", "ArgMax", "ArgMin", "FloorDiv", "Floor", "Ceil", "StopGradient", "OnesLike",
    "ZerosLike",
})  # fmt: skip
"""Operations whose results do not change where their operands change a little."""

RULES: dict[str, tuple[str, ...]] = {
    "add": ("", ""),
    "BiasAdd": ("", ""),
    "sub": ("", "sub:Neg"),
    "Sub": ("", "sub:Neg"),
    "Neg": ("sub:Neg",),
    "mul": ("mul <1", "mul <0"),
    "Square": ("mul mul <0",),
    "div": ("div <1", "sub:Neg(0) div div mul <0 <1"),
    "DivNoNan": ("div:DivNoNan <1", "sub:Neg(0) div:DivNoNan div:DivNoNan mul <0 <1"),
    "FloorMod": ("", "div:FloorDiv round:FloorDiv sub:Neg mul <0 <1"),
    "Reciprocal": ("sub:ReciprocalGrad mul:ReciprocalGrad mul:ReciprocalGrad <out",),
    "pow": ("mul sub(1) pow mul <0 <1", "compare:Greater(0) log(0) mul mul <0 <out"),
    "abs": ("sign mul <0",),
    "SquaredDifference": ("", "sub:Neg"),
    "exp": ("mul <out",),
    "Expm1": ("exp mul <0",),
    "log": ("div:Reciprocal mul <0",),
    "Log1p": ("add div:Reciprocal mul <0",),
    "sin": ("cos mul <0",),
    "cos": ("sub:Neg sin mul <0",),
    "tan": ("cos div:Reciprocal mul:Square mul <0",),
    "erf": ("mul mul:Square sub:Neg exp mul <0",),
    "sqrt": ("mul:SqrtGrad div:SqrtGrad <out",),
    "rsqrt": ("mul:RsqrtGrad mul:RsqrtGrad mul:RsqrtGrad mul:RsqrtGrad <out",),
    "tanh": ("mul:TanhGrad sub:TanhGrad mul:TanhGrad <out",),
    "sigmoid": ("mul:SigmoidGrad sub:SigmoidGrad mul:SigmoidGrad <out",),
    "Relu": ("compare:ReluGrad <out",),
    "Relu6": ("compare:Relu6Grad compare:Relu6Grad <out",),
    "LeakyRelu": ("compare:LeakyReluGrad mul:LeakyReluGrad <0",),
    "Elu": ("compare:EluGrad add:EluGrad mul:EluGrad <out",),
    "Selu": ("compare:SeluGrad add:SeluGrad mul:SeluGrad mul:SeluGrad <out",),
    "Softplus": ("sigmoid mul <0",),
    "Softsign": ("abs:SoftsignGrad add:SoftsignGrad mul:SoftsignGrad div:SoftsignGrad <0",),
    "TopKV2": ("add:ScatterNd <out",),
    "Split": ("",),
    "Maximum": ("", ""),
    "Minimum": ("", ""),
    "SelectV2": ("", "<0", "<0"),
}
"""For each operand of an operation, the steps done to each element of the result on the way to its gradient.

They are written as in `layers.functions.STEPS`; behind them stands which values they read besides the gradient
that comes: operands by their number ("<0"), or the result ("<out"). A step with a number in brackets is done to each
element of that operand. In a work's own `gradient` may also stand which
operands alone a gradient goes back to (">0").
"""

TAKE_APART = frozenset({"Split", "Slice"})
"""Operations that give a part of what they read."""

SHARED = {
    "SquaredDifference": "mul sub mul <0 <1",
    "Maximum": "compare:GreaterEqual <0 <1",
    "Minimum": "compare:LessEqual <0 <1",
}
"""Steps that come before, and are done once however many operands want a gradient."""


def differentiable(operation: Operation) -> bool:
    """Whether a gradient passes through an operation."""
    return operation.gradient is not None or operation.name not in NOT_DIFFERENTIABLE


def gradient(operation: Operation) -> tuple[list[tuple[Value, Work]], list[Value | Operand]]:
    """The work of the gradients of an operation, each with the operand that it is for; and the values that it reads.

    Raises `ModelCostError` where no rule is known.
    """
    works: list[tuple[Value, Work]] = []
    read: list[Value | Operand] = []
    first = True
    for i, value in operation.back:
        if value.wanted:
            steps, places = _stepwise(operation, i, first) or _structural(operation, i)
            runs = operation.runs if operation.gradient is not None else value.runs
            works += [(value.value, many(work, *runs)) for work in steps]
            read += _read(operation, places)
            first = False
    return works, read


def _stepwise(operation: Operation, i: int, first: bool) -> tuple[list[Work], list[str]] | None:
    """The steps to an operand that stand in `RULES`, or that the work itself says."""
    if operation.gradient is not None:
        texts = [operation.gradient] if first else []
    elif operation.name in RULES:
        row = RULES[operation.name]
        texts = [*([SHARED.get(operation.name, "")] if first else []), row[min(i, len(row) - 1)]]
    else:
        return None
    words = [word for text in texts for word in text.split()]
    steps = [word for word in words if word[0] not in "<>"]
    done = [work for step in steps for work in _step(operation, step)]
    return [*done, *_reduced(operation, operation.operands[i])], [word[1:] for word in words if word.startswith("<")]


def _step(operation: Operation, step: str) -> Iterator[Work]:
    """One step, on each element of the result or of the operand in brackets; on a constant it is done beforehand."""
    text, _, place = step.partition("(")
    for on in _read(operation, [place[:-1]]) if place else [operation.result]:
        for work in stepped((text,), on.elements):
            yield work.but(once=on.once, part="gradient", phase="training")


def _read(operation: Operation, places: list[str]) -> list[Value | Operand]:
    """The values in these places, but for constants, which nobody need keep."""
    values: dict[str, Value | Operand] = {
        "out": operation.result,
        **{str(i): value for i, value in enumerate(operation.operands)},
    }
    return [values[place] for place in places if place in values and values[place].kind != CONSTANT]


def _reduced(operation: Operation, value: Operand) -> Iterator[Work]:
    """The sum over what an operand was broadcast to."""
    result = operation.result
    if any(work.primitive.kind in REDUCTIONS for work in operation.works):
        return
    if value.once == result.once and same_number(value.elements, result.elements):
        return
    over = over_all(value, operation, result.elements)
    op = "BiasAddGrad" if operation.name == "BiasAdd" else "Sum"
    yield backward(value.elements, sum_of(over=over), op, value.once)


def _structural(operation: Operation, i: int) -> tuple[list[Work], list[str]]:
    """The gradient of an operation that folds elements together."""
    rule = STRUCTURAL.get(operation.name) or STRUCTURAL.get(operation.works[-1].primitive.kind)
    if rule is None:
        raise ModelCostError(f"it is not known what the gradient of {operation.name} takes")
    return rule(operation, i)
