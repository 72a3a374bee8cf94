"""U-Net: down to see far, up again to say where, with each level's picture handed across."""

from __future__ import annotations

from modelcost.layers import Concatenate, Conv2D, Conv2DTranspose, Cropping2D, Dropout, Input, MaxPooling2D
from modelcost.model import Model

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from modelcost.graph import Tensor

_WIDTHS = (64, 128, 256, 512)


def unet(input_shape: tuple[int | None, ...] = (572, 572, 1), classes: int = 2) -> Model:
    """U-Net as its paper draws it: unpadded convolutions, 572x572 in, 388x388 out: 31,030,658 parameters.

    Ronneberger, Fischer and Brox 2015, "U-Net: Convolutional Networks for Biomedical Image Segmentation",
    https://arxiv.org/abs/1505.04597, figure 1. Up-convolutions are transposed ones; dropout ends the contracting path.
    Each side of the picture less 188 must be 16 times a whole number, for the halves to fit.

    >>> import modelcost
    >>> modelcost.cost(modelcost.zoo.unet()).params
    31030658
    """
    x = image = Input(input_shape, name="input")
    across = []
    for level, width in enumerate(_WIDTHS, 1):
        x = _two_convs(x, width, f"down{level}")
        if level == 4:
            x = Dropout(0.5, name=f"down{level}_drop")(x)
        across.append(x)
        x = MaxPooling2D(2, name=f"down{level}_pool")(x)
    x = _two_convs(x, 1024, "bottom")
    x = Dropout(0.5, name="bottom_drop")(x)
    border = 4
    for level in (4, 3, 2, 1):
        x = _up(x, across[level - 1], border, _WIDTHS[level - 1], f"up{level}")
        border = 2 * border + 8
    return Model(image, Conv2D(classes, 1, activation="softmax", name="output")(x), name="unet")


def _up(x: Tensor, across: Tensor, border: int, width: int, name: str) -> Any:
    """Twice the size, beside the picture from the way down less the `border` that convolutions have used up since."""
    x = Conv2DTranspose(width, 2, strides=2, name=f"{name}_upconv")(x)
    across = Cropping2D(border, name=f"{name}_crop")(across)
    x = Concatenate(name=f"{name}_concat")([across, x])
    return _two_convs(x, width, name)


def _two_convs(x: Tensor, width: int, name: str) -> Any:
    x = Conv2D(width, 3, activation="relu", name=f"{name}_conv1")(x)
    return Conv2D(width, 3, activation="relu", name=f"{name}_conv2")(x)
