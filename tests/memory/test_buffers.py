"""Liveness, held against a naive simulation that frees what nobody reads any more, and what must always be so."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelcost.errors import SizeError
from modelcost.memory.buffers import Buffer, Plan, Step
from modelcost.memory.fit import largest_batch


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[Step], list[Buffer]]:
    """Random steps, each of which reads some of what was made before, and writes over some of it if it may."""
    sizes = st.integers(0, 9)
    always = [Buffer(f"w{i}", "parameter", draw(sizes), draw(sizes)) for i in range(draw(st.integers(1, 3)))]
    there, steps = list(always), []
    for i in range(draw(st.integers(1, 12))):
        reads = draw(st.lists(st.sampled_from(there), max_size=3, unique=True))
        makes = [Buffer(f"t{i}_{j}", "activation", draw(sizes), draw(sizes)) for j in range(draw(st.integers(0, 2)))]
        over = {one: tuple(reads) for one in makes if draw(st.booleans())}
        steps.append(Step(f"s{i}", "forward", reads, makes, over))
        there += makes
    return steps, always


def simulated(steps: list[Step], always: list[Buffer], in_place: bool, batch: int) -> list[int]:
    """The bytes held at each step, by doing what a runtime does: count the readers that are left, and free at none."""
    readers: dict[Buffer, int] = {}
    for step in steps:
        for one in step.reads:
            readers[one] = readers.get(one, 0) + 1
    there = {one: one.fixed + batch * one.each for one in always}
    held = []
    for step in steps:
        for one in step.reads:
            readers[one] -= 1
        gone: set[Buffer] = set()
        for made in step.makes:
            there[made] = made.fixed + batch * made.each
        for made in step.over if in_place else ():
            for old in step.over[made]:
                free = readers[old] == 0 and old not in always and old not in gone
                if free and old.each >= made.each and old.fixed >= made.fixed:
                    gone.add(old)
                    there.pop(old)
                    break
        held.append(sum(there.values()))
        for one in [one for one in there if one not in always and readers.get(one, 0) == 0]:
            there.pop(one)
    return held


@settings(max_examples=300, deadline=None)
@given(graphs(), st.booleans(), st.integers(1, 50))
def test_what_is_held_is_what_a_naive_simulation_holds(graph: Any, in_place: bool, batch: int) -> None:
    steps, always = graph
    plan = Plan(steps, always, in_place)
    expected = simulated(steps, always, in_place, batch)
    assert [plan.bytes(i, batch) for i in range(len(steps))] == expected
    assert [sum(one.fixed + batch * one.each for one in plan.held(i)) for i in range(len(steps))] == expected
    assert plan.peak_bytes(batch) == max(expected)
    timeline, tensors = plan.timeline(batch), plan.tensors(batch)
    assert [moment["bytes"] for moment in timeline] == expected
    assert [sum(moment["by_kind"].values()) for moment in timeline] == expected
    assert [
        sum(one["bytes"] for one in tensors if one["first"] <= i <= one["last"]) for i in range(len(steps))
    ] == expected


@settings(max_examples=200, deadline=None)
@given(graphs(), st.integers(1, 50))
def test_writing_in_place_never_takes_more_and_more_examples_never_less(graph: Any, batch: int) -> None:
    steps, always = graph
    plain, thrifty = Plan(steps, always), Plan(steps, always, in_place=True)
    assert thrifty.peak_bytes(batch) <= plain.peak_bytes(batch)
    for plan in (plain, thrifty):
        assert plan.peak_bytes(batch) <= plan.peak_bytes(batch + 1)
        assert all(plan.peak_bytes(batch) >= plan.bytes(i, batch) for i in range(len(steps)))


@settings(max_examples=200, deadline=None)
@given(graphs(), st.integers(0, 2_000), st.integers(0, 100))
def test_the_largest_batch_fits_and_one_more_does_not(graph: Any, memory: int, beside: int) -> None:
    steps, always = graph
    plan = Plan(steps, always)
    found = largest_batch(plan, memory, beside)
    if 0 < found < 2**62:
        assert plan.peak_bytes(found) + beside <= memory < plan.peak_bytes(found + 1) + beside
    elif not found:
        assert plan.peak_bytes(1) + beside > memory
    else:
        assert not any(each for each, _ in plan.sums)


def test_the_working_of_a_peak_says_what_is_held() -> None:
    w, x, y = Buffer("w", "parameter", fixed=12), Buffer("x", "input", each=8), Buffer("y", "activation", each=4)
    peak = Plan([Step("dense", "forward", [w, x], [y])], [w, x]).peak_bytes(10)
    assert (peak, peak.formula(), peak.numbers()) == (
        132,
        "parameter + N*input_each + N*activation_each",
        "12 + 10*8 + 10*4",
    )


@pytest.mark.parametrize("batch", [0, -1, 2**63, True, 1.5])
def test_a_batch_that_cannot_be_is_an_error(batch: Any) -> None:
    plan = Plan([Step("f", "forward", [Buffer("x", "input", each=1)])])
    with pytest.raises(SizeError, match="batch must be"):
        plan.peak_bytes(batch)


class Hashed(Buffer):
    """A buffer that counts how often it, or another such, is looked up."""

    times = 0

    def __hash__(self) -> int:
        Hashed.times += 1
        return id(self)


@pytest.mark.parametrize("in_place", [False, True])
def test_planning_twice_as_many_steps_is_twice_the_work(in_place: bool) -> None:
    def looked_up(layers: int) -> int:
        weights = [Hashed(f"w{i}", "parameter", fixed=4) for i in range(layers)]
        made = [Hashed(f"x{i}", "activation", each=4) for i in range(layers + 1)]
        steps = [
            Step(f"s{i}", "forward", [made[i], w], [made[i + 1]], {made[i + 1]: (made[i],)})
            for i, w in enumerate(weights)
        ]
        Hashed.times = 0
        Plan(steps, weights, in_place)
        return Hashed.times

    assert looked_up(200) < 2.1 * looked_up(100)
