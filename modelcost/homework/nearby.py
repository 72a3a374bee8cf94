"""Numbers near a claim: sizes that may have been put in by mistake, and what may have been multiplied with it."""

from __future__ import annotations

from modelcost.homework.batches import steps
from modelcost.homework.quantities import count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from modelcost.homework.references import Nearby
    from modelcost.homework.subject import Subject


def nearby(subject: Subject, of: str) -> Nearby:
    """Sizes that may be put in by mistake: of the layers before and after, of the input, the classes, the batch."""
    rows = list(subject.report)
    found: dict[int, str] = {}
    row = subject.row(of)
    place = rows.index(row) if row is not None else 0
    if rows[-1].output_shape and isinstance(rows[-1].output_shape[-1], int):
        found[int(rows[-1].output_shape[-1])] = "the classes"
    for other, what in ((place - 1, "before"), (place + 1, "after")):
        if row is not None and 0 <= other < len(rows) and isinstance((rows[other].output_shape or (None,))[-1], int):
            found.setdefault(int(rows[other].output_shape[-1]), f"the channels of {rows[other].name}, the layer {what}")
    for size in (size for one in rows[:1] for size in one.output_shape if isinstance(size, int)):
        found.setdefault(int(size), "a size of the input")
    for size in (
        size for shape in (row.inputs[:1] if row is not None else ()) for size in shape if isinstance(size, int)
    ):
        found.setdefault(int(size), "a size of this layer's input")
    if "batch" in subject.setting:
        found.setdefault(int(subject.setting["batch"]), "the batch")
    if "data" in subject.setting and "batch" in subject.setting and of == "model":
        found.setdefault(
            int(count(subject, "model", "steps_per_epoch")), "the steps of an epoch: the batch is left out"
        )
        if 0 < subject.setting.get("validation", 0) < 1:
            found.setdefault(int(subject.setting["data"]), "all examples, those for validation too")
            if "batch" in subject.setting:
                every = steps(subject.whole("data"), subject)
                data = f"{int(subject.setting['data']):,}"
                text = f"the steps of all {data} examples: none set aside, the batch left out"
                found.setdefault(int(every), text)
    return tuple((what, value) for value, what in found.items() if value > 1)


def scales(subject: Subject) -> Nearby:
    """Numbers by which a figure may have been multiplied, or not."""
    setting = subject.setting
    found: list[tuple[str, int]] = [(word, int(setting[word])) for word in ("batch", "epochs") if word in setting]
    if "epochs" in setting:
        found.append(("forward and backward of every epoch", 2 * int(setting["epochs"])))
    if "data" in setting:
        found.append(("all examples", int(setting["data"])))
    return tuple((f"the {word}" if word in setting else word, many) for word, many in found)
