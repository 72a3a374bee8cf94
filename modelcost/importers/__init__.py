"""From a name, a file or a framework's object to a Model. Reading never runs code from a file."""

from __future__ import annotations

from modelcost.errors import ModelCostError, short
from modelcost.model import Model

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

FRAMEWORKS = ("keras", "tf_keras", "tensorflow")


def load(source: Any, partial: bool = False) -> Model:
    """The model behind a name of the zoo, a file (.keras, .json, .h5, .hdf5, .yaml) or a live Keras model.

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
        return _from_file(source, partial) if is_path(source) else from_zoo(source)
    if _is_keras_model(source):
        return from_keras(source, partial)
    raise ModelCostError(f"a model is a Model, the name of one, a file or a Keras model. Received: {short(source)}")


def is_path(source: str) -> bool:
    """Whether a word means a file, not a name of the zoo: it has an ending or a directory in it."""
    return "." in source or "/" in source or "\\" in source


def from_zoo(name: str, inputs: Sequence[tuple[int, ...]] | None = None) -> Model:
    """The network of that name, made for other input shapes if they are given."""
    from modelcost import zoo

    model = zoo.build(name)
    if inputs is None:
        return model
    model.check_inputs(inputs)
    return zoo.build(name, inputs)


def made_for(source: Any, inputs: Sequence[tuple[int, ...]] | None, partial: bool = False) -> Model:
    """The model that `load` gives; one of the zoo is made for these input shapes, if they are given."""
    of_zoo = isinstance(source, str) and not is_path(source)
    return from_zoo(source, inputs) if of_zoo else load(source, partial)


def _from_file(path: str, partial: bool) -> Model:
    from modelcost.importers.archives import read

    config = read(path)
    if isinstance(config, dict) and "modelcost" in config:
        raise ModelCostError(f"{short(path)}: this is a report of modelcost's, not a model")
    try:
        return _from_config(path, config, partial)
    except ModelCostError as error:
        placed = type(error)(f"{short(path)}: {error}")
        raise placed from None


def _from_config(path: str, config: Any, partial: bool) -> Model:
    """The model that a file says: layers written out in YAML, else a configuration of Keras's."""
    from pathlib import PurePath

    if PurePath(path).suffix.lower() in (".yaml", ".yml"):
        from modelcost.importers.layer_calls import model_of as written_out

        return written_out(config, PurePath(path).stem)
    from modelcost.importers.keras_config import model_of

    return model_of(config, partial)


def _is_keras_model(source: Any) -> bool:
    """Whether it is a model of a framework that is loaded: its classes' modules tell, and nothing is imported."""
    bases = type(source).__mro__
    return any(base.__name__ == "Model" and base.__module__.partition(".")[0] in FRAMEWORKS for base in bases)


def from_keras(model: Any, partial: bool = False) -> Model:
    """The model that a live Keras model is, by way of its configuration; `partial` as in `load`.

    Raises `ModelCostError` for a subclassed model, whose graph is only in its code.
    """
    if not _is_keras_model(model):
        raise ModelCostError(f"from_keras takes a Keras model. Received: {short(model)}")
    from modelcost.importers.archives import parsed
    from modelcost.importers.keras_config import model_of

    described = parsed(_described(model).encode())
    _mark(described, model, {})
    return model_of(described, partial)


def _described(model: Any) -> str:
    """What `to_json` says of a model."""
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that a Lambda may be unsafe to load: it is not loaded
            return str(model.to_json())
    except (NotImplementedError, TypeError, ValueError) as error:
        raise ModelCostError(
            f"{short(getattr(model, 'name', 'model'))}: Keras cannot write this model down, as it cannot a subclassed "
            f"model or a layer without get_config(): {short(str(error))}. Write it in the functional style, or give "
            "its layers get_config()"
        ) from None


def _mark(record: Any, layer: Any, seen: dict[int, int]) -> None:
    """Mark the records of one object as one: a layer in two models within a model has its weights once."""
    config = record.get("config") if isinstance(record, dict) else None
    if not isinstance(config, dict):
        return
    record["shared_object_id"] = seen.setdefault(id(layer), len(seen))
    inner = {one.name: one for one in getattr(layer, "layers", ())}
    for one in config.get("layers", ()):
        name = one.get("name", one["config"].get("name"))
        if name in inner:
            _mark(one, inner[name], seen)
    for name in ("layer", "backward_layer", "cell"):
        if hasattr(layer, name):
            _mark(config.get(name), getattr(layer, name), seen)
