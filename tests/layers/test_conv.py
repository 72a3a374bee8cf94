"""Convolutions of every kind against loops over numbers that count, and against Keras."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from modelcost import layers
from modelcost.count import Expression
from modelcost.errors import ModelCostError, SizeError
from modelcost.layers.input import InputLayer
from tests.counted import Num, Tally, at, dot, laid, numbers, places, relu, same_counts, summed

RANKS = {1: "1D", 2: "2D", 3: "3D"}
FORMATS = ("channels_last", "channels_first")
quick = settings(max_examples=100, deadline=None)


class Case:
    """A small image and the windows that slide over it, in any number of dimensions."""

    def __init__(self, draw: Any, rank: int, causal: bool = False) -> None:
        several = st.tuples(*[st.integers(1, 3)] * rank)
        self.rank, self.tally = rank, Tally()
        self.kernel = draw(several)
        self.strides, self.dilation = draw(several), (1,) * rank
        if draw(st.booleans()):
            self.strides, self.dilation = self.dilation, self.strides
        sides = st.tuples(*[st.tuples(st.integers(0, 2), st.integers(0, 2))] * rank)
        words = ["valid", "same", "causal"] if causal and rank == 1 else ["valid", "same"]
        self.padding = draw(st.one_of(st.sampled_from(words), sides))
        self.space = draw(st.tuples(*[st.integers(1, (9, 5, 3)[rank - 1])] * rank))
        self.data_format, self.use_bias = draw(st.sampled_from(FORMATS)), draw(st.booleans())
        self.activation = draw(st.sampled_from([None, "relu"]))

    def shape(self, channels: int) -> tuple[int, ...]:
        return (*self.space, channels) if self.data_format == "channels_last" else (channels, *self.space)

    def windows(self) -> list[list[list[int]]]:
        """The windows along each axis, really laid down; the example is given up where one axis has none."""
        each = []
        for i in range(self.rank):
            padding = self.padding if isinstance(self.padding, str) else self.padding[i]
            each.append(laid(self.space[i], self.kernel[i], self.strides[i], self.dilation[i], padding))
            assume(each[-1])
        return each

    def taps(self, image: Any, window: tuple[list[int], ...]) -> list[Any]:
        """What a window reads at each of its taps: zeros on the padding."""
        axes = zip(window, self.space, strict=True)
        real: Any = [[place if 0 <= place < size else None for place in along] for along, size in axes]
        return [None if None in place else at(image, *place) for place in itertools.product(*real)]

    def finished(self, value: Num, bias: Num) -> None:
        if self.use_bias:
            value = value + bias
        if self.activation == "relu":
            relu(value)

    def arguments(self) -> dict[str, Any]:
        names = ("strides", "padding", "data_format", "use_bias", "activation")
        return {"dilation_rate": self.dilation, **{name: getattr(self, name) for name in names}}


def zero_or(taps: list[Any], channel: int, tally: Tally) -> list[Num]:
    return [Num(0, tally) if pixel is None else pixel[channel] for pixel in taps]


@quick
@given(st.data(), st.integers(1, 3), st.integers(1, 2), st.integers(1, 2), st.integers(1, 2))
def test_convolution(data: st.DataObject, rank: int, groups: int, deep: int, filters: int) -> None:
    case = Case(data.draw, rank, causal=True)
    layer = getattr(layers, f"Conv{RANKS[rank]}")(groups * filters, case.kernel, groups=groups, **case.arguments())
    windows = case.windows()
    image, bias = numbers(case.tally, (*case.space, groups * deep)), numbers(case.tally, ())
    for window in itertools.product(*windows):
        taps = case.taps(image, window)
        for f in range(groups * filters):
            mine = range(f // filters * deep, f // filters * deep + deep)  # the channels of this filter's group
            seen = [value for channel in mine for value in zero_or(taps, channel, case.tally)]
            case.finished(dot(seen, numbers(case.tally, (len(seen),))), bias)
    same_counts(layer, case.tally, case.shape(groups * deep))


@quick
@given(st.data(), st.integers(1, 2), st.integers(1, 2), st.integers(1, 3), st.integers(1, 2))
def test_depthwise_and_separable(data: st.DataObject, rank: int, deep: int, multiplier: int, filters: int) -> None:
    case = Case(data.draw, rank)
    separable = data.draw(st.booleans())
    both = {"depth_multiplier": multiplier, **case.arguments()}
    layer = (
        getattr(layers, f"SeparableConv{RANKS[rank]}")(filters, case.kernel, **both)
        if separable
        else getattr(layers, f"DepthwiseConv{RANKS[rank]}")(case.kernel, **both)
    )
    windows = case.windows()
    image, bias = numbers(case.tally, (*case.space, deep)), numbers(case.tally, ())
    for window in itertools.product(*windows):
        taps = case.taps(image, window)
        mixed = [
            dot(zero_or(taps, channel, case.tally), numbers(case.tally, (len(taps),)))
            for channel in range(deep)
            for _ in range(multiplier)
        ]
        if separable:
            mixed = [dot(mixed, numbers(case.tally, (len(mixed),))) for _ in range(filters)]
        for value in mixed:
            case.finished(value, bias)
    same_counts(layer, case.tally, case.shape(deep))


@quick
@given(st.data(), st.integers(1, 3), st.integers(1, 2), st.integers(1, 2))
def test_transposed(data: st.DataObject, rank: int, deep: int, filters: int) -> None:
    case = Case(data.draw, rank)
    case.padding = data.draw(st.sampled_from(["valid", "same"]))
    layer = getattr(layers, f"Conv{RANKS[rank]}Transpose")(filters, case.kernel, **case.arguments())
    image, bias = numbers(case.tally, (*case.space, deep)), numbers(case.tally, ())
    canvas: dict[tuple[int, ...], list[Num]] = {}  # every product, where it falls, before anything is cropped
    for place in places(*case.space):
        for tap in places(*case.kernel):
            to = tuple(p * s + t * d for p, s, t, d in zip(place, case.strides, tap, case.dilation, strict=True))
            for f in range(filters):
                for value in at(image, *place):
                    canvas.setdefault((*to, f), []).append(value * 0.5)
    for products in canvas.values():
        summed(products)
    *_, out = (one.shape for one in layer.costed((case.shape(deep),)).outputs)
    for _ in places(*out):
        case.finished(numbers(case.tally, ()), bias)
    same_counts(layer, case.tally, case.shape(deep))


def test_the_textbook_sentence_of_eight_adds_and_one() -> None:
    facts = layers.Conv2D(1, 3, name="conv").costed(((5, 5, 1),))
    assert facts.column("adds", frozenset({"kernel"}))[0] == 3 * 3 * 8
    assert facts.column("adds", frozenset({"bias"}))[0] == 3 * 3 * 1


def test_alexnet_pads_by_two() -> None:
    layer = layers.Conv2D(256, 5, padding=2, groups=2)
    facts = layer.costed(((27, 27, 96),))
    assert facts.outputs[0].shape == (27, 27, 256)
    assert facts.params() == 5 * 5 * 48 * 256 + 256
    assert facts.weights[0].params.formula() == "K*K*C_group*F"


def test_sizes_may_be_bound_later() -> None:
    x = InputLayer((None, None, 3)).costed(()).outputs[0].shape
    facts = layers.Conv2D(8, 3, strides=2).costed((x,))
    multiplies = facts.column("multiplies")[0]
    assert isinstance(multiplies, Expression)
    same = layers.Conv2D(8, 3, strides=2).costed(((9, 11, 3),)).column("multiplies")[0]
    assert multiplies.rebind(height=9, width=11) == same == 4 * 5 * 8 * 27
    with pytest.raises(SizeError, match="at least 1"):
        multiplies.rebind(height=2, width=11)


@pytest.mark.parametrize(
    ("make", "shape", "says"),
    [
        (lambda: layers.Conv2D(8, 3, strides=2, dilation_rate=2), None, "cannot both be above 1"),
        (lambda: layers.Conv2D(8, 3, padding="causal"), None, "causal"),
        (lambda: layers.Conv2D(8, 3, groups=3), None, "groups must divide filters"),
        (lambda: layers.Conv2D(8, 3, groups=2), (5, 5, 3), "groups must divide the channels"),
        (lambda: layers.Conv2D(8, 5), (3, 3, 1), "does not fit"),
        (lambda: layers.Conv2D(8, 3), (3, 3), "expected 3 axes"),
        (lambda: layers.Conv2D(8, 3, lora_rank=4), None, "lora_rank"),
        (lambda: layers.Conv2D(0, 3), None, "at least 1"),
        (lambda: layers.Conv2D(8, (3, 3, 3)), None, "kernel_size"),
        (lambda: layers.DepthwiseConv1D(3, padding="causal"), None, "causal"),
        (lambda: layers.Conv1DTranspose(3, 3, padding="causal"), None, "causal"),
        (lambda: layers.Conv1DTranspose(3, 3, padding=1), None, "padding"),
        (lambda: layers.Conv2DTranspose(3, 3, strides=2, output_padding=2), None, "below strides"),
        (lambda: layers.Conv2DTranspose(3, 3, strides=2, output_padding=(1, -1)), None, "at least 0"),
        (lambda: layers.Conv2DTranspose(3, 2, strides=2, padding="same", output_padding=0), None, "even kernel"),
    ],
)
def test_refusals(make: Any, shape: tuple[int, ...] | None, says: str) -> None:
    with pytest.raises(ModelCostError, match=says):
        make().costed((shape or (8, 8, 6),))


@pytest.mark.keras
@settings(max_examples=25, deadline=None)
@given(st.data(), st.integers(1, 3), st.integers(1, 2), st.integers(1, 2))
def test_convolution_like_keras(data: st.DataObject, rank: int, groups: int, filters: int) -> None:
    from tests.keras_oracle import assert_like_keras

    case = Case(data.draw, rank, causal=True)
    assume(isinstance(case.padding, str))
    case.windows()
    layer = getattr(layers, f"Conv{RANKS[rank]}")(groups * filters, case.kernel, groups=groups, **case.arguments())
    assert_like_keras(layer, case.shape(2 * groups))


@pytest.mark.keras
@settings(max_examples=25, deadline=None)
@given(st.data(), st.integers(1, 2), st.integers(1, 3), st.integers(1, 3))
def test_depthwise_like_keras(data: st.DataObject, rank: int, multiplier: int, filters: int) -> None:
    from tests.keras_oracle import assert_like_keras

    case = Case(data.draw, rank)
    assume(isinstance(case.padding, str))
    case.windows()
    both = {"depth_multiplier": multiplier, **case.arguments()}
    assert_like_keras(getattr(layers, f"DepthwiseConv{RANKS[rank]}")(case.kernel, **both), case.shape(2))
    assert_like_keras(getattr(layers, f"SeparableConv{RANKS[rank]}")(filters, case.kernel, **both), case.shape(2))


@pytest.mark.keras
@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("strides", [1, 2, 3])
@pytest.mark.parametrize("kernel", [1, 2, 3, 4])
def test_transposed_like_keras(kernel: int, strides: int, padding: str) -> None:
    from tests.keras_oracle import assert_like_keras, keras_twin

    for extra in (None, *range(strides)):
        given = {"strides": strides, "padding": padding, "output_padding": extra}
        try:
            layer = layers.Conv2DTranspose(3, kernel, **given)
        except ModelCostError:  # Keras makes such a layer, and TensorFlow cannot run it
            import numpy

            twin = keras_twin(layers.Conv2DTranspose(3, kernel, strides=strides, padding=padding))
            twin.output_padding = (extra, extra)
            with pytest.raises(Exception, match="BackpropInput"):
                twin(numpy.ones((1, 5, 5, 2), "float32"))
        else:
            assert_like_keras(layer, (5, 4, 2))
    for rate in (1, 2) if strides == 1 else (1,):
        layer = layers.Conv1DTranspose(3, kernel, strides=strides, padding=padding, dilation_rate=rate)
        assert_like_keras(layer, (6, 2))
    assert_like_keras(layers.Conv3DTranspose(3, kernel, strides=strides, padding=padding), (None, 3, 4, 2))
    first = layers.Conv2DTranspose(3, kernel, strides=strides, padding=padding, data_format="channels_first")
    assert_like_keras(first, (2, 3, None))


@pytest.mark.keras
@pytest.mark.parametrize(
    "make",
    [
        lambda layers: layers.Conv2D(8, 3, strides=(1, 2), dilation_rate=(2, 1)),
        lambda layers: layers.Conv2D(8, 3, padding="causal"),
        lambda layers: layers.Conv2D(8, (3,)),
        lambda layers: layers.Conv2D(8, 3, groups=3),
        lambda layers: layers.Conv2D(8, 3, groups=2)(layers.Input((5, 5, 3))),
        lambda layers: layers.Conv2D(8, 5)(layers.Input((3, 3, 1))),
        lambda layers: layers.Conv2D(8, 3)(layers.Input((2, 8, 8, 1))),
        lambda layers: layers.Conv2D(8, 0),
        lambda layers: layers.Conv2D(8, 3, strides=0),
        lambda layers: layers.Conv2D(8, 3, depthwise_initializer="zeros"),
        lambda layers: layers.DepthwiseConv1D(3, padding="causal"),
        lambda layers: layers.DepthwiseConv2D(3, kernel_initializer="zeros"),
        lambda layers: layers.DepthwiseConv2D(3, depth_multiplier=0),
        lambda layers: layers.SeparableConv1D(8, 3, padding="causal"),
        lambda layers: layers.Conv2DTranspose(3, 3, strides=2, output_padding=2),
        lambda layers: layers.Conv2DTranspose(3, 3, strides=2, dilation_rate=2),
        lambda layers: layers.Conv2DTranspose(3, 3, lora_rank=2),
        lambda layers: layers.Conv2DTranspose(3, 3)(layers.Input((2, 8, 8, 1))),
    ],
)
def test_refused_like_keras(make: Any) -> None:
    from tests.keras_oracle import assert_refused_like_keras

    assert_refused_like_keras(make)


@pytest.mark.parametrize(
    ("kernel", "strides", "padding", "extra", "length"),
    [
        (3, 2, "same", None, 10),  # 5 inputs each: Keras 3.15's own answers
        (3, 2, "same", 0, 9),
        (3, 2, "same", 1, 10),
        (2, 2, "same", 1, 9),
        (4, 3, "same", 1, 13),
        (4, 3, "same", 2, 14),
        (3, 2, "valid", None, 11),
        (3, 2, "valid", 1, 12),
        (2, 3, "valid", None, 15),
        (2, 3, "valid", 0, 14),
        (4, 3, "valid", 2, 18),
    ],
)
def test_length_of_a_transposed_convolution(
    kernel: int, strides: int, padding: str, extra: int | None, length: int
) -> None:
    layer = layers.Conv1DTranspose(1, kernel, strides=strides, padding=padding, output_padding=extra)
    assert layer.costed(((5, 2),)).outputs[0].shape == (length, 1)
