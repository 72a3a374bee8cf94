"""One point of a sweep: the model is built where a function makes it, and costed with the point's own settings."""

from __future__ import annotations

from modelcost.costing import cost
from modelcost.errors import ModelCostError, nearest, short, unknown
from modelcost.figures import MissingFigureError
from modelcost.importers import load
from modelcost.levels import LEVELS
from modelcost.memory import FIGURES as MEMORY
from modelcost.report import FIGURES
from modelcost.timing.estimate import LEVELS as TIMED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from modelcost.model import Model
    from modelcost.report import Report

PASSES = ("forward_flops", "backward_flops", "optimizer_flops", "flops")
NAMES = (
    *FIGURES,
    "non_trainable_params",
    "example.forward_flops",
    *(f"{level}.{name}" for level in LEVELS[1:] for name in PASSES),
    *(f"{level}.{name}" for level in LEVELS[2:] for name in ("steps", "validation_flops")),
    "run.test_flops",
    *(f"memory.{name}" for name in MEMORY),
    *(f"time.{level}.{name}" for level in TIMED for name in ("seconds", "low", "high")),
)
"""The names of all figures that a sweep can have; those of a layer are its name, a dot, and the figure."""
NEEDED = {
    **dict.fromkeys(("backward_flops", "optimizer_flops", "flops"), "an optimizer; give optimizer=..."),
    "validation_flops": "examples held out; give validation=...",
    "test_flops": "examples to test on; give test=...",
}
COMMON = (*FIGURES, "minibatch.flops", "epoch.flops", "run.flops", "memory.peak_training_bytes", "time.run.seconds")
APART = ("memory", "time")
"""Figures of which no formula holds for all sizes."""


def check_figure(name: Any) -> str:
    """The name of a figure; `UnknownNameError` for another. A layer's is looked up when there is a model."""
    if not isinstance(name, str):
        raise ModelCostError(f"a figure is asked for by its name. Received: {short(name)}")
    first, dot, _ = name.partition(".")
    if name not in NAMES and (not dot or first in (*LEVELS, *APART)):
        raise unknown("figure", name, NAMES if nearest(name, NAMES) else COMMON)
    return name


class Costing:
    """What is worked out at each point: called with the choices of one, it gives its figures, or why there are none.

    `subject`: a model, or a function that makes one of those choices that are its `arguments`; `sizes` are the choices
    that are axes of the model's input, and the others are settings of `cost`. It can be sent to other processes.
    """

    __slots__ = ("arguments", "figures", "settings", "sizes", "subject", "unused")

    def __init__(
        self,
        subject: Model | Callable[..., Any],
        figures: Sequence[str],
        settings: Mapping[str, Any],
        arguments: Sequence[str] = (),
        sizes: Sequence[str] = (),
        unused: Sequence[str] = (),
    ) -> None:
        self.subject, self.figures, self.settings = subject, tuple(figures), dict(settings)
        self.arguments, self.sizes, self.unused = tuple(arguments), tuple(sizes), tuple(unused)

    def __call__(self, choices: Mapping[str, Any]) -> dict[str, Any] | str:
        """The figures by name; text, the reason, where the point cannot be.

        Raises `MissingFigureError` for a figure that no point will have, as settings are missing for it.
        """
        try:
            return self.at(choices)
        except MissingFigureError:
            raise
        except ModelCostError as error:
            return str(error)
        except Exception as error:
            return f"{type(error).__name__}: {error}"

    def at(self, choices: Mapping[str, Any]) -> dict[str, Any]:
        """The figures at a point; any error as it comes."""
        model = self._model(choices)
        apart = (*self.arguments, *self.sizes, *self.unused)
        settings = {**self.settings, **{name: value for name, value in choices.items() if name not in apart}}
        sizes = {word: choices[word] for word in self.sizes}
        if sizes:
            settings["input"] = resized(model, sizes, settings.get("input"))
        report = cost(model, **settings)
        found = {name: figure(report, name) for name in self.figures}
        return {name: value if isinstance(value, float) else int(value) for name, value in found.items()}

    def _model(self, choices: Mapping[str, Any]) -> Model:
        from modelcost.model import Model

        if isinstance(self.subject, Model):
            return self.subject
        made = self.subject(**{name: choices[name] for name in self.arguments})
        if made is None or isinstance(made, str):
            raise ModelCostError(f"the function must return a model. Received: {short(made)}")
        return load(made)


def figure(report: Report, name: str) -> Any:
    """A figure of a report by its name, those of its time and its memory too."""
    first, _, last = name.rpartition(".")
    if first == "memory":
        return getattr(report.memory, last)
    if name.startswith("time."):
        return getattr(getattr(report.time, first.removeprefix("time.")), last)
    if first in report.levels and last in NEEDED and last not in report.levels[first]:
        raise MissingFigureError(f"{report.model}: no {name} without {NEEDED[last]}")
    return report.figure(name)


def resized(model: Model, sizes: Mapping[str, int], given: Any = None) -> list[tuple[Any, ...]]:
    """The shapes of a model's inputs, or those given instead, with other lengths for their free sizes.

    A length for one input by its name comes before one for all.
    """

    def length(size: Any, own: Any) -> Any:
        return next((sizes[word] for word in reversed(getattr(size, "size", ())) if word in sizes), own)

    shapes = [tensor.shape for tensor in model.inputs]
    others = shapes if given is None else _several(given)
    if [*map(len, others)] != [*map(len, shapes)]:
        raise ModelCostError(f"input must have the axes of {', '.join(map(str, shapes))}. Received: {short(given)}")
    return [tuple(map(length, shape, other)) for shape, other in zip(shapes, others, strict=True)]


def _several(given: Any) -> list[Any]:
    return list(given) if isinstance(given[0], list | tuple) else [given]
