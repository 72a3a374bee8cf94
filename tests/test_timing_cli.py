"""Time on the command line: what it prints, in every format, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from golden_files import assert_golden

from modelcost.cli import main
from modelcost.errors import ModelCostError
from modelcost.timing.table import cpus


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setenv("MODELCOST_CALIBRATION", str(tmp_path / "none.json"))


EXERCISE = "alexnet --data 10_000 --epochs 15 --cpu i3-540 --ghz 2.5 --method textbook"


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("help_cpus.txt", "cpus --help"),
        ("help_calibrate.txt", "calibrate --help"),
        ("cpus.txt", "cpus"),
        ("cpus.csv", "cpus --format csv"),
        ("cpus_i3.txt", "cpus i3-540"),
        ("cpus_hybrid.md", "cpus i9-12900k --format markdown"),
        ("time_textbook.txt", EXERCISE),
        ("time_textbook.tex", f"{EXERCISE} --format latex"),
        ("time_textbook_vectors.txt", f"{EXERCISE} --assume operations_per_cycle=8 --assume parallel_efficiency=0.9"),
        ("time_roofline.txt", "lenet5 --batch 32 --data 60_000 --epochs 10 --cpu i3-540"),
        (
            "time_training.txt",
            "lenet5 --batch 32 --data 60_000 --validation 0.1 --test 10_000 --epochs 10 --optimizer adam --cpu i3-540",
        ),
        ("time_roofline.json", "lenet5 --batch 32 --data 60_000 --cpu i3-540 --format json"),
        ("time_flags.txt", "lenet5 --cores 2 --ghz 2.5 --flops-per-cycle 8 --bandwidth 21.3 --mode predict"),
    ],
)
def test_what_it_prints(file: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        assert main(words.split()) == 0
    except SystemExit as done:
        assert done.code == 0
    assert_golden(f"cli_{file}", capsys.readouterr().out)


def test_every_cpu_is_listed_in_every_format(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cpus", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)["cpus"]
    assert [line["id"] for line in found] == list(cpus())
    assert found[2]["id"] == "i3-540" and found[2]["peak"] == 48_960_000_000 and found[2]["turbo_ghz"] is None
    for format in ("table", "markdown", "csv", "latex"):
        assert main(["cpus", "--format", format]) == 0
        assert "i3-540" in capsys.readouterr().out
    assert main(["cpus", "i3-540", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["peak"] == 48_960_000_000
    assert main(["cpus", "this"]) == 0
    assert "Not known: " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("lenet5 --cpu i3-54", "unknown CPU 'i3-54'; did you mean i3-540 or i3-550 or i3-530?"),
        ("lenet5 --cpu i3-540 --method guess", "--method: unknown method 'guess'; known are: textbook, roofline"),
        ("lenet5 --cpu i3-540 --mode fast", "--mode: unknown mode 'fast'; known are: graph, eager, predict"),
        ("lenet5 --method textbook", "--method is about the time on a CPU; give --cpu"),
        ("lenet5 --mode eager", "--mode is about the time on a CPU; give --cpu"),
        ("lenet5 --assume a=1", "--assume is about the time on a CPU; give --cpu"),
        ("lenet5 --plot-roofline roof.png", "--plot-roofline is about the time on a CPU; give --cpu"),
        ("lenet5 --cores 2", "a CPU without a name needs --cores and --ghz; or give --cpu"),
        ("lenet5 --cores 2 --ghz 2", "CPU given: what a core does in a cycle is not known; give --flops-per-cycle"),
        ("lenet5 --cpu i3-540 --ghz x", "--ghz: expected a number above 0. Received: 'x'"),
        ("lenet5 --cpu i3-540 --ghz nan", "--ghz: expected a number above 0. Received: 'nan'"),
        ("lenet5 --cpu i3-540 --cores 0", "cores must be a whole number from 1 to 1,000,000. Received: cores=0"),
        ("lenet5 --cpu i3-540 --assume woken", "--assume takes a name and a number, as backward_ratio=3."),
        ("lenet5 --cpu i3-540 --assume woken=x", "--assume woken must be a number. Received: 'x'"),
        ("lenet5 --cpu i3-540 --assume wokn=1", "unknown assumption 'wokn'; did you mean woken"),
        ("lenet5 --cpu i3-540 --assume woken=nan", "assumption woken must be a number above 0"),
        ("lenet5 --cpu nowhere.toml", "nowhere.toml': No such file or directory"),
        ("lenet5 --cpu i3-540 --method calibrated", "this machine is not calibrated; run `modelcost calibrate`"),
        ("lenet5 --cpu i3-540 --dtype float16", "the time of float32 arithmetic is what is known"),
        ("cpus i3-54", "unknown CPU 'i3-54'"),
    ],
)
def test_what_cannot_be_is_an_error(words: str, error: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words.split()) == 2
    out, err = capsys.readouterr()
    assert out == "" and error in err


def test_the_machine_at_hand_tells_what_it_lacks(capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["lenet5", "--cpu", "this", "--ghz", "2", "--flops-per-cycle", "16", "--bandwidth", "20"])
    assert status == 0 and "by the method roofline" in capsys.readouterr().out


def test_a_roofline_is_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib")
    for ending, start in (("png", b"\x89PNG"), ("pdf", b"%PDF"), ("svg", b"<?xml")):
        file = tmp_path / f"roof.{ending}"
        assert main(["resnet50", "--cpu", "i7-8700k", "--plot-roofline", str(file)]) == 0
        assert file.read_bytes().startswith(start)
    assert main(["resnet50", "--cpu", "i7-8700k", "--plot-roofline", str(tmp_path / "roof.bmp")]) == 2
    assert "unknown ending of a picture 'bmp'; known are: png, svg, pdf" in capsys.readouterr().err


def test_a_roofline_needs_matplotlib_and_a_roof(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    import modelcost as mc

    with pytest.raises(ModelCostError, match="a roofline is drawn of a time by the method roofline or calibrated"):
        mc.cost("lenet5", cpu="i3-540", method="textbook").plot_roofline()
    with pytest.raises(ModelCostError, match="a roofline is drawn of a time"):
        mc.cost("lenet5").plot_roofline()
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    monkeypatch.setitem(sys.modules, "matplotlib.backends.backend_agg", None)
    with pytest.raises(ModelCostError, match=r"a plot needs matplotlib: pip install 'modelcost\[plot\]'"):
        mc.cost("lenet5", cpu="i3-540").plot_roofline()


def test_a_time_of_another_tool_is_refused() -> None:
    import modelcost as mc

    told = json.loads(mc.cost("lenet5", cpu="i3-540").to_json())
    for change, error in (
        (lambda t: t.update(time=3), "time must be an object"),
        (lambda t: t["time"].update(cpu=3), "cpu must be text. Received: 3"),
        (lambda t: t["time"].pop("inference"), "inference is missing"),
        (lambda t: t["time"]["inference"].update(low="x"), "seconds, low and high must be numbers"),
        (lambda t: t["time"]["inference"].update(low=1e9), "an interval holds its time"),
        (lambda t: t["time"]["inference"].update(high=float("nan")), "an interval holds its time"),
        (lambda t: t["time"].update(layers=3), "it must be a list. Received: 3"),
        (lambda t: t["time"]["layers"][0].update(bound="luck"), "bound one of compute, memory, overhead"),
        (lambda t: t["time"]["layers"][0].update(flops=-1), "must be whole numbers"),
        (lambda t: t["time"].update(by_cores=[{"cores": "two"}]), "cores must be a whole number. Received: 'two'"),
    ):
        broken = json.loads(json.dumps(told))
        change(broken)
        with pytest.raises(ModelCostError) as raised:
            mc.Report.from_json(json.dumps(broken))
        assert error in str(raised.value)


def test_the_command_line_offers_what_there_is() -> None:
    """Its names are written out, so that starting it loads nothing about time."""
    from modelcost.commands import timing
    from modelcost.timing.estimate import METHODS
    from modelcost.timing.methods import METHOD
    from modelcost.timing.roofline import CALLS

    assert timing.METHODS == METHODS == tuple(METHOD)
    assert tuple(CALLS) == timing.MODES
