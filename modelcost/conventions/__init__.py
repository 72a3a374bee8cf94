"""What "FLOPs" means: conventions turn exact counts into one number. Nothing outside knows what a FLOP is."""

from __future__ import annotations

from collections.abc import Mapping

from modelcost.conventions.base import Convention, Seen
from modelcost.conventions.standard import STANDARD
from modelcost.errors import unknown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

OF_TOOLS = {"tf": "tensorflow", "tf-honest": "tensorflow", "tf1-unbatched": "tensorflow"}
"""Conventions of tools, and the modules of those, each of which is loaded when its tool is asked for."""


class Conventions(Mapping[str, Convention]):
    """All conventions by name."""

    def __init__(self) -> None:
        self._loaded = {convention.name: convention for convention in STANDARD}

    def __getitem__(self, name: str) -> Convention:
        if name not in self._loaded:
            from importlib import import_module

            module = import_module(f"modelcost.conventions.{OF_TOOLS[name]}")
            self._loaded |= {convention.name: convention for convention in module.CONVENTIONS}
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter([*(convention.name for convention in STANDARD), *OF_TOOLS])

    def __len__(self) -> int:
        return len(STANDARD) + len(OF_TOOLS)

    def __contains__(self, name: object) -> bool:
        return name in self._loaded or name in OF_TOOLS


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
