"""The file of a sweep that can be stopped and resumed: a line of JSON for each point that is done."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager, suppress
from hashlib import sha256
from io import FileIO
from pathlib import Path

from modelcost.errors import ModelCostError, short

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

KIND = "modelcost_sweep"


class Record:
    """What is known of a sweep's points, kept in a file: read when it is made, and a line added for each that is done.

    The first line says of which sweep it is. A last line that was only half written does not count, and its point is
    done again. Nothing of the file is run. Processes that write to one file at a time do some points twice: no more.

    Raises `ModelCostError` for a file that is none of this sweep's, or cannot be read or written.
    """

    def __init__(self, path: str | os.PathLike[str], head: Mapping[str, Any]) -> None:
        self.path, self.head = Path(path), {KIND: 1, **head}
        self.outcomes: dict[int, Any] = {}
        if not str(path) or (self.path.exists() and not self.path.is_file()):
            raise ModelCostError(
                f"resume needs the name of a file, not a directory or a device. Received: {short(str(path))}"
            )
        try:
            self._start()
        except OSError as error:
            raise ModelCostError(f"{short(str(path))}: {error.strerror or error}") from None

    @contextmanager
    def _opened(self) -> Iterator[FileIO]:
        """The file, for this process alone while it is read or written, where the system has locks for that."""
        with FileIO(self.path, "ab+") as file:
            with suppress(ImportError, OSError):
                from fcntl import LOCK_EX, flock

                flock(file, LOCK_EX)
            yield file

    def _start(self) -> None:
        with self._opened() as file:
            text = self.path.read_bytes()
            whole = text[: text.rfind(b"\n") + 1]
            lines = whole.split(b"\n")[:-1]
            if text and not lines and not json.dumps(self.head).encode().startswith(text):
                raise self._not_one("its first line is not that of a sweep")
            if lines:
                self._check_head(self._parsed(lines[0], 1))
            for number, line in enumerate(lines[1:], 2):
                self._take(self._parsed(line, number), number)
            if len(whole) < len(text):
                file.truncate(len(whole))
            if not lines:
                file.write(_line(self.head))

    def _parsed(self, line: bytes, number: int) -> dict[str, Any]:
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise self._not_one(f"line {number} is not what a sweep writes")
        return found

    def _check_head(self, found: Mapping[str, Any]) -> None:
        if KIND not in found:
            raise self._not_one("its first line is not that of a sweep")
        mine = json.loads(json.dumps(self.head))
        for name, value in mine.items():
            if found.get(name) != value:
                told = f"{name} {short(found.get(name))}, not {short(value)}"
                told = "its points have other values, or another order" if name == "digest" else told
                raise ModelCostError(f"{short(str(self.path))} is of another sweep: {told}; name another file")

    def _take(self, line: Mapping[str, Any], number: int) -> None:
        place, figures, failed = line.get("point"), line.get("figures"), line.get("failed")
        outcome = failed if figures is None else figures
        right = isinstance(outcome, str) or (isinstance(outcome, dict) and set(outcome) == set(self.head["figures"]))
        numbers = (place, *(outcome.values() if isinstance(outcome, dict) else ()))
        right = right and all(isinstance(one, int | float) and not isinstance(one, bool) for one in numbers)
        if not right or not isinstance(place, int) or not 0 <= place < self.head["points"]:
            raise self._not_one(f"line {number} is no point of this sweep")
        self.outcomes[place] = outcome

    def _not_one(self, why: str) -> ModelCostError:
        return ModelCostError(f"{short(str(self.path))} cannot be resumed: {why}; name another file")

    def add(self, outcomes: Mapping[int, dict[str, Any] | str]) -> None:
        """Keep what came of some points."""
        self.outcomes |= outcomes
        lines = (
            {"point": i, **({"failed": one} if isinstance(one, str) else {"figures": one})}
            for i, one in outcomes.items()
        )
        try:
            with self._opened() as file:
                file.write(b"".join(map(_line, lines)))
        except OSError as error:
            raise ModelCostError(f"{short(str(self.path))}: {error.strerror or error}") from None


def _line(found: Mapping[str, Any]) -> bytes:
    return json.dumps(found).encode() + b"\n"


def digest(points: Iterable[Mapping[str, Any]]) -> str:
    """What tells the points of a sweep, and their order, from those of another."""
    found = sha256()
    for point in points:
        found.update(json.dumps(point, default=told).encode())
    return found.hexdigest()


def told(value: Any) -> Any:
    """A value as text that is the same in another process; an error where there is none."""
    if callable(value) and hasattr(value, "__qualname__"):
        return f"{value.__module__}:{value.__qualname__}"
    text = repr(value)
    if " at 0x" in text:
        raise ModelCostError(f"a sweep cannot be resumed over {short(value)}, which looks different each time")
    return text


def settings_told(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as JSON has them."""
    found: dict[str, Any] = json.loads(json.dumps(dict(settings), default=told))
    return found
