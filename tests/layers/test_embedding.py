"""Embeddings and masks, against loops over counting numbers and against Keras."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelcost.errors import ModelCostError
from modelcost.layers import ClassToken, Embedding, Input, Masking, PositionEmbedding, ReversibleEmbedding
from modelcost.layers.input import InputLayer
from modelcost.model import Model
from tests.counted import Tally, dot, numbers, same_counts, tanh

small = st.integers(1, 5)


@given(t=small, v=small, e=small)
def test_looking_up_computes_nothing(t: int, v: int, e: int) -> None:
    same_counts(Embedding(v, e), Tally(), (t,))
    facts = Embedding(v, e, mask_zero=True).costed(((t,),))
    assert tuple(facts.outputs[0].shape) == (t, e)
    assert facts.params() == v * e
    assert [(work.primitive.kind, work.times) for work in facts.works] == [("gather", t * e)]


@settings(max_examples=25, deadline=None)
@given(t=small, v=small, e=small, tied=st.booleans(), cap=st.sampled_from([None, 30.0]))
def test_turning_back_does_what_the_loop_does(t: int, v: int, e: int, tied: bool, cap: float | None) -> None:
    tally = Tally()
    x, table = numbers(tally, (t, e)), numbers(tally, (v, e))
    for row in x:
        for word in table:
            logit = dot(row, word)
            if cap is not None:
                tanh(logit / cap) * cap
    same_counts(ReversibleEmbedding(v, e, tied, logit_soft_cap=cap), tally, (t, e), reverse=True)


@settings(max_examples=20, deadline=None)
@given(t=small, e=small, more=small)
def test_positions_are_added_step_by_step(t: int, e: int, more: int) -> None:
    tally = Tally()
    x, places = numbers(tally, (t, e)), numbers(tally, (t + more, e))
    for row, place in zip(x, places, strict=False):
        for a, b in zip(row, place, strict=True):
            a + b
    same_counts(PositionEmbedding(t + more), tally, (t, e))


@settings(max_examples=20, deadline=None)
@given(t=small, c=small)
def test_masking_compares_every_element(t: int, c: int) -> None:
    tally = Tally()
    for row in numbers(tally, (t, c)):
        for x in row:
            assert not x < 0  # stands for `!=`, which a Num does not count
    same_counts(Masking(), tally, (t, c))


def test_a_class_token_is_one_step_more() -> None:
    facts = ClassToken().costed(((3, 4),))
    assert tuple(facts.outputs[0].shape) == (4, 4)
    assert facts.params() == 4
    same_counts(ClassToken(), Tally(), (3, 4))


def test_tied_weights_are_there_once() -> None:
    tokens = Input((6,), dtype="int32")
    embedding = ReversibleEmbedding(50, 8)
    model = Model(tokens, embedding(embedding(tokens), reverse=True))
    there, back = model.entries()[1:]
    assert (there.name, back.name) == ("reversible_embedding", "reversible_embedding:2")
    assert there.facts.params() == back.facts.params() == 400
    assert (there.owns_weights, back.owns_weights) == (True, False)
    assert back.facts.column("macs")[0] == 6 * 50 * 8


def test_both_calls_of_an_untied_embedding_have_both_weights() -> None:
    embedding = ReversibleEmbedding(5, 3, tie_weights=False)
    there, back = embedding.costed(((4,),)), embedding.costed(((4, 3),), {"reverse": True})
    assert there.params() == back.params() == 2 * 15


def test_positions_for_steps_that_are_not_known_are_checked_when_they_are() -> None:
    x = InputLayer((None, 8)).costed(()).outputs[0].shape
    adds = PositionEmbedding(16).costed((x,)).column("adds")[0]
    assert adds.rebind(steps=16) == 128
    with pytest.raises(ModelCostError):
        adds.rebind(steps=17)
    assert PositionEmbedding(16).costed((x,)).outputs[0].shape[0].rebind(steps=5) == 5
    ten = PositionEmbedding(16).costed((InputLayer((10, 8)).costed(()).outputs[0].shape,)).outputs[0]
    with pytest.raises(ModelCostError):
        ten.elements.rebind(height=17, steps=17)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Embedding(0, 4), "input_dim must be at least 1"),
        (lambda: Embedding(4, 2.5), "output_dim must be a whole number"),
        (lambda: Embedding(4, 2, lora_rank=2), "lora_rank would change what the layer costs"),
        (lambda: ReversibleEmbedding(9, 4).costed(((5, 3),), {"reverse": True}), "must be output_dim=4"),
        (lambda: PositionEmbedding(4).costed(((5, 3),)), "5 steps came, and sequence_length=4"),
        (lambda: PositionEmbedding(4).costed(((5,),)), r"expected 2 axes \(T, E\)"),
        (lambda: ClassToken().costed(((2, 3, 4),)), "expected 2 axes"),
        (lambda: Masking(mask_value="none"), "mask_value must be a finite number"),
        (lambda: Masking().costed(((),)), "expected at least 1 axis"),
    ],
)
def test_what_cannot_be_is_refused(make: Any, says: str) -> None:
    with pytest.raises(ModelCostError, match=says):
        make()


@pytest.mark.keras
@pytest.mark.parametrize(
    "layer", [Embedding(10, 4), ReversibleEmbedding(10, 4), ReversibleEmbedding(10, 4, tie_weights=False)], ids=repr
)
@pytest.mark.parametrize("shape", [(5,), (None,), (2, 3)])
def test_embeddings_are_those_of_keras(layer: Any, shape: tuple[int | None, ...]) -> None:
    from tests.keras_oracle import assert_like_keras

    assert_like_keras(layer, shape, dtype="int32")


@pytest.mark.keras
@pytest.mark.parametrize("tied", [True, False])
def test_turning_back_is_that_of_keras(tied: bool) -> None:
    from tests.keras_oracle import assert_like_keras

    assert_like_keras(ReversibleEmbedding(10, 4, tie_weights=tied, logit_soft_cap=5.0), (5, 4), reverse=True)


@pytest.mark.keras
def test_masking_is_that_of_keras() -> None:
    from tests.keras_oracle import assert_like_keras

    assert_like_keras(Masking(mask_value=-1.0), (None, 4))


@pytest.mark.keras
@pytest.mark.parametrize("make", [lambda layers: layers.Embedding(0, 4), lambda layers: layers.Embedding(4, 2.5)])
def test_keras_refuses_the_same(make: Any) -> None:
    from tests.keras_oracle import assert_refused_like_keras

    assert_refused_like_keras(make)
