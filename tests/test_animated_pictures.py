"""Animations among the pictures that are painted: every frame is, and nothing else changes."""

import numpy as np
import pytest
from painters import negative, stylizer
from PIL import Image

from restyle.color import keep_luminance
from restyle.media.animations import read_animation, write_animation
from restyle.media.folders import Job, jobs
from restyle.media.images import Picture, read_image, read_recipe, resize
from restyle.paint.pictures import PaintConfig, paint_pictures
from restyle.paint.smoothing import Smoother
from restyle.paint.stylizer import Look

TIMES = [100, 40, 250, 100]
RNG = np.random.default_rng(9)


def frames(transparent=False):
    """Soft clouds that move to the right."""
    clouds = resize(RNG.random((6, 9, 3)), (30, 44))
    alpha = resize(RNG.random((4, 5)), (30, 44)) > 0.4
    for index in range(4):
        moved = np.roll(clouds, index, axis=1)
        yield Picture(moved, np.roll(alpha, index, 1).astype(np.float32) if transparent else None)


@pytest.fixture
def source(tmp_path):
    """An animation without loss."""
    write_animation(tmp_path / "in.png", frames(), milliseconds=TIMES, plays=3)
    return tmp_path / "in.png"


def paint(found, *, engine=negative, look=None, max_size=0, smooth=0.0, **more):
    config, how = PaintConfig(max_size, smooth), {"recipe": lambda job: f"of {job.source.name}"}
    return list(paint_pictures(found, stylizer(engine, look), config, **how, **more))


def pixels_of(path):
    return [picture.pixels for picture in read_animation(path).pictures()]


@pytest.mark.parametrize("name", ["out.gif", "out.webp", "out.png"])
def test_every_frame_is_painted_and_shown_as_long_as_before(source, tmp_path, name):
    [outcome] = paint([Job(source, tmp_path / name)])

    result = read_animation(tmp_path / name)
    assert (outcome.error, outcome.note, outcome.size) == ("", "", (30, 44))
    assert (result.milliseconds, result.plays, len(TIMES)) == (TIMES, 3, 4)
    assert read_recipe(tmp_path / name) == "of in.png"
    for painted, photo in zip(result.pictures(), pixels_of(source), strict=True):
        # GIF has few colors, WebP few of their differences: on average they are right.
        error = resize(painted.pixels, (6, 8)) - resize(1 - photo, (6, 8))
        assert np.abs(error).mean() < 0.02


def test_what_is_clear_stays_clear_and_the_rest_is_painted_as_it_was_seen(tmp_path):
    photos = list(frames(transparent=True))
    write_animation(tmp_path / "in.gif", photos, milliseconds=TIMES, plays=0)

    paint([Job(tmp_path / "in.gif", tmp_path / "out.png")])

    seen = pixels_of(tmp_path / "in.gif")
    results = read_animation(tmp_path / "out.png").pictures()
    for result, photo, pixels in zip(results, photos, seen, strict=True):
        np.testing.assert_array_equal(result.alpha, photo.alpha)
        opaque = photo.alpha == 1
        np.testing.assert_allclose(result.pixels[opaque], 1 - pixels[opaque], atol=1 / 255)


def test_strength_mask_and_color_are_those_of_every_frame(source, tmp_path):
    left = np.zeros((30, 44), np.uint8)
    left[:, :22] = 255
    Image.fromarray(left).save(tmp_path / "left.png")
    look = Look(strength=0.5, preserve_color="luminance", mask=str(tmp_path / "left.png"))

    paint([Job(source, tmp_path / "out.png")], look=look)

    for result, photo in zip(pixels_of(tmp_path / "out.png"), pixels_of(source), strict=True):
        painted = keep_luminance(photo + 0.5 * ((1 - photo) - photo), photo)
        np.testing.assert_allclose(result[:, :22], painted[:, :22].clip(0, 1), atol=1 / 255)
        np.testing.assert_array_equal(result[:, 22:], photo[:, 22:])


def test_frames_are_made_steady_in_their_order_and_animations_begin_anew(source, tmp_path):
    found = [Job(source, tmp_path / name) for name in ("a.png", "b.png")]

    def flickering(photo):
        brightness = 100 * photo[..., 0, :].sum(dtype=np.float64)  # Of the first column.
        return 0.8 * photo + 0.1 + np.float32(0.1 * np.sin(brightness))

    paint(found, engine=lambda inputs: flickering(inputs["images"]), smooth=0.7)

    smoother = Smoother(0.7)
    expected = [smoother(photo, flickering(photo)) for photo in pixels_of(source)]
    for name in ("a.png", "b.png"):
        np.testing.assert_allclose(
            pixels_of(tmp_path / name), np.clip(expected, 0, 1), atol=1 / 255
        )
    assert np.abs(expected[3] - flickering(pixels_of(source)[3])).max() > 0.02


def test_max_size_makes_the_frames_smaller(source, tmp_path):
    [outcome] = paint([Job(source, tmp_path / "out.gif")], max_size=22)

    assert outcome.size == read_animation(tmp_path / "out.gif").size == (15, 22)


@pytest.mark.parametrize("name", ["out.jpg", "out.tif", "out.bmp"])
def test_a_result_that_cannot_move_is_the_first_frame_and_a_note_says_so(source, tmp_path, name):
    [outcome] = paint([Job(source, tmp_path / name)])

    assert outcome.note == f"'{source}': first of 4 frames"
    painted = read_image(tmp_path / name).pixels
    assert np.abs(painted - (1 - pixels_of(source)[0])).mean() < 0.01


def test_in_a_folder_what_moves_and_what_does_not_come_out_in_order(tmp_path):
    (tmp_path / "in").mkdir()
    for name in ("a.gif", "c.webp", "e.gif"):
        write_animation(tmp_path / "in" / name, frames(), milliseconds=TIMES, plays=0)
    for name in ("b.png", "d.gif"):
        Image.new("RGB", (8, 8)).save(tmp_path / "in" / name)
    content = (tmp_path / "in" / "e.gif").read_bytes()
    (tmp_path / "in" / "e.gif").write_bytes(content[: len(content) - 30])

    outcomes = paint(jobs(tmp_path / "in", tmp_path / "out"))

    names = [outcome.job.target.name for outcome in outcomes]
    assert names == ["a.gif", "b.png", "c.webp", "d.png", "e.gif"]
    *sound, broken = outcomes
    assert not any(outcome.error for outcome in sound)
    assert f"'{tmp_path}/in/e.gif' is broken" in broken.error and "\n" not in broken.error
    assert len(pixels_of(tmp_path / "out" / "a.gif")) == 4
    assert not list((tmp_path / "out").glob("*e.gif*"))


def test_each_frame_is_reported_and_the_run_can_be_ended_between_two(source, tmp_path):
    (tmp_path / "out.gif").write_bytes(b"an older picture")
    told = []

    def watch(job, count, of):
        told.append((job.target.name, count, of))
        if count == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        paint([Job(source, tmp_path / "out.gif")], watch=watch)
    assert told == [("out.gif", count, 4) for count in (1, 2, 3)]
    assert (tmp_path / "out.gif").read_bytes() == b"an older picture"
    assert {path.name for path in tmp_path.iterdir()} == {"in.png", "out.gif"}
