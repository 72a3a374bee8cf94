"""How right predicted times are: `python -m tests.benchmarks.accuracy [--quick] [--minutes M] [--keep FILE]`.

The protocol: calibrate in a process of its own; then predict; then measure whole networks that no calibration has
seen, in other processes, all of them in turn and the whole round again, minutes apart, so that a busy moment meets
them alike; as many rounds as the time allows for. The truth of a network is its best pass; how much its passes differ
is the machine's own noise, below which no predictor can be told from another. Errors are in seconds, never in
logarithms. Nothing is tuned here.

`--keep FILE` writes all that was measured, as soon as it is known, and `--from FILE` fits and predicts from it anew
without measuring anything. `--thorough` calibrates longer. `--save docs/data/time.json` writes what the
documentation shows. All of it takes up to a quarter of an hour, on a machine that nobody else uses meanwhile.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import mean, median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).parents[2]
CASES = (
    ("resnet50", 1, "inference"), ("resnet50", 4, "inference"), ("mobilenet_v2", 1, "inference"),
    ("mobilenet_v2", 16, "inference"), ("efficientnet_b0", 1, "inference"), ("densenet121", 1, "inference"),
    ("inception_v3", 1, "inference"), ("vgg16", 1, "inference"), ("alexnet", 1, "inference"),
    ("resnet18", 8, "inference"), ("vit_b16", 1, "inference"), ("bert_base", 1, "inference"),
    ("unet", 1, "inference"), ("lenet5", 1, "inference"), ("lenet5", 64, "inference"), ("mnist_mlp", 1, "inference"),
    ("mlp_128", 128, "inference"), ("spectrogram_cnn", 1, "inference"), ("spectrogram_lstm", 8, "inference"),
    ("recurrent_three", 1, "inference"), ("lstm_stack", 32, "inference"), ("fashion_cnn_bn", 32, "inference"),
    ("resnet18", 2, "sgd"), ("mobilenet_v2", 4, "sgd"), ("efficientnet_b0", 2, "sgd"), ("lenet5", 32, "sgd"),
    ("mnist_mlp", 128, "sgd"), ("fashion_cnn_bn", 32, "sgd"), ("cifar_convs_only", 32, "adam"),
    ("cifar_convs_and_pools", 32, "adam"), ("spectrogram_lstm", 8, "sgd"), ("alexnet", 8, "sgd"),
    ("cnn_128", 64, "adam"), ("mlp_128", 128, "adam"), ("densenet121", 1, "sgd"), ("resnet50", 4, "sgd"),
)  # fmt: skip
"""Networks of the zoo, none of which a calibration times: on how many examples, and in inference or in a training step
with which optimizer."""
QUICK = tuple(case for case in CASES if case[0] in ("lenet5", "mnist_mlp", "mobilenet_v2", "spectrogram_lstm"))
PASSES, SECONDS, MINUTES = 3, 0.8, 14.0
TOGETHER = 6
"""So many networks are measured in one process, one after the other."""
SHEET = {"turbo_ghz": 3.7, "bandwidth": 38.4}
"""What the machine does not tell itself: the highest clock of its sheet (an EPYC of the fourth generation, as the 9654;
that which it keeps it tells), and one of its channels of DDR5-4800 for its two cores."""
Case = tuple[str, int, str]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}


def a_round(cases: Sequence[Case]) -> Iterator[tuple[Case, float]]:
    """The best time of each network, some together measured in a process of their own."""
    for first in range(0, len(cases), TOGETHER):
        several = json.dumps(cases[first : first + TOGETHER])
        words = [sys.executable, "-W", "ignore", "-m", "tests.benchmarks.accuracy", "--measure", several]
        done = subprocess.run(words, env=environment(), cwd=ROOT, capture_output=True, text=True)
        for line in done.stdout.splitlines():
            name, batch, what, best = json.loads(line)
            yield (name, batch, what), best
        if done.returncode:  # what was not measured is left out of the tables, and said here
            print(f"{several}: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)


def measure(cases: Sequence[Case]) -> None:
    """What that process does."""
    for name, batch, what in cases:
        print(json.dumps([name, batch, what, best_time(name, batch, what)]), flush=True)


def best_time(name: str, batch: int, what: str) -> float:
    """The least of many calls, after as many as it takes to get warm."""
    from modelcost import zoo
    from modelcost.timing.stopwatch import Network, repeated

    network = Network(zoo.build(name), batch)
    call = network.call() if what == "inference" else network.step(what)
    best, again = min(repeated(call, 0.3)), min(repeated(call, SECONDS))
    if again < 0.97 * best:  # not warm yet
        again = min(again, min(repeated(call, SECONDS)))
    return min(best, again)


def predictions(case: Case, calibration: Any, gflops: float) -> dict[str, tuple[float, float, float]]:
    """Seconds, and the interval, by every method."""
    import modelcost as mc
    from modelcost.timing import estimate
    from modelcost.timing.machine import this

    name, batch, what = case
    training = what != "inference"
    report = mc.cost(name, batch=batch, optimizer=what if training else None)
    cpu = this()
    if cpu.bandwidth is None:
        from modelcost.timing.cpu import CPU

        cpu = CPU(**{**cpu.figures, **SHEET})
    found = {}
    for method in ("textbook", "roofline", "calibrated"):
        given = calibration if method == "calibrated" else None
        time = estimate.estimate(report, cpu, method, calibration=given)
        span = time.minibatch if training else time.inference
        found[method] = (span.seconds, span.low, span.high)
        if method == "textbook":
            flops = int(report.minibatch.forward_flops) * (3 if training else 1)
            peak = flops / float(cpu.peak)
            found["flops / peak"] = (peak, peak, peak)
            constant = flops / gflops
            found["constant rate"] = (constant, constant, constant)
    return found


def ranks(values: Sequence[float]) -> list[float]:
    ordered = sorted(range(len(values)), key=values.__getitem__)
    found = [0.0] * len(values)
    for place, i in enumerate(ordered):
        found[i] = float(place)
    return found


def spearman(one: Sequence[float], other: Sequence[float]) -> float:
    """The correlation of ranks, for values that are all different."""
    count = len(one)
    if count < 2:
        return 1.0
    apart = sum((a - b) ** 2 for a, b in zip(ranks(one), ranks(other), strict=True))
    return 1 - 6 * apart / (count * (count**2 - 1))


def scores(truth: Sequence[float], told: Sequence[tuple[float, float, float]]) -> dict[str, float]:
    errors = [abs(p - t) / t for t, (p, _, _) in zip(truth, told, strict=True)]
    ratios = [p / t for t, (p, _, _) in zip(truth, told, strict=True)]
    return {
        "median error": median(errors),
        "mean error": mean(errors),
        "within 10%": mean(error <= 0.1 for error in errors),
        "within 20%": mean(error <= 0.2 for error in errors),
        "rank corr.": spearman(truth, [p for p, _, _ in told]),
        "bias": median(ratios),
        "factor": median(max(ratio, 1 / ratio) for ratio in ratios),
        **(
            {"holds": mean(low <= t <= high for t, (_, low, high) in zip(truth, told, strict=True))}
            if any(low < high for _, low, high in told)
            else {}
        ),
    }


def table(cases: Sequence[Case], truths: dict[Case, list[float]], told: dict[Case, dict[str, Any]]) -> None:
    """Every network, then the scores of each method in inference, in training, and in all."""
    methods = list(next(iter(told.values())))
    print(f"{'network':<34}{'measured':>11}{'noise':>8}" + "".join(f"{name:>15}" for name in methods))
    for case in cases:
        best, worst = min(truths[case]), max(truths[case])
        cells = "".join(f"{told[case][name][0] / best:>14.2f}x" for name in methods)
        print(f"{' '.join(map(str, case)):<34}{best * 1000:>8.2f} ms{worst / best - 1:>8.0%}{cells}")
    kinds = {"inference": lambda case: case[2] == "inference", "training": lambda case: case[2] != "inference"}
    for label, chosen in {**kinds, "all": lambda case: True}.items():
        some = [case for case in cases if chosen(case)]
        if not some:
            continue
        truth = [min(truths[case]) for case in some]
        noise = median(max(truths[case]) / min(truths[case]) - 1 for case in some)
        print(f"\n{label}: {len(some)} networks; passes differ by {noise:.0%} in the median")
        for name in methods:
            found = scores(truth, [told[case][name] for case in some])
            shown = (f"{key} {value:.3f}" if key == "rank corr." else f"{key} x{value:.2f}" if key in ("bias", "factor")
                     else f"{key} {value:.0%}" for key, value in found.items())  # fmt: skip
            print(f"  {name:<15}{', '.join(shown)}")


def save(path: str, kept: Kept, told: dict[Case, dict[str, Any]], machine: str) -> None:
    """Write the file that the page on time is made of."""
    import datetime
    from importlib.metadata import version

    truths = kept.truths
    kinds = {"inference": lambda case: case[2] == "inference", "training": lambda case: case[2] != "inference"}
    of_kind = {kind: [case for case in truths if chosen(case)] for kind, chosen in kinds.items()}
    found = {
        "machine": machine,
        "date": datetime.date.today().isoformat(),
        "tensorflow": version("tensorflow"),
        "calibration_seconds": round(kept.seconds, 1),
        "passes": max(map(len, truths.values())),
        "scores": {
            kind: {
                method: scores([min(truths[case]) for case in cases], [told[case][method] for case in cases])
                for method in told[cases[0]]
            }
            for kind, cases in of_kind.items()
            if cases
        },
        "networks": [
            {"network": case[0], "batch": case[1], "what": case[2], "seconds": truths[case], "predicted": told[case]}
            for case in truths
        ],
    }
    Path(path).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def words_of(case: Case) -> str:
    return " ".join(map(str, case))


class Kept:
    """All that was measured: the lines of the stopwatch, and the times of each network, one for each round."""

    def __init__(self, path: str | None) -> None:
        self.path, self.lines, self.seconds = path, [], 0.0  # those that the calibration took
        self.truths: dict[Case, list[float]] = {}

    def read(self, path: str) -> None:
        told = json.loads(Path(path).read_text())
        self.lines, self.seconds = told["lines"], told.get("seconds", 0.0)
        self.truths = {(name, batch, what): times for (name, batch, what), times in told["truths"]}

    def write(self) -> None:
        if self.path:
            told = {
                "lines": self.lines,
                "seconds": self.seconds,
                "truths": [[list(case), times] for case, times in self.truths.items()],
            }
            Path(self.path).write_text(json.dumps(told))


def timed_all(kept: Kept, cases: Sequence[Case], thorough: bool, passes: int, minutes: float) -> None:
    """Calibrate, then measure, and keep what comes."""
    from modelcost.timing.calibrate import timed

    begun = time.monotonic()
    tell = lambda text: print(text, end="\r", file=sys.stderr)  # noqa: E731
    kept.lines = list(timed(thorough, tell))
    kept.seconds = time.monotonic() - begun
    kept.write()
    print(f"\ncalibrated in {kept.seconds:.0f} s; load {os.getloadavg()}", file=sys.stderr)
    longest = 0.0
    for number in range(passes):
        start = time.monotonic()
        if number and start - begun + longest > 60 * minutes:
            break
        for case, best in a_round(cases):
            kept.truths.setdefault(case, []).append(best)
            print(f"pass {number + 1}: {words_of(case)}: {best * 1000:.2f} ms", file=sys.stderr)
            kept.write()
        longest = max(longest, time.monotonic() - start)


def main(words: list[str]) -> None:
    names = ("--measure", "--keep", "--from", "--minutes", "--save")
    option = {word: words[words.index(word) + 1] for word in names if word in words}
    if "--measure" in option:
        measure(json.loads(option["--measure"]))
        return
    kept, quick = Kept(option.get("--keep")), "--quick" in words
    if "--from" in option:
        kept.read(option["--from"])
    else:
        minutes = float(option.get("--minutes", MINUTES))
        timed_all(kept, QUICK if quick else CASES, "--thorough" in words, 1 if quick else PASSES, minutes)
    import modelcost as mc
    from modelcost.timing.calibrate import learned
    from modelcost.timing.machine import this

    calibration = learned(this(), kept.lines, "--thorough" in words, {"date": "", "versions": {}})
    reference = ("resnet18", 8, "inference")
    known = reference if reference in kept.truths else next(iter(kept.truths))
    gflops = int(mc.cost(known[0], batch=known[1]).minibatch.forward_flops) / min(kept.truths[known])
    told = {case: predictions(case, calibration, gflops) for case in kept.truths}
    table(list(kept.truths), kept.truths, told)
    if "--save" in option:
        save(option["--save"], kept, told, this().name)


if __name__ == "__main__":
    main(sys.argv[1:])
