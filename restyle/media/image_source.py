"""Pictures as a caller has them, in a file or in memory -> float32 sRGB pixels in [0, 1]."""

import os
from collections.abc import Sequence
from typing import Any, TypeGuard

import numpy as np
from PIL import Image

from restyle.files import AnyPath
from restyle.media.images import Picture, as_picture, dequantize, read_image
from restyle.media.transparency import on_white

ImageSource = AnyPath | Image.Image | np.ndarray
Pictures = ImageSource | Sequence[ImageSource]

# What a float that should be 0 or 1 may be off by; it is clipped.
ROUNDING = 0.01


def picture_from(source: ImageSource) -> Picture:
    """The picture of a path, a PIL image, or an array; see `read_image` for what is done to it.

    source: an array is (h, w), (h, w, 1), (h, w, 3) or (h, w, 4), uint8, or float in [0, 1], or
      bool for a mask. The fourth channel is opacity.

    Raises:
      UserError: a file cannot be read.
      ValueError: an array is not a picture.
    """
    if is_path(source):
        return read_image(source)
    if isinstance(source, Image.Image):
        return as_picture(source, "the PIL image")
    return _from_array(np.asarray(source))


def is_path(source: Any) -> TypeGuard[AnyPath]:
    """Whether a picture is given by its path."""
    return isinstance(source, str | os.PathLike)


def several(pictures: Pictures) -> Sequence[ImageSource]:
    """One picture or a list of them, as a list."""
    return pictures if isinstance(pictures, list | tuple) else [pictures]  # type: ignore[list-item]


def described(source: ImageSource) -> str:
    """A picture in the words of a message."""
    return f"'{os.fspath(source)}'" if is_path(source) else "given"


def _from_array(values: np.ndarray) -> Picture:
    if values.ndim == 2:
        values = values[..., np.newaxis]
    if values.ndim != 3 or values.shape[-1] not in (1, 3, 4) or not values.size:
        raise ValueError(
            f"Got an array of shape {values.shape}, expected one picture: (height, width, 3)."
        )
    pixels = _in_unit_range(values)
    if pixels.shape[-1] < 4:
        return Picture(np.ascontiguousarray(np.broadcast_to(pixels, (*pixels.shape[:2], 3))), None)
    alpha = pixels[..., 3]
    if alpha.min() == 1:
        return Picture(np.ascontiguousarray(pixels[..., :3]), None)
    return Picture(on_white(pixels[..., :3], alpha), alpha)


def _in_unit_range(values: np.ndarray) -> np.ndarray:
    if values.dtype == np.uint8:
        return dequantize(values)
    if values.dtype == bool:
        return values.astype(np.float32)
    if not np.issubdtype(values.dtype, np.floating):
        raise ValueError(f"Got an array of {values.dtype}, expected uint8, or float from 0 to 1.")
    low, high = float(values.min()), float(values.max())
    if not (-ROUNDING <= low and high <= 1 + ROUNDING):  # Also for NaN.
        raise ValueError(
            f"Got float values from {low:g} to {high:g}, expected 0 to 1. Divide by 255, or give "
            "uint8."
        )
    return np.clip(values, 0, 1).astype(np.float32)
