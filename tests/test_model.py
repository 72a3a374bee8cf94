"""Models as graphs: parts that add up, sharing, nesting, names as in Keras, and scripts as people write them."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import modelcost as mc
from modelcost.errors import ModelCostError, SizeError
from modelcost.facts import COLUMNS
from modelcost.model import Model
from modelcost.report import FIGURES
from modelcost.sequential import Sequential


def names(model: mc.Model) -> list[str]:
    """The names of the rows, in order."""
    return [entry.name for entry in model.entries()]


def random_layer(draw: st.DrawFn) -> Any:
    """A layer that goes on any image."""
    kind = draw(st.sampled_from(["conv", "pool", "norm", "relu", "drop"]))
    makers: dict[str, Any] = {
        "conv": lambda: mc.Conv2D(draw(st.integers(1, 5)), draw(st.integers(1, 2)), padding="same", activation="relu"),
        "pool": lambda: mc.MaxPooling2D(2, padding="same"),
        "norm": mc.BatchNormalization,
        "relu": mc.ReLU,
        "drop": lambda: mc.Dropout(0.2),
    }
    return makers[kind]()


@st.composite
def chains(draw: st.DrawFn) -> list[Any]:
    """A few layers for an image, then a dense end."""
    layers = [random_layer(draw) for _ in range(draw(st.integers(1, 4)))]
    return [*layers, mc.Flatten(), mc.Dense(draw(st.integers(1, 4)), activation="softmax")]


@settings(max_examples=40, deadline=None)
@given(chains())
def test_a_chain_costs_the_sum_of_its_parts(layers: list[Any]) -> None:
    report = mc.cost(mc.Sequential([mc.Input((8, 6, 3)), *layers]))
    whole = dict.fromkeys(FIGURES, 0)
    shape: Any = (8, 6, 3)
    whole["activation_bytes"] = 8 * 6 * 3 * 4
    for layer in layers:
        alone = mc.cost(mc.Sequential([mc.Input(tuple(map(int, shape))), layer]))
        for name in FIGURES:
            whole[name] += list(alone)[-1].figures[name]
        shape = list(alone)[-1].output_shape
    assert {name: getattr(report, name) for name in FIGURES} == whole
    assert report.params == report.trainable_params + report.non_trainable_params


@settings(max_examples=40, deadline=None)
@given(chains(), st.integers(1, 100), st.integers(1, 1000), st.integers(1, 9))
def test_batches_epochs_and_runs(layers: list[Any], batch: int, data: int, epochs: int) -> None:
    model = mc.Sequential([mc.Input((8, 6, 3)), *layers])
    report = mc.cost(model, batch=batch, data=data, epochs=epochs)
    works = [work for entry in model.entries() for work in entry.facts.works if work.phase != "training"]
    flops = {once: sum(_flops(work) for work in works if work.once is once) for once in (False, True)}
    steps = -(-data // batch)
    assert report.example.forward_flops == report.flops == flops[False] + flops[True]
    assert report.minibatch.forward_flops == batch * flops[False] + flops[True]
    assert report.epoch.steps == steps
    assert report.epoch.forward_flops == data * flops[False] + steps * flops[True]
    assert report.run.steps == epochs * steps
    assert report.run.forward_flops == epochs * report.epoch.forward_flops


def _flops(work: Any) -> int:
    counted = work.counted()
    return int(sum(counted.get(column, 0) for column in ("multiplies", "adds", "divisions")))


@settings(max_examples=25, deadline=None)
@given(chains())
def test_rows_add_up_to_the_totals_and_show_their_working(layers: list[Any]) -> None:
    report = mc.cost(mc.Sequential([mc.Input((8, 6, 3)), *layers]))
    for name in FIGURES:
        total = getattr(report, name)
        assert total == sum(row.figures[name] for row in report)
        assert eval(total.numbers()) == total == eval(total.numbers(unfold=True))
        assert total.op != "add" or eval(total.formula(), {row.name: int(row.figures[name]) for row in report}) == total
    for row in report:
        assert all(eval(figure.numbers(unfold=True)) == figure for figure in row.figures.values())


def test_a_shared_layer_has_its_weights_once_and_its_work_each_time() -> None:
    x, y = mc.Input((8,)), mc.Input((8,))
    shared = mc.Dense(4)
    model = mc.Model([x, y], mc.Add()([shared(x), shared(y)]))
    report = mc.cost(model)
    assert names(model) == ["input_layer", "input_layer_1", "dense", "dense:2", "add"]
    assert [row.params for row in report] == [0, 0, 36, 0, 0]
    assert [row.macs for row in report] == [0, 0, 32, 32, 0]
    assert (report.params, report.macs, report["dense:2"].adds) == (36, 64, 32)
    assert model.layers[2] is shared
    assert len(model.layers) == 4


def test_a_layer_called_three_times_on_its_own_output() -> None:
    x = mc.Input((8,))
    shared = mc.Dense(8, name="again")
    model = mc.Model(x, shared(shared(shared(x))))
    assert names(model) == ["input_layer", "again", "again:2", "again:3"]
    assert mc.cost(model).params == 72
    assert mc.cost(model).macs == 192


def test_equal_layers_are_not_shared() -> None:
    x = mc.Input((8,))
    y = mc.Dense(8)(x)
    model = mc.Model(x, mc.Dense(8)(y))
    assert (mc.cost(model).params, names(model)) == (144, ["input_layer", "dense", "dense_1"])
    outer_made_first = mc.Model(x, mc.Dense(8)(mc.Dense(8)(x)))  # Python makes the outer layer before the inner
    assert names(outer_made_first) == ["input_layer", "dense_1", "dense"]


def test_calls_that_are_alike_share_facts_but_not_weights() -> None:
    layers = [mc.Dense(8) for _ in range(5)]
    model = mc.Sequential([mc.Input((8,)), *layers])
    assert mc.cost(model).params == 5 * 72


def inner() -> Sequential:
    """A small model to nest: 8 -> 8, 8 * 8 + 8 parameters."""
    return mc.Sequential([mc.Input((8,)), mc.Dense(8)], name="inner")


def test_a_model_is_a_layer() -> None:
    block = inner()
    x = mc.Input((8,))
    middle = mc.Model(x, mc.Dense(2, name="top")(block(x)), name="middle")
    outer = mc.Sequential([mc.Input((8,)), middle, mc.Dense(3)], name="outer")
    assert names(outer) == ["input_layer", "middle/inner/dense", "middle/top", "dense"]
    report = mc.cost(outer)
    assert [row.params for row in report] == [0, 72, 18, 9]
    assert report.params == 99
    assert report["middle/inner/dense"].macs == 64


def test_a_model_called_twice_has_its_weights_once() -> None:
    block = inner()
    x, y = mc.Input((8,)), mc.Input((8,))
    model = mc.Model([x, y], [block(x), block(y)])
    assert names(model) == ["input_layer", "input_layer_1", "inner/dense", "inner:2/dense"]
    assert (mc.cost(model).params, mc.cost(model).macs) == (72, 128)


def test_a_model_shared_between_two_models() -> None:
    block = inner()
    left = mc.Sequential([mc.Input((8,)), block], name="left")
    right = mc.Sequential([mc.Input((8,)), block], name="right")
    x = mc.Input((8,))
    report = mc.cost(mc.Model(x, mc.Add()([left(x), right(x)])))
    assert (report.params, report.macs) == (72, 128)
    assert [row.name for row in report] == ["input_layer", "left/inner/dense", "right/inner/dense", "add"]
    assert [row.params for row in report] == [0, 72, 0, 0]


def test_a_model_within_a_model_as_facts_gives_the_same_figures() -> None:
    alone = inner().costed(((8,),))
    assert (alone.params(), alone.column("macs")[0], [w.name for w in alone.weights]) == (
        72,
        64,
        ["dense/kernel", "dense/bias"],
    )


def test_a_nested_model_takes_other_shapes_as_in_keras() -> None:
    block = mc.Sequential([mc.Input((None, None, 3)), mc.Conv2D(4, 3)], name="block")
    report = mc.cost(mc.Sequential([mc.Input((10, 12, 3)), block]))
    assert tuple(report["block/conv2d"].output_shape) == (8, 10, 4)
    assert report.macs == 8 * 10 * 4 * 27


def test_several_inputs_and_outputs() -> None:
    a, b = mc.Input((4,), name="a"), mc.Input((6,), name="b")
    both = mc.Concatenate()([a, b])
    first, second = mc.Dense(2, name="first")(both), mc.Dense(3, name="second")(a)
    report = mc.cost(mc.Model(inputs=[a, b], outputs=[first, second]))
    assert [row.name for row in report] == ["a", "b", "concatenate", "first", "second"]
    assert report.params == 22 + 15
    by_name = mc.Model(inputs={"a": a, "b": b}, outputs={"first": first})
    assert mc.cost(by_name).params == 22


def test_a_layer_with_several_outputs() -> None:
    x = mc.Input((5, 3))
    sequence, h, c = mc.LSTM(4, return_sequences=True, return_state=True)(x)
    assert [t.shape for t in (sequence, h, c)] == [(5, 4), (4,), (4,)]
    model = mc.Model(x, [mc.Dense(1)(h), sequence, c])
    assert mc.cost(model).params == 4 * (4 * (3 + 4) + 4) + 5


def test_calls_that_no_output_needs_are_not_in_the_model() -> None:
    x = mc.Input((4,))
    mc.Dense(100)(x)
    assert mc.cost(mc.Model(x, mc.Dense(1)(x))).params == 5


def test_an_input_that_nothing_uses_stays() -> None:
    x, unused = mc.Input((4,)), mc.Input((9,))
    assert len(mc.cost(mc.Model([x, unused], mc.Dense(1)(x)))) == 3


KERAS_NAMES: list[tuple[Any, str]] = [
    (lambda: mc.Conv2D(1, 1), "conv2d"), (lambda: mc.Dense(1), "dense"), (lambda: mc.MaxPool2D(1), "max_pooling2d"),
    (lambda: mc.Conv2DTranspose(1, 1), "conv2d_transpose"), (lambda: mc.BatchNormalization(), "batch_normalization"),
    (lambda: mc.ReLU(), "re_lu"), (lambda: mc.Flatten(), "flatten"), (lambda: mc.Softmax(), "softmax"),
    (lambda: mc.GlobalAveragePooling2D(), "global_average_pooling2d"),
    (lambda: mc.ZeroPadding2D(1), "zero_padding2d"), (lambda: mc.DepthwiseConv2D(1), "depthwise_conv2d"),
    (lambda: mc.SeparableConv2D(1, 1), "separable_conv2d"), (lambda: mc.UpSampling2D(), "up_sampling2d"),
    (lambda: mc.LeakyReLU(), "leaky_re_lu"), (lambda: mc.Activation("relu"), "activation"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "name"), KERAS_NAMES, ids=[name for _, name in KERAS_NAMES])
def test_names_are_those_of_keras_numbered_within_the_model(make: Any, name: str) -> None:
    for _ in range(2):
        assert names(mc.Sequential([mc.Input((8, 8, 2)), make()])) == ["input_layer", name]
    two = mc.Sequential(
        [mc.Input((8, 8, 2)), make(), *([] if name in ("flatten", "global_average_pooling2d") else [make()])]
    )
    assert names(two)[1:] in ([name, f"{name}_1"], [name])


def test_numbers_follow_the_order_in_which_layers_were_made_and_step_over_names_in_use() -> None:
    last, first = mc.Dense(1), mc.Dense(2)
    assert names(mc.Sequential([mc.Input((3,)), first, last])) == ["input_layer", "dense_1", "dense"]
    taken = mc.Sequential(
        [mc.Input((3,)), mc.Dense(2, name="dense"), mc.Dense(2), mc.Dense(2, name="dense_2"), mc.Dense(2)]
    )
    assert names(taken) == ["input_layer", "dense", "dense_1", "dense_2", "dense_3"]


def test_names_are_stable() -> None:
    model = mc.Sequential([mc.Input((3,)), mc.Dense(2), mc.Dense(2)])
    before = names(model)
    mc.Sequential([mc.Input((3,)), *model.layers[1:]])
    assert names(model) == before == names(model)


def test_a_sequential_in_every_way_that_keras_scripts_write_it() -> None:
    def ends(model: Any) -> tuple[int, tuple[int, ...]]:
        report = mc.cost(model)
        return report.params, tuple(map(int, list(report)[-1].output_shape))

    grown = mc.Sequential()
    grown.add(mc.Input(shape=(28, 28, 1)))
    grown.add(mc.Conv2D(4, (3, 3), activation="relu"))
    grown.add(mc.Flatten())
    grown.add(mc.Dense(10))
    models = [
        grown,
        mc.Sequential([mc.Input((28, 28, 1)), mc.Conv2D(4, 3), mc.Flatten(), mc.Dense(10)]),
        mc.Sequential([mc.InputLayer(shape=(28, 28, 1)), mc.Conv2D(4, 3), mc.Flatten(), mc.Dense(10)]),
        mc.Sequential([mc.InputLayer(input_shape=(28, 28, 1)), mc.Conv2D(4, 3), mc.Flatten(), mc.Dense(10)]),
        mc.Sequential([mc.Conv2D(4, 3, input_shape=(28, 28, 1)), mc.Flatten(), mc.Dense(10)]),
        mc.Sequential([mc.Conv2D(4, 3, batch_input_shape=(None, 28, 28, 1)), mc.Flatten(), mc.Dense(10)]),
        mc.Sequential(
            [mc.Flatten(input_shape=(28, 28, 1)), mc.Reshape((28, 28, 1)), mc.Conv2D(4, 3), mc.Flatten(), mc.Dense(10)]
        ),
        mc.Sequential((mc.Input((28, 28, 1)), mc.Conv2D(4, 3), mc.Flatten(), mc.Dense(10)), name="tuple"),
    ]
    for model in models:
        assert ends(model) == (4 * 9 + 4 + 26 * 26 * 4 * 10 + 10, (10,))
    assert ends(mc.Sequential([mc.Dense(3, input_dim=7)])) == (24, (3,))


def test_a_sequential_grows_and_shrinks() -> None:
    model = mc.Sequential([mc.Input((4,)), mc.Dense(3), mc.Dense(2)])
    model.pop()
    assert (names(model), mc.cost(model).params) == (["input_layer", "dense"], 15)
    model.add(mc.Dense(1, name="end"))
    assert (names(model), mc.cost(model).params) == (["input_layer", "dense", "end"], 19)


def test_popping_more_than_there_is() -> None:
    model = mc.Sequential([mc.Input((4,)), mc.Dense(3)])
    model.pop()
    with pytest.raises(ModelCostError, match=r"^the Sequential has no layers left to pop$"):
        model.pop()


def test_a_sequential_may_wait_for_its_shape() -> None:
    model = mc.Sequential([mc.Dense(3), mc.Dense(2)])
    with pytest.raises(
        ModelCostError, match=r"the shape of the input is not known; start the Sequential with Input\(shape\)"
    ):
        mc.cost(model)
    x = mc.Input((4,))
    assert mc.cost(mc.Model(x, model(x))).params == 15 + 8
    later = mc.Sequential([mc.Dense(3), mc.Dense(2)])
    assert mc.cost(mc.Sequential([mc.Input((4,)), later])).params == 23
    built = mc.Sequential([mc.Dense(3)])
    built.add(mc.Dense(2))
    assert mc.cost(mc.Sequential([mc.Input((4,)), built, mc.Dense(1)])).params == 26


def test_a_deferred_sequential_is_costed_when_an_input_shape_is_given() -> None:
    model = mc.Sequential([mc.Dense(3), mc.Dense(2)])
    assert mc.cost(model, input=(4,)).params == 23


def test_layers_that_are_not_trainable() -> None:
    frozen = mc.Dense(3, trainable=False)
    model = mc.Sequential([mc.Input((4,)), frozen, mc.Dense(2)])
    assert (mc.cost(model).trainable_params, mc.cost(model).non_trainable_params) == (8, 15)
    frozen.trainable = True
    assert mc.cost(model).trainable_params == 23
    model.trainable = False
    assert (mc.cost(model).trainable_params, mc.cost(model).params) == (0, 23)
    model.trainable = True
    for layer in model.layers[:-1]:
        layer.trainable = False
    assert mc.cost(model).trainable_params == 8


def test_moving_statistics_are_never_trainable() -> None:
    report = mc.cost(mc.Sequential([mc.Input((4,)), mc.BatchNormalization()]))
    assert (report.params, report.trainable_params, report.non_trainable_params) == (16, 8, 8)


def test_a_frozen_model_within_a_model() -> None:
    base = mc.Sequential([mc.Input((8, 8, 3)), mc.Conv2D(4, 3), mc.BatchNormalization()], name="base")
    base.trainable = False
    x = mc.Input((8, 8, 3))
    y = mc.Dense(2)(mc.GlobalAveragePooling2D()(base(x, training=False)))
    report = mc.cost(mc.Model(x, y))
    assert (report.params, report.trainable_params) == (112 + 16 + 10, 10)


def test_a_script_as_keras_users_write_it() -> None:
    keras = mc
    layers = mc.layers
    model = keras.Sequential(name="cnn")
    model.add(keras.Input(shape=(32, 32, 3)))
    model.add(
        layers.Conv2D(filters=32, kernel_size=(3, 3), activation="relu", kernel_initializer="he_normal", padding="same")
    )
    model.add(keras.layers.BatchNormalization(momentum=0.9))
    model.add(layers.MaxPooling2D((2, 2)))
    model.add(layers.Conv2D(64, (3, 3), activation=None, kernel_regularizer=keras.regularizers.l2(0.01)))
    model.add(layers.ReLU())
    model.add(layers.MaxPool2D())
    model.add(layers.Flatten())
    model.add(layers.Dropout(0.5, seed=1))
    model.add(
        layers.Dense(units=64, activation=keras.activations.relu, kernel_initializer=keras.initializers.HeNormal())
    )
    model.add(layers.Dense(10, activation="softmax", dtype="float32"))
    report = mc.cost(model)
    assert report.params == 896 + 128 + 18496 + (7 * 7 * 64 * 64 + 64) + 650
    assert [row.name for row in report][1:4] == ["conv2d", "batch_normalization", "max_pooling2d"]


def test_functional_idioms() -> None:
    inputs = mc.Input(shape=(32, 32, 3))
    x = mc.layers.Conv2D(8, 3, padding="same")(inputs)
    x = mc.layers.Add()([x, mc.layers.Conv2D(8, 1)(inputs)])
    out = mc.layers.Dense(2)(mc.layers.GlobalAveragePooling2D()(x), training=False)
    assert mc.cost(mc.Model(inputs=inputs, outputs=out, name="f")).model == "f"


def test_other_input_shapes() -> None:
    model = mc.zoo.resnet18()
    bigger = mc.cost(model, input=(320, 320, 3))
    assert bigger.macs == mc.cost(mc.zoo.resnet18(input_shape=(320, 320, 3))).macs
    assert mc.cost(model).macs != bigger.macs
    two = mc.Model([a := mc.Input((4,)), b := mc.Input((6,))], mc.Concatenate()([a, b]))
    assert tuple(list(mc.cost(two, input=[(5,), (7,)]))[-1].output_shape) == (12,)
    with pytest.raises(SizeError, match=r"the model has 2 inputs. Received: 1$"):
        mc.cost(two, input=(5,))
    with pytest.raises(SizeError, match=r"the input has 3 axes, \(224, 224, 3\). Received: \(224, 224\)"):
        mc.cost(model, input=(224, 224))


def test_the_channels_of_an_image_come_first_where_its_layers_say_so() -> None:
    def made(first: bool) -> Any:
        form = "channels_first" if first else "channels_last"
        shape = (3, 20, 30) if first else (20, 30, 3)
        net = [mc.Conv2D(4, 3, strides=2, data_format=form), mc.MaxPooling2D(2, data_format=form)]
        return mc.cost(mc.Sequential([mc.Input(shape), *net]))

    assert all(getattr(made(True), name) == getattr(made(False), name) for name in FIGURES)
    assert made(True).flops.rebind(height=40) == made(False).flops.rebind(height=40)
    assert tuple(list(made(True))[-1].output_shape) == (4, 4, 7)


def test_the_channels_of_a_nested_model_come_first_where_its_layers_say_so() -> None:
    block = mc.Sequential([mc.Input((3, 20, 30)), mc.Conv2D(4, 3, data_format="channels_first")])
    flops = mc.cost(mc.Sequential([mc.Input((3, 20, 30)), block])).flops
    assert flops.free_sizes() == ["height", "width"]
    assert flops.rebind(height=40) == 38 * 28 * 4 * 27 * 2


def test_an_open_image_with_its_channels_first() -> None:
    model = mc.Sequential([mc.Input((3, None, None)), mc.Conv2D(4, 3, data_format="channels_first")])
    assert mc.cost(model).macs.rebind(height=20, width=30) == 18 * 28 * 4 * 27


def test_bytes_follow_the_dtype() -> None:
    model = mc.Sequential([mc.Input((10,)), mc.Dense(4)])
    for dtype, width in (("float32", 4), ("float16", 2), ("bfloat16", 2), ("float64", 8), ("int8", 1)):
        assert mc.cost(model, dtype=dtype).activation_bytes == 14 * width


def test_views_and_fused_activations_hold_no_memory() -> None:
    layers = [
        mc.Conv2D(2, 3, activation="relu"),
        mc.Dropout(0.5),
        mc.Flatten(),
        mc.Reshape((72,)),
        mc.Dense(4, activation="softmax"),
    ]
    report = mc.cost(mc.Sequential([mc.Input((8, 8, 1)), *layers]))
    assert [row.activation_bytes for row in report] == [64 * 4, 72 * 4, 0, 0, 0, 16]
    apart = mc.cost(
        mc.Sequential([mc.Input((8, 8, 1)), mc.Conv2D(2, 3), mc.ReLU(), mc.ZeroPadding2D(1), mc.Permute((3, 1, 2))])
    )
    assert [row.activation_bytes for row in apart] == [256, 288, 288, 512, 512]


def test_a_network_of_ten_thousand_layers() -> None:
    x = mc.Input((4,))
    y = x
    layer = mc.Dense(4)
    for _ in range(10_000):
        y = layer(y)
    report = mc.cost(mc.Model(x, y))
    assert (report.params, report.macs, len(report)) == (20, 160_000, 10_001)
    assert pickle.loads(pickle.dumps(report.macs)) == 160_000


def test_models_nested_a_hundred_deep() -> None:
    model: Model = mc.Sequential([mc.Input((4,)), mc.Dense(4)], name="m0")
    for i in range(1, 100):
        model = mc.Sequential([mc.Input((4,)), model, mc.Dense(4)], name=f"m{i}")
    assert mc.cost(model).params == 100 * 20


def test_a_report_is_read_by_name_and_by_attribute() -> None:
    report = mc.cost(mc.zoo.lenet5())
    assert report["C1"].params == 156
    assert (len(report), next(iter(report)).name) == (len(report.rows), "input")
    assert set(COLUMNS) <= set(report["C1"].figures)
    assert "61,706 parameters" in repr(report)
    with pytest.raises(AttributeError):
        _ = report["C1"].nonsense
    with pytest.raises(ModelCostError, match="give data="):
        _ = report.epoch
    with pytest.raises(ModelCostError, match=r"give data=\.\.\. and epochs="):
        _ = mc.cost(mc.zoo.lenet5(), data=100).run
    assert not hasattr(report, "epoch")


def test_freezing_a_model_freezes_its_layers_wherever_they_are_used() -> None:
    """As Keras's setter does, and its constructor's argument does not."""
    x = mc.Input((4,))
    base = mc.Model(x, mc.Dense(5)(x))
    base.trainable = False
    assert mc.cost(mc.Model(base.inputs, mc.Dense(2)(base.outputs[0]))).trainable_params == 12
    dense = mc.Dense(5)
    base = mc.Model(x, dense(x))
    dense.trainable = False
    base.trainable = True
    assert mc.cost(base).trainable_params == 25


def test_a_layer_frozen_after_the_call_of_what_stands_around_it_is_frozen() -> None:
    dense = mc.Dense(4)
    model = mc.Sequential([mc.Input((3, 4)), mc.TimeDistributed(dense)])
    assert mc.cost(model).trainable_params == 20
    dense.trainable = False
    assert mc.cost(model).trainable_params == 0


def test_a_model_at_every_step_holds_what_is_within_it_at_every_step() -> None:
    x = mc.Input((6,))
    inner = mc.Model(x, mc.Dense(4)(mc.Dense(5)(x)))
    report = mc.cost(mc.Sequential([mc.Input((3, 6)), mc.TimeDistributed(inner)]))
    assert report["time_distributed"].activation_bytes == 4 * 3 * (5 + 4)


def test_figures_of_a_model_are_refused_for_sizes_that_fold_apart() -> None:
    a, b = mc.Input((None, 3), name="a"), mc.Input((None, 4), name="b")
    report = mc.cost(mc.Model([a, b], mc.Dot(axes=1)([a, b])))
    for figure in (report.activation_bytes, report.multiplies):
        assert figure.rebind(**{"a.steps": 4, "b.steps": 4}) > 0
        with pytest.raises(mc.SizeError):
            figure.rebind(**{"a.steps": 4, "b.steps": 7})


def test_what_scripts_ask_of_a_model() -> None:
    x = mc.Input((8,))
    base = mc.Model(x, mc.Dense(4, name="head")(mc.Dense(6)(x)))
    assert mc.cost(mc.Model(base.input, mc.Dense(2)(base.output))).params == 54 + 28 + 10
    assert (base.get_layer("head").units, base.get_layer(index=1).units) == (4, 6)
    assert (base.count_params(), base.layers[1].output.shape, base.layers[1].input.shape) == (82, (6,), (8,))
    with pytest.raises(ModelCostError, match="unknown layer 'haed'; did you mean head"):
        base.get_layer("haed")
    with pytest.raises(AttributeError, match=r"Model has no compile: modelcost counts .* see mc.cost\(model\)"):
        base.compile("adam")  # type: ignore[attr-defined]
    assert mc.cost(mc.Sequential([base, mc.Dense(2)])).params == 82 + 10
    assert mc.models.Sequential is mc.Sequential


def test_reports_and_models_survive_pickling() -> None:
    report = mc.cost("lenet5", batch=4, data=10, epochs=2)
    again = pickle.loads(pickle.dumps(report))
    assert again.totals.figures == report.totals.figures
    assert again.run.forward_flops == report.run.forward_flops
    assert "C1" in again
    model = pickle.loads(pickle.dumps(mc.zoo.resnet152()))
    assert [entry.name for entry in model.entries()] == [entry.name for entry in mc.zoo.resnet152().entries()]
    assert mc.cost(model).params == 60419944
