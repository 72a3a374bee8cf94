"""Every snippet of the documentation runs, and shows what really comes out.

`MODELCOST_WRITE_GOLDEN=1` writes what comes out into the pages: look at the difference.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from snippets import LEFT, RUN, Page, snippets

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted(page for page in (ROOT / "docs").glob("*.md"))]
WITH_KERAS = [page for page in PAGES if any(one.keras for one in snippets(page.read_text(encoding="utf-8")))]


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
