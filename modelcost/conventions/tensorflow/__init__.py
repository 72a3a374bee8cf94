"""What the TensorFlow profiler counts: `tf`, defects included, and `tf-honest`, the same weights with them mended."""

from __future__ import annotations

from modelcost.conventions.base import Convention, Seen
from modelcost.conventions.tensorflow.defects import differences
from modelcost.conventions.tensorflow.operations import changed, folded, honest
from modelcost.conventions.tensorflow.unbatched import UNBATCHED
from modelcost.count import NOTHING
from modelcost.errors import ModelCostError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from modelcost.conventions.tensorflow.operations import ByOp
    from modelcost.conventions.tensorflow.running import Run
    from modelcost.facts import Facts, Work
    from modelcost.model import Entry, Model

    Step = tuple[str, ByOp]  # why the profiler counts otherwise, and what it counts then


class TensorFlow(Convention):
    """A convention that counts operations of the graph that Keras makes, as TensorFlow's profiler does."""

    __slots__ = ("defects",)

    def __init__(self, name: str, says: str, defects: bool, batch: int | None = None) -> None:
        super().__init__(name, says, {}, batch=batch)
        self.defects = defects

    def at(self, batch: int) -> Convention:
        return TensorFlow(self.name, self.says, True, batch) if self.defects else self

    def seen(self, model: Model, entries: Sequence[Entry]) -> Mapping[str, Seen]:
        if not self.defects:
            return {entry.name: _as_it_is(entry.facts) for entry in entries}
        steps = ((entry, list(found)) for entry, found in _seen(model, entries, self.batch))
        return {
            entry.name: Seen(found[-1][1], [why for why, _ in found]) if found else _as_it_is(entry.facts)
            for entry, found in steps
        }

    def flops(self, facts: Facts, parts: frozenset[str] | None = None) -> tuple[Any, Any]:
        return Seen(honest(facts, parts), ()).flops() if parts else _as_it_is(facts).flops()

    def flops_of(self, works: Iterable[Work]) -> tuple[Any, Any]:
        if self.defects:
            raise ModelCostError("the convention tf covers the forward pass alone; use tf-honest for training")
        return Seen(folded(works), ()).flops()


def _as_it_is(facts: Facts) -> Seen:
    """A call in which the profiler errs nowhere; those that are alike are the same."""
    found: Seen = facts.remembered("as it is", lambda: Seen(honest(facts), ()))
    return found


def reconciled(model: Model, batch: int) -> tuple[dict[str, int], dict[str, dict[str, int]]]:
    """The FLOPs of a forward pass by operation, exactly; and the profiler's differences by name and operation."""
    exact: dict[str, int] = {}
    named: dict[str, dict[str, int]] = {}
    for entry, steps in _seen(model, model.entries(), batch):
        counted = honest(entry.facts)
        _add(exact, counted, batch)
        for why, then in steps:
            changes = named.setdefault(why, {})
            _add(changes, then, batch)
            _add(changes, counted, batch, -1)
            counted = then
    return exact, named


def _add(into: dict[str, int], flops: ByOp, batch: int, sign: int = 1) -> None:
    for op, (each, once) in flops.items():
        into[op] = into.get(op, 0) + sign * (int(each) * batch + int(once))


def _seen(model: Model, entries: Sequence[Entry], batch: int | None) -> Iterator[tuple[Entry, Iterator[Step]]]:
    """Each call of a model, and step by step what the profiler counts of it instead."""
    from modelcost.conventions.tensorflow.running import Run

    run = Run(model, batch)
    for entry in entries:
        yield entry, _steps(entry, run, batch)


PRUNED = "what no output hangs on is not in the frozen graph"
LOST = "after a grouped convolution, or the state of a loop, shapes are lost: only what is done once a call is counted"


def _steps(entry: Entry, run: Run, batch: int | None) -> Iterator[Step]:
    """What the profiler counts of a call, one difference after the other: those of the layer, then of the graph."""
    name, counted, lost = entry.name, honest(entry.facts), entry.name in run.lost
    for difference in differences(entry.facts, None if lost else batch):
        counted = changed(counted, difference.flops)
        yield difference.name, counted
    if name in run.calls and (name, "") not in run.live:
        counted = {}
        yield PRUNED, counted
    elif lost:
        counted = {op: (NOTHING, once) for op, (_, once) in counted.items()}
        yield LOST, counted
    for why, change in run.changes(entry):
        counted = changed(counted, change)
        yield why, counted


CONVENTIONS = (
    TensorFlow("tf", "what the TensorFlow profiler prints for Keras's graph, its known defects included", True),
    TensorFlow("tf-honest", "as tf, with its defects mended: loops, einsum, grouped convolutions, ... counted", False),
    UNBATCHED,
)
