"""Optical flow: where each pixel of a frame is in another one, and where that can be told."""

import math
from typing import Any

import numpy as np

from restyle.color import luminance
from restyle.errors import check_installed
from restyle.media.images import quantize

# OpenCV's DIS ends in a segmentation fault where a side is shorter than two of its patches.
SMALLEST_SIDE = 16


def optical_flow(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The displacement of each pixel from `first` to `second`.

    second[p + flow[p]] = first[p]

    Dense inverse search, Kroeger et al. (2016), as OpenCV has it with its preset "medium", on the
    8-bit luminance. A picture with a side below 16 pixels is continued by its edge pixels. The same
    pictures give the same flow, bit by bit, on any number of threads.

    Args:
      first: (h, w, 3) in [0, 1].
      second: (h, w, 3) in [0, 1].

    Returns:
      (h, w, 2) float32, (right, down) in pixels. It is finite everywhere, and a guess where what
      is seen in `first` is hidden in `second`: see `consistent`.

    Raises:
      UserError: OpenCV is not installed.
    """
    if first.shape != second.shape:
        raise ValueError(
            f"optical_flow got frames of {first.shape} and {second.shape}. Resize one of them."
        )
    cv2 = _opencv()
    height, width = first.shape[:2]
    missing = [(0, max(0, SMALLEST_SIDE - side)) for side in (height, width)]
    gray = [np.pad(quantize(luminance(pixels)), missing, "edge") for pixels in (first, second)]
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    return search.calc(*gray, None)[:height, :width]


def warp(pixels: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """The picture fetched along the flow: result[p] = pixels[p + flow[p]], bilinear.

    With `flow` from a frame to another, the other one's pixels come to where the frame has them.
    What would come from outside the picture is its nearest edge pixel.

    Args:
      pixels: (h, w) or (h, w, c), c <= 4, float32 of any range.
      flow: (h, w, 2) in pixels.
    """
    cv2 = _opencv()
    return cv2.remap(
        pixels, *_destinations(flow), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )


def consistent(flow: np.ndarray, back: np.ndarray) -> np.ndarray:
    """Where the flow can be trusted: seen in both frames, and not at a motion's edge.

    Ruder et al. (2016), equations 3 to 5, with w^ the flow, w the flow back, w~(p) = w(p + w^(p)).
    A pixel is not consistent where

      |w~ + w^|^2 > 0.01 (|w~|^2 + |w^|^2) + 0.5  (hidden in the other frame)
      |grad u^|^2 + |grad v^|^2 > 0.01 |w^|^2 + 0.002  (motion boundary)

    and where the flow leaves the picture, by more than half a pixel beyond the centers of its
    outermost pixels. The equations leave that case open. Gradients are central differences.

    Args:
      flow: (h, w, 2) in pixels, h and w at least 2, from the frame that the result is for.
      back: (h, w, 2) in pixels, from the other frame to that one.

    Returns:
      (h, w) bool.
    """
    there = warp(back, flow)
    round_trip = _squared(there + flow) <= 0.01 * (_squared(there) + _squared(flow)) + 0.5
    gradient = sum(_squared(slope) for slope in np.gradient(flow, axis=(0, 1)))
    smooth = gradient <= 0.01 * _squared(flow) + 0.002
    height, width = flow.shape[:2]
    x, y = _destinations(flow)
    inside = (x >= -0.5) & (x <= width - 0.5) & (y >= -0.5) & (y <= height - 0.5)
    return round_trip & smooth & inside


def warping_error(
    before: np.ndarray, after: np.ndarray, flow: np.ndarray, mask: np.ndarray
) -> float:
    """The temporal warping error of two stylized frames, 0 for a perfectly steady video.

    E = mean over p in the mask, and channels, of (after[p] - before[p + flow[p]])^2

    Lai et al. (2018), E_warp; their squared norm sums over the channels, three times our value.
    They move the later frame to the former; we go the other way, as the smoothing does.

    Args:
      before: (h, w, 3) in [0, 1], the former stylized frame.
      after: (h, w, 3) in [0, 1], the stylized frame.
      flow: (h, w, 2) in pixels, from the later frame to the former, of the frames as filmed.
      mask: (h, w) bool, `consistent` of that flow.

    Returns:
      In [0, 1]; nan where the mask is empty.
    """
    if not mask.any():
        return math.nan
    return float(np.mean(np.square(after - warp(before, flow))[mask], dtype=np.float64))


def _destinations(flow: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The columns and the rows that p + flow[p] come to, (h, w) float32 each."""
    rows, columns = np.indices(flow.shape[:2], dtype=np.float32)
    return columns + flow[..., 0], rows + flow[..., 1]


def _squared(vectors: np.ndarray) -> np.ndarray:
    return np.sum(np.square(vectors), axis=-1)


def _opencv() -> Any:  # Its types do not say that an output may be None.
    """The module cv2, which only videos need."""
    check_installed("A steady video", "opencv-python-headless")
    import cv2

    return cv2
