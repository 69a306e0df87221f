"""Square crops of photos, decoded no larger than needed, each time anew or once."""

import dataclasses
import math

import numpy as np
from PIL import Image, ImageOps

from restyle.errors import UserError
from restyle.files import AnyPath
from restyle.media.image_files import opened
from restyle.media.images import deep_gray, dequantize, quantize

# A photo that is kept has at most so many times a crop's pixels on its shorter side.
KEPT = 2


@dataclasses.dataclass(frozen=True)
class CropPlan:
    """Where to cut, as shares, so that one plan fits a photo of any size.

    Attributes:
      zoom: 1 cuts the largest square, 0 the smallest that need not be enlarged.
      down, right: where it lies, 0 at the upper left and 1 at the lower right.
      flipped: whether left and right change places.
    """

    zoom: float = 1.0
    down: float = 0.5
    right: float = 0.5
    flipped: bool = False


def random_crop_plan(generator: np.random.Generator) -> CropPlan:
    """A plan of any zoom, anywhere, flipped or not."""
    zoom, down, right, flip = generator.random(4)
    return CropPlan(zoom, down, right, flip < 0.5)


def read_crop(path: AnyPath, side: int, plan: CropPlan) -> np.ndarray:
    """A square of a photo, (side, side, 3) float32 in [0, 1], its aspect kept.

    A JPEG is decoded at the smallest of its built-in scales, a HEIC from the smallest of its
    thumbnails, at which the square still has `side` pixels. Color profiles are not applied: a
    photo to learn from may be a shade off.

    Raises:
      UserError: the file cannot be read, or its shorter side has fewer than `side` pixels.
    """
    with opened(path) as image:
        check_large_enough(path, image, side)
        width, height = image.size
        square = side + plan.zoom * (min(width, height) - side)
        least = math.ceil(width * side / square), math.ceil(height * side / square)
        drafted = image.draft("RGB", least)  # None if the format has one scale only.
        shrink = drafted[1][2] / width if drafted else 1.0
        upright = _as_rgb(path, ImageOps.exif_transpose(image))
        width, height = sorted((width, height), reverse=upright.width > upright.height)
        return _cut(upright, side, plan, (width, height), shrink)


def read_photo(path: AnyPath, side: int) -> np.ndarray:
    """A photo to cut many crops from, (h, w, 3) uint8, of the size of `kept_size`.

    Raises:
      UserError: as `read_crop`.
    """
    with opened(path) as image:
        check_large_enough(path, image, side)
        size = kept_size(image.size, side)
        image.draft("RGB", size)
        upright = _as_rgb(path, ImageOps.exif_transpose(image))
        width, height = sorted(size, reverse=upright.width > upright.height)
        kept = upright.resize((width, height), Image.Resampling.BICUBIC, reducing_gap=2.0)
        return np.asarray(kept)


def kept_size(size: tuple[int, int], side: int) -> tuple[int, int]:
    """The size at which a photo of this one is kept: itself, or `KEPT` crops on its shorter side.

    size: (width, height) or (height, width), as the result.
    """
    shrink = min(1.0, KEPT * side / min(size))
    return round(shrink * size[0]), round(shrink * size[1])


def cut_crop(photo: np.ndarray, side: int, plan: CropPlan) -> np.ndarray:
    """A square of a photo that `read_photo` read, as `read_crop` of its file.

    The same to the bit, if the photo was not made smaller; else the smallest squares are larger
    parts of it.
    """
    image = Image.fromarray(photo)
    return _cut(image, side, plan, image.size, 1.0)


def _cut(
    photo: Image.Image, side: int, plan: CropPlan, size: tuple[int, int], shrink: float
) -> np.ndarray:
    """A square of an upright photo of this width and height that was decoded at a smaller scale."""
    width, height = size
    square = side + plan.zoom * (min(size) - side)
    left, top = plan.right * (width - square), plan.down * (height - square)
    box = (shrink * left, shrink * top, shrink * (left + square), shrink * (top + square))
    crop = photo.resize((side, side), Image.Resampling.BICUBIC, box, reducing_gap=2.0)
    pixels = dequantize(np.asarray(crop))
    return pixels[:, ::-1] if plan.flipped else pixels


def _as_rgb(path: AnyPath, image: Image.Image) -> Image.Image:
    """The picture in eight bits as `read_image` shows it: what is transparent laid on white."""
    if image.mode == "F" or image.mode.startswith("I"):  # Deep gray, which convert() would clip.
        return Image.fromarray(quantize(deep_gray(image, path))).convert("RGB")
    if image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image.convert("RGBA"))
    return image.convert("RGB")


def check_large_enough(path: AnyPath, image: Image.Image, side: int) -> None:
    """Raises UserError for a picture that would have to be enlarged."""
    if min(image.size) < side:
        width, height = image.size
        raise UserError(
            f"'{path}' is {width} x {height} pixels, but each side needs at least {side}. "
            "Use a larger photo, or smaller crops."
        )
