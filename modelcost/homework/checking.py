"""`check`: one figure held against one that a report gives, or against any count; and what report a figure is from."""

from __future__ import annotations

from fractions import Fraction

from modelcost.count import Expression
from modelcost.errors import ModelCostError, short
from modelcost.homework.held import OF_A_BATCH
from modelcost.homework.numerals import numeral
from modelcost.homework.references import Reference
from modelcost.homework.verdict import RIGHT, Verdict, judged

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from modelcost.figures import Source
    from modelcost.homework.numerals import Numeral
    from modelcost.homework.subject import Subject


def check(claim: Any, *, of: Any, working: str | None = None, report: Any = None) -> Verdict:
    """Hold a claim against a figure: `check(69_696, of=report["conv2"].multiplies)`; true where it is right.

    `claim`: a number, or text as people write it ("≈ 3e6", "4.2 MB"), judged to the digits that it gives; a shape is
    a tuple. `of`: the right figure. If it is one of a report's, the claim is judged as `modelcost check` judges it on a
    sheet: it may be right by another convention, or be that of another layer; else the figure's own formula alone is
    searched for the slip. `working`: the student's, arithmetic only. `report`: for a count of your own making,
    the report that it is from, for sizes that may have been mixed up.

    Raises `ModelCostError` for a claim that is no figure (NaN, an infinity, over 300 digits), one in a unit of
    something else, or a working that is not arithmetic.

    >>> import modelcost
    >>> report = modelcost.cost("fashion_cnn_small")
    >>> verdict = check(69_696, of=report["conv2"].multiplies)
    >>> bool(verdict), verdict.why
    (False, 'the 64 input channels are left out')
    >>> check(432_640, of=report["conv1"].flops).why  # 389,376 + 43,264
    'right by macs+bias'
    """
    if isinstance(of, Expression):
        raise ModelCostError(f"the right figure has no value until its free sizes are bound: {short(of.formula())}")
    if isinstance(of, tuple | list):
        from modelcost.homework.shapes import checked_shape

        return checked_shape("the shape", claim, tuple(of))
    figure = numeral(claim)
    if isinstance(of, float):
        of = Fraction(of)
    if isinstance(of, bool) or not isinstance(of, int | Fraction):
        raise ModelCostError(f"of must be a figure of a report, such as report['conv1'].params. Received: {short(of)}")
    verdict = _as_on_a_sheet(figure, of, working)
    if verdict is not None:
        return verdict
    if figure.measures == "bits":
        figure = figure.scaled(Fraction(1, 8))
    near = _nearby(report, of)
    return judged("the figure", figure, [Reference(of)], near, measures=figure.measures, working=working)


def _as_on_a_sheet(figure: Numeral, of: Any, working: str | None) -> Verdict | None:
    """The verdict on a claim about a figure of a report; None where it is none, or none that can be claimed."""
    from modelcost.homework.answers import Claim
    from modelcost.homework.marking import in_units, verdict_alone
    from modelcost.homework.quantities import QUANTITIES, count

    source: Source | None = getattr(of, "source", None)
    if source is None or asked(source)[1] not in QUANTITIES:
        return None
    place, name = asked(source)
    claim = Claim("", place, name, figure, working=working)
    claimed = in_units(claim)
    if claimed.means(of):
        return Verdict(claim.name, claimed, of, RIGHT)
    subject = subject_of(source)
    if count(subject, place, name) != of:
        return None  # a layer has the name of something else
    return verdict_alone(claim, claimed, subject)


def asked(source: Source) -> tuple[str, str]:
    """Of what a figure is, and which quantity, as an answer file has it.

    >>> from modelcost.costing import cost
    >>> report = cost("lenet5", batch=8, data=100)
    >>> [asked(one.source) for one in (report["C1"].params, report.flops, report.epoch.forward_flops)]
    [('C1', 'params'), ('model', 'flops'), ('model', 'forward_flops_per_epoch')]
    """
    if source.of == "memory":
        return "model", {"activation_bytes": OF_A_BATCH}.get(source.name, source.name)
    if source.of == "example":
        return "model", "flops"
    if source.of in ("minibatch", "epoch", "run"):
        return "model", f"{source.name}_per_{source.of}"
    return source.of, source.name


def subject_of(source: Source) -> Subject:
    """The model that a figure is of, in the setting in which it was costed."""
    from modelcost.homework.subject import Subject

    given = source.arguments.items()
    return Subject(source.model, {word: value for word, value in given if value is not None and value is not False})


def _nearby(report: Any, of: Any) -> tuple[tuple[str, int], ...]:
    """The classes and the batch of a report, and what comes into the layer whose figure this is."""
    if report is None:
        return ()
    row = next((row for row in report for figure in row.figures.values() if figure is of), None)
    sizes = {int(size): "a size of this layer's input" for shape in (row.inputs if row else ()) for size in shape}
    sizes |= {int(size): "the classes" for size in report.rows[-1].output_shape[-1:]}
    sizes.setdefault(report.batch, "the batch")
    return tuple((what, value) for value, what in sizes.items() if value > 1)
