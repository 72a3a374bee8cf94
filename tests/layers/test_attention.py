"""Attention, against loops over counting numbers, against Keras, and against what TensorFlow's profiler counts."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelcost.count import Expression
from modelcost.errors import ModelCostError
from modelcost.layers import (
    AdditiveAttention,
    Attention,
    Dropout,
    GroupQueryAttention,
    Input,
    MultiHeadAttention,
)
from modelcost.layers.input import InputLayer
from tests.counted import Num, Tally, dot, exp, largest, log, numbers, same_counts, sigmoid, summed, tanh

Row = list[Num]
small = st.integers(1, 3)


def softmax(row: Row) -> Row:
    top = largest(row)
    shares = [exp(x - top) for x in row]
    total = summed(shares)
    return [x / total for x in shares]


def projected(tally: Tally, rows: list[Row], out: int, bias: bool) -> list[Row]:
    kernel, biases = numbers(tally, (out, len(rows[0]))), numbers(tally, (out,))
    made = [[dot(row, column) for column in kernel] for row in rows]
    return [[x + b for x, b in zip(row, biases, strict=True)] for row in made] if bias else made


def attended(query: list[Row], key: list[Row], value: list[Row], scale: float, fused: bool) -> list[Row]:
    """One head: scores, softmax, the values mixed by it."""
    if not fused:
        query = [[x * scale for x in row] for row in query]
    out = []
    for q in query:
        scores = [dot(q, k) for k in key]
        shares = softmax([s * scale for s in scores] if fused else scores)
        out.append([dot(shares, column) for column in zip(*value, strict=True)])
    return out


def several_heads(tally: Tally, sizes: dict[str, Any], per_key_head: int = 1) -> None:
    t, s, c, heads, d, dv = (sizes[name] for name in ("t", "s", "c", "heads", "d", "dv"))
    bias = sizes["bias"]
    query, key, value = numbers(tally, (t, c)), numbers(tally, (s, sizes["ck"])), numbers(tally, (s, sizes["cv"]))
    keys = [(projected(tally, key, d, bias), projected(tally, value, dv, bias)) for _ in range(heads // per_key_head)]
    mixed: list[Row] = [[] for _ in range(t)]
    for head in range(heads):
        k, v = keys[head // per_key_head]
        q = projected(tally, query, d, bias)
        rows = attended(q, k, v, d**-0.5, sizes["fused"])
        if sizes["gate"]:
            gates = [[sigmoid(x) for x in row] for row in projected(tally, query, dv, bias)]
            rows = [[x * g for x, g in zip(row, gate, strict=True)] for row, gate in zip(rows, gates, strict=True)]
        mixed = [before + row for before, row in zip(mixed, rows, strict=True)]
    projected(tally, mixed, sizes["out"], bias)


@settings(max_examples=40, deadline=None)
@given(
    t=small, s=small, c=small, ck=small, cv=small, heads=small, d=small, dv=small, out=small,
    bias=st.booleans(), gate=st.booleans(), fused=st.booleans(), causal=st.booleans(),
)  # fmt: skip
def test_several_heads_do_what_the_loops_do(causal: bool, **sizes: Any) -> None:
    tally = Tally()
    several_heads(tally, sizes)
    layer = MultiHeadAttention(
        sizes["heads"], sizes["d"], sizes["dv"], 0.0 if sizes["fused"] else 0.5, sizes["bias"], sizes["out"],
        use_gate=sizes["gate"],
    )  # fmt: skip
    shapes = ((sizes["t"], sizes["c"]), (sizes["s"], sizes["cv"]), (sizes["s"], sizes["ck"]))
    same_counts(layer, tally, *shapes, use_causal_mask=causal)


@settings(max_examples=30, deadline=None)
@given(
    t=small, s=small, c=small, ck=small, key_heads=small, per=small, d=small,
    bias=st.booleans(), gate=st.booleans(), fused=st.booleans(),
)  # fmt: skip
def test_grouped_heads_do_what_the_loops_do(key_heads: int, per: int, **sizes: Any) -> None:
    tally = Tally()
    sizes |= {"heads": key_heads * per, "cv": sizes["c"], "dv": sizes["d"], "out": sizes["c"]}
    several_heads(tally, sizes, per)
    layer = GroupQueryAttention(sizes["d"], key_heads * per, key_heads, use_bias=sizes["bias"], use_gate=sizes["gate"])
    shapes = ((sizes["t"], sizes["c"]), (sizes["s"], sizes["c"]), (sizes["s"], sizes["ck"]))
    same_counts(layer, tally, *shapes, return_attention_scores=not sizes["fused"])


@settings(max_examples=40, deadline=None)
@given(
    lead=st.integers(0, 2), t=small, s=small, c=small, cv=small, scaled=st.booleans(),
    mode=st.sampled_from(["dot", "concat", "additive"]), causal=st.booleans(),
)  # fmt: skip
def test_attention_without_heads_does_what_the_loops_do(
    lead: int, t: int, s: int, c: int, cv: int, scaled: bool, mode: str, causal: bool
) -> None:
    tally = Tally()
    scale = numbers(tally, ())
    for _ in range(max(lead, 1)):
        query, value, key = numbers(tally, (t, c)), numbers(tally, (s, cv)), numbers(tally, (s, c))
        for q in query:
            scores = [_score(q, k, scale, scaled, mode) for k in key]
            shares = softmax([x - 1e9 for x in scores] if causal else scores)
            for column in zip(*value, strict=True):
                dot(shares, column)
    layer = AdditiveAttention(scaled) if mode == "additive" else Attention(scaled, mode)
    shapes = [((lead,) if lead else ()) + shape for shape in ((t, c), (s, cv), (s, c))]
    same_counts(layer, tally, *shapes, use_causal_mask=causal)


def _score(q: Row, k: Row, scale: Num, scaled: bool, mode: str) -> Num:
    if mode == "dot":
        return dot(q, k) * scale if scaled else dot(q, k)
    pairs = [a + b for a, b in zip(q, k, strict=True)]
    if mode == "additive":
        return summed([scale * tanh(x) for x in pairs])
    return scale * summed([tanh(scale * x if scaled else x) for x in pairs])


def test_attention_over_two_axes_uses_the_logarithm_as_keras_does() -> None:
    """Over several axes Keras's softmax is exp(x - log(sum(exp(x))))."""
    tally, (h, w, c, heads, d) = Tally(), (2, 3, 2, 2, 2)
    x = numbers(tally, (h * w, c))
    mixed: list[Row] = [[] for _ in x]
    for _ in range(heads):
        q, k, v = (projected(tally, x, d, True) for _ in range(3))
        q = [[a * 0.7 for a in row] for row in q]
        for i, row in enumerate(q):
            scores = [dot(row, other) for other in k]
            top = largest(scores)
            finite = abs(top)
            total = log(summed([exp(s - finite) for s in scores])) + top
            shares = [exp(s - total) for s in scores]
            mixed[i] += [dot(shares, column) for column in zip(*v, strict=True)]
    projected(tally, mixed, c, True)
    same_counts(MultiHeadAttention(heads, d), tally, (h, w, c), (h, w, c))


def test_attention_over_one_of_two_axes_leaves_the_other_alone() -> None:
    layer = MultiHeadAttention(2, 3, attention_axes=2)
    alone = MultiHeadAttention(2, 3).costed(((4, 5), (4, 5)), {"return_attention_scores": True})
    facts = layer.costed(((6, 4, 5), (6, 4, 5)), {"return_attention_scores": True})
    assert [tuple(one.shape) for one in facts.outputs] == [(6, 4, 5), (6, 2, 4, 4)]
    for column in ("multiplies", "adds", "divisions", "comparisons", "transcendentals"):
        assert facts.column(column)[0] == 6 * alone.column(column)[0]
    same = MultiHeadAttention(2, 3, attention_axes=-2).costed(((6, 4, 5), (6, 4, 5)))
    assert same.column("macs") == facts.column("macs")


def test_self_attention_counted_by_hand() -> None:
    """GPT-2's first block on 1024 tokens: four projections of 768 to 768, and two products of 1024x1024x64 a head."""
    facts = MultiHeadAttention(12, 64).costed(((1024, 768), (1024, 768)))
    assert facts.params() == 4 * (768 * 768 + 768)
    assert facts.column("macs")[0] == 4 * 1024 * 768 * 768 + 2 * 12 * 1024 * 1024 * 64
    assert facts.column("macs", frozenset(["scores"]))[0].formula() == "A*T*T*d_k"


def test_masks_come_by_name_and_are_no_keys() -> None:
    x, y, mask = Input((4, 6)), Input((5, 3)), Input((4, 5), dtype="bool")
    layer = MultiHeadAttention(2, 3)
    assert layer(x, y, attention_mask=mask).shape == (4, 6)
    assert layer(query=x, value=y, key=y).call.facts.params() == layer(x, y).call.facts.params()
    masked = layer(x, y, attention_mask=mask).call
    assert masked.facts.params() == layer(x, y).call.facts.params()
    assert [tensor.shape for tensor in masked.uncounted] == [(4, 5)]  # so that what makes it belongs to the model


def test_steps_that_are_not_known_stay_a_letter() -> None:
    x = InputLayer((None, 8)).costed(()).outputs[0].shape
    for layer in (MultiHeadAttention(2, 3), GroupQueryAttention(3, 2, 1), Attention(), AdditiveAttention()):
        figure = layer.costed((x, x)).column("adds")[0]
        assert isinstance(figure, Expression)
        assert figure.rebind(steps=7) == layer.costed(((7, 8), (7, 8))).column("adds")[0]


@pytest.mark.parametrize("layer", [MultiHeadAttention(2, 3, dropout=0.1), Attention(dropout=0.1)], ids=repr)
def test_dropout_meets_every_score_in_training(layer: Any) -> None:
    scores = (2, 4, 5) if isinstance(layer, MultiHeadAttention) else (4, 5)
    dropped = [str(work) for work in Dropout(0.1).costed((scores,)).works]
    works = [work for work in layer.costed(((4, 6), (5, 6))).works if work.phase == "training"]
    assert len(works) == len(dropped)
    assert {work.part for work in works} == {"dropout"}
    assert sum(w.times for w in works if w.primitive.kind == "compare") == int(len(scores) == 3) * 20 + 20


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: MultiHeadAttention(0, 3), "num_heads must be at least 1"),
        (lambda: MultiHeadAttention(2, 3, value_dim=-1), "value_dim must be at least 1"),
        (lambda: MultiHeadAttention(2, 3, output_shape=(4, 0)), "output_shape must be at least 1"),
        (lambda: MultiHeadAttention(2, 3, flash_attention=True), "flash_attention would change"),
        (lambda: MultiHeadAttention(2, 3, sliding_window=0), "sliding_window must be at least 1"),
        (lambda: MultiHeadAttention(2, 3).costed(((4, 5),)), "expected 2 or 3 inputs: query, value, key"),
        (lambda: MultiHeadAttention(2, 3).costed(((4, 5), (7, 6), (8, 6))), "agree do not: 7, 8"),
        (lambda: MultiHeadAttention(2, 3).costed(((3, 4, 5), (4, 5))), "equally many axes"),
        (lambda: MultiHeadAttention(2, 3).costed(((5,), (5,))), "at least 2"),
        (lambda: MultiHeadAttention(2, 3, attention_axes=0).costed(((4, 5), (4, 5))), "axis 0 is the batch"),
        (lambda: MultiHeadAttention(2, 3, attention_axes=2).costed(((4, 5), (4, 5))), "axes of steps"),
        (lambda: MultiHeadAttention(2, 3, attention_axes="T").costed(((4, 5), (4, 5))), "must be an axis or several"),
        (lambda: MultiHeadAttention(2, 3, attention_axes=2).costed(((6, 4, 5), (7, 4, 5))), "agree do not: 6, 7"),
        (lambda: GroupQueryAttention(3, 4, 3), "num_key_value_heads must divide num_query_heads"),
        (lambda: GroupQueryAttention(3, 2, 2).costed(((4, 5), (7, 6))), "agree do not: 5, 6"),
        (lambda: GroupQueryAttention(3, 2, 2).costed(((2, 4, 5), (2, 4, 5))), r"expected 2 axes \(T, C\)"),
        (lambda: Attention(score_mode="cosine"), "unknown score_mode 'cosine'"),
        (lambda: Attention().costed(((4, 5), (7, 6))), "agree do not: 5, 6"),
        (lambda: Attention().costed(((4, 5), (7, 5), (8, 5))), "agree do not: 7, 8"),
        (lambda: Attention().costed(((4, 5),)), "expected 2 or 3 inputs"),
        (lambda: AdditiveAttention(dropout=2), "from 0 to 1"),
    ],
)
def test_what_cannot_be_is_refused(make: Any, says: str) -> None:
    with pytest.raises(ModelCostError, match=says):
        make()


@pytest.mark.keras
@pytest.mark.parametrize(
    ("layer", "shapes"),
    [
        (MultiHeadAttention(2, 3), ((4, 5), (4, 5))),
        (MultiHeadAttention(2, 3), ((None, 5), (None, 5))),
        (MultiHeadAttention(2, 3, 4, use_bias=False), ((4, 5), (7, 6), (7, 2))),
        (MultiHeadAttention(2, 3, output_shape=(2, 7), use_gate=True), ((4, 5), (7, 6))),
        (MultiHeadAttention(2, 3, attention_axes=(1, 2), sliding_window=2), ((3, 4, 5), (3, 4, 5))),
        (Attention(), ((4, 5), (7, 5))),
        (Attention(True, "concat"), ((4, 5), (7, 6), (7, 5))),
        (AdditiveAttention(), ((4, 5), (7, 5))),
        (AdditiveAttention(False), ((2, 4, 5), (2, 7, 5))),
    ],
    ids=repr,
)
def test_shapes_and_weights_are_those_of_keras(layer: Any, shapes: tuple[tuple[int, ...], ...]) -> None:
    from tests.keras_oracle import assert_like_keras

    assert_like_keras(layer, *shapes)
    if shapes[0][-2] == shapes[1][-2] is not None and len(shapes[0]) == 2:
        assert_like_keras(layer, *shapes, return_attention_scores=True)


@pytest.mark.keras
@pytest.mark.parametrize(
    ("layer", "shapes", "call"),
    [
        (MultiHeadAttention(2, 3), ((4, 5), (7, 6)), {}),
        (MultiHeadAttention(2, 3, dropout=0.1), ((4, 5), (7, 6)), {"use_causal_mask": True}),
        (MultiHeadAttention(2, 3, 4, use_gate=True), ((4, 5), (4, 5)), {"return_attention_scores": True}),
        (MultiHeadAttention(2, 3, attention_axes=(2,)), ((2, 4, 5), (2, 4, 5)), {}),
        (Attention(True), ((4, 5), (7, 5)), {"use_causal_mask": True}),
        (Attention(True, "concat"), ((4, 5), (7, 5)), {}),
        (AdditiveAttention(False), ((4, 5), (7, 5)), {}),
    ],
    ids=repr,
)
def test_steps_are_those_of_the_traced_graph(layer: Any, shapes: Any, call: dict[str, Any]) -> None:
    """All but the softmax, which is one op of TensorFlow's."""
    from tests.traced import primitives, traced

    assert primitives(layer, shapes, call, leave_out="softmax") == traced(layer, shapes, call)


@pytest.mark.keras
@pytest.mark.parametrize("gate", [True, False])
def test_grouped_heads_are_those_of_keras(gate: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keras exports GroupedQueryAttention, the name that its layers and configs bear, as GroupQueryAttention."""
    from tests.keras_oracle import assert_like_keras, keras

    layers = keras().layers
    monkeypatch.setattr(layers, "GroupedQueryAttention", layers.GroupQueryAttention, raising=False)
    assert_like_keras(GroupQueryAttention(3, 4, 2, use_gate=gate), (4, 5), (7, 5), return_attention_scores=True)


@pytest.mark.keras
@pytest.mark.parametrize(
    "make",
    [
        lambda layers: layers.MultiHeadAttention(0, 3),
        lambda layers: layers.MultiHeadAttention(2, 3)(*(layers.Input(s) for s in ((4, 5), (7, 6), (8, 6)))),
        lambda layers: layers.MultiHeadAttention(2, 3, dropout=1.5)(layers.Input((4, 5)), layers.Input((4, 5))),
        lambda layers: layers.MultiHeadAttention(2, 3, sliding_window=0),
        lambda layers: layers.GroupQueryAttention(3, 4, 3),
        lambda layers: layers.GroupQueryAttention(3, 2, 2)(layers.Input((4, 5)), layers.Input((7, 6))),
        lambda layers: layers.Attention(score_mode="cosine"),
        lambda layers: layers.Attention()([layers.Input((4, 5))]),
    ],
)
def test_keras_refuses_the_same(make: Any) -> None:
    from tests.keras_oracle import assert_refused_like_keras

    assert_refused_like_keras(make)
