"""The view that explains: each figure of a layer as formula, numbers and result, as a student would write it."""

from __future__ import annotations

from itertools import chain

from modelcost.conventions import convention
from modelcost.count import Count, product, total
from modelcost.errors import ModelCostError
from modelcost.render.blocks import Heading, Paragraph, Working, Workings
from modelcost.render.named import sizes
from modelcost.render.page import flops_note, plain
from modelcost.render.profiled import defects, operations
from modelcost.render.units import shapes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from modelcost.conventions import Convention
    from modelcost.figures import Figures, Row
    from modelcost.render.blocks import Block
    from modelcost.report import Report

WORDS = {"example": "one example", "minibatch": "a mini-batch", "epoch": "an epoch", "run": "a run"}


class Explained:
    """A report, and the one layer that was asked for; None is all of them and the totals."""

    def __init__(self, report: Report, layer: str | None = None) -> None:
        if any(row.entry is None for row in report):
            rule = "rows that were read from a file or put together have no formulas of a layer"
            raise ModelCostError(f"{rule}; explain the report that cost() gave")
        self.report, self.layer = report, layer
        self.rows = report.rows if layer is None else [report[layer]]


def explain(report: Report, layer: str | None = None) -> str:
    """Formula, numbers and result of every figure of a layer, or of all layers and the totals.

    Raises `UnknownNameError` for a layer that is not there, `ModelCostError` for a report without formulas.
    """
    from modelcost.render.table import written

    return written(blocks(Explained(report, layer)))


def blocks(subject: Explained) -> list[Block]:
    """What a person sees: layer for layer, then the totals."""
    found: list[Block] = [Paragraph(subject.report.lower_bound, warning=True)] if subject.report.lower_bound else []
    for row in subject.rows:
        found += [Heading(f"{row.name}: {row.type}, {way(row)}"), _words_or_workings(row)]
        found += [
            Workings(step)
            for step in (step_workings(subject.report, row.name), held_workings(subject.report, row.name))
            if step
        ]
        found += [Paragraph(text) for text in (defects(row),) if text]
    if subject.layer is None:
        found += [
            Heading(f"{subject.report.model}: totals of one example"),
            Workings(list(total_workings(subject.report))),
        ]
        heading = "Training" if subject.report.trains else "Forward pass"
        found += [Heading(heading), Workings(list(level_workings(subject.report))), *_rules_of_thumb(subject.report)]
        if subject.report.shows_memory:
            found += [Heading("Memory"), Workings(list(memory_workings(subject.report)))]
    return [*found, Paragraph(flops_note(subject.report.convention))]


def way(row: Row) -> str:
    """What goes in and what comes out; and where the weights are, if they are not here."""
    assert row.entry is not None
    ends = (shapes(row.inputs, names=True), shapes(row.output_shapes, names=True))
    shared = not row.entry.owns_weights and row.entry.facts.weights
    return " -> ".join(end for end in ends if end) + (", with the weights of its first call" if shared else "")


def _words_or_workings(row: Row) -> Block:
    workings = layer_workings(row)
    nothing = "Nothing to count: no parameters, no arithmetic, no memory of its own."
    return Workings(workings) if workings else Paragraph(nothing)


def layer_workings(row: Row) -> list[Working]:
    """The sizes that the formulas mention, then each figure that is not zero, with its parts below it."""
    figures = list(_figures(row))
    formulas = [working.count for working in figures if not working.of_figures]
    named = sizes(formulas, chain(*row.inputs), chain(*row.output_shapes))
    return [*(Working(name, size) for name, size in named), *figures]


def _figures(row: Row) -> Iterator[Working]:
    """Each figure that is not zero, with its parts below it."""
    for name, value in row.figures.items():
        if name == "flops":
            yield from _flops_of(row)
        elif name != "trainable_params" or value != row.params:
            yield from _shown(name, value, _parts(row, name))


def _flops_of(row: Row) -> Iterator[Working]:
    assert row.convention is not None
    by_operation = operations(row)
    if by_operation:
        return _shown(_flops(row.convention.name), row.flops, by_operation)
    return _weighed(row.convention, row, row.part)


def _shown(
    name: str, value: Any, parts: list[tuple[str, Any]] | None = None, of_figures: bool = False
) -> Iterator[Working]:
    if not _counts(value):
        return
    several = [(part, count) for part, count in parts or () if _counts(count)]
    if len(several) < 2:
        yield Working(name, value, of_figures=of_figures)
        return
    yield Working(name, total(count.called(part) for part, count in several), of_figures=True)
    yield from (Working(part, count, depth=1) for part, count in several)


def step_workings(report: Report, name: str) -> list[Working]:
    """What a call does in a training step on a mini-batch; nothing, where none was asked for."""
    if not report.trains:
        return []
    figures = report.training[name].figures
    several = [list(_shown(f"step.{figure}", value)) for figure, value in figures.items() if _counts(value)]
    numbers = [Working(part.name, part, depth=1) for part in figures["optimizer_flops"].named_parts()]
    if numbers:
        several[-2] += numbers  # all parameters of the layer together
    shown = several if len(several) != 2 else several[:1]  # the sum of one alone says nothing new
    return [working for each in shown for working in each]


def _rules_of_thumb(report: Report) -> list[Block]:
    """What rules of thumb say of a step, with their working, why, and how far they are from what it is."""
    if not report.trains:
        return []
    from modelcost.render.training import error
    from modelcost.training.approximations import approximated

    several = approximated(report.training)
    if not several:
        return []
    workings = [Working("forward + backward", several[0].exact_flops)]
    workings += [Working(one.rule.name, one.flops) for one in several]
    told = [Paragraph(f"{one.rule.name}, {error(one)}: {one.rule.says}.") for one in several]
    return [Heading("Rules of thumb for a step, forward and backward"), Workings(workings), *told]


def held_workings(report: Report, name: str) -> list[Working]:
    """What a call has of the memory in a training step on a mini-batch; nothing, where none was asked for."""
    if not (report.trains and report.shows_memory):
        return []
    row = next(row for row in report.memory.rows if row.of == name)
    return figure_workings(row, "memory.")


def figure_workings(figures: Figures, before: str = "") -> list[Working]:
    """The figures that are not zero, each with its working; `before` stands before their names."""
    return [working for name, value in figures.figures.items() for working in _shown(f"{before}{name}", value)]


def memory_workings(report: Report) -> Iterator[Working]:
    """What is held in memory on a mini-batch: the figures, and where each layer's add up to one of them."""
    for name, value in report.memory.figures.items() if report.shows_memory else ():
        at = report.memory.peaks.get(name.removeprefix("peak_").removesuffix("_bytes"), "")
        yield from _shown(f"memory.{name}{f' ({at})' if at else ''}", value)


def _counts(figure: Any) -> bool:
    """Whether there is anything of it, or may be."""
    return not isinstance(figure, int) or figure != 0


def _parts(row: Row, name: str) -> list[tuple[str, Any]]:
    """A figure of work by the parts of the layer; parameters and memory are written as one formula."""
    assert row.entry is not None
    if name.endswith(("params", "bytes")):
        return []
    return [(part, row.part(part).figures[name]) for part in row.entry.facts.part_names()]


def _weighed(rule: Convention, figures: Any, parts: Any = None) -> Iterator[Working]:
    """FLOPs as the convention puts them together from the columns; their own working where it does more than that."""
    terms: list[tuple[int, str, Any]] = [
        (weight, name, getattr(figures, name)) for name, weight in rule.weights.items()
    ]
    for part, weights in rule.part_weights.items() if parts else ():
        if part in figures.entry.facts.part_names():
            terms += [(w, f"{part}_{name}", getattr(parts(part), name)) for name, w in weights.items()]
    whole = total(product((weight, count.called(name))) for weight, name, count in terms if _counts(count))
    together = whole == figures.flops and isinstance(whole, Count)
    yield from _shown(_flops(rule.name), whole if together else figures.flops, of_figures=together)


def _flops(convention: str) -> str:
    return "flops" if convention == "flops" else f"flops ({convention})"


def total_workings(report: Report) -> Iterator[Working]:
    """The totals of one example, each as the sum over its layers."""
    names = {row.name for row in report}
    for name, value in report.totals.figures.items():
        if name == "flops":
            yield from _weighed(convention(report.convention), report.totals)
        elif name != "trainable_params" or value != report.totals.params:
            yield from _shown(name, total([value], name) if value.name in names else value)


def level_workings(report: Report) -> Iterator[Working]:
    """The figures of example, mini-batch, epoch and run, and the parts of them that are new."""
    for level, found in report.levels.items():
        for name, value in found.figures.items():
            yield Working(f"{name} of {WORDS[level]}", value)
            yield from (Working(part.name, part, depth=1) for part in value.named_parts() if _new(part, level))


def _new(part: Any, level: str) -> bool:
    """Whether a part of a level has not been worked out before: `each` and `once` stand under the mini-batch."""
    return (level == "minibatch" and part.name in ("each", "once") and _counts(part)) or part.name in (
        "step",
        "last_step",
    )


def records(subject: Explained) -> list[list[Any]]:
    """A line for each working: layer, figure, formula, numbers, value."""
    lines = [[name, w.name, w.count.formula(), w.count.numbers(), w.count] for name, w in _all(subject)]
    return [["layer", "figure", "formula", "numbers", "value"], *lines]


def _all(subject: Explained) -> Iterable[tuple[str, Working]]:
    report = subject.report
    found = [(row.name, working) for row in subject.rows for working in _of_row(report, row)]
    if subject.layer is None:
        found += [
            ("", working) for working in (*total_workings(report), *level_workings(report), *memory_workings(report))
        ]
    return found


def _of_row(report: Report, row: Row) -> list[Working]:
    return [*layer_workings(row), *step_workings(report, row.name), *held_workings(report, row.name)]


def data(subject: Explained) -> dict[str, Any]:
    """The workings as plain data, by layer."""
    report = subject.report
    found = {name: getattr(report, name) for name in ("model", "batch", "dtype", "convention")}
    found["layers"] = [
        {"name": row.name, "type": row.type, "input": shapes(row.inputs), "output": shapes(row.output_shapes)}
        | {"workings": [_plain(working) for working in _of_row(report, row)]}
        for row in subject.rows
    ]
    if subject.layer is None:
        found["totals"] = [_plain(working) for working in total_workings(report)]
        found["per"] = [_plain(working) for working in level_workings(report)]
        found |= {"memory": [_plain(working) for working in memory_workings(report)]} if report.shows_memory else {}
    return found


def _plain(working: Working) -> dict[str, Any]:
    count = working.count
    value = plain({"value": count})["value"]
    return {"figure": working.name, "formula": count.formula(), "numbers": count.numbers(), "value": value}
