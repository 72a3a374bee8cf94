"""The same protocol on one thread, by CPU time, for machines never idle: `python -m tests.benchmarks.one_thread`.

Others who use the machine make a call wait, but hardly make it compute longer: CPU time of one thread repeats within a
few per cent where wall time differs by factors. What it shows is how right the model of operations is; not how well
cores work together, which only an idle machine shows.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
import types
from statistics import median
from typing import Any

from tests.benchmarks.accuracy import CASES, ROOT, Case, environment, predictions, table

LEFT_OUT = ("unet", "vgg16", "bert_base", "inception_v3")
"""Networks that take too long on one thread that is shared."""


def alone() -> Any:
    """The stopwatch on one thread of TensorFlow, reading CPU time."""
    import tensorflow as tf

    from modelcost.timing import machine, stopwatch

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    stopwatch.time = types.SimpleNamespace(perf_counter=time.process_time)
    whole = machine.this
    machine.this = lambda *words, **more: whole(*words, **more).changed(cores=1)
    return stopwatch


def measure(seconds: float) -> None:
    from modelcost import zoo

    stopwatch = alone()
    for name, batch, what in CASES:
        if name not in LEFT_OUT and batch <= 64:
            network = stopwatch.Network(zoo.build(name), batch)
            times = stopwatch.repeated(network.call() if what == "inference" else network.step(what), seconds)
            print(json.dumps({"case": [name, batch, what], "best": min(times), "median": median(times)}), flush=True)


def process(word: str, seconds: str) -> list[dict[str, Any]]:
    words = [sys.executable, "-W", "ignore", "-m", "tests.benchmarks.one_thread", word, seconds]
    done = subprocess.run(words, env=environment(), cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def main(words: list[str]) -> None:
    if words[:1] == ["calibrate"]:
        alone().main(words[1:])
    elif words[:1] == ["measure"]:
        measure(float(words[1]))
    else:
        from modelcost.timing import machine
        from modelcost.timing.calibrate import learned

        whole = machine.this
        machine.this = lambda *words, **more: whole(*words, **more).changed(cores=1)
        calibration = learned(machine.this(), process("calibrate", "0.06"), False, {"date": "", "versions": {}})
        truths: dict[Case, list[float]] = {}
        for one in process("measure", "0.5"):
            name, batch, what = one["case"]
            truths[name, batch, what] = [one["best"], one["median"]]
        import modelcost as mc

        rate = int(mc.cost("resnet50").minibatch.forward_flops) / truths["resnet50", 1, "inference"][0]
        table(list(truths), truths, {case: predictions(case, calibration, rate) for case in truths})


if __name__ == "__main__":
    main(sys.argv[1:])
