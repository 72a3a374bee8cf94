"""Pictures with Matplotlib: figures that stand alone, in colours that colour-blind readers can tell apart."""

from __future__ import annotations

from functools import partial

from modelcost.errors import ModelCostError, unknown
from modelcost.render.escape import visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ENDINGS = ("png", "svg", "pdf")
PALETTE = {
    "black": "#000000",
    "orange": "#E69F00",
    "sky blue": "#56B4E9",
    "green": "#009E73",
    "yellow": "#F0E442",
    "blue": "#0072B2",
    "vermilion": "#D55E00",
    "purple": "#CC79A7",
    "grey": "#999999",
}
"""The colours of Okabe and Ito, "Color Universal Design" (2008); and a grey."""
LONGEST = 40  # characters of a name


def new_figure(width: float, height: float) -> Any:
    """An empty figure, in inches, that belongs to no window and shows itself in a notebook.

    Raises `ModelCostError` where matplotlib is not installed.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise ModelCostError("a plot needs matplotlib: pip install 'modelcost[plot]'") from None
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    figure._repr_png_ = partial(written, figure)  # type: ignore[attr-defined,unused-ignore]
    return figure


def written(figure: Any, format: str = "png") -> bytes:
    """A figure as the content of a file, in one of `ENDINGS`; the same bytes each time."""
    from io import BytesIO
    from warnings import catch_warnings, filterwarnings

    if format not in ENDINGS:
        raise unknown("ending of a picture", format, ENDINGS)
    made = BytesIO()
    with catch_warnings():
        filterwarnings("ignore", "Glyph .* missing from font")  # a name may be anything: a box stands for its letter
        figure.savefig(made, format=format, metadata={"Date": None} if format == "svg" else None)
    return made.getvalue()


def text(name: str) -> str:
    """A name from elsewhere, cut short, which Matplotlib is not to read as mathematics.

    >>> print(text("a$b"))
    a\\$b
    """
    shown = visible(name)
    cut = shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 1]}…"
    return cut.replace("$", r"\$")


def with_prefix(value: float, _: Any = None) -> str:
    """The mark of an axis: a number with its prefix.

    >>> with_prefix(2.5e9), with_prefix(0), with_prefix(0.5)
    ('2.5G', '0', '0.5')
    """
    from modelcost.prefixes import PREFIXES

    power = 0
    while abs(value) >= 999.9999 * 1000**power and power + 1 < len(PREFIXES):  # a mark is not exact: 1e30 is not 1000R
        power += 1
    return f"{value / 1000**power:g}{PREFIXES[power]}"
