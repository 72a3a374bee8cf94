"""Every error that modelcost raises on purpose, and the sentence that goes with an unknown name."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


class ModelCostError(ValueError):
    """Something that was given cannot be costed; the text says what, why and a way out."""

    located = False  # whether the text says already which layer it is about


class UnknownNameError(ModelCostError):
    """A layer, model, option or convention that nobody here knows."""


class UnboundSizeError(ModelCostError):
    """A size that is not known yet was used as a number."""


class SizeError(ModelCostError):
    """Sizes that cannot be, or that do not fit together."""


MOST_LISTED, NEAREST = 40, 8
"""Names that an error lists at most, and how many of more: those most like the one that was given."""


def nearest(name: str, known: Iterable[str], most: int = 3, alike: float = 0.6) -> list[str]:
    """The known names most like `name`, likest first: at most so many, each alike at least so far (0 to 1).

    >>> nearest("resnet5", ["vgg16", "resnet50", "resnet152"])
    ['resnet50', 'resnet152']
    """
    import difflib

    by_lower = {one.lower(): one for one in known}
    return [by_lower[like] for like in difflib.get_close_matches(str(name).lower()[:200], by_lower, most, alike)]


def unknown(kind: str, name: object, known: Iterable[str]) -> UnknownNameError:
    """The error for a name that is not among `known`: it suggests the nearest, or lists them, or some of many.

    >>> unknown("convention", "flop", ["flops", "macs"])
    UnknownNameError("unknown convention 'flop'; did you mean flops?")
    >>> unknown("convention", "x", ["flops", "macs"])
    UnknownNameError("unknown convention 'x'; known are: flops, macs")
    >>> unknown("layer", "end", map(str, range(500)))
    UnknownNameError("unknown layer 'end'; known are: 0, 1, 2, 3, 4, 5, 6, 7 and 492 more")
    """
    names = list(known)
    near = nearest(str(name), names)
    hint = f"did you mean {' or '.join(near)}?" if near else f"known are: {_listed(str(name), names)}"
    return UnknownNameError(f"unknown {kind} {short(name)}; {hint}")


def _listed(name: str, names: list[str]) -> str:
    if len(names) <= MOST_LISTED:
        return ", ".join(names)
    few = nearest(name, names, NEAREST, 0.3) or names[:NEAREST]
    return f"{', '.join(few)} and {len(names) - len(few):,} more"


def short(value: object, most: int = 80) -> str:
    """`repr(value)` in at most `most` characters, so that no input can flood a message."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10**most:
        return f"a whole number of {value.bit_length()} bits"
    text = repr(value)
    return text if len(text) <= most else f"{text[: most - 1]}…"
