"""A layer of which only the shape that comes out is known."""

from __future__ import annotations

from modelcost.count import Expression
from modelcost.errors import SizeError
from modelcost.facts import INPUT, Output, Work
from modelcost.layers.base import Layer
from modelcost.layers.fields import REQUIRED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from modelcost.facts import Shape
    from modelcost.layers.fields import Free, Option


class UnknownLayer(Layer):
    """Stands for a layer whose cost nobody has said: nothing of it is counted, so that every total is a lower bound.

    `kind` is the class that it stands for; `shapes` what comes out of it and `came` for what, as a
    file says, or () where it says nothing and nothing follows. A model with such a layer is costed
    only where a partial answer was asked for.

    >>> UnknownLayer("MyLayer", ((10,),)).costed(((3,),)).outputs[0].shape
    (10,)
    """

    kind: Option = REQUIRED
    shapes: Free = ()
    came: Free = ()

    def facts(self, *xs: Shape) -> Iterator[Output | Work]:
        for x, size in zip(xs, self.came, strict=False):
            if tuple(x) != tuple(size) and None not in size:
                raise SizeError(f"the file says what comes out of {self.kind} for {size} only. Received: {tuple(x)}")
        for shape in self.shapes or ((None,),):
            yield Output((Expression("unknown") if size is None else size for size in shape), view=True)
        yield Work(1, "unknown", (INPUT,), "unknown")
