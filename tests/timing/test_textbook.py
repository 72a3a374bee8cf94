"""The textbook method: exact workings, every assumption changed, and the question of the exercise."""

from __future__ import annotations

from fractions import Fraction

import pytest

import modelcost as mc
from modelcost.count import Count
from modelcost.errors import ModelCostError
from modelcost.timing.cpu import CPU
from modelcost.timing.estimate import estimate
from modelcost.timing.span import Span
from modelcost.timing.textbook import ASSUMPTIONS

I3 = CPU.named("i3-540").changed(ghz=2.5)
"""The CPU of the exercise; 2.5 GHz are taken as what other programs leave of 3.06."""
FORWARD = 2_271_415_787
"""FLOPs of AlexNet's forward pass on one example."""
IMAGES, EPOCHS = 10_000, 15


def alexnet(**more: object) -> mc.Report:
    return mc.cost("alexnet", data=IMAGES, epochs=EPOCHS, cpu=more.pop("cpu", I3), method="textbook", **more)


def test_the_question_of_the_exercise() -> None:
    """AlexNet, 10,000 images, 15 epochs, on an i3-540 at 2.5 GHz: on one core and both, forward only and trained."""
    time = alexnet().time
    one, both = time.by_cores[1]["run"], time.by_cores[2]["run"]
    assert one.inference.seconds == pytest.approx(FORWARD * IMAGES * EPOCHS / 2.5e9, rel=1e-15)  # 136,285 s
    assert both.inference.seconds == pytest.approx(FORWARD * IMAGES * EPOCHS / 5e9, rel=1e-15)  # 68,142 s
    assert (one.seconds, both.seconds) == (3 * one.inference.seconds, 3 * both.inference.seconds)
    assert time.run == Span(both.seconds, both.low, both.high)


def test_the_working_is_the_time() -> None:
    time = alexnet().time
    working = time.workings["run.forward"]
    assert working.formula() == "forward_flops/(cores*clock_hz*operations_per_cycle)"
    assert working.numbers() == f"{FORWARD * IMAGES * EPOCHS}/(2*2500000000*1)"
    assert eval(working.numbers()) == working.seconds == time.run.inference.seconds
    assert time.workings["run.backward"].seconds == time.run.backward.seconds


def test_the_vectors_of_the_cpu_as_an_assumption() -> None:
    time = alexnet(assume={"operations_per_cycle": 8}).time
    assert time.run.inference.seconds == pytest.approx(FORWARD * IMAGES * EPOCHS / 40e9, rel=1e-15)  # 8,518 s
    assert time.run.inference.low == time.run.inference.seconds


@pytest.mark.parametrize(
    ("assume", "factor"),
    [
        ({"operations_per_cycle": 2}, Fraction(1, 2)),
        ({"operations_per_cycle": 0.5}, Fraction(2)),
        ({"available": 0.8}, Fraction(5, 4)),
        ({"parallel_efficiency": 0.9}, Fraction(10, 9)),
        ({"available": 0.5, "parallel_efficiency": 0.5}, Fraction(4)),
        ({"backward_ratio": 3}, Fraction(1)),
    ],
)
def test_every_assumption_can_be_changed(assume: dict[str, float], factor: Fraction) -> None:
    plain, changed = alexnet().time, alexnet(assume=assume).time
    assert changed.run.inference.seconds == float(Fraction(FORWARD * IMAGES * EPOCHS, 5 * 10**9) * factor)
    assert changed.head["assumptions"].items() >= assume.items()
    assert plain.head["assumptions"].items() >= ASSUMPTIONS.items()
    assert changed.run.low <= changed.run.seconds <= changed.run.high


def test_what_counts_as_an_operation_is_the_convention() -> None:
    macs = alexnet(convention="macs").time
    assert macs.run.inference.seconds == pytest.approx(1_135_256_096 * IMAGES * EPOCHS / 5e9, rel=1e-15)
    assert macs.head["assumptions"]["operations"] == "macs"


def test_the_backward_pass_is_so_many_forward_passes_until_it_is_counted() -> None:
    report = mc.cost("lenet5", batch=32)
    assert estimate(report, I3, "textbook").minibatch.backward.seconds == pytest.approx(
        2 * estimate(report, I3, "textbook").inference.seconds, rel=1e-15
    )
    half = estimate(report, I3, "textbook", assume={"backward_ratio": 1.5}).minibatch
    assert half.backward.seconds == pytest.approx(1.5 * half.forward.seconds, rel=1e-9)
    report.levels["minibatch"]._given = {
        **report.levels["minibatch"]._given,
        "backward_flops": lambda: Count(5_000_000_000),
    }
    assert estimate(report, I3, "textbook").minibatch.backward.seconds == 1.0


def test_one_core_more_is_never_slower_and_keeps_no_efficiency_to_lose_alone() -> None:
    seconds = [
        alexnet(
            cpu=CPU("mine", cores=n, ghz=2, flops_per_cycle=8), assume={"parallel_efficiency": 0.7}
        ).time.run.seconds
        for n in range(2, 9)
    ]
    assert seconds == sorted(seconds, reverse=True)
    alone = alexnet(cpu=CPU("mine", cores=1, ghz=2), assume={"parallel_efficiency": 0.7}).time
    assert alone.run.inference.seconds == FORWARD * IMAGES * EPOCHS / 2e9


def test_the_interval_is_from_the_peak_to_one_operation_a_cycle() -> None:
    example = alexnet().time.example
    assert example.low == pytest.approx(FORWARD / 40e9)
    assert example.high == example.seconds == pytest.approx(FORWARD / 5e9)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"assume": {"backward": 3}}, "unknown assumption 'backward'; did you mean backward_ratio"),
        ({"assume": {"available": 1.5}}, "assumption available is a share, at most 1. Received: available=1.5"),
        ({"assume": {"available": 0}}, "assumption available must be a number above 0. Received: available=0"),
        ({"assume": {"available": "most"}}, "assumption available must be a number above 0"),
        ({"assume": 3}, "assume must be a dict of numbers by name. Received: 3"),
        ({"dtype": "float16"}, "cost it with dtype float32. Received: dtype float16"),
        ({"mode": "fast"}, "unknown mode 'fast'; known are: graph, eager, predict"),
    ],
)
def test_what_cannot_be_is_an_error(given: dict[str, object], said: str) -> None:
    with pytest.raises(ModelCostError) as error:
        alexnet(**given)
    assert said in str(error.value)


def test_without_a_cpu_there_is_no_time() -> None:
    report = mc.cost("lenet5")
    with pytest.raises(ModelCostError, match="lenet5: no time without a CPU; give cpu="):
        _ = report.time
    with pytest.raises(ModelCostError, match="method and assume are about the time on a CPU; give cpu="):
        mc.cost("lenet5", method="textbook")
    with pytest.raises(ModelCostError, match=r"no time of epoch without data=\.\.\."):
        _ = mc.cost("lenet5", cpu=I3).time.epoch
    with pytest.raises(ModelCostError, match="unknown method 'guess'; known are: textbook, roofline"):
        mc.cost("lenet5", cpu=I3, method="guess")


def test_a_model_of_free_sizes_has_no_time() -> None:
    net = mc.Sequential([mc.Input((None, None, 3)), mc.Conv2D(4, 3)])
    for method in ("textbook", "roofline"):
        with pytest.raises(
            ModelCostError,
            match=r"time needs every size, and (height and )?width ha(s|ve) no value; give the input's shape, as in",
        ):
            mc.cost(net, cpu=I3, method=method)
