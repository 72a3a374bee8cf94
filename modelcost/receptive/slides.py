"""Windows that slide: what a position depends on as a formula of the position, put together layer by layer."""

from __future__ import annotations

from modelcost.receptive.looks import UNEVEN, WHOLE, is_one_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from modelcost.model import Entry
    from modelcost.receptive.looks import Box, Span

    Key = tuple[str, int]  # a call, and which of its outputs
    Slide = dict[int, Span]
    Slides = dict[Key, list[Slide]]


def seen(slide: Slide, span: Span) -> Span:
    """From a span of positions to the elements that they depend on.

    A slide holds, for each distance that a path moves on with every position, what position 0 sees along such paths:
    two windows of 3 with strides 2 see `{4: (0, 6)}`, and one beside them that sees all of 20 elements is `0: (0, 19)`.

    >>> seen({4: (0, 6)}, (1, 1)), seen({4: (0, 6), 0: (0, 19)}, (1, 1))
    ((4, 10), (0, 19))
    """
    low, high = span
    return min(jump * low + a for jump, (a, _) in slide.items()), max(jump * high + b for jump, (_, b) in slide.items())


def after(slide: Slide, jump: int, window: Span) -> Slide:
    """The slide of windows over positions that have a slide: they see `window` at first, and move on by `jump`.

    >>> after({2: (0, 2)}, 2, (0, 2))
    {4: (0, 6)}
    """
    low, high = window
    return together({each * jump: (each * low + a, each * high + b)} for each, (a, b) in slide.items())


def together(slides: Iterable[Slide]) -> Slide:
    """The slide of what sees all that several see."""
    found: Slide = {}
    for slide in slides:
        for jump, (low, high) in slide.items():
            a, b = found.get(jump, (low, high))
            found[jump] = (min(a, low), max(b, high))
    return found


def slides(
    inputs: Mapping[str, Sequence[Key]],
    entries: Mapping[str, Entry],
    looks: Callable[[str], Callable[[Box], Sequence[Box | None]]],
    axes: Sequence[int],
    begun: Slides,
) -> dict[Key, Slides]:
    """For each call that has them: in which inputs of the model its output has which slide, along each of the `axes`.

    `begun`: those of the inputs themselves. A call has none where its windows do not slide evenly, as after a layer
    that enlarges, or where it has other axes.
    """
    found: dict[Key, Slides] = {key: {key: value} for key, value in begun.items()}
    ranks = {len(entries[name].facts.outputs[0].shape) for name, _ in begun}
    for name, places in inputs.items():
        entry = entries[name]
        if len(entry.facts.outputs) > 1 or not all(place in found for place in places):
            continue
        sources = [found[place] for place in places]
        stepped = None
        if is_one_of(entry.layer, WHOLE):
            stepped = [
                [(0, (0, int([*shape, 1][min(i, len(shape))]) - 1)) for i in axes] for shape in entry.facts.inputs
            ]
        elif len(sources) == 1 and is_fixed(sources[0]):
            stepped = [[(0, (0, 0))] * len(axes)]
        elif {len(entry.facts.outputs[0].shape)} == ranks and not is_one_of(entry.layer, UNEVEN):
            stepped = _stepped(entry, looks(name), axes)
        if stepped is not None:
            found[name, 0] = _joined(sources, stepped)
    return found


def is_fixed(slides: Slides) -> bool:
    """Whether all positions see the same."""
    return all(not any(slide) for each in slides.values() for slide in each)


def _stepped(entry: Entry, look: Any, axes: Sequence[int]) -> list[list[tuple[int, Span]]] | None:
    """For each input, along each axis: how far what a position sees moves on, and what position 0 sees."""
    shape = [int(length) for length in entry.facts.outputs[0].shape]
    first, second = (
        look(tuple((place, place) if i in axes else (0, n - 1) for i, n in enumerate(shape))) for place in (0, 1)
    )
    found = []
    for part, of, whole in zip(first, second, entry.facts.inputs, strict=True):
        others = [i for i in range(len(whole)) if i not in axes]
        if part is None or of is None or any(part[i] != (0, int(whole[i]) - 1) for i in others):
            return None
        found.append([(of[i][0] - part[i][0], part[i]) for i in axes])
    return found


def _joined(sources: Sequence[Slides], stepped: Sequence[Sequence[tuple[int, Span]]]) -> Slides:
    found: Slides = {}
    for key in dict.fromkeys(key for source in sources for key in source):
        there = [(source[key], steps) for source, steps in zip(sources, stepped, strict=True) if key in source]
        each = ([after(slide, *step) for slide, step in zip(one, steps, strict=True)] for one, steps in there)
        found[key] = [together(several) for several in zip(*each, strict=True)]
    return found
