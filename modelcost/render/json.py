"""JSON: the report as plain data, every whole number in full; and back again."""

from __future__ import annotations

from modelcost.errors import ModelCostError, short

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from re import Match
    from typing import Any

    from modelcost.report import Report

HEAD = {"model": str, "batch": int, "dtype": str, "convention": str, "settings": dict}
OPTIONAL = ("steps", "backward_flops", "optimizer_flops", "flops", "validation_flops", "test_flops")


def json(report: Report, indent: int | None = 2) -> str:
    """The report as JSON."""
    from modelcost.render.page import data

    return dumped(data(report), indent)


def dumped(data: Any, indent: int | None = 2) -> str:
    """Plain data as JSON in ASCII, so that no name can steer a terminal; a shape stands on one line."""
    from json import dumps

    if indent is None:
        return dumps(data)
    from re import sub

    def on_one_line(found: Match[str]) -> str:
        return "[" + sub(r",\n *", ", ", found[1]) + "]"

    return sub(r"\[\n *([^][{}]*?)\n *\]", on_one_line, dumps(data, indent=indent)) + "\n"


def parsed(text: str) -> tuple[Any, ...]:
    """What a `Report` is made of, from the text that `json` wrote: head, rows, totals, levels; training, time, memory.

    Raises `ModelCostError` for text that is not such a report.
    """
    from json import loads

    from modelcost.levels import LEVELS, NEEDS
    from modelcost.report import FIGURES

    try:
        found = loads(text)
    except (ValueError, RecursionError, TypeError) as error:
        raise ModelCostError(f"this is not JSON: {error}") from None
    whole = _checked("the report", found, dict)
    head = {name: _checked(name, whole.get(name), kind) for name, kind in HEAD.items()}
    head["settings"] = {name: value for name, value in head["settings"].items() if value is not None}
    if whole.get("lower_bound") or whole.get("unknown"):
        head["unknown"] = [
            _checked("an unknown layer", one, str) for one in _checked("unknown", whole.get("unknown"), list)
        ]
    rows = [_row(_checked("a layer", row, dict), FIGURES) for row in _checked("layers", whole.get("layers"), list)]
    per = _checked("per", whole.get("per"), dict)
    there = [name for name in LEVELS if name in per or name not in NEEDS]
    levels = {name: _figures(f"per {name}", per.get(name), ("forward_flops",)) for name in there}
    totals = _figures("totals", whole.get("totals"), (*FIGURES, "non_trainable_params"))
    time = _time(whole["time"]) if "time" in whole else None
    return head, rows, totals, levels, _training(whole.get("training")), time, _memory(whole.get("memory"))


def _training(given: Any) -> Any:
    """The training step; None where nobody asked for it."""
    if given is None:
        return None
    from modelcost.figures import Figures
    from modelcost.training.rows import FIGURES, Training

    found = _checked("training", given, dict)
    rows = []
    for row in _checked("rows of training", found.get("rows"), list):
        name = _checked("the name of a row of training", _checked("a row of training", row, dict).get("name"), str)
        rows.append(Figures(name, _figures(name, row, FIGURES)))
    return Training(rows, Figures("training", _figures("totals of training", found.get("totals"), FIGURES)))


def _memory(given: Any) -> Any:
    """What is held in memory; None where nobody asked for it."""
    if given is None:
        return None
    from modelcost.figures import Figures
    from modelcost.memory.memory import FIGURES
    from modelcost.memory.reading import WrittenMemory

    found = _checked("memory", given, dict)
    peaks, runtime = _checked("peaks of memory", found.get("peaks"), dict), found.get("runtime")
    told = {_checked("a peak", name, str): _checked(f"the peak of {name}", at, str) for name, at in peaks.items()}
    rows = []
    for row in _checked("layers of memory", found.get("layers"), list):
        name = _checked("the name of a layer in memory", _checked("a layer in memory", row, dict).get("name"), str)
        rows.append(Figures(name, _figures(f"memory of {name}", row, [one for one in FIGURES if one in row])))
    figures = _figures("memory", found, [name for name in FIGURES if name in found])
    return WrittenMemory(figures, rows, told, _checked("runtime of memory", runtime, str))


def _time(told: Any) -> Any:
    from modelcost.timing.reading import time_of

    return time_of(_checked("time", told, dict))


def _checked(what: str, value: Any, kind: type) -> Any:
    if not isinstance(value, kind) or isinstance(value, bool):
        words = {dict: "an object", list: "a list", str: "text", int: "a whole number"}
        raise ModelCostError(f"not a report of modelcost: {what} must be {words[kind]}. Received: {short(value)}")
    return value


def _row(row: dict[str, Any], needed: Collection[str]) -> dict[str, Any]:
    name = _checked("the name of a layer", row.get("name"), str)
    several = row.get("output_shapes", [row.get("output_shape")])
    return {
        "name": name,
        "type": _checked(f"the type of {name}", row.get("type"), str),
        "inputs": [_shape(name, one) for one in _checked(f"the inputs of {name}", row.get("inputs"), list)],
        "output_shapes": [_shape(name, one) for one in _checked(f"the outputs of {name}", several, list)],
        "figures": _figures(name, row, needed),
    }


def _shape(name: str, shape: Any) -> tuple[Any, ...]:
    return tuple(_known(f"a shape of {name}", size) for size in _checked(f"a shape of {name}", shape, list))


def _figures(what: str, figures: Any, needed: Collection[str]) -> dict[str, Any]:
    """The figures, those that are needed among them; what another version has added is left out."""
    given = _checked(what, figures, dict)
    names = [name for name in given if name in needed or name in OPTIONAL]
    return {name: _known(f"{name} of {what}", given.get(name)) for name in dict.fromkeys((*names, *needed))}


def _known(what: str, value: Any) -> int | str:
    """A whole number, or the formula of one whose sizes are not all known."""
    if isinstance(value, str):
        return value
    return int(_checked(what, value, int))
