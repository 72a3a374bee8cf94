"""What a notebook shows: a report as its tables, a count as mathematics."""

from __future__ import annotations

import subprocess
import sys
from html.parser import HTMLParser
from types import SimpleNamespace

import pytest
from golden_files import assert_golden
from test_render import MODELS, hostile

import modelcost as mc
from modelcost.count import Count, Expression
from modelcost.render import page, rendered, sweep
from modelcost.render import tuned as tuned_view
from modelcost.render.html import body


@pytest.mark.parametrize("name", ["small", "hostile"])
def test_a_report_shows_itself_as_html(name: str) -> None:
    assert_golden(f"notebook_{name}.html", mc.cost(MODELS[name](), batch=64, data=1000, epochs=3)._repr_html_())


def test_a_report_shows_itself_as_markdown() -> None:
    report = mc.cost(hostile())
    assert report._repr_markdown_() == rendered(page, report, "markdown")


def test_what_a_notebook_shows_has_the_elements_of_tables_alone() -> None:
    found: set[str] = set()

    class Tags(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.update((tag, *(name for name, _ in attrs)))

    Tags().feed(mc.cost(hostile())._repr_html_())
    tables = {"table", "thead", "tbody", "tfoot", "tr", "th", "td"}
    assert found <= {"style", "div", "class", "tabindex", "scope", "h1", "h2", "p", *tables}


def test_sweeps_and_searches_show_themselves_as_html() -> None:
    """Their tables, in the same box, with what comes from elsewhere as text."""
    found = mc.sweep("lenet5", batch=[1, 8], height=[4, 32], width=32)
    named = mc.sweep(lambda name: mc.Sequential([mc.Input((2,)), mc.Dense(1)], name=name), name=["<img src=x>", "b"])
    tuned = mc.search(["lenet5", "mnist_mlp"], trials=2, epochs=3, data=100)
    for one, view in ((found, sweep), (found.top(1), sweep), (named, sweep), (tuned, tuned_view)):
        shown = one._repr_html_()
        assert shown.startswith("<style>.modelcost{") and body(view.blocks(one)) in shown and "<img" not in shown
        assert shown.count("<table>") == rendered(view, one, "html").count("<table>")
    assert "&lt;img src=x&gt;" in named._repr_html_() and "4 - 5 + 1 would be 0" in found._repr_html_()


def test_a_verdict_shows_itself_as_it_is_printed() -> None:
    told: list[str] = []
    verdict = mc.check(69_696, of=mc.cost("fashion_cnn_small")["conv2"].multiplies)
    verdict._repr_pretty_(SimpleNamespace(text=told.append), False)
    assert told == [str(verdict)] and "the 64 input channels are left out" in told[0]


def test_what_has_no_tables_of_its_own_says_what_it_is() -> None:
    report = mc.cost("lenet5", batch=32, optimizer="adam")
    assert repr(report.memory) == "<Memory of lenet5: training and inference, batch 32>"
    assert repr(mc.cost("lenet5").memory) == "<Memory of lenet5: inference, batch 1>"
    assert repr(report.training) == f"<Training: a step of 10 rows, {int(report.minibatch.flops)} FLOPs>"


def test_a_count_shows_itself_as_mathematics() -> None:
    conv1 = mc.cost("alexnet")["conv1"]
    assert conv1.params._repr_latex_() == (
        r"$\displaystyle K \cdot K \cdot C \cdot F + F = 11 \cdot 11 \cdot 3 \cdot 96 + 96 = 34{,}944$"
    )
    assert Count(3, "K")._repr_latex_() == r"$\displaystyle K = 3$"
    assert (Expression("T") * 4)._repr_latex_() == r"$\displaystyle T \cdot 4$"
    assert Count(3)._repr_latex_() is None  # a number is shown as any number is


def test_the_mathematics_of_a_deep_network_is_not_set() -> None:
    params = mc.cost("resnet152").params
    assert params._repr_latex_() == r"$\displaystyle 60{,}419{,}944$"


def test_a_hostile_name_cannot_leave_the_mathematics() -> None:
    name = "a$b}\\end{x}\n%"
    shown = Count(3, name) * 2
    latex = shown._repr_latex_()
    assert latex.count("$") == 3 and r"\$" in latex and "\n" not in latex and r"\end" not in latex


def test_to_count_loads_nothing_of_what_shows() -> None:
    code = "import modelcost as mc, sys; mc.cost('alexnet').params; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not [name for name in done.stdout.split() if name.startswith("modelcost.render")]


@pytest.mark.docs
def test_a_report_in_a_notebook_that_is_run_shows_its_tables() -> None:
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    code = "import modelcost as mc\nmc.cost('lenet5', batch=8, optimizer='adam')"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    (output,) = notebook.cells[0].outputs
    report = mc.cost("lenet5", batch=8, optimizer="adam")
    assert output.data["text/html"] == report._repr_html_()
    assert output.data["text/markdown"] == report._repr_markdown_()
