"""Sweeps by executors, sweeps that are stopped and resumed, and workers that die."""

from __future__ import annotations

import json
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from search import dies, interrupted, mlp, resumed_alone, small

import modelcost as mc
from modelcost.errors import ModelCostError
from modelcost.sweeps.workers import LARGEST, UNDER_WAY

UNITS = [*range(1, 21)]


def by_units(found: Any) -> dict[Any, Any]:
    """What came of each point, whatever their order: its parameters, or why it failed."""
    return {point.choices["units"]: point.failed or point["params"] for point in found}


EXPECTED = {units: "RuntimeError: unlucky" if units == 13 else 7 * units for units in UNITS}


@pytest.mark.parametrize("kind", ["none", "threads", "processes"])
def test_executors_give_what_none_gives(kind: str) -> None:
    if kind == "none":
        assert by_units(mc.sweep(small, units=UNITS)) == EXPECTED
        return
    pool = ThreadPoolExecutor(2) if kind == "threads" else ProcessPoolExecutor(2, mp_context=get_context("spawn"))
    with pool as executor:
        found = mc.sweep(small, units=UNITS, executor=executor)
        assert by_units(found) == EXPECTED
        assert found["units"].tolist() == [units for units in UNITS if units != 13], "in order, however they came"


def test_a_dask_cluster() -> None:
    """A local cluster of processes, by `client.get_executor()`; a function of one's own goes along."""
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        one_here = eval("lambda mlp, units: mlp(units)")  # not to be found by its name
        choices = {"mlp": [mlp], "layers": [1, 2], "units": lambda layers: product((8, 16), repeat=layers)}
        found = mc.sweep(one_here, choices, figures=["params"], executor=client.get_executor())
        alone = mc.sweep(mlp, layers=[1, 2], units=choices["units"], figures=["params"])
        assert sorted(found["params"].tolist()) == sorted(alone["params"].tolist())
        assert len(found) == 6


class Manual(Executor):
    """Does at once what it is given, and remembers how much of it was not asked for yet."""

    def __init__(self) -> None:
        self.submitted: list[int] = []

    def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.submitted.append(len(args[1]))
        future: Future[Any] = Future()
        try:
            future.set_result(function(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def test_results_stream_and_a_long_sweep_does_not_wait_in_a_queue() -> None:
    executor = Manual()
    found = iter(mc.sweep(small, units=range(20, 5020), executor=executor))
    assert not executor.submitted
    next(found)
    assert sum(executor.submitted) <= 2 * UNDER_WAY * LARGEST < 5000
    assert max(executor.submitted) == LARGEST


def test_a_worker_that_dies_is_told_and_what_was_done_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "sweep.jsonl"
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
        found = mc.sweep(dies, units=[1, 2, 3, 4], executor=executor, resume=file)
        with pytest.raises(ModelCostError, match=r"a worker died .* while these were costed: .*{'units': 3}"):
            len(found)
    done = found.done["units"].tolist()
    assert done == [1, 2][: len(done)]
    assert len(file.read_text().splitlines()) == 1 + len(done)
    resumed = iter(mc.sweep(dies, units=[1, 2, 3, 4], resume=file))
    assert [next(resumed)["units"] for _ in done] == done


def test_what_was_done_before_a_worker_died_comes_before_the_error() -> None:
    class Dying(Manual):
        """Its third task breaks it, and the fourth is not done either."""

        def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
            future = super().submit(function, *args, **kwargs)
            if len(self.submitted) > 2:
                future = Future()
                future.set_exception(BrokenExecutor("gone"))
            return future

    found = mc.sweep(small, units=[1, 2, 3, 4], executor=Dying())
    with pytest.raises(ModelCostError, match=r"while these were costed: {'units': 3}; {'units': 4}; what was done"):
        list(found)
    assert found.done["units"].tolist() == [1, 2]


def test_work_that_cannot_be_sent_is_an_error_not_a_failed_point() -> None:
    with ProcessPoolExecutor(1) as executor, pytest.raises(ModelCostError, match="cannot be sent to the workers"):
        len(mc.sweep(lambda units: small(units), units=[1, 2], executor=executor))


def test_an_executor_that_was_shut_down() -> None:
    executor = ThreadPoolExecutor(1)
    executor.shutdown()
    with pytest.raises(ModelCostError, match="the executor takes no more work"):
        len(mc.sweep(small, units=[1, 2], executor=executor))


class Losing(Manual):
    """An executor that loses some of its work, as a cluster does whose workers are killed."""

    def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        if any(choices["units"] == 3 for _, choices in args[1]):
            future: Future[Any] = Future()
            future.set_exception(OSError("the worker is gone"))
            return future
        return super().submit(function, *args, **kwargs)


def test_what_a_cluster_loses_is_a_failed_point_and_is_tried_again(tmp_path: Path) -> None:
    file = tmp_path / "sweep.jsonl"
    found = mc.sweep(small, units=[1, 2, 3, 4], executor=Losing(), resume=file)
    assert by_units(found) == {1: 7, 2: 14, 3: "OSError: the worker is gone", 4: 28}
    assert by_units(mc.sweep(small, units=[1, 2, 3, 4], resume=file)) == {1: 7, 2: 14, 3: 21, 4: 28}


def test_a_sweep_is_stopped_and_resumed(tmp_path: Path) -> None:
    """Ctrl-C at the fifth point; what was done is there, and only the rest is done later."""
    file, tally = tmp_path / "sweep.jsonl", tmp_path / "tally"
    units = [20, 13, 14, 15, 16, 17, 18]
    stopped = mc.sweep(interrupted, units=units, tally=str(tally), resume=file)
    with pytest.raises(KeyboardInterrupt):
        len(stopped)
    assert stopped.done["units"].tolist() == [20, 14, 15]
    assert [one.choices["units"] for one in stopped.done.failed] == [13]
    assert tally.read_text().split() == ["20", "13", "14", "15", "16"]
    resumed = mc.sweep(interrupted, units=units, tally=str(tally), resume=file)
    assert by_units(resumed) == {one: "RuntimeError: unlucky" if one == 13 else 7 * one for one in units}
    done_again = tally.read_text().split()[5:]
    assert done_again == ["20", "16", "17", "18"], "the first is done again, to see that it is what it was"
    for line in file.read_text().splitlines():
        json.loads(line)
    again = mc.sweep(interrupted, units=units, tally=str(tally), resume=file)
    assert by_units(again) == by_units(resumed)


def test_a_stopped_sweep_goes_on_in_the_same_process(tmp_path: Path) -> None:
    tally = tmp_path / "tally"
    found = mc.sweep(interrupted, units=[1, 2, 3, 4, 5, 6], tally=str(tally))
    with pytest.raises(KeyboardInterrupt):
        list(found)
    assert found["units"].tolist() == [1, 2, 3, 4, 5, 6]
    assert tally.read_text().split() == ["1", "2", "3", "4", "5", "5", "6"]


def finished(file: Path) -> bytes:
    """The file of a sweep that is done."""
    len(mc.sweep(small, units=[1, 2, 13], resume=file))
    return file.read_bytes()


def test_a_file_cut_anywhere_is_resumed(tmp_path: Path) -> None:
    """A process may be killed in the middle of a line: nothing of it counts, and all else does."""
    file = tmp_path / "sweep.jsonl"
    whole = finished(file)
    ends = [i for i, one in enumerate(whole) if one == ord("\n")]
    cuts = {0, 1, 100, *(i + more for i in ends for more in (-1, 0, 1, 2, 20) if i + more < len(whole))}
    for length in sorted(cuts):
        file.write_bytes(whole[:length])
        assert by_units(mc.sweep(small, units=[1, 2, 13], resume=file)) == {
            1: 7, 2: 14, 13: "RuntimeError: unlucky"
        }  # fmt: skip
        assert sorted(file.read_bytes().splitlines()) == sorted(whole.splitlines()), length


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"units": [1, 2, 14]}, "is of another sweep: its points have other values, or another order"),
        ({"units": [1, 2]}, "is of another sweep: points 3, not 2"),
        ({"units": [1, 2, 13], "layers": [1]}, "is of another sweep: choices"),
        ({"units": [1, 2, 13], "figures": ["macs"]}, "is of another sweep: figures"),
        ({"units": [1, 2, 13], "optimizer": "adam"}, "is of another sweep: figures"),
        ({"units": [1, 2, 13], "dtype": "float16"}, "is of another sweep: settings"),
    ],
)
def test_a_file_of_another_sweep_is_refused(tmp_path: Path, other: dict[str, Any], told: str) -> None:
    file = tmp_path / "sweep.jsonl"
    whole = finished(file)
    with pytest.raises(ModelCostError, match=told):
        len(mc.sweep(small, **other, resume=file))
    assert file.read_bytes() == whole


def test_a_function_that_changed_is_noticed(tmp_path: Path) -> None:
    file = tmp_path / "sweep.jsonl"
    finished(file)
    changed: Any = lambda units: mc.Sequential([mc.Input((6,)), mc.Dense(units + 1)])  # noqa: E731
    changed.__name__ = "small"
    with pytest.raises(ModelCostError, match=r"is of another sweep: the figures of {'units': 1} are others now"):
        len(mc.sweep(changed, units=[1, 2, 13], resume=file))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"hello\n", "line 1 is not what a sweep writes"),
        (b"hello", "its first line is not that of a sweep"),
        (b'{"a": 1}\n', "its first line is not that of a sweep"),
        (b"\x80\x04\x95\n", "line 1 is not what a sweep writes"),
        (b"[" * 100_000 + b"\n", "line 1 is not what a sweep writes"),
    ],
)
def test_a_file_that_is_none_is_refused_and_left_alone(tmp_path: Path, text: bytes, told: str) -> None:
    file = tmp_path / "sweep.jsonl"
    file.write_bytes(text)
    with pytest.raises(ModelCostError, match=told):
        len(mc.sweep(small, units=[1, 2], resume=file))
    assert file.read_bytes() == text


@pytest.mark.parametrize(
    "line",
    [
        b"x",
        b"3",
        b"{}",
        b'{"point": 3, "failed": "x"}',
        b'{"point": -1, "failed": "x"}',
        b'{"point": true, "failed": "x"}',
        b'{"point": 0, "failed": 3}',
        b'{"point": 0, "figures": {}}',
        b'{"point": 0, "figures": {"params": "1", "activation_bytes": 1, "minibatch.forward_flops": 1}}',
    ],
)
def test_a_line_that_no_sweep_wrote_is_refused(tmp_path: Path, line: bytes) -> None:
    file = tmp_path / "sweep.jsonl"
    whole = finished(file)
    file.write_bytes(whole + line + b"\n")
    with pytest.raises(ModelCostError, match="cannot be resumed: line 5 is"):
        len(mc.sweep(small, units=[1, 2, 13], resume=file))


def test_a_place_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "nowhere" / "file", "", "/dev/full"):
        with pytest.raises(ModelCostError, match=r"directory"):
            len(mc.sweep(small, units=[1], resume=place))


def test_sweeps_that_are_done_at_once_keep_their_points_too(tmp_path: Path) -> None:
    file = tmp_path / "sweep.jsonl"
    found = mc.sweep("lenet5", batch=[1, 2], height=[4, 32], resume=file)
    assert len(found) == 2
    lines = [json.loads(line) for line in file.read_text().splitlines()[1:]]
    assert sorted(line["point"] for line in lines) == [0, 1, 2, 3]
    again = mc.sweep("lenet5", batch=[1, 2], height=[4, 32], resume=file)
    assert again["minibatch.forward_flops"].tolist() == found["minibatch.forward_flops"].tolist()


def test_two_processes_that_write_one_file_leave_it_whole(tmp_path: Path) -> None:
    """Both may do a point; each line is whole, and what is there is the whole sweep."""
    file = tmp_path / "sweep.jsonl"
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        for done in [pool.submit(resumed_alone, str(file)) for _ in range(2)]:
            assert done.result() == 20
    head, *lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert head["points"] == 21
    assert {line["point"] for line in lines} == set(range(21))
