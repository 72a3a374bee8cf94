"""The reference: every public name of the package that is no layer, with what its own docstring says."""

from __future__ import annotations

import importlib
import inspect
from typing import TYPE_CHECKING, Any

import modelcost as mc
from modelcost.layers import names as layer_names

if TYPE_CHECKING:
    from pathlib import Path

SECTIONS = {
    "Costs": "modelcost.cost modelcost.Report modelcost.figures.Row modelcost.figures.Level modelcost.figures.Figures",
    "Models": "modelcost.Model modelcost.Sequential modelcost.load modelcost.from_keras modelcost.register",
    "Counts": "modelcost.Count modelcost.Expression",
    "Training": "modelcost.training.step.Training modelcost.training.optimizer.Optimizer",
    "Time": "modelcost.CPU modelcost.timing.estimate.Time modelcost.timing.span.Span",
    "Memory": "modelcost.memory.Memory modelcost.memory.largest_batch",
    "Checking": "modelcost.check modelcost.verify",
    "Sweeps and searches": "modelcost.sweep modelcost.Sweep modelcost.sweeps.points.Points modelcost.search "
    "modelcost.space.Space modelcost.tuning.SearchReport modelcost.training.search.SearchCost",
    "A layer of your own": "modelcost.layers.base.Layer modelcost.facts.Output modelcost.facts.Weight "
    "modelcost.facts.Work modelcost.facts.dot modelcost.facts.sum_of modelcost.facts.max_of modelcost.facts.scatter",
    "Errors": "modelcost.ModelCostError modelcost.SizeError modelcost.UnboundSizeError modelcost.UnknownNameError",
}
"""Where names stand; public ones that are nowhere here come under "More"."""
INHERITED = "__init__"


def page(folder: Path) -> None:
    """Write the page into a folder."""
    parts = ["# Reference", ""]
    for title, names in {**SECTIONS, "More": " ".join(_more())}.items():
        if names:
            parts += [f"## {title}", "", *map(_entry, names.split())]
    parts += ["## Modules", ""]
    for name in mc._MODULES:
        parts += _module(name)
    (folder / "reference.md").write_text("\n".join(parts), encoding="utf-8")


def _more() -> list[str]:
    """Public names of the package that no section has."""
    placed = {name.removeprefix("modelcost.") for names in SECTIONS.values() for name in names.split()}
    public = [name for name in dir(mc) if not name.startswith("_")]
    return [f"modelcost.{name}" for name in public if name not in placed and name not in {*mc._MODULES, *layer_names()}]


def _entry(path: str) -> str:
    """One name, with its members where it is a class."""
    module, _, name = path.rpartition(".")
    value = getattr(importlib.import_module(module), name)
    kind = "autoclass" if isinstance(value, type) else "autofunction"
    members = "\n   :members:" if isinstance(value, type) else ""
    return f"```{{eval-rst}}\n.. {kind}:: {path}{members}\n```\n"


def _module(name: str) -> list[str]:
    """What a module is about, and what it offers: by name, since these are Keras's own names or those of networks."""
    module = getattr(mc, name)
    offered = sorted((one for one in dir(module) if _public(module, one)), key=str.lower)
    listed = ", ".join(f"`{one}`" for one in offered)
    return [f"### modelcost.{name}", "", inspect.getdoc(module) or "", "", listed, ""]


def _public(module: Any, name: str) -> bool:
    value = getattr(module, name)
    written_here = getattr(value, "__module__", module.__name__).startswith(module.__name__)
    return (
        not name.startswith("_")
        and name.islower() | isinstance(value, type)
        and not inspect.ismodule(value)
        and (written_here or name in getattr(module, "__all__", ()) or not hasattr(value, "__module__"))
    )
