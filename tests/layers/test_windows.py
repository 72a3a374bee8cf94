"""How many windows fit, what they cover and what they touch, against windows that are really laid down."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelcost.count import Count, Expression
from modelcost.errors import SizeError
from modelcost.layers.windows import (
    adaptive_covered,
    agreed_on,
    covered,
    same_padding,
    share,
    touched,
    transposed,
    windows,
)
from modelcost.sizes import free_size
from tests.counted import laid

small = st.integers(1, 9)
padding = st.one_of(st.sampled_from(["valid", "same"]), st.tuples(st.integers(0, 4), st.integers(0, 4)))


def as_size(value: int, free: bool) -> Count | Expression:
    """The number itself, or a size without a value that is to be bound to it."""
    return free_size("height", None) if free else Count(value, "H")


@given(small, small, small, small, padding, st.booleans())
def test_as_many_windows_as_really_fit(
    size: int, kernel: int, stride: int, dilation: int, padding: str | tuple[int, int], free: bool
) -> None:
    really = laid(size, kernel, stride, dilation, padding)
    if not really:
        with pytest.raises(SizeError):
            windows("H", Count(size, "H"), Count(kernel, "K"), stride, dilation, padding)
        return
    fit = windows("H", as_size(size, free), Count(kernel, "K"), Count(stride, "S"), Count(dilation, "R"), padding)
    assert fit.rebind(height=size) == len(really)


@given(small, small, small, small)
def test_the_odd_tap_of_same_goes_after(size: int, kernel: int, stride: int, dilation: int) -> None:
    before, after = same_padding(Count(size), Count(kernel), stride, dilation)
    places = [place for window in laid(size, kernel, stride, dilation, "same") for place in window]
    assert after - before in (0, 1)
    assert before == max(0, -min(places))
    assert after >= max(places) - size + 1


@given(small, small, small, st.sampled_from(["valid", "same"]), st.booleans())
def test_real_elements_covered(size: int, kernel: int, stride: int, padding: str, free: bool) -> None:
    really = laid(size, kernel, stride, 1, padding)
    if really:
        length = as_size(size, free)
        count = windows("H", length, Count(kernel, "K"), Count(stride, "S"), 1, padding)
        read = covered(length, Count(kernel, "K"), Count(stride, "S"), padding, count)
        assert read.rebind(height=size) == sum(0 <= place < size for window in really for place in window)


@given(small, small, small, small, st.booleans())
def test_places_touched_by_a_transposed_window(size: int, kernel: int, stride: int, dilation: int, free: bool) -> None:
    places = {i * stride + tap * dilation for i in range(size) for tap in range(kernel)}
    length = as_size(size, free)
    assert touched(length, Count(kernel, "K"), stride, dilation).rebind(height=size) == len(places)


@given(st.integers(1, 20), st.integers(1, 20), st.booleans())
def test_elements_read_by_windows_that_share_an_axis(size: int, count: int, free: bool) -> None:
    really = [(i * size // count, -(-(i + 1) * size // count)) for i in range(count)]
    read = adaptive_covered(as_size(size, free), Count(count, "L"))
    assert read.rebind(height=size) == sum(end - start for start, end in really)


@given(small, small, small)
def test_valid_keeps_everything_that_a_transposed_window_touches(size: int, kernel: int, stride: int) -> None:
    places = {i * stride + tap for i in range(size) for tap in range(kernel)}
    kept = transposed("H", Count(size, "H"), Count(kernel, "K"), Count(stride, "S"), 1, "valid", None)
    assert kept == max(max(places) + 1, size * stride)


def test_a_share_is_checked_when_its_size_is_bound() -> None:
    part = share(free_size("height", None), 4, "4 must divide the height")
    assert part.rebind(height=12) == 3
    with pytest.raises(SizeError):
        part.rebind(height=13)
    with pytest.raises(SizeError, match="4 must divide the height"):
        share(Count(13, "H"), 4, "4 must divide the height")


def test_sizes_that_must_agree_are_compared_when_they_are_bound() -> None:
    size = agreed_on((free_size("height", None), Count(8)), "heights must be equal")
    assert size.rebind(height=8) == 8
    with pytest.raises(SizeError):
        size.rebind(height=9)
