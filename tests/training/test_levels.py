"""Training in a report: steps, epochs and runs, layer by layer; and what is asked for wrongly."""

from __future__ import annotations

from typing import Any

import pytest

import modelcost as mc
from modelcost.cli import main
from modelcost.errors import ModelCostError
from modelcost.training.optimizers import SGD

TRAINED = ("forward_flops", "backward_flops", "optimizer_flops")


def small() -> mc.Model:
    """Everything whose cost is no plain multiple of the batch: statistics of a batch, dropout, a penalty, biases."""
    return mc.Sequential(
        [
            mc.Input((6,)),
            mc.Dense(4, activation="relu", kernel_regularizer="l2"),
            mc.BatchNormalization(),
            mc.Dropout(0.5),
            mc.Dense(3, activation="softmax"),
        ]
    )


# The settings of the homework sets: batch, data, validation, epochs; steps of an epoch, those of the run.
HOMEWORK = [
    (32, 50_000, 10_000, 15, 1563, 15 * 1563),
    (64, 4500, 1500, 42, 71, 42 * 71),
    (32, 4500, 1500, 50, 141, 50 * 141),
    (64, 60_000, 0.2, 10, 750, 7500),
    (128, 60_000, None, 20, 469, 9380),
    (10, 55, None, 100, 6, 600),
    (32, 50_000, 10_000, 10, 1563, 15_630),
]


@pytest.mark.parametrize(("batch", "data", "validation", "epochs", "steps", "run_steps"), HOMEWORK)
def test_settings_of_the_homework(
    batch: int, data: int, validation: Any, epochs: int, steps: int, run_steps: int
) -> None:
    report = mc.cost(small(), batch=batch, data=data, validation=validation, epochs=epochs, optimizer="adam")
    assert (report.epoch.steps, report.run.steps) == (steps, run_steps)
    trained = data * 4 // 5 if validation == 0.2 else data
    last = trained - (steps - 1) * batch
    whole, short = (mc.cost(small(), batch=n, optimizer="adam").minibatch for n in (batch, last))
    for name in TRAINED:
        once = (steps - 1) * getattr(whole, name) + getattr(short, name)
        assert getattr(report.epoch, name) == once
        assert getattr(report.run, name) == epochs * once
    held_out = {None: 0, 0.2: data // 5}.get(validation, validation)
    if held_out:
        calls = -(-held_out // batch)
        each, every = report.example.forward_flops, mc.cost(small(), batch=2).minibatch.forward_flops
        once_a_call = 2 * each - every  # what is done once a call is in both examples' figures
        assert report.epoch.validation_flops == held_out * (each - once_a_call) + calls * once_a_call
        assert report.run.validation_flops == epochs * report.epoch.validation_flops


def test_forward_backward_and_optimizer_add_up() -> None:
    report = mc.cost(small(), batch=7, data=40, epochs=3, optimizer="adam", loss="categorical_crossentropy", test=9)
    for level in (report.minibatch, report.epoch, report.run):
        assert level.flops == sum(getattr(level, name) for name in TRAINED)
    rows, totals = list(report.training), report.training.totals
    for name in totals.figures:
        assert totals.figures[name] == sum(row.figures[name] for row in rows)
    assert totals.flops == report.minibatch.flops
    assert report.run.test_flops > 0
    assert [row.of for row in rows][-2:] == ["loss", "optimizer"]


def test_a_short_last_batch_is_left_out_where_that_is_asked_for() -> None:
    settings: dict[str, Any] = {"batch": 7, "data": 40, "optimizer": "sgd"}
    kept, left = mc.cost(small(), **settings), mc.cost(small(), drop_remainder=True, **settings)
    assert (kept.epoch.steps, left.epoch.steps) == (6, 5)
    assert left.epoch.flops == 5 * left.minibatch.flops


def test_an_early_stop_is_fewer_epochs() -> None:
    settings: dict[str, Any] = {"batch": 7, "data": 40, "optimizer": "sgd"}
    stopped = mc.cost(small(), epochs=50, early_stop=42, **settings)
    assert stopped.run.flops == mc.cost(small(), epochs=42, **settings).run.flops


def test_gradients_that_accumulate_change_weights_less_often() -> None:
    settings: dict[str, Any] = {"batch": 4, "data": 40, "epochs": 1}
    each = mc.cost(small(), optimizer="SGD()", **settings).run
    several = mc.cost(small(), optimizer="SGD(gradient_accumulation_steps=5)", **settings).run
    assert several.forward_flops == each.forward_flops
    assert several.backward_flops == each.backward_flops
    params = mc.cost(small()).trainable_params
    assert 10 * params <= several.optimizer_flops - 10 < 2 * (10 * 2 * params + 10 * params)


def test_nothing_is_trained_below_the_lowest_layer_that_is() -> None:
    layers = [mc.Dense(4, trainable=False, name="frozen"), mc.Dense(3, name="head")]
    report = mc.cost(mc.Sequential([mc.Input((6,)), *layers]), batch=5, optimizer="sgd")
    frozen, head = report.training["frozen"], report.training["head"]
    assert frozen.forward_flops == 5 * 4 * (6 + 5 + 1)
    assert frozen.flops == frozen.forward_flops
    assert head.input_gradient_flops == 0
    assert head.part("weight_gradient").macs == 5 * 4 * 3


def test_json_there_and_back() -> None:
    report = mc.cost(small(), batch=7, data=40, epochs=3, optimizer="adam", validation=0.25, test=9)
    again = mc.Report.from_json(report.to_json())
    assert again.to_json() == report.to_json()
    assert again.training["dense"].weight_gradient_flops == report.training["dense"].weight_gradient_flops
    assert again.run.figures == report.run.figures


@pytest.mark.parametrize("batch", [1, 7, 30, 64, 100, 199, 200, 500])
def test_rebinding_the_batch_of_a_run_is_costing_for_it(batch: int) -> None:
    """The last mini-batch of an epoch has another size then too."""
    settings = {"data": 200, "epochs": 3, "validation": 0.25, "test": 50, "optimizer": "adam"}
    run = mc.cost(small(), batch=64, **settings)
    other = mc.cost(small(), batch=batch, **settings)
    for level in ("minibatch", "epoch", "run"):
        for name, figure in getattr(run, level).figures.items():
            assert figure.rebind(batch=batch) == getattr(getattr(other, level), name), (level, name)


def test_rebinding_the_batch_is_costing_for_it() -> None:
    flops = mc.cost(small(), batch=64, optimizer="adam").minibatch.flops
    for batch in (1, 2, 100):
        assert flops.rebind(batch=batch) == mc.cost(small(), batch=batch, optimizer="adam").minibatch.flops


def test_without_an_optimizer_nothing_is_trained() -> None:
    report = mc.cost(small(), batch=7, data=40)
    assert not report.trains
    with pytest.raises(ModelCostError, match=r"no training without an optimizer; give optimizer="):
        _ = report.training
    with pytest.raises(ModelCostError, match="has no backward_flops"):
        _ = report.minibatch.backward_flops


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("--optimizer adm", "unknown optimizer 'adm'; did you mean Adam"),
        ("--loss mse", "a loss is a part of training, which needs an optimizer; give optimizer=..."),
        ("--optimizer sgd --loss mes", "unknown loss 'mes'"),
        ("--test 5", "test says something of epochs, and needs the training examples; give data=..."),
        ("--data 10 --validation 1.5", "validation must be a fraction of the data between 0 and 1"),
        ("--data 10 --validation 0.x", "expected a fraction or a whole number. Received: '0.x'"),
        ("--data 10 --early-stop 3", "early_stop says how many of the epochs were run; give epochs=... too"),
        ("--data -5 --optimizer sgd", "data must be at least 1. Received: data=-5"),
        ("--data 9223372036854775808 --optimizer sgd", "data must be at most 2**63-1"),
        ("--batch 0 --optimizer sgd", "batch must be at least 1. Received: batch=0"),
        ("--optimizer sgd --convention tf", "the convention tf covers the forward pass alone; use tf-honest"),
    ],
)
def test_bad_settings(words: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lenet5", *words.split()]) == 2
    assert says in capsys.readouterr().err


def test_nothing_to_train() -> None:
    with pytest.raises(ModelCostError, match="there is nothing to train"):
        mc.cost(mc.Sequential([mc.Input((6,)), mc.Dense(4, trainable=False)]), optimizer="sgd")


def test_the_table_has_the_step_by_layer(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lenet5", "--batch", "32", "--data", "100", "--epochs", "2", "--optimizer", "adam"]) == 0
    told = capsys.readouterr().out
    assert "Training: one step on a mini-batch of 32" in told
    assert "weight gradients" in told
    assert "run of 2 epochs" in told


def words(**more: Any) -> mc.Model:
    return mc.Sequential([mc.Input((6,), dtype="int32"), mc.Embedding(1000, 4, **more), mc.Flatten(), mc.Dense(3)])


def test_only_rows_that_were_looked_up_are_changed() -> None:
    """6 rows of 4 numbers for each of 5 examples: a multiply by the rate and a subtraction for each."""
    row = mc.cost(words(), batch=5, optimizer="sgd").training["embedding"]
    assert row.weight_gradient_flops == 0
    assert row.optimizer_flops == 2 * 5 * 6 * 4
    dense = mc.cost(words(embeddings_regularizer="l2"), batch=5, optimizer="sgd").training["embedding"]
    assert dense.part("weight_gradient").adds == 5 * 6 * 4 + 4000  # the rows made a whole, and the penalty's added
    assert dense.optimizer_flops == 2 * 4000


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_epochs_whose_last_step_looks_up_fewer_rows(optimizer: str) -> None:
    whole, short = (mc.cost(words(), batch=n, optimizer=optimizer).minibatch.optimizer_flops for n in (4, 2))
    report = mc.cost(words(), batch=4, data=38, epochs=7, optimizer=optimizer)
    assert report.epoch.optimizer_flops == 9 * whole + short
    assert report.run.optimizer_flops == 7 * report.epoch.optimizer_flops


def test_steps_that_wait_add_up_the_rows_that_they_looked_up() -> None:
    """Every fourth step changes the weights, the last of an epoch every other time."""

    def step(batch: int) -> tuple[int, int]:
        rows, dense = batch * 6 * 4, 24 * 3 + 3
        waiting = rows + 4000 + dense + 3  # rows put where they belong, added to those before; counters
        return waiting + (4000 + dense) * (1 + 2), waiting

    report = mc.cost(words(), batch=4, data=38, epochs=7, optimizer="SGD(gradient_accumulation_steps=4)")
    (updates, waits), (short, short_waits) = step(4), step(2)
    assert (
        mc.cost(words(), batch=4, optimizer="SGD(gradient_accumulation_steps=4)").minibatch.optimizer_flops == updates
    )
    assert report.run.optimizer_flops == 14 * updates + 3 * short + 49 * waits + 4 * short_waits


def test_weights_without_a_gradient_are_passed_over() -> None:
    x = mc.Input((6,), dtype="int32")
    table = mc.ReversibleEmbedding(11, 4, tie_weights=False)
    model = mc.Model(x, mc.Dense(2)(table(x)))
    row = mc.cost(model, batch=5, optimizer="sgd").training["reversible_embedding"]
    assert row.optimizer_flops == 2 * 5 * 6 * 4
    averaged = mc.cost(model, batch=5, optimizer="SGD(use_ema=True)").training["reversible_embedding"]
    assert averaged.optimizer_flops == row.optimizer_flops + 3 * 2 * 44 + 2 * 2


def test_of_several_outputs_those_that_are_used_have_a_gradient() -> None:
    """The state of an LSTM comes out twice: where both are used, two gradients of 3 numbers are added."""

    def backward(*which: int) -> int:
        x = mc.Input((5, 4))
        outputs = mc.LSTM(3, return_state=True)(x)
        used = [outputs[i] for i in which]
        model = mc.Model(x, mc.Dense(2)(mc.Concatenate()(used) if len(used) > 1 else used[0]))
        return int(mc.cost(model, batch=2, optimizer="sgd").training["lstm"].input_gradient_flops)

    assert backward(0) == backward(1) == backward(0, 1) - 2 * 3


def test_gradients_of_a_layer_that_is_called_twice_are_added_once_a_step() -> None:
    """A kernel of 3 x 3, products for 5 examples at each call; the second adds its 9 numbers to those of the first."""
    x, layer = mc.Input((3,)), mc.Dense(3, use_bias=False)
    training = mc.cost(mc.Model(x, layer(layer(x))), batch=5, optimizer="sgd").training
    adds = [training[name].part("weight_gradient").adds for name in ("dense", "dense:2")]
    assert adds == [9 * (5 - 1), 9 * (5 - 1) + 9]
    assert [training[name].optimizer_flops for name in ("dense", "dense:2")] == [2 * 9, 0]


def test_a_table_that_is_read_twice_is_changed_by_all_rows() -> None:
    table, x = mc.Embedding(1000, 4), [mc.Input((i,), dtype="int32") for i in (2, 3)]
    model = mc.Model(x, mc.Dense(1)(mc.Flatten()(mc.Concatenate(axis=1)([table(one) for one in x]))))
    training = mc.cost(model, batch=5, optimizer="sgd").training
    assert training["embedding"].optimizer_flops == 2 * 5 * (2 + 3) * 4
    assert training["embedding"].weight_gradient_flops == training["embedding:2"].weight_gradient_flops == 0


def test_what_compares_has_no_gradient_to_hand_on() -> None:
    """Of x times whether x is positive only the one factor is followed back."""
    from modelcost import ops

    x = mc.Input((4,))
    y = mc.Dense(3)(x)
    chosen = ops.where(ops.greater(y, 0), y, 0.0)
    training = mc.cost(mc.Model(x, mc.Dense(1)(chosen)), batch=5, optimizer="sgd").training
    assert training["dense"].input_gradient_flops == 0


def test_a_frozen_batch_normalization_runs_as_in_inference() -> None:
    """A multiply and an add for each of 5 times 3 numbers, and 4 steps on each of 3 statistics once."""

    def forward(trainable: bool) -> Any:
        layers = [mc.Dense(3), mc.BatchNormalization(trainable=trainable), mc.Dense(2)]
        report = mc.cost(mc.Sequential([mc.Input((4,)), *layers]), batch=5, optimizer="sgd")
        return report.training["batch_normalization"].forward_flops

    assert forward(False) == 5 * 3 * 2 + 3 * 4 < forward(True)


def test_an_input_that_comes_out_as_it_is_has_its_loss_but_no_gradient() -> None:
    """Held against a net of one output: squares of 4 differences and their mean more, for each of 2 examples."""
    x = mc.Input((4,))
    y = mc.Dense(3)(x)
    alone, both = (
        mc.cost(mc.Model(x, outputs), batch=2, optimizer="sgd", loss="mse").training["loss"] for outputs in (y, [y, x])
    )
    more = {"sub": 2 * 4, "mul": 2 * 4, "mean of an example": 2 * (3 + 1), "mean of the batch": 1 + 1, "both": 2}
    assert both.forward_flops == alone.forward_flops + sum(more.values())
    assert both.input_gradient_flops == alone.input_gradient_flops


def test_who_asks_for_the_forward_pass_alone_pays_for_no_update() -> None:
    class Counted(SGD):
        updates = 0

        def update(self, at: Any) -> None:
            Counted.updates += 1
            super().update(at)

    layers = [mc.Dense(8, name=f"layer_{i}") for i in range(20)]
    report = mc.cost(mc.Sequential([mc.Input((8,)), *layers]), optimizer=Counted())
    assert report.example.forward_flops == 20 * (8 * 8 + 8 * 8) and Counted.updates == 0
    step = report.training["layer_3"]
    assert step.optimizer_flops == 2 * 72 and Counted.updates == 1  # those that are alike share it
    assert report.minibatch.optimizer_flops == 20 * 2 * 72 + 1  # the counter of steps
    assert Counted.updates == 2  # the first layer is another kind: nothing goes back into what comes in


def test_calls_alike_in_their_facts_train_each_by_its_own_circumstances() -> None:
    """One frozen, one with a penalty, one read twice, one below all others: each as it is where it stands alone."""

    def net(*, first: Any = (), second: Any = (), third: Any = (), twice: bool = False) -> Any:
        x = mc.Input((8,))
        a = mc.Dense(8, name="a", **dict(first))(x)
        b = mc.Dense(8, name="b", **dict(second))(a)
        c = mc.Dense(8, name="c", **dict(third))(b)
        model = mc.Model(x, mc.Add(name="sum")([c, b]) if twice else c)
        return mc.cost(model, batch=2, optimizer="adam").training

    plain, N, products = net(), 2, 8 * 8
    weights = (2 * N - 1) * products + (N - 1) * 8
    assert [plain[name].weight_gradient_flops for name in "abc"] == [weights] * 3
    assert [plain[name].input_gradient_flops for name in "abc"] == [0, *[N * 8 * 15] * 2]
    frozen = net(second={"trainable": False})
    assert frozen["b"].weight_gradient_flops == frozen["b"].optimizer_flops == 0
    assert frozen["b"].input_gradient_flops == plain["b"].input_gradient_flops
    assert [frozen[name].flops for name in "ac"] == [plain[name].flops for name in "ac"]
    fined = net(third={"kernel_regularizer": "l2"})
    assert fined["c"].weight_gradient_flops > weights == fined["b"].weight_gradient_flops
    assert net(twice=True)["b"].input_gradient_flops == plain["b"].input_gradient_flops + N * 8
    lowest = net(first={"trainable": False})
    assert [lowest[name].input_gradient_flops for name in "abc"] == [0, 0, N * 8 * 15]
