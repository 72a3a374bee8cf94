"""Gradients of embeddings in memory: rows where they stay such, held against what TensorFlow's tape gives."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import modelcost as mc
from modelcost import layers as L  # noqa: N812
from modelcost.memory import Memory

if TYPE_CHECKING:
    from collections.abc import Callable

N = 3


def looked_up(*dtypes: str, **more: Any) -> mc.Model:
    """A table of 100 rows of 4 that is read once for each dtype: at 10 places, at 11, and so on."""
    table = L.Embedding(100, 4, **more)
    inputs = [L.Input((10 + i,), dtype=dtype) for i, dtype in enumerate(dtypes)]
    return mc.Model(inputs, [table(one) for one in inputs])


def reversible(tied: bool, there: bool = True, back: bool = True) -> mc.Model:
    """Words that are looked up, turned back, or both."""
    table = L.ReversibleEmbedding(100, 4, tie_weights=tied)
    x = L.Input((10,), dtype="int32") if there else L.Input((10, 4))
    hidden = table(x) if there else x
    return mc.Model(x, table(hidden, reverse=True) if back else hidden)


ROW = 4 * 4
CASES: dict[str, tuple[Callable[[], mc.Model], int]] = {
    "int32": (lambda: looked_up("int32"), N * 10 * (ROW + 4)),
    "int64": (lambda: looked_up("int64"), N * 10 * (ROW + 8)),
    "float32": (lambda: looked_up("float32"), N * 10 * (ROW + 4)),
    "two": (lambda: looked_up("int32", "int32"), N * 21 * (ROW + 4)),
    "two_dtypes": (lambda: looked_up("int32", "int64"), N * 21 * (ROW + 8)),
    "penalized": (lambda: looked_up("int32", embeddings_regularizer="l2"), 100 * ROW),
    "tied": (lambda: reversible(True), 100 * ROW),
    "tied_there": (lambda: reversible(True, back=False), N * 10 * (ROW + 4)),
    "tied_back": (lambda: reversible(True, there=False), 100 * ROW),
    "reshaped": (lambda: reshaped(), N * 6 * (ROW + 8)),
    "without_gradient": (lambda: without_gradient(), N * 10 * (ROW + 4)),
    "untied": (lambda: reversible(False), N * 10 * (ROW + 4) + 100 * ROW),
    "untied_there": (lambda: reversible(False, back=False), N * 10 * (ROW + 4)),
    "untied_back": (lambda: reversible(False, there=False), 100 * ROW),
}


@pytest.mark.parametrize("name", CASES)
def test_rows_alone_are_counted_where_nothing_makes_the_gradient_whole(name: str) -> None:
    model, expected = CASES[name][0](), CASES[name][1]
    assert Memory(model, batch=N, optimizer="adam").gradient_bytes == expected


def of_tape(model: mc.Model) -> int:
    """The bytes of what TensorFlow's tape gives for the weights of a model's twin."""
    tf = pytest.importorskip("tensorflow")
    from modelcost.verification import twins

    twin = twins.twin_of(model)
    xs = [tf.zeros((N, *one.shape[1:]), one.dtype) for one in twin.inputs]
    with tf.GradientTape() as tape:
        given = twin(xs if len(xs) > 1 else xs[0])
        given = given if isinstance(given, (list, tuple)) else [given]
        loss = tf.add_n([*(tf.reduce_sum(one * one) for one in given if one.dtype.is_floating), *twin.losses])
    parts: list[Any] = []
    for one in tape.gradient(loss, twin.trainable_variables):
        if one is not None:
            parts += [one.values, one.indices] if isinstance(one, tf.IndexedSlices) else [one]
    return sum(int(one.numpy().nbytes) for one in parts)


@pytest.mark.keras
@pytest.mark.parametrize("name", CASES)
def test_tensorflow_s_tape_gives_as_many_bytes(name: str) -> None:
    model = CASES[name][0]()
    assert Memory(model, batch=N, optimizer="sgd").gradient_bytes == of_tape(model)


def test_rows_stay_float32_under_mixed_precision_and_no_table_is_cast() -> None:
    memory = Memory(looked_up("int32"), batch=N, optimizer="sgd", dtype="mixed_float16")
    assert memory.gradient_bytes == N * 10 * (ROW + 4)
    assert all(one["kind"] != "cast" for one in memory.tensors("training"))
    tensors = [one for one in memory.tensors("training") if one["kind"] != "workspace"]
    rows = [one["bytes"] for one in tensors if one["name"] == "embedding"]
    assert sorted(rows) == [N * 10 * 4 * 2, N * 10 * ROW, N * 10 * ROW]  # given, looked up, the gradient


def test_a_compiler_has_the_whole_table() -> None:
    assert Memory(looked_up("int32"), batch=N, optimizer="sgd", runtime="xla").gradient_bytes == 100 * ROW


def test_the_plan_holds_no_table_but_the_weight_itself_unless_there_are_slots() -> None:
    memory = Memory(looked_up("int32"), batch=N, optimizer="sgd", runtime="plain")
    tensors = memory.tensors("training")
    whole = [one for one in tensors if one["bytes"] >= 100 * ROW]
    assert [one["kind"] for one in whole] == ["parameter"]
    # weight, words, what came out, its gradient, the gradient times the rate; and the optimizer's own numbers
    assert memory.peak_training_bytes == 100 * ROW + N * 10 * 4 + 12 + 2 * N * 10 * ROW
    adam = memory.but(optimizer="adam").tensors("training")
    assert [one["bytes"] for one in adam if one["kind"] == "workspace"] == [100 * ROW] * 2


def test_rows_of_several_calls_stand_one_after_the_other_with_their_numbers() -> None:
    memory = Memory(looked_up("int32", "int64"), batch=N, optimizer="sgd", runtime="plain")
    joined = [one["bytes"] for one in memory.tensors("training") if one["kind"] == "weight gradient"]
    assert joined == [N * 21 * ROW, N * 21 * 8]
    penalized = Memory(looked_up("int32", "int32", embeddings_regularizer="l2"), batch=N, optimizer="sgd")
    bytes_of = {one["bytes"] for one in penalized.tensors("training") if one["kind"] == "weight gradient"}
    assert bytes_of == {100 * ROW}


def test_weights_whose_rows_have_one_gradient_are_both_updated() -> None:
    inputs = [L.Input((10,), dtype="int32") for _ in range(2)]
    model = mc.Model(inputs, L.Add()([L.Embedding(100, 4)(one) for one in inputs]))
    steps = Memory(model, optimizer="adam").training.steps
    updated = [step.name for step in steps if step.phase == "optimizer"]
    assert sorted(updated) == ["embedding/embeddings", "embedding_1/embeddings"]


def test_table_json_and_working_agree() -> None:
    report = mc.cost(looked_up("int32"), batch=N, optimizer="adam", memory=True)
    assert json.loads(report.to_json())["memory"]["gradient_bytes"] == 600
    assert report.memory.gradient_bytes.numbers() == "3*10*4*4 + 3*10*4"
    assert "N*T*E*bytes + N*T*index_bytes = 3*10*4*4 + 3*10*4 = 600" in str(report.explain("embedding"))


def reshaped() -> mc.Model:
    x = L.Input((6,), dtype="int64")
    return mc.Model(x, L.Embedding(100, 4)(L.Reshape((2, 3))(x)))


def without_gradient() -> mc.Model:
    """A table that is read twice; of what the second call gives only the places of the largest come out."""
    table, one, other = L.Embedding(100, 4), L.Input((10,), dtype="int32"), L.Input((7,), dtype="int32")
    return mc.Model([one, other], [table(one), mc.ops.argmax(table(other), axis=-1)])
