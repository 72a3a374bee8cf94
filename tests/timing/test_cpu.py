"""CPUs as data: the table, its invariants, CPUs of one's own, and files that are none."""

from __future__ import annotations

import csv
import os
from importlib.resources import files
from pathlib import Path

import pytest

from modelcost.errors import ModelCostError, UnknownNameError
from modelcost.timing.cpu import CPU
from modelcost.timing.own import cpu_of, from_toml
from modelcost.timing.table import TABLE, cpus

PEAKS = {
    "i3-540": 48.96,  # 2 cores x 3.06 GHz x (4 multiplies + 4 adds)
    "i7-2600k": 217.6,
    "i7-4770k": 448.0,
    "i7-5930k": 672.0,
    "i7-1165g7": 358.4,
    "xeon-gold-6148": 3072.0,
    "epyc-7601": 1126.4,
    "epyc-7742": 4608.0,
    "epyc-9654": 7372.8,
    "graviton2": 2560.0,
    "rpi5": 153.6,
    "i9-12900k": 1126.4,  # 8 x 3.2 x 32 and 8 x 2.4 x 16
    "i9-13900k": 1331.2,
    "apple-m1": 541.44,
    "sd855": 211.84,
}
"""GFLOP/s in float32 at the clock without turbo, multiplied by hand from the sheets that the table names."""


@pytest.mark.parametrize("name", PEAKS)
def test_the_peak_is_cores_times_clock_times_operations_of_a_cycle(name: str) -> None:
    peak = CPU.named(name).peak
    assert peak == round(PEAKS[name] * 1e9)
    assert eval(peak.numbers()) == peak


def test_a_peak_shows_its_working() -> None:
    peak = CPU.named("i3-540").peak
    assert (peak.formula(), peak.numbers()) == ("cores*clock_hz*flops_per_cycle", "2*3060000000*8")
    hybrid = CPU.named("i9-12900k").peak
    assert hybrid.numbers() == "8*3200000000*32 + 8*2400000000*16"


def lines() -> list[dict[str, str]]:
    with files("modelcost.timing").joinpath(TABLE).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("line", lines(), ids=lambda line: line["id"])
def test_every_line_of_the_table_can_be(line: dict[str, str]) -> None:
    cpu = cpus()[line["id"]]
    assert cpu.source and cpu.name and 1995 < cpu.year < 2030
    assert all(getattr(cpu, word) in ("A", "B", "C") for word in ("sure_of_spec", "sure_of_flops", "sure_of_caches"))
    assert cpu.threads >= cpu.cores
    assert cpu.flops_per_cycle == 2 * int(line["pipes"]) * int(line["lanes"])
    assert cpu.clocks[0] <= cpu.clocks[1] <= cpu.clocks[2]
    assert [*cpu.peaks()] == sorted(cpu.peaks())
    if line["channels"] and cpu.id not in NARROW:
        assert cpu.bandwidth == pytest.approx(int(line["channels"]) * int(line["megatransfers"]) * 8 / 1000, abs=0.15)


NARROW = ("rpi3b", "cortex-a53-generic", "rpi4", "rpi5", "sd855")
"""CPUs whose channels of memory are narrower than 64 bits."""


def test_the_table_has_the_cpu_of_the_exercise_and_no_id_twice() -> None:
    ids = [line["id"] for line in lines()]
    assert len(ids) == len(set(ids)) >= 50
    assert {"i3-540", "colab-xeon-2.20", "rpi4"} <= set(ids)


def test_threads_add_nothing_to_the_peak() -> None:
    cpu = CPU("mine", cores=2, ghz=3, flops_per_cycle=8)
    assert cpu.changed(threads=4).peak == cpu.peak


def test_a_cpu_is_found_by_its_id_or_its_name_whatever_the_case() -> None:
    assert CPU.named("I3-540") is CPU.named("intel core i3-540") is cpu_of("i3-540")


def test_an_unknown_cpu_suggests_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown CPU 'i3-541'; did you mean i3-540"):
        CPU.named("i3-541")


def test_a_changed_clock_holds_whatever_the_load() -> None:
    cpu = CPU.named("xeon-gold-6148").changed(ghz=2.0)
    assert cpu.clocks == (2.0, 2.0, 2.0)
    assert CPU.named("xeon-gold-6148").clocks[0] == 1.6


def test_fewer_cores_leave_the_small_ones_out_first() -> None:
    cpu = CPU.named("i9-12900k")
    assert [cpu.changed(cores=n).e_cores for n in (1, 8, 10, 16)] == [0, 0, 2, 8]
    peaks = [cpu.changed(cores=n).peak for n in range(1, 17)]
    assert peaks == sorted(peaks) and len(set(peaks)) == 16


@pytest.mark.parametrize(
    ("figures", "said"),
    [
        ({}, "CPU 'own': cores is missing"),
        ({"cores": 0}, "cores must be a whole number from 1 to 1,000,000. Received: cores=0"),
        ({"cores": True}, "Received: cores=True"),
        ({"cores": 2.0}, "Received: cores=2.0"),
        ({"cores": 2, "ghz": float("nan")}, "ghz must be a number above 0, at most 1,000,000. Received: ghz=nan"),
        ({"cores": 2, "ghz": float("inf")}, "Received: ghz=inf"),
        ({"cores": 2, "ghz": -1}, "Received: ghz=-1"),
        ({"cores": 2, "ghz": "3"}, "Received: ghz='3'"),
        ({"cores": 2, "gzh": 3}, "unknown figure 'gzh'; did you mean ghz"),
        ({"cores": 2, "e_cores": 3}, "e_cores are some of the cores. Received: e_cores=3, cores=2"),
        ({"cores": 2, "e_cores": 1}, "e_cores need e_ghz and e_flops_per_cycle"),
    ],
)
def test_a_cpu_that_cannot_be_is_an_error(figures: dict[str, object], said: str) -> None:
    with pytest.raises(ModelCostError) as error:
        CPU(**figures)
    assert said in str(error.value)


def test_what_is_not_known_says_how_to_give_it() -> None:
    cpu = CPU("mine", cores=2)
    with pytest.raises(ModelCostError, match="CPU mine: the clock is not known; give --ghz"):
        _ = cpu.peak
    with pytest.raises(ModelCostError, match="what a core does in a cycle is not known; give --flops-per-cycle"):
        _ = cpu.changed(ghz=2).peak
    with pytest.raises(ModelCostError, match="the bandwidth of memory is not known; give --bandwidth"):
        cpu.needed("bandwidth")
    with pytest.raises(AttributeError):
        _ = cpu.color


def test_a_cpu_of_ones_own_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('name = "mine"\ncores = 4\nghz = 2.8\nflops_per_cycle = 32\nbandwidth = 51.2\n')
    cpu = cpu_of(str(file))
    assert (cpu.name, cpu.peak, cpu.bandwidth) == ("mine", 4 * 2_800_000_000 * 32, 51.2)
    file.write_text('like = "i3-540"\nghz = 2.5\n')
    assert cpu_of(str(file)).peak == 2 * 2_500_000_000 * 8


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "it describes no CPU; write such as"),
        (b"cores = 2\n[memory]\nbandwidth = 3\n", "[memory] has no place here"),
        (b"cores =", "this is not TOML"),
        (b"\xff\xfe", "this is not TOML"),
        (b'cores = "two"', "cores must be a whole number"),
        (b"cores = 2\nghz = nan", "ghz must be a number above 0"),
        (b"cores = 99999999999999999999", "cores must be a whole number"),
        (b'like = "i3-54"', "unknown CPU 'i3-54'"),
        (b"like = 3", "unknown CPU 3"),
        (b"name = 3\ncores = 2", "name must be a word"),
        (b"x = " + b"[" * 5000, "this is not TOML"),
        (b"#" * 100_000, "more than 65,536 bytes are no description of a CPU"),
    ],
)
def test_a_file_that_describes_no_cpu_is_an_error(tmp_path: Path, text: bytes, said: str) -> None:
    file = tmp_path / "bad.toml"
    file.write_bytes(text)
    with pytest.raises(ModelCostError) as error:
        from_toml(file)
    assert said in str(error.value) and "bad.toml" in str(error.value)


def test_a_file_that_is_not_there_and_what_is_no_cpu_at_all(tmp_path: Path) -> None:
    with pytest.raises(ModelCostError, match="No such file"):
        cpu_of(str(tmp_path / "none.toml"))
    os.mkfifo(tmp_path / "pipe.toml")
    with pytest.raises(ModelCostError, match=r"pipe\.toml.: it is a pipe, and only files are read"):
        cpu_of(str(tmp_path / "pipe.toml"))
    with pytest.raises(ModelCostError, match="null byte"):
        cpu_of("a\0.toml")
    with pytest.raises(ModelCostError, match="cpu must be a name, a CPU, or the path"):
        cpu_of(3)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("figures", "said"),
    [
        ({"ghz": 1e-300}, "ghz is at least 0.000001. Received: ghz=1e-300"),
        ({"ghz": 3, "bandwidth": 5e-324}, "bandwidth is at least 0.000001. Received: bandwidth=5e-324"),
        ({"ghz": 3, "vector_ghz": 9}, "vector_ghz is what is left of ghz. Received: vector_ghz=9, ghz=3"),
        ({"ghz": 3, "unknown": 3}, "unknown must be texts by the figures that they are about. Received: 3"),
    ],
)
def test_figures_that_no_cpu_can_have_are_errors(figures: dict[str, object], said: str) -> None:
    with pytest.raises(ModelCostError) as error:
        CPU("odd", cores=1, **figures)
    assert said in str(error.value)
    assert CPU("fine", cores=1, ghz=2, turbo_ghz=4, vector_ghz=3).clocks == (3, 12**0.5, 4)
