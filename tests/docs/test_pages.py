"""The documentation is built without a warning, asks nothing of the network, and leaves nothing out."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

import modelcost as mc
from making import examples, layers, notebooks, pictures, tables
from modelcost.facts import COLUMNS

ROOT = Path(__file__).parents[2]


def test_every_layer_has_its_page() -> None:
    """Each name that a script can write is a class with a section, or another name of one."""
    families = [family for page in layers.PAGES.values() for family in page.split()]
    assert sorted(families) == sorted(mc.layers.FAMILIES)
    classes = examples.classes()
    functions = {name for name in mc.layers.names() if not isinstance(getattr(mc.layers, name), type)}
    assert {name for names in classes.values() for name in names} | functions == set(mc.layers.names())


@pytest.mark.parametrize("cls", examples.classes(), ids=lambda cls: cls.__name__)
def test_every_layer_has_a_worked_example_that_is_its_own(cls: Any) -> None:
    """What is worked out is a call of this very layer, or of one around it, and each figure of its facts is there."""
    one = examples.example(cls)
    assert cls.__name__ in one.written
    forward, _ = examples.worked(one)
    facts = one.layer.costed(one.shapes, one.options)
    figures = {"params": int(facts.params()), **{name: sum(map(int, facts.column(name))) for name in COLUMNS}}
    for name, figure in figures.items():
        assert (f"  {name} = " in forward) == bool(figure), name
        assert f" = {figure}\n" in forward.replace(",", "") or not figure, name


def test_the_glossary_has_every_letter_of_the_worked_examples() -> None:
    """A letter is one of its table, alone or with a word below that stands there for itself."""
    table = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").partition("## Letters")[2]
    known = set(re.findall(r"`(\w+)`", table))
    below = {word for word in known if word.startswith("_")} | {"_out", "_h", "_w", "_d"}
    formulas = "".join(text for cls in examples.classes() for text in examples.worked(examples.example(cls)))
    used = set(re.findall(r"(?<![\w.'])[A-Z](?:_[a-z]+)?(?!\w)", formulas))
    assert len(used) > 25
    missing = {letter for letter in used - known if not (letter[:1] in known and letter[1:] in below)}
    assert not missing


def test_the_rule_of_the_profiler_is_ours_layer_by_layer() -> None:
    """The table's last column was measured with TensorFlow, on one layer at a time."""
    *_, tf = tables.OURS
    assert tf == "tf"
    for row in tables.rows("tools.csv"):
        assert tables.ours(row)[-1] == int(row["TensorFlow"]), row["case"]


def test_what_tools_answer_for_an_lstm_is_what_their_rules_give() -> None:
    tables.lstm()  # which compares them


@pytest.mark.parametrize(("name", "wrong"), [("thop", "66561"), ("torchprofile", "61441")])
def test_a_rule_that_gives_another_answer_is_an_error(name: str, wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    told = [{**row, "figure": wrong} if row["tool"] == name else row for row in tables.rows("lstm.csv")]
    monkeypatch.setattr(tables, "rows", lambda _: told)
    with pytest.raises(ValueError, match=f"{name} says {wrong}"):
        tables.lstm()


@pytest.mark.docs
def test_the_documentation(tmp_path: Path) -> None:
    """One test, for one build: it is built without a warning, whole, and of what the tool says."""
    pytest.importorskip("sphinx")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", str(ROOT / "docs"), str(tmp_path / "html")]
    done = subprocess.run(command, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert not done.returncode, done.stderr
    has_every_public_name(tmp_path / "html")
    shows_what_explain_says(tmp_path / "html")
    asks_nothing_of_the_network(tmp_path / "html")


def has_every_public_name(built: Path) -> None:
    pages = "".join(page.read_text(encoding="utf-8") for page in (built / "made").glob("*.html"))
    classes = {cls.__name__ for cls in examples.classes()}
    others = set(dir(mc)) - set(mc.layers.names()) - set(mc._MODULES) - {"__version__"}
    missing = [name for name in sorted(classes | others) if f'id="modelcost.{name}"' not in pages]
    assert not missing
    for name in mc._MODULES:
        assert f"<h3>modelcost.{name}<" in pages


def shows_what_explain_says(built: Path) -> None:
    """Formulas and numbers are not retyped: those of some layers are looked for in the pages as they stand."""
    for cls, page in ((mc.Dense, "dense"), (mc.Conv2D, "convolutions"), (mc.LSTM, "recurrent")):
        forward, training = examples.worked(examples.example(cls))
        text = unescape(re.sub(r"<[^>]+>", "", (built / "made" / f"{page}.html").read_text(encoding="utf-8")))
        for line in (*forward.splitlines(), *training.splitlines()):
            assert line.strip() in text, line


ELSEWHERE = re.compile(
    r"""<(?:script|img|iframe|source)[^>]*\ssrc=["'](?:https?:)?//"""
    r"""|<link[^>]*rel=["'](?:stylesheet|preconnect|icon)[^>]*href=["'](?:https?:)?//"""
    r"""|@import|url\(["']?https?:"""
)
"""What makes a browser ask another machine."""


def asks_nothing_of_the_network(built: Path) -> None:
    pages = [path for path in built.rglob("*") if path.suffix in (".html", ".css")]
    assert len(pages) > 30
    for path in pages:
        found = ELSEWHERE.search(path.read_text(encoding="utf-8"))
        assert found is None, (path.relative_to(built), found)


def _scripts() -> list[Any]:
    marks = {name: [pytest.mark.keras] for name in notebooks.NEED_KERAS}
    return [pytest.param(path, id=path.stem, marks=marks.get(path.stem, [])) for path in notebooks.scripts()]


@pytest.mark.docs
@pytest.mark.parametrize("script", _scripts())
def test_a_notebook_shows_what_comes_out(script: Path, tmp_path: Path) -> None:
    """`MODELCOST_WRITE_GOLDEN=1` stores it anew."""
    for needed in ("jupytext", "nbclient", "ipykernel", "pandas"):
        pytest.importorskip(needed)
    if os.environ.get("MODELCOST_WRITE_GOLDEN"):
        notebooks.write(script)
    assert notebooks.shown(notebooks.stored(script)) == notebooks.shown(notebooks.fresh(script))


@pytest.mark.docs
@pytest.mark.parametrize("name", [pytest.param(n, marks=[pytest.mark.browser] * (n == "page")) for n in pictures.MADE])
def test_a_picture_is_what_is_drawn(name: str) -> None:
    """As nearly as another machine's letters let it be; `MODELCOST_WRITE_GOLDEN=1` stores it anew."""
    image = pytest.importorskip("PIL.Image")
    if name == "page" and not any(map(shutil.which, pictures.BROWSERS)):
        pytest.skip("there is no Chromium on the PATH")
    file = pictures.PICTURES / f"{name}.png"
    if os.environ.get("MODELCOST_WRITE_GOLDEN"):
        file.write_bytes(pictures.MADE[name]())
    stored, drawn = (image.open(BytesIO(one)).convert("L") for one in (file.read_bytes(), pictures.MADE[name]()))
    assert stored.size == drawn.size
    pairs = list(zip(stored.tobytes(), drawn.tobytes(), strict=True))
    most = 0.05 if name == "page" else 0.01
    assert sum(abs(one - other) > 48 for one, other in pairs) < most * len(pairs)
    assert file.stat().st_size < 100_000


def test_the_readme_and_the_pages_lead_somewhere() -> None:
    """Links within the repository: Sphinx follows those of its pages, and nobody those of the README."""
    for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert link.startswith("made/") or (page.parent / link).exists(), (page.name, link)


def test_what_the_pages_install_there_is() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        extras = tomllib.load(file)["project"]["optional-dependencies"]
    named = [
        (page.name, extra)
        for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"))
        for several in re.findall(r"'\.\[([\w,]+)\]'", page.read_text(encoding="utf-8"))
        for extra in several.split(",")
    ]
    assert len(named) > 8
    assert [one for one in named if one[1] not in extras] == []


def test_there_is_an_example_for_each_homework_set() -> None:
    sheets = {path.stem for path in (ROOT / "examples" / "homework").glob("*.yaml")}
    assert sheets <= {path.stem for path in notebooks.scripts()}
    for path in notebooks.scripts():
        assert path.with_suffix(".ipynb").exists()
        assert path.stem in (ROOT / "docs" / "examples.md").read_text(encoding="utf-8")


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) < 120
