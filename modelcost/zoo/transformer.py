"""Transformers: a picture, a pair of sentences, or a text so far, as tokens that attend to each other."""

from __future__ import annotations

from modelcost.layers import (
    Add,
    ClassToken,
    Conv2D,
    Cropping1D,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    Input,
    LayerNormalization,
    MultiHeadAttention,
    PositionEmbedding,
    Reshape,
    ReversibleEmbedding,
)
from modelcost.model import Model

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from modelcost.graph import Tensor


def vit_b16(input_shape: tuple[int, ...] = (224, 224, 3), classes: int = 1000) -> Model:
    """Vision Transformer, base size, patches of 16x16, as torchvision's `vit_b_16`: 86,567,656 parameters.

    Dosovitskiy et al. 2020, "An Image is Worth 16x16 Words", https://arxiv.org/abs/2010.11929. The head gives logits.

    >>> import modelcost
    >>> modelcost.cost(modelcost.zoo.vit_b16()).params
    86567656
    """
    image = Input(input_shape, name="input")
    x = Conv2D(768, 16, strides=16, name="conv_proj")(image)
    patches = x.shape[-3] * x.shape[-2]
    x = Reshape((patches, 768), name="patches")(x)
    x = ClassToken(name="class_token")(x)
    x = PositionEmbedding(patches + 1, name="pos_embedding")(x)
    for i in range(12):
        x = _pre_norm(x, 768, 12, "gelu", f"encoder_layer_{i}", epsilon=1e-6)
    x = LayerNormalization(epsilon=1e-6, name="ln")(x)
    return Model(image, Dense(classes, name="head")(_first_token(x)), name="vit_b16")


def bert_base(sequence_length: int = 512) -> Model:
    """BERT, base size, with its pooler: 109,482,240 parameters.

    Devlin, Chang, Lee and Toutanova 2018, "BERT: Pre-training of Deep Bidirectional Transformers",
    https://arxiv.org/abs/1810.04805; vocabulary and layers of the published `bert-base-uncased`. No pre-training heads.

    >>> import modelcost
    >>> modelcost.cost(modelcost.zoo.bert_base()).params
    109482240
    """
    tokens = Input((sequence_length,), dtype="int32", name="tokens")
    segments = Input((sequence_length,), dtype="int32", name="segments")
    x = Add(name="embeddings_add")(
        [
            Embedding(30522, 768, name="token_embeddings")(tokens),
            Embedding(2, 768, name="segment_embeddings")(segments),
        ]
    )
    x = PositionEmbedding(512, name="position_embeddings")(x)
    x = LayerNormalization(epsilon=1e-12, name="embeddings_norm")(x)
    x = Dropout(0.1, name="embeddings_dropout")(x)
    for i in range(12):
        x = _post_norm(x, 768, 12, f"layer_{i}")
    pooled = Dense(768, activation="tanh", name="pooler")(_first_token(x))
    return Model([tokens, segments], [x, pooled], name="bert_base")


def gpt2(sequence_length: int | None = 1024) -> Model:
    """GPT-2, small size, with the logits' weights tied to the embedding: 124,439,808 parameters.

    Radford et al. 2019, "Language Models are Unsupervised Multitask Learners"; the published `gpt2`.
    Attention is counted over all pairs of tokens: the causal mask halves nothing.

    >>> import modelcost
    >>> modelcost.cost(modelcost.zoo.gpt2()).params
    124439808
    """
    return _decoder("gpt2", width=768, depth=12, heads=12, context=1024, length=sequence_length, dropout=0.1)


def gpt3_175b(sequence_length: int | None = 2048) -> Model:
    """GPT-3, largest size, tied as GPT-2 is: 174,604,259,328 parameters (the paper says 175.0B).

    Brown et al. 2020, "Language Models are Few-Shot Learners", https://arxiv.org/abs/2005.14165, table 2.1. Attention
    is counted over all pairs of tokens, though every second layer of the paper's is banded. No dropout is stated there.

    >>> import modelcost
    >>> modelcost.cost(modelcost.zoo.gpt3_175b()).params
    174604259328
    """
    return _decoder("gpt3_175b", width=12288, depth=96, heads=96, context=2048, length=sequence_length, dropout=0.0)


def _decoder(
    name: str, *, width: int, depth: int, heads: int, context: int, length: int | None, dropout: float
) -> Model:
    tokens = Input((length,), dtype="int32", name="tokens")
    embedding = ReversibleEmbedding(50257, width, name="wte")
    x = PositionEmbedding(context, name="wpe")(embedding(tokens))
    x = _dropped(x, dropout, "drop")
    for i in range(depth):
        x = _pre_norm(x, width, heads, "gelu_tanh", f"h{i}", epsilon=1e-5, causal=True, dropout=dropout)
    x = LayerNormalization(epsilon=1e-5, name="ln_f")(x)
    return Model(tokens, embedding(x, reverse=True), name=name)


def _pre_norm(
    x: Tensor,
    width: int,
    heads: int,
    activation: str,
    name: str,
    *,
    epsilon: float,
    causal: bool = False,
    dropout: float = 0.0,
) -> Any:
    """Normalize, attend, add; normalize, widen four times, narrow, add."""
    y = LayerNormalization(epsilon=epsilon, name=f"{name}_ln_1")(x)
    y = MultiHeadAttention(heads, width // heads, dropout=dropout, name=f"{name}_attn")(y, y, use_causal_mask=causal)
    x = Add(name=f"{name}_add_1")([x, _dropped(y, dropout, f"{name}_drop_1")])
    y = LayerNormalization(epsilon=epsilon, name=f"{name}_ln_2")(x)
    y = Dense(4 * width, activation=activation, name=f"{name}_mlp_fc")(y)
    y = Dense(width, name=f"{name}_mlp_proj")(y)
    return Add(name=f"{name}_add_2")([x, _dropped(y, dropout, f"{name}_drop_2")])


def _post_norm(x: Tensor, width: int, heads: int, name: str) -> Any:
    """Attend, add, normalize; widen four times, narrow, add, normalize."""
    y = MultiHeadAttention(heads, width // heads, dropout=0.1, name=f"{name}_attention")(x, x)
    y = Dropout(0.1, name=f"{name}_attention_dropout")(y)
    x = Add(name=f"{name}_attention_add")([x, y])
    x = LayerNormalization(epsilon=1e-12, name=f"{name}_attention_norm")(x)
    y = Dense(4 * width, activation="gelu", name=f"{name}_intermediate")(x)
    y = Dense(width, name=f"{name}_output")(y)
    y = Dropout(0.1, name=f"{name}_output_dropout")(y)
    x = Add(name=f"{name}_output_add")([x, y])
    return LayerNormalization(epsilon=1e-12, name=f"{name}_output_norm")(x)


def _dropped(x: Tensor, rate: float, name: str) -> Any:
    return Dropout(rate, name=name)(x) if rate else x


def _first_token(x: Tensor) -> Any:
    x = Cropping1D((0, x.shape[-2] - 1), name="first_token")(x)
    return Flatten(name="first_token_flat")(x)
