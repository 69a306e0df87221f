"""A camera: its newest frame, so that what is shown does not fall behind what is filmed."""

import collections
import math
import threading
import time
from collections.abc import Generator
from fractions import Fraction
from typing import Any, Self

import numpy as np

from restyle.errors import UserError, check_installed
from restyle.media.images import dequantize
from restyle.media.video.color import LIMITED_RANGE, SMPTE170M, UNSPECIFIED, VideoColors
from restyle.media.video.files import VideoInfo
from restyle.media.video.reader import Frame

TIME_BASE = Fraction(1, 90_000)  # That of MP4 and of most streams.
USUAL_RATE = 30.0


def opencv() -> Any:  # Its types do not say what may be None.
    """The module cv2, which only cameras and windows need; UserError if it is missing."""
    check_installed("A camera", "opencv-python")
    import cv2

    return cv2


def open_capture(number: int) -> Any:
    """A cv2.VideoCapture of the camera.

    Raises:
      UserError: there is no such camera, or OpenCV is not installed.
    """
    cv2 = opencv()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    capture = cv2.VideoCapture(number)
    if not capture.isOpened():
        raise UserError(
            f"There is no camera {number}, or another program uses it. Connect one, or give the "
            "number of another: --input camera:1."
        )
    return capture


class Camera:
    """The newest frame of a camera, again and again.

    A thread takes every frame and keeps the last, so that a slow caller misses some but never
    waits for old ones. A context manager, which lets go of the camera.

    Args:
      capture: see `open_capture`.

    Attributes:
      info, frames_per_second, time_base: as those of a file, for what is written from it.

    Raises:
      UserError: the camera gives no picture.
    """

    def __init__(self, capture: Any):
        self._capture = capture
        self._newest: collections.deque[tuple[np.ndarray, float]] = collections.deque(maxlen=1)
        self._arrived, self._closing = threading.Event(), threading.Event()
        self._ended = False
        first = self._read()
        if first is None:
            capture.release()
            raise UserError("The camera gives no picture. Reconnect it, or try another one.")
        self.time_base, self.frames_per_second = TIME_BASE, _rate(capture)
        self.info = VideoInfo(
            size=first.shape[:2],
            frames_per_second=self.frames_per_second,
            begin=Fraction(0),
            seconds=None,
            time_base=TIME_BASE,
            quarter_turns=0,
            pixel_aspect=Fraction(1),
            colors=VideoColors(SMPTE170M, LIMITED_RANGE, UNSPECIFIED, UNSPECIFIED),
            audio_streams=0,
            subtitle_streams=0,
        )
        self._thread = threading.Thread(target=self._keep_newest, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception) -> None:
        self._closing.set()
        self._thread.join()
        self._capture.release()

    def frames(self) -> Generator[Frame, None, None]:
        """Yields the newest frame each time it is asked, once; time 0 is that of the first.

        Raises:
          UserError: the camera stopped to give pictures.
        """
        began, ticks = None, -1
        while True:
            self._arrived.wait()
            self._arrived.clear()
            ended = self._ended
            while self._newest:
                levels, seconds = self._newest.pop()
                began = seconds if began is None else began
                ticks = max(ticks + 1, round((seconds - began) / TIME_BASE))
                yield Frame(dequantize(levels[..., ::-1]), ticks * TIME_BASE)
            if ended:
                raise UserError("The camera gives no more pictures. Reconnect it.")

    def _read(self) -> np.ndarray | None:
        """The next frame, BGR, uint8."""
        there, levels = self._capture.read()
        return levels if there else None

    def _keep_newest(self) -> None:
        while not self._closing.is_set():
            levels = self._read()
            if levels is None:
                break
            self._newest.append((levels, time.monotonic()))
            self._arrived.set()
        self._ended = True
        self._arrived.set()


def _rate(capture: Any) -> Fraction:
    """The frames per second that the camera claims; many say 0."""
    rate = capture.get(opencv().CAP_PROP_FPS)
    known = math.isfinite(rate) and rate > 0
    return Fraction(rate if known else USUAL_RATE).limit_denominator(1001)
