"""The roofline method: no operation is faster than the peak, and none faster than its bytes arrive.

Source: Williams, Waterman and Patterson 2009, "Roofline"; with the bandwidth of the cache that holds the working set
(Ilic, Pratas and Sousa 2014), a share of the peak for each kind of operation, and a cost of starting one.
"""

from __future__ import annotations

from modelcost.errors import ModelCostError, short, unknown
from modelcost.timing.operations import KINDS, PRODUCTS
from modelcost.timing.span import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from modelcost.timing.operations import Operation
    from modelcost.timing.rates import Rates

BOUNDS = ("compute", "memory", "overhead")
"""What an operation waits for most."""

EFFICIENCY = {
    "convolution": 0.95, "pointwise": 0.9, "depthwise": 0.4, "wide depthwise": 0.4, "transposed": 0.7,
    "dense": 0.85, "product": 0.8, "max pool": 0.2, "average pool": 0.2, "softmax": 0.06, "reduction": 0.1,
    "elementwise": 0.1, "broadcast": 0.1, "transcendental": 0.07, "copy": 0.1, "random": 0.02, "update": 0.1,
    "wide depthwise:weights": 0.06,
}  # fmt: skip
"""The share of the peak that each kind of operation is taken to reach where nothing keeps it from computing.

What calibrating one thread of one machine (Zen 4, TensorFlow 2.21) showed; direct convolutions come close to the peak
(Georganas and others 2018, "Anatomy of High-Performance Deep Learning Convolutions on SIMD Architectures"). Nothing is
taken off for several cores: what they share is memory, whose rate stands by itself.
"""
SPREAD = 1.8
"""How many times more, or less, than that it may be."""
GRADIENT_EFFICIENCY = {"input": 1.0, "weights": 0.8}
"""What the gradients of a product reach of what the product does. That of its input is such a product again, on the
same kernels (oneDNN's `brg_conv_bwd` starts `brg_conv_fwd`); that of its weights sums over all examples and positions,
on kernels of their own, into results of each core that are added up."""
MOVING = 0.6
"""The share of a cache's bandwidth that operations reach which do nothing but move: their own instructions take the
rest. From memory, which is slower than these, they take what arrives; at worst less by the spread, since a line that
is written may be read first."""
STARTED, WOKEN = 1e-6, 8e-6
"""Seconds to start an operation: a small one, or one in a loop, on the core that is awake; one that wakes others."""
LOOPED = 0.5e-6
"""Seconds more for each operation in a loop over steps, which looks for the next step and keeps or finds its values."""
ENTERED = 60e-6
"""Seconds to enter and leave such a loop: the sequence is taken apart before it, and put together after."""
CALLS = {"graph": 100e-6, "eager": 330e-6, "predict": 35e-3}
"""Seconds of a call beside its operations, by how the model is called: a traced function, the model itself, Keras's
`predict`, however many mini-batches it goes through. Measured with Keras 3 on TensorFlow 2.21; a traced function took
50 and 190 microseconds on two machines."""
STEPS = {"predict": 0.6e-3, "fit": 0.6e-3}
"""Seconds of Keras's own loop for each mini-batch, in `predict` and in `fit`; measured likewise."""
EAGER = 20e-6
"""Seconds more for each operation where Python starts it."""


def defaults() -> dict[str, float]:
    """Every assumption of the method, by its name: all can be changed."""
    return {
        **{f"efficiency.{kind}": efficiency(kind) for kind in KINDS},
        "spread": SPREAD,
        "moving": MOVING,
        "started": STARTED,
        "woken": WOKEN,
        "looped": LOOPED,
        "entered": ENTERED,
        "eager": EAGER,
        **{f"call.{mode}": seconds for mode, seconds in CALLS.items()},
        **{f"step.{loop}": seconds for loop, seconds in STEPS.items()},
    }


def efficiency(kind: str) -> float:
    """The share of the peak that a kind is taken to reach; a gradient at most what it is the gradient of."""
    plain, _, of = kind.partition(":")
    return EFFICIENCY.get(kind, EFFICIENCY[plain] * GRADIENT_EFFICIENCY.get(of, 1.0))


def assumed(given: Mapping[str, Any] | None, known: Mapping[str, float]) -> dict[str, float]:
    """The assumptions of a method with some of them changed; an error for one that it does not have."""
    found = dict(known)
    for name, value in (given or {}).items():
        if name not in known:
            raise unknown("assumption", name, known)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e12:
            raise ModelCostError(f"assumption {name} must be a number above 0. Received: {name}={short(value)}")
        found[name] = float(value)
    return found


def loop(training: bool) -> str:
    """Which loop of Keras goes through the mini-batches."""
    return "fit" if training else "predict"


class Roofline:
    """The method for one CPU: its rates at worst, likely, at best, and what is assumed."""

    name = "roofline"

    def __init__(self, rates: Sequence[Rates], assumptions: Mapping[str, float], mode: str) -> None:
        for name, value in assumptions.items():
            if value > 1 and (name == "moving" or name.startswith("efficiency.")):
                raise ModelCostError(f"assumption {name} is a share, at most 1. Received: {name}={value:g}")
        if assumptions["spread"] < 1:
            raise ModelCostError(f"assumption spread is a factor, at least 1. Received: {assumptions['spread']:g}")
        self.rates, self.assumptions, self.mode = tuple(rates), assumptions, mode
        self.likely = self.rates[1]

    def times(self, operations: Sequence[Operation], training: bool = False) -> list[tuple[Span, str]]:
        """The time of each operation of a call, and what it waits for most."""
        resident = sum(one.weight_bytes for one in operations)
        alike = {one.figures(): one for one in operations}
        known = {figures: self._time(one, resident) for figures, one in alike.items()}
        return [known[one.figures()] for one in operations]

    def call(self, training: bool = False) -> Span:
        """The time of a mini-batch beside its operations."""
        return self._around(f"call.{self.mode}" if self.mode != "predict" else f"step.{loop(training)}")

    def once(self) -> Span:
        """The time of a call beside its mini-batches, where one call goes through many of them."""
        return self._around("call.predict") if self.mode == "predict" else Span(0.0)

    def _around(self, name: str) -> Span:
        seconds = self.assumptions[name]
        return Span(seconds, seconds / 2, seconds * 2)

    def _time(self, one: Operation, resident: float) -> tuple[Span, str]:
        spread = self.assumptions["spread"]
        worst, likely, best = (
            self._parts(one, rates, resident, factor)
            for rates, factor in zip(self.rates, (1 / spread, 1.0, spread), strict=True)
        )
        seconds = [max(parts[:2]) + parts[2] for parts in (likely, best, worst)]
        return Span(seconds[0], min(seconds), max(seconds)), BOUNDS[likely.index(max(likely))]

    def _parts(self, one: Operation, rates: Rates, resident: float, factor: float) -> tuple[float, float, float]:
        """Seconds of computing, of moving, and of starting."""
        share = min(1.0, self.assumptions[f"efficiency.{one.kind}"] * factor) * rates.filled(one.columns)
        moved, arrived = (min(1.0, most * factor) for most in (self.assumptions["moving"], 1.0))
        if one.kind.partition(":")[0] in PRODUCTS:
            moved = arrived = 1.0
        cached, fetched = moved_seconds(one, rates, resident)
        moving = cached / moved + fetched / arrived
        start = self.assumptions["woken" if one.shared else "started"]
        start += self.assumptions["looped"] * one.looped
        start += self.assumptions["eager"] * (self.mode == "eager")
        starting = one.starts * start + one.enters * self.assumptions["entered"]
        return one.flops / (rates.peak * share), moving, starting / factor


def moved_seconds(one: Operation, rates: Rates, resident: float) -> tuple[float, float]:
    """The seconds of its bytes that caches hold, and of those from memory.

    Activations come from the level that holds them, weights from that which holds all weights of the call.
    """
    activations, weights = one.read_bytes + one.written_bytes, one.starts * one.weight_bytes
    together = resident if one.starts == 1 else one.weight_bytes  # used at every step, they stay where they alone fit
    found = [0.0, 0.0]
    for size, within in ((activations, activations / one.starts + one.weight_bytes), (weights, together)):
        found[rates.level(within) == "memory"] += rates.moving(size, within)
    return found[0], found[1]
