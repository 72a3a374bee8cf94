"""From a model and settings to a report: the one function that everything else is called by."""

from __future__ import annotations

from functools import partial as later

from modelcost.asked import Asked
from modelcost.count import NOTHING, Count, made, total
from modelcost.dtypes import DEFAULT, bytes_of, held_as
from modelcost.facts import COLUMNS
from modelcost.figures import Around, Figures, Row, absent, flops_by, summed
from modelcost.levels import Levels
from modelcost.report import FIGURES, Basis, Report
from modelcost.sizes import agreed, alike, checks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from modelcost.conventions import Convention, Seen
    from modelcost.facts import Facts
    from modelcost.model import Entry, Model
    from modelcost.timing.cpu import CPU


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
    layer. `loss`, such as "mse", is counted where it is given, with its gradient: one for all outputs, or a list or a
    dictionary by their names, in which None is no loss.
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
    passes = {"data": data, "epochs": epochs, "validation": validation, "test": test, "early_stop": early_stop}
    asked = Asked(
        {"batch": batch, "dtype": dtype, "convention": convention, "input": input, "partial": partial},
        {"optimizer": optimizer, "loss": loss},
        {**passes, "drop_remainder": drop_remainder or None},
    )
    model = asked.model(model)
    report = _report(model, asked)
    report.shows_memory = memory or optimizer is not None
    if (cpu, method, assume) != (None, None, None):
        from modelcost.timing.estimate import timed

        report.time = timed(report, model, cpu, method, mode, assume)
    return report


def _report(model: Model, asked: Asked) -> Report:
    """The report on a model, without the time that it takes."""
    entries = asked.entries(model)
    head = {**asked.head(entries), "model": model.name or "model", "dtype": asked.dtype or _dtype(entries)}
    rule, around = asked.rule, Around(model, entries, asked.batch, asked.dtype, asked.arguments)
    seen = rule.seen(model, entries)
    rows = [_row(entry, rule, around, seen.get(entry.name)) for entry in entries]
    report = assembled(head, rows, rule, Basis(around, asked.schedule, asked.step(model, entries), guard(entries)))
    report.network, report.planner = model, later(_memory, model, asked.memory_arguments)
    return report


def assembled(head: Mapping[str, Any], rows: Sequence[Row], rule: Convention, basis: Basis) -> Report:
    """The report of these rows, by a convention."""
    around, step = basis.around, basis.step
    totals = Figures(head["model"], _totals(rows, basis.guarded), around, "model")
    N = Count(head["batch"], "N", size="batch")
    N = N if rule.batch is None else agreed((N, Count(rule.batch)))  # rebinding it to another is an error
    levels = Levels(rows, totals, basis.guarded, step, around).found(N, basis.schedule)
    report = Report(head, rows, totals, levels, None if step is None else step.training(N))
    report.basis = basis
    return report


def _memory(model: Model, settings: dict[str, Any]) -> Any:
    """The memory of a model, for when it is asked for: planning takes longer than counting."""
    from modelcost.memory import Memory

    return Memory(model, **settings)


def _row(entry: Entry, rule: Convention, around: Around, seen: Seen | None) -> Row:
    facts, dtype = entry.facts, around.dtype
    work = facts.remembered(("work", dtype), lambda: _work_figures(entry, dtype))
    figures = {**dict.fromkeys(FIGURES, NOTHING), **work}
    if entry.owns_weights:
        figures["params"] = facts.remembered("params", facts.params)
        if entry.trainable:
            figures["trainable_params"] = facts.remembered("trainable_params", lambda: facts.params(trainable=True))
    flops = flops_by(rule, facts, seen)
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


def guard(entries: Sequence[Entry]) -> Callable[[Any], Any]:
    """Ties a figure of the whole model to its layers: no rebinding gives it for sizes that one of them cannot have."""
    known: list[tuple[Any, ...]] = []

    def guarded(figure: Any) -> Any:
        if not known:
            several = {id(entry.facts): entry.facts for entry in entries}
            known.append(checks(size for facts in several.values() for size in _sizes(facts)))
        return made("given", (figure, *known[0])) if known[0] else figure

    return guarded
