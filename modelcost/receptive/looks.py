"""What a layer looks at: from a part of its output to the parts of its inputs that it depends on."""

from __future__ import annotations

from fractions import Fraction
from math import prod

from modelcost.errors import ModelCostError
from modelcost.facts import ELEMENTWISE
from modelcost.layers.windows import reach, same_padding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from modelcost.model import Entry

    Span = tuple[int, int]  # the first and the last element along an axis; both may lie on the padding
    Box = tuple[Span, ...]

WHOLE = {"Recurrent", "RNN", "Bidirectional", "Scored", "Headed", "GlobalPool", "Dot", "GroupNormalization"}
"""Layers that look at all of their input, whatever the position."""
WINDOWS = {"Conv": "kernel_size", "DepthwiseConv": "kernel_size", "SeparableConv": "kernel_size", "Pool": "pool_size"}
"""Layers whose windows slide, and the argument that says how far a window reaches."""
UNEVEN = {"ConvTranspose", "UpSampling1D", "UpSampling2D", "UpSampling3D", "Flatten", "Reshape", "Permute"} | {
    "RepeatVector",
    "Embedding",
}
"""Layers of which a position sees not just as far from the one before as all others do, or has other axes."""
ALONG = {"LayerNormalization", "RMSNormalization", "UnitNormalization", "Softmax", "Activation", "Dense"}
"""Layers that look along one axis, or several: those they name, else the last."""


def joined(boxes: Sequence[Box | None]) -> Box | None:
    """The smallest box that holds several; None where there is none."""
    there = [box for box in boxes if box is not None]
    if len(there) < 2:
        return there[0] if there else None
    return tuple((min(low for low, _ in spans), max(high for _, high in spans)) for spans in zip(*there, strict=True))


def is_one_of(layer: Any, names: Any) -> bool:
    """Whether a layer's class, or one that it is built on, has one of these names."""
    return any(base.__name__ in names for base in type(layer).__mro__)


def _all(shape: Sequence[int]) -> Box:
    return tuple((0, length - 1) for length in shape)


def looks(entry: Entry) -> Callable[[Box], Sequence[Box | None]]:
    """From a part of a call's output to the parts of its inputs that it depends on."""
    layer: Any = entry.layer
    shapes = [_numbers(shape) for shape in entry.facts.inputs]
    out = _numbers(entry.facts.outputs[0].shape)
    kinds = [base.__name__ for base in type(layer).__mro__]
    if WHOLE & set(kinds):
        everything = [_all(shape) for shape in shapes]
        return lambda box: everything
    rule: Callable[..., Box] | None = next((RULES[kind] for kind in kinds if kind in RULES), None)
    if rule is not None:
        return lambda box: [rule(layer, box, shapes[0], out)]
    if "Concatenate" in kinds:
        return lambda box: list(_parts(layer.axis, box, shapes))
    if _is_pointwise(entry):
        if all(shape == out for shape in shapes):
            return lambda box: [box] * len(shapes)
        return lambda box: [_broadcast(box, shape) for shape in shapes]
    if ALONG & set(kinds) and len(out) == len(shapes[0]):
        return lambda box: [_along(getattr(layer, "axis", -1), box, shapes[0])]
    raise ModelCostError(f"{entry.name}: it is not known which part of its input {entry.type} looks at")


def _numbers(shape: Sequence[Any]) -> tuple[int, ...]:
    return tuple(int(length) for length in shape)


def _is_pointwise(entry: Entry) -> bool:
    """Whether each element comes from those at its own place: arithmetic on as many elements as come out, or none."""
    out = entry.facts.outputs[0]
    works = [work for work in entry.facts.works if work.phase != "training" and not work.once]
    if not works:
        same = [list(map(str, shape)) == list(map(str, out.shape)) for shape in entry.facts.inputs]
        return all(same) and not is_one_of(entry.layer, ("Operation",))
    if not all(_goes_with(shape, out.shape) for shape in entry.facts.inputs):
        return False
    elements = int(out.elements)
    return all(
        work.primitive.kind in ELEMENTWISE
        and work.primitive.kind not in ("copy", "gather", "unknown")
        and int(work.times) % elements == 0
        for work in works
    )


def _goes_with(shape: Sequence[Any], out: Sequence[Any]) -> bool:
    same = len(shape) == len(out)
    return same and all(int(one) in (1, int(length)) for one, length in zip(shape, out, strict=True))


def _broadcast(box: Box, shape: Sequence[int]) -> Box:
    return tuple((0, 0) if length == 1 else span for span, length in zip(box, shape, strict=True))


def _along(axes: Any, box: Box, shape: Sequence[int]) -> Box:
    """All of some axes; negative ones are counted from the end, others include the batch."""
    named = axes if isinstance(axes, list | tuple) else (axes,)
    whole = {axis % len(box) if axis < 0 else axis - 1 for axis in named}
    return tuple(full if i in whole else span for i, (span, full) in enumerate(zip(box, _all(shape), strict=True)))


def _parts(axis: int, box: Box, shapes: Sequence[Sequence[int]]) -> Iterator[Box | None]:
    """What comes from each of the inputs that stand one after the other along an axis."""
    axis, before = axis % len(box) if axis < 0 else axis - 1, 0
    for shape in shapes:
        low, high = (max(box[axis][0] - before, 0), min(box[axis][1] - before, shape[axis] - 1))
        before += shape[axis]
        yield None if low > high else (*box[:axis], (low, high), *box[axis + 1 :])


def _along_space(layer: Any, box: Box, shape: Sequence[int], each: Callable[[int, Span, int], Span]) -> Box:
    """What `each` gives for the axes of space (their number, what is seen, the length of the input); all channels."""
    first = 0 if getattr(layer, "data_format", None) in (None, "channels_last") else 1
    axes = {first + i: i for i in range(len(box) - 1)}
    return tuple(
        each(axes[i], span, length) if i in axes else (0, length - 1)
        for i, (span, length) in enumerate(zip(box, shape, strict=True))
    )


def _windows(layer: Any, box: Box, shape: Sequence[int], out: Sequence[int]) -> Box:
    sizes = getattr(layer, next(name for kind, name in WINDOWS.items() if is_one_of(layer, (kind,))))
    strides = sizes if layer.strides is None else layer.strides
    rates = getattr(layer, "dilation_rate", (1,) * len(sizes))

    def each(i: int, span: Span, length: int) -> Span:
        across, padding = int(reach(sizes[i], rates[i])), layer.padding
        if padding == "same":
            before = int(same_padding(length, sizes[i], strides[i], rates[i])[0])
        else:
            before = {"valid": 0, "causal": across - 1}[padding] if isinstance(padding, str) else padding[i][0]
        return span[0] * strides[i] - before, span[1] * strides[i] - before + across - 1

    return _along_space(layer, box, shape, each)


def _transposed(layer: Any, box: Box, shape: Sequence[int], out: Sequence[int]) -> Box:
    """Input i is spread over the outputs from i*stride on; those that padding crops away come before."""
    first = 0 if layer.data_format == "channels_last" else 1

    def each(i: int, span: Span, length: int) -> Span:
        stride, across = layer.strides[i], int(reach(layer.kernel_size[i], layer.dilation_rate[i]))
        cropped = max((length - 1) * stride + across - out[first + i], 0) if layer.padding == "same" else 0
        before = cropped // 2
        return -((across - 1 - before - span[0]) // stride), (span[1] + before) // stride

    return _along_space(layer, box, shape, each)


def _enlarged(layer: Any, box: Box, shape: Sequence[int], out: Sequence[int]) -> Box:
    sizes = layer.size if isinstance(layer.size, tuple) else (layer.size,)
    blended = getattr(layer, "interpolation", "nearest") == "bilinear"

    def each(i: int, span: Span, length: int) -> Span:
        if not blended:
            return span[0] // sizes[i], span[1] // sizes[i]
        low, high = (Fraction(2 * one + 1 - sizes[i], 2 * sizes[i]) for one in span)  # (i + 0.5)/s - 0.5
        return low // 1, -(-high // 1)

    return _along_space(layer, box, shape, each)


def _bordered(layer: Any, box: Box, shape: Sequence[int], out: Sequence[int]) -> Box:
    sides = layer.padding if is_one_of(layer, ("ZeroPadding",)) else layer.cropping
    sign = -1 if is_one_of(layer, ("ZeroPadding",)) else 1
    return _along_space(
        layer, box, shape, lambda i, span, _: (span[0] + sign * sides[i][0], span[1] + sign * sides[i][0])
    )


def _written_anew(layer: Any, box: Box, shape: Sequence[int], out: Sequence[int]) -> Box:
    """The same elements with other axes: from the first to the last of them, in the order in which they are written."""
    inside = [(max(low, 0), min(high, length - 1)) for (low, high), length in zip(box, out, strict=True)]
    first, last = (_place([span[end] for span in inside], out) for end in (0, 1))
    found: list[Span] = []
    for i, length in enumerate(shape):
        after = prod(shape[i + 1 :])
        low, high = first // after, last // after
        apart = any(one[0] != one[1] for one in found)
        found.append((0, length - 1) if apart else (low % length, high % length))
    return tuple(found)


def _place(at: Sequence[int], shape: Sequence[int]) -> int:
    """Where an element stands, counted through all axes."""
    place = 0
    for one, length in zip(at, shape, strict=True):
        place = place * length + one
    return place


def _permuted(layer: Any, box: Box, shape: Sequence[int], out: Sequence[int]) -> Box:
    return tuple(box[layer.dims.index(i + 1)] for i in range(len(box)))


RULES: dict[str, Callable[..., Box]] = {
    **dict.fromkeys(WINDOWS, _windows),
    "ConvTranspose": _transposed,
    **dict.fromkeys(("UpSampling1D", "UpSampling2D", "UpSampling3D"), _enlarged),
    **dict.fromkeys(("ZeroPadding", "Cropping", "Cropping1D"), _bordered),
    **dict.fromkeys(("Flatten", "Reshape"), _written_anew),
    "Permute": _permuted,
    "RepeatVector": lambda layer, box, shape, out: (box[1],),
    "Embedding": lambda layer, box, shape, out: box[:-1] if len(shape) < len(out) else _along(-1, box, shape),
    "LocalResponseNormalization": lambda layer, box, shape, out: _along(-1, box, shape),
}
"""What each kind of layer looks at: from a part of its output to the part of its input."""
