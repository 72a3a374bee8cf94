"""The pictures of the documentation: `python -m making.pictures`, from `docs`, makes the stored ones anew."""

from __future__ import annotations

from pathlib import Path

import modelcost as mc
from modelcost.render.plots import written

PICTURES = Path(__file__).parents[1] / "pictures"


def pictures() -> dict[str, bytes]:
    """Each stored picture, as the tool draws it at this moment."""
    alexnet = mc.cost("alexnet", batch=16, optimizer="adam", cpu="i7-8700k")
    drawn = {
        "layers": alexnet.plot(),
        "memory": mc.cost("lenet5", batch=32, optimizer="adam").plot_memory(),
        "roofline": alexnet.plot_roofline(),
    }
    return {name: written(figure) for name, figure in drawn.items()}


if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True)
    for name, picture in pictures().items():
        (PICTURES / f"{name}.png").write_bytes(picture)
