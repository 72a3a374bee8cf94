"""What a claim may be held against: the right figure, the same by other conventions, and figures mistaken for it."""

from __future__ import annotations

from math import log2

from modelcost.conventions import CONVENTIONS
from modelcost.count import Count, Expression, product
from modelcost.errors import ModelCostError
from modelcost.homework.batches import steps, training_examples, validation_examples
from modelcost.homework.passes import KINDS, by_hand, trains, ways
from modelcost.homework.quantities import (
    QUANTITIES,
    count,
    model_figure,
)
from modelcost.homework.search import searched
from modelcost.homework.slips import Slip
from modelcost.homework.variants import OTHER_ARGUMENT, layer_variants
from modelcost.layers.windows import windows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from modelcost.figures import Row
    from modelcost.homework.search import Search
    from modelcost.homework.subject import Subject

    Nearby = tuple[tuple[str, int], ...]

OTHER_CONVENTION, OTHER_QUANTITY, OTHER_LAYER, OTHER_NETWORK = 1.5, 3.5, 4.0, 2.5
AND_BY = ", counted by "
"""Between a rule of thumb and the convention by which it was followed."""
CITED = {"macs": 1, "2macs": 2}
"""Conventions by which networks are mostly cited, and what they count for each multiply-accumulate."""
FAMILIES = ("alexnet", "vgg", "resnet")
"""Networks of the zoo that have variants, by the beginning of their names."""
BY_HAND = 0.5  # bits of what is worked out by hand where the exact figure is known
NOT_THE_NETWORK = ("tf1-unbatched",)
"""Conventions that say where a figure is from, and by which nothing is right."""


class Reference:
    """A figure that a claim may be: the count, the convention it is right by, or the slip that put it there.

    `bits`: how surprising it is that this was meant. `way`: what it takes for granted, where it is not the exact one.
    `own`: it is made of the student's own earlier figures; `rounded`: of one that was rounded and goes on as if it
    were exact.
    """

    __slots__ = ("_of", "_search", "bits", "convention", "count", "own", "rounded", "slip", "way")

    def __init__(
        self, count: Any, bits: float = 0.0, convention: str = "", slip: Slip | None = None, way: str = ""
    ) -> None:
        self.count, self.bits, self.convention, self.slip, self.way = count, bits, convention, slip, way
        self.own = self.rounded = False
        self._of = self
        self._search: Search | None = None

    def after(self, bits: float) -> Reference:
        """The same, so much more surprising; what was found out about its formula is shared."""
        other = Reference(self.count, self.bits + bits, self.convention, self.slip, self.way)
        other._of = self._of
        return other

    @property
    def by(self) -> str:
        """By what a claim of this figure is right, and not simply so."""
        return AND_BY.join(one for one in (self.way, self.convention) if one)

    def search(self, nearby: Nearby) -> Search | None:
        """What finds slips in its formula; None where it has none."""
        if not isinstance(self.count, int):
            return None
        if self._of._search is None:
            self._of._search = searched(self.count, nearby)
        return self._of._search

    def __repr__(self) -> str:
        return f"Reference({self.count}, {self.bits}, {self.by or self.slip or 'right'})"


SIBLINGS = {
    "multiplies": ("adds", "flops", "params", "elements"),
    "adds": ("multiplies", "flops", "params", "elements"),
    "macs": ("elements", "flops", "params", "adds"),
    "flops": ("params", "elements", "comparisons", "transcendentals"),
    "params": ("trainable_params", "non_trainable_params", "multiplies", "elements"),
    "trainable_params": ("params", "non_trainable_params"),
    "non_trainable_params": ("params", "trainable_params"),
    "activation_bytes": ("params", "parameter_bytes"),
    "parameter_bytes": ("activation_bytes", "gradient_bytes"),
    "gradient_bytes": ("parameter_bytes", "optimizer_bytes"),
    "optimizer_bytes": ("parameter_bytes", "gradient_bytes"),
    "memory.activation_bytes": ("activation_bytes", "kept_activation_bytes", "parameter_bytes"),
    "kept_activation_bytes": ("memory.activation_bytes", "activation_bytes"),
    "peak_inference_bytes": ("peak_training_bytes", "process_inference_bytes", "memory.activation_bytes"),
    "peak_training_bytes": ("peak_inference_bytes", "process_training_bytes", "kept_activation_bytes"),
    "process_inference_bytes": ("peak_inference_bytes", "process_training_bytes"),
    "process_training_bytes": ("peak_training_bytes", "process_inference_bytes"),
    "elements": ("params", "multiplies"),
    "comparisons": ("elements", "flops"),
    "flops_per_minibatch": ("flops_per_epoch",),
    "flops_per_epoch": ("flops_per_minibatch", "flops_per_run"),
    "flops_per_run": ("flops_per_epoch",),
}
"""What is often given in place of a quantity."""


def references(subject: Subject, of: str, name: str, part: str = "") -> list[Reference]:
    """Everything that a claim of this quantity may be, the right figure first, then the likelier before the rarer."""
    if subject.carrying:
        return _found(subject, of, name, part)
    key = subject.convention, of, name, part
    if key not in subject.known:
        subject.known[key] = _found(subject, of, name, part)
    return subject.known[key]


def _found(subject: Subject, of: str, name: str, part: str) -> list[Reference]:
    found = [*_right(subject, of, name, part), *_conventions(subject, of, name, part)]
    found += _without_activation(subject, of, name, part)
    found += [*_siblings(subject, of, name, part), *_rule(subject, of, name)]
    row = subject.row(of)
    if row is not None:
        found += [*_rows(subject, row, name, part), *_variants(subject, row, name, part)]
    found += _networks(subject, of, name, part)
    if isinstance(found[0].count, Expression):
        raise ModelCostError(f"{name} of {of} depends on sizes that are not known; give input: ... in the setting")
    found = [one for one in found if not isinstance(one.count, Expression)]
    kept: dict[tuple[int, bool], Reference] = {}
    for one in [found[0], *sorted((one for one in found[1:] if one.count), key=lambda one: one.bits)]:
        kept.setdefault((one.count, isinstance(one.count, int) and bool(getattr(one.count, "args", ()))), one)
    return list(kept.values())


def _right(subject: Subject, of: str, name: str, part: str) -> Iterator[Reference]:
    """The right figure; of more than one example, beside it what comes out by hand."""
    if name not in KINDS or subject.row(of) is not None:
        yield Reference(count(subject, of, name, part))
        return
    for way, figure in ways(subject, name):
        yield Reference(figure, BY_HAND if way and not subject.carrying else 0.0, way=way)


def _conventions(subject: Subject, of: str, name: str, part: str) -> Iterator[Reference]:
    if "flops" not in name:
        return
    for i, convention in enumerate(CONVENTIONS):
        bits = OTHER_CONVENTION + i / 10 + (1.0 if convention.startswith("tf") else 0.0)
        for way, figure in by_convention(subject, of, name, part, convention):
            if convention in NOT_THE_NETWORK:
                text = f"this is {CONVENTIONS[convention].says} (tf1-unbatched)"
                slip = Slip(convention, OTHER_QUANTITY, text, "was a batch size known to the profiler?", {})
                yield Reference(figure, OTHER_QUANTITY, slip=slip)
            else:
                yield Reference(figure, bits + (BY_HAND if way else 0.0), convention, way=way)


def by_convention(subject: Subject, of: str, name: str, part: str, convention: str) -> list[tuple[str, Any]]:
    """A figure by another convention; of more than one example, what comes out by hand (see `trained.exactly`)."""
    if convention == subject.convention:
        return []
    other = subject.by(convention)
    try:
        by_example = name in KINDS and (subject.carrying or trains(subject, name))
        return (
            list((by_hand if by_example else ways)(other, name))
            if name in KINDS
            else [("", count(other, of, name, part))]
        )
    except ModelCostError:
        return []


def _without_activation(subject: Subject, of: str, name: str, part: str) -> Iterator[Reference]:
    """What a student counts by hand: kernel and bias, with the activation apart."""
    if part or name not in ("multiplies", "adds", "flops", "divisions"):
        return
    row = subject.row(of)
    known = row.entry.facts.part_names() if row is not None and row.entry is not None else ["kernel", "bias"]
    parts = "+".join(one for one in known if one in ("kernel", "recurrent", "gates", "bias"))
    if parts:
        yield Reference(count(subject, of, name, parts), OTHER_CONVENTION, f"{parts}, the activation apart")


def _siblings(subject: Subject, of: str, name: str, part: str) -> Iterator[Reference]:
    for other in SIBLINGS.get(name, ()):
        try:
            figure = count(subject, of, other, part if other in ("multiplies", "adds", "flops") else "")
        except ModelCostError:
            continue  # not said of such, or not of this setting
        said = f"{QUANTITIES[other].says} are given, not {QUANTITIES[name].says}"
        slip = Slip(f"{other} for {name}", OTHER_QUANTITY, said, "look at what is asked for", {})
        yield Reference(figure, OTHER_QUANTITY, slip=slip)


def _rule(subject: Subject, of: str, name: str) -> Iterator[Reference]:
    """Figures that come of a wrong idea of the setting, not of a formula."""
    if name == "instructions":
        elements = model_figure(subject, "elements")
        figure = product([Count(3, "passes"), subject.whole("epochs"), Count(elements).called("stored numbers")])
        text = "one instruction is counted for each stored number, not for each multiply-add"
        yield _mistaken(figure, 2.5, "stored for computed", text, "what is computed?")
    if name in ("steps_per_epoch", "validation_steps"):
        examples = training_examples(subject) if name == "steps_per_epoch" else validation_examples(subject)
        text = "rounded down: the last batch, which is smaller, is a step too"
        whole_batches = windows("", examples, subject.whole("batch"), subject.whole("batch"))
        yield _mistaken(int(whole_batches), 2.0, "rounded down", text, "what of the examples that are left over?")
        text = "all examples are taken, those for validation too" if name == "steps_per_epoch" else "all data are taken"
        yield _mistaken(
            int(steps(subject.whole("data"), subject)), 2.0, "all examples", text, "which examples are these?"
        )


def _mistaken(figure: Any, bits: float, kind: str, text: str, hint: str) -> Reference:
    return Reference(figure, bits, slip=Slip(kind, bits, text, hint, {}))


def _rows(subject: Subject, row: Row, name: str, part: str) -> Iterator[Reference]:
    """The same quantity of another layer."""
    of_row = QUANTITIES[name].of_row
    if of_row is None or part:
        return
    others = [one for one in subject.report if one.name != row.name]
    bits = OTHER_LAYER + log2(len(others) + 1) / 2
    for other in others:
        figure = of_row(subject, other, "")
        if isinstance(figure, int) and figure:
            text, hint = f"this is the figure of {other.name}", "which layer is this?"
            yield _mistaken(int(figure), bits, "another layer", text, hint)


def _variants(subject: Subject, row: Row, name: str, part: str) -> Iterator[Reference]:
    """The same quantity of the same layer with one argument otherwise."""
    of_row = QUANTITIES[name].of_row
    if of_row is None:
        return
    for slip, other in layer_variants(subject, row):
        try:
            yield Reference(of_row(subject, other, part), OTHER_ARGUMENT, slip=slip)
        except ModelCostError:
            continue  # the part went with the argument


def variants_of(subject: Subject) -> Iterator[tuple[str, Subject]]:
    """The networks of the zoo that are variants of one's own, by name, in the same setting."""
    from modelcost import zoo
    from modelcost.homework.subject import Subject as Other

    own = subject.report.model
    family = next((one for one in FAMILIES if own.startswith(one)), None)
    if family is None or own not in zoo.names():
        return
    for name in [one for one in zoo.names() if one != own and one.startswith(family)]:
        key = name, subject.convention
        if key not in subject.variants:
            subject.variants[key] = Other(name, {**subject.setting, "convention": subject.convention})
        yield name, subject.variants[key]


def _networks(subject: Subject, of: str, name: str, part: str) -> Iterator[Reference]:
    """The same of another variant of the network, of those in the zoo; of training, what comes out by hand."""
    for other, variant in variants_of(subject):
        try:
            figures = [figure for _, figure in by_hand(variant, name)] if trains(subject, name) else []
            for figure in figures or [count(variant, of, name, part)]:
                yield of_network(figure, other)
            for convention, times in CITED.items() if name == "flops" else ():
                yield of_network(times * count(variant, of, "macs", part), other, convention)
        except ModelCostError:
            continue  # no such layer there


def of_network(figure: Any, other: str, convention: str = "") -> Reference:
    """A figure that is another network's, and perhaps by another convention."""
    slip = Slip("another network", OTHER_NETWORK, f"this is the figure of {other}", "which variant is this?", {})
    return Reference(figure, OTHER_NETWORK + (OTHER_CONVENTION if convention else 0.0), convention, slip)
