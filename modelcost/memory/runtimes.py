"""How runtimes go about memory: what they keep, what they make anew, where they write over what is read."""

from __future__ import annotations

from modelcost.errors import unknown


class Runtime:
    """The habits of something that runs models.

    `in_place`: a result takes the place of an operand of its size that nobody reads later.
    `fused`: values one step away from others, element by element, are made anew wherever they are read (see `Planner`).
    `at_once`: a weight is updated as soon as its gradient is there, so that gradients never stand side by side.
    `linearized`: derivatives that hang on the forward pass alone are worked out in it and kept beside the values; they
    are those of each primitive.
    `coordinates`: the gradient of a largest element finds its place anew, as a coordinate on each axis.
    `ahead`: a GRU multiplies its whole input by its kernel before it goes over the steps.
    `zeros`: loops stack up their rows on zeros, made once for all stacks of a shape: each loop has a copy of them, and
    the last takes their place.
    `dense_groups`: the gradient of a kernel in groups is worked out between all channels, and most of it dropped.
    `rows`: the gradient of an embedding stays that of the rows looked up, until something wants it whole.
    """

    in_place: bool
    fused: bool
    at_once: bool
    linearized: bool
    coordinates: bool
    ahead: bool
    zeros: bool
    dense_groups: bool
    rows: bool

    def __init__(self, name: str, *habits: str) -> None:
        self.name = name
        for habit in Runtime.__annotations__:
            setattr(self, habit, habit in habits)

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"<Runtime {self.name}>"


COMPILED = ("in_place", "fused", "at_once", "linearized", "coordinates", "ahead", "zeros", "dense_groups")
RUNTIMES = {
    "plain": Runtime("plain", "rows"),
    "tensorflow": Runtime("tensorflow", "in_place", "rows"),
    "xla": Runtime("xla", *COMPILED),
}
"""plain: every result is a tensor of its own. tensorflow: kernels one by one, which write over operands that nobody
needs. xla: the compiler's buffer assignment on a CPU, scheduled for memory, fused by its own emitters alone."""


def runtime(name: str | Runtime) -> Runtime:
    """The runtime of that name; an error that lists the known ones for any other."""
    if isinstance(name, Runtime):
        return name
    if not isinstance(name, str) or name not in RUNTIMES:
        raise unknown("runtime", name, RUNTIMES)
    return RUNTIMES[name]
