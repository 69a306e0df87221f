"""float32 RGB frames in [0, 1] -> an encoded part of a video."""

import dataclasses
from fractions import Fraction
from typing import BinaryIO, Protocol

import av
import numpy as np
from av.codec.codec import UnknownCodecError
from av.container import OutputContainer
from av.error import FFmpegError
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from restyle.errors import UserError
from restyle.media.video.color import VideoColors, pixels_to_frame, tag_colors
from restyle.media.video.files import VideoInfo

# Keeps any time base, where Matroska would round to milliseconds.
PART_FORMAT = "nut"

SUGGESTED_CODECS = ("libx264", "libx265", "libvpx-vp9", "libsvtav1", "ffv1")
# H.264 and H.265 have no odd sizes with halved chroma: those get whole chroma, which fewer players
# show, rather than a row or a column too few.
PIXEL_FORMATS = ("yuv420p", "yuv444p")


@dataclasses.dataclass(frozen=True)
class Encoding:
    """How to compress a video.

    Attributes:
      codec: an encoder by FFmpeg's name.
      crf: constant rate factor, less is better and larger; 18 is hardly told from the original in
        H.264. Without effect in codecs that have none, such as the lossless FFV1.
    """

    codec: str = "libx264"
    crf: float = 18


@dataclasses.dataclass(frozen=True)
class VideoTrack:
    """All that an encoder has to know; every part of a video is encoded with the same.

    Attributes:
      options: the encoder's own, by FFmpeg's names.
      size: (height, width).
      time_base: all times must be multiples of this many seconds.
      pixel_aspect: width of a pixel over its height.
    """

    codec: str
    options: dict[str, str]
    size: tuple[int, int]
    pixel_format: str
    frames_per_second: Fraction
    time_base: Fraction
    pixel_aspect: Fraction
    colors: VideoColors

    def add_to(self, container: OutputContainer) -> VideoStream:
        """A new stream of the container, ready for frames, or for packets made of them."""
        stream = container.add_stream(self.codec, rate=self.frames_per_second)
        assert isinstance(stream, VideoStream)
        self.apply(stream.codec_context)
        stream.time_base = self.time_base
        return stream

    def apply(self, context: VideoCodecContext) -> None:
        """Sets up an encoder that is not open yet."""
        context.height, context.width = self.size
        context.pix_fmt = self.pixel_format
        context.framerate = self.frames_per_second
        context.time_base = self.time_base
        context.sample_aspect_ratio = self.pixel_aspect
        context.options = self.options
        # Packets then come in the order of their times, and parts can be joined without a gap.
        context.max_b_frames = 0
        tag_colors(context, self.colors)


class Source(Protocol):
    """What frames come from, a file or a camera: a track is made like it."""

    info: VideoInfo
    frames_per_second: Fraction
    time_base: Fraction


def plan_track(source: Source, size: tuple[int, int], encoding: Encoding) -> VideoTrack:
    """A track that the encoder accepts, as like the source's as it can be.

    Raises:
      UserError: there is no such encoder, or it cannot encode frames of this size or rate.
    """
    codec = _encoder(encoding.codec)
    known = [each.name for each in codec.video_formats or ()]
    formats = [each for each in PIXEL_FORMATS if each in known] or known[:1]
    reason: Exception | str = "it takes no pixels"
    for pixel_format in formats:
        track = VideoTrack(
            codec=encoding.codec,
            options=_options(codec, encoding),
            size=size,
            pixel_format=pixel_format,
            frames_per_second=source.frames_per_second,
            time_base=source.time_base,
            pixel_aspect=source.info.pixel_aspect,
            colors=source.info.colors,
        )
        try:
            context = codec.create("video")
            track.apply(context)
            context.open()
            return track
        except (FFmpegError, ValueError, OverflowError) as error:
            reason = error
    raise UserError(
        f"The encoder {encoding.codec!r} refuses {size[1]} x {size[0]} pixels at "
        f"{float(source.frames_per_second):g} frames per second ({reason}). "
        f"Try another encoder ({', '.join(SUGGESTED_CODECS)}), size or rate."
    )


class PartWriter:
    """Encodes frames into a file that holds nothing else and begins with a key frame."""

    def __init__(self, file: BinaryIO, track: VideoTrack, *, file_format: str = PART_FORMAT):
        self._track = track
        # By way of Python's file, whose errors are those of the system.
        self._file = file
        self._container = av.open(file, "w", format=file_format)
        self._stream = track.add_to(self._container)

    def write(self, pixels: np.ndarray, time: Fraction) -> None:
        """Adds a frame, (h, w, 3) RGB in [0, 1], to be shown at `time` seconds."""
        frame = pixels_to_frame(pixels, self._track.colors, self._track.pixel_format)
        frame.pts = round(time / self._track.time_base)
        frame.time_base = self._track.time_base
        self._container.mux(self._stream.encode(frame))

    def finish(self) -> None:
        """Writes what the encoder still holds, and closes the file."""
        self._container.mux(self._stream.encode(None))
        self.close()

    def close(self) -> None:
        """Closes the file, whole or not."""
        try:
            self._container.close()
        finally:
            self._file.close()


def _encoder(name: str) -> av.Codec:
    try:
        codec = av.Codec(name, "w")
        if codec.type == "video":
            return codec
    except UnknownCodecError:
        pass
    known = ", ".join(each for each in SUGGESTED_CODECS if each in av.codecs_available)
    raise UserError(f"There is no video encoder {name!r} here. Choose another: {known}.")


def _options(codec: av.Codec, encoding: Encoding) -> dict[str, str]:
    own = {option.name for option in codec.create("video").supported_options.private}
    options = {"crf": f"{encoding.crf:g}"} if "crf" in own else {}
    # It would write a report of every part to the terminal.
    return options | ({"x265-params": "log-level=error"} if codec.name == "libx265" else {})
