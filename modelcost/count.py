"""Numbers that remember how they were made.

Two types over one tree. A `Count` is an exact whole number that carries its own formula. An
`Expression` has a free size in it that nobody has given yet (an image height that is `None`, a
variable number of steps), so it has a formula and no value. Binding turns one into the other.
"""

from __future__ import annotations

from modelcost.errors import SizeError, UnboundSizeError, short
from modelcost.notation import LATEX, PLAIN, shown, topological, written
from modelcost.operators import EVALUATE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


class Term:
    """A node of the tree: an operator over other nodes, or a leaf; perhaps with a name of its own.

    `op` is "leaf" or the operator, `args` its operands (counts, expressions or plain ints),
    `name` what it is called in formulas, `size` the words of `sizes.LETTERS` under which it can be bound;
    `source` which figure of a report it is, where it is one.
    """

    __slots__ = ()
    op: str = "leaf"
    args: tuple[Size, ...] = ()
    name: str | None = None
    size: tuple[str, ...] = ()
    source: Any = None

    def formula(self, unfold: bool = False) -> str:
        """How it was made, with names for numbers; Python can read it.

        A part that has a name of its own prints that name; `unfold` writes out what is behind it.

        >>> h, k = Count(28, "H"), Count(3, "K")
        >>> out = (h - k + 1).called("H_out")
        >>> (out * out).formula(), (out * out).formula(unfold=True)
        ('H_out*H_out', '(H - K + 1)*(H - K + 1)')
        """
        return written(self, PLAIN, unfold=unfold)

    def numbers(self, unfold: bool = False) -> str:
        """The formula with the numbers put in: `eval` of it gives the count.

        >>> (Count(8, "F") * Count(9, "K") + 1).numbers()
        '8*9 + 1'
        """
        return written(self, PLAIN, numbers=True, unfold=unfold)

    def latex(self, numbers: bool = False, unfold: bool = False) -> str:
        """The formula, or the numbers, as LaTeX mathematics.

        >>> (Count(55, "H_out") // Count(2, "S")).latex()
        '\\\\left\\\\lfloor \\\\frac{H_{\\\\mathrm{out}}}{S} \\\\right\\\\rfloor'
        """
        return written(self, LATEX, numbers=numbers, unfold=unfold)

    def _repr_latex_(self) -> str | None:
        """How a notebook shows it."""
        from modelcost.render.latex import displayed  # above this module: loaded only to be shown

        return displayed(self)

    def called(self, name: str) -> Any:
        """The same number under a name of its own, which stands for it in formulas from now on."""
        node: Any = int.__new__(Count, self) if isinstance(self, int) else Expression.__new__(Expression)
        node.op, node.args, node.name, node.size = "named", (self,), name, ()
        return node

    def known_as(self, source: Any) -> Any:
        """The same number with the same working, which knows what figure it is: what is made of it does not."""
        node: Any = int.__new__(Count, self) if isinstance(self, int) else Expression.__new__(Expression)
        node.op, node.args, node.name, node.size, node.source = self.op, self.args, self.name, self.size, source
        return node

    def named_parts(self) -> list[Any]:
        """The named parts that the formula mentions and that have a working of their own, in order.

        >>> out = (Count(28, "H") - 2).called("H_out")
        >>> [(p.name, p.formula()) for p in (out * 3).named_parts()]
        [('H_out', 'H - 2')]
        """
        found = topological(self, lambda node: node is self or getattr(node, "name", None) is None, shown)
        return [node for node in found if node is not self and getattr(node, "name", None) and node.args]

    def free_sizes(self) -> list[str]:
        """The words under which this can be bound to other values: of batch, steps, depth, height, width.

        >>> (Count(28, "H", size="height") * Count(3, "C")).free_sizes()
        ['height']
        """
        words = (word for node in topological(self) for word in getattr(node, "size", ()))
        return list(dict.fromkeys(words))

    def rebind(self, *, exact: bool = True, **sizes: Any) -> Any:
        """The same formula with other values for its free sizes; nothing is built anew.

        Whole numbers give a `Count`. Arrays of whole numbers give a NumPy masked array of that shape (they
        broadcast), where impossible sizes (a window that no longer fits) are masked; it is int64
        where all results fit and exact Python ints where they do not. `exact=False` gives float64
        instead of those Python ints: faster, and right to about 15 digits only.

        Raises `SizeError` for a size that is impossible, `UnknownNameError` for an unknown word.

        >>> h = Count(28, "H", size="height")
        >>> (h * h * 3).rebind(height=10)
        300
        >>> (h * h * 3).rebind(height=[10, 20]).tolist()
        [300, 1200]
        """
        from modelcost import binding  # above this module, and with NumPy behind it: loaded only to bind

        return binding.rebind(self, sizes, exact)

    def __add__(self, other: object) -> Any:
        return _joined("add", self, other)

    def __radd__(self, other: object) -> Any:
        return _joined("add", other, self)

    def __mul__(self, other: object) -> Any:
        return _joined("mul", self, other)

    def __rmul__(self, other: object) -> Any:
        return _joined("mul", other, self)

    def __sub__(self, other: object) -> Any:
        return _joined("sub", self, other)

    def __rsub__(self, other: object) -> Any:
        return _joined("sub", other, self)

    def __floordiv__(self, other: object) -> Any:
        return _joined("floordiv", self, other)

    def __rfloordiv__(self, other: object) -> Any:
        return _joined("floordiv", other, self)

    def __reduce__(self) -> tuple[Any, ...]:
        from modelcost import packing  # above this module: loaded only for those who pickle

        return packing.unpacked, (packing.packed(self),)


class Count(Term, int):
    """An exact whole number, of any size, that remembers how it was made.

    It compares, hashes, formats and serialises as the int that it is. `+ - * //` with counts and
    whole numbers keep the working; everything else gives what an int gives.

    >>> k, c, f = Count(3, "k"), Count(16, "c"), Count(32, "f")
    >>> n = k*k*c*f + f
    >>> n, n.formula(), n.numbers()
    (4640, 'k*k*c*f + f', '3*3*16*32 + 32')
    """

    def __new__(cls, value: int, name: str | None = None, size: str | tuple[str, ...] = ()) -> Count:
        """A leaf: `value`, what it is called, and the words under which it can be rebound."""
        if isinstance(value, bool) or not isinstance(value, int):
            raise SizeError(f"a count is a whole number. Received: {short(value)}")
        self = int.__new__(cls, value)
        self.name, self.size = name, (size,) if isinstance(size, str) else size
        return self


NOTHING = Count(0)
"""The sum of no terms: always this one object, so that a figure to which nothing adds is told at a glance."""


class Expression(Term):
    """A formula with a free size in it, which has no value until that size is bound.

    >>> t = Expression("T", size="steps")
    >>> (t * 4 + 1).formula(), (t * 4 + 1).rebind(steps=10)
    ('T*4 + 1', 41)
    >>> int(t)
    Traceback (most recent call last):
        ...
    modelcost.errors.UnboundSizeError: T has no value until steps is given; bind it, as in .rebind(steps=32)
    """

    def __init__(self, name: str | None = None, size: str | tuple[str, ...] = ()) -> None:
        """A leaf without a value: what it is called, and the words under which it can be bound."""
        self.name, self.size = name, (size,) if isinstance(size, str) else size

    def __repr__(self) -> str:
        return self.formula()

    def __format__(self, spec: str) -> str:
        return self.formula() if not spec or spec[-1] in ",_dn" else format(self.formula(), spec)

    def _no_value(self, *_: object) -> Any:
        words = [word for word in self.free_sizes() if "." not in word]
        how = ", ".join(f"{word}=32" for word in words)
        raise UnboundSizeError(
            f"{short(self.formula()).strip(chr(39))} has no value until {' and '.join(words)} "
            f"{'is' if len(words) == 1 else 'are'} given; bind it, as in .rebind({how})"
        )

    __int__ = __index__ = __float__ = __bool__ = __neg__ = __pos__ = __abs__ = __invert__ = _no_value
    __round__ = __trunc__ = __lt__ = __le__ = __gt__ = __ge__ = _no_value
    __mod__ = __pow__ = __truediv__ = __divmod__ = __lshift__ = __rshift__ = __and__ = __or__ = __xor__ = _no_value
    __rmod__ = __rpow__ = __rtruediv__ = __rdivmod__ = __rlshift__ = __rrshift__ = _no_value
    __rand__ = __ror__ = __rxor__ = _no_value


Size = int | Expression
"""A whole number (plain, or a `Count`), or an `Expression` that will be one."""


def made(op: str, args: tuple[Any, ...], name: str | None = None, size: tuple[str, ...] = ()) -> Any:
    """The node for `op` over `args`: a `Count` where all of them have values, else an `Expression`."""
    node: Any
    needed = args[:1] if op == "given" else args
    if Expression in map(type, needed):
        node = Expression.__new__(Expression)
    else:
        value = EVALUATE[op](*map(int, needed))
        if op == "axis" and value < 1:
            raise SizeError(_impossible(name, args[0], value))
        node = int.__new__(Count, value)
    node.op, node.args, node.name, node.size = op, args, name, size
    return node


_VALUE = {"add": int.__add__, "mul": int.__mul__, "sub": int.__sub__, "floordiv": int.__floordiv__}


def _joined(op: str, a: Any, b: Any) -> Any:
    """`a op b` for two operands; a plain 1 or 0 that changes nothing leaves no trace."""
    plain = b if b.__class__ is int else a if a.__class__ is int else None
    if plain is not None and plain == (op in ("mul", "floordiv")) and (plain is b or op in ("add", "mul")):
        return a if plain is b else b
    if isinstance(a, int) and isinstance(b, int):
        node: Any = int.__new__(Count, _VALUE[op](a, b))
    elif isinstance(a, int | Expression) and isinstance(b, int | Expression):
        node = Expression.__new__(Expression)
    else:
        return _with_other_number(a, b)
    node.op, node.args = op, (a, b)
    return node


def _with_other_number(a: Any, b: Any) -> Any:
    """What a count gives with a number that is not whole is what an int gives; an expression gives an error."""
    for one, other in ((a, b), (b, a)):
        if isinstance(one, Expression) and isinstance(other, float | complex):
            one._no_value()
    return NotImplemented


def _impossible(name: str | None, inner: Any, value: int) -> str:
    working = f" = {inner.formula()} = {inner.numbers()}" if isinstance(inner, Term) and inner.args else ""
    return f"{name or 'a size'}{working} would be {value}, and a size is at least 1"


def total(terms: Iterable[Any], name: str | None = None) -> Any:
    """The sum of any number of counts, as one node; zeros without a name leave no trace.

    >>> total([Count(3, "a"), 0, Count(4, "b")]).formula()
    'a + b'
    """
    return _many(
        "add", tuple([term for term in terms if term.__class__ is Expression or term or not _is_leaf(term)]), name
    )


def product(factors: Iterable[Any], name: str | None = None) -> Any:
    """The product of any number of counts, as one node; ones without a name leave no trace.

    >>> product([Count(3, "a"), 1, Count(4, "b")]).formula()
    'a*b'
    """
    return _many("mul", tuple([f for f in factors if f.__class__ is Expression or f != 1 or not _is_leaf(f)]), name)


def _many(op: str, args: tuple[Any, ...], name: str | None) -> Any:
    if name is None and len(args) > 1:
        return made(op, args)
    only = args[0] if args else NOTHING if op == "add" else Count(1)
    return made(op, args or (only,), name) if name else only if isinstance(only, Term) else Count(only)


def _is_leaf(value: Any) -> bool:
    """Whether a number is nothing more than that: it has no name and no working."""
    return value.__class__ is int or (value.name is None and not value.args)
