"""What the time of an operation is made of: seconds that it would take if nothing were lost, each times a coefficient.

Starting it; computing at the peak; the same again for products so short, or of so few rows, that the core cannot
keep busy; and moving its bytes. A coefficient is an overhead in seconds, or one over a utilization: nothing else is
learned, so that what was learned on one CPU holds for the peaks of another.
Sources: the linear models per kind of Li and others 2023 (MICRO) and of ConvMeter 2024; utilizations, not times, as
in NeuSight 2025.
"""

from __future__ import annotations

from modelcost.timing.operations import KINDS, POOLS, PRODUCTS
from modelcost.timing.roofline import (
    CALLS,
    EAGER,
    ENTERED,
    LOOPED,
    MOVING,
    STARTED,
    STEPS,
    WOKEN,
    efficiency,
    moved_seconds,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from modelcost.timing.operations import Operation
    from modelcost.timing.rates import Rates

    Features = dict[tuple[str, str], float]

SHORT = 64
"""Channels side by side, or rows of results, below which much of a core's time goes to beginning and ending."""
MOVES = ("elementwise", "broadcast", "copy", "random", "update")
"""Kinds that compute nothing that takes longer than moving what they compute on."""
WAITS = {
    **dict.fromkeys(("compute", "short", "few", "narrow"), 0), **dict.fromkeys(("move", "fetch"), 1),
    **dict.fromkeys(("start", "wake", "back", "enter"), 2),
}  # fmt: skip
"""What each sort of feature is a wait for, as a place in `BOUNDS`; a call by itself is overhead, however it is made."""


def waits(found: Features, coefficients: Features) -> list[float]:
    """The seconds that features take, by what is waited for: computing, moving, starting."""
    seconds = [0.0, 0.0, 0.0]
    for key, value in found.items():
        seconds[WAITS.get(key[1], 2)] += value * coefficients[key]
    return seconds


def features(one: Operation, rates: Rates, resident: float) -> Features:
    """The seconds of each sort that stand in an operation's time, by the kind and the sort that a coefficient is of."""
    kind = "small" if one.small else one.kind
    found = {(kind, "start"): float(one.starts)}
    found[one.kind, "move"], found["memory", "fetch"] = moved_seconds(one, rates, resident)
    if one.looped:
        found["loop", "enter"] = float(one.enters)
        found["loop", "back" if one.backward else "start"] = float(one.starts)
    whole = one.flops / rates.peak
    compute = whole / rates.filled(one.columns)
    if one.kind not in MOVES:
        found[one.kind, "compute"] = compute
    if one.channels:
        found[one.kind, "short"] = compute * SHORT / one.channels
    if one.dots:
        found[one.kind, "wake"] = float(one.shared)
        found[one.kind, "few"] = compute * SHORT / (one.line or one.rows / one.starts)
        found[one.kind, "narrow"] = whole * SHORT / one.columns
    return found


def resident(operations: Iterable[Operation]) -> float:
    """The bytes of all weights that the operations of a forward pass read, which lie together in some level."""
    return sum(one.weight_bytes for one in operations if not one.backward)


def summed(operations: Iterable[Operation], rates: Rates, resident: float) -> Features:
    """The features of several operations, those of one kind together."""
    found: Features = {}
    for one in operations:
        for key, value in features(one, rates, resident).items():
            found[key] = found.get(key, 0.0) + value
    return found


def priors() -> Features:
    """What each coefficient is taken for where nothing was measured: the assumptions of the roofline method."""
    found: Features = {}
    found["small", "start"] = STARTED
    found["memory", "fetch"] = 1.0
    for kind in KINDS:
        found[kind, "start"] = WOKEN
        if kind not in MOVES:
            found[kind, "compute"] = 1 / efficiency(kind)
        found[kind, "move"] = 1 / MOVING
        plain = kind.partition(":")[0]
        if plain in (*PRODUCTS, *POOLS):
            found[kind, "short"] = 0.2 / efficiency(kind)
        if plain in PRODUCTS:
            found[kind, "wake"] = WOKEN
            found[kind, "few"] = found[kind, "narrow"] = 0.2 / efficiency(kind)
    found |= {("call", mode): seconds for mode, seconds in CALLS.items()}
    found |= {("step", loop): seconds for loop, seconds in STEPS.items()}
    found["step", "graph"] = CALLS["graph"]
    found["each", "eager"] = EAGER
    found["loop", "enter"] = ENTERED
    found["loop", "start"] = found["loop", "back"] = LOOPED
    return found
