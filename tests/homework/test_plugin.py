"""A failed assertion says what went wrong: in pytest by the plugin, elsewhere by the verdict itself."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import pytest

import modelcost as mc
from modelcost.homework import pytest_plugin

ROOT = Path(mc.__file__).parents[1]
REPORT = mc.cost("fashion_cnn_small")

TESTS = """
import pytest
import modelcost as mc
report = mc.cost("fashion_cnn_small")

def test_plain():
    assert 69_696 == report["conv2"].multiplies

def test_turned_round():
    assert report["conv2"].multiplies == 69_696

def test_check():
    assert mc.check(69_696, of=report["conv2"].multiplies)

def helper(claim):
    assert claim == report["conv2"].multiplies, "with a message"

def test_in_a_function():
    helper(69_696)

def test_about():
    assert report["conv2"].multiplies == pytest.approx(69_696)

def test_list():
    assert [640, 69_696] == [report["conv1"].params, report["conv2"].multiplies]

def test_dictionary():
    assert {"a": (1, report["conv2"].multiplies)} == pytest.approx({"a": 3}) or {
        "a": (1, report["conv2"].multiplies)} == {"a": (1, 69_696)}

def test_shape():
    assert (13, 13, 64) == report["conv2"].output_shape

def test_other_numbers():
    assert 1 == 2

def test_right():
    assert 4_460_544 == report["conv2"].multiplies
"""
LINES = [
    "conv2.multiplies is wrong",
    "claimed  69,696",
    "right    4,460,544 = H_out*W_out*F*K*K*C = 11*11*64*3*3*64",
    "slip     the 64 input channels are left out",
    "so       69,696 = 11*11*64*3*3",
]


def test_pytest_shows_the_diagnosis(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(TESTS)
    installed = entry_points(group="pytest11", name="modelcost")  # then it is loaded without being named
    plugins = ["-p", "no:cacheprovider", *([] if installed else ["-p", pytest_plugin.__name__])]
    command = [sys.executable, "-m", "pytest", "-q", *plugins, str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment, check=False)
    for line in LINES:
        assert done.stdout.count(line) >= 6, (line, done.stdout)
    assert "[1]: conv2.multiplies is wrong" in done.stdout
    assert "['a'][1]: conv2.multiplies is wrong" in done.stdout
    assert "13 x 13 places, those of same padding, stand where 11 x 11 belong" in done.stdout
    assert "the 64 input channels are left out>" in done.stdout
    assert "9 failed, 1 passed" in done.stdout
    off = ["-p", "no:modelcost"] if installed else []
    bare = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *off, str(tmp_path)]
    without = subprocess.run(bare, capture_output=True, text=True, cwd=tmp_path, env=environment, check=False)
    assert "9 failed, 1 passed" in without.stdout
    assert LINES[1] not in without.stdout
    assert "the 64 input channels are left out>" in without.stdout  # a verdict speaks for itself
    assert "assert 1 == 2" in done.stdout


def test_the_plugin_is_there_once_it_is_installed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["entry-points"]["pytest11"] == {"modelcost": pytest_plugin.__name__}
    assert any(line.lower().startswith("pyyaml") for line in project["optional-dependencies"]["yaml"])


def test_it_stays_out_of_other_comparisons() -> None:
    hook, count = pytest_plugin.pytest_assertrepr_compare, REPORT["conv2"].multiplies
    assert hook("<", 1, count) is None
    assert hook("==", 1, 2) is None
    assert hook("==", True, count) is None
    assert hook("==", count, count) is None
    assert hook("==", [1], count) is None
    assert hook("==", [1, [2]], [1, [3]]) is None
    assert hook("==", {"a": 1}, {"b": count}) is None
    assert hook("==", [count], [4_460_544]) is None
    deep: object = count
    claim: object = 1
    for _ in range(100):
        deep, claim = [deep], [claim]
    assert hook("==", deep, claim) is None
    many = hook("==", [1] * 100_000, [count] * 100_000)
    assert many is not None
    assert len(many) < 30
    assert many[-1] == "and others"
    assert hook("==", 5, mc.Count(3)) is None  # nothing was worked out
    assert hook("==", 4_460_544, count) is None
    lines = hook("==", 10**400, count)
    assert lines is not None
    assert lines[1] == "a figure has at most 300 digits; this one has more"


def test_the_plugin_loads_next_to_nothing() -> None:
    code = (
        f"import {pytest_plugin.__name__} as plugin, sys; plugin.pytest_assertrepr_compare('==', 1, 2);"
        "print([name for name in sys.modules if name.startswith('modelcost')])"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.strip() == str(["modelcost", "modelcost.homework", pytest_plugin.__name__])


def run(code: str) -> str:
    """The message with which a piece of plain Python fails, as a notebook runs it."""
    with pytest.raises(AssertionError) as caught:
        exec(compile(code, "cell", "exec"), {"mc": mc, "report": REPORT})
    return str(caught.value)


CHECK = "mc.check(69_696, of=report['conv2'].multiplies)"


@pytest.mark.parametrize(
    "code", [f"assert {CHECK}", f"verdict = {CHECK}\nassert verdict", f"def f():\n    assert {CHECK}\nf()"]
)
def test_a_plain_assert_says_why(code: str) -> None:
    assert [line.strip() for line in run(code).splitlines()] == LINES


def test_elsewhere_a_verdict_is_true_or_false_and_no_more() -> None:
    verdict = mc.check(69_696, of=REPORT["conv2"].multiplies)
    assert bool(verdict) is False
    assert [one for one in (verdict,) if one] == []
    assert run(f"assert {CHECK}, 'a message of its own'") == "a message of its own"
    exec("if verdict: raise ValueError\nassert not verdict\nx = verdict and 1", {"verdict": verdict})
    assert bool(mc.check(4_460_544, of=REPORT["conv2"].multiplies)) is True
