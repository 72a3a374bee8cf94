"""`modelcost fit MODEL --memory 8GB`: the largest batch that fits, for inference and for training."""

from __future__ import annotations

from modelcost.commands.arguments import Parser, add_choice, add_output, shape, whole
from modelcost.errors import ModelCostError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator, Sequence
    from typing import Any

    from modelcost.memory import Memory


def parser(name: str = "fit") -> Parser:
    """What `modelcost fit` takes."""
    from modelcost.dtypes import COMPUTE
    from modelcost.memory.runtimes import RUNTIMES

    told = (
        "The largest batch that fits into so much memory, for inference and for training: of the planned peak of the "
        "tensors alone, and of a whole process of TensorFlow on a CPU, at the upper end of what is estimated. Status 1 "
        "where nothing fits."
    )
    parser = Parser(f"modelcost {name}", told)
    parser.add_model()
    words = "how much there is, such as 8GB (10**9 bytes each) or 512MiB (2**20)"
    parser.add_argument("--memory", metavar="SIZE", required=True, help=words)
    words = "that trains: adam, sgd, ..., a call such as 'SGD(momentum=0.9)', or none: inference alone (adam)"
    parser.add_argument("--optimizer", metavar="NAME", default="adam", help=words)
    words = "do segments of so many layers again on the way back, instead of keeping what they made; sqrt: of the root"
    parser.add_argument("--checkpoints", metavar="N|sqrt", type=_segments, help=words)
    words = "shape of one example, such as 227x227x3; again for each further input"
    parser.add_argument("--input", metavar="SHAPE", type=shape, action="append", help=words)
    add_choice(parser, "--dtype", COMPUTE, None, "what numbers are stored as, or a policy, instead of the layers' own")
    add_choice(parser, "--runtime", RUNTIMES, "tensorflow", "whose habits the plan follows")
    add_output(parser)
    return parser


def run(name: str, words: Sequence[str]) -> int:
    """Show what fits; 1 if nothing does."""
    given = parser(name).parsed(words)
    from modelcost.commands.output import shown
    from modelcost.memory import bytes_in
    from modelcost.render import fit as view

    memory = bytes_in(given.memory)
    planned = _planned(given)
    lines, saved = list(_lines(planned, memory)), _saved(given, planned, memory)
    shown(view, view.Fit(planned.model.name or given.model, memory, given.optimizer, lines, saved), given)
    return 0 if any(line["batch"] for line in lines) else 1


def _segments(text: str) -> int | str:
    return text if text == "sqrt" else whole(text)


def _planned(given: Namespace) -> Memory:
    from modelcost.commands.source import named
    from modelcost.importers import made_for
    from modelcost.memory import Memory

    model = made_for(named(given.model), given.input)
    if given.input is None and not model.inputs:
        raise ModelCostError(f"{given.model}: the shape of its input is not known; give it, as in --input 28x28x1")
    settings = {name: getattr(given, name) for name in ("dtype", "input", "runtime", "checkpoints")}
    if given.optimizer == "none" and given.checkpoints is not None:
        raise ModelCostError("--checkpoints is about training; give an --optimizer other than none")
    settings["optimizer"] = None if given.optimizer == "none" else given.optimizer
    return Memory(model, **settings)


def _lines(planned: Memory, memory: int) -> Iterator[dict[str, Any]]:
    """For each pass the most examples that it can have at once, and the bytes that these take; of one if none fit."""
    from modelcost.memory import PASSES, batch_of_process, largest_batch, most_of_process

    for name in PASSES[: 1 + planned.trains]:
        plan = planned.plan(name)
        batch = largest_batch(plan, memory)
        yield {"pass": name, "of": "tensors", "batch": batch, "bytes": int(plan.peak_bytes(batch or 1))}
        batch = batch_of_process(plan, memory)
        yield {"pass": name, "of": "process", "batch": batch, "bytes": most_of_process(plan, batch or 1)}


def _saved(given: Namespace, planned: Memory, memory: int) -> dict[str, int]:
    """What checkpointing changes, at the largest batch that trains without it (or at 1); nothing if not asked for."""
    if given.checkpoints is None:
        return {}
    from modelcost.memory import largest_batch

    without = planned.but(checkpoints=None)
    return without.but(batch=largest_batch(without.training, memory) or 1).checkpointed(given.checkpoints)
