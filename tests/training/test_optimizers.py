"""What optimizers do and keep: against the graph and the variables of Keras's own, and against loops."""

from __future__ import annotations

import inspect
from collections import Counter
from functools import cache
from typing import Any

import pytest

import modelcost as mc
from modelcost.conventions import CONVENTIONS
from modelcost.conventions.tensorflow.operations import flops_of
from modelcost.count import Count
from modelcost.errors import ModelCostError
from modelcost.facts import COLUMNS, Weight
from modelcost.training import learning_rates, optimizers
from modelcost.training.learning_rates import rate_of
from modelcost.training.optimizers import OPTIMIZERS, get
from tests.counted import TALLIED, Num, Tally, numbers, sqrt
from tests.training.graphs import GRAPHS, branches, noted, traced

SHAPES = [(7, 5), (5,), (3, 2, 4), ()]
WEIGHTS = [Weight(f"w{i}", shape) for i, shape in enumerate(SHAPES)]

PLAIN = [
    *(name for name in OPTIMIZERS.members if name != "LossScaleOptimizer"),
    "ScheduleFreeAdamW(warmup_steps=10)",
    "Muon(nesterov=False, rms_rate=None, ns_steps=2)",
    "Muon(weight_decay=None)",
    "Muon(adam_weight_decay=None)",
    "Muon(exclude_layers=['w0'])",
    "SGD(momentum=0.9)",
    "SGD(momentum=0.9, nesterov=True)",
    "Adam(amsgrad=True)",
    "RMSprop(centered=True)",
    "RMSprop(momentum=0.5)",
    "RMSprop(centered=True, momentum=0.5)",
    "Adafactor(relative_step=False)",
    "Ftrl(beta=0.1, l1_regularization_strength=0.1)",
]
MORE = [
    "SGD(weight_decay=0.1)",
    "SGD(clipnorm=1.0)",
    "SGD(clipvalue=0.5)",
    "SGD(global_clipnorm=1.0)",
    "SGD(use_ema=True)",
    "SGD(use_ema=True, ema_overwrite_frequency=3)",
    "Adam(loss_scale_factor=8.0)",
    "AdamW(0.01, 0.004, 0.8, global_clipnorm=2.0, use_ema=True)",
    "Nadam(weight_decay=0.1, clipnorm=1.0)",
]
RATES = [
    "ExponentialDecay(0.1, 10, 0.9)",
    "ExponentialDecay(0.1, 10, 0.9, staircase=True)",
    "InverseTimeDecay(0.1, 10, 0.5)",
    "InverseTimeDecay(0.1, 10, 0.5, staircase=True)",
    "PolynomialDecay(0.1, 10)",
    "PolynomialDecay(0.1, 10, cycle=True)",
    "CosineDecay(0.1, 10)",
    "CosineDecayRestarts(0.1, 10)",
    "CosineDecayRestarts(0.1, 10, t_mul=1.0)",
    "PiecewiseConstantDecay([10], [0.1, 0.2])",
    "PiecewiseConstantDecay([10, 20, 30], [0.1, 0.2, 0.3, 0.4])",
]
SCHEDULED = [f"SGD({rate})" for rate in RATES] + [
    "AdamW(ExponentialDecay(0.1, 10, 0.9))",
    "Adafactor(CosineDecay(0.1, 10))",
]
RATE = {"initial_learning_rate": 0.1, "decay_steps": 10}
SCALED = ["LossScaleOptimizer(SGD())", "LossScaleOptimizer(AdamW(use_ema=True))", "LossScaleOptimizer(Muon())"]
ACCUMULATING = [
    "SGD(gradient_accumulation_steps=3)",
    "Adam(gradient_accumulation_steps=2, use_ema=True)",
    "Nadam(gradient_accumulation_steps=2, weight_decay=0.1, global_clipnorm=1.0)",
    "Lamb(gradient_accumulation_steps=4, loss_scale_factor=2.0)",
]


def keras_twin(text: str) -> Any:
    """Keras's optimizer of the same text."""
    keras = pytest.importorskip("keras")
    schedules = vars(keras.optimizers.schedules)
    return eval(text if "(" in text else f"{text}()", {**vars(keras.optimizers), **schedules})


@cache
def stepped(text: str) -> tuple[Any, Any]:
    """Keras's optimizer of a text, and the graph of one step of it on variables of `SHAPES`."""
    tf, keras = pytest.importorskip("tensorflow"), pytest.importorskip("keras")
    twin = keras_twin(text)
    variables = [keras.Variable(tf.ones(shape), name=f"w{i}") for i, shape in enumerate(SHAPES)]
    twin.build(variables)

    def step(loss: Any, *gradients: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(loss)
            scaled = twin.scale_loss(loss)
        scaled = scaled if scaled is loss else tape.gradient(scaled, loss)
        twin.apply(list(gradients), variables)
        return scaled

    return twin, tf.function(step).get_concrete_function(*map(tf.TensorSpec, [(), *SHAPES])).graph


@pytest.mark.keras
@pytest.mark.parametrize("text", [*PLAIN, *MORE, *SCHEDULED])
def test_a_step_does_what_the_graph_of_keras_does(text: str) -> None:
    ours = get(text)
    _, graph = stepped(text)
    assert noted([*ours.update_work(WEIGHTS), *ours.step_work(len(WEIGHTS))]) == traced(graph)
    assert traced(graph) == GRAPHS["optimizers"][text]


@pytest.mark.parametrize("text", [*PLAIN, *MORE, *SCHEDULED])
def test_a_step_does_what_is_written_down_of_keras(text: str) -> None:
    ours = get(text)
    assert noted([*ours.update_work(WEIGHTS), *ours.step_work(len(WEIGHTS))]) == GRAPHS["optimizers"][text]


@pytest.mark.keras
@pytest.mark.parametrize("text", ACCUMULATING)
def test_both_kinds_of_step_where_gradients_accumulate(text: str) -> None:
    ours = get(text)
    _, graph = stepped(text)
    sides = branches(graph)
    outside, then, others = traced(graph), traced(sides["then"]), traced(sides["else"])
    once = ours.step_work(len(WEIGHTS))
    update = noted([*ours.update_work(WEIGHTS), *once])
    assert update == {op: outside.get(op, 0) + then.get(op, 0) for op in outside | then}
    waiting = noted([*ours.accumulation_work(WEIGHTS), *ours.waiting_work()])
    assert waiting == {op: outside.get(op, 0) + others.get(op, 0) for op in outside | others}


@pytest.mark.keras
@pytest.mark.parametrize("text", SCALED)
def test_a_step_of_a_scaled_loss_whose_gradients_are_finite(text: str) -> None:
    ours, (_, graph) = get(text), stepped(text)
    finite = branches(graph)["then"]
    found = Counter(traced(graph)) + Counter(traced(finite)) + Counter(traced(branches(finite)["else"]))
    assert noted([*ours.update_work(WEIGHTS), *ours.step_work(len(WEIGHTS))]) == found


@pytest.mark.keras
@pytest.mark.parametrize("text", [*PLAIN, *MORE, *SCHEDULED, *SCALED, *ACCUMULATING])
def test_the_state_is_that_of_keras_to_the_element(text: str) -> None:
    ours, (twin, _) = get(text), stepped(text)
    counters = [str(variable.dtype) for variable in twin.variables if variable.name.startswith(COUNTERS)]
    kept = sorted(tuple(variable.shape) for variable in twin.variables if not variable.name.startswith(COUNTERS))
    assert sorted(ours.counters().values()) == sorted(counters)
    assert sorted(tuple(map(int, slot.shape)) for slot in ours.state(WEIGHTS)) == kept


COUNTERS = ("iteration", "learning_rate", "variable", "step_counter", "dynamic_scale")


@pytest.mark.keras
@pytest.mark.parametrize("text", [*PLAIN, *MORE])
def test_the_profiler_counts_what_our_convention_says(text: str) -> None:
    ours = get(text)
    tf = pytest.importorskip("tensorflow")
    options = tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
    options["output"] = "none"
    found = tf.compat.v1.profiler.profile(stepped(text)[1], options=options)
    works = [*ours.update_work(WEIGHTS), *ours.step_work(len(WEIGHTS))]
    larger_of_two_sizes = text.startswith("Muon") and ours.rms_rate is not None  # whole numbers, known from the shape
    matrices = 1 if larger_of_two_sizes and not ours.by_adam(WEIGHTS[0]) else 0
    assert sum(int(flops_of(work)) for work in works) + matrices == found.total_float_ops


LOOKED_UP = [*PLAIN, "SGD(clipnorm=1.0)", "Adam(clipvalue=0.5)", "SGD(global_clipnorm=1.0)", "AdamW(use_ema=True)"]


@pytest.mark.keras
@pytest.mark.parametrize("text", LOOKED_UP)
def test_an_embedding_is_changed_as_keras_changes_it(text: str) -> None:
    """Of 11 rows of 3 numbers 8 were looked up: the gradient has those alone."""
    tf, keras = pytest.importorskip("tensorflow"), pytest.importorskip("keras")
    variables = [keras.Variable(tf.ones((11, 3)), name="embeddings"), keras.Variable(tf.ones((5,)), name="bias")]
    twin = keras_twin(text)
    twin.build(variables)

    def step(values: Any, places: Any, other: Any) -> None:
        rows = tf.IndexedSlices(values, places, tf.constant([11, 3]))
        twin.apply([rows, other], variables)

    shapes = tf.TensorSpec((8, 3)), tf.TensorSpec((8,), "int32"), tf.TensorSpec((5,))
    graph = tf.function(step).get_concrete_function(*shapes).graph
    found = Counter(traced(graph, rows=8))
    if "StatelessIf" in {op.type for op in graph.get_operations()}:  # whether any number is divided by a 0: none is
        found.update(traced(branches(graph)["else"], rows=8))
    weights = [Weight("embeddings", (11, 3)), Weight("bias", (5,))]
    works = get(text).update_work(weights, {"embeddings": 24})
    assert noted([*works, *get(text).step_work(2)]) == found


def test_what_keras_cannot_divide_is_refused() -> None:
    with pytest.raises(ModelCostError, match="loss_scale_factor does not go with an embedding"):
        get("SGD(loss_scale_factor=2.0)").update_work([Weight("embeddings", (11, 3))], {"embeddings": 24})


def columns(works: list[Any]) -> dict[str, int]:
    """How much of each column some work is."""
    found = dict.fromkeys(COLUMNS, 0)
    for work in works:
        for column, count in work.counted().items():
            found[column] += int(count)
    return found


def test_a_number_of_adam_by_hand() -> None:
    """g - m, times 0.1, added to m; g*g - v, times 0.001, added to v; m*alpha over root v plus epsilon, off w."""
    one = [Weight("w", (1,))]
    many = [Weight("w", (1001,))]
    a, b = columns(get("adam").update_work(one)), columns(get("adam").update_work(many))
    each = {column: (b[column] - a[column]) / 1000 for column in COLUMNS}
    assert each == {
        "macs": 0, "multiplies": 4, "adds": 6, "divisions": 1, "comparisons": 0, "transcendentals": 1,
    }  # fmt: skip


def naive_momentum(w: list[Num], g: list[Num], m: list[Num], nesterov: bool) -> None:
    for i in range(len(w)):
        step = g[i] * 0.1
        m[i] = m[i] * 0.9 - step
        w[i] = w[i] + (m[i] * 0.9 - g[i] * 0.1 if nesterov else m[i])


def naive_adagrad(w: list[Num], g: list[Num], squares: list[Num], _: bool) -> None:
    for i in range(len(w)):
        squares[i] = squares[i] + g[i] * g[i]
        w[i] = w[i] - g[i] * 0.1 / sqrt(squares[i] + 1e-7)


def naive_rmsprop(w: list[Num], g: list[Num], squares: list[Num], _: bool) -> None:
    for i in range(len(w)):
        squares[i] = squares[i] * 0.9 + g[i] * g[i] * 0.1
        w[i] = w[i] - g[i] * 0.1 / sqrt(squares[i] + 1e-7)


@pytest.mark.parametrize(
    ("text", "naive"),
    [
        ("SGD(momentum=0.9)", naive_momentum),
        ("SGD(momentum=0.9, nesterov=True)", naive_momentum),
        ("adagrad", naive_adagrad),
        ("rmsprop", naive_rmsprop),
    ],
)
def test_updates_are_what_a_loop_over_the_numbers_does(text: str, naive: Any) -> None:
    tally = Tally()
    w, g, slot = (numbers(tally, (12,)) for _ in range(3))
    naive(w, g, slot, "nesterov" in text)
    counted = columns(get(text).update_work([Weight("kernel", (3, 3)), Weight("bias", (3,))]))
    assert {column: counted[column] for column in TALLIED} == tally.as_dict()


@pytest.mark.parametrize("text", [*PLAIN, *MORE, *SCALED, "Adam(gradient_accumulation_steps=2)"])
def test_updates_of_layers_add_up_to_that_of_the_model(text: str) -> None:
    ours = get(text)
    whole, parts = columns(ours.update_work(WEIGHTS)), Counter[str]()
    for one in (WEIGHTS[:2], WEIGHTS[2:3], [], WEIGHTS[3:]):
        parts.update(columns(ours.update_work(one)))
    assert whole == dict(parts)
    assert sum(int(ours.state_numbers([one])) for one in WEIGHTS) == ours.state_numbers(WEIGHTS)


def test_the_work_shows_its_working() -> None:
    kernel = Weight("kernel", (Count(784, "C"), Count(10, "U")))
    first, *_ = get("sgd").update_work([kernel, Weight("bias", (Count(10, "U"),))])
    assert (first.times.formula(), (first.times * 4).formula()) == ("C*U + U", "P*4")
    assert first.operands == ("gradient", "learning_rate")
    assert all(work.once and work.phase == "training" and work.part == "optimizer" for work in [first])


@pytest.mark.parametrize(
    ("identifier", "meant"),
    [
        ("ADAMW", "AdamW()"),
        ("keras.optimizers.SGD(0.1, momentum=0.9)", "SGD(learning_rate=0.1, momentum=0.9)"),
        (optimizers.Lion, "Lion()"),
        (optimizers.Lion(0.5), "Lion(learning_rate=0.5)"),
        ({"class_name": "Keras>Adam", "config": {"learning_rate": 0.1}}, "Adam(learning_rate=0.1)"),
        (
            {"class_name": "SGD", "config": {"learning_rate": {"class_name": "CosineDecay", "config": RATE}}},
            f"SGD(learning_rate={{'class_name': 'CosineDecay', 'config': {RATE}}})"[:200],
        ),
    ],
)
def test_an_optimizer_is_named_in_many_ways(identifier: Any, meant: str) -> None:
    found = get(identifier)
    assert repr(found)[:30] == meant[:30]
    assert get(found) is found


@pytest.mark.keras
@pytest.mark.parametrize("text", [*PLAIN, *MORE, *SCHEDULED, *SCALED])
def test_keras_s_own_is_read_by_its_configuration(text: str) -> None:
    keras = pytest.importorskip("keras")
    ours, (twin, _) = get(text), stepped(text)
    for read in (get(twin), get(keras.optimizers.serialize(twin))):
        assert type(read) is type(ours)
        assert columns(read.update_work(WEIGHTS)) == columns(ours.update_work(WEIGHTS))
        assert columns(read.step_work(4)) == columns(ours.step_work(4))
        assert read.slots(WEIGHTS[0]) == ours.slots(WEIGHTS[0])


@pytest.mark.keras
@pytest.mark.parametrize("cls", [*OPTIMIZERS.members.values(), *learning_rates.RATES.members.values()])
def test_arguments_and_defaults_are_those_of_keras(cls: Any) -> None:
    keras = pytest.importorskip("keras")
    theirs = getattr(keras.optimizers, cls.__name__, None) or getattr(keras.optimizers.schedules, cls.__name__)
    for name, parameter in inspect.signature(theirs.__init__).parameters.items():
        if name not in ("self", "kwargs", "name"):
            default = cls.fields[name].default
            assert default == parameter.default or parameter.default is inspect.Parameter.empty, name
    own = [name for name in inspect.signature(theirs.__init__).parameters if name in cls.fields][:4]
    assert list(cls.fields)[: len(own) - 1] == own[:-1]


@pytest.mark.parametrize(
    ("identifier", "text"),
    [
        ("adma", "unknown optimizer 'adma'; did you mean Adam"),
        ("xyz", "unknown optimizer 'xyz'; known are: SGD, Adam, "),
        ("multi_optimizer", "the optimizer MultiOptimizer is not counted yet; those that are: SGD, Adam, "),
        ("LossScaleOptimizer", "LossScaleOptimizer needs inner_optimizer"),
        ("LossScaleOptimizer('adma')", "LossScaleOptimizer: unknown optimizer 'adma'; did you mean Adam"),
        ("LossScaleOptimizer(SGD(), clipnorm=1.0)", "clipnorm belongs to the optimizer within"),
        ("LossScaleOptimizer(SGD(), use_ema=True)", "use_ema and loss_scale_factor belong to the optimizer within"),
        ("SGD(momentum=0.9", "optimizer must be a name, a call with plain values such as SGD"),
        ("SGD(momentum=open('x'))", "momentum must be a finite number. Received: momentum=\"open\\('x'\\)\""),
        ("SGD(**{'momentum': 1})", "optimizer must be a name, a call with plain values"),
        ("SGD(momentum=a)", "optimizer must be a name, a call with plain values"),
        ("SGD(momentun=0.9)", "SGD: unknown argument 'momentun'; did you mean momentum"),
        ("SGD(0.1, learning_rate=0.1)", "SGD: learning_rate was given twice"),
        ("SGD(momentum=2)", "SGD: momentum must be a number from 0 to 1. Received: momentum=2"),
        ("SGD(learning_rate=None)", "learning rate must be a name, a call with plain values such as ExponentialDecay"),
        ("SGD(learning_rate='fast')", "unknown learning rate 'fast'; known are: ExponentialDecay"),
        ("SGD(ExponentialDecay())", "ExponentialDecay needs initial_learning_rate and decay_steps and decay_rate"),
        ("SGD(CosineDecay(0.1, 10, warmup_target=1))", "warmup_target makes steps that cost differently"),
        ("SGD(PiecewiseConstantDecay([1], [1]))", "there must be one value more than boundaries"),
        ("SGD(PiecewiseConstantDecay(1, [1]))", "boundaries and values must be lists"),
        ("SGD(clipnorm=1.0, clipvalue=1.0)", "only one of clipnorm, clipvalue and global_clipnorm"),
        ("SGD(gradient_accumulation_steps=1)", "gradient_accumulation_steps must be at least 2, or None"),
        ("AdamW(weight_decay=None)", "weight_decay must be a number; for none use Adam"),
        (3, "such as SGD\\(...\\), or one of Keras. Received: 3"),
        (None, "Received: None"),
    ],
)
def test_what_is_no_optimizer_is_refused(identifier: Any, text: str) -> None:
    with pytest.raises(ModelCostError, match=text):
        get(identifier)


def test_a_rate_that_is_a_number_costs_nothing() -> None:
    assert rate_of(0.1) is None
    assert [work.primitive.kind for work in get("sgd").step_work(3)] == ["add"]  # the counter of steps


def test_rows_that_were_looked_up_by_hand() -> None:
    """Of 11 rows of 3 numbers 8 were looked up: 24 numbers of gradient for 33 of weight."""
    embeddings = [Weight("embeddings", (11, 3))]
    assert noted(get("sgd").update_work(embeddings, {"embeddings": 24})) == {"Mul": 24, "ResourceScatterSub": 24}
    adam = noted(get("adam").update_work(embeddings, {"embeddings": 24}))
    assert (adam["UnsortedSegmentSum"], adam["Square"], adam["AssignSubVariableOp"]) == (2 * 24, 24, 33)
    adagrad = noted(get("adagrad").update_work(embeddings, {"embeddings": 24}))
    assert (adagrad["ResourceScatterAdd"], adagrad["RealDiv"], adagrad["Sqrt"]) == (24, 24, 33)
    assert (adagrad["Equal"], adagrad["IsNan"]) == (33, 33)
    adafactor = noted(get("adafactor").update_work(embeddings, {"embeddings": 24}))
    assert (adafactor["Sum of"], adafactor["UnsortedSegmentSum"]) == (24, 24)  # the mean square of the change alone
    unseen = noted(get("adafactor").unseen_work(embeddings, {"embeddings": 24}))
    assert unseen == {"RealDiv": 48, "Square": 24, "Sum of": 24, "Mul": 24, "ResourceScatterSub": 24}


def test_state_by_hand() -> None:
    kernel = [Weight("kernel", (5, 3))]
    for text, slots in {"rmsprop": 1, "RMSprop(momentum=0.5)": 2, "SGD(momentum=0.9)": 1, "sgd": 0, "adam": 2}.items():
        assert get(text).state_numbers(kernel) == 15 * slots
    assert get("adam").counters() == {"iteration": "int64", "learning_rate": "float32"}


@pytest.mark.parametrize("text", ["sgd", *PLAIN, *MORE, *SCALED])
@pytest.mark.parametrize("convention", ["flops", "all", "2macs"])
def test_a_step_counts_all_work_however_it_is_written(text: str, convention: str) -> None:
    model = mc.Sequential([mc.Input((6, 6, 2)), mc.Conv2D(3, 3, name="conv"), mc.Flatten(), mc.Dense(4, name="out")])
    training = mc.cost(model, optimizer=text, convention=convention).training
    weights = CONVENTIONS[convention].weights
    for name, shapes in (("conv", ((3, 3, 2, 3), (3,))), ("out", ((48, 4), (4,)))):
        works = get(text).update_work(
            [Weight(one, shape) for one, shape in zip(("kernel", "bias"), shapes, strict=True)]
        )
        columns = [column for work in works for column in work.counted().items()]
        assert training[name].optimizer_flops == sum(weights.get(column, 0) * int(count) for column, count in columns)


def test_what_is_done_again_and_again_is_written_once() -> None:
    report = mc.cost(mc.Sequential([mc.Input((784,)), mc.Dense(10)]), optimizer="adam")
    row = report.training["dense"]
    assert (row.optimizer_flops.formula(), row.optimizer_flops) == ("5*tensors + 11*P", 5 * 2 + 11 * 7850)
    assert "P = C*U + U = 784*10 + 10 = 7,850" in report.explain("dense")


@pytest.mark.parametrize("limit", ["clipnorm=-1", "clipnorm=0", "clipvalue=-0.5", "global_clipnorm=-2.0"])
def test_a_limit_that_is_not_above_zero_clips_nothing(limit: str) -> None:
    """Source: Keras 3.15, `_clip_gradients` of `keras/src/optimizers/base_optimizer.py`."""
    kernel = [Weight("kernel", (5, 3))]
    for works in (lambda one: one.update_work(kernel), lambda one: one.step_work(1)):
        found, plain = (works(get(text)) for text in (f"SGD({limit})", "SGD()"))
        assert [(work.op, work.counted()) for work in found] == [(work.op, work.counted()) for work in plain]
