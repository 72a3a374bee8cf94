"""The calls in a functional Keras configuration: which layer is called on what, and in which order."""

from __future__ import annotations

from modelcost.errors import ModelCostError, short

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any


class Ref:
    """A tensor by where it comes from: the layer, which of its calls, which of its outputs; and its shape if stated."""

    __slots__ = ("call", "layer", "output", "shape")

    def __init__(self, layer: Any, call: Any, output: Any, shape: Any = None) -> None:
        whole = all(isinstance(i, int) and not isinstance(i, bool) and i >= 0 for i in (call, output))
        if not isinstance(layer, str) or not whole:
            raise ModelCostError(f"a tensor must be [layer, call, output]. Received: {short([layer, call, output])}")
        self.layer, self.call, self.output = layer, call, output
        self.shape = shape if isinstance(shape, list) else None


class Constant:
    """Numbers that stand in the file as an operand: only their shape matters."""

    __slots__ = ("shape", "value")

    def __init__(self, shape: tuple[int, ...], value: Any = None) -> None:
        self.shape, self.value = shape, value


class Slice:
    """start:stop:step, as in x[:, 1:3]."""

    __slots__ = ("start", "step", "stop")

    def __init__(self, start: Any, stop: Any, step: Any) -> None:
        for number in (start, stop, step):
            if number is not None and (isinstance(number, bool) or not isinstance(number, int)):
                raise ModelCostError(f"a slice must have whole numbers. Received: {short(number)}")
        self.start, self.stop, self.step = start, stop, step


class Node:
    """One call: the positional arguments and those by name, with a `Ref` for every tensor."""

    __slots__ = ("args", "kwargs", "layer", "nth", "old")

    def __init__(self, layer: str, nth: int, args: list[Any], kwargs: dict[str, Any], old: bool) -> None:
        self.layer, self.nth, self.args, self.kwargs, self.old = layer, nth, args, kwargs, old

    def refs(self) -> Iterator[Ref]:
        """Every tensor that the call is made on."""
        for value in flat((self.args, self.kwargs)):
            if isinstance(value, Ref):
                yield value


def flat(value: Any) -> Iterator[Any]:
    """What stands in nested lists and dicts, in order; Keras goes through dicts by their sorted keys."""
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend(value[key] for key in sorted(value, key=str, reverse=True))
        elif isinstance(value, list | tuple):
            waiting.extend(reversed(value))
        else:
            yield value


def nodes_of(layer: str, records: Any) -> list[Node]:
    """The calls of a layer, in order."""
    if records is None:
        return []
    if not isinstance(records, list):
        raise ModelCostError(f"{short(layer)}: inbound_nodes must be a list. Received: {short(records)}")
    return [_node(layer, nth, record) for nth, record in enumerate(records)]


def _node(layer: str, nth: int, record: Any) -> Node:
    if isinstance(record, dict) and isinstance(record.get("args"), list):
        kwargs = record.get("kwargs") or {}
        if not isinstance(kwargs, dict):
            raise ModelCostError(f"{short(layer)}: kwargs must be a dict. Received: {short(kwargs)}")
        args = [meaning(one) for one in record["args"]]
        return Node(layer, nth, args, {str(name): meaning(one) for name, one in kwargs.items()}, False)
    if isinstance(record, list | dict):
        kwargs = {}
        args = [_old(record, kwargs)]
        return Node(layer, nth, args, kwargs, True)
    raise ModelCostError(f"{short(layer)}: a call must be a list, or a dict with args. Received: {short(record)}")


def meaning(value: Any) -> Any:
    """A value as Keras 3 writes it: its marked dicts become what they mark."""
    if isinstance(value, list):
        return [meaning(one) for one in value]
    if not isinstance(value, dict):
        return value
    mark, config = value.get("class_name"), value.get("config")
    if mark is None:
        return {name: meaning(one) for name, one in value.items()}
    if mark == "__ellipsis__":
        return ...
    if not isinstance(mark, str) or mark not in MARKS or not isinstance(config, dict):
        raise ModelCostError(f"an argument of a call must be a tensor or plain data. Received: {short(value)}")
    return MARKS[mark](config)


def _tensor(config: dict[str, Any]) -> Ref:
    history = config.get("keras_history")
    if not isinstance(history, list) or len(history) != 3:
        raise ModelCostError(f"keras_history must be [layer, call, output]. Received: {short(history)}")
    layer, call, output = history
    return Ref(layer, call, output, config.get("shape"))


def constant(value: Any) -> Constant:
    """Nested rows of numbers, all of one length."""
    shape, inner = [], value
    while isinstance(inner, list):
        shape.append(len(inner))
        inner = inner[0] if inner else None
    if inner is None or len(shape) > 64:
        raise ModelCostError(f"a constant must be rows of numbers. Received: {short(shape)}")
    return Constant(tuple(shape), value if isinstance(value, list) and len(shape) == 1 and len(value) <= 64 else None)


MARKS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "__keras_tensor__": _tensor,
    "__numpy__": lambda config: constant(config.get("value")),
    "__tensor__": lambda config: constant(config.get("value")),
    "__slice__": lambda config: Slice(config.get("start"), config.get("stop"), config.get("step")),
}


def _old(value: Any, kwargs: dict[str, Any]) -> Any:
    """A call's tensors as Keras 2 wrote them: [layer, call, output, kwargs] within lists; kwargs are gathered."""
    if isinstance(value, dict):
        return {name: _old(one, kwargs) for name, one in value.items()}
    if not isinstance(value, list):
        raise ModelCostError(f"a tensor must be [layer, call, output]. Received: {short(value)}")
    if not value or not isinstance(value[0], str):
        return [_old(one, kwargs) for one in value]
    if len(value) not in (3, 4) or not isinstance(value[3] if len(value) == 4 else {}, dict):
        raise ModelCostError(f"a tensor must be [layer, call, output, kwargs]. Received: {short(value)}")
    if len(value) == 4:
        kwargs.update({str(name): _old_argument(one) for name, one in value[3].items()})
    return _old_tensor(value)


def _old_tensor(value: list[Any]) -> Any:
    """[layer, call, output], or a constant in its place."""
    if value[0] == "_CONSTANT_VALUE":
        return constant(value[2]) if isinstance(value[2], list) else value[2]
    return Ref(*value[:3])


def _old_argument(value: Any) -> Any:
    """An argument by name as Keras 2 wrote it: a tensor is [layer, call, output]."""
    if isinstance(value, list) and len(value) == 3 and isinstance(value[0], str):
        return _old_tensor(value)
    if isinstance(value, list):
        return [_old_argument(one) for one in value]
    if isinstance(value, dict) and set(value) == {"start", "stop", "step"}:
        return Slice(value["start"], value["stop"], value["step"])
    if isinstance(value, dict) and value.get("class_name") == "__ellipsis__":
        return ...
    return {name: _old_argument(one) for name, one in value.items()} if isinstance(value, dict) else value


def ends(what: str, value: Any) -> Any:
    """The inputs or outputs of a model: one tensor, a list or a dict of them."""
    if isinstance(value, dict):
        return {name: ends(what, one) for name, one in value.items()}
    if not isinstance(value, list) or not value:
        raise ModelCostError(f"{what} must be tensors, [layer, call, output] each. Received: {short(value)}")
    if isinstance(value[0], str):
        if len(value) not in (3, 4):
            raise ModelCostError(f"{what} must be tensors, [layer, call, output] each. Received: {short(value)}")
        return Ref(*value[:3])
    return [ends(what, one) for one in value]


def in_order(nodes: dict[str, list[Node]]) -> Iterator[Node]:
    """Every call after those that it hangs on, otherwise in the order of the file.

    Raises `ModelCostError` where calls hang on each other in a circle, or on a call that there is not.
    """
    from heapq import heapify, heappop, heappush

    place = {name: i for i, name in enumerate(nodes)}
    missing: dict[tuple[str, int], int] = {}
    waiting: dict[tuple[str, int], list[Node]] = {}
    for name, calls in nodes.items():
        for node in calls:
            needs = {(ref.layer, ref.call) for ref in node.refs()} | ({(name, node.nth - 1)} if node.nth else set())
            for need in needs:
                _there(node, need, nodes)
                waiting.setdefault(need, []).append(node)
            missing[name, node.nth] = len(needs)
    ready = [(place[name], nth) for (name, nth), count in missing.items() if not count]
    heapify(ready)
    names, done = list(nodes), 0
    while ready:
        i, nth = heappop(ready)
        done += 1
        yield nodes[names[i]][nth]
        for node in waiting.get((names[i], nth), ()):
            missing[node.layer, node.nth] -= 1
            if not missing[node.layer, node.nth]:
                heappush(ready, (place[node.layer], node.nth))
    if done < len(missing):
        stuck = [name for (name, _), count in missing.items() if count]
        raise ModelCostError(f"the calls of these layers hang on each other in a circle: {short(stuck)}")


def _there(node: Node, need: tuple[str, int], nodes: dict[str, list[Node]]) -> None:
    layer, call = need
    if layer not in nodes:
        raise ModelCostError(
            f"{short(node.layer)} is called on what comes from {short(layer)}, which is no layer of the model"
        )
    if call >= len(nodes[layer]):
        raise ModelCostError(
            f"{short(node.layer)} is called on call {call} of {short(layer)}, which has {len(nodes[layer])} (from 0)"
        )
