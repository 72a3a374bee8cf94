"""The levels of a cost: one example, a mini-batch, an epoch, a run."""

from __future__ import annotations

from modelcost.count import Count, total
from modelcost.figures import Figures, Level, Row, absent, summed
from modelcost.layers.windows import windows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

LEVELS = ("example", "minibatch", "epoch", "run")
"""What the figures of a pass are of, from the least to the most."""
NEEDS = {
    "epoch": "the number of training examples; give data=...",
    "run": "the number of training examples and of epochs; give data=... and epochs=...",
}
"""The levels that are there only where arguments are given for them, and these."""


def levels(
    rows: Sequence[Row], totals: Figures, batch: int, settings: Mapping[str, int], guarded: Callable[[Any], Any]
) -> dict[str, Level]:
    """FLOPs of the forward pass: work for each example times the examples, work for each call times the calls."""

    def forward(which: int, name: str) -> Any:
        flops = ((row.name, row.flops_by_call()[which]) for row in rows)
        whole = total(part.called(layer) for layer, part in flops if not absent(part))
        return whole if absent(whole) else whole.called(name)

    def passes(examples: Any, calls: Any) -> Any:
        pairs = ((examples, forward(0, "each")), (calls, forward(1, "once")))
        return guarded(summed(times * flops for times, flops in pairs if not absent(flops)))

    N = Count(batch, "N", size="batch")
    found = {
        "example": Level("example", {"forward_flops": lambda: totals.flops}),
        "minibatch": Level("minibatch", {"forward_flops": lambda: passes(N, 1)}),
    }
    if "data" in settings:
        data, epochs = Count(settings["data"], "data"), settings.get("epochs")
        steps = windows("", data, 1, N, padding="same").called("steps")
        epoch = found["epoch"] = Level("epoch", {"steps": steps, "forward_flops": lambda: passes(data, steps)})
        if epochs:
            times = Count(epochs, "epochs")
            run = {"steps": times * steps, "forward_flops": lambda: times * epoch.forward_flops.called("epoch")}
            found["run"] = Level("run", run)
    return found
