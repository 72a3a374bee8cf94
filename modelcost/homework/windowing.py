"""Where a window is put, worked out otherwise: the other padding, no stride, the input's size for the output's."""

from __future__ import annotations

from modelcost.errors import ModelCostError
from modelcost.homework.words import letter
from modelcost.layers.windows import windows
from modelcost.notation import topological

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from modelcost.homework.form import Form, Node


class Window:
    """What an axis of output was worked out from: the input's size, the kernel, the stride, the padding."""

    __slots__ = ("kernel", "padded", "size", "stride")

    def __init__(self, size: int, kernel: int | None, stride: int, padded: bool) -> None:
        self.size, self.kernel, self.stride, self.padded = size, kernel, stride, padded


def window_of(form: Form, leaf: Node) -> Window | None:
    """The window behind an axis, read off its working; None where there is none.

    An axis that is as long as the input's may be that of a padded window: the kernel then stands elsewhere.
    """
    kernels = [node.value for name, nodes in form.named.items() if letter(name) == "K" for node in nodes]
    kernel = kernels[0] if kernels else None
    if not (leaf.name or "").endswith("_out"):
        return Window(leaf.value, kernel if kernel and kernel > 1 else None, 1, True)
    sizes = form.sizes_behind(leaf)
    size = sizes.get(letter(leaf.name))
    if size is None:
        return None
    same = getattr(leaf.behind, "op", "") != "axis"
    return Window(size, sizes.get("K", kernel), sizes.get("S", 1), same or "P" in sizes)


def sizes_behind(leaf: Node) -> dict[str, int]:
    """The sizes that a leaf was worked out from, by their letters."""
    sizes: dict[str, int] = {}
    for node in topological(leaf.behind, lambda one: one is leaf.behind or getattr(one, "name", None) is None):
        name = getattr(node, "name", None)
        if node is not leaf.behind and letter(name) and isinstance(node, int):
            sizes.setdefault(letter(name), int(node))
    return sizes


def other_windows(form: Form, leaf: Node) -> Iterator[tuple[str, float, str, str, int]]:
    """Other values of an axis, as (kind, bits, what it is, hint, value)."""
    window = window_of(form, leaf)
    if window is None:
        return
    size, kernel, stride, value = window.size, window.kernel, window.stride, leaf.value
    hint = "look at how many windows fit"
    yield "input for output", 3.0, "those of the input", "look at the output's size, not the input's", size
    if kernel:
        if window.padded:
            yield "valid", 2.5, "those of valid padding", "look at the padding", _count(size, kernel, stride, "valid")
        else:
            yield "same", 2.5, "those of same padding", "look at the padding", _count(size, kernel, stride, "same")
        without_stride = _count(size, kernel, 1, "same" if window.padded else "valid")
        yield "stride 1", 3.0, "those of a stride of 1", "look at the stride", without_stride
        if not window.padded and (size - kernel) % stride:
            yield "ceil", 3.5, "rounded up", "look at how the division is rounded", value + 1
    if window.padded and size % stride:
        yield "floor", 3.5, "rounded down", "look at how the division is rounded", _count(size, stride, stride, "valid")
    if stride > 1 and kernel != stride:
        yield "size / stride", 4.0, "the input's over the stride", hint, _count(size, stride, stride, "valid")
    yield "one fewer", 3.5, "one too few", hint, value - 1
    yield "one more", 4.0, "one too many", hint, value + 1


def _count(size: int, kernel: int, stride: int, padding: Any) -> int:
    """How many windows fit; 0, which is nobody's answer, where none does."""
    try:
        return int(windows("", size, kernel, stride, padding=padding))
    except ModelCostError:
        return 0
