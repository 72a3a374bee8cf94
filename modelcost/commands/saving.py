"""Write a file that is there as a whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from modelcost.errors import ModelCostError, short


def saved(text: str | bytes, path: str, option: str = "--output") -> None:
    """Write `text` beside its place first, then put it there at once. A pipe or a device is written to as it is.

    Raises `ModelCostError` where the folder does not exist, or cannot be written to.
    """
    if not path:
        raise ModelCostError(f"{option} needs the name of a file")
    data = text if isinstance(text, bytes) else text.encode("utf-8", errors="backslashreplace")
    try:
        check_place(path, option)
        if Path(path).exists() and not Path(path).is_file():
            Path(path).write_bytes(data)
        else:
            _replaced(data, _behind_links(path))
    except (OSError, RuntimeError) as error:
        why = getattr(error, "strerror", None) or "its links go in a circle"
        raise ModelCostError(f"{option}: cannot write {short(path, 300)}: {why}") from None


def _behind_links(path: str) -> Path:
    """The file itself; links in a circle are a RuntimeError, which Python raises of its own before 3.13."""
    place = Path(path).resolve()
    if place.is_symlink():
        raise RuntimeError
    return place


def check_place(path: str, option: str = "--output") -> None:
    """What can be known before long work: a file cannot be where a folder is, nor in a folder that is not there."""
    if Path(path).is_dir():
        raise ModelCostError(f"{option}: {short(path, 300)} is a folder; give the name of a file")
    folder = _behind_links(path).parent
    if not folder.is_dir():
        raise ModelCostError(f"{option}: there is no folder {short(str(folder))}")


def _replaced(data: bytes, place: Path) -> None:
    beside = place.with_name(f".{place.name[:200]}.{os.getpid()}.part")
    try:
        with beside.open("xb") as file:
            file.write(data)
        if place.exists():
            beside.chmod(place.stat().st_mode & 0o7777)
        beside.replace(place)
    finally:
        beside.unlink(missing_ok=True)
