"""What gates do: they open and close what a recurrent layer takes in, keeps and shows."""

from __future__ import annotations

from modelcost.count import product
from modelcost.facts import HIDDEN, Facts, Weight, Work
from modelcost.layers.functions import applied
from modelcost.nesting import on, repeated, within

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from modelcost.facts import Shape

STATE, MEMORY = "h", "c"
"""What goes from step to step: what comes out of a step, and the memory of an LSTM."""


def gates(layer: Any, state: Shape, times: int) -> Iterator[Weight | Work]:
    """What opens so many gates; a layer that does has weights of its own, once."""
    yield from repeated(within("gates", Facts((), applied(layer.recurrent_activation, state))), times)


def worked(facts: Iterable[Weight | Work]) -> list[Work]:
    """The work alone: weights are there once."""
    return [fact for fact in facts if isinstance(fact, Work)]


def opened(layer: Any, state: Shape) -> Iterator[Weight | Work]:
    """What the sums of an LSTM's gates do with its memory, and with the state that it shows.

    The gate of the output stands apart: where nothing but the last memory is used, no gradient goes through the last.
    """
    U = product(state)
    activation = list(applied(layer.activation, state))
    yield from on("sums", "gates", gates(layer, state, 2), 2 * U)
    yield from on("sums", "candidate", activation, U)
    yield Work(U, "mul", ("gates", "candidate"), "gates", makes="written")
    yield Work(U, "mul", ("gates", MEMORY), "gates")
    yield Work(U, "add", (HIDDEN, "written"), "gates", makes=MEMORY)
    yield from on(MEMORY, "shown", worked(activation), U)
    yield from on("sums", "output gate", worked(gates(layer, state, 1)), U)
    yield Work(U, "mul", ("output gate", "shown"), "gates", makes=STATE)
