"""Answer files: what they may say, what is refused, and what `modelcost check` does with them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

import modelcost as mc
from modelcost.cli import main
from modelcost.errors import ModelCostError
from modelcost.homework.answers import answers
from modelcost.homework.marking import marked
from modelcost.homework.sheets import Sheet, mark
from modelcost.importers.layer_calls import layer, sequential

pytest.importorskip("yaml")

SHEET = """
input: [28, 28, 1]
layers:
  - conv1: Conv2D(64, 3, activation='relu')
  - pool: MaxPooling2D(2)
  - conv2: Conv2D(64, 3, activation="relu")
  - Flatten()
  - dense1: Dense(128, activation='relu')
  - dense2: Dense(10, activation='softmax')
setting: {batch: 128, epochs: 20, data: "60,000", validation: 0.2}
claims:
"""


def sheet(tmp_path: Path, *claims: str, head: str = SHEET, marking: str = "full") -> Sheet:
    """The marked sheet of some claims, each the inside of a YAML mapping."""
    path = tmp_path / "answers.yaml"
    path.write_text(head + "".join(f"  - {{{claim}}}\n" for claim in claims), encoding="utf-8")
    return marked(answers(str(path)), marking)


def statuses(found: Sheet) -> list[str]:
    """The verdicts, in order."""
    return [row.verdict.status for row in found.rows]


def test_figures_as_people_write_them(tmp_path: Path) -> None:
    claims = [
        "of: conv1, quantity: params, claim: 640",
        "of: conv1, quantity: multiplies, claim: '389,376'",
        "of: conv1, quantity: multiplies, claim: 389_376",
        "of: conv1, quantity: multiplies, claim: ≈ 3.9e5",
        "of: conv1, quantity: multiplies, claim: 4e5",
        "of: conv1, quantity: multiplies, claim: 380000, tolerance: 5%",
        "of: conv1, quantity: multiplies, claim: 390000, figures: 2",
        "of: conv1, quantity: multiplies, claim: [380000, 390000]",
        "of: conv1, quantity: activation_bytes, claim: 173 kB",
        "of: conv1, quantity: output_shape, claim: 26x26x64",
        "quantity: steps_per_epoch, claim: 375",
        "quantity: validation_steps, claim: 94",
        "of: model, quantity: params_megabytes, claim: 4.12",
        "of: model, quantity: params_megabytes, claim: 4.2, tolerance: 2%",
        "of: model, quantity: params_megabytes, claim: 4.2, tolerance: 0.1",
    ]
    assert statuses(sheet(tmp_path, *claims)) == ["right"] * len(claims)


def test_figures_that_are_not_quite_so(tmp_path: Path) -> None:
    claims = [
        "of: conv1, quantity: multiplies, claim: ≈ 3.8e5",
        "of: conv1, quantity: multiplies, claim: 380000, tolerance: 1%",
        "of: model, quantity: params_megabytes, claim: 4.2, tolerance: 1%",
        "of: model, quantity: params_megabytes, claim: 4.2, tolerance: 0.05",
        "of: conv1, quantity: multiplies, claim: 380000, figures: 2",
        "of: conv1, quantity: multiplies, claim: [380000, 389000]",
        "of: conv1, quantity: multiplies, claim: 390000",
    ]
    assert statuses(sheet(tmp_path, *claims)) == ["wrong"] * len(claims)


def test_an_error_carried_forward_in_both_markings(tmp_path: Path) -> None:
    claims = [
        "of: conv1, quantity: params, claim: 640",
        "of: conv2, quantity: params, claim: 640, points: 2",
        "of: dense1, quantity: params, claim: 991360",
        "of: dense2, quantity: params, claim: 1290",
        "of: model, quantity: params, claim: 993930, points: 3",
    ]
    for marking, points in (("full", 6), ("strict", 3)):
        found = sheet(tmp_path, *claims, marking=marking)
        assert statuses(found) == ["right", "wrong", "right", "right", "carried forward"]
        assert found.points() == (points, 8)
        assert not found


def test_claims_by_a_convention_of_their_own_add_up(tmp_path: Path) -> None:
    claims = [
        "of: conv1, quantity: flops, claim: 389376, convention: macs",
        "of: conv2, quantity: flops, claim: 69696, convention: macs",
        "of: dense1, quantity: flops, claim: 991232, convention: macs",
        "of: dense2, quantity: flops, claim: 1280, convention: macs",
        "of: model, quantity: flops, claim: 1451584, convention: macs",
        "of: model, quantity: forward_flops_per_minibatch, claim: 185802752, convention: macs",
    ]
    assert statuses(sheet(tmp_path, *claims)) == ["right", "wrong", "right", "right", *["carried forward"] * 2]


def test_bytes_are_those_of_the_dtype(tmp_path: Path) -> None:
    head = "model: fashion_cnn_small\nsetting: {dtype: float16}\nclaims:\n"
    claims = ["quantity: parameter_bytes, claim: 2060436", "quantity: params_megabytes, claim: 2.06"]
    assert statuses(sheet(tmp_path, *claims, head=head)) == ["right", "right"]
    assert statuses(sheet(tmp_path, "quantity: parameter_bytes, claim: 4120872")) == ["right"]


def test_a_total_that_follows_from_right_parts_is_wrong_if_it_is(tmp_path: Path) -> None:
    claims = ["of: conv1, quantity: params, claim: 640", "of: model, quantity: params, claim: 1030281"]
    assert statuses(sheet(tmp_path, *claims)) == ["right", "wrong"]


def test_a_working_is_held_against_the_right_one(tmp_path: Path) -> None:
    found = sheet(
        tmp_path,
        "of: dense1, quantity: multiplies, claim: 154880, working: 128*(11*11*10)",
        "of: conv2, quantity: params, claim: 36929, working: 3*3*64*64+64",
        "of: conv1, quantity: params, claim: 577, working: 3*3*64+64",
    )
    first, second, third = (row.verdict for row in found.rows)
    assert first.slips == ["10 (the classes) stands where the 64 channels belong"]
    assert "the working itself comes to 36,928, not 36,929: it is right" in second.why
    assert "the working itself comes to 640, not 577" in third.why


def test_a_working_is_compared_term_by_term(tmp_path: Path) -> None:
    """The first number that makes the figure is not the one that stands in the working."""
    found = sheet(
        tmp_path,
        "of: dense1, quantity: params, claim: 77568, working: (11*11*5)*128+128",
        "of: conv2, quantity: params, claim: 9280, working: 3*3*16*64+64",
        "of: conv2, quantity: params, claim: 9280, working: 64+64*3*3*16",
        "of: conv2, quantity: multiplies, claim: 1115136, working: 11*11*64*3*3*16",
    )
    assert [row.verdict.slips for row in found.rows] == [
        ["5 stands where the 64 channels belong"],
        ["16 stands where the 64 input channels belong"],
        ["16 stands where the 64 filters belong"],
        ["16 stands where the 64 input channels belong"],
    ]


def test_a_figure_that_has_nothing_to_do_with_ones_own_does_not_follow_from_them(tmp_path: Path) -> None:
    claims = ["of: conv2, quantity: params, claim: 640", "of: model, quantity: params, claim: 1030217"]
    last = sheet(tmp_path, *claims).rows[-1].verdict
    assert [one.text for one in last.likeliest] == ["the digit 7 stands where 8 belongs"]


CLAIM = "of: conv1, quantity: params, claim: 640"
BAD_CLAIMS = {
    "of: conv9, quantity: params, claim: 1": r"claim 1, conv9\.params: unknown layer of .*'conv9'; did you mean conv2",
    "of: conv1, quantity: parms, claim: 1": "unknown quantity 'parms'; did you mean params",
    "of: conv1, quantity: params, claim: no": "a figure is written as .* Received: 'no'",
    "of: conv1, quantity: params, claim: nan": "a figure is written as .* Received: 'nan'",
    "of: conv1, quantity: params, claim: .inf": "a figure is written as .* Received: '.inf'",
    "of: conv1, quantity: params, claim: 1e400": "a figure has at most 300 digits",
    "of: conv1, quantity: params, claim: -inf": "a figure is written as .* Received: '-inf'",
    f"of: conv1, quantity: params, claim: 1{'0' * 400}": "a figure has at most 300 digits",
    "of: conv1, quantity: params, claim: 2026-11-20": "a figure is written as .* Received: '2026-11-20'",
    "of: conv1, quantity: params, claim: true": "a figure is written as .* Received: 'true'",
    "of: conv1, quantity: params, claim: {a: 1}": "a figure is written as",
    "of: conv1, quantity: params": "claim 1: a claim has of, quantity and claim; claim is missing",
    "of: conv1, claim: 1": "quantity is missing",
    "of: conv1, quantity: params, claim: 1, colour: red": "unknown key 'colour'",
    "of: conv1, quantity: params, claim: 4 MB": "params is not measured in MB",
    "of: conv1, quantity: params, claim: 1, working: __import__('os')": "a working is arithmetic",
    "of: conv1, quantity: params, claim: 1, working: 9**9**9": "a working is arithmetic: .* powers are whole and small",
    "of: conv1, quantity: output_shape, claim: big": "a shape is written as 28x28x32",
    "of: conv1, quantity: steps_per_epoch, claim: 3": "steps_per_epoch is said of a model, not of one layer",
    "of: conv1, quantity: params, claim: 1, part: core": "unknown part 'core'",
    "of: conv1, quantity: params, claim: 1, points: -3": "points must not be below 0",
    "of: conv1, quantity: params, claim: 1, figures: 0": "figures must be a whole number from 1 to 50",
    "of: conv1, quantity: params, claim: 1, convention: flop": "unknown convention 'flop'",
    "of: conv1, quantity: params, claim: 1, of: conv2": "'of' is given twice",
    "of: conv1, quantity: params, claim: !!python/name:os.system x": "tags have no place here",
    "of: conv1, quantity: params, claim: &a 1": "anchors and aliases have no place here",
}


@pytest.mark.parametrize("claim", BAD_CLAIMS)
def test_claims_that_cannot_be(claim: str, tmp_path: Path) -> None:
    with pytest.raises(ModelCostError, match=BAD_CLAIMS[claim]):
        sheet(tmp_path, claim)


BAD_FILES: dict[str, tuple[bytes, str]] = {
    "no_yaml": (b"claims: [", "this is no YAML"),
    "tabs": (b"claims:\n\t- x", "this is no YAML"),
    "a_word": (b"hello", "an answer file has a model and claims"),
    "empty": (b"", "an answer file has a model and claims"),
    "no_model": (b"claims: []", "which model\\? give model: lenet5, or input: and layers:, or --model NAME"),
    "no_text": (b"\xff\xfe\x00", "this is no text in UTF-8; save it as that"),
    "no_claims": (b"model: lenet5\nclaims: []", "there is no claim in it to be marked"),
    "model_of_nothing": (b"model:\nclaims: []", "which model"),
    "deep": (b"claims: " + b"[" * 400_000, "nested at most 20 deep"),
    "huge": (b"# " + b"x" * 1_100_000, "at most 1,000,000 bytes"),
    "brackets": (b"[" * 10_000_000, "at most 1,000,000 bytes"),
    "control": (b"claims: \x00", "this is no YAML"),
    "laughs": (b"a: &a [1,1]\nb: &b [*a,*a]\nclaims: [*b,*b]", "anchors and aliases have no place here"),
    "many": (b"model: lenet5\nclaims: [" + b"1," * 10_001 + b"]", "at most 10,000 claims"),
    "a_claim_of_text": (b"model: lenet5\nclaims: [x]", "claim 1: a claim: expected names with values"),
    "unknown_model": (b"model: lenet55\nclaims: []", "unknown model 'lenet55'; did you mean lenet5"),
    "unknown_key": (b"modle: lenet5\nclaims: []", "unknown key 'modle'; did you mean model"),
    "code": (b"model: os:system\nclaims: []", "unknown model 'os:system'"),
    "setting": (b"model: lenet5\nsetting: {batch: no}\nclaims: []", "a figure is written as"),
    "batch_0": (b"model: lenet5\nsetting: {batch: 0}\nclaims: []", "batch must be a whole number of at least 1"),
    "other_setting": (b"model: lenet5\nsetting: {bach: 3}\nclaims: []", "unknown setting 'bach'; did you mean batch"),
    "cpu": (b"model: lenet5\nsetting: {cpu: i3}\nclaims: []", "unknown setting 'cpu'"),
    "aliased": (b"model: lenet5\nclaims: &a [*a]", "anchors and aliases have no place here"),
    "claims_by_name": (b"model: lenet5\nclaims: {conv1: 3}", "claims: expected a list"),
    "no_shape": (b"layers: [Flatten()]\nclaims: []", "a model is written out as input: .* and layers: "),
    "no_call": (b"input: 8\nlayers: [os.system('x')]\nclaims: []", "a layer is written as a call"),
    "not_set": (b"model: lenet5\nclaims: [{quantity: steps_per_epoch, claim: 3}]", "data is needed for this"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_files_that_cannot_be(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, words = BAD_FILES[name]
    path = tmp_path / f"{name}.yaml"
    path.write_bytes(data)
    with pytest.raises(ModelCostError, match=words) as caught:
        marked(answers(str(path)))
    assert len(str(caught.value)) < 2_000
    assert main(["check", str(path)]) == 2
    assert capsys.readouterr().err.startswith("modelcost: error: ")


CALLS = {
    "Conv2D(32, 5, padding='same')": ("Conv2D", {"filters": 32, "kernel_size": (5, 5), "padding": "same"}),
    "layers.Dense(units=10)": ("Dense", {"units": 10}),
    "tf.keras.layers.MaxPooling2D((2, 2), strides=None)": ("MaxPooling2D", {"pool_size": (2, 2)}),
    "Bidirectional(LSTM(8, return_sequences=True))": ("Bidirectional", {}),
    "Flatten": ("Flatten", {}),
}


@pytest.mark.parametrize("text", CALLS)
def test_layers_as_calls(text: str) -> None:
    kind, given = CALLS[text]
    made: Any = layer(text, "own")
    assert type(made).__name__ == kind
    assert made.name == "own"
    assert {name: getattr(made, name) for name in given} == given


BAD_CALLS = [
    "__import__('os').system('true')", "Conv2D(open('x'))", "Conv2D(*[1, 2])", "Conv2D(**{'filters': 1})", "Conv2D(3",
    "", "Dense(10)(x)", "lambda: Dense(10)", "Dense(10 if 1 else 2)", "Dense(units)", "Conv2D(" * 250, "(" * 1_999,
    "Dense(1)" * 900, "Input((3,))", "os.Dense(3)", "Dense(2**99)", "Dens(3)", "Dense('three')", "Dense()", "3",
    "a.b.c",
]  # fmt: skip


@pytest.mark.parametrize("text", BAD_CALLS, ids=lambda text: text[:20])
def test_what_is_no_layer(text: str) -> None:
    with pytest.raises(ModelCostError) as caught:
        layer(text)
    assert len(str(caught.value)) < 5_000


def test_layers_follow_each_other() -> None:
    model = sequential("net", [8, 8, 1], [{"a": "Conv2D(2, 3)"}, "Flatten()", "Dense(3)"])
    assert model.count_params() == 20 + 72 * 3 + 3
    with pytest.raises(ModelCostError, match="a layer is a call, or one name and its call"):
        sequential("net", [8, 8, 1], [{"a": "Conv2D(2, 3)", "b": "Flatten()"}])


CLASS = """student,of,quantity,claim,points
Ada,C1,params,156,2
Ada,model,flops,"≈ 8e5",
Bob,C1,params,150,2
Bob,model,steps_per_epoch,31,1
"""


def test_a_class_in_csv(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "class.csv"
    path.write_text(CLASS, encoding="utf-8")
    words = ["check", str(path), "--model", "lenet5", "--batch", "32", "--data", "1000", "--format", "json"]
    assert main(words) == 1
    found = json.loads(capsys.readouterr().out)
    assert [(one["student"], one["verdict"]) for one in found["claims"]] == [
        ("Ada", "right"), ("Ada", "right"), ("Bob", "wrong"), ("Bob", "wrong")
    ]  # fmt: skip
    assert found["claims"][2]["why"] == "the bias (6) is left out"
    assert (found["points"], found["of_points"]) == ("3", "6")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("student,of,colour\n", "unknown column 'colour'"),
        ("of,quantity,claim\nC1,params\n", "line 2 has not as many cells as there are columns"),
        ("of,quantity,claim\nC1,params,1,2\n", "line 2 has not as many cells as there are columns"),
        ('of,quantity,claim\nC1,params,"1\n', "this is no CSV"),
        ("of,quantity,claim\nC1,params,=1+1\n", "a figure is written as"),
        ("", "there is no claim in it to be marked"),
        ("of,quantity,claim\n", "there is no claim in it to be marked"),
        ("of,of,quantity,claim\nC1,C1,params,156\n", "the column of is there twice"),
        ("of|quantity|claim\nC1|params|156\n", "unknown column 'of|quantity|claim'"),
    ],
)
def test_tables_that_cannot_be(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "class.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ModelCostError, match=words):
        answers(str(path), "lenet5")


RIGHT = "model: lenet5\nclaims: [{of: C1, quantity: params, claim: 156}]"
WRONG = "model: lenet5\ntitle: '<b>'\nclaims: [{of: C1, quantity: params, claim: 150}]"


def test_status_and_formats(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "answers.yaml"
    path.write_text(RIGHT, encoding="utf-8")
    assert main(["check", str(path)]) == 0
    path.write_text(WRONG, encoding="utf-8")
    told = {"table": "WRONG: the bias (6) is left out", "markdown": "| WRONG: the bias (6) is left out",
            "csv": "C1,params,150,156,0,wrong,the bias (6) is left out", "json": '"why": "the bias (6) is left out"',
            "html": "<td>WRONG: the bias (6) is left out</td>", "latex": "the bias (6) is left out"}  # fmt: skip
    for form, words in told.items():
        assert main(["check", str(path), "--format", form]) == 1
        assert words in capsys.readouterr().out
    assert main(["check", str(path), "--format", "html"]) == 1
    page = capsys.readouterr().out
    assert "&lt;b&gt;: marked" in page
    assert "<b>" not in page


def test_a_claim_alone_is_told_as_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "one.yaml"
    path.write_text("model: lenet5\nclaims: [{quantity: params, claim: 61_706}]", "utf-8")
    assert main(["check", str(path)]) == 0
    assert "1 claim: 1 right." in capsys.readouterr().out


def test_what_follows_is_told_in_the_unit_that_was_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "units.yaml"
    claims = "{of: model, quantity: params, claim: 108_810}, {of: model, quantity: params_megabytes, claim: 77.123}"
    path.write_text(f"model: lenet5\nclaims: [{claims}]", "utf-8")
    last = marked(answers(str(path))).rows[-1].verdict
    assert not last.explanations
    assert last.note.endswith("from earlier figures of the sheet it would be 0.43524")


@pytest.mark.parametrize("form", ["table", "json", "csv", "html"])
def test_hints_give_no_answer_away(form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "answers.yaml"
    path.write_text("model: lenet5\nclaims: [{of: C3, quantity: multiplies, claim: 40000}]", encoding="utf-8")
    assert main(["check", str(path), "--hints-only", "--format", form]) == 1
    text = capsys.readouterr().out
    assert "think of the input channels" in text
    assert "240" not in text
    assert "the 6 " not in text


def test_what_is_left_open_is_not_answered_and_stops_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "half.yaml"
    claims = ["{of: C1, quantity: params, claim: 156}", "{of: C1, quantity: output_shape, claim: }",
              "{of: C3, quantity: params, claim: ' ', tolerance: 5%}", "{quantity: params, claim: 61706, points: 2}",
              "{quantity: measured_seconds_per_step, claim: }"]  # fmt: skip
    path.write_text(f"model: lenet5\nclaims: [{', '.join(claims)}]", "utf-8")
    found = mark(path)
    assert statuses(found) == ["right", "not answered", "not answered", "right", "not judged"]
    assert (found.points(), bool(found)) == ((3, 5), False)
    assert main(["check", str(path)]) == 1
    told = capsys.readouterr().out
    assert "5 claims: 2 right, 2 not answered, 1 not judged." in told
    path.write_text("model: lenet5\nclaims: [{of: C9, quantity: params, claim: }]", "utf-8")
    with pytest.raises(ModelCostError, match=r"claim 1, C9\.params: unknown layer"):
        mark(path)


UNREAD = [
    ("no idea", "a figure is written as"), ("=1+1", "a figure is written as"), ("4 MB", "params is not measured in MB"),
    ("1e999", "a figure has at most 300 digits"), ("nan", "a figure is written as"),
]  # fmt: skip


@pytest.mark.parametrize(("claim", "words"), UNREAD)
def test_what_one_student_wrote_stops_no_other(claim: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "class.csv"
    lines = f"student,of,quantity,claim,tolerance\nAda,C1,params,{claim},5%\nBob,C1,params,156,\nCy,C1,params,,\n"
    path.write_text(lines, "utf-8")
    found = mark(path, model="lenet5")
    assert statuses(found) == ["no figure", "right", "not answered"]
    assert [found.points(student) for student in found.students] == [(0, 1), (1, 1), (0, 1)]
    verdict = found.rows[0].verdict
    assert words in verdict.why
    assert verdict.right == 156
    assert not verdict
    assert claim in str(found)
    assert "156" not in str(found.hints.rows[0].verdict.hint)
    with pytest.raises(ModelCostError, match=words):
        mark({"model": "lenet5", "claims": [{"of": "C1", "quantity": "params", "claim": claim}]})


def test_a_working_that_is_none_stops_no_other(tmp_path: Path) -> None:
    claims = [{"of": "C1", "quantity": "params", "claim": "155", "working": "__import__('os')", "student": "Ada"},
              {"of": "C3", "quantity": "params", "claim": "2416", "student": "Bob"}]  # fmt: skip
    found = mark({"model": "lenet5", "claims": claims})
    assert statuses(found) == ["no figure", "right"]
    assert "a working is arithmetic" in found.rows[0].verdict.why


def test_what_a_teacher_got_wrong_is_an_error_all_the_same() -> None:
    for claim, words in (({"of": "C9"}, "unknown layer"), ({"quantity": "parms"}, "unknown quantity 'parms'"),
                         ({"part": "core"}, "unknown part 'core'"), ({"points": "x"}, "a figure is written as"),
                         ({"convention": "flop"}, "unknown convention")):  # fmt: skip
        one = {"of": "C1", "quantity": "params", "claim": "idk", "student": "Ada", **claim}
        with pytest.raises(ModelCostError, match=words):
            mark({"model": "lenet5", "claims": [one]})


SETTINGS: list[tuple[dict[str, Any], str, dict[str, Any]]] = [
    ({"input": "64x64x1"}, "flops", {"input": (64, 64, 1)}),
    ({"input": [["64", "64", "1"]]}, "activation_bytes", {"input": (64, 64, 1)}),
    ({"batch": "64", "data": "1000", "drop_remainder": "true"}, "steps_per_epoch",
     {"batch": 64, "data": 1000, "drop_remainder": True}),
    ({"batch": "64", "data": "1000", "epochs": "9", "early_stop": "4"}, "steps_per_run",
     {"batch": 64, "data": 1000, "epochs": 9, "early_stop": 4}),
]  # fmt: skip


@pytest.mark.parametrize(("setting", "quantity", "asked"), SETTINGS)
def test_a_setting_says_all_that_cost_takes(setting: Any, quantity: str, asked: Any) -> None:
    report = mc.cost("lenet5", **asked)
    of = {"steps_per_epoch": "epoch.steps", "steps_per_run": "run.steps"}.get(quantity, quantity)
    claim = {"quantity": quantity, "claim": str(int(report.figure(of)))}
    assert mark({"model": "lenet5", "setting": setting, "claims": [claim]})
    assert mark({"model": "lenet5", "claims": [claim]}, **setting)
    if "epochs" not in setting and "drop_remainder" not in setting:
        assert not mark({"model": "lenet5", "claims": [claim]})
        assert mark({"model": "lenet5", "claims": [claim], **setting})


def test_settings_that_cannot_be() -> None:
    for setting, words in (({"drop_remainder": "no"}, "drop_remainder must be true or false"),
                           ({"input": "big"}, "a shape is written as 28x28x32"),
                           ({"epochs": "3", "early_stop": "4"}, "early_stop must be at most the 3 epochs"),
                           ({"early_stop": "4"}, "give epochs=... too")):  # fmt: skip
        data = {"model": "lenet5", "setting": setting, "claims": [{"quantity": "params", "claim": "1"}]}
        with pytest.raises(ModelCostError, match=words):
            mark(data)


def test_the_file_says_more_than_who_asks() -> None:
    data = {"model": "lenet5", "setting": {"batch": "8"}, "claims": [{"quantity": "steps_per_epoch", "claim": "125"}]}
    assert mark(data, batch=10, data=1_000)
    assert mark({"claims": data["claims"]}, model="lenet5", batch=8, data=1_000)
    assert not mark({"claims": data["claims"]}, model=mc.zoo.lenet5(), batch=10, data=1_000)


def test_a_marked_sheet_shows_itself(tmp_path: Path) -> None:
    path = tmp_path / "answers.yaml"
    path.write_text(WRONG, encoding="utf-8")
    found = mc.mark(path)
    assert repr(found) == "<Sheet '<b>': 1 claims, 0 right>"
    assert "WRONG: the bias (6) is left out" in str(found)
    cell = found._repr_html_()
    assert "&lt;b&gt;: marked" in cell
    assert "<b>" not in cell
    assert "WRONG: the bias (6) is left out</td>" in cell
    assert "WRONG" in found.to_html()
    assert "wrong,the bias (6) is left out" in found.to_csv()
    assert json.loads(found.to_json())["claims"][0]["right"] == "156"
    hints = found.hints
    assert "the bias (6)" not in str(hints) + hints.to_json() + hints.to_csv() + hints.to_html() + hints._repr_html_()
    assert "WRONG" in str(found.hints)
    assert not found.hints_only


def test_a_file_that_is_not_there_is_no_sheet(tmp_path: Path) -> None:
    with pytest.raises(ModelCostError, match=r"none\.yaml.: No such file or directory; an answer file is YAML or CSV"):
        mark(tmp_path / "none.yaml")
    with pytest.raises(ModelCostError, match="an answer file has a model and claims"):
        mark({})


def test_what_is_no_file_is_not_waited_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    for name, kind in ((str(tmp_path), "folder"), (str(tmp_path / "pipe.yaml"), "pipe"), ("/dev/zero", "device")):
        assert main(["check", name]) == 2
        assert f"{name}': it is a {kind}, and only files are read; an answer file is" in capsys.readouterr().err
    assert main(["check", str(tmp_path / "none.yaml"), "--model", "lenet5"]) == 2
    assert "[Errno" not in (told := capsys.readouterr().err) and "none.yaml': No such file" in told


def test_a_table_as_spreadsheets_write_it(tmp_path: Path) -> None:
    path = tmp_path / "class.csv"
    for mark_, between, end in (("\ufeff", ";", "\r\n"), ("", "\t", "\n"), ("", ",", "\r")):
        lines = [between.join(one) for one in (("student", " of", "quantity", "claim"), ("Zoë", "C1", "params", "156"))]
        path.write_bytes((mark_ + end.join([*lines, ""])).encode())
        found = mark(path, model="lenet5")
        assert (found.students, statuses(found)) == (["Zoë"], ["right"])


def test_a_class_sees_the_points_of_each(tmp_path: Path) -> None:
    path = tmp_path / "class.csv"
    path.write_text("student,of,quantity,claim\n<b>,C1,params,156\n=1+1,C1,params,150\n=1+1,C3,params,x\n", "utf-8")
    found = mark(path, model="lenet5")
    lines = [line.split() for line in str(found).splitlines()]
    assert ["<b>", "1", "1"] in lines
    assert ["=1+1", "0", "2"] in lines
    assert sum(line[0] == "C1.params" for line in lines if line) == 2  # each claim once, with its student
    assert "&lt;b&gt;" in found.to_html()
    assert "<b>" not in found.to_html() + found._repr_html_()
    assert [line.partition(",")[0] for line in found.to_csv().splitlines()[2:]] == ["'=1+1"] * 2
    assert json.loads(found.to_json())["students"] == [
        {"student": "<b>", "points": "1", "of_points": "1"}, {"student": "=1+1", "points": "0", "of_points": "2"},
    ]  # fmt: skip
    assert "points" not in str(found.hints) + found.hints.to_json()
