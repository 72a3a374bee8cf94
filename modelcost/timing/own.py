"""A CPU of one's own: from a small TOML file, or wherever a CPU may be named."""

from __future__ import annotations

from modelcost.errors import ModelCostError, short
from modelcost.files import opened
from modelcost.timing.cpu import CPU

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

LARGEST = 64 * 1024
EXAMPLE = 'name = "mine"; cores = 4; ghz = 2.8; flops_per_cycle = 32; bandwidth = 51.2'


def cpu_of(given: CPU | str) -> CPU:
    """The CPU that is meant: one as it is, an id or name of the table, "this", or the path of a .toml file.

    Raises `ModelCostError` where there is none such.
    """
    if isinstance(given, CPU):
        return given
    if not isinstance(given, str):
        raise ModelCostError(f"cpu must be a name, a CPU, or the path of a .toml file. Received: cpu={short(given)}")
    if given == "this":
        from modelcost.timing.machine import this

        return this()
    if given.lower().endswith(".toml"):
        return from_toml(given)
    return CPU.named(given)


def from_toml(path: str | Path) -> CPU:
    """The CPU that a TOML file describes, by the names of `CPU`; `like = "i5-8250u"` starts from one of the table.

    Raises `ModelCostError` for a file that cannot be read, or does not describe a CPU.
    """
    figures = _figures(path)
    try:
        like = figures.pop("like", None)
        if like is not None:
            return CPU.named(like).changed(**figures)
        name = figures.pop("name", "own")
        return CPU(name, **_known(figures))
    except ModelCostError as error:
        raise type(error)(f"{short(str(path), 300)}: {error}") from None


def _known(figures: dict[str, Any]) -> dict[str, Any]:
    if not figures:
        raise ModelCostError(f"it describes no CPU; write such as {EXAMPLE}")
    tables = [word for word, value in figures.items() if isinstance(value, dict)]
    if tables:
        raise ModelCostError(f"[{tables[0]}] has no place here; figures stand by themselves, such as {EXAMPLE}")
    return figures


def _figures(path: str | Path) -> dict[str, Any]:
    from tomllib import TOMLDecodeError, loads

    try:
        with opened(path) as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise ModelCostError(f"{short(str(path), 300)}: {error.strerror}") from None
    if len(data) > LARGEST:
        raise ModelCostError(f"{short(str(path), 300)}: more than {LARGEST:,} bytes are no description of a CPU")
    try:
        return loads(data.decode("utf-8"))
    except (TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ModelCostError(f"{short(str(path), 300)}: this is not TOML: {short(str(error), 200)}") from None
