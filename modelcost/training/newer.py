"""Optimizers that do more than change each number by its own gradient: matrices made orthogonal, scaled losses."""

from __future__ import annotations

from modelcost.dtypes import DEFAULT
from modelcost.errors import ModelCostError
from modelcost.sizes import is_free, larger, smaller
from modelcost.training.adam import adam_change
from modelcost.training.noted import Notes
from modelcost.training.optimizer import Optimizer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, ClassVar

    from modelcost.facts import Weight, Work
    from modelcost.layers.fields import Flag, Free, MaybeNumber, Number, Size, Whole
    from modelcost.training.noted import Noted
    from modelcost.training.optimizer import Update


class ScheduleFreeAdamW(Optimizer):
    """Adam on a running mean of the weights, so that no learning rate need fall. Source: Defazio et al. 2024."""

    learning_rate: Free = 0.0025
    beta_1: Number = 0.9
    beta_2: Number = 0.999
    epsilon: Number = 1e-08
    warmup_steps: Whole = 0

    def slot_names(self) -> tuple[str, ...]:
        return ("momentum", "velocity")

    def update(self, at: Update) -> None:
        t, m, v, g, rate = at.iterations() + 1, at.slot("momentum"), at.slot("velocity"), at.gradient, at.rate
        beta_1, beta_2 = at.number(), at.number()
        if self.warmup_steps > 0:
            rate = rate * (t / self.warmup_steps).apply("minimum")
        correction = 1 - beta_2**t
        v.apply("assign_add", (g.apply("square") - v) * (1 - beta_2))
        m.apply("assign_sub", rate * g / ((v / correction).apply("sqrt") + at.number()))
        share = 1.0 / t
        old = (at.weight - (1 - beta_1) * m) / beta_1
        new = (1 - share) * old + share * m
        (1 - beta_1) * m + beta_1 * new


class Muon(Optimizer):
    """Matrices are changed by their momentum made orthogonal; all else by AdamW. Source: Jordan et al. 2024.

    Orthogonal by `ns_steps` of Newton and Schulz's iteration, three matrix products each. Which weights are
    no matrices to it, Keras asks of their path: name weights `layer/weight` where `exclude_layers` is given.

    >>> from modelcost.facts import Weight
    >>> Muon().slots(Weight("kernel", (784, 10))), Muon().slots(Weight("bias", (10,)))
    ({'momentum': (784, 10)}, {'momentum': (10,), 'velocity': (10,)})
    """

    alike: ClassVar[bool] = False

    learning_rate: Free = 0.001
    adam_beta_1: Number = 0.9
    adam_beta_2: Number = 0.999
    adam_weight_decay: MaybeNumber = 0.004
    epsilon: Number = 1e-07
    weight_decay: MaybeNumber = 0.004
    exclude_layers: Free = None
    exclude_embeddings: Flag = True
    muon_a: Number = 3.4445
    muon_b: Number = -4.775
    muon_c: Number = 2.0315
    adam_lr_ratio: Number = 1
    momentum: Number = 0.95
    ns_steps: Whole = 5
    nesterov: Flag = True
    rms_rate: MaybeNumber = 0.2

    def by_adam(self, weight: Weight) -> bool:
        """Whether a weight is changed by AdamW."""
        import re

        named = (re.search(word, weight.name) for word in self.exclude_layers or ())
        embedding = self.exclude_embeddings and "embedding" in weight.name.lower()
        return len(weight.shape) != 2 or embedding or any(named)

    def slots(self, weight: Weight) -> dict[str, tuple[Any, ...]]:
        names = ("momentum", "velocity") if self.by_adam(weight) else ("momentum",)
        return {**super().slots(weight), **dict.fromkeys(names, weight.shape)}

    def decayed(self, at: Update) -> None:
        (weight,) = at.weights
        if (self.adam_weight_decay if self.by_adam(weight) else self.weight_decay) is not None:
            at.weight - at.weight * at.number() * self.rate_now(at.notes)

    def update(self, at: Update) -> None:
        (weight,) = at.weights
        if self.by_adam(weight):
            adam_change(at, at.rate * self.adam_lr_ratio, self.adam_beta_1, self.adam_beta_2, self.epsilon)
            return
        m, g = at.slot("momentum"), at.gradient
        m.apply("assign_add", g + m * (self.momentum - 1))
        change = at.rate * self._orthogonal(g + self.momentum * m if self.nesterov else m)
        if self.rms_rate is not None:
            change = change * at.number().apply("sqrt") * self.rms_rate
        at.weight.apply("assign_sub", change)

    def _orthogonal(self, x: Noted) -> Noted:
        """Newton and Schulz's iteration, on the matrix or on its side, whichever has fewer rows."""
        upright = x.shape
        free = any(map(is_free, upright))
        x = x.along(*((smaller(*upright), larger(*upright)) if free else sorted(upright, key=int)))
        x = x / ((x * x).sum().apply("sqrt") + 1e-07)
        for _ in range(self.ns_steps):
            square = x.notes.product(x, x.turned())
            mixed = self.muon_b * square + x.notes.product(self.muon_c * square, square)
            x = self.muon_a * x + x.notes.product(mixed, x)
        return x.along(*upright)


class LossScaleOptimizer(Optimizer):
    """Another optimizer, for a loss that is scaled up as far as float16 can hold its gradients.

    Every gradient is looked at for numbers that are not finite, and scaled back. A step that finds one changes
    no weight, and one in `dynamic_growth_steps` doubles the scale: what is said here is said of all others.
    Source: Keras, which puts it around the optimizer of a model of mixed float16.
    """

    inner_optimizer: Free
    initial_scale: Number = 2.0**15
    dynamic_growth_steps: Size = 2000

    def check(self) -> None:
        from modelcost.training.optimizers import get  # it holds this class among others

        super().check()
        self.inner: Optimizer = get(self.inner_optimizer)
        for name in ("weight_decay", "clipnorm", "clipvalue", "global_clipnorm", "gradient_accumulation_steps"):
            if getattr(self, name) is not None:
                raise ModelCostError(f"{name} belongs to the optimizer within. Received: {name}={getattr(self, name)}")
        if self.use_ema or self.loss_scale_factor is not None:
            raise ModelCostError("use_ema and loss_scale_factor belong to the optimizer within")

    def slots(self, weight: Weight) -> dict[str, tuple[Any, ...]]:
        return self.inner.slots(weight)

    def counters(self, stored: str = DEFAULT) -> dict[str, str]:
        own = {"step_counter": "int64", "dynamic_scale": "float32"}
        return {
            **{f"outer_{name}": dtype for name, dtype in super().counters().items()},
            **own,
            **self.inner.counters(stored),
        }

    def update_work(self, weights: Sequence[Weight], looked_up: Mapping[str, Any] | None = None) -> list[Work]:
        found: list[Work] = []
        for at in self._updates(weights, looked_up or {}):
            at.gradient.apply("isfinite")
            at.gradient / at.number()
            found += at.notes.works
        return [*found, *self.inner.update_work(weights, looked_up)]

    def step_work(self, tensors: int) -> list[Work]:
        return [*self._scaling(), *self.inner.step_work(tensors)]

    def _scaling(self) -> list[Work]:
        notes = Notes("optimizer")
        loss = notes.tensor()
        loss * loss * loss  # the loss scaled, and its gradient
        notes.tensor(name="step_counter").apply("equal")
        notes.tensor(name="step_counter") + 1
        return notes.works
