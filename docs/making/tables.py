"""The tables of the prose pages: what other tools said, from `docs/data`, beside what modelcost says at this moment."""

from __future__ import annotations

import csv
import json
from functools import cache
from pathlib import Path
from typing import Any

import modelcost as mc
from modelcost.conventions import CONVENTIONS
from modelcost.memory import Memory
from modelcost.memory.process import BAND, FRAMEWORK_BYTES
from modelcost.render.blocks import Grid
from modelcost.render.markdown import grid
from modelcost.render.units import scaled

DATA = Path(__file__).parents[1] / "data"
MEASURED = Path(__file__).parents[2] / "tests" / "data"
LSTM = {"T": 10, "C": 16, "U": 32}
"""The sizes of the LSTM whose answers are compared: steps, channels in, units."""
GROWN = 300_000_000
"""Processes that grew by more are judged: below it is the start that counts."""
OURS = ("macs", "flops", "tf")


def pages(folder: Path) -> None:
    """Write every table into a folder, for the pages that include it."""
    made = {"lstm": lstm(), "lstm_ours": lstm_ours(), "tools": tools(), "time": time(), "memory": memory()}
    made |= {"expected": expected(), "diagnosis": diagnosis()}
    for name, text in made.items():
        (folder / f"{name}.part.md").write_text(text + "\n", encoding="utf-8")


def rows(name: str) -> list[dict[str, str]]:
    """The lines of a CSV file in `docs/data`."""
    with (DATA / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def lstm() -> str:
    """What tools answer for one LSTM, how they get there, and which convention of ours says the same."""
    known = _lstm_by_convention()
    lines = []
    for row in rows("lstm.csv"):
        figure = int(row["figure"])
        told = {"formula": row["formula"] and eval(row["formula"], dict(LSTM)), "ours": known.get(row["convention"])}
        wrong = {name: value for name, value in told.items() if value not in (None, "", figure)}
        if wrong:
            raise ValueError(f"lstm.csv: {row['tool']} says {figure}, but {wrong}")
        code = [f"`{row[name]}`" if row[name] else "" for name in ("formula", "convention")]
        lines.append(f"| {row['tool']} | {figure:,} | {row['unit']} | {' | '.join(code)} | {row['rule']} |")
    return "\n".join(["| tool | answer | unit | as a formula | ours | its rule |", "|:--|--:|:--|:--|:--|:--|", *lines])


def lstm_ours() -> str:
    """The same LSTM by each convention of ours that knows it."""
    lines = [(name, CONVENTIONS[name].says, f"{figure:,}") for name, figure in _lstm_by_convention().items()]
    return grid(Grid(("convention", "what it counts", "answer"), lines, left=2))


def _lstm_by_convention() -> dict[str, int]:
    x = mc.Input((LSTM["T"], LSTM["C"]))
    model = mc.Model(x, mc.LSTM(LSTM["U"])(x))
    names = [name for name in CONVENTIONS if name != "tf1-unbatched"]  # which knows no LSTM
    return {name: int(mc.cost(model, convention=name).flops) for name in names}


def tools() -> str:
    """One layer after another, put to every tool; our figures are computed here."""
    lines = rows("tools.csv")
    names = [name for name in lines[0] if name not in ("case", "layer", "input")]
    shown = [(row["case"], *(f"{figure:,}" for figure in ours(row)), *(_whole(row[name]) for name in names))
             for row in lines]  # fmt: skip
    return grid(Grid(("layer", *(f"{one} (ours)" for one in OURS), *names), shown))


def ours(row: dict[str, str]) -> list[int]:
    """Our figures for a line of `tools.csv`, by each convention of `OURS`."""
    x = mc.Input(eval(row["input"]))
    layer = eval(row["layer"], {name: getattr(mc, name) for name in mc.layers.names()})
    model = mc.Model(x, layer(x, x) if isinstance(layer, mc.MultiHeadAttention) else layer(x))
    return [int(mc.cost(model, convention=name).flops) for name in OURS]


def _whole(text: str) -> str:
    return f"{int(text):,}" if text else ""


SCORES = {"median error": "%", "within 10%": "%", "within 20%": "%", "rank corr.": "", "bias": "x", "holds": "%"}


def time() -> str:
    """How right predicted times were when they were last measured: `python -m tests.benchmarks.accuracy --save`."""
    kept = json.loads((DATA / "time.json").read_text(encoding="utf-8"))
    parts = [
        f"Measured on {kept['date']} on {kept['machine']}, with TensorFlow {kept['tensorflow']}: "
        f"{len(kept['networks'])} networks, in {kept['passes']} pass{'es' if kept['passes'] > 1 else ''}."
    ]
    if "calibration_seconds" in kept:
        parts[0] += f" Calibrating took {kept['calibration_seconds']:.0f} seconds."
    for kind, by_method in kept["scores"].items():
        lines = [(method, *(_score(found.get(name), unit) for name, unit in SCORES.items()))
                 for method, found in by_method.items()]  # fmt: skip
        parts += [f"**{kind[0].upper()}{kind[1:]}**", grid(Grid(("method", *SCORES), lines))]
    return "\n\n".join([*parts, _each_network(kept["networks"])])


def expected() -> str:
    """By what a predicted time is off in the middle, for each method; from the same file as the tables."""
    scores = json.loads((DATA / "time.json").read_text(encoding="utf-8"))["scores"]
    lines = []
    for method in next(iter(scores.values())):
        told = (f"x{found[method]['factor']:.2f} in {kind}" for kind, found in scores.items() if method in found)
        lines.append(f"- **{method}**: {', '.join(told)}")
    head = "Half of the networks were predicted closer than by this factor, too slow or too fast:"
    return "\n".join([head, "", *lines])


FIGURES = {
    "layers": "figures of layers",
    "totals": "totals of small networks",
    "deep totals": "totals of over 100 layers",
    "training": "what these cost in training",
}
"""What slips were planted into, by its name in the file."""


def diagnosis() -> str:
    """How well planted slips are named, when that was last measured: `python -m tests.benchmarks.diagnosis --save`."""
    kept = json.loads((DATA / "diagnosis.json").read_text(encoding="utf-8"))
    lines, unrelated = [], []
    for row in kept["rows"]:
        where = f"{FIGURES[row['kind']]}{', on a sheet' if row['on_a_sheet'] else ''}"
        for many, found in row["planted"].items():
            shares = (f"{found[name]:.1%}" for name in ("first", "three", "simpler"))
            times = (f"{found[name] * 1e3:.0f} ms" for name in ("middle", "longest", "report"))
            lines.append((where, f"{row['cases']}", many, *shares, *times))
        unrelated.append(f"{row['unrelated']:.1%} ({where}, {row['cases']})")
    headings = (
        "planted in", "cases", "slips", "named first", "among three", "fewer do it", "median", "longest", "its report"
    )  # fmt: skip
    told = (
        f"Measured on {kept['date']}; the reference loop of the benchmarks took {kept['reference_loop'] * 1e3:.0f} ms."
    )
    claimed = f"Of numbers that have nothing to do with the figure, a slip was claimed of {', of '.join(unrelated)}."
    return "\n\n".join([told, grid(Grid(headings, lines, left=1)), claimed])


def _score(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    return f"{value:.0%}" if unit == "%" else f"{unit}{value:.2f}"


def _each_network(networks: list[dict[str, Any]]) -> str:
    """What was predicted for each network, as a multiple of what was measured."""
    methods = list(networks[0]["predicted"])
    lines = []
    for one in networks:
        best, worst = min(one["seconds"]), max(one["seconds"])
        ratios = (f"{one['predicted'][method][0] / best:.2f}" for method in methods)
        lines.append((one["network"], str(one["batch"]), one["what"], f"{best * 1e3:.2f} ms", f"{worst / best - 1:.0%}",
                      *ratios))  # fmt: skip
    headings = ("network", "batch", "what", "measured", "passes differ by", *(f"{one}, times" for one in methods))
    return f"<details>\n<summary>Every network</summary>\n\n{grid(Grid(headings, lines, left=3))}\n\n</details>"


def memory() -> str:
    """What processes of TensorFlow's were measured to grow by beyond the framework, and what was predicted."""
    kept = [(one, predicted_growth(one)) for one in json.loads((MEASURED / "process_memory.json").read_text("utf-8"))]
    lines = []
    for one, predicted in kept:
        grown = one["peak"] - one["base"]
        lines.append((one["model"], str(one["batch"]), one["kind"], scaled(grown, "B"), scaled(predicted, "B"),
                      f"{predicted / grown:.2f}"))  # fmt: skip
    errors = [abs(predicted / (one["peak"] - one["base"]) - 1) for one, predicted in kept
              if one["peak"] - one["base"] > GROWN]  # fmt: skip
    within = {bound: sum(error <= bound for error in errors) for bound in (0.1, float(BAND))}
    told = " and ".join(f"{count} are within {bound:.1%}".replace(".0%", "%") for bound, count in within.items())
    headings = ("network", "batch", "pass", "measured", "predicted", "predicted / measured")
    table = grid(Grid(headings, lines))
    said = f"Of {len(errors)} that grew by more than {scaled(GROWN, 'B')}, {told}."
    return f"{said}\n\n<details>\n<summary>Every process</summary>\n\n{table}\n\n</details>"


def predicted_growth(one: dict[str, Any]) -> int:
    """What a process should grow by that was measured."""
    memory = Memory(_network(one["model"]), batch=one["batch"], optimizer=one["optimizer"])
    held = memory.process_training_bytes if one["kind"] == "training" else memory.process_inference_bytes
    return int(held) - FRAMEWORK_BYTES


@cache
def _network(name: str) -> mc.Model:
    from tests.benchmarks import networks

    return networks.build(name)
