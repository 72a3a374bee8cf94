"""What stands for a model on the command line: a name, a file, or code of one's own, which only a person may name."""

from __future__ import annotations

from contextlib import contextmanager

from modelcost.errors import ModelCostError, short

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from modelcost.model import Model


def named(text: str, partial: bool = False) -> Model | str:
    """The model of `package.module:name` or of a file; a name of the zoo is left to be looked up.

    `partial`: layers of a file may be unknown.
    Raises `ModelCostError` where the code cannot be imported, fails, or gives something else than a model.
    """
    from modelcost.importers import is_path, load

    found = code_or_name(text)
    return load(found, partial) if isinstance(found, str) and is_path(found) else found


def code_or_name(text: str) -> Model | str:
    """The model of `package.module:name`; the name of a file or of the zoo as it is.

    Raises `ModelCostError` as `named` does.
    """
    place = _place_of(text)
    return text if place is None else _model(text, _from_code(text, *place, _called))


def function_or_model(text: str) -> Any:
    """The function of `package.module:name` that takes arguments; else as `code_or_name`."""
    place = _place_of(text)
    if place is None:
        return text
    found = _from_code(text, *place, _called_without)
    return found if callable(found) and not hasattr(found, "entries") else _model(text, found)


def several(text: str) -> Any:
    """As `named`, for one model or many: a list or a `Space` that code has or gives stands for all that are in it.

    Raises `ModelCostError` as `named` does.
    """
    from modelcost.space import Space

    place = _place_of(text)
    if place is None:
        return named(text)
    found = _from_code(text, *place, _called)
    if isinstance(found, Space):
        return found
    return [_model(text, one) for one in found] if isinstance(found, list | tuple) else _model(text, found)


def _place_of(text: str) -> tuple[str, str] | None:
    """The module and the name in it that a text stands for; None where it is the name of something else."""
    module, colon, path = text.partition(":")
    if module.endswith(".py"):
        _refuse_file(text, module, path)
    words = [*module.split("."), *path.split(".")]
    return (module, path) if colon and all(word.isidentifier() for word in words) else None


def _refuse_file(text: str, file: str, path: str) -> None:
    """Say how to name the module that a Python file is; `x.py:y` may also be a module `py` within a package `x`."""
    import os

    place = file.removesuffix(".py").replace("\\", "/")
    steps = [step for step in place.split("/") if step != "."]
    if path and steps == [place] and not os.path.exists(file):  # noqa: PTH110
        return
    way_out = f"{'.'.join(steps)}:{path or 'NAME'}"
    if not all(step.isidentifier() for step in steps):
        way_out = f"{steps[-1]}:{path or 'NAME'} in the folder of {steps[-1]}.py"
    raise ModelCostError(f"{short(text)}: name the module, not its file: {way_out}")


def _from_code(text: str, module: str, path: str, use: Callable[[str, Any], Any]) -> Any:
    """What the user's code has under this name, or gives when it is called."""
    try:
        with in_place(text):
            return use(text, _found(module, path))
    except (Exception, SystemExit) as error:
        raise ModelCostError(f"{text}: {_told(error, module)}") from error


@contextmanager
def in_place(text: str) -> Iterator[None]:
    """Run the user's code with its current folder and its prints in place.

    What it prints goes to standard error: standard output is for the answer. The command line is not its own.
    """
    import sys
    from contextlib import redirect_stdout, suppress
    from io import StringIO

    here, words = _folder(), sys.argv
    sys.path.insert(0, here)
    sys.argv = [text]
    try:
        with redirect_stdout(sys.stderr or StringIO()):
            yield
    finally:
        sys.argv = words
        with suppress(ValueError):
            sys.path.remove(here)


def _folder() -> str:
    from pathlib import Path

    try:
        return str(Path.cwd())
    except OSError as error:
        raise ModelCostError(f"the current folder cannot be read: {error.strerror}; change to another") from None


def _found(module: str, path: str) -> Any:
    from importlib import import_module

    found = import_module(module)
    for word in path.split("."):
        found = getattr(found, word)
    return found


def _called(text: str, found: Any) -> Any:
    """A model as it is; a function is called, without arguments."""
    from modelcost.model import Model

    if isinstance(found, Model) or not callable(found):
        return found
    made = found()
    if hasattr(made, "cr_frame"):
        made.close()
        raise ModelCostError("it is an async function; give one that returns the model")
    return made


def _called_without(text: str, found: Any) -> Any:
    """A function that takes arguments as it is; all else as `_called`."""
    if callable(found) and not isinstance(found, type) and not hasattr(found, "entries"):
        from inspect import signature

        if signature(found).parameters:
            return found
    return _called(text, found)


def _model(text: str, found: Any) -> Model:
    from modelcost.model import Model

    if not isinstance(found, Model):
        raise ModelCostError(f"{text} must be a Model, or a function that returns one. Received: {short(found)}")
    return found


def _told(error: BaseException, module: str) -> str:
    """An error of the user's code, with the place where it happened."""
    if isinstance(error, ModelCostError):
        return str(error)
    if isinstance(error, SystemExit):
        said = f": {short(error.code)}" if isinstance(error.code, str) else ""
        way_out = "guard it with if __name__ == '__main__'"
        return f"{_where(error, module)}the module ended the program (sys.exit{said}); {way_out}"
    return f"{_where(error)}{type(error).__name__}: {error}"


def _where(error: BaseException, module: str | None = None) -> str:
    """Where an error arose, as file and line: the last place of all, or the last in the code of a module."""
    found, place = "", error.__traceback__
    while place is not None:
        code, of = place.tb_frame.f_code, place.tb_frame.f_globals.get("__name__")
        if code.co_filename == __file__ or code.co_filename.startswith("<"):
            found = found if module else ""
        elif module in (None, of):
            found = f"{code.co_filename}:{place.tb_lineno}: "
        place = place.tb_next
    return found
