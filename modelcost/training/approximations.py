"""Rules of thumb for the cost of a training step, by name, to be held beside the exact figure."""

from __future__ import annotations

from modelcost.count import Count, total
from modelcost.errors import ModelCostError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fractions import Fraction
    from typing import Any

    from modelcost.training.rows import Training


class Approximation:
    """A rule of thumb: a step of training, forward and backward, costs so many times its forward pass.

    >>> rule = APPROXIMATIONS["3x forward"]
    >>> rule.of(Count(1000, "forward")).formula(), rule.error(Count(1000, "forward"), 2500)
    ('3*forward', Fraction(1, 5))
    """

    __slots__ = ("name", "says", "times")

    def __init__(self, name: str, says: str, times: int) -> None:
        self.name, self.says, self.times = name, says, times

    def of(self, forward: Any) -> Any:
        """What the rule says of a forward pass that costs so much."""
        return Count(self.times) * forward

    def error(self, forward: Any, exact: Any) -> Fraction:
        """By which part of the exact figure the rule is too high; negative where it is too low. An exact fraction."""
        from fractions import Fraction

        if int(exact) == 0:
            raise ModelCostError(f"{self.name} has no error against an exact figure of 0")
        return Fraction(int(self.of(forward)) - int(exact), int(exact))

    def __repr__(self) -> str:
        return f"{self.name}: {self.says}"


APPROXIMATIONS = {
    rule.name: rule
    for rule in (
        Approximation(
            "3x forward",
            "the backward pass is two products for each of the forward pass: by the input and by the weights",
            3,
        ),
        Approximation(
            "4x forward",
            "as 3x forward, with the forward pass done again on the way back, as gradient checkpointing does it",
            4,
        ),
    )
}
"""The rules of thumb that people use, by name."""


class Approximated:
    """What a rule of thumb says of a training step, beside the exact figure, and by which part of it it is too high."""

    __slots__ = ("error", "exact_flops", "flops", "rule")

    def __init__(self, rule: Approximation, forward: Any, exact: Any) -> None:
        self.rule, self.flops, self.exact_flops, self.error = rule, rule.of(forward), exact, rule.error(forward, exact)

    def __repr__(self) -> str:
        return f"<{self.rule.name}: {self.flops}, of {self.exact_flops} exactly>"


def approximated(training: Training) -> list[Approximated]:
    """What the rules of thumb say of a training step, forward and backward; nothing where its figures are not known.

    >>> import modelcost as mc
    >>> model = mc.Sequential([mc.Input((784,)), mc.Dense(10, use_bias=False)])  # nobody needs the input's gradient
    >>> [str(one.error) for one in approximated(mc.cost(model, optimizer="sgd", convention="macs").training)]
    ['1/2', '1']
    """
    names = ("forward", "input_gradient", "weight_gradient")
    figures = {name: training.totals.figures[f"{name}_flops"] for name in names}
    if not all(isinstance(figure, int) for figure in figures.values()) or not any(figures.values()):
        return []
    parts = {name: total([figure], name) for name, figure in figures.items()}
    return [Approximated(rule, parts["forward"], total(parts.values())) for rule in APPROXIMATIONS.values()]
