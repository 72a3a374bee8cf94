"""`modelcost fit`: what it says, and what it says to bad input."""

from __future__ import annotations

import csv
import io
import json
from functools import partial

import pytest

from modelcost import zoo
from modelcost.cli import main
from modelcost.memory import Memory, most_of_process


def said(capsys: pytest.CaptureFixture[str], line: str) -> tuple[int, str, str]:
    """The status of a command line, and what it wrote."""
    status = main(["fit", *line.split()])
    wrote = capsys.readouterr()
    return status, wrote.out, wrote.err


def test_the_answer_fits_and_one_more_does_not(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = said(capsys, "lenet5 --memory 1GB --format json")
    found = json.loads(out)
    assert status == 0
    assert (found["model"], found["memory_bytes"]) == ("lenet5", 10**9)
    memory = Memory(zoo.lenet5(), optimizer="adam")
    plans = {"inference": memory.inference, "training": memory.training}
    assert [(line["pass"], line["of"]) for line in found["fit"]] == [
        (name, of) for name in plans for of in ("tensors", "process")
    ]
    for line in found["fit"]:
        plan, batch = plans[line["pass"]], line["batch"]
        held = plan.peak_bytes if line["of"] == "tensors" else partial(most_of_process, plan)
        assert line["bytes"] == held(batch) <= 10**9 < held(batch + 1)


def test_a_table_says_the_batch_in_full_and_the_unit(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = said(capsys, "lenet5 --memory 1GiB --checkpoints sqrt")
    assert status == 0
    assert "lenet5: the largest batch in 1.07 GB" in out
    assert "layers done again" in out
    lines = list(csv.reader(io.StringIO(said(capsys, "lenet5 --memory 1GiB --format csv")[1])))
    assert lines[0] == ["pass", "of", "batch", "bytes"]
    assert f"{int(lines[1][2]):,}" in out


def test_inference_alone_needs_no_gradients(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(said(capsys, "lenet5 --memory 1GB --optimizer none --dtype int8 --format json")[1])
    assert [line["pass"] for line in found["fit"]] == ["inference", "inference"]
    floats = json.loads(said(capsys, "lenet5 --memory 1GB --optimizer none --format json")[1])
    assert found["fit"][0]["batch"] >= 4 * floats["fit"][0]["batch"]  # a byte instead of four, weights included
    more = json.loads(said(capsys, "lenet5 --memory 1GB --format json")[1])
    less = json.loads(said(capsys, "lenet5 --memory 1GB --optimizer sgd --format json")[1])
    assert (more["optimizer"], less["optimizer"]) == ("adam", "sgd")
    assert more["fit"][2]["batch"] < less["fit"][2]["batch"]
    assert more["fit"][:2] == less["fit"][:2]


def test_checkpoints_save_memory_and_add_work(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(said(capsys, "resnet18 --memory 4GB --checkpoints 8 --format json")[1])["checkpoints"]
    assert found["saved_bytes"] > 0
    assert found["added_flops"] > 0
    assert 0 < found["layers_again"] < 71


def test_status_1_where_nothing_fits(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = said(capsys, "vgg16 --memory 100MB")
    assert status == 1
    assert out.count("none fits") == 4


def test_a_network_of_the_zoo_is_made_for_the_input_that_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    """Its position embedding is longer: only a model that is built anew has room for the patches."""
    _, out, _ = said(capsys, "vit_b16 --memory 8GB --input 384x384x3 --format json")
    memory = Memory(zoo.build("vit_b16", [(384, 384, 3)]), optimizer="adam")
    tensors = next(line for line in json.loads(out)["fit"] if (line["pass"], line["of"]) == ("training", "tensors"))
    assert tensors["bytes"] == memory.training.peak_bytes(tensors["batch"])


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("lenet5", "the following arguments are required: --memory (see modelcost fit --help)"),
        ("lenet5 --memory 8", "a size of memory needs its unit, such as 8GB or 512MiB. Received: '8'"),
        ("lenet5 --memory 8XB", "unknown unit of memory 'XB'; did you mean"),
        ("lenet5 --memory 8GB --runtime xlA", "--runtime: unknown runtime 'xlA'; did you mean xla?"),
        ("lenet5 --memory 8GB --optimizer adamm", "unknown optimizer 'adamm'; did you mean Adam"),
        ("lenet5 --memory 8GB --optimizer Adam(beta=1)", "Adam: unknown argument 'beta'; did you mean"),
        (
            "lenet5 --memory 8GB --optimizer none --checkpoints 2",
            "--checkpoints is about training; give an --optimizer",
        ),
        ("lenet5 --memory 8parsecs", "unknown unit of memory 'parsecs'; known are: B, kB, MB"),
        (
            "lenet5 --memory 8GB --dtype int8",
            "C1: whole numbers have no gradient, so its weights cannot be trained; give a float dtype, or",
        ),
        ("lenet5 --memory 8GB --dtype float31", "--dtype: unknown dtype 'float31'; did you mean float32 or"),
        ("lenet5 --memory 8GB --checkpoints 0", "checkpoints are every so many layers, at least 1"),
        ("lenet6 --memory 8GB", "unknown model 'lenet6'; did you mean lenet5"),
        ("gpt2x --memory 8GB", "unknown model 'gpt2x'"),
    ],
)
def test_bad_input(capsys: pytest.CaptureFixture[str], line: str, message: str) -> None:
    status, out, error = said(capsys, line)
    assert (status, out) == (2, "")
    assert error.startswith(f"modelcost: error: {message}")
