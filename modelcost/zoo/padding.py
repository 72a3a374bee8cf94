"""The padding that keras.applications puts in a layer of its own before a window with strides 2."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from modelcost.graph import Tensor


def same_by_hand(x: Tensor, kernel: int) -> tuple[tuple[int, int], ...]:
    """Return the rows and the columns of zeros with which a window of `kernel` and strides 2 halves `x`, rounding up.

    An even side needs one zero fewer, taken from its beginning; a side that is not known yet passes for even. The zeros
    remember the sides that they come from, and so follow them when these are bound to other values.
    """
    reach = kernel // 2
    odd = [side - side // 2 * 2 if isinstance(side, int) else 0 for side in x.shape[-3:-1]]
    return tuple((reach - 1 + one, reach) for one in odd)
