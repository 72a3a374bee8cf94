"""`modelcost calibrate`: time what this machine does with small networks, so that times are right on it."""

from __future__ import annotations

from modelcost.commands.arguments import Parser

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

TOLD = """\
It needs TensorFlow, with Keras, and a minute or two in which the machine does
nothing else. What it finds is kept in the file that $MODELCOST_CALIBRATION
names, or where your system keeps such data, in modelcost/calibration.json.

examples:
  modelcost calibrate
  modelcost resnet50 --cpu this
  modelcost resnet50 --cpu i7-8700k --method calibrated
"""


def parser(name: str = "calibrate") -> Parser:
    """What the command takes."""
    words = "Time small networks of real Keras on this machine, and keep what each kind of operation makes of it."
    parser = Parser(f"modelcost {name}", words, TOLD)
    parser.add_argument("--thorough", action="store_true", help="take several minutes, and more networks")
    parser.files.append(parser.add_argument("--output", metavar="FILE", help="keep it in this file instead"))
    return parser


def run(name: str, words: Sequence[str]) -> int:
    """Calibrate, tell how far it is meanwhile, and keep what was found."""
    given = parser(name).parsed(words)
    from modelcost.commands.output import said, warned
    from modelcost.commands.saving import check_place, saved
    from modelcost.timing.calibrate import calibrate
    from modelcost.timing.store import doubts, place

    path = given.output or str(place())
    if not given.output:
        place().parent.mkdir(parents=True, exist_ok=True)
    check_place(path)  # before a minute of measuring, not after it
    calibration = calibrate(given.thorough, tell=lambda text: warned(f"modelcost: {text}"))
    saved(calibration.text(), path)
    for doubt in doubts(calibration):
        warned(f"modelcost: {doubt}")
    shares = calibration.off["inference"].values()
    low, high = min(low for low, _ in shares), max(high for _, high in shares)
    peak, memory = calibration.rates.peak / 1e9, calibration.rates.bandwidths["memory"] / 1e9
    said(f"{calibration.name}: {peak:.0f} GFLOP/s, {memory:.0f} GB/s of memory; benchmarks that had no part in the fit "
         f"took {low:.2f} to {high:.2f} times what was predicted; kept in {path}\n")  # fmt: skip
    return 0
