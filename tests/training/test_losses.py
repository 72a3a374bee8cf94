"""What losses and their gradients do: against the graph of Keras's own, and against loops over numbers."""

from __future__ import annotations

import inspect
from collections import Counter
from typing import Any

import pytest

import modelcost as mc
from modelcost.errors import ModelCostError
from modelcost.regularizers import L1, L2
from modelcost.training.loss import joined
from modelcost.training.losses import LOSSES, get
from modelcost.training.penalties import Penalty
from tests.counted import TALLIED, Num, Tally, dot, exp, largest, log, numbers, summed
from tests.training.graphs import GRAPHS, noted, traced

FORMS = [
    *LOSSES.members,
    "CategoricalCrossentropy(from_logits=True)",
    "CategoricalCrossentropy(label_smoothing=0.1)",
    "CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)",
    "SparseCategoricalCrossentropy(from_logits=True)",
    "BinaryCrossentropy(from_logits=True)",
    "BinaryCrossentropy(label_smoothing=0.1)",
    "BinaryCrossentropy(from_logits=True, label_smoothing=0.1)",
    "Huber(delta=2.0)",
    "MeanSquaredError(reduction='sum')",
]
BATCH = 6


def keras_twin(text: str) -> Any:
    """Keras's loss of the same text."""
    keras = pytest.importorskip("keras")
    return eval(text if "(" in text else f"{text}()", {**vars(keras.losses)})


def graphs(text: str, shape: tuple[int, ...], activation: Any = None) -> tuple[dict[str, int], dict[str, int]]:
    """What Keras's graph does for the loss, and for its gradient beside that."""
    tf = pytest.importorskip("tensorflow")
    twin, sparse = keras_twin(text), text.startswith("Sparse")

    def both(true: Any, given: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(given)
            loss = twin(true, activation(given) if activation else given)
        return loss, tape.gradient(loss, given)

    true = tf.TensorSpec((BATCH, *shape[:-1]), "int32") if sparse else tf.TensorSpec((BATCH, *shape))
    function = tf.function(both).get_concrete_function(true, tf.TensorSpec((BATCH, *shape)))
    loss, gradient = function.outputs
    forward, whole = traced(function.graph, [loss]), traced(function.graph, [loss, gradient])
    return forward, {op: count - forward.get(op, 0) for op, count in whole.items() if count != forward.get(op, 0)}


@pytest.mark.keras
@pytest.mark.parametrize("shape", [(5,), (4, 3), (1,)], ids=str)
@pytest.mark.parametrize("text", FORMS)
@pytest.mark.filterwarnings("ignore:In loss categorical_crossentropy, expected")
def test_a_loss_and_its_gradient_do_what_the_graph_of_keras_does(text: str, shape: tuple[int, ...]) -> None:
    work = get(text).work(shape)
    forward, gradient = graphs(text, shape)
    assert noted(work.forward, BATCH) == forward
    assert noted(work.gradient, BATCH) == gradient
    assert not work.by_logits
    assert shape != (5,) or [forward, gradient] == GRAPHS["losses"][text]


@pytest.mark.parametrize("text", FORMS)
def test_a_loss_does_what_is_written_down_of_keras(text: str) -> None:
    work = get(text).work((5,))
    assert [noted(work.forward, BATCH), noted(work.gradient, BATCH)] == GRAPHS["losses"][text]


AFTER = [
    ("CategoricalCrossentropy", "softmax"),
    ("CategoricalCrossentropy(label_smoothing=0.1)", "softmax"),
    ("SparseCategoricalCrossentropy", "softmax"),
    ("BinaryCrossentropy", "sigmoid"),
    ("BinaryCrossentropy", "softmax"),
    ("CategoricalCrossentropy", "sigmoid"),
    ("SparseCategoricalCrossentropy", "sigmoid"),
    ("CategoricalCrossentropy(from_logits=True)", "softmax"),
    ("MeanSquaredError", "sigmoid"),
    ("Poisson", "softmax"),
]


@pytest.mark.keras
@pytest.mark.parametrize(("text", "activation"), AFTER)
@pytest.mark.filterwarnings("ignore:.*received `from_logits=True`, but")
def test_behind_its_activation_a_loss_looks_for_the_logits(text: str, activation: str) -> None:
    keras = pytest.importorskip("keras")
    work = get(text).work((5,), activation)
    forward, whole = graphs(text, (5,), getattr(keras.activations, activation))
    apart = {op: forward.get(op, 0) - noted(work.forward, BATCH).get(op, 0) for op in forward}
    by_activation = {activation.capitalize(): BATCH * 5}
    assert work.by_logits == ("Crossentropy" in text)
    assert {op: count for op, count in apart.items() if count} == ({} if work.by_logits else by_activation)
    if work.by_logits:
        assert noted(work.gradient, BATCH) == whole


@pytest.mark.keras
def test_a_cast_hides_the_logits() -> None:
    """With mixed precision the predictions are float16, which the loss makes float32 first."""
    tf, keras = pytest.importorskip("tensorflow"), pytest.importorskip("keras")

    def loss(true: Any, logits: Any) -> Any:
        return keras.losses.CategoricalCrossentropy()(true, keras.activations.softmax(logits))

    shapes = tf.TensorSpec((BATCH, 5)), tf.TensorSpec((BATCH, 5), "float16")
    graph = tf.function(loss).get_concrete_function(*shapes)
    found = {**traced(graph.graph, graph.outputs)}
    assert found.pop("Softmax") == BATCH * 5
    assert noted(get("categorical_crossentropy").work((5,), "softmax", "float16").forward, BATCH) == found


def naive_squares(true: list[Num], predicted: list[Num]) -> None:
    errors = [y - p for y, p in zip(true, predicted, strict=True)]
    squares = [error * error for error in errors]
    summed(squares) / len(errors)


def naive_absolute(true: list[Num], predicted: list[Num]) -> None:
    summed([abs(y - p) for y, p in zip(true, predicted, strict=True)]) / len(true)


def naive_binary(true: list[Num], predicted: list[Num]) -> None:
    predicted = [clipped(p) for p in predicted]
    terms = [-(y * log(p) + (1 - y) * log(1 - p)) for y, p in zip(true, predicted, strict=True)]
    summed(terms) / len(terms)


def naive_categorical(true: list[Num], predicted: list[Num]) -> None:
    whole = summed(predicted)
    -dot(true, [log(clipped(p / whole)) for p in predicted])


def naive_of_logits(true: list[Num], logits: list[Num]) -> None:
    greatest = largest(logits)
    less = [x - greatest for x in logits]
    whole = log(summed([exp(x) for x in less]))
    dot(true, [whole - x for x in less])


def naive_poisson(true: list[Num], predicted: list[Num]) -> None:
    summed([p - y * log(p + 1e-7) for y, p in zip(true, predicted, strict=True)]) / len(true)


def clipped(p: Num) -> Num:
    p = p if p < 0.9999999 else Num(0.9999999, p.tally)
    return p if p > 1e-7 else Num(1e-7, p.tally)


@pytest.mark.parametrize(
    ("text", "naive"),
    [
        ("mse", naive_squares),
        ("mean_absolute_error", naive_absolute),
        ("bce", naive_binary),
        ("categorical_crossentropy", naive_categorical),
        ("CategoricalCrossentropy(from_logits=True)", naive_of_logits),
        ("poisson", naive_poisson),
    ],
)
def test_losses_are_what_a_loop_over_the_numbers_does(text: str, naive: Any) -> None:
    tally = Tally()
    batch = [(numbers(tally, (7,)), numbers(tally, (7,))) for _ in range(4)]
    for true, predicted in batch:
        naive(true, predicted)
    summed(numbers(tally, (4,))) / 4  # the mean over the batch
    assert columns(get(text).work((7,)).forward, 4) == tally.as_dict()


@pytest.mark.parametrize("text", ["CategoricalCrossentropy", "SparseCategoricalCrossentropy"])
def test_the_gradient_of_a_cross_entropy_is_the_softmax_less_what_is_true(text: str) -> None:
    tally = Tally()
    share = Num(1, tally) / 4  # of the mean over the batch
    for _ in range(4):
        less, whole = numbers(tally, (7,)), Num(7, tally)  # less the greatest; the sum of all powers
        softmax = [exp(x) / whole for x in less]
        if text.startswith("Sparse"):
            softmax[3] = softmax[3] - 1
        else:
            softmax = [p - y for p, y in zip(softmax, numbers(tally, (7,)), strict=True)]
        [share * p for p in softmax]
    assert columns(get(text).work((7,), "softmax").gradient, 4) == tally.as_dict()


def columns(works: Any, batch: int) -> dict[str, int]:
    """The counts of work on so many examples, by what a tally counts."""
    counted = dict.fromkeys(TALLIED, 0)
    for work in works:
        for column, count in work.counted().items():
            bound = count.rebind(batch=batch) if hasattr(count, "rebind") else count
            counted[column] = counted.get(column, 0) + int(bound) * (1 if work.once else batch)
    return {column: counted[column] for column in TALLIED}


@pytest.mark.keras
@pytest.mark.parametrize("text", FORMS)
def test_keras_s_own_is_read_by_its_configuration(text: str) -> None:
    keras = pytest.importorskip("keras")
    twin, ours = keras_twin(text), get(text)
    for read in (get(twin), get(keras.losses.serialize(twin))):
        assert type(read) is type(ours)
        assert noted(read.work((5,)).gradient, BATCH) == noted(ours.work((5,)).gradient, BATCH)


@pytest.mark.keras
@pytest.mark.parametrize("cls", LOSSES.members.values(), ids=lambda cls: cls.__name__)
def test_arguments_and_defaults_are_those_of_keras(cls: Any) -> None:
    keras = pytest.importorskip("keras")
    parameters = inspect.signature(getattr(keras.losses, cls.__name__).__init__).parameters
    for name, parameter in parameters.items():
        if name not in ("self", "name"):
            assert cls.fields[name].default == parameter.default, name


@pytest.mark.keras
def test_words_are_those_of_keras() -> None:
    """Every word that Keras takes for a loss is ours too, or refused by its name."""
    pytest.importorskip("keras")
    from keras.src.losses import ALL_OBJECTS_DICT

    words = [word for word in ALL_OBJECTS_DICT if word not in ("Loss", "LossFunctionWrapper")]
    refused = [word for word in words if not _taken(word)]
    assert len(words) > 40
    assert {word.replace("_", "").lower() for word in refused} <= {name.lower() for name in LOSSES.uncounted}
    assert len(refused) > 5


def _taken(word: str) -> bool:
    try:
        get(word)
    except ModelCostError as error:
        assert "is not counted yet; those that are: " in str(error)
        return False
    return True


@pytest.mark.parametrize(
    ("identifier", "text"),
    [
        ("crossentropy", "unknown loss 'crossentropy'; did you mean BinaryCrossentropy"),
        ("dice", "the loss Dice is not counted yet; those that are: MeanSquaredError, "),
        ("Huber(delta='x')", "Huber: delta must be a finite number"),
        ("MeanSquaredError(reduction='none')", "MeanSquaredError: unknown reduction 'none'"),
        ("CosineSimilarity(axis=0)", "axis must be -1; others are not counted yet. Received: axis=0"),
        ("SparseCategoricalCrossentropy(axis=1)", "axis must be -1; others are not counted yet. Received: axis=1"),
        ("BinaryCrossentropy(axis=1)", "axis must be -1; others are not counted yet. Received: axis=1"),
        ("SparseCategoricalCrossentropy(ignore_class=0)", "ignore_class would change what the layer costs"),
        (None, "loss must be a name, a call with plain values such as MeanSquaredError\\(...\\)"),
        (lambda y, p: 0, "Received: <function"),
    ],
)
def test_what_is_no_loss_is_refused(identifier: Any, text: str) -> None:
    with pytest.raises(ModelCostError, match=text):
        get(identifier)


def test_predictions_need_an_axis() -> None:
    with pytest.raises(ModelCostError, match="needs predictions with an axis beside that of the examples"):
        get("mse").work(())


def test_a_weight_of_a_loss_is_one_of_its_gradient_too() -> None:
    assert noted(joined([1.0, None, 0.5]).gradient) == {"Mul": 2}
    assert joined([None, None], penalties=1).gradient == []


@pytest.mark.keras
@pytest.mark.parametrize("weights", [None, [1.0, 0.5], [0.5, 1.0]], ids=str)
@pytest.mark.parametrize("penalties", [0, 1, 2])
def test_losses_of_several_outputs_are_joined_as_keras_joins_them(weights: Any, penalties: int) -> None:
    tf, keras = pytest.importorskip("tensorflow"), pytest.importorskip("keras")
    x = keras.Input((4,))
    own = {"bias_regularizer": "l1"} if penalties > 1 else {}
    first = keras.layers.Dense(5, kernel_regularizer="l2" if penalties else None, **own)
    model = keras.Model(x, [first(x), keras.layers.Dense(3)(x)])
    model.compile(loss=["mse", "mae"], loss_weights=weights)

    def both(*given: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(given)
            loss = model.compute_loss(None, list(given[:2]), list(given[2:]))
        return loss, *tape.gradient(loss, given[2:])

    shapes = [tf.TensorSpec((BATCH, n)) for n in (5, 3, 5, 3)]
    function = tf.function(both).get_concrete_function(*shapes)
    whole = joined(weights or [None, None], penalties)
    kinds = [L2(0.01), L1(0.01)][:penalties]
    terms = [Penalty("w", kind, shape) for kind, shape in zip(kinds, ((4, 5), (5,)), strict=False)]
    works = [
        work for one in (get("mse").work((5,)), get("mae").work((3,)), whole) for work in one.forward + one.gradient
    ]
    ours = Counter(noted(works + [work for one in terms for work in one.forward], BATCH))
    ours["Sum of"] += penalties  # of each penalty by itself
    assert ours == traced(function.graph, function.outputs)


def test_losses_of_several_outputs() -> None:
    """One for all, a list, or by the names of the outputs; None is no loss, and then nothing goes back from there."""
    x = mc.Input((4,))
    y = mc.Dense(3, name="below")(x)
    model = mc.Model(x, [mc.Dense(2, name="first")(y), mc.Dense(5, name="second")(y)])

    def step(loss: Any) -> Any:
        return mc.cost(model, batch=2, optimizer="sgd", loss=loss).training

    listed, named = step([None, "mse"]), step({"second": "mse", "first": None})
    assert [row.figures for row in listed] == [row.figures for row in named]
    assert listed["first"].weight_gradient_flops == listed["first"].optimizer_flops == 0 < listed["first"].forward_flops
    assert listed["loss"].flops < step("mse")["loss"].flops == step(["mse", "mse"])["loss"].flops
    for loss, says in (
        (["mse"], "2 outputs; give one loss, or one for each"),
        ({}, "None is no loss. Received: none$"),
        ([None, None], "nothing to train: no output has a loss"),
        ({"second": "mse"}, r"losses by name must be of all outputs: first, second; None is no loss.*: second$"),
        ({"first": "mse", "third": "mse"}, "Received: first, third"),
        ([None, "mes"], "loss.*mes"),
    ):
        with pytest.raises(ModelCostError, match=says):
            step(loss)
