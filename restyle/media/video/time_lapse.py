"""Pictures on the way to a result -> a short video of how it came about."""

import contextlib
from fractions import Fraction
from pathlib import Path
from typing import Self

import numpy as np
from av.error import FFmpegError

from restyle.errors import UserError
from restyle.files import AnyPath, check_target, written_beside
from restyle.media.video.color import BT709, LIMITED_RANGE, UNSPECIFIED, VideoColors
from restyle.media.video.joining import WRITABLE
from restyle.media.video.writer import PartWriter, VideoTrack

CONTAINERS = {ending: name for ending, name in WRITABLE.items() if name != "webm"}
TICK = Fraction(1, 25)
SECONDS_HELD = 2


def check_time_lapse(path: AnyPath) -> None:
    """Raises UserError if no time lapse could be written here: ask before a long run."""
    check_target(path, CONTAINERS)


class TimeLapse:
    """A video of pictures that all have one size; a context manager.

    However the run ends, the file is then whole: it holds what was added, the last picture for two
    seconds more. H.264 in the pixels that every player shows, for which sides must be even: the
    last row or column of an odd one is there twice.

    Args:
      size: (height, width) of the pictures.
      seconds_each: how long one is shown, in whole ticks of 1/25 s.

    Raises:
      UserError: the file cannot be written.
    """

    def __init__(self, path: AnyPath, size: tuple[int, int], seconds_each: Fraction):
        self._path, self.seconds_each = path, seconds_each
        self._padding = [(0, side % 2) for side in size] + [(0, 0)]
        height, width = (side + side % 2 for side in size)
        self._track = VideoTrack(
            codec="libx264",
            options={"crf": "18"},
            size=(height, width),
            pixel_format="yuv420p",
            frames_per_second=1 / TICK,
            time_base=TICK,
            pixel_aspect=Fraction(1),
            colors=VideoColors(BT709, LIMITED_RANGE, UNSPECIFIED, UNSPECIFIED),
        )
        self._open = contextlib.ExitStack()
        self._writer: PartWriter | None = None
        self._last, self._time = np.zeros(()), Fraction(0)

    def __enter__(self) -> Self:
        return self

    def add(self, pixels: np.ndarray) -> None:
        """Adds a picture, (h, w, 3) in [0, 1], after those before it."""
        self._last = np.pad(pixels, self._padding, mode="edge")
        with self._writing():
            if self._writer is None:  # A run without a picture leaves what was there before.
                file = self._open.enter_context(written_beside(self._path))
                container = CONTAINERS[Path(self._path).suffix.lower()]
                self._writer = PartWriter(file, self._track, file_format=container)
            self._writer.write(self._last, self._time)
        self._time += self.seconds_each

    def __exit__(self, *exception) -> None:
        if self._writer is not None:
            with self._open, self._writing():
                self._writer.write(self._last, self._time + SECONDS_HELD)
                self._writer.finish()

    @contextlib.contextmanager
    def _writing(self):
        try:
            yield
        except (FFmpegError, OSError) as error:
            reason = error.strerror or error
            raise UserError(f"'{self._path}' cannot be written: {reason}.") from error
