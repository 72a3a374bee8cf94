"""Which sizes have to be worked out before the formulas of a layer can be read: those that they name, and no others."""

from __future__ import annotations

from modelcost.count import Expression, Term
from modelcost.notation import ALIASES, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any


def sizes(formulas: Iterable[Any], inputs: Iterable[Any], outputs: Iterable[Any] = ()) -> list[tuple[str, Any]]:
    """The named sizes that stand in some formulas, each under its name and after those that it is made of itself.

    So do those that come out, where the shape that comes out has a name for them instead of a value.
    A size that came in was worked out before, and its shape is told. Where that shape has a name for it instead of
    a value, and the formulas have another, it is said that these are the same.
    """
    came = {id(node) for size in inputs for node in _same(size)}
    named = [size for size in outputs if isinstance(size, Expression) and size.name is not None]
    made: dict[tuple[str, str], Any] = {}
    other: dict[str, str] = {}
    for size in _in_order([*named, *(size for formula in formulas for size in _mentioned(formula, came))], came):
        known = _that_came(size, came)
        if known is None:
            made.setdefault((size.name, size.formula()), size)
        elif isinstance(known, Expression) and known.name is not None:
            other.setdefault(size.name, known.name)
    return [*_renamed(other, {size.name for size in made.values()}), *((size.name, size) for size in made.values())]


def _in_order(several: Iterable[Any], came: set[int]) -> Iterator[Any]:
    """Sizes that are worked out, or came in, each once and after those that it mentions."""
    seen: set[int] = set()
    waiting = [(size, False) for size in reversed(list(several))]
    while waiting:
        size, done = waiting.pop()
        if done:
            yield size
        elif id(size) in seen:
            continue
        elif _that_came(size, came) is not None:
            yield size
        elif _same(size)[-1].args:
            waiting.append((size, True))
            waiting.extend((part, False) for part in reversed(list(_mentioned(size, came))))
        seen.add(id(size))


def _that_came(size: Any, came: set[int]) -> Any:
    """The size that came in, of those for which this is another name; None where it did not."""
    return next((node for node in _same(size) if id(node) in came), None)


def _renamed(other: dict[str, str], taken: set[str]) -> Iterator[tuple[str, Any]]:
    """What is said of sizes that have two names, but where one of these means something else here."""
    for name, second in other.items():
        if name != second and second not in taken:
            yield name, Expression(second)


def _mentioned(count: Any, came: set[int]) -> Iterator[Any]:
    """The named nodes whose names stand in the formula of a count, but for those in a size that came in as it is."""
    waiting = [count]
    while waiting:
        node = waiting.pop()
        if node is not count and isinstance(node, Term) and node.name is not None:
            yield node
        elif isinstance(node, Term) and (node is count or id(node) not in came):
            waiting.extend(reversed(shown(node)))


def _same(size: Any) -> list[Term]:
    """A size, what it is another name for, what that is another name for, and so on."""
    found: list[Term] = []
    while isinstance(size, Term):
        found.append(size)
        size = size.args[0] if size.op in ALIASES else None
    return found
