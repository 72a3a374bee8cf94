"""What a layer costs that is not ours to know: rules that a person registers, and the mark of what stays unknown."""

from __future__ import annotations

from modelcost.errors import ModelCostError, UnknownNameError, short
from modelcost.layers.base import Layer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Rule = type[Layer] | Callable[[dict[str, Any]], Layer]

_rules: dict[str, Rule] = {}


def register(name: str, rule: Rule | None) -> None:
    """Say how layers of the class `name` in model files are read; None takes the rule back.

    `rule` is a class of layer, which is made from the layer's configuration, or a function from that configuration
    (a dict) to a layer: your own, or one of these with the same cost. It goes before what is known of the name,
    except for Keras's own layers. For a class made of a graph (a model with methods of its own), give `Model`.

    >>> from modelcost.layers import Dense
    >>> register("MyDense", lambda config: Dense(config["units"] * 2, name=config["name"]))
    >>> rule_for("MyDense")({"name": "d", "units": 4})
    Dense(units=8)
    >>> register("MyDense", None)
    """
    if not isinstance(name, str) or not name:
        raise ModelCostError(f"a rule is registered under the name of a class. Received: {short(name)}")
    if rule is None:
        _rules.pop(name, None)
    elif callable(rule):
        _rules[name] = rule
    else:
        raise ModelCostError(f"a rule is a class of layer or a function that gives a layer. Received: {short(rule)}")


def rule_for(*names: Any) -> Any:
    """The rule registered under the first of these names that has one, or None."""
    return next((_rules[name] for name in names if isinstance(name, str) and name in _rules), None)


class NoRuleError(UnknownNameError):
    """Nobody here knows what a layer costs: the one error after which a partial reading goes on."""


def no_rule(layer: str, kind: Any, why: str) -> NoRuleError:
    """The error for a layer that nobody here knows: what it is, why, and the two ways out."""
    name = short(kind).strip("'\"")
    return NoRuleError(
        f"{short(layer)}: {name} {why}; say what it costs with mc.register({name!r}, rule), where rule is a class of "
        "layer or a function from its configuration to one, or ask for a partial answer with partial=True (--partial)"
    )
