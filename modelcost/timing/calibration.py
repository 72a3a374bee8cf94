"""What micro-benchmarks of one machine have shown: its rates, and what each kind of operation makes of them."""

from __future__ import annotations

from modelcost.errors import ModelCostError, short
from modelcost.timing.cpu import CPU
from modelcost.timing.features import priors
from modelcost.timing.rates import Rates
from modelcost.timing.roofline import BOUNDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

VERSION = 3
"""Of the kinds and features that coefficients are of."""
SEPARATOR = "/"
PHASES = ("inference", "training")


class Calibration:
    """A calibration: for which CPU, with what rates and coefficients, how far it is off, and about its making.

    `coefficients`: by (kind, sort), of the features of `timing.features`; `off`: the shares of a prediction between
    which nearly all of the benchmarks' times lay that had no part in it (`timing.residuals`), for inference and for
    training, by what is waited for.
    """

    def __init__(
        self,
        cpu: CPU,
        rates: Rates,
        coefficients: Mapping[tuple[str, str], float],
        off: Mapping[str, Mapping[str, tuple[float, float]]],
        about: Mapping[str, Any],
    ) -> None:
        self.cpu, self.rates = cpu, rates
        self.coefficients, self.about = dict(coefficients), dict(about)
        self.off = {phase: dict(each) for phase, each in off.items()}

    def plain(self) -> dict[str, Any]:
        """All of it as plain data, as its file has it."""
        figures = {name: value for name, value in self.cpu.figures.items() if name != "unknown"}
        caches = {word: dict(getattr(self.rates, word)) for word in ("bandwidths", "capacities")}
        rates = {"peak": self.rates.peak, **caches}
        return {
            "modelcost_calibration": VERSION,
            "about": dict(self.about),
            "cpu": figures,
            "rates": rates,
            "off": {phase: {bound: list(pair) for bound, pair in each.items()} for phase, each in self.off.items()},
            "coefficients": {SEPARATOR.join(key): value for key, value in self.coefficients.items()},
        }

    def text(self) -> str:
        """Its file."""
        from json import dumps

        written: Any = dumps(self.plain(), indent=1)
        return f"{written}\n"

    @property
    def name(self) -> str:
        """The CPU that it was made on."""
        return str(self.cpu.name)

    def __repr__(self) -> str:
        return f"<Calibration of {self.name}, {self.about.get('date', 'undated')}>"


def calibration_of(text: str) -> Calibration:
    """The calibration that `Calibration.text` wrote.

    Raises `ModelCostError` for a text that is none, is cut short, or was changed into something that cannot be.
    """
    from json import loads

    try:
        told = loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelCostError(f"this is no calibration, or a part of one: {short(str(error))}; {AGAIN}") from None
    whole = _object("it", told)
    if whole.get("modelcost_calibration") != VERSION:
        came = short(whole.get("modelcost_calibration"))
        raise ModelCostError(f"a calibration of version {VERSION} is understood. Received: {came}; {AGAIN}")
    try:
        cpu = CPU(**_object("cpu", whole.get("cpu")))
    except TypeError:
        raise _wrong("cpu", "must be the figures of a CPU", whole.get("cpu")) from None
    off, about = _off(_object("off", whole.get("off"))), _object("about", whole.get("about"))
    return Calibration(cpu, _rates(whole.get("rates"), cpu), _coefficients(whole), off, about)


AGAIN = "run `modelcost calibrate` again"


def _rates(told: Any, cpu: CPU) -> Rates:
    rates = _object("rates", told)
    bandwidths, capacities = (_object(word, rates.get(word)) for word in ("bandwidths", "capacities"))
    if "memory" not in bandwidths or not set(capacities) <= set(bandwidths) <= {"l2", "l3", "memory"}:
        raise _wrong("bandwidths", "must be those of memory and of each cache in capacities", bandwidths)
    numbers = [_above_0(word, value) for each in (bandwidths, capacities) for word, value in each.items()]
    assert numbers
    return Rates(_above_0("peak", rates.get("peak")), bandwidths, capacities, cpu.lanes)


def _coefficients(whole: dict[str, Any]) -> dict[tuple[str, str], float]:
    told = _object("coefficients", whole.get("coefficients"))
    found: dict[tuple[str, str], float] = {}
    for key in priors():
        value = told.get(SEPARATOR.join(key))
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e9:
            raise _wrong(f"coefficient {SEPARATOR.join(key)}", "must be a number, at least 0", value)
        found[key] = float(value)
    return found


def _off(told: dict[str, Any]) -> dict[str, dict[str, tuple[float, float]]]:
    found: dict[str, dict[str, tuple[float, float]]] = {}
    for phase in PHASES:
        each = _object(f"off {phase}", told.get(phase))
        found[phase] = {bound: _pair(f"{phase} {bound}", each.get(bound)) for bound in BOUNDS}
    return found


def _pair(name: str, told: Any) -> tuple[float, float]:
    pair = told if isinstance(told, list) else []
    numbers = [one for one in pair if isinstance(one, int | float) and not isinstance(one, bool)]
    if len(pair) != 2 or len(numbers) != 2 or not 0 < numbers[0] <= 1 <= numbers[1] < 1e6:
        raise _wrong(f"off {name}", "must be two shares, one at most 1 and one at least 1", told)
    return float(numbers[0]), float(numbers[1])


def _object(what: str, told: Any) -> dict[str, Any]:
    if not isinstance(told, dict):
        raise _wrong(what, "must be an object", told)
    return told


def _above_0(what: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 1 <= value < 1e18:
        raise _wrong(what, "must be a number, at least 1", value)
    return float(value)


def _wrong(what: str, rule: str, came: Any) -> ModelCostError:
    return ModelCostError(f"not a calibration as it was written: {what} {rule}. Received: {short(came)}; {AGAIN}")
