"""Gradients of random layers of every class against TensorFlow's graph of the same Keras layer, by operation."""

from __future__ import annotations

from math import prod
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from modelcost import layers
from modelcost.errors import ModelCostError
from tests.random_layers import CASES
from tests.training.traced_gradients import ours, theirs

ELSEWHERE = (
    "LSTM", "GRU", "SimpleRNN", "RNN", "Bidirectional", "StackedRNNCells", "ConvLSTM", "TimeDistributed",  # loops
    "Random", "RandAugment", "AugMix", "AutoContrast", "MixUp", "CutMix",  # what changes images is mostly not followed
    "Adaptive",  # some of these end TensorFlow's process
)  # fmt: skip
"""What tests of their own hold."""
KINDS = [kind for kind in CASES if not kind.startswith(ELSEWHERE) and not kind.endswith("Cell")]


def named(case: Any, layer: Any) -> bool:
    """Whether TensorFlow's graph is known to say it otherwise: tests of each family hold by how much."""
    several = [one for one in (layer, getattr(layer, "layer", None)) if one is not None]  # a wrapper, what it wraps
    rates = [getattr(one, "dilation_rate", 1) for one in several]
    dilated = any(max(rate if isinstance(rate, tuple) else (rate,)) > 1 for rate in rates)  # shared out into blocks
    sparse = any(getattr(one, "activation", None) == "sparsemax" for one in several)  # which is cut in two
    vectors = case.kind in ("Add", "Average") and any(prod(shape) == 1 for shape in case.shapes)  # added as a bias
    return dilated or vectors or sparse


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(data=st.data())
def test_random_layers_have_the_gradients_of_tensorflow(kind: str, data: st.DataObject) -> None:
    pytest.importorskip("keras")
    case = CASES[kind](data.draw)
    try:
        layer = getattr(layers, case.kind)(**case.given)
        layer.costed(case.shapes, case.call)
    except ModelCostError:
        return
    if case.dtype is None and not named(case, layer):
        wanted = [True] * len(case.shapes)
        assert ours(layer, case.shapes, wanted, case.call) == theirs(layer, case.shapes, wanted, case.call)
