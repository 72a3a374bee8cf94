"""Random networks, figures worked out by naive formulas, and slips planted into these.

Nothing here is modelcost's: each figure is a sum of products of plain numbers (`Knobs`), each slip turns some of them.
A formula without a slip must be modelcost's figure, which the tests see to.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import modelcost as mc
from modelcost.homework.quantities import count
from modelcost.homework.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Knobs = dict[str, int]
    Terms = list[list[int]]

WIDTHS = (6, 8, 10, 12, 16, 20, 24, 32, 36, 48, 50, 64, 96, 100, 120, 128, 256, 512)


LEAST = 100
"""Of a claim: one of two digits is met by any slip or other."""


class Planted:
    """A layer's figure with slips in it: the report, the layer, the quantity, the claim, and which slips."""

    layer = "asked"
    """That of which the figure is; "model" for the total."""

    def __init__(
        self, model: mc.Sequential, report: mc.Report, quantity: str, terms: Terms, slips: list[Slip], claim: int
    ) -> None:
        self.model, self.report, self.quantity = model, report, quantity
        self.terms, self.slips, self.claim = terms, slips, claim
        self.setting: dict[str, Any] = {"batch": 32}

    @property
    def of(self) -> Any:
        """The right figure, modelcost's."""
        if self.quantity in EPOCHS:
            return count(Subject(self.model, self.setting), "model", self.quantity)
        return getattr(self.report if self.layer == "model" else self.report[self.layer], self.quantity)

    def __repr__(self) -> str:
        names = " + ".join(slip.name for slip in self.slips)
        kind = "model" if self.layer == "model" else self.report[self.layer].type
        return f"{kind}.{self.quantity} {int(self.of):,}: {self.claim:,} by {names}"


class Slip:
    """A slip to plant: its name, what it does to the knobs or to the finished number, words that must name it."""

    def __init__(
        self,
        name: str,
        words: str,
        turn: Callable[[Knobs], Knobs] | None = None,
        spoil: Callable[[int, random.Random], int] | None = None,
    ) -> None:
        self.name, self.words, self.turn, self.spoil = name, words, turn, spoil


def setting(**values: str | int) -> Callable[[Knobs], Knobs]:
    """Knobs put to other values: numbers, or what other knobs were before any slip."""
    return lambda given: {name: given[v] if isinstance(v, str) else v for name, v in values.items()}


def exchanged(value: int, chance: random.Random) -> int:
    """Two neighbouring digits the other way round."""
    text = str(value)
    places = [i for i in range(len(text) - 1) if text[i] != text[i + 1] and not (i == 0 and text[1] == "0")]
    if not places:
        return value
    i = chance.choice(places)
    return int(text[:i] + text[i + 1] + text[i] + text[i + 2 :])


def dropped(value: int, chance: random.Random) -> int:
    """A digit lost."""
    text = str(value)
    i = chance.randrange(len(text))
    return int((text[:i] + text[i + 1 :]).lstrip("0") or 0)


ANY = [
    Slip("counted twice", "twice|flops are given", spoil=lambda value, _: 2 * value),
    Slip("digits exchanged", "exchanged", spoil=exchanged),
    Slip("digit dropped", "digit|zero", spoil=dropped),
]
BIAS = Slip("no bias", "bias", setting(bias=0))
CONV = [
    BIAS, BIAS,
    *[Slip("no input channels", "input channels", setting(C=1))] * 2,
    Slip("no filters", "filters", setting(F=1)),
    Slip("one side of the kernel", "kernel", setting(K2=1)),
    Slip("no kernel", "kernel", setting(K1=1, K2=1)),
    Slip("no places", "places", setting(Ho=1, Wo=1)),
    Slip("no output height", "output height|height", setting(Ho=1)),
    Slip("the input's size", "input|same|stride", setting(Ho="H", Wo="W")),
    Slip("the other padding", "padding|stride|input", setting(Ho="other_h", Wo="other_w")),
    Slip("filters for channels", "filters", setting(C="F")),
    Slip("channels for filters", "input channels", setting(F="C")),
    Slip("one place too few", "too few", setting(Ho="less_h", Wo="less_w")),
    Slip("one place too many", "too many|rounded up", setting(Ho="more_h", Wo="more_w")),
    Slip("kernel of the wrong size", "stands where the kernel size|taps|kernel", setting(K1="S", K2="S")),
    Slip("width for height", "width|height", setting(Ho="Wo")),
]  # fmt: skip
DENSE = [
    BIAS, BIAS,
    Slip("no inputs", "inputs|channels|height|width", setting(C=1)),
    Slip("no units", "units", setting(U=1)),
    Slip("units for inputs", "units", setting(C="U")),
    Slip("inputs for units", "inputs", setting(U="C")),
]  # fmt: skip
RECURRENT = [
    BIAS, BIAS,
    Slip("no gates", "gates|factor", setting(G=1)),
    Slip("a gate forgotten", "gates|factor", setting(G="less_G")),
    Slip("no recurrent kernel", "recurrent", setting(recurrent=0)),
    Slip("no inputs", "inputs", setting(C=1)),
    Slip("no time steps", "time steps", setting(T=1)),
    Slip("no input kernel", "input kernel|the term", setting(kernel=0)),
    Slip("inputs for units", "inputs", setting(U="C")),
]  # fmt: skip


def convolution(knobs: Knobs, quantity: str) -> Terms:
    """Sums of products, term by term."""
    k = knobs
    taps, places = [k["K1"], k["K2"], k["C"]], [k["Ho"], k["Wo"], k["F"]]
    if quantity == "params":
        return [[*taps, k["F"]], *([[k["F"]]] * k["bias"])]
    if quantity == "adds":
        whole = k["K1"] * k["K2"] * k["C"] - 1
        return [[*places, whole], *([places] * k["bias"])]
    if quantity in ("elements", "activation_bytes"):
        return [[*places, *([4] if quantity == "activation_bytes" else [])]]
    return [[*places, *taps]]


def dense(knobs: Knobs, quantity: str) -> Terms:
    """The same for a dense layer."""
    k = knobs
    if quantity == "params":
        return [[k["C"], k["U"]], *([[k["U"]]] * k["bias"])]
    if quantity == "adds":
        return [[k["U"], k["C"] - 1], *([[k["U"]]] * k["bias"])]
    return [[k["U"], k["C"]]]


def recurrent(knobs: Knobs, quantity: str) -> Terms:
    """The same for LSTM, GRU and SimpleRNN, without what the gates themselves compute."""
    k = knobs
    kernel, state = [k["G"], k["C"], k["U"]], [k["G"], k["U"], k["U"]]
    if quantity == "params":
        biases = [[k["biases"], k["G"], k["U"]]] * k["bias"]
        return [*([kernel] * k["kernel"]), *([state] * k["recurrent"]), *biases]
    return [*([[k["T"], *kernel]] * k["kernel"]), *([[k["T"], *state]] * k["recurrent"])]


def added(terms: Terms) -> int:
    """What terms come to."""
    result = 0
    for term in terms:
        part = 1
        for factor in term:
            part *= factor
        result += part
    return result


def conv_knobs(chance: random.Random) -> tuple[Any, Knobs, tuple[int, ...]]:
    """A convolution, its knobs, its input."""
    height = chance.randint(9, 64)
    width = height if chance.random() < 0.7 else chance.randint(9, 64)
    channels, filters = chance.choice((1, 3, *WIDTHS)), chance.choice(WIDTHS)
    kernel, stride = chance.choice((2, 3, 3, 3, 5, 5, 7)), chance.choice((1, 1, 1, 2, 3))
    same = chance.random() < 0.5
    valid_h, valid_w = (height - kernel) // stride + 1, (width - kernel) // stride + 1
    same_h, same_w = -(-height // stride), -(-width // stride)
    out = (same_h, same_w) if same else (valid_h, valid_w)
    other = (valid_h, valid_w) if same else (same_h, same_w)
    knobs = {
        "H": height, "W": width, "C": channels, "F": filters, "K1": kernel, "K2": kernel, "S": stride, "bias": 1,
        "Ho": out[0], "Wo": out[1], "other_h": other[0], "other_w": other[1],
        "less_h": out[0] - 1, "less_w": out[1] - 1, "more_h": out[0] + 1, "more_w": out[1] + 1,
    }  # fmt: skip
    layer = mc.Conv2D(filters, kernel, strides=stride, padding="same" if same else "valid", name="asked")
    return layer, knobs, (height, width, channels)


def dense_knobs(chance: random.Random) -> tuple[Any, Knobs, tuple[int, ...]]:
    """The same for a dense layer."""
    inputs, units = chance.choice((*WIDTHS, 784, 400, 1600, 9216)), chance.choice((*WIDTHS, 10, 512, 1000))
    return mc.Dense(units, name="asked"), {"C": inputs, "U": units, "bias": 1}, (inputs,)


def recurrent_knobs(chance: random.Random) -> tuple[Any, Knobs, tuple[int, ...]]:
    """The same for a recurrent layer."""
    kind, gates, biases = chance.choice(((mc.LSTM, 4, 1), (mc.GRU, 3, 2), (mc.SimpleRNN, 1, 1)))
    steps, inputs, units = chance.randint(5, 100), chance.choice((1, *WIDTHS)), chance.choice(WIDTHS)
    knobs = {
        "T": steps, "C": inputs, "U": units, "G": gates, "less_G": max(1, gates - 1), "biases": biases,
        "bias": 1, "kernel": 1, "recurrent": 1,
    }  # fmt: skip
    return kind(units, name="asked"), knobs, (steps, inputs)


FAMILIES: tuple[tuple[Any, Any, list[Slip], tuple[str, ...]], ...] = (
    (conv_knobs, convolution, CONV, ("params", "multiplies", "adds", "macs", "activation_bytes")),
    (conv_knobs, convolution, CONV, ("params", "multiplies")),
    (dense_knobs, dense, DENSE, ("params", "multiplies", "adds")),
    (recurrent_knobs, recurrent, RECURRENT, ("params", "macs")),
)


def right(chance: random.Random) -> tuple[mc.Sequential, mc.Report, str, Any, Knobs, list[Slip]]:
    """A random layer in a small network: its report, a quantity, its naive formula, its knobs, its slips."""
    make, formula, slips, quantities = chance.choice(FAMILIES)
    layer, knobs, shape = make(chance)
    after = [mc.Flatten(), mc.Dense(chance.choice((2, 10, 15, 100)), name="classes")]
    model = mc.Sequential([mc.Input(shape), layer, *after], name="net")
    return model, mc.cost(model), chance.choice(quantities), formula, knobs, slips


def planted(chance: random.Random, many: int) -> Planted:
    """A figure into which so many different slips were planted, each of which changes it."""
    while True:
        model, report, quantity, formula, knobs, slips = right(chance)
        of = added(formula(knobs, quantity))
        chosen = chance.sample([*slips, *(ANY if many == 1 or chance.random() < 0.3 else [])], many)
        if len({slip.name for slip in chosen}) < many or sum(slip.spoil is not None for slip in chosen) > 1:
            continue
        chosen.sort(key=lambda slip: slip.spoil is not None)
        found = _applied(formula, knobs, quantity, chosen, chance)
        if found is not None and found[1] != of and found[1] >= LEAST:
            return Planted(model, report, quantity, found[0], chosen, found[1])


def _applied(
    formula: Any, knobs: Knobs, quantity: str, chosen: list[Slip], chance: random.Random
) -> tuple[Terms, int] | None:
    """The terms and the figure after all slips; None where one of them changes nothing."""
    terms, given, turned = formula(knobs, quantity), knobs, set[str]()
    value = added(terms)
    for slip in chosen:
        before = value
        if slip.turn is not None:
            changed = slip.turn(given)
            if turned & changed.keys():
                return None
            turned |= changed.keys()
            knobs = knobs | changed
            terms = formula(knobs, quantity)
            value = added(terms)
        elif slip.spoil is not None:
            value = slip.spoil(value, chance)
        if value == before or any(one < 0 for one in knobs.values()) or any(0 in term for term in terms):
            return None
    return terms, value


def named(case: Planted, slips: list[str], working: str) -> bool:
    """Whether an explanation names what was planted: in words, slip for slip; or as the same numbers on the paper."""
    if len(slips) <= len(case.slips) and all(
        any(re.search(planted.words, text) for text in slips) for planted in case.slips
    ):
        return True
    spoilt = any(slip.spoil is not None for slip in case.slips)
    return bool(working) and not spoilt and numbers(working) == Counter(f for term in case.terms for f in term if f > 1)


def numbers(working: str) -> Counter[int]:
    """The numbers of a working, ones left out; what is in brackets counts by its value."""
    flat = re.sub(r"\(([\d*]+) - 1\)", lambda found: str(_value(found[1]) - 1), working)
    return Counter(int(one) for one in re.findall(r"\d+", flat) if int(one) > 1)


def _value(product: str) -> int:
    result = 1
    for factor in product.split("*"):
        result *= int(factor)
    return result


def network(chance: random.Random) -> tuple[mc.Sequential, dict[str, tuple[Any, Knobs]]]:
    """A random network of convolutions and dense layers, with the naive formula and the knobs of each."""
    side, channels = chance.choice((16, 24, 28, 32)), chance.choice((1, 3))
    layers: list[Any] = [mc.Input((side, side, channels))]
    parts: dict[str, tuple[Any, Knobs]] = {}
    for i in range(1, chance.randint(2, 4)):
        filters, kernel = chance.choice(WIDTHS), chance.choice((3, 5) if side > 8 else (1, 3))
        same = chance.random() < 0.5
        out = side if same else side - kernel + 1
        layers.append(mc.Conv2D(filters, kernel, padding="same" if same else "valid", name=f"conv{i}"))
        knobs = {"C": channels, "F": filters, "K1": kernel, "K2": kernel, "Ho": out, "Wo": out, "bias": 1}
        parts[f"conv{i}"] = convolution, knobs
        side, channels = out, filters
        if side % 2 == 0 and side > 10:
            layers.append(mc.MaxPooling2D(2, name=f"pool{i}"))
            side //= 2
    inputs = side * side * channels
    layers.append(mc.Flatten(name="flatten"))
    for i, units in enumerate((chance.choice(WIDTHS), chance.choice((10, 15, 100))), 1):
        layers.append(mc.Dense(units, name=f"dense{i}"))
        parts[f"dense{i}"] = dense, {"C": inputs, "U": units, "bias": 1}
        inputs = units
    return mc.Sequential(layers, name="net"), parts


def deep_network(chance: random.Random) -> tuple[mc.Sequential, dict[str, tuple[Any, Knobs]]]:
    """The same with more than a hundred layers: blocks of convolutions, many of which are alike."""
    parts: dict[str, tuple[Any, Knobs]] = {}
    side, channels = 64, 3
    layers: list[Any] = [mc.Input((side, side, channels))]
    filters, kernel, deep = chance.choice(WIDTHS), 3, chance.randint(100, 130)
    for i in range(1, deep):
        if chance.random() < 0.25:
            filters, kernel = chance.choice(WIDTHS), chance.choice((1, 3, 3, 5))
        layers.append(mc.Conv2D(filters, kernel, padding="same", name=f"conv{i}"))
        knobs = {"C": channels, "F": filters, "K1": kernel, "K2": kernel, "Ho": side, "Wo": side, "bias": 1}
        parts[f"conv{i}"], channels = (convolution, knobs), filters
        if i % (deep // 4) == 0:
            layers.append(mc.MaxPooling2D(2, name=f"pool{i}"))
            side //= 2
    units = chance.choice((10, 15, 100))
    layers += [mc.Flatten(name="flatten"), mc.Dense(units, name="dense1")]
    parts["dense1"] = dense, {"C": side * side * channels, "U": units, "bias": 1}
    return mc.Sequential(layers, name="net"), parts


def planted_total(chance: random.Random, many: int, deep: bool = False) -> Planted:
    """The same for the total of a network: a layer left out, or a slip in a layer, or one in all of them."""
    while True:
        model, parts = deep_network(chance) if deep else network(chance)
        quantity = chance.choice(("params", "multiplies"))
        figures = {name: added(formula(knobs, quantity)) for name, (formula, knobs) in parts.items()}
        of, places = sum(figures.values()), chance.sample(sorted(parts), many)
        slips: list[Slip] = []
        for name in places:
            formula, knobs = parts[name]
            kind = chance.choice(("layer", "bias", "bias everywhere", "inputs", "digits" if many == 1 else "layer"))
            if kind == "layer":
                figures[name] = 0
                told = rf"{name} .*left out|{name}.* are left out|\({added(formula(knobs, quantity)):,}\) is left out"
                slips.append(Slip("a layer left out", told))
            elif kind == "bias everywhere" and many == 1:
                figures = {one: added(f(k | {"bias": 0}, quantity)) for one, (f, k) in parts.items()}
                slips.append(Slip("no biases", "in all of .*bias is left out"))
            elif kind == "digits":
                slips.append(Slip("digits exchanged", "exchanged", spoil=exchanged))
            else:
                changed = {"bias": 0} if kind.startswith("bias") else {"C": 1}
                figures[name] = added(formula(knobs | changed, quantity))
                wide = knobs.get("F", knobs.get("U", 0))  # two biases of one size are one on paper
                paper = sorted(map(sorted, formula(knobs, quantity)))
                same = "|".join(
                    one for one, (f, k) in parts.items() if sorted(map(sorted, f(k, quantity))) == paper
                )  # any of those of which the same numbers are on paper
                inputs = rf"\b({same})\b.*: .*(channels|inputs|height|width)"
                words = rf"bias \({wide:,}\)" if "bias" in changed else inputs
                slips.append(Slip(f"in one layer: {kind}", words))
        claim = sum(figures.values())
        claim = exchanged(claim, chance) if slips[0].spoil else claim
        if claim not in (of, 0) and all(figures[name] != added(parts[name][0](parts[name][1], quantity))
                                        for name in places if not slips[0].spoil):  # fmt: skip
            case = Planted(model, mc.cost(model), quantity, [], slips, claim)
            case.layer = "model"
            return case


FORWARD, BACKWARD = 1, 2
"""Passes as so many forward passes, by the rule of thumb that figures by hand follow."""
EPOCHS = ("flops_per_minibatch", "flops_per_epoch", "flops_per_run")
OF_EPOCHS = {
    "no backward pass": Slip("no backward pass", "passes", setting(passes=FORWARD)),
    "two passes": Slip("two passes", "2 times the forward pass", setting(passes=FORWARD + 1)),
    "all examples": Slip("all examples", "all examples", setting(examples="data")),
    "one epoch": Slip("one epoch", "epochs? ", setting(epochs=1)),
    "one example": Slip("one example", "batch|training examples are left out|all examples", setting(examples=1)),
    "digits exchanged": Slip("digits exchanged", "exchanged", spoil=exchanged),
}
"""Slips in figures of training, by name."""


def of_training(knobs: Knobs, quantity: str) -> Terms:
    """FLOPs of training by hand: of one forward pass, times passes, examples and epochs."""
    return [[knobs["passes"], knobs["examples"], knobs["epochs"], knobs["forward"]]]


def planted_epoch(chance: random.Random, many: int) -> Planted:
    """The same for what a deep network costs in training, by hand: slips with passes, examples, epochs, a layer."""
    while True:
        model, parts = deep_network(chance)
        quantity, batch, data = chance.choice(EPOCHS), chance.choice((16, 32, 64, 100)), chance.choice((6, 50)) * 1_000
        epochs = chance.randint(3, 30) if quantity == "flops_per_run" else 1
        flops = {name: sum(added(f(k, one)) for one in ("multiplies", "adds")) for name, (f, k) in parts.items()}
        examples = batch if quantity == "flops_per_minibatch" else data - data // 5
        knobs = {"passes": FORWARD + BACKWARD, "epochs": epochs, "data": data, "examples": examples,
                 "forward": sum(flops.values())}  # fmt: skip
        name = chance.choice(sorted(flops))
        same = "|".join(one for one in flops if flops[one] == flops[name])
        told = rf"\({flops[name]:,}\) is left out|\b({same})\b.* (is|are) left out"
        slips = [*OF_EPOCHS.values(), Slip("a layer left out", told, setting(forward=knobs["forward"] - flops[name]))]
        chosen = sorted(chance.sample(slips, many), key=lambda slip: slip.spoil is not None)
        found = _applied(of_training, knobs, quantity, chosen, chance)
        fits = ("all examples" not in (one.name for one in chosen)) or examples > batch
        if found is not None and fits and found[1] >= LEAST:
            case = Planted(model, mc.cost(model), quantity, [], chosen, found[1])
            case.layer = "model"
            case.setting = {
                "batch": batch,
                "data": data,
                "validation": 0.2,
                "epochs": max(epochs, 2),
                "optimizer": "SGD",
            }
            return case


def unrelated(chance: random.Random, kind: str = "layers") -> Planted:
    """A right figure, and as the claim a number that has nothing to do with it but its size, roughly."""
    if kind == "layers":
        model, report, quantity, *_ = right(chance)
        case = Planted(model, report, quantity, [], [], 0)
    else:
        case = KINDS[kind](chance, 1)
    low, high = max(LEAST, case.of // 100), max(LEAST, int(case.of)) * 100
    case.claim = int(low * (high / low) ** chance.random())
    return case


KINDS: dict[str, Callable[[random.Random, int], Planted]] = {
    "layers": planted,
    "totals": planted_total,
    "deep totals": lambda chance, many: planted_total(chance, many, deep=True),
    "training": planted_epoch,
}
"""What slips are planted into: figures of layers, totals of networks, those of networks of over a hundred layers, what
these cost in training."""


def cases(seed: int, many: int, count: int, kind: str = "layers") -> Iterator[Planted]:
    """So many cases of so many slips."""
    chance = random.Random(f"{seed} {many}")
    for _ in range(count):
        yield KINDS[kind](chance, many)
