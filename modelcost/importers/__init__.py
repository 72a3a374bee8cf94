"""From a name, a file or a framework's object to a Model. Reading never runs code from a file."""

from __future__ import annotations

from modelcost.errors import ModelCostError, short
from modelcost.model import Model

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FRAMEWORKS = ("keras", "tf_keras", "tensorflow")


def load(source: Any, partial: bool = False) -> Model:
    """The model behind a name of the zoo, a file (.keras, .json, .h5, .hdf5) or a live Keras model.

    A `Model` is given back as it is. `partial`: layers whose cost is not known become `UnknownLayer`s instead of an
    error; such a model is costed only as a lower bound, with `cost(model, partial=True)`.

    Raises `UnknownNameError`, with the nearest names, for a name that the zoo does not have, and `ModelCostError`
    for a file that cannot be read or is no model.

    >>> load("lenet5").name
    'lenet5'
    """
    if isinstance(source, Model):
        return source
    if hasattr(source, "__fspath__"):
        source = source.__fspath__()
    if isinstance(source, str):
        return _from_file(source, partial) if is_path(source) else _from_zoo(source)
    if _is_keras_model(source):
        return from_keras(source, partial)
    raise ModelCostError(f"a model is a Model, the name of one, a file or a Keras model. Received: {short(source)}")


def is_path(source: str) -> bool:
    """Whether a word means a file, not a name of the zoo: it has an ending or a directory in it."""
    return "." in source or "/" in source or "\\" in source


def _from_zoo(name: str) -> Model:
    from modelcost import zoo

    return zoo.build(name)


def _from_file(path: str, partial: bool) -> Model:
    from modelcost.importers.archives import read
    from modelcost.importers.keras_config import model_of

    config = read(path)
    if isinstance(config, dict) and "modelcost" in config:
        raise ModelCostError(f"{short(path)}: this is a report of modelcost's, not a model")
    try:
        return model_of(config, partial)
    except ModelCostError as error:
        placed = type(error)(f"{short(path)}: {error}")
        raise placed from None


def _is_keras_model(source: Any) -> bool:
    """Whether it is a model of a framework that is loaded already: told by its classes' modules, nothing is imported."""
    bases = type(source).__mro__
    return any(base.__name__ == "Model" and base.__module__.partition(".")[0] in FRAMEWORKS for base in bases)


def from_keras(model: Any, partial: bool = False) -> Model:
    """The model that a live Keras model is, by way of its configuration.

    Raises `ModelCostError` for a subclassed model, whose graph is only in its code.
    """
    if not _is_keras_model(model):
        raise ModelCostError(f"from_keras takes a Keras model. Received: {short(model)}")
    from modelcost.importers.archives import parsed
    from modelcost.importers.keras_config import model_of

    return model_of(parsed(_described(model).encode()), partial)


def _described(model: Any) -> str:
    """What `to_json` says of a model, with the marks of layers that stand in it twice."""
    import contextlib
    import sys
    import warnings

    library = sys.modules.get("keras.src.saving.serialization_lib")
    sharing = getattr(library, "ObjectSharingScope", contextlib.nullcontext)
    try:
        with sharing(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that a Lambda may be unsafe to load: it is not loaded
            return str(model.to_json())
    except (NotImplementedError, TypeError, ValueError) as error:
        raise ModelCostError(
            f"{short(getattr(model, 'name', 'model'))}: Keras cannot write this model down, as it cannot a subclassed model or "
            f"a layer without get_config(): {short(str(error))}. Write it in the functional style, or give its layers get_config()"
        ) from None
