"""The roofline method: the operations that a runtime starts, what they move, what they wait for, what cannot be."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import modelcost as mc
from modelcost.errors import ModelCostError
from modelcost.timing.cpu import CPU
from modelcost.timing.operations import KINDS, Operation, operations
from modelcost.timing.rates import Rates, rates
from modelcost.timing.roofline import Roofline, assumed, defaults, efficiency, moved_seconds
from modelcost.timing.span import Span, together

MINE = CPU("mine", cores=4, ghz=3.0, turbo_ghz=4.0, flops_per_cycle=32, lanes=8, bandwidth=40.0, l2_kib=512, l3_mib=16)


def method(cpu: CPU = MINE, mode: str = "graph", **assume: float) -> Roofline:
    return Roofline(rates(cpu), assumed(assume, defaults()), mode)


def kinds(name: str, batch: int = 1) -> Counter[str]:
    counted: Counter[str] = Counter()
    for one in operations(mc.cost(name, batch=batch).rows, batch):
        counted["small" if one.small else one.kind] += one.starts
    return counted


TRACED = {
    "resnet50": {
        "convolution": 17,
        "pointwise": 36,
        "dense": 1,
        "max pool": 1,
        "small": 5 * 53 + 1,
        "broadcast": 2 * 53,
        "elementwise": 49 + 16,
    },
    "efficientnet_b0": {
        "depthwise": 7,
        "wide depthwise": 9,
        "dense": 1,
        "transcendental": 33,
        "reduction": 17,
        "copy": 4,
    },
    "vit_b16": {
        "convolution": 1,
        "product": 48 + 24,
        "softmax": 12,
        "dense": 25,
        "transcendental": 12,
        "reduction": 50,
    },
}
"""What TensorFlow 2.21's profiler (xplane) saw these networks start in one call on a CPU with oneDNN.

ResNet-50: 53 fused convolutions, 159 Mul, 122 AddV2 and AddN, 53 Sub, 53 Rsqrt (5 small and 2 large of these for each
of 53 normalizations, and 16 sums), 49 Relu, a softmax of 1,000; one border fused with its convolution, one apart.
EfficientNet-B0: 49 _MklSwish, 16 of them on less than a core does at once; 4 Pad, and one fused. ViT-B/16: 48
_MklBatchMatMulV2, 24 _MklEinsum, 24 _MklMatMul and a fused one, 12 Erfc, 50 Mean.
"""


@pytest.mark.parametrize("name", TRACED)
def test_operations_are_those_that_the_profiler_of_tensorflow_sees(name: str) -> None:
    found = kinds(name)
    assert {kind: found[kind] for kind in TRACED[name]} == TRACED[name]


def chain(*layers: mc.layers.base.Layer, shape: tuple[int, ...] = (8, 8, 16)) -> list[Operation]:
    return operations(mc.cost(mc.Sequential([mc.Input(shape), *layers])).rows, 1)


def test_a_rectifier_goes_with_the_convolution_before_it_and_a_sigmoid_does_not() -> None:
    assert [one.kind for one in chain(mc.Conv2D(16, 3, activation="relu"))] == ["convolution"]
    assert [one.kind for one in chain(mc.Conv2D(16, 3), mc.ReLU())] == ["convolution"]
    assert [one.kind for one in chain(mc.Conv2D(64, 3, activation="sigmoid"))] == ["convolution", "transcendental"]
    apart = chain(mc.Conv2D(64, 3), mc.BatchNormalization(), mc.ReLU())
    assert [one.kind for one in apart] == ["convolution", *FOLDED, "broadcast", "broadcast", "elementwise"]
    assert [one.small for one in apart] == [False, *[True] * 5, *[False] * 3]


FOLDED = ("elementwise", "transcendental", "elementwise", "elementwise", "elementwise")
"""The variance and epsilon, the root, gamma, the mean, beta: once a call."""


def test_a_swish_is_one_operation_and_so_is_a_softmax() -> None:
    assert [one.kind for one in chain(mc.Activation("silu"), shape=(64, 64))] == ["transcendental"]
    assert [one.kind for one in chain(mc.Softmax(), shape=(64, 64))] == ["softmax"]


def test_a_bias_goes_with_a_dense_layer_of_vectors_alone() -> None:
    assert len(chain(mc.Dense(64), shape=(64,))) == 1
    assert len(chain(mc.Dense(64), shape=(64, 64))) == 2


def test_a_border_that_a_convolution_reads_is_not_moved_twice() -> None:
    padded = chain(mc.ZeroPadding2D(1), mc.Conv2D(8, 3), shape=(32, 32, 16))
    assert [one.kind for one in padded] == ["convolution"]
    assert [one.kind for one in chain(mc.ZeroPadding2D(1), mc.DepthwiseConv2D(3), shape=(32, 32, 16))] == [
        "copy",
        "depthwise",
    ]


def test_bytes_and_intensity_by_hand() -> None:
    """3x3 from 16 to 32 channels on 10x10: 1,600 numbers in, 8*8*32 out, 4,608 weights and no bias; all in float32."""
    [conv] = chain(mc.Conv2D(32, 3, use_bias=False), shape=(10, 10, 16))
    assert (conv.read_bytes, conv.weight_bytes, conv.written_bytes) == (4 * 1600, 4 * 4608, 4 * 2048)
    assert conv.flops == 2048 * (144 + 143)
    assert (conv.rows, conv.columns, conv.inner) == (64, 32, 144)
    net = mc.Sequential([mc.Input((10, 10, 16)), mc.Conv2D(32, 3, use_bias=False, name="conv")])
    row = mc.cost(net, cpu=MINE).time["conv"]
    assert (row.read_bytes, row.written_bytes) == (4 * (1600 + 4608), 4 * 2048)
    assert row.intensity == 2048 * 287 / (4 * (1600 + 4608 + 2048))


def test_a_recurrent_layer_starts_its_operations_at_every_step() -> None:
    [first, second, *others] = chain(mc.LSTM(8), shape=(20, 4))
    assert {one.starts for one in (first, second, *others)} == {20}
    assert first.weight_bytes == 4 * 4 * 32 and first.bytes >= 20 * first.weight_bytes


def operation(flops: int = 10**9, moved: int = 10**6, kind: str = "convolution", columns: int = 64) -> Operation:
    one = Operation("layer", kind, "kernel", flops, moved, 0)
    one.columns, one.rows, one.inner, one.channels = columns, 100, 100, 100
    return one


def seconds(one: Operation, cpu: CPU = MINE) -> Span:
    [(span, _)] = method(cpu).times([one])
    return span


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(KINDS), st.integers(0, 10**12), st.integers(1, 10**9), st.integers(1, 4096), st.integers(1, 10**9)
)
def test_more_work_and_more_bytes_never_take_less(kind: str, flops: int, moved: int, columns: int, more: int) -> None:
    before = seconds(operation(flops, moved, kind, columns))
    for after in (operation(flops + more, moved, kind, columns), operation(flops, moved + more, kind, columns)):
        later = seconds(after)
        assert later.seconds >= before.seconds and later.low >= before.low and later.high >= before.high
    assert 0 < before.low <= before.seconds <= before.high


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(KINDS), st.integers(0, 10**12), st.integers(1, 10**9), st.integers(1, 16))
def test_a_core_more_is_never_slower(kind: str, flops: int, moved: int, cores: int) -> None:
    fewer, more = (seconds(operation(flops, moved, kind), MINE.changed(cores=n)) for n in (cores, cores + 1))
    assert more.seconds <= fewer.seconds


@pytest.mark.parametrize("name", ["lenet5", "mobilenet_v2", "vit_b16", "recurrent_three", "unet"])
def test_a_core_more_is_never_slower_for_a_whole_network_nor_is_more_work_faster(name: str) -> None:
    hybrid, optimizer = CPU.named("i9-12900k"), "sgd" if name in ("lenet5", "recurrent_three") else None
    times = [mc.cost(name, cpu=hybrid.changed(cores=n), optimizer=optimizer).time for n in (1, 2, 4, 8, 9, 12, 16)]
    for level in ("inference", "minibatch"):
        spans = [getattr(time, level).seconds for time in times]
        assert spans == sorted(spans, reverse=True)
    batches = [mc.cost(name, batch=n, cpu=MINE, optimizer=optimizer).time for n in (1, 2, 3, 8, 64)]
    for level in ("inference", "minibatch"):
        spans = [getattr(time, level) for time in batches]
        assert [span.seconds for span in spans] == sorted(span.seconds for span in spans)
        assert all(span.low <= span.seconds <= span.high for span in spans)


def test_nothing_is_faster_than_the_peak_or_than_memory() -> None:
    report = mc.cost("vgg16", cpu=MINE)
    flops = sum(one.flops for one in operations(report.rows, 1))
    weights = 4 * report.params
    assert report.time.inference.low > flops / float(MINE.peaks()[2])
    assert report.time.inference.low > weights / 40e9


def test_channels_that_do_not_fill_the_lanes_cost_as_much_as_those_that_do() -> None:
    found = Rates(1e9, {"memory": 1e9}, {}, 8)
    assert [found.filled(n) for n in (0, 1, 4, 8, 9, 12, 16)] == [1, 1 / 8, 1 / 2, 1, 9 / 16, 3 / 4, 1]
    assert Rates(1e9, {"memory": 1e9}, {}, None).filled(3) == 1
    full, empty = operation(10**9, 1, columns=8), operation(10**9, 1, columns=1)
    assert seconds(empty).seconds > 7 * seconds(full).seconds


def test_bytes_come_from_the_level_that_holds_them() -> None:
    found = Rates(1e9, {"memory": 1e9, "l2": 100e9, "l3": 10e9}, {"l2": 1000, "l3": 10_000}, 8)
    assert [found.level(size) for size in (1, 1000, 1001, 10_000, 10_001)] == ["l2", "l2", "l3", "l3", "memory"]
    assert found.moving(500, 500) == 5e-9 and found.moving(500, 20_000) == 5e-7


def test_the_rates_of_a_cpu_by_hand() -> None:
    """Four cores between 3 and 4 GHz: 32 bytes a cycle of each from the second cache, 16 from the third."""
    worst, likely, best = rates(MINE)
    assert worst.bandwidths == {"memory": 20e9, "l2": 4 * 3e9 * 32, "l3": 4 * 3e9 * 16}
    assert best.bandwidths == {"memory": 38e9, "l2": 4 * 4e9 * 32, "l3": 4 * 4e9 * 16}
    assert likely.capacities == {"l2": 4 * 512 * 1024, "l3": 16 * 1024**2}
    assert (worst.peak, best.peak) == (4 * 3e9 * 32, 4 * 4e9 * 32)


def test_computing_and_moving_go_on_together() -> None:
    compute, memory, both = (
        seconds(operation(flops, moved)).seconds for flops, moved in ((10**9, 1), (10**6, 10**8), (10**9, 10**8))
    )
    assert both == max(compute, memory)


def test_an_operation_is_started_as_often_as_there_are_steps() -> None:
    once, often = operation(1, 1), operation(1, 1)
    often.starts = 1000
    once.small = often.small = True
    assert seconds(often).seconds == pytest.approx(1000 * seconds(once).seconds, rel=0.01)
    weighed = operation(1, 1)
    weighed.weight_bytes, weighed.starts = 10**6, 100
    alone = seconds(weighed).seconds
    weighed.weight_bytes = 2 * 10**6  # fits the caches, and is read at every step
    assert seconds(weighed).seconds - alone == pytest.approx(100 * 10**6 / rates(MINE)[1].bandwidths["l2"])


def test_a_small_operation_wakes_no_other_core() -> None:
    large, small = operation(10**6, 1), operation(10**6, 1)
    small.small = True
    assumed = defaults()
    saved = seconds(large).seconds - seconds(small).seconds
    assert saved == pytest.approx(assumed["woken"] - assumed["started"]) and saved > 0


def test_a_product_wakes_other_cores_from_a_size_on_but_not_within_a_loop() -> None:
    """oneDNN shares it from 6,000 cycles on, each of 64 operations: 384,000, here taken for 400,000."""
    assert not operation(400_000, 1).shared and operation(400_001, 1).shared
    other = operation(1, 1, "elementwise")
    other.inner = 0
    assert other.shared  # no product: whether one core does it at once is said by `small`
    looped = operation(10**6, 1)
    looped.looped = True
    assert not looped.shared


def test_the_line_that_a_convolution_goes_along_is_that_of_its_results() -> None:
    """5x5 windows on 12 rows of 9: 8 lines of 5 results; where windows are of one element, it goes through all."""
    [conv] = chain(mc.Conv2D(8, 5), shape=(12, 9, 4))
    assert (conv.line, conv.rows) == (5, 40)
    assert [one.line for one in chain(mc.Conv2D(8, 1), shape=(12, 9, 4))] == [0]
    assert chain(mc.Conv1D(8, 5), shape=(12, 4))[0].line == 8


def test_what_scales_a_channel_is_a_broadcast_and_a_sum_of_equals_or_with_a_number_is_none() -> None:
    def merged(first: tuple[int, ...], second: tuple[int, ...]) -> str:
        inputs = [mc.Input(first), mc.Input(second)]
        [one] = operations(mc.cost(mc.Model(inputs, mc.Multiply()(inputs))).rows, 1)
        return one.kind

    assert merged((16, 16, 32), (1, 1, 32)) == "broadcast"
    assert merged((16, 16, 32), (16, 16, 32)) == "elementwise"
    assert {one.kind for one in chain(mc.Rescaling(2.0), shape=(64, 64))} == {"elementwise"}


def test_bytes_from_memory_arrive_apart_from_those_in_caches() -> None:
    """1 MB in the second cache at 100 GB/s; weights of 8 MB lie in memory, at 10 GB/s, where all weights are 99 MB."""
    known = Rates(1e9, {"l2": 100e9, "memory": 10e9}, {"l2": 20e6}, 8)
    one = operation(1, 250_000)
    one.weight_bytes = 8_000_000
    assert moved_seconds(one, known, 99e6) == pytest.approx((1e-5, 8e-4))
    assert moved_seconds(one, known, 8e6) == pytest.approx((9e-5, 0))
    one.starts = 10  # at every step the same weights, which alone would fit; together with the activations too
    assert moved_seconds(one, known, 99e6) == pytest.approx((1e-5 + 8e-4, 0))
    one.starts, one.read_bytes = 1, 40_000_000
    assert moved_seconds(one, known, 8e6) == pytest.approx((8e-5, 4e-3))


def test_what_moves_takes_all_that_memory_delivers_and_a_share_of_a_cache() -> None:
    known = rates(MINE)[1]
    for moved, level in ((10**6, "l3"), (10**8, "memory")):
        span = seconds(operation(10**6, moved, "elementwise"))
        share = defaults()["moving"] if level == "l3" else 1.0
        start = defaults()["woken"]
        assert span.seconds == pytest.approx(4 * moved / (known.bandwidths[level] * share) + start)


def test_what_an_operation_waits_for() -> None:
    for one, bound in (
        (operation(10**12, 1), "compute"),
        (operation(1, 10**9), "memory"),
        (operation(1, 1), "overhead"),
    ):
        [(_, found)] = method().times([one])
        assert found == bound


def test_modes_of_call() -> None:
    times = {
        mode: mc.cost("lenet5", cpu=MINE, mode=mode).time.inference.seconds for mode in ("graph", "eager", "predict")
    }
    assert times["graph"] < times["eager"] < times["predict"]
    epoch = mc.cost("lenet5", data=1000, epochs=3, cpu=MINE, mode="predict", optimizer="sgd").time
    assert epoch.epoch.inference.seconds < 1.1 * (
        35e-3 + 1000 * (times["graph"] + 0.6e-3)
    )  # one call, many mini-batches
    assert epoch.run.inference.seconds == pytest.approx(3 * epoch.epoch.inference.seconds)
    assert epoch.epoch.forward.seconds < epoch.epoch.inference.seconds < epoch.epoch.forward.seconds + 36e-3


MODE_OF = {"call.graph": "graph", "call.predict": "predict", "step.predict": "predict", "step.fit": "predict"}


@pytest.mark.parametrize("name", sorted(defaults()))
def test_every_assumption_is_one_that_something_depends_on(name: str) -> None:
    base, mode = defaults(), MODE_OF.get(name, "eager")
    ops = [operation(10**12, 10**6, kind) for kind in KINDS] + [operation(1, 1, kind) for kind in KINDS]
    ops += [operation(10**3, 10**8, kind) for kind in KINDS] + [operation(1, 1)]
    ops[-1].small, ops[-1].looped, ops[-1].enters = True, True, 1

    def whole(assumptions: dict[str, float]) -> Span:
        found = Roofline(rates(MINE), assumptions, mode)
        return together(span for span, _ in found.times(ops)) + found.call() + found.call(training=True) + found.once()

    assert whole({**base, name: base[name] * 0.9}) != whole(base)


@pytest.mark.parametrize("optimizer", [None, "sgd"])
def test_an_epoch_is_its_mini_batches_and_a_smaller_one_for_what_is_left(optimizer: str | None) -> None:
    asked: dict[str, Any] = {"cpu": MINE, "optimizer": optimizer}
    time = mc.cost("lenet5", batch=32, data=100, epochs=3, **asked).time
    whole, left = mc.cost("lenet5", batch=32, **asked).time, mc.cost("lenet5", batch=4, **asked).time
    assert time.epoch.seconds == pytest.approx(3 * whole.minibatch.seconds + left.minibatch.seconds)
    assert time.run.seconds == pytest.approx(3 * time.epoch.seconds)
    assert time.epoch.inference.seconds == pytest.approx(3 * whole.inference.seconds + left.inference.seconds)
    assert ("forward" in time.minibatch.parts) == (optimizer is not None)


def test_without_an_optimizer_there_is_no_training() -> None:
    forward, trained = (mc.cost("lenet5", batch=8, cpu=MINE, optimizer=name).time for name in (None, "adam"))
    assert forward.minibatch == forward.inference == trained.inference
    parts = [getattr(trained.minibatch, name).seconds for name in ("forward", "backward", "optimizer")]
    assert trained.minibatch.seconds == pytest.approx(sum(parts)) and min(parts) > 0


@pytest.mark.parametrize("method", ["roofline", "textbook"])
def test_passes_over_held_out_examples_stand_apart(method: str) -> None:
    asked: dict[str, Any] = {"batch": 32, "cpu": MINE, "method": method, "optimizer": "sgd", "epochs": 4}
    time = mc.cost("lenet5", data=100, validation=0.4, test=10, **asked).time
    alone = mc.cost("lenet5", data=60, **asked).time
    assert time.epoch.seconds == pytest.approx(alone.epoch.seconds)
    assert time.run.seconds == pytest.approx(alone.run.seconds)
    held_out = mc.cost("lenet5", data=40, **{**asked, "optimizer": None}).time.epoch.inference
    assert time.epoch.validation.seconds == pytest.approx(held_out.seconds)
    assert time.run.validation.seconds == pytest.approx(4 * held_out.seconds)
    tested = mc.cost("lenet5", **{**asked, "batch": 10, "epochs": None}).time.inference
    assert time.run.test.seconds == pytest.approx(tested.seconds)
    assert "test" not in time.epoch.parts and "validation" not in alone.epoch.parts
    told = str(mc.cost("lenet5", data=100, validation=0.4, test=10, **asked))
    assert "an epoch of 100 examples: validation" in told or ": validation" in told
    assert told.count(": test") == 1


def test_steps_that_only_add_up_gradients_take_less() -> None:
    """10 mini-batches an epoch, an update at every fourth, the counter going on: 2 in the first epoch, 7 in three."""
    optimizer = "Adam(gradient_accumulation_steps=4)"
    time = mc.cost("lenet5", batch=10, data=100, epochs=3, cpu=MINE, optimizer=optimizer).time
    whole, less = time.minibatch.optimizer.seconds, time.minibatch.waiting.seconds
    assert 0 < less < whole
    assert time.epoch.optimizer.seconds == pytest.approx(2 * whole + 8 * less)
    assert time.run.optimizer.seconds == pytest.approx(7 * whole + 23 * less)
    assert "waiting" not in time.epoch.parts
    plain = mc.cost("lenet5", batch=10, data=100, cpu=MINE, optimizer="adam").time
    assert time.minibatch.forward == plain.minibatch.forward and "waiting" not in plain.minibatch.parts


def test_a_run_that_was_stopped_early_and_one_that_drops_the_rest() -> None:
    asked: dict[str, Any] = {"batch": 32, "data": 100, "cpu": MINE, "optimizer": "sgd"}
    stopped = mc.cost("lenet5", epochs=9, early_stop=2, **asked).time
    assert stopped.run.seconds == pytest.approx(2 * stopped.epoch.seconds)
    dropped = mc.cost("lenet5", drop_remainder=True, **asked).time
    assert dropped.epoch.seconds == pytest.approx(3 * dropped.minibatch.seconds)


def test_rows_add_up_to_the_call() -> None:
    time = mc.cost("mobilenet_v2", batch=4, cpu=MINE).time
    call = method().call()
    assert together(time.rows.values()).seconds + call.seconds == pytest.approx(time.inference.seconds)


@pytest.mark.parametrize("method", ["textbook", "roofline"])
@pytest.mark.parametrize("more", [{}, {"test": 5}, {"optimizer": "adam", "validation": 100, "test": 7}])
def test_a_time_is_read_again_as_it_was_written(method: str, more: dict[str, Any]) -> None:
    report = mc.cost("lenet5", batch=32, data=1000, epochs=2, cpu=MINE, method=method, **more)
    again = mc.Report.from_json(report.to_json())
    assert again.time.plain() == report.time.plain()
    assert again.to_json() == report.to_json()
    with pytest.raises(ModelCostError, match="a report that was read from a file has no facts"):
        operations(again.rows, 1)


def test_a_cpu_without_a_bandwidth_has_no_roof() -> None:
    with pytest.raises(ModelCostError, match="the bandwidth of memory is not known; give --bandwidth, in GB/s, or let"):
        mc.cost("lenet5", cpu=CPU("mine", cores=2, ghz=2, flops_per_cycle=8))


def test_an_interval_that_does_not_hold_its_time_is_an_error() -> None:
    for low, high in ((2.0, 3.0), (0.5, 0.9), (float("nan"), 2.0), (-1.0, 2.0)):
        with pytest.raises(ModelCostError, match="an interval holds its time"):
            Span(1.0, low, high)


def test_a_pass_over_held_out_examples_is_a_call_of_its_own() -> None:
    asked: dict[str, Any] = {"cpu": MINE, "mode": "predict"}
    epoch = mc.cost("lenet5", data=60, validation=40, **asked).time.epoch
    assert epoch.validation == mc.cost("lenet5", data=40, **asked).time.epoch.inference
    assert epoch.validation.seconds > 35e-3


def test_a_row_reads_its_weights_at_every_step() -> None:
    net = mc.Sequential([mc.Input((20, 4)), mc.LSTM(8, name="lstm")])
    weights = 4 * 20 * (4 * 32 + 8 * 32)
    assert mc.cost(net, cpu=MINE).time["lstm"].read_bytes > weights


def test_the_gradient_of_an_input_is_as_fast_as_the_product_and_that_of_weights_is_not() -> None:
    for kind in ("convolution", "pointwise", "dense", "transposed"):
        assert efficiency(f"{kind}:input") == efficiency(kind) > efficiency(f"{kind}:weights") > 0


@pytest.mark.parametrize(
    ("assume", "said"),
    [
        ({"efficiency.dense": 50}, "assumption efficiency.dense is a share, at most 1. Received: efficiency.dense=50"),
        ({"moving": 1.5}, "assumption moving is a share, at most 1. Received: moving=1.5"),
        ({"spread": 0.5}, "assumption spread is a factor, at least 1. Received: 0.5"),
    ],
)
def test_shares_and_factors_that_cannot_be_are_errors(assume: dict[str, float], said: str) -> None:
    with pytest.raises(ModelCostError) as error:
        mc.cost("lenet5", cpu=MINE, assume=assume)
    assert said in str(error.value)


def test_what_starts_and_what_moves_may_take_more_or_less_by_the_spread() -> None:
    small = operation(1, 1)
    spread = defaults()["spread"]
    span = seconds(small)
    assert (span.low * spread, span.high / spread) == pytest.approx((span.seconds, span.seconds), rel=1e-3)
    worst, _, best = rates(MINE)
    span, start = seconds(operation(10**6, 10**9, "elementwise")), defaults()["woken"]
    assert span.high == pytest.approx(4e9 / worst.bandwidths["memory"] * spread + start * spread)
    assert span.low == pytest.approx(4e9 / best.bandwidths["memory"] + start / spread)


@pytest.mark.parametrize("method", ["textbook", "roofline"])
def test_a_time_without_what_unknown_layers_take_says_so(method: str, tmp_path: Path) -> None:
    layers = [
        {"class_name": "InputLayer", "config": {"batch_shape": [None, 8], "name": "start"}},
        {"class_name": "Mystery", "module": "me", "registered_name": "me>Mystery", "config": {"name": "odd"}},
    ]
    file = tmp_path / "net.json"
    file.write_text(json.dumps({"class_name": "Sequential", "config": {"name": "net", "layers": layers}}))
    report = mc.cost(mc.load(file, partial=True), cpu=MINE, method=method, partial=True)
    said = "LOWER BOUND: what unknown layers take is in no time here, nor in its interval: odd (Mystery)."
    assert said in report.time.head["notes"] and said in " ".join(str(report).split())
    assert "notes" not in mc.cost("lenet5", cpu=MINE, method=method).time.head
