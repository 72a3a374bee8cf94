"""Recurrent layers whose dot products are convolutions: written once, with the dimensions as thin names."""

from __future__ import annotations

from modelcost.count import product
from modelcost.errors import SizeError
from modelcost.facts import HIDDEN, INPUT, Output, Weight, Work, dot
from modelcost.layers.axes import known_sizes
from modelcost.layers.base import SPACE, named, named_axes
from modelcost.layers.conv import joined_channels, not_both, not_causal, out_space, reached_space, split_channels
from modelcost.layers.dense import KernelAndBias
from modelcost.layers.fields import REQUIRED, keyword
from modelcost.layers.gating import MEMORY, STATE, opened
from modelcost.layers.recurrent import begun, drawn, dropped
from modelcost.layers.windows import agreed_on
from modelcost.nesting import looped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, ClassVar

    from modelcost.facts import Shape
    from modelcost.layers.fields import (
        Constraint,
        DataFormat,
        Flag,
        Function,
        Ignored,
        Padding,
        Rate,
        Regularizer,
        Size,
        Sizes,
    )


class ConvLSTM(KernelAndBias):
    """What the convolutional LSTMs of every dimension share: an LSTM over images, at each of T steps.

    At every step the input is convolved with the kernel and gets the bias, and the state, which
    has the size of the output, is convolved with the recurrent kernel under `same` padding; the
    sums open and close the gates as in `LSTM`. Taps on the padding count.
    """

    more_inputs = ("initial_state",)
    op: ClassVar[str] = "Conv2D"  # TensorFlow has none in one dimension
    hands_on_mask = "first"
    reads_mask = True

    filters: Size = REQUIRED
    kernel_size: Sizes = REQUIRED
    strides: Sizes = 1
    padding: Padding = "valid"
    data_format: DataFormat = None
    dilation_rate: Sizes = 1
    activation: Function = "tanh"
    recurrent_activation: Function = "sigmoid"
    use_bias: Flag = True
    recurrent_initializer: Ignored = keyword(default=None)
    unit_forget_bias: Ignored = keyword(default=None)
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

    def check(self) -> None:
        not_causal(self.padding)
        not_both(self.strides, self.dilation_rate)

    def facts(self, x: Shape, *initial_state: Shape) -> Iterator[Output | Weight | Work]:
        if len(x) != self.rank + 2:
            raise SizeError(
                f"expected {self.rank + 2} axes: the steps, {', '.join(SPACE[self.rank])} and C. Received: {len(x)}"
            )
        (T,) = named(T_outer=x[0]) if self.rank == 1 else named(T=x[0])
        space, C = split_channels(self, x[1:], self.data_format)
        known_sizes("the state", space)
        (F,) = named(F=self.filters)
        kernel = named_axes("K", self.kernel_size, SPACE[self.rank])
        out = joined_channels(out_space(self, space, kernel), F, self.data_format)
        self._check_states(initial_state, out)
        yield Output((T, *out) if self.return_sequences else out, of=STATE)
        yield from (Output(out, of=state) for state in (STATE, MEMORY) if self.return_state)
        yield from drawn(self, 4, product((*space, C)), product(out))
        step = self._step(out, kernel, product((*space, C)), C, F)
        yield from looped(begun(step, (STATE, MEMORY), len(initial_state)), T)

    def _check_states(self, states: tuple[Shape, ...], out: Shape) -> None:
        if len(states) not in (0, 2) or any(len(state) != len(out) for state in states):
            raise SizeError(f"initial_state must be 2 tensors of the output's shape. Received: {len(states)}")
        for state in states:
            for pair in zip(state, out, strict=True):
                agreed_on(pair, "initial_state must have the output's shape")

    def _step(self, out: Shape, kernel: tuple[Any, ...], came: Any, C: Any, F: Any) -> Iterator[Weight | Work]:
        """What is done at each step: an LSTM's, with a dropout mask for each gate."""
        times, state = product((4, *out)), product(out)
        yield Weight("kernel", (*kernel, C, 4 * F))
        reached = product((*reached_space(self, self._space(out), kernel), C))
        work = Work(times, dot(product((*kernel, C))), (INPUT, "kernel"), "kernel", op=self.op, reached=reached)
        yield from dropped(self, work.but(makes="from_input"), 4, came)
        if self.use_bias:
            yield Weight("bias", (4 * F,))
            yield Work(times, "add", ("from_input", "bias"), "bias", makes="from_input")
        yield Weight("recurrent_kernel", (*kernel, F, 4 * F))
        same = product((*(o + k - 1 for o, k in zip(self._space(out), kernel, strict=True)), F))
        work = Work(
            times, dot(product((*kernel, F))), (STATE, "recurrent_kernel"), "recurrent", op=self.op, reached=same
        )
        yield from dropped(self, work, 4, state)
        yield Work(times, "add", ("from_input", HIDDEN), "recurrent", makes="sums")
        yield from opened(self, out)

    def _space(self, out: Shape) -> Shape:
        return out[:-1] if self.data_format == "channels_last" else out[1:]


class ConvLSTM1D(ConvLSTM):
    """Read a sequence of rows with a memory: (T_outer, T, C) to (T_out, F).

    Weights: kernel (K, C, 4*F), recurrent kernel (K, F, 4*F) and bias (4*F,). Source: Keras `ConvLSTM1D`.

    >>> ConvLSTM1D(4, 3).costed(((5, 10, 2),)).params().numbers()
    '3*2*4*4 + 4*4 + 3*4*4*4'
    """

    rank = 1


class ConvLSTM2D(ConvLSTM):
    """Read a sequence of images with a memory: (T, H, W, C) to (H_out, W_out, F).

    With `return_sequences` what comes out of every step. Weights: kernel (K, K, C, 4*F), recurrent
    kernel (K, K, F, 4*F) and bias (4*F,).
    Source: Shi et al. 2015, https://arxiv.org/abs/1506.04214; Keras `ConvLSTM2D`.

    >>> facts = ConvLSTM2D(8, 3, padding="same").costed(((5, 10, 10, 2),))
    >>> facts.outputs[0].shape, facts.params()
    ((10, 10, 8), 2912)
    """

    rank = 2


class ConvLSTM3D(ConvLSTM):
    """Read a sequence of volumes with a memory: (T, D, H, W, C) to (D_out, H_out, W_out, F).

    Weights: kernel (K, K, K, C, 4*F), recurrent kernel (K, K, K, F, 4*F) and bias (4*F,). Source: Keras `ConvLSTM3D`.

    >>> ConvLSTM3D(2, 3).costed(((5, 4, 4, 4, 1),)).outputs[0].shape
    (2, 2, 2, 2)
    """

    rank = 3
    op = "Conv3D"
