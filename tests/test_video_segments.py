import errno
import os
from fractions import Fraction

import av
import numpy as np
import pytest
from full_disk import files_limited_to
from records import PowerCut
from user_errors import message_of
from video_clips import TEN_A_SECOND, frames_of, number_of, numbered, packets_of, write_clip

from restyle.media.video import segments
from restyle.media.video.reader import Frame, VideoReader
from restyle.media.video.segments import SegmentedVideo
from restyle.media.video.writer import Encoding

RNG = np.random.default_rng(0)


def copy(source, output, *, stop_after=None, restyle=None, choice=None, **options):
    """Writes the frames of a video as they are; ends after some of them, if asked to."""
    reader = VideoReader(source, **(choice or {}))
    with SegmentedVideo(output, reader, segment_seconds=0.5, **options) as video:
        for count, frame in enumerate(reader.frames(after=video.finished_until)):
            if count == stop_after:
                raise PowerCut
            pixels = frame.pixels if restyle is None else restyle(frame.pixels, video.state)
            video.write(Frame(pixels, frame.time), state={"before": pixels})
        video.finish()
    return output


def assert_same_frames(one, other):
    assert [frame.time for frame in frames_of(one)] == [frame.time for frame in frames_of(other)]
    for frame, same in zip(frames_of(one), frames_of(other), strict=True):
        np.testing.assert_array_equal(frame.pixels, same.pixels)


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """24 frames at uneven times, with sound and a subtitle."""
    path = tmp_path_factory.mktemp("clip") / "clip.mkv"
    times = [i * TEN_A_SECOND + (i % 3) * Fraction(1, 50) for i in range(24)]
    return write_clip(
        path, numbered(24), times=times, tone_seconds=2.4, subtitle="Hello", language="deu"
    )


# What comes through.


@pytest.mark.parametrize("name", ["o.mkv", "o.mp4", "o.mov", "o.webm"])
def test_frames_and_times_come_through(tmp_path, name):
    times = [Fraction(each, 1000) for each in (40, 73, 133, 167, 400, 401, 1000, 1700, 1733)]
    source = write_clip(tmp_path / "a.mkv", numbered(9), times=times)
    encoding = Encoding("libvpx-vp9") if name == "o.webm" else None
    copied = frames_of(copy(source, tmp_path / name, encoding=encoding))

    assert [frame.time for frame in copied] == times
    assert [number_of(frame.pixels) for frame in copied] == list(range(9))


def test_a_fine_clock_is_kept_where_the_format_has_one(tmp_path):
    times = [Fraction(1001 * i + 7, 30000) for i in range(20)]
    source = write_clip(
        tmp_path / "a.mp4",
        numbered(20),
        times=times,
        time_base=Fraction(1, 30000),
        file_options={"movie_timescale": "30000"},
    )

    assert [frame.time for frame in frames_of(source)] == times
    assert [frame.time for frame in frames_of(copy(source, tmp_path / "o.mp4"))] == times


def test_sound_and_subtitles_come_through_packet_by_packet(tmp_path, clip):
    output = copy(clip, tmp_path / "o.mkv")

    for kind in ("audio", "subtitle"):
        assert packets_of(output, kind) == packets_of(clip, kind)
        assert packets_of(output, kind)
    with av.open(output) as container:
        assert container.streams.audio[0].metadata["language"] == "deu"


def test_of_sound_too_only_what_was_asked_for_is_taken(tmp_path, clip):
    output = copy(clip, tmp_path / "o.mkv", choice={"start": 1.0, "duration": 0.5})

    wanted = [
        (time - 1, contents) for time, contents in packets_of(clip, "audio") if 1 <= time < 1.5
    ]
    assert packets_of(output, "audio") == wanted
    numbers = [number_of(frame.pixels) for frame in frames_of(output)]
    assert numbers == [10, 11, 12, 13, 14]


def test_title_and_chapters_come_through(tmp_path):
    source = tmp_path / "a.mkv"
    chapter = {"id": 1, "start": 0, "end": 500, "time_base": Fraction(1, 1000)}
    with av.open(source, "w") as container:
        container.metadata["title"] = "A bridge"
        container.set_chapters([{**chapter, "metadata": {"title": "Its arch"}}])
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height = 64, 48
        container.mux(stream.encode(av.VideoFrame.from_ndarray(numbered(1)[0])))
        container.mux(stream.encode(None))

    with av.open(copy(source, tmp_path / "o.mkv")) as container:
        assert container.metadata["title"] == "A bridge"
        assert [each["metadata"]["title"] for each in container.chapters()] == ["Its arch"]


@pytest.mark.parametrize("codec", ["libx264", "libx265", "libvpx-vp9", "ffv1"])
def test_odd_sizes_stay_as_they_are(tmp_path, codec):
    source = write_clip(tmp_path / "a.mkv", numbered(4, size=(49, 65)), codec="ffv1")
    output = copy(source, tmp_path / "o.mkv", encoding=Encoding(codec))

    assert [frame.pixels.shape for frame in frames_of(output)] == [(49, 65, 3)] * 4


def test_a_rotated_video_comes_out_upright_without_a_mark(tmp_path):
    source = write_clip(tmp_path / "a.mp4", numbered(4), rotation=90)
    output = copy(source, tmp_path / "o.mp4")

    assert VideoReader(output).info.quarter_turns == 0
    for frame, same in zip(frames_of(source), frames_of(output), strict=True):
        assert np.abs(frame.pixels - same.pixels).mean() < 1 / 255


@pytest.mark.parametrize(
    ("size", "matrix", "color_range", "expected"),
    [
        ((48, 64), 2, 0, (6, 1)),
        ((720, 1280), 2, 0, (1, 1)),
        ((48, 64), 1, 1, (1, 1)),
        ((720, 1280), 6, 1, (6, 1)),
        ((48, 64), 6, 2, (6, 2)),
        ((48, 64), 9, 1, (9, 1)),
    ],
)
@pytest.mark.parametrize("codec", ["libx264", "ffv1"])
def test_a_color_comes_through_within_two_levels(
    tmp_path, size, matrix, color_range, expected, codec
):
    color = np.full((2, *size, 3), (200, 50, 20), np.uint8)
    source = write_clip(tmp_path / "a.mkv", color, matrix=matrix, color_range=color_range)
    output = copy(source, tmp_path / "o.mkv", encoding=Encoding(codec))

    colors = VideoReader(output).info.colors
    assert (colors.matrix, colors.range) == expected
    before, after = (255 * next(VideoReader(path).frames()).pixels for path in (source, output))
    np.testing.assert_allclose(after, before, atol=2.01)


def test_another_size_keeps_the_matrix_that_was_guessed_for_the_source(tmp_path):
    source = write_clip(tmp_path / "a.mp4", np.full((1, 720, 64, 3), (200, 50, 20), np.uint8))
    output = copy(
        source, tmp_path / "o.mp4", size=(48, 64), restyle=lambda pixels, state: pixels[:48]
    )

    assert VideoReader(output).info.colors.matrix == 1
    before, after = (255 * frames_of(path)[0].pixels[0, 0] for path in (source, output))
    np.testing.assert_allclose(after, before, atol=2.01)


def test_quality_is_the_callers_choice(tmp_path):
    noise = RNG.integers(0, 256, (6, 48, 64, 3), np.uint8)
    source = write_clip(tmp_path / "a.mp4", noise)
    fine = copy(source, tmp_path / "fine.mp4", encoding=Encoding(crf=5))
    coarse = copy(source, tmp_path / "coarse.mp4", encoding=Encoding(crf=40))

    assert fine.stat().st_size > 3 * coarse.stat().st_size


# Going on.


@pytest.mark.parametrize("codec", ["libx264", "libx265", "libvpx-vp9", "mpeg4"])
def test_a_killed_run_ends_up_as_one_that_was_not(tmp_path, clip, codec):
    def trailing(pixels, state):  # Each frame depends on all before it.
        return (pixels + state.get("before", pixels)) / 2

    options = {"encoding": Encoding(codec), "restyle": trailing}
    whole = copy(clip, tmp_path / "whole.mkv", **options)
    for stop_after in (13, 0, 3, 7):
        with pytest.raises(PowerCut):
            copy(clip, tmp_path / "o.mkv", stop_after=stop_after, **options)
    copy(clip, tmp_path / "o.mkv", **options)

    assert_same_frames(tmp_path / "o.mkv", whole)
    for kind in ("video", "audio", "subtitle"):
        assert packets_of(tmp_path / "o.mkv", kind) == packets_of(whole, kind)


@pytest.mark.parametrize("rate", [7, 25])
def test_at_a_wanted_rate_too_a_killed_run_ends_up_as_one_that_was_not(tmp_path, clip, rate):
    options = {"choice": {"start": 0.3, "duration": 1.6, "frames_per_second": rate}}
    whole = copy(clip, tmp_path / "whole.mp4.mkv", **options)
    with pytest.raises(PowerCut):
        copy(clip, tmp_path / "o.mkv", stop_after=rate, **options)
    copy(clip, tmp_path / "o.mkv", **options)

    assert_same_frames(tmp_path / "o.mkv", whole)
    assert len(frames_of(whole)) == pytest.approx(1.6 * rate, abs=1)


def test_it_goes_on_at_the_last_finished_segment(tmp_path, clip):
    with pytest.raises(PowerCut):
        copy(clip, tmp_path / "o.mkv", stop_after=13)  # Segments begin at frames 5 and 10.
    reader = VideoReader(clip)

    with SegmentedVideo(tmp_path / "o.mkv", reader, segment_seconds=0.5) as video:
        last = frames_of(clip)[9]
        assert video.finished_until == last.time
        np.testing.assert_array_equal(video.state["before"], last.pixels)
        assert number_of(next(reader.frames(after=video.finished_until)).pixels) == 10


def test_a_run_that_was_killed_while_joining_needs_no_frame_again(tmp_path, clip, monkeypatch):
    def killed(*arguments):
        raise PowerCut

    with monkeypatch.context() as patch:
        patch.setattr(segments, "join", killed)
        with pytest.raises(PowerCut):
            copy(clip, tmp_path / "o.mkv")
    assert [path.name for path in tmp_path.iterdir()] == [".o.mkv.parts"]

    copy(clip, tmp_path / "o.mkv", stop_after=0)
    assert_same_frames(tmp_path / "o.mkv", copy(clip, tmp_path / "whole.mkv"))


def test_what_a_dead_process_left_is_no_hindrance(tmp_path, clip):
    with pytest.raises(PowerCut):
        copy(clip, tmp_path / "o.mkv", stop_after=13)
    for name in ("unfinished.nut", "unfinished.npz"):
        (tmp_path / ".o.mkv.parts" / name).write_bytes(b"half a")

    assert_same_frames(copy(clip, tmp_path / "o.mkv"), copy(clip, tmp_path / "whole.mkv"))


@pytest.mark.parametrize(
    "other",
    [
        {"settings": {"style": "waves.jpg"}},
        {"encoding": Encoding(crf=30)},
        {"choice": {"duration": 2}},
        {"choice": {"frames_per_second": 10}},
    ],
)
def test_segments_of_other_settings_are_thrown_away(tmp_path, clip, other):
    with pytest.raises(PowerCut):
        copy(clip, tmp_path / "o.mkv", stop_after=13, settings={"style": "wood.jpg"})

    options = {"settings": {"style": "wood.jpg"}, **other}
    reader = VideoReader(clip, **options.pop("choice", {}))
    with SegmentedVideo(tmp_path / "o.mkv", reader, segment_seconds=0.5, **options) as video:
        assert (video.finished_until, video.state) == (None, {})


def test_segments_of_another_source_are_thrown_away(tmp_path):
    source = write_clip(tmp_path / "a.mp4", numbered(12))
    with pytest.raises(PowerCut):
        copy(source, tmp_path / "o.mp4", stop_after=11)
    write_clip(source, numbered(12)[::-1])

    assert number_of(frames_of(copy(source, tmp_path / "o.mp4"))[0].pixels) == 11


def test_without_a_finished_segment_nothing_is_left(tmp_path, clip):
    with pytest.raises(PowerCut):
        copy(clip, tmp_path / "o.mkv", stop_after=3)

    assert not list(tmp_path.iterdir())


def test_the_old_output_stays_until_the_new_one_is_whole(tmp_path, clip):
    (tmp_path / "o.mkv").write_bytes(b"the old video")
    with pytest.raises(PowerCut):
        copy(clip, tmp_path / "o.mkv", stop_after=20)
    assert (tmp_path / "o.mkv").read_bytes() == b"the old video"

    copy(clip, tmp_path / "o.mkv")
    assert len(frames_of(tmp_path / "o.mkv")) == 24


# What goes wrong.


@pytest.mark.parametrize("codec", ["x264", "aac", "", "no such"])
def test_an_unknown_encoder_is_named_with_some_that_are_there(tmp_path, clip, codec):
    message = message_of(copy, clip, tmp_path / "o.mkv", encoding=Encoding(codec))

    assert message.startswith(f"There is no video encoder {codec!r} here. Choose another: libx264,")


@pytest.mark.parametrize("name", ["o", "o.png", "o.mp3", ".mp4"])
def test_a_name_without_a_known_ending_lists_those_that_work(tmp_path, clip, name):
    assert ".mkv, .mov, .mp4" in message_of(copy, clip, tmp_path / name)


def test_what_the_format_cannot_hold_is_said_before_the_first_frame(tmp_path, clip):
    codec = message_of(copy, clip, tmp_path / "o.webm", stop_after=0)
    sound = message_of(
        copy, clip, tmp_path / "o.webm", stop_after=0, encoding=Encoding("libvpx-vp9")
    )
    subtitle = message_of(copy, clip, tmp_path / "o.mp4", stop_after=0)

    assert "o.webm' cannot hold video encoded by 'libx264'. End its name with .mkv" in codec
    assert f"cannot hold the audio stream of '{clip}'" in sound
    assert f"cannot hold the subtitle stream of '{clip}'" in subtitle
    assert not list(tmp_path.iterdir())


def test_a_size_the_encoder_refuses_is_said_before_the_first_frame(tmp_path, clip):
    message = message_of(copy, clip, tmp_path / "o.mkv", stop_after=0, size=(20000, 20000))

    assert "refuses 20000 x 20000 pixels" in message


def test_no_frames_are_no_video(tmp_path):
    source = write_clip(tmp_path / "a.mkv", numbered(4))
    reader = VideoReader(source)

    with SegmentedVideo(tmp_path / "o.mkv", reader) as video:
        assert "has no frames" in message_of(video.finish)
    assert [path.name for path in tmp_path.iterdir()] == ["a.mkv"]


def test_the_source_is_not_written_over(tmp_path, clip):
    before = clip.read_bytes()
    (tmp_path / "o.mkv").symlink_to(clip)

    assert "is the source itself" in message_of(copy, clip, tmp_path / "o.mkv")
    assert clip.read_bytes() == before


def test_frames_of_another_size_are_the_callers_mistake(tmp_path, clip):
    with SegmentedVideo(tmp_path / "o.mkv", VideoReader(clip)) as video:
        with pytest.raises(ValueError, match=r"Expected pixels of shape \(48, 64, 3\), got \(48,"):
            video.write(Frame(np.zeros((48, 63, 3), np.float32), Fraction(0)))


@pytest.mark.parametrize("share", [20, 2])  # Full in the first of four segments; when joining.
def test_a_full_disk_is_one_line_and_the_run_goes_on_when_there_is_room(tmp_path, share):
    noise = RNG.integers(0, 256, (20, 48, 64, 3), np.uint8)
    source = write_clip(tmp_path / "a.mp4", noise)
    whole = copy(source, tmp_path / "whole.mp4")
    with files_limited_to(whole.stat().st_size // share):
        message = message_of(copy, source, tmp_path / "o.mp4")

    assert message.startswith(f"'{tmp_path / 'o.mp4'}' cannot be written: ")
    assert os.strerror(errno.EFBIG) in message
    assert not (tmp_path / "o.mp4").exists()
    copy(source, tmp_path / "o.mp4")
    assert_same_frames(tmp_path / "o.mp4", whole)
