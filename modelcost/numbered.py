"""What is known by a few numbers, each by its name, as regularizers and constraints are."""

from __future__ import annotations

from modelcost.errors import ModelCostError, short

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Numbered:
    """Its numbers, by name, none below 0; `words` name what is no number. Equal ones are interchangeable."""

    numbers: dict[str, Any]
    words: tuple[str, ...] = ()

    def __init__(self, **numbers: Any) -> None:
        for name, value in numbers.items():
            number = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < float("inf")
            if not number and name not in self.words:
                raise ModelCostError(f"{name} must be a number of at least 0. Received: {name}={short(value)}")
        self.numbers = numbers

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.numbers == other.numbers

    def __hash__(self) -> int:
        return hash((type(self), *self.numbers.items()))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.numbers.items())})"
