"""What can be claimed: a table from the name of a quantity to how it is worked out, and what it measures.

A quantity of a layer is read off its row. One of the whole model is put together from those of its layers, and one of
a run from those of the model, so that a student's own earlier figures can stand in for them.
"""

from __future__ import annotations

from fractions import Fraction

from modelcost.count import Count, Term, product, total
from modelcost.errors import ModelCostError, unknown
from modelcost.facts import COLUMNS
from modelcost.homework import held
from modelcost.homework.batches import steps, training_examples, validation_examples
from modelcost.homework.passes import KINDS, TIMES, figure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from modelcost.figures import Row
    from modelcost.homework.subject import Subject


class Quantity:
    """One thing that can be claimed: of a layer, of a model, or of both; what it measures, and in which unit.

    `unit`: how much of what is counted is one of what is claimed; a claim that names a unit of its own has that.
    `of_row`, `of_model`: what it is; None where it is not said of such.
    """

    __slots__ = ("measures", "of_model", "of_row", "says", "unit")

    def __init__(
        self,
        says: str,
        of_row: Callable[[Subject, Row, str], Any] | None = None,
        of_model: Callable[[Subject, str], Any] | None = None,
        measures: str = "",
        unit: Fraction | int = 1,
    ) -> None:
        self.says, self.of_row, self.of_model = says, of_row, of_model
        self.measures, self.unit = measures, Fraction(unit)


def quantity(name: str) -> Quantity:
    """The quantity of that name; an error with the nearest names where there is none."""
    if name not in QUANTITIES:
        raise unknown("quantity", name, QUANTITIES)
    return QUANTITIES[name]


def count(subject: Subject, of: str, name: str, part: str = "") -> Any:
    """The right figure for a quantity of a layer, or of the model; a shape is a tuple.

    Raises `UnknownNameError` for a layer or a quantity that is not there, `ModelCostError` where the setting lacks
    what the quantity is made of.
    """
    asked, row = quantity(name), subject.row(of)
    if row is not None:
        if asked.of_row is None:
            raise ModelCostError(f"{name} is said of a model, not of one layer; leave out of: {of}")
        return asked.of_row(subject, row, part)
    if asked.of_model is None:
        raise ModelCostError(f"{name} is said of a layer; give its name, as in of: {subject.report.rows[0].name}")
    return asked.of_model(subject, part)


def _column(name: str, says: str = "", measures: str = "") -> Quantity:
    """A figure that rows have, and the total of all rows."""

    def of_row(subject: Subject, row: Row, part: str) -> Any:
        return (row.part(part) if part else row).working(name)

    def of_model(subject: Subject, part: str) -> Any:
        return _summed(subject, name, part)

    return Quantity(says or name.replace("_", " "), of_row, of_model, measures)


def _held(name: str, says: str) -> Quantity:
    """A figure of a report's memory."""
    return Quantity(
        says,
        (lambda subject, row, part: held.of_row(subject, row, name)) if name in held.OF_ROWS else None,
        lambda subject, part: held.of_model(subject, name),
        "bytes",
    )


def _summed(subject: Subject, name: str, part: str) -> Any:
    """The total of all layers, each by its name; of those layers alone that have the part, if one is asked for."""
    wanted = set(part.split("+")) if part else set()
    of_row = QUANTITIES[name].of_row
    assert of_row is not None
    terms = []
    for row in subject.report:
        if wanted and row.entry is not None and not wanted <= set(row.entry.facts.part_names()):
            continue
        figure = subject.figure(row.name, name, of_row(subject, row, part), part)
        if figure:
            terms.append((figure if isinstance(figure, Term) else Count(figure)).called(row.name))
    return total(terms)


def _elements(subject: Subject, row: Row, part: str) -> Any:
    return product(row.output_shape)


def _all_elements(subject: Subject, part: str) -> Any:
    """The elements of every tensor that comes to exist."""
    held = (row for row in subject.report if row.activation_bytes)
    return total(subject.figure(row.name, "elements", product(row.output_shape)).called(row.name) for row in held)


def model_figure(subject: Subject, name: str, part: str = "") -> Any:
    """A figure of the whole model that another is made of: right, or the student's own."""
    return subject.figure("model", name, count(subject, "model", name, part), part)


def _before_flatten(subject: Subject, part: str) -> Any:
    names = [row.name for row in subject.report]
    flat = next((row.name for row in subject.report if row.type == "Flatten"), names[-1])
    before = list(subject.report)[: names.index(flat)]
    return total(subject.figure(row.name, "params", row.params).called(row.name) for row in before if row.params)


def _steps_per_epoch(subject: Subject, part: str) -> Any:
    return steps(training_examples(subject), subject)


def _steps_per_run(subject: Subject, part: str) -> Any:
    own = subject.figure("model", "steps_per_epoch", _steps_per_epoch(subject, part))
    return product([subject.whole("epochs"), own])


def _instructions(subject: Subject, part: str) -> Any:
    """The multiply-adds of all passes over one example."""
    macs = model_figure(subject, "macs").called("forward pass")
    return product([Count(TIMES["flops"], "passes"), subject.whole("epochs"), macs])


def _seconds(*more: str) -> Callable[[Subject, str], Any]:
    """Instructions over a rate that was given: what the textbook method says; a fraction, so without a formula."""

    def seconds(subject: Subject, part: str) -> Any:
        rate = Fraction(subject.whole_or_part("rate"))
        base = subject.figure("model", "seconds_per_image", model_figure(subject, "instructions") / rate)
        if "data" in more:
            base = subject.figure("model", "seconds_per_run", base * subject.setting["data"])
        return base / 2 if "cores" in more else base

    return seconds


QUANTITIES: dict[str, Quantity] = {
    **{name: _column(name) for name in ("params", "trainable_params", *COLUMNS, "flops")},
    "non_trainable_params": Quantity(
        "parameters that training leaves alone",
        lambda subject, row, part: row.params - row.trainable_params,
        lambda subject, part: subject.report.non_trainable_params,
    ),
    "output_shape": Quantity(
        "the shape that comes out, without the batch",
        lambda subject, row, part: row.output_shape,
        lambda subject, part: subject.report.rows[-1].output_shape,
    ),
    "elements": Quantity("numbers that come out", _elements, _all_elements),
    "activation_bytes": _column("activation_bytes", "bytes of the outputs", "bytes"),
    "memory_all_passes": Quantity(
        "bytes of the outputs over all passes, each of which uses the same again",
        None,
        lambda subject, part: _summed(subject, "activation_bytes", part),
        "bytes",
    ),
    **{name: _held(name, says) for name, says in held.SAYS.items()},
    "params_megabytes": Quantity(
        "MB of the parameters", None, lambda subject, part: held.of_model(subject, "parameter_bytes"), "bytes", 10**6
    ),
    "params_before_flatten": Quantity("parameters of the layers before Flatten", None, _before_flatten),
    "steps_per_epoch": Quantity("mini-batches of an epoch", None, _steps_per_epoch),
    "validation_steps": Quantity(
        "mini-batches of a validation pass", None, lambda s, part: steps(validation_examples(s), s)
    ),
    "steps_per_run": Quantity("mini-batches of a run", None, _steps_per_run),
    **{
        name: Quantity(f"{kind.replace('_flops', ' ').replace('flops', '')}FLOPs of {level}", None, figure(name))
        for name, (kind, level) in KINDS.items()
    },
    "instructions": Quantity("multiply-adds of all passes over one example", None, _instructions),
    "seconds_per_image": Quantity("seconds for one example, by the rate given", None, _seconds(), "seconds"),
    "seconds_per_run": Quantity("seconds for all examples, by the rate given", None, _seconds("data"), "seconds"),
    "seconds_per_run_2_cores": Quantity(
        "seconds for all examples on two cores, which at best halve the time",
        None,
        _seconds("data", "cores"),
        "seconds",
    ),
}
"""Every quantity, by name."""
