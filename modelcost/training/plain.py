"""A step of training in numbers alone: for those who ask for many figures of it, and for no formula."""

from __future__ import annotations

from modelcost.count import Count
from modelcost.facts import Primitive, Work
from modelcost.operators import EVALUATE
from modelcost.training.step import Step

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    Kind = tuple[str, bool, str, str, bool]


class Plain(Step):
    """A step whose figures have no working: all work of one kind is added up first, once for all conventions."""

    def __init__(self, step: Step) -> None:
        self.__dict__.update(step.__dict__, _added={})
        self._added: dict[tuple[str, int], list[Work]]

    def flops(self, which: Sequence[str], batch: Any) -> Any:
        """The FLOPs of these passes in all, on so many examples."""
        examples, result = int(batch), 0
        for name in which:
            each, once = self.rule.flops_of(self._gathered(name, examples))
            result += examples * int(each) + int(once)
        return Count(result)

    def _gathered(self, name: str, examples: int) -> list[Work]:
        """The work of a pass on so many examples, that of one kind as one."""
        if (name, examples) not in self._added:
            sums: dict[Kind, tuple[int, int]] = {}
            for works, many in self._alike():
                for work in works.get(name, ()):
                    kind, times, taken = _measured(work, examples)
                    before = sums.get(kind, (0, 0))
                    sums[kind] = before[0] + many * times, before[1] + many * taken
            self._added[name, examples] = [_work(kind, *sizes) for kind, sizes in sums.items()]
        return self._added[name, examples]

    def _alike(self) -> Iterator[tuple[Any, int]]:
        """The work of what is done, and how many things share it."""
        several = [doing.works for doing in self.doings]
        many: dict[int, int] = {}
        for works in several:
            many[id(works)] = many.get(id(works), 0) + 1
        yield from ((works, many[key]) for key, works in {id(works): works for works in several}.items())


def _measured(work: Work, examples: int) -> tuple[Kind, int, int]:
    """What kind of work it is, how often it is done, and what it takes in all."""
    primitive, times = work.primitive, _value(work.times, examples)
    folds = primitive.n is not None or primitive.over is not None
    taken = 0
    if folds:
        taken = times * _value(primitive.n, examples) if primitive.over is None else _value(primitive.over, examples)
    return (primitive.kind, folds, work.op, work.part, work.once), times, taken


def _work(kind: Kind, times: int, taken: int) -> Work:
    name, folds, op, part, once = kind
    return Work(times, Primitive(name, over=taken if folds else None), (), part, once, op=op)


def _value(size: Any, examples: int) -> int:
    """A size on so many examples: it has no value of its own only where it hangs on these.

    >>> from modelcost.sizes import BATCH
    >>> _value(3 * BATCH - 1, 10)
    29
    """
    if isinstance(size, int):
        return int(size)
    return EVALUATE[size.op](*(_value(one, examples) for one in size.args)) if size.args else examples
