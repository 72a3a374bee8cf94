"""The gradients of operations that fold elements together: sums, products, poolings, lookups."""

from __future__ import annotations

from modelcost.binding import same_number
from modelcost.count import product
from modelcost.errors import ModelCostError
from modelcost.facts import HIDDEN, Primitive, Work, sum_of
from modelcost.sizes import BATCH

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from modelcost.training.tape import Operation
    from modelcost.training.values import Operand


ROWS_ADDED = "UnsortedSegmentSum"
"""The operation that adds gradients of rows to where they belong."""


def over_all(value: Operand, operation: Operation, elements: Any) -> Any:
    """So many elements for each example; or for all of them, where what they go into is there once a call."""
    return product((BATCH, elements)) if value.once and not operation.result.once else elements


def backward(times: Any, primitive: Any, op: str, once: bool) -> Work:
    """Work of the backward pass."""
    return Work(times, primitive, (HIDDEN,), "gradient", once, "training", op)


OF_PRODUCTS = {
    "Conv2D": ("Conv2DBackpropInput", "Conv2DBackpropFilter"),
    "Conv3D": ("Conv3DBackpropInputV2", "Conv3DBackpropFilterV2"),
    "Conv2DBackpropInput": ("Conv2D", "Conv2DBackpropFilter"),
    "Conv3DBackpropInputV2": ("Conv3D", "Conv3DBackpropFilterV2"),
    "DepthwiseConv2dNative": ("DepthwiseConv2dNativeBackpropInput", "DepthwiseConv2dNativeBackpropFilter"),
}
"""The operations that take the gradients of sums of products, where they are not of the same name."""


def _of_products(operation: Operation, i: int) -> tuple[list[Work], list[str]]:
    """Each product goes once more into the gradient of either factor: as many products, summed up otherwise."""
    (work,), value = operation.works, operation.operands[i]
    over = work.primitive.over if work.primitive.over is not None else work.times * work.primitive.n
    sums = value.elements if i or work.reached is None else work.reached
    op = OF_PRODUCTS.get(operation.name, (operation.name,) * 2)[i]
    products = Primitive("dot", over=over_all(value, operation, over))
    if operation.result.once and not value.once:  # a product of all examples, and so is its gradient
        return [backward(product((BATCH, sums)), products, op, True)], [str(1 - i)]
    return [backward(sums, products, op, value.once)], [str(1 - i)]


def _of_mean(operation: Operation, i: int) -> tuple[list[Work], list[str]]:
    """Every element gets the gradient of its mean, divided by how many they are."""
    value = operation.operands[i]
    return [backward(value.elements, "div", "RealDiv", value.once)], []


def _of_sum(operation: Operation, i: int) -> tuple[list[Work], list[str]]:
    """Every element gets the gradient of its sum, or of the place that it went to."""
    return [], []


def _of_copy(operation: Operation, i: int) -> tuple[list[Work], list[str]]:
    """Every element has the gradient of its copy, if there is one of each."""
    if not same_number(operation.operands[i].elements, operation.result.elements):
        raise ModelCostError(
            f"{operation.works[-1]!r} must name its operation, since its gradient is that of elements that were "
            "moved (ConcatV2, Pad, Slice) or of elements that were repeated (Tile)"
        )
    return [], []


def _of_tile(operation: Operation, i: int) -> tuple[list[Work], list[str]]:
    """Every element gets the sum of the gradients of its copies."""
    value, result = operation.operands[i], operation.result
    if value.once == result.once and same_number(value.elements, result.elements):
        return [], []
    op = "MirrorPadGrad" if operation.name == "MirrorPad" else "Sum"
    return [backward(value.elements, sum_of(over=over_all(value, operation, result.elements)), op, value.once)], []


def _of_pixels(operation: Operation, i: int) -> tuple[list[Work], list[str]]:
    """What changes images is meant for data; of some of it TensorFlow has no gradient either."""
    raise ModelCostError(
        f"the gradient of {operation.name} is not counted; let what changes images stand before all layers with "
        "weights, where no gradient is needed"
    )


def _of_unknown(operation: Operation, i: int) -> tuple[list[Work], list[str]]:
    """Whoever asked for a lower bound gets one: this is not in it."""
    return [], []


def _of_nearest(operation: Operation, i: int) -> tuple[list[Work], list[str]]:
    """Every gradient is added to the element that was copied."""
    return [backward(operation.result.elements, "add", f"{operation.name}Grad", False)], []


def _of_bilinear(operation: Operation, i: int) -> tuple[list[Work], list[str]]:
    """Where the elements fall is worked out again, and every gradient added to four, times two weights each."""
    op, elements = f"{operation.name}Grad", operation.result.elements
    scales, *positions = (work for work in operation.works if work.once)
    return [
        *(backward(work.times, work.primitive, op, True) for work in (scales, *positions)),
        backward(positions[0].times, "sub", op, True),  # 1 - t, for each row and column
        backward(8 * elements, "mul", op, False),
        backward(4 * elements, "add", op, False),
    ], [str(i)]  # only for its shape, but the operation takes it


def _of_local_response(operation: Operation, i: int) -> tuple[list[Work], list[str]]:
    """g*n**-beta - 2*alpha*beta * x * sum(g*y/n), with n = bias + alpha*sum(x*x) worked out again."""
    op, works, elements = f"{operation.name}Grad", operation.works, operation.result.elements
    again = [backward(work.times, work.primitive, op, False) for work in works[:5]]
    steps = [backward(elements, step, op, False) for step in ("mul", "mul", "div", "mul", "mul", "sub")]
    return [*again, *steps[:3], again[1], *steps[3:]], [str(i), "out"]


def _of_average_pool(operation: Operation, i: int) -> tuple[list[Work], list[str]]:
    """Every gradient is divided once, and added to all elements of its window."""
    summed, divided = operation.works
    over = summed.primitive.over if summed.primitive.over is not None else summed.times * summed.primitive.n
    reached = operation.operands[i].elements if summed.reached is None else summed.reached
    return [
        backward(divided.times, "div", f"{operation.name}Grad", False),
        backward(reached, sum_of(over=over), f"{operation.name}Grad", False),
    ], []


def _of_max_pool(operation: Operation, i: int) -> tuple[list[Work], list[str]]:
    """Every gradient is added to the element that was the largest of its window, wherever that stands."""
    return [backward(operation.result.elements, "add", f"{operation.name}Grad", False)], [str(i), "out"]


def _of_extreme(operation: Operation, i: int) -> tuple[list[Work], list[str]]:
    """The gradient is shared among the elements that are equal to the largest, or the smallest."""
    value, result = operation.operands[i], operation.result
    return [
        backward(value.elements, "compare", "Equal", value.once),
        backward(result.elements, sum_of(over=value.elements), "Sum", value.once),
        backward(value.elements, "div", "RealDiv", value.once),
        backward(value.elements, "mul", "Mul", value.once),
    ], [str(i), "out"]


def _of_gather(operation: Operation, i: int) -> tuple[list[Work], list[str]]:
    """Every gradient is added to the row that was looked up; the numbers of the rows, which come first, have none."""
    value = operation.operands[i]
    if i < len(operation.operands) - 1:
        return [], []
    added = over_all(value, operation, operation.result.elements)
    return [backward(added, "add", ROWS_ADDED, value.once)], ["0"]


def _of_log_softmax(operation: Operation, i: int) -> tuple[list[Work], list[str]]:
    """g - sum(g) * exp(y), along each row."""
    rows, elements, once = operation.works[0].times, operation.result.elements, operation.result.once
    return [
        backward(elements, "exp", "Exp", once),
        backward(rows, sum_of(over=elements), "Sum", once),
        backward(elements, "mul", "Mul", once),
        backward(elements, "sub", "Sub", once),
    ], ["out"]


def _of_running_sums(operation: Operation, i: int) -> tuple[list[Work], list[str]]:
    """Every element gets the sum of all gradients from its place on: running sums the other way."""
    (work,) = operation.works
    return [backward(work.times, work.primitive, operation.name, work.once)], []


def _of_product(operation: Operation, i: int) -> tuple[list[Work], list[str]]:
    """Every element gets the product of all others, from running products of those before and of those behind it."""
    (work,), value = operation.works, operation.operands[i]
    running = backward(work.times, "mul", "Cumprod", work.once)
    return [running, running, *[backward(value.elements, "mul", "Mul", value.once)] * 2], ["0"]


def _of_einsum(operation: Operation, i: int) -> tuple[list[Work], list[str]]:
    """As of the product that it is; products that were not summed up are, where a factor comes in several."""
    work, value = operation.works[-1], operation.operands[i]
    if work.primitive.kind == "mul":
        alike = value.once == work.once and same_number(value.elements, work.times)
        products = "mul" if alike else Primitive("dot", over=over_all(value, operation, work.times))
        return [backward(value.elements, products, operation.name, value.once)], [str(1 - i)]
    return STRUCTURAL[work.primitive.kind](operation, i)


def _of_softmax(operation: Operation, i: int) -> tuple[list[Work], list[str]]:
    """(g - sum(g*y)) * y, along each row."""
    rows, elements, once = operation.works[0].times, operation.result.elements, operation.result.once
    return [
        backward(elements, "mul", "Mul", once),
        backward(rows, sum_of(over=elements), "Sum", once),
        backward(elements, "sub", "Sub", once),
        backward(elements, "mul", "Mul", once),
    ], ["out"]


STRUCTURAL: dict[str, Callable[[Operation, int], tuple[list[Work], list[str]]]] = {
    "dot": _of_products,
    "scatter": _of_products,
    "Mean": _of_mean,
    "sum": _of_sum,
    "copy": _of_copy,
    **dict.fromkeys(("ConcatV2", "Pad", "Slice"), _of_sum),
    **dict.fromkeys(("Tile", "BroadcastTo", "MirrorPad"), _of_tile),
    "ResizeNearestNeighbor": _of_nearest,
    "ResizeBilinear": _of_bilinear,
    "LRN": _of_local_response,
    **dict.fromkeys(
        ("ImageProjectiveTransformV3", "RGBToHSV", "HSVToRGB", "RightShift", "LeftShift", "Resize"), _of_pixels
    ),
    "unknown": _of_unknown,
    "AvgPool": _of_average_pool,
    "AvgPool3D": _of_average_pool,
    "MaxPool": _of_max_pool,
    "MaxPool3D": _of_max_pool,
    "Max": _of_extreme,
    "Min": _of_extreme,
    "gather": _of_gather,
    "Softmax": _of_softmax,
    "LogSoftmax": _of_log_softmax,
    "Cumsum": _of_running_sums,
    "Prod": _of_product,
    "Einsum": _of_einsum,
}
"""The gradients of operations that fold elements together, by operation or by primitive."""
