"""What a whole search for a network costs: the space that it chooses from, and the tuner that trains what it draws."""

from __future__ import annotations

from fractions import Fraction

from modelcost.costing import cost
from modelcost.errors import ModelCostError, short
from modelcost.progress import Progress
from modelcost.report import Report
from modelcost.space import Space
from modelcost.training.schedule import Schedule
from modelcost.training.search import Search, random_search
from modelcost.training.search import hyperband as hyperband_search

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from modelcost.model import Model
    from modelcost.training.search import SearchCost

OF_NETWORKS = ("params", "macs", "flops")
"""The figures of one example that are told of the networks of a space."""
HYPERBAND = ("max_epochs", "factor", "hyperband_iterations")
"""What the schedule of hyperband hangs on, in order."""


class Spread:
    """A figure over all networks of a space: the least, the median (the lower of two), the most."""

    __slots__ = ("least", "median", "most")

    def __init__(self, values: Iterable[Any]) -> None:
        from statistics import median_low

        several = sorted(values, key=int)
        self.least, self.median, self.most = several[0], median_low(several), several[-1]

    def __repr__(self) -> str:
        return f"Spread(least={self.least}, median={self.median}, most={self.most})"


class SearchReport:
    """What a search costs, as plain data: `report["flops"].expected`, `report.total_epochs`, `report.networks`.

    `networks`: how many the space has; `drawn`: how many of them are trained, none twice; `total_epochs`: of all drawn,
    each counted once; `examples` and `steps`: those gone through in training, validation left out.
    `spreads`: figures of one example over the space; `costs`: what is done in all, validation apart, and the seconds
    where the reports have a time.
    """

    def __init__(self, space: Sequence[tuple[Fraction, Report]], search: Search) -> None:
        first = space[0][1]
        self.batch, self.convention, self.settings = first.batch, first.convention, dict(first.settings)
        self.networks, self.search = len(space), search
        self.drawn, self.total_epochs = search.networks, search.total_epochs
        self.steps = search.total_epochs * first.epoch.steps
        self.examples = search.total_epochs * _schedule(first).training.examples.called("examples")
        self.spreads = {name: Spread(getattr(one.totals, name) for _, one in space) for name in OF_NETWORKS}
        self.costs: dict[str, SearchCost] = {}
        for name in ("flops" if first.trains else "forward_flops", "validation_flops"):
            if name in first.epoch.figures:
                self.costs[name] = search.cost([(chance, getattr(one.epoch, name)) for chance, one in space])
        if "time" in first.__dict__:
            self.costs["seconds"] = search.cost([(chance, one.time.epoch.seconds) for chance, one in space])

    def __getitem__(self, name: str) -> SearchCost:
        if name not in self.costs:
            raise ModelCostError(f"a search has no {name}; it has {', '.join(self.costs)}")
        return self.costs[name]

    def __repr__(self) -> str:
        return f"<SearchReport: {self.drawn} of {self.networks} networks, {self.total_epochs} epochs>"

    def _repr_html_(self) -> str:
        """How a notebook shows it."""
        from modelcost.render import tuned
        from modelcost.render.notebook import html

        return html(tuned, self)


def search(
    space: Space | Iterable[Model | str | Report],
    *,
    trials: int | None = None,
    epochs: int | None = None,
    hyperband: Any = None,
    **settings: Any,
) -> SearchReport:
    """Work out what a search over some networks costs: at least, expected, and at most.

    `space`: networks that are equally likely, or a `Space` of them; they may be models, names of the zoo, or reports
    on them. `trials` networks drawn, none twice, and each trained for `epochs`; or by `hyperband`, its max_epochs and
    then perhaps its factor (3) and iterations (1), as KerasTuner schedules it. All other `settings` are those of
    `cost`: `data` must be among them, and `optimizer` for training rather than forward passes.

    Raises `ModelCostError` for settings that cannot be, or a space of fewer networks than are drawn.

    >>> from modelcost import zoo
    >>> from itertools import product
    >>> space = Space(layers=(1, 2), units=lambda layers: product((64, 128), repeat=layers)).built(zoo.mnist_mlp)
    >>> found = search(space, trials=2, epochs=10, batch=32, data=1000, optimizer="adam")
    >>> found.networks, found.examples.formula(), found.examples
    (6, 'trials*epochs*examples', 20000)
    >>> found["flops"].least < found["flops"].expected < found["flops"].most
    True
    """
    tuner = _tuner(trials, epochs, hyperband)
    for word in ("test", "early_stop"):
        if settings.get(word) is not None:
            raise ModelCostError(f"{word} is of a single run, and a search has none; leave it out")
    networks, reports = _chances(space), []
    with Progress("search", len(networks)) as progress:
        for chance, network in networks:
            reports.append((chance, _costed(network, settings)))
            _check_alike(reports[-1][1], reports[0][1])
            progress.step()
    return SearchReport(reports, tuner)


def _tuner(trials: int | None, epochs: int | None, schedule: Any) -> Search:
    if schedule is None:
        if trials is None or epochs is None:
            raise ModelCostError("a search needs trials=... and epochs=..., or hyperband=...")
        return random_search(trials, epochs)
    if trials is not None or epochs is not None:
        raise ModelCostError(
            "hyperband says itself how many networks it draws, and for how many epochs; give no others"
        )
    if isinstance(schedule, dict):
        others = [name for name in schedule if name not in HYPERBAND]
        if others or "max_epochs" not in schedule:
            raise ModelCostError(
                f"hyperband takes {', '.join(HYPERBAND)}, the first at least. Received: {short(schedule)}"
            )
        return hyperband_search(**schedule)
    several = tuple(schedule) if isinstance(schedule, list | tuple) else (schedule,)
    if not 0 < len(several) <= len(HYPERBAND):
        raise ModelCostError(f"hyperband is {', '.join(HYPERBAND)}, the first at least. Received: {short(schedule)}")
    return hyperband_search(*several)


def _chances(space: Any) -> list[tuple[Fraction, Any]]:
    if isinstance(space, Space):
        if space.build is None:
            raise ModelCostError("a space has choices alone; say what is built of them: space.built(function)")
        return space.networks
    if isinstance(space, str) or not hasattr(space, "__iter__"):
        way_out = "a list of models, or Space(...).built(function)"
        raise ModelCostError(f"a space is several networks, such as {way_out}. Received: {short(space)}")
    several = list(space)
    if not several:
        raise ModelCostError("a space must hold at least one network")
    return [(Fraction(1, len(several)), one) for one in several]


def _costed(network: Any, settings: dict[str, Any]) -> Report:
    report = network if isinstance(network, Report) else cost(network, **settings)
    if isinstance(network, Report) and settings:
        raise ModelCostError(f"reports have their settings already. Received: {next(iter(settings))}=...")
    if "epoch" not in report.levels:
        raise ModelCostError(
            f"{report.model}: a search trains for epochs, which needs training examples; give data=..."
        )
    return report


def _check_alike(report: Report, first: Report) -> None:
    for what in ("batch", "convention", "settings"):
        one, other = getattr(report, what), getattr(first, what)
        if one != other:
            raise ModelCostError(
                f"all networks of a search have the same {what}. Received: {first.model} with {short(other)}, "
                f"{report.model} with {short(one)}"
            )


def _schedule(report: Report) -> Schedule:
    told = {name: report.settings[name] for name in ("data", "validation", "drop_remainder") if name in report.settings}
    return Schedule(report.batch, **told)
