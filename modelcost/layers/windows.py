"""How many windows fit along an axis, and what they cover: the only place with floors.

Everything that slides over an axis (convolutions, poolings, their transposes) asks here.
Source of the rules: Keras (`padding="same"` gives ceil(size / stride) windows and puts the odd
tap of padding at the end); Dumoulin and Visin 2016, "A guide to convolution arithmetic".
"""

from __future__ import annotations

from modelcost.count import Count, Expression, Term, total
from modelcost.errors import SizeError
from modelcost.sizes import agreed, axis, is_free, larger, smaller

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    Padding = str | tuple[int, int]


def always_one(size: Any) -> bool:
    """Whether a size is 1, and no rebinding can change that."""
    return isinstance(size, int) and size == 1 and not is_free(size)


def reach(kernel: Any, dilation: Any = 1) -> Any:
    """How far a window of `kernel` taps reaches when they stand `dilation` apart.

    >>> reach(Count(3, "K"), Count(2, "R")).formula()
    '(K - 1)*R + 1'
    """
    return kernel if always_one(dilation) else (kernel - 1) * dilation + 1


def windows(name: str, size: Any, kernel: Any, stride: Any = 1, dilation: Any = 1, padding: Padding = "valid") -> Any:
    """How many windows fit along an axis of length `size`, as a length called `name`_out, or nothing without a name.

    `padding` is "valid" (none), "same" or "causal" (as many windows as strides), or the elements
    added (before, after).

    Raises `SizeError` where not one window fits.

    >>> windows("H", Count(227, "H"), Count(11, "K"), Count(4, "S")).formula()
    '(H - K)//S + 1'
    """
    size, once = size if isinstance(size, Term) else Count(size), always_one(stride)
    if padding in ("same", "causal"):
        count = size if once else (size - 1) // stride + 1
        return count if once or not name else count.called(f"{name}_out")
    across = reach(kernel, dilation)
    added = 0 if isinstance(padding, str) else sum(padding)
    if once and added == across - 1:
        return size
    padded = size + Count(added, "P") if added else size
    if not isinstance(padded, Expression) and int(padded) < int(across):
        raise SizeError(
            f"a window of {across} does not fit in {name}={size}"
            + (f" with {added} of padding" if added else "")
            + "; use padding='same' or a smaller kernel"
        )
    room = padded - across
    return axis(f"{name}_out" if name else None, (room if once else room // stride) + 1)


def same_padding(size: Any, kernel: Any, stride: Any, dilation: Any = 1) -> tuple[Any, Any]:
    """The padding (before, after) that "same" adds to an axis: the odd one goes after.

    >>> same_padding(Count(5), Count(2), 1)
    (0, 1)
    """
    count = windows("", size, kernel, stride, dilation, "same")
    added = larger((count - 1) * stride + reach(kernel, dilation) - size, 0)
    return added // 2, added - added // 2


def covered(size: Any, kernel: Any, stride: Any, padding: Padding, count: Any) -> Any:
    """How many real elements `count` windows cover together along an axis, padding left out.

    >>> covered(Count(5), Count(2), Count(2), "same", Count(3))
    5
    """
    if padding == "valid":
        return count * kernel
    before, _ = same_padding(size, kernel, stride) if isinstance(padding, str) else padding
    return count * kernel - _outside(before, stride, count) - _outside_after(size, kernel, stride, before, count)


def read(size: Any, kernel: Any, stride: Any, padding: str, count: Any) -> Any:
    """How many different elements of an axis `count` windows cover, whose taps stand side by side.

    >>> read(Count(7), Count(2), Count(3), "valid", Count(2)), read(Count(7), Count(3), Count(2), "valid", Count(3))
    (4, 7)
    """
    if padding == "valid":
        return touched(count, kernel, stride)
    return covered(size, kernel, stride, padding, count) if int(kernel) < int(stride) else size


def _outside(before: Any, stride: Any, count: Any) -> Any:
    """Taps on the padding before an axis: the first window has `before`, the next `stride` fewer, ..."""
    reaching = smaller((before + stride - 1) // stride, count)
    return reaching * before - stride * (reaching * (reaching - 1) // 2)


def _outside_after(size: Any, kernel: Any, stride: Any, before: Any, count: Any) -> Any:
    """Taps on the padding after it: the same, counted from the last window, which may not need all of it."""
    return _outside(larger((count - 1) * stride + kernel - before - size, 0), stride, count)


def touched(size: Any, kernel: Any, stride: int, dilation: int = 1) -> Any:
    """How many places of a transposed convolution's output get a product: size*kernel, less those that two taps share.

    Tap j of input i lands on i*stride + j*dilation; (i + dilation/g, j - stride/g) lands there too,
    with g their greatest common divisor.

    >>> touched(Count(3), Count(2), 2), touched(Count(3), Count(3), 2)
    (6, 7)
    """
    from math import gcd

    g = gcd(int(stride), int(dilation))
    shared = larger(size - int(dilation) // g, 0) * larger(kernel - int(stride) // g, 0)
    return size * kernel - shared


def transposed(name: str, size: Any, kernel: Any, stride: Any, dilation: Any, padding: str, extra: int | None) -> Any:
    """The length `name`_out that is kept of a transposed convolution's output along an axis.

    Keras's rule: "same" keeps size*stride places; "valid" keeps all, and at least as far as the
    last stride reaches. `extra` is `output_padding`: then "same" counts one place (none for an even
    kernel) after the last stride, and either adds `extra`.

    >>> transposed("H", Count(5, "H"), Count(3, "K"), Count(2, "S"), 1, "valid", None).formula()
    '(H - 1)*S + K'
    """
    across = reach(kernel, dilation)
    if padding == "same":
        if extra is None:
            return size if always_one(stride) else (size * stride).called(f"{name}_out")
        kept = (size - 1) * stride + int(across) % 2
    else:
        kept = (size - 1) * stride + (across if int(across) >= int(stride) or extra is not None else stride)
    return axis(f"{name}_out", kept + Count(extra, "P_out") if extra else kept)


MOST_SHARES = 10_000  # the formula of sharing an axis out has a term for each border


def adaptive_covered(size: Any, count: Any) -> Any:
    """How many elements `count` windows that share an axis out evenly read together.

    Window i goes from floor(i*size/count) to ceil((i+1)*size/count): where a border falls within
    an element, both neighbours read it.

    >>> adaptive_covered(Count(4), Count(2)), adaptive_covered(Count(5), Count(3))
    (4, 7)
    """
    if int(count) > MOST_SHARES:
        raise SizeError(f"an axis can be shared out among at most {MOST_SHARES} windows. Received: {count}")
    borders = range(1, int(count))
    return total((size, *((i * size + count - 1) // count - i * size // count for i in borders)))


def agreed_on(sizes: Iterable[Any], rule: str, broadcast: bool = False) -> Any:
    """The length that sizes agree on, as `sizes.agreed`; where they do not, a `SizeError` with the rule.

    >>> agreed_on((Count(3), 4), "heights must be equal")
    Traceback (most recent call last):
        ...
    modelcost.errors.SizeError: heights must be equal. Received: 3 and 4
    """
    several = tuple(sizes)
    try:
        return agreed(several, broadcast)
    except SizeError:
        raise SizeError(f"{rule}. Received: {' and '.join(map(str, several))}") from None


def sliced(size: Any, start: int | None, stop: int | None, step: int | None = None) -> Any:
    """How many elements start:stop:step takes of an axis, by Python's rule; an error where it takes none.

    >>> sliced(Count(10), 2, -1, 2)
    4
    """
    step = 1 if step is None else step
    if start in (None, 0) and stop is None and step == 1:
        return size
    if step < 1:
        if step == -1 and start is None and stop is None:
            return size
        raise SizeError(f"a slice must have a step of at least 1, or turn a whole axis round. Received: step={step}")
    first, last = _cut(start, size, 0), _cut(stop, size, size)
    taken = last - first
    if not isinstance(taken, Expression) and int(taken) < 1:
        raise SizeError(f"the part {start}:{stop} of an axis of {size} is empty")
    return axis("part", taken if step == 1 else (taken - 1) // step + 1)


def within(size: Any, place: int) -> None:
    """Refuse a place that is not on an axis, counted from its end where negative."""
    if not isinstance(size, Expression) and not -int(size) <= place < int(size):
        raise SizeError(f"an axis of {size} has no place {place}")


def _cut(place: int | None, size: Any, otherwise: Any) -> Any:
    """Where a slice begins or ends: counted from the end where negative, and never outside the axis."""
    if place is None:
        return otherwise
    return larger(size + place, 0) if place < 0 else smaller(size, place)


def share(size: Any, parts: Any, rule: str) -> Any:
    """An equal part of `size`, which `parts` must divide: now, or when the size is bound.

    Raises `SizeError` with the rule where it does not.

    >>> share(Count(12, "C"), Count(3, "G"), "groups must divide the channels").formula()
    'C//G'
    """
    if not isinstance(size, Expression) and not isinstance(parts, Expression) and int(size) % int(parts):
        raise SizeError(f"{rule}. Received: {size} to be divided by {parts}")
    return agreed((size, size // parts * parts)) // parts


def rounded_up(size: Any, multiple: Any) -> Any:
    """The least multiple of `multiple` that is not below `size`.

    >>> rounded_up(Count(10), 3)
    12
    """
    return ((size - 1) // multiple + 1) * multiple


def rounded_down(count: Any, parts: Any) -> Any:
    """How often `parts` goes into `count`, what is left over dropped, as int(count / parts) does.

    >>> rounded_down(Count(10), 4)
    2
    """
    return count // parts


def last_window(size: Any, stride: Any, count: Any) -> Any:
    """What the last of `count` windows finds, where windows as wide as their stride lie side by side over `size`.

    >>> last_window(Count(10), 4, 3)
    2
    """
    return size - (count - 1) * stride


def part_kept(size: Any, fraction: float) -> Any:
    """How many of `size` examples are left where Keras cuts a fraction off: floor(size * (1.0 - fraction)).

    The product is a float's, which can lie below the exact one: of 100 examples less 0.9 of them 9 are
    left. The working shows the exact quotient where both agree, as they mostly do.
    Source: Keras `train_validation_split`.

    >>> part_kept(Count(100, "data"), 0.2).formula(), part_kept(Count(100), 0.9)
    ('data*4//5', 9)
    """
    from fractions import Fraction

    kept = 1 - Fraction(str(fraction))
    exact, by_float = size * kept.numerator // kept.denominator, int(int(size) * (1.0 - fraction))
    return exact if exact == by_float else size - Count(int(size) - by_float, "cut_off")
