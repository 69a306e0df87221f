"""A video written in segments, so that a run that was killed goes on where it stopped."""

import contextlib
import os
import shutil
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, Self

import av
import numpy as np
from av.error import FFmpegError

from restyle.errors import UserError
from restyle.files import AnyPath, check_target, written_beside
from restyle.media.video import parts as video_parts
from restyle.media.video.joining import WRITABLE, check_container, join
from restyle.media.video.reader import Frame, VideoReader
from restyle.media.video.writer import Encoding, PartWriter, plan_track

SEGMENT_SECONDS = 10.0


class SegmentedVideo:
    """Writes the frames of a video that is made of another; goes on with what is already there.

        reader = VideoReader("clip.mp4")
        with SegmentedVideo("out.mp4", reader, settings=settings) as video:
            state = video.state
            for frame in reader.frames(after=video.finished_until):
                pixels, state = stylize(frame.pixels, state)
                video.write(Frame(pixels, frame.time), state=state)
            video.finish()

    Frames are encoded in segments, which are kept in a folder beside the output, ".out.mp4.parts",
    until `finish` joins them, with all sound and subtitles of the source. A segment begins at each
    multiple of `segment_seconds`, wherever a run begins: the video is the same if it was killed on
    the way. Segments that were made by other settings, of another source, or by other versions of
    the codecs are thrown away.

    As a context manager it leaves finished segments, or the output, and nothing else.

    Args:
      output: its ending decides on the format: .mp4, .mkv, .mov or .webm.
      size: (height, width) of the frames that will be written; None is that of the source.
      settings: all else that the pixels depend on, as JSON can hold it.
      segment_seconds: how much of the video is lost, at most, if the run is killed.

    Attributes:
      finished_until: time of the last frame that need not be written again; None at the start.
      state: what was given with that frame; empty at the start.

    Raises:
      UserError: the output cannot be written there, or cannot hold the source's sound; the encoder
        is unknown, or does not take the size. Said before any frame is made.
    """

    def __init__(
        self,
        output: AnyPath,
        reader: VideoReader,
        *,
        size: tuple[int, int] | None = None,
        encoding: Encoding | None = None,
        settings: Mapping[str, Any] | None = None,
        segment_seconds: float = SEGMENT_SECONDS,
    ):
        self._output = _checked(output, reader)
        self._reader = reader
        self._track = plan_track(reader, size or reader.info.size, encoding or Encoding())
        check_container(output, reader, self._track)
        self._segment_seconds = Fraction(segment_seconds)
        self._folder = video_parts.parts_folder(self._output)
        with self._writing():
            parts = video_parts.open_parts(self._folder, self._made_by(settings or {}))
        self._count, self.finished_until, self.state = parts
        self._writer: PartWriter | None = None

    def write(self, frame: Frame, *, state: Mapping[str, np.ndarray] | None = None) -> None:
        """Adds the next frame.

        Args:
          state: arrays by which the frames that follow depend on this one and those before it.
            They come back, as `state`, where a later run goes on after this frame.
        """
        height, width = self._track.size
        if frame.pixels.shape != (height, width, 3):
            raise ValueError(
                f"Expected pixels of shape {(height, width, 3)}, got {frame.pixels.shape}. "
                "Pass the size of the frames to SegmentedVideo."
            )
        segment = frame.time // self._segment_seconds
        with self._writing():
            if self._writer is not None and segment != self._segment:
                self._finish_segment()
            if self._writer is None:
                unfinished = open(self._folder / video_parts.UNFINISHED, "wb")
                self._writer = PartWriter(unfinished, self._track)
            self._writer.write(frame.pixels, frame.time)
        self._segment, self._time, self.state = segment, frame.time, dict(state or {})

    def finish(self) -> None:
        """Joins the segments into the output and removes their folder.

        Raises:
          UserError: no frame was written, or the disk is full: the segments then stay.
        """
        with self._writing():
            if self._writer is not None:
                self._finish_segment()
            if not self._count:
                raise UserError(
                    f"'{self._reader.path}' has no frames in the part that was asked for. "
                    "Start earlier, or ask for a longer part."
                )
            parts = [video_parts.part_path(self._folder, index) for index in range(self._count)]
            with written_beside(self._output) as file:
                join(self._output, file, parts, self._reader, self._track)
            shutil.rmtree(self._folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception) -> None:
        if self._writer is not None:
            with contextlib.suppress(FFmpegError, OSError, ValueError):  # One was raised already.
                self._writer.close()
            self._writer = None
        if self._folder.exists():
            video_parts.remove_unfinished(self._folder)
            if not self._count:
                shutil.rmtree(self._folder)

    def _finish_segment(self) -> None:
        assert self._writer is not None
        self._writer.finish()
        self._writer = None
        video_parts.finish_part(self._folder, self._count, self._time, self.state)
        self._count += 1
        self.finished_until = self._time

    def _made_by(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """All that a segment depends on; source and codecs by what tells versions apart."""
        source = os.stat(self._reader.path)
        return {
            "settings": dict(settings),
            "source": [str(self._reader.path.absolute()), source.st_size, source.st_mtime_ns],
            "selection": self._reader.selection,
            "track": str(self._track),
            "segment_seconds": str(self._segment_seconds),
            "versions": {name: list(number) for name, number in av.library_versions.items()},
        }

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """Turns what the disk or the codec refuses into one line for the user."""
        try:
            yield
        except (FFmpegError, OSError) as error:
            reason = error.strerror or error
            raise UserError(
                f"'{self._output}' cannot be written: {reason}. What is finished is kept in "
                f"'{self._folder}'. Fix this, and run again to resume."
            ) from error


def _checked(output: AnyPath, reader: VideoReader) -> Path:
    """Where to write, with links followed, if a video can be and it is not the source."""
    check_target(output, WRITABLE)
    path = Path(os.path.realpath(output))
    if path == Path(os.path.realpath(reader.path)):
        raise UserError(f"'{output}' is the source itself. Give another name to write to.")
    return path
