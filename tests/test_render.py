"""Every view in every format, word for word; names that mean harm; sizes not known; and JSON there and back."""

from __future__ import annotations

import csv
import json
import re
from io import StringIO
from typing import Any

import pytest
from golden_files import assert_golden
from hypothesis import given
from hypothesis import strategies as st

import modelcost as mc
from modelcost.conventions import CONVENTIONS
from modelcost.errors import ModelCostError
from modelcost.render import FORMATS, compare, escape, explain, listing, page, rendered
from modelcost.render.blocks import Grid
from modelcost.render.table import columns, cut, grid, table
from modelcost.render.units import PREFIXES, scaled

ENDINGS = {"table": "txt", "markdown": "md", "csv": "csv", "json": "json", "latex": "tex", "html": "html"}
HARM = 'a|b`\x1b[31m\n=<i>\u202e$x_{1}^~\\ "q",\xe9'


def small() -> mc.Model:
    layers = [mc.Input((8, 8, 3)), mc.Conv2D(4, 3, strides=2, activation="relu"), mc.Flatten()]
    return mc.Sequential([*layers, mc.Dense(10, activation="softmax")], name="small")


def hostile() -> mc.Model:
    x = mc.Input((8, 8, 3), name="=1+1")
    y = mc.Dense(2, name="[5pt]* @SUM(A1)")(mc.Conv2D(4, 3, name=HARM)(x))
    return mc.Model(x, y, name="```\n\x1b]0;x\x07")


def free() -> mc.Model:
    return mc.Sequential([mc.Input((None, None, 3)), mc.Conv2D(4, 3, strides=2), mc.Conv2D(4, 3)], name="free")


def shared() -> mc.Model:
    x = mc.Input((5,))
    dense = mc.Dense(5, name="twice")
    return mc.Model(x, mc.BatchNormalization()(dense(dense(x))), name="shared")


def two_states() -> mc.Model:
    x = mc.Input((10, 4))
    return mc.Model(x, mc.LSTM(3, return_state=True)(x), name="two_states")


MODELS = {model.__name__: model for model in (small, hostile, free, shared, two_states)}
every_format = pytest.mark.parametrize("format", FORMATS)
all_but_pages = pytest.mark.parametrize("format", [one for one in FORMATS if one != "html"])  # see test_webpage


def worded(view: Any, subject: Any, format: str) -> str:
    """A view in a format, without the style that stands in every page alike."""
    return re.sub("<style>.*</style>", "<style></style>", rendered(view, subject, format), flags=re.DOTALL)


@all_but_pages
@pytest.mark.parametrize("name", MODELS)
def test_report(name: str, format: str) -> None:
    report = mc.cost(MODELS[name](), batch=64, data=1000, epochs=3)
    assert_golden(f"report_{name}.{ENDINGS[format]}", rendered(page, report, format))


@every_format
@pytest.mark.parametrize("name", MODELS)
def test_explain(name: str, format: str) -> None:
    report = mc.cost(MODELS[name](), batch=64, data=1000, epochs=3)
    assert_golden(f"explain_{name}.{ENDINGS[format]}", worded(explain, explain.Explained(report), format))


@all_but_pages
def test_training_and_its_memory(format: str) -> None:
    report = mc.cost(small(), batch=64, data=1000, epochs=3, validation=0.2, optimizer="adam", loss="mse")
    assert_golden(f"report_trained.{ENDINGS[format]}", rendered(page, report, format))
    assert_golden(f"explain_trained.{ENDINGS[format]}", worded(explain, explain.Explained(report), format))


def test_memory_of_inference_and_of_sizes_not_known() -> None:
    assert_golden("report_memory.txt", str(mc.cost(small(), batch=64, memory=True)))
    assert_golden("report_memory_free.txt", str(mc.cost(free(), optimizer="sgd")))


@every_format
def test_compare(format: str) -> None:
    reports = [mc.cost(model, batch=64) for model in (small(), shared(), hostile(), free())]
    assert_golden(f"compare.{ENDINGS[format]}", worded(compare, reports, format))


@every_format
def test_listing(format: str) -> None:
    lines = [("one", "what it | does, in many words", 1_234_567), (HARM, "=2+2", 10**30)]
    assert_golden(
        f"listing.{ENDINGS[format]}", worded(listing, listing.Listing("things", ("name", "it", "n"), lines), format)
    )


@pytest.mark.parametrize("convention", ["all", "macs", "macs+bias", "2macs"])
def test_explain_puts_the_flops_of_a_convention_together(convention: str) -> None:
    assert_golden(f"explain_{convention}.txt", mc.cost(small(), convention=convention).explain("dense"))


def test_what_was_not_given_is_said() -> None:
    assert_golden("report_not_given.txt", str(mc.cost(small())))


@pytest.mark.parametrize("width", [20, 60, 80])
def test_a_narrow_terminal(width: int) -> None:
    text = table(mc.cost(hostile(), batch=64), width)
    assert_golden(f"report_hostile_{width}.txt", text)
    if width >= 80:
        assert max(map(columns, text.splitlines())) <= width


@pytest.mark.parametrize("width", [60, 80, 100])
def test_a_table_too_wide_is_folded_and_loses_no_number(width: int) -> None:
    reports = [mc.cost(name) for name in ("vgg16", "vgg19", "resnet50", "alexnet")]
    for view, subject in ((page, mc.cost("mobilenet_v2", optimizer="adam")), (compare, reports)):
        text, free = rendered(view, subject, "table", width), rendered(view, subject, "table")
        assert max(map(columns, text.splitlines())) <= width
        numbers = re.compile(r"\d[\d,.]*(?: ?[kMG]B?)?(?= |$)", re.M)
        assert sorted(numbers.findall(_cells_of(text))) == sorted(numbers.findall(_cells_of(free)))


def _cells_of(text: str) -> str:
    """What stands right of the first column."""
    return "\n".join(line.partition("  ")[2] for line in text.splitlines())


def test_colour_changes_nothing_but_colour() -> None:
    report = mc.cost(hostile(), optimizer="adam")
    for view, subject in ((page, report), (explain, explain.Explained(report)), (compare, [report, report])):
        shown = rendered(view, subject, "table", 80, color=True)
        assert "\x1b[1m" in shown
        assert re.sub(r"\x1b\[[\d;]+m", "", shown) == rendered(view, subject, "table", 80)


def test_a_list_of_words_is_filled_and_never_cut() -> None:
    block = Grid(("name", "what"), [("a", "one two three four")], 2)
    assert grid(block, 14) == ["name  what", "----  --------", "a     one two", "      three", "      four"]


def test_no_text_for_people_can_steer_what_shows_it() -> None:
    reports = [mc.cost(hostile(), optimizer="adam", batch=9)]
    for format in FORMATS:
        for view, subject in ((page, reports[0]), (explain, explain.Explained(reports[0])), (compare, reports)):
            text = re.sub("<script>.*?</script>", "", rendered(view, subject, format), flags=re.DOTALL)
            assert text.replace("\n", "").isprintable(), (format, view)


def test_markdown_cells_stay_cells_and_csv_lines_stay_lines() -> None:
    report = mc.cost(hostile())
    rows = [line for line in rendered(page, report, "markdown").splitlines() if line.startswith("|")][:6]
    assert len({line.replace(r"\|", "").count("|") for line in rows}) == 1
    records = list(csv.reader(StringIO(report.to_csv())))
    assert len(records) == 5
    assert all(len(record) == len(records[0]) for record in records)
    assert records[1][0] == "'=1+1"


@given(st.text())
def test_escaped_text(text: str) -> None:
    assert escape.visible(text).isprintable()
    assert not escape.csv(text).lstrip().startswith(("=", "+", "-", "@"))
    assert "|" not in escape.markdown(text).replace(r"\|", "")
    plain = escape.latex(text)
    for special in (
        r"\textbackslash{}",
        r"\textasciicircum{}",
        r"\textasciitilde{}",
        r"\&",
        r"\%",
        r"\$",
        r"\#",
        r"\_",
    ):
        plain = plain.replace(special, "")
    assert not set("&%$#_^~") & set(plain)


@given(st.integers(0, 10**40))
def test_scaled_is_the_number_to_three_figures(value: int) -> None:
    text = scaled(value)
    if value < 1000:
        assert text == str(value)
        return
    if "e" in text:
        mantissa, power = text.split("e")
        shown = int(mantissa.replace(".", "")) * 10 ** (int(power) - 2)
    else:
        whole, _, part = text[:-1].partition(".")
        assert len(whole + part) == 3
        shown = int(whole + part) * 1000 ** PREFIXES.index(text[-1]) // 10 ** len(part)
    assert 200 * abs(shown - value) <= value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1.00k"),
        (999_499, "999k"),
        (999_500, "1.00M"),
        (10**33 - 1, "1.00e33"),
        (10**34, "1.00e34"),
    ],
)
def test_scaled_at_the_edges(value: int, text: str) -> None:
    assert scaled(value) == text


def test_wide_characters_are_cut_by_columns() -> None:
    assert columns("\u6f22\u5b57") == 4
    assert cut("\u6f22\u5b57\u6f22", 5) == "\u6f22\u5b57\u2026"


def same(one: Any, other: Any) -> None:
    """Two reports say the same figures."""
    assert [(r.name, r.type, r.inputs, r.output_shapes, r.figures) for r in one] == [
        (r.name, r.type, r.inputs, r.output_shapes, r.figures) for r in other
    ]
    assert one.totals.figures == other.totals.figures
    assert {n: level.figures for n, level in one.levels.items()} == {
        n: level.figures for n, level in other.levels.items()
    }
    assert (one.model, one.batch, one.dtype, one.settings) == (other.model, other.batch, other.dtype, other.settings)


@pytest.mark.parametrize("name", ["small", "hostile", "shared", "two_states"])
def test_json_there_and_back(name: str) -> None:
    report = mc.cost(MODELS[name](), batch=64, data=2**63 - 1, epochs=2**63 - 1)
    text = report.to_json()
    same(report, mc.Report.from_json(text))
    assert mc.Report.from_json(text).to_json() == text
    assert mc.Report.from_json(report.to_json(indent=None)).to_json() == text
    assert report.run.forward_flops > 2**126
    assert json.loads(text)["per"]["run"]["forward_flops"] == report.run.forward_flops


def test_json_of_unknown_sizes_holds_formulas() -> None:
    text = mc.cost(free()).to_json()
    found = json.loads(text)
    assert found["layers"][0]["output_shape"] == ["H", "W", 3]
    assert found["layers"][1]["macs"] == "((H - 3)//2 + 1)*((W - 3)//2 + 1)*4*3*3*3"
    assert mc.Report.from_json(text).to_json() == text
    assert "H*W*3*4 B" in str(mc.Report.from_json(text))


def test_json_has_the_keys_that_scripts_rely_on() -> None:
    found = json.loads(mc.cost("alexnet", batch=64, data=60000, epochs=20).to_json())
    assert list(found) == ["modelcost", "model", "batch", "dtype", "convention", "settings", "layers", "totals", "per"]
    assert found["layers"][1] == {
        "name": "conv1", "type": "Conv2D", "inputs": [[227, 227, 3]], "output_shape": [55, 55, 96], "params": 34944,
        "trainable_params": 34944, "macs": 105415200, "multiplies": 105415200, "adds": 105415200, "divisions": 0,
        "comparisons": 290400, "transcendentals": 0, "flops": 210830400, "activation_bytes": 1161600,
    }  # fmt: skip
    assert found["totals"]["params"] == 62378344
    assert found["totals"]["macs"] == 1135256096
    assert found["totals"]["activation_bytes"] == 4198284
    assert (found["per"]["epoch"]["steps"], found["per"]["run"]["steps"]) == (938, 18760)


@pytest.mark.parametrize("name", ["small", "hostile", "shared", "two_states"])
def test_rows_add_up_to_the_totals(name: str) -> None:
    report = mc.Report.from_json(mc.cost(MODELS[name]()).to_json())
    for figure in report.rows[0].figures:
        assert sum(getattr(row, figure) for row in report) == getattr(report.totals, figure)
    _, *rows, total = csv.reader(StringIO(report.to_csv()))
    assert [sum(int(row[i]) for row in rows) for i in range(4, len(total))] == [int(cell) for cell in total[4:]]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "this is not JSON: Expecting value: line 1 column 1 (char 0)"),
        ("[]", "not a report of modelcost: the report must be an object. Received: []"),
        ("{}", "not a report of modelcost: model must be text. Received: None"),
        ('{"model": "m", "batch": true}', "not a report of modelcost: batch must be a whole number. Received: True"),
        ("[" * 100_000, None),
    ],
)
def test_json_that_is_no_report(text: str, says: str | None) -> None:
    with pytest.raises(ModelCostError) as error:
        mc.Report.from_json(text)
    assert says is None or str(error.value) == says


@pytest.mark.parametrize("value", [1.5, None, True, [], {}])
def test_a_figure_is_a_whole_number_or_a_formula(value: Any) -> None:
    found = json.loads(mc.cost(small()).to_json())
    found["layers"][1]["macs"] = value
    with pytest.raises(ModelCostError, match="macs of conv2d must be a whole number"):
        mc.Report.from_json(json.dumps(found))


def test_keys_that_a_later_version_adds_do_no_harm() -> None:
    found = json.loads(mc.cost(small()).to_json())
    found["energy"] = {"peak": 1}
    found["layers"][0].update({"_given": 1, "entry": {"x": []}, "of": 3})
    found["totals"]["carbon"] = 1.5
    same(mc.cost(small()), mc.Report.from_json(json.dumps(found)))


def test_a_report_from_a_file_cannot_be_explained() -> None:
    with pytest.raises(
        ModelCostError,
        match="were read from a file or put together have no formulas of a layer",
    ):
        mc.Report.from_json(mc.cost(small()).to_json()).explain()


def test_pandas_frame_is_exact() -> None:
    pytest.importorskip("pandas")
    frame = mc.cost(hostile()).to_pandas()
    assert list(frame.index) == [row.name for row in mc.cost(hostile())]
    assert frame.reset_index().columns[0] == "name"  # as in CSV and JSON
    assert frame["macs"].sum() == mc.cost(hostile()).macs
    assert frame.loc["=1+1", "output_shape"] == "8x8x3"
    assert set(map(str, frame.dtypes[3:])) == {"int64"}
    assert list(frame["output_shape"]) == ["8x8x3", "6x6x4", "6x6x2"]


def test_pandas_figures_beyond_its_own_integers_are_exact() -> None:
    """Each row fits into 64 bits, with a sign or without; their sum does not, and NumPy would wrap it around."""
    pytest.importorskip("pandas")
    for units in (2**62 // 1000 + 1, 2**63 // 1000 + 1, 2**62):
        x = mc.Input((1000,))
        report = mc.cost(mc.Model(x, [mc.Dense(units, use_bias=False, name=name)(x) for name in "ab"]))
        frame = report.to_pandas()
        assert frame["params"].dtype == object
        assert frame["params"].sum() == report.params == 2000 * units
        assert type(frame.loc["a", "params"]) is int


def test_pandas_formulas_are_text() -> None:
    pytest.importorskip("pandas")
    frame = mc.cost(free()).to_pandas()
    assert frame.loc["conv2d", "macs"] == "((H - 3)//2 + 1)*((W - 3)//2 + 1)*4*3*3*3"
    assert frame["params"].dtype == "int64"


def explained(report: mc.Report) -> list[tuple[Any, dict[str, Any]]]:
    """Each row with its workings, as plain data."""
    return list(zip(report, explain.data(explain.Explained(report))["layers"], strict=True))


def words_of(text: str) -> set[str]:
    return set(re.findall(r"[A-Za-z_]\w*", text))


@pytest.mark.parametrize("convention", ["flops", "tf"])
@pytest.mark.parametrize("name", ["vit_b16", "efficientnet_b0", "inception_v3", "unet", "lstm_stack", *MODELS])
def test_explain_works_out_the_sizes_that_its_formulas_name_and_no_others(name: str, convention: str) -> None:
    for row, found in explained(mc.cost(MODELS[name]() if name in MODELS else name, convention=convention)):
        figures = [i for i, working in enumerate(found["workings"]) if working["figure"] in row.figures]
        start = figures[0] if figures else len(found["workings"])
        ends = set() if all(isinstance(size, int) for size in row.output_shape) else set(map(str, row.output_shape))
        for i, size in enumerate(found["workings"][:start]):
            later = [working["formula"] for working in found["workings"][i + 1 :]]
            assert size["figure"] in set().union(ends, *map(words_of, later)), (row.name, size)


def test_explain_of_a_layer_whose_input_has_a_long_history_does_not_tell_it() -> None:
    lines = mc.cost("vit_b16").explain("encoder_layer_0_ln_1").splitlines()
    assert lines[0] == "encoder_layer_0_ln_1: LayerNormalization, 197x768 -> 197x768"
    assert lines[1] == "  params = E + E = 768 + 768 = 1,536"
    lines = mc.cost("alexnet").explain("fc6").splitlines()
    assert lines[1] == "  params = C*U + U = 9216*4096 + 4096 = 37,752,832"


def test_explain_says_which_size_is_another_by_a_new_name() -> None:
    layers = [mc.Input((None, None, 3)), mc.Conv2D(4, 3), mc.GlobalAveragePooling2D(name="mean")]
    lines = mc.cost(mc.Sequential(layers)).explain("mean").splitlines()
    assert lines[:3] == ["mean: GlobalAveragePooling2D, H_out x W_out x 4 -> 4", "  H = H_out", "  W = W_out"]


def erring() -> mc.Model:
    """Layers that the profiler gets wrong, one after the other."""
    layers = [
        mc.Input((32, 32, 4)),
        mc.Conv2D(4, 3, dilation_rate=2),
        mc.Conv2DTranspose(4, 3, strides=2),
        mc.MaxPooling2D(2, padding="same"),
        mc.UpSampling2D(2),
        mc.Softmax(axis=1),
        mc.Conv2D(4, 3, groups=2, name="grouped"),
        mc.BatchNormalization(name="shapeless"),
        mc.GlobalAveragePooling2D(),
        mc.RepeatVector(3),
        mc.GRU(4),
    ]
    return mc.Sequential(layers, name="erring")


@pytest.mark.parametrize("convention", sorted(set(CONVENTIONS) - {"tf1-unbatched"}))  # which refuses most layers
def test_every_working_is_true(convention: str) -> None:
    for model in (small(), shared(), two_states(), erring(), "alexnet_grouped"):
        report = mc.cost(model, convention=convention)
        for row, found in explained(report):
            for working in found["workings"]:
                assert eval(working["numbers"]) == working["value"], (row.name, working)
            total = [working for working in found["workings"] if working["figure"].startswith("flops")]
            assert [working["value"] for working in total] == ([row.flops] if row.flops else [])


def test_explain_by_operation_where_the_convention_counts_operations() -> None:
    text = mc.cost(erring(), convention="tf").explain("conv2d")
    assert "flops (tf) = Conv2D + BiasAdd = 225792 + 3136 = 228,928\n" in text
    assert "    BiasAdd = H_out*W_out*F = 28*28*4 = 3,136\n" in text
    assert "Where the profiler errs: dilation rounds every axis up to a multiple of its rate.\n" in text
    text = mc.cost(erring(), convention="tf-honest").explain("conv2d")
    assert "errs" not in text


def test_explain_says_why_a_profiler_counts_nothing() -> None:
    report = mc.cost(erring(), convention="tf")
    text = report.explain("grouped")
    assert "Where the profiler errs: a grouped convolution" in text
    assert "flops (tf) =" not in text
    text = report.explain("shapeless")
    assert "Where the profiler errs: after a grouped convolution, or the state of a loop, shapes are lost" in text
    assert "  flops (tf) = AddV2 + Rsqrt + Mul + Sub = 4 + 8 + 8 + 4 = 24\n" in text
