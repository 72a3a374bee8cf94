"""What is swept over or searched: names, the values that each may have, and the points that these make together."""

from __future__ import annotations

from copy import copy
from fractions import Fraction
from itertools import islice
from math import prod
from random import Random

from modelcost.errors import ModelCostError, short, unknown
from modelcost.sizes import whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

MOST_POINTS = 10_000_000
"""Points that a sweep may have: they are all kept."""
MOST_TEXT = 40  # characters of a value in a message


class Space:
    """A grid of choices, or a random sample of it: each point has one value for every name.

    A choice is a list of values, a range, or a single value; or a function that gives such for choices made before
    it, which it takes by their names. The first choice changes slowest. `sample`: so many of the points, each as
    likely as any other, drawn without putting back by Python's `random.Random(seed)`, and in the order of the grid.

    A tuner chooses in turn, each value as likely as the others that there are at that place: so `chances` has it.

    Raises `ModelCostError` for a choice without values or with one twice, and for more than 10 million points.

    >>> space = Space(layers=[1, 2], width=lambda layers: range(layers))
    >>> [tuple(point.values()) for point in space], [str(chance) for chance in space.chances]
    ([(1, 0), (2, 0), (2, 1)], ['1/2', '1/4', '1/4'])
    >>> len(Space(batch=range(1, 1025), height=[128, 160]))
    2048
    """

    def __init__(
        self, choices: Mapping[str, Any] | None = None, /, *, sample: int | None = None, seed: int = 0, **more: Any
    ) -> None:
        given_by_name = by_name(choices, more)
        if not given_by_name:
            raise ModelCostError("a sweep needs something to sweep over, such as batch=[1, 8, 64]")
        self.choices = {name: _choice(name, given) for name, given in given_by_name.items()}
        self.names = tuple(given_by_name)
        self.build: Callable[..., Any] | None = None
        self.sample = None if sample is None else _positive("sample", sample)
        if whole(seed) is None:
            raise ModelCostError(f"seed must be a whole number. Received: seed={short(seed)}")
        self.seed = int(seed)
        self._points: list[dict[str, Any]] | None = None
        self.places: Sequence[int] = self._places()

    def _places(self) -> Sequence[int]:
        """Which points of the whole grid these are, in its order."""
        if any(map(callable, self.choices.values())):
            several = list(islice(self._grown(), MOST_POINTS + 1))
            self._points = several
            return self._drawn(len(several), "more than ")
        return self._drawn(prod(len(values) for values in self.choices.values()))

    def _drawn(self, many: int, at_least: str = "") -> Sequence[int]:
        if self.sample is not None and self.sample < many and self.sample <= MOST_POINTS:
            return _sampled(many, self.sample, Random(self.seed))
        if many > MOST_POINTS:
            told = f"{at_least}{MOST_POINTS:,} points" if at_least else f"{many:,} points"
            way_out = "take fewer values, or a random sample of them (sample)"
            raise ModelCostError(f"{told} are too many for a sweep, which may have {MOST_POINTS:,}; {way_out}")
        return range(many)

    def _grown(self) -> Iterator[dict[str, Any]]:
        """The points of choices of which some depend on others."""
        points: Iterator[dict[str, Any]] = iter([{}])
        for name, values in self.choices.items():
            points = _grown(points, name, values)
        return points

    def __len__(self) -> int:
        return len(self.places)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (self.point(i) for i in range(len(self)))

    def point(self, i: int) -> dict[str, Any]:
        """The choices at a point."""
        place = self.places[i]
        if self._points is not None:
            return self._points[place]
        found: dict[str, Any] = {}
        for name in reversed(self.names):
            values = self.choices[name]
            place, at = _split(place, len(values))
            found[name] = values[at]
        return {name: found[name] for name in self.names}

    @property
    def chances(self) -> list[Fraction]:
        """How likely a tuner is to draw each point: all add up to 1.

        Raises `ModelCostError` for a sample, of which that is not known.
        """
        if self.sample is not None:
            raise ModelCostError("a sample of a space says nothing of how likely its points are")
        if self._points is None:
            return [Fraction(1, len(self))] * len(self)
        found: list[tuple[dict[str, Any], Fraction]] = [({}, Fraction(1))]
        for name, values in self.choices.items():
            found = [
                ({**point, name: value}, chance / len(several))
                for point, chance in found
                for several in [_depending(name, values, point) if callable(values) else values]
                for value in several
            ]
        return [chance for _, chance in found]

    def built(self, build: Callable[..., Any]) -> Space:
        """The same space of what a function makes of each point: a model, from those choices that it takes."""
        takes = {*parameters(build, "the function")}
        for choice in self.choices.values():
            takes |= {*parameters(choice, "a choice")} if callable(choice) else set()
        if left := [name for name in self.names if name not in takes and not takes_any(build)]:
            raise unknown("choice", left[0], takes)
        found = copy(self)
        found.build = build
        return found

    @property
    def networks(self) -> list[tuple[Fraction, Any]]:
        """What is built of each point, or the point itself, with its chance."""
        points = zip(self.chances, self, strict=True)
        if (build := self.build) is None:
            return list(points)
        takes = self.names if takes_any(build) else [name for name in parameters(build, "") if name in self.names]
        return [(chance, _made(build, {name: point[name] for name in takes})) for chance, point in points]

    def costs(self, of: Callable[[Any], Any]) -> list[tuple[Fraction, Any]]:
        """What each network costs (an epoch of it, for a search), by the function that says so, with its chance."""
        return [(chance, of(network)) for chance, network in self.networks]

    def mesh(self) -> dict[str, Any]:
        """The values of each choice as arrays that broadcast to all points, in their order."""
        import numpy as np

        if self._points is None and isinstance(self.places, range):
            axes = np.ix_(*(np.arange(len(values)) for values in self.choices.values()))
            return {name: array(values)[i] for (name, values), i in zip(self.choices.items(), axes, strict=True)}
        points = list(self)
        return {name: array([point[name] for point in points]) for name in self.names}


def array(values: Sequence[Any]) -> Any:
    """Values as an array with one axis: of machine numbers where they fit, else of Python's own objects."""
    import numpy as np

    if isinstance(values, np.ndarray):
        return values
    kinds = {type(value) for value in values}
    if kinds == {int} and min(values) >= -(2**63) and max(values) < 2**63:
        return np.array(values, np.int64)
    if kinds == {float}:
        return np.array(values, np.float64)
    found = np.empty(len(values), object)
    for i, value in enumerate(values):  # one by one, so that a tuple stays one value
        found[i] = value
    return found


def _split(place: int, length: int) -> tuple[int, int]:
    at = place % length
    return (place - at) // length, at


def _grown(points: Iterator[dict[str, Any]], name: str, values: Any) -> Iterator[dict[str, Any]]:
    for point in points:
        for value in _depending(name, values, point) if callable(values) else values:
            yield {**point, name: value}


def _depending(name: str, function: Callable[..., Any], point: Mapping[str, Any]) -> Sequence[Any]:
    """The values that a function gives for the choices before; an error where it fails."""
    wanted = parameters(function, name)
    missing = [one for one in wanted if one not in point]
    if missing:
        before = ", ".join(point) or "nothing"
        raise ModelCostError(f"{name} depends on {missing[0]}, which is not chosen before it; before it is {before}")
    try:
        given = function(**{one: point[one] for one in wanted})
        return _values(name, given)
    except ModelCostError:
        raise
    except Exception as error:
        raise ModelCostError(f"{name} of {short(dict(point))}: {type(error).__name__}: {error}") from error


def parameters(function: Callable[..., Any], what: str) -> dict[str, bool]:
    """The names of the arguments that a function takes, and whether it needs each."""
    from inspect import Parameter, signature

    try:
        found = signature(function).parameters.values()
    except (TypeError, ValueError):
        raise ModelCostError(f"{what}: it is not known which arguments {short(function)} takes") from None
    by_name = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
    return {one.name: one.default is Parameter.empty for one in found if one.kind in by_name}


def _made(build: Callable[..., Any], chosen: dict[str, Any]) -> Any:
    try:
        return build(**chosen)
    except ModelCostError:
        raise
    except Exception as error:
        raise ModelCostError(f"{short(chosen)}: {type(error).__name__}: {error}") from error


def by_name(choices: Any, more: Mapping[str, Any]) -> dict[str, Any]:
    """All that was given by name, in either way."""
    if choices is not None and not (hasattr(choices, "keys") and all(isinstance(name, str) for name in choices)):
        raise ModelCostError(f"choices are a dict of values by name. Received: {short(choices)}")
    for name in more:
        if name in (choices or ()):
            raise ModelCostError(f"{name} is given twice, as a choice and by its name")
    return {**(choices or {}), **more}


def takes_any(function: Callable[..., Any]) -> bool:
    """Whether a function takes arguments of any name."""
    from inspect import Parameter, signature

    return any(one.kind is Parameter.VAR_KEYWORD for one in signature(function).parameters.values())


def _choice(name: str, given: Any) -> Any:
    return given if callable(given) else _values(name, given)


def _values(name: str, given: Any) -> Sequence[Any]:
    """The values of a choice; an error where there are none, or one stands there twice."""
    if isinstance(given, set | frozenset | dict):
        raise ModelCostError(f"the values of {name} need an order; give a list. Received: {short(given)}")
    if isinstance(given, str | bytes) or not hasattr(given, "__iter__"):
        return [given]
    if isinstance(given, range):
        values: Sequence[Any] = given
    elif hasattr(given, "tolist"):
        values = given.tolist()
    else:
        values = list(islice(given, MOST_POINTS + 1))
    if not len(values):
        raise ModelCostError(f"{name} has no values. Received: {short(given)}")
    if not isinstance(values, range):
        _check_distinct(name, values)
    return values


def _check_distinct(name: str, values: Sequence[Any]) -> None:
    seen: set[Any] = set()
    for value in values:
        key = (type(value), value) if value.__hash__ else repr(value)
        try:
            twice = key in seen
        except TypeError:  # a tuple of lists
            key = repr(value)
            twice = key in seen
        if twice:
            raise ModelCostError(f"{name} has {short(value, MOST_TEXT)} twice")
        seen.add(key)


def _positive(name: str, value: Any) -> int:
    number = whole(value)
    if number is None or number < 1:
        raise ModelCostError(f"{name} must be a whole number of at least 1. Received: {name}={short(value)}")
    return number


def _sampled(many: int, few: int, chance: Random) -> list[int]:
    if many < 2**62:
        return sorted(chance.sample(range(many), few))
    found: set[int] = set()
    while len(found) < few:
        found.add(chance.randrange(many))
    return sorted(found)
