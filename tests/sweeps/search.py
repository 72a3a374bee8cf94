"""Functions that make models of choices, at the top level of a module that worker processes can import."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import modelcost as mc


def mlp(units: tuple[int, ...]) -> mc.Model:
    """The search of homework set 3: blocks of Dense, batch normalization, LeakyReLU and dropout, then Dense 10."""
    blocks = [
        layer
        for one in units
        for layer in (
            mc.Dense(one, kernel_regularizer="l2"),
            mc.BatchNormalization(),
            mc.LeakyReLU(),
            mc.Dropout(0.2),
        )
    ]
    return mc.Sequential([mc.Input((784,)), *blocks, mc.Dense(10, activation="softmax")])


def small(units: int, layers: int = 1, tally: str = "") -> mc.Model:
    """A few dense layers; one that is not possible, one whose function fails. Each call leaves a line in a file."""
    if tally:
        with Path(tally).open("a") as file:
            file.write(f"{units}\n")
    if units == 13:
        raise RuntimeError("unlucky")
    return mc.Sequential([mc.Input((6,)), *(mc.Dense(units) for _ in range(layers))], name="small")


def interrupted(units: int, tally: str) -> mc.Model:
    """As `small`, and at the fifth call as if someone had pressed Ctrl-C."""
    model = small(units, tally=tally)
    if len(Path(tally).read_text().splitlines()) == 5:
        raise KeyboardInterrupt
    return model


def dies(units: int) -> mc.Model:
    """As `small`, but for the worker that gets 3: it is killed."""
    if units == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return small(units)


def nothing(units: int) -> Any:
    """No model at all."""


def resumed_alone(file: str) -> int:
    """How many points a sweep has that is kept in a file."""
    return len(mc.sweep(small, units=range(1, 22), resume=file))
