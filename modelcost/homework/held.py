"""What can be claimed of memory: the figures of a report's `memory`, by their names, of the model or of a layer."""

from __future__ import annotations

from modelcost.count import Count, product, total
from modelcost.dtypes import bytes_of, stored_as
from modelcost.memory.memory import OF_LAYERS, OF_TRAINING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from modelcost.figures import Row
    from modelcost.homework.subject import Subject

OF_A_BATCH = "memory.activation_bytes"
"""What all layers give for a batch; `activation_bytes` alone is that of one example, as in the rows of a report."""
SAYS = {
    "parameter_bytes": "bytes of the parameters",
    "gradient_bytes": "bytes of the gradients",
    "optimizer_bytes": "bytes of the optimizer's state",
    OF_A_BATCH: "bytes of the outputs for the whole batch",
    "kept_activation_bytes": "bytes of the outputs that are kept for the backward pass",
    "peak_inference_bytes": "bytes held at the peak of inference",
    "peak_training_bytes": "bytes held at the peak of training",
    "process_inference_bytes": "bytes that a process of TensorFlow holds in inference",
    "process_training_bytes": "bytes that a process of TensorFlow holds in training",
}
"""Every quantity of memory, and what it is."""
OF_ROWS = tuple(name for name in SAYS if name.removeprefix("memory.") in OF_LAYERS)
"""Those that are also said of a layer."""


def of_row(subject: Subject, row: Row, name: str) -> Any:
    """A quantity of a layer."""
    if name == "parameter_bytes" and row.params:
        return product([row.params, Count(_width(subject, row), "bytes")])
    rows = _held(subject, name).rows
    return next(getattr(one, name.removeprefix("memory.")) for one in rows if one.of == row.name)


def of_model(subject: Subject, name: str) -> Any:
    """A quantity of the whole model; its layers' with the student's own figures, where these go on."""
    held, known = _held(subject, name), name.removeprefix("memory.")
    widths = _widths(subject) if name == "parameter_bytes" else set()
    if len(widths) == 1:
        return product([_params(subject), Count(widths.pop(), "bytes")])
    if name not in OF_ROWS or not subject.carrying:
        return getattr(held, known)
    rows = ((row.of, subject.figure(row.of, name, getattr(row, known))) for row in held.rows)
    return total(Count(int(figure)).called(of) for of, figure in rows if figure)


def _held(subject: Subject, name: str) -> Any:
    """The model's memory.

    Raises `ModelCostError` where it is that of training and the setting has no optimizer.
    """
    if name in OF_TRAINING:
        subject.needs("optimizer")
    return subject.memory


def _params(subject: Subject) -> Any:
    from modelcost.homework.quantities import model_figure  # which has these among its own

    return model_figure(subject, "params")


def _widths(subject: Subject) -> set[int]:
    """How many bytes a weight takes, of all layers that have any."""
    return {_width(subject, row) for row in subject.report if row.params}


def _width(subject: Subject, row: Row) -> int:
    assert row.entry is not None
    return bytes_of(stored_as(row.entry.layer.dtype, subject.setting.get("dtype")))
