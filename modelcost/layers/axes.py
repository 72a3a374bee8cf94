"""Which axes of one example Keras means: it numbers them with the batch in front, as axis 0."""

from __future__ import annotations

from modelcost.count import Count, Expression
from modelcost.errors import ModelCostError, SizeError, short
from modelcost.layers.base import SPACE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from modelcost.facts import Shape


def example_axes(axes: Iterable[int], x: Shape) -> tuple[int, ...]:
    """Keras's axes as places in the shape of one example, in order.

    >>> example_axes((-1, 1), (28, 28, 3))
    (0, 2)
    """
    places = {axis + len(x) + 1 if axis < 0 else axis for axis in axes}
    for axis in axes:
        if not -len(x) - 1 <= axis <= len(x):
            raise SizeError(f"an axis must be one of 1 to {len(x)}, or -1 to -{len(x)}. Received: axis={short(axis)}")
    if 0 in places:
        raise SizeError("axis 0 is the batch, whose examples are worked on apart; an example's axes start at 1")
    return tuple(sorted(place - 1 for place in places))


def lettered(x: Shape, channels: int = -1) -> tuple[Any, ...]:
    """The sizes of a shape, those without a name under a letter: C for the channels, T or D H W for the others.

    >>> [size.name for size in lettered((28, 28, 3))]
    ['H', 'W', 'C']
    """
    letters = [*SPACE.get(len(x) - 1, ("",) * (len(x) - 1))]
    letters.insert(channels % len(x), "C")
    return tuple(
        Count(size, letter or None) if size.__class__ is int else size for size, letter in zip(x, letters, strict=True)
    )


def known_sizes(weight: str, shape: Iterable[Any]) -> tuple[Any, ...]:
    """The shape of a weight; an error where one of its sizes hangs on an input size that is None."""
    sizes = tuple(shape)
    for size in sizes:
        if isinstance(size, Expression):
            raise SizeError(f"{weight} would have the size {size}, which is not known; give the input that size")
    return sizes


def lengths(name: str, value: Any) -> tuple[int, ...]:
    """The shape of a number, or of nested rows of numbers: () for a number; arrays have their own."""
    if hasattr(value, "shape"):
        return tuple(int(size) for size in value.shape)
    if not isinstance(value, list | tuple):
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ModelCostError(f"{name} must be a number, or numbers. Received: {name}={short(value)}")
        return ()
    inner = {lengths(name, one) for one in value}
    if len(inner) != 1:
        raise ModelCostError(f"{name} must be rows of equal length. Received: {name}={short(value)}")
    return (len(value), *inner.pop())
