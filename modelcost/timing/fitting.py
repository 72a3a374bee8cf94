"""Least squares with coefficients that cannot be negative, on relative errors."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence
    from typing import Any, TypeVar

    Key = TypeVar("Key", bound=Hashable)

FIRM = 1.345
"""Residuals above so many times the usual one count less: Huber's constant."""
USUAL = 1.4826
"""The standard deviation of normal errors is so many times their median size."""
ROUNDS = 12


def fitted(
    samples: Sequence[tuple[Mapping[Key, float], float]], priors: Mapping[Key, float], trust: float = 0.05
) -> dict[Key, float]:
    """Coefficients, at least 0, with which the samples' features add up to their times as nearly as can be.

    `samples`: features and seconds; errors are taken relative to the seconds. `priors`: what a coefficient is
    taken for where no sample says otherwise; `trust`: the error of a sample that weighs as much as a coefficient that
    is off by all of its prior, or of itself where that is more: what is many times its prior is not held back by it.
    Outliers weigh less (Huber's estimate, by weights that are worked out anew).

    >>> samples = [({"a": 1.0, "b": 2.0}, 8.0), ({"a": 1.0, "b": 1.0}, 5.0), ({"a": 2.0, "b": 1.0}, 7.0)]
    >>> {name: round(value, 3) for name, value in fitted(samples, {"a": 1.0, "b": 1.0}, 1e-6).items()}
    {'a': 2.0, 'b': 3.0}
    """
    import numpy as np

    keys = list(priors)
    places = {key: i for i, key in enumerate(keys)}
    matrix = np.zeros((len(samples), len(keys)))
    for row, (features, seconds) in zip(matrix, samples, strict=True):
        for key, value in features.items():
            row[places[key]] = value * priors[key] / seconds
    weights = np.ones(len(samples))
    solution = np.ones(len(keys))
    for turn in range(ROUNDS if samples else 0):
        weighed = matrix * weights[:, None]
        doubt = trust**2 / np.maximum(1.0, solution)
        gram = matrix.T @ weighed + np.diag(doubt)
        solution = not_negative(gram, weighed.sum(axis=0) + doubt, solution)
        errors = np.abs(matrix @ solution - 1.0)
        usual = max(1e-9, float(np.median(errors)) * USUAL)
        if turn >= ROUNDS / 2:  # what a poor prior leaves over is no outlier
            weights = np.minimum(1.0, FIRM * usual / np.maximum(errors, 1e-12))
    return {key: float(value) * priors[key] for key, value in zip(keys, solution, strict=True)}


def not_negative(gram: Any, target: Any, start: Any = None) -> Any:
    """The x, at least 0 everywhere, that makes x'Gx/2 - b'x least; sought from `start`, else from 0.

    Source: Lawson and Hanson 1974, "Solving Least Squares Problems", chapter 23; on the normal equations as in Bro and
    de Jong 1997.
    """
    import numpy as np

    size = len(target)
    x = np.zeros(size) if start is None else np.maximum(start, 0.0)
    free = x > 0
    for _ in range(10 * size):
        x, free = _inside(gram, target, x, free)
        slope = np.where(free, -np.inf, target - gram @ x)
        if slope.max(initial=-np.inf) <= 1e-10 * max(1.0, float(np.abs(target).max(initial=0.0))):
            break
        free[int(slope.argmax())] = True
    return x


def _inside(gram: Any, target: Any, x: Any, free: Any) -> tuple[Any, Any]:
    """The least over those that are free, which are bound where they would get below 0."""
    import numpy as np

    while free.any():
        step = np.zeros(len(x))
        step[free] = np.linalg.solve(gram[np.ix_(free, free)], target[free])
        low = free & (step <= 0)
        if not low.any():
            return step, free
        share = float(np.min(x[low] / (x[low] - step[low])))
        x = x + share * (step - x)
        free = free & (x > 1e-12)
    return x, free
