"""Adam and what was made of it: what each does to every number, written as its formula."""

from __future__ import annotations

from modelcost.dtypes import DEFAULT
from modelcost.errors import ModelCostError
from modelcost.training.optimizer import Optimizer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar

    from modelcost.facts import Weight
    from modelcost.layers.fields import Flag, Free, MaybeNumber, Number
    from modelcost.training.noted import Noted, Notes
    from modelcost.training.optimizer import Update


class Adam(Optimizer):
    """Running means of gradients and of their squares. Source: Kingma and Ba 2014; amsgrad: Reddi et al. 2018."""

    learning_rate: Free = 0.001
    beta_1: Number = 0.9
    beta_2: Number = 0.999
    epsilon: Number = 1e-07
    amsgrad: Flag = False

    def slot_names(self) -> tuple[str, ...]:
        return ("momentum", "velocity", *(("velocity_hat",) if self.amsgrad else ()))

    def update(self, at: Update) -> None:
        adam_change(at, at.rate, self.beta_1, self.beta_2, self.epsilon, self.amsgrad)


def adam_change(at: Update, rate: Noted, beta_1: float, beta_2: float, epsilon: float, amsgrad: bool = False) -> None:
    """Adam's step: w -= alpha*m / (sqrt(v) + epsilon), alpha making good that both means began at 0."""
    t, m, v = at.iterations() + 1, at.slot("momentum"), at.slot("velocity")
    power_1, power_2 = beta_1**t, beta_2**t
    alpha = rate * (1 - power_2).apply("sqrt") / (1 - power_1)
    moments(at, beta_1, beta_2)
    if amsgrad:
        v = at.slot("velocity_hat").apply("maximum", v)
    at.weight.apply("assign_sub", m * alpha / (v.apply("sqrt") + epsilon))


def moments(at: Update, beta_1: Any, beta_2: Any) -> None:
    """The running means of gradients and of their squares, moved on."""
    m, v, g = at.slot("momentum"), at.slot("velocity"), at.gradient
    m.apply("assign_add", (g - m) * (1 - beta_1))
    v.apply("assign_add", (g.apply("square") - v) * (1 - beta_2))


class AdamW(Adam):
    """Adam with weights that decay beside it. Source: Loshchilov and Hutter 2017."""

    learning_rate: Free = 0.001
    weight_decay: MaybeNumber = 0.004
    beta_1: Number = 0.9
    beta_2: Number = 0.999
    epsilon: Number = 1e-07
    amsgrad: Flag = False

    def check(self) -> None:
        super().check()
        if self.weight_decay is None:
            raise ModelCostError("weight_decay must be a number; for none use Adam. Received: weight_decay=None")


class Adamax(Optimizer):
    """Adam with the largest gradient instead of the mean of squares. Source: Kingma and Ba 2014, section 7."""

    learning_rate: Free = 0.001
    beta_1: Number = 0.9
    beta_2: Number = 0.999
    epsilon: Number = 1e-07

    def slot_names(self) -> tuple[str, ...]:
        return ("momentum", "norm")

    def update(self, at: Update) -> None:
        t, m, u, g = at.iterations() + 1, at.slot("momentum"), at.slot("norm"), at.gradient
        power = self.beta_1**t
        m.apply("assign_add", (g - m) * (1 - self.beta_1))
        u = (self.beta_2 * u).apply("maximum", g.apply("abs"))
        at.weight.apply("assign_sub", at.rate * m / ((1 - power) * (u + self.epsilon)))


class Nadam(Optimizer):
    """Adam with Nesterov's look ahead. Source: Dozat 2016."""

    learning_rate: Free = 0.001
    beta_1: Number = 0.9
    beta_2: Number = 0.999
    epsilon: Number = 1e-07

    def slot_names(self) -> tuple[str, ...]:
        return ("momentum", "velocity")

    def counters(self, stored: str = DEFAULT) -> dict[str, str]:
        return {**super().counters(), "u_product": stored}

    def shared(self, notes: Notes) -> None:
        t = self.updates_so_far(notes) + 1
        notes.tensor() * self.beta_1 * (1.0 - 0.5 * 0.96**t)

    def update(self, at: Update) -> None:
        m, v, g = at.slot("momentum"), at.slot("velocity"), at.gradient
        t, after = at.iterations() + 1, at.iterations() + 2
        beta_1, beta_2, decay, u_product = at.number(), at.number(), at.number(), at.number()
        u, u_after = beta_1 * (1.0 - 0.5 * decay**t), beta_1 * (1.0 - 0.5 * decay**after)
        u_product_after, power_2 = u_product * u_after, beta_2**t
        moments(at, beta_1, beta_2)
        m_hat = u_after * m / (1 - u_product_after) + (1 - u) * g / (1 - u_product)
        v_hat = v / (1 - power_2)
        at.weight.apply("assign_sub", m_hat * at.rate / (v_hat.apply("sqrt") + self.epsilon))


class Lamb(Optimizer):
    """Adam's step, as long in each tensor as the tensor is. Source: You et al. 2019."""

    learning_rate: Free = 0.001
    beta_1: Number = 0.9
    beta_2: Number = 0.999
    epsilon: Number = 1e-07

    def slot_names(self) -> tuple[str, ...]:
        return ("momentum", "velocity")

    def update(self, at: Update) -> None:
        t, m, v, w = at.iterations() + 1, at.slot("momentum"), at.slot("velocity"), at.weight
        power_1, power_2 = self.beta_1**t, self.beta_2**t
        moments(at, self.beta_1, self.beta_2)
        change = (m / (1.0 - power_1)) / ((v / (1.0 - power_2)).apply("sqrt") + self.epsilon)
        norm, step = ((x**2).sum().apply("sqrt") for x in (w, change))
        norm.apply("greater")
        step.apply("greater")
        w.apply("assign_sub", norm / step * at.rate * change)


class Adafactor(Optimizer):
    """Adam whose squares are kept as a row and a column of each matrix. Source: Shazeer and Stern 2018.

    Keras keeps the product of both as a third state, as large as the weight.

    >>> from modelcost.facts import Weight
    >>> Adafactor().slots(Weight("kernel", (784, 10)))
    {'r': (784,), 'c': (10,), 'velocity': (784, 10)}
    """

    alike: ClassVar[bool] = False

    learning_rate: Free = 0.001
    beta_2_decay: Number = -0.8
    epsilon_1: Number = 1e-30
    epsilon_2: Number = 0.001
    clip_threshold: Number = 1.0
    relative_step: Flag = True

    def slots(self, weight: Weight) -> dict[str, tuple[Any, ...]]:
        shape = weight.shape
        factors = (shape[:-1], (*shape[:-2], shape[-1])) if len(shape) > 1 else ((), ())
        return {**super().slots(weight), "r": factors[0], "c": factors[1], "velocity": shape}

    def update(self, at: Update) -> None:
        w, g, rate, t = at.weight, at.gradient, at.rate, at.iterations() + 1
        if self.relative_step and self.schedule is None:
            rate = rate.apply("minimum", 1 / t.apply("sqrt"))
        alpha = _root_mean_square(w).apply("maximum") * rate.apply("minimum", 1 / t.apply("sqrt"))
        squares = g.apply("square") + self.epsilon_1
        beta_2 = 1 - t**self.beta_2_decay
        change = g / self._velocity(at, beta_2, squares).apply("sqrt")
        change = change / (_root_mean_square(change) / self.clip_threshold).apply("maximum")
        w.apply("assign_sub", alpha * change)

    def _velocity(self, at: Update, beta_2: Noted, squares: Noted) -> Noted:
        """The running mean of squares, from a row and a column of it where the weight has two axes or more."""
        if len(at.shape) < 2:
            return beta_2 * at.slot("velocity") + (1 - beta_2) * squares
        r = at.slot("r", *at.shape[:-1])
        c = at.slot("c", *at.shape[:-2], at.shape[-1])
        r = beta_2 * r + (1 - beta_2) * squares.mean(-1)
        c = beta_2 * c + (1 - beta_2) * squares.mean(-2)
        rows = r.notes.apply("div", r, r.mean(-1), shape=r.shape)
        return rows.notes.apply("mul", rows, c, shape=at.shape)


def _root_mean_square(x: Noted) -> Noted:
    return x.apply("square").mean().apply("sqrt")
