"""Regularizers, a cost for large weights, by Keras's names: they hold their numbers for training."""

from __future__ import annotations

from modelcost.errors import ModelCostError, short, unknown
from modelcost.numbered import Numbered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Regularizer(Numbered):
    """What every regularizer is."""

    words = ("mode",)


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
