"""TensorFlow's pool of memory on a CPU: it takes ever larger stretches from the system, cuts them up, gives none back.

Pages stay with the process once they were written, so that it holds every address that any tensor ever had. That is
more than the most held at once: a free piece may be too small for what comes, or larger and handed out whole.

Source: TensorFlow's `BFCAllocator` ("best fit with coalescing"), xla/tsl/framework/bfc_allocator.h in version 2.21.
"""

from __future__ import annotations

from bisect import bisect_left, insort

GRAIN = 256
"""Pieces are of whole grains."""
FIRST_BYTES = 2 << 20
"""The first stretch that a pool takes; a further one is twice the last, and doubled until it holds what is wanted."""
WASTE_BYTES = 128 << 20
"""A free piece is cut where it is at least twice what is wanted, or so much larger."""


class Pool:
    """A pool of memory, by the addresses that it gives out.

    >>> pool = Pool()
    >>> a, b = pool.take(1000), pool.take(5000)
    >>> a, b, pool.touched_bytes  # (address, bytes); what lies between 1000 and 1024 was never written
    ((0, 1024), (1024, 5120), 6000)
    >>> pool.give(a)
    >>> pool.take(700), pool.touched_bytes  # less than half would be left, so the piece is not cut
    ((0, 1024), 6000)
    """

    def __init__(self) -> None:
        self.next_bytes, self.end = FIRST_BYTES, 0
        self._free: list[tuple[int, int]] = []  # (size, address) in order: the first that is large enough fits best
        self._sizes: dict[int, int] = {}  # of free pieces by address
        self._starts: dict[int, int] = {}  # addresses of free pieces by where they end
        self._written: dict[int, int] = {}  # the furthest that was written of what began at an address

    def take(self, size: int) -> tuple[int, int]:
        """A piece for so many bytes, as its address and its own size."""
        wanted = -(-size // GRAIN) * GRAIN
        if not self._free or self._free[-1][0] < wanted:
            self._extend(wanted)
        found, address = self._free[bisect_left(self._free, (wanted, 0))]
        self._remove(found, address)
        if found >= 2 * wanted or found - wanted >= WASTE_BYTES:
            self._insert(found - wanted, address + wanted)
            found = wanted
        self._written[address] = max(self._written.get(address, 0), address + size)
        return address, found

    def give(self, piece: tuple[int, int]) -> None:
        """Take a piece back, and join it with what is free beside it."""
        address, size = piece
        behind = self._sizes.get(address + size, 0)
        if behind:
            self._remove(behind, address + size)
        before = self._starts.get(address, address)
        if before < address:
            self._remove(address - before, before)
        self._insert(address + size + behind - before, before)

    @property
    def touched_bytes(self) -> int:
        """How many bytes have been written so far, each once."""
        found = reached = 0
        for start, end in sorted(self._written.items()):
            found += max(0, end - max(start, reached))
            reached = max(reached, end)
        return found

    def _extend(self, wanted: int) -> None:
        """Take a further stretch from the system, which never joins those that were there before."""
        enough = wanted <= self.next_bytes
        while wanted > self.next_bytes:
            self.next_bytes *= 2
        self._insert(self.next_bytes, self.end)
        self.end += self.next_bytes + GRAIN
        if enough:
            self.next_bytes *= 2

    def _insert(self, size: int, address: int) -> None:
        insort(self._free, (size, address))
        self._sizes[address], self._starts[address + size] = size, address

    def _remove(self, size: int, address: int) -> None:
        del self._free[bisect_left(self._free, (size, address))], self._sizes[address], self._starts[address + size]
