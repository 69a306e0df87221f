"""Small motions of a camera, and what they do to a picture."""

from typing import Any

import numpy as np
from keras import ops

Tensor = Any

SHIFT, ZOOM, ROTATION = 0.06, 0.08, 0.08


def random_motions(generator: np.random.Generator, count: int, size: tuple[int, int]) -> np.ndarray:
    """Small shifts, zooms and rotations about the center, (count, 8) float32.

    Each is the matrix of `keras.ops.image.affine_transform`, rows a b c d e f 0 0: what the moved
    picture shows at column x, row y was at (a x + b y + c, d x + e y + f). Shifts of up to 6% of
    the size, zooms of up to 8%, rotations of up to 0.08 radians: a hand-held camera between two
    frames, as in the random translations and zooms of Ruder et al. (2018), section 4.
    """
    height, width = size
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    shifts = generator.uniform(-SHIFT, SHIFT, (count, 2)) * [width, height]
    zooms = np.exp(generator.uniform(-ZOOM, ZOOM, count))
    angles = generator.uniform(-ROTATION, ROTATION, count)
    cosine, sine = zooms * np.cos(angles), zooms * np.sin(angles)
    linear = np.stack([np.stack([cosine, -sine], -1), np.stack([sine, cosine], -1)], 1)
    offset = middle - linear @ middle + shifts
    rows = np.concatenate([linear, offset[..., None]], -1).reshape(count, 6)
    return np.concatenate([rows, np.zeros((count, 2))], -1).astype(np.float32)


def moved(images: Tensor, motions: Tensor, *, outside: str = "reflect") -> Tensor:
    """The pictures as seen after the motions, bilinear; mirrored, or 0, where nothing was seen.

    images: (b, h, w, c). motions: (b, 8). outside: "reflect" or "constant". Returns (b, h, w, c).
    """
    return ops.image.affine_transform(
        images, motions, interpolation="bilinear", fill_mode=outside, fill_value=0.0
    )


def seen_before(motions: Tensor, size: tuple[int, int]) -> Tensor:
    """Where a moved picture shows what the first one held, (b, h, w, 1), 0 or 1."""
    ones = ops.ones((ops.shape(motions)[0], *size, 1))
    return ops.cast(moved(ones, motions, outside="constant") > 0.999, "float32")
