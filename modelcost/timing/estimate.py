"""How long a model takes on a CPU: one example, a mini-batch, an epoch, a run; by one of several methods."""

from __future__ import annotations

from modelcost.dtypes import DEFAULT
from modelcost.errors import ModelCostError, short, unknown
from modelcost.figures import MissingFigureError
from modelcost.timing.cpu import CPU
from modelcost.timing.own import cpu_of
from modelcost.timing.roofline import CALLS
from modelcost.timing.span import Span, together

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from modelcost.model import Model
    from modelcost.report import Report
    from modelcost.timing.calibration import Calibration
    from modelcost.training.schedule import Batches, Schedule

METHODS = ("textbook", "roofline", "calibrated", "measure")
"""From the least that has to be known to the most: operations over a rate; the CPU's sheet; micro-benchmarks of this
machine; the model itself, run."""
PARTS = ("inference", "forward", "backward", "optimizer", "waiting", "validation", "test")
STEP = ("forward", "backward", "optimizer")
"""The parts that a training step consists of; passes over held out examples stand apart."""
LEVELS = ("example", "inference", "minibatch", "epoch", "run")
NEEDS = {"epoch": "data=...", "run": "data=... and epochs=..."}


class LevelTime(Span):
    """The time of one level: of training, if that was asked for, else of its forward calls; and its parts.

    `inference` is the same forward only; `forward`, `backward` and `optimizer` make up training; `validation` and
    `test` are passes over held out examples, which are in no sum; `waiting` is what the optimizer of a mini-batch takes
    instead where it only adds up gradients.
    """

    __slots__ = ("parts",)

    def __init__(self, parts: Mapping[str, Span]) -> None:
        trained = together(parts[name] for name in STEP if name in parts)
        whole = trained if "forward" in parts else parts["inference"]
        super().__init__(whole.seconds, whole.low, whole.high)
        self.parts = dict(parts)

    def __getattr__(self, name: str) -> Span:
        if name.startswith("_") or name not in PARTS or name not in self.parts:
            raise AttributeError(name)
        return self.parts[name]

    def times(self, count: float) -> LevelTime:
        """So many of them, one after the other."""
        return LevelTime({name: span * count for name, span in self.parts.items()})

    def after(self, other: LevelTime) -> LevelTime:
        """This and another, one after the other."""
        return LevelTime({name: span + other.parts[name] for name, span in self.parts.items()})

    def plain(self) -> dict[str, Any]:
        if list(self.parts) == ["inference"]:
            return super().plain()
        return {**super().plain(), **{name: span.plain() for name, span in self.parts.items()}}


class RowTime(Span):
    """The time of one layer in inference on a mini-batch: what it reads and writes, and what it waits for most."""

    __slots__ = ("bound", "flops", "layer", "read_bytes", "written_bytes")

    def __init__(self, layer: str, span: Span, flops: int, read_bytes: int, written_bytes: int, bound: str) -> None:
        super().__init__(span.seconds, span.low, span.high)
        self.layer, self.flops, self.bound = layer, flops, bound
        self.read_bytes, self.written_bytes = read_bytes, written_bytes

    @property
    def intensity(self) -> float:
        """FLOPs for each byte that is read or written."""
        return self.flops / max(1, self.read_bytes + self.written_bytes)

    def plain(self) -> dict[str, Any]:
        moved = {name: getattr(self, name) for name in ("flops", "read_bytes", "written_bytes")}
        return {"name": self.layer, **super().plain(), **moved, "intensity": self.intensity, "bound": self.bound}


class Time:
    """The time of a model: `time.run.seconds`, `time.minibatch.low`, `time.inference.high`, `time["conv1"].bound`.

    `inference`: one forward call on a mini-batch; `example`: on one example; `minibatch`: one training step where an
    optimizer was given, else the same as `inference`; `epoch` and `run`: all of their mini-batches.
    """

    def __init__(self, head: Mapping[str, Any], levels: Mapping[str, LevelTime], rows: Sequence[RowTime] = ()) -> None:
        self.head, self.levels = dict(head), dict(levels)
        self.rows = {row.layer: row for row in rows}
        self.cpu: str = head["cpu"]
        self.method: str = head["method"]
        self.roofs: dict[str, float] = {}
        self.by_cores: dict[int, dict[str, LevelTime]] = {}
        self.workings: dict[str, Any] = {}

    def __getattr__(self, name: str) -> LevelTime:
        if name.startswith("_") or name not in LEVELS:
            raise AttributeError(name)
        if name not in self.levels:
            raise MissingFigureError(f"no time of {name} without {NEEDS.get(name, 'it')}")
        return self.levels[name]

    def __getitem__(self, layer: str) -> RowTime:
        if layer not in self.rows:
            raise unknown("layer with a time of its own", layer, self.rows)
        return self.rows[layer]

    def __repr__(self) -> str:
        return f"<Time on {self.cpu}, {self.method}: {self.inference.seconds:.3g} s for a forward call>"

    def plain(self) -> dict[str, Any]:
        """All of it as plain data, as JSON has it."""
        levels = {name: level.plain() for name, level in self.levels.items()}
        layers = {"layers": [row.plain() for row in self.rows.values()]} if self.rows else {}
        by_cores = [
            {"cores": cores, **{name: level.plain() for name, level in found.items()}}
            for cores, found in self.by_cores.items()
        ]
        return {**self.head, **levels, **({"by_cores": by_cores} if by_cores else {}), **layers}


def timed(report: Report, model: Model, cpu: CPU | str | None, method: str | None, mode: str, assume: Any) -> Time:
    """The time of a report on a model, as `cost` was asked for it; an error where no CPU was named."""
    if cpu is None:
        raise ModelCostError("method and assume are about the time on a CPU; give cpu=...")
    return estimate(report, cpu, method, mode, assume, model=model)


def estimate(
    report: Report,
    cpu: CPU | str,
    method: str | None = None,
    mode: str = "graph",
    assume: Mapping[str, float] | None = None,
    calibration: Calibration | None = None,
    model: Model | None = None,
) -> Time:
    """How long what a report is about takes on a CPU.

    `method`: one of `METHODS`; calibrated where `cpu` is "this" and this machine was calibrated, else roofline.
    `mode`: how the model is called, a traced "graph", "eager", or Keras's "predict" (and `fit`).
    `assume`: other values for the method's assumptions, by their names. `calibration`: one to use instead of this
    machine's. `model`: what the report is about, which is run where it is to be measured.

    Raises `ModelCostError` for what is not known of the CPU, numbers other than float32, sizes that are missing.
    """
    from modelcost.timing.methods import METHOD

    if report.dtype != DEFAULT:
        raise ModelCostError(
            "the time of float32 arithmetic is what is known: what a core does in a cycle, and what was measured, is "
            f"of float32; cost it with dtype float32. Received: dtype {report.dtype}"
        )
    if mode not in CALLS:
        raise unknown("mode", mode, CALLS)
    if assume is not None and not hasattr(assume, "items"):
        raise ModelCostError(f"assume must be a dict of numbers by name. Received: {short(assume)}")
    found = cpu_of(cpu)
    name = method or _best(cpu, calibration)
    if name not in METHOD:
        raise unknown("method", name, METHODS)
    time: Time = METHOD[name](report, found, mode, assume, model if name == "measure" else calibration)
    if report.unknown:
        time.head["notes"] = [UNTIMED.format(", ".join(report.unknown)), *time.head.get("notes", ())]
    return time


UNTIMED = "LOWER BOUND: what unknown layers take is in no time here, nor in its interval: {}."


def _best(cpu: CPU | str, calibration: Calibration | None) -> str:
    if calibration is not None:
        return "calibrated"
    if cpu == "this":
        from modelcost.timing.store import stored

        return "calibrated" if stored() else "roofline"
    return "roofline"


def over_levels(report: Report, on: Callable[[int], LevelTime], once: Span | None = None) -> dict[str, LevelTime]:
    """The levels of a report's time, from that of one mini-batch of so many examples.

    The last mini-batch of a pass may hold fewer, and takes less. `once`: the time of a call beside its
    mini-batches, where one call goes through all of a pass.
    """
    call, schedule = on(report.batch), _schedule(report)
    found = {"example": forward_only(on(1)), "inference": forward_only(call), "minibatch": call}
    found = found if once is None else {name: _called(level, once) for name, level in found.items()}
    if schedule is None:
        return found
    training = _updated(_passed(schedule.training, on), call, schedule.training.steps, schedule.updates)
    epoch = training if once is None else _called(training, once)
    held = {name: _held_out(getattr(schedule, name), on, once) for name in ("validation", "test")}
    validation, test = ({name: span} if (span := held[name]) else {} for name in held)
    found["epoch"] = LevelTime({**epoch.parts, **validation})
    if schedule.epochs is not None:
        run = found["epoch"].times(int(schedule.epochs))
        run = _updated(run, call, schedule.run_steps, schedule.run_updates)
        found["run"] = LevelTime({**run.parts, **test})
    return found


def forward_only(level: LevelTime) -> LevelTime:
    """The same as a level of inference alone."""
    return LevelTime({"inference": level.parts["inference"]})


def _schedule(report: Report) -> Schedule | None:
    """What a report's epochs and runs go through; None without data."""
    from modelcost.training.schedule import Schedule

    words = ("data", "epochs", "validation", "test", "drop_remainder", "early_stop")
    given = {word: report.settings[word] for word in words if word in report.settings}
    if "data" not in given:
        return None
    if report.trains:
        from modelcost.training.optimizers import get

        given["gradient_accumulation_steps"] = get(report.settings["optimizer"]).gradient_accumulation_steps
    return Schedule(report.batch, **given)


def _updated(level: LevelTime, call: LevelTime, steps: Any, updates: Any) -> LevelTime:
    """So many steps of which so many change the weights, and the others only add up gradients."""
    parts = {name: span for name, span in level.parts.items() if name != "waiting"}
    if "waiting" in call.parts:
        waiting = call.parts["waiting"] * (int(steps) - int(updates))
        parts["optimizer"] = call.parts["optimizer"] * int(updates) + waiting
    return LevelTime(parts)


def _passed(batches: Batches, on: Callable[[int], LevelTime]) -> LevelTime:
    """All mini-batches of a pass, one after the other."""
    return on(int(batches.batch)).times(int(batches.steps) - 1).after(on(int(batches.last)))


def _held_out(batches: Batches | None, on: Callable[[int], LevelTime], once: Span | None) -> Span | None:
    if batches is None:
        return None
    span = _passed(batches, on).parts["inference"]
    return span if once is None else span + once


def _called(level: LevelTime, once: Span) -> LevelTime:
    return LevelTime({**level.parts, "inference": level.parts["inference"] + once})
