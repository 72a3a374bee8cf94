"""The Pareto front: points that no other point beats."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


def front(objectives: Sequence[Any]) -> Any:
    """The places of the points of which no other is at most as much in every objective and less in one.

    Points that are equal in all objectives stand or fall together. Whole numbers, one array for each objective.

    >>> import numpy as np
    >>> front([np.array([1, 2, 2, 3, 1]), np.array([5, 4, 6, 1, 5])]).tolist()
    [0, 1, 3, 4]
    """
    import numpy as np

    place = np.zeros(len(objectives[0]), np.int64)
    for objective in objectives:  # the place of each point in the order of the first, then of the second, ...
        ranks = np.unique(objective, return_inverse=True)[1]
        first, place = np.unique(place * (ranks.max(initial=0) + 1) + ranks, return_index=True, return_inverse=True)[1:]
    together = np.stack(objectives, 1)[first]
    kept = _of_two(together) if together.shape[1] <= 2 else _of_many(together)
    return np.flatnonzero(kept[place])


def _of_two(points: Any) -> Any:
    """In order of the first objective, a point is beaten unless its last is less than all before."""
    import numpy as np

    if not len(points):
        return np.zeros(0, bool)
    last = points[:, -1] if points.shape[1] == 2 else np.arange(len(points))
    least_before = np.minimum.accumulate(np.concatenate([[last[0] + 1], last[:-1]]))
    kept: Any = last < least_before if points.shape[1] == 2 else last == 0
    return kept


def _of_many(points: Any) -> Any:
    """Each point that is still there, one after the other, drops those that it beats."""
    import numpy as np

    left = np.arange(len(points))
    i = 0
    while i < len(left):
        others = points[left]
        stays = (others < others[i]).any(axis=1)
        stays[i] = True
        left, i = left[stays], int(stays[: i + 1].sum())
    kept = np.zeros(len(points), bool)
    kept[left] = True
    return kept
