"""Pictures as arrays, from any source and into any file."""

import numpy as np

from restyle.files import AnyPath
from restyle.media import images
from restyle.media.image_source import ImageSource, picture_from
from restyle.media.transparency import without_white


def read_image(picture: ImageSource) -> np.ndarray:
    """A picture, (h, w, 3) float32 in [0, 1]: upright, in sRGB, with white where it is clear."""
    return picture_from(picture).pixels


def write_image(path: AnyPath, picture: ImageSource) -> None:
    """Writes a picture in the format that the path's ending names: whole, or not at all."""
    given = picture_from(picture)
    pixels = without_white(given.pixels, given.alpha)
    images.write_image(path, pixels, alpha=given.alpha)
