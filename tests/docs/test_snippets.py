"""Every snippet of the documentation runs, and shows what really comes out.

`MODELCOST_WRITE_GOLDEN=1` writes what comes out into the pages: look at the difference.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from snippets import LEFT, RUN, Page, snippets

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted(page for page in (ROOT / "docs").glob("*.md"))]
WITH_KERAS = [page for page in PAGES if any("keras" in one.needs for one in snippets(page.read_text(encoding="utf-8")))]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a reader is: in an empty folder, at a terminal 88 columns wide without colors, not calibrated."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("COLUMNS", "88")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("MODELCOST_CALIBRATION", str(tmp_path / "calibration.json"))
    return tmp_path


def held(page: Page) -> None:
    """Run a page, and mend it if that is asked for."""
    page.run()
    if page.changes and os.environ.get("MODELCOST_WRITE_GOLDEN"):
        page.path.write_text(page.mended(), encoding="utf-8")
    assert not page.wrong, "\n".join(page.wrong)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_what_a_page_shows_is_what_comes_out(path: Path, folder: Path) -> None:
    held(Page(path, folder))


@pytest.mark.keras
@pytest.mark.parametrize("path", WITH_KERAS, ids=lambda path: path.stem)
def test_what_a_page_shows_of_keras_is_what_comes_out(path: Path, folder: Path) -> None:
    pytest.importorskip("keras")
    held(Page(path, folder, keras=True))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_no_snippet_is_left_out_unseen(path: Path) -> None:
    """A block is run, or it is a file that other blocks use, or it is of a kind that is not run."""
    for snippet in snippets(path.read_text(encoding="utf-8")):
        assert snippet.caption or snippet.language in (*RUN, *LEFT), (path.name, snippet.start, snippet.language)


SHOWN = """
Text.

```python
>>> 1 + 1
3
>>> for i in range(2):
...     print(i)
0
5
>>> import modelcost as mc; mc.Dense(0)
Traceback (most recent call last):
    ...
SizeError: no
```

```console
$ modelcost conventions
nothing
$ echo $?
1
$ modelcost lenet5 --data 100  # only: Forward
```
"""


def test_what_a_page_shows_wrongly_is_told_and_mended(folder: Path) -> None:
    """The judge of all pages is judged: each wrong output is found, and the page as mended has none."""
    path = folder / "page.md"
    path.write_text(SHOWN, encoding="utf-8")
    page = Page(path, folder)
    page.run()
    assert [one.split("\n")[0] for one in page.wrong] == [
        "page.md, line 6: 1 + 1",
        "page.md, line 9: for i in range(2):",
        "page.md, line 12: import modelcost as mc; mc.Dense(0)",
        "page.md, line 19: modelcost conventions",
        "page.md, line 21: echo $?",
        "page.md, line 23: modelcost lenet5 --data 100  # only: Forward",
    ]
    path.write_text(page.mended(), encoding="utf-8")
    again = Page(path, folder)
    again.run()
    assert not again.wrong
    for line in ("2", "1", "modelcost.errors.SizeError: Dense(units=0): units must be at least 1. Received: units=0"):
        assert f"\n{line}\n" in again.text
    assert "\nForward pass\n" in again.text
    assert "\nTotals" not in again.text


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("```python\nraise ZeroDivisionError\n```", ZeroDivisionError),
        ("```console\nmodelcost lenet5\n```", AssertionError),
        ("```console\n$ rm page.md\n```", AssertionError),
        ("```console\n$ modelcost lenet5  # only: Backward\n```", AssertionError),
        ("```python\n1\n", AssertionError),
    ],
    ids=["script", "no command", "another command", "not there", "no end"],
)
def test_what_cannot_be_run_is_an_error(text: str, error: type[Exception], folder: Path) -> None:
    path = folder / "page.md"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(error):
        Page(path, folder).run()


def test_a_block_with_a_caption_is_a_file_and_one_of_keras_waits_for_it(folder: Path) -> None:
    path = folder / "page.md"
    blocks = "```{code-block} python\n:caption: net.py\n\nx = 1\n```\n```python keras\nraise SystemExit\n```\n"
    path.write_text(f"{blocks}```{{note}}\nnot code\n```\n", encoding="utf-8")
    Page(path, folder).run()
    assert (folder / "net.py").read_text(encoding="utf-8").strip() == "x = 1"
    assert [(one.language, one.needs) for one in snippets(path.read_text(encoding="utf-8"))] == [
        ("python", []),
        ("python", ["keras"]),
    ]


INLINE = re.compile(r"`(modelcost [^`]+)`")
NOT_HERE = ("verify", "calibrate", "check", "mypackage.nets:build")
"""Commands of the README that need TensorFlow, or a file of the reader's."""


@pytest.mark.parametrize("command", sorted(set(INLINE.findall(PAGES[0].read_text(encoding="utf-8")))))
def test_a_command_that_the_readme_names_runs(command: str, folder: Path) -> None:
    """It prints something, or makes the file that it names last."""
    if command.split()[1] in NOT_HERE:
        return
    for option, package in (("--plot", "matplotlib"), ("html", "jinja2")):
        if option in command:
            pytest.importorskip(package)
    page = Page(PAGES[0], folder)
    printed = page.command(command)
    assert page.status == 0
    assert printed or "--output" in command
    if {"--output", "--plot"} & {*command.split()}:
        assert (folder / command.split()[-1]).stat().st_size


def test_options_that_pages_name_exist(folder: Path) -> None:
    pytest.importorskip("shtab")
    known = set(re.findall(r"--[\w-]+", Page(PAGES[0], folder).command("modelcost completion bash")))
    for path in PAGES:
        for code in re.findall(r"`(modelcost [^`]+|--[^`]+)`", path.read_text(encoding="utf-8")):
            missing = [word for word in code.split() if word.startswith("--") and word not in known]
            assert not missing, (path.name, code)
