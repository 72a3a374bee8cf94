"""What sizes are called where students read of them."""

from __future__ import annotations

from functools import lru_cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from modelcost.homework.form import Form, Node

WORDS = {
    "N": "batch", "T": "time steps", "D": "depth", "H": "height", "W": "width", "C": "input channels",
    "F": "filters", "U": "units", "K": "kernel size", "S": "stride", "R": "dilation", "G": "groups", "V": "words",
    "E": "numbers of an embedding", "P": "padding", "M": "depth multiplier", "A": "heads",
    "L": "positions", "d_k": "numbers of a key", "d_v": "numbers of a value", "bytes": "bytes of a number",
    "steps": "steps", "epochs": "epochs", "data": "training examples", "passes": "passes",
}  # fmt: skip
PASSES = ("forward pass", "backward pass", "optimizer", "mini-batch")
SPACE = ("D", "H", "W", "T")
FLATTENED = {"C": "channels", "F": "channels", "H": "height", "W": "width", "D": "depth"}
"""What the sizes before a flattening are to the dense layer that reads them."""
GATES = {4: "gates", 3: "gates"}


@lru_cache(maxsize=10_000)
def letter(name: str | None) -> str:
    """The axis letter of a size's name: H of H_out and K of K_h; nothing where it is no size."""
    stem = (name or "").partition("_")[0]
    return stem if len(stem) == 1 and stem.isupper() else ""


def is_size(name: str) -> bool:
    """Whether a name is that of a size or a number of times, not of a layer or a pass.

    >>> is_size("H_out"), is_size("steps"), is_size("conv1"), is_size("backward pass")
    (True, True, False, False)
    """
    return name in WORDS or bool(letter(name))


def called(name: str) -> str:
    """What a part with a name of its own is called in a sentence."""
    return f"the {name}" if name in PASSES else name


def is_flattened(node: Node) -> bool:
    """Whether a leaf is one of the sizes of which the inputs of a dense layer were flattened."""
    return node.up is not None and node.up.name == "C"


def word(node: Node, form: Form) -> str:
    """What a leaf is, in words.

    >>> from modelcost.count import Count
    >>> from modelcost.homework.form import Form
    >>> form = Form(Count(784, "C") * Count(10, "U"))
    >>> [word(leaf, form) for leaf in form.root.parts]
    ['inputs', 'units']
    """
    name = node.name
    if is_flattened(node) and letter(name) in FLATTENED:
        return FLATTENED[letter(name)]
    if name is None:
        return GATES.get(node.value, "factor") if "U" in form.named else "factor"
    if name.endswith("_out") and letter(name):
        return f"output {WORDS.get(letter(name), name)}"
    if name == "C" and ("U" in form.named or "F" not in form.named):
        return "inputs" if "U" in form.named else "channels"
    if letter(name) == "C" and name != "C":
        return f"channels of a group ({name})" if "group" in name else f"channels ({name})"
    return WORDS.get(name) or WORDS.get(letter(name)) or name


def the(node: Node, form: Form) -> str:
    """A leaf with its value, as in "the 64 input channels"."""
    value = f"{node.value:,}"
    if node.name in PHRASES:
        return PHRASES[node.name].format(value)
    said = word(node, form)
    return f"the {value} {said}" if many(node, form) else f"the {said} {value}"


PHRASES = {"N": "the batch of {}", "data": "the {} training examples", "passes": "the factor {} for both passes",
           "bytes": "the {} bytes of each number", "E": "the {} numbers of an embedding",
           "d_k": "the {} numbers of a key", "d_v": "the {} numbers of a value"}  # fmt: skip


def many(node: Node, form: Form) -> bool:
    """Whether a leaf is spoken of in the plural."""
    return node.name in ("data", "bytes", "E", "d_k", "d_v") or (
        node.name not in PHRASES and word(node, form).endswith("s")
    )


def left_out(node: Node, form: Form) -> str:
    """What is said where a leaf is missing."""
    return f"{the(node, form)} {'are' if many(node, form) else 'is'} left out"
