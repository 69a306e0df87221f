import threading
import time
from pathlib import Path

import numpy as np
import pytest
from painters import identity, negative, stylizer
from patience import PATIENCE, wait_until
from picture_files import assert_same_pixels, profile_with_red_and_blue_swapped, save
from PIL import ExifTags, Image
from user_errors import message_of

from restyle.media.folders import Job, jobs, unfinished
from restyle.media.images import Picture, read_image, read_recipe
from restyle.paint import pictures
from restyle.paint.pictures import PaintConfig, make_ready, paint_pictures, shrunk

KILLED = Path(__file__).parent / "killed_painting.py"
RNG = np.random.default_rng(8)


def paint(found, engine=identity, *, max_size=0, recipe=lambda job: "none"):
    return list(paint_pictures(found, stylizer(engine), PaintConfig(max_size), recipe=recipe))


def noise(*shape):
    return RNG.integers(0, 256, shape, dtype=np.uint8)


# What comes out is what went in, as it was seen.


def kinds_of_pictures(folder):
    """A picture of every kind that a camera, a scanner or a program may write."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    color, smooth = noise(5, 8, 3), np.tile(np.arange(8, dtype=np.uint8) * 30, (5, 1))
    save(folder / "turned.jpg", np.dstack([smooth] * 3), exif=exif, quality=100)
    save(folder / "other_primaries.png", color, icc_profile=profile_with_red_and_blue_swapped())
    save(folder / "clear.png", np.dstack([color, noise(5, 8)]))
    save(folder / "gray.png", noise(5, 8))
    save(folder / "deep.png", RNG.integers(0, 65536, (5, 8), dtype=np.uint16))
    Image.fromarray(noise(5, 8, 4), "CMYK").save(folder / "inks.tif")
    Image.fromarray(color).quantize(7).save(folder / "palette.gif")
    Image.fromarray(color).convert("1").save(folder / "bits.png")
    save(folder / "pixel.bmp", noise(1, 1, 3))
    save(folder / "line.webp", noise(1, 40, 3), lossless=True)


@pytest.mark.filterwarnings("ignore:'mode' parameter:DeprecationWarning")
def test_a_network_that_changes_nothing_gives_every_kind_of_picture_as_it_was_seen(tmp_path):
    (tmp_path / "in").mkdir()
    kinds_of_pictures(tmp_path / "in")

    outcomes = paint(jobs(tmp_path / "in", tmp_path / "out", suffix=".png"))

    assert len(outcomes) == 10 and not any(outcome.error for outcome in outcomes)
    for outcome in outcomes:
        seen, result = read_image(outcome.job.source), read_image(outcome.job.target)
        assert outcome.size == seen.pixels.shape[:2] == result.pixels.shape[:2]
        np.testing.assert_allclose(result.pixels, seen.pixels, atol=1.01 / 255)
        assert (result.alpha is None) == (seen.alpha is None)
        if seen.alpha is not None and result.alpha is not None:
            np.testing.assert_allclose(result.alpha, seen.alpha, atol=1e-6)


def test_soft_edges_come_out_as_dark_as_they_were_seen(tmp_path):
    """Half of the ink on white looks gray; the negative of what is seen is asked for."""
    source = save(tmp_path / "ink.png", np.array([[[40, 40, 40, 204]]], np.uint8))

    paint([Job(source, tmp_path / "out.png")], negative)

    seen = 1 - 0.8 * (1 - 40 / 255)
    result = read_image(tmp_path / "out.png")
    assert result.alpha is not None and result.alpha[0, 0] == pytest.approx(0.8)
    np.testing.assert_allclose(result.pixels, 1 - seen, atol=1 / 255)


def test_the_recipe_is_that_of_the_job(tmp_path):
    found = [Job(save(tmp_path / f"{n}.png", noise(3, 3)), tmp_path / f"{n}.jpg") for n in "ab"]

    paint(found, recipe=lambda job: f"recipe of {job.source.name}")

    assert read_recipe(tmp_path / "a.jpg") == "recipe of a.png"
    assert read_recipe(tmp_path / "b.jpg") == "recipe of b.png"


# Sizes.


@pytest.mark.parametrize(
    ("size", "expected"), [((60, 40), (30, 20)), ((40, 60), (20, 30)), ((30, 9), (30, 9))]
)
def test_max_size_makes_larger_pictures_smaller_and_no_picture_larger(tmp_path, size, expected):
    source = save(tmp_path / "photo.png", noise(*size, 4))

    [outcome] = paint([Job(source, tmp_path / "out.png")], max_size=30)

    result = read_image(tmp_path / "out.png")
    assert outcome.size == result.pixels.shape[:2] == expected
    assert result.alpha is not None and result.alpha.shape == expected


def test_without_a_max_size_a_picture_is_not_touched():
    picture = Picture(RNG.random((4, 9, 3)), None, "a note")

    assert shrunk(picture, 0) is picture
    assert shrunk(picture, 9) is picture
    assert shrunk(picture, 8).note == "a note"


# Many pictures.


def test_reading_painting_and_writing_go_on_at_the_same_time(tmp_path, monkeypatch):
    found = [Job(Path(f"{number}.png"), tmp_path / f"{number}.png") for number in range(4)]
    together = threading.Barrier(3, timeout=PATIENCE)

    def read(path):
        if path.stem == "3":
            together.wait()
        return Picture(np.full((1, 1, 3), int(path.stem), np.float32), None)

    def engine(inputs):
        if inputs["images"].max() == 1:
            together.wait()
        return inputs["images"]

    def write(path, pixels, **_):
        if path.stem == "0":
            together.wait()

    monkeypatch.setattr(pictures, "read_image", read)
    monkeypatch.setattr(pictures, "write_image", write)

    outcomes = paint(found, engine)

    assert [outcome.job for outcome in outcomes] == found
    assert not together.broken


@pytest.mark.parametrize("slow", ["reading", "painting", "writing"])
def test_no_more_pictures_are_held_than_a_few(tmp_path, monkeypatch, slow):
    begun, ended = [], []

    def read(path):
        begun.append(path)
        time.sleep(0.002 * (slow == "reading"))
        return Picture(np.zeros((1, 1, 3), np.float32), None)

    def engine(inputs):
        time.sleep(0.002 * (slow == "painting"))
        return inputs["images"]

    def write(path, pixels, **_):
        time.sleep(0.002 * (slow == "writing"))
        ended.append(len(begun) - len(ended))

    monkeypatch.setattr(pictures, "read_image", read)
    monkeypatch.setattr(pictures, "write_image", write)

    paint([Job(Path(f"{n}"), tmp_path / f"{n}.png") for n in range(40)], engine)
    assert max(ended) <= 7


def test_bad_files_are_outcomes_with_their_reason_and_the_rest_is_painted(tmp_path):
    (tmp_path / "in").mkdir()
    content = save(tmp_path / "in" / "whole.png", noise(20, 20, 3)).read_bytes()
    (tmp_path / "in" / "cut.png").write_bytes(content[:200])
    (tmp_path / "in" / "text.jpg").write_text("A picture paints a thousand words.")
    (tmp_path / "in" / "link.png").symlink_to("gone.png")
    save(tmp_path / "photo.png", noise(4, 4, 3)).rename(tmp_path / "in" / "png.jpg")

    outcomes = paint(jobs(tmp_path / "in", tmp_path / "out"))

    reasons = {"cut.png": "is broken", "text.jpg": "is not a picture", "link.png": "No image at"}
    errors = {each.job.source.name: each.error for each in outcomes if each.error}
    assert errors.keys() == reasons.keys()
    for name, error in errors.items():
        assert str(tmp_path / "in" / name) in error and reasons[name] in error
        assert "\n" not in error
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"whole.png", "png.jpg"}


def test_a_result_that_cannot_be_written_is_an_outcome(guarded):
    for folder in ("in/a", "in/b", "out/a"):
        (guarded / folder).mkdir(parents=True)
    for name in "ab":
        save(guarded / "in" / name / "photo.png", noise(4, 4, 3))
    (guarded / "out" / "a").chmod(0o555)

    outcomes = paint(jobs(guarded / "in", guarded / "out"))

    assert "read-only" in outcomes[0].error and not outcomes[1].error


def test_a_mistake_in_the_program_is_not_taken_for_a_bad_picture(tmp_path):
    source = save(tmp_path / "photo.png", noise(4, 4, 3))

    with pytest.raises(ZeroDivisionError):
        paint([Job(source, tmp_path / "out.png")], lambda inputs: 1 // 0)


def test_closed_early_it_ends_what_it_is_writing_and_begins_nothing_more(tmp_path, monkeypatch):
    written, begun, go_on = [], threading.Event(), threading.Event()

    def write(path, pixels, **_):
        if path.stem == "1":
            begun.set()
            assert go_on.wait(PATIENCE)
        written.append(path.stem)

    monkeypatch.setattr(pictures, "write_image", write)
    source = save(tmp_path / "photo.png", noise(4, 4, 3))
    found = [Job(source, tmp_path / f"{number}.png") for number in range(20)]
    threads = threading.active_count()

    outcomes = paint_pictures(found, stylizer(), PaintConfig(), recipe=lambda job: "")
    next(outcomes)
    assert begun.wait(PATIENCE)
    threading.Timer(0.05, go_on.set).start()
    outcomes.close()

    assert written == ["0", "1", "2"]
    wait_until(lambda: threading.active_count() <= threads)


def test_the_folder_of_a_result_is_made_and_one_that_cannot_be_is_named(guarded):
    make_ready(guarded / "new" / "folder" / "out.png")
    assert (guarded / "new" / "folder").is_dir()

    (guarded / "file").write_text("")
    for folder in (guarded / "file", guarded / "file" / "below"):
        assert f"Cannot make the folder '{folder}'" in message_of(make_ready, folder / "out.png")
    guarded.chmod(0o555)
    assert "Permission denied" in message_of(make_ready, guarded / "newer" / "out.png")


# Going on after a kill. The process is a real one.


def test_a_killed_run_leaves_whole_pictures_and_the_next_one_paints_the_others(start, tmp_path):
    source, target = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    photo = save(source / "000.png", noise(200, 300, 3))
    for number in range(1, 100):
        (source / f"{number:03}.png").hardlink_to(photo)

    process = start(source, target, script=KILLED)
    try:
        wait_until(lambda: len(list(target.glob("*.png"))) >= 5, 10 * PATIENCE)
    finally:
        process.kill()
        process.communicate()

    done = {path: path.stat().st_mtime_ns for path in target.glob("*.png")}
    assert 5 <= len(done) < 100
    for path in done:
        assert_same_pixels(path, photo)
    left = unfinished(jobs(source, target))
    assert len(left) == 100 - len(done)
    assert len(paint(left[:3])) == 3
    assert all(path.stat().st_mtime_ns == when for path, when in done.items())
