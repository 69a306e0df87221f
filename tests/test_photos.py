import os
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from user_errors import message_of

from restyle.media.photo_crops import CropPlan, read_crop, read_photo
from restyle.training import photos
from restyle.training.photos import Photos, crop_plans, epoch_order, skipped_text

SIDE = 16


def save_photo(path, seed=0, size=(40, 24)):
    path.parent.mkdir(parents=True, exist_ok=True)
    levels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(levels).save(path)


@pytest.fixture
def folder(tmp_path):
    """Twelve sound photos of several formats and sizes, in folders in folders."""
    for index in range(12):
        suffix = ("jpg", "png", "webp", "bmp")[index % 4]
        place = ("", "deep", "deep/er")[index % 3]
        size = (SIDE + 7 * index, SIDE + 3 * (11 - index))
        save_photo(tmp_path / "in" / place / f"photo{index}.{suffix}", index, size)
    return tmp_path / "in"


def cut_off(path):
    """Leaves the header and the first few pixels of a file."""
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])


def spoil(folder):
    """Files in a folder that are no photos; returns the names of those that are to be skipped."""
    (folder / "empty.jpg").touch()
    (folder / "letter.jpg").write_text("Dear Sir or Madam, this is no photo.")
    (folder / "half_a_header.jpg").write_bytes((folder / "photo0.jpg").read_bytes()[:15])
    (folder / "gone.jpg").symlink_to("nowhere.jpg")
    save_photo(folder / "tiny.png", size=(SIDE - 1, 90))
    (folder / "album.jpg").mkdir()
    (folder / "notes.txt").write_text("not a picture, and not named like one")
    return {"empty.jpg", "letter.jpg", "half_a_header.jpg", "gone.jpg", "tiny.png"}


def names(paths):
    return {path.name for path in paths}


def test_a_folder_is_read_with_all_below_it_in_every_format_and_size(folder):
    found = Photos(str(folder), SIDE, 0)

    assert names(found.training) == {path.name for path in folder.rglob("photo*")}
    assert len(found.training) == 12 and not found.skipped
    order = np.arange(12)
    crops = [found.crop_of(place, SIDE, CropPlan(), order) for place in order]
    assert {crop.shape for crop in crops} == {(SIDE, SIDE, 3)}
    assert not found.skipped


def test_what_is_no_photo_is_skipped_counted_and_named_once(folder):
    bad = spoil(folder)
    found = Photos(str(folder), SIDE, 4)

    assert names(found.skipped) == bad
    assert not names(found.training + found.held_out) & bad
    assert len(found.training) == 8
    for path, reason in found.skipped.items():
        assert reason.count(f"'{path}'") == 1 and "\n" not in reason
    text = skipped_text(found.skipped)
    assert text.startswith("skipped 5 of the pictures: '") and text.endswith("; and 2 more")
    assert sum(text.count(name) for name in bad) == 3 and "\n" not in text


def test_a_name_that_is_no_text_is_a_name(folder):
    shutil.copy(folder / "photo0.jpg", os.fsencode(folder) + b"/caf\xe9.jpg")

    assert len(Photos(str(folder), SIDE, 4).training) == 9


def test_a_photo_broken_behind_its_header_is_replaced_by_the_next_of_the_order(folder):
    found = Photos(str(folder), SIDE, 0)
    order, plan = np.array([5, 2, 9, 0, 1, 3, 4, 6, 7, 8, 10, 11]), CropPlan(0.5, 0.2, 0.7)
    expected = read_crop(found.training[0], SIDE, plan)
    broken = [found.training[2], found.training[9]]
    for path in broken:
        cut_off(path)
    again = Photos(str(folder), SIDE, 0)

    assert len(again.training) == 12, "the headers are sound"
    for _ in range(2):
        np.testing.assert_array_equal(again.crop_of(1, SIDE, plan, order), expected)
    assert list(again.skipped) == broken


def test_the_photo_after_the_last_of_the_order_is_its_first(folder):
    found = Photos(str(folder), SIDE, 0)
    first = read_crop(found.training[4], SIDE, CropPlan())
    found.training[7].unlink()

    crop = found.crop_of(1, SIDE, CropPlan(), [4, 7])

    np.testing.assert_array_equal(crop, first)


def test_where_a_photo_has_one_color_the_next_one_is_seen(tmp_path):
    framed, scene = np.zeros((2, 60, 40, 3), np.uint8)
    framed[20:] = scene[:] = np.random.default_rng(0).integers(0, 256, (40, 40, 3))[:1]
    Image.fromarray(framed).save(tmp_path / "1.png")
    Image.fromarray(scene).save(tmp_path / "2.png")
    found = Photos(str(tmp_path), SIDE, 0)
    border, middle = CropPlan(zoom=0, down=0), CropPlan(zoom=0)

    at_border, at_middle = (found.crop_of(0, SIDE, plan, np.arange(2)) for plan in (border, middle))

    np.testing.assert_array_equal(at_border, read_crop(tmp_path / "2.png", SIDE, border))
    np.testing.assert_array_equal(at_middle, read_crop(tmp_path / "1.png", SIDE, middle))
    assert not found.skipped


def test_when_all_photos_have_become_unreadable_one_line_says_so(folder):
    found = Photos(str(folder), SIDE, 0)
    shutil.rmtree(folder)

    assert message_of(found.crop_of, 3, SIDE, CropPlan(), range(12)) == (
        f"'{folder}' has no photo left to train on: all 12 were broken, removed or "
        "of a single color. Give a folder of other photos."
    )


def test_a_folder_without_a_usable_picture_says_what_it_holds(tmp_path):
    save_photo(tmp_path / "tiny.png", size=(9, 5))
    (tmp_path / "zero.jpg").touch()

    text = message_of(Photos, str(tmp_path), SIDE, 4)
    assert text.startswith(f"'{tmp_path}' has no photo to train on: none of its 2 pictures can be")
    assert f"'{tmp_path}/tiny.png' is 9 x 5 pixels, but each side needs at least 16" in text


def test_photos_held_out_are_not_trained_on_and_depend_on_names_alone(folder, tmp_path):
    found = Photos(str(folder), SIDE, 5)

    held_out, training = names(found.held_out), names(found.training)
    assert len(held_out) == 5 and len(training) == 7 and not held_out & training

    # The same names in another folder, in one level, in other sizes and with other pixels.
    for path in folder.rglob("photo*"):
        save_photo(tmp_path / "other" / path.name, seed=99, size=(50, 33))
    moved = Photos(str(tmp_path / "other"), SIDE, 5)
    assert names(moved.held_out) == held_out
    # They are no alphabetical few, and more of them are the same and others.
    assert held_out != set(sorted(held_out | training)[:5])
    assert names(Photos(str(folder), SIDE, 3).held_out) < held_out


@pytest.mark.parametrize("photos, held_out", [(1, 0), (2, 1), (5, 2), (8, 4)])
def test_at_least_half_of_the_photos_are_trained_on(tmp_path, photos, held_out):
    for index in range(photos):
        save_photo(tmp_path / f"{index}.png", index)

    found = Photos(str(tmp_path), SIDE, 4)

    assert len(found.held_out) == held_out
    assert len(found.training) == photos - held_out


def test_held_out_crops_are_the_largest_central_squares_of_those_that_are_sound(folder):
    found = Photos(str(folder), SIDE, 4)
    for broken in found.held_out[1:2]:
        broken.unlink()

    crops = found.held_out_crops()

    sound = [path for path in found.held_out if path.exists()]
    np.testing.assert_array_equal(crops, [read_crop(path, SIDE, CropPlan()) for path in sound])
    assert list(found.skipped) == found.held_out[1:2]


def test_the_fingerprint_tells_folders_apart_by_names_and_sizes(folder):
    fingerprint = Photos(str(folder), SIDE, 4).fingerprint
    assert Photos(str(folder), SIDE, 0).fingerprint == fingerprint

    # What is skipped does not count.
    (folder / "letter.jpg").write_text("no photo")
    assert Photos(str(folder), SIDE, 4).fingerprint == fingerprint

    (folder / "photo0.jpg").rename(folder / "renamed.jpg")
    renamed = Photos(str(folder), SIDE, 4).fingerprint
    with (folder / "renamed.jpg").open("ab") as file:
        file.write(b"\0")
    longer = Photos(str(folder), SIDE, 4).fingerprint
    assert len({fingerprint, renamed, longer}) == 3


def test_an_epochs_order_holds_every_photo_once_and_is_its_own():
    orders = [tuple(epoch_order(seed, epoch, 30)) for seed in (0, 1) for epoch in (0, 1, 2)]

    assert all(sorted(order) == list(range(30)) for order in orders)
    assert len(set(orders)) == 6
    assert tuple(epoch_order(1, 2, 30)) == orders[-1]


def test_crop_plans_depend_on_seed_and_step_and_differ_within_a_step():
    plans = [tuple(crop_plans(seed, step, 4)) for seed in (0, 1) for step in (0, 1)]

    assert len({plan for group in plans for plan in group}) == 16
    assert tuple(crop_plans(1, 1, 4)) == plans[-1]
    assert tuple(crop_plans(1, 1, 2)) == plans[-1][:2]


def test_cached_photos_give_the_same_crops_and_are_decoded_once(folder, monkeypatch):
    reads = []

    def counted(path, side):
        reads.append(path)
        return read_photo(path, side)

    monkeypatch.setattr(photos, "read_photo", counted)
    fresh, cached = (Photos(str(folder), 24, 0, cache=cache) for cache in (False, True))
    for step in range(4):
        plans, order = crop_plans(0, step, 3), epoch_order(0, step, len(fresh.training))
        for place, plan in enumerate(plans):
            crop = cached.crop_of(place, 24, plan, order)
            np.testing.assert_array_equal(crop, fresh.crop_of(place, 24, plan, order))
    assert len(reads) == len(set(reads)) > 4


def test_a_cache_that_memory_cannot_hold_is_refused_with_its_size(folder, monkeypatch):
    free = SimpleNamespace(available=2 * 3 * 12 * 16 * 16)  # Each photo is larger than that.
    monkeypatch.setattr(photos.psutil, "virtual_memory", lambda: free)

    Photos(str(folder), SIDE, 0)
    said = message_of(Photos, str(folder), SIDE, 0, cache=True)
    assert "--cache_photos would take 0.0 GB for the 12 photos" in said
