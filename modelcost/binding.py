"""Evaluate a tree of counts again with other values for its free sizes, one value or millions.

Over arrays the tree is first written as polynomials: like terms are collected once, so that the
work left for NumPy is a handful of array operations, however many layers a model has.
"""

from __future__ import annotations

from itertools import product as pairs

from modelcost.count import Count, Term, made
from modelcost.errors import SizeError, unknown
from modelcost.notation import topological
from modelcost.operators import EVALUATE
from modelcost.sizes import LETTERS, alike, check_unplanned, is_free, size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    Monomial = tuple[int, ...]
    Polynomial = dict[Monomial, int]
    Bounds = tuple[int, int]

FITS = 2**63
MOST_TERMS = 2_000  # a product that would have more is kept as it is: collecting must never cost more than it saves


def _bound_word(node: Any, sizes: Mapping[str, Any]) -> str | None:
    """The word under which a leaf is given a value; the one that also names the input wins."""
    return next((word for word in reversed(getattr(node, "size", ())) if word in sizes), None)


def rebind(term: Any, sizes: Mapping[str, Any], exact: bool) -> Any:
    """`term` with other values for its free sizes: a count for whole numbers, a masked array for arrays."""
    for word in sizes:
        if word.rpartition(".")[2] not in LETTERS:
            raise unknown("size", word, term.free_sizes() or LETTERS)
    check_unplanned(term, sizes)
    if any(_is_many(value) for value in sizes.values()):
        return over_arrays(term, sizes, exact)
    return rebound(term, {word: size(word, value) for word, value in sizes.items()})


def _is_many(value: Any) -> bool:
    return isinstance(value, list | tuple | range) or getattr(value, "ndim", 0) > 0


def rebound(term: Any, sizes: Mapping[str, Any]) -> Any:
    """The same tree with other values, or other trees, for its leaves; what does not depend on them is shared."""
    new: dict[int, Any] = {}
    for node in topological(term):
        args = getattr(node, "args", ())
        fresh = tuple(new[id(arg)] for arg in args)
        word = _bound_word(node, sizes)
        if word is not None:
            value = sizes[word]
            new[id(node)] = value if isinstance(value, Term) else Count(value, node.name, node.size)
        elif all(a is b for a, b in zip(args, fresh, strict=True)):
            new[id(node)] = node
        else:
            new[id(node)] = made(node.op, fresh, node.name, node.size)
    return new[id(term)]


def same_number(a: Any, b: Any) -> bool:
    """Whether two sizes are equal, and stay so whatever their free sizes will be.

    Two windows that always find as many places can have formulas that differ: such are compared at other sizes.

    >>> from modelcost.sizes import BATCH
    >>> same_number(2 * BATCH, BATCH + BATCH), same_number(BATCH, Count(2))
    (True, False)
    >>> same_number(Count(2, "T", size="steps"), Count(2)), same_number(Count(2, "U"), 2)
    (False, True)
    """
    known = isinstance(a, int) and isinstance(b, int)
    if known and int(a) != int(b):
        return False
    if a is b or alike(a, b) or not (is_free(a) or is_free(b)):
        return True
    difference = a - b
    if not _Plan(difference, dict.fromkeys(difference.free_sizes())).result:
        return True
    return known and not any(_shifted(difference, more) for more in SHIFTS)


SHIFTS = (1, 2, 3, 5, 8, 13, 32, 64, 97)
"""So much longer are the sizes at which two formulas are compared: small ones, and as far as strides go."""


def _shifted(term: Any, more: int) -> int:
    """What a term would be if each of its sizes were so much longer; 0 where they cannot be."""
    sizes = {node.size[-1]: int(node) + more for node in topological(term) if getattr(node, "size", ())}
    try:
        return int(rebound(term, sizes))
    except SizeError:
        return 0


class _Plan:
    """A term as a polynomial over atoms; an atom is a free size, or an operator that is no sum or product."""

    def __init__(self, term: Any, sizes: Mapping[str, Any]) -> None:
        self.sizes = sizes
        self.atoms: list[tuple[str, Any, Any]] = []  # (operator or word, operands as polynomials, the node)
        self.places: dict[Any, int] = {}
        self.polynomials: dict[int, Polynomial] = {}
        for node in topological(term):
            self.polynomials[id(node)] = self._polynomial(node)
        self.result = self.polynomials[id(term)]

    def _polynomial(self, node: Any) -> Polynomial:
        op = getattr(node, "op", "leaf")
        if op == "leaf":
            word = _bound_word(node, self.sizes)
            return self._atom(word, (), node) if word else {(): int(node)} if int(node) else {}
        operands = [self.polynomials[id(arg)] for arg in node.args]
        if all(_is_constant(operand) for operand in operands) and isinstance(node, int):
            return {(): int(node)} if int(node) else {}
        if op in ("named", "given"):
            return operands[0]
        if op == "add" or op == "sub":
            return _sum(operands, sign=-1 if op == "sub" else 1)
        if op == "mul":
            return self._product(operands, node)
        return self._atom(op, tuple(operands), node)

    def _atom(self, op: str, operands: tuple[Polynomial, ...], node: Any) -> Polynomial:
        key = (op, tuple(tuple(sorted(operand.items())) for operand in operands))
        if key not in self.places:
            self.places[key] = len(self.atoms)
            self.atoms.append((op, operands, node))
        return {(self.places[key],): 1}

    def _product(self, factors: list[Polynomial], node: Any) -> Polynomial:
        result: Polynomial = {(): 1}
        for factor in factors:
            if len(result) * len(factor) > MOST_TERMS:
                return self._atom("mul", tuple(factors), node)
            result = _times(result, factor)
        return result


def _is_constant(polynomial: Polynomial) -> bool:
    return not polynomial or list(polynomial) == [()]


def _sum(terms: list[Polynomial], sign: int) -> Polynomial:
    result = dict(terms[0])
    for term in terms[1:]:
        for monomial, coefficient in term.items():
            result[monomial] = result.get(monomial, 0) + sign * coefficient
    return {monomial: coefficient for monomial, coefficient in result.items() if coefficient}


def _times(a: Polynomial, b: Polynomial) -> Polynomial:
    result: Polynomial = {}
    for (left, p), (right, q) in pairs(a.items(), b.items()):
        monomial = tuple(sorted(left + right))
        result[monomial] = result.get(monomial, 0) + p * q
    return result


def _spread(op: str, operands: list[Bounds]) -> Bounds:
    """The least and greatest that an operator can give, from those of its operands."""
    if op in ("same", "broadcast", "axis", "gcd"):
        return max(1, min(low for low, _ in operands)), max(1, max(high for _, high in operands))
    corners = [EVALUATE[op](*corner) for corner in pairs(*operands)]
    return min(corners), max(corners)


class _Bounds:
    """How large, either way, anything can get on the way to the result, in exact integers."""

    def __init__(self, plan: _Plan, given: Mapping[str, Bounds]) -> None:
        self.largest = 0
        self.atoms: list[Bounds] = []
        for op, operands, _ in plan.atoms:
            spread = given[op] if not operands else _spread(op, [self._of(operand) for operand in operands])
            self.atoms.append(self._seen(spread))
        self._of(plan.result)

    def _seen(self, bounds: Bounds) -> Bounds:
        self.largest = max(self.largest, abs(bounds[0]), abs(bounds[1]))
        return bounds

    def _of(self, polynomial: Polynomial) -> Bounds:
        terms = [self._monomial(monomial, coefficient) for monomial, coefficient in polynomial.items()]
        # The largest that any sum of some of the terms can be, in whatever order they are added.
        self._seen((sum(min(low, 0) for low, _ in terms), sum(max(high, 0) for _, high in terms)))
        return sum(low for low, _ in terms), sum(high for _, high in terms)

    def _monomial(self, monomial: Monomial, coefficient: int) -> Bounds:
        spread = self._seen((coefficient, coefficient))
        for atom in monomial:
            corners = [a * b for a, b in pairs(spread, self.atoms[atom])]
            spread = self._seen((min(corners), max(corners)))
        return spread


def over_arrays(term: Any, sizes: Mapping[str, Any], exact: bool) -> Any:
    """`term` for arrays of sizes: a masked array, masked where a size is impossible."""
    import numpy as np

    arrays = {word: _whole_numbers(np, word, value) for word, value in sizes.items()}
    shape = _common_shape(np, arrays)
    hidden: Any = np.False_
    for word, array in arrays.items():
        hidden = hidden | np.ma.getmaskarray(array)
        arrays[word] = np.ma.filled(array, 1)
    plan = _Plan(term, arrays)
    bounds = _Bounds(plan, {w: (int(a.min()), int(a.max())) if a.size else (1, 1) for w, a in arrays.items()})
    kind = np.dtype(np.int64) if bounds.largest < FITS else np.dtype(object) if exact else np.dtype(np.float64)
    values, masked = _evaluated(np, plan, {word: array.astype(kind) for word, array in arrays.items()}, kind)
    return np.ma.MaskedArray(np.broadcast_to(values, shape).copy(), np.broadcast_to(masked | hidden, shape))


def _common_shape(np: Any, arrays: Mapping[str, Any]) -> tuple[int, ...]:
    try:
        shape: tuple[int, ...] = np.broadcast_shapes(*(array.shape for array in arrays.values()))
    except ValueError:
        came = " and ".join(f"{word} of shape {array.shape}" for word, array in arrays.items())
        raise SizeError(f"arrays of sizes must broadcast together. Received: {came}") from None
    return shape


def _whole_numbers(np: Any, word: str, value: Any) -> Any:
    """`value` as an array of sizes of at least 1; never rounded, never wrapped. A mask that it has is kept."""
    array = value if isinstance(value, np.ndarray) else np.array(_nested(word, value), dtype=object)
    seen = np.ma.compressed(array) if isinstance(array, np.ma.MaskedArray) else array.ravel()
    for one in seen if array.dtype.kind not in "iu" else (seen.min(), seen.max()) if seen.size else ():
        size(word, one if array.dtype.kind == "O" else one.item())
    return array


def _nested(word: str, value: Any) -> Any:
    """`value` if it is evenly nested, as an array is; else an error that shows an uneven part."""
    if not isinstance(value, list | tuple | range):
        return value
    parts = [_nested(word, part) for part in value]
    lengths = {len(part) if isinstance(part, list) else None for part in parts}
    if len(lengths) > 1:
        size(word, next(part for part in parts if isinstance(part, list)))
    return parts


def _evaluated(np: Any, plan: _Plan, arrays: Mapping[str, Any], kind: Any) -> tuple[Any, Any]:
    done: list[Any] = []
    masked: Any = np.False_

    def value(polynomial: Polynomial) -> Any:
        result: Any = np.zeros((), kind)
        for monomial, coefficient in polynomial.items():
            part: Any = np.asarray(coefficient, kind)
            for atom in monomial:
                part = done[atom] * part
            result = result + part
        return result

    for op, operands, _ in plan.atoms:
        if not operands:
            done.append(arrays[op])
            continue
        atom, bad = _apply(np, op, [value(operand) for operand in operands])
        masked = masked | bad
        done.append(atom)
    return value(plan.result), masked


def _apply(np: Any, op: str, operands: list[Any]) -> tuple[Any, Any]:
    """One operator over arrays, and where its result is impossible; there it is 1, and is masked at the end."""
    first, *others = operands
    if op == "axis":
        bad = first < 1
        return (np.where(bad, 1, first) if np.any(bad) else first), bad
    if op == "floordiv":
        return first // others[0], np.False_
    if op == "mul":
        for other in others:
            first = first * other
        return first, np.False_
    if op in ("max", "min"):
        return (np.maximum if op == "max" else np.minimum)(first, *others), np.False_
    if op == "gcd":  # machine numbers and Python's own; not floats, which are of sizes that fit into machine numbers
        whole = np.int64 if first.dtype.kind == "f" else first.dtype
        return np.gcd(first.astype(whole), others[0].astype(whole)).astype(first.dtype), np.False_
    bad = np.False_
    for other in others:
        differ = (first != other) & ((op == "same") | (first != 1) & (other != 1))
        bad, first = bad | differ, np.where(first == 1, other, first)
    return first, bad
