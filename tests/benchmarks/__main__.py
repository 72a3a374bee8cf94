"""How fast modelcost is, as ratios measured within one run: `python -m tests.benchmarks [NAME ...]`.

Machines differ and are busy; ratios to something fixed, measured in turn with it, say more than
seconds. Each line: what, the median, the ratio, and the goal.
"""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
COMPILED = tempfile.TemporaryDirectory()
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
ENVIRONMENT |= {"PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": COMPILED.name}
"""Processes find modelcost compiled, as one does that was installed, or was run once before."""


def seconds(work: Callable[[], Any]) -> float:
    """How long it takes, once."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def medians(works: list[Callable[[], Any]], repeats: int) -> list[float]:
    """The median time of each, all of them run in turn so that a busy moment meets them alike."""
    times: list[list[float]] = [[] for _ in works]
    for _ in range(repeats):
        for i, work in enumerate(works):
            times[i].append(seconds(work))
    return [statistics.median(each) for each in times]


def process(*words: str) -> Callable[[], Any]:
    """A whole Python process, from nothing to its end."""
    return lambda: subprocess.run([sys.executable, *words], env=ENVIRONMENT, check=True, stdout=subprocess.DEVNULL)


def loop() -> int:
    """The fixed piece of pure Python that work in this process is compared with: about 10 ms on a laptop."""
    total = 0
    for i in range(200_000):
        total += i * i % 7
    return total


def line(what: str, time_taken: float, ratio: float, of: str, goal: str) -> None:
    """One result."""
    print(f"{what:<52}{time_taken * 1000:>10.1f} ms{ratio:>9.2f} x {of:<16} goal: {goal}")


def start() -> None:
    """The whole command against an empty Python process."""
    command = ["-m", "modelcost", "alexnet", "--batch", "64"]
    commands = [["-c", "pass"], ["-c", "import modelcost"], ["-m", "modelcost", "--version"], command]
    works = [process(*words) for words in [*commands, [*command, "--format", "json"]]]
    for work in works:
        work()  # so that all is compiled
    nothing, imported, version, table, as_json = medians(works, 15)
    line("python -c pass", nothing, 1, "python -c pass", "")
    line("import modelcost", imported, imported / nothing, "python -c pass", "")
    line("modelcost --version", version, version / nothing, "python -c pass", "")
    line("modelcost alexnet --batch 64", table, table / nothing, "python -c pass", "at most 8, better 5")
    line("modelcost alexnet --batch 64 --format json", as_json, as_json / nothing, "python -c pass", "")


def models() -> None:
    """Building and costing a model in this process, nothing remembered from the time before."""
    import modelcost as mc
    from modelcost.layers import base

    def built(name: str) -> Callable[[], Any]:
        def work() -> None:
            base._remembered.clear()
            report = mc.cost(mc.zoo.build(name), batch=64)
            assert report.minibatch.forward_flops

        return work

    goals = {"lenet5": "", "resnet50": "10 ms", "densenet121": "", "gpt2": "", "gpt3_175b": "20 ms"}
    for name in goals:
        built(name)()
    reference, *times = medians([loop, *map(built, goals)], 15)
    line("reference loop", reference, 1, "reference loop", "")
    for (name, goal), taken in zip(goals.items(), times, strict=True):
        line(f"build and cost {name}", taken, taken / reference, "reference loop", goal)


def memory() -> None:
    """The most that a fresh process holds while it costs GPT-3 (Linux says it; other systems count the parent in)."""
    status = Path("/proc/self/status")
    if not status.exists():
        print("memory of costing gpt3_175b: not measured on this system")
        return
    code = "import modelcost as mc; mc.cost('gpt3_175b', batch=64).minibatch.forward_flops\n"
    ending = f"print(next(line for line in open('{status}') if line.startswith('VmHWM')))"
    peak, empty = (
        int(subprocess.check_output([sys.executable, "-c", each], env=ENVIRONMENT, text=True).split()[1]) / 1024
        for each in (code + ending, ending)
    )
    print(
        f"{'memory of costing gpt3_175b':<52}{peak:>10.1f} MiB{peak / empty:>8.2f} x {'empty process':<16} goal: 60 MB"
    )


MANY, SAMPLE = 1_000_000, 20


def bindings() -> None:
    """A million random (batch, height, width) for ResNet-50, by rebinding and by building each anew."""
    import numpy as np

    import modelcost as mc
    from modelcost.layers import base

    chance = np.random.default_rng(0)
    sizes = {word: chance.integers(32, most, MANY) for word, most in (("batch", 1025), ("height", 513), ("width", 513))}
    figure = mc.cost(mc.zoo.resnet50(), batch=64).minibatch.forward_flops
    chosen = random.Random(0).sample(range(MANY), SAMPLE)

    def rebuilt() -> list[int]:
        found = []
        for i in chosen:
            batch, height, width = (int(sizes[word][i]) for word in ("batch", "height", "width"))
            base._remembered.clear()
            model = mc.zoo.resnet50(input_shape=(height, width, 3))
            found.append(int(mc.cost(model, batch=batch).minibatch.forward_flops))
        return found

    def rebound() -> Any:
        return figure.rebind(**sizes)

    assert [int(rebound()[i]) for i in chosen] == rebuilt()
    fast, slow = medians([rebound, rebuilt], 3)
    each = slow / SAMPLE * MANY
    line("a million bindings of resnet50, rebound", fast, fast / each, "rebuilt", "1 s")
    line("a million bindings of resnet50, rebuilt (from a few)", each, each / fast, "rebound", "")


def sweeps() -> None:
    """A million points of ResNet-50 as a sweep: a grid, what picks of it, and a search of structure point by point."""
    import modelcost as mc

    sizes = {"batch": range(1, 101), "height": range(32, 132), "width": range(32, 132)}
    figures = ["params", "activation_bytes", "minibatch.forward_flops"]
    grid = mc.sweep("resnet50", sizes, figures=figures)
    assert len(grid) == MANY
    chosen = [grid[i] for i in random.Random(0).sample(range(MANY), SAMPLE)]

    def alone() -> None:
        for point in chosen:
            shape = (point["height"], point["width"], 3)
            report = mc.cost("resnet50", batch=point["batch"], input=shape)
            assert [report.figure(name) for name in figures] == [point[name] for name in figures]

    def built(units: int) -> Any:
        return mc.Sequential([mc.Input((784,)), mc.Dense(units), mc.Dense(units), mc.Dense(10)])

    works = [loop, lambda: len(mc.sweep("resnet50", sizes, figures=figures)), alone]
    works += [lambda: grid.pareto("-batch", "minibatch.forward_flops"), lambda: grid.sort("minibatch.forward_flops")]
    works += [lambda: grid.where("minibatch.forward_flops < 1T and batch >= 8"), grid.to_csv, grid.to_json]
    works += [lambda: len(mc.sweep(built, units=range(1, 101)))]
    reference, fast, slow, front, sort, where, csv, json, search = medians(works, 3)
    each = slow / SAMPLE * MANY
    line("reference loop", reference, 1, "reference loop", "")
    line("a grid of a million points of resnet50", fast, fast / each, "one by one", "about 1 s")
    line("the same one by one (from a few)", each, each / fast, "the grid", "")
    done = (
        ("its Pareto front", front),
        ("sorting it", sort),
        ("a condition", where),
        ("as CSV", csv),
        ("as JSON", json),
    )
    for name, taken in done:
        line(f"  {name}", taken, taken / fast, "the grid", "")
    line("a hundred models of a function", search, search / reference, "reference loop", "")


PROFILED = """
import sys
import keras
from modelcost.verification.frameworks import profile
model = keras.models.load_model(sys.argv[1], compile=False)
print(sum(profile(model, 1, lambda text: None).values()))
"""
"""What a person runs who asks the TensorFlow profiler."""


def profiler() -> None:
    """ResNet-50's `.keras` file, read and costed without TensorFlow, against TensorFlow's profiler on the same model.

    Needs TensorFlow. Cold is a whole process; warm is the work alone, in a process that has all loaded.
    """
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = ENVIRONMENT["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import keras

    import modelcost as mc
    from modelcost.layers import base
    from modelcost.verification.frameworks import profile

    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder) / "resnet50.keras")
        model = keras.applications.ResNet50(weights=None)
        model.save(file)

        def costed() -> Any:
            base._remembered.clear()
            return mc.cost(mc.load(file), convention="tf").flops

        def profiled() -> Any:
            return sum(profile(model, 1, lambda text: None).values())

        assert costed() == profiled()
        nothing, cold = medians([process("-c", "pass"), process("-m", "modelcost", file)], 7)
        (by_profiler,) = medians([process("-c", PROFILED, file)], 3)
        warm, profiling = medians([costed, profiled], 5)
    line("python -c pass", nothing, 1, "python -c pass", "")
    line("modelcost resnet50.keras", cold, cold / nothing, "python -c pass", "0.1 s")
    line("the profiler on resnet50.keras, cold", by_profiler, by_profiler / cold, "modelcost", "")
    line("read and cost resnet50.keras, warm", warm, warm / profiling, "the profiler", "")
    line("the profiler on ResNet-50, warm", profiling, profiling / warm, "modelcost", "")


def predictions() -> None:
    """The time of a network on a calibrated CPU, beside what it costs to know the network's figures at all."""
    import modelcost as mc
    from modelcost.timing.calibration import Calibration
    from modelcost.timing.estimate import estimate
    from modelcost.timing.features import priors
    from modelcost.timing.rates import rates

    cpu = mc.CPU.named("i7-8700k")
    off = {"inference": (0.9, 1.1), "training": (0.9, 1.1)}
    calibration = Calibration(cpu, rates(cpu)[1], priors(), off, {"date": "2026-01-01"})
    report = mc.cost("resnet50", batch=8)
    works = [loop, lambda: mc.cost("resnet50", batch=8).minibatch.forward_flops]
    works += [lambda: estimate(report, cpu, "calibrated", calibration=calibration)]
    works += [lambda: estimate(report, cpu, "roofline"), lambda: estimate(report, cpu, "textbook")]
    reference, *times = medians(works, 9)
    line("reference loop", reference, 1, "reference loop", "")
    for name, taken in zip(
        ("cost of", "calibrated time of", "roofline time of", "textbook time of"), times, strict=True
    ):
        line(f"{name} resnet50", taken, taken / reference, "reference loop", "milliseconds")


BENCHMARKS = {
    "start": start, "models": models, "memory": memory, "bindings": bindings, "sweeps": sweeps, "profiler": profiler,
    "predictions": predictions,
}  # fmt: skip

if __name__ == "__main__":
    for name in sys.argv[1:] or BENCHMARKS:
        BENCHMARKS[name]()
