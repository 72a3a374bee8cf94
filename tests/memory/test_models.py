"""What must hold of the memory of any model: random graphs, with shared layers and models within models."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modelcost.memory import RUNTIMES, Memory
from modelcost.memory.backward import Backward
from modelcost.memory.buffers import Buffer
from modelcost.memory.checkpoints import Segments
from modelcost.memory.values import Trace, Value
from tests.random_graphs import model as random_model


@st.composite
def models(draw: st.DrawFn) -> Any:
    return random_model(draw)


SOME = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@SOME
@given(models(), st.integers(1, 20))
def test_training_takes_more_than_inference_and_both_more_than_the_weights(model: Any, batch: int) -> None:
    for name in RUNTIMES:
        memory = Memory(model, batch=batch, runtime=name, optimizer="SGD(momentum=0.9)")
        least = memory.parameter_bytes + memory.optimizer_bytes
        assert memory.parameter_bytes < memory.peak_inference_bytes
        assert least + memory.kept_activation_bytes <= memory.peak_training_bytes
        assert memory.but(batch=batch + 1).peak_training_bytes > memory.peak_training_bytes


@SOME
@given(models(), st.integers(1, 20))
def test_writing_in_place_never_takes_more(model: Any, batch: int) -> None:
    plain, thrifty = (Memory(model, batch=batch, runtime=name, optimizer="sgd") for name in ("plain", "tensorflow"))
    assert thrifty.peak_inference_bytes <= plain.peak_inference_bytes
    assert thrifty.peak_training_bytes <= plain.peak_training_bytes


@SOME
@given(models())
def test_every_value_is_made_before_it_is_read_and_each_trained_weight_gets_its_gradient(model: Any) -> None:
    for runtime in RUNTIMES.values():
        trace = Trace(model, model.entries(), runtime, True)
        there = {*trace.inputs, *trace.weights.values()}
        for op in trace.ops:
            assert set(op.reads) <= there
            there.add(op.made)
            assert set(op.keeps) <= there
        backward = Backward(trace)
        there |= set(trace.outputs)
        for op in backward.ops:
            assert set(op.reads) <= there
            there.add(op.made)
        read = {one for op in backward.ops for one in op.reads} | set(backward.of_weights.values())
        assert all(op.made in read for op in backward.ops), "a gradient that nobody reads"
        for weight, gradient in backward.of_weights.items():
            assert weight.differentiable
            assert (gradient.elements, gradient.width) == (weight.elements, weight.width)


@SOME
@given(models(), st.integers(1, 5))
def test_checkpoints_keep_nothing_more_but_what_is_read_to_do_layers_again(model: Any, every: int) -> None:
    # which may be more than before: the gradient of a masking layer reads a mask of bytes, doing it again its input
    plain = Memory(model, optimizer="sgd")
    again = plain.but(checkpoints=every)
    segments = Segments(Trace(model, again.entries, again.runtime, True), every)
    dropped = [value for value in segments.dropped if value.kind in ("activation", "mask")]
    read = {one for op in segments.ops if op.made in segments.dropped for one in op.reads} - segments.dropped
    before, kept = (Counter(map(what, memory.kept_activations())) for memory in (plain, again))
    more = kept - before
    assert more <= Counter((one.name, *_bytes(one)) for one in read)
    if not dropped:
        assert kept == before
    if not more:
        assert again.kept_activation_bytes <= plain.kept_activation_bytes
    assert set(again.layers_again) <= {entry.name for entry in again.entries}


def what(buffer: Buffer) -> tuple[str, int, int]:
    return buffer.name, buffer.each, buffer.fixed


def _bytes(value: Value) -> tuple[int, int]:
    size = value.elements * value.width
    return (0, size) if value.once else (size, 0)
