"""Random changes to the colors of images, and mixtures of images: what `layers.augmentation` says holds here too."""

from __future__ import annotations

from modelcost.errors import ModelCostError, short
from modelcost.layers.augmentation import Augmentation
from modelcost.layers.fields import REQUIRED, keyword

TYPE_CHECKING = False
if TYPE_CHECKING:
    from modelcost.layers.fields import DataFormat, Flag, Free, Ignored, Number, Size


class RandomErasing(Augmentation):
    """Blank out random rectangles.

    (H, W, C) in, the same out; nothing at inference. Source: Keras `RandomErasing`.
    """

    bounds = {"factor": (0, 1), "scale": (0, 1)}

    factor: Free = 1.0
    scale: Free = (0.02, 0.33)
    fill_value: Ignored = None
    value_range: Free = (0, 255)
    seed: Ignored = None
    data_format: DataFormat = None


class RandomGaussianBlur(Augmentation):
    """Blur images at random.

    (H, W, C) in, the same out; nothing at inference. Source: Keras `RandomGaussianBlur`.
    """

    bounds = {"factor": (0, 1), "sigma": (0, 1)}

    factor: Free = 1.0
    kernel_size: Free = 3
    sigma: Free = 1.0
    value_range: Free = (0, 255)
    data_format: DataFormat = None
    seed: Ignored = None

    def check(self) -> None:
        super().check()
        sizes = self.kernel_size if isinstance(self.kernel_size, list | tuple) else (self.kernel_size,) * 2
        if len(sizes) != 2 or any(not isinstance(size, int) or size % 2 == 0 for size in sizes):
            raise ModelCostError(f"kernel_size must be odd. Received: kernel_size={short(self.kernel_size)}")


class RandomBrightness(Augmentation):
    """Make images brighter or darker at random.

    (H, W, C) in, the same out; nothing at inference. Source: Keras `RandomBrightness`.
    """

    bounds = {"factor": (-1, 1)}

    factor: Free = REQUIRED
    value_range: Free = (0, 255)
    seed: Ignored = None
    data_format: DataFormat = keyword(default=None)


class RandomContrast(Augmentation):
    """Change the contrast of images at random.

    (H, W, C) in, the same out; nothing at inference. Source: Keras `RandomContrast`.
    """

    factor: Free = REQUIRED
    value_range: Free = (0, 255)
    seed: Ignored = None
    data_format: DataFormat = keyword(default=None)


class RandomColorDegeneration(Augmentation):
    """Fade colors at random.

    (H, W, C) in, the same out; nothing at inference. Source: Keras `RandomColorDegeneration`.
    """

    bounds = {"factor": (-1, 1)}

    factor: Free = REQUIRED
    value_range: Free = (0, 255)
    data_format: DataFormat = None
    seed: Ignored = None


class RandomColorJitter(Augmentation):
    """Change brightness, contrast, saturation and hue at random.

    (H, W, C) in, the same out; nothing at inference. Source: Keras `RandomColorJitter`.
    """

    bounds = {
        "brightness_factor": (-1, 1),
        "contrast_factor": (0, 1),
        "saturation_factor": (-1, 1),
        "hue_factor": (0, 1),
    }

    value_range: Free = (0, 255)
    brightness_factor: Free = None
    contrast_factor: Free = None
    saturation_factor: Free = None
    hue_factor: Free = None
    seed: Ignored = None
    data_format: DataFormat = None


class RandomGrayscale(Augmentation):
    """Turn images to gray at random.

    (H, W, C) in, the same out; nothing at inference. Source: Keras `RandomGrayscale`.
    """

    factor: Free = 0.5
    data_format: DataFormat = None
    seed: Ignored = None


class RandomHue(Augmentation):
    """Turn the hue of images at random.

    (H, W, C) in, the same out; nothing at inference. Source: Keras `RandomHue`.
    """

    factor: Free = REQUIRED
    value_range: Free = (0, 255)
    data_format: DataFormat = None
    seed: Ignored = None


class RandomSaturation(Augmentation):
    """Change the saturation of images at random.

    (H, W, C) in, the same out; nothing at inference. Source: Keras `RandomSaturation`.
    """

    bounds = {"factor": (-1, 1)}

    factor: Free = REQUIRED
    value_range: Free = (0, 255)
    data_format: DataFormat = None
    seed: Ignored = None


class RandomSharpness(Augmentation):
    """Sharpen images at random.

    (H, W, C) in, the same out; nothing at inference. Source: Keras `RandomSharpness`.
    """

    factor: Free = REQUIRED
    value_range: Free = (0, 255)
    data_format: DataFormat = None
    seed: Ignored = None


class RandomInvert(Augmentation):
    """Invert images at random.

    (H, W, C) in, the same out; nothing at inference. Source: Keras `RandomInvert`.
    """

    factor: Free = 1.0
    value_range: Free = (0, 255)
    seed: Ignored = None
    data_format: DataFormat = None


class RandomPosterization(Augmentation):
    """Keep a random number of bits of each color.

    (H, W, C) in, the same out; nothing at inference. Source: Keras `RandomPosterization`.
    """

    bounds = {"factor": (1, 8)}

    factor: Free = REQUIRED
    value_range: Free = (0, 255)
    data_format: DataFormat = None
    seed: Ignored = None


class Solarization(Augmentation):
    """Invert what is brighter than a random threshold.

    (H, W, C) in, the same out; nothing at inference. Source: Keras `Solarization`.
    """

    both_ends = True
    bounds = {"addition_factor": (0, 1), "threshold_factor": (0, 1)}

    addition_factor: Free = 0.0
    threshold_factor: Free = 0.0
    value_range: Free = (0, 255)
    seed: Ignored = None
    data_format: DataFormat = keyword(default=None)


class AugMix(Augmentation):
    """Mix several chains of random changes.

    (H, W, C) in, the same out; nothing at inference. Source: Keras `AugMix`.
    """

    value_range: Free = (0, 255)
    num_chains: Size = 3
    chain_depth: Free = 3
    factor: Free = 0.3
    alpha: Number = 1.0
    all_ops: Flag = True
    interpolation: Free = "bilinear"
    seed: Ignored = None
    data_format: DataFormat = None


class RandAugment(Augmentation):
    """Do some of many changes, chosen at random.

    (H, W, C) in, the same out; nothing at inference. Source: Keras `RandAugment`.
    """

    value_range: Free = (0, 255)
    num_ops: Size = 2
    factor: Free = 0.5
    interpolation: Free = "bilinear"
    seed: Ignored = None
    data_format: DataFormat = None


class MixUp(Augmentation):
    """Blend each image with another of its batch.

    (H, W, C) in, the same out; nothing at inference. Source: Keras `MixUp`.
    """

    bounds = {}

    alpha: Number = 0.2
    data_format: DataFormat = None
    seed: Ignored = None


class CutMix(Augmentation):
    """Paste a random rectangle of another image of the batch.

    (H, W, C) in, the same out; nothing at inference. Source: Keras `CutMix`.
    """

    factor: Free = 1.0
    seed: Ignored = None
    data_format: DataFormat = None
