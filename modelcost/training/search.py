"""What finding a network costs: the epochs that a tuner trains, over all networks that its choices can make."""

from __future__ import annotations

from fractions import Fraction

from modelcost.count import Count, total
from modelcost.errors import SizeError
from modelcost.layers.windows import windows
from modelcost.sizes import size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any


class SearchCost:
    """What a search costs at least, at most, and `expected`: the mean over all draws, a fraction."""

    __slots__ = ("expected", "least", "most")

    def __init__(self, least: Any, expected: Fraction, most: Any) -> None:
        self.least, self.expected, self.most = least, expected, most

    def __repr__(self) -> str:
        return f"SearchCost(least={self.least}, expected={self.expected}, most={self.most})"


class Search:
    """So many networks, each trained for so many epochs: `groups` of (networks, epochs), the longest first.

    A network is drawn once, as KerasTuner does it, and an epoch that a later round resumes after counts once.
    `brackets`: so many networks that are drawn one after the other, and the epochs of all of them, in turn.
    """

    def __init__(self, groups: Iterable[tuple[Any, Any]], brackets: Sequence[tuple[Any, Any]] | None = None) -> None:
        self.groups = sorted(groups, key=lambda group: -int(group[1]))
        self.networks = total(networks for networks, _ in self.groups)
        self.total_epochs = total(networks * epochs for networks, epochs in self.groups)
        self.brackets = brackets or [(self.networks, self.total_epochs)]

    def cost(self, costs: Sequence[tuple[Fraction, Any]]) -> SearchCost:
        """What the search costs, from what an epoch of each network of the space costs (`Space.costs`), or takes.

        At least: the networks drawn are the cheapest, and the cheapest of them train longest. Expected: each is
        drawn from the whole space, and is as likely to go on whatever it costs.

        >>> from modelcost.space import Space
        >>> three = Space(units=(1, 2, 9)).costs(lambda network: network["units"])
        >>> random_search(trials=2, epochs=10).cost(three)
        SearchCost(least=30, expected=80, most=110)
        """
        if self.networks > len(costs):
            raise SizeError(
                f"a search that draws {self.networks} networks, none of them twice, needs a space that has so many. "
                f"Received: a space of {len(costs)}"
            )
        cheapest = sorted(cost for _, cost in costs)
        return SearchCost(self._paired(cheapest), self._expected(costs), self._paired(cheapest[::-1]))

    def _expected(self, costs: Sequence[tuple[Fraction, Any]]) -> Fraction:
        """The mean over all draws: those of one bracket are as likely to go on."""
        draws, found = iter(_means(costs, int(self.networks))), Fraction(0)
        for networks, epochs in self.brackets:
            drawn = sum((next(draws) for _ in range(int(networks))), Fraction(0))
            found += drawn * Fraction(int(epochs), int(networks))
        return found

    def _paired(self, costs: Sequence[Any]) -> Any:
        """Networks in this order, each trained as long as is left to them, the longest first."""
        together = total if all(isinstance(cost, int) for cost in costs) else sum
        terms, taken = [], 0
        for networks, epochs in self.groups:
            terms.append(epochs * together(costs[taken : taken + int(networks)]))
            taken += int(networks)
        return together(terms)


def _means(costs: Sequence[tuple[Fraction, Any]], draws: int) -> list[Fraction]:
    """The mean cost of each draw in turn, of networks that are not put back.

    Followed exactly, by how many of each chance are gone: one that is likely is gone early.
    """
    alike: dict[Fraction, list[Any]] = {}
    for chance, cost in costs:
        alike.setdefault(chance, []).append(cost)
    means = [sum(map(Fraction, some), Fraction(0)) / len(some) for some in alike.values()]
    gone = {(0,) * len(alike): Fraction(1)}
    found = []
    for _ in range(draws if len(alike) > 1 else 0):
        then: dict[tuple[int, ...], Fraction] = {}
        mean = Fraction(0)
        for state, probability in gone.items():
            left = [chance * (len(some) - n) for (chance, some), n in zip(alike.items(), state, strict=True)]
            for i, weight in enumerate(left):
                if weight:
                    share = probability * weight / sum(left)
                    mean += share * means[i]
                    more = (*state[:i], state[i] + 1, *state[i + 1 :])
                    then[more] = then.get(more, Fraction(0)) + share
        gone = then
        found.append(mean)
        if len(gone) * draws > FOLLOWED:
            way_out = "draw fewer, or give a space of networks that are as likely"
            raise SizeError(f"the mean over {draws} draws of {len(alike)} different chances is too long; {way_out}")
    return found or means * draws


FOLLOWED = 20_000
"""States of a search that are followed, times draws: some seconds."""


def random_search(trials: int, epochs: int) -> Search:
    """So many networks drawn, each trained for all epochs.

    >>> random_search(20, 10).total_epochs.formula()
    'trials*epochs'
    """
    return Search([(Count(size("trials", trials), "trials"), Count(size("epochs", epochs), "epochs"))])


def hyperband(max_epochs: int, factor: int = 3, hyperband_iterations: int = 1) -> Search:
    """Many networks trained for little, and the best of them for `factor` times as long, again and again.

    Each bracket begins with more networks and fewer epochs than the next. Source: Li et al. 2018; sizes and
    epochs as KerasTuner 1.4 rounds them: a bracket is to end with ceil(1 + log(max_epochs)/log(factor)) over
    its number of rounds.

    >>> search = hyperband(max_epochs=10, factor=3)
    >>> search.networks, search.total_epochs, search.groups
    (22, 120, [(8, 10), (6, 4), (8, 2)])
    """
    most, by = size("max_epochs", max_epochs), size("factor", factor)
    if by < 2:
        raise SizeError(f"factor must be at least 2. Received: factor={by}")
    times = Count(size("hyperband_iterations", hyperband_iterations), "iterations")
    groups: dict[int, list[Any]] = {}
    brackets = []
    for rounds in reversed(_brackets(Count(most, "max_epochs"), by)):
        alone = []
        for (networks, epochs), (left, _) in zip(rounds, [*rounds[1:], (0, 0)], strict=True):
            groups.setdefault(int(epochs), []).append((networks - left, epochs))
            alone.append((networks - left) * epochs)
        brackets.append((rounds[0][0], total(alone)))
    summed = ((total(networks for networks, _ in one), one[0][1]) for one in groups.values())
    several = [(times * networks if int(times) > 1 else networks, epochs) for networks, epochs in summed]
    return Search(several, brackets * int(times))


def _brackets(max_epochs: Count, factor: int) -> list[list[tuple[Any, Any]]]:
    """The rounds of every bracket: how many networks are in each, and up to which epoch they are trained."""
    powers = [1]
    while powers[-1] < max_epochs:
        powers.append(powers[-1] * factor)
    brackets = len(powers) if powers[-1] == max_epochs else len(powers) - 1
    return [
        [
            (_up(len(powers) * powers[bracket - one], bracket + 1), _up(max_epochs, powers[bracket - one]))
            for one in range(bracket + 1)
        ]
        for bracket in range(max(brackets, 1))
    ]


def _up(a: int, b: int) -> Any:
    """a / b, rounded up."""
    return windows("", a, 1, b, padding="same")
