"""The setting of a sheet: the batch, the data, the optimizer, ..., as people write them in a file."""

from __future__ import annotations

from modelcost.errors import ModelCostError, short, unknown
from modelcost.homework.numerals import numeral
from modelcost.homework.shapes import shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

LONGEST_CALL = 1_000  # characters
SETTING_KEYS = (
    "batch", "data", "validation", "epochs", "optimizer", "loss", "dtype", "convention", "rate", "test", "input",
    "drop_remainder", "early_stop",
)  # fmt: skip
WHOLE = ("batch", "data", "epochs", "test", "early_stop")


def settings_of(given: Any) -> dict[str, Any]:
    """The settings that were given, each as what it is; an error for a word that nobody knows."""
    found = mapping("setting", given or {})
    known_words("setting", found, SETTING_KEYS)
    return {word: setting_value(word, value) for word, value in found.items()}


def setting_value(word: str, value: Any) -> Any:
    """A value of the setting: whole where it must be, a fraction for validation, a word elsewhere.

    >>> setting_value("batch", "1_000"), setting_value("validation", "0.2")
    (1000, Fraction(1, 5))
    """
    if word in ("optimizer", "loss"):
        return _known_training(word, value)
    if word == "input":
        return _input(value)
    if word == "drop_remainder":
        return _true(word, value)
    if word not in (*WHOLE, "validation", "rate"):
        return str(value)
    number = numeral(value).value
    if word in WHOLE or (word == "validation" and number >= 1):
        if number.denominator != 1 or not 1 <= number < 2**63:
            raise ModelCostError(f"{word} must be a whole number of at least 1. Received: {word}={short(value)}")
        return int(number)
    if number <= 0:
        raise ModelCostError(f"{word} must be above 0. Received: {word}={short(value)}")
    return number


def _input(given: Any) -> list[tuple[int, ...]]:
    """The shape of one example, or of each input."""
    several = isinstance(given, list | tuple) and any(isinstance(one, list | tuple) for one in given)
    return [shape(one) for one in given] if several else [shape(given)]


def _true(word: str, value: Any) -> bool:
    if str(value).lower() not in ("true", "false"):
        raise ModelCostError(f"{word} must be true or false. Received: {word}={short(value)}")
    return str(value).lower() == "true"


def _known_training(word: str, value: Any) -> str:
    """The text that stands for an optimizer or a loss, if it is that of one: a name, or a call with plain values."""
    from modelcost.training import losses, optimizers

    if not isinstance(value, str) or len(value) > LONGEST_CALL:
        raise ModelCostError(f"{word} is a name, or a call such as SGD(momentum=0.9). Received: {short(value)}")
    (optimizers if word == "optimizer" else losses).get(value)
    return value


def known_words(kind: str, found: Iterable[Any], known: Iterable[str]) -> None:
    """Raises `UnknownNameError` for the first word that is not among those known."""
    for word in found:
        if word not in known:
            raise unknown(kind, word, known)


def mapping(what: str, found: Any) -> dict[str, Any]:
    """Names with values; an error for anything else."""
    if not isinstance(found, dict):
        raise ModelCostError(f"{what}: expected names with values, as in {{batch: 64}}. Received: {short(found)}")
    return found
