"""A video, frame by frame: decoded ahead, painted, smoothed and encoded behind."""

import collections
import contextlib
import dataclasses
import itertools
from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from fractions import Fraction
from typing import Any, Self

import numpy as np

from restyle.files import AnyPath
from restyle.media.images import fit_long_side, resize
from restyle.media.read_ahead import read_ahead
from restyle.media.video.reader import Frame, VideoReader
from restyle.media.video.segments import SegmentedVideo
from restyle.media.video.writer import Encoding
from restyle.models.settings import setting
from restyle.paint.pictures import PaintConfig
from restyle.paint.smoothing import Smoother
from restyle.paint.stylizer import Stylizer

AHEAD = 4
BEHIND = 2


@dataclasses.dataclass(frozen=True)
class VideoConfig:
    """What is painted of a video, and how the result is compressed."""

    codec: str = setting(Encoding.codec, "Video encoder, by its name in FFmpeg.")
    crf: int = setting(
        Encoding.crf, "Quality of the video, from 0 (lossless) to 51 (worst); 23 is common."
    )
    batch_size: int = setting(1, "Frames painted at once.")
    start: float = setting(0.0, "Seconds to skip at the beginning of the video.")
    duration: float = setting(0.0, "Seconds of the video, or of the camera, to paint; 0: all.")
    fps: float = setting(0.0, "Frames per second of the result; 0: every frame at its own time.")

    def __post_init__(self):
        least = {"crf": 0, "batch_size": 1, "start": 0, "duration": 0, "fps": 0}
        for name, bound in least.items():
            if not bound <= getattr(self, name) < float("inf"):
                raise ValueError(f"Got {name} {getattr(self, name)}, expected {bound} or more.")

    @property
    def encoding(self) -> Encoding:
        """How the result is compressed."""
        return Encoding(self.codec, self.crf)


class VideoPainting:
    """A video that is to be painted; a context manager.

    Args:
      source, target: paths. See `SegmentedVideo` for how a run that was killed goes on.
      made_with: all that a frame depends on beside the video and `config`, as JSON can hold it.

    Attributes:
      size: (height, width) of the result.

    Raises:
      UserError: the video cannot be read, or no result can be written there.
    """

    def __init__(
        self,
        source: AnyPath,
        target: AnyPath,
        config: PaintConfig,
        video: VideoConfig,
        *,
        made_with: Mapping[str, Any],
    ):
        self._reader = VideoReader(
            source,
            start=video.start,
            duration=video.duration or None,
            frames_per_second=video.fps or None,
        )
        self.size = video_size(self._reader.info.size, config.max_size)
        self._smoother, self._batch_size = config.smoother(), video.batch_size
        self._video = SegmentedVideo(
            target,
            self._reader,
            size=self.size,
            encoding=video.encoding,
            settings={**made_with, **dataclasses.asdict(config)},
        )

    @property
    def finished_until(self) -> Fraction | None:
        """Seconds of the result that need not be painted again; None at the start."""
        return self._video.finished_until

    @property
    def trouble(self) -> str:
        """After the last frame, what was wrong with the source; "" if all was well."""
        return self._reader.trouble

    def frames(self, stylizer: Stylizer) -> Generator[Fraction, None, None]:
        """Paints what is left, and joins it at the end; yields the time of each frame.

        Closed early, it waits for the frames that are being written.
        """
        return paint_video(
            *(self._reader, self._video, stylizer),
            size=self.size,
            smoother=self._smoother,
            batch_size=self._batch_size,
        )

    def progress(self, time: Fraction) -> float:
        """How much of what is painted lies before a time, 0 to 1; 0 if its end is not known."""
        reader = self._reader
        end = reader.end or (reader.info.seconds and reader.info.seconds - float(reader.shift))
        return min(1.0, float(time) / float(end)) if end else 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception) -> None:
        self._video.__exit__(*exception)


def paint_video(
    reader: VideoReader,
    video: SegmentedVideo,
    stylizer: Stylizer,
    *,
    size: tuple[int, int],
    smoother: Smoother | None = None,
    batch_size: int = 1,
) -> Generator[Fraction, None, None]:
    """Paints the frames that `video` has not, and joins it at the end; yields each one's time.

    Closed early, it waits for those that are being written.

    size: (height, width) of the result. batch_size: frames in one pass of the network.
    """
    if smoother:
        smoother.restore(video.state)
    waiting: collections.deque[Future[None]] = collections.deque()
    batches = _batches(reader.frames(after=video.finished_until), size, batch_size)
    with contextlib.closing(batches), ThreadPoolExecutor(1) as writer:
        for frames in batches:
            painted = stylizer.frames(np.stack([frame.pixels for frame in frames]))
            before = waiting[-1] if waiting else None
            waiting.append(writer.submit(_write, video, frames, painted, smoother, before))
            if len(waiting) > BEHIND:
                waiting.popleft().result()
            yield from (frame.time for frame in frames)
        while waiting:
            waiting.popleft().result()
    video.finish()


def video_size(size: tuple[int, int], max_size: int) -> tuple[int, int]:
    """The (height, width) of the result of a video of this size; 0 keeps every size.

    If it is made smaller, the sides are even: players show little else.
    """
    if not max_size or max(size) <= max_size:
        return size
    height, width = (max(2, side // 2 * 2) for side in fit_long_side(size, max_size))
    return height, width


def _batches(
    frames: Iterator[Frame], size: tuple[int, int], batch_size: int
) -> Generator[list[Frame], None, None]:
    """The frames at the wanted size, some at once, decoded by another thread."""

    def decode(_: int) -> Frame | None:
        frame = next(frames, None)
        if frame is None or frame.pixels.shape[:2] == size:
            return frame
        return Frame(resize(frame.pixels, size), frame.time)

    batch: list[Frame] = []
    ahead = AHEAD + batch_size
    with contextlib.closing(
        read_ahead(decode, itertools.count(), workers=1, ahead=ahead)
    ) as decoded:
        for _, frame in decoded:
            if isinstance(frame, Exception):
                raise frame
            if frame is not None:
                batch.append(frame)
            if batch and (len(batch) == batch_size or frame is None):
                yield batch
                batch = []
            if frame is None:
                return


def _write(
    video: SegmentedVideo,
    frames: Sequence[Frame],
    painted: np.ndarray,
    smoother: Smoother | None,
    before: Future[None] | None,
) -> None:
    if before:
        before.result()  # No frame may follow one that could not be written.
    for frame, picture in zip(frames, painted, strict=True):
        if smoother:
            picture = smoother(frame.pixels, picture)
        state = smoother.state() if smoother else None
        video.write(Frame(picture, frame.time), state=state)
