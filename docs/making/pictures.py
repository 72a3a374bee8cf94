"""The pictures of the documentation: `python -m making.pictures [NAME ...]`, from `docs`, makes them anew."""

from __future__ import annotations

import shutil
import sys
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import modelcost as mc
from modelcost.render.plots import written

if TYPE_CHECKING:
    from collections.abc import Callable

PICTURES = Path(__file__).parents[1] / "pictures"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def _alexnet() -> mc.Report:
    return mc.cost("alexnet", batch=64, optimizer="adam", cpu="i7-8700k")


def layers() -> bytes:
    """What each layer of AlexNet has."""
    return written(_alexnet().plot())


def memory() -> bytes:
    """What LeNet-5 holds over the steps of inference and of training."""
    return written(mc.cost("lenet5", batch=32, optimizer="adam").plot_memory())


def roofline() -> bytes:
    """The layers of AlexNet under a CPU's roof."""
    return written(_alexnet().plot_roofline())


def page() -> bytes:
    """The page of AlexNet in a browser, with the working of one figure; needs Playwright and Chromium on the PATH."""
    from playwright.sync_api import sync_playwright

    chromium = next(filter(None, map(shutil.which, BROWSERS)), None)
    with TemporaryDirectory() as folder, sync_playwright() as api:
        file = Path(folder, "alexnet.html")
        file.write_text(mc.cost("alexnet", batch=64, optimizer="adam").to_html(), encoding="utf-8")
        browser = api.chromium.launch(executable_path=chromium, args=["--no-sandbox"])  # it shows our own file alone
        shown = browser.new_page(viewport={"width": 1200, "height": 1080}, color_scheme="light")
        shown.goto(file.as_uri())
        shown.locator('#layers tr:has(th:text-is("conv2")) a').first.hover()
        taken = shown.screenshot()
        browser.close()
    return _small(taken)


def _small(taken: bytes) -> bytes:
    """A picture in few colours: it has few, and smooth edges of letters."""
    from PIL import Image

    made = BytesIO()
    Image.open(BytesIO(taken)).quantize(48).save(made, "png", optimize=True)
    return made.getvalue()


MADE: dict[str, Callable[[], bytes]] = {
    "layers": layers,
    "memory": memory,
    "roofline": roofline,
    "page": page,
}
"""The stored pictures, each with what makes it as the tool draws it at this moment."""


if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True)
    for name in sys.argv[1:] or MADE:
        (PICTURES / f"{name}.png").write_bytes(MADE[name]())
