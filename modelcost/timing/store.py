"""Where the calibration of this machine lies, and whether it is of this machine."""

from __future__ import annotations

import os
from pathlib import Path

from modelcost.errors import ModelCostError, short
from modelcost.files import opened
from modelcost.timing.calibration import AGAIN, Calibration, calibration_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from modelcost.timing.cpu import CPU

VARIABLE = "MODELCOST_CALIBRATION"
"""The environment variable that names another file."""
LARGEST = 4 * 2**20
OLD = 180  # days, after which it is said that it is old
BUSY = 0.5  # of a core at work for others while it was made


def place() -> Path:
    """The file of this machine's calibration, there or not."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named)
    home = os.environ.get("XDG_DATA_HOME")
    return (Path(home) if home else Path.home() / ".local" / "share") / "modelcost" / "calibration.json"


def stored() -> bool:
    """Whether this machine was calibrated."""
    return place().is_file()


def loaded(path: str | Path | None = None) -> Calibration:
    """The calibration in a file, that of this machine if none is named.

    Raises `ModelCostError` where there is none, or it is not what was written.
    """
    file = place() if path is None else Path(path)
    try:
        with opened(file) as stream:
            data = stream.read(LARGEST + 1)
    except FileNotFoundError:
        raise ModelCostError(
            "this machine is not calibrated; run `modelcost calibrate`, or take --method roofline"
        ) from None
    except OSError as error:
        raise ModelCostError(f"{short(str(file))}: {error.strerror}") from None
    try:
        if len(data) > LARGEST:
            raise ModelCostError(f"more than {LARGEST:,} bytes are no calibration")
        return calibration_of(data.decode("utf-8", "replace"))
    except ModelCostError as error:
        raise type(error)(f"{short(str(file), 300)}: {error}") from None


def same(one: CPU, other: CPU) -> bool:
    """Whether two CPUs are the same, with as many cores to use."""
    return (one.name, one.cores) == (other.name, other.cores)


def check(calibration: Calibration, cpu: CPU) -> None:
    """Refuse a calibration that was made on another CPU than this machine's."""
    if not same(calibration.cpu, cpu):
        made, now = (f"{one.name} with {one.cores} cores" for one in (calibration.cpu, cpu))
        raise ModelCostError(
            f"the calibration was made on {made}, and this is {now}; {AGAIN}, or take --method roofline"
        )


def doubts(calibration: Calibration) -> Iterator[str]:
    """What speaks against a calibration, though it is of this machine."""
    from datetime import date

    made = str(calibration.about.get("date", ""))
    try:
        age = (date.today() - date.fromisoformat(made[:10])).days
    except ValueError:
        yield f"The calibration does not say when it was made: {AGAIN}."
    else:
        if age > OLD:
            yield f"The calibration is {age} days old: {AGAIN}."
    versions = calibration.about.get("versions")
    for name, then in versions.items() if isinstance(versions, dict) else ():
        now = _version(str(name))
        if now is not None and now != then:
            yield f"The calibration was made with {name} {then}, and {now} is installed: {AGAIN}."
    load = calibration.about.get("load")
    if isinstance(load, int | float) and load > BUSY:
        yield f"The machine was busy while it was calibrated (load {short(load)}): {AGAIN} when it is idle."


def _version(name: str) -> str | None:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(name)
    except PackageNotFoundError:
        return None
