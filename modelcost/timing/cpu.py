"""A CPU as data: cores, clocks, what they do in a cycle, caches, and how fast memory is.

Only what is known is there; what is not is None, and who needs it says so.
"""

from __future__ import annotations

from modelcost.count import Count, product, total
from modelcost.errors import ModelCostError, UnknownNameError, short, unknown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

COUNTS = ("cores", "threads", "flops_per_cycle", "lanes", "e_cores", "e_flops_per_cycle", "e_lanes")
MEASURES = (
    "ghz", "turbo_ghz", "vector_ghz", "e_ghz", "e_turbo_ghz", "bandwidth", "l1_kib", "l2_kib", "l3_mib",
)  # fmt: skip
WORDS = ("name", "id", "vendor", "microarchitecture", "isa", "memory", "source", "remark")
SURENESS = ("sure_of_spec", "sure_of_flops", "sure_of_caches")
"""How sure the figures of a kind are: A looked up at the maker's or the measurer's, B derived or second-hand,
C recalled by somebody."""
LEAST, MOST = 1e-6, 10**6
GIGA = 10**9


class CPU:
    """What a CPU can do: `CPU("mine", cores=2, ghz=2.5, flops_per_cycle=8, bandwidth=21.3)`.

    `ghz`: the clock that holds with all cores at work; `turbo_ghz`: the most that any core reaches;
    `vector_ghz`: what is left of `ghz` where all do vector arithmetic; `flops_per_cycle`: float32 operations of
    one core, a multiply-add being two; `lanes`: numbers in one vector; `bandwidth`: of memory, GB/s;
    `l1_kib` and `l2_kib`: for each core; `l3_mib`: for all. `threads` beyond `cores` add nothing to the peak.
    `unknown`: what is said of figures that could not be found out, by their names.
    A CPU with two kinds of core has the smaller in `e_cores`, `e_ghz`, `e_flops_per_cycle`; `cores` has both.

    >>> cpu = CPU("mine", cores=2, ghz=2.5, flops_per_cycle=8)
    >>> cpu.peak.formula(), cpu.peak.numbers(), cpu.peak
    ('cores*clock_hz*flops_per_cycle', '2*2500000000*8', 40000000000)
    """

    def __init__(self, name: str = "own", **figures: Any) -> None:
        known = (*COUNTS, *MEASURES, *WORDS, *SURENESS, "year", "unknown")
        for word in figures:
            if word not in known:
                raise UnknownNameError(f"CPU {short(name)}: {unknown('figure', word, known)}")
        try:
            self.figures: dict[str, Any] = {"name": _text("name", name)}
            self.figures |= {word: _checked(word, value) for word, value in figures.items() if value is not None}
            _complete(self.figures)
        except ModelCostError as error:
            raise type(error)(f"CPU {short(name)}: {error}") from None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in (*COUNTS, *MEASURES, *WORDS, *SURENESS, "year", "unknown"):
            raise AttributeError(name)
        return self.figures.get(name, {} if name == "unknown" else 0 if name == "e_cores" else None)

    def __repr__(self) -> str:
        return f"<CPU {self.name}: {self.cores} cores>"

    @staticmethod
    def named(name: str) -> CPU:
        """The CPU of the table that has this id or name; an error with the nearest ids where there is none.

        >>> CPU.named("i3-540").cores
        2
        """
        from modelcost.timing.table import cpu_named

        return cpu_named(name)

    def changed(self, **figures: Any) -> CPU:
        """The same CPU with other figures; None leaves one as it is.

        Fewer `cores` than there are leave the smaller ones out first; another `ghz` holds whatever the load.
        """
        given = {word: value for word, value in figures.items() if value is not None}
        if not given:
            return self
        new = {**self.figures, "unknown": {name: text for name, text in self.unknown.items() if name not in given}}
        if "ghz" in given:
            for word in ("turbo_ghz", "vector_ghz"):
                new.pop(word, None)
        if "flops_per_cycle" in given and "lanes" not in given:
            new.pop("lanes", None)
        if self.e_cores and "cores" in given:
            new["e_cores"] = max(0, _checked("cores", given["cores"]) - (self.cores - self.e_cores))
        return CPU(**{**new, **given})

    def needed(self, word: str) -> Any:
        """A figure that somebody cannot do without; an error that says how to give it where it is not known."""
        value = getattr(self, word)
        if value is None:
            flag, what = WAYS[word]
            raise ModelCostError(f"CPU {self.name}: {what} is not known; give {flag}")
        return value

    @property
    def peak(self) -> Any:
        """The most float32 operations in a second with all cores at their clock: a count with its working."""
        return self.peak_at(self.needed("ghz"), self.e_ghz)

    def peak_at(self, ghz: float, e_ghz: float | None = None) -> Any:
        """The most float32 operations in a second at a clock."""
        if not self.e_cores:
            return _rate(self.cores, ghz, self.needed("flops_per_cycle"))
        small = _rate(self.e_cores, e_ghz or ghz, self.e_flops_per_cycle, "e_")
        if self.cores == self.e_cores:
            return small
        return total((_rate(self.cores - self.e_cores, ghz, self.needed("flops_per_cycle"), "p_"), small))

    @property
    def clocks(self) -> tuple[float, float, float]:
        """The lowest, the likely and the highest clock under load, GHz: between those that the sheet states."""
        low = self.vector_ghz or self.needed("ghz")
        high = max(self.turbo_ghz or 0.0, self.ghz)
        return low, (low * high) ** 0.5, high

    def peaks(self) -> tuple[Any, Any, Any]:
        """The peak at the lowest, the likely and the highest clock."""
        low, likely, high = self.clocks
        e_high = max(self.e_turbo_ghz or 0.0, self.e_ghz or 0.0) or None
        e_likely = None if e_high is None else (e_high * self.e_ghz) ** 0.5
        return self.peak_at(low, self.e_ghz), self.peak_at(likely, e_likely), self.peak_at(high, e_high)


WAYS = {
    "ghz": ("--ghz", "the clock"),
    "flops_per_cycle": ("--flops-per-cycle", "what a core does in a cycle"),
    "bandwidth": ("--bandwidth, in GB/s, or let `modelcost calibrate` measure it", "the bandwidth of memory"),
}
"""How the figures that may be needed and missing are given, and what each is."""


def _rate(cores: int, ghz: float, flops_per_cycle: int, kind: str = "") -> Any:
    named = (("cores", cores), ("clock_hz", round(ghz * GIGA)), ("flops_per_cycle", flops_per_cycle))
    return product([Count(value, kind + name) for name, value in named])


def _complete(figures: Mapping[str, Any]) -> None:
    if "cores" not in figures:
        raise ModelCostError("cores is missing: a CPU has a number of cores")
    highest = max(figures.get("ghz", 0), figures.get("turbo_ghz", 0))
    if figures.get("vector_ghz", 0) > highest > 0:
        raise ModelCostError(
            f"vector_ghz is what is left of ghz. Received: vector_ghz={figures['vector_ghz']:g}, ghz={figures['ghz']:g}"
        )
    small = figures.get("e_cores", 0)
    if small > figures["cores"]:
        raise ModelCostError(f"e_cores are some of the cores. Received: e_cores={small}, cores={figures['cores']}")
    if small and not {"e_ghz", "e_flops_per_cycle"} <= set(figures):
        raise ModelCostError("e_cores need e_ghz and e_flops_per_cycle")


def _checked(word: str, value: Any) -> Any:
    if word in (*COUNTS, "year"):
        return _whole(word, value)
    if word in MEASURES:
        return measure(word, value)
    if word == "unknown":
        if not isinstance(value, dict):
            raise ModelCostError(f"unknown must be texts by the figures that they are about. Received: {short(value)}")
        return {_text(word, name): _text(word, text) for name, text in value.items()}
    return _text(word, value)


def _text(word: str, value: Any) -> str:
    if not isinstance(value, str) or not value or len(value) > 1000:
        raise ModelCostError(f"{word} must be a word. Received: {word}={short(value)}")
    return value


def _whole(word: str, value: Any) -> int:
    least = 0 if word.startswith("e_") else 1
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= MOST:
        raise ModelCostError(f"{word} must be a whole number from {least} to {MOST:,}. Received: {word}={short(value)}")
    return int(value)


def measure(word: str, value: Any) -> float:
    """A number above 0 that a CPU can have; an error that names it for any other."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= MOST:
        raise ModelCostError(f"{word} must be a number above 0, at most {MOST:,}. Received: {word}={short(value)}")
    if value < LEAST:
        raise ModelCostError(f"{word} is at least {LEAST:f}. Received: {word}={short(value)}")
    return float(value)
