"""Pictures laid on white, which is how transparent ones are seen, and taken off it again."""

import numpy as np


def on_white(pixels: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """The picture laid on white, (h, w, 3), by its opacity. Undone by `without_white`."""
    return 1 - alpha[..., np.newaxis] * (1 - pixels)


def without_white(pixels: np.ndarray, alpha: np.ndarray | None) -> np.ndarray:
    """The colors that give `pixels` when they are laid on white with this opacity.

    x = 1 - alpha (1 - c)  =>  c = 1 - (1 - x) / alpha

    A network sees a photo laid on white. Saved as it is, with the photo's alpha, its result would
    be laid on white a second time: soft edges would be too pale. What is darker than any c allows
    becomes black, which is as near as it gets.

    pixels: (h, w, 3) in [0, 1]. alpha: (h, w) in [0, 1]; None, opaque: the pixels themselves.
    """
    if alpha is None:
        return pixels
    opacity = np.maximum(alpha, 1 / 255)[..., np.newaxis]
    return np.clip(1 - (1 - pixels) / opacity, 0, 1)
