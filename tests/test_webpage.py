"""The page of a report as text: every figure and working in it, nothing let in, nothing asked from elsewhere."""

from __future__ import annotations

import json
import re
import sys
from hashlib import sha256
from html.parser import HTMLParser
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from golden_files import assert_golden
from hypothesis import given
from hypothesis import strategies as st
from test_render import MODELS, free, hostile, small

import modelcost as mc
from modelcost.cli import main
from modelcost.errors import ModelCostError
from modelcost.render.escape import visible
from modelcost.render.page import TOTALS
from modelcost.render.webpage.inlined import digest, manifest, scripts
from modelcost.render.webpage.network import chains, network
from modelcost.render.webpage.tables import shown_figures
from modelcost.training.approximations import approximated

pytest.importorskip("jinja2")
VENDORED = files("modelcost.render.webpage").joinpath("vendored")


class Page(HTMLParser):
    """What stands in a page: tags with their attributes, ids, and the text between tags."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]


def trained() -> mc.Report:
    return mc.cost(small(), batch=64, data=1000, epochs=3, optimizer="adam", validation=0.1, cpu="i7-8700k")


def without_scripts(text: str) -> str:
    """The page without what stands in every page alike."""
    text = re.sub(r"<script>.*?</script>", "<script></script>", text, flags=re.DOTALL)
    text = re.sub(r"<style>.*?</style>", "<style></style>", text, flags=re.DOTALL)
    return re.sub(r"sha256-[\w+/=]+", "sha256-", text)


def results(text: str) -> dict[str, str]:
    """The result of each working of a page, by where it stands."""
    found = re.findall(r'<div class="working(?: part)?" id="([\w-]+)">.*?<dd>([^<]*)</dd></div>', text)
    return {place: result.replace(",", "") for place, result in found}


def figures(text: str, table: str) -> list[list[str]]:
    """The figures of each line of a table in full: as they stand beside what is shown, or end the working behind it."""
    known = results(text)
    whole = text[text.index(f'<table id="{table}"') :]
    lines = whole[: whole.index("</tbody>")].split("<tr")[2:]
    return [[_in_full(cell, known) for cell in re.findall(r"<td(?: data-sort[^>]*)?>(.*?)</td>", one)] for one in lines]


def _in_full(cell: str, known: dict[str, str]) -> str:
    full, link = re.search(r'<data value="([^"]*)"', cell), re.search(r'href="#([\w-]+)"', cell)
    if full and link and not re.search(r"[^\d]", full[1]):
        assert known[link[1]] == full[1]
    return full[1] if full else known[link[1]] if link else cell


def test_a_page_says_of_every_model_of_the_zoo_what_its_json_says() -> None:
    for name in mc.zoo.names():
        _says_what_the_json_says(mc.cost(name, batch=3, data=100, epochs=2, memory=True))


@pytest.mark.parametrize("name", ["alexnet", "resnet18", "lstm_stack", "unet", "vit_b16", "densenet121"])
def test_a_page_of_a_training_run_says_what_its_json_says(name: str) -> None:
    _says_what_the_json_says(mc.cost(name, batch=8, data=100, epochs=2, validation=0.1, test=7, optimizer="adam"))


def _says_what_the_json_says(report: mc.Report) -> None:
    text, found = report.to_html(), json.loads(report.to_json())
    names = shown_figures(report)
    assert [line[: len(names)] for line in figures(text, "layers")] == [
        [str(row[name]) for name in names] for row in found["layers"]
    ]
    assert [line[0] for line in figures(text, "totals")] == [str(found["totals"][name]) for name in TOTALS]
    levels = [str(value) for level in found["per"].values() for name, value in level.items() if name != "steps"]
    assert [line[1] for line in figures(text, "levels") if line[1]] == levels
    held = [str(value) for name, value in found["memory"].items() if name.endswith("_bytes")]
    assert [line[0] for line in figures(text, "held")] == held
    for table, rows in (("step", found.get("training", {}).get("rows")), ("kept", found["memory"].get("layers"))):
        if rows and f'<table id="{table}"' in text:
            several = [[value for key, value in row.items() if key != "name"] for row in rows]
            assert figures(text, table) == [[str(value) for value in row] for row in several if any(row)]


@pytest.mark.parametrize("name", ["small", "hostile", "free"])
def test_the_page_word_for_word(name: str) -> None:
    assert_golden(f"page_{name}.html", without_scripts(mc.cost(MODELS[name](), batch=64, data=1000).to_html()))


def test_the_page_of_a_training_run_word_for_word() -> None:
    assert_golden("page_trained.html", without_scripts(trained().to_html()))


def test_every_link_has_its_working_and_every_id_is_one_only() -> None:
    arranged = mc.cost("resnet18", batch=8, optimizer="sgd").arranged(top=5)
    further = mc.cost("alexnet", memory=True).with_columns("receptive_field", "intensity")
    reports = (trained(), mc.cost("resnet18"), mc.cost(hostile()), mc.cost("lenet5", convention="tf"))
    for report in (*reports, arranged, further):
        page = Page(report.to_html())
        ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
        links = [attributes["href"] for attributes in page.all("a")]
        assert len(set(ids)) == len(ids)
        assert len(links) > 3 * len(report)
        assert {link.removeprefix("#") for link in links} <= set(ids)


def test_every_figure_that_is_not_zero_has_its_working() -> None:
    """In the table a figure without a link is 0, as 0 has no working."""
    text = trained().to_html()
    start = text.index('<table id="layers"')
    layers = text[start : text.index("</tbody>", start)]
    step = text[text.index('<table id="step"') :]
    assert "<tfoot" in step and "<td><data" not in step[step.index("<tfoot") : step.index("</table>")]
    kept = text[text.index('<table id="kept"') :]
    for table in (layers, step[: step.index("</tbody>")], kept[: kept.index("</tbody>")]):
        cells = re.findall(r"<td>(.*?)</td>", table)
        linked = [cell for cell in cells if "<a " in cell]
        times = re.compile(r" [num]?s</data>|\d\.\d\d</data>|^(memory|compute|overhead)$")
        others = {cell for cell in cells if "<a " not in cell and not times.search(cell)}
        assert others <= {"0", '<data value="0">0 B</data>', ""}
        assert len(linked) > 3


def test_the_working_behind_a_figure_is_the_figure_s() -> None:
    report = mc.cost("alexnet")
    text = report.to_html()
    macs = report["conv1"].macs
    row = text[text.index('<th scope="row">conv1</th>') :]
    link = re.search(r'<a href="#([\w-]+)">105M</a>', row[: row.index("</tr>")])
    assert link
    working = re.search(rf'<div class="working" id="{link[1]}".*?</div>', text, re.DOTALL)
    assert working
    said = re.findall(r"<d[td]>(.*?)</d[td]>", working[0])
    assert said == ["macs", macs.formula(), macs.numbers(), "105,415,200"]


def test_layers_that_are_named_as_parts_of_the_page_have_their_own_workings() -> None:
    names = ("minibatch", "epoch", "run", "step", "total", "levels", "layer", "params", "network")
    layers = [mc.Input((4,)), *(mc.Dense(i + 2, name=name) for i, name in enumerate(names))]
    report = mc.cost(mc.Sequential(layers, name="example"), batch=8, data=100, epochs=2, optimizer="sgd")
    text = report.to_html()
    for name in names:
        row = text[text.index(f'<th scope="row">{name}</th>') :]
        links = re.findall(r'href="#(w\d+)-\d+"', row[: row.index("</tr>")])
        assert set(links) == {f"w{names.index(name) + 1}"}
    for level in ("minibatch", "epoch", "run"):
        value = int(report.levels[level].flops)
        link = re.search(rf'href="#(wl-\d+)"><data value="{value}">', text)
        assert link and f"{value:,}</dd></div>" in text[text.index(f'id="{link[1]}"') :].split("</div>")[0] + "</div>"


def test_nothing_is_asked_from_elsewhere_and_scripts_are_those_that_are_named() -> None:
    text = mc.cost("lenet5").to_html()
    page = Page(text)
    assert not [a for tag, a in page.tags if "src" in a or (tag != "a" and a.get("href", "data:,") != "data:,")]
    assert "@import" not in text and "url(" not in re.sub(r"url\(#arrow\)", "", text[: text.index("<script>")])
    assert "sourceMappingURL" not in text
    policy = next(a["content"] for a in page.all("meta") if "http-equiv" in a)
    assert policy.startswith("default-src 'none'; ")
    assert policy.count("script-src 'sha256-") == 1
    inlined = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    assert [f"'sha256-{digest(script)}'" for script in inlined] == re.findall(r"'sha256-[^']+'", policy)
    assert "unsafe-inline" not in policy.partition("script-src")[2].partition(";")[0]


def test_the_libraries_are_what_the_manifest_says() -> None:
    known = manifest()
    for library in known:
        data = VENDORED.joinpath(library["file"]).read_bytes()
        assert sha256(data).hexdigest() == library["sha256"], library["file"]
        assert "</script" not in data.decode().lower(), "it would end the script that it stands in"
        licence = VENDORED.joinpath(library["license_file"]).read_text(encoding="utf-8")
        assert "*/" not in licence and len(licence) > 1000
        assert re.fullmatch(r"\d+\.\d+\.\d+", library["version"])
    named = {"manifest.json", *(one["file"] for one in known), *(one["license_file"] for one in known)}
    assert {path.name for path in VENDORED.iterdir()} == named


def test_the_licences_are_in_the_page_with_the_libraries() -> None:
    text = mc.cost("lenet5").to_html()
    for library in manifest():
        assert f"/*! {library['package']} {library['version']}\n" in text
    assert text.count("Permission is hereby granted") == 2 and "This is free and unencumbered software" in text
    assert len(scripts()) == len(manifest()) + 1


EVIL = (
    "</script><script>document.title='x'</script>", "<img src=x onerror=alert(1)>", "\u2028alert(1)", '" onfocus="x',
    "' onclick='x", "{{ 7 * 7 }}{% if x %}", "<!--<script>", "&lt;b&gt;", "]]>", "javascript:alert(1)",
    "a\x00b\x1b[31m",
)  # fmt: skip


def evil() -> mc.Model:
    """A model with harmful names everywhere."""
    x = y = mc.Input((4,), name=EVIL[0])
    for name in EVIL[1:]:
        y = mc.Dense(4, name=name)(y)
    return mc.Model(x, y, name=EVIL[0])


def test_names_add_no_tag_and_no_attribute() -> None:
    tame = mc.Sequential([mc.Input((4,)), *(mc.Dense(4) for _ in EVIL[1:])], name="tame")
    one, other = Page(mc.cost(evil()).to_html()), Page(mc.cost(tame).to_html())
    assert [(tag, sorted(a)) for tag, a in one.tags] == [(tag, sorted(a)) for tag, a in other.tags]
    text = "".join(one.text)
    assert all(visible(name) in text for name in EVIL)


@given(st.text(min_size=1))
def test_no_name_adds_a_tag(name: str) -> None:
    try:
        model = mc.Sequential([mc.Input((2,)), mc.Dense(2, name=name)])
    except ModelCostError:
        return
    page = Page(mc.cost(model).to_html())
    assert _tags(page) == TAGS and visible(name) in "".join(page.text)


def _tags(page: Page) -> list[str]:
    """All but steps and what leads to them: named 4, parameters are 4 + 2 as formula and in numbers, said once."""
    assert all(re.fullmatch(r"#w\w+-\d+", link["href"]) and len(link) == 1 for link in page.all("a"))
    return [tag for tag, _ in page.tags if tag not in ("dd", "a")]


TAGS = _tags(Page(mc.cost(mc.Sequential([mc.Input((2,)), mc.Dense(2)])).to_html()))


@pytest.mark.parametrize("form", ["explain", "compare"])
def test_names_add_no_tag_to_the_simple_pages(form: str) -> None:
    from modelcost.render import compare, explain, rendered

    view, of = (explain, explain.Explained) if form == "explain" else (compare, lambda report: [report, report])
    text = rendered(view, of(mc.cost(evil())), "html")
    assert not Page(text).all("script") and not Page(text).all("img")
    policy = Page(text).all("meta")[1]["content"]
    assert policy.startswith("default-src 'none'; ") and "script" not in policy


def test_what_stands_in_the_script_that_holds_data_is_numbers_alone() -> None:
    text = mc.cost(evil()).to_html()
    data = re.search(r'<script type="application/json" id="network">(.*?)</script>', text)
    assert data and json.loads(data[1]) == {"boxes": [list(range(len(EVIL)))], "edges": []}


def test_whole_numbers_are_carried_in_full() -> None:
    layers = [mc.Input((10**6,)), mc.Dense(2**61 + 1, use_bias=False, name="a"), mc.Dense(2**61, name="b")]
    report = mc.cost(mc.Sequential(layers), batch=2**40, data=2**62, epochs=2**62)
    text = report.to_html()
    for figure in (report.params, report.run.forward_flops):
        assert f'<data value="{int(figure)}">' in text
    names = shown_figures(report)
    macs = [line[names.index("macs")] for line in figures(text, "layers")]
    assert macs == [str(int(row.macs)) for row in report] and int(macs[1]) > 2**80
    assert report.run.forward_flops > 2**120


def close_by() -> mc.Report:
    """Parameters that differ in the last digit, beyond what a float holds."""
    entering = [mc.Input((2**60 + i,)) for i in (3, 0, 6, 1, 5, 2, 4)]
    return mc.cost(mc.Model(entering, [mc.Dense(1, use_bias=False)(x) for x in entering]))


def test_sizes_that_are_not_known_stand_as_formulas_and_are_not_drawn() -> None:
    text = mc.cost(free()).to_html()
    assert "H*W*3*4" in text
    assert 'class="chart params"' in text and 'class="chart flops"' not in text


def test_the_page_of_a_report_that_was_read_from_a_file() -> None:
    report = mc.Report.from_json(mc.cost(small(), batch=4, optimizer="sgd").to_json())
    page = Page(report.to_html())
    assert not page.all("a") and not page.all("details")
    assert "read from a file and holds no workings" in "".join(page.text)
    assert network(report) is None


def test_a_lower_bound_says_so() -> None:
    from modelcost.importers.keras_config import model_of

    layers = [
        {"class_name": "InputLayer", "config": {"batch_shape": [None, 4], "name": "input"}},
        {"class_name": "Own", "config": {"name": "own"}, "module": "mine", "registered_name": "Own"},
    ]
    model = model_of({"class_name": "Sequential", "config": {"name": "m", "layers": layers}}, partial=True)
    assert "<strong>LOWER BOUND" in mc.cost(model, partial=True).to_html()


def test_graphs_of_models_within_models_and_of_shared_layers() -> None:
    x = mc.Input((4,), name="x")
    inner = mc.Sequential([mc.Input((4,)), mc.Dense(4, name="a"), mc.Dense(4, name="b")], name="block")
    shared = mc.Dense(4, name="shared")
    model = mc.Model(x, mc.Add(name="sum")([shared(inner(x)), shared(x)]))
    report = mc.cost(model)
    names = [row.name for row in report]
    assert names == ["x", "block/a", "block/b", "shared", "shared:2", "sum"]
    found = network(report)
    assert found is not None
    boxes = [[names[place] for place in box] for box in found["boxes"]]
    assert boxes == [["x"], ["block/a", "block/b", "shared"], ["shared:2"], ["sum"]]
    assert found["edges"] == [[0, 1], [0, 2], [1, 3], [2, 3]]


@pytest.mark.parametrize("name", ["resnet50", "inception_v3", "unet", "gpt2", "bert_base", "lstm_stack"])
def test_every_layer_stands_in_one_box(name: str) -> None:
    report = mc.cost(name)
    found = network(report)
    assert found is not None
    assert sorted(place for box in found["boxes"] for place in box) == list(range(len(report)))
    fed = {to for _, to in found["edges"]}
    entering = [i for i, row in enumerate(report) if row.type == "InputLayer"]
    alone = {i for i, box in enumerate(found["boxes"]) if box[0] not in entering}
    assert alone == fed, "all but inputs are fed by something"


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)).filter(lambda pair: pair[0] < pair[1]), unique=True))
def test_chains_lose_no_edge(pairs: list[tuple[int, int]]) -> None:
    """An edge is one within a chain, from one to the next, or it goes from the end of a chain to the start of one."""
    names = [str(i) for i in range(8)]
    edges = [(str(a), str(b)) for a, b in pairs]
    found = chains(names, edges)
    assert sorted(name for chain in found for name in chain) == names
    within = {pair for chain in found for pair in pairwise(chain)}
    assert within <= set(edges)
    ends, starts = {chain[-1] for chain in found}, {chain[0] for chain in found}
    assert all(a in ends and b in starts for a, b in set(edges) - within)


def test_the_page_on_the_command_line(tmp_path: Path) -> None:
    file = tmp_path / "lenet5.html"
    assert main(["lenet5", "--format", "html", "--output", str(file)]) == 0
    assert file.read_text(encoding="utf-8") == mc.cost("lenet5").to_html()


def test_the_page_of_a_deep_network_is_not_large() -> None:
    assert len(mc.cost("resnet152").to_html()) < 700_000


def test_layers_that_are_worked_alike_share_their_workings() -> None:
    report = mc.cost("resnet18", batch=4, optimizer="adam")
    text = report.to_html()
    summary = r'data-places="([\d ]+)">\n<summary>(\S+)(?: and (\d+) more)?: <span class="way">(\w+),'
    groups = re.findall(summary, text)
    places = [[int(place) for place in several.split()] for several, _, _, _ in groups]
    assert {report.rows[p].type == kind for at, (_, _, _, kind) in zip(places, groups, strict=True) for p in at} == {
        True
    }
    assert 3 * len(groups) < 2 * len(report)
    assert sorted(place for several in places for place in several) == list(range(len(report)))
    assert all(len(several) == 1 + int(more or 0) for several, (_, _, more, _) in zip(places, groups, strict=True))
    assert {report.rows[several[0]].name for several in places} == {name for _, name, _, _ in groups}


def test_without_jinja_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    assert main(["lenet5", "--format", "html"]) == 2
    assert "--format html needs Jinja2: pip install 'modelcost[html]'" in capsys.readouterr().err


def test_the_page_has_the_rules_of_thumb_that_every_format_has() -> None:
    report = trained()
    page = report.to_html()
    for one in approximated(report.training):
        assert f">{one.flops:,}</td>" in page and f">{float(one.error):+.1%}</td>" in page
    assert 'aria-label="Rules of thumb"' not in mc.cost(report.network, batch=64).to_html()


def charts_of(text: str) -> list[Any]:
    return [json.loads(found) for found in re.findall(r'<script type="application/json">(.*?)</script>', text)]


@pytest.mark.parametrize("name", ["lenet5", "resnet50"])
def test_the_charts_of_memory_keep_the_most_of_each_run_of_steps(name: str) -> None:
    report = mc.cost(name, batch=8, optimizer="adam")
    for chart, of in zip(charts_of(report.to_html()), ("inference", "training"), strict=True):
        timeline = report.memory.timeline(of)
        each = len(timeline) / chart["steps"]
        assert each == int(each)
        runs = [timeline[i : i + int(each)] for i in range(0, len(timeline), int(each))]
        tops = [max(step["bytes"] for step in run) for run in runs]
        assert [sum(map(int, bytes)) for bytes in zip(*chart["held"], strict=True)] == tops
        assert len(chart["names"]) == len(tops)
        assert len(tops) <= 400 and (each == 1 or len(tops) > 200)
        peak = report.memory.figures[f"peak_{of}_bytes"]
        at, most = chart["peak"][0], int(chart["peak"][1])
        assert chart["names"][int(at)] == report.memory.peaks[of]
        assert most == max(tops) == peak and tops[int(at)] == peak
        firsts = {step["phase"]: i for i, step in reversed(list(enumerate(timeline)))}
        assert {phase: start * each for start, phase in chart["phases"]} == pytest.approx(firsts)


def test_memory_is_on_the_page_where_it_was_asked_for() -> None:
    assert "memory-heading" not in mc.cost("lenet5").to_html()
    inference = mc.cost("lenet5", batch=2, memory=True)
    text = inference.to_html()
    assert len(charts_of(text)) == 1 and 'id="kept"' not in text
    held = text[text.index('<table id="held"') :]
    assert f'<data value="{int(inference.memory.peak_inference_bytes)}">' in held[: held.index("</table>")]


def test_columns_that_were_asked_for_are_on_the_page() -> None:
    report = mc.cost("alexnet", optimizer="sgd", cpu="i7-8700k").with_columns("receptive_field", "intensity")
    text = report.to_html()
    assert text.count('<th scope="col" class="n">receptive field</th>') == 1
    assert text.count('<th scope="col" class="n">FLOPs/byte</th>') == 2  # that of the time is in its own table alone
    row = text[text.index('<th scope="row">conv2</th>') :]
    row = row[: row.index("</tr>")]
    assert f">{report['conv2'].receptive_field}</td>" in row
    assert f'<data value="{report["conv2"].intensity}">{float(report["conv2"].intensity):.3g}</data>' in row
    assert all(note in text for note in ("The receptive field is", "FLOPs/byte are those of a call"))


def test_rows_that_are_several_layers_have_their_sums_as_workings() -> None:
    report = mc.cost("resnet18", optimizer="sgd").arranged(top=3)
    text = report.to_html()
    assert "several layers together" in text and "There is no graph" in text
    others = report.rows[-1]
    row = text[text.index(f'<th scope="row">{others.name}</th>') :]
    link = re.search(r'<a href="#([\w-]+)">', row)
    assert link and " + " in others.params.formula()
    assert f'id="{link[1]}"><dt>params</dt><dd>{others.params.formula()}</dd>' in text
    assert "<dt>input</dt><dd>224x224x3</dd>" in text, "though no row is that of the input"


def test_a_working_that_has_been_said_is_led_to_and_not_said_again() -> None:
    report = mc.cost("resnet18", batch=4, optimizer="adam")
    text = report.to_html()
    said = dict(re.findall(r'<div class="working(?: part)?" id="([\w-]+)">(<dt>.*?)</div>', text))
    led = {place: re.search(r'href="#([\w-]+)">as (\S+) (?:of|under) ', one) for place, one in said.items()}
    several = {place: to for place, to in led.items() if to}
    assert len(several) >= 5
    for place, to in several.items():
        assert "href" not in said[to[1]] and said[to[1]].startswith(f"<dt>{to[2]}</dt>")
        assert said[to[1]].rpartition("<dd>")[2] == said[place].rpartition("<dd>")[2]
    steps = [one.partition("</dt>")[2] for place, one in said.items() if place not in several]
    long = [one for one in steps if len(re.sub("<.*?>", "", one.rpartition("<dd>")[0])) >= 200]
    assert len(long) > 20 and len(set(long)) == len(long)


def test_a_figure_that_is_zero_has_no_working_of_another() -> None:
    """Parameters of which none can be trained: the two columns are not the same."""
    report = mc.cost(mc.Sequential([mc.Input((4,)), mc.Dense(2, trainable=False), mc.Dense(2)]))
    text = report.to_html()
    place = shown_figures(report).index("trainable_params")
    assert [line[place] for line in figures(text, "layers")] == ["0", "0", "6"]


def test_charts_of_zeros_are_left_out() -> None:
    text = mc.cost(mc.Sequential([mc.Input((4, 4, 1)), mc.Flatten()])).to_html()
    assert 'class="chart activation_bytes"' in text and 'class="chart flops"' not in text


def test_sorted_rows_have_the_same_graph() -> None:
    """The same boxes in the same order and the same arrows, whatever the places of the rows."""
    report = mc.cost("resnet18")
    sorted_rows = report.arranged(sort="params")
    assert [row.name for row in sorted_rows] != [row.name for row in report]
    graphs = []
    for one in (report, sorted_rows):
        found = network(one)
        assert found is not None
        graphs.append(([[one.rows[place].name for place in box] for box in found["boxes"]], found["edges"]))
    assert graphs[0] == graphs[1]


def test_layers_of_different_kinds_do_not_share_workings() -> None:
    """Neither a flattening nor a dropout has anything to count."""
    text = mc.cost("alexnet").to_html()
    assert '<summary>drop6 and 1 more: <span class="way">Dropout, 4096 -> 4096</span>'.replace("->", "-&gt;") in text
    assert '<p class="more">The same for drop7.</p>' in text
    assert '<summary>flatten: <span class="way">Flatten, ' in text
