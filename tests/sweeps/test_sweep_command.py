"""`modelcost sweep`: what it prints, its files, its status, and what it says to bad input."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from golden_files import assert_golden

import modelcost as mc
from modelcost import progress
from modelcost.cli import main
from modelcost.commands.sweep import values

NETS = """
import time
import modelcost as mc

print("loading")
net = mc.Sequential([mc.Input((8, 8, 3)), mc.Conv2D(4, 3)], name="net")
number = 5

def mlp(units, layers=2, activation="relu", seconds=0.0):
    import aside
    print("building")
    time.sleep(seconds)
    if units == 13:
        raise RuntimeError("unlucky")
    hidden = [mc.Dense(units, activation=activation) for _ in range(layers)]
    return mc.Sequential([mc.Input((784,)), *hidden, mc.Dense(10)], name="mlp")
"""


@pytest.fixture
def nets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a user's own functions."""
    (tmp_path / "searched.py").write_text(NETS)
    (tmp_path / "aside.py").write_text("")
    monkeypatch.chdir(tmp_path)
    for name in ("searched", "aside"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return tmp_path


def ran(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> tuple[str, str]:
    """What a command line wrote, to standard output and to standard error."""
    assert main(["sweep", *words]) == status
    wrote = capsys.readouterr()
    return wrote.out, wrote.err


def failing(capsys: pytest.CaptureFixture[str], line: str) -> str:
    """What a command line that is wrong is told; it prints nothing else, but what the user's code prints."""
    out, err = ran(capsys, *line.split(), status=2)
    assert out == ""
    return err.removeprefix("loading\n").removeprefix("modelcost: error: ").rstrip("\n")


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("help.txt", "--help"),
        ("sizes.txt", "resnet50 --batch 1,8,64 --height 128:224:32"),
        ("failed.txt", "lenet5 --height 4:34:6 --batch 1:2"),
        ("failed.md", "lenet5 --height 4:34:6 --format markdown"),
        ("failed.csv", "lenet5 --height 4:34:6 --format csv"),
        ("failed.json", "lenet5 --height 4:34:6 --format json"),
        ("failed.tex", "lenet5 --height 4:34:6 --format latex"),
        ("picked.txt", "lenet5 --batch 1:1000 --data 1000 --optimizer adam --figures epoch.steps,run.flops --epochs 9 "
         "--pareto batch,run.flops --sort -batch --top 5 --where batch>7"),
        ("functions.txt", "searched:mlp --units 12:14,64 --layers 1:2 --activation relu,tanh --figures macs"),
    ],
)  # fmt: skip
def test_what_it_prints(file: str, words: str, nets: Path, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        assert main(["sweep", *words.split()]) == 0
    except SystemExit as done:
        assert done.code == 0
    assert_golden(f"cli_sweep_{file}", capsys.readouterr().out)


def test_every_point_is_what_the_command_says_of_it_alone(capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = ran(capsys, "lenet5", "--batch", "1,8:24:8", "--height", "32:40:4", "--format", "csv", "--figures", "macs")
    points = list(csv.DictReader(io.StringIO(out)))
    assert [(point["batch"], point["height"]) for point in points] == [
        (str(batch), str(height)) for batch in (1, 8, 16, 24) for height in (32, 36, 40)
    ]
    for point in points:
        assert main(["lenet5", "--input", f"{point['height']}x32x1", "--format", "json"]) == 0
        assert json.loads(capsys.readouterr().out)["totals"]["macs"] == int(point["macs"])


def test_arguments_of_a_function_are_options(nets: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = (
        "searched:mlp",
        "--units=4:5",
        "--layers",
        "1",
        "--batch",
        "2,4",
        "--optimizer",
        "sgd,adam",
        "--format",
        "json",
    )
    out, err = ran(capsys, *words[:-4], "--format", "json")
    assert "building" in err
    assert "building" not in out
    points = json.loads(out)["points"]
    assert [(one["units"], one["layers"], one["batch"]) for one in points] == [
        (u, 1, b) for u in (4, 5) for b in (2, 4)
    ]
    assert [one["params"] for one in points] == [785 * u + (u + 1) * 10 for u in (4, 4, 5, 5)]


def test_processes_give_what_none_give(nets: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("searched:mlp", "--units", "10:16", "--format", "json")
    alone, _ = ran(capsys, *words)
    together, _ = ran(capsys, *words, "--workers", "2")
    assert json.loads(alone) == json.loads(together)
    assert len(json.loads(alone)["failed"]) == 1


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("lenet5", "a sweep needs something to sweep over"),
        ("lenet5 --batch 1,,2", "--batch: expected a value between the commas"),
        ("lenet5 --batch 1.5", "--batch: expected whole numbers, as 1,8,64 or 128:512:32. Received: '1.5'"),
        ("lenet5 --batch x", "--batch: expected whole numbers"),
        ("lenet5 --batch 8:1", "--batch: a range goes up, from START to STOP by STEP. Received: '8:1'"),
        ("lenet5 --batch 1:8:0", "--batch: a range goes up"),
        ("lenet5 --batch 1:8:2:2", "--batch: expected whole numbers"),
        ("lenet5 --batch 1:", "--batch: expected a whole number. Received: ''"),
        ("lenet5 --batch 0:3", "batch must be at least 1. Received: batch=0"),
        ("lenet5 --batch 3,3", "batch has 3 twice"),
        ("lenet5 --batch 1:1_000_000_000_000", "1,000,000,000,000 points are too many for a sweep"),
        ("lenet5 --batch 1:99999999,3", "--batch: more than 10,000,000 values; give one range"),
        ("lenet5 --steps 3", "unknown free size of lenet5 'steps'; known are: batch, height"),
        ("lenet5 --bacth 3", "unknown option '--bacth'; did you mean --batch?"),
        ("lenet5 --batch 3 extra", "one argument too many: 'extra'"),
        ("lenet5 --batch 3 --units 4", "unknown option '--units'"),
        ("lenet5 --batch 3 --figures foo", "unknown figure 'foo'; known are: params"),
        ("lenet5 --batch 3 --figures ,", "--figures: expected names between commas. Received: ','"),
        ("lenet5 --batch 3 --figures epoch.flops", "lenet5: no epoch without the number of training examples"),
        ("lenet5 --batch 3 --where params", "a condition compares figures"),
        ("lenet5 --batch 3 --sort parms", "unknown figure 'parms'; did you mean params?"),
        ("lenet5 --batch 3 --pareto -parms", "unknown figure 'parms'; did you mean params?"),
        ("lenet5 --batch 3 --top 0", "top must be at least 1. Received: top=0"),
        ("lenet5 --batch 3 --sample 0", "sample must be a whole number of at least 1"),
        ("lenet5 --batch 3 --workers 0", "workers must be at least 1. Received: workers=0"),
        ("lenet5 --batch 3 --method roofline", "--method is about the time on a CPU; give --cpu"),
        ("lenet5 --batch 3 --resume nowhere/x", "'nowhere/x': No such file or directory"),
        ("nope --batch 3", "unknown model 'nope'"),
        ("searched:mlp", "mlp needs units: give the values of each"),
        ("searched:mlp --units 4 --layer 1", "unknown choice 'layer'; did you mean layers?"),
        ("searched:mlp --units", "--units: expected its values"),
        ("searched:mlp --units 4 5", "one argument too many: '5'"),
        ("searched:mlp --units 4:1", "--units: a range goes up"),
        ("searched:number --batch 3", "searched:number must be a Model, or a function that returns one. Received: 5"),
        ("searched:net --batch 3 --height x", "--height: expected whole numbers"),
        ("searched:nothing --batch 3", "AttributeError"),
    ],
)
def test_bad_input(line: str, told: str, nets: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert told in failing(capsys, line)


def test_status_1_where_no_point_is_left(capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = ran(capsys, "lenet5", "--batch", "1,2", "--where", "params < 1", status=1)
    assert "0 points" in out
    out, _ = ran(capsys, "lenet5", "--height", "1:3", "--format", "csv", status=1)
    assert len(out.splitlines()) == 4


def test_a_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib")
    for name, more in (("a.png", ()), ("b.svg", ("--pareto", "-batch,minibatch.forward_flops"))):
        ran(capsys, "lenet5", "--batch", "1,8,64", "--plot", str(tmp_path / name), *more)
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert b"Pareto front" in (tmp_path / "b.svg").read_bytes() or b"<svg" in (tmp_path / "b.svg").read_bytes()
    _, err = ran(capsys, "lenet5", "--batch", "1,8", "--plot", str(tmp_path / "c.bmp"), status=2)
    assert "unknown ending of a picture 'bmp'; known are: png, svg, pdf" in err


def test_a_sweep_that_is_stopped_shows_what_is_done_and_goes_on(nets: Path) -> None:
    """A real Ctrl-C in the middle, and the same line again."""
    words = ["searched:mlp", "--units", "20:39", "--seconds", "0.05", "--resume", "mlp.jsonl", "--format", "csv"]
    command = [sys.executable, "-m", "modelcost", "sweep", *words]
    environment = os.environ | {"PYTHONPATH": str(Path(mc.__file__).parents[1])}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    file = nets / "mlp.jsonl"
    while not (file.exists() and len(file.read_text().splitlines()) > 4):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert process.returncode == 130
    assert " of 20 points; run it again to go on" in err
    done = len(out.splitlines()) - 1
    assert 4 <= done < 20
    again = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    assert len(again.stdout.splitlines()) == 21
    assert again.stderr.count("building") == 20 - done + 1
    assert set(out.splitlines()) <= set(again.stdout.splitlines())


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="children are looked for where Linux tells them")
@pytest.mark.parametrize(("sign", "status"), [(signal.SIGTERM, 130), (signal.SIGKILL, -signal.SIGKILL)])
def test_no_worker_outlives_a_sweep_that_is_ended(nets: Path, sign: int, status: int) -> None:
    words = ["searched:mlp", "--units", "20:99", "--seconds", "0.1", "--workers", "2", "--resume", "mlp.jsonl"]
    command = [sys.executable, "-m", "modelcost", "sweep", *words]
    environment = os.environ | {"PYTHONPATH": str(Path(mc.__file__).parents[1])}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    file = nets / "mlp.jsonl"
    while not (file.exists() and len(file.read_text().splitlines()) > 4):
        assert process.poll() is None
        time.sleep(0.05)
    place = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    workers = [Path(f"/proc/{worker}") for worker in place.read_text().split()]
    assert len(workers) == 2
    process.send_signal(sign)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == status
    assert ("points" in out) is (sign == signal.SIGTERM)
    until = time.monotonic() + 20
    while any(map(Path.exists, workers)) and time.monotonic() < until:
        time.sleep(0.1)
    assert not [worker for worker in workers if worker.exists()]


class Terminal(io.StringIO):
    """What says of itself that it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("stream", "shown"), [(Terminal(), True), (io.StringIO(), False)])
def test_progress_is_for_terminals_and_for_what_takes_long(
    stream: io.StringIO, shown: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr(progress, "monotonic", lambda: now[0])
    with progress.Progress("sweep of x", 100, 10, stream) as one:
        for _ in range(3):
            now[0] += 0.4
            one.step()
    text = stream.getvalue()
    assert ("sweep of x: 13 of 100, about 35 s left" in text) is shown
    assert text.count("sweep of x") == int(shown), "nothing in the first second, and no more than five times a second"
    assert (text.endswith("\r") and text.rpartition("\r")[0].endswith(" " * 79)) is shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", [1]),
        ("1,8,64", [1, 8, 64]),
        ("128:512:32", range(128, 513, 32)),
        ("1:10:4", [1, 5, 9]),
        ("3:3", [3]),
        ("1_000,2:4", [1000, 2, 3, 4]),
        ("0.1,1e-3", [0.1, 0.001]),
        ("true,False,none", [True, False, None]),
        ("relu, elu", ["relu", "elu"]),
        ("-1", [-1]),
    ],
)
def test_values_on_the_command_line(text: str, expected: Any) -> None:
    found = values(text)
    assert list(found) == list(expected)
    assert [type(one) for one in found] == [type(one) for one in expected]


def test_a_size_that_is_the_same_as_another(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (("--height", "32,36", "--width", "height"), ("--height", "width", "--width", "32,36")):
        out, _ = ran(capsys, "lenet5", *words, "--format", "csv", "--figures", "macs")
        points = list(csv.DictReader(io.StringIO(out)))
        assert [(point["height"], point["width"]) for point in points] == [("32", "32"), ("36", "36")]
        assert [int(point["macs"]) for point in points] == [
            mc.cost(mc.zoo.lenet5(), input=(side, side, 1)).macs for side in (32, 36)
        ]
    assert "height depends on width, which is not chosen" in failing(capsys, "lenet5 --height width --batch 1")
    assert "width depends on width" in failing(capsys, "lenet5 --width width")
