"""Named figures as plain data: those of a row, of a total, of a level."""

from __future__ import annotations

from modelcost.count import NOTHING, Count, Term, total
from modelcost.errors import ModelCostError, UnknownNameError, unknown
from modelcost.facts import COLUMNS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from modelcost.conventions import Convention, Seen
    from modelcost.facts import Facts
    from modelcost.intensity import Intensity
    from modelcost.model import Entry, Model
    from modelcost.receptive import Field, Fields


class MissingFigureError(ModelCostError, AttributeError):
    """A figure that was not asked for; the text says which argument is missing."""


class Source:
    """Which figure a count is: of what in which model (a layer, "model", "epoch"), its name; and what `cost` was given.

    A count that knows this can be held against what it would be otherwise, such as by another convention.
    """

    __slots__ = ("arguments", "model", "name", "of")

    def __init__(self, model: Model, arguments: Mapping[str, Any], of: str, name: str) -> None:
        self.model, self.arguments, self.of, self.name = model, arguments, of, name


class Figures:
    """Named figures, read as attributes: counts, or plain ints where they were read from a file.

    A figure may be given as a function of no argument, which is called when the figure is asked for. Where it is
    said what the figures stand in, each is a count that knows its `Source`, as a figure of `place`.
    """

    def __init__(self, of: str, figures: Mapping[str, Any], around: Around | None = None, place: str = "") -> None:
        self.of, self._given, self.around, self._place = of, figures, around, place or of
        if around is None:
            self.__dict__.update((name, value) for name, value in figures.items() if not callable(value))

    @property
    def figures(self) -> dict[str, Any]:
        """All of them, by name and in order."""
        return {name: getattr(self, name) for name in self._given}

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        value = self.working(name)
        if self.around is not None and isinstance(value, Term):
            value = value.known_as(Source(self.around.model, self.around.arguments, self._place, name))
        self.__dict__[name] = value
        return value

    def working(self, name: str) -> Any:
        """A figure that need not know what it is of: a part of another, as of a sum."""
        if name not in self._given:
            raise MissingFigureError(f"{self.of} has no {name}; it has {', '.join(self._given)}")
        if name in self.__dict__:
            return self.__dict__[name]
        value = self._given[name]
        return value() if callable(value) else value

    def __contains__(self, name: object) -> bool:
        return name in self._given

    def __iter__(self) -> Iterator[str]:
        return iter(self._given)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._given]

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, **self.figures, "_given": dict.fromkeys(self._given)}

    def __repr__(self) -> str:
        return f"{self.of}: {', '.join(f'{name}={value}' for name, value in self.figures.items())}"


class Row(Figures):
    """One call of a layer: name, type, input and output shapes, and its figures for one example."""

    def __init__(
        self,
        name: str,
        type: str,
        inputs: Sequence[Sequence[Any]],
        output_shapes: Sequence[Sequence[Any]],
        figures: Mapping[str, Any],
        entry: Entry | None = None,
        convention: Convention | None = None,
        by_call: tuple[Any, Any] | None = None,
        seen: Seen | None = None,
        around: Around | None = None,
    ) -> None:
        super().__init__(name, figures, around)
        self.name, self.type = name, type
        self.inputs = tuple(tuple(shape) for shape in inputs)
        self.output_shapes = tuple(tuple(shape) for shape in output_shapes)
        self.entry, self.convention, self.by_call, self.seen = entry, convention, by_call, seen

    @property
    def output_shape(self) -> tuple[Any, ...]:
        """The shape of its first output."""
        return self.output_shapes[0]

    @property
    def receptive_field(self) -> Field:
        """Which part of the model's input a position of its output depends on: see `receptive.Field`.

        Raises `ModelCostError` where it is not known what a layer on the way looks at.
        """
        if self.around is None:
            raise self._read_from_file("its receptive field is")
        return self.around.fields[self.name]

    @property
    def intensity(self) -> Intensity:
        """FLOPs for each byte that one forward call on a mini-batch reads and writes, every tensor once: exactly.

        Raises `ModelCostError` where no byte is moved, as by what is only another view of its input.
        """
        if self.around is None or self.entry is None:
            raise self._read_from_file("its arithmetic intensity is")
        from modelcost.intensity import intensity

        return intensity(self.entry, self.flops_by_call(), self.around.batch, self.around.dtype)

    def by(self, rule: Convention, seen: Seen | None, around: Around) -> Row:
        """The same row by another convention, of a tool that may see the call otherwise."""
        if self.entry is None:
            raise self._read_from_file("what counts as a FLOP by others is")
        pair = flops_by(rule, self.entry.facts, seen)
        other = Row.__new__(Row)
        other.__dict__.update(self.__dict__)
        other.__dict__.pop("flops", None)  # which is found anew
        other.convention, other.seen, other.by_call, other.around = rule, seen, pair, around
        other._given = {**self._given, "flops": summed(pair)}
        return other

    def flops_by_call(self) -> tuple[Any, Any]:
        """FLOPs as (for each example, once a call): the second does not grow with the batch."""
        if self.by_call is None:
            raise self._read_from_file("what is done once a call is")
        return self.by_call

    def _read_from_file(self, what: str) -> ModelCostError:
        return ModelCostError(f"{self.name}: {what} known to a report that was computed, not to one read from a file")

    def part(self, names: str) -> Figures:
        """The figures of some parts of the layer alone, such as "kernel+bias": work, not memory.

        Raises `UnknownNameError` for a part that the layer does not have.
        """
        if self.entry is None or self.convention is None:
            raise self._read_from_file("parts are")
        facts, known = self.entry.facts, self.entry.facts.part_names()
        parts = frozenset(str(names).split("+"))
        for name in parts:
            if name not in known:
                raise UnknownNameError(f"{self.name}: {unknown('part', name, known)}")
        figures = {column: summed(facts.column(column, parts)) for column in COLUMNS}
        return Figures(f"{self.name}.{names}", {**figures, "flops": summed(self.convention.flops(facts, parts))})


class Around:
    """What rows stand in, for that of them which follows from more than their own layer: found when it is asked for.

    `arguments`: those of `cost` that make the same report again.
    """

    __slots__ = ("_fields", "arguments", "batch", "dtype", "entries", "model")

    def __init__(
        self,
        model: Model,
        entries: Sequence[Entry],
        batch: int,
        dtype: str | None,
        arguments: Mapping[str, Any] | None = None,
    ) -> None:
        self.model, self.entries, self.batch, self.dtype = model, entries, batch, dtype
        self.arguments: Mapping[str, Any] = arguments or {}
        self._fields: Fields | None = None

    def by(self, convention: str) -> Around:
        """The same where the report is by another convention."""
        other = Around(self.model, self.entries, self.batch, self.dtype, {**self.arguments, "convention": convention})
        other._fields = self._fields
        return other

    @property
    def fields(self) -> Fields:
        """The receptive fields of all calls."""
        if self._fields is None:
            from modelcost.receptive import Fields

            self._fields = Fields(self.model, self.entries)
        return self._fields

    def __getstate__(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("model", "entries", "batch", "dtype", "arguments")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]


def flops_by(rule: Convention, facts: Facts, seen: Seen | None) -> tuple[Any, Any]:
    """The FLOPs of a call by a convention, as (for each example, once a call); calls that are alike share them."""
    found: tuple[Any, Any]
    found = seen.flops() if seen else facts.remembered(("flops", rule.name), lambda: rule.flops(facts))
    return found


class Level(Figures):
    """The figures of one example, a mini-batch, an epoch or a run."""


def summed(parts: Iterable[Any]) -> Any:
    """The total of those parts that there are, so that no formula ends in `+ 0`."""
    there = [part for part in parts if not absent(part)]
    return there[0] if len(there) == 1 else total(there)


def absent(figure: Any) -> bool:
    """Whether there is nothing of this at all, whatever the sizes: such rows leave no trace in a total."""
    if figure is NOTHING:
        return True
    if not isinstance(figure, Count) or figure != 0:
        return False
    return not figure.args or not figure.free_sizes()
