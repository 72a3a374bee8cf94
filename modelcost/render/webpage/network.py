"""The graph of a model, to be drawn: what feeds what, and chains of layers that stand in one box."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from modelcost.model import Model
    from modelcost.report import Report

KINDS = {
    "convolution": "conv depthwise transposed convlstm spectral",
    "dense": "dense einsum embedding",
    "recurrent": "recurrent cells wrappers",
    "attention": "attention heads",
    "normalization": "norm response synchronized",
    "activation": "activation",
    "pooling": "pool wholepool",
    "merge": "merge products",
    "input": "input",
}
"""The kinds of layers that have a colour of their own, by the modules that hold them; all others share one."""
OTHER = "other"


def kind(row: Any) -> str:
    """What kind of layer a row is, for its colour."""
    module = type(row.entry.layer).__module__.rpartition(".")[2] if row.entry is not None else ""
    return next((name for name, modules in KINDS.items() if module in modules.split()), OTHER)


def edges(model: Model) -> list[tuple[str, str]]:
    """Which call feeds which, by their names in a report, each pair once."""
    found: dict[tuple[str, str], None] = {}

    def visit(name: str, call: Any, came: list[str]) -> list[str]:
        found.update(dict.fromkeys((source, name) for source in came))
        return [name] * len(call.outputs)

    model.carried([model.names[layer] for layer in model.input_layers], visit)
    return list(found)


def chains(names: Sequence[str], edges: Iterable[tuple[str, str]]) -> list[list[str]]:
    """The names in chains: in one, each is read by the next alone, and that reads nothing else.

    >>> chains("abcd", [("a", "b"), ("b", "c"), ("b", "d"), ("c", "d")])
    [['a', 'b'], ['c'], ['d']]
    """
    after: dict[str, list[str]] = {}
    before: dict[str, list[str]] = {}
    for source, target in edges:
        after.setdefault(source, []).append(target)
        before.setdefault(target, []).append(source)
    chain_of: dict[str, list[str]] = {}
    found: list[list[str]] = []
    for name in names:
        sources = before.get(name, [])
        continued = len(sources) == 1 and len(after[sources[0]]) == 1 and sources[0] in chain_of
        chain = chain_of[sources[0]] if continued else []
        if not continued:
            found.append(chain)
        chain.append(name)
        chain_of[name] = chain
    return found


def network(report: Report) -> dict[str, Any] | None:
    """The boxes of the graph, each the places of its rows, and which feeds which.

    None for a report from a file, and for one whose rows are several layers together.
    """
    if report.network is None:
        return None
    place = {row.name: i for i, row in enumerate(report)}
    pairs = edges(report.network)
    if not {name for pair in pairs for name in pair} <= place.keys():
        return None
    in_order = dict.fromkeys((*(name for pair in pairs for name in pair), *place))  # rows may be sorted
    boxes = chains(list(in_order), pairs)
    box_of = {name: i for i, box in enumerate(boxes) for name in box}
    between = dict.fromkeys((box_of[a], box_of[b]) for a, b in pairs if box_of[a] != box_of[b])
    return {"boxes": [[place[name] for name in box] for box in boxes], "edges": [list(pair) for pair in between]}
