"""All 105 claims of five courses' homework: each judged as a careful marker did, and each slip the marker's own.

The sheets in `examples/homework` hold what was handed in. `WRONG` holds, for every claim that is not simply right, what
the marker said: the verdict, and words that the diagnosis must have. All others must be right.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import pytest

from modelcost.homework.answers import answers
from modelcost.homework.marking import marked
from modelcost.homework.sheets import Marked, Sheet
from modelcost.render import marked as view
from modelcost.render import rendered

pytest.importorskip("yaml")

SHEETS = Path(__file__).parents[2] / "examples" / "homework"
NAMES = sorted(path.stem for path in SHEETS.glob("*.yaml"))
CONVENTION, CARRIED, SLIP = "right by convention", "carried forward", "wrong"

WRONG: dict[tuple[str, str, str], tuple[str, list[str]]] = {
    ("fashion_cnn_bn", "model.flops", "956,753"): (SLIP, ["before a batch size was known", "not the network"]),
    ("fashion_cnn_bn", "conv1.flops", "250,880"): (CONVENTION, ["macs+bias"]),
    ("fashion_cnn_bn", "conv2.flops", "7,225,344"): (CONVENTION, ["macs"]),
    ("fashion_cnn_bn", "pool1.flops", "25,088"): (CONVENTION, ["tf"]),
    ("fashion_cnn_bn", "conv3.flops", "2,654,208"): (CONVENTION, ["macs"]),
    ("fashion_cnn_bn", "conv4.flops", "3,686,400"): (CONVENTION, ["macs"]),
    ("fashion_cnn_bn", "pool2.flops", "6,400"): (CONVENTION, ["tf"]),
    ("fashion_cnn_bn", "dense1.flops", "64,000"): (SLIP, ["10 (the classes) stands where the 64 channels belong"]),
    ("fashion_cnn_bn", "model.flops", "13,912,320"): (SLIP, ["sheet's own figures: bn1, bn2, dense2 are left"]),
    ("fashion_cnn_bn", "model.flops_per_minibatch", "41,736,960"): (SLIP, ["the batch of 64 is left out", "earlier"]),
    ("fashion_cnn_bn", "model.flops_per_epoch", "1.305e+10"): (
        SLIP,
        ["both passes is left out", "938 (the steps of all 60,000 examples: none set aside, the batch", "earlier"],
    ),
    ("fashion_cnn_bn", "model.flops_per_run", "1.305e+11"): (CARRIED, ["earlier figures"]),
    ("fashion_cnn_small", "conv2.multiplies", "69,696"): (SLIP, ["the 64 input channels are left out"]),
    ("fashion_cnn_small", "model.multiplies", "1,451,584"): (CARRIED, ["earlier figures"]),
    ("fashion_cnn_small", "conv2.adds", "69,696"): (SLIP, ["the 64 input channels are left out"]),
    ("fashion_cnn_small", "model.adds", "1,451,584"): (CARRIED, ["earlier figures"]),
    ("fashion_cnn_small", "model.flops", "≈ 3e6"): (CARRIED, ["earlier figures"]),
    ("fashion_cnn_small", "model.flops_per_minibatch", "≈ 1.5e9"): (SLIP, ["4 times the forward pass", "earlier"]),
    ("fashion_cnn_small", "model.flops_per_epoch", "≈ 7.2e11"): (SLIP, ["4 times the forward pass", "earlier"]),
    ("fashion_cnn_small", "model.flops_per_run", "≈ 1.4e13"): (CARRIED, ["earlier figures"]),
    ("dense_and_cnn_128", "conv1.multiplies", "36,902,400"): (SLIP, ["124 x 124 places, those of valid padding"]),
    ("cifar_convs_and_alexnet", "model.params_megabytes", "4.55"): (CONVENTION, ["MiB", "Keras prints as MB"]),
    ("cifar_convs_and_alexnet", "model.params_megabytes", "2.25"): (CONVENTION, ["MiB", "Keras prints as MB"]),
    ("cifar_convs_and_alexnet", "model.elements", "1,049,751"): (SLIP, ["the digits 5 and 7 are exchanged"]),
    **{
        ("cifar_convs_and_alexnet", f"{name}.params", claim): (
            SLIP,
            ["the bias", f"the {channels} input channels are left out"],
        )
        for name, claim, channels in (
            ("conv1", "11,616", 3), ("conv2", "6,400", 96), ("conv3", "3,456", 256), ("conv4", "3,456", 384),
            ("conv5", "2,304", 384),
        )
    },
    **{
        ("cifar_convs_and_alexnet", f"{name}.params", claim): (SLIP, [f"the bias ({bias}) is left out"])
        for name, claim, bias in (
            ("fc6", "37,748,736", "4,096"), ("fc7", "16,777,216", "4,096"), ("fc8", "4,096,000", "1,000")
        )
    },
    ("cifar_convs_and_alexnet", "model.params", "58,649,184"): (CARRIED, ["earlier figures"]),
    ("cifar_convs_and_alexnet", "model.memory_all_passes", "126 MB"): (
        SLIP,
        ["multiplied by 30 (forward and backward of every epoch): memory is used again from pass to pass"],
    ),
    ("cifar_convs_and_alexnet", "model.instructions", "31,492,530"): (
        SLIP,
        ["one instruction is counted for each stored number", "earlier"],
    ),
    ("cifar_convs_and_alexnet", "model.seconds_per_image", "0.012597"): (CARRIED, ["earlier figures"]),
    ("cifar_convs_and_alexnet", "model.seconds_per_run", "126"): (CARRIED, ["earlier figures"]),
    ("cifar_convs_and_alexnet", "model.seconds_per_run_2_cores", "40-60"): (
        SLIP,
        ["two cores, which at best halve the time", "it would be 63"],
    ),
}  # fmt: skip
MEASURED = 2


@cache
def sheet(name: str) -> Sheet:
    """A marked sheet."""
    return marked(answers(str(SHEETS / f"{name}.yaml")))


def key(name: str, row: Marked) -> tuple[str, str, str]:
    """A claim as `WRONG` names it."""
    return name, row.claim.name, view._claimed(row)


def test_there_are_105_claims() -> None:
    assert sum(len(sheet(name).rows) for name in NAMES) == 105
    assert sum(row.verdict.status == "not judged" for name in NAMES for row in sheet(name).rows) == MEASURED


@pytest.mark.parametrize("name", NAMES)
def test_each_claim_is_judged_as_the_marker_did(name: str) -> None:
    for row in sheet(name).rows:
        verdict, words = WRONG.get(key(name, row), ("right", []))
        if row.verdict.status != "not judged":
            assert row.verdict.status == verdict, (key(name, row), row.verdict)
        for word in words:
            assert word in row.verdict.why, (key(name, row), row.verdict.why)


def test_no_verdict_is_expected_of_a_claim_that_is_not_there() -> None:
    there = {key(name, row) for name in NAMES for row in sheet(name).rows}
    assert set(WRONG) <= there


@pytest.mark.parametrize("name", NAMES)
def test_a_simple_slip_is_told_alone(name: str) -> None:
    """Where the marker names one slip, so does the tool: none of its explanations is beside another as likely."""
    for row in sheet(name).rows:
        if row.verdict.status == SLIP and row.verdict.explanations:
            assert len(row.verdict.likeliest) == 1, (key(name, row), row.verdict.likeliest)


PAGE = Path(__file__).parents[2] / "docs" / "homework.md"
MADE = "<!-- From here on this page is what `modelcost check --format markdown` says. -->\n"


def test_the_page_in_the_docs_is_what_the_tool_says() -> None:
    """MODELCOST_WRITE_GOLDEN=1 writes that part of the page anew."""
    said = "\n".join(rendered(view, sheet(name), "markdown") for name in NAMES)
    written, _, made = PAGE.read_text(encoding="utf-8").partition(MADE)
    if os.environ.get("MODELCOST_WRITE_GOLDEN"):
        PAGE.write_text(f"{written}{MADE}\n{said}", encoding="utf-8")
        made = f"\n{said}"
    assert made == f"\n{said}"
