"""Steady videos: each stylized frame is blended with the last one, moved along the optical flow."""

from collections.abc import Mapping

import numpy as np

from restyle.paint.flow import consistent, optical_flow, warp

# Less of the picture than this is left over a cut, and more by any motion that can be followed:
# below 0.03 for pairs of unrelated pictures, above 0.6 for frames of Sintel nine apart.
SEEN_BEFORE = 0.25


class Smoother:
    """Blends the stylized frames of one video, in order.

    result = stylized + amount mask (warp(last result) - stylized)
    mask = consistent exp(-50 |frame - warp(last frame)|^2)

    The warp is along the optical flow from this frame, as filmed, to the last. `consistent` is the
    check of Ruder et al. (2016), who put the difference into the loss and optimize each frame; a
    network that has no such loss is helped by blending alone. The other factor is the visibility
    mask of Lai et al. (2018): light that is switched on moves nothing, so the flow does not see it.

    In a still scene, flicker that is independent from frame to frame keeps (1 - amount) /
    (1 + amount) of its variance: 0.18 for 0.7. More is not better. Each warp between pixels blurs a
    little, and pixels go through amount / (1 - amount) of them on average, 2.3 for 0.7 and 9 for
    0.9. A change that the mask lets through lags behind by as many frames.

    After a scene cut, or where the size changes, the video starts anew: a frame of which less than
    a quarter has been seen before is its own result.
    """

    def __init__(self, amount: float = 0.7):
        """amount: share of the last result where the mask is 1, in [0, 1); 0 changes nothing."""
        if not 0 <= amount < 1:
            raise ValueError(f"Smoother got amount={amount}. It must be at least 0 and below 1.")
        self.amount = amount
        self._last: dict[str, np.ndarray] = {}

    def __call__(self, frame: np.ndarray, stylized: np.ndarray) -> np.ndarray:
        """The steadier stylized frame, (h, w, 3) float32 in [0, 1].

        Args:
          frame: (h, w, 3) in [0, 1], as filmed.
          stylized: (h, w, 3) in [0, 1], of the same size.

        Raises:
          UserError: OpenCV is not installed.
        """
        if frame.shape != stylized.shape:
            raise ValueError(
                f"Smoother got a frame of {frame.shape} and its stylized version of "
                f"{stylized.shape}. Resize one of them."
            )
        result = stylized + self.amount * self._change(frame, stylized)
        # Copies: a decoder may reuse the array of its frame, a caller write into the result.
        self._last = {"frame": frame.copy(), "result": result.copy()}
        return result

    def state(self) -> dict[str, np.ndarray]:
        """All that `restore` needs, by name; empty before the first frame."""
        return dict(self._last)

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Goes on after the frame at which `state` was taken; the next results are the same.

        They are the same bit by bit, with the same versions of OpenCV and numpy.
        """
        self._last = {name: state[name].copy() for name in ("frame", "result") if name in state}

    def _change(self, frame: np.ndarray, stylized: np.ndarray) -> np.ndarray:
        """Mask (warp(last result) - stylized), zeros where the video starts anew."""
        unchanged = np.zeros_like(stylized)
        if not self._last or self._last["frame"].shape != frame.shape:
            return unchanged
        to_last = optical_flow(frame, self._last["frame"])
        trusted = consistent(to_last, optical_flow(self._last["frame"], frame))
        difference = frame - warp(self._last["frame"], to_last)
        mask = trusted * np.exp(-50 * np.sum(np.square(difference), axis=-1))
        if mask.mean() < SEEN_BEFORE:
            return unchanged
        return mask[..., np.newaxis] * (warp(self._last["result"], to_last) - stylized)
