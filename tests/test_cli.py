"""The command line as a person meets it: text, errors, exit status, files, pipes, and the completion of a shell."""

from __future__ import annotations

import io
import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from golden_files import assert_golden

from modelcost import cost, zoo
from modelcost.cli import COMMANDS, main

MODELS = """
import modelcost as mc

net = mc.Sequential([mc.Input((8, 8, 3)), mc.Conv2D(4, 3), mc.Dense(2)], name="net")
open_ended = mc.Sequential([mc.Dense(10)], name="open_ended")
free = mc.Sequential([mc.Input((None, None, 3)), mc.Conv2D(4, 3)], name="free")
evil = mc.Sequential([mc.Input((4,)), mc.Dense(2, name="\\x1b[31mred\\n")], name="evil")
number = 5

def made():
    return net

def broken():
    raise RuntimeError("boom")

def needs(argument):
    return argument

async def later():
    return net

def noisy():
    import beside

    print("calling", beside.words)
    return net

class Nets:
    small = net
"""
COMMAND = [sys.executable, "-m", "modelcost"]


@pytest.fixture
def nets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with models of a user's own."""
    (tmp_path / "nets.py").write_text(MODELS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "nets", raising=False)
    return tmp_path


@pytest.fixture(autouse=True)
def no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)


def said(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> str:
    """What a command line prints: to stdout if it goes well, to stderr if not, and never to both."""
    assert main(words) == status
    out, err = capsys.readouterr()
    assert (err if status == 0 else out) == ""
    return out if status == 0 else err


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("help.txt", ""),
        ("help_explain.txt", "explain --help"),
        ("alexnet.txt", "alexnet --batch 64"),
        ("alexnet_run.txt", "alexnet --batch 64 --data 1_281_167 --epochs 90 --dtype float16 --convention 2macs"),
        ("alexnet.md", "alexnet --batch 64 --format markdown"),
        ("alexnet.csv", "alexnet --batch 64 --format csv"),
        ("alexnet.json", "alexnet --batch 64 --data 60000 --epochs 20 --format json"),
        ("alexnet.tex", "alexnet --batch 64 --format latex"),
        ("alexnet_columns.txt", "alexnet --batch 64 --columns receptive_field,intensity"),
        ("lenet5_64x64.txt", "lenet5 --input 64x64x1"),
        ("explain_alexnet_conv1.txt", "explain alexnet conv1"),
        ("explain_lenet5.txt", "explain lenet5 --batch 4 --data 10 --epochs 3"),
        ("compare_alexnets.txt", "compare alexnet alexnet_grouped --batch 64 --data 60000 --epochs 20"),
        ("train_lenet5.txt", "lenet5 --batch 64 --data 60000 --epochs 3 --optimizer adam --dtype mixed_float16"),
        ("fit_resnet18.txt", "fit resnet18 --memory 8GiB --checkpoints sqrt --optimizer SGD(momentum=0.9)"),
        ("search.txt", "search lenet5 mlp_128 cnn_128 --hyperband 2 --batch 32 --data 999 --optimizer sgd"),
        ("compare_alexnets.csv", "compare alexnet alexnet_grouped --batch 64 --format csv"),
        ("conventions.txt", "conventions"),
        ("models.txt", "models"),
        ("models.csv", "models --format csv"),
    ],
)
def test_what_it_prints(file: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        assert main(words.split()) == 0
    except SystemExit as done:
        assert done.code == 0
    assert_golden(f"cli_{file}", capsys.readouterr().out)


def test_layers_says_what_each_does_and_which_are_aliases(capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, "layers").splitlines()
    assert any(line.startswith("Dense ") and "Connect every input" in line for line in lines)
    assert any(line.split() == ["MaxPool2D", "the", "same", "as", "MaxPooling2D"] for line in lines)


def test_models_names_the_whole_zoo(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(said(capsys, "models", "--format", "json"))["models"]
    assert tuple(line["name"] for line in found) == zoo.names()
    assert found[0] == {"name": "alexnet", "input": "227x227x3", "params": 62378344, "macs": 1135256096}


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "--version") == said(capsys, "--version", "--batch", "3") == "modelcost 0.1.0\n"


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("alexnot", "unknown model 'alexnot'; did you mean alexnet or lenet5?"),
        ("alexnet --qqq a100", "unknown option '--qqq' (see modelcost --help)"),
        ("alexnet --bach 3", "unknown option '--bach'; did you mean --batch? (see modelcost --help)"),
        ("alexnet --bat 3", "unknown option '--bat'; did you mean --batch? (see modelcost --help)"),
        ("alexnet -x", "unknown option '-x' (see modelcost --help)"),
        (
            "alexnet conv1",
            "one argument too many: 'conv1'; did you mean `modelcost explain alexnet conv1`? (see modelcost --help)",
        ),
        (
            "alexnet unet gpt2",
            "one argument too many: 'unet'; did you mean `modelcost compare alexnet unet gpt2`? (see modelcost --help)",
        ),
        (
            "alexnet explain conv1",
            "one argument too many: 'explain'; did you mean `modelcost explain alexnet conv1`? (see modelcost --help)",
        ),
        ("alexnet one two", "one argument too many: 'one' (see modelcost --help)"),
        ("alexnet " + 100 * "x", f"one argument too many: '{78 * 'x'}… (see modelcost --help)"),
        ("explian alexnet", "unknown command or model 'explian'; did you mean explain?"),
        ("explian alexnet --batch 3", "unknown command or model 'explian'; did you mean explain?"),
        ("modles", "unknown command or model 'modles'; did you mean models?"),
        ("--qqq a100 alexnet", "unknown option '--qqq' (see modelcost --help)"),
        ("--batch 3", "which model? (see modelcost --help)"),
        ("alexnet --batch", "--batch: expected one argument (see modelcost --help)"),
        ("alexnet --batch x", "--batch: expected a whole number. Received: 'x' (see modelcost --help)"),
        ("alexnet --batch 1.5", "--batch: expected a whole number. Received: '1.5' (see modelcost --help)"),
        ("alexnet --batch \u0663", "--batch: expected a whole number. Received: '\u0663' (see modelcost --help)"),
        ("alexnet --batch 0", "batch must be at least 1. Received: batch=0"),
        ("alexnet --data -1", "data must be at least 1. Received: data=-1"),
        ("alexnet --batch 9223372036854775808", "batch must be at most 2**63-1. Received: batch=9223372036854775808"),
        ("alexnet --input 3x", "--input: expected sizes such as 227x227x3. Received: '3x' (see modelcost --help)"),
        ("alexnet --input 5x5", "the input has 3 axes, (227, 227, 3). Received: (5, 5)"),
        ("alexnet --input 0x5x3", "axis 0 of input must be at least 1. Received: axis 0 of input=0"),
        (
            "alexnet --input 5x5x3",
            "conv1: Conv2D(filters=96, kernel_size=11, strides=4, activation='relu') on input (5, 5, 3): "
            "a window of 11 does not fit in H=5; use padding='same' or a smaller kernel",
        ),
        ("alexnet --format jsn", "--format: unknown format 'jsn'; did you mean json? (see modelcost --help)"),
        ("models --format htm", "--format: unknown format 'htm'; did you mean html? (see modelcost models --help)"),
        (
            "alexnet --convention flop",
            "--convention: unknown convention 'flop'; did you mean flops? (see modelcost --help)",
        ),
        ("alexnet --dtype float23", None),
        ("explain", "the following arguments are required: MODEL (see modelcost explain --help)"),
        ("explain alexnet conv9", "unknown layer of alexnet 'conv9'; did you mean conv5 or conv4 or conv3?"),
        ("compare alexnet", "compare takes two models or more (see modelcost compare --help)"),
        ("compare alexnet alexnot", "unknown model 'alexnot'; did you mean alexnet or lenet5?"),
        ("models alexnet", "one argument too many: 'alexnet' (see modelcost models --help)"),
        ("completion fish", "SHELL: unknown shell 'fish'; known are: bash, zsh (see modelcost completion --help)"),
        (
            "alexnet --max time.run.x=1",
            "unknown figure 'time.run.x'; did you mean time.run.low or time.run.high or time.run.seconds?",
        ),
        ("alexnet --max time.run.seconds=1", "alexnet: no time without a CPU; give cpu=..."),
        (
            "alexnet --max memory.peak_training_bytes=1",
            "alexnet: no memory of training without an optimizer; give optimizer=...",
        ),
        ("alexnet --max minibatch.flops=1", "alexnet: no minibatch.flops without an optimizer; give optimizer=..."),
        ("alexnet --max params", "--max must be a figure and a number, such as params=1e6. Received: 'params'"),
        ("alexnet --max parms=1", "unknown figure 'parms'; did you mean params?"),
        ("alexnet --max params=x", "--max must be a number, such as 1000000, 1e6 or 1M. Received: 'x'"),
        ("alexnet --max params=nan", "--max must be a number, such as 1000000, 1e6 or 1M. Received: 'nan'"),
        ("alexnet --max epoch.steps=1", "--max epoch.steps: give --data"),
        ("alexnet --max run.steps=1 --data 5", "--max run.steps: give --epochs"),
        ("alexnet --max minibatch.x=1", "unknown figure 'minibatch.x'; known are: minibatch.forward_flops"),
        ("alexnet --max foo.params=1", "unknown figure 'foo.params'; did you mean params?"),
        (
            "alexnet --max conv1.multipies=1",
            "unknown figure 'conv1.multipies'; did you mean conv1.multiplies or conv1.flops or conv1.macs?",
        ),
        ("alexnet --output /", "--output: '/' is a folder; give the name of a file"),
        ("alexnet --output /no/such/file", "--output: there is no folder '/no/such'"),
        ("alexnet --output=", "--output needs the name of a file"),
        (f"alexnet --output {300 * 'x'}", f"--output: cannot write '{298 * 'x'}…: File name too long"),
        ("x.py", "'x.py': name the module, not its file: x:NAME"),
        ("./x.py:m", "'./x.py:m': name the module, not its file: x:m"),
        ("nets/x.py:Nets.m", "'nets/x.py:Nets.m': name the module, not its file: nets.x:Nets.m"),
        ("../x.py:m", "'../x.py:m': name the module, not its file: x:m in the folder of x.py"),
        ("x.py:m", "x.py:m: ModuleNotFoundError: No module named 'x'"),
    ],
)
def test_errors(words: str, error: str | None, capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, *words.split(" "), status=2)
    assert text.startswith("modelcost: error: ")
    assert text.count("\n") == 1
    if error is not None:
        assert text == f"modelcost: error: {error}\n"


@pytest.mark.parametrize("source", ["nets:net", "nets:made", "nets:Nets.small"])
def test_a_model_of_ones_own(source: str, nets: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(said(capsys, source, "--format", "json"))["model"] == "net"
    assert str(nets) not in sys.path


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("nets:number", "nets:number must be a Model, or a function that returns one. Received: 5"),
        ("nets:broken", "nets:broken: {}/nets.py:14: RuntimeError: boom"),
        ("nets:later", "nets:later: it is an async function; give one that returns the model"),
        ("nets.py:net", "'nets.py:net': name the module, not its file: nets:net"),
        (
            "nets:open_ended",
            "'nets:open_ended': the shape of its input is not known; give it, as in --input 784 or --input 28x28x1",
        ),
        ("nets:needs", "nets:needs: TypeError: needs() missing 1 required positional argument: 'argument'"),
        ("nets:absent", "nets:absent: AttributeError: module 'nets' has no attribute 'absent'"),
        ("no_such_module:net", "no_such_module:net: ModuleNotFoundError: No module named 'no_such_module'"),
        ("nets:", None),
        (":net", None),
        ("../nets:net", None),
    ],
)
def test_code_that_gives_no_model(
    source: str, error: str | None, nets: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = said(capsys, source, status=2)
    if error is None:
        what = "unknown ending of a model file" if "." in source else "unknown model"
        assert what in text
        assert source in text
    else:
        assert text == f"modelcost: error: {error.format(nets)}\n"


@pytest.mark.parametrize(
    ("code", "place", "said_by_it"),
    [
        ("import sys\nsys.exit()", "{}:2: ", ""),
        ("raise SystemExit(7)", "{}:1: ", ""),
        ("import sys\ndef net():\n    sys.exit('no weights')", "{}:3: ", ": 'no weights'"),
        ("import argparse\nparser = argparse.ArgumentParser()\nparser.error('no')", "{}:3: ", ""),
        ("from sys import exit as net", "", ""),
    ],
)
def test_code_that_ends_the_program(
    code: str, place: str, said_by_it: str, nets: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = nets / "ends.py"
    file.write_text(code)
    sys.modules.pop("ends", None)
    *_, last = said(capsys, "ends:net", status=2).splitlines()
    assert last == (
        f"modelcost: error: ends:net: {place.format(file)}the module ended the program (sys.exit{said_by_it}); "
        "guard it with if __name__ == '__main__'"
    )


def test_a_command_line_is_not_that_of_the_code_that_it_names(nets: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (nets / "reads.py").write_text("import argparse\nargparse.ArgumentParser().parse_args()\nfrom nets import net")
    before = list(sys.argv)
    assert said(capsys, "reads:net", "--format", "csv").startswith("name,type,")
    assert sys.argv == before


def test_what_code_prints_is_no_part_of_the_answer(nets: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (nets / "beside.py").write_text("print('loading')\nwords = 'it'")
    assert main(["nets:noisy", "--format", "json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["model"] == "net"
    assert err == "loading\ncalling it\n"
    assert str(nets) not in sys.path


def test_code_may_change_the_path(nets: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (nets / "drops.py").write_text("import os, sys\nfrom nets import net\nsys.path.remove(os.getcwd())")
    before = list(sys.path)
    assert said(capsys, "drops:net")
    assert sys.path == before


def test_a_folder_that_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    text = said(capsys, "x:x", status=2)
    assert text == (
        "modelcost: error: x:x: the current folder cannot be read: No such file or directory; change to another\n"
    )


def test_a_file_that_does_not_say_its_input(nets: Path, capsys: pytest.CaptureFixture[str]) -> None:
    layer = {"class_name": "Dense", "config": {"name": "out", "units": 10}}
    config = {"class_name": "Sequential", "config": {"name": "net", "layers": [layer]}}
    (nets / "net.json").write_text(json.dumps(config))
    for words in (["net.json"], ["explain", "net.json"], ["compare", "net.json", "alexnet"]):
        assert said(capsys, *words, status=2) == (
            "modelcost: error: 'net.json': the shape of its input is not known; "
            "give it, as in --input 784 or --input 28x28x1\n"
        )
    assert "7.85k" in said(capsys, "net.json", "--input", "784")


def test_names_from_elsewhere_do_not_reach_the_terminal(nets: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["nets:evil"], ["explain", "nets:evil"], ["compare", "nets:evil", "nets:net"]):
        assert "\x1b" not in said(capsys, *words)
    assert "\x1b" not in said(capsys, "explain", "nets:evil", "\x1b[32m", status=2)


@pytest.mark.parametrize(
    ("limits", "over"),
    [
        (["params=62378344"], ""),
        (["params=62.4M", "minibatch.forward_flops=1T"], ""),
        (["params=1e6"], "modelcost: over the limit: params is 62,378,344 (--max params=1e6)\n"),
        (["params=62378343.9"], "modelcost: over the limit: params is 62,378,344 (--max params=62378343.9)\n"),
        (["params=-1e9999999"], "modelcost: over the limit: params is 62,378,344 (--max params=-1e9999999)\n"),
        (["params=1e9999999"], ""),
        (
            ["params=1", "flops=9G", "epoch.steps=937"],
            "modelcost: over the limit: params is 62,378,344 (--max params=1)\n"
            "modelcost: over the limit: epoch.steps is 938 (--max epoch.steps=937)\n",
        ),
    ],
)
def test_max(limits: list[str], over: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = [word for limit in limits for word in ("--max", limit)]
    status = main(["alexnet", "--batch", "64", "--data", "60000", "--format", "csv", *words])
    out, err = capsys.readouterr()
    assert (status, err) == (1 if over else 0, over)
    assert out.startswith("name,type,")


def test_max_of_what_has_no_value_yet(nets: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "nets:free", "--max", "macs=1", status=2)
    assert text == (
        "modelcost: error: --max macs: it is '(H - 3 + 1)*(W - 3 + 1)*4*3*3*3', which has no value yet; give --input\n"
    )
    assert said(capsys, "nets:free", "--max", "macs=1e9", "--input", "8x8x3")


def test_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text, file = said(capsys, "lenet5"), tmp_path / "out.txt"
    assert said(capsys, "lenet5", "--output", str(file)) == ""
    assert file.read_text(encoding="utf-8") == text
    file.chmod(0o640)
    link = tmp_path / "link"
    link.symlink_to(file)
    said(capsys, "alexnet", "--output", str(link))
    assert file.read_text(encoding="utf-8") == said(capsys, "alexnet")
    assert link.is_symlink()
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "out.txt"]


def test_output_to_a_dash_is_standard_output(nets: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "lenet5", "--output", "-") == said(capsys, "lenet5")
    assert [path.name for path in nets.iterdir() if path.is_file()] == ["nets.py"]


def test_output_to_links_in_a_circle(nets: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (nets / "a").symlink_to("b")
    (nets / "b").symlink_to("a")
    text = said(capsys, "lenet5", "--output", "a", status=2)
    assert text.startswith("modelcost: error: --output: cannot write 'a': ")


def test_output_that_fails_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "out.txt"
    file.write_text("before")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    text = said(capsys, "lenet5", "--output", str(file), status=2)
    assert text == f"modelcost: error: --output: cannot write {str(file)!r}: No space left on device\n"
    assert file.read_text() == "before"
    assert list(tmp_path.iterdir()) == [file]


def run(command: str, **env: str) -> subprocess.CompletedProcess[str]:
    """A command line in bash, as a person types it; `modelcost` is this Python's."""
    script = f'modelcost() {{ "{sys.executable}" -m modelcost "$@"; }}\n{command}'
    return subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, env={**os.environ, **env}, check=False
    )


needs_bash = pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")


@needs_bash
def test_a_reader_that_goes_away_is_no_error() -> None:
    done = run("modelcost layers | true; echo ${PIPESTATUS[0]}; modelcost explain gpt2 | head -1")
    assert (done.stdout, done.stderr) == ("0\ntokens: InputLayer, 1024\n", "")


@needs_bash
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_or_a_closed_output_is_an_error() -> None:
    done = run('for to in ">/dev/full" ">&-" "--output /dev/full"; do eval "modelcost lenet5 $to"; echo $?; done')
    assert done.stdout == "2\n2\n2\n"
    assert done.stderr == (
        "modelcost: error: cannot write to standard output: No space left on device\n"
        "modelcost: error: standard output is closed; use --output FILE\n"
        "modelcost: error: --output: cannot write '/dev/full': No space left on device\n"
    )


@needs_bash
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_help_that_cannot_be_printed_is_an_error() -> None:
    done = run('for to in ">/dev/full" ">&-"; do eval "modelcost explain --help $to"; echo $?; done')
    assert done.stdout == "2\n2\n"
    assert done.stderr == (
        "modelcost: error: cannot write to standard output: No space left on device\n"
        "modelcost: error: standard output is closed\n"
    )


@needs_bash
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_the_status_is_right_where_nothing_can_be_said() -> None:
    full = "modelcost nope 2>/dev/full; echo $?; modelcost lenet5 --max params=1 2>/dev/full >/dev/null; echo $?; "
    closed = "modelcost nope 2>&-; echo $?; modelcost lenet5 --max params=1 2>&- >/dev/null; echo $?; "
    both = "(modelcost lenet5 >/dev/full 2>/dev/full); echo $?"
    assert run(full + closed + both).stdout == "2\n1\n2\n1\n2\n"


@pytest.mark.parametrize("words", [[], *([name] for name in COMMANDS)])
def test_help_fits_in_80_columns(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("modelcost.commands.arguments.terminal_width", lambda: 80)
    with pytest.raises(SystemExit) as done:
        main([*words, "--help"])
    assert done.value.code == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


@needs_bash
def test_output_may_be_a_pipe() -> None:
    assert run("modelcost lenet5 --format csv --output /dev/stdout | head -c 9").stdout == "name,type"


def test_an_output_that_knows_only_ascii(nets: Path) -> None:
    env = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run([*COMMAND, "nets:evil"], capture_output=True, env=env, check=True)
    assert done.stdout.isascii()


def test_python_m_and_its_status() -> None:
    done = subprocess.run([*COMMAND, "alexnet", "--max", "params=1"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "modelcost: over the limit: params is 62,378,344 (--max params=1)\n"


def test_the_table_loads_nothing_that_is_slow_to_load() -> None:
    slow = {"numpy", "tabulate", "dataclasses", "typing", "inspect", "json", "csv", "shtab", "pandas", "pathlib"}
    slow |= {
        "importlib.metadata",
        "tensorflow",
        "torch",
        "keras",
        "onnx",
        "matplotlib",
        "shutil",
        "decimal",
        "textwrap",
    }
    code = (
        "import sys; before = set(sys.modules); from modelcost.cli import main; "
        "main(['alexnet', '--batch', '64']); print(*set(sys.modules) - before)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert "modelcost.render.table" in loaded
    assert not loaded & slow
    others = {f"modelcost.commands.{module}" for module in COMMANDS.values()}
    assert not loaded & (others | {"modelcost.render.markdown", "modelcost.render.json", "modelcost.render.explain"})


@needs_bash
@pytest.mark.parametrize(
    ("words", "completions"),
    [
        ("al", "alexnet alexnet_grouped"),
        ("com", "compare completion"),
        ("--v", "--version"),
        ("explain res", "resnet18 resnet34 resnet50 resnet101 resnet152"),
        ("alexnet --b", "--batch --bandwidth"),
        ("alexnet --batch 64 --conv", "--convention"),
        ("alexnet --format ''", "table markdown csv json latex html"),
        ("alexnet --convention m", "macs macs+bias"),
        ("alexnet --batch 4 --dtype float", "float64 float32 float16"),
        ("compare alexnet vgg1", "vgg11 vgg13 vgg16 vgg19"),
        ("compare alexnet vgg11 --fo", "--format"),
        ("models --format j", "json"),
        ("completion ''", "bash zsh"),
    ],
)
def test_completion_works_in_bash(words: str, completions: str, completion_script: Path) -> None:
    done = run(
        f"source {completion_script}; COMP_WORDS=(modelcost {words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); "
        '$(complete -p modelcost | grep -o "_shtab[a-z_]*"); echo "${COMPREPLY[*]}"'
    )
    assert (done.stdout.strip(), done.stderr) == (completions, "")


@pytest.fixture(scope="module")
def completion_script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("shtab")
    file = tmp_path_factory.mktemp("completion") / "modelcost.bash"
    file.write_text(subprocess.run([*COMMAND, "completion", "bash"], capture_output=True, text=True, check=True).stdout)
    return file


@pytest.mark.skipif(shutil.which("zsh") is None, reason="needs zsh")
def test_completion_is_sound_zsh() -> None:
    script = subprocess.run([*COMMAND, "completion", "zsh"], capture_output=True, text=True, check=True).stdout
    subprocess.run(["zsh", "-n"], input=script, text=True, check=True)


def test_completion_without_shtab_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "shtab", None)
    text = said(capsys, "completion", "bash", status=2)
    assert text == "modelcost: error: completion needs shtab: pip install 'modelcost[completion]'\n"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "environment", "expected"),
    [
        (Terminal, {}, True),
        (Terminal, {"NO_COLOR": "1"}, False),
        (Terminal, {"NO_COLOR": ""}, True),
        (Terminal, {"TERM": "dumb"}, False),
        (io.StringIO, {}, False),
    ],
)
def test_colour_goes_to_terminals_alone(
    stream: Any, environment: dict[str, str], expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    out, err = stream(), stream()
    monkeypatch.setattr("sys.stdout", out)
    monkeypatch.setattr("sys.stderr", err)
    assert main(["lenet5", "--top", "1"]) == 0
    assert main(["nothing"]) == 2
    assert ("\x1b[" in out.getvalue(), "\x1b[" in err.getvalue()) == (expected, expected)


def test_max_of_memory_and_of_time(capsys: pytest.CaptureFixture[str]) -> None:
    report = cost("lenet5", cpu="i3-540")
    peak, seconds = int(report.memory.peak_inference_bytes), report.time.inference.seconds
    words = ["lenet5", "--cpu", "i3-540", "--format", "csv", "--max", f"memory.peak_inference_bytes={peak}"]
    assert main([*words, "--max", f"time.inference.seconds={seconds!r}"]) == 0
    assert main([*words, "--max", f"time.inference.seconds={seconds / 2!r}"]) == 1
    assert "modelcost: over the limit: time.inference.seconds is 0.000" in capsys.readouterr().err
    words[-1] = f"memory.peak_inference_bytes={peak - 1}"
    assert main(words) == 1
    assert f"memory.peak_inference_bytes is {peak:,}" in capsys.readouterr().err
