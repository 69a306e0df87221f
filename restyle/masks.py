"""Masks that say which part of the content takes which style: Gatys et al. (2017), section 4."""

from collections.abc import Sequence

import numpy as np

from restyle.color import luminance
from restyle.errors import UserError
from restyle.media.image_source import ImageSource, described, is_path, picture_from
from restyle.media.images import quantize, resize

# In the place of a style mask's path: the whole painting.
WHOLE = "all"


def read_mask(mask: ImageSource, size: tuple[int, int]) -> np.ndarray:
    """How much each pixel of a picture belongs to the region that is white in the mask.

    Soft edges stay soft. What is transparent in the mask does not belong to the region, so a shape
    painted white on nothing will do.

    Args:
      size: the (height, width) of the picture as it will be worked on. The mask may have another
        size, but not another aspect.

    Returns:
      `size`, float32 in [0, 1].

    Raises:
      UserError: the mask cannot be read, has another aspect, or is black.
    """
    picture = picture_from(mask)
    brightness = luminance(picture.pixels)
    if picture.alpha is not None:  # It was laid on white; black, "not here", is meant.
        brightness = brightness - (1 - picture.alpha)
    if not _same_aspect(brightness.shape, size):
        raise UserError(
            f"Mask {described(mask)} is {_words(brightness.shape)}, but its picture is "
            f"{_words(size)} (height x width): the aspects differ. Draw the mask over "
            "the picture itself."
        )
    resized = resize(brightness, size)
    if not quantize(resized).any():
        raise UserError(
            f"Mask {described(mask)} is black: it selects nothing. Paint its region white."
        )
    return resized


def read_style_mask(mask: ImageSource, size: tuple[int, int]) -> np.ndarray:
    """As `read_mask` where a painting's strokes are taken from; WHOLE is all of it."""
    whole = is_path(mask) and mask == WHOLE
    return np.ones(size, np.float32) if whole else read_mask(mask, size)


def mask_pairs(
    content_masks: Sequence[ImageSource],
    style_masks: Sequence[ImageSource],
    styles: Sequence[ImageSource],
) -> list[tuple[ImageSource, ImageSource]]:
    """(content mask, style mask) for each style, or nothing if no mask is given.

    Without style masks the paintings are taken whole.

    Raises:
      UserError: there are not as many masks as styles.
    """
    whole = [WHOLE] * len(content_masks)
    counts = len(content_masks), len(style_masks or whole), len(styles)
    if len(set(counts)) > 1 and any(counts[:2]):
        raise UserError(
            f"Got {len(content_masks)} content masks and {len(style_masks)} style masks for "
            f"{len(styles)} styles. Give one of each for every style, in the same order, or "
            f"content masks alone; '{WHOLE}' stands for the whole painting."
        )
    return list(zip(content_masks, style_masks or whole, strict=True))


def _same_aspect(mask_size: Sequence[int], size: Sequence[int]) -> bool:
    """Tells if one size is the other one scaled, with each side off by less than a pixel."""
    (mask_height, mask_width), (height, width) = mask_size, size
    difference = abs(mask_height * width - mask_width * height)
    return difference <= max(mask_height + mask_width, height + width)


def _words(size: Sequence[int]) -> str:
    return "{} x {}".format(*size)
