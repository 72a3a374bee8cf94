"""Operations made of dot products."""

from __future__ import annotations

from modelcost.count import product
from modelcost.errors import SizeError
from modelcost.facts import Output, Work, dot
from modelcost.graph import shape_text
from modelcost.layers.einsum import multiplied
from modelcost.layers.fields import REQUIRED
from modelcost.layers.merge import broadcast
from modelcost.layers.operations import Fixed, Operation, for_examples, sources
from modelcost.layers.windows import agreed_on

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from modelcost.facts import Shape
    from modelcost.layers.fields import Option


class Matmul(Operation):
    """Multiply matrices, which stand in the last two axes: (..., m, k) and (..., k, n) give (..., m, n).

    >>> facts = Matmul().costed(((5, 3), (3, 7)))
    >>> facts.outputs[0].shape, facts.column("multiplies")[0]
    ((5, 7), 105)
    """

    arguments = ("x1", "x2")

    def worked(self, a: Shape, b: Shape) -> Iterator[Output | Work]:
        rule = f"{shape_text(a)}'s last axis must agree with the last but one of {shape_text(b)}"
        rows, k, other, columns = _matrices(a, b)
        n = agreed_on((k, other), rule)
        out = (
            (*broadcast(rows[:-1], columns[:-1]), *rows[-1:], *columns[-1:]) if rows and columns else (*rows, *columns)
        )
        yield Output(out)
        flat = (isinstance(b, Fixed) and len(b) < 3) or (isinstance(a, Fixed) and len(a) < 2)
        op = "MatMul" if flat else "BatchMatMulV2"
        yield Work(product(out), dot(n), sources((a, b)), "operation", op=op)


def _matrices(a: Shape, b: Shape) -> tuple[Shape, Any, Any, Shape]:
    """The first's axes but its last, that one, the axis that it meets, and the second's other axes."""
    if isinstance(b, Fixed) and len(b) in (1, 2) and a:
        return tuple(a[:-1]), a[-1], b[0], tuple(b[1:])
    if isinstance(a, Fixed) and len(a) == 1 and len(b) > 1:
        return (), a[0], b[-2], (*b[:-2], b[-1])
    first, second = for_examples((a, b))
    if len(first) < 2 or len(second) < 2:
        raise SizeError(
            f"matrices of one example have at least 2 axes. Received: {shape_text(first)} and {shape_text(second)}"
        )
    return tuple(first[:-1]), first[-1], second[-2], (*second[:-2], second[-1])


class Einsum(Operation):
    """Multiply and sum as an equation says: "bij,bjk->bik", where b is the batch.

    >>> Einsum("bij,bjk->bik").costed(((5, 3), (3, 7))).column("multiplies")[0]
    105
    """

    arguments = ("operands",)
    several = True

    subscripts: Option = REQUIRED

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call it on one or two operands, each an argument of its own, or on a list of them."""
        listed = len(args) == 1 and isinstance(args[0], list | tuple)
        return super().__call__(args[0] if listed else list(args), **kwargs)

    def worked(self, *operands: Shape) -> Iterator[Output | Work]:
        yield from multiplied(self.subscripts, operands, sources(operands))
