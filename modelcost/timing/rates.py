"""How fast a CPU computes and moves bytes, at what each kind of operation makes of it."""

from __future__ import annotations

from modelcost.timing.cpu import GIGA

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from modelcost.timing.cpu import CPU

KIB, MIB = 1024, 1024**2
L2_BYTES_PER_CYCLE = 32.0
"""What one core is taken to read from its second cache in a cycle: half of the 64 that designs since Haswell state."""
L3_BYTES_PER_CYCLE = 16.0
"""And from the third: half of the 32 of Intel's rings and of AMD's complexes, since others share it."""
MEMORY_SHARE = (0.5, 0.7, 0.95)
"""The share of the sheet's bandwidth of memory that arrives: at worst, likely, at best."""


class Rates:
    """FLOP/s of all cores, bytes/s from each level of memory, and how many bytes each level holds.

    `bandwidths` and `capacities` have the levels "l2" and "l3", those that there are; what fits in none is in "memory".
    """

    __slots__ = ("bandwidths", "capacities", "lanes", "peak")

    def __init__(
        self, peak: float, bandwidths: Mapping[str, float], capacities: Mapping[str, float], lanes: int | None
    ) -> None:
        self.peak, self.lanes = float(peak), lanes or 1
        self.bandwidths, self.capacities = dict(bandwidths), dict(capacities)

    def level(self, size: float) -> str:
        """The level of memory that holds so many bytes."""
        return next((name for name, capacity in self.capacities.items() if size <= capacity), "memory")

    def moving(self, size: float, set_size: float) -> float:
        """The seconds that so many bytes take, out of a working set of a size."""
        return size / self.bandwidths[self.level(set_size)]

    def filled(self, columns: int) -> float:
        """The share of the lanes that so many columns fill: 24 columns leave a quarter of 2 x 16 empty.

        Source: the model of utilization of Wess et al. 2021, "ANNETTE", with the lanes of the CPU as its parallelism.

        >>> Rates(1e9, {"memory": 1e9}, {}, 16).filled(24)
        0.75
        """
        return columns / (columns + -columns % self.lanes) if columns else 1.0


def rates(cpu: CPU) -> tuple[Rates, Rates, Rates]:
    """The rates of a CPU by its sheet: at worst, likely, at best.

    Raises `ModelCostError` where its sheet lacks the clock, the FLOPs of a cycle or the bandwidth.
    """
    found, peaks = [], cpu.peaks()
    memory = cpu.needed("bandwidth") * GIGA
    for peak, clock, share in zip(peaks, cpu.clocks, MEMORY_SHARE, strict=True):
        bandwidths = {"memory": memory * share}
        for level, _, per_cycle in _caches(cpu):
            bandwidths[level] = max(cpu.cores * clock * GIGA * per_cycle, bandwidths["memory"])
        found.append(Rates(peak, bandwidths, capacities(cpu), cpu.lanes))
    return found[0], found[1], found[2]


def capacities(cpu: CPU) -> dict[str, float]:
    """How many bytes the second caches of all cores hold together, and the third."""
    return {level: size for level, size, _ in _caches(cpu)}


def _caches(cpu: CPU) -> list[tuple[str, float, float]]:
    found = [("l2", cpu.l2_kib * KIB * cpu.cores, L2_BYTES_PER_CYCLE)] if cpu.l2_kib else []
    return [*found, *([("l3", cpu.l3_mib * MIB, L3_BYTES_PER_CYCLE)] if cpu.l3_mib else [])]
