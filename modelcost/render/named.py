"""Which sizes have to be worked out before the formulas of a layer can be read: those that they name, and no others."""

from __future__ import annotations

from modelcost.notation import ALIASES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any


def sizes(counts: Iterable[Any], inputs: Iterable[Iterable[Any]]) -> list[Any]:
    """The named sizes that some formulas mention, each after those that it is made of itself.

    A size that came in needs no working, as its shape is told: only its other name, where the formulas use one.
    """
    came = {id(node) for shape in inputs for size in shape for node in _same(size)}
    found: dict[int, Any] = {}
    waiting = [(count, False) for count in reversed(list(counts))]
    while waiting:
        count, done = waiting.pop()
        if done:
            found[id(count)] = count
        elif id(count) not in found and id(count) not in came:
            if count.name is not None and count.args:
                waiting.append((count, True))
            if not _renamed(count):
                waiting.extend((part, False) for part in reversed(list(mentioned(count))))
    several = {(count.name, count.formula()): count for count in found.values()}
    return [count for count in several.values() if not _renamed(count) or _tells(count, several.values())]


def mentioned(count: Any) -> Iterator[Any]:
    """The named nodes whose names stand in the formula of a count; `named_parts` has those of its checks too."""
    waiting = [count]
    while waiting:
        node = waiting.pop()
        if node is not count and getattr(node, "name", None) is not None:
            yield node
        else:
            waiting.extend(reversed(_operands(node)))


def _operands(node: Any) -> Any:
    """What is written of a node: of one that adds only a name or a check, its first operand."""
    args = getattr(node, "args", ())
    return args[:1] if getattr(node, "op", "") in ALIASES else args


def _same(size: Any) -> Iterator[Any]:
    """A size, and what it is another name for."""
    while True:
        yield size
        if getattr(size, "op", "") not in ALIASES:
            return
        size = size.args[0]


def _renamed(count: Any) -> Any:
    """The size that this is only another name for, if it is."""
    others = list(_same(count))[1:]
    return next((one for one in others if getattr(one, "name", None) is not None), None) if count.name else None


def _tells(count: Any, others: Iterable[Any]) -> bool:
    """Whether it helps to say what a size is another name for: not where that name means something else here."""
    first = _renamed(count)
    taken = {name.name for other in others if other is not count for name in (other, *mentioned(other))}
    return bool(first.args) and first.name != count.name and first.name not in taken
