"""Specks: single bright or dark pixels, of a scan or of bare canvas between two strokes."""

import numpy as np
from PIL import Image, ImageFilter


def median_filter(pixels: np.ndarray, side: int) -> np.ndarray:
    """The picture without what covers less than half of a square of `side` pixels.

    Each pixel of each color becomes the median of the square around it; what lies beyond the border
    is as the border. Edges stay as sharp as they are, lines thinner than half the side go.

    Args:
      pixels: (h, w, 3) in [0, 1].
      side: an odd number, 3 or more.
    """
    if side < 3 or side % 2 == 0:  # Pillow's filter ends the process at a side of 1.
        raise ValueError(f"Got side {side}, expected an odd number of 3 or more.")
    median = ImageFilter.MedianFilter(side)
    planes = np.moveaxis(pixels, -1, 0).astype(np.float32)
    return np.stack([np.asarray(Image.fromarray(plane).filter(median)) for plane in planes], -1)
