"""What a neural network costs, exactly, before anything runs.

`cost(model, batch=64)` gives a report; layers and models are made as in Keras:
`Sequential([Input((28, 28, 1)), Conv2D(32, 3), ...])`; `zoo` has well-known networks.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__version__ = "0.1.0"

_HOME = {
    "CPU": "timing.cpu", "Count": "count", "Expression": "count",
    "ModelCostError": "errors", "SizeError": "errors", "UnboundSizeError": "errors", "UnknownNameError": "errors",
    "Model": "model", "Sequential": "sequential",
    "Report": "report", "cost": "costing", "verify": "verification",
    "check": "homework.checking", "mark": "homework.sheets",
    "Space": "space", "search": "tuning",
    "Sweep": "sweeps", "sweep": "sweeps",
    "from_keras": "importers", "load": "importers", "register": "importers.rules",
}  # fmt: skip
_MODULES = (
    "activations",
    "constraints",
    "conventions",
    "initializers",
    "layers",
    "models",
    "ops",
    "regularizers",
    "zoo",
)


def __getattr__(name: str) -> Any:
    """Names are loaded when they are asked for: a small model starts without what it does not use."""
    import importlib

    if name in _MODULES:
        return importlib.import_module(f"modelcost.{name}")
    if name in _HOME:
        found = getattr(importlib.import_module(f"modelcost.{_HOME[name]}"), name)
    else:
        layers = importlib.import_module("modelcost.layers")
        if name not in layers.names():
            raise AttributeError(_no_attribute(name, layers.names()))
        found = getattr(layers, name)
    globals()[name] = found
    return found


def _no_attribute(name: str, layers: list[str]) -> str:
    from modelcost.errors import nearest

    near = [] if name.startswith("_") else nearest(name, [*_HOME, *_MODULES, *layers])
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    return f"module 'modelcost' has no attribute {name!r}{hint}"


def __dir__() -> list[str]:
    from modelcost.layers import names

    return sorted({"__version__", *_HOME, *_MODULES, *names()})
