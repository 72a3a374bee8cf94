"""What "FLOPs" means: conventions turn exact counts into one number. Nothing outside knows what a FLOP is."""

from __future__ import annotations

from collections.abc import MutableMapping

from modelcost.conventions.base import Convention, Seen
from modelcost.conventions.standard import STANDARD
from modelcost.errors import unknown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

OF_TOOLS = {"tf": "tensorflow", "tf-honest": "tensorflow", "tf1-unbatched": "tensorflow"}
"""Conventions of tools, and the modules of those, each of which is loaded when its tool is asked for."""


class Conventions(MutableMapping[str, Convention]):
    """All conventions by name; one of your own can be put beside them."""

    def __init__(self) -> None:
        self._known: dict[str, Convention | None] = {convention.name: convention for convention in STANDARD}
        self._known |= dict.fromkeys(OF_TOOLS)

    def __getitem__(self, name: str) -> Convention:
        if self._known[name] is None:
            from importlib import import_module

            module = import_module(f"modelcost.conventions.{OF_TOOLS[name]}")
            self._known |= {convention.name: convention for convention in module.CONVENTIONS}
        return self._known[name]  # type: ignore[return-value]

    def __setitem__(self, name: str, convention: Convention) -> None:
        self._known[name] = convention

    def __delitem__(self, name: str) -> None:
        del self._known[name]

    def __contains__(self, name: object) -> bool:
        return name in self._known

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


CONVENTIONS = Conventions()


def convention(name: str) -> Convention:
    """The convention of that name; an error with the nearest names where there is none.

    >>> convention("2macs").weights
    {'macs': 2}
    """
    if not isinstance(name, str) or name not in CONVENTIONS:
        raise unknown("convention", name, CONVENTIONS)
    return CONVENTIONS[name]


__all__ = ["CONVENTIONS", "Convention", "Seen", "convention"]
