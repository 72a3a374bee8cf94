"""A line on the terminal that says how far something has come that takes longer than a second."""

from __future__ import annotations

import sys
from time import monotonic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

PATIENCE, INTERVAL = 1.0, 0.2
"""Seconds before it is first shown, and between two showings."""


class Progress:
    """How many of so many are done, on standard error, on a terminal alone; the line goes away at the end."""

    def __init__(self, what: str, many: int, done: int = 0, stream: TextIO | None = None) -> None:
        self.what, self.many, self.done = what, many, done
        self.stream = sys.stderr if stream is None else stream
        self.begun = monotonic()
        self.next = self.begun + PATIENCE
        self.before, self.shown = done, False

    def __enter__(self) -> Progress:
        return self

    def step(self) -> None:
        """One more is done."""
        self.done += 1
        now = monotonic()
        if now >= self.next and self.stream is not None and self.stream.isatty():
            self.next = now + INTERVAL
            self._show(now)

    def _show(self, now: float) -> None:
        left = (now - self.begun) * (self.many - self.done) / max(1, self.done - self.before)
        text = f"{self.what}: {self.done:,} of {self.many:,}, about {left:,.0f} s left"
        self.stream.write(f"\r{text[:79]:<79}")
        self.stream.flush()
        self.shown = True

    def __exit__(self, *_: object) -> None:
        if self.shown:
            self.stream.write(f"\r{'':79}\r")
            self.stream.flush()
