"""Receptive fields: which part of a model's input each position of a layer's output depends on.

From a position one goes back through the graph, layer by layer, and from each layer to the elements that it looks at:
along each axis from the first of them to the last, as if a window had no holes. Where branches meet the part is the
smallest that holds all of theirs. Sources: Araujo, Norris and Sim 2019, "Computing Receptive Fields of Convolutional
Neural Networks" (Distill); Dumoulin and Visin 2016 for transposed convolutions.
"""

from __future__ import annotations

from fractions import Fraction

from modelcost.errors import ModelCostError
from modelcost.receptive.looks import is_one_of, joined, looks
from modelcost.receptive.slides import is_fixed, seen, slides

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from modelcost.model import Entry, Model
    from modelcost.receptive.looks import Box, Span
    from modelcost.receptive.slides import Slides


class Field:
    """The receptive field of a position, along each axis of space of the input.

    `size`: the elements from the first to the last that it depends on, those on padding too, where positions differ
    the most that any has; `jump`: how far the field moves from a position to the next, a `Fraction` where positions
    are denser than the input, 0 where all see the same, None where positions are no longer those of the input;
    `start`: the first element of the first position, negative on padding; `whole`: whether it is all of the input.
    """

    __slots__ = ("jump", "size", "start", "whole")

    def __init__(
        self, size: tuple[int, ...], jump: tuple[Any, ...], start: tuple[int, ...], whole: tuple[bool, ...]
    ) -> None:
        self.size, self.jump, self.start, self.whole = size, jump, start, whole

    def __str__(self) -> str:
        fixed = all(not jump for jump in self.jump)
        return "whole" if fixed and all(self.whole) else "x".join(map(str, self.size))

    def __repr__(self) -> str:
        return f"Field(size={self.size}, jump={self.jump}, start={self.start})"


class Fields:
    """The receptive fields of a model's calls, by name: each is found when it is asked for."""

    def __init__(self, model: Model, entries: Sequence[Entry]) -> None:
        self.entries = {entry.name: entry for entry in entries}
        self.inputs: dict[str, list[tuple[str, int]]] = {}
        self.enters: dict[tuple[str, int], Entry] = {}
        self.known: dict[str, Callable[[Box], Sequence[Box | None]]] = {}
        self._walk(model)
        self._slides: dict[tuple[str, int], Slides] | None = None

    def _walk(self, model: Model) -> None:
        """Note which calls, and which of their outputs, each call reads."""
        names = [name for name, call in model.named_calls() if call in {tensor.call for tensor in model.inputs}]
        places = {call: name for name, call in model.named_calls()}
        entering = [(places[tensor.call], 0) for tensor in model.inputs]
        self.enters = {(name, 0): self.entries[name] for name in names}

        def visit(name: str, _: Any, came: list[Any]) -> list[Any]:
            self.inputs[name] = came
            return [(name, i) for i in range(len(self.entries[name].facts.outputs))]

        model.carried(entering, visit)

    def __getitem__(self, name: str) -> Field:
        """The field of a call's first output in the first input that it depends on.

        Raises `ModelCostError` for a layer on the way of which it is not known what it looks at.
        """
        dense = 1 if (name, 0) in self.slides else self._density(name)
        boxes = [self._seen(name, place) for place in range(2 * dense)]
        source = next((key for key in self.enters if any(key in box for box in boxes)), None)
        if source is None:
            raise ModelCostError(f"{name} depends on no input")
        shape = self.enters[source].facts.outputs[0].shape
        moved = len(shape) == len(self.entries[name].facts.outputs[0].shape)
        axes = _space(shape)
        first = next(i for i, box in enumerate(boxes) if source in box)  # a stride can leave places that see nothing
        spans = [[box[source][axis] for box in boxes[first : first + dense + 1] if source in box] for axis in axes]
        return _field(spans, [int(shape[axis]) for axis in axes], dense if moved else None)

    @property
    def slides(self) -> dict[tuple[str, int], Slides]:
        """The calls whose fields move on evenly, each with how: such are found one from the other, going forward."""
        if self._slides is None:
            axes = {tuple(_space(entry.facts.outputs[0].shape)) for entry in self.enters.values()}
            begun = {key: [{1: (0, 0)} for _ in next(iter(axes))] for key in self.enters if len(axes) == 1}
            self._slides = slides(self.inputs, self.entries, self._looks, [*next(iter(axes), ())], begun)
        return self._slides

    def _density(self, name: str) -> int:
        """After so many positions the fields of a call repeat, moved on: the product of what enlarges on the way."""
        found, waiting, seen = 1, [name], {name}
        while waiting:
            one = waiting.pop()
            layer: Any = self.entries[one].layer
            grown = (
                getattr(layer, "size", 1) if is_one_of(layer, ("UpSampling1D", "UpSampling2D", "UpSampling3D")) else 1
            )
            grown = layer.strides if is_one_of(layer, ("ConvTranspose",)) else grown
            found *= max(grown) if isinstance(grown, tuple) else grown
            new = {source for source, _ in self.inputs.get(one, ())} - seen
            seen |= new
            waiting.extend(new)
        if found > MOST_PLACES:
            raise ModelCostError(f"{name}: its fields differ over more than {MOST_PLACES} positions")
        return found

    def _looks(self, name: str) -> Callable[[Box], Sequence[Box | None]]:
        if name not in self.known:
            self.known[name] = looks(self.entries[name])
        return self.known[name]

    def _slid(self, key: tuple[str, int], box: Box) -> dict[tuple[str, int], Box]:
        """What a part of an output depends on, of the inputs alone; nothing where it does not slide over them."""
        shape = self.entries[key[0]].facts.outputs[key[1]].shape
        axes = _space(next(iter(self.enters.values())).facts.outputs[0].shape)
        if key not in self.slides:
            return {}
        fixed = is_fixed(self.slides[key])
        others = ((span, int(n) - 1) for i, (span, n) in enumerate(zip(box, shape, strict=True)) if i not in axes)
        if not fixed and any(span != (0, last) for span, last in others):
            return {}
        found: dict[tuple[str, int], Box] = {}
        for source, each in self.slides[key].items():
            spans = [(0, int(length) - 1) for length in self.enters[source].facts.outputs[0].shape]
            for axis, slide in zip(axes, each, strict=True):
                spans[axis] = seen(slide, (0, 0) if fixed else box[axis])
            found[source] = tuple(spans)
        return found

    def _seen(self, name: str, place: int, between: bool = False) -> dict[tuple[str, int], Box]:
        """What a position of a call's output depends on, at this place of each axis.

        That is of the inputs, and of some outputs on the way to them; `between`: of all of these.
        """
        boxes = {(name, 0): _position(self.entries[name], place, self.enters)}
        order = list(self.inputs)
        for one in reversed(order[: order.index(name) + 1] if name in self.inputs else []):
            outputs = len(self.entries[one].facts.outputs)
            box = boxes.get((one, 0)) if outputs == 1 else joined([boxes.get((one, i)) for i in range(outputs)])
            if box is None:
                continue
            slid = {} if between else self._slid((one, 0), box)
            parts = slid.items() or zip(self.inputs[one], self._looks(one)(box), strict=True)
            for source, part in parts:
                if part is not None and all(low <= high for low, high in part):
                    boxes[source] = joined([boxes.get(source), part]) or part
        return boxes


MOST_PLACES = 1024


def _field(spans: Sequence[Sequence[Span]], lengths: Sequence[int], dense: int | None) -> Field:
    size, jump, start, whole = [], [], [], []
    for several, length in zip(spans, lengths, strict=True):
        first, last = several[0], several[-1]
        each = None if dense is None else Fraction(last[0] - first[0], dense)
        covers = first[0] <= 0 and first[1] >= length - 1
        size.append(length if covers and not each else max(high - low + 1 for low, high in several))
        jump.append(int(each) if each is not None and each.denominator == 1 else each)
        start.append(first[0])
        whole.append(covers)
    return Field(tuple(size), tuple(jump), tuple(start), tuple(whole))


def _space(shape: Sequence[Any]) -> list[int]:
    """The axes of space of an input: all but its channels, which no word binds; the only axis, if it has one."""
    found = [i for i, size in enumerate(shape) if getattr(size, "size", ())]
    return found or list(range(len(shape)))


def _position(entry: Entry, place: int, enters: Mapping[Any, Entry]) -> Box:
    """A place along the axes of space of what comes out, in all channels; the first of a vector."""
    shape = entry.facts.outputs[0].shape
    like = next(iter(enters.values())).facts.outputs[0].shape
    axes = _space(like) if len(like) == len(shape) else [0]
    return tuple((place, place) if i in axes else (0, int(length) - 1) for i, length in enumerate(shape))
