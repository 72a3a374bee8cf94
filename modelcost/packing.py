"""Trees of counts as flat lists, which pickle at any depth and keep what is shared."""

from __future__ import annotations

from modelcost.count import Count, Expression, Term
from modelcost.notation import topological

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def packed(term: Term) -> list[tuple[Any, ...]]:
    """The nodes of a tree, parts before what is made of them; parts are told by their places in the list.

    >>> packed(Count(3, "K") * 2)
    [(3, 'leaf', (), 'K', ()), (2,), (6, 'mul', (0, 1), None, ())]
    """
    nodes = list(topological(term))
    place = {id(node): i for i, node in enumerate(nodes)}
    return [_record(node, place) for node in nodes]


def _record(node: Any, place: dict[int, int]) -> tuple[Any, ...]:
    if not isinstance(node, Term):
        return (int(node),)
    value = int(node) if isinstance(node, Count) else None
    return value, node.op, tuple(place[id(arg)] for arg in node.args), node.name, node.size


def unpacked(records: list[tuple[Any, ...]]) -> Any:
    """The tree of such a list.

    >>> unpacked(packed(Count(3, "K") * 2)).formula()
    'K*2'
    """
    nodes: list[Any] = []
    for record in records:
        if len(record) == 1:
            nodes.append(record[0])
            continue
        value, op, places, name, words = record
        node: Any = Expression.__new__(Expression) if value is None else int.__new__(Count, value)
        node.op, node.args, node.name, node.size = op, tuple(nodes[i] for i in places), name, words
        nodes.append(node)
    return nodes[-1]
