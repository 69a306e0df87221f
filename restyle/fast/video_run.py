"""A video, frame by frame: decoded ahead, painted, encoded behind."""

import collections
import itertools
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from fractions import Fraction

import numpy as np

from restyle.fast.smoothing import Smoother
from restyle.fast.stylizer import Stylizer
from restyle.media.images import resize
from restyle.media.read_ahead import read_ahead
from restyle.media.video_reader import Frame, VideoReader
from restyle.media.video_segments import SegmentedVideo

AHEAD = 4
BEHIND = 2

States = Sequence[dict[str, np.ndarray]]


def paint_video(
    reader: VideoReader,
    video: SegmentedVideo,
    stylizer: Stylizer,
    *,
    size: tuple[int, int],
    smoother: Smoother | None = None,
    batch_size: int = 1,
) -> Iterator[Fraction]:
    """Paints the frames that `video` has not, and joins it at the end; yields the time reached.

    size: (height, width) of the result. batch_size: frames in one pass of the network.
    """
    if smoother:
        smoother.restore(video.state)
    waiting: collections.deque[Future[None]] = collections.deque()
    with ThreadPoolExecutor(1) as writer:
        for frames in _batches(reader.frames(after=video.finished_until), size, batch_size):
            painted = stylizer.frames(np.stack([frame.pixels for frame in frames]))
            states: States = [{}] * len(frames)
            if smoother:
                painted, states = _smoothed(frames, painted, smoother)
            waiting.append(writer.submit(_write, video, frames, painted, states))
            if len(waiting) > BEHIND:
                waiting.popleft().result()
            yield frames[-1].time
        while waiting:
            waiting.popleft().result()
    video.finish()


def _batches(
    frames: Iterator[Frame], size: tuple[int, int], batch_size: int
) -> Iterator[list[Frame]]:
    """The frames at the wanted size, some at once, decoded by another thread."""

    def decode(_: int) -> Frame | None:
        frame = next(frames, None)
        if frame is None or frame.pixels.shape[:2] == size:
            return frame
        return Frame(resize(frame.pixels, size), frame.time)

    decoded = read_ahead(decode, itertools.count(), workers=1, ahead=AHEAD + batch_size)
    batch: list[Frame] = []
    for _, frame in decoded:
        if isinstance(frame, Exception):
            raise frame
        batch += [frame] if frame else []
        if batch and (len(batch) == batch_size or frame is None):
            yield batch
            batch = []
        if frame is None:
            return


def _smoothed(
    frames: Sequence[Frame], painted: np.ndarray, smoother: Smoother
) -> tuple[np.ndarray, States]:
    results, states = [], []
    for frame, picture in zip(frames, painted, strict=True):
        results.append(smoother(frame.pixels, picture))
        states.append(smoother.state())
    return np.stack(results), states


def _write(
    video: SegmentedVideo, frames: Sequence[Frame], painted: np.ndarray, states: States
) -> None:
    for frame, picture, state in zip(frames, painted, states, strict=True):
        video.write(Frame(picture, frame.time), state=state)
