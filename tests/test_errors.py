"""The gallery of errors: what is written, and the whole text of the answer, word for word, in `data/errors.txt`.

A line that starts at the margin is what somebody writes, in Python or (after a $) on the command
line; the indented line below is the answer. `python -m tests.test_errors` prints the gallery anew.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import modelcost as mc
from modelcost.errors import ModelCostError

GALLERY = Path(__file__).parent / "data" / "errors.txt"


def entries() -> list[tuple[str, str]]:
    """What is written and what is answered, from the gallery."""
    lines = [line for line in GALLERY.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
    return [(a, b.strip()) for a, b in zip(lines[::2], lines[1::2], strict=True)]


def names() -> dict[str, Any]:
    """What the gallery's Python can use: three inputs, and sizes that nobody should give."""
    return {
        "mc": mc,
        "image": mc.Input((28, 28, 3), name="image"),
        "steps": mc.Input((10, 8), name="steps"),
        "vector": mc.Input((7,), name="vector"),
        "tokens": mc.Input((10,), dtype="int32", name="tokens"),
        "nan": float("nan"),
        "H": mc.Count(6, "H", size="height"),
        "lenet5": mc.zoo.lenet5(),
    }


def answer(code: str) -> tuple[type, str]:
    """The error that a line of Python gives: its type and its text."""
    try:
        result = eval(code, names())
    except Exception as error:  # every error of the gallery is looked at
        return type(error), str(error)
    return type(result), f"no error, but {result!r}"


def command_line(arguments: str) -> tuple[int, str, str]:
    """Run the command in a process of its own: exit status, stdout, stderr."""
    root = str(Path(__file__).parents[1])
    environment = os.environ | {"PYTHONPATH": root, "COLUMNS": "100", "NO_COLOR": "1"}
    words = [sys.executable, "-m", "modelcost", *arguments.split()]
    done = subprocess.run(words, capture_output=True, text=True, env=environment, check=False)
    return done.returncode, done.stdout, done.stderr


PYTHON = [entry for entry in entries() if not entry[0].startswith("$")] if GALLERY.exists() else []
COMMANDS = [entry for entry in entries() if entry[0].startswith("$")] if GALLERY.exists() else []


@pytest.mark.parametrize(("written", "text"), PYTHON, ids=[written[:60] for written, _ in PYTHON])
def test_error(written: str, text: str) -> None:
    kind, said = answer(written)
    assert said == text
    assert issubclass(kind, ModelCostError)
    assert issubclass(kind, ValueError)


@pytest.mark.parametrize(("written", "text"), COMMANDS, ids=[written[2:] for written, _ in COMMANDS])
def test_error_on_the_command_line(written: str, text: str) -> None:
    status, out, err = command_line(written.removeprefix("$ modelcost "))
    assert (status, out) == (2, "")
    assert err.strip() == text


def test_the_gallery_is_large_enough_and_says_nothing_twice() -> None:
    written = [one for one, _ in entries()]
    assert len(PYTHON) >= 80
    assert len(COMMANDS) >= 8
    assert len(set(written)) == len(written)


@pytest.mark.parametrize(("written", "text"), PYTHON + COMMANDS, ids=[written[:60] for written, _ in PYTHON + COMMANDS])
def test_an_answer_is_one_line_of_bearable_length(written: str, text: str) -> None:
    assert text == text.strip()
    assert len(text) < 500
    assert "object at 0x" not in text
    assert "Traceback" not in text


if __name__ == "__main__":
    for line in GALLERY.read_text(encoding="utf-8").splitlines():
        if not line.startswith(" "):
            print(line)
        if line and line[0] not in "# ":
            command = line.startswith("$")
            print(" ", command_line(line.removeprefix("$ modelcost "))[2].strip() if command else answer(line)[1])
