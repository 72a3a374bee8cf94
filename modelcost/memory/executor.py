"""How TensorFlow's executor runs a plan on a CPU, and what its pool of memory has been written of in the end.

Two threads take whatever is ready, so that the steps of a plan keep what they wait for but not their order. Four things
were measured with malloc under watch (TensorFlow 2.21, two cores, November 2026) and are done here likewise:

- every tensor of at least 256 KiB comes from the pool, as oneDNN is on (core/common_runtime/mkl_cpu_allocator.h);
- an initializer draws numbers, scales these and shifts those: three tensors, of which the last becomes the weight;
- a convolution, and each of its gradients, has its kernel in another layout for as long as it takes (in ResNet18 44 to
  47 MB of copies for 45 MB of kernels in each of the three; a product of matrices makes none);
- a weight that is still being read when it is updated moves: one of 14 in a step of ResNet18. The hole and the tensor
  that now stands between activations are what makes a process grow after its first steps.
"""

from __future__ import annotations

from heapq import heappop, heappush

from modelcost.memory.buffers import sums_by_step
from modelcost.memory.pool import Pool

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from random import Random

    from modelcost.memory.buffers import Buffer, Plan, Step

SMALL_BYTES = 1 << 18
"""Tensors below this come from the system's own allocator."""
STATE = ("parameter", "optimizer state")
"""Kinds of tensor that stay from one step to the next."""
THREADS = 2
"""Operations at once."""
ROUNDS = 4
"""Steps after which a process is looked at, as many as were measured. It goes on growing for dozens, ever slower."""
MOVED = 1 / 14
"""How often a weight moves when it is updated."""
DRAWS = (1, 2, 3)
"""Seeds of the runs of which the middle one counts; the same plan has the same answer each time."""


class Flow:
    """The steps of a plan by what they wait for: those that make what they read."""

    def __init__(self, plan: Plan) -> None:
        maker: dict[Buffer, int] = {}
        self.readers: dict[Buffer, int] = {}
        self.waits: list[int] = []
        self.next: list[list[int]] = [[] for _ in plan.steps]
        for i, step in enumerate(plan.steps):
            before = {maker[buffer] for buffer in step.reads if buffer in maker}
            if step.phase == "again":
                before.add(i - 1)  # what is done again must not be done before it is needed
            for one in before:
                self.next[one].append(i)
            self.waits.append(len(before))
            for buffer in step.makes:
                maker.setdefault(buffer, i)
            for buffer in set(step.reads):
                self.readers[buffer] = self.readers.get(buffer, 0) + 1
        self.given = [one for one in plan.lives if one not in maker and one.kind not in STATE]


class Run:
    """A process that runs a plan over and over; `pool` has its tensors."""

    def __init__(self, plan: Plan, sizes: dict[Buffer, int], flow: Flow, chance: Random) -> None:
        self.plan, self.sizes, self.flow, self.chance = plan, sizes, flow, chance
        self.pool = Pool()
        self.weights: dict[str, tuple[int, int]] = {}
        self.stays = frozenset(plan.always)
        self._begin()

    def _begin(self) -> None:
        """Make the weights, and each slot of an optimizer as a tensor of its own."""
        for buffer in self._large(self.plan.always, "parameter"):
            drawn, scaled, self.weights[buffer.name] = (self.pool.take(buffer.fixed) for _ in range(3))
            self.pool.give(drawn)
            self.pool.give(scaled)
        for buffer, slots in slots_of(self.plan).items():
            size = buffer.fixed // slots
            for _ in range(slots if size >= SMALL_BYTES else 0):
                self.pool.take(size)

    def _large(self, buffers: Iterable[Buffer], *kinds: str) -> Iterator[Buffer]:
        """Those of the pool."""
        return (one for one in buffers if self.sizes[one] >= SMALL_BYTES and (not kinds or one.kind in kinds))

    def once(self) -> None:
        """One step of training, or one call."""
        self.left, waits = dict(self.flow.readers), list(self.flow.waits)
        self.pieces = {one: self.pool.take(self.sizes[one]) for one in self._large(self.flow.given)}
        ready = [i for i, count in enumerate(waits) if not count]
        running: list[tuple[float, int, list[tuple[int, int]]]] = []
        clock = 0.0
        while ready or running:
            while ready and len(running) < THREADS:
                i = ready.pop(int(self.chance.random() * len(ready)))
                copies = self._start(self.plan.steps[i])
                heappush(running, (clock + self._time(self.plan.steps[i]), i, copies))
            clock, i, copies = heappop(running)
            self._end(self.plan.steps[i], copies)
            for one in self.flow.next[i]:
                waits[one] -= 1
                if not waits[one]:
                    ready.append(one)
        for piece in self.pieces.values():
            self.pool.give(piece)

    def _time(self, step: Step) -> float:
        """How long a step takes: as what it reads and makes is large, up to twice that."""
        return (1 + sum(self.sizes[one] for one in (*step.reads, *step.makes))) * (1 + self.chance.random())

    def _start(self, step: Step) -> list[tuple[int, int]]:
        """Take what a step makes; the copy of a kernel that it has meanwhile."""
        for made in self._large(step.makes):
            over = next((old for old in step.over.get(made, ()) if self._goes(old, made)), None)
            self.pieces[made] = self.pool.take(self.sizes[made]) if over is None else self.pieces.pop(over)
        kernels = self._large((*step.reads, *step.makes), "parameter", "weight gradient")
        kernel = max((self.sizes[one] for one in kernels), default=0) if step.convolution else 0
        return [self.pool.take(kernel)] if kernel else []

    def _goes(self, old: Buffer, made: Buffer) -> bool:
        """Whether what a step makes may be written over something that it reads."""
        free = self.plan.in_place and self.left.get(old) == 1 and old not in self.stays
        return free and old in self.pieces and self.sizes[old] >= self.sizes[made]

    def _end(self, step: Step, copies: list[tuple[int, int]]) -> None:
        """Give back what nobody reads any more."""
        for copy in copies:
            self.pool.give(copy)
        for one in set(step.reads):
            self.left[one] -= 1
        for one in dict.fromkeys((*step.reads, *step.makes)):
            if not self.left.get(one) and one in self.pieces and one not in self.stays:
                self.pool.give(self.pieces.pop(one))
        if step.phase == "optimizer" and step.name in self.weights and self.chance.random() < MOVED:
            old = self.weights[step.name]
            self.weights[step.name] = self.pool.take(old[1])
            self.pool.give(old)


def slots_of(plan: Plan) -> dict[Buffer, int]:
    """For each buffer of an optimizer's state, how many tensors it is: one for each slot, of the weight's size.

    What an optimizer keeps that is of no weight is one.
    """
    weights = {buffer.name: buffer.fixed for buffer in plan.always if buffer.kind == "parameter"}
    state = (buffer for buffer in plan.always if buffer.kind == "optimizer state")
    return {buffer: max(1, buffer.fixed // max(1, weights.get(buffer.name, buffer.fixed))) for buffer in state}


def written_bytes(plan: Plan, batch: int) -> int:
    """What a process has written of a plan's tensors after `ROUNDS` steps: in its pool, and of small ones at once."""
    from random import Random

    sizes = {buffer: buffer.fixed + batch * buffer.each for buffer in plan.lives}
    flow = Flow(plan)
    _, middle, _ = sorted(_pool_of(Run(plan, sizes, flow, Random(seed))) for seed in DRAWS)
    small = {buffer: life for buffer, life in plan.lives.items() if sizes[buffer] < SMALL_BYTES}
    return middle + max(fixed + batch * each for each, fixed in sums_by_step(small, len(plan.steps)))


def _pool_of(run: Run) -> int:
    for _ in range(ROUNDS):
        run.once()
    return run.pool.touched_bytes
