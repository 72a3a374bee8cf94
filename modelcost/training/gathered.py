"""A sum as people write it: what is added again and again stands there once, with how often."""

from __future__ import annotations

from modelcost.count import Count, Term, total

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def gathered(figure: Any) -> Any:
    """The same number, its working with each term once.

    Terms are the same where they are one object, or are written alike and hang on no size that can be bound.

    >>> p, tensors = Count(7850, "P"), Count(2, "tensors")
    >>> gathered(p + tensors + (p + p) + tensors).formula()
    '3*P + 2*tensors'
    """
    times: dict[Any, list[Any]] = {}
    words: dict[int, Any] = {}
    waiting = [figure]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Term) and node.op == "add" and node.name is None:
            waiting += reversed(node.args)
            continue
        if id(node) not in words:
            words[id(node)] = _written(node)
        times.setdefault(words[id(node)], [node, 0])[1] += 1
    return total(_times(several, node) for node, several in times.values())


def _times(several: int, node: Any) -> Any:
    plain = not isinstance(node, Term) or (node.name is None and not node.args)
    return several * int(node) if plain else node if several == 1 else Count(several) * node


def _written(node: Any) -> Any:
    if not isinstance(node, Term):
        return int(node)
    return id(node) if node.free_sizes() else (node.formula(), node.numbers())
