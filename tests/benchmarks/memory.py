"""Planned peaks beside XLA's buffer assignment, the estimate of a process beside measured ones, and `fit`'s answers.

`python -m tests.benchmarks.memory` prints these tables from what `xla_memory.py` and `process_memory.py` wrote down.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from modelcost.memory import Memory, batch_of_process, bytes_in
from modelcost.memory.buffers import Plan
from modelcost.memory.process import BAND, FRAMEWORK_BYTES, held_by_process
from tests.benchmarks import networks

DATA = Path(__file__).parents[1] / "data"


def against_xla() -> None:
    """A line for each network, batch and pass: the plan in MB (10**6 bytes), and its difference from XLA's figures."""
    figures = json.loads((DATA / "xla_memory.json").read_text("utf-8"))["figures"]
    print(f"{'MB of 10**6 bytes':<36}{'planned':>9}{'XLA own':>16}{'XLA memory':>17}{'XLA default':>17}")
    for key, ways in figures.items():
        name, batch, what = key.split()
        memory = Memory(networks.build(name), batch=int(batch), optimizer="adam", runtime="xla")
        peak = int(memory.peak_inference_bytes if what == "inference" else memory.peak_training_bytes)
        compared = "".join(
            f"{ways[way] / 1e6:>9.1f} {peak / ways[way] - 1:>+7.1%}" for way in ("own", "memory", "default")
        )
        held_out = " *" if name in networks.HELD_OUT else ""
        print(f"{name + held_out:<22}{batch:>4} {what:<9}{peak / 1e6:>9.1f}{compared}")
    print("* looked at only once the rules of the planner stood, but for what a GRU does ahead of its loop\n")


def against_processes() -> None:
    """A line for each process that was measured: what it grew by beyond the framework, measured and estimated."""
    print(f"{'MB of 10**6 bytes, growth of the process':<48}{'measured':>9}{'estimated':>10}{'':>8}")
    errors = []
    for found in read("process_memory.json"):
        name, batch, kind = found["model"], found["batch"], found["kind"]
        estimate = int(held_by_process(plan_of(name, kind), batch)) - FRAMEWORK_BYTES
        grown = found["peak"] - found["base"]
        held_out = " *" if name in networks.HELD_OUT else ""
        line = f"{name + held_out:<32}{batch:>5} {kind:<10}{grown / 1e6:>9.1f}{estimate / 1e6:>10.1f}"
        print(f"{line} {estimate / grown - 1:>+7.1%}")
        if grown > 300_000_000:
            errors.append(abs(estimate / grown - 1))
    near = [sum(error <= bound for error in errors) for bound in (0.1, float(BAND))]
    print("* not among the first networks: their training was seen before the executor's rules were chosen, their")
    print("  inference was not, and neither was what is trained for the next table")
    print(
        f"of {len(errors)} over 300 MB, {near[0]} are within 10% and {near[1]} within the band of {float(BAND):.1%}\n"
    )


def fits() -> None:
    """Whether the batch that `modelcost fit` answers stays within the memory, and one 1.3 times larger does not."""
    print(f"{'MB of 10**6 bytes, peak of the process':<34}{'memory':>8}{'batch':>7}{'peak':>9}{'1.3x':>7}{'peak':>9}")
    for case in read("fits.json"):
        memory = bytes_in(case["memory"])
        batch = batch_of_process(plan_of(case["model"], case["kind"]), memory)
        (small, low), (large, high) = case["peaks"]
        verdict = (
            "fits, and more does not" if low <= memory < high else "fits, and so does more" if low <= memory else "no"
        )
        changed = "" if batch == small else f" (the answer is {batch} now)"
        sizes = f"{small:>7}{low / 1e6:>9.1f}{large:>7}{high / 1e6:>9.1f}"
        print(f"{case['model']:<24}{case['kind']:<10}{memory / 1e6:>8.0f}{sizes}  {verdict}{changed}")


def plan_of(name: str, kind: str) -> Plan:
    """The plan of a network's inference, or of its training with Adam."""
    memory = Memory(networks.build(name), optimizer="adam")
    return memory.training if kind == "training" else memory.inference


def read(name: str) -> Any:
    """What was written down."""
    return json.loads((DATA / name).read_text("utf-8"))


if __name__ == "__main__":
    against_xla()
    against_processes()
    fits()
