"""Constraints, what is done to weights after each step of training, by Keras's names: they hold their numbers."""

from __future__ import annotations

from modelcost.errors import ModelCostError, short, unknown
from modelcost.numbered import Numbered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Constraint(Numbered):
    """What every constraint is. By itself it changes nothing."""

    words = ("axis",)


class MaxNorm(Constraint):
    """Vectors along `axis` are made no longer than `max_value`.

    >>> MaxNorm(3, axis=[0, 1, 2])
    MaxNorm(max_value=3, axis=(0, 1, 2))
    """

    def __init__(self, max_value: float = 2, axis: Any = 0) -> None:
        super().__init__(max_value=max_value, axis=_axes(axis))


class MinMaxNorm(Constraint):
    """Vectors along `axis` are brought nearer, by `rate`, to a length from `min_value` to `max_value`."""

    def __init__(self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: Any = 0) -> None:
        super().__init__(min_value=min_value, max_value=max_value, rate=rate, axis=_axes(axis))


class NonNeg(Constraint):
    """What is below 0 is made 0."""

    def __init__(self) -> None:
        super().__init__()


class UnitNorm(Constraint):
    """Vectors along `axis` are made of length 1."""

    def __init__(self, axis: Any = 0) -> None:
        super().__init__(axis=_axes(axis))


class OtherConstraint(Constraint):
    """One of somebody's own, by its name: what it does is not known."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        return self.name


def _axes(axis: Any) -> Any:
    """An axis, or several in a tuple."""
    several = tuple(axis) if isinstance(axis, list | tuple) else (axis,)
    if not several or any(isinstance(one, bool) or not isinstance(one, int) for one in several):
        raise ModelCostError(f"axis must be a whole number or several of them. Received: axis={short(axis)}")
    return several if isinstance(axis, list | tuple) else axis


max_norm, min_max_norm, non_neg, unit_norm = MaxNorm, MinMaxNorm, NonNeg, UnitNorm
NAMES: dict[str, type[Constraint]] = {
    **{kind.__name__: kind for kind in (Constraint, MaxNorm, MinMaxNorm, NonNeg, UnitNorm)},
    "constraint": Constraint,
    "max_norm": MaxNorm,
    "min_max_norm": MinMaxNorm,
    "non_neg": NonNeg,
    "unit_norm": UnitNorm,
}
"""The names under which a constraint can be given as a word."""


def get(identifier: Any) -> Constraint | None:
    """A constraint in its normal form: None, ours, one by name, Keras's own with the same numbers, or another's.

    >>> get("non_neg"), get(lambda w: w * 0.5)
    (NonNeg(), <lambda>)
    """
    if isinstance(identifier, type):
        identifier = identifier()
    if identifier is None or isinstance(identifier, Constraint):
        return identifier
    if isinstance(identifier, str):
        if identifier not in NAMES:
            raise unknown("constraint", identifier, NAMES)
        return NAMES[identifier]()
    kind, config = type(identifier).__name__, getattr(identifier, "get_config", None)
    if type(identifier).__module__.partition(".")[0] in ("keras", "tf_keras") and kind in NAMES and config is not None:
        return NAMES[kind](**config())
    if not callable(identifier):
        raise ModelCostError(
            f"a constraint must be one of {', '.join(NAMES)}, or callable. Received: {short(identifier)}"
        )
    return OtherConstraint(getattr(identifier, "__name__", kind))
