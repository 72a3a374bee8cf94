"""Practice sheets: blank ones can be filled in, planted slips are found again, a seed gives the same sheet again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import modelcost as mc
from modelcost.cli import main
from modelcost.homework.practice import practice

pytest.importorskip("yaml")


def output(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What a command prints."""
    assert main(list(words)) == 0
    return capsys.readouterr().out


def test_a_blank_sheet_filled_in_with_its_solution_is_right(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    blank = output(capsys, "practice", "lenet5", "--batch", "32")
    assert "setting: {batch: 32}" in blank
    solution = json.loads(output(capsys, "practice", "lenet5", "--solution", "--format", "json"))
    lines = blank.splitlines()
    for question in solution["questions"]:
        place = lines.index(f"  - {{of: {question['of']}, quantity: {question['quantity']}, claim: }}")
        lines[place] = lines[place].replace("claim: ", f'claim: "{question["right"]}"')
    path = tmp_path / "filled.yaml"
    path.write_text("\n".join(lines), encoding="utf-8")
    assert main(["check", str(path)]) == 0
    path.write_text(blank, encoding="utf-8")
    capsys.readouterr()
    assert main(["check", str(path)]) == 1
    assert f"{len(solution['questions'])} claims: {len(solution['questions'])} not answered." in capsys.readouterr().out


@pytest.mark.parametrize("model", ["lenet5", "alexnet", "lstm_stack", "fashion_cnn_bn"])
def test_planted_slips_are_found_again(model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("practice", model, "--slips", "3", "--seed", "5")
    path = tmp_path / "planted.yaml"
    path.write_text(output(capsys, *words), encoding="utf-8")
    solution = json.loads(output(capsys, *words, "--solution", "--format", "json"))["questions"]
    planted = {(one["of"], one["quantity"]): one["planted"] for one in solution if one["planted"]}
    assert len(planted) == 3
    assert main(["check", str(path), "--format", "json"]) == 1
    wrong = {
        (one["of"], one["quantity"]): [each["slips"] for each in one["explanations"]]
        for one in json.loads(capsys.readouterr().out)["claims"]
        if one["verdict"] not in ("right", "right by convention")
    }
    assert wrong.keys() == planted.keys()
    for key, slip in planted.items():
        assert [slip] in wrong[key][:3], (key, wrong[key])


def test_the_seed_decides() -> None:
    report = mc.cost("alexnet")
    sheets = [practice("alexnet", report, 4, seed) for seed in (1, 1, 2)]
    claims = [[int(one.claim) for one in sheet.planted] for sheet in sheets]
    assert claims[0] == claims[1] != claims[2]


def test_what_cannot_be_planted(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["practice", "lenet5", "--slips", "500"]) == 2
    assert "slips can be planted. Received: slips=500" in capsys.readouterr().err
    with pytest.raises(mc.ModelCostError, match="depends on sizes that are not known; give --input"):
        practice("net", mc.cost(mc.Sequential([mc.Input((None, 8)), mc.LSTM(3)])))


def test_names_stand_on_a_sheet_as_they_are(tmp_path: Path) -> None:
    from modelcost.homework.answers import answers
    from modelcost.homework.practice import answer_file

    model = mc.Sequential([mc.Input((8,)), mc.Dense(3, name='a: "b", {c}')], name="net")
    path = tmp_path / "sheet.yaml"
    path.write_text(answer_file(practice("lenet5", mc.cost(model)), blank=False), encoding="utf-8")
    assert answers(str(path)).claims[0].of == 'a: "b", {c}'


OPTIONS = ["--batch", "8", "--data", "1000", "--validation", "0.1", "--epochs", "3", "--optimizer", "SGD(momentum=0.9)",
           "--drop-remainder", "--early-stop", "2", "--dtype", "float16", "--convention", "macs"]  # fmt: skip


@pytest.mark.parametrize(("model", "shape"), [("vgg11", "64x64x3"), ("vit_b16", "64x64x3"), ("lenet5", "64x64x1")])
def test_a_sheet_says_all_that_its_figures_hang_on(
    model: str, shape: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("practice", model, "--input", shape, *OPTIONS, "--slips", "2", "--seed", "1")
    path = tmp_path / "sheet.yaml"
    path.write_text(output(capsys, *words), "utf-8")
    assert main(["check", str(path), "--format", "json"]) == 1
    found = json.loads(capsys.readouterr().out)["claims"]
    assert sum(one["verdict"] == "wrong" for one in found) == 2
    assert {one["verdict"] for one in found} <= {"right", "wrong", "carried forward"}


CODE = """
import modelcost as mc

def build():
    a, b = mc.Input((8, 8, 3), name="a"), mc.Input((4,), name="b")
    return mc.Model([a, b], mc.Dense(3)(mc.Concatenate()([mc.Flatten()(a), b])))
"""


def test_a_sheet_on_a_model_of_one_s_own_says_how_to_check_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own_net.py").write_text(CODE, "utf-8")
    text = output(capsys, "practice", "own_net:build", "--input", "9x9x3", "--input", "4", "--slips", "1")
    assert text.splitlines()[0] == "# check it with --model own_net:build"
    Path("sheet.yaml").write_text(text, "utf-8")
    assert main(["check", "sheet.yaml", "--model", "own_net:build", "--format", "json"]) == 1
    found = json.loads(capsys.readouterr().out)["claims"]
    assert [one["verdict"] for one in found].count("wrong") == 1
    assert main(["check", "sheet.yaml"]) == 2
    assert "which model?" in capsys.readouterr().err
    named = text.replace("# check it with --model own_net:build", "model: own_net:build")
    Path("sheet.yaml").write_text(named, "utf-8")
    assert main(["check", "sheet.yaml"]) == 2
    assert "unknown model 'own_net:build'" in capsys.readouterr().err
