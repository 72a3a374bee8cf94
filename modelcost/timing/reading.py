"""A time, read again from the plain data that it was written as."""

from __future__ import annotations

from modelcost.errors import ModelCostError, short
from modelcost.timing.estimate import LEVELS, PARTS, LevelTime, RowTime, Time
from modelcost.timing.roofline import BOUNDS, CALLS
from modelcost.timing.span import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

HEAD = ("cpu", "method")
ROW = ("flops", "read_bytes", "written_bytes")


def time_of(told: dict[str, Any]) -> Time:
    """The time that `Time.plain` wrote, without workings.

    Raises `ModelCostError` for data that is none.
    """
    for name in HEAD:
        if not isinstance(told.get(name), str):
            raise _not("time", f"{name} must be text", told.get(name))
    if "mode" in told and told["mode"] not in [*CALLS]:
        raise _not("time", f"mode must be one of {', '.join(CALLS)}", told["mode"])
    levels = {name: _level(name, told[name]) for name in LEVELS if name in told}
    for name in ("example", "inference", "minibatch"):
        if name not in levels:
            raise _not("time", f"{name} is missing", list(told))
    rows = [_row(_object("a layer's time", one)) for one in _list("layers", told.get("layers", []))]
    time = Time({name: told[name] for name in (*HEAD, "mode", "assumptions", "notes") if name in told}, levels, rows)
    for one in _list("by_cores", told.get("by_cores", [])):
        cores = _object("time by cores", one).get("cores")
        if isinstance(cores, bool) or not isinstance(cores, int):
            raise _not("time", "cores must be a whole number", cores)
        time.by_cores[cores] = {name: _level(name, one[name]) for name in LEVELS if name in one}
    return time


def _level(name: str, told: Any) -> LevelTime:
    if not set(PARTS) & set(_object(f"time of {name}", told)):
        return LevelTime({"inference": _span(name, told)})
    return LevelTime({part: _span(f"{name}.{part}", told[part]) for part in PARTS if part in told})


def _row(told: dict[str, Any]) -> RowTime:
    name, bound = told.get("name"), told.get("bound")
    if not isinstance(name, str) or bound not in BOUNDS:
        raise _not("a layer's time", "name must be text and bound one of " + ", ".join(BOUNDS), told)
    figures = [told.get(word) for word in ROW]
    if any(isinstance(value, bool) or not isinstance(value, int) or value < 0 for value in figures):
        raise _not(f"the time of {name}", f"{', '.join(ROW)} must be whole numbers", figures)
    flops, read, written = (int(value) for value in figures if isinstance(value, int))
    return RowTime(name, _span(name, told), flops, read, written, bound)


def _span(name: str, told: Any) -> Span:
    given = [_object(f"time of {name}", told).get(word) for word in ("seconds", "low", "high")]
    if any(isinstance(value, bool) or not isinstance(value, int | float) for value in given):
        raise _not(f"time of {name}", "seconds, low and high must be numbers", given)
    seconds, low, high = (float(value) for value in given if isinstance(value, int | float))
    return Span(seconds, low, high)


def _object(what: str, told: Any) -> dict[str, Any]:
    if not isinstance(told, dict):
        raise _not(what, "it must be an object", told)
    return told


def _list(what: str, told: Any) -> list[Any]:
    if not isinstance(told, list):
        raise _not(what, "it must be a list", told)
    return told


def _not(what: str, rule: str, came: Any) -> ModelCostError:
    return ModelCostError(f"not a report of modelcost: {what}: {rule}. Received: {short(came)}")
