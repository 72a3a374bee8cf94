"""Plots: that they show the figures of the report, all of them, and that names do no harm."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from test_render import free, hostile

import modelcost as mc
from modelcost.cli import main
from modelcost.errors import ModelCostError
from modelcost.render.plots import text, with_prefix

pytest.importorskip("matplotlib")


def bars(axes: Any) -> list[float]:
    return [patch.get_width() for patch in axes.patches]


def tops(axes: Any) -> list[float]:
    """The most that each stacked layer reaches."""
    return [max(path.vertices[:, 1].max() for path in area.get_paths()) for area in axes.collections]


def test_the_bars_are_the_figures_of_the_rows() -> None:
    report = mc.cost("alexnet")
    figure = report.plot()
    for axes, name in zip(figure.axes, ("params", "flops", "activation_bytes"), strict=True):
        assert bars(axes) == [float(row.figures[name]) for row in report]
    assert [tick.get_text() for tick in figure.axes[0].get_yticklabels()] == [row.name for row in report]
    assert figure.axes[1].get_title() == "FLOPs: 2.27G"


def test_other_figures_are_drawn_by_name() -> None:
    report = mc.cost("lenet5")
    assert bars(report.plot("macs").axes[0]) == [float(row.macs) for row in report]
    with pytest.raises(ModelCostError, match=r"unknown figure of a layer 'mac'; did you mean macs\?"):
        report.plot("mac")


def test_the_names_of_a_deep_network_do_not_overlap() -> None:
    report = mc.cost("resnet152")
    figure = report.plot()
    figure.canvas.draw()
    boxes = [label.get_window_extent() for label in figure.axes[0].get_yticklabels()]
    assert len(boxes) > 20
    heights = sorted((box.y0, box.y1) for box in boxes)
    assert all(above[0] >= below[1] - 3 for below, above in pairwise(heights))
    most = max(report, key=lambda row: row.flops)
    assert most.name in [label.get_text() for label in figure.axes[0].get_yticklabels()]


def test_the_memory_of_a_step_reaches_its_peak() -> None:
    from modelcost.memory import Memory

    report = mc.cost("lenet5", batch=32, optimizer="adam")
    memory = Memory(mc.zoo.lenet5(), batch=32, optimizer="adam")
    inference, training = report.plot_memory().axes
    assert max(tops(inference)) == memory.peak_inference_bytes
    assert max(tops(training)) == memory.peak_training_bytes
    assert "optimizer state" in training.get_legend_handles_labels()[1]
    assert training.get_title().startswith("training: peak ")


def test_training_is_drawn_where_it_was_asked_for() -> None:
    assert len(mc.cost("lenet5").plot_memory().axes) == 1


def test_every_kind_of_what_is_held_has_its_colour() -> None:
    from modelcost.render.plots.memory import COLORS, held_by_kind

    for name in ("resnet18", "lstm_stack", "vit_b16"):
        report = mc.cost(name, optimizer="adam")
        plan = report.memory.training
        held = held_by_kind(plan, 1)
        assert list(held) == [kind for kind in COLORS if kind in held]
        sums = [sum(several) for several in zip(*held.values(), strict=True)]
        assert sums == [plan.bytes(step, 1) for step in range(len(plan.steps))]


def test_a_figure_shows_itself_in_a_notebook() -> None:
    figure = mc.cost("lenet5", cpu="i7-8700k").plot_roofline()
    assert figure._repr_png_().startswith(b"\x89PNG")


def test_the_points_under_the_roofline_are_the_layers_with_flops() -> None:
    report = mc.cost("alexnet", batch=32, cpu="i7-8700k")
    axes = report.plot_roofline().axes[0]
    points = [tuple(point) for group in axes.collections for point in group.get_offsets().tolist()]
    rows = [row for row in report.time.rows.values() if row.flops]
    assert sorted(points) == sorted((row.intensity, row.flops / row.seconds) for row in rows)
    told = [one.get_text() for one in axes.get_legend().get_texts()]
    assert told == ["memory: 29.9 GB/s", "l3: 400 GB/s", "l2: 801 GB/s", "bound by compute", "bound by memory"]
    roofs = {line.get_label(): line.get_ydata()[0] / line.get_xdata()[0] for line in axes.lines}
    assert roofs["l2: 801 GB/s"] == pytest.approx(report.time.roofs["l2"])
    assert len({line.get_linestyle() for line in axes.lines[:3]}) == 3


def test_the_names_under_the_roofline_are_inside_the_picture() -> None:
    for model in (mc.Sequential([mc.Input((3,)), mc.Dense(1)]), mc.zoo.lenet5(), mc.zoo.alexnet()):
        axes = mc.cost(model, batch=32, cpu="i7-8700k").plot_roofline().axes[0]
        axes.figure.canvas.draw()
        inside = axes.get_window_extent()
        assert all(inside.y0 < name.get_window_extent().y0 < inside.y1 for name in axes.texts)


def test_nothing_is_drawn_as_nothing() -> None:
    model = mc.Sequential([mc.Input((4, 4, 1)), mc.Flatten()], name="none")
    report = mc.cost(model, cpu="i7-8700k")
    axes = report.plot().axes
    axes[0].figure.canvas.draw()
    assert [[tick.get_text() for tick in one.get_xticklabels()] for one in axes[:2]] == [["0"], ["0"]]
    assert report.plot_memory()._repr_png_().startswith(b"\x89PNG")
    with pytest.raises(ModelCostError, match="none: there is no layer with FLOPs to draw"):
        report.plot_roofline()


def test_steps_are_marked_by_whole_numbers() -> None:
    axes = mc.cost(mc.Sequential([mc.Input((3,)), mc.Dense(1)])).plot_memory().axes[0]
    assert all(place == int(place) for place in axes.get_xticks())


def test_marks_that_are_nearly_a_power_of_a_thousand_have_its_prefix() -> None:
    marks = [0, 1, 999, 1000, 1500, 1e6, 999999.9999999999, 1e15, 1e30, 8e29, 1e36]
    assert [with_prefix(mark) for mark in marks] == [
        "0", "1", "999", "1k", "1.5k", "1M", "1M", "1P", "1Q", "800R", "1e+06Q",
    ]  # fmt: skip


def test_large_figures_of_a_sweep_have_a_prefix_and_sizes_have_none() -> None:
    axes = mc.sweep("lenet5", batch=[1024, 1536, 2048]).plot("batch", "params").axes[0]
    axes.figure.canvas.draw()
    told = [{tick.get_text() for tick in ticks} for ticks in (axes.get_xticklabels(), axes.get_yticklabels())]
    assert "1200" in told[0] and all(text.endswith("k") for text in told[1])


def test_letters_that_the_font_has_not_are_drawn_as_boxes_without_a_word() -> None:
    report = mc.cost(mc.Sequential([mc.Input((3,)), mc.Dense(1, name="\U0001f525")]))
    assert report.plot()._repr_png_().startswith(b"\x89PNG")


def test_drawing_leaves_no_state_behind() -> None:
    program = "import sys, modelcost as mc; mc.cost('lenet5').plot(); print('matplotlib.pyplot' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_hostile_names_are_drawn_as_they_are() -> None:
    report = mc.cost(hostile(), optimizer="sgd", cpu="i7-8700k")
    for figure in (report.plot(), report.plot_memory(), report.plot_roofline()):
        assert figure._repr_png_().startswith(b"\x89PNG")
    assert text("$x_{1}^$\n") == r"\$x_{1}^\$\n"


def test_what_cannot_be_drawn_says_why() -> None:
    with pytest.raises(ModelCostError, match=r"conv2d: flops has no value yet: .*; give the sizes that are missing"):
        mc.cost(free()).plot("flops")
    read = mc.Report.from_json(mc.cost("lenet5").to_json())
    with pytest.raises(ModelCostError, match="read from a file has no plan of its memory; cost the model again"):
        read.plot_memory()
    assert bars(read.plot("params").axes[0]) == bars(mc.cost("lenet5").plot("params").axes[0])


def test_plots_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {option: tmp_path / f"{option}.png" for option in ("plot", "plot-memory", "plot-roofline")}
    words = [word for option, file in files.items() for word in (f"--{option}", str(file))]
    assert main(["lenet5", "--cpu", "i7-8700k", *words]) == 0
    assert all(file.read_bytes().startswith(b"\x89PNG") for file in files.values())
    assert len({file.read_bytes() for file in files.values()}) == 3
    capsys.readouterr()
    assert main(["lenet5", "--plot", "x.bmp"]) == 2
    assert "unknown ending of a picture 'bmp'; known are: png, svg, pdf" in capsys.readouterr().err
