"""Sweeps: what a model costs at many sizes, or many models of one kind, as a table of points."""

from __future__ import annotations

from modelcost.sweeps.points import Failed, Point, Points
from modelcost.sweeps.sweep import Sweep, sweep

__all__ = ["Failed", "Point", "Points", "Sweep", "sweep"]
