"""Keras's module of that name: the models that a script imports from there."""

from __future__ import annotations

from modelcost.model import Model
from modelcost.sequential import Sequential

__all__ = ["Model", "Sequential"]
