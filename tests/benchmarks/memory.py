"""Planned peaks beside XLA's buffer assignment, and the estimate of a process beside measured ones.

`python -m tests.benchmarks.memory` prints both tables from what `xla_memory.py` and `process_memory.py` wrote down.
"""

from __future__ import annotations

import json
from pathlib import Path

from modelcost.memory import Memory
from modelcost.memory.process import FRAMEWORK_BYTES
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
    print("* looked at only once the rules of the planner stood\n")


def against_processes() -> None:
    """A line for each network and batch: what the process grew by beyond the framework, measured and estimated."""
    print(f"{'MB of 10**6 bytes, growth in training':<42}{'measured':>9}{'estimated':>10}{'':>8}")
    for found in json.loads((DATA / "process_memory.json").read_text("utf-8")):
        name, batch = found["model"], found["batch"]
        memory = Memory(networks.build(name), batch=batch, optimizer="adam")
        estimate = int(memory.process_training_bytes) - FRAMEWORK_BYTES
        grown = found["peak"] - found["base"]
        print(f"{name:<36}{batch:>6}{grown / 1e6:>9.1f}{estimate / 1e6:>10.1f} {estimate / grown - 1:>+7.1%}")


if __name__ == "__main__":
    against_xla()
    against_processes()
