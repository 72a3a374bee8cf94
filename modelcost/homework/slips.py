"""The slips that a formula lends itself to: a factor left out, one size for another, a sum cut short.

A slip is a few values put in place of others in the tree of the count (`Form`), what it is in words, and how
surprising it is, in bits: 1 for what happens every second time, 10 for what happens once in a thousand.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from math import inf

from modelcost.homework.form import is_short
from modelcost.homework.windowing import other_windows
from modelcost.homework.words import SPACE, WORDS, called, is_flattened, is_size, left_out, letter, many, the, word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from modelcost.homework.form import Form, Node

OMITTED = {"C": 1.5, "N": 1.5, "passes": 1.5, "T": 2.0, "bytes": 2.0, "epochs": 2.0, "steps": 2.5, "F": 3.0, "U": 3.0}
"""How surprising it is that a factor is left out; others are `RARELY`."""
RARELY = 4.0
ELSEWHERE = 2.0  # more, where it is done in one place and not in another
SWAPPED, TWICE = 4.5, 5.0
PASSES = ((2, 3.0), (4, 3.0), (6, 5.0))
"""What forward and backward together are taken for, in forward passes, with the bits of it."""


class Slip:
    """One thing that went wrong: its kind, how surprising it is, what it is in words, and the values it puts in.

    `hint` says where to look and gives no figure away.
    """

    __slots__ = ("bits", "hint", "kind", "text", "values")

    def __init__(self, kind: str, bits: float, text: str, hint: str, values: dict[int, int]) -> None:
        self.kind, self.bits, self.text, self.hint, self.values = kind, bits, text, hint, values

    def __repr__(self) -> str:
        return f"Slip({self.text!r}, {self.bits:g} bits)"


def slips(form: Form, others: Iterable[tuple[str, int]] = (), most: float = inf) -> list[Slip]:
    """Every slip of at most so many bits; `others` are sizes nearby that may be put in, as (what, value).

    >>> from modelcost.count import Count
    >>> from modelcost.homework.form import Form
    >>> form = Form(Count(3, "K") * Count(16, "C") * Count(32, "F") + Count(32, "F"))
    >>> [slip.text for slip in slips(form)][:2]
    ['the bias (32) is left out', 'the 16 input channels are left out']
    """
    found, nearby = [*of_shape(form, most), *windows_miscounted(form)], tuple(others)
    if most >= SWAPPED:
        found += [*_swaps(form, nearby), *_flattened(form, nearby)]
    return _distinct(form, [slip for slip in found if slip.bits <= most])


def of_shape(form: Form, most: float = inf) -> Iterator[Slip]:
    """Those that all formulas of one shape lend themselves to, whatever their sizes; some may change nothing."""
    for name, leaves in form.named.items():
        if name is not None and is_size(name):
            yield from _of_size(form, name, leaves, most)
    yield from (*_taps_and_places(form), *_constants(form), *_terms(form), *_inputs_left_out(form))


def _distinct(form: Form, found: Iterable[Slip]) -> list[Slip]:
    """Those that change anything, the likeliest of those that do the same; the likeliest first."""
    kept: dict[frozenset[tuple[int, int]], Slip] = {}
    for slip in sorted(found, key=lambda slip: slip.bits):
        changed = frozenset(one for one in slip.values.items() if form.values[one[0]] != one[1])
        if changed:
            kept.setdefault(changed, slip)
    return list(kept.values())


def factor_of(node: Node) -> bool:
    """Whether a node stands in a product."""
    return node.up is not None and node.up.op == "mul"


def _of_size(form: Form, name: str, leaves: list[Node], most: float) -> Iterator[Slip]:
    """A size that is left out: wherever it is a factor, or in one place only; or multiplied once too often."""
    factors = [leaf for leaf in leaves if factor_of(leaf)]
    bits, said = OMITTED.get(name, OMITTED.get(letter(name), RARELY)), word(leaves[0], form)
    if name.endswith("_out"):
        bits = RARELY
    if factors:
        hint = f"a factor is missing: think of the {said}"
        kind = f"without {'flattened ' if is_flattened(leaves[0]) else ''}{letter(name) or name}"
        alone = [leaf for leaf in leaves if leaf.up is form.root and form.root.op == "add"]
        for places in (factors, [*factors, *alone]):  # in (C + 1)*U a term that is only U goes to 1 with it
            yield Slip(kind, bits, left_out(leaves[0], form), hint, _ones(places))
    more = 0.0 if all(other.up is factors[0].up for other in factors) else ELSEWHERE
    for leaf in factors if len(factors) > 1 and bits + more <= most else ():
        text = f"{left_out(leaf, form)}{_place(form, leaf)}"
        yield Slip(f"without one {name}", bits + more, text, f"a factor is missing: {said}", {leaf.index: 1})
    for leaf in factors if most >= TWICE else ():
        text = f"{the(leaf, form)} {'are' if many(leaf, form) else 'is'} multiplied in once too often"
        yield Slip(f"twice {name}", TWICE, text, f"a factor stands twice: {said}", {leaf.index: leaf.value**2})


def _place(form: Form, leaf: Node) -> str:
    """In which term of a sum a leaf stands; "once" where there is no telling."""
    node = leaf
    while node.up is not None and node.up is not form.root:
        node = node.up
    if form.root.op != "add" or node is leaf:
        return " once"
    return f" in {_term(form, form.root, node, 1)[0]}"


def _taps_and_places(form: Form) -> Iterator[Slip]:
    """All taps of the kernel left out, or all places that it is put on."""
    taps = [leaf for leaf in form.leaves if letter(leaf.name) == "K" and factor_of(leaf)]
    places = [leaf for leaf in form.leaves if letter(leaf.name) in SPACE and factor_of(leaf)]
    if len(taps) > 1:
        yield Slip(
            "without taps", 3.0, "the taps of the kernel are left out", "think of the kernel's size", _ones(taps)
        )
    if len({leaf.name for leaf in places}) > 1:
        text, hint = "the places that the window is put on are left out", "think of how often the window is put down"
        yield Slip("without places", 3.0, text, hint, _ones(places))


def _inputs(form: Form) -> Iterator[tuple[Node, str]]:
    """The inputs of a dense layer where these are all that was flattened, and what they are called."""
    products = (node for node in form.nodes if node.op == "mul" and is_short(node.name or ""))
    return ((node, f"the {node.value:,} inputs") for node in products)


def _inputs_left_out(form: Form) -> Iterator[Slip]:
    for node, inputs in _inputs(form):
        if factor_of(node):
            hint = "a factor is missing: think of the inputs"
            yield Slip("without C", OMITTED["C"], f"{inputs} are left out", hint, {node.index: 1})


def _flattened(form: Form, others: Iterable[tuple[str, int]]) -> Iterator[Slip]:
    """Other sizes where all that was flattened belongs."""
    for node, inputs in _inputs(form):
        own = [(f"the {word(leaf, form)}", leaf.value) for leaf in form.leaves if leaf.name is not None]
        for what, value in (*others, *own):
            text = f"{value:,} ({what}) stands where {inputs} belong"
            yield Slip("other C", SWAPPED + 0.5, text, "how many inputs are there?", {node.index: value})


def _ones(nodes: Iterable[Node]) -> dict[int, int]:
    return {node.index: 1 for node in nodes}


def _constants(form: Form) -> Iterator[Slip]:
    """Numbers of the formula itself: the gates of a recurrent layer, two passes, taken as one or as one fewer."""
    constants = [leaf for leaf in form.named.get(None, ()) if factor_of(leaf) and leaf.value > 1]
    for value in dict.fromkeys(leaf.value for leaf in constants):
        alike = [leaf for leaf in constants if leaf.value == value]
        said = f"{word(alike[0], form)}"
        for other, bits in ((1, 2.5), (value - 1, 3.5), (value + 1, 4.5), (2, 5.0)):
            what = f"the {value} {said}" if said != "factor" else f"the factor {value}"
            text = f"{other} stands where {what} belong{'s' if said == 'factor' else ''}"
            text = f"{what} {'is' if said == 'factor' else 'are'} left out" if other == 1 else text
            hint = f"look at the {said}"
            yield Slip(f"{value} as {other}", bits, text, hint, {leaf.index: other for leaf in alike})
            if len(alike) > 1:
                for leaf in alike:
                    yield Slip(f"{value} as {other}", bits + 2.5, f"{text} once", hint, {leaf.index: other})
    yield from _training_passes(form)


def _training_passes(form: Form) -> Iterator[Slip]:
    for leaf in form.named.get("passes", ()):
        for other, bits in PASSES:
            text = f"forward and backward together are taken as {other} times the forward pass, not {leaf.value} times"
            yield Slip("passes", bits, text, "look at what the backward pass costs", {leaf.index: other})


def _terms(form: Form) -> Iterator[Slip]:
    """Terms of a sum that are left out, or counted twice."""
    for node in form.nodes:
        if node.op != "add":
            continue
        for part, sign in zip(node.parts, node.signs, strict=True):
            what, bits, verb = _term(form, node, part, sign)
            yield Slip(f"without {what}", bits, f"{what} {verb} left out", _missing(what), {part.index: 0})
            if sign > 0:
                text = f"{what} {verb} counted twice"
                yield Slip(f"twice {what}", TWICE, text, _missing(what), {part.index: 2 * part.value})


def _missing(what: str) -> str:
    """Where to look for a term that is missing, or stands twice: its name, if it has one, and no figure."""
    name = what.partition(" (")[0]
    if name.startswith(("the term ", "the +", "the -")):
        return "look at the terms of the sum: one is missing, or stands twice"
    return f"look at the terms of the sum: think of {name}"


def _term(form: Form, node: Node, part: Node, sign: int) -> tuple[str, float, str]:
    """What a term of a sum is, how surprising it is that it is forgotten, and whether it is one or many."""
    if part.name is not None and (part.op != "leaf" or not is_size(part.name)):
        return (part.name, 4.0, "is") if part.op != "leaf" else (f"{called(part.name)} ({part.value:,})", 3.0, "is")
    if part.op == "leaf" and part.name is None:
        return f"the {'-' if sign < 0 else '+'} {part.value}", 3.5, "is"
    names = [leaf.name for leaf in part.leaves]
    if _is_bias(node, part):
        return f"the bias ({part.value:,})", 1.0, "is"
    if names.count("U") > 1:
        return f"the recurrent kernel ({part.value:,})", 2.5, "is"
    beside = [leaf.name for other in node.parts if other is not part for leaf in other.leaves]
    if "C" in names and beside.count("U") > 1:
        return f"the input kernel ({part.value:,})", 3.0, "is"
    return f"the term {'*'.join(str(leaf.value) for leaf in part.leaves if leaf.value != 1) or 1}", 4.0, "is"


def _is_bias(node: Node, part: Node) -> bool:
    """Whether a term is of nothing but what comes out, and what it is of stands in another term with more to it."""
    own = _sizes(part)
    before = node.parts[: node.parts.index(part)]
    made_of = {letter(name) for name in own}
    return (
        bool(made_of & {"F", "U"})
        and made_of <= {"F", "U", "N", *SPACE}
        and any(own < _sizes(other) for other in before)
        and not any(own == _sizes(other) for other in before)
    )


def _sizes(part: Node) -> Counter[str]:
    """The names of the sizes that are multiplied in a term."""
    return Counter(leaf.name for leaf in part.leaves if leaf.name is not None)


@lru_cache(maxsize=5_000)
def windows_miscounted(form: Form) -> tuple[Slip, ...]:
    """The places of a window worked out otherwise, along all axes or along one; found once, as often as it is asked."""
    return tuple(_windows(form))


def _windows(form: Form) -> Iterator[Slip]:
    axes: dict[str, list[tuple[list[Node], int]]] = {}
    texts: dict[str, tuple[float, str, str]] = {}
    for name, leaves in form.named.items():
        if letter(name) not in SPACE or not any(factor_of(leaf) for leaf in leaves):
            continue
        for kind, bits, text, hint, value in other_windows(form, leaves[0]):
            if value < 1:
                continue
            axes.setdefault(kind, []).append((leaves, value))
            texts[kind] = (bits, text, hint)
    for kind, several in axes.items():
        bits, text, hint = texts[kind]
        values = {leaf.index: value for leaves, value in several for leaf in leaves}
        shown = " x ".join(f"{value:,}" for _, value in several)
        right = " x ".join(f"{leaves[0].value:,}" for leaves, _ in several)
        yield Slip(kind, bits, f"{shown} places, {text}, stand where {right} belong", hint, values)
        for leaves, value in several if len(several) > 1 else ():
            what = f"{value:,}, {text}, stands where {the(leaves[0], form)} belongs"
            yield Slip(f"{kind} once", bits + ELSEWHERE, what, hint, {leaf.index: value for leaf in leaves})


def _swaps(form: Form, others: Iterable[tuple[str, int]]) -> Iterator[Slip]:
    """One size where another belongs: wherever that stands, or in one place only."""
    sizes = {name: leaves for name, leaves in form.named.items() if name is not None and is_size(name)}
    own = [(f"the {word(leaves[0], form)}", leaves[0].value) for leaves in sizes.values()]
    axes = [leaf for leaf in form.leaves if leaf.up is None or leaf.up.name is None]  # not what was flattened
    behind = {
        name: value for leaf in axes for name, value in form.sizes_behind(leaf).items() if value > 1 and name in "KS"
    }
    own += [(f"the {WORDS[name]}", value) for name, value in behind.items()]
    pool = {value: what for what, value in reversed([*own, *others])}
    for name, leaves in sizes.items():
        the_size, once = the(leaves[0], form), [(leaf, _place(form, leaf)) for leaf in leaves if len(leaves) > 1]
        verb = "belong" if many(leaves[0], form) else "belongs"
        hint = f"look at the {word(leaves[0], form)}: another size was put there"
        for value, what in pool.items():
            if value == leaves[0].value:
                continue
            bits = SWAPPED + (0 if (what, value) in own else 1.0)
            kind, text = f"{name} as {what}", f"{value:,} ({what}) stands where {the_size} {verb}"
            yield Slip(kind, bits, text, hint, {leaf.index: value for leaf in leaves})
            for leaf, place in once:
                yield Slip(kind, bits + ELSEWHERE, f"{text}{place}", hint, {leaf.index: value})
