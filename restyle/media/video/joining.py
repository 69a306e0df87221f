"""Encoded parts, and the sound and subtitles of the source -> one video file, packet by packet."""

import contextlib
import heapq
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import av
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from restyle.errors import UserError
from restyle.files import AnyPath
from restyle.media.video.files import opened_video
from restyle.media.video.reader import VideoReader
from restyle.media.video.writer import VideoTrack

# The formats that hold frames at any times, each with its own.
WRITABLE = {
    ".m4v": "mp4",
    ".mkv": "matroska",
    ".mov": "mov",
    ".mp4": "mp4",
    ".webm": "webm",
}


def is_video_name(path: AnyPath) -> bool:
    """Whether the ending of the name asks for a video."""
    return Path(path).suffix.lower() in WRITABLE


def check_container(output: AnyPath, reader: VideoReader, track: VideoTrack) -> None:
    """Raises UserError if the format that the name asks for cannot hold the streams."""
    with (
        opened_video(reader.path) as (source, _),
        av.open("unwritten", "w", format=container_format(output)) as container,
    ):
        try:
            track.add_to(container)
        except ValueError as error:
            raise UserError(
                f"'{output}' cannot hold video encoded by {track.codec!r}. End its name with .mkv, "
                "or choose another encoder."
            ) from error
        _add_copies(container, source, output)


def container_format(path: AnyPath) -> str:
    """FFmpeg's name of the format that the ending of the name, one of `WRITABLE`, asks for."""
    return WRITABLE[Path(path).suffix.lower()]


def join(
    output: AnyPath, file: BinaryIO, parts: list[Path], reader: VideoReader, track: VideoTrack
) -> None:
    """Writes the parts as one video into `file`, with a copy of all sound and subtitles.

    No packet is encoded again. Sound and subtitles are cut to the packets that begin within what
    was read of the source. Title and other such text is kept, and chapters if nothing was cut.

    Args:
      output: the name that decides on the format.
    """
    file_format = container_format(output)
    # Left alone, MP4 and MOV round the time of the first frame to milliseconds.
    exact = {"movie_timescale": str(track.time_base.denominator)}
    options = exact if file_format in ("mp4", "mov") else {}
    with (
        opened_video(reader.path) as (source, _),
        av.open(file, "w", format=file_format, options=options) as container,
    ):
        video = track.add_to(container)
        copies = _add_copies(container, source, output)
        container.metadata.update(source.metadata)
        if reader.end is None and not reader.shift:
            container.set_chapters(source.chapters())
        packets = [_video_packets(parts, video), _copied_packets(source, copies, reader)]
        for packet in heapq.merge(*packets, key=_seconds):
            container.mux(packet)


def _add_copies(
    container: OutputContainer, source: InputContainer, output: AnyPath
) -> dict[int, Stream]:
    """Adds a stream for each of the source's that is copied, by its index there."""
    copies = {}
    for stream in (*source.streams.audio, *source.streams.subtitles):
        try:
            copy = container.add_stream_from_template(stream)
        except (ValueError, FFmpegError) as error:
            raise UserError(
                f"'{output}' cannot hold the {stream.type} stream of '{source.name}' as it is "
                f"({stream.codec_context.name}). End its name with .mkv."
            ) from error
        copy.metadata.update(stream.metadata)
        copy.disposition = stream.disposition
        copies[stream.index] = copy
    return copies


def _video_packets(parts: Iterable[Path], video: VideoStream) -> Iterator[Packet]:
    for part in parts:
        for packet in _packets_of_part(part):
            if packet.pts is not None:
                # There are no B-frames. Left alone, some encoders count these from before 0,
                # which where two parts meet is before the end of the last.
                packet.dts = packet.pts
                packet.stream = video
                yield packet


def _packets_of_part(part: Path) -> Iterator[Packet]:
    try:
        with av.open(part) as container:
            yield from container.demux(video=0)
    except FFmpegError as error:
        raise UserError(
            f"'{part}' is broken ({error.strerror}). Remove its folder, and run again."
        ) from error


def _seconds(packet: Packet) -> Fraction:
    assert packet.dts is not None
    return packet.dts * packet.time_base


def _copied_packets(
    source: InputContainer, copies: dict[int, Stream], reader: VideoReader
) -> Iterator[Packet]:
    """Yields the packets that begin within what was read, on the clock of the frames."""
    if not copies:
        return
    if reader.shift:
        source.seek(int(reader.shift * av.time_base))
    with contextlib.suppress(FFmpegError):  # Of a source that is cut off, what came before stays.
        for packet in source.demux([source.streams[index] for index in copies]):
            if packet.size and _move(packet, reader):
                packet.stream = copies[packet.stream_index]
                yield packet


def _move(packet: Packet, reader: VideoReader) -> bool:
    """Puts the packet on the clock of the frames; returns whether it is wanted."""
    begin = packet.dts if packet.pts is None else packet.pts
    if begin is None:
        return False
    shift = round(reader.shift / packet.time_base)
    packet.pts = begin - shift
    packet.dts = packet.pts if packet.dts is None else packet.dts - shift
    time = packet.pts * packet.time_base
    return (not shift or time >= 0) and (reader.end is None or time < reader.end)
