import os
from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image
from user_errors import message_of
from video_clips import TEN_A_SECOND, number_of, numbered, write_clip

from restyle.errors import UserError
from restyle.media.images import dequantize
from restyle.media.video import files
from restyle.media.video.color import VideoColors, frame_to_pixels, pixels_to_frame
from restyle.media.video.reader import VideoReader

RNG = np.random.default_rng(0)
FASTSTART = {"movflags": "faststart"}


def times_of(reader, **options):
    return [frame.time for frame in reader.frames(**options)]


def numbers_of(reader, **options):
    return [number_of(frame.pixels) for frame in reader.frames(**options)]


# Frames and times.


def test_frames_come_in_order_with_their_pixels(tmp_path):
    frames = numbered(12)
    path = write_clip(tmp_path / "a.mp4", frames)
    reader = VideoReader(path)

    read = np.stack([frame.pixels for frame in reader.frames()])
    assert read.dtype == np.float32
    assert np.abs(255 * read - frames).mean() < 1
    assert times_of(reader) == [i * TEN_A_SECOND for i in range(12)]
    assert reader.trouble == ""


@pytest.mark.parametrize("options", [{}, {"bf": "3", "g": "4"}, {"x264-params": "open-gop=1:g=5"}])
@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts"])
def test_the_frames_after_any_frame_are_those_of_a_whole_pass(tmp_path, name, options):
    path = write_clip(tmp_path / name, numbered(20), options={"bf": "2", "g": "6", **options})
    reader = VideoReader(path)
    whole = list(reader.frames())

    for i, frame in enumerate(whole):
        rest = list(reader.frames(after=frame.time))
        assert [each.time for each in rest] == [each.time for each in whole[i + 1 :]]
        for one, other in zip(rest, whole[i + 1 :], strict=True):
            np.testing.assert_array_equal(one.pixels, other.pixels)


def test_a_start_is_0_on_the_clock_of_the_frames(tmp_path):
    path = write_clip(tmp_path / "a.mp4", numbered(20), options={"g": "4"})
    reader = VideoReader(path, start=0.7, duration=0.5)

    assert numbers_of(reader) == [7, 8, 9, 10, 11]
    assert times_of(reader) == [i * TEN_A_SECOND for i in range(5)]
    assert numbers_of(reader, after=Fraction(2, 10)) == [10, 11]


def test_a_wanted_rate_repeats_frames_or_leaves_them_out(tmp_path):
    path = write_clip(tmp_path / "a.mp4", numbered(10))

    assert numbers_of(VideoReader(path, frames_per_second=5)) == [0, 2, 4, 6, 8]
    doubled = VideoReader(path, frames_per_second=20)
    assert numbers_of(doubled) == [i // 2 for i in range(20)]
    assert times_of(doubled) == [Fraction(i, 20) for i in range(20)]


def test_the_own_rate_of_a_video_moves_no_frame(tmp_path):
    times = [Fraction(round(1000 * i / 30), 1000) for i in range(15)]
    path = write_clip(tmp_path / "a.mkv", numbered(15), times=times)  # Rounded to milliseconds.
    reader = VideoReader(path, duration=0.5, frames_per_second=30)

    assert numbers_of(reader) == list(range(15))
    assert times_of(reader) == [Fraction(i, 30) for i in range(15)]


@pytest.mark.parametrize("rate", [4, 29.97, 60])
def test_at_a_wanted_rate_too_the_rest_is_the_rest_of_a_whole_pass(tmp_path, rate):
    path = write_clip(tmp_path / "a.mp4", numbered(20), options={"g": "5"})
    reader = VideoReader(path, start=0.25, frames_per_second=rate)
    whole = list(zip(times_of(reader), numbers_of(reader), strict=True))

    assert len(whole) == pytest.approx(1.75 * rate, abs=1)
    for i, (time, _) in enumerate(whole):
        assert numbers_of(reader, after=time) == [number for _, number in whole[i + 1 :]]


# Rotation, size, colors.


@pytest.mark.parametrize(("rotation", "turns"), [(90, 1), (180, 2), (-90, 3)])
def test_a_rotated_video_is_read_upright(tmp_path, rotation, turns):
    frames = numbered(3)
    path = write_clip(tmp_path / "a.mp4", frames, rotation=rotation)
    reader = VideoReader(path)

    pixels = next(reader.frames()).pixels
    upright = np.rot90(frames[0], k=turns)
    assert pixels.shape == upright.shape == (*reader.info.size, 3)
    assert np.abs(255 * pixels - upright).mean() < 2


@pytest.mark.parametrize("matrix", [1, 4, 5, 6, 7, 9])
@pytest.mark.parametrize("color_range", [1, 2])
def test_a_color_survives_the_way_to_frames_and_back(matrix, color_range):
    colors = VideoColors(matrix=matrix, range=color_range, primaries=2, transfer=2)
    levels = RNG.integers(0, 256, (64, 1, 1, 3), np.uint8)

    for flat in dequantize(np.tile(levels, (1, 4, 4, 1))):
        back = frame_to_pixels(pixels_to_frame(flat, colors, "yuv420p"), colors)
        np.testing.assert_allclose(back, flat, atol=2.01 / 255)


# Y'CbCr of (200, 50, 20) by the equations of each standard, for 8 bits of limited range.
KR_KB = {1: (0.2126, 0.0722), 6: (0.299, 0.114), 9: (0.2627, 0.0593)}


@pytest.mark.parametrize("matrix", KR_KB)
def test_luma_and_chroma_are_those_of_the_standard(matrix):
    red, green, blue = color = np.array([200, 50, 20]) / 255
    kr, kb = KR_KB[matrix]
    luma = kr * red + (1 - kr - kb) * green + kb * blue
    chroma = (blue - luma) / (1 - kb) / 2, (red - luma) / (1 - kr) / 2
    colors = VideoColors(matrix=matrix, range=1, primaries=2, transfer=2)

    planes = pixels_to_frame(np.full((4, 4, 3), color), colors, "yuv444p").to_ndarray()
    expected = [16 + 219 * luma, *(128 + 224 * each for each in chroma)]
    np.testing.assert_allclose(planes[:, 0, 0], expected, atol=1)


@pytest.mark.parametrize(("height", "matrix"), [(576, 6), (719, 6), (720, 1), (1080, 1)])
def test_untagged_video_is_bt709_from_720_rows_on(tmp_path, height, matrix):
    path = write_clip(
        tmp_path / "a.mp4", np.zeros((1, height, 16, 3), np.uint8), pixel_format="yuv444p"
    )

    assert files.video_info(path).colors == VideoColors(matrix, 1, 2, 2)


@pytest.mark.parametrize(("matrix", "color_range"), [(1, 1), (6, 1), (6, 2), (9, 1)])
def test_a_tagged_color_is_read_as_it_was_meant(tmp_path, matrix, color_range):
    frames = np.full((2, 48, 64, 3), (200, 50, 20), np.uint8)
    path = write_clip(tmp_path / "a.mp4", frames, matrix=matrix, color_range=color_range)
    reader = VideoReader(path)

    assert (reader.info.colors.matrix, reader.info.colors.range) == (matrix, color_range)
    np.testing.assert_allclose(255 * next(reader.frames()).pixels, frames[0], atol=2.01)


# What is in a file.


def test_a_file_says_what_is_in_it(tmp_path):
    path = write_clip(tmp_path / "a.mkv", numbered(10), tone_seconds=0.9, subtitle="Hello")
    info = files.video_info(path)

    assert (info.size, info.begin, info.seconds) == ((48, 64), 0, 1)
    assert (info.audio_streams, info.subtitle_streams, info.pixel_aspect) == (1, 1, 1)


def test_a_video_is_told_by_its_content_then_by_its_name(tmp_path):
    clip = write_clip(tmp_path / "a.mp4", numbered(2))
    (tmp_path / "clip.jpg").write_bytes(clip.read_bytes())
    Image.new("RGB", (8, 8)).save(tmp_path / "picture.png")
    Image.new("RGB", (8, 8)).save(tmp_path / "still.gif")
    (tmp_path / "picture.mp4").write_bytes((tmp_path / "picture.png").read_bytes())
    for name in ("text.txt", "text.mp4", "text.srt"):
        (tmp_path / name).write_text("1\n00:00:00,300 --> 00:00:00,800\nHello\n\n")

    first, *others = [Image.fromarray(levels) for levels in numbered(3)]
    first.save(tmp_path / "moving.gif", save_all=True, append_images=others)

    moving = ["a.mp4", "clip.jpg", "moving.gif", "text.mp4", "gone.mp4"]
    still = ["picture.png", "still.gif", "picture.mp4", "text.txt", "text.srt", "gone.png", "."]
    assert [name for name in moving + still if files.is_video(tmp_path / name)] == moving


# What is wrong with a file.


@pytest.mark.parametrize("tenths", range(10))
@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts"])
def test_a_video_that_is_cut_off_gives_what_there_is_and_says_how_much(tmp_path, name, tenths):
    noise = RNG.integers(0, 256, (20, 48, 64, 3), np.uint8)
    path = write_clip(
        tmp_path / name,
        noise,
        options={"g": "5"},
        file_options=FASTSTART if name == "a.mp4" else {},
    )
    whole = times_of(VideoReader(path))
    path.write_bytes(path.read_bytes()[: path.stat().st_size * tenths // 10])
    try:
        reader = VideoReader(path)
    except UserError as error:
        assert tenths < 3
        assert str(error).startswith(f"'{path}' is ")
        return

    times = times_of(reader)
    assert times == whole[: len(times)]
    assert 2 * tenths - 6 <= len(times) <= 2 * tenths + 1
    if name != "a.ts":  # Has no header, so that what is left of it seems whole.
        assert reader.trouble.startswith(f"'{path}' is damaged: {len(times) / 10:.2f} of 2.00 s")


def test_a_video_with_a_hole_goes_on_behind_it(tmp_path):
    noise = RNG.integers(0, 256, (20, 48, 64, 3), np.uint8)
    path = write_clip(tmp_path / "a.mp4", noise, options={"g": "2", "bf": "0"})
    contents = bytearray(path.read_bytes())
    middle = len(contents) // 2
    contents[middle : middle + 3000] = bytes(3000)
    path.write_bytes(contents)
    reader = VideoReader(path)

    times = times_of(reader)
    assert times[-1] == Fraction(19, 10)
    assert len(times) >= 15
    assert reader.trouble.startswith(f"'{path}' is damaged: 2.00 of 2.00 seconds were decoded (")


@pytest.mark.parametrize(
    ("name", "contents", "expected"),
    [
        ("a.mp4", b"", "is empty (0 bytes)"),
        ("a.mp4", b"This is text.\n" * 40, "is not a video, or its header is broken"),
        ("a.mkv", b"\x1aE\xdf\xa3" + bytes(500), "is not a video, or its header is broken"),
        ("a.txt", b"This is text.\n" * 40, "is not a video, or its header is broken"),
        ("a.mp4", b"#EXTM3U\n#EXTINF:1\nb.mp4\n", "is not a video, or its header is broken"),
    ],
)
def test_what_is_no_video_is_said_to_be_none(tmp_path, name, contents, expected):
    (tmp_path / name).write_bytes(contents)

    message = message_of(VideoReader, tmp_path / name)
    assert message.startswith(f"'{tmp_path / name}' {expected}")


def test_sound_alone_is_no_video(tmp_path):
    path = write_clip(tmp_path / "a.mp4", numbered(2), tone_seconds=0.5)
    with av.open(path) as source, av.open(tmp_path / "b.m4a", "w", format="mp4") as target:
        stream = target.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(audio=0):
            if packet.size:
                packet.stream = stream
                target.mux(packet)

    message = message_of(VideoReader, tmp_path / "b.m4a")
    assert message.startswith(f"'{tmp_path / 'b.m4a'}' has no video in it, only audio.")


def test_a_missing_video_and_a_folder_are_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert message_of(VideoReader, "a.mp4") == f"No video at 'a.mp4' (looked in {os.getcwd()})."
    assert message_of(VideoReader, tmp_path).startswith(f"'{tmp_path}' is a folder.")


def test_a_start_behind_the_end_is_refused(tmp_path):
    path = write_clip(tmp_path / "a.mp4", numbered(10))

    assert "lasts 1.00 seconds" in message_of(VideoReader, path, start=1.5)


@pytest.mark.parametrize("choice", [{"start": -1}, {"duration": 0}, {"frames_per_second": 0}])
def test_times_that_are_not_positive_are_the_callers_mistake(tmp_path, choice):
    path = write_clip(tmp_path / "a.mp4", numbered(2))

    with pytest.raises(ValueError, match="to be a positive number"):
        VideoReader(path, **choice)
