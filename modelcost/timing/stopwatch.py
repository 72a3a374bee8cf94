"""Times real Keras networks on this machine, in a process of its own: `python -m modelcost.timing.stopwatch`.

What it found goes to standard output, a line of JSON for each network, so that whoever started it needs no framework.
"""

from __future__ import annotations

import json
import sys
import time
from functools import partial

from modelcost.errors import ModelCostError
from modelcost.timing.bench import Bench, benches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

WARM = 3
LEAST, MOST = 7, 200
"""How often a call is timed, at least and at most."""
AGAIN = 1
"""How often all networks are timed again, so that a busy moment does not meet any of them each time."""


def repeated(call: Callable[[], Any], seconds: float) -> list[float]:
    """The seconds of each of some calls, as many as fit into so many seconds, after a few to warm up."""
    for _ in range(WARM):
        call()
    found: list[float] = []
    until = time.perf_counter() + seconds
    while len(found) < LEAST or (len(found) < MOST and time.perf_counter() < until):
        start = time.perf_counter()
        call()
        found.append(time.perf_counter() - start)
    return found


class Network:
    """A real Keras network, the twin of one of ours, ready to be called on random numbers."""

    def __init__(self, model: Any, batch: int) -> None:
        from modelcost.verification.frameworks import keras, tensorflow
        from modelcost.verification.twins import twin_of

        self.tf, self.keras, self.batch = tensorflow(), keras(), batch
        self.twin = twin_of(model)
        self.inputs = [self._random(one) for one in self.twin.inputs]

    def _random(self, one: Any) -> Any:
        shape = (self.batch, *one.shape[1:])
        if "int" in str(one.dtype):
            return self.tf.zeros(shape, one.dtype)
        return self.tf.random.normal(shape)

    @property
    def given(self) -> Any:
        """What the network is called on."""
        return self.inputs if len(self.inputs) > 1 else self.inputs[0]

    def call(self, mode: str = "graph") -> Callable[[], Any]:
        """A forward call in inference, as a function of nothing."""
        if mode == "predict":
            return lambda: self.twin.predict(self.given, batch_size=self.batch, verbose=0)
        eager = lambda: self.twin(self.given, training=False)  # noqa: E731
        if mode == "eager":
            return eager
        return self.tf.function(eager)  # type: ignore[no-any-return]

    def step(self, optimizer: str) -> Callable[[], Any]:
        """A training step: forward, backward, and the optimizer's update, of a loss that is nearly free."""
        tf, chosen = self.tf, self.keras.optimizers.get(optimizer)
        weights = self.twin.trainable_variables
        chosen.build(weights)

        def step() -> Any:
            with tf.GradientTape() as tape:
                out = tf.nest.flatten(self.twin(self.given, training=True))
                loss = tf.add_n([tf.reduce_sum(one) for one in out])
            gradients = tape.gradient(loss, weights)
            pairs = [(g, w) for g, w in zip(gradients, weights, strict=True) if g is not None]
            chosen.apply([g for g, _ in pairs], [w for _, w in pairs])
            return loss

        return tf.function(step)  # type: ignore[no-any-return]


def to_time(bench: Bench) -> list[tuple[str, Callable[[], Any]]]:
    """What is timed of a network: a call in inference, and a training step with each of its optimizers."""
    network = Network(bench.build(), bench.batch)
    return [("inference", network.call()), *((name, network.step(name)) for name in bench.optimizers)]


def told(name: str, what: str, times: list[float]) -> dict[str, Any]:
    """The best and the usual of some times."""
    ordered = sorted(times)
    middle = ordered[round(len(ordered) / 2 - 0.5)]
    return {"bench": name, "what": what, "best": ordered[0], "median": middle, "times": len(ordered)}


SIZES = (256, 512, 1024, 2048)
"""Of the square matrices whose product shows the peak."""


def peak(seconds: float) -> float:
    """The most FLOP/s that products of matrices reach."""
    from modelcost.verification.frameworks import tensorflow

    tf = tensorflow()
    found = 0.0
    for size in SIZES:
        a, b = tf.random.normal((size, size)), tf.random.normal((size, size))
        product = tf.function(lambda a=a, b=b: tf.matmul(a, b))
        found = max(found, 2 * size**3 / min(repeated(product, seconds)))
    return found


STREAMS = {"l2": 1 / 3, "l3": 0.4, "memory": 8.0}
"""How much of a level the tensors of a sum fill that shows its bandwidth: of memory, so many times the level above."""


def bandwidths(capacities: dict[str, float], seconds: float) -> dict[str, float]:
    """The bytes/s at which sums of tensors are read and written, out of each level of memory.

    That of many sums in one call less that of few, so that what a call takes by itself is not in it.
    A level is at least as fast as those below it: where it does not seem so, something else was in the way.
    """
    found: dict[str, float] = {}
    largest = max(capacities.values(), default=32 * 2**20)
    for level in reversed(STREAMS):
        if level in capacities or level == "memory":
            size = min(256 * 2**20, capacities.get(level, largest) * STREAMS[level])
            found[level] = max(_stream(round(size / 3 / 4), seconds), *found.values(), 1.0)
    return {level: found[level] for level in STREAMS if level in found}


def _stream(length: int, seconds: float) -> float:
    """The bytes/s of adding a tensor of so many numbers to another, which reads two and writes one."""
    from modelcost.verification.frameworks import tensorflow

    tf = tensorflow()
    a, b = tf.Variable(tf.random.normal((length,))), tf.Variable(tf.random.normal((length,)))

    def added(times: int) -> None:
        for _ in range(times):
            a.assign_add(b)

    few, many = (min(repeated(tf.function(partial(added, times)), seconds)) for times in (2, 18))
    return 3 * 4 * length * 16 / max(many - few, 1e-9)


def calls(seconds: float) -> dict[str, float]:
    """The seconds of a call beside its operations, by mode: those of a network that does almost nothing."""
    import modelcost.layers as layers
    from modelcost.sequential import Sequential

    network = Network(Sequential([layers.Input((4,)), layers.Dense(1)]), 1)
    found = {mode: min(repeated(network.call(mode), seconds)) for mode in ("graph", "eager", "predict")}
    deeper = Network(Sequential([layers.Input((4,)), *(layers.Dense(4) for _ in range(9)), layers.Dense(1)]), 1)
    each = [min(repeated(deeper.call(mode), seconds)) - found[mode] for mode in ("eager", "graph")]
    return {**found, "each": max(0.0, (each[0] - each[1]) / 9), **loops(network)}


FEW, MANY = 5, 65
"""Mini-batches, whose times differ by what Keras's loops take for each."""


def loops(network: Network) -> dict[str, float]:
    """The seconds of Keras's own loops for each mini-batch of a network that does almost nothing."""
    from modelcost.verification.frameworks import tensorflow

    tf, twin = tensorflow(), network.twin
    twin.compile("sgd", "mse")
    found = {}
    for name in ("predict", "fit"):
        best = []
        for batches in (FEW, MANY):
            x = tf.zeros((batches, *twin.inputs[0].shape[1:]))
            given = (x,) if name == "predict" else (x, tf.zeros((batches, 1)))
            call = partial(getattr(twin, name), *given, batch_size=1, verbose=0)
            best.append(min(repeated(call, 0.0)))
        found[f"each_{name}"] = max(1e-6, (best[1] - best[0]) / (MANY - FEW))
    return found


def main(words: list[str]) -> None:
    """Time everything and say it, line by line; the arguments are seconds for each network, and "thorough"."""
    from modelcost.timing.machine import this
    from modelcost.timing.rates import capacities
    from modelcost.verification.frameworks import tensorflow

    tensorflow()  # an error where it is not there, before anything is told of
    seconds, several = float(words[0]), benches("thorough" in words)
    say({"total": (1 + AGAIN) * len(several) + 2})
    cpu = this()
    say({"peak": peak(seconds), "bandwidths": bandwidths(capacities(cpu), seconds)})
    say({"calls": calls(seconds)})
    traced = []
    for number in range(1 + AGAIN):
        for i, bench in enumerate(several):
            if not number:
                traced.append(to_time(bench))
            for what, call in traced[i]:
                say(told(bench.name, what, repeated(call, seconds)))
            say({"done": bench.name})


def say(found: dict[str, Any]) -> None:
    """A line of JSON, at once."""
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except ModelCostError as error:
        say({"error": str(error)})
