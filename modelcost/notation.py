"""Write a tree of counts as text: with its names, with its numbers, or as LaTeX.

The walk is a loop, never a recursion, so that a tree may be as deep as it likes.
A part is put in brackets where it holds together less strongly than its place asks for: the rules
of precedence are `NEEDS` and `_power`.
"""

from __future__ import annotations

from modelcost.errors import ModelCostError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

ALIASES = ("named", "axis", "same", "given", "planned")
"""Operators that are worth what their first operand is, and written as it is: they add a name, a check or a bound."""
SUM, QUOTIENT, PRODUCT, ATOM = 1, 2, 3, 4  # how strongly a piece of text holds together
LONGEST = 5_000_000  # characters; shared parts are written out each time, which can grow without bound


class Style:
    """How names and operators look: one for Python text, one for LaTeX."""

    def __init__(self, times: str, division: int, brackets: tuple[str, str], name: Callable[[str], str]) -> None:
        self.times, self.division, self.brackets, self.name = times, division, brackets, name


def _latex_name(name: str) -> str:
    """H_out becomes H_{\\mathrm{out}}, and other names are upright; what LaTeX would read as a command is escaped."""
    stem, _, tail = name.partition("_")
    if len(stem) == 1 and stem.isalpha() and tail:
        return f"{_latex_word(stem)}_{{{_latex_word(tail)}}}"
    return _latex_word(name)


def _latex_word(word: str) -> str:
    is_letter = len(word) == 1 and word.isalnum() and word.isascii()
    return word if is_letter else rf"\mathrm{{{''.join(map(_latex_character, word))}}}"


LATEX_CHARACTERS = {"\\": r"\backslash ", "^": r"\hat{}", "~": r"\sim ", " ": r"\ "}


def _latex_character(c: str) -> str:
    """In mathematics a hyphen would be a minus, a colon a ratio, an apostrophe a prime, and letters are ASCII."""
    if c in "-:'" or (c.isprintable() and not c.isascii()):
        return rf"\mbox{{{c}}}"
    return LATEX_CHARACTERS.get(c, "\\" + c if c in "#$%&_{}" else c)


PLAIN = Style("*", QUOTIENT, ("(", ")"), str)
LATEX = Style(r" \cdot ", ATOM, (r"\left(", r"\right)"), _latex_name)


def operands(node: Any) -> tuple[Any, ...]:
    """What a node is made of."""
    args: tuple[Any, ...] = getattr(node, "args", ())
    return args


def shown(node: Any) -> tuple[Any, ...]:
    """The operands that are written down: checks are not, nor the other of two sizes that agree."""
    args = operands(node)
    if args and node.op in ALIASES:
        return args[:1]
    if args and node.op == "broadcast" and isinstance(node, int):
        return (next(arg for arg in args if int(arg) == int(node)),)
    return args


def topological(
    term: Any, inside: Callable[[Any], bool] = lambda _: True, under: Callable[[Any], tuple[Any, ...]] = operands
) -> Iterator[Any]:
    """Every node under `term` once, children before parents; `inside` says whether to look into a node."""
    seen: set[int] = set()
    stack = [(term, False)]
    while stack:
        node, done = stack.pop()
        if done:
            yield node
        elif id(node) not in seen:
            seen.add(id(node))
            stack.append((node, True))
            if inside(node):
                stack.extend((child, False) for child in reversed(under(node)))


NEEDS = {"add": (SUM, SUM), "sub": (SUM, QUOTIENT), "mul": (QUOTIENT, PRODUCT), "floordiv": (QUOTIENT, ATOM)}
"""How strongly the first operand of an operator, and its others, must hold together to stand without brackets."""


def _power(node: Any, parts: list[int], style: Style) -> int:
    """How strongly the text of a node holds together, from its operands' powers; leaves are atoms."""
    if not parts:
        return ATOM
    if len(parts) == 1:
        return parts[0]
    if node.op == "mul":
        return QUOTIENT if parts[0] == QUOTIENT else PRODUCT
    return {"add": SUM, "sub": SUM, "floordiv": style.division}.get(node.op, ATOM)


def _pieces(node: Any, style: Style) -> list[Any]:
    """What a node is written as: pieces of text, and (operand, power that it needs) in between."""
    args, op = shown(node), node.op
    if len(args) == 1:
        return [(args[0], SUM)]
    if op == "floordiv" and style.division == ATOM:
        return [r"\left\lfloor \frac{", (args[0], SUM), "}{", (args[1], SUM), r"} \right\rfloor"]
    if op in NEEDS:
        sign = {"add": " + ", "sub": " - ", "mul": style.times, "floordiv": "//"}[op]
        first, others = NEEDS[op]
        return [(args[0], first), *(piece for arg in args[1:] for piece in (sign, (arg, others)))]
    opening = f"{'' if style is PLAIN else chr(92)}{op if op in ('min', 'gcd') else 'max'}{style.brackets[0]}"
    listed = [piece for arg in args[1:] for piece in (", ", (arg, SUM))]
    return [opening, (args[0], SUM), *listed, style.brackets[1]]


def _leaf(node: Any, style: Style, numbers: bool) -> str:
    if getattr(node, "name", None) is not None and not (numbers and isinstance(node, int)):
        return style.name(node.name)
    return int.__repr__(node) if node >= 0 else f"({int.__repr__(node)})"


def written(term: Any, style: Style, numbers: bool = False, unfold: bool = False) -> str:
    """The text of a tree: names stay folded unless `unfold`; `numbers` puts values for names."""

    def opened(node: Any) -> bool:
        if not getattr(node, "args", ()):
            return False
        return node.name is None or unfold or node is term or (numbers and not isinstance(node, int))

    powers: dict[int, int] = {}
    for node in topological(term, opened, shown):
        parts = [powers[id(arg)] for arg in shown(node)] if opened(node) else []
        powers[id(node)] = _power(node, parts, style)
    return "".join(_emitted(term, opened, powers, style, numbers))


def _emitted(
    term: Any, opened: Callable[[Any], bool], powers: dict[int, int], style: Style, numbers: bool
) -> list[str]:
    texts: list[str] = []
    length, (left, right) = 0, style.brackets
    waiting: list[Any] = [(term, SUM)]
    while waiting:
        piece = waiting.pop()
        if not isinstance(piece, str):
            node, needed = piece
            pieces = _pieces(node, style) if opened(node) else [_leaf(node, style, numbers)]
            waiting.extend(reversed([left, *pieces, right] if powers[id(node)] < needed else pieces))
            continue
        texts.append(piece)
        length += len(piece)
        if length > LONGEST:
            raise ModelCostError(
                f"this formula is longer than {LONGEST:,} characters; ask for that of one of its parts"
            )
    return texts
