"""Whatever layer can be costed in training has a plan too: random layers of every class, between trained ones."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import modelcost as mc
from modelcost.errors import ModelCostError
from modelcost.graph import Tensor
from modelcost.memory.backward import Backward
from modelcost.memory.values import Trace
from tests.random_layers import CASES


def trained(case: Any, first: bool) -> Any:
    """What training a model of this layer costs, with dense layers before it where it takes numbers, or one after it.

    None if it cannot be: the layer is refused, or has no gradient where it stands.
    """
    try:
        inputs = [mc.Input(shape, dtype=case.dtype) for shape in case.shapes]
        before = [mc.Dense(x.shape[-1])(x) if case.dtype is None and x.shape and not first else x for x in inputs]
        layer = getattr(mc.layers, case.kind)(**case.given)
        taken = {name: value for name, value in case.call.items() if name in (*layer.call_options, *layer.free_options)}
        made = layer(*before, **taken)
        made = mc.Dense(2)(mc.Flatten()(made)) if first and isinstance(made, Tensor) else made
        return mc.cost(mc.Model(inputs, made), optimizer="SGD(momentum=0.5)", batch=3)
    except ModelCostError:
        return None


@pytest.mark.parametrize("kind", CASES)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data(), st.booleans())
def test_what_trains_has_a_plan_and_its_layers_add_up(kind: str, data: st.DataObject, first: bool) -> None:
    report = trained(CASES[kind](data.draw), first)
    if report is None:
        return
    memory = report.memory
    for name in ("parameter_bytes", "gradient_bytes", "optimizer_bytes", "activation_bytes", "kept_activation_bytes"):
        assert sum(getattr(row, name) for row in memory.rows) == getattr(memory, name)
    held = [one for one in memory.tensors() if one["kind"] in ("activation", "mask")]
    assert memory.kept_activation_bytes == sum(map(kept_by(memory), held))
    assert memory.activation_bytes == 3 * report.totals.activation_bytes
    assert memory.peak_inference_bytes < memory.peak_training_bytes
    trace = Trace(memory.model, memory.entries, memory.runtime, True)
    backward = Backward(trace)
    read = {one for op in backward.ops for one in op.reads} | set(backward.of_weights.values())
    assert all(op.made in read for op in backward.ops), "a gradient that nobody reads"
    assert set(backward.of_weights) <= set(trace.trained())
    assert set(backward.of_weights) == set(trace.trained()) or kind == "ReversibleEmbedding"  # uses one of its two


def kept_by(memory: Any) -> Any:
    """The bytes of a tensor that is held over the turn from the way forward to the way back; else 0."""
    phases = [moment["phase"] for moment in memory.timeline()]
    turn = phases.index("backward") - 1
    return lambda one: one["bytes"] if one["first"] <= turn < one["last"] else 0
