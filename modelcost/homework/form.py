"""The tree of a count, laid out for trying: sums and products opened, sizes as leaves, every value in a list.

A slip gives other values to some nodes; `Form.valued` says what the whole then comes to. A factor that was left out
is worth 1 and a term that was left out is worth 0, so that every slip is of this one kind.
"""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from modelcost.count import Count, Term, product, total
from modelcost.homework.windowing import sizes_behind
from modelcost.notation import ALIASES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    Values = Mapping[int, int]

SIZE = re.compile(r"[A-Z](_[a-z_]+)?")
"""What sizes are called in formulas; layers and sums have other names."""
MOST_NODES = 3_000
DEEPEST = 12


class Node:
    """A node of a form: its operator ("leaf", "mul", "add"), its parts, its value, what it is called.

    `signs`: of the parts of a sum, +1 or -1. `behind`: the node of the count's own tree, without names. `up`: the node
    that it is a part of.
    """

    __slots__ = ("behind", "index", "name", "op", "parts", "signs", "up", "value")

    def __init__(
        self, op: str, value: int, name: str | None, behind: Any, index: int, parts: list[Node], signs: list[int]
    ) -> None:
        self.op, self.value, self.name, self.behind, self.index = op, value, name, behind, index
        self.parts, self.signs = parts, signs
        self.up: Node | None = None
        for part in parts:
            part.up = self

    @property
    def leaves(self) -> list[Node]:
        """Those under it, from left to right; itself, where it is one."""
        return [leaf for part in self.parts for leaf in part.leaves] if self.parts else [self]

    @property
    def within(self) -> int:
        """Its own place and those of all nodes under it, a bit for each."""
        found = 1 << self.index
        for part in self.parts:
            found |= part.within
        return found


class Form:
    """A count as sums and products of sizes.

    >>> k, c, f = Count(3, "K"), Count(16, "C"), Count(32, "F")
    >>> form = Form(k*k*c*f + f)
    >>> form.valued({}), form.valued({leaf.index: 1 for leaf in form.named["C"]})
    (4640, 320)

    `deepest`: how many levels are opened, with 0 only the outermost; `most`: nodes beyond which none is opened.
    """

    def __init__(self, count: Any, deepest: int = DEEPEST, most: int = MOST_NODES) -> None:
        self.nodes: list[Node] = []
        self.whole, self.deepest, self.most = count, deepest, most
        self._behind: dict[int, dict[str, int]] = {}
        self.root = self._opened(count, None, 0)
        self.values = [node.value for node in self.nodes]
        self.inner = [
            (node.index, node.op == "mul", [(p.index, s) for p, s in zip(node.parts, node.signs, strict=True)])
            for node in self.nodes
            if node.op != "leaf"
        ]
        self.leaves = [node for node in self.nodes if not node.parts]
        self.named: dict[str | None, list[Node]] = {}
        for leaf in self.leaves:
            self.named.setdefault(leaf.name, []).append(leaf)

    @cached_property
    def shape(self) -> Shape:
        """What it shares with formulas that differ from it in their sizes alone."""
        return Shape(self)

    @cached_property
    def likeness(self) -> tuple[int, Any, Any, list[Any]]:
        """What two forms share in which the same can go wrong: shape, sizes, what is behind them; first, a hash."""
        worked_out = [self._working(leaf) for leaf in self.leaves]
        return hash((self.shape, *self.values)), self.shape, self.values, worked_out

    def sizes_behind(self, leaf: Node) -> dict[str, int]:
        """The sizes that a leaf was worked out from, by their letters; found once for all places that it stands in."""
        key = id(leaf.behind)
        if key not in self._behind:
            self._behind[key] = sizes_behind(leaf)
        return self._behind[key]

    def _working(self, leaf: Node) -> tuple[Any, ...]:
        """What a leaf was worked out from, where it was."""
        if not getattr(leaf.behind, "args", ()):
            return ()
        return leaf.behind.op, *self.sizes_behind(leaf).items()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Form) and self.likeness == other.likeness

    def __hash__(self) -> int:
        return self.likeness[0]

    @property
    def value(self) -> int:
        """What it comes to, with nothing gone wrong."""
        return self.root.value

    def valued(self, values: Values) -> int:
        """What it comes to where some nodes have other values."""
        known = self.values.copy()
        for place, value in values.items():
            known[place] = value
        for place, multiplied, parts in self.inner:
            if place in values:
                continue
            if multiplied:
                result = 1
                for part, _ in parts:
                    result *= known[part]
            else:
                result = 0
                for part, sign in parts:
                    result += sign * known[part]
            known[place] = result
        return known[self.root.index]

    def _node(self, op: str, value: int, name: str | None, behind: Any, parts: list[Node], signs: list[int]) -> Node:
        node = Node(op, value, name, behind, len(self.nodes), parts, signs)
        self.nodes.append(node)
        return node

    def _opened(self, count: Any, name: str | None, depth: int) -> Node:
        named, inner = _behind(count)
        name = name or named
        op = getattr(inner, "op", "leaf")
        op = {"sub": "add"}.get(op, op)
        is_size = op == "add" and name is not None and is_short(name)
        shut = op not in ("mul", "add") or is_size or depth > self.deepest or len(self.nodes) > self.most
        if shut:
            return self._node("leaf", int(count), name or getattr(inner, "name", None), inner, [], [])
        flat = _flat(inner, op)
        parts = [self._opened(part, None, depth + 1) for _, part in flat]
        return self._node(op, int(count), name, inner, parts, [sign for sign, _ in flat])

    def written(self, values: Values) -> str:
        """The formula in numbers, where some nodes have other values; what was left out is not there.

        >>> form = Form(Count(3, "K") * Count(16, "C") + Count(5, "F"))
        >>> form.written({form.named["C"][0].index: 1})
        '3 + 5'
        """
        return str(self._rebuilt(self.root, values).numbers())

    def _rebuilt(self, node: Node, values: Values) -> Any:
        if node.index in values or node.op == "leaf":
            return Count(values.get(node.index, node.value))
        neutral = 1 if node.op == "mul" else 0
        kept = [
            (sign, self._rebuilt(part, values))
            for part, sign in zip(node.parts, node.signs, strict=True)
            if values.get(part.index) != neutral or part.value == neutral
        ]
        if node.op == "mul":
            return product(part for _, part in kept) if kept else Count(1)
        added = total(part for sign, part in kept if sign > 0)
        for sign, part in kept:
            added = added - part if sign < 0 else added
        return added


class Addend(NamedTuple):
    """A term of a sum: what it is called, +1 or -1, its value, and the node behind its names."""

    name: str
    sign: int
    value: int
    behind: Any


def addends(count: Any) -> list[Addend]:
    """The terms of a sum, which are not opened; by its place, where a term has no name.

    >>> [(one.name, one.sign, one.value) for one in addends(Count(3, "K") * 2 - Count(1, "P") + 5)]
    [('term 1', 1, 6), ('P', -1, 1), ('term 3', 1, 5)]
    """
    found = []
    for place, (sign, part) in enumerate(_flat(_behind(count)[1], "add"), 1):
        name, inner = _behind(part)
        found.append(Addend(name or f"term {place}", sign, int(part), inner))
    return found


def is_sum(count: Any, longer: int) -> bool:
    """Whether it is a sum of more than so many terms, told without opening it."""
    _, inner = _behind(count)
    return getattr(inner, "op", "leaf") in ("add", "sub") and len(inner.args) > longer


@lru_cache(maxsize=10_000)
def is_short(name: str) -> bool:
    """Whether a name is what a size is called in formulas."""
    return SIZE.fullmatch(name) is not None


class Shape:
    """The nodes of a form, what they are called, and the numbers that are no sizes: the formula of a kind of layer.

    `form`: one of this shape.
    """

    __slots__ = ("form", "nodes")

    def __init__(self, form: Form) -> None:
        self.form = form
        self.nodes = tuple([(one.op, one.name, one.value if one.name is None and not one.parts else 0, *one.signs)
                            for one in form.nodes])  # fmt: skip

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Shape) and self.nodes == other.nodes

    def __hash__(self) -> int:
        return hash(self.nodes)


def _behind(count: Any) -> tuple[str | None, Any]:
    """The outermost name of a count, and the node behind its names and checks."""
    name: str | None = None
    while isinstance(count, Term):
        name = name or count.name
        if count.op not in ALIASES or count.op == "axis":
            break
        count = count.args[0]
    return name, count


def _flat(node: Any, op: str) -> list[tuple[int, Any]]:
    """The operands of a sum or product with those of nameless ones within it, each with its sign."""
    inner, found = ("mul",) if op == "mul" else ("add", "sub"), []
    waiting = [(1, node)]
    while waiting:
        sign, part = waiting.pop()
        if part is node or (isinstance(part, Term) and part.name is None and part.op in inner):
            first, *others = part.args
            after = -sign if part.op == "sub" else sign
            waiting.extend([(after, other) for other in reversed(others)])
            waiting.append((sign, first))
        else:
            found.append((sign, part))
    return found
