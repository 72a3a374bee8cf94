"""Regularizers, a cost for large weights, by Keras's names: they hold their numbers for training."""

from __future__ import annotations

from modelcost.errors import ModelCostError, short, unknown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Regularizer:
    """What every regularizer is: its numbers, by name. Equal ones are interchangeable."""

    numbers: dict[str, Any]

    def __init__(self, **numbers: Any) -> None:
        for name, value in numbers.items():
            number = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < float("inf")
            if not number and name != "mode":
                raise ModelCostError(f"{name} must be a number of at least 0. Received: {name}={short(value)}")
        self.numbers = numbers

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.numbers == other.numbers

    def __hash__(self) -> int:
        return hash((type(self), *self.numbers.items()))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.numbers.items())})"


class L1L2(Regularizer):
    """l1 * sum(|w|) + l2 * sum(w * w).

    >>> L1L2(l2=0.01)
    L1L2(l1=0.0, l2=0.01)
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        super().__init__(l1=0.0 if l1 is None else l1, l2=0.0 if l2 is None else l2)


class L1(Regularizer):
    """l1 * sum(|w|)."""

    def __init__(self, l1: float = 0.01) -> None:
        super().__init__(l1=0.01 if l1 is None else l1)


class L2(Regularizer):
    """l2 * sum(w * w)."""

    def __init__(self, l2: float = 0.01) -> None:
        super().__init__(l2=0.01 if l2 is None else l2)


class OrthogonalRegularizer(Regularizer):
    """A cost for rows, or columns, of a matrix that are not at right angles to each other."""

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        if mode not in ("rows", "columns"):
            raise unknown("mode", mode, ("rows", "columns"))
        super().__init__(factor=factor, mode=mode)


l1, l2, l1_l2, orthogonal_regularizer = L1, L2, L1L2, OrthogonalRegularizer
NAMES: dict[str, type[Regularizer]] = {
    **{kind.__name__: kind for kind in (L1, L2, L1L2, OrthogonalRegularizer)},
    "l1": L1,
    "l2": L2,
    "l1_l2": L1L2,
    "l1l2": L1L2,
    "orthogonal_regularizer": OrthogonalRegularizer,
}
"""The names under which a regularizer can be given as a word."""


def get(identifier: Any) -> Regularizer | None:
    """A regularizer in its normal form: None, ours, one by name, or Keras's own with the same numbers.

    >>> get("l2"), get(None)
    (L2(l2=0.01), None)
    """
    if identifier is None or isinstance(identifier, Regularizer):
        return identifier
    if isinstance(identifier, type) and issubclass(identifier, Regularizer):
        return identifier()
    if isinstance(identifier, str):
        if identifier not in NAMES:
            raise unknown("regularizer", identifier, NAMES)
        return NAMES[identifier]()
    kind, config = type(identifier).__name__, getattr(identifier, "get_config", None)
    if kind in NAMES and config is not None:
        return NAMES[kind](**config())
    raise ModelCostError(f"a regularizer must be one of {', '.join(NAMES)}. Received: {short(identifier)}")
