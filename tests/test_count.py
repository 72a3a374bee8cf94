"""A count is the int that it is, and its text is Python that gives it: random trees, deep trees, huge ints."""

from __future__ import annotations

import copy
import json
import math
import pickle
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from modelcost.count import Count, Expression, product, total
from modelcost.errors import ModelCostError, SizeError, UnboundSizeError, UnknownNameError
from modelcost.sizes import LARGEST_SIZE, agreed, alike, axis, free_size, larger, size, smaller

LEAF_NAMES = ("a", "b", "c", "k", "g", "H", "W", "H_out")
BINARY = ("+", "-", "*", "//", "max", "min")
MANY = ("total", "product")


def applied(op: str, a: Any, b: Any) -> Any:
    """One binary operator, for counts and for plain ints alike."""
    if op in ("max", "min"):
        counts = isinstance(a, Count | Expression) or isinstance(b, Count | Expression)
        return {"max": (larger, max), "min": (smaller, min)}[op][not counts](a, b)
    return {"+": lambda: a + b, "-": lambda: a - b, "*": lambda: a * b, "//": lambda: a // b}[op]()


@st.composite
def trees(draw: st.DrawFn, named_parts: bool = True, names: tuple[str, ...] = LEAF_NAMES) -> tuple[Any, int]:
    """A random count, and the plain int that the same operations give; names of leaves have one value each."""
    values = {name: draw(st.integers(-20, 20) | st.integers(10**20, 10**21)) for name in names}
    leaves = [(Count(value, name), value) for name, value in values.items()]
    leaves += [(Count(value), value) for value in draw(st.lists(st.integers(-5, 5), max_size=3))]
    leaves += [(value, value) for value in draw(st.lists(st.integers(-3, 3), max_size=3))]
    pool: list[tuple[Any, int]] = leaves
    for i in range(draw(st.integers(1, 12))):
        op = draw(st.sampled_from(BINARY + MANY))
        if op in MANY:
            parts = draw(st.lists(st.sampled_from(pool), max_size=4))
            made: tuple[Any, int] = (total if op == "total" else product)(x for x, _ in parts), _folded(op, parts)
        else:
            (a, x), (b, y) = draw(st.sampled_from(pool)), draw(st.sampled_from(pool))
            assume(not (op == "//" and y == 0))
            made = applied(op, a, b), applied(op, x, y)
        if named_parts and isinstance(made[0], Count) and draw(st.integers(0, 3)) == 0:
            made = made[0].called(f"part_{i}"), made[1]
        pool = [*pool, made]
    counts = [pair for pair in pool if isinstance(pair[0], Count)]
    return counts[-1]


def _folded(op: str, parts: list[tuple[Any, int]]) -> int:
    result = 0 if op == "total" else 1
    for _, value in parts:
        result = result + value if op == "total" else result * value
    return result


def leaf_values(count: Any) -> dict[str, int]:
    """The value of each leaf that has a name."""
    from modelcost.notation import topological

    nodes = [node for node in topological(count) if isinstance(node, Count)]
    return {node.name: int(node) for node in nodes if node.name and not node.args}


@given(trees())
def test_a_tree_is_worth_what_its_numbers_say(pair: tuple[Count, int]) -> None:
    count, value = pair
    assert type(count) is Count
    assert int(count) == value
    assert eval(count.numbers()) == value
    assert eval(count.numbers(unfold=True)) == value


@given(trees())
def test_the_formula_is_python_over_its_names(pair: tuple[Count, int]) -> None:
    count, value = pair
    assert eval(count.formula(unfold=True), leaf_values(count)) == value
    names = leaf_values(count) | {part.name: int(part) for part in count.named_parts()}
    assert eval(count.formula(), names) == value


@given(trees(named_parts=False))
def test_folded_and_unfolded_are_one_text_where_nothing_has_a_name_of_its_own(pair: tuple[Count, int]) -> None:
    assert pair[0].formula() == pair[0].formula(unfold=True)
    assert pair[0].named_parts() == []


@given(trees())
def test_pickles_and_copies_keep_the_working(pair: tuple[Count, int]) -> None:
    count, _ = pair
    for twin in (pickle.loads(pickle.dumps(count)), copy.deepcopy(count), copy.copy(count)):
        assert type(twin) is Count
        assert twin == count
        assert (twin.formula(), twin.numbers()) == (count.formula(), count.numbers())


@given(trees())
def test_latex_is_whole(pair: tuple[Count, int]) -> None:
    for text in (pair[0].latex(), pair[0].latex(numbers=True), pair[0].latex(unfold=True)):
        assert text.count("{") - text.count("\\{") == text.count("}") - text.count("\\}")
        assert text.count("\\left") == text.count("\\right")
        assert "*" not in text and "//" not in text


@given(trees(), trees())
def test_a_count_behaves_as_its_int(one: tuple[Count, int], two: tuple[Count, int]) -> None:
    (a, x), (b, y) = one, two
    assert (a == x, a == b, a < b, a <= b, hash(a)) == (True, x == y, x < y, x <= y, hash(x))
    assert (f"{a:,}", f"{a:>9d}", str(a), repr(a), json.dumps(a)) == (
        f"{x:,}",
        f"{x:>9d}",
        str(x),
        repr(x),
        json.dumps(x),
    )
    assert (bool(a), -a, abs(a), a.bit_length()) == (bool(x), -x, abs(x), x.bit_length())
    assert sorted([a, b, 3]) == sorted([x, y, 3])
    assert {a: 1}[x] == 1
    assert (a / 7, a % 7, divmod(a, 7), float(a)) == (x / 7, x % 7, divmod(x, 7), float(x))


PRECEDENCE = [
    (lambda a, b, c: a * (b // c), "a*(b//c)"),
    (lambda a, b, c: a * b // c, "a*b//c"),
    (lambda a, b, c: (a // b) * c, "a//b*c"),
    (lambda a, b, c: a // (b * c), "a//(b*c)"),
    (lambda a, b, c: a // (b // c), "a//(b//c)"),
    (lambda a, b, c: a // b // c, "a//b//c"),
    (lambda a, b, c: c * (a // b * c), "c*(a//b*c)"),
    (lambda a, b, c: c * (a // b * c) * b, "c*(a//b*c)*b"),
    (lambda a, b, c: a // (b // c * c), "a//(b//c*c)"),
    (lambda a, b, c: a // b * c // b, "a//b*c//b"),
    (lambda a, b, c: a - (b - c), "a - (b - c)"),
    (lambda a, b, c: a - b - c, "a - b - c"),
    (lambda a, b, c: a - (b + c), "a - (b + c)"),
    (lambda a, b, c: a + (b - c), "a + b - c"),
    (lambda a, b, c: (a + b) * c, "(a + b)*c"),
    (lambda a, b, c: a * (b * c), "a*b*c"),
    (lambda a, b, c: (a - b) // c, "(a - b)//c"),
    (lambda a, b, c: larger(a, b) * c, "max(a, b)*c"),
    (lambda a, b, c: smaller(a + b, c) // a, "min(a + b, c)//a"),
    (lambda a, b, c: product([a // b, c, b // c]), "a//b*c*(b//c)"),
    (lambda a, b, c: product([a, b * c, a - b]), "a*b*c*(a - b)"),
    (lambda a, b, c: total([a, b * c, a - b]), "a + b*c + a - b"),
]


@pytest.mark.parametrize(("make", "text"), PRECEDENCE, ids=[text for _, text in PRECEDENCE])
def test_brackets_stand_where_they_are_needed_and_only_there(make: Any, text: str) -> None:
    count = make(Count(17, "a"), Count(5, "b"), Count(3, "c"))
    assert count.formula() == text
    assert count == eval(text, {"a": 17, "b": 5, "c": 3})


LATEX = [
    (lambda a, b: a * b, r"H_{\mathrm{out}} \cdot S"),
    (lambda a, b: (a - b) // b + 1, r"\left\lfloor \frac{H_{\mathrm{out}} - S}{S} \right\rfloor + 1"),
    (lambda a, b: b * (a + b), r"S \cdot \left(H_{\mathrm{out}} + S\right)"),
    (lambda a, b: larger(a, b), r"\max\left(H_{\mathrm{out}}, S\right)"),
    (lambda a, b: a + Count(3, "conv_1%"), r"H_{\mathrm{out}} + \mathrm{conv\_1\%}"),
]


@pytest.mark.parametrize(("make", "text"), LATEX, ids=[text for _, text in LATEX])
def test_latex_text(make: Any, text: str) -> None:
    assert make(Count(55, "H_out"), Count(2, "S")).latex() == text


def test_only_sizes_have_their_words_below() -> None:
    names = ("K_h", "T_out", "_x", "x_", "global_average", "x y", "a-b", "it's", "caf\u00e9")
    assert [Count(1, name).latex() for name in names] == [
        "K_{h}", r"T_{\mathrm{out}}", r"\mathrm{\_x}", r"\mathrm{x\_}", r"\mathrm{global\_average}",
        r"\mathrm{x\ y}", r"\mathrm{a\mbox{-}b}", r"\mathrm{it\mbox{'}s}", "\\mathrm{caf\\mbox{\u00e9}}",
    ]  # fmt: skip


def test_names_from_files_cannot_break_out_of_latex() -> None:
    assert Count(1, r"\input{x}").latex() == r"\mathrm{\backslash input\{x\}}"
    assert Count(1, "$^~#&").latex() == r"\mathrm{\$\hat{}\sim \#\&}"


def test_a_plain_one_or_zero_that_changes_nothing_leaves_no_trace() -> None:
    a = Count(7, "a")
    for same in (a * 1, 1 * a, a // 1, a + 0, 0 + a, a - 0):
        assert same is a
    assert (0 - a, 1 // a, a * 0) == (-7, 0, 0)
    assert (0 - a).formula() == "0 - a"
    named_one, named_zero = Count(1, "S"), Count(0, "P")
    assert ((a * named_one).formula(), (a + named_zero).formula()) == ("a*S", "a + P")


def test_sums_and_products_of_few() -> None:
    a = Count(7, "a")
    assert (total([]), product([]), total([a]) is a, product([1, a]) is a) == (0, 1, True, True)
    assert (total([a], "t").formula(), total([], "t").numbers()) == ("a", "0")
    assert type(total([])) is type(product([])) is type(total([3])) is Count
    assert total([total([]), a, Count(0), Count(0, "P"), a - a]).formula() == "a + P + a - a"
    assert total(Count(i, f"x{i}") for i in range(3)).formula() == "x0 + x1 + x2"


def test_a_named_count_prints_its_name_and_unfolds_on_request() -> None:
    h = Count(28, "H")
    out = (h - 2).called("H_out")
    area = (out * out).called("area")
    assert (out.formula(), (area * 3).formula()) == ("H - 2", "area*3")
    assert (area * 3).formula(unfold=True) == "(H - 2)*(H - 2)*3"
    assert ((area * 3).numbers(), (area * 3).numbers(unfold=True)) == ("676*3", "(28 - 2)*(28 - 2)*3")
    assert [part.name for part in (area * 3 + out).named_parts()] == ["area", "H_out"]
    assert h.called("H_in").formula() == "H"
    assert h.name == "H"


def test_equal_numbers_can_have_different_formulas() -> None:
    a, b = Count(2, "a") * Count(6, "b"), Count(3, "c") * Count(4, "d")
    assert a == b and hash(a) == hash(b)
    assert (a.formula(), b.formula()) == ("a*b", "c*d")


def test_huge_counts_are_exact() -> None:
    n = Count(2**63 - 1, "n")
    cube = n * n * n
    assert cube == (2**63 - 1) ** 3
    assert eval(cube.numbers()) == cube
    big = Count(10**300, "x") * 10**300 + 1
    assert (str(big), eval(big.numbers())) == (str(10**600 + 1), big)


def test_a_count_longer_than_python_prints_is_still_compared() -> None:
    limit = sys.get_int_max_str_digits()
    big = Count(10 ** (limit + 10), "x") * 10
    assert big == 10 ** (limit + 11)
    assert big.formula() == "x*10"


DEEP = 20_000


def deep(leaf: Any) -> Any:
    """A tree 20,000 deep: every operator in turn, so that brackets nest as well."""
    node = leaf
    for i in range(DEEP // 4):
        node = (node + 2 - leaf) * Count(1, "one") // Count(1, "uno") if i % 1000 == 0 else node + leaf + 1 - leaf - 1
    return node


def test_deep_trees_print() -> None:
    x = Count(3, "x")
    for count in (deep(x), _chain(x)):
        assert len(count.formula()) > DEEP
        assert count.named_parts() == []
    assert len(_chain(x).latex()) > DEEP
    assert len(_chain(x).numbers()) == len(_chain(x).formula())


def _chain(x: Any) -> Any:
    node = x
    for _ in range(DEEP):
        node = node + x
    return node


def test_deep_trees_pickle_copy_and_compare() -> None:
    x = Count(3, "x", size="height")
    count = deep(x)
    twin = pickle.loads(pickle.dumps(count))
    assert (twin, copy.deepcopy(count), count.free_sizes()) == (count, count, ["height"])
    assert alike(count, count)
    assert not alike(count, twin)  # a leaf that can be rebound is itself alone


def test_deep_trees_rebind() -> None:
    x = Count(3, "x", size="height")
    assert _chain(x).rebind(height=5) == 5 * (DEEP + 1)
    assert _chain(x).rebind(height=[5, 6]).tolist() == [5 * (DEEP + 1), 6 * (DEEP + 1)]
    unknown = _chain(Expression("T", size="steps"))
    assert unknown.rebind(steps=2) == 2 * (DEEP + 1)
    assert pickle.loads(pickle.dumps(unknown)).rebind(steps=2) == 2 * (DEEP + 1)


def test_shared_parts_are_evaluated_once_and_their_text_is_bounded() -> None:
    x = Count(1, "x", size="height")
    node = x
    for _ in range(200):
        node = node + node
    assert node == 2**200
    assert node.rebind(height=3) == 3 * 2**200
    assert node.rebind(height=[3]).tolist() == [3 * 2**200]
    assert pickle.loads(pickle.dumps(node)) == 2**200
    with pytest.raises(ModelCostError, match=r"longer than 5,000,000 characters; ask for that of one of its parts"):
        node.formula()


T = Expression("T", size="steps")
USES: dict[str, Any] = {
    "int": int,
    "float": float,
    "bool": bool,
    "complex": complex,
    "abs": abs,
    "round": round,
    "hex": hex,
    "range": range,
    "floor": math.floor,
    "ceil": math.ceil,
    "trunc": math.trunc,
    "numpy": np.int64,
    "format": "%d".__mod__,
    "neg": lambda t: -t,
    "pos": lambda t: +t,
    "invert": lambda t: ~t,
    "lt": lambda t: t < 3,
    "le": lambda t: t <= 3,
    "gt": lambda t: t > 3,
    "ge": lambda t: t >= 3,
    "reflected": lambda t: sorted([t, 1], key=lambda x: -x),
    "mod": lambda t: t % 2,
    "rmod": lambda t: 9 % t,
    "pow": lambda t: t**2,
    "rpow": lambda t: 2**t,
    "truediv": lambda t: t / 2,
    "rtruediv": lambda t: 2 / t,
    "divmod": lambda t: divmod(t, 2),
    "rdivmod": lambda t: divmod(9, t),
    "index": lambda t: [1, 2][t],
    "max": lambda t: max(t, 3),
    "sorted": lambda t: sorted([t, 1]),
    "list": lambda t: [0] * t,
    "shift": lambda t: t << 1,
    "rshift": lambda t: 9 >> t,
    "and": lambda t: t & 1,
    "or": lambda t: 1 | t,
    "xor": lambda t: t ^ t,
    "times a float": lambda t: t * 2.0,
    "a float times": lambda t: 2.0 * t,
    "plus a float": lambda t: t + 1.5,
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_an_unbound_size_used_as_a_number_is_an_error_that_names_it(use: Any) -> None:
    with pytest.raises(
        UnboundSizeError, match=r"^T\*4 \+ 1 has no value until steps is given; bind it, as in .rebind\(steps=32\)$"
    ):
        use(T * 4 + 1)


def test_the_error_names_every_size_that_is_missing() -> None:
    h, w = Expression("H", size="height"), Expression("W", size="width")
    text = "H*W has no value until height and width are given; bind it, as in .rebind(height=32, width=32)"
    with pytest.raises(UnboundSizeError) as caught:
        int(h * w)
    assert str(caught.value) == text


def test_expressions_print_compare_and_keep_no_value() -> None:
    assert (repr(T), str(T * 2), f"{T * 2:,}", f"{T:>4}") == ("T", "T*2", "T*2", "   T")
    twice, same = T * 2, T
    assert (same == T, twice == twice, twice != T * 3, T != 4, T != "T") == (True,) * 5
    assert Expression("T", size="steps") != T
    assert len({T, same, twice}) == 2
    with pytest.raises(TypeError):
        json.dumps(T)


def test_expressions_and_counts_join_into_expressions_until_they_are_bound() -> None:
    c = Count(3, "C")
    both = (T * c + c).called("rows")
    assert type(both) is Expression
    assert (both.formula(), both.free_sizes(), both.rebind(steps=5)) == ("T*C + C", ["steps"], 18)
    assert both.rebind(steps=5).numbers() == "5*3 + 3"
    assert larger(T, 4).rebind(steps=9) == 9
    assert (T - T).rebind(steps=9) == 0
    assert type((T * 2).rebind(steps=1)) is Count


def test_expressions_pickle_and_copy() -> None:
    rows = (T * 3 + 1).called("rows")
    for twin in (pickle.loads(pickle.dumps(rows * 2)), copy.deepcopy(rows * 2)):
        assert type(twin) is Expression
        assert (twin.formula(), twin.formula(unfold=True), twin.free_sizes()) == ("rows*2", "(T*3 + 1)*2", ["steps"])
        assert twin.rebind(steps=4) == 26


def test_mixing_with_other_numbers() -> None:
    n = Count(6, "n")
    assert (n * 0.5, type(n * 0.5), 2.5 + n, n - 0.5, n / 4, 7.0 // n) == (3.0, float, 8.5, 5.5, 1.5, 1.0)
    for kind in (np.int64, np.int32, np.uint8):
        assert (n * kind(2), kind(2) * n, n + kind(1), n // kind(4)) == (12, 12, 7, 1)
    assert (np.array([1, 2]) * n).tolist() == [6, 12]
    assert n**2 == 36
    with pytest.raises(TypeError):
        n + "1"
    with pytest.raises(ZeroDivisionError):
        n // 0
    assert n != "6" and n == 6.0


def test_booleans_and_other_numbers_are_no_counts() -> None:
    for bad in (True, 1.0, "3", None, [3]):
        with pytest.raises(SizeError, match="a count is a whole number"):
            Count(bad)  # type: ignore[arg-type]


def test_an_axis_is_at_least_one_now_and_under_every_rebinding() -> None:
    h = Count(5, "H", size="height")
    out = axis("H_out", h - 2)
    assert (out, out.formula(), (out * 2).formula()) == (3, "H - 2", "H_out*2")
    assert out.rebind(height=3) == 1
    with pytest.raises(SizeError, match=r"^H_out = H - 2 = 2 - 2 would be 0, and a size is at least 1$"):
        out.rebind(height=2)
    with pytest.raises(SizeError, match="H_out"):
        axis("H_out", Count(2, "H") - 2)


def test_agreed_sizes() -> None:
    h, w, other = (Count(8, name, size=word) for name, word in (("H", "height"), ("W", "width"), ("H", "height")))
    assert agreed([h, h]) is h
    assert agreed([Count(8, "C"), 8, Count(8, "F")]) == 8
    assert agreed([h, w]).rebind(height=3, width=3) == 3
    with pytest.raises(SizeError, match="sizes that must agree do not: 3, 4"):
        agreed([h, w]).rebind(height=3, width=4)
    assert agreed([h, other]).rebind(height=5) == 5
    for bad in ([8, 9], [h, 9], [1, 8]):
        with pytest.raises(SizeError, match="sizes that must agree do not"):
            agreed(bad)
    assert agreed([1, h, 8, 1], broadcast=True) == 8
    with pytest.raises(SizeError, match="sizes that must agree do not"):
        agreed([7, h], broadcast=True)
    later = agreed([Expression("T", size="steps"), 1], broadcast=True)
    assert later.rebind(steps=6) == 6


GOOD_SIZES = [1, 7, LARGEST_SIZE, Count(7), np.int64(7), np.uint64(2**63 - 1)]
BAD_SIZES: list[tuple[Any, str]] = [
    (0, "batch must be at least 1. Received: batch=0"),
    (-3, "batch must be at least 1. Received: batch=-3"),
    (2**63, "batch must be at most 2**63-1. Received: batch=9223372036854775808"),
    (10**200, "batch must be at most 2**63-1. Received: batch=a whole number of 665 bits"),
    (True, "batch must be a whole number. Received: batch=True"),
    (2.0, "batch must be a whole number. Received: batch=2.0"),
    (float("nan"), "batch must be a whole number. Received: batch=nan"),
    ("64", "batch must be a whole number. Received: batch='64'"),
    (None, "batch must be a whole number. Received: batch=None"),
    ((64,), "batch must be a whole number. Received: batch=(64,)"),
    (T, "batch must be a whole number. Received: batch=T"),
]


@pytest.mark.parametrize("good", GOOD_SIZES, ids=repr)
def test_sizes_that_are_taken(good: Any) -> None:
    assert size("batch", good) == int(good)


@pytest.mark.parametrize(("bad", "text"), BAD_SIZES, ids=[repr(bad)[:12] for bad, _ in BAD_SIZES])
def test_sizes_that_are_refused(bad: Any, text: str) -> None:
    with pytest.raises(SizeError) as caught:
        size("batch", bad)
    assert str(caught.value) == text


def test_numpy_booleans_are_no_sizes() -> None:
    with pytest.raises(SizeError):
        size("batch", np.True_)


def test_free_sizes_have_their_letters_and_the_input_that_they_belong_to() -> None:
    h = free_size("height", 28, "left")
    assert (h.formula(), h.free_sizes(), h.rebind(height=5), h.rebind(**{"left.height": 6})) == (
        "H", ["height", "left.height"], 5, 6,
    )  # fmt: skip
    assert h.rebind(height=5, **{"left.height": 6}) == 6
    with pytest.raises(UnknownNameError, match="unknown size 'heigth'; did you mean"):
        h.rebind(heigth=3)
    assert Count(3, "C").rebind(height=3) == 3
