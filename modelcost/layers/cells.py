"""Cells, what a recurrent layer does at one step, as layers of their own; `RNN` runs any of them over a sequence."""

from __future__ import annotations

from modelcost.errors import ModelCostError, SizeError, short
from modelcost.facts import CONSTANT, INPUT, Output, Weight, Work
from modelcost.graph import own_label
from modelcost.layers.base import Layer, named
from modelcost.layers.dense import KernelAndBias
from modelcost.layers.fields import REQUIRED, keyword
from modelcost.layers.gating import STATE
from modelcost.layers.recurrent import GRU, LSTM, Recurrent, SimpleRNN, drawn
from modelcost.nesting import within

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, ClassVar

    from modelcost.facts import Facts, Shape
    from modelcost.layers.fields import Constraint, Flag, Free, Function, Ignored, Rate, Regularizer, Size


class Cell(KernelAndBias):
    """What the cells share: over T steps each costs what the recurrent layer does that is made of it.

    Called by itself it does one step: (C,) and its states (U,) to (U,) and the new states.
    """

    sequence: ClassVar[type[Recurrent]]
    more_inputs = ("states",)

    units: Size = REQUIRED
    activation: Function = "tanh"
    recurrent_initializer: Ignored = keyword(default=None)
    recurrent_regularizer: Regularizer = keyword(default=None)
    recurrent_constraint: Constraint = keyword(default=None)
    dropout: Rate = keyword(default=0.0)
    recurrent_dropout: Rate = keyword(default=0.0)
    seed: Ignored = keyword(default=None)

    @property
    def parts(self) -> list[tuple[str, Cell]]:
        """Itself, with the name under which its weights and its work go."""
        return [(own_label(self), self)]

    def over(self, x: Shape, states: tuple[Shape, ...] = ()) -> Facts:
        """The facts of all steps of a sequence (T, C)."""
        return self.whole().costed((x, *states))

    def whole(self) -> Recurrent:
        """The recurrent layer that is made of this cell."""
        given = {name: value for name, value in self.given.items() if name not in ("name", "dtype", "trainable")}
        return self.sequence(**given, return_sequences=True)

    def facts(self, x: Shape, *states: Shape) -> Iterator[Output | Weight | Work]:
        names = self.sequence.states
        if len(x) != 1 or len(states) not in (0, len(names)):
            raise SizeError(f"expected 1 axis (C,) and {len(names)} states. Received: {len(x)} and {len(states)}")
        C, U = named(C=x[0], U=self.units)
        for name in (STATE, *names):
            yield Output((U,), of=name)
        whole = self.whole()
        yield from drawn(whole, whole.masks(), C, U)
        came = {name: f"{INPUT}:{1 + i}" if states else CONSTANT for i, name in enumerate(names)}
        for fact in whole.step(C, U):
            if isinstance(fact, Weight):
                yield fact
            else:  # what stands for a state comes from outside, until the step makes the new one
                yield fact.but(operands=tuple(came.get(one, one) for one in fact.operands))
                came.pop(fact.makes, None)


class LSTMCell(Cell):
    """One step of `LSTM`: (C,) to (U,), with a state and a memory of U each.

    Weights: kernel (C, 4*U), recurrent kernel (U, 4*U) and bias (4*U,). Source: Keras `LSTMCell`.

    >>> RNN(LSTMCell(32)).costed(((10, 8),)).params() == LSTM(32).costed(((10, 8),)).params()
    True
    """

    sequence = LSTM

    recurrent_activation: Function = "sigmoid"
    use_bias: Flag = True
    unit_forget_bias: Ignored = keyword(default=None)


class GRUCell(Cell):
    """One step of `GRU`: (C,) to (U,), with a state of U.

    Weights: kernel (C, 3*U), recurrent kernel (U, 3*U) and bias (2, 3*U), or (3*U,) without
    `reset_after`. Source: Keras `GRUCell`.

    >>> RNN(GRUCell(32)).costed(((10, 8),)).params()
    4032
    """

    sequence = GRU

    recurrent_activation: Function = "sigmoid"
    use_bias: Flag = True
    reset_after: Flag = keyword(default=True)


class SimpleRNNCell(Cell):
    """One step of `SimpleRNN`: (C,) to (U,), with a state of U.

    Weights: kernel (C, U), recurrent kernel (U, U) and bias (U,). Source: Keras `SimpleRNNCell`.

    >>> RNN(SimpleRNNCell(4)).costed(((10, 3),)).params()
    32
    """

    sequence = SimpleRNN

    use_bias: Flag = True


class StackedRNNCells(Layer):
    """Cells one above the other, each fed by the one below: (C,) to the units of the last.

    Weights: those of the cells. Source: Keras `StackedRNNCells`.

    >>> RNN(StackedRNNCells([LSTMCell(8), LSTMCell(4)])).costed(((10, 3),)).outputs[0].shape
    (4,)
    """

    around_others = True
    more_inputs = ("states",)

    cells: Free = REQUIRED

    def check(self) -> None:
        cells = self.cells if isinstance(self.cells, list | tuple) else ()
        if not cells or not all(isinstance(one, Cell) for one in cells):
            raise ModelCostError(
                f"cells must be a list of LSTMCell, GRUCell or SimpleRNNCell. Received: cells={short(self.cells)}"
            )

    def weight_owners(self) -> tuple[Layer, ...]:
        return tuple(self.cells)

    @property
    def parts(self) -> list[tuple[str, Cell]]:
        """The cells, each with the name under which its weights and its work go."""
        return [(own_label(cell) if cell.name else f"{i}_{own_label(cell)}", cell) for i, cell in enumerate(self.cells)]

    def facts(self, x: Shape, *states: Shape) -> Iterator[Output | Weight | Work]:
        if len(x) != 1:
            raise SizeError(f"expected 1 axis (C,). Received: {len(x)}")
        yield shown(self.parts)
        yield from states_of(self.parts)
        yield from run(self.parts, x, states)


def shown(parts: list[tuple[str, Cell]], *steps: Any) -> Output:
    """What comes out of cells one above the other: the state of the last."""
    name, cell = parts[-1]
    return Output((*steps, *named(U=cell.units)), of=f"{name}/{STATE}")


def states_of(parts: list[tuple[str, Cell]]) -> list[Output]:
    """What goes from step to step, of the lowest cell first."""
    return [Output(named(U=cell.units), of=f"{name}/{state}") for name, cell in parts for state in cell.sequence.states]


def run(parts: list[tuple[str, Cell]], x: Shape, states: tuple[Shape, ...]) -> Iterator[Weight | Work]:
    """The facts of one step (C,), or of all steps of a sequence (T, C), each cell fed by the one below."""
    below, place = INPUT, 1
    for name, cell in parts:
        own = states[place - 1 : place - 1 + len(cell.sequence.states)]
        reads = {INPUT: below, **{f"{INPUT}:{i + 1}": f"{INPUT}:{i + place}" for i in range(len(own))}}
        facts = cell.costed((x, *own)) if len(x) == 1 else cell.over(x, own)
        yield from within(name, facts, cell.trainable, reads)
        below, place, x = f"{name}/{STATE}", place + len(own), facts.outputs[0].shape


class RNN(Layer):
    """Run a cell over a sequence: (T, C) to (U,), or (T, U) with `return_sequences`.

    With `return_state` its states follow. `cell` is a cell, or a list of cells to be stacked; a
    class of your own is not known here. Weights: those of the cell, once. Source: Keras `RNN`.

    >>> facts = RNN([LSTMCell(8), LSTMCell(4)], return_state=True).costed(((10, 3),))
    >>> [output.shape for output in facts.outputs]
    [(4,), (8,), (8,), (4,), (4,)]
    """

    around_others = True
    more_inputs = ("initial_state",)
    hands_on_mask = "first"
    reads_mask = True

    cell: Free = REQUIRED
    return_sequences: Flag = False
    return_state: Flag = False
    go_backwards: Flag = False
    stateful: Flag = False
    unroll: Flag = False
    zero_output_for_mask: Ignored = None

    def check(self) -> None:
        if not isinstance(self.stacked, Cell | StackedRNNCells):
            kinds = "LSTMCell, GRUCell, SimpleRNNCell, or several of them"
            raise ModelCostError(f"cell must be {kinds}. Received: cell={short(self.cell)}")

    @property
    def stacked(self) -> Any:
        """The cell, or the stack of several."""
        if isinstance(self.cell, list | tuple):
            if "stack" not in self.__dict__:
                self.__dict__["stack"] = StackedRNNCells(self.cell)
            return self.__dict__["stack"]
        return self.cell

    def weight_owners(self) -> tuple[Layer, ...]:
        return tuple(self.stacked.weight_owners())

    def facts(self, x: Shape, *initial_state: Shape) -> Iterator[Output | Weight | Work]:
        if len(x) != 2:
            raise SizeError(f"expected 2 axes (T, C). Received: {len(x)}")
        T, C = named(T=x[0], C=x[1])
        states = states_of(self.stacked.parts)
        sizes = tuple(map(int, (size for state in states for size in state.shape)))
        if initial_state and [tuple(state) for state in initial_state] != [(size,) for size in sizes]:
            raise SizeError(
                f"initial_state must be {len(sizes)} tensors of {sizes} elements. Received: {short(initial_state)}"
            )
        yield shown(self.stacked.parts, *((T,) if self.return_sequences else ()))
        yield from states if self.return_state else ()
        yield from run(self.stacked.parts, (T, C), initial_state)
