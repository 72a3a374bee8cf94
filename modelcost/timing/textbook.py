"""The textbook method: so many operations, so many in a second.

Every assumption has a name and can be changed: what counts as an operation (the report's convention), how many a core
does in a cycle, how many cores, how much of their clock other programs leave, how well the work divides among them,
and what a backward pass is of a forward pass, until its operations are counted exactly.
"""

from __future__ import annotations

from modelcost.count import Count, product
from modelcost.errors import ModelCostError
from modelcost.timing.cpu import GIGA
from modelcost.timing.span import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from modelcost.timing.cpu import CPU

ASSUMPTIONS = {
    "operations_per_cycle": 1.0,
    "available": 1.0,
    "parallel_efficiency": 1.0,
    "backward_ratio": 2.0,
}
"""Operations of a core in a cycle; the share of the clock that other programs leave; the share of their speed that
cores keep when they work together; and how many forward passes a backward pass is taken for."""
SHARES = ("available", "parallel_efficiency")


class Quotient:
    """Operations over a rate: seconds that remember how they were made.

    >>> from modelcost.timing.cpu import CPU
    >>> time = Quotient(Count(10**9, "operations"), rate(CPU("mine", cores=2, ghz=2.5), ASSUMPTIONS))
    >>> time.formula(), time.numbers(), time.seconds
    ('operations/(cores*clock_hz*operations_per_cycle)', '1000000000/(2*2500000000*1)', 0.2)
    """

    name: str | None = None

    def __init__(self, operations: Any, rate: Rate) -> None:
        self.operations, self.rate = operations, rate

    @property
    def result(self) -> str:
        """The seconds in four figures."""
        return f"{self.seconds:,.4g} s" if self.seconds < 1000 else f"{self.seconds:,.0f} s"

    @property
    def seconds(self) -> float:
        """The time, from whole numbers as long as they are: an int of any size, divided once."""
        from fractions import Fraction

        return float(Fraction(int(self.operations)) / self.rate.exact)

    def formula(self) -> str:
        """How it was made, with names for numbers."""
        return f"{self.operations.formula() if not self.operations.name else self.operations.name}/({self.rate.names})"

    def numbers(self) -> str:
        """The formula with the numbers put in: `eval` of it gives the seconds."""
        return f"{int(self.operations)}/({self.rate.numbers})"

    def latex(self, numbers: bool = False) -> str:
        """The same as a fraction in LaTeX's notation."""
        above, _, below = (self.numbers() if numbers else self.formula()).partition("/")
        return rf"\frac{{{_latex(above)}}}{{{_latex(below.strip('()'))}}}"


def _latex(text: str) -> str:
    factors = (factor.replace("_", r"\_") for factor in text.split("*"))
    return r" \cdot ".join(factor if factor.isdecimal() else rf"\mathrm{{{factor}}}" for factor in factors)


class Rate:
    """Operations in a second: whole numbers and shares of them, multiplied."""

    def __init__(self, whole: Any, shares: Mapping[str, float]) -> None:
        from fractions import Fraction

        self.whole, self.shares = whole, {name: share for name, share in shares.items() if share != 1}
        self.exact = Fraction(int(whole))
        for share in self.shares.values():
            self.exact *= Fraction(repr(share))
        self.names = "*".join((whole.formula(), *self.shares))
        self.numbers = "*".join((whole.numbers(), *map(repr, self.shares.values())))


def rate(cpu: CPU, assumptions: Mapping[str, float], cores: int | None = None) -> Rate:
    """What a CPU is taken to do in a second, with all of its cores or with some."""
    cores = cpu.cores if cores is None else cores
    each = assumptions["operations_per_cycle"]
    factors = [Count(cores, "cores"), Count(round(cpu.needed("ghz") * GIGA), "clock_hz")]
    shares = {name: assumptions[name] for name in SHARES if cores > 1 or name != "parallel_efficiency"}
    for name, share in shares.items():
        if share > 1:
            raise ModelCostError(f"assumption {name} is a share, at most 1. Received: {name}={share}")
    if each == int(each):
        return Rate(product([*factors, Count(int(each), "operations_per_cycle")]), shares)
    return Rate(product(factors), {"operations_per_cycle": each, **shares})


class Textbook:
    """The method for one CPU and what is assumed."""

    name = "textbook"

    def __init__(self, cpu: CPU, assumptions: Mapping[str, float]) -> None:
        self.cpu, self.assumptions = cpu, assumptions

    def working(self, operations: Any, cores: int | None = None) -> Quotient:
        """The time of some operations, with its working."""
        return Quotient(operations, rate(self.cpu, self.assumptions, cores))

    def span(self, operations: Any) -> Span:
        """The time, between that at the peak and that at one operation in a cycle of each core.

        The first is a floor: nothing is faster. The second is what large layers stay below in practice.
        """
        seconds = self.working(operations).seconds
        shared = {name: self.assumptions[name] for name in SHARES}
        slow = Quotient(operations, rate(self.cpu, {**shared, "operations_per_cycle": 1.0})).seconds
        fast = int(operations) / float(self.cpu.peaks()[2]) if self.cpu.flops_per_cycle else seconds
        return Span(seconds, min(seconds, fast), max(seconds, slow))

    def backward(self, forward: Any, figures: Mapping[str, Any]) -> Any:
        """The operations of a backward pass: exactly where the figures have them, else so many forward passes."""
        if "backward_flops" in figures:
            return figures["backward_flops"]
        ratio = self.assumptions["backward_ratio"]
        if ratio != int(ratio):
            return Count(round(int(forward) * ratio), "backward")
        return (Count(int(ratio), "backward_ratio") * forward).called("backward")
