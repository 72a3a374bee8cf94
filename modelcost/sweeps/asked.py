"""What a sweep is asked for: which names are choices, which are settings, and which figures are usual."""

from __future__ import annotations

from modelcost.costing import cost
from modelcost.errors import unknown
from modelcost.sizes import LETTERS, size
from modelcost.space import parameters, takes_any

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from modelcost.space import Space

AS_GIVEN = ("input", "loss", "assume")
"""Settings whose lists are one value, not several to choose from."""


def taken(function: Callable[..., Any], given: Mapping[str, Any]) -> dict[str, bool]:
    """What a function takes of what was given, and whether it needs it; one of **any takes all that nothing else is."""
    found = parameters(function, "the function")
    if not takes_any(function):
        return found
    return {**found, **{name: False for name in given if name not in (*found, *setting_names()) and not is_size(name)}}


def callable_of_models(subject: Any) -> bool:
    """Whether a sweep's subject is a function that makes models, and no model."""
    return not hasattr(subject, "entries")


def setting_names() -> tuple[str, ...]:
    """The names of the settings of `cost`."""
    code = cost.__code__
    return code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount]


def split(given: Mapping[str, Any], takes: Mapping[str, bool]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is chosen, and the settings that are the same everywhere."""
    chosen: dict[str, Any] = {}
    fixed: dict[str, Any] = {}
    for name, value in given.items():
        several = callable(value) or (hasattr(value, "__iter__") and not isinstance(value, str))
        setting = name in setting_names() and name not in takes and (name in AS_GIVEN or not several)
        (fixed if setting and name != "batch" else chosen)[name] = value
    return chosen, fixed


def is_size(name: str) -> bool:
    """Whether a name is that of a size, of all inputs or of one."""
    return name.rpartition(".")[2] in LETTERS


def check_names(subject: Any, space: Space, takes: Mapping[str, bool], sizes: Sequence[str]) -> None:
    """Refuse names that nothing takes, and sizes that cannot be."""
    built = callable_of_models(subject)
    used = {one for choice in space.choices.values() if callable(choice) for one in parameters(choice, "a choice")}
    known = {*takes, *setting_names(), *used} if built else {*setting_names(), *used}
    free = ["batch", *free_sizes_of(subject)] if not built else [*LETTERS]
    for name in space.names:
        if name in sizes and (built or name in free):
            _check_sizes(name, space.choices[name])
        elif name not in known:
            kind = "choice" if built else f"free size of {subject.name or 'the model'}"
            raise unknown(kind, name, [*takes, *LETTERS] if built else free)


def _check_sizes(name: str, values: Any) -> None:
    if not callable(values):
        for value in (values[0], values[-1]) if isinstance(values, range) else values:
            size(name, value)


def free_sizes_of(model: Any) -> list[str]:
    """The free sizes of a model's inputs."""
    words = (word for tensor in model.inputs for one in tensor.shape for word in getattr(one, "size", ()))
    return list(dict.fromkeys(words))


def usual_figures(given: Mapping[str, Any]) -> list[str]:
    """The figures of a sweep that asks for none: parameters, memory of outputs, and FLOPs of what was asked for."""
    which = "flops" if given.get("optimizer") is not None else "forward_flops"
    level = "minibatch" if given.get("data") is None else "epoch" if given.get("epochs") is None else "run"
    timed = ["time.minibatch.seconds"] if given.get("cpu") is not None else []
    return ["params", "activation_bytes", f"{level}.{which}", *timed]
