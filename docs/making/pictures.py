"""The pictures of the documentation: `python -m making.pictures`, from `docs`, makes the stored ones anew."""

from __future__ import annotations

from pathlib import Path

from modelcost.render.roofline import plot

import modelcost as mc

PICTURES = Path(__file__).parents[1] / "pictures"


def roofline() -> bytes:
    """AlexNet under the roof of a desktop CPU."""
    return plot(mc.cost("alexnet", batch=16, cpu="i7-8700k"))


if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True)
    (PICTURES / "roofline.png").write_bytes(roofline())
