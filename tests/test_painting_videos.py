import os
import signal
import threading
import time
import tracemalloc
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from painters import identity, negative, stylizer
from patience import PATIENCE
from video_clips import TEN_A_SECOND, frames_of, numbered, packets_of, write_clip

from restyle.errors import UserError
from restyle.media.video.reader import Frame, VideoReader
from restyle.media.video.segments import SegmentedVideo
from restyle.paint.smoothing import Smoother
from restyle.paint.videos import paint_video, video_size

SLOW = Path(__file__).parent / "slow_negative.py"
RNG = np.random.default_rng(0)


def painted(
    source, output, *, engine=identity, size=None, stop_after=None, segment_seconds=0.5, **options
):
    """Paints a video, or its first frames; returns the times."""
    reader, times = VideoReader(source), []
    size = size or reader.info.size
    with SegmentedVideo(output, reader, size=size, segment_seconds=segment_seconds) as video:
        run = paint_video(reader, video, stylizer(engine), size=size, **options)
        for moment in run:
            times.append(moment)
            if len(times) == stop_after:
                run.close()
    return times


def assert_same_video(one, other):
    assert packets_of(one, "video") == packets_of(other, "video")
    assert len(frames_of(one)) == len(frames_of(other))


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """17 frames at uneven times, with sound and a subtitle."""
    path = tmp_path_factory.mktemp("clip") / "clip.mkv"
    times = [i * TEN_A_SECOND + (i % 3) * Fraction(1, 50) for i in range(17)]
    return write_clip(path, numbered(17), times=times, tone_seconds=1.7, subtitle="Hello")


# What comes through.


def test_the_network_paints_the_frames_at_the_wanted_size(tmp_path, clip):
    seen = []

    def engine(inputs):
        seen.append(inputs["images"].shape)
        return negative(inputs)

    painted(clip, tmp_path / "o.mkv", engine=engine, size=(24, 32))

    assert seen == [(1, 24, 32, 3)] * 17
    pairs = zip(frames_of(clip), frames_of(tmp_path / "o.mkv"), strict=True)
    for before, after in pairs:
        assert after.pixels.shape == (24, 32, 3)
        assert after.pixels[-1, -1] == pytest.approx(1 - before.pixels[-1, -1], abs=3 / 255)


def test_a_video_that_is_made_smaller_gets_even_sides():
    assert video_size((1080, 1920), 1001) == (562, 1000)
    assert video_size((721, 1001), 1001) == (721, 1001)  # As it is, if not too large.


def test_many_frames_at_once_are_the_same_as_one_by_one(tmp_path, clip):
    counts = []

    def engine(inputs):
        counts.append(len(inputs["images"]))
        return negative(inputs)

    painted(clip, tmp_path / "one.mkv", engine=negative)
    times = painted(clip, tmp_path / "many.mkv", engine=engine, batch_size=5)

    assert counts == [5, 5, 5, 2]
    assert times == [frame.time for frame in frames_of(clip)]
    assert_same_video(tmp_path / "many.mkv", tmp_path / "one.mkv")


def test_frames_that_are_too_many_for_the_memory_are_painted_one_by_one():
    counts = []

    def engine(inputs):
        counts.append(len(inputs["images"]))
        return negative(inputs)

    images = RNG.random((3, 8, 9, 3), np.float32)
    few = stylizer(engine, fits=lambda size: size[0] * size[1] <= 2 * 72)

    np.testing.assert_array_equal(few.frames(images), 1 - images)
    few.frames(images[:2])
    assert counts == [1, 1, 1, 2]


# At the same time.


def test_frames_are_decoded_and_encoded_while_the_network_paints():
    together, last = threading.Barrier(3, timeout=PATIENCE), 5

    def frames(after):
        for number in range(last + 1):
            if number >= 2:
                together.wait()
            yield Frame(np.full((2, 2, 3), number, np.float32), Fraction(number))

    def engine(inputs):
        if 1 <= inputs["images"].max() < last:
            together.wait()
        return inputs["images"]

    def write(frame, state):
        if frame.time <= last - 2:
            together.wait()

    reader = SimpleNamespace(frames=frames)
    video = SimpleNamespace(write=write, finish=lambda: None, finished_until=None, state={})
    times = list(paint_video(reader, video, stylizer(engine), size=(2, 2)))

    assert times == list(range(last + 1)) and not together.broken


def test_after_a_frame_that_could_not_be_written_none_is_written():
    written = []

    def write(frame, state):
        if frame.time == 2:
            raise UserError("No space is left.")
        written.append(frame.time)

    frames = [Frame(np.zeros((2, 2, 3), np.float32), Fraction(each)) for each in range(9)]
    reader = SimpleNamespace(frames=lambda after: iter(frames))
    video = SimpleNamespace(write=write, finish=None, finished_until=None, state={})
    with pytest.raises(UserError, match="No space is left"):
        list(paint_video(reader, video, stylizer(), size=(2, 2)))

    assert written == [0, 1]


def test_memory_does_not_grow_with_length(tmp_path):
    def peak(count):
        source = write_clip(tmp_path / "a.mp4", numbered(count))
        tracemalloc.start()
        painted(source, tmp_path / "o.mp4", smoother=Smoother())
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    one_frame = 48 * 64 * 3 * 4
    peak(4)
    assert peak(48) < peak(16) + 8 * one_frame


# Going on.


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=["kill -9", "Ctrl-C"])
def test_a_process_that_was_ended_goes_on_at_the_last_finished_segment(tmp_path, start, number):
    seconds = [Fraction(i) for i in range(34)]  # Segments of ten frames.
    source = write_clip(tmp_path / "a.mp4", numbered(34), times=seconds)
    arguments = (f"--input={source}", f"--output={tmp_path}/o.mp4", "--smooth=0.7")
    parts = tmp_path / ".o.mp4.parts"

    process = start(*arguments, script=SLOW)
    while process.poll() is None and not (parts / "00000.nut").exists():
        time.sleep(0.01)
    os.kill(process.pid, number)
    _, error = process.communicate(timeout=60)
    assert not (tmp_path / "o.mp4").exists()
    if number == signal.SIGINT:
        assert process.returncode == 130
        assert error.splitlines()[-1].startswith("Interrupted: run again to resume after")
        assert not (parts / "unfinished.nut").exists()

    process = start(*arguments, script=SLOW)
    _, error = process.communicate(timeout=60)
    assert (process.returncode, parts.exists()) == (0, False)
    assert error.startswith("Resuming after ")
    options = {"engine": negative, "smoother": Smoother(0.7), "segment_seconds": 10}
    painted(source, tmp_path / "whole.mp4", **options)
    assert_same_video(tmp_path / "o.mp4", tmp_path / "whole.mp4")


@pytest.mark.parametrize("contents", [b"", b"half a", b"PK\x03\x04" + bytes(100)])
def test_where_the_kept_state_is_damaged_the_video_is_made_anew(tmp_path, clip, contents):
    painted(clip, tmp_path / "o.mkv", stop_after=12)
    (state,) = (tmp_path / ".o.mkv.parts").glob("*.npz")
    state.write_bytes(contents or state.read_bytes()[:-30])

    assert len(painted(clip, tmp_path / "o.mkv")) == 17
    assert [path.name for path in tmp_path.iterdir()] == ["o.mkv"]


def test_a_damaged_part_is_named(tmp_path, clip):
    painted(clip, tmp_path / "o.mkv", stop_after=12)
    part = tmp_path / ".o.mkv.parts" / "00000.nut"
    part.write_bytes(b"half a")

    with pytest.raises(UserError, match=f"'{part}' is broken .* Remove its folder"):
        painted(clip, tmp_path / "o.mkv")


# What goes wrong.


def test_of_a_damaged_video_what_there_is_is_painted_and_the_rest_reported(tmp_path, start):
    noise = RNG.integers(0, 256, (20, 48, 64, 3), np.uint8)
    source = write_clip(tmp_path / "a.mp4", noise, file_options={"movflags": "faststart"})
    source.write_bytes(source.read_bytes()[: source.stat().st_size * 6 // 10])
    process = start(f"--input={source}", f"--output={tmp_path}/o.mp4", script=SLOW)
    _, error = process.communicate(timeout=60)

    assert process.returncode == 1
    assert f"note: '{source}' is damaged: " in error and "of 2.00 seconds were decoded" in error
    assert len(frames_of(tmp_path / "o.mp4")) == len(frames_of(source)) > 5
