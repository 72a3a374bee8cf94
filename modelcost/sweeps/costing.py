"""One point of a sweep: the model is built where a function makes it, and costed with the point's own settings."""

from __future__ import annotations

from modelcost.costing import cost
from modelcost.errors import ModelCostError, nearest, short, unknown
from modelcost.figures import MissingFigureError
from modelcost.importers import load
from modelcost.levels import LEVELS
from modelcost.report import APART, FIGURES, apart_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
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
    *apart_names(),
)
"""The names of all figures that a sweep can have; those of a layer are its name, a dot, and the figure."""
COMMON = (*FIGURES, "minibatch.flops", "epoch.flops", "run.flops", "memory.peak_training_bytes", "time.run.seconds")


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

    __slots__ = ("arguments", "figures", "settings", "sizes", "subject", "unused", "zoo_name")

    def __init__(
        self,
        subject: Model | Callable[..., Any],
        figures: Sequence[str],
        settings: Mapping[str, Any],
        arguments: Sequence[str] = (),
        sizes: Sequence[str] = (),
        unused: Sequence[str] = (),
        zoo_name: str | None = None,
    ) -> None:
        self.subject, self.figures, self.settings = subject, tuple(figures), dict(settings)
        self.arguments, self.sizes, self.unused = tuple(arguments), tuple(sizes), tuple(unused)
        self.zoo_name = zoo_name

    def __call__(self, choices: Mapping[str, Any]) -> dict[str, Any] | str:
        """The figures by name; text, the reason, where the point cannot be.

        Raises `MissingFigureError` for a figure that no point will have, as settings are missing for it.
        """
        try:
            return self.at(choices)
        except MissingFigureError as error:
            if self._varying(choices):  # another optimizer, or another CPU, can have it
                return str(error)
            raise
        except ModelCostError as error:
            return str(error)
        except (Exception, SystemExit) as error:
            return told(error)

    def _varying(self, choices: Mapping[str, Any]) -> list[str]:
        """The settings of `cost` that differ from point to point, but for the batch."""
        return [name for name in choices if name not in (*self.arguments, *self.sizes, *self.unused, "batch")]

    def at(self, choices: Mapping[str, Any]) -> dict[str, Any]:
        """The figures at a point; any error as it comes."""
        model = self._model(choices)
        own = {name: choices[name] for name in choices if name == "batch" and name not in self.arguments}
        settings = {**self.settings, **own, **{name: choices[name] for name in self._varying(choices)}}
        sizes = {word: choices[word] for word in self.sizes}
        if sizes:
            settings["input"] = _whole(resized(model, sizes, settings.get("input")))
        report = self.report(model, settings)
        found = {name: report.figure(name) for name in self.figures}
        return {name: value if isinstance(value, float) else int(value) for name, value in found.items()}

    def report(self, model: Model, settings: Mapping[str, Any]) -> Report:
        """The report on the model; the zoo makes it anew for another input, as some networks are of one alone."""
        subject = model if self.zoo_name is None or settings.get("input") is None else self.zoo_name
        return cost(subject, **settings)

    def _model(self, choices: Mapping[str, Any]) -> Model:
        from modelcost.model import Model

        if isinstance(self.subject, Model):
            return self.subject
        made = self.subject(**{name: choices[name] for name in self.arguments})
        if hasattr(made, "cr_frame"):
            made.close()
            raise ModelCostError("it is an async function; give one that returns the model")
        if not isinstance(made, Model) and not hasattr(made, "get_config"):
            kind = "" if made is None or isinstance(made, str | int | float) else f"a {type(made).__name__}"
            raise ModelCostError(f"the function must return a model. Received: {kind or short(made)}")
        return load(made)


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


def _whole(shapes: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The same shapes; an error that names the first size that has no value in them."""
    for length in (length for shape in shapes for length in shape if not isinstance(length, int)):
        raise ModelCostError(f"the input depends on {length.size[0]}, which has no value: sweep over it too")
    return shapes


def named(subject: Any) -> str:
    """What is swept, in a word."""
    inner = getattr(subject, "func", subject)  # of functools.partial
    return str(getattr(inner, "__name__", None) or getattr(inner, "name", None) or type(inner).__name__)


def told(error: BaseException) -> str:
    """An error of somebody's own code in a line, even if it cannot be written out."""
    try:
        text = str(error)
    except Exception:
        text = ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _several(given: Any) -> list[Any]:
    return list(given) if isinstance(given[0], list | tuple) else [given]


def unknown_in(subject: Any) -> bool:
    """Whether layers of a model are of unknown cost, or can be, in models that a function makes."""
    entries = getattr(subject, "entries", None)
    return entries is None or any(entry.type == "UnknownLayer" for entry in entries())


def notes(subject: Any, choices: Sequence[str], partial: bool) -> Iterator[str]:
    """What must be known of all points: what they leave out, and which side of an image stays as it is."""
    if partial and unknown_in(subject):
        yield "LOWER BOUND: what layers of unknown cost need is not in these figures"
    for tensor in getattr(subject, "inputs", ()):
        sides = {word: n for n in tensor.shape for word in getattr(n, "size", ()) if word in ("height", "width")}
        left = [word for word in sides if word not in choices]
        if len(sides) == 2 and len(left) == 1 and isinstance(sides[left[0]], int):
            (other,) = sides.keys() - set(left)
            told = f"The {left[0]} stays {int(sides[left[0]])} at every {other}"
            yield f"{told}; --{left[0]} {other} ({left[0]}=lambda {other}: {other}) makes it the same"
            return
