from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from video_clips import frames_of

from restyle.errors import UserError
from restyle.media.video.time_lapse import SECONDS_HELD, TICK, TimeLapse, check_time_lapse
from restyle.programs.optimize_records import TimeLapseRecord

GRAYS = (0.2, 0.5, 0.8)


def gray(value, size=(32, 48)):
    return np.full((*size, 3), value, np.float32)


def written(path, size=(32, 48), grays=GRAYS):
    with TimeLapse(path, size, Fraction(2, 25)) as clip:
        for value in grays:
            clip.add(gray(value, size))
    return frames_of(path)


@pytest.mark.parametrize("ending", [".mp4", ".mov", ".m4v", ".mkv"])
def test_pictures_come_in_turn_and_the_last_is_held(tmp_path, ending):
    frames = written(tmp_path / f"run{ending}")

    times = [float(frame.time) for frame in frames]
    np.testing.assert_allclose(times, [0, 0.08, 0.16, 0.24 + SECONDS_HELD], atol=0.001)
    for frame, value in zip(frames, [*GRAYS, GRAYS[-1]], strict=True):
        np.testing.assert_allclose(frame.pixels, value, atol=3 / 255)


@pytest.mark.parametrize("size", [(31, 48), (32, 47), (31, 47)])
def test_an_odd_side_gets_its_last_line_twice_and_nothing_else_moves(tmp_path, size):
    ramp = np.linspace(0.1, 0.9, size[0] * size[1], dtype=np.float32).reshape(*size, 1)
    picture = np.repeat(ramp, 3, axis=-1)
    with TimeLapse(tmp_path / "run.mp4", size, TICK) as clip:
        clip.add(picture)
    pixels = frames_of(tmp_path / "run.mp4")[0].pixels

    assert pixels.shape == (32, 48, 3)
    np.testing.assert_allclose(pixels[: size[0], : size[1]], picture, atol=6 / 255)
    if size[0] % 2:
        np.testing.assert_allclose(pixels[-1], pixels[-2], atol=6 / 255)


def test_whatever_ends_the_run_the_video_is_whole(tmp_path):
    path = tmp_path / "run.mp4"
    with pytest.raises(KeyError), TimeLapse(path, (32, 48), TICK) as clip:
        clip.add(gray(0.3))
        raise KeyError

    assert len(frames_of(path)) == 2
    assert list(tmp_path.iterdir()) == [path]


def test_a_run_without_a_picture_leaves_the_video_that_was_there(tmp_path):
    path = tmp_path / "run.mp4"
    path.write_bytes(b"an older video")
    with TimeLapse(path, (32, 48), TICK):
        pass

    assert path.read_bytes() == b"an older video"


@pytest.mark.parametrize("name", ["run.gif", "run.webm", "run", "run.png"])
def test_a_name_that_says_no_format_is_refused_with_those_there_are(tmp_path, name):
    with pytest.raises(UserError, match="End its name with one of .*mp4"):
        check_time_lapse(tmp_path / name)


def step_at(iteration):
    return SimpleNamespace(iteration_of_run=iteration, finished=lambda: gray(iteration / 10_000))


@pytest.mark.parametrize("iterations", [1, 7, 100, 101, 250, 300, 4001])
def test_a_run_of_any_length_takes_some_seconds_and_ends_with_its_last_picture(
    tmp_path, iterations
):
    record = TimeLapseRecord(str(tmp_path / "run.mp4"), (32, 48), iterations)
    added = []
    record.clip.add = added.append  # Encoding is tested above.
    for iteration in range(1, iterations + 1):
        record.add(step_at(iteration))
    record.end(step_at(iterations))

    shown = [round(float(pixels.mean()) * 10_000) for pixels in added]
    assert shown[0] == 1 and shown[-1] == iterations and shown == sorted(shown)
    assert 3.9 <= len(shown) * record.clip.seconds_each <= 8.2
