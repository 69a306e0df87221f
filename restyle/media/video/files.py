"""Video files, opened and described: whatever is wrong with one is a UserError that names it."""

import contextlib
import dataclasses
import mimetypes
import os
from collections.abc import Iterator
from fractions import Fraction

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Disposition
from av.video.stream import VideoStream
from PIL import Image

from restyle.errors import UserError
from restyle.files import AnyPath
from restyle.media.heif_files import is_heif
from restyle.media.image_files import READABLE as PICTURES
from restyle.media.video import color as video_color
from restyle.media.video.color import VideoColors

# Not all that FFmpeg opens: it would draw a text file, and follow a playlist to other files.
READABLE = (
    *("mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "avi", "mpegts", "mpeg", "mpegvideo", "ogg"),
    *("flv", "asf", "mxf", "nut", "gif", "h264", "hevc", "m4v", "ivf", "wtv", "rm"),
)
ASSUMED_RATE = Fraction(25)


@dataclasses.dataclass(frozen=True)
class VideoInfo:
    """What a video file says of itself.

    Attributes:
      size: (height, width) of the upright frames.
      frames_per_second: the average; frames may come at any times.
      begin: seconds on the file's own clock at which it starts, mostly 0.
      seconds: how long its pictures should last; None if the file does not say.
      time_base: all times are multiples of this many seconds.
      quarter_turns: how often to turn the stored frames by 90 degrees, counterclockwise.
      pixel_aspect: width of a pixel over its height, of the upright frames.
      colors: how its numbers stand for colors.
      audio_streams, subtitle_streams: how many there are.
    """

    size: tuple[int, int]
    frames_per_second: Fraction
    begin: Fraction
    seconds: float | None
    time_base: Fraction
    quarter_turns: int
    pixel_aspect: Fraction
    colors: VideoColors
    audio_streams: int
    subtitle_streams: int


def is_video(path: AnyPath) -> bool:
    """Whether to read the file as a video: by its content, or if that is none, its name.

    A GIF that moves is a video. Not so an animated WebP, which FFmpeg does not decode, nor a song
    with a cover, nor a HEIC, which FFmpeg takes for a video of one frame.
    """
    if is_heif(path):
        return False
    with contextlib.suppress(Exception), Image.open(path, formats=PICTURES) as image:
        return image.format == "GIF" and getattr(image, "n_frames", 1) > 1
    with contextlib.suppress(UserError), opened_video(path):
        return True
    return (mimetypes.guess_type(path)[0] or "").startswith("video/")


def video_info(path: AnyPath) -> VideoInfo:
    """What the header and the first frame say.

    Raises:
      UserError: the file is missing, unreadable, no video, or no frame of it can be decoded.
    """
    with opened_video(path) as (container, stream):
        frame = next(decoded(container, stream, []), None)
        if frame is None:
            raise UserError(
                f"'{path}' is broken: not one of its frames can be decoded. Copy it again."
            )
        turns = round(frame.rotation / 90) % 4
        begin = max(Fraction(container.start_time or 0, av.time_base), Fraction(0))
        end = _stated_end(container, stream)
        aspect = stream.codec_context.sample_aspect_ratio or Fraction(1)
        return VideoInfo(
            size=(frame.width, frame.height) if turns % 2 else (frame.height, frame.width),
            frames_per_second=stream.average_rate or stream.guessed_rate or ASSUMED_RATE,
            begin=begin,
            seconds=None if end is None else float(end - begin),
            time_base=stream.time_base or Fraction(1, av.time_base),
            quarter_turns=turns,
            pixel_aspect=1 / aspect if turns % 2 else aspect,
            colors=video_color.colors_of(stream),
            audio_streams=len(container.streams.audio),
            subtitle_streams=len(container.streams.subtitles),
        )


@contextlib.contextmanager
def opened_video(path: AnyPath) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Yields the open file and the stream that is its video; what cannot be is a UserError."""
    try:
        # As a bare name, "http://..." or "pipe:0" would not be looked for among the files.
        container = av.open(
            os.path.abspath(path),
            container_options={
                "format_whitelist": ",".join(READABLE),
                "protocol_whitelist": "file",
            },
        )
    except (FFmpegError, OSError, ValueError) as error:
        raise UserError(_why_unreadable(path, error)) from error
    with container:
        for stream in container.streams.video:
            if not stream.disposition & Disposition.attached_pic and stream.codec_context:
                stream.thread_type = "AUTO"
                yield container, stream
                return
        kinds = " and ".join(sorted({each.type for each in container.streams})) or "nothing"
        raise UserError(
            f"'{path}' has no video in it, only {kinds}. Give a file with moving pictures."
        )


def decoded(
    container: InputContainer, stream: VideoStream, errors: list[str]
) -> Iterator[av.VideoFrame]:
    """Yields all frames that can be decoded from here on; what went wrong is added to `errors`."""
    try:
        for packet in container.demux(stream):
            for frame in _frames_of(stream, packet, errors):
                if frame.is_corrupt:
                    errors.append("a frame that is broken in part")
                yield frame
    except FFmpegError as error:
        errors.append(_reason(error))
        # What the decoder's threads still hold; without an error the last packet asks for it.
        yield from _frames_of(stream, None, errors)


def _frames_of(
    stream: VideoStream, packet: Packet | None, errors: list[str]
) -> list[av.VideoFrame]:
    try:
        return stream.decode(packet)
    except FFmpegError as error:
        errors.append(_reason(error))
        return []


def _stated_end(container: InputContainer, stream: VideoStream) -> Fraction | None:
    """When the last frame ends, on the file's clock."""
    if stream.duration and stream.time_base:
        return ((stream.start_time or 0) + stream.duration) * stream.time_base
    if tag := stream.metadata.get("DURATION"):  # Matroska's, with nine digits after the point.
        hours, minutes, seconds = tag.split(":")
        return 3600 * int(hours) + 60 * int(minutes) + Fraction(seconds)
    if container.duration and len(container.streams) == 1:
        return Fraction((container.start_time or 0) + container.duration, av.time_base)
    return None  # The length of the whole file may be that of its sound.


def _why_unreadable(path: AnyPath, error: Exception) -> str:
    """The one line for the user: what is wrong with the file and what to do."""
    if isinstance(error, FileNotFoundError):
        looked_in = "" if os.path.isabs(path) else f" (looked in {os.getcwd()})"
        return f"No video at '{path}'{looked_in}."
    if os.path.isdir(path):
        return f"'{path}' is a folder. Give the path of one video."
    if isinstance(error, PermissionError):
        return f"'{path}' cannot be read: permission denied. Change its permissions, or copy it."
    if os.path.getsize(path) == 0:
        return f"'{path}' is empty (0 bytes). Copy or download it again."
    return (
        f"'{path}' is not a video, or its header is broken or cut off ({_reason(error)}). "
        "Copy it again, or convert it to .mp4 or .mkv."
    )


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
