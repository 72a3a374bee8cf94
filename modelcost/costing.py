"""From a model and settings to a report: the one function that everything else is called by."""

from __future__ import annotations

from functools import partial as later

from modelcost.conventions import convention as convention_named
from modelcost.count import NOTHING, Count, made, total
from modelcost.dtypes import DEFAULT, bytes_of, computed_as, held_as
from modelcost.errors import ModelCostError, short
from modelcost.facts import COLUMNS
from modelcost.figures import Around, Figures, Row, absent, summed
from modelcost.levels import Levels
from modelcost.report import FIGURES, Report
from modelcost.sizes import agreed, alike, checks, size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from modelcost.conventions import Convention, Seen
    from modelcost.facts import Facts
    from modelcost.model import Entry, Model
    from modelcost.timing.cpu import CPU
    from modelcost.training.optimizer import Optimizer
    from modelcost.training.schedule import Schedule
    from modelcost.training.step import Step


def cost(
    model: Model | str,
    *,
    batch: int = 1,
    data: int | None = None,
    epochs: int | None = None,
    convention: str = "flops",
    dtype: str | None = None,
    input: Sequence[Any] | None = None,
    partial: bool = False,
    optimizer: Any = None,
    loss: Any = None,
    validation: float | None = None,
    test: int | None = None,
    drop_remainder: bool = False,
    early_stop: int | None = None,
    cpu: CPU | str | None = None,
    method: str | None = None,
    mode: str = "graph",
    assume: Mapping[str, float] | None = None,
    memory: bool = False,
) -> Report:
    """Work out what a model costs: a `Model`, or the name of one in the zoo.

    `batch`: examples in one call; `data`: training examples, for the epoch; `epochs`, for the run;
    `convention`: what counts as a FLOP; `dtype`: of the numbers, for bytes, instead of the layers' own
    (float32 where they say none), or a policy such as "mixed_float16";
    `input`: another input shape, or a list of them for several inputs;
    `partial`: cost a model with unknown layers all the same, as a lower bound that says so.

    With an `optimizer`, such as "adam" or "SGD(momentum=0.9)", the levels from the mini-batch on are those of
    training: forward in training mode, backward, the optimizer's step, and their sum; `report.training` has them by
    layer. `loss`, such as "mse", or one for each output, is counted where it is given, with its gradient.
    `validation`: a fraction of the data, or examples beside it; `test`: examples after the run; both are passes
    forward, apart from the others. `drop_remainder` leaves out a last short batch; `early_stop` is the epoch after
    which the run ended.

    `cpu`: on which the time is estimated, by `method`, in a `mode` of call, with assumptions changed by `assume`
    (see `timing.estimate`). `report.memory` has what is held in memory (see `memory.Memory`); it stands in the
    table and in JSON where there is an optimizer, or where it is asked for by `memory`.

    Raises `ModelCostError` for settings that cannot be, or a shape that does not fit.

    >>> report = cost("lenet5", batch=32)
    >>> report.minibatch.forward_flops == 32 * report.example.forward_flops
    True
    >>> step = cost(model="vgg16", batch=32, optimizer="sgd").minibatch
    >>> step.flops == step.forward_flops + step.backward_flops + step.optimizer_flops
    True
    """
    from modelcost.importers import from_zoo, is_path, load

    shapes = None if input is None else _shapes(input)
    made_for = isinstance(model, str) and shapes is not None and not is_path(model)
    model = from_zoo(str(model), shapes) if made_for else load(model, partial)
    batch = size("batch", batch)
    if dtype is not None:
        computed_as(dtype)  # an error for one that is not known
    rule = convention_named(convention).at(batch)
    trainer = None if optimizer is None else _optimizer(optimizer)
    told: dict[str, Any] = {"data": data, "epochs": epochs, "validation": validation, "test": test}
    told |= {"early_stop": early_stop, "drop_remainder": drop_remainder or None}
    settings = {word: value for word, value in told.items() if value is not None}
    schedule = _schedule(batch, settings, trainer)
    settings |= _trained(optimizer, trainer, loss)
    entries = model.entries() if shapes is None else model.on(shapes)
    head: dict[str, Any] = {
        "model": model.name or "model",
        "batch": batch,
        "dtype": _dtype(entries) if dtype is None else dtype,
        "convention": convention,
        "settings": settings,
        "unknown": _unknown(entries, partial, trainer is not None),
    }
    seen = rule.seen(model, entries)
    how: dict[str, Any] = {"batch": batch, "dtype": dtype, "optimizer": optimizer, "input": shapes}
    asked = {**how, **told, "convention": convention, "partial": partial, "loss": loss}
    around = Around(model, entries, batch, dtype, asked)
    rows = [_row(entry, rule, around, seen.get(entry.name)) for entry in entries]
    guarded = _guard(rows)
    totals = Figures(head["model"], _totals(rows, guarded), around, "model")
    N = Count(batch, "N", size="batch")
    N = N if rule.batch is None else agreed((N, Count(rule.batch)))  # rebinding it to another is an error
    step = None if trainer is None else _step(model, entries, rule, trainer, loss, dtype)
    levels = Levels(rows, totals, guarded, step, around).found(N, schedule)
    training = None if step is None else step.training(N)
    report = Report(head, rows, totals, levels, training)
    report.network, report.planner = model, later(_memory, model, how)
    report.shows_memory = memory or trainer is not None
    return report if (cpu, method, assume) == (None, None, None) else _timed(report, model, cpu, method, mode, assume)


def _timed(report: Report, model: Model, *asked: Any) -> Report:
    """The report with the time that it takes, as was asked for."""
    from modelcost.timing.estimate import timed

    report.time = timed(report, model, *asked)
    return report


def _memory(model: Model, settings: dict[str, Any]) -> Any:
    """The memory of a model, for when it is asked for: planning takes longer than counting."""
    from modelcost.memory import Memory

    return Memory(model, **settings)


def _trained(optimizer: Any, trainer: Optimizer | None, loss: Any) -> dict[str, str]:
    """What was said of training, in words."""
    if trainer is None:
        if loss is not None:
            raise ModelCostError("a loss is a part of training, which needs an optimizer; give optimizer=...")
        return {}
    told = {"optimizer": optimizer if isinstance(optimizer, str) else repr(trainer)}
    return told if loss is None else {**told, "loss": loss if isinstance(loss, str) else repr(loss)}


def _optimizer(identifier: Any) -> Optimizer:
    from modelcost.training.optimizers import get

    return get(identifier)


def _step(model: Model, entries: Sequence[Entry], rule: Convention, optimizer: Any, loss: Any, dtype: Any) -> Step:
    from modelcost.training.step import Step, check_dtypes

    check_dtypes(entries, dtype)
    return Step(model, entries, rule, optimizer, loss)


def _schedule(batch: int, settings: Mapping[str, Any], optimizer: Optimizer | None) -> Schedule | None:
    """How often what is done; None without data, without which nothing else can be said of epochs."""
    if "data" not in settings:
        alone = [word for word in settings if word != "epochs"]
        if alone:
            raise ModelCostError(f"{alone[0]} says something of epochs, and needs the training examples; give data=...")
        if "epochs" in settings:
            size("epochs", settings["epochs"])
        return None
    from modelcost.training.schedule import Schedule

    accumulated = None if optimizer is None else optimizer.gradient_accumulation_steps
    return Schedule(batch, **settings, gradient_accumulation_steps=accumulated)


PARTIAL = "or ask for a lower bound with partial=True"
REFUSED = {
    "both": f"it is not known what these layers cost: {{}}; register rules for them with mc.register, {PARTIAL}",
    "training": f"what these layers do is not counted: {{}}; let it be done to the data before the model, {PARTIAL}",
    "constraint": f"it is not known what these constraints do in training: {{}}; leave them out, {PARTIAL}",
}
"""What is said where a part of a cost is not known, by which part it is."""


def _unknown(entries: Sequence[Entry], partial: bool, training: bool) -> list[str]:
    """What nobody has said the cost of, in inference or in training too; an error unless a partial answer was asked
    for.
    """
    found = {"both": _with_unknown(entries, ("both", "inference"))}
    if training:
        found |= {"training": _with_unknown(entries, ("training",)), "constraint": _own_constraints(entries)}
    for part, names in found.items():
        if names and not partial:
            raise ModelCostError(REFUSED[part].format(", ".join(names)))
    return [name for names in found.values() for name in names]


def _with_unknown(entries: Sequence[Entry], phases: tuple[str, ...]) -> list[str]:
    """Calls with unknown work in these phases, each with its type."""
    found = (
        entry
        for entry in entries
        if any(work.primitive.kind == "unknown" and work.phase in phases for work in entry.facts.works)
    )
    told = ", in training" if phases == ("training",) else ""
    return [f"{entry.name} ({getattr(entry.layer, 'kind', entry.type)}{told})" for entry in found]


def _own_constraints(entries: Sequence[Entry]) -> list[str]:
    from modelcost.training.constrained import others
    from modelcost.training.step import trained_weights

    return [f"{entry.name} ({one})" for entry in entries for one in others(entry.layer, trained_weights(entry))]


def _shapes(input: Sequence[Any]) -> list[tuple[Any, ...]]:
    rule = "input must be the sizes of one example, such as (224, 224, 3), or a list of such for several inputs"
    if not isinstance(input, list | tuple):
        raise ModelCostError(f"{rule}. Received: input={short(input)}")
    given = list(input) if any(isinstance(one, list | tuple) for one in input) else [input]
    if not all(isinstance(one, list | tuple) for one in given):
        raise ModelCostError(f"{rule}. Received: input={short(input)}")
    several = [tuple(one) for one in given]
    for shape in several:
        for i, length in enumerate(shape):
            size(f"axis {i} of input", length)
    return several


def _row(entry: Entry, rule: Convention, around: Around, seen: Seen | None) -> Row:
    facts, dtype = entry.facts, around.dtype
    work = facts.remembered(("work", dtype), lambda: _work_figures(entry, dtype))
    figures = {**dict.fromkeys(FIGURES, NOTHING), **work}
    if entry.owns_weights:
        figures["params"] = facts.remembered("params", facts.params)
        if entry.trainable:
            figures["trainable_params"] = facts.remembered("trainable_params", lambda: facts.params(trainable=True))
    flops = seen.flops() if seen else facts.remembered(("flops", rule.name), lambda: rule.flops(facts))
    figures["flops"] = summed(flops)
    shapes = [output.shape for output in facts.outputs]
    return Row(entry.name, entry.type, facts.inputs, shapes, figures, entry, rule, flops, seen, around)


def _work_figures(entry: Entry, dtype: str | None) -> dict[str, Any]:
    """The figures of one forward call on one example, FLOPs left out: work for each example and that for each call."""
    columns = entry.facts.columns()
    figures = {name: summed(columns[name]) for name in COLUMNS if name in columns}
    figures["activation_bytes"] = activation_bytes(entry, dtype)
    return figures


def activation_bytes(entry: Entry, dtype: str | None = None) -> Any:
    """The bytes of what a call gives for one example, and of what comes to exist within it; views hold none."""
    held = entry.facts.held()
    widths = ((output, bytes_of(held_as(output.dtype or entry.layer.dtype, dtype))) for output in held)
    return total(output.elements * Count(width, "bytes") for output, width in widths)


def _dtype(entries: Sequence[Entry]) -> str:
    """The dtype of the model's layers, or "mixed" where they have several."""
    found = dict.fromkeys(held_as(entry.layer.dtype) for entry in entries)
    floats = [name for name in found if "float" in name]
    return floats[0] if len(floats) == 1 else "mixed" if floats else DEFAULT


def _totals(rows: Sequence[Row], guarded: Callable[[Any], Any]) -> dict[str, Any]:
    def over_rows(name: str) -> Any:
        return guarded(total(figure.called(row.name) for row in rows if not absent(figure := getattr(row, name))))

    def non_trainable() -> Any:
        frozen = (row for row in rows if not alike(row.params, row.trainable_params))
        others = ((row.params - row.trainable_params).called(row.name) for row in frozen)
        return guarded(total(others))

    return {**{name: later(over_rows, name) for name in FIGURES}, "non_trainable_params": non_trainable}


def _sizes(facts: Facts) -> Iterator[Any]:
    """Every size that a layer works with: those that come out, those of its weights, those that it folds."""
    for shape in (*(output.shape for output in facts.outputs), *(weight.shape for weight in facts.weights)):
        yield from shape
    for work in facts.works:
        yield from (work.times, work.primitive.n, work.primitive.over)


def _guard(rows: Sequence[Row]) -> Callable[[Any], Any]:
    """Ties a figure of the whole model to its layers: no rebinding gives it for sizes that one of them cannot have."""
    known: list[tuple[Any, ...]] = []

    def guarded(figure: Any) -> Any:
        if not known:
            several = {id(row.entry.facts): row.entry.facts for row in rows if row.entry is not None}
            known.append(checks(size for facts in several.values() for size in _sizes(facts)))
        return made("given", (figure, *known[0])) if known[0] else figure

    return guarded
