"""What a model costs, as plain data: rows, totals, and the levels example, mini-batch, epoch and run."""

from __future__ import annotations

from functools import partial

from modelcost.conventions import convention as convention_named
from modelcost.count import NOTHING, Count, made, total
from modelcost.dtypes import COMPUTE, DEFAULT, bytes_of, known_dtype
from modelcost.errors import ModelCostError, short, unknown
from modelcost.facts import COLUMNS
from modelcost.figures import Figures, Level, MissingFigureError, Row, absent, summed
from modelcost.levels import LEVELS, NEEDS, levels
from modelcost.sizes import alike, checks, size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from modelcost.conventions import Convention
    from modelcost.facts import Facts
    from modelcost.model import Entry, Model

FIGURES = ("params", "trainable_params", *COLUMNS, "flops", "activation_bytes")
"""The figures of a row, in order; those of a total are the same and `non_trainable_params`."""


class Report:
    """The cost of a model: `report.params`, `report["conv1"].multiplies`, `report.minibatch.forward_flops`.

    Rows and totals are one forward call on one example.
    """

    def __init__(
        self, head: Mapping[str, Any], rows: Sequence[Row], totals: Figures, levels: Mapping[str, Level]
    ) -> None:
        self.model: str = head["model"]
        self.batch: int = head["batch"]
        self.dtype: str = head["dtype"]
        self.convention: str = head["convention"]
        self.settings: dict[str, Any] = dict(head["settings"])
        self.unknown: list[str] = list(head.get("unknown", ()))
        self.rows = list(rows)
        self.totals = totals
        self.levels = dict(levels)
        self._by_name = {row.name: row for row in self.rows}

    @property
    def lower_bound(self) -> str:
        """What must stand beside the figures wherever they are shown, if some layers' cost is unknown; else empty."""
        if not self.unknown:
            return ""
        which = ", ".join(self.unknown)
        return f"LOWER BOUND: what {len(self.unknown)} unknown layers cost is not in these figures: {which}"

    def __getitem__(self, name: str) -> Row:
        if not isinstance(name, str) or name not in self._by_name:
            raise unknown(f"layer of {self.model}", name, self._by_name)
        return self._by_name[name]

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *dir(self.totals), *self.levels]

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name in ("totals", "levels"):
            raise AttributeError(name)
        if name in LEVELS:
            if name not in self.levels:
                raise MissingFigureError(f"{self.model}: no {name} without {NEEDS[name]}")
            return self.levels[name]
        return getattr(self.totals, name)

    def __repr__(self) -> str:
        at_least = "at least " if self.unknown else ""
        return f"<Report on {self.model}: {len(self.rows)} layers, {at_least}{self.totals.params:,} parameters>"

    def __str__(self) -> str:
        from modelcost.render.table import table

        return table(self)

    def to_json(self, indent: int | None = 2) -> str:
        """The report as JSON text; every whole number in full. Formulas are not stored."""
        from modelcost.render.json import json

        return json(self, indent)

    @staticmethod
    def from_json(text: str) -> Report:
        """The report that `to_json` wrote: equal figures, without formulas."""
        from modelcost.render.json import parsed

        head, rows, totals, levels = parsed(text)
        return Report(
            head,
            [Row(**row) for row in rows],
            Figures(head["model"], totals),
            {name: Level(name, figures) for name, figures in levels.items()},
        )

    def to_csv(self) -> str:
        """The rows as CSV, a line each and one for the totals, exact numbers."""
        from modelcost.render.csv import csv

        return csv(self)

    def to_pandas(self) -> Any:
        """The rows as a pandas data frame, one line a layer."""
        from modelcost.render.csv import frame

        return frame(self)

    def explain(self, layer: str | None = None) -> str:
        """Formula, numbers and result of every figure of a layer, or of all layers and the totals."""
        from modelcost.render.explain import explain

        return explain(self, layer)


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
) -> Report:
    """Work out what a model costs: a `Model`, or the name of one in the zoo.

    `batch`: examples in one call; `data`: training examples, for the epoch; `epochs`, for the run;
    `convention`: what counts as a FLOP; `dtype`: of the numbers, for bytes, instead of the layers' own
    (float32 where they say none);
    `input`: another input shape, or a list of them for several inputs;
    `partial`: cost a model with unknown layers all the same, as a lower bound that says so.

    Raises `ModelCostError` for settings that cannot be, or a shape that does not fit.

    >>> report = cost("lenet5", batch=32)
    >>> report.minibatch.forward_flops == 32 * report.example.forward_flops
    True
    """
    from modelcost.importers import from_zoo, is_path, load

    shapes = None if input is None else _shapes(input)
    made_for = isinstance(model, str) and shapes is not None and not is_path(model)
    model = from_zoo(str(model), shapes) if made_for else load(model, partial)
    rule, given = convention_named(convention), {"data": data, "epochs": epochs}
    settings = {word: size(word, value) for word, value in given.items() if value is not None}
    batch = size("batch", batch)
    entries = model.entries() if shapes is None else model.on(shapes)
    head: dict[str, Any] = {
        "model": model.name or "model",
        "batch": batch,
        "dtype": _dtype(entries) if dtype is None else known_dtype(dtype),
        "convention": convention,
        "settings": settings,
        "unknown": _unknown(entries, partial),
    }
    shapeless = rule.shapeless(model)
    rows = [_row(entry, rule, dtype, entry.name in shapeless) for entry in entries]
    guarded = _guard(rows)
    totals = Figures(head["model"], _totals(rows, guarded))
    return Report(head, rows, totals, levels(rows, totals, batch, settings, guarded))


def _unknown(entries: Sequence[Entry], partial: bool) -> list[str]:
    """The layers whose cost nobody has said; an error unless a partial answer was asked for."""
    within = (entry for entry in entries if any(work.primitive.kind == "unknown" for work in entry.facts.works))
    found = [f"{entry.name} ({getattr(entry.layer, 'kind', entry.type)})" for entry in within]
    if found and not partial:
        raise ModelCostError(
            f"it is not known what these layers cost: {', '.join(found)}; register rules for them with mc.register, "
            "or ask for a lower bound with partial=True"
        )
    return found


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


def _row(entry: Entry, rule: Convention, dtype: str | None, shapeless: bool) -> Row:
    facts = entry.facts
    figures = facts.remembered((rule.name, dtype), lambda: _work_figures(entry, rule, dtype))
    flops = facts.remembered(("flops", rule.name), lambda: rule.flops(facts))
    if shapeless:
        flops = NOTHING, flops[1]
        figures = {**figures, "flops": summed(flops)}
    params = {"params": NOTHING, "trainable_params": NOTHING}
    if entry.owns_weights:
        params["params"] = facts.remembered("params", facts.params)
        if entry.trainable:
            params["trainable_params"] = facts.remembered("trainable_params", lambda: facts.params(trainable=True))
    shapes = [output.shape for output in facts.outputs]
    return Row(entry.name, entry.type, facts.inputs, shapes, {**params, **figures}, entry, rule, flops)


def _work_figures(entry: Entry, rule: Convention, dtype: str | None) -> dict[str, Any]:
    """The figures of one forward call on one example: the work for each example and that for each call."""
    facts = entry.facts
    columns = facts.columns()
    figures = {name: summed(columns[name]) if name in columns else NOTHING for name in COLUMNS}
    figures["flops"] = summed(facts.remembered(("flops", rule.name), lambda: rule.flops(facts)))
    widths = ((output, bytes_of(_held_as(output.dtype or entry.layer.dtype, dtype))) for output in facts.held())
    figures["activation_bytes"] = total(output.elements * Count(width, "bytes") for output, width in widths)
    return figures


def _held_as(own: str | None, asked: str | None) -> str:
    """The dtype in which numbers are held: their own; but numbers with a fraction are held as was asked."""
    computed = COMPUTE[own] if own else DEFAULT
    return asked if asked is not None and "float" in computed else computed


def _dtype(entries: Sequence[Entry]) -> str:
    """The dtype of the model's layers, or "mixed" where they have several."""
    found = dict.fromkeys(_held_as(entry.layer.dtype, None) for entry in entries)
    floats = [name for name in found if "float" in name]
    return floats[0] if len(floats) == 1 else "mixed" if floats else DEFAULT


def _totals(rows: Sequence[Row], guarded: Callable[[Any], Any]) -> dict[str, Any]:
    def over_rows(name: str) -> Any:
        return guarded(total(figure.called(row.name) for row in rows if not absent(figure := getattr(row, name))))

    def non_trainable() -> Any:
        frozen = (row for row in rows if not alike(row.params, row.trainable_params))
        others = ((row.params - row.trainable_params).called(row.name) for row in frozen)
        return guarded(total(others))

    return {**{name: partial(over_rows, name) for name in FIGURES}, "non_trainable_params": non_trainable}


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
