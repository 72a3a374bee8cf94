"""Weights that several calls share: their gradients added up, and those that have numbers for some rows alone."""

from __future__ import annotations

from modelcost.count import total
from modelcost.training.gradients import accumulated
from modelcost.training.penalties import weight_penalties

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from modelcost.facts import Weight
    from modelcost.model import Entry
    from modelcost.training.gradients import Gradients

    Reads = list[tuple[Entry, Weight]]  # the calls that read a weight, each with what it says of it


def added_up(entries: Sequence[Entry], found: Mapping[str, Gradients]) -> dict[str, Gradients]:
    """The gradients of all calls, those of weights that several share added up by the calls after the first.

    A gradient of the rows looked up stays one, put behind those of the other calls, unless any of these is of the
    whole weight, as that of a penalty is. Source: TensorFlow's `backprop_util.AggregateIndexedSlicesGradients`.
    """
    result = dict(found)
    for reads in _by_weight(entries).values():
        calls = [(entry, weight) for entry, weight in reads if entry.name in found]
        calls = [(entry, weight) for entry, weight in calls if weight.name in found[entry.name].by_weight]
        whole = any(map(_penalized, *zip(*reads, strict=True)))
        whole |= any(weight.name not in found[entry.name].looked_up for entry, weight in calls)
        for i, (entry, weight) in enumerate(calls):
            result[entry.name] = _among(result[entry.name], weight, i, whole)
    return result


def looked_up(entries: Sequence[Entry], found: Mapping[str, Gradients]) -> dict[str, dict[str, Any]]:
    """By the name of the call that owns them, the weights whose gradient is of rows, and how many numbers these are."""
    rows: dict[str, dict[str, Any]] = {}
    for reads in _by_weight(entries).values():
        (owner, weight), *_ = reads
        several = [found[entry.name].looked_up.get(one.name) for entry, one in reads if entry.name in found]
        if any(one is not None for one in several):
            rows.setdefault(owner.name, {})[weight.name] = total(one for one in several if one is not None)
    return rows


def changed(entries: Sequence[Entry], found: Mapping[str, Gradients]) -> dict[str, list[Weight]]:
    """By the name of the call that owns them, the trained weights that have a gradient: others no step changes."""
    weights: dict[str, list[Weight]] = {}
    for reads in _by_weight(entries).values():
        (owner, weight), *_ = reads
        of_calls = (one.name in found[entry.name].by_weight for entry, one in reads if entry.name in found)
        if owner.trainable and weight.trainable and (any(of_calls) or _penalized(owner, weight)):
            weights.setdefault(owner.name, []).append(weight)
    return weights


def _by_weight(entries: Sequence[Entry]) -> dict[Any, Reads]:
    """The calls that read each weight, the one that owns it first."""
    several: dict[Any, Reads] = {}
    for entry in entries:
        owners = frozenset(entry.layer.weight_owners()) if entry.facts.weights else None
        for weight in entry.facts.weights:
            several.setdefault((owners, weight.name), []).append((entry, weight))
    return several


def _penalized(entry: Entry, weight: Weight) -> bool:
    """Whether a penalty on the weight gives it a gradient of its own."""
    return entry.owns_weights and any(one.gradient for one in weight_penalties(entry.layer, [weight]))


def _among(own: Gradients, weight: Weight, before: int, whole: bool) -> Gradients:
    """The gradients of a call with that of one weight, which so many calls before it have, as one of all of these."""
    if whole and not before and weight.name not in own.looked_up:
        return own
    works: Sequence[Any] = own.by_weight[weight.name] if whole else ()
    if whole and before:
        works = (*works, accumulated(weight.params, once=True))
    rows = {name: count for name, count in own.looked_up.items() if name != weight.name or not whole}
    return own.but(by_weight={**own.by_weight, weight.name: works}, looked_up=rows)
