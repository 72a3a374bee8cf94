"""The backward pass of a model: which calls it goes through, and what each of them does in it."""

from __future__ import annotations

from modelcost.errors import ModelCostError
from modelcost.facts import Facts, Output
from modelcost.training.gradients import Gradients, accumulated, gradients
from modelcost.training.shared import added_up
from modelcost.training.tape import is_float

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Sequence
    from typing import Any

    from modelcost.graph import Call
    from modelcost.model import Entry, Model


class Flow:
    """A tensor of the graph: whether a weight below is trained, and how many gradients come back to it."""

    __slots__ = ("maker", "output", "readers", "wanted")

    def __init__(self, output: Output, wanted: bool, maker: Entry | None = None) -> None:
        self.output, self.wanted, self.maker, self.readers = output, wanted, maker, 0

    def added(self) -> Any:
        """How many adds put its gradients together: one less than they are, for each element."""
        elements = self.output.elements
        return elements if self.readers == 2 else (self.readers - 1) * elements


class Passed:
    """A call in the forward pass: the tensors that it took and gave, so that the backward pass finds its way."""

    __slots__ = ("came", "entry", "gave")

    def __init__(self, entry: Entry, came: list[Flow], gave: list[Flow]) -> None:
        self.entry, self.came, self.gave = entry, came, gave


def phase(entry: Entry) -> str:
    """What a call runs as in training: a frozen batch normalization runs as in inference."""
    return "inference" if entry.layer.inference_when_frozen and not entry.trainable else "training"


def backward(
    model: Model,
    entries: Sequence[Entry],
    frozen_too: bool = False,
    by_logits: Container[str] = (),
    given: Sequence[bool] | None = None,
) -> dict[str, Gradients]:
    """What each call that the backward pass goes through does in it, by the name of the call, the last first.

    No gradient goes into the data that enter, none into frozen weights, none below the lowest weight that is
    trained. Tensors that several calls read, and weights that several calls share, have their gradients added up.
    `frozen_too`: as if weights that are frozen were not; `by_logits`: the calls whose activation has no backward pass,
    since the gradient of the loss comes back before it; `given`: for each output, whether it has a loss, as all have
    where nothing is said.

    Raises `ModelCostError` where no weight is trained, or a layer's gradient is not known.
    """
    passed, all_outputs = _forwards(model, {entry.name: entry for entry in entries}, frozen_too)
    outputs = [flow for i, flow in enumerate(all_outputs) if given is None or given[i]]
    if not any(flow.wanted for flow in outputs):
        raise ModelCostError("there is nothing to train: no output hangs on a weight that is trainable")
    for flow in outputs:
        flow.readers += 1
    found: dict[str, Gradients] = {}
    for call in reversed(passed):
        if any(flow.wanted and flow.readers for flow in call.gave):
            found[call.entry.name] = _through(call, frozen_too or call.entry.trainable, call.entry.name in by_logits)
    return added_up(entries, found)


def _forwards(model: Model, entries: dict[str, Entry], frozen_too: bool) -> tuple[list[Passed], list[Flow]]:
    passed: list[Passed] = []

    def visit(name: str, call: Call, came: list[Flow]) -> list[Flow]:
        entry = entries[name]
        trained = (entry.trainable or frozen_too) and any(weight.trainable for weight in entry.facts.weights)
        wanted = trained or any(flow.wanted for flow in came)
        gave = [Flow(out, wanted and is_float(out.dtype), entry) for out in entry.facts.outputs]
        passed.append(Passed(entry, came, gave))
        return gave

    inputs = [entries[model.names[layer]] for layer in model.input_layers]
    entering = [Flow(entry.facts.outputs[0], False, entry) for entry in inputs]
    return passed, model.carried(entering, visit)


def makers(model: Model, entries: Sequence[Entry]) -> list[tuple[Entry, Output]]:
    """The calls that the outputs of a model come from, each with what it gives there."""
    _, outputs = _forwards(model, {entry.name: entry for entry in entries}, frozen_too=False)
    return [(flow.maker, flow.output) for flow in outputs if flow.maker is not None]


def _through(call: Passed, trained: bool, by_logits: bool) -> Gradients:
    """A call's gradients, those of what it gave added up first."""
    entry = call.entry
    given = tuple(flow.wanted and flow.readers > 0 for flow in call.gave)
    asked = (tuple(flow.wanted for flow in call.came), trained, phase(entry), given)

    def found() -> Gradients:
        return gradients(without(entry.facts, "activation") if by_logits else entry.facts, *asked)

    try:
        own: Gradients = entry.facts.remembered(("gradients", by_logits, *asked), found)
    except ModelCostError as error:
        raise type(error)(f"{entry.name}: {error}") from None
    for flow, reached in zip(call.came, own.reached, strict=True):
        flow.readers += reached
    several = [flow for flow in call.gave if flow.readers > 1]
    return own.but(to_inputs=[*(accumulated(flow.added()) for flow in several), *own.to_inputs]) if several else own


def without(facts: Facts, part: str) -> Facts:
    """The facts of a call but for the work of one part."""
    works = (work for work in facts.works if work.part != part)
    return Facts(facts.inputs, (*facts.outputs, *facts.weights, *works), facts.layer)
