"""Recurrent layers: one cell that is used at every step, and what it hands on to the next step."""

from __future__ import annotations

from modelcost.count import product
from modelcost.errors import ModelCostError, SizeError, unknown
from modelcost.facts import CONSTANT, HIDDEN, INPUT, Output, Weight, Work, dot
from modelcost.layers.base import named
from modelcost.layers.dense import KernelAndBias, added_by
from modelcost.layers.fields import REQUIRED, keyword
from modelcost.layers.functions import applied
from modelcost.layers.gating import MEMORY, STATE, gates, opened
from modelcost.nesting import looped, on

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any, ClassVar

    from modelcost.facts import Shape
    from modelcost.layers.fields import Constraint, Flag, Free, Function, Ignored, Rate, Regularizer, Size, Whole


def masked(source: str) -> str:
    """The name of the dropout mask for what came, or for the state."""
    return f"{source} mask"


def rate(layer: Any, source: str) -> float:
    """The rate of dropout on what came, or on the state; 0 where nothing is drawn for it."""
    found = layer.dropout if source == INPUT else layer.recurrent_dropout
    return float(found) if 0 < found < 1 else 0.0


def drawn(layer: Any, masks: int, came: Any, state: Any) -> Iterator[Weight | Work]:
    """Dropout in training: masks are drawn once for an example, and multiplied in at every step."""
    for source, size in ((INPUT, came), (STATE, state)):
        if rate(layer, source):
            from modelcost.layers.noise import Dropout

            draws = applied(Dropout(rate(layer, source)), (masks, size), "dropout")
            yield from on(CONSTANT, masked(source), draws, size)


def dropped(layer: Any, work: Work, masks: int, size: Any) -> Iterator[Work]:
    """Work on what came, or on the state, of that size: in training on what dropout leaves of it, by so many masks."""
    source, *others = work.operands
    if not rate(layer, source):
        yield work
        return
    yield work.but(phase="inference")
    yield Work(product((masks, size)), "mul", (source, masked(source)), "dropout", phase="training")
    reached = None if work.reached is None else product((masks, work.reached))
    yield work.but(phase="training", operands=(HIDDEN, *others), reached=reached)


def begun(facts: Iterable[Weight | Work], states: tuple[str, ...], given: int) -> Iterator[Weight | Work]:
    """The facts of a step with the states that come in, if any: those stand for what the step before the first made."""
    firsts = {state: f"{INPUT}:{1 + i}" for i, state in enumerate(states[:given])}
    for fact in facts:
        yield fact.but(first=firsts.get(fact.makes, "")) if isinstance(fact, Work) else fact


class Recurrent(KernelAndBias):
    """What LSTM, GRU and SimpleRNN share: `gates` dot products for each unit, at each of T steps.

    At every step the input meets the kernel and the state meets the recurrent kernel; the two are
    added, and the bias. The state before the first step is multiplied as any other, though it is
    zero. A mask only selects, so masked steps cost what the others do.
    """

    gates: ClassVar[int] = 1  # results of each unit: the gates, and the candidate for the new state
    states: ClassVar[tuple[str, ...]] = (STATE,)  # what goes from step to step
    more_inputs = ("initial_state",)
    hands_on_mask = "first"
    reads_mask = True

    units: Size = REQUIRED
    activation: Function = "tanh"
    recurrent_initializer: Ignored = keyword(default=None)
    recurrent_regularizer: Regularizer = keyword(default=None)
    recurrent_constraint: Constraint = keyword(default=None)
    dropout: Rate = keyword(default=0.0)
    recurrent_dropout: Rate = keyword(default=0.0)
    seed: Ignored = keyword(default=None)
    return_sequences: Flag = keyword(default=False)
    return_state: Flag = keyword(default=False)
    go_backwards: Flag = keyword(default=False)
    stateful: Flag = keyword(default=False)
    unroll: Flag = keyword(default=False)
    zero_output_for_mask: Ignored = keyword(default=None)

    def facts(self, x: Shape, *initial_state: Shape) -> Iterator[Output | Weight | Work]:
        T, C = _steps_and_channels(x)
        (U,) = named(U=self.units)
        self._check_states(initial_state)
        yield Output((T, U) if self.return_sequences else (U,), of=STATE)
        yield from (Output((U,), of=state) for state in self.states if self.return_state)
        yield from drawn(self, self.masks(), C, U)
        yield from looped(begun(self.step(C, U), self.states, len(initial_state)), T)

    def step(self, C: Any, U: Any) -> Iterator[Weight | Work]:
        """What is done at each step, with C numbers that come and a state of U."""
        yield Weight("kernel", (C, self.gates * U))
        yield from self.met(self.gates * U, C, INPUT, "kernel", self.masks(), makes="from_input")
        yield Weight("recurrent_kernel", (U, self.gates * U))
        yield from self.met(self.gates * U, U, STATE, "recurrent_kernel", self.masks())
        yield Work(product((self.gates, U)), "add", ("from_input", HIDDEN), "recurrent", makes="sums")
        if bias := self.bias_shape(U):
            yield Weight("bias", bias)
            yield self.biased("sums", bias, makes="sums")
        yield from self.gated(U)

    def met(self, out: Any, n: Any, source: str, kernel: str, masks: int, makes: str = "") -> Iterator[Work]:
        """Dot products of what came or of the state with a kernel; so many dropout masks would be for them."""
        work = Work(out, dot(n), (source, kernel), kernel.removesuffix("_kernel"), op="MatMul", makes=makes)
        yield from dropped(self, work, masks, n)

    def bias_shape(self, U: Any) -> Shape:
        """The shape of the bias, of which every element is added once a step; () where there is none."""
        raise NotImplementedError

    def biased(self, source: str, bias: Shape, makes: str) -> Work:
        """How the bias is added: Keras writes `ops.add` where all gates get theirs at once, and a plus elsewhere."""
        op = added_by(bias, bias) if self.at_once() else ""
        return Work(product(bias), "add", (source, "bias"), "bias", op=op, makes=makes)

    def at_once(self) -> bool:
        """Whether all gates are computed by one product of matrices."""
        return True

    def gated(self, U: Any) -> Iterator[Weight | Work]:
        """What is done at each step with the sums: activations, and how gates let values through."""
        yield from on("sums", STATE, applied(self.activation, (U,)), U)

    def masks(self) -> int:
        """How many dropout masks there are for the input, and for the state."""
        return 1

    def _check_states(self, states: tuple[Shape, ...]) -> None:
        if states and len(states) != len(self.states):
            raise SizeError(f"initial_state must have {len(self.states)} tensors. Received: {len(states)}")
        for state in states:
            if len(state) != 1 or state[0] != self.units:
                raise SizeError(f"each initial state must have shape ({self.units},). Received: {tuple(state)}")


def _steps_and_channels(x: Shape) -> tuple[Any, Any]:
    if len(x) != 2:
        raise SizeError(f"expected 2 axes (T, C). Received: {len(x)}")
    T, C = named(T=x[0], C=x[1])
    return T, C


class Gated(Recurrent):
    """What LSTM and GRU share: gates with an activation of their own."""

    recurrent_activation: Function = "sigmoid"
    use_bias: Flag = True
    use_cudnn: Free = keyword(default="auto")
    implementation: Whole = keyword(default=2)

    def check(self) -> None:
        if self.use_cudnn not in ("auto", True, False):
            raise unknown("use_cudnn", self.use_cudnn, ("auto", "True", "False"))
        if self.implementation not in (1, 2):
            raise ModelCostError(f"implementation must be 1 or 2. Received: implementation={self.implementation}")

    def at_once(self) -> bool:
        # Keras drops the state for each gate apart as soon as there is recurrent dropout, and then the input too.
        return not self.recurrent_dropout and self.implementation != 1

    def masks(self) -> int:
        return 1 if self.at_once() else self.gates


class LSTM(Gated):
    """Read a sequence with a memory that gates open and close: (T, C) to (U,), or (T, U) with `return_sequences`.

    Weights: kernel (C, 4*U), recurrent kernel (U, 4*U) and bias (4*U,). At each step three gates
    (input, forget, output) and a candidate are computed; the new memory is f*c + i*candidate and
    the new state o*activation(c): 3*U multiplies and U adds.
    With `return_state` the last state and memory come out too, (U,) each.
    Source: Hochreiter and Schmidhuber 1997, "Long Short-Term Memory"; Keras `LSTM`.

    >>> facts = LSTM(32).costed(((10, 8),))
    >>> facts.params().formula(), facts.params()
    ('C*4*U + U*4*U + 4*U', 5248)
    >>> facts.column("multiplies", frozenset(["gates"]))[0].formula()
    'T*U + T*U + T*U'
    """

    gates = 4
    states = (STATE, MEMORY)

    unit_forget_bias: Ignored = keyword(default=None)

    def bias_shape(self, U: Any) -> Shape:
        return (4 * U,) if self.use_bias else ()

    def gated(self, U: Any) -> Iterator[Weight | Work]:
        yield from opened(self, (U,))


class GRU(Gated):
    """Read a sequence with a state that gates update and reset: (T, C) to (U,), or (T, U) with `return_sequences`.

    Weights: kernel (C, 3*U), recurrent kernel (U, 3*U) and bias, which is (2, 3*U) where the reset
    gate comes after the recurrent kernel (`reset_after`, Keras's default) and (3*U,) before it.
    The new state is z*h + (1 - z)*candidate, and the reset gate multiplies once: 3*U multiplies,
    U subtractions and U adds.
    Source: Cho et al. 2014, https://arxiv.org/abs/1406.1078; Keras `GRU`.

    >>> GRU(32).costed(((10, 8),)).params().numbers()
    '8*3*32 + 32*3*32 + 2*3*32'
    >>> GRU(32, reset_after=False).costed(((10, 8),)).params()
    3936
    """

    gates = 3

    reset_after: Flag = keyword(default=True)

    def bias_shape(self, U: Any) -> Shape:
        if not self.use_bias:
            return ()
        return (2, 3 * U) if self.reset_after else (3 * U,)

    def step(self, C: Any, U: Any) -> Iterator[Weight | Work]:
        yield Weight("kernel", (C, 3 * U))
        yield from self.met(3 * U, C, INPUT, "kernel", self.masks(), makes="from_input")
        yield Weight("recurrent_kernel", (U, 3 * U))
        bias = self.bias_shape(U)
        if bias:
            yield Weight("bias", bias)
            yield self.biased("from_input", bias[-1:], makes="from_input")
        at_first = 3 if self.reset_after else 2  # gates, and the candidate, that meet the state itself
        yield from self.met(at_first * U, U, STATE, "recurrent_kernel", at_first, makes="from_state")
        if bias and self.reset_after:
            yield Work(3 * U, "add", ("from_state", "bias"), "bias", makes="from_state")
        yield Work(2 * U, "add", ("from_input", "from_state"), "recurrent", makes="sums")
        yield from self.gated(U)

    def gated(self, U: Any) -> Iterator[Weight | Work]:
        yield from on("sums", "gates", gates(self, (U,), 2), 2 * U)
        if self.reset_after:
            yield Work(U, "mul", ("gates", "from_state"), "gates")
        else:
            yield from self._reset_before(U)
        yield Work(U, "add", ("from_input", HIDDEN), "recurrent", makes="sum")
        yield from on("sum", "candidate", applied(self.activation, (U,)), U)
        yield Work(U, "mul", ("gates", STATE), "gates", makes="kept")
        yield Work(U, "sub", (CONSTANT, "gates"), "gates")
        yield Work(U, "mul", (HIDDEN, "candidate"), "gates")
        yield Work(U, "add", ("kept", HIDDEN), "gates", makes=STATE)

    def _reset_before(self, U: Any) -> Iterator[Work]:
        """The state, or what dropout leaves of it, goes through the reset gate, and then meets the recurrent kernel."""
        yield from dropped(self, Work(U, "mul", (STATE, "gates"), "gates"), 1, U)
        yield Work(U, dot(U), (HIDDEN, "recurrent_kernel"), "recurrent", op="MatMul")


class SimpleRNN(Recurrent):
    """Read a sequence with a state that each step replaces: (T, C) to (U,), or (T, U) with `return_sequences`.

    Weights: kernel (C, U), recurrent kernel (U, U) and bias (U,).
    Source: Elman 1990, "Finding Structure in Time"; Keras `SimpleRNN`.

    >>> facts = SimpleRNN(4, return_sequences=True).costed(((10, 3),))
    >>> facts.outputs[0].shape, facts.params()
    ((10, 4), 32)
    >>> facts.column("multiplies")[0].numbers()
    '10*4*3 + 10*4*4'
    """

    use_bias: Flag = True

    def bias_shape(self, U: Any) -> Shape:
        return (U,) if self.use_bias else ()
