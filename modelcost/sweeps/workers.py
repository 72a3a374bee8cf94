"""Points costed by any `concurrent.futures.Executor`: a pool of processes, a Dask cluster; given as they come."""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, wait
from itertools import islice

from modelcost.errors import ModelCostError, short
from modelcost.figures import MissingFigureError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from concurrent.futures import Executor, Future
    from typing import Any

    Numbered = tuple[int, Mapping[str, Any]]  # a point's place, and its choices
    Work = Callable[[Mapping[str, Any]], dict[str, Any] | str]

UNDER_WAY = 64  # tasks that are handed out at a time, so that a sweep of millions does not wait in a queue
LARGEST = 16  # points of a task: so many are lost with the worker that had it


class Lost(str):
    """Why a point has no figures although it may be possible: it is tried again when the sweep is resumed."""


def streamed(executor: Executor | None, work: Work, points: Iterator[Numbered], many: int) -> Iterator[tuple[int, Any]]:
    """What `work` gives for each of `many` points, with its place, in the order in which they are done.

    Without an executor they are done here, one after the other. What a worker fails at is the reason of its points.

    Raises `ModelCostError` where a pool breaks because a worker died, or the work cannot be sent to it.
    """
    if executor is None:
        yield from ((i, work(choices)) for i, choices in points)
        return
    under_way: dict[Future[Any], list[Numbered]] = {}
    size = max(1, min(LARGEST, round(many / UNDER_WAY)))
    try:
        while True:
            for chunk in islice(_chunks(points, size), UNDER_WAY - len(under_way)):
                under_way[_submitted(executor, work, chunk)] = chunk
            if not under_way:
                return
            done, _ = wait(under_way, return_when=FIRST_COMPLETED)
            for future in sorted(done, key=_is_broken):  # what was done before a worker died comes before the error
                yield from _given(future, under_way)
    finally:
        for future in under_way:
            future.cancel()


def together(work: Work, chunk: list[Numbered]) -> list[tuple[int, Any]]:
    """Several points, one after the other: what a worker is asked to do."""
    return [(i, work(choices)) for i, choices in chunk]


def _chunks(points: Iterator[Numbered], size: int) -> Iterator[list[Numbered]]:
    while chunk := list(islice(points, size)):
        yield chunk


def _submitted(executor: Executor, work: Work, chunk: list[Numbered]) -> Future[Any]:
    try:
        return executor.submit(together, work, chunk)
    except BrokenExecutor:
        raise _broken([chunk]) from None
    except RuntimeError as error:
        raise ModelCostError(f"the executor takes no more work: {error}") from None
    except Exception as error:
        raise _not_sent(error) from error


def _is_broken(future: Future[Any]) -> bool:
    return isinstance(future.exception(), BrokenExecutor)


def _given(future: Future[Any], under_way: dict[Future[Any], list[Numbered]]) -> list[tuple[int, Any]]:
    if _is_broken(future):
        raise _broken(list(under_way.values()))
    chunk, error = under_way.pop(future), future.exception()
    if isinstance(error, MissingFigureError):
        raise error
    if error is None:
        found: list[tuple[int, Any]] = future.result()
        return found
    if "pickle" in f"{type(error).__name__} {error}":
        raise _not_sent(error)
    return [(i, Lost(f"{type(error).__name__}: {error}")) for i, _ in chunk]


def _broken(chunks: list[list[Numbered]]) -> ModelCostError:
    points = [choices for chunk in chunks for _, choices in chunk]
    which = "; ".join(short(dict(choices)) for choices in points[:3])
    more = f", and {len(points) - 3:,} more" if len(points) > 3 else ""
    way_out = "what was done before is kept; go on with another executor"
    return ModelCostError(f"a worker died (killed, or out of memory) while these were costed: {which}{more}; {way_out}")


def _not_sent(error: BaseException) -> ModelCostError:
    way_out = "define what is swept at the top level of a module that the workers can import"
    return ModelCostError(f"the work cannot be sent to the workers: {error}; {way_out}")
