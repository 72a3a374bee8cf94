"""The names that layers get which were given none: Keras's, numbered within the model."""

from __future__ import annotations

from modelcost.errors import ModelCostError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

_stems: dict[str, str] = {}


def name_stem(class_name: str) -> str:
    """The name that Keras gives to a first layer of this class.

    >>> name_stem("Conv2DTranspose"), name_stem("MaxPooling2D"), name_stem("LSTM"), name_stem("ReLU")
    ('conv2d_transpose', 'max_pooling2d', 'lstm', 're_lu')
    """
    if class_name not in _stems:
        _stems[class_name] = "".join(_snake(class_name))
    return _stems[class_name]


def _snake(class_name: str) -> Iterator[str]:
    """The letters in lower case, with a _ before each capital that begins a word."""
    for before, letter, after in zip(f" {class_name}", class_name, f"{class_name[1:]} ", strict=False):
        begins = letter.isupper() and (before.islower() or (after.islower() and before.isalnum()))
        yield f"_{letter.lower()}" if begins else letter.lower()


def free_name(name: str, names: Iterable[str]) -> str:
    """The name; if a layer has it, or a model that holds layers, numbered as Keras numbers names until it is free.

    >>> free_name("loss", ["conv1"]), free_name("loss", ["loss/dense", "loss_1"])
    ('loss', 'loss_2')
    """
    taken = {"/".join(parts[: i + 1]) for one in names for parts in [one.split("/")] for i in range(len(parts))}
    free, number = name, 0
    while free in taken:
        number += 1
        free = f"{name}_{number}"
    return free


def unique_names(layers: Iterable[Any]) -> dict[Any, str]:
    """A name for each layer: its own, or Keras's with a number, in the order in which the layers were made."""
    distinct = list(dict.fromkeys(layers))
    names: dict[Any, str] = {}
    taken: dict[str, Any] = {}
    for layer in distinct:
        if layer.name is not None:
            if layer.name in taken:
                raise ModelCostError(
                    f"two layers are called {layer.name!r}: {taken[layer.name]!r} and {layer!r}; names are unique"
                )
            taken[layer.name] = layer
            names[layer] = layer.name
    numbers: dict[str, int] = {}
    for layer in sorted((one for one in distinct if one.name is None), key=lambda one: one.serial):
        stem = name_stem(type(layer).__name__)
        while (name := stem + (f"_{numbers[stem]}" if numbers.get(stem) else "")) in taken:
            numbers[stem] = numbers.get(stem, 0) + 1
        numbers[stem] = numbers.get(stem, 0) + 1
        taken[name] = layer
        names[layer] = name
    return {layer: names[layer] for layer in distinct}
