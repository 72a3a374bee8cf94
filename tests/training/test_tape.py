"""What work reads and makes is found, and what cannot be read is an error."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from modelcost import layers
from modelcost.count import Expression
from modelcost.errors import ModelCostError
from modelcost.facts import CONSTANT, ENTERING, HIDDEN, INPUT, Facts, Output, Weight, Work, dot
from modelcost.nesting import looped
from modelcost.training.gradients import gradients
from modelcost.training.tape import Operation, Tape
from modelcost.training.values import Value
from tests.random_layers import CASES


def facts(*works: Work) -> Facts:
    return Facts(((4,),), [Output((4,)), Weight("w", (4,)), *works])


def read(operation: Operation) -> list[Value]:
    return [operand.value for operand in operation.operands]


def test_hidden_is_what_was_made_before() -> None:
    tape = Tape(facts(Work(4, "mul", (INPUT, "w"), "a"), Work(4, "exp", (HIDDEN,), "b")), [True], True)
    first, second = tape.operations
    assert read(second) == [first.result]


def test_names_reach_further() -> None:
    tape = Tape(
        facts(
            Work(4, "mul", (INPUT, "w"), "a", makes="scaled"),
            Work(4, "exp", (HIDDEN,), "a"),
            Work(4, "mul", (HIDDEN, "scaled"), "a"),
        ),
        [False],
        True,
    )
    assert read(tape.operations[2]) == [tape.operations[1].result, tape.operations[0].result]


@pytest.mark.parametrize(
    ("works", "says"),
    [
        ([Work(4, "mul", (INPUT, "v"), "a")], "reads 'v', which nothing makes"),
        ([Work(4, "exp", (INPUT,), "a"), Work(4, "mul", (HIDDEN, HIDDEN), "a")], "name the earlier one with `makes`"),
        ([Work(4, "sub", (INPUT,), "a", op="SquaredDifference")], "only a part of an operation"),
        ([Work(4, "exp", (INPUT,), "a", op="Lgamma")], "not known what the gradient of Lgamma takes"),
    ],
)
def test_what_cannot_be_followed_is_an_error(works: list[Work], says: str) -> None:
    with pytest.raises(ModelCostError, match=says):
        gradients(facts(*works), [True])


def test_nothing_is_done_for_what_is_not_wanted() -> None:
    dense = layers.Dense(3).costed(((4,),))
    assert gradients(dense, [False], trainable=False).to_weights == ()
    assert gradients(dense, [False]).to_inputs == ()
    assert gradients(dense, [True], trainable=False).to_weights == ()


def test_values_read_twice_have_their_gradients_added() -> None:
    found = gradients(facts(Work(4, "mul", (INPUT, INPUT), "a")), [True])
    assert [(work.op, int(work.times)) for work in found.to_inputs] == [("", 4), ("", 4), ("AddN", 4)]


def loop(steps: int, initial: str = "") -> Facts:
    """A state of 5 from 4 inputs and itself, so many steps long."""
    step = [
        Work(5, dot(4), (INPUT, "kernel"), "a", makes="x"),
        Work(5, dot(5), ("state", "recurrent"), "a"),
        Work(5, "add", ("x", HIDDEN), "a", makes="state", first=initial),
    ]
    weights = [Weight("kernel", (4, 5)), Weight("recurrent", (5, 5))]
    return Facts(((steps, 4), (5,)), [Output((5,), of="state"), *weights, *looped(step, steps)])


def done(facts: Facts, wanted: list[bool]) -> list[tuple[str, int, int | None]]:
    found = gradients(facts, wanted)
    works = [work.but(op=work.op or work.primitive.kind) for work in (*found.to_inputs, *found.to_weights)]
    folded = (work.primitive.over for work in works)
    summed = [int(one.rebind(batch=1)) if isinstance(one, Expression) else one for one in folded]
    return [(work.op, int(work.times), over) for work, over in zip(works, summed, strict=True)]


def test_loops_come_round() -> None:
    """Over 7 steps the state has a gradient from 6: what it begins with is zeros. Weights have one from each step."""
    assert Tape(loop(7), [False, False], True).values["state"].wanted
    assert sorted(done(loop(7), [False, False])) == [
        ("AddN", 6 * 20, None), ("AddN", 6 * 25, None),
        ("dot", 6 * 5, 6 * 25), ("dot", 7 * 20, 7 * 20), ("dot", 7 * 25, 7 * 25),
    ]  # fmt: skip


def test_a_state_that_comes_in_has_a_gradient_too() -> None:
    with_state = done(loop(7, "input:1"), [False, True])
    assert ("dot", 7 * 5, 7 * 25) in with_state
    assert ("dot", 7 * 5, 7 * 25) not in done(loop(7, "input:1"), [False, False])


def test_one_step_hands_nothing_back() -> None:
    assert sorted(done(loop(1), [True, False])) == [("dot", 4, 20), ("dot", 20, 20), ("dot", 25, 25)]


def test_what_only_later_work_makes_is_read_in_loops_alone() -> None:
    with pytest.raises(ModelCostError, match="reads what only later work makes, and stands in no loop"):
        gradients(facts(Work(4, "mul", ("y", "w"), "a"), Work(4, "exp", (HIDDEN,), "a", makes="y")), [True])


def test_a_part_of_a_value_has_the_gradient_of_that_part() -> None:
    parts = [Work(3, "copy", (INPUT,), "a", op="Split", makes="x"), Work(1, "copy", (INPUT,), "a", op="Split")]
    assert gradients(facts(*parts, Work(1, "mul", ("x", HIDDEN), "a", op="")), [True]).to_inputs
    assert [work.op for work in gradients(facts(*parts), [True]).to_inputs] == []


def test_names_made_again_stand_for_the_last_that_was_made() -> None:
    works = [
        Work(4, "mul", (INPUT, "w"), "a", makes="again"),
        Work(4, "exp", ("again",), "a"),
        Work(4, "tanh", (INPUT,), "a", makes="again"),
        Work(4, "exp", ("again",), "a"),
    ]
    first, before, second, after = Tape(facts(*works), [True], True).operations
    assert [one.operands[0].value for one in (before, after)] == [first.result, second.result]


def test_a_part_within_a_part_begins_with_the_same() -> None:
    works = [
        Work(4, "mul", (INPUT, "w"), "a"),
        Work(4, "exp", (HIDDEN,), "b first"),
        Work(4, "mul", (ENTERING, HIDDEN), "b"),
    ]
    scaled, _, last = Tape(facts(*works), [True], True).operations
    assert last.operands[0].value is scaled.result


def test_what_only_comparisons_read_has_no_gradient() -> None:
    works = [Work(4, "abs", (INPUT,), "a"), Work(4, "compare", (HIDDEN,), "a", op="Greater", makes="far")]
    tape = Tape(facts(*works, Work(4, "copy", ("far", INPUT), "a", op="SelectV2")), [True], True)
    assert [one.result.wanted for one in tape.operations] == [False, False, True]
    assert gradients(tape.facts, [True]).to_inputs == ()


def test_constants_hold_their_place() -> None:
    def back(*operands: str) -> list[str]:
        found = gradients(facts(Work(4, "sub", operands, "a")), [True]).to_inputs
        return [work.op for work in found]

    assert back(INPUT) == back(INPUT, CONSTANT) == []
    assert back(CONSTANT, INPUT) == ["Neg"]


def test_parts_that_a_value_is_taken_apart_into_come_back_as_one() -> None:
    parts = [Work(2, "copy", (INPUT,), "a", op="Split", makes=name) for name in ("left", "right")]
    both = facts(*parts, Work(2, "mul", ("left", "right"), "a"))
    assert [work.op for work in gradients(both, [True]).to_inputs] == ["", ""]


def test_whole_numbers_have_no_gradient() -> None:
    rounded = Facts(((4,),), [Output((4,), dtype="int32"), Work(4, "copy", (INPUT,), "a")])
    assert not Tape(rounded, [True], True).operations[0].result.wanted


SELECTING = {"mask", "draw", "matrix", "window", "spectral"}
"""Parts of layers that only say what is taken or where it stands: gradients need not find their way through them."""


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(st.data())
def test_what_layers_make_is_read(data: st.DataObject) -> None:
    """A result that nothing reads would be a gradient forgotten: some operand goes by a wrong name."""
    case = CASES[data.draw(st.sampled_from(sorted(CASES)))](data.draw)
    try:
        facts = getattr(layers, case.kind)(**case.given).costed(case.shapes, case.call)
    except ModelCostError:
        return
    tape = Tape(facts, [True] * len(facts.inputs), True)
    read = {id(one) for done in tape.operations for it in done.operands for one in (it.value, it.value.first)}
    out = {id(tape.values[output.of] if output.of else tape.last) for output in facts.outputs}
    unread = [done for done in tape.operations if id(done.result) not in read | out | tape.new]
    assert {done.works[0].part for done in unread} <= SELECTING
