"""What a mini-batch, an epoch and a run cost: counted exactly, and as it is worked out by hand.

By hand, the backward pass is taken as twice the forward pass, and a pass on N examples as N times that on one. The
count knows better: the gradient of an input that nobody needs, the optimizer, a last mini-batch that is short.
"""

from __future__ import annotations

from modelcost.count import Count, product, total
from modelcost.homework.batches import steps, training_examples, validation_examples

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from modelcost.figures import Level
    from modelcost.homework.subject import Subject

    Ways = Iterator[tuple[str, Any]]

PARTS = {
    "flops": ("forward_flops", "backward_flops", "optimizer_flops"),
    "forward_flops": ("forward_flops",),
    "backward_flops": ("backward_flops",),
    "optimizer_flops": ("optimizer_flops",),
    "validation_flops": ("validation_flops",),
    "test_flops": ("test_flops",),
}
"""What each kind of figure is the sum of, by the names in a report."""
LEVELS = ("minibatch", "epoch", "run")
KINDS = {f"{kind}_per_{level}": (kind, level) for kind in list(PARTS)[:4] for level in LEVELS} | {
    "validation_flops_per_epoch": ("validation_flops", "epoch"),
    "validation_flops_per_run": ("validation_flops", "run"),
    "test_flops_per_run": ("test_flops", "run"),
}
"""Every quantity of more than one example: of which kind, and of which level."""
TIMES = {"flops": 3, "backward_flops": 2}
"""Passes as so many forward passes, by the rule of thumb; 1 for what is forward only."""
THUMB = "3x forward"
"""The rule's name in `training.approximations`."""
ONE_BY_ONE = "so many times one example in inference"
WHOLE_BATCHES = "a last mini-batch that is taken as a whole one"


def figure(name: str) -> Callable[[Subject, str], Any]:
    """The right figure of a quantity of these: the exact one where the setting has all that it takes."""

    def of_model(subject: Subject, part: str) -> Any:
        return next(ways(subject, name))[1]

    return of_model


def ways(subject: Subject, name: str) -> Ways:
    """All ways to arrive at a figure, the exact one first, without a name; the others by what they take for granted.

    Where a student's own figures go on, only what is worked out by hand is made of them.
    """
    if subject.carrying:
        yield from by_hand(subject, name)
        return
    right = exact(subject, name)
    if right is not None:
        same = [one for way, one in by_hand(subject, name) if one == right]
        yield "", same[0] if same else right
        yield from _whole_batches(subject, name)
    yield from by_hand(subject, name)


def trains(subject: Subject, name: str) -> bool:
    """Whether the exact figure takes the costs of training, which are worked out for each convention anew."""
    return name in KINDS and "optimizer" in subject.setting


def exact(subject: Subject, name: str) -> Any:
    """What the report says, as the sum of its passes; None where it takes an optimizer and the setting has none."""
    kind, level = KINDS[name]
    trained = kind in TIMES or kind == "optimizer_flops"
    if trained and "optimizer" not in subject.setting:
        if kind == "optimizer_flops":
            subject.needs("optimizer")
        return None
    for needed in {"minibatch": ("batch",), "epoch": ("data",), "run": ("data", "epochs")}[level]:
        subject.needs(needed)
    if kind in ("validation_flops", "test_flops"):
        subject.whole_or_part(kind.partition("_")[0])
    return _summed(subject.trained if "optimizer" in subject.setting else subject.report, level, kind)


def _summed(report: Any, level: str, kind: str) -> Any:
    """The passes of a level as named numbers: a slip may lose one of them; how each was made is too long to show."""
    found: Level = report.levels[level]
    parts = [(name, int(getattr(found, name))) for name in PARTS[kind] if name in found]
    return total(Count(value, name.replace("_flops", " pass" if "optim" not in name else "")) for name, value in parts)


def by_hand(subject: Subject, name: str) -> Ways:
    """What comes out by hand, from the figures of one example or, once errors are carried, of the level below."""
    kind, level = KINDS[name]
    if kind == "optimizer_flops":
        return
    below = {"epoch": "minibatch", "run": "epoch"}.get(level)
    own = ("model", f"{kind}_per_{below}", "")
    if subject.carrying and own in subject.own:
        times = subject.whole("epochs") if level == "run" else steps(training_examples(subject), subject)
        yield "", product([times, subject.figure("model", own[1], 0)])
        if level == "run":
            return
    from modelcost.homework.quantities import model_figure  # which has these among its own

    forward = _named(model_figure(subject, "flops"), "forward pass")
    passes = [Count(TIMES[kind], "passes")] if kind in TIMES else []
    yield THUMB if passes else ONE_BY_ONE, product([*passes, *_times(subject, kind, level), forward])


def _whole_batches(subject: Subject, name: str) -> Ways:
    """As many mini-batches as there are steps, each as one that is whole."""
    kind, level = KINDS[name]
    if level == "minibatch" or kind not in list(PARTS)[:3] or "batch" not in subject.setting:
        return
    step = exact(subject, f"{kind}_per_minibatch")
    times = [steps(training_examples(subject), subject), *([subject.whole("epochs")] if level == "run" else [])]
    yield WHOLE_BATCHES, product([*times, _named(step, "mini-batch")])


def _times(subject: Subject, kind: str, level: str) -> list[Any]:
    if level == "minibatch":
        return [subject.whole("batch")]
    if kind == "test_flops":
        return [subject.whole("test")]
    examples = validation_examples(subject) if kind == "validation_flops" else training_examples(subject)
    return [examples] if level == "epoch" else [subject.whole("epochs"), examples]


def _named(figure: Any, name: str) -> Any:
    return (figure if hasattr(figure, "called") else Count(int(figure))).called(name)
