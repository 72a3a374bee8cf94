"""Answer files, as a teacher or a student writes them by hand: YAML for one, CSV for a whole class.

Every value of a YAML file is taken as text and read here, so that `no` is a word, 010 is ten and 1:30 is no number.
Nothing in a file can name code.
"""

from __future__ import annotations

from fractions import Fraction
from os import fspath
from pathlib import Path

from modelcost.errors import ModelCostError, short, unknown
from modelcost.files import opened
from modelcost.homework.numerals import numeral
from modelcost.homework.settings import known_words, mapping, setting_value, settings_of
from modelcost.homework.shapes import shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

LARGEST = 1_000_000  # bytes of a file
MOST_CLAIMS = 10_000
WANTED = "an answer file is YAML or CSV, as `modelcost check --help` shows"
SEPARATORS = ",;\t"
"""Of columns: what stands most often between the headings."""
FILE_KEYS = ("model", "models", "input", "layers", "setting", "settings", "claims", "student", "title")
CLAIM_KEYS = (
    "of", "quantity", "claim", "working", "part", "tolerance", "figures", "points", "student", "model", "convention",
)  # fmt: skip


class Claim:
    """One figure that was handed in: of what, which quantity, as it was written; its working, its points.

    `given`: a `Numeral`, or a shape; "" where the question was left open; the text itself where a student, who is
    named, wrote what is neither: `unread` then says so.
    """

    __slots__ = (
        "convention", "given", "model", "of", "part", "points", "quantity", "student", "tolerance", "unread", "working",
    )  # fmt: skip

    def __init__(self, model: str, of: str, quantity: str, given: Any, **more: Any) -> None:
        self.model, self.of, self.quantity, self.given = model, of, quantity, given
        self.working: str | None = more.get("working")
        self.part: str = more.get("part", "")
        self.tolerance: Fraction | None = more.get("tolerance")
        self.points: Fraction = more.get("points", Fraction(1))
        self.student: str = more.get("student", "")
        self.convention: str = more.get("convention", "")
        self.unread: str = more.get("unread", "")

    @property
    def name(self) -> str:
        """What is claimed, as "conv1.params"."""
        return f"{self.of}.{self.quantity}{f' ({self.part})' if self.part else ''}"


class Answers:
    """An answer file: its models, the setting of each, and the claims."""

    def __init__(
        self, models: dict[str, Any], settings: dict[str, dict[str, Any]], claims: list[Claim], title: str
    ) -> None:
        self.models, self.settings, self.claims, self.title = models, settings, claims, title


def given(source: Any, model: Any = None, setting: Mapping[str, Any] | None = None) -> Answers:
    """The answers in a file, or in plain data; `model` and `setting` (as text or numbers) where these name none."""
    apart = settings_of(dict(setting or {}))
    if isinstance(source, dict):
        return from_data(source, "answers", model, apart)
    return answers(fspath(source), model, apart)


def answers(path: str, model: Any = None, setting: dict[str, Any] | None = None) -> Answers:
    """What stands in an answer file; `model` and `setting` are taken where the file names none.

    Raises `ModelCostError` for a file that cannot be read, is no such file, or has a word in it that nobody knows.
    """
    from modelcost.importers.yaml_text import yaml_text

    place = Path(path)
    try:
        with opened(place) as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise ModelCostError(f"{short(path, 300)}: {error.strerror}; {WANTED}") from None
    if len(data) > LARGEST:
        raise ModelCostError(f"{short(path)}: an answer file has at most {LARGEST:,} bytes")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ModelCostError(
            f"{short(path)}: this is no text in UTF-8; save it as that (in a spreadsheet: CSV UTF-8)"
        ) from None
    try:
        if place.suffix.lower() == ".csv":
            return _from_table(text, place.stem, model, setting or {})
        return from_data(yaml_text(text), place.stem, model, setting or {})
    except ModelCostError as error:
        raise type(error)(f"{short(path)}: {error}") from None


def from_data(found: Any, title: str, model: Any = None, setting: dict[str, Any] | None = None) -> Answers:
    """The answers of plain data, all of it text, lists and dictionaries."""
    if not isinstance(found, dict) or "claims" not in found:
        raise ModelCostError("an answer file has a model and claims, as in model: lenet5, claims: [...]")
    known_words("key", found, FILE_KEYS)
    given = _given_models(found, title, model)
    shared = {**(setting or {}), **settings_of(found.get("setting", {}))}
    apart = mapping("settings", found.get("settings", {}))
    known_words("model", apart, given)
    if "layers" not in found and found.get("input") is not None:
        shared["input"] = setting_value("input", found["input"])
    settings = {name: {**shared, **settings_of(apart.get(name, {}))} for name in given}
    models = {name: _model(name, one, settings[name].get("input")) for name, one in given.items()}
    claims = _list("claims", found["claims"])
    if not claims:
        raise ModelCostError("there is no claim in it to be marked")
    if len(claims) > MOST_CLAIMS:
        raise ModelCostError(f"an answer file has at most {MOST_CLAIMS:,} claims. Received: {len(claims):,}")
    student = str(found.get("student", ""))
    made = [_claim(i, one, models, student) for i, one in enumerate(claims, 1)]
    return Answers(models, settings, made, str(found.get("title", title)))


def _given_models(found: dict[str, Any], title: str, model: Any) -> dict[str, Any]:
    """The models by name, each as it was given: what `load` takes, or an input and layers."""
    if "models" in found:
        return mapping("models", found["models"])
    if "layers" in found:
        return {title: {"input": found.get("input"), "layers": found["layers"]}}
    one = found.get("model", model)
    if one in (None, ""):
        raise ModelCostError("which model? give model: lenet5, or input: and layers:, or --model NAME")
    if isinstance(one, list) or (isinstance(one, str) and "(" in one):
        raise ModelCostError(f"model: is a name or a file; layers stand under layers:. Received: {short(one)}")
    name = title if isinstance(one, dict) else one if isinstance(one, str) else getattr(one, "name", None) or title
    return {name: one}


def _model(name: str, given: Any, shapes: Any) -> Any:
    """A model: made of its layers, or loaded by its name, for other inputs if they are given; never code."""
    from modelcost.importers import made_for
    from modelcost.importers.layer_calls import model_of

    return model_of(given, name) if isinstance(given, dict) else made_for(given, shapes)


def _claim(place: int, given: Any, models: Iterable[str], student: str) -> Claim:
    try:
        found = mapping("a claim", given)
        known_words("key", found, CLAIM_KEYS)
        for needed in ("quantity", "claim"):
            if needed not in found or found["quantity"] in (None, ""):
                raise ModelCostError(f"a claim has of, quantity and claim; {needed} is missing")
        model, of = _about(str(found.get("of", "model")), found.get("model"), list(models))
        whose = str(found.get("student", student))
        claimed, unread = _read(found, whose)
        details = _details(found if claimed != "" and not unread else {**found, "tolerance": 0})
        return Claim(model, of, str(found["quantity"]), claimed, **details, student=whose, unread=unread)
    except ModelCostError as error:
        raise type(error)(f"claim {place}: {error}") from None


def _about(of: str, model: Any, models: list[str]) -> tuple[str, str]:
    """Which model, and which layer of it ("model" for all of it): conv1, alexnet or alexnet.conv1."""
    if model is not None:
        known_words("model", [str(model)], models)
        return str(model), of if of != model else "model"
    first, _, rest = of.partition(".")
    if first in models:
        return first, rest or "model"
    if len(models) > 1:
        raise unknown("model", first, models)
    return models[0], of


def _read(found: dict[str, Any], student: str) -> tuple[Any, str]:
    """What was claimed, and why it is nothing that can be claimed, where a student wrote such a thing."""
    claimed = found["claim"]
    if claimed is None or str(claimed).strip() == "":
        return "", ""
    try:
        return shape(claimed) if found["quantity"] == "output_shape" else _figure(claimed, found), ""
    except ModelCostError as error:
        if not student:
            raise
        return short(str(claimed))[1:-1], str(error)


def _figure(given: Any, found: dict[str, Any]) -> Any:
    """A figure, or a list of two that is from one to the other; to so many figures where that is said."""
    if isinstance(given, list):
        if len(given) != 2:
            raise ModelCostError(f"a claim is a figure, or two for a range. Received: {short(given)}")
        given = f"{given[0]} - {given[1]}"
    figure = numeral(given)
    if "figures" in found:
        figures = numeral(found["figures"]).value
        if figures.denominator != 1 or not 1 <= figures <= 50:
            raise ModelCostError(f"figures must be a whole number from 1 to 50. Received: {short(found['figures'])}")
        power = len(str(abs(int(figure.value)))) - int(figures) if abs(figure.value) >= 1 else 0
        return figure.within(Fraction(10) ** power / 2)
    return figure


def _details(found: dict[str, Any]) -> dict[str, Any]:
    details: dict[str, Any] = {word: str(found[word]) for word in ("working", "part", "convention") if word in found}
    for word in ("tolerance", "points"):
        if word in found:
            details[word] = numeral(found[word]).value
            if details[word] < 0:
                raise ModelCostError(f"{word} must not be below 0. Received: {short(found[word])}")
    if str(found.get("tolerance", "")).strip().endswith("%"):
        details["tolerance"] *= abs(numeral(found["claim"]).value)
    return details


def _from_table(text: str, title: str, model: Any, setting: dict[str, Any]) -> Answers:
    """A class's answers, a claim a line: student, of, quantity, claim, and model where there are several."""
    lines = list(_lines(text))
    models: dict[str, Any] = {line["model"]: line["model"] for line in lines if line.get("model")}
    if not models and model is None:
        raise ModelCostError("which model? give a column model, or --model NAME")
    claims = [{word: value for word, value in line.items() if value != "" or word == "claim"} for line in lines]
    whole: dict[str, Any] = {"models": models} if models else {}
    return from_data({"title": title, "claims": claims, **whole}, title, model, setting)


def _lines(text: str) -> Iterator[dict[str, str]]:
    from csv import DictReader, Error
    from io import StringIO

    try:
        between = max(SEPARATORS, key=text.partition("\n")[0].count)
        reader = DictReader(StringIO(text, newline=""), strict=True, delimiter=between)
        columns = [word.strip() for word in reader.fieldnames or ()]
        known_words("column", columns, CLAIM_KEYS)
        twice = next((word for i, word in enumerate(columns) if word in columns[:i]), None)
        if twice is not None:
            raise ModelCostError(f"the column {twice} is there twice")
        reader.fieldnames = columns
        for line in reader:
            if None in line or None in line.values():
                raise ModelCostError(f"line {reader.line_num} has not as many cells as there are columns")
            yield {word: value.strip() for word, value in line.items()}
    except Error as error:
        raise ModelCostError(f"this is no CSV: {error}") from None


def _list(what: str, found: Any) -> list[Any]:
    if not isinstance(found, list):
        raise ModelCostError(f"{what}: expected a list. Received: {short(found)}")
    return found
