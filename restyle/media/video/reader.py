"""The frames of a video file: float32 RGB in [0, 1], upright, one at a time, each at its time."""

import contextlib
import dataclasses
import math
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.error import FFmpegError

from restyle.errors import UserError
from restyle.files import AnyPath
from restyle.media.video.color import frame_to_pixels
from restyle.media.video.files import decoded, opened_video, video_info

# Seconds before the wanted time to look for a key frame. Some files index their key frames by
# decoding time, which is the earlier one: the first that is found may be shown too late.
SEEK_MARGINS = (0, 1, 10)

# Frame intervals by which an intact file may fall short of the length it states.
ROUNDING = 2

Span = tuple[Fraction, Fraction, av.VideoFrame]  # Start and end in seconds.


@dataclasses.dataclass(frozen=True)
class Frame:
    """One picture of a video.

    Attributes:
      pixels: (h, w, 3) float32 RGB in [0, 1], upright.
      time: seconds, exact, at which it is shown.
    """

    pixels: np.ndarray
    time: Fraction


class VideoReader:
    """The frames of a video file, in order, as a stream: memory does not grow with its length.

    Frames without a time follow the one before at the average rate; those whose time does not
    grow, which few files can hold, are left out. Mirroring, which no camera writes, is not undone.

    Args:
      start: seconds to skip. The frames' times then count from there.
      duration: seconds to read; None reads to the end.
      frames_per_second: None keeps each frame at its own time. A number puts frames at its
        multiples instead: each frame is moved to the nearest one, of several the last is taken,
        and it stays until the next, as in FFmpeg's filter "fps".

    Attributes:
      info: what the file says of itself.
      frames_per_second: the wanted rate, or the file's average.
      time_base: the frames' times are multiples of this many seconds.
      shift: seconds on the file's clock when the frames' clock shows 0.
      end: when to stop, on the frames' clock; None at the end of the file.
      trouble: after the last frame, what was wrong with the file and how much of it could be
        decoded, in one line; empty if all was well.

    Raises:
      UserError: as `video_info`, or if the video is over before `start`.
    """

    def __init__(
        self,
        path: AnyPath,
        *,
        start: float = 0,
        duration: float | None = None,
        frames_per_second: float | Fraction | None = None,
    ):
        _check_positive(start=start or 1, duration=duration, frames_per_second=frames_per_second)
        self.path = Path(path)
        self.info = info = video_info(path)
        if start and info.seconds is not None and start >= info.seconds:
            raise UserError(
                f"'{path}' lasts {info.seconds:.2f} seconds, but was to start at {start:g}. "
                "Start earlier."
            )
        self.resampled = frames_per_second is not None
        self.frames_per_second = (
            info.frames_per_second
            if frames_per_second is None
            else Fraction(frames_per_second).limit_denominator(1001)
        )
        self.time_base = 1 / self.frames_per_second if self.resampled else info.time_base
        skipped = round((info.begin + Fraction(start)) / info.time_base) * info.time_base
        self.shift = skipped if start else Fraction(0)
        self._first = Fraction(0) if start else None
        begin = Fraction(0) if start else info.begin
        self.end = None if duration is None else begin + Fraction(duration)
        self.trouble = ""

    @property
    def selection(self) -> dict[str, str]:
        """What was chosen of the file, which tells its frames from those of another choice."""
        rate = self.frames_per_second if self.resampled else None
        return {"shift": str(self.shift), "end": str(self.end), "rate": str(rate)}

    def frames(self, *, after: Fraction | None = None) -> Iterator[Frame]:
        """Yields the frames; or those later than `after`, the same as without it."""
        for time, frame in self._timed(after):
            if self.end is not None and time >= self.end:
                return
            too_early = self._first is not None and time < self._first
            if not too_early and (after is None or time > after):
                yield Frame(self._upright_pixels(frame), time)

    def _upright_pixels(self, frame: av.VideoFrame) -> np.ndarray:
        pixels = frame_to_pixels(frame, self.info.colors)
        return np.ascontiguousarray(np.rot90(pixels, k=self.info.quarter_turns))

    def _timed(self, after: Fraction | None) -> Iterator[tuple[Fraction, av.VideoFrame]]:
        """Yields (time, frame), perhaps from before the first that is wanted."""
        begin = self._first if after is None else after
        errors: list[str] = []
        if begin is None:
            frames = self._from_first_frame(errors)
        else:
            frames = self._from_key_frame(begin + self.shift, errors)
        spans = self._judged(_spans(frames, 1 / self.info.frames_per_second), errors)
        shifted = ((start - self.shift, end - self.shift, frame) for start, end, frame in spans)
        if self.resampled:
            return _at_rate(shifted, self.frames_per_second)
        return ((start, frame) for start, _, frame in shifted)

    def _from_key_frame(self, time: Fraction, errors: list[str]) -> Iterator[av.VideoFrame]:
        """Yields frames beginning with a key frame not later than `time`, or with the first."""
        for margin in SEEK_MARGINS:
            with opened_video(self.path) as (container, stream):
                with contextlib.suppress(FFmpegError):  # Some kinds of files have no index.
                    container.seek(int((time - margin) / self.info.time_base), stream=stream)
                frames = decoded(container, stream, errors)
                # What comes before it refers to frames that were not read.
                key = next((frame for frame in frames if frame.key_frame), None)
                errors.clear()
                start = key and _start(key)
                if key is not None and start is not None and start <= time:
                    yield key
                    yield from frames
                    return
        yield from self._from_first_frame(errors)

    def _from_first_frame(self, errors: list[str]) -> Iterator[av.VideoFrame]:
        with opened_video(self.path) as (container, stream):
            yield from decoded(container, stream, errors)

    def _judged(self, spans: Iterator[Span], errors: list[str]) -> Iterator[Span]:
        """Yields the spans and says in `trouble` whether those were all, and sound."""
        self.trouble = ""
        end = self.info.begin
        for span in spans:
            end = span[1]
            self.trouble = self._trouble(end, errors) if errors else ""
            yield span
        stated = self.info.seconds
        interval = 1 / self.info.frames_per_second
        if errors or (stated and end - self.info.begin < stated - ROUNDING * interval):
            self.trouble = self._trouble(end, errors)

    def _trouble(self, end: Fraction, errors: list[str]) -> str:
        stated = "" if self.info.seconds is None else f" of {self.info.seconds:.2f}"
        reason = f"{len(errors)} errors, first: {errors[0]}" if errors else "the rest is missing"
        seconds = float(end - self.info.begin)
        return f"'{self.path}' is damaged: {seconds:.2f}{stated} seconds were decoded ({reason})."


def _start(frame: av.VideoFrame) -> Fraction | None:
    return None if frame.pts is None or frame.time_base is None else frame.pts * frame.time_base


def _spans(frames: Iterator[av.VideoFrame], interval: Fraction) -> Iterator[Span]:
    """Yields the frames whose start is later than that of the one before."""
    last, end = None, Fraction(0)
    for frame in frames:
        start = _start(frame)
        start = end if start is None else start
        end = start + (frame.duration * (frame.time_base or 0) or interval)
        if last is None or start > last:
            yield start, end, frame
            last = start


def _at_rate(spans: Iterator[Span], rate: Fraction) -> Iterator[tuple[Fraction, av.VideoFrame]]:
    """Yields (k / rate, frame), where each k shows the last frame nearest to it or before it."""
    held, tick, over = None, 0, 0
    for start, end, frame in spans:
        nearest = math.floor(start * rate + Fraction(1, 2))
        if held is None:
            over = nearest + 1  # There is one frame, however short it is.
        else:
            yield from ((Fraction(k) / rate, held) for k in range(tick, nearest))
        held, tick = frame, nearest
        over = max(over, math.floor(end * rate + Fraction(1, 2)))
    if held is not None:
        yield from ((Fraction(k) / rate, held) for k in range(tick, over))


def _check_positive(**numbers: float | Fraction | None) -> None:
    for name, number in numbers.items():
        if number is not None and not 0 < number < math.inf:
            raise ValueError(f"Expected {name} to be a positive number, got {number}.")
