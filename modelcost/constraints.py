"""Constraints by Keras's names. The forward pass does not see them: they are accepted and forgotten."""

from __future__ import annotations

from modelcost.initializers import Forgotten

NAMES = "Constraint MaxNorm MinMaxNorm NonNeg UnitNorm max_norm min_max_norm non_neg unit_norm"


def __getattr__(name: str) -> type[Forgotten]:
    if name not in NAMES.split():
        raise AttributeError(f"module 'modelcost.constraints' has no attribute {name!r}")
    return Forgotten


def __dir__() -> list[str]:
    return NAMES.split()
