"""Tensors in memory over the steps of a run: when each comes to exist, when it is last read, what is held at once."""

from __future__ import annotations

from itertools import accumulate

from modelcost.count import Count, total
from modelcost.sizes import planned
from modelcost.sizes import size as checked_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any


class Buffer:
    """A stretch of memory: so many bytes for each example, and so many whatever the batch is."""

    __slots__ = ("each", "fixed", "kind", "name")

    def __init__(self, name: str, kind: str, each: int = 0, fixed: int = 0) -> None:
        self.name, self.kind, self.each, self.fixed = name, kind, each, fixed

    def __repr__(self) -> str:
        return f"<{self.kind} {self.name}: {self.each}*N + {self.fixed} bytes>"


class Step:
    """Something done at once: which buffers it reads, which it makes, and which of them may take the place of which.

    `over` says of a buffer that is made which of those read it may be written over, where nobody needs these later.
    `convolution`: whether it is one, or the gradient of one.
    """

    __slots__ = ("convolution", "makes", "name", "over", "phase", "reads")

    def __init__(
        self,
        name: str,
        phase: str,
        reads: Iterable[Buffer] = (),
        makes: Iterable[Buffer] = (),
        over: dict[Buffer, tuple[Buffer, ...]] | None = None,
        convolution: bool = False,
    ) -> None:
        self.name, self.phase, self.convolution = name, phase, convolution
        self.reads, self.makes, self.over = tuple(reads), tuple(makes), over or {}

    def __repr__(self) -> str:
        return f"<{self.phase} {self.name}>"


class Plan:
    """The steps of a run in order, and what is held at each: `peak_bytes` is the most.

    `always` are held from the first step to the last, such as the weights. Any other buffer is held from the step
    that makes it to the last that reads it; with `in_place` a step may write over what is read there for the last time.

    >>> x, y, z = (Buffer(name, "activation", each=4) for name in "xyz")
    >>> steps = [Step("f", "forward", [x], [y]), Step("g", "forward", [y], [z], {z: (y,)})]
    >>> Plan(steps, [x]).peak_bytes(10), Plan(steps, [x], in_place=True).peak_bytes(10)
    (120, 80)
    """

    def __init__(self, steps: Sequence[Step], always: Iterable[Buffer] = (), in_place: bool = False) -> None:
        self.steps, self.always, self.in_place = tuple(steps), tuple(dict.fromkeys(always)), in_place
        self.lives = _lives(self.steps, self.always, in_place)
        self.sums = sums_by_step(self.lives, len(self.steps))

    def held(self, step: int) -> list[Buffer]:
        """What is held while a step is done, by its place."""
        return [buffer for buffer, (born, end) in self.lives.items() if born <= step <= end]

    def bytes(self, step: int, batch: int) -> int:
        """How much is held while a step is done."""
        each, fixed = self.sums[step]
        return fixed + batch * each

    def peak_step(self, batch: int) -> int:
        """The place of the step at which most is held, the first of several."""
        batch = checked_size("batch", batch)
        return max(range(len(self.steps)), key=lambda step: self.bytes(step, batch))

    def peak_bytes(self, batch: int) -> Count:
        """The bytes held at the peak, as a sum over the kinds of buffer: those of each example, and those of all.

        Binding it to other sizes, whose peak may be at another step, is an error.
        """
        return held_bytes(self.held(self.peak_step(batch)), batch)

    def timeline(self, batch: int) -> list[dict[str, Any]]:
        """For each step in order: what is done, the bytes held meanwhile, and how many of them are of each kind.

        >>> x, y = Buffer("x", "input", each=4), Buffer("y", "activation", each=8)
        >>> Plan([Step("f", "forward", [x], [y])], [x]).timeline(10)
        [{'step': 'f', 'phase': 'forward', 'bytes': 120, 'by_kind': {'input': 40, 'activation': 80}}]
        """
        batch = checked_size("batch", batch)
        kinds = self.by_kind(batch)
        return [
            {
                "step": step.name,
                "phase": step.phase,
                "bytes": self.bytes(i, batch),
                "by_kind": {kind: held[i] for kind, held in kinds.items() if held[i]},
            }
            for i, step in enumerate(self.steps)
        ]

    def by_kind(self, batch: int) -> dict[str, list[int]]:
        """For each kind of what is held at any time, the bytes of it at each step.

        >>> x, y = Buffer("x", "input", each=4), Buffer("y", "activation", each=8)
        >>> Plan([Step("f", "forward", [x], [y]), Step("g", "forward", [y])], [x]).by_kind(10)
        {'input': [40, 40], 'activation': [80, 80]}
        """
        kinds: dict[str, dict[Buffer, tuple[int, int]]] = {}
        for buffer, life in self.lives.items():
            kinds.setdefault(buffer.kind, {})[buffer] = life
        sums = {kind: sums_by_step(lives, len(self.steps)) for kind, lives in kinds.items()}
        return {kind: [fixed + batch * each for each, fixed in pairs] for kind, pairs in sums.items()}

    def tensors(self, batch: int) -> list[dict[str, Any]]:
        """All that is held at any time: name, kind, bytes, and the first and the last step at which it is held.

        Steps are numbered from 0, as in the timeline.
        """
        batch = checked_size("batch", batch)
        return [
            {"name": one.name, "kind": one.kind, "bytes": one.fixed + batch * one.each, "first": first, "last": last}
            for one, (first, last) in self.lives.items()
        ]


def held_bytes(buffers: Iterable[Buffer], batch: int) -> Count:
    """The bytes of buffers together at a batch N: for each kind what an example takes, times N, and what all share."""
    N = Count(checked_size("batch", batch), "N")
    by_kind: dict[str, tuple[list[int], list[int]]] = {}
    for buffer in buffers:
        each, fixed = by_kind.setdefault(buffer.kind, ([], []))
        each.append(buffer.each)
        fixed.append(buffer.fixed)
    shared = [Count(sum(fixed), _word(kind)) for kind, (_, fixed) in by_kind.items() if any(fixed)]
    examples = [N * Count(sum(each), f"{_word(kind)}_each") for kind, (each, _) in by_kind.items() if any(each)]
    found: Count = planned(total((*shared, *examples)))
    return found


def _word(kind: str) -> str:
    return kind.replace(" ", "_")


def _lives(steps: Sequence[Step], always: Sequence[Buffer], in_place: bool) -> dict[Buffer, tuple[int, int]]:
    """The first and the last step at which each buffer is held."""
    born: dict[Buffer, int] = dict.fromkeys(always, 0)
    last: dict[Buffer, int] = {}
    for i, step in enumerate(steps):
        for buffer in (*step.makes, *step.reads):
            born.setdefault(buffer, i)
            last[buffer] = i
    last.update(dict.fromkeys(always, len(steps) - 1))
    ends, stay = dict(last), frozenset(always)
    for i, step in enumerate(steps if in_place else ()):
        for old in _written_over(step, i, last, stay):
            ends[old] = i - 1
    return {buffer: (first, ends[buffer]) for buffer, first in born.items()}


def _written_over(step: Step, i: int, last: dict[Buffer, int], always: frozenset[Buffer]) -> set[Buffer]:
    """Buffers read for the last time whose place one takes that is made: each for one, of no fewer bytes."""
    taken: set[Buffer] = set()
    for made, candidates in step.over.items():
        for old in candidates:
            fits = old.each >= made.each and old.fixed >= made.fixed
            if fits and last[old] == i and old not in always and old not in taken:
                taken.add(old)
                break
    return taken


def sums_by_step(lives: dict[Buffer, tuple[int, int]], steps: int) -> list[tuple[int, int]]:
    """For each step, the bytes of what is held: (for each example, whatever the batch)."""
    each, fixed = [0] * (steps + 1), [0] * (steps + 1)
    for buffer, (born, end) in lives.items():
        for sums, size in ((each, buffer.each), (fixed, buffer.fixed)):
            sums[born] += size
            sums[end + 1] -= size
    return list(zip(accumulate(each[:-1]), accumulate(fixed[:-1]), strict=True))
