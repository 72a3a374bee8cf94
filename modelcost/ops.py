"""Keras's `ops` on tensors of a model: `ops.mean(x, axis=1)`, `ops.matmul(x, y)`, `ops.relu(x)`.

Each is the operation of `layers.operations` with its name in lower case: the operands come first, then its arguments.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def applied(kind: str, *args: Any, **kwargs: Any) -> Any:
    """Call an operation on operands and arguments, as Keras's function takes them.

    >>> from modelcost.layers import Input
    >>> applied("Mean", Input((10, 4)), 1).shape
    (4,)
    """
    from modelcost.layers.operations import operation

    cls = operation(kind)
    if kind == "Einsum":  # the one that is told first what to do
        return cls(*args[:1], **kwargs)(*args[1:])
    count = 1 if cls.several else len(cls.arguments)
    by_name = {name: kwargs.pop(name) for name in cls.arguments if name in kwargs}
    taken = count - len(by_name)
    return cls(*args[taken:], **kwargs)(*args[:taken], **by_name)


def _names() -> dict[str, str]:
    from modelcost.layers.operations import names
    from modelcost.naming import name_stem

    return {name_stem(kind).replace("log_1p", "log1p"): kind for kind in names()}


def __getattr__(name: str) -> Callable[..., Any]:
    kind = None if name.startswith("__") else _names().get(name)
    if kind is None:
        raise AttributeError(f"module 'modelcost.ops' has no operation {name!r}")

    def function(*args: Any, **kwargs: Any) -> Any:
        return applied(kind, *args, **kwargs)

    function.__name__ = name
    function.__doc__ = f"Call the operation `{kind}`."
    globals()[name] = function
    return function


def __dir__() -> list[str]:
    return list(_names())
