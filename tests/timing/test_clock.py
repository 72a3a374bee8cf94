"""The stopwatch's arithmetic, on a framework whose operations take what they are told to: rates, calls, loops."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from modelcost.timing import stopwatch
from modelcost.verification import frameworks

CALL = 5e-5


class Clock:
    """A time that only the calls of a framework make pass."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        monkeypatch.setattr(stopwatch, "repeated", self.repeated)

    def repeated(self, call: Callable[[], Any], seconds: float) -> list[float]:
        found = []
        for late in (3.0, 1.0, 2.0):  # the best of them counts
            start = self.now
            call()
            found.append((self.now - start) * late)
        return found


def framework(clock: Clock, flops: float, moved: float) -> SimpleNamespace:
    """Products at a rate of FLOP/s, sums at a rate of bytes/s, and a price of every call."""

    class Variable:
        def __init__(self, numbers: Any) -> None:
            (self.length,) = numbers

        def assign_add(self, other: Variable) -> None:
            clock.now += 4 * (2 * self.length + other.length) / moved  # reads both, writes one

    def function(does: Callable[[], Any]) -> Callable[[], None]:
        def call() -> None:
            clock.now += CALL
            does()

        return call

    def matmul(a: tuple[int, int], b: tuple[int, int]) -> None:
        products = a[0] * a[1] * b[1]
        clock.now += products * 2 / flops

    return SimpleNamespace(
        random=SimpleNamespace(normal=lambda shape: shape), function=function, matmul=matmul, Variable=Variable
    )


def test_the_peak_is_that_of_the_largest_product_in_flops(monkeypatch: pytest.MonkeyPatch) -> None:
    """A product of n x n matrices is n**3 multiplies and as many adds; the call has a small share in the time."""
    clock = Clock(monkeypatch)
    monkeypatch.setattr(frameworks, "tensorflow", lambda: framework(clock, 1e11, 1.0))
    largest = max(stopwatch.SIZES)
    assert stopwatch.peak(0.0) == pytest.approx(2 * largest**3 / (2 * largest**3 / 1e11 + CALL))


def test_a_bandwidth_is_of_bytes_and_without_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    monkeypatch.setattr(frameworks, "tensorflow", lambda: framework(clock, 1.0, 25e9))
    found = stopwatch.bandwidths({"l2": 2**20, "l3": 2**24}, 0.0)
    assert found == pytest.approx({"l2": 25e9, "l3": 25e9, "memory": 25e9})
    assert list(stopwatch.bandwidths({}, 0.0)) == ["memory"]


def test_the_tensors_of_a_level_fit_into_it_and_those_of_memory_into_none(monkeypatch: pytest.MonkeyPatch) -> None:
    streamed: list[int] = []
    monkeypatch.setattr(stopwatch, "_stream", lambda length, seconds: streamed.append(length) or 1e9)
    capacities = {"l2": 2 * 2.0**20, "l3": 16 * 2.0**20}
    stopwatch.bandwidths(capacities, 0.0)
    memory, third, second = (3 * 4 * length for length in streamed)  # two that are read, one that is written
    assert second < capacities["l2"] < third < capacities["l3"] < 4 * capacities["l3"] < memory


def test_a_level_is_no_slower_than_those_below_it(monkeypatch: pytest.MonkeyPatch) -> None:
    told = iter([30e9, 20e9, 50e9])  # of memory, of the third cache when something was in the way, of the second
    monkeypatch.setattr(stopwatch, "_stream", lambda *_: next(told))
    assert stopwatch.bandwidths({"l2": 2**20, "l3": 2**24}, 0.0) == {"l2": 50e9, "l3": 30e9, "memory": 30e9}


def test_loops_take_what_each_of_their_mini_batches_adds(monkeypatch: pytest.MonkeyPatch) -> None:
    """35 ms of a call, and 0.6 or 0.9 ms of each mini-batch."""
    clock = Clock(monkeypatch)

    def loop(each: float) -> Callable[..., None]:
        def go(x: tuple[int, ...], *_: Any, batch_size: int, verbose: int) -> None:
            clock.now += 35e-3 + each * x[0] / batch_size

        return go

    twin = SimpleNamespace(
        compile=lambda *_: None, inputs=[SimpleNamespace(shape=(None, 4))], predict=loop(0.6e-3), fit=loop(0.9e-3)
    )
    monkeypatch.setattr(frameworks, "tensorflow", lambda: SimpleNamespace(zeros=lambda shape: shape))
    found = stopwatch.loops(SimpleNamespace(twin=twin))  # type: ignore[arg-type]
    assert found == pytest.approx({"each_predict": 0.6e-3, "each_fit": 0.9e-3})


def test_calls_by_mode_and_what_python_adds_for_each_operation(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network of one layer tells what a call takes, a deeper one what Python adds to each layer, beside its own."""
    clock = Clock(monkeypatch)
    modes = {"graph": (60e-6, 4e-6), "eager": (300e-6, 24e-6), "predict": (35e-3, 0.0)}

    class Network:
        def __init__(self, model: Any, batch: int) -> None:
            self.layers = len(model.layers)

        def call(self, mode: str) -> Callable[[], None]:
            call, each = modes[mode]

            def go() -> None:
                clock.now += call + each * (self.layers - 1)

            return go

    monkeypatch.setattr(stopwatch, "Network", Network)
    monkeypatch.setattr(stopwatch, "loops", lambda network: {})
    found = stopwatch.calls(0.0)
    assert found == pytest.approx({"graph": 60e-6, "eager": 300e-6, "predict": 35e-3, "each": 20e-6})
