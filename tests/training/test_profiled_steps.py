"""Whole training steps against the TensorFlow profiler: operation by operation, every difference with its name.

Forward pass and gradients of many layers; and Keras's own `train_step`, from the data to the changed weights."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

import modelcost as mc
from modelcost import layers as L  # noqa: N812
from modelcost.errors import ModelCostError
from modelcost.importers import from_zoo
from modelcost.training.losses import LOSSES
from modelcost.training.reconciled import reconciled_step
from tests.training.test_optimizers import MORE, PLAIN
from tests.training.test_optimizers import keras_twin as keras_optimizer

if TYPE_CHECKING:
    from collections.abc import Callable

NETS: dict[str, list[Any]] = {
    "dense": [L.Input((20,)), L.Dense(16, activation="relu"), L.Dense(5, activation="softmax")],
    "of_three_axes": [L.Input((6, 7)), L.Dense(4, use_bias=False), L.Dense(4, "sigmoid"), L.Dense(5, "tanh")],
    "frozen_dense": [L.Input((6,)), L.Dense(4, trainable=False), L.Dense(4), L.Dense(3, trainable=False), L.Dense(5)],
    "strides": [L.Input((13, 13, 3)), L.Conv2D(4, 3, 2), L.Conv2D(4, 2, 3, "same"), L.Flatten(), L.Dense(5)],
    "sequence": [L.Input((13, 3)), L.Conv1D(4, 3, 2), L.Conv1D(4, 2, padding="causal"), L.Flatten(), L.Dense(5)],
    "volume": [L.Input((7, 7, 7, 3)), L.Conv3D(4, 3, 2), L.MaxPooling3D(2), L.Flatten(), L.Dense(5)],
    "dilated": [L.Input((12, 13, 3)), L.Conv2D(8, 3, dilation_rate=2), L.Conv2D(4, 3, padding="same", dilation_rate=3)],
    "dilated_along_one": [L.Input((12, 13, 3)), L.Conv2D(8, 3, dilation_rate=(1, 3)), L.Flatten(), L.Dense(5)],
    "grouped": [L.Input((12, 12, 4)), L.Conv2D(8, 3, groups=2), L.Conv2D(4, 3, groups=4), L.Flatten(), L.Dense(5)],
    "depthwise": [L.Input((12, 12, 4)), L.DepthwiseConv2D(3), L.SeparableConv2D(4, 3, 2), L.Flatten(), L.Dense(5)],
    "transposed": [L.Input((6, 6, 3)), L.Conv2DTranspose(4, 3, 2), L.Conv2DTranspose(4, 3, padding="same")],
    "frozen": [L.Input((9, 9, 3)), L.Conv2D(4, 3, trainable=False), L.Conv2D(4, 3), L.Conv2D(2, 3, trainable=False)],
    "pools": [
        L.Input((13, 13, 3)), L.Conv2D(4, 3), L.MaxPooling2D(3, 2), L.AveragePooling2D(2, padding="same"),
        L.MaxPooling2D(2, padding="same"), L.GlobalAveragePooling2D(), L.Dense(5),
    ],
    "of_whole_maps": [L.Input((6, 6, 3)), L.Conv2D(4, 3), L.GlobalMaxPooling2D(), L.Dense(5)],
    "batch_norm": [
        L.Input((12, 12, 4)), L.Conv2D(4, 3, use_bias=False), L.BatchNormalization(), L.ReLU(), L.Dropout(0.3),
        L.BatchNormalization(scale=False), L.BatchNormalization(center=False), L.Flatten(), L.Dense(5),
    ],
    "batch_norm_of_data": [L.Input((12,)), L.BatchNormalization(), L.Dense(5)],
    "frozen_batch_norm": [L.Input((12,)), L.Dense(4), L.BatchNormalization(trainable=False), L.Dense(5)],
    "dropout": [
        L.Input((6, 12)), L.Dense(4, "silu"), L.Dropout(0.3, noise_shape=(None, 1, 4)), L.Dropout(0.0), L.Dense(5),
    ],
}  # fmt: skip
OF_THE_ZOO = ("lenet5", "alexnet", "fashion_cnn_bn", "resnet18", "mobilenet_v2", "efficientnet_b0")


def of_layers(*layers: Any, shape: tuple[int, ...] = (5, 6)) -> Callable[[], mc.Model]:
    return lambda: mc.Sequential([L.Input(shape), L.Dense(4), *layers])


def transformer(words: bool = True) -> mc.Model:
    """A block of an encoder, on words that are looked up or on data."""
    x = start = L.Input((6,), dtype="int32") if words else L.Input((6, 8))
    if words:
        x = L.Embedding(11, 8)(x)
    y = L.LayerNormalization()(x + L.MultiHeadAttention(2, 4)(x, x))
    z = L.Dropout(0.1)(L.Dense(8)(L.Dense(16, "gelu")(y)))
    return mc.Model(start, L.Dense(3, "softmax")(L.GlobalAveragePooling1D()(L.LayerNormalization()(y + z))))


def across() -> mc.Model:
    """Attention of one sequence to another, of which one comes out of a layer."""
    x, y = L.Input((6, 8)), L.Input((5, 7))
    return mc.Model([x, y], L.MultiHeadAttention(2, 4, use_bias=False)(L.Dense(3)(x), y))


def attention() -> mc.Model:
    x = L.Input((6, 8))
    return mc.Model(x, L.Attention()([L.Dense(3)(x), L.Dense(3)(x)]))


def states(*which: int) -> Callable[[], mc.Model]:
    """An LSTM of whose outputs only some are used."""

    def made() -> mc.Model:
        x = L.Input((5, 4))
        outputs = L.LSTM(3, return_state=True, unroll=True)(x)
        several = [outputs[i] for i in which]
        return mc.Model(x, L.Dense(2)(several[0] if len(several) == 1 else L.Concatenate()(several)))

    return made


def twice(merge: Any) -> Callable[[], mc.Model]:
    """A tensor that a layer takes twice."""

    def made() -> mc.Model:
        x = L.Input((5,))
        y = L.Dense(3)(x)
        return mc.Model(x, L.Dense(2)(merge([y, y])))

    return made


def looked_up(calls: int, **more: Any) -> mc.Model:
    """An embedding that is called so many times."""
    inputs = [L.Input((4 + i,), dtype="int32") for i in range(calls)]
    table = L.Embedding(11, 4, **more)
    rows = [table(one) for one in inputs]
    joined = rows[0] if calls == 1 else L.Concatenate(axis=1)(rows)
    return mc.Model(inputs if calls > 1 else inputs[0], L.Dense(3)(L.Flatten()(joined)))


def reversible(**more: Any) -> mc.Model:
    """Words that are looked up, and turned back by the same table."""
    x, table = L.Input((6,), dtype="int32"), L.ReversibleEmbedding(11, 4, **more)
    hidden = L.Dense(4)(table(x))
    return mc.Model(x, table(hidden, reverse=True) if more.get("tie_weights", True) else hidden)


def two_outputs() -> mc.Model:
    x = L.Input((6,))
    y = L.Dense(3)(x)
    return mc.Model(x, [L.Dense(2, "softmax")(y), L.Dense(4)(y)])


ACTED = ("celu", "squareplus", "hard_sigmoid", "hard_silu", "sparse_sigmoid", "sparse_plus", "silu", "gelu", "selu")
GRAPHS: dict[str, Callable[[], mc.Model]] = {
    **{name: of_layers(L.Dense(3, name), L.Activation(name)) for name in ACTED},
    "relu_from": of_layers(L.ReLU(3.0, 0.1, 0.2), L.ReLU(threshold=0.1), L.PReLU(), L.LeakyReLU(), L.ELU()),
    "softmax_of_two_axes": of_layers(L.Softmax((1, 2)), L.Softmax(1)),
    "layer_norm": of_layers(L.LayerNormalization(), L.LayerNormalization(axis=[1, 2]), L.LayerNormalization(axis=1)),
    "other_norms": of_layers(L.RMSNormalization(), L.Dense(6), L.UnitNormalization(), L.UnitNormalization(axis=1)),
    "group_norm": of_layers(L.GroupNormalization(2), L.GroupNormalization(-1), L.GroupNormalization(1, axis=1)),
    "batch_norm_of_an_axis": of_layers(L.BatchNormalization(axis=1)),
    "noise": of_layers(
        L.SpatialDropout1D(0.3), L.GaussianDropout(0.3), L.GaussianNoise(0.3), L.AlphaDropout(0.3), L.Dense(2),
    ),
    "at_every_step": of_layers(L.TimeDistributed(L.Dense(2))),
    "einsum": of_layers(L.EinsumDense("abc,cd->abd", (5, 3), bias_axes="d")),
    "transformer": transformer,
    "transformer_on_data": lambda: transformer(False),
    "across": across,
    "attention": attention,
    "states": states(1),
    "memory_alone": states(2),
    "both_states": states(1, 2),
    "all_outputs": states(0, 1, 2),
    "added_twice": twice(L.Add()),
    "multiplied_twice": twice(L.Multiply()),
    **{
        f"{kind.__name__}_{'unrolled' if unroll else 'looped'}_{which}": of_layers(
            kind(3, unroll=unroll, return_sequences=True, **given), kind(6, unroll=unroll, **given)
        )
        for unroll in (True, False)
        for kind, which, given in (
            (L.LSTM, "", {}), (L.LSTM, "without_bias", {"use_bias": False}), (L.GRU, "", {}),
            (L.GRU, "reset_before", {"reset_after": False}), (L.SimpleRNN, "", {"activation": "relu"}),
        )
    },
}  # fmt: skip
TRAINED: dict[str, Callable[[], mc.Model]] = {
    "mlp": lambda: mc.Sequential(NETS["dense"]),
    "cnn": lambda: mc.Sequential(NETS["batch_norm"]),
    "pools": lambda: mc.Sequential(NETS["pools"]),
    "depthwise": lambda: mc.Sequential(NETS["depthwise"]),
    "transposed": lambda: mc.Sequential(NETS["transposed"]),
    "penalties": lambda: mc.Sequential([
        L.Input((6,)), L.Dense(4, kernel_regularizer="l2", activity_regularizer="l1"),
        L.ActivityRegularization(0.1, 0.2),
        L.Dense(3, bias_regularizer="l1", kernel_constraint="max_norm", activation="sigmoid"),
    ]),
    "lstm": GRAPHS["LSTM_unrolled_"],
    "gru_in_a_loop": GRAPHS["GRU_looped_"],
    "transformer": transformer,
    "embedding": lambda: looked_up(1),
    "shared_embedding": lambda: looked_up(2),
    "embedding_with_a_penalty": lambda: looked_up(2, embeddings_regularizer="l2"),
    "tied_embedding": reversible,
    "untied_embedding": lambda: reversible(tie_weights=False),
    "two_outputs": two_outputs,
}  # fmt: skip
UPDATES = [*PLAIN, *MORE[:-4], *MORE[-2:]]
LOSSES_OF = [
    (name, given, activation)
    for name in LOSSES.members
    for given, activation in (("", "linear"), ("", "sigmoid"))
] + [
    ("CategoricalCrossentropy", "from_logits=True", "linear"), ("BinaryCrossentropy", "from_logits=True", "linear"),
    *((f"{kind}Crossentropy", f"label_smoothing=0.1{logits}", activation) for kind in ("Categorical", "Binary")
      for logits, activation in (("", "linear"), ("", "sigmoid"), (", from_logits=True", "linear"))),
    ("Huber", "delta=2.0", "linear"), ("MeanSquaredError", "reduction='sum'", "linear"),
]  # fmt: skip


def explained(model: mc.Model, batch: int, optimizer: Any = None, loss: Any = None) -> dict[str, int]:
    exact, named = reconciled_step(model, batch, optimizer, loss)
    counts = Counter(exact)
    for flops in named.values():
        counts.update(flops)
    return {op: count for op, count in counts.items() if count}


def specs(tensors: Any, batch: int) -> list[Any]:
    import tensorflow as tf

    return [tf.TensorSpec((batch, *one.shape[1:]), one.dtype) for one in tensors]


def profiled(model: mc.Model, batch: int) -> dict[str, int]:
    """What the profiler counts for the real graph of forward pass and gradients, as Keras's `fit` makes it."""
    import tensorflow as tf

    from modelcost.verification.twins import twin_of

    twin = twin_of(model)

    def step(xs: Any, given: Any) -> Any:
        with tf.GradientTape() as tape:
            ys = tf.nest.flatten(twin(xs if len(xs) > 1 else xs[0], training=True))
        return tape.gradient(ys, [one.value for one in twin.trainable_variables], output_gradients=given)

    return counted(tf.function(step).get_concrete_function(specs(twin.inputs, batch), specs(twin.outputs, batch)))


def profiled_train_step(model: mc.Model, batch: int, optimizer: str, loss: Any) -> dict[str, int]:
    """The same for the real graph of Keras's `train_step`, as `fit` compiles it."""
    import tensorflow as tf

    from modelcost.verification.twins import twin_of

    twin = twin_of(model)
    twin.compile(optimizer=keras_optimizer(optimizer), loss=loss)
    twin.optimizer.build(twin.trainable_variables)
    xs, ys = specs(twin.inputs, batch), specs(twin.outputs, batch)
    if "sparse" in str(loss).lower():
        ys = [tf.TensorSpec(one.shape[:-1], "int32") for one in ys]
    true, predicted = (
        [tf.zeros(one.shape, one.dtype) for one in several] for several in (ys, specs(twin.outputs, batch))
    )
    twin._compile_loss.build(*(several if len(several) > 1 else several[0] for several in (true, predicted)))
    graph = tf.function(lambda *data: twin.train_step(data)).get_concrete_function(
        *(several if len(several) > 1 else several[0] for several in (xs, ys))
    )
    return counted(graph)


def counted(function: Any) -> dict[str, int]:
    """The profiler's statistics of a graph, by operation."""
    from tensorflow.python.framework import ops

    graph = function.graph
    counts: Counter[str] = Counter()
    for op in graph.get_operations():
        try:
            counts[op.type] += int(ops.get_stats_for_node_def(graph, op.node_def, "flops").value or 0)
        except ValueError:  # shapes that are not known: the profiler, too, counts 0
            continue
    return {op: count for op, count in counts.items() if count}


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
class TestWholeSteps:
    @pytest.fixture(autouse=True)
    def _keras(self) -> Any:
        keras = pytest.importorskip("keras")
        yield
        keras.backend.clear_session()

    @pytest.mark.parametrize("name", NETS)
    def test_of_layers(self, name: str) -> None:
        model = mc.Sequential(NETS[name])
        for batch in (2, 3):
            assert explained(model, batch) == profiled(model, batch)

    @pytest.mark.parametrize("name", GRAPHS)
    def test_of_graphs(self, name: str) -> None:
        for batch in (2, 3):
            model = GRAPHS[name]()
            assert explained(model, batch) == profiled(model, batch)

    @pytest.mark.parametrize("optimizer", ["SGD", "AdamW(global_clipnorm=1.0, use_ema=True)"])
    @pytest.mark.parametrize("name", TRAINED)
    def test_of_keras_for_networks(self, name: str, optimizer: str) -> None:
        model = TRAINED[name]()
        assert explained(model, 3, optimizer, "mse") == profiled_train_step(model, 3, optimizer, "mse")

    @pytest.mark.parametrize("optimizer", UPDATES)
    def test_of_keras_for_optimizers(self, optimizer: str) -> None:
        model = TRAINED["untied_embedding"]()
        assert explained(model, 3, optimizer, "mse") == profiled_train_step(model, 3, optimizer, "mse")

    @pytest.mark.parametrize(("name", "given", "activation"), LOSSES_OF)
    def test_of_keras_for_losses(self, name: str, given: str, activation: str) -> None:
        theirs = eval(f"{name}({given})", vars(pytest.importorskip("keras").losses))
        for shape in ((6,), (7, 6)):
            model = mc.Sequential([L.Input(shape), L.Dense(4), L.Dense(5, activation)])
            found = explained(model, 2, "SGD", f"{name}({given})")
            assert found == profiled_train_step(model, 2, "SGD", theirs)

    def test_of_keras_for_several_losses(self) -> None:
        losses, model = ["categorical_crossentropy", "mae"], two_outputs()
        assert explained(model, 3, "Adam", losses) == profiled_train_step(model, 3, "Adam", losses)

    @pytest.mark.parametrize(
        "losses",
        [
            [None, "mae"],
            ["categorical_crossentropy", None],
            {"second": "mse", "first": None},
            {"second": "mae", "first": "categorical_crossentropy"},
        ],
        ids=repr,
    )
    def test_of_keras_for_outputs_without_a_loss(self, losses: Any) -> None:
        x = L.Input((6,))
        y = L.Dense(3)(x)
        model = mc.Model(x, [L.Dense(2, "softmax", name="first")(y), L.Dense(4, name="second")(L.Dense(3, "relu")(y))])
        assert explained(model, 3, "Adam", losses) == profiled_train_step(model, 3, "Adam", losses)

    @pytest.mark.parametrize("name", OF_THE_ZOO)
    def test_of_networks(self, name: str) -> None:
        model = from_zoo(name)
        assert explained(model, 2) == profiled(model, 2)

    def test_a_forgotten_gradient_is_seen(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from modelcost.layers import base
        from modelcost.training import rules

        monkeypatch.setattr(base, "_remembered", {})  # whose gradients are remembered
        monkeypatch.setitem(rules.RULES, "mul", ("mul <1", "<0"))
        model = mc.Sequential(NETS["batch_norm_of_data"])
        assert explained(model, 2) != profiled(model, 2)


UNKNOWN = {
    r"the gradient of Cropping1D": of_layers(L.Cropping1D(1)),
    r"the gradient of sparsemax": of_layers(L.Dense(3, "sparsemax")),
    r"the gradient of LSTM\(units=3, dropout=0.2\)": of_layers(L.LSTM(3, dropout=0.2)),
    r"the gradient of GRU\(units=3, implementation=1, unroll=True\)": of_layers(
        L.GRU(3, implementation=1, unroll=True)
    ),
    r"the gradient of TimeDistributed": of_layers(L.TimeDistributed(L.LayerNormalization())),
    r"training with masks": lambda: mc.Sequential([L.Input((5,), dtype="int32"), L.Embedding(9, 4, mask_zero=True)]),
}


@pytest.mark.parametrize("says", UNKNOWN)
def test_what_the_profiler_does_with_other_layers_is_not_guessed(says: str) -> None:
    with pytest.raises(ModelCostError, match=f"what the profiler counts for {says}"):
        reconciled_step(UNKNOWN[says](), 2, "sgd")


@pytest.mark.parametrize(
    ("optimizer", "loss", "says"),
    [
        ("SGD(gradient_accumulation_steps=2)", "mse", "changes weights in branches of the graph"),
        ("LossScaleOptimizer(SGD())", "mse", "changes weights in branches of the graph"),
    ],
)
def test_nor_with_other_optimizers_and_losses(optimizer: str, loss: str, says: str) -> None:
    with pytest.raises(ModelCostError, match=says):
        reconciled_step(TRAINED["mlp"](), 2, optimizer, loss)


def test_nor_with_other_penalties() -> None:
    from modelcost.regularizers import OrthogonalRegularizer

    model = of_layers(L.Dense(3, kernel_regularizer=OrthogonalRegularizer()))()
    with pytest.raises(ModelCostError, match="what the profiler counts for OrthogonalRegularizer"):
        reconciled_step(model, 2, "sgd", "mse")


def test_names_say_what_is_not_the_mathematics() -> None:
    model = mc.Sequential([L.Input((12, 12, 3)), L.Conv2D(8, 3), L.MaxPooling2D(2), L.Flatten(), L.Dense(2)])
    exact, named = reconciled_step(model, 1)
    again = next(flops for name, flops in named.items() if "seeks the maximum again" in name)
    assert again == {"MaxPoolGrad": 5 * 5 * 8 * 4}
    counted = next(flops for name, flops in named.items() if "counted from what goes in" in name)
    assert counted["Conv2DBackpropInput"] == 2 * 12 * 12 * 3 * 3 * 3 * 8  # nobody wants it: the data come in here
    assert exact["Conv2DBackpropFilter"] == 2 * 10 * 10 * 3 * 3 * 3 * 8
