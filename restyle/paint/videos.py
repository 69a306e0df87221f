"""A video, frame by frame: decoded ahead, painted, smoothed and encoded behind."""

import collections
import contextlib
import itertools
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from fractions import Fraction

import numpy as np

from restyle.media.images import fit_long_side, resize
from restyle.media.read_ahead import read_ahead
from restyle.media.video.reader import Frame, VideoReader
from restyle.media.video.segments import SegmentedVideo
from restyle.paint.smoothing import Smoother
from restyle.paint.stylizer import Stylizer

AHEAD = 4
BEHIND = 2


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
            batch += [frame] if frame else []
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
