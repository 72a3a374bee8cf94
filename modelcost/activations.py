"""Activation functions by Keras's names, for scripts that write `activation=activations.relu`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Function(str):
    """The name of an activation function, which can also be called on a tensor, as a layer of its own."""

    __slots__ = ()

    def __call__(self, x: Any) -> Any:
        from modelcost.layers.activation import Activation

        return Activation(self)(x)


def get(identifier: Any) -> Any:
    """The function of this name.

    >>> get("relu")
    'relu'
    """
    from modelcost.layers.functions import known_function

    known = known_function("activation", identifier)
    return Function(known) if isinstance(known, str) else known


def __getattr__(name: str) -> Function:
    from modelcost.layers.functions import NAMES

    if name not in NAMES:
        raise AttributeError(f"module 'modelcost.activations' has no attribute {name!r}")
    return Function(name)


def __dir__() -> list[str]:
    from modelcost.layers.functions import NAMES

    return [*NAMES, "get"]
