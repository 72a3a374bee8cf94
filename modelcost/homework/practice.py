"""Answer sheets to practise on: blank ones, and ones with slips in them for others to find; with their solutions."""

from __future__ import annotations

import random

from modelcost.errors import ModelCostError, short
from modelcost.homework.search import Tried, searched
from modelcost.homework.sums import TriedSum, placed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from modelcost.figures import Row
    from modelcost.homework.slips import Slip
    from modelcost.report import Report

QUANTITIES = ("output_shape", "params", "multiplies", "adds")
"""What is asked of each layer that has any of it; of the model, all but the shape."""
MOST_BITS = 4.0  # slips that a student may well make
LONGEST_WORKING = 80


class Question:
    """One line of a sheet: of what, which quantity, the right figure, what is written there, and the slip in it."""

    __slots__ = ("claim", "of", "quantity", "right", "slip")

    def __init__(self, of: str, quantity: str, right: Any) -> None:
        self.of, self.quantity, self.right = of, quantity, right
        self.claim: Any = right
        self.slip: Slip | None = None


class Practice:
    """A sheet to practise on: the model as an answer file names it, its setting, its questions."""

    def __init__(self, model: str, report: Report, questions: list[Question]) -> None:
        self.model, self.report, self.questions = model, report, questions

    @property
    def planted(self) -> list[Question]:
        """The questions whose figures have a slip in them."""
        return [question for question in self.questions if question.slip is not None]


def practice(model: str, report: Report, slips: int = 0, seed: int = 0) -> Practice:
    """A sheet on a model's report; with so many slips planted, chosen by `seed`: the same ones each time.

    Raises `ModelCostError` where the model has no figures into which so many slips go.

    >>> from modelcost.costing import cost
    >>> sheet = practice("lenet5", cost("lenet5"), slips=2, seed=1)
    >>> len(sheet.planted), all(question.claim != question.right for question in sheet.planted)
    (2, True)
    """
    questions = [*_of_rows(report), *_of_model(report)]
    chance = random.Random(f"{report.model} {seed}")
    open_ones = [one for one in questions if one.quantity != "output_shape"]
    chance.shuffle(open_ones)
    left = slips
    for question in open_ones:
        if left and _plant(question, chance):
            left -= 1
    if left:
        raise ModelCostError(f"{report.model}: only {slips - left} slips can be planted. Received: slips={slips}")
    return Practice(model, report, questions)


def _of_rows(report: Report) -> Iterator[Question]:
    for row in report:
        for name in QUANTITIES:
            figure = getattr(row, name)
            if row.type != "InputLayer" and (_known(figure) if name == "output_shape" else _asked(row, name)):
                yield Question(row.name, name, figure)


def _known(shape: tuple[Any, ...]) -> bool:
    return all(isinstance(size, int) for size in shape)


def _asked(row: Row, name: str) -> bool:
    figure = getattr(row, name)
    return isinstance(figure, int) and figure > 0


def _of_model(report: Report) -> Iterator[Question]:
    for name in (*QUANTITIES[1:], "activation_bytes"):
        figure = getattr(report, name)
        if not isinstance(figure, int):
            raise ModelCostError(f"{report.model}: {name} depends on sizes that are not known; give --input")
        if figure:
            yield Question("model", name, figure)


def _plant(question: Question, chance: random.Random) -> bool:
    """Put a likely slip into a figure; false where none of them would be told from others."""
    search = searched(question.right)
    likely = [
        (slip, question.right + change) if isinstance(search, TriedSum) else (slip, change)
        for change, bits, slip in _single(search)
        if bits <= MOST_BITS
    ]
    values = [value for _, value in likely]
    clear = [
        (slip, value) for slip, value in likely if value > 0 and values.count(value) == 1 and value != question.right
    ]
    if not clear:
        return False
    question.slip, question.claim = chance.choice(clear)
    return True


def _single(search: Any) -> Iterator[tuple[int, float, Slip]]:
    """Each single slip: what it makes of the figure, or by what it changes a sum, how surprising it is, and itself."""
    if isinstance(search, TriedSum):
        yield from ((change[0], change[1], placed(change)) for change in search.changes())
    elif isinstance(search, Tried):
        yield from ((value, bits, slip) for value, bits, (slip,) in search.outcomes(1))


def answer_file(sheet: Practice, blank: bool) -> str:
    """The sheet as an answer file: YAML that `modelcost check` reads, each claim open or filled in.

    >>> from modelcost.costing import cost
    >>> print(answer_file(practice("lenet5", cost("lenet5")), blank=True).splitlines()[3])
      - {of: C1, quantity: output_shape, claim: }
    """
    setting = ", ".join(f"{word}: {value}" for word, value in _setting(sheet.report).items())
    model = f"# check it with --model {sheet.model}" if _is_code(sheet.model) else f"model: {_scalar(sheet.model)}"
    lines = [model, f"setting: {{{setting}}}", "claims:"]
    for question in sheet.questions:
        claim = "" if blank else _figure(question.claim)
        lines.append(f"  - {{of: {_scalar(question.of)}, quantity: {question.quantity}, claim: {claim}}}")
    return "\n".join(lines) + "\n"


def _is_code(model: str) -> bool:
    """Whether a model is named as `package.module:name`, which a file cannot do."""
    module, colon, name = model.partition(":")
    return bool(colon) and all(word.isidentifier() for word in (*module.split("."), *name.split(".")))


def _setting(report: Report) -> dict[str, str]:
    """All that the figures hang on, but what is taken anyway."""
    found = {"batch": report.batch, **report.settings}
    if report.convention != "flops":
        found["convention"] = report.convention
    asked = report.totals.around.arguments if report.totals.around is not None else {}
    found |= {"dtype": asked["dtype"]} if asked.get("dtype") else {}
    shapes = [_figure(shape) for shape in asked.get("input") or ()]
    written = {word: _scalar(str(value)) for word, value in found.items()}
    return {**written, "input": f"[{', '.join(shapes)}]"} if shapes else written


def _figure(value: Any) -> str:
    return f"[{', '.join(str(int(size)) for size in value)}]" if isinstance(value, tuple) else str(int(value))


def _scalar(text: str) -> str:
    """A text as YAML writes it: in quotes, unless it is plainly a word or a number."""
    if text.isascii() and text.replace("_", "").replace(".", "").replace("-", "").isalnum() and text[0].isalnum():
        return text
    import json

    if not text.isprintable():
        raise ModelCostError(f"a name with characters that do not print cannot stand on a sheet: {short(text)}")
    return json.dumps(text, ensure_ascii=False)
