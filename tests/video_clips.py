"""Small clips for the tests of videos, made by PyAV itself and not by what is tested."""

from fractions import Fraction

import av
import numpy as np

from restyle.media.video.reader import VideoReader

SIZE = (48, 64)
TEN_A_SECOND = Fraction(1, 10)


def numbered(count, size=SIZE):
    """uint8 frames (h, w, 3): each has its own gray, and a dark corner at the top left."""
    frames = np.empty((count, *size, 3), np.uint8)
    frames[:] = 60 + 6 * np.arange(count).reshape(-1, 1, 1, 1)
    frames[:, : size[0] // 2, : size[1] // 2] = 20
    return frames


def frames_of(path):
    return list(VideoReader(path).frames())


def number_of(pixels):
    """Which of the numbered frames this is, by its lower right corner."""
    return round((255 * float(pixels[-8:, -8:].mean()) - 60) / 6)


def write_clip(
    path,
    frames,
    *,
    times=None,
    codec="libx264",
    pixel_format="yuv420p",
    matrix=2,
    color_range=0,
    rotation=0,
    tone_seconds=0.0,
    subtitle=None,
    language=None,
    options=None,
    file_options=None,
    time_base=Fraction(1, 12000),
):
    """Writes the frames at 10 a second, or at the given times, and a tone beside them."""
    times = [i * TEN_A_SECOND for i in range(len(frames))] if times is None else times
    with av.open(path, "w", options=file_options or {}) as container:
        video = container.add_stream(codec, rate=10, options={"crf": "12", **(options or {})})
        context = video.codec_context
        context.height, context.width = frames[0].shape[:2]
        context.pix_fmt, context.time_base = pixel_format, time_base
        context.colorspace, context.color_range = matrix, color_range
        if rotation:
            video.set_display_rotation(rotation)
        tone = _tone_stream(container, language) if tone_seconds else None
        texts = _text_stream(container, path.with_suffix(".srt"), subtitle) if subtitle else []
        for levels, time in zip(frames, times, strict=True):
            frame = av.VideoFrame.from_ndarray(levels).reformat(
                format=pixel_format,
                dst_colorspace={2: 5, 6: 5}.get(matrix, matrix),
                dst_color_range=color_range or 1,
            )
            frame.pts, frame.time_base = round(time / time_base), time_base
            frame.colorspace, frame.color_range = matrix, color_range
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        if tone is not None:
            _write_tone(container, tone, tone_seconds)
        container.mux(texts)
    return path


def packets_of(path, kind):
    """(time, bytes) of all packets of the first stream of a kind."""
    with av.open(path) as container:
        stream = next(each for each in container.streams if each.type == kind)
        return [
            (packet.pts * packet.time_base, bytes(packet))
            for packet in container.demux(stream)
            if packet.size
        ]


def _tone_stream(container, language):
    codec = "libopus" if container.format.name == "webm" else "aac"
    tone = container.add_stream(codec, rate=48000, layout="mono")
    if language:
        tone.metadata["language"] = language
    return tone


def _write_tone(container, tone, seconds):
    wave = np.sin(np.arange(int(48000 * seconds)) / 20).astype(np.float32)[np.newaxis]
    for begin in range(0, wave.shape[1], 1024):
        samples = np.ascontiguousarray(wave[:, begin : begin + 1024])
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 48000, begin, Fraction(1, 48000)
        container.mux(tone.encode(frame))
    container.mux(tone.encode(None))


def _text_stream(container, path, text):
    """The packets of a stream with one subtitle, from 0.3 to 0.8 seconds."""
    path.write_text(f"1\n00:00:00,300 --> 00:00:00,800\n{text}\n\n")
    with av.open(path) as source:
        stream = container.add_stream_from_template(source.streams.subtitles[0])
        packets = [packet for packet in source.demux() if packet.size]
    for packet in packets:
        packet.stream = stream
    return packets
