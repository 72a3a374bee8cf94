"""Every network of the zoo against its row of `data/zoo.csv`, whose figures modelcost did not compute."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest

import modelcost as mc
from modelcost import zoo
from modelcost.errors import SizeError, UnknownNameError

with (Path(__file__).parent / "data" / "zoo.csv").open(newline="", encoding="utf-8") as file:
    ROWS = {row["name"]: row for row in csv.DictReader(file)}

every_model = pytest.mark.parametrize("name", ROWS)


def test_names_are_exactly_the_rows_in_their_order() -> None:
    assert zoo.names() == tuple(ROWS)


@every_model
def test_parameters(name: str) -> None:
    assert mc.cost(zoo.build(name)).params == int(ROWS[name]["params"])


@every_model
def test_multiply_accumulates(name: str) -> None:
    assert mc.cost(zoo.build(name)).macs == int(ROWS[name]["macs"])


@every_model
def test_input(name: str) -> None:
    inputs = zoo.build(name).inputs
    assert " + ".join("x".join(map(str, tensor.shape)) for tensor in inputs) == ROWS[name]["input"]


@every_model
def test_is_a_documented_function_that_names_its_model(name: str) -> None:
    function = getattr(zoo, name)
    assert function().name == name
    assert f"{int(ROWS[name]['params']):,}" in function.__doc__


def test_published_trainable_parameters() -> None:
    """torchvision's counts leave moving statistics out; the homework gives both."""
    assert mc.cost(zoo.resnet18()).trainable_params == 11_689_512
    assert mc.cost(zoo.resnet34()).trainable_params == 21_797_672
    assert mc.cost(zoo.fashion_cnn_bn()).trainable_params == 478_058


@pytest.mark.parametrize(
    ("name", "side"), [("mobilenet_v2", 97), ("mobilenet_v2", 225), ("efficientnet_b0", 97), ("efficientnet_b0", 225)]
)
def test_padding_by_hand_halves_odd_sides_as_keras_does(name: str, side: int) -> None:
    """In keras.applications 97 becomes 49, 25, 13, 7, 4 and 225 becomes 113, 57, 29, 15, 8."""
    report = mc.cost(zoo.build(name, input_shape=(side, side, 3)))
    before_pooling = {"mobilenet_v2": "out_relu", "efficientnet_b0": "top_activation"}[name]
    last = {97: 4, 225: 8}[side]
    assert tuple(report[before_pooling].output_shape) == (last, last, 1280)


def test_recurrent_kinds_and_widths_are_free() -> None:
    """Keras: 4U(F + U + 1), 3U(F + U + 2) and U(F + U + 1) parameters, and 33 in the dense layer."""
    assert mc.cost(zoo.recurrent_three("gru")).params == 16_065
    assert mc.cost(zoo.recurrent_three("simple_rnn")).params == 5_281
    assert mc.cost(zoo.recurrent_three(widths=(1, 2, 3))).params == (12 + 32 + 72) + 4
    with pytest.raises(UnknownNameError, match="gru"):
        zoo.recurrent_three("grv")
    with pytest.raises(SizeError, match="three"):
        zoo.recurrent_three(widths=(1, 2))


def test_vision_transformer_on_a_larger_picture() -> None:
    """86,859,496 is num_params of torchvision's `vit_b_16` with its weights for 384x384."""
    assert mc.cost(zoo.vit_b16((384, 384, 3))).params == 86_859_496


@pytest.mark.parametrize("height", [96, 225])
@pytest.mark.parametrize("width", [113, 224])
@pytest.mark.parametrize("name", ["resnet50", "mobilenet_v2", "efficientnet_b0", "vit_b16", "vgg11"])
def test_binding_another_height_and_width_is_building_for_them(name: str, height: int, width: int) -> None:
    there = mc.cost(zoo.build(name, inputs=[(height, width, 3)]))
    here = mc.cost(zoo.build(name))
    assert here.macs.rebind(height=height, width=width) == there.macs
    assert here.params.rebind(height=height, width=width) == there.params


@pytest.mark.parametrize("name", ["bert_base", "gpt2"])
def test_binding_another_length_is_building_for_it(name: str) -> None:
    there = mc.cost(zoo.build(name, inputs=[(17,), (17,)]))
    assert mc.cost(zoo.build(name)).macs.rebind(steps=17) == there.macs


def test_a_shorter_text_has_the_same_parameters() -> None:
    assert mc.cost(zoo.gpt2(sequence_length=16)).params == int(ROWS["gpt2"]["params"])
    assert mc.cost(zoo.bert_base(sequence_length=16)).params == int(ROWS["bert_base"]["params"])


def test_an_unknown_model_is_an_error_that_suggests_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="resnet50"):
        zoo.build("resnet5")
    with pytest.raises(AttributeError, match="resnet5"):
        zoo.__getattr__("resnet5")


def test_no_module_hides_a_model_of_the_same_name() -> None:
    """A module that is imported becomes an attribute of its package, and would stand in a model's place."""
    modules = {path.stem for path in Path(zoo.__file__).parent.glob("*.py")}
    assert not modules & set(zoo.names())


def test_naming_the_zoo_loads_no_family() -> None:
    code = (
        "import sys, modelcost.zoo as z; z.names(); print(*[m for m in sys.modules if m.startswith('modelcost.zoo.')])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == ""
