"""The small networks that a calibration times: every kind of operation, at sizes that real networks have.

They are written in our own layers, so that what is timed is what is predicted; real Keras runs their twins.
Sizes lie on and off the multiples of a vector's lanes, since calibrating on multiples alone would flatter all others.
None of them is a network of the zoo.
"""

from __future__ import annotations

from functools import partial

import modelcost.layers as ly
from modelcost.model import Model
from modelcost.sequential import Sequential

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any


TRAINED = ("sgd",)
"""The optimizer that does least, whose updates show what updates take."""


class Bench:
    """A network to be timed: its name, how it is built, on how many examples, which optimizers it is trained with."""

    __slots__ = ("batch", "build", "name", "optimizers")

    def __init__(
        self, name: str, build: Callable[[], Model], batch: int = 1, optimizers: tuple[str, ...] = TRAINED
    ) -> None:
        self.name, self.build, self.batch, self.optimizers = name, build, batch, optimizers


def benches(thorough: bool = False) -> list[Bench]:
    """All of them, the most telling first; more where there is time to be thorough."""
    found = [*_small(), *_convolutions(), *_blocks(), *_denses(), *_sequences(), *_attentions(), *_moving(), *_large()]
    return [*found, *_more()] if thorough else found


def _chain(shape: tuple[int, ...], *layers: Callable[[], Any], depth: int = 1) -> Callable[[], Model]:
    def build() -> Model:
        return Sequential([ly.Input(shape), *(layer() for _ in range(depth) for layer in layers)])

    return build


def _conv(filters: int, size: int, strides: int = 1, **more: Any) -> Callable[[], Any]:
    return partial(ly.Conv2D, filters, size, strides=strides, padding="same", **more)


def _small() -> Iterator[Bench]:
    """Networks of which starting operations is nearly all."""
    for depth in (1, 6):
        yield Bench(f"dense_8_x{depth}", _chain((8,), lambda: ly.Dense(8, activation="relu"), depth=depth))
        yield Bench(f"conv_4_x{depth}", _chain((8, 8, 4), _conv(4, 3, activation="relu"), depth=depth))
    yield Bench("norm_8_x6", _chain((8,), ly.BatchNormalization, depth=6))
    yield Bench("norm_5_x16", _chain((5, 5, 12), ly.BatchNormalization, ly.ReLU, depth=16))
    yield Bench("tiny", _chain((12, 12, 3), _conv(8, 3), ly.MaxPooling2D, ly.Flatten, lambda: ly.Dense(10)))


CONVOLUTIONS = ((112, 3, 32, 3, 2), (112, 16, 16, 3, 1), (56, 64, 64, 3, 1), (28, 96, 100, 3, 1), (28, 128, 128, 3, 1),
                (14, 256, 256, 3, 1), (7, 512, 512, 3, 1), (14, 24, 40, 3, 1), (28, 48, 64, 5, 1), (112, 3, 64, 7, 2),
                (56, 64, 256, 1, 1), (28, 144, 24, 1, 1), (14, 1024, 256, 1, 1), (7, 320, 1280, 1, 1),
                (112, 16, 96, 1, 1), (14, 80, 480, 1, 1), (200, 3, 40, 3, 2))  # fmt: skip
"""Height and width, channels in and out, kernel, stride."""


THIN = ((28, 1, 8, 5, 64), (32, 1, 32, 3, 32), (20, 6, 12, 5, 32), (128, 1, 12, 3, 1), (24, 2, 5, 3, 48),
        (10, 20, 36, 3, 16))  # fmt: skip
"""Height and width, few channels in, filters, kernel, examples: as networks on small pictures have them."""


def _convolutions() -> Iterator[Bench]:
    for size, channels, filters, kernel, strides in CONVOLUTIONS:
        name = f"conv_{size}_{channels}_{filters}_{kernel}"
        back = _conv(channels, kernel)
        layers = (_conv(filters, kernel, strides), back) if strides == 1 else (_conv(filters, kernel, strides),)
        yield Bench(name, _chain((size, size, channels), *layers, depth=2 if strides == 1 else 1))
    for size, channels, filters, kernel, batch in THIN:
        layers = (_conv(filters, kernel), _conv(filters + 4, kernel))
        yield Bench(f"thin_{size}_{channels}_{filters}_{kernel}", _chain((size, size, channels), *layers), batch)
    whole = (partial(ly.Conv2D, 24, 8, activation="tanh"), partial(ly.Conv2D, 100, 6, activation="tanh"))
    yield Bench("whole_13", _chain((13, 13, 12), *whole), 48)  # the second window is all that there is
    for batch in (8, 32):
        yield Bench(f"conv_28_48_x{batch}", _chain((28, 28, 48), _conv(48, 3, activation="relu"), depth=3), batch)


def _blocks() -> Iterator[Bench]:
    """Convolutions with normalization between, and depthwise ones, as networks have them."""
    for size, channels, kernel in ((56, 32, 3), (28, 136, 1), (14, 384, 1), (7, 512, 3)):
        layers = (_conv(channels, kernel, use_bias=False), ly.BatchNormalization, ly.ReLU)
        yield Bench(f"block_{size}_{channels}", _chain((size, size, channels), *layers, depth=3))
    for size, channels, kernel in ((112, 32, 3), (56, 144, 3), (28, 192, 5), (14, 480, 3), (14, 600, 5), (7, 960, 5)):
        deep = partial(ly.DepthwiseConv2D, kernel, padding="same", use_bias=False)
        layers = (deep, ly.BatchNormalization, lambda: ly.Activation("silu"))
        yield Bench(f"depthwise_{size}_{channels}", _chain((size, size, channels), *layers, depth=2))
    deep = partial(ly.DepthwiseConv2D, 3, padding="same")
    yield Bench("depthwise_28_96_x8", _chain((28, 28, 96), deep, depth=3), 8)
    for size, channels, few in ((28, 120, 32), (56, 72, 6), (8, 560, 22)):
        yield Bench(f"squeeze_{size}", partial(_squeezed, size, channels, few))
    for size, channels, wider, batch in ((52, 20, 5, 1), (18, 44, 5, 1), (9, 104, 5, 1), (20, 28, 4, 8)):
        yield Bench(f"inverted_{size}_x{batch}", partial(_inverted, size, channels, wider * channels), batch)


def _squeezed(size: int, channels: int, few: int) -> Model:
    """A block that weighs its channels by what it has seen of each."""
    x = ly.Input((size, size, channels))
    seen = ly.GlobalAveragePooling2D(keepdims=True)(x)
    seen = ly.Conv2D(few, 1, activation="silu")(seen)
    seen = ly.Conv2D(channels, 1, activation="sigmoid")(seen)
    return Model(x, ly.Conv2D(40, 1)(ly.Multiply()([x, seen])))


def _inverted(size: int, channels: int, wider: int) -> Model:
    """Two blocks that are wide inside, where each channel is convolved by itself: large operations and small ones."""
    x = ly.Input((size, size, channels))
    y = _widened(x, wider, partial(ly.DepthwiseConv2D, 3, padding="same", use_bias=False))
    y = ly.BatchNormalization()(ly.Conv2D(channels, 1, use_bias=False)(y))
    y = _widened(ly.Add()([x, y]), wider, ly.ZeroPadding2D, partial(ly.DepthwiseConv2D, 3, strides=2, use_bias=False))
    return Model(x, ly.BatchNormalization()(ly.Conv2D(channels, 1, use_bias=False)(y)))


def _widened(x: Any, wider: int, *layers: Callable[[], Any]) -> Any:
    for layer in (partial(ly.Conv2D, wider, 1, use_bias=False), None, *layers, None):
        x = layer()(x) if layer else ly.ReLU(6.0)(ly.BatchNormalization()(x))
    return x


def _denses() -> Iterator[Bench]:
    for width, batch in ((256, 1), (1024, 1), (4096, 1), (512, 32), (300, 128), (2048, 64)):
        dense = partial(ly.Dense, width, activation="relu")
        optimizers = (*TRAINED, "adam") if width in (300, 4096) else TRAINED
        yield Bench(
            f"dense_{width}_x{batch}", _chain((width,), dense, depth=3 if width < 4096 else 1), batch, optimizers
        )
    wide = (partial(ly.Dense, 900, activation="relu"), partial(ly.Dense, 1100))
    yield Bench("dense_1100_x1", _chain((1100,), *wide), optimizers=())
    yield Bench("dense_20000_x128", _chain((20000,), partial(ly.Dense, 100)), 128, (*TRAINED, "adam"))
    for steps, width in ((64, 128), (197, 384)):
        dense = partial(ly.Dense, width, activation="gelu")
        yield Bench(f"dense_{steps}x{width}", _chain((steps, width), dense, ly.LayerNormalization, depth=3))


LOOPS = (("LSTM", 1, 16, 8), ("LSTM", 10, 32, 1), ("LSTM", 40, 128, 1), ("LSTM", 20, 128, 32), ("GRU", 20, 64, 1),
         ("LSTM", 100, 24, 4),
         ("GRU", 30, 128, 16), ("SimpleRNN", 20, 64, 8))  # fmt: skip
"""Kind of layer, steps, units, examples."""


def _sequences() -> Iterator[Bench]:
    for kind, steps, units, batch in LOOPS:
        layer = partial(getattr(ly, kind), units, return_sequences=True)
        yield Bench(f"{kind.lower()}_{steps}_{units}_x{batch}", _chain((steps, units), layer), batch)
    embedded = _chain((64,), lambda: ly.Embedding(5000, 64), lambda: ly.Conv1D(64, 5), ly.GlobalMaxPooling1D)
    yield Bench("text", embedded, 8)


def _attentions() -> Iterator[Bench]:
    for steps, width, heads, batch in ((32, 64, 4, 1), (128, 256, 4, 1), (197, 384, 6, 1), (64, 128, 8, 8)):

        def build(steps: int = steps, width: int = width, heads: int = heads) -> Model:
            x = ly.Input((steps, width))
            return Model(x, ly.MultiHeadAttention(heads, round(width / heads))(x, x))

        yield Bench(f"attention_{steps}_{width}_x{batch}", build, batch)


def _moving() -> Iterator[Bench]:
    """What mostly moves bytes: pools, sums, activations, joined and padded tensors."""
    for size, channels in ((56, 64), (14, 256), (112, 48)):
        shape = (size, size, channels)
        first = _conv(channels, 1)  # so that there is something to train before them
        yield Bench(f"max_pool_{size}", _chain(shape, first, *[lambda: ly.MaxPooling2D(3, 1, "same")] * 3))
        yield Bench(f"average_pool_{size}", _chain(shape, first, *[lambda: ly.AveragePooling2D(2, 1, "same")] * 3))
        for name in ("relu", "sigmoid", "tanh", "softmax"):
            layers = [partial(ly.Activation, name)] * 3
            yield Bench(f"{name}_{size}", _chain(shape, first, *layers), optimizers=TRAINED if size == 56 else ())
        yield Bench(f"norm_{size}", _chain(shape, ly.BatchNormalization, depth=3))
        yield Bench(f"joined_{size}", partial(_joined, shape), optimizers=TRAINED if size == 56 else ())
    thin = _conv(6, 1)
    for name, pool in (("average", ly.AveragePooling2D), ("max", ly.MaxPooling2D)):
        yield Bench(f"{name}_pool_thin", _chain((24, 24, 6), thin, *[partial(pool, 2, 1, "same")] * 3), 32)
        yield Bench(f"{name}_pool_halved", _chain((32, 32, 40), _conv(40, 1), *[partial(pool, 2)] * 2), 16)
    yield Bench("norm_20_x16", _chain((20, 20, 40), *[ly.BatchNormalization, ly.ReLU] * 2), 16)
    yield Bench("mean_56", _chain((56, 56, 256), _conv(64, 1), ly.GlobalAveragePooling2D))
    yield Bench(
        "up",
        _chain((28, 28, 64), _conv(64, 1), lambda: ly.Conv2DTranspose(64, 2, strides=2), lambda: ly.MaxPooling2D(2)),
    )
    dropped = _chain((256,), partial(ly.Dense, 256), partial(ly.Dropout, 0.5), depth=3)
    yield Bench("dropped", dropped, 64)
    yield Bench("padded", _chain((28, 28, 100), ly.ZeroPadding2D, depth=4), optimizers=())
    yield Bench("upsampled", _chain((28, 28, 64), ly.UpSampling2D, lambda: ly.AveragePooling2D(2)), optimizers=())


def _large() -> Iterator[Bench]:
    """Tensors that no cache holds, which come from memory."""
    shape, batch = (112, 112, 48), 10
    yield Bench("norm_112_x10", _chain(shape, ly.BatchNormalization, ly.ReLU, ly.BatchNormalization), batch)
    yield Bench("joined_112_x10", partial(_joined, shape), batch, ())
    yield Bench(
        "pools_112_x10", _chain(shape, ly.MaxPooling2D, ly.UpSampling2D, partial(ly.AveragePooling2D, 2)), batch, ()
    )
    yield Bench("sigmoid_112_x10", _chain(shape, lambda: ly.Activation("sigmoid")), batch, ())


def _joined(shape: tuple[int, ...]) -> Model:
    x = ly.Input(shape)
    y = ly.Conv2D(shape[-1], 1)(x)  # so that there is something to train
    y = ly.Add()([y, ly.Multiply()([y, x])])
    y = ly.Concatenate()([x, y])
    return Model(x, ly.ZeroPadding2D(1)(y))


MORE = ((224, 3, 16, 3), (56, 24, 24, 3), (28, 256, 512, 1), (14, 112, 672, 1), (14, 512, 512, 3), (7, 160, 960, 1),
        (35, 192, 64, 5), (17, 768, 192, 1))  # fmt: skip
"""Height and width, channels in and out, kernel."""


def _more() -> Iterator[Bench]:
    """More of the same at other sizes and on more examples."""
    for size, channels, filters, kernel in MORE:
        for batch in (1, 8):
            name = f"conv_{size}_{channels}_{filters}_{kernel}_x{batch}"
            yield Bench(name, _chain((size, size, channels), _conv(filters, kernel), _conv(channels, kernel)), batch)
    for width, batch in ((128, 256), (1000, 16), (768, 128)):
        yield Bench(f"dense_{width}_x{batch}", _chain((width,), partial(ly.Dense, width), depth=4), batch)
    for steps, units, batch in ((100, 64, 4), (50, 256, 8)):
        layer = partial(ly.LSTM, units)
        yield Bench(f"lstm_{steps}_{units}_x{batch}", _chain((steps, units), layer), batch)
