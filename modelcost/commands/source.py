"""What stands for a model on the command line: a name, or code of the user's own. Only a person may name code."""

from __future__ import annotations

from modelcost.errors import ModelCostError, short

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from modelcost.model import Model


def named(text: str) -> Model | str:
    """The model of `package.module:name`; any other word is left to be looked up.

    Raises `ModelCostError` where the code cannot be imported, fails, or gives something else than a model.
    """
    module, colon, path = text.partition(":")
    words = [*module.split("."), *path.split(".")]
    if not colon or not all(word.isidentifier() for word in words):
        return text
    return _model(text, _imported(text, module, path))


def _imported(text: str, module: str, path: str) -> Any:
    import sys
    from importlib import import_module
    from pathlib import Path

    here = str(Path.cwd())
    sys.path.insert(0, here)
    try:
        found = import_module(module)
        for word in path.split("."):
            found = getattr(found, word)
    except Exception as error:
        raise ModelCostError(f"{text}: {_told(error)}") from error
    finally:
        sys.path.remove(here)
    return found


def _model(text: str, found: Any) -> Model:
    """A model as it is; a function is called, without arguments."""
    from modelcost.model import Model

    if not isinstance(found, Model) and callable(found):
        try:
            found = found()
        except Exception as error:
            raise ModelCostError(f"{text}: {_told(error)}") from error
    if not isinstance(found, Model):
        raise ModelCostError(f"{text} must be a Model, or a function that returns one. Received: {short(found)}")
    return found


def _told(error: Exception) -> str:
    """An error of the user's code, with the place where it happened."""
    if isinstance(error, ModelCostError):
        return str(error)
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    file = "" if place is None else place.tb_frame.f_code.co_filename
    where = "" if place is None or file == __file__ or file.startswith("<") else f"{file}:{place.tb_lineno}: "
    return f"{where}{type(error).__name__}: {error}"
