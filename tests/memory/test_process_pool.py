"""TensorFlow's pool, held against a naive one that looks at every piece there is, and the executor that fills it."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelcost import zoo
from modelcost.memory import Memory, batch_of_process, most_of_process, process
from modelcost.memory.buffers import Buffer, Plan, Step
from modelcost.memory.executor import Flow, Run, slots_of, written_bytes
from modelcost.memory.pool import Pool
from modelcost.memory.process import FRAMEWORK_BYTES, beside, held_by_process
from tests.benchmarks import networks

MB = 1_000_000
MEASURED = json.loads((Path(__file__).parents[1] / "data" / "process_memory.json").read_text("utf-8"))


class NaivePool:
    """The same rules, done slowly: a list of (address, size, stretch, taken) that is walked from end to end."""

    def __init__(self) -> None:
        self.pieces: list[list[int]] = []
        self.next, self.end, self.touched = 2 * 1024 * 1024, 0, set[int]()

    def take(self, size: int) -> tuple[int, int]:
        whole = size if size % 256 == 0 else size + 256 - size % 256
        fitting = [one for one in self.pieces if not one[3] and one[1] >= whole]
        if not fitting:
            grows = whole > self.next
            while whole > self.next:
                self.next = self.next * 2
            fitting = [[self.end, self.next, self.end, 0]]
            self.pieces += fitting
            self.end += self.next + 256
            self.next *= 1 if grows else 2
        best = min(fitting, key=lambda one: (one[1], one[0]))
        if best[1] - whole >= whole or best[1] - whole >= 128 * 1024 * 1024:
            self.pieces.append([best[0] + whole, best[1] - whole, best[2], 0])
            best[1] = whole
        best[3] = 1
        self.touched |= set(range(best[0] // 256, (best[0] + whole) // 256))
        return best[0], best[1]

    def give(self, address: int) -> None:
        next(one for one in self.pieces if one[0] == address)[3] = 0
        joined: list[list[int]] = []
        for one in sorted(self.pieces):
            if joined and not one[3] and not joined[-1][3] and joined[-1][2] == one[2]:
                joined[-1][1] += one[1]
            else:
                joined.append(one)
        self.pieces = joined


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 4000), st.integers(0, 50)), max_size=60))
@settings(max_examples=60, deadline=None)
def test_the_pool_does_what_a_naive_one_does(orders: list[tuple[bool, int, int]]) -> None:
    pool, naive, held = Pool(), NaivePool(), []
    for gives, kilobytes, which in orders:
        if gives and held:
            piece = held.pop(which % len(held))
            pool.give(piece)
            naive.give(piece[0])
        else:
            piece = pool.take(1024 * kilobytes)
            assert piece == naive.take(1024 * kilobytes)
            held.append(piece)
    taken = sorted(held)
    assert all(one[0] + one[1] <= other[0] for one, other in pairwise(taken))
    assert pool.touched_bytes == 256 * len(naive.touched)


def test_a_piece_much_larger_than_wanted_is_cut_and_any_other_is_not() -> None:
    pool = Pool()
    assert pool.take(1 << 30) == (0, 1 << 30)  # the stretch doubles until it holds this
    pool.give((0, 1 << 30))
    assert pool.take((1 << 30) - (128 << 20)) == (0, (1 << 30) - (128 << 20))  # half is not left, but 128 MiB
    assert pool.take((64 << 20) + 256)[1] == 128 << 20
    assert pool.end == (1 << 30) + 256


def chain(*megabytes: int, **settings: bool) -> Plan:
    """Operations one after the other, each with a result of so many MB for an example."""
    given, *made = (Buffer(f"t{i}", "activation", each=size * MB) for i, size in enumerate(megabytes))
    given.kind = "input"
    steps = [
        Step(f"s{i}", "forward", [a], [b], {b: (a,)})
        for i, (a, b) in enumerate(zip([given, *made], made, strict=False))
    ]
    return Plan(steps, [given], **settings)


def test_a_chain_holds_two_results_at_once_and_the_pool_their_addresses() -> None:
    assert int(chain(1, 8, 8, 8).peak_bytes(1)) == 17 * MB
    # the first stretch, of 2 MiB, has the input; the next, of 8 MiB, one result; the third, of 16 MiB, the other
    assert written_bytes(chain(1, 8, 8, 8), 1) == 17 * MB
    assert written_bytes(chain(1, 8, 8, 8, in_place=True), 1) == 9 * MB
    # 6 MB do not fit beside 7 in the third stretch's first half, nor 7 into 6
    assert written_bytes(chain(1, 7, 6, 7), 1) >= int(chain(1, 7, 6, 7).peak_bytes(1))


def test_small_tensors_are_counted_though_they_are_not_in_the_pool() -> None:
    x = Buffer("x", "input", fixed=1000)
    assert written_bytes(Plan([Step("f", "forward", [x], [Buffer("y", "activation", fixed=500)])], [x]), 1) == 1500


def test_an_initializer_makes_three_tensors_for_a_weight() -> None:
    weight = Buffer("w", "parameter", fixed=4 << 20)
    state = Buffer("w", "optimizer state", fixed=8 << 20)
    assert written_bytes(Plan([Step("f", "forward", [weight])], [weight]), 1) == 12 << 20
    assert written_bytes(Plan([Step("f", "forward", [weight])], [weight, state]), 1) == 12 << 20
    counter = Buffer("optimizer", "optimizer state", fixed=8)
    assert slots_of(Plan([Step("f", "forward", [weight])], [weight, state, counter])) == {state: 2, counter: 1}


def test_a_convolution_has_a_copy_of_its_kernel() -> None:
    weight, x = Buffer("w", "parameter", fixed=1 << 20), Buffer("x", "input", fixed=2 << 20)  # x fills the hole
    y = Buffer("y", "activation", fixed=8 << 20)
    plain, conv = (Plan([Step("f", "forward", [x, weight], [y], {}, flag)], [weight, x]) for flag in (False, True))
    assert written_bytes(conv, 1) - written_bytes(plain, 1) == 1 << 20
    assert int(beside(conv)) - int(beside(plain)) == 200_000


class Watched(Run):
    """Writes down which step starts when, and how much is taken and not given back."""

    def watch(self) -> None:
        self.started: list[Step] = []
        self.ended: set[Step] = set()
        self.net = 0
        take, give = Pool.take.__get__(self.pool), Pool.give.__get__(self.pool)

        def counted(size: int) -> tuple[int, int]:
            piece: tuple[int, int] = take(size)
            self.net += piece[1]
            return piece

        def given_back(piece: tuple[int, int]) -> None:
            self.net -= piece[1]
            give(piece)

        self.pool.take, self.pool.give = counted, given_back  # type: ignore[method-assign]

    def _start(self, step: Step) -> list[tuple[int, int]]:
        self.started.append(step)
        made = {one for other in self.plan.steps for one in other.makes}
        there = {one for other in self.ended for one in other.makes}
        assert all(one in there for one in step.reads if one in made)
        return super()._start(step)

    def _end(self, step: Step, copies: list[tuple[int, int]]) -> None:
        self.ended.add(step)
        super()._end(step, copies)


@pytest.mark.parametrize("checkpoints", [None, 3])
def test_every_step_is_done_once_after_what_it_waits_for_and_all_is_given_back(checkpoints: int | None) -> None:
    plan = Memory(zoo.lenet5(), batch=200, optimizer="adagrad", checkpoints=checkpoints).training
    run = Watched(plan, {one: one.fixed + 200 * one.each for one in plan.lives}, Flow(plan), Random(0))
    for _ in range(2):
        weights = sum(size for _, size in run.weights.values())
        run.watch()
        run.once()
        assert sorted(map(id, run.started)) == sorted(map(id, plan.steps))
        assert run.net == sum(size for _, size in run.weights.values()) - weights
        again = [i for i, step in enumerate(run.started) if step.phase == "again"]
        assert bool(again) == (checkpoints is not None)
        before = {step.phase for step in run.started[: min(again, default=0)]}
        assert not again or before == {"forward", "backward"} or before == {"forward", "backward", "optimizer"}


def test_the_working_of_a_process() -> None:
    memory = Memory(networks.mlp(), optimizer="adam")
    numbers = held_by_process(memory.training, 1).numbers()
    steps = len(memory.training.steps)
    # 6 weights, 2 slots for each, the optimizer's own; 2 nodes a step and a weight read, 44 where Adam updates one
    assert numbers.startswith(f"605000000 + 45000000 + 19*45000 + {2 * (steps - 6 + 6) + 6 * 44}*18000 + 0*200000 + ")
    assert held_by_process(memory.training, 64) == held_by_process(memory.training, 64)


def of(found: dict[str, object]) -> tuple[Plan, int, int]:
    """What was measured: the plan, the batch, and what the process grew by."""
    memory = Memory(networks.build(str(found["model"])), optimizer="adam")
    plan = memory.training if found["kind"] == "training" else memory.inference
    return plan, int(str(found["batch"])), int(str(found["peak"])) - int(str(found["base"]))


NAMES = ["alexnet 8 training", "mobilenet_v2 17 training", "resnet50 16 training", "fashion_cnn_bn 1024 training"]


@pytest.mark.parametrize("name", [*NAMES, "spectrogram_cnn 64 training", "spectrogram_cnn 256 inference"])
def test_processes_grew_by_about_what_is_estimated(name: str) -> None:
    found = next(one for one in MEASURED if f"{one['model']} {one['batch']} {one['kind']}" == name)
    plan, batch, grown = of(found)
    estimate = int(held_by_process(plan, batch)) - FRAMEWORK_BYTES
    assert abs(estimate - grown) <= grown / 10
    assert most_of_process(plan, batch) >= FRAMEWORK_BYTES + grown
    found_batch = batch_of_process(plan, FRAMEWORK_BYTES + 2 * grown)
    assert most_of_process(plan, found_batch) <= FRAMEWORK_BYTES + 2 * grown < most_of_process(plan, found_batch + 1)


def test_a_batch_that_fits_is_found_above_one_that_does_not() -> None:
    plan = Memory(networks.build("alexnet"), optimizer="adam").training
    most = [most_of_process(plan, batch) for batch in range(33)]
    memory = next(here for here, after in pairwise(most[1:]) if after > here > min(most[most.index(after) + 1 :]))
    fitting = [batch for batch in range(1, 33) if most[batch] <= memory]
    assert fitting != list(range(1, len(fitting) + 1))  # there is a dip, or this shows nothing
    assert batch_of_process(plan, memory) == max(fitting)


@pytest.mark.parametrize(("dips", "answer"), [((), 10), ((15,), 15), ((15, 24), 24), ((21,), 10)])
def test_batches_up_to_twice_as_large_are_looked_at(monkeypatch: Any, dips: tuple[int, ...], answer: int) -> None:
    looked: list[int] = []

    def held(plan: Plan, batch: int) -> int:
        looked.append(batch)
        return 0 if batch <= 10 or batch in dips else 2000

    monkeypatch.setattr(process, "largest_batch", lambda *_: 40)
    monkeypatch.setattr(process, "most_of_process", held)
    assert batch_of_process(chain(1, 1), 1000) == answer
    assert len(looked) <= 6 + process.PROBES * (1 + len(dips)) + 6 * len(dips)
