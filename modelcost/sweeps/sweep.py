"""From a model, or a function that makes models, and choices, to the cost at every point."""

from __future__ import annotations

from modelcost.conventions import convention as convention_named
from modelcost.errors import ModelCostError, short
from modelcost.importers import is_path, load
from modelcost.progress import Progress
from modelcost.report import APART
from modelcost.space import Space, by_name
from modelcost.sweeps.asked import (
    callable_of_models,
    check_names,
    is_size,
    setting_names,
    split,
    taken,
    usual_figures,
)
from modelcost.sweeps.conditions import Condition, conditions
from modelcost.sweeps.costing import NAMES, Costing, check_figure, named, notes, unknown_in
from modelcost.sweeps.points import Failed, Point, Points, gathered

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from concurrent.futures import Executor
    from typing import Any

    from modelcost.model import Model
    from modelcost.sweeps.record import Record


def sweep(
    subject: Any,
    choices: Mapping[str, Any] | None = None,
    /,
    *,
    figures: str | Iterable[str] = (),
    where: str | Iterable[str] | None = None,
    sample: int | None = None,
    seed: int = 0,
    executor: Executor | None = None,
    resume: str | os.PathLike[str] | None = None,
    **more: Any,
) -> Sweep:
    """What a model costs at many sizes, or what many models cost that a function makes of choices.

    `subject`: a model, the name of one, a function that returns one, or a `Space` of what such builds. Choices are
    given by name, each as one value, a list or a range, or as a function of choices before it: arguments of the
    function; free sizes (`batch`, `steps`, `depth`, `height`, `width`, or `name.height` for one input of several);
    settings of `cost`, such as `optimizer`. A dict takes names that Python does not.

    `figures`: which, by the names that `Report.figure` takes, and `memory.peak_training_bytes`, `time.run.seconds`;
    `where`: conditions on the points, such as "params < 1e6"; `sample`: so many of the points, drawn by chance from
    `seed`; `executor`: where points are costed that are not found by rebinding; `resume`: a file in which each point
    is kept as it is done, and from which a sweep that was stopped goes on.

    Nothing is done before a point is asked for. Points that cannot be stand in `failed`, with the reason.

    Raises `ModelCostError` for choices that cannot be, `UnknownNameError` for names that are not known.

    >>> found = sweep("lenet5", batch=[1, 8], height=[4, 32])
    >>> found["minibatch.forward_flops"].tolist(), len(found.failed)
    ([839373, 6714984], 2)
    """
    if executor is not None and not hasattr(executor, "submit"):
        raise ModelCostError(f"executor must be one of concurrent.futures. Received: {short(executor)}")
    if isinstance(subject, Space):
        if subject.build is None:
            raise ModelCostError("a space has choices alone; say what is built of them: space.built(function)")
        choices, subject = {**subject.choices, **(choices or {})}, subject.build
    given = by_name(choices, more)
    built = callable(subject) and not hasattr(subject, "entries") and not hasattr(subject, "get_config")
    zoo_name = subject if isinstance(subject, str) and not is_path(subject) else None
    subject = subject if built else load(subject)
    takes = taken(subject, given) if built else {}
    kept, settings = split(given, takes)
    for name in kept:
        if name in NAMES:
            raise ModelCostError(f"{name} is the name of a figure; let the function call its argument something else")
    missing = [name for name, needed in takes.items() if needed and name not in kept]
    if missing:
        raise ModelCostError(f"{named(subject)} needs {' and '.join(missing)}: give the values of each")
    space = Space(kept, sample=sample, seed=seed)
    sizes = [name for name in space.names if is_size(name) and name not in takes]
    check_names(subject, space, takes, sizes)
    tests = conditions(where)
    several: Any = figures if hasattr(figures, "__iter__") and not isinstance(figures, str) else [figures]
    given = {name: value for name, value in {**settings, **kept}.items() if name not in takes}
    asked = [*(several or usual_figures(given)), *(name for one in tests for name in one.names)]
    wanted = list(dict.fromkeys(check_figure(name) for name in asked if name not in space.names))
    return Sweep(subject, space, wanted, settings, tests, executor, resume, takes, sizes, zoo_name)


class Sweep(Points):
    """A sweep, made by `sweep`: a table of points that is worked out as it is read.

    Going through it gives each `Point` as it is done, also those that failed; what is asked of it as a table, such as
    a column or `pareto`, is worked out to the end. `done` is what there is so far.
    """

    def __init__(
        self,
        subject: Model | Callable[..., Any],
        space: Space,
        figures: Sequence[str],
        settings: Mapping[str, Any],
        tests: Sequence[Condition],
        executor: Executor | None,
        resume: Any,
        takes: Mapping[str, bool],
        sizes: Sequence[str],
        zoo_name: str | None,
    ) -> None:
        super().__init__(named(subject), space.names, figures, {}, Failed({}, []))
        self.space, self.tests, self.executor, self.resume = space, list(tests), executor, resume
        self.subject, self.settings = subject, dict(settings)
        arguments = [name for name in space.names if name in takes]
        unused = [name for name in space.names if name not in (*takes, *sizes, *setting_names())]
        batched = [name for name in sizes if name != "batch"]
        self.costing = Costing(subject, figures, settings, arguments, batched, unused, zoo_name)
        self.at_least = bool(self.settings.get("partial")) and unknown_in(subject)
        self.notes = tuple(notes(subject, space.names, self.at_least))
        self._record: Record | None = None
        self._outcomes: dict[int, Any] = {}
        self._table: Points | None = None
        self.at_once = not callable_of_models(subject) and len(sizes) == len(space.names) and self._bindable()

    def _bindable(self) -> bool:
        """Whether the figures have formulas that hold for all sizes."""
        rule = convention_named(self.settings.get("convention", "flops"))
        return rule.at(1).batch is None and not any(name.partition(".")[0] in APART for name in self.figures)

    @property
    def columns(self) -> dict[str, Any]:
        return self._whole().columns

    @property
    def failed(self) -> Failed:
        return self._whole().failed

    @property
    def done(self) -> Points:
        """The points that are done, of a sweep that was stopped; nothing more is worked out."""
        if self._table is not None:
            return self._table
        return self._tested(gathered(self.of, self.choices, self.figures, self._points()))

    def _points(self) -> Iterator[Point]:
        return (self._made(i, outcome) for i, outcome in sorted(self._outcomes.items()))

    def _whole(self) -> Points:
        if self._table is None:
            if self.at_once:
                table = self._rebound()
                self._keep(table)
                self._table = self._tested(table)
            else:
                for _ in self._costed():
                    pass
                self._table = self.done
        return self._table

    def _tested(self, points: Points) -> Points:
        points.notes, points.at_least = self.notes, self.at_least
        return points.where(*(test.text for test in self.tests))

    def __iter__(self) -> Iterator[Point]:
        if self.at_once or self._table is not None:
            table = self._whole()
            yield from iter(table)
            yield from table.failed
            return
        self._resumed()
        for i, outcome in sorted(self._outcomes.items()):
            yield from self._holding(i, outcome)
        for i, outcome in self._costed():
            yield from self._holding(i, outcome)

    def _holding(self, i: int, outcome: Any) -> Iterator[Point]:
        point = self._made(i, outcome)
        values = {**point.choices, **point.figures}
        if point.failed is not None or all(test.holds(values) for test in self.tests):
            yield point

    def _made(self, i: int, outcome: Any) -> Point:
        if isinstance(outcome, str):
            return Point(self.space.point(i), {}, outcome)
        return Point(self.space.point(i), outcome)

    def _rebound(self) -> Points:
        from modelcost.sweeps.rebinding import table

        report = self.costing.report(self.subject, self.settings)  # type: ignore[arg-type]
        terms = {name: report.figure(name) for name in self.figures}
        return table(report, terms, self.space.mesh())

    def _keep(self, table: Points) -> None:
        """Put all points into the file, if there is to be one."""
        self._resumed()
        if self._record is None:
            return
        failed = {tuple(one.choices.values()): one.failed for one in table.failed}
        there, done = iter(table), self._record.outcomes
        reasons = (failed.get(tuple(choices.values())) for choices in self.space)
        outcomes = (next(there).figures if reason is None else reason for reason in reasons)
        self._record.add({i: outcome for i, outcome in enumerate(outcomes) if i not in done})

    def _costed(self) -> Iterator[tuple[int, Any]]:
        """The outcomes of the points that are not done yet, as they come; each is kept."""
        from modelcost.sweeps.workers import Lost, streamed

        self._resumed()
        left = (i for i in range(len(self.space)) if i not in self._outcomes)
        points = ((i, self.space.point(i)) for i in left)
        with Progress(f"sweep of {self.of}", len(self.space), len(self._outcomes)) as progress:
            for i, outcome in streamed(self.executor, self.costing, points, len(self.space)):
                self._outcomes[i] = outcome
                if self._record is not None and not isinstance(outcome, Lost):
                    self._record.add({i: outcome})
                progress.step()
                yield i, outcome

    def _resumed(self) -> None:
        """Take what the file of this sweep has; an error where its first point is not what it would be now."""
        if self.resume is None or self._record is not None:
            return
        from modelcost import __version__
        from modelcost.sweeps.record import Record, digest, settings_told

        head = {"modelcost": __version__, "of": self.of, "choices": list(self.choices), "points": len(self.space)}
        head |= {"digest": digest(self.space), "figures": list(self.figures), "settings": settings_told(self.settings)}
        self._record = Record(self.resume, head)
        first = next(((i, one) for i, one in self._record.outcomes.items() if not isinstance(one, str)), None)
        if first is not None and self.costing(self.space.point(first[0])) != first[1]:
            told = f"the figures of {short(self.space.point(first[0]))} are others now"
            raise ModelCostError(f"{short(str(self.resume))} is of another sweep: {told}; name another file")
        self._outcomes = {**self._record.outcomes, **self._outcomes}
