"""What a model needs of memory, in three figures that are never mixed: tensors, the planned peak, the process."""

from __future__ import annotations

from functools import cached_property, partial, wraps

from modelcost.asked import shapes
from modelcost.costing import activation_bytes, cost, guard
from modelcost.count import NOTHING, Count, Expression, total
from modelcost.dtypes import computed_as
from modelcost.errors import unknown
from modelcost.figures import Figures, MissingFigureError, Source
from modelcost.memory.buffers import held_bytes
from modelcost.memory.checkpoints import Segments, every
from modelcost.memory.planned import inference_plan, training_plan
from modelcost.memory.process import held_by_process
from modelcost.memory.rows import WeightGradients
from modelcost.memory.runtimes import runtime as runtime_named
from modelcost.memory.tensors import counter_bytes, optimizer_bytes, parameter_bytes, summed
from modelcost.memory.values import Trace
from modelcost.naming import free_name
from modelcost.sizes import planned, size
from modelcost.training.optimizers import get
from modelcost.training.outputs import given_losses
from modelcost.training.step import check_dtypes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from modelcost.memory.buffers import Buffer, Plan
    from modelcost.memory.runtimes import Runtime
    from modelcost.model import Entry, Model
    from modelcost.training.optimizer import Optimizer

FIGURES = (
    "parameter_bytes",
    "gradient_bytes",
    "optimizer_bytes",
    "activation_bytes",
    "kept_activation_bytes",
    "peak_inference_bytes",
    "peak_training_bytes",
    "process_inference_bytes",
    "process_training_bytes",
)
"""The figures of a model's memory, in order."""
OF_LAYERS = FIGURES[:5]
"""Those that are sums over the layers."""
OF_TRAINING = (*FIGURES[1:3], "kept_activation_bytes", "peak_training_bytes", "process_training_bytes")
"""Those that are there only with an optimizer."""
PASSES = ("inference", "training")


def _figure(method: Callable[[Memory], Any]) -> Any:
    """A figure, worked out when it is asked for, that knows its `Source`."""

    @wraps(method)
    def known(self: Memory) -> Any:
        return method(self).known_as(Source(self.model, self._given, "memory", method.__name__))

    return cached_property(known)


class Memory:
    """The memory of a model at a batch: each of `FIGURES` is an attribute, worked out when it is asked for.

    `dtype`: of the numbers, or a policy such as "mixed_float16", instead of the layers' own; `optimizer`: as in `cost`,
    without it there is inference alone; `input`: other input shapes; `runtime`: whose habits the plan follows, one
    of `RUNTIMES` ("plain" writes nothing in place); `checkpoints`: as in `training_plan`; `loss`: as in `cost`; nothing
    is held of it, but an output without one has no gradient.
    `rows`: the figures of `OF_LAYERS` for each call of a layer, and for the optimizer; they add up.

    Raises `ModelCostError` for settings that cannot be, `UnboundSizeError` where a size of the input is not known.

    >>> from modelcost.layers import Dense, Input
    >>> from modelcost.sequential import Sequential
    >>> memory = Memory(Sequential([Input((784,)), Dense(10)]), batch=2, optimizer="adam")
    >>> memory.parameter_bytes, memory.gradient_bytes, memory.optimizer_bytes  # twice 31400, and two numbers
    (31400, 31400, 62812)
    >>> memory.peak_inference_bytes.formula(), memory.peak_inference_bytes
    ('parameter + N*input_each + N*activation_each', 37752)
    """

    def __init__(
        self,
        model: Model,
        *,
        batch: int = 1,
        dtype: str | None = None,
        optimizer: Any = None,
        input: Sequence[Any] | None = None,
        runtime: str | Runtime = "tensorflow",
        checkpoints: int | str | None = None,
        loss: Any = None,
    ) -> None:
        self._given = {"batch": batch, "dtype": dtype, "optimizer": optimizer, "input": input, "runtime": runtime}
        self._given |= {"checkpoints": checkpoints, "loss": loss}
        self.model, self.batch, self.runtime = model, size("batch", batch), runtime_named(runtime)
        self.dtype, self.checkpoints = dtype, checkpoints
        if dtype is not None:
            computed_as(dtype)  # an error for one that is not known
        if checkpoints is not None:
            every(1, checkpoints)
        self._optimizer = None if optimizer is None else get(optimizer)
        self._given_losses = given_losses(loss, model)
        self.entries = model.entries() if input is None else model.on(shapes(input))
        if self.trains:
            check_dtypes(self.entries, dtype)

    def __repr__(self) -> str:
        passes = "training and inference" if self.trains else "inference"
        return f"<Memory of {self.model.name or 'model'}: {passes}, batch {self.batch:,}>"

    def but(self, **changes: Any) -> Memory:
        """The memory of the same model, some settings changed, such as the batch, the runtime or the checkpoints."""
        return Memory(self.model, **{**self._given, **changes})

    @property
    def trains(self) -> bool:
        """Whether there are the figures of training."""
        return self._optimizer is not None

    @property
    def optimizer(self) -> Optimizer:
        """The optimizer; where none was given, an error that says so."""
        if self._optimizer is None:
            raise MissingFigureError(
                f"{self.model.name or 'model'}: no memory of training without an optimizer; give optimizer=..."
            )
        return self._optimizer

    @_figure
    def parameter_bytes(self) -> Any:
        """All weights, as they are stored."""
        return self._over_rows("parameter_bytes")

    @_figure
    def gradient_bytes(self) -> Any:
        """The gradients of the weights that training changes; of an embedding's, rows alone where they stay such."""
        return self._over_rows("gradient_bytes", self.optimizer)

    @_figure
    def optimizer_bytes(self) -> Any:
        """The optimizer's state: its slots for each weight, and its own numbers, such as that of the step."""
        return self._over_rows("optimizer_bytes", self.optimizer)

    @_figure
    def activation_bytes(self) -> Any:
        """What all layers give, one after the other, in inference: held together only if nothing is ever freed."""
        return self._over_rows("activation_bytes")

    @_figure
    def kept_activation_bytes(self) -> Any:
        """The activations that are still held when the way back begins."""
        return self._over_rows("kept_activation_bytes", self.optimizer)

    def _over_rows(self, name: str, *_: Any) -> Any:
        tied = planned if name == "kept_activation_bytes" else guard(self.entries)  # to the sizes that it holds for
        return tied(summed((row.of, getattr(row, name)) for row in self.rows))

    @cached_property
    def inference(self) -> Plan:
        """What is held when in a forward pass."""
        return inference_plan(Trace(self.model, self.entries, self.runtime, False, self.dtype))

    @cached_property
    def training(self) -> Plan:
        """What is held when in a training step."""
        settings = self.optimizer, self.checkpoints
        return training_plan(self._training_trace(), *settings, self._weight_gradients.of_rows, self._given_losses)

    @cached_property
    def _weight_gradients(self) -> WeightGradients:
        return WeightGradients(self.model, self.entries, self.runtime.rows, self._given_losses)

    def _training_trace(self) -> Trace:
        return Trace(self.model, self.entries, self.runtime, True, self.dtype)

    @cached_property
    def layers_again(self) -> list[str]:
        """The layers that checkpointing does a second time; none without checkpoints."""
        if self.checkpoints is None:
            return []
        trace = self._training_trace()
        return Segments(trace, every(len({op.layer for op in trace.ops}), self.checkpoints)).layers_again

    def kept_activations(self) -> list[Buffer]:
        """The buffers of activations that are still held when the way back begins."""
        plan = self.training
        turn = max(i for i, step in enumerate(plan.steps) if step.phase == "forward")
        return [one for one in plan.held(turn) if one.kind in ("activation", "mask") and plan.lives[one][1] > turn]

    @_figure
    def peak_inference_bytes(self) -> Count:
        """The most held at once in a forward pass, weights and the batch included."""
        return self.inference.peak_bytes(self.batch)

    @_figure
    def peak_training_bytes(self) -> Count:
        """The most held at once in a training step, weights, optimizer and the batch included."""
        return self.training.peak_bytes(self.batch)

    @_figure
    def process_inference_bytes(self) -> Any:
        """What a process of TensorFlow's on a CPU holds that runs the model: an estimate, see `memory.process`."""
        return held_by_process(self.inference, self.batch)

    @_figure
    def process_training_bytes(self) -> Any:
        """The same where it trains."""
        return held_by_process(self.training, self.batch)

    @property
    def figures(self) -> dict[str, Any]:
        """Those that there are, by name and in order."""
        return {name: getattr(self, name) for name in self._names}

    @cached_property
    def _names(self) -> list[str]:
        """The figures that there are: of training with an optimizer, of plans where all sizes are known."""
        sized = not any(isinstance(out.elements, Expression) for entry in self.entries for out in entry.facts.outputs)
        possible = FIGURES if sized else [name for name in OF_LAYERS if name != "kept_activation_bytes"]
        return [name for name in possible if self.trains or name not in OF_TRAINING]

    @cached_property
    def peaks(self) -> dict[str, str]:
        """For each pass whose peak is known, the step at which most is held: the layer and the phase."""
        return {name: self._peak(name) for name in PASSES if f"peak_{name}_bytes" in self._names}

    def _peak(self, name: str) -> str:
        plan = self.plan(name)
        step = plan.steps[plan.peak_step(self.batch)]
        return f"{step.name}, {step.phase}"

    def plan(self, name: str | None = None) -> Plan:
        """The plan of "inference" or "training"; that of training, if there is an optimizer, where none is named."""
        word = name or PASSES[self.trains]
        if word not in PASSES:
            raise unknown("pass", word, PASSES)
        found: Plan = getattr(self, word)
        return found

    def timeline(self, name: str | None = None) -> list[dict[str, Any]]:
        """What is held at each step of a pass, in order, as plain data: see `Plan.timeline`."""
        return self.plan(name).timeline(self.batch)

    def tensors(self, name: str | None = None) -> list[dict[str, Any]]:
        """All tensors that a pass holds, from when to when, as plain data: see `Plan.tensors`."""
        return self.plan(name).tensors(self.batch)

    @cached_property
    def rows(self) -> list[Figures]:
        """The figures of each layer's call, and with an optimizer those of its own numbers."""
        rows = [Figures(entry.name, self._told(partial(self._of, entry))) for entry in self.entries]
        own = {"optimizer_bytes": lambda: counter_bytes(self.optimizer, self.entries, self.dtype)}
        name = free_name("optimizer", (entry.name for entry in self.entries))
        return [*rows, *([Figures(name, self._told(own.get))] if self.trains else [])]

    def _told(self, of: Callable[[str], Any]) -> dict[str, Any]:
        """The figures of a row; nothing where there is none."""
        return {name: of(name) or NOTHING for name in self._names if name in OF_LAYERS}

    def _of(self, entry: Entry, name: str) -> Any:
        N, dtype = Count(self.batch, "N", size="batch"), self.dtype  # all of it is linear in the batch
        return {
            "parameter_bytes": lambda: parameter_bytes(entry, dtype),
            "gradient_bytes": lambda: self._weight_gradients.bytes(entry, N, dtype),
            "optimizer_bytes": lambda: optimizer_bytes(entry, self.optimizer, dtype),
            "activation_bytes": lambda: N * held if (held := activation_bytes(entry, dtype)) is not NOTHING else held,
            "kept_activation_bytes": lambda: held_bytes(self._kept.get(entry.name, ()), self.batch),
        }[name]

    @cached_property
    def _kept(self) -> dict[str, list[Buffer]]:
        found: dict[str, list[Buffer]] = {}
        for buffer in self.kept_activations():
            found.setdefault(buffer.name, []).append(buffer)
        return found

    def checkpointed(self, checkpoints: int | str) -> dict[str, int]:
        """What doing segments of so many layers again saves of the peak in training, and the FLOPs that it adds.

        A layer of which anything is done again counts as done again whole.

        >>> from modelcost import zoo
        >>> Memory(zoo.resnet18(), batch=32, optimizer="adam").checkpointed(8)["saved_bytes"] > 0
        True
        """
        other = self.but(checkpoints=checkpoints)
        step = cost(self.model, batch=self.batch, input=self._given["input"], optimizer=self.optimizer).training
        added = total(step[name].forward_flops for name in other.layers_again)
        return {
            "batch": self.batch,
            "layers_again": len(other.layers_again),
            "saved_bytes": int(self.but(checkpoints=None).peak_training_bytes) - int(other.peak_training_bytes),
            "added_flops": int(added),
        }
