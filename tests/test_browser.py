"""The page of a report in headless Chromium: what a reader sees, points at, types, and what a hostile name does not do.

Chromium is that of the machine; where there is none, these are left out.
"""

from __future__ import annotations

import gzip
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from test_webpage import EVIL, close_by, evil

import modelcost as mc
from modelcost.importers.keras_config import model_of
from modelcost.render.escape import visible
from modelcost.render.units import scaled

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on the PATH")]
playwright = pytest.importorskip("playwright.sync_api")
NASNET = Path(__file__).parent / "data" / "applications" / "NASNetMobile.json.gz"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as api:
        started = api.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])  # it shows our own file alone
        yield started
        started.close()


LONG = "all => all.map(one => Math.abs(one.getAttribute('y1') - one.getAttribute('y2')))"
"""How long the bars of a chart are."""


class Opened:
    """A page that is open, and all that it complained of or asked for."""

    def __init__(self, browser: Any, folder: Path, report: mc.Report, **settings: Any) -> None:
        file = folder / "report.html"
        file.write_text(report.to_html(), encoding="utf-8")
        self.context = browser.new_context(**{"viewport": {"width": 1300, "height": 900}, **settings})
        self.page = self.context.new_page()
        self.page.set_default_timeout(60_000)
        self.heard: list[str] = []
        self.page.on("console", lambda message: self.heard.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.heard.append(f"error: {error}"))
        self.page.on("dialog", lambda dialog: (self.heard.append("a dialog"), dialog.dismiss()))
        self.page.on("request", lambda request: self._asked(request.url))
        self.page.goto(file.as_uri())

    def _asked(self, url: str) -> None:
        if not url.startswith(("file:", "data:")):
            self.heard.append(f"request: {url}")

    def texts(self, selector: str) -> list[str]:
        found: list[str] = self.page.locator(selector).all_inner_texts()
        return found

    def values(self, selector: str) -> list[str]:
        """The figures in some cells in full: beside what is shown, or at the end of the working behind it."""
        return [self.value(cell) for cell in self.page.locator(selector).all()]

    def value(self, cell: Any) -> str:
        full: str = cell.evaluate(
            "one => one.querySelector('data')?.value ?? document.querySelector("
            "(one.querySelector('a') ?? one).getAttribute('href') ?? 'nothing')?.lastElementChild.textContent"
            " ?? one.textContent"
        )
        return full.replace(",", "")

    def point_at_bar(self, chart: str, place: int) -> None:
        """Move the mouse to a bar: it is a line, which has no width of its own to Playwright."""
        box = self.page.locator(f'.chart.{chart} .ct-bar[data-place="{place}"]').bounding_box()
        self.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)

    def names(self) -> list[str]:
        """The layers that the table shows, from top to bottom."""
        return [name for name in self.texts("#layers tbody tr:not([hidden]) th") if name]


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Iterator[Any]:
    several: list[Opened] = []

    def of(report: mc.Report, **settings: Any) -> Opened:
        several.append(Opened(browser, tmp_path, report, **settings))
        return several[-1]

    yield of
    for one in several:
        one.context.close()
        assert one.heard == []


def trained(name: str) -> mc.Report:
    return mc.cost(name, batch=32, data=50_000, epochs=9, optimizer="adam", validation=0.1, cpu="i7-8700k")


@pytest.mark.parametrize("name", ["alexnet", "resnet50", "lstm_stack", "bert_base", "unet"])
def test_it_opens_and_draws_every_layer(name: str, opened: Any) -> None:
    report = trained(name)
    shown = opened(report)
    assert shown.names() == [row.name for row in report]
    assert shown.page.locator("#graph .node").count() == len(report)
    for chart in ("flops", "params", "activation_bytes"):
        bars = shown.page.eval_on_selector_all(f".chart.{chart} .ct-bar", LONG)
        values = [float(int(row.figures[chart])) for row in report]
        most = values.index(max(values))
        assert bars == pytest.approx([bars[most] * value / values[most] for value in values], abs=0.01)


def test_the_figures_are_those_of_the_json(opened: Any) -> None:
    report = trained("alexnet")
    found = json.loads(report.to_json())
    shown = opened(report)
    assert shown.values("#totals tbody td:nth-child(2)") == [str(found["totals"][name]) for name in (
        "params", "trainable_params", "non_trainable_params", "macs", "multiplies", "adds", "divisions", "comparisons",
        "transcendentals", "flops", "activation_bytes")]  # fmt: skip
    headings = [word.strip() for word in shown.texts("#layers thead th")]
    for heading, key in {"params": "params", "FLOPs": "flops", "memory": "activation_bytes", "MACs": "macs"}.items():
        nth = headings.index(heading) + 1
        assert shown.values(f"#layers tbody td:nth-child({nth})") == [str(row[key]) for row in found["layers"]]
        assert shown.values(f"#layers tfoot td:nth-child({nth})") == [str(found["totals"][key])]
    wanted = [str(value) for level in found["per"].values() for name, value in level.items() if name != "steps"]
    assert shown.values("#levels tbody td:nth-child(4)") == wanted
    held = [str(value) for name, value in found["memory"].items() if name.endswith("_bytes")]
    assert shown.values("#held tbody td:nth-child(3)") == held
    rows = [row for row in found["memory"]["layers"] if any(value for name, value in row.items() if name != "name")]
    for nth, name in enumerate(("parameter", "gradient", "optimizer", "activation", "kept_activation"), start=2):
        assert shown.values(f"#kept tbody td:nth-child({nth})") == [str(row[f"{name}_bytes"]) for row in rows]


def test_sorting_by_mouse_and_by_key(opened: Any) -> None:
    report = mc.cost("resnet18")
    shown = opened(report)
    flops = {row.name: int(row.flops) for row in report}
    button = shown.page.get_by_role("button", name="Sort by FLOPs")
    button.click()
    shown.page.wait_for_selector("#layers th[aria-sort=descending]:has-text('FLOPs')")
    shown.page.wait_for_timeout(50)
    assert [flops[name] for name in shown.names()] == sorted(flops.values(), reverse=True)
    button.focus()
    shown.page.keyboard.press("Enter")
    shown.page.wait_for_selector("#layers th[aria-sort=ascending]:has-text('FLOPs')")
    shown.page.wait_for_timeout(50)
    assert [flops[name] for name in shown.names()] == sorted(flops.values())
    assert shown.page.locator("#layers th[aria-sort]").count() == 1


def test_sorting_is_exact_beyond_what_a_float_holds(opened: Any) -> None:
    report = close_by()
    shown = opened(report)
    shown.page.get_by_role("button", name="Sort by params").click()
    shown.page.wait_for_selector("#layers th[aria-sort=descending]:has-text('params')")
    shown.page.wait_for_timeout(50)
    params = {row.name: int(row.params) for row in report}
    assert [params[name] for name in shown.names()] == sorted(params.values(), reverse=True)


@pytest.mark.parametrize("heading", ["receptive field", "FLOPs/byte", "time"])
def test_columns_of_fractions_and_of_sizes_are_sorted(heading: str, opened: Any) -> None:
    report = mc.cost("alexnet", cpu="i7-8700k").with_columns("receptive_field", "intensity")
    shown = opened(report)
    seconds, views = report.time.rows, ("input", "flatten", "drop6", "drop7")
    of = {
        "receptive field": lambda row: tuple(row.receptive_field.size),
        "FLOPs/byte": lambda row: -1 if row.name in views else row.intensity,
        "time": lambda row: seconds[row.name].seconds if row.name in seconds else -1,
    }[heading]
    shown.page.get_by_role("button", name=f"Sort by {heading}").click()
    shown.page.wait_for_selector(f"#layers th[aria-sort=descending]:has-text('{heading}')")
    shown.page.wait_for_timeout(50)
    keys = [of(report[name]) for name in shown.names() if name != "input"]
    assert keys == sorted(keys, reverse=True) and len(set(keys)) > 5


def test_what_is_held_over_time_is_drawn_as_high_as_it_is(opened: Any) -> None:
    """The outline of all areas is as far above the floor as the most held in each run of steps; the mark is on top."""
    report = trained("resnet18")
    shown = opened(report)
    for nth, name in enumerate(("inference", "training")):
        chart = shown.page.locator(".held").nth(nth)
        assert f"most {scaled(report.memory.figures[f'peak_{name}_bytes'], 'B')} at" in chart.inner_text()
        kinds = {kind for step in report.memory.timeline(name) for kind in step["by_kind"]}
        assert set(chart.locator("li").all_inner_texts()) == kinds
        assert chart.locator(".ct-area").count() == len(kinds)
        areas = chart.locator(".ct-area").evaluate_all("all => all.map(one => one.getAttribute('d'))")
        spots = [[tuple(map(float, spot.split(","))) for spot in re.findall(r"[\d.]+,[\d.]+", area)] for area in areas]
        floor, top = max(y for _, y in spots[0]), min(y for _, y in spots[0])
        outline = dict(spots[0][1:-1])
        most = report.memory.figures[f"peak_{name}_bytes"]
        timeline = report.memory.timeline(name)
        assert all(low[1] >= high[1] - 0.01 for low, high in zip(spots[1], spots[0], strict=True))
        mark = chart.locator("path.peak").get_attribute("d")
        x, y = map(float, re.findall(r"[\d.]+", mark)[:2])
        assert y == pytest.approx(top, abs=0.01)
        assert min(abs(at - x) for at, high in outline.items() if high == top) < 4
        last = timeline[-1]["bytes"]
        assert (floor - spots[0][-2][1]) / (floor - top) == pytest.approx(last / most, abs=0.2)


def test_what_is_held_at_a_step_is_told_by_mouse_and_by_key(opened: Any) -> None:
    """In full, beyond what a float holds; the keys go from step to step, and the first step is that of the peak."""
    layers = [mc.Input((3,)), mc.Dense(2**60 + 1, name="a"), mc.Dense(1, name="b")]
    report = mc.cost(mc.Sequential(layers), batch=2, optimizer="adam")
    shown = opened(report)
    plot = shown.page.get_by_role("slider").nth(1)
    told = [
        [f"{step['step']}, {step['phase']}", f"{step['bytes']:,} B held"]
        + [f"{kind}: {bytes:,} B" for kind, bytes in step["by_kind"].items()]
        for step in report.memory.timeline("training")
    ]
    peak = [one[0] for one in told].index(report.memory.peaks["training"])
    tip = "#tip .of, #tip div"

    def says(step: int) -> None:
        assert sorted(shown.texts(tip)) == sorted(told[step])
        assert plot.get_attribute("aria-valuetext").startswith("; ".join(told[step][:2]))
        assert plot.get_attribute("aria-valuenow") == str(step)

    plot.focus()
    says(peak)
    for key, step in (("Home", 0), ("ArrowLeft", 0), ("ArrowRight", 1), ("ArrowUp", 2), ("End", len(told) - 1)):
        shown.page.keyboard.press(key)
        says(step)
    drawing = plot.locator(".ct-area").first.bounding_box()
    wide = drawing["width"] / len(told)
    for step in (3, 0, len(told) - 1):
        shown.page.mouse.move(drawing["x"] + (step + 0.5) * wide, drawing["y"] + 20)
        says(step)
    assert plot.locator(".cursor").evaluate("line => getComputedStyle(line).visibility") == "visible"


def test_the_first_column_sorts_back_to_the_order_of_the_rows(opened: Any) -> None:
    report = mc.cost("resnet18")
    shown = opened(report)
    for heading, first in (
        ("params", max(report, key=lambda row: row.params).name),
        ("layer", report.rows[-1].name),
        ("layer", report.rows[0].name),
    ):
        shown.page.get_by_role("button", name=f"Sort by {heading}").click()
        shown.page.wait_for_timeout(50)
        assert shown.names()[0] == first
    assert shown.names() == [row.name for row in report]


def test_shapes_are_sorted_by_their_numbers(opened: Any) -> None:
    layers = [mc.Input((7, 7, 1)), *(mc.Conv2D(f, 1) for f in (9, 10, 100)), mc.Flatten(), mc.Dense(10), mc.Dense(9)]
    shown = opened(mc.cost(mc.Sequential(layers)))
    shown.page.get_by_role("button", name="Sort by output").click()
    wanted = ["4900", "10", "9", "7x7x100", "7x7x10", "7x7x9", "7x7x1"]
    shown.page.wait_for_timeout(50)
    assert shown.texts("#layers tbody td:nth-child(3)") == wanted


def test_names_end_before_the_sizes_beside_them(opened: Any) -> None:
    names = ["W" * 30, "i" * 55, "\U0001f600" * 30, "x" * 10_000, "short"]
    shown = opened(mc.cost(mc.Sequential([mc.Input((512, 512, 3)), *(mc.Conv2D(100, 1, name=n) for n in names)])))
    ends = (
        "all => all.map(one => [one.querySelector('.name'), one.querySelector('.sizes')].map(text => text.getBBox()))"
    )
    for name, sizes in shown.page.eval_on_selector_all(".node", f"{ends[:-1]}.map(box => [box.x, box.width]))"):
        assert name[0] + name[1] < sizes[0]
    told = shown.page.locator(".node .name").all_text_contents()
    assert told[-1] == "short" and [text.endswith("\u2026") for text in told] == [False, True, False, True, True, False]
    assert "\ufffd" not in "".join(told)


def test_searching(opened: Any) -> None:
    report = mc.cost("resnet18")
    shown = opened(report)
    shown.page.get_by_role("searchbox").fill("CONV2D 28x28")
    wanted = [r.name for r in report if r.type == "Conv2D" and tuple(r.output_shape[:2]) == (28, 28)]
    assert shown.names() == wanted and wanted
    assert shown.texts("#found") == [f"{len(wanted)} of {len(report)} layers"]
    assert shown.page.locator(".node:not(.faded)").count() == len(wanted)
    shown.page.get_by_role("searchbox").fill("")
    assert len(shown.names()) == len(report)


def working(shown: Opened, selector: str) -> list[str]:
    return [text for text in shown.texts(f"{selector} dt, {selector} dd") if text]


def figure(shown: Opened, layer: int, value: int, table: str = "layers") -> Any:
    links = shown.page.locator(f'#{table} tr[data-place="{layer}"] a').all()
    return next(link for link in links if shown.value(link) == str(int(value)))


def test_a_click_shows_the_working_and_escape_sends_it_away(opened: Any) -> None:
    report = mc.cost("alexnet")
    shown = opened(report)
    assert not shown.page.locator("#panel").is_visible()
    macs = report["conv1"].macs
    link = figure(shown, 1, macs)
    link.click()
    assert shown.texts("#panel-heading") == ["conv1: Conv2D, 227x227x3 -> 55x55x96"]
    assert working(shown, "#panel .working.chosen") == ["macs", macs.formula(), macs.numbers(), f"{macs:,}"]
    assert shown.page.evaluate("document.activeElement.id") == "panel-heading"
    assert shown.page.locator("tr.chosen, .node.chosen, .ct-bar.chosen").count() == 5
    shown.page.keyboard.press("Escape")
    assert not shown.page.locator("#panel").is_visible()
    assert link.evaluate("link => link === document.activeElement")


def test_pointing_and_focus_show_the_working(opened: Any) -> None:
    report = mc.cost("alexnet")
    shown = opened(report)
    params = report["fc6"].params
    place = [row.name for row in report].index("fc6")
    link = figure(shown, place, params)
    for show in (link.hover, link.focus):
        show()
        assert working(shown, "#tip") == ["params", params.formula(), params.numbers(), f"{params:,}"]
        assert link.get_attribute("aria-describedby") == "tip"
        shown.page.keyboard.press("Escape")
        assert not shown.page.locator("#tip").is_visible()
    shown.point_at_bar("params", place)
    assert working(shown, "#tip")[-1] == f"{params:,}"


def test_the_whole_page_by_keyboard(opened: Any) -> None:
    """One stop of the tab key in the table, arrow keys from there, Enter for the working; and so in the graph."""
    report = mc.cost("alexnet")
    shown = opened(report)
    assert shown.page.locator('#layers tbody a[tabindex="0"]').count() == 1
    figure(shown, 1, report["conv1"].params).focus()
    shown.page.keyboard.press("ArrowRight")
    shown.page.keyboard.press("ArrowDown")
    assert shown.value(shown.page.locator("a:focus")) == str(int(report["norm1"].flops))
    shown.page.keyboard.press("Enter")
    assert shown.texts("#panel-heading")[0].startswith("norm1: ")
    shown.page.keyboard.press("Escape")
    shown.page.locator('.node[data-place="0"]').focus()
    for _ in range(4):
        shown.page.keyboard.press("ArrowDown")
    assert shown.page.evaluate("document.activeElement.dataset.place") == "4"
    shown.page.keyboard.press("Enter")
    assert shown.texts("#panel-heading")[0].startswith("conv2: ")


def test_levels_and_totals_have_their_workings_too(opened: Any) -> None:
    report = trained("alexnet")
    shown = opened(report)
    shown.page.locator(f'#levels a:has(data[value="{int(report.run.flops)}"])').click()
    assert working(shown, "#panel .working.chosen")[-1] == f"{report.run.flops:,}"
    shown.page.locator(f'.headline a:has(data[value="{int(report.params)}"])').click()
    assert working(shown, "#panel .working.chosen")[1] == report.params.formula()
    step = report.training["conv1"].weight_gradient_flops
    figure(shown, 1, step, "step").click()
    assert working(shown, "#panel .working.chosen")[-1] == f"{step:,}"


def test_hostile_names_are_text(opened: Any) -> None:
    report = mc.cost(evil())
    shown = opened(report)
    assert shown.page.title() == f"{visible(EVIL[0])}: what it costs"
    assert shown.names() == [visible(name) for name in EVIL]
    for i in range(len(EVIL)):
        shown.page.locator(f'.node[data-place="{i}"]').hover()
        shown.page.locator(f'.node[data-place="{i}"]').click()
        assert visible(EVIL[i]) in shown.texts("#panel-heading")[0]
    shown.page.get_by_role("searchbox").fill("<img")
    assert shown.names() == [EVIL[1]]
    assert shown.page.locator("img, script:not([type])").count() == 4  # the scripts of the page itself


def test_no_script_but_those_of_the_page_would_run(browser: Any, tmp_path: Path) -> None:
    """If a name ever got through as a tag, the policy would still stop it."""
    file = tmp_path / "broken.html"
    text = mc.cost("lenet5").to_html()
    file.write_text(text.replace("</h1>", "</h1><script>window.ran = 1</script>", 1), encoding="utf-8")
    page = browser.new_page()
    page.goto(file.as_uri())
    assert page.evaluate("[window.ran ?? 'no', typeof dagre]") == ["no", "object"]
    page.close()


def test_without_script_the_tables_and_the_workings_remain(opened: Any) -> None:
    report = mc.cost("alexnet")
    shown = opened(report, java_script_enabled=False)
    page = shown.page
    assert page.locator("#layers tbody tr").count() == len(report)
    assert page.locator("#layers").is_visible() and page.locator("#totals").is_visible()
    assert not page.locator("#graph").is_visible() and not page.locator("#search").is_visible()
    page.locator("summary", has_text="Layer by layer").click()
    page.locator("summary", has_text="conv1:").click()
    assert page.locator("#w1 dd", has_text="55*55*96*11*11*3").first.is_visible()


@pytest.mark.parametrize("width", [1300, 320])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(scheme: str, width: int, opened: Any) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    shown = opened(trained("lenet5"), color_scheme=scheme, viewport={"width": width, "height": 900})
    figure(shown, 1, trained("lenet5").rows[1].params).click()
    shown.page.get_by_role("button", name="Unfold all").evaluate("button => button.click()")
    found = axe.Axe().run(shown.page)
    assert [(one["id"], one["nodes"][0]["html"]) for one in found.response["violations"]] == []
    assert len(found.response["passes"]) > 25


def test_a_narrow_screen_scrolls_tables_and_not_the_page(opened: Any) -> None:
    shown = opened(trained("resnet18"), viewport={"width": 320, "height": 700})
    assert shown.page.evaluate("document.documentElement.scrollWidth") <= 320


def test_on_paper_all_rows_and_no_controls(opened: Any) -> None:
    shown = opened(mc.cost("resnet18"), color_scheme="dark")
    shown.page.emulate_media(media="print")
    assert not shown.page.get_by_role("searchbox").is_visible()
    assert shown.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    high = "table => table.parentElement.scrollHeight <= table.parentElement.clientHeight + 1"
    assert shown.page.locator("#layers").evaluate(high)


def test_a_network_of_a_thousand_layers_is_usable(opened: Any) -> None:
    report = mc.cost(model_of(json.loads(gzip.decompress(NASNET.read_bytes()))["config"]))
    shown = opened(report)
    assert shown.page.locator("#graph .node").count() == len(report) == 771
    boxes = shown.page.eval_on_selector_all(
        "#graph .box",
        "all => all.map(one => ['x', 'y', 'width', 'height'].map(name => Number(one.getAttribute(name))))",
    )
    boxes.sort(key=lambda box: box[1])
    for i, (x, y, width, height) in enumerate(boxes):
        below = [box for box in boxes[i + 1 :] if box[1] < y + height]
        assert all(other[0] >= x + width or other[0] + other[2] <= x for other in below), "boxes overlap"
    shown.page.get_by_role("button", name="Whole").click()
    inside = "box => box.scrollWidth <= box.clientWidth + 1 && box.scrollHeight <= box.clientHeight + 1"
    assert shown.page.locator("#graph").evaluate(inside)


def test_a_report_from_a_file_opens_too(opened: Any) -> None:
    report = mc.Report.from_json(trained("lenet5").to_json())
    shown = opened(report)
    assert shown.names() == [row.name for row in report]
    assert shown.page.locator("#graph").count() == 0
    shown.point_at_bar("flops", 1)
    assert shown.texts("#tip p")[-1] == str(report.rows[1].flops)
