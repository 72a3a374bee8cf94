"""Models written out in YAML: layers as calls, which are read and never run; what is none is refused, and soon."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import pytest

import modelcost as mc
from modelcost.cli import main
from modelcost.errors import ModelCostError, UnknownNameError
from modelcost.importers import yaml_text as yaml_module
from modelcost.importers.yaml_text import yaml_text
from tests.test_hostile_files import harmless

pytest.importorskip("yaml")

SECONDS = 10
"""Of processor time for what takes one at most on an idle machine."""
NET = """
name: small
input: [28, 28, 1]
layers:
  - conv1: Conv2D(32, 5, padding='same', activation="relu")
  - keras.layers.MaxPooling2D((2, 2))
  - Flatten
  - TimeDistributed: Dense(10, use_bias=False)
"""


def loaded(tmp_path: Path, text: str | bytes, name: str = "net.yaml") -> mc.Model:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return mc.load(str(path))


@pytest.mark.parametrize("name", ["net.yaml", "net.yml", "net.YAML"])
def test_a_net_is_what_it_is_in_python(name: str, tmp_path: Path) -> None:
    model = loaded(tmp_path, NET, name)
    conv = mc.Conv2D(32, 5, padding="same", activation="relu", name="conv1")
    layers = [conv, mc.MaxPooling2D((2, 2)), mc.Flatten(), mc.Dense(10, use_bias=False, name="TimeDistributed")]
    twin = mc.Sequential([mc.Input((28, 28, 1), name="input"), *layers], name="small")
    assert mc.cost(model, batch=8).to_json() == mc.cost(twin, batch=8).to_json()


def test_the_name_is_that_of_the_file(tmp_path: Path) -> None:
    assert loaded(tmp_path, "input: 8\nlayers: [Dense(3)]", "my net.yaml").name == "my net"


def test_sizes_that_are_not_known(tmp_path: Path) -> None:
    model = loaded(tmp_path, "input: [none, 40]\nlayers: ['LSTM(8, return_sequences=True)']")
    assert mc.cost(model).flops.free_sizes() == ["steps", "input.steps"]
    assert mc.cost(model, input=(9, 40)).rows[-1].output_shape == (9, 8)


WAYS = {
    "an input apart": "input: [28, 28, 1]\nlayers: ['Conv2D(3, 5)', Flatten, Dense(10)]",
    "Input first": "layers: ['Input((28, 28, 1))', 'Conv2D(3, 5)', Flatten, Dense(10)]",
    "as Keras is called": "layers: ['keras.Input(shape=(28, 28, 1))', 'keras.layers.Conv2D(3, 5)', Flatten, Dense(10)]",
    "by the first layer": "layers: ['Conv2D(3, 5, input_shape=(28, 28, 1))', Flatten, Dense(10)]",
    "a call a line": "layers: |\n  InputLayer((28, 28, 1))\n  Conv2D(3, 5)\n\n  Flatten()\n  Dense(10)\n",
}


@pytest.mark.parametrize("way", WAYS)
def test_the_ways_to_say_what_comes_in(way: str, tmp_path: Path) -> None:
    report = mc.cost(loaded(tmp_path, WAYS[way]))
    assert [row.output_shape for row in report] == [(28, 28, 1), (24, 24, 3), (1728,), (10,)]
    assert report.params == 5 * 5 * 3 + 3 + 1728 * 10 + 10


def test_names_stand_before_the_input_and_the_first_layer_too(tmp_path: Path) -> None:
    named = loaded(tmp_path, "layers: [{image: 'Input((8,))'}, {top: Dense(3)}]")
    assert [row.name for row in mc.cost(named)] == ["image", "top"]
    named = loaded(tmp_path, "layers: [{top: 'Dense(3, input_shape=(8,))'}]")
    assert mc.cost(named).rows[-1].name == "top"


def test_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(NET)
    assert main([str(path), "--format", "csv"]) == 0
    assert "conv1,Conv2D,28x28x1,28x28x32,832," in capsys.readouterr().out
    assert main(["compare", str(path), "lenet5"]) == 0
    assert main(["explain", str(path), "conv1"]) == 0
    assert "params = K*K*C*F + F = 5*5*1*32 + 32 = 832" in capsys.readouterr().out
    path.write_text("input: 8\nlayers: [Dens(3)]")
    assert main([str(path)]) == 2
    assert "net.yaml': layer 1: unknown layer 'Dens'; did you mean Dense?" in capsys.readouterr().err


def test_a_sheet_names_such_a_file(tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text(NET)
    sheet = tmp_path / "sheet.yaml"
    sheet.write_text(f"model: {tmp_path}/net.yaml\nclaims: [{{of: conv1, quantity: params, claim: 832}}]")
    assert main(["check", str(sheet)]) == 0


HEAD = "input: [8, 8, 3]\nlayers:\n  - "
REFUSED: dict[str, tuple[str | bytes, str]] = {
    "nothing": ("", "a model is written out as input: "),
    "a word": ("hello", "a model is written out as input: .* Received: 'hello'"),
    "a list": ("[1, 2]", "a model is written out as input: "),
    "no layers": ("input: 8", "a model is written out as input: "),
    "no input": ("layers: [Flatten]", "a model is written out as input: "),
    "no layer and no input": ("layers: []", "a model is written out as input: "),
    "layers that are a number": ("input: 8\nlayers: {Flatten: 1}", "a model is written out as input: "),
    "an input twice": ("input: 8\nlayers: ['Input((8,))', Flatten]", "layer 1: the input is given once, first of all"),
    "an input in the middle": ("input: 8\nlayers: [Flatten, 'Input((8,))']", "layer 2: the input is given once"),
    "an input of no shape": ("layers: [Input(), Dense(3)]", "layer 1: "),
    "an input of another's": ("layers: ['os.Input((8,))', Dense(3)]", "layer 1: a layer is written as a call"),
    "an input of what is run": ("layers: ['Input(print(1))', Dense(3)]", "layer 1: unknown layer 'print'"),
    "a shape that is none": ("layers: ['Dense(3, input_shape=8.5)']", "shape must be the sizes of one example"),
    "an answer file": ("model: lenet5\nclaims: []", "an answer file, not a model; mark it with modelcost check"),
    "Keras's YAML": ("class_name: Sequential", "Keras's own YAML is not read; save the model as .keras"),
    "another key": ("inputs: 8\nlayers: []", "unknown key of a model 'inputs'; did you mean input"),
    "a name that is none": ("name: [a]\ninput: 8\nlayers: []", "a model's name is a word. Received: \\['a'\\]"),
    "no YAML": ("layers: [", "this is no YAML: .* in line"),
    "no text": (b"\xff\xfe\x00", "this is no text in UTF-8"),
    "two documents": ("input: 8\n---\ninput: 9", "one document; another begins in line 2"),
    "a key twice": ("input: 8\ninput: 9\nlayers: []", "'input' is given twice, the second time in line 2"),
    "a key that is none": ("[a]: 8", "a key is a word"),
    "no shape": ("input: big\nlayers: []", "an input is written as 28x28x1 .* Received: 'big'"),
    "a size below one": ("input: [8, -3]\nlayers: []", "an input is written as 28x28x1 .* Received: '-3'"),
    "a size of zero": ("input: 0\nlayers: []", "must be at least 1"),
    "a size beyond all": ("input: 99999999999999999999\nlayers: []", "an input is written as 28x28x1"),
    "a size of 10**18": ("input: 9999999999999999999\nlayers: []", "must be at most 2\\*\\*63-1"),
    "a sexagesimal": ("input: 1:30\nlayers: []", "an input is written as 28x28x1 .* Received: '1:30'"),
    "a date": ("input: 2024-01-01\nlayers: []", "an input is written as 28x28x1"),
    "a boolean": ("input: yes\nlayers: []", "an input is written as 28x28x1"),
    "an infinity": ("input: .inf\nlayers: []", "an input is written as 28x28x1"),
    "nested sizes": ("input: [[8]]\nlayers: []", "an input is written as 28x28x1"),
    "an unknown layer": (f"{HEAD}Flatten\n  - Conv2d(3, 3)", "layer 2: unknown layer 'Conv2d'; did you mean Conv2D"),
    "a call in two": ("input: 8\nlayers: [Conv2D(3, 3)]", r"within \[ \] a call with a comma needs quotes"),
    "an import": (f"{HEAD}__import__('os').system('true')", "a layer is written as a call with plain values"),
    "a power": (f"{HEAD}Dense(9**9**9)", "'9 \\*\\* 9 \\*\\* 9' is no plain value"),
    "a name": (f"{HEAD}Dense(units)", "'units' is no plain value"),
    "stars": (f"{HEAD}Dense(*[3])", "a layer is written as a call with plain values"),
    "NaN": (f"{HEAD}Dropout(1e999)", "rate must"),
    "a true size": (f"{HEAD}Dense(True)", "units must be a whole number"),
    "a size of 400 digits": (f"{HEAD}Dense(1{'0' * 400})", "units must be"),
    "a window too large": (f"{HEAD}Conv2D(3, 9)", "a window of 9 does not fit in H=8"),
    "an alias": ("input: &a [8]\nlayers: *a", "anchors and aliases have no place here"),
    "laughs": ("a: &a [1,1]\nb: &b [*a,*a]\nc: [*b,*b]", "anchors and aliases have no place here"),
    "a tag": ("input: !!python/object/apply:os.system ['true']\nlayers: []", "tags have no place here"),
    "deep": ("input: " + "[" * 400_000, "nested at most 20 deep"),
    "two million brackets": ("[" * 2_000_000, "more than 1000000 bytes"),
    "a long call": (f"{HEAD}'{'Dense(' * 400}'", "a layer is written as a call with plain values"),
    "many layers": ("input: 8\nlayers: [" + "Flatten," * 2_001 + "]", "at most 2,000 layers. Received: 2,001"),
    "many values": ("[" + "1," * 300_000 + "]", "at most 200,000 values"),
    "deep layers": (f"{HEAD}{'TimeDistributed(' * 90}Flatten(){')' * 90}", "."),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_model_is_refused(name: str, tmp_path: Path) -> None:
    text, words = REFUSED[name]
    path = tmp_path / "net.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    begun = time.process_time()
    with harmless(), pytest.raises(ModelCostError, match=words) as caught:
        mc.cost(mc.load(str(path)))
    assert time.process_time() - begun < SECONDS
    assert len(str(caught.value)) < 5_000


def test_an_unknown_layer_is_an_unknown_name(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError):
        loaded(tmp_path, f"{HEAD}Dens(3)")


def test_values_are_their_letters() -> None:
    text = "a: no\nb: 010\nc: 1:30\nd: 2024-01-01\ne: ~\nf: 1e400\ng: .nan\nh: ''\ni:\nj: 'x: y'\nk: [1, {l: 0x1F}]"
    assert yaml_text(text) == {
        "a": "no", "b": "010", "c": "1:30", "d": "2024-01-01", "e": "~", "f": "1e400", "g": ".nan", "h": "", "i": "",
        "j": "x: y", "k": ["1", {"l": "0x1F"}],
    }  # fmt: skip
    assert yaml_text("") is None


def test_without_libyaml_texts_are_shorter(monkeypatch: pytest.MonkeyPatch) -> None:
    import yaml

    monkeypatch.delattr(yaml, "CBaseLoader", raising=False)
    assert yaml_text("a: [b, {c: no}]") == {"a": ["b", {"c": "no"}]}
    with pytest.raises(ModelCostError, match=r"this is no YAML: .* in line 1"):
        yaml_text("a: [")
    with pytest.raises(ModelCostError, match=r"at most 100,000 characters\. Received: 100,001"):
        yaml_text("#" * (yaml_module.LARGEST_WITHOUT + 1))


def test_without_pyyaml_there_is_a_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    blocked: Any = None
    monkeypatch.setitem(sys.modules, "yaml", blocked)
    with pytest.raises(ModelCostError, match=r"needs PyYAML: pip install 'modelcost\[yaml\]'"):
        yaml_text("a: b")
