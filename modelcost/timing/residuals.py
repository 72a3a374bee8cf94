"""How far the predictions of a calibration may be off: from benchmarks that had no part in the fit, and from noise.

A benchmark's calls are predicted by a fit to the others, all of its calls left out together, since a training step has
its forward call in it. What share of the prediction they took is noted by what they wait for most: what starts many
operations is told less well than what computes. No network that accuracy is measured on has a part in it.
"""

from __future__ import annotations

from math import exp, log

from modelcost.timing.calibration import PHASES
from modelcost.timing.features import waits
from modelcost.timing.fitting import USUAL, fitted
from modelcost.timing.roofline import BOUNDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from modelcost.timing.features import Features

    Call = tuple[str, str]
    Share = tuple[float, float]

FOLDS = 5
OUTSIDE = 0.05  # of the calls that may lie beyond each end of an interval
NORMAL = 1.645  # standard deviations within which so many of normal errors are
ENOUGH = 20
"""Calls from which on those that wait for the same have an interval of their own; fewer take that of all."""
DECIMALS = 6


def off(
    samples: Mapping[Call, tuple[Features, float]], start: Features, passes: Mapping[Call, Sequence[float]]
) -> dict[str, dict[str, Share]]:
    """The shares of a prediction between which nearly all calls lie, by phase and by what they wait for most.

    `samples`: features and seconds of each call, by its benchmark and what is called; `passes`: its times, one for
    each time that all were measured, whose differences are the noise of the machine.
    """
    found: dict[tuple[str, str], list[float]] = {}
    for (_, what), ratio, bound in _left_out(samples, start):
        found.setdefault((phase_of(what), bound), []).append(ratio)
    doubt = noise(passes.values())
    return {phase: _by_bound(phase, found, doubt) for phase in PHASES}


def phase_of(what: str) -> str:
    """The phase that a call of a benchmark is of: all but inference is training, by the name of an optimizer."""
    return "inference" if what == "inference" else "training"


def _by_bound(phase: str, found: Mapping[tuple[str, str], Sequence[float]], doubt: float) -> dict[str, Share]:
    every = [ratio for (of, _), ratios in found.items() if of == phase for ratio in ratios]
    several = {bound: found.get((phase, bound), ()) for bound in BOUNDS}
    return {bound: spread(ratios if len(ratios) >= ENOUGH else every, doubt) for bound, ratios in several.items()}


def _left_out(samples: Mapping[Call, tuple[Features, float]], start: Features) -> list[tuple[Call, float, str]]:
    """Of each call: measured over predicted by a fit without its benchmark, and what it waits for most."""
    names = list(dict.fromkeys(name for name, _ in samples))
    folds = {name: i % FOLDS for i, name in enumerate(names)}
    found = []
    for fold in range(FOLDS):
        coefficients = fitted([one for (name, _), one in samples.items() if folds[name] != fold], start)
        for call, (features, seconds) in samples.items():
            if folds[call[0]] == fold:
                waited = waits(features, coefficients)
                found.append((call, seconds / max(sum(waited), 1e-9), BOUNDS[waited.index(max(waited))]))
    return found


def noise(several: Iterable[Sequence[float]]) -> float:
    """How much the logarithms of times differ from pass to pass within which nine of ten are, by the usual one."""
    from statistics import median

    apart = [log(max(times) / min(times)) for times in several if len(times) > 1]
    return USUAL * NORMAL * median(apart) if apart else 0.0


def spread(ratios: Sequence[float], doubt: float = 0.0) -> Share:
    """The ratios between which all but a few lie, wider by noise that is independent of them; 1 is always within.

    >>> spread([0.8, 0.9, 1.0, 1.1, 1.25])
    (0.8, 1.25)
    """
    ordered = sorted(ratios) or [1.0]
    most = len(ordered) - 1
    low, high = log(min(1.0, ordered[int(OUTSIDE * most)])), log(max(1.0, ordered[most - int(OUTSIDE * most)]))
    wider = (exp(-((low**2 + doubt**2) ** 0.5)), exp((high**2 + doubt**2) ** 0.5))
    return round(wider[0], DECIMALS), round(wider[1], DECIMALS)
