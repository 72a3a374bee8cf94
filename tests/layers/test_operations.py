"""Operations: what they count against loops over numbers that count themselves, their shapes against real Keras."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelcost import ops
from modelcost.count import Expression
from modelcost.errors import ModelCostError, SizeError, UnknownNameError
from modelcost.layers import Input
from modelcost.layers.operations import OPERATIONS, Operation, names, operation
from modelcost.model import Model
from tests import counted as c

if TYPE_CHECKING:
    from collections.abc import Callable

SIZES = st.integers(1, 4)
SHAPES = st.lists(SIZES, min_size=1, max_size=3).map(tuple)


def counts(call: Callable[..., Any], *shapes: Any) -> dict[str, int]:
    """What the operations behind the outputs of `call` do to one example."""
    tensors = [Input(shape) for shape in shapes]
    out = call(*tensors)
    total = dict.fromkeys(c.TALLIED, 0)
    for entry in Model(tensors, out).entries():
        for column in total:
            total[column] += int(sum(entry.facts.column(column)))
    return total


# Elementwise: one loop, and Python says what one element takes.

SINGLE: dict[str, Callable[[Any], Any]] = {
    "negative": lambda x: -x,
    "absolute": abs,
    "exp": c.exp,
    "log": c.log,
    "sqrt": c.sqrt,
    "rsqrt": c.rsqrt,
    "square": lambda x: x * x,
    "reciprocal": lambda x: 1 / x,
    "sign": c.sign,
    "tanh": c.tanh,
    "sigmoid": c.sigmoid,
    "erf": c.erf,
    "relu": c.relu,
    "stop_gradient": lambda x: x,
    "log2": lambda x: c.log(x) / 0.69,
    "silu": lambda x: x * c.sigmoid(x * 1),
}
PAIR: dict[str, Callable[[Any, Any], Any]] = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "multiply": lambda x, y: x * y,
    "divide": lambda x, y: x / y,
    "maximum": lambda x, y: x if x > y else y,
    "minimum": lambda x, y: x if x < y else y,
    "power": c.power,
    "greater": lambda x, y: x > y,
}


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(SINGLE)), SHAPES)
def test_one_operand(name: str, shape: Any) -> None:
    tally = c.Tally()
    for x in c.flat(c.numbers(tally, shape)):
        SINGLE[name](x)
    assert counts(getattr(ops, name), shape) == tally.as_dict()


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(PAIR)), SHAPES, st.lists(st.booleans(), min_size=3, max_size=3), st.booleans())
def test_two_operands_are_broadcast(name: str, shape: Any, thin: list[bool], constant: bool) -> None:
    """The second has length 1 where `thin`; or it is a constant, with fewer axes."""
    other = tuple(1 if flat else size for size, flat in zip(shape, thin, strict=False))
    tally = c.Tally()
    xs, ys = c.numbers(tally, shape), c.numbers(tally, other)
    for place in c.places(*shape):
        PAIR[name](c.at(xs, *place), c.at(ys, *(0 if size == 1 else i for i, size in zip(place, other, strict=True))))
    function = getattr(ops, name)
    if constant:
        rows: Any = 0.5
        for size in reversed(other[1:]):
            rows = [rows] * size
        tally = c.Tally()
        for x in c.flat(c.numbers(tally, shape)):
            PAIR[name](x, 0.5)
        assert counts(lambda x: function(x, rows), shape) == tally.as_dict()
    else:
        assert counts(function, shape, other) == tally.as_dict()


# Reductions.


def mean(row: list[c.Num]) -> c.Num:
    return c.summed(row) / len(row)


def var(row: list[c.Num]) -> c.Num:
    m = mean(row)
    return mean([_squared(x - m) for x in row])


def _squared(x: c.Num) -> c.Num:
    return x * x


def product(row: list[c.Num]) -> c.Num:
    result = row[0]
    for x in row[1:]:
        result = result * x
    return result


def length(row: list[c.Num]) -> c.Num:
    return c.sqrt(c.summed([_squared(x) for x in row]))


def normalize(row: list[c.Num]) -> list[c.Num]:
    scale = c.rsqrt(c.summed([_squared(x) for x in row]))
    scale = min(scale, c.Num(1e12, scale.tally))
    return [x * scale for x in row]


def softmax(row: list[c.Num]) -> list[c.Num]:
    top = c.largest(row)
    powers = [c.exp(x - top) for x in row]
    whole = c.summed(powers)
    return [x / whole for x in powers]


def running(row: list[c.Num]) -> c.Num:
    return c.summed(row)


ROWS: dict[str, tuple[str, Callable[[list[c.Num]], Any]]] = {
    "sum": ("axis", c.summed),
    "mean": ("axis", mean),
    "max": ("axis", c.largest),
    "min": ("axis", c.largest),
    "var": ("axis", var),
    "std": ("axis", lambda row: c.sqrt(var(row))),
    "prod": ("axis", product),
    "norm": ("axis", length),
    "argmax": ("axis", c.largest),
    "normalize": ("axis", normalize),
    "softmax": ("axis", softmax),
    "cumsum": ("axis", running),
}


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(sorted(ROWS)), SHAPES, st.integers(0, 2))
def test_along_an_axis(name: str, shape: Any, which: int) -> None:
    axis = which % len(shape)
    tally = c.Tally()
    xs = c.numbers(tally, shape)
    for place in c.places(*(size for i, size in enumerate(shape) if i != axis)):
        row = [c.at(xs, *place[:axis], i, *place[axis:]) for i in range(shape[axis])]
        ROWS[name][1](row)
    assert counts(lambda x: getattr(ops, name)(x, axis=axis + 1), shape) == tally.as_dict()


# Dot products.


@settings(max_examples=40, deadline=None)
@given(SIZES, SIZES, SIZES, SIZES)
def test_matmul(b: int, m: int, k: int, n: int) -> None:
    tally = c.Tally()
    xs, ys = c.numbers(tally, (b, m, k)), c.numbers(tally, (b, k, n))
    for i, row, column in c.places(b, m, n):
        c.dot(xs[i][row], [ys[i][j][column] for j in range(k)])
    expected = tally.as_dict()
    assert counts(ops.matmul, (b, m, k), (b, k, n)) == expected
    assert counts(lambda x, y: ops.einsum("zbmk,zbkn->zbmn", x, y), (b, m, k), (b, k, n)) == expected


@settings(max_examples=40, deadline=None)
@given(SIZES, SIZES, SIZES)
def test_matmul_with_a_constant(m: int, k: int, n: int) -> None:
    tally = c.Tally()
    xs, ys = c.numbers(tally, (m, k)), c.numbers(tally, (k, n))
    for row, column in c.places(m, n):
        c.dot(xs[row], [ys[j][column] for j in range(k)])
    matrix = [[0.5] * n for _ in range(k)]
    assert counts(lambda x: ops.matmul(x, matrix), (m, k)) == tally.as_dict()


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_einsum_of_two(data: Any) -> None:
    """Letters of one operand alone are summed first, then come dot products."""
    letters = "ijkl"
    size = {letter: data.draw(SIZES) for letter in letters}
    a, b = (data.draw(st.lists(st.sampled_from(letters), min_size=1, max_size=3, unique=True)) for _ in range(2))
    out = data.draw(st.lists(st.sampled_from(sorted({*a, *b})), max_size=3, unique=True))
    tally = c.Tally()
    for term, other in ((a, b), (b, a)):
        alone = [x for x in term if x not in other and x not in out]
        rest = [x for x in term if x not in alone]
        for _ in c.places(*(size[x] for x in rest)) if alone else ():
            c.summed(c.flat(c.numbers(tally, tuple(size[x] for x in alone))))
    met = [x for x in a if x in b and x not in out]
    pairs = 1
    for x in met:
        pairs *= size[x]
    for _ in c.places(*(size[x] for x in out)):
        c.dot(c.numbers(tally, (pairs,)), c.numbers(tally, (pairs,)))
    equation = f"z{''.join(a)},z{''.join(b)}->z{''.join(out)}"
    shapes = [tuple(size[x] for x in term) for term in (a, b)]
    assert counts(lambda x, y: ops.einsum(equation, x, y), *shapes) == tally.as_dict()


# Nothing is computed.


@pytest.mark.parametrize(
    ("call", "shape"),
    [
        (lambda x: ops.reshape(x, (-1, 6)), (6,)),
        (lambda x: ops.transpose(x, (0, 2, 1)), (3, 2)),
        (lambda x: ops.transpose(x, (0, -1, 1)), (3, 2)),
        (lambda x: ops.swapaxes(x, 1, -1), (3, 2)),
        (lambda x: ops.expand_dims(x, -1), (2, 3, 1)),
        (lambda x: ops.expand_dims(x, (1, 3)), (1, 2, 1, 3)),
        (lambda x: ops.squeeze(ops.expand_dims(x, 1), 1), (2, 3)),
        (lambda x: ops.stack([x, x, x], axis=1), (3, 2, 3)),
        (lambda x: ops.stack([x, x], axis=-1), (2, 3, 2)),
        (lambda x: ops.concatenate([x, x], axis=-1), (2, 6)),
        (lambda x: ops.split(x, 3, axis=2)[1], (2, 1)),
        (lambda x: ops.split(x, [1], axis=2)[1], (2, 2)),
        (lambda x: ops.unstack(x, axis=1)[0], (3,)),
        (lambda x: ops.repeat(x, 2, axis=1), (4, 3)),
        (lambda x: ops.tile(x, (1, 2, 3)), (4, 9)),
        (lambda x: ops.tile(x, 2), (2, 6)),
        (lambda x: ops.broadcast_to(x, (None, 2, 3)), (2, 3)),
        (lambda x: ops.flip(x, axis=1), (2, 3)),
        (lambda x: ops.pad(x, [(0, 0), (1, 2), (0, 0)]), (5, 3)),
        (lambda x: ops.take(x, [0, 0, 1, 1], axis=1), (4, 3)),
        (lambda x: ops.take([[1.0, 2.0]] * 5, ops.cast(x, "int32"), axis=0), (2, 3, 2)),
        (lambda x: ops.where(x, x, 0.0), (2, 3)),
        (lambda x: ops.cast(x, "float16"), (2, 3)),
        (lambda x: ops.get_item(x, (slice(None), 1)), (3,)),
        (lambda x: ops.get_item(x, (slice(None), -1, slice(1, None))), (2,)),
        (lambda x: ops.get_item(x, (..., None, slice(None, None, 2))), (2, 1, 2)),
        (lambda x: ops.get_item(x, (slice(None), slice(None), slice(None, None, -1))), (2, 3)),
    ],
)
def test_moving_elements_computes_nothing(call: Any, shape: Any) -> None:
    assert counts(call, (2, 3)) == dict.fromkeys(c.TALLIED, 0)
    assert call(Input((2, 3))).shape == shape


def test_resize_is_the_layer() -> None:
    from modelcost.layers import Resizing

    x = Input((8, 8, 3))
    facts, layer = ops.resize(x, (16, 16)).call.facts, Resizing(16, 16)(x).call.facts
    assert {name: facts.column(name) for name in c.TALLIED} == {name: layer.column(name) for name in c.TALLIED}


# Operators of Python.


def test_python_writes_operations() -> None:
    x = Input((8, 4))
    y = -((abs(x) * 2 + 1 - x / 3) ** 2) % 5 // 2
    assert y.shape == (8, 4)
    assert (x @ ops.transpose(x, (0, 2, 1)))[:, 0, 1:].shape == (7,)
    assert ((x > 1).call.layer, (2 - x).call.layer)[0].name is None
    kinds = [type(one.call.layer).__name__ for one in (x < 1, x <= 1, x > 1, x >= 1, 1 / x, 2**x, 1 - x)]
    assert kinds == ["Less", "LessEqual", "Greater", "GreaterEqual", "TrueDivide", "Power", "Subtract"]
    with pytest.raises(TypeError):
        iter(x)
    array = pytest.importorskip("numpy").ones((8, 4))
    assert (array * x).shape == (x + array).shape == (8, 4)


# A cost is that of one example.


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda x: ops.sum(x), "without axis="),
        (lambda x: ops.sum(x, axis=0), "axis 0 is the batch"),
        (lambda x: ops.mean(x, axis=3), "an axis must be one of"),
        (lambda x: ops.mean(x, axis="x"), "axis must be"),
        (lambda x: ops.transpose(x), "begin with 0, the batch"),
        (lambda x: ops.transpose(x, (1, 0, 2)), "begin with 0, the batch"),
        (lambda x: ops.reshape(x, (-1, 3)), "hold all elements"),
        (lambda x: ops.reshape(x, (2, -1)), "begin with -1, for the batch"),
        (lambda x: ops.squeeze(x), "name the axes"),
        (lambda x: ops.squeeze(x, 1), "must have length 1"),
        (lambda x: ops.expand_dims(x, 0), "0 is the batch"),
        (lambda x: ops.concatenate([x, x]), "axis 0 is the batch"),
        (lambda x: ops.concatenate([x, [[1.0]]], axis=1), "has no batch"),
        (lambda x: ops.concatenate(x, axis=1), "must be a list"),
        (lambda x: ops.concatenate([], axis=1), "must be a list"),
        (lambda x: ops.stack([x, ops.squeeze(ops.expand_dims(x, 1), 1), Input((3, 2))], axis=1), "must be equal"),
        (lambda x: ops.split(x, 2, axis=2), "parts must be equal"),
        (lambda x: ops.split(x, 0, axis=2), "at least 1 part"),
        (lambda x: ops.get_item(x, 0), "it is the batch"),
        (lambda x: ops.get_item(x, (slice(1, None),)), "it is the batch"),
        (lambda x: ops.get_item(x, (slice(None), 2)), "an axis of 2 has no place 2"),
        (lambda x: ops.get_item(x, (slice(None), slice(2, None))), "is empty"),
        (lambda x: ops.get_item(x, (slice(None), 0, 0, 0)), "has no part"),
        (lambda x: ops.get_item(x, (slice(None), "a")), "whole numbers and slices"),
        (lambda x: ops.get_item(x, (slice(None), slice(None, None, 0))), "step of at least 1"),
        (lambda x: ops.tile(x, (2, 1, 1)), "1 for the batch"),
        (lambda x: ops.pad(x, [(1, 0), (0, 0), (0, 0)]), "with 0"),
        (lambda x: ops.broadcast_to(x, (5, 2, 3)), "begin with None"),
        (lambda x: ops.take(x, x, axis=1), "only a constant can say"),
        (lambda x: ops.matmul(x, x), "must agree"),
        (lambda x: ops.matmul(x, Input((3,))), "would meet with the batch"),
        (lambda x: ops.add(x, Input((3,))), "would meet with the batch"),
        (lambda x: ops.add(x, Input((2, 4))), "must have equal lengths"),
        (lambda x: ops.add(x, [[[1.0] * 3] * 2] * 5), "other numbers for each example"),
        (lambda x: ops.add(x, [[1.0], [1.0, 2.0]]), "rows of equal length"),
        (lambda x: ops.add(x, "a"), "must be a number"),
        (lambda x: ops.add(1, 2), "must have a tensor"),
        (lambda x: ops.add(x), "needs x2"),
        (lambda x: ops.einsum("bij,bjk->bik", x, x), "must be one length"),
        (lambda x: ops.einsum("bij,cjk->ik", x, Input((3, 2))), "the batch must be one letter"),
        (lambda x: ops.einsum("bij->bijk", x), "does not go in"),
        (lambda x: ops.einsum("bii->bi", x), "only once"),
        (lambda x: ops.einsum("nonsense", x), "must be letters"),
        (lambda x: ops.einsum("bij,bij,bij->b", x, x, x), "write it as several over two"),
        (lambda x: ops.einsum("bi,bij->bj", x, x), "as many letters as axes"),
        (lambda x: ops.norm(x, ord=1, axis=1), "only the Euclidean"),
        (lambda x: ops.normalize(x, order=1), "only order=2"),
        (lambda x: ops.softmax(x, axis=None), "without axis="),
    ],
)
def test_what_an_operation_cannot_be(call: Any, words: str) -> None:
    with pytest.raises(ModelCostError, match=words):
        call(Input((2, 3)))


def test_an_unknown_operation_suggests_others() -> None:
    with pytest.raises(UnknownNameError, match="did you mean Reshape"):
        operation("Reshapes")
    with pytest.raises(AttributeError, match="no operation 'nothing'"):
        ops.nothing  # noqa: B018


def test_every_operation_is_where_the_index_says() -> None:
    assert len(names()) == len(set(names()))
    for family, listed in OPERATIONS.items():
        for name in listed.split():
            found = operation(name)
            assert issubclass(found, Operation)
            assert found.__module__ == f"modelcost.layers.{family}"
            assert found.__doc__


def test_a_model_with_operations_is_pickled() -> None:
    import pickle

    x = Input((3,))
    model = Model(x, ops.any(ops.add(ops.relu(x), 1), axis=1))
    again = pickle.loads(pickle.dumps(model))
    assert [entry.type for entry in again.entries()] == [entry.type for entry in model.entries()]


def test_sizes_that_are_not_known_stay_formulas() -> None:
    x = Input((None, 4))
    y = ops.concatenate([x, ops.get_item(x, (slice(None), slice(1, None)))], axis=1)
    assert ops.mean(y, axis=1).shape == (4,)
    assert y.shape[0].rebind(steps=10) == 19
    with pytest.raises(SizeError):
        y.shape[0].rebind(steps=1)


# Real Keras.


def our_shape(shape: Any) -> tuple[int | None, ...]:
    return tuple(None if isinstance(size, Expression) else int(size) for size in shape)


CALLS: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("reshape", ((-1, 12),), {}),
    ("reshape", ((-1, 2, 2, 3),), {}),
    ("transpose", ((0, 2, 1),), {}),
    ("swapaxes", (1, 2), {}),
    ("expand_dims", (1,), {}),
    ("expand_dims", (-1,), {}),
    ("flip", (), {"axis": 1}),
    ("repeat", (3,), {"axis": 2}),
    ("tile", ((1, 2, 2),), {}),
    ("tile", ((2,),), {}),
    ("pad", ([(0, 0), (1, 1), (2, 0)],), {}),
    ("softmax", (), {"axis": 1}),
    ("log_softmax", (), {}),
    ("gelu", (), {}),
    ("leaky_relu", (), {}),
    ("elu", (), {}),
    ("celu", (), {}),
    ("clip", (0.0, 1.0), {}),
    ("round", (), {}),
    ("sum", (), {"axis": (1, 2)}),
    ("mean", (), {"axis": -1, "keepdims": True}),
    ("logsumexp", (), {"axis": 1}),
    ("argmax", (), {"axis": -1}),
    ("std", (), {"axis": 2}),
    ("cumsum", (), {"axis": 1}),
    ("normalize", (), {}),
    ("norm", (), {"axis": 2}),
    ("cast", ("float16",), {}),
    ("square", (), {}),
    ("take", ([1, 0, 1],), {"axis": 2}),
    ("split", (2,), {"axis": 1}),
    ("split", ([1, 3],), {"axis": 1}),
    ("unstack", (), {"axis": 2}),
    ("any", (), {"axis": 1}),
    ("squareplus", (), {}),
]


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "args", "kwargs"), CALLS, ids=lambda value: str(value)[:30])
def test_shapes_are_keras_shapes(name: str, args: Any, kwargs: Any) -> None:
    keras = pytest.importorskip("keras")
    ours = getattr(ops, name)(Input((4, 3)), *args, **kwargs)
    theirs = getattr(keras.ops, name)(keras.Input((4, 3)), *args, **kwargs)
    mine, real = (value if isinstance(value, list | tuple) else [value] for value in (ours, theirs))
    assert [our_shape(one.shape) for one in mine] == [tuple(one.shape)[1:] for one in real]


@pytest.mark.keras
def test_parts_of_a_tensor_are_keras_parts() -> None:
    keras = pytest.importorskip("keras")
    rng = random.Random(7)
    x, real = Input((5, 4, 3)), keras.Input((5, 4, 3))

    def place(size: int) -> Any:
        start, stop = rng.choice([None, *range(-size, size)]), rng.choice([None, *range(-size - 1, size + 2)])
        return rng.choice([rng.randrange(-size, size), slice(start, stop, rng.choice([None, 1, 2])), slice(None)])

    tried = 0
    while tried < 300:
        key: list[Any] = [slice(None), *(place(size) for size in (5, 4, 3)[: rng.randint(0, 3)])]
        if rng.random() < 0.3:
            key.insert(rng.randint(1, len(key)), rng.choice([None, ...]))
        try:
            theirs = tuple(real[tuple(key)].shape)[1:]
        except ValueError:
            theirs = (0,)
        if 0 in theirs:
            with pytest.raises(SizeError):
                ops.get_item(x, tuple(key))
        else:
            assert ops.get_item(x, tuple(key)).shape == theirs, key
        tried += 1
