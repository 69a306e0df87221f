import math

import numpy as np
import pytest
from PIL import Image, JpegImagePlugin
from user_errors import message_of

from restyle.media import photo_crops
from restyle.media.images import read_image
from restyle.media.photo_crops import CropPlan, cut_crop, read_crop, read_photo

CORNERS = [CropPlan(0.0, down, right) for down in (0.0, 1.0) for right in (0.0, 1.0)]
PLANS = [
    CropPlan(),
    CropPlan(0.0, 0.2, 0.9),
    CropPlan(0.35, 1.0, 0.0),
    CropPlan(0.7, 0.6, 1.0),
    CropPlan(0.999999, 1.0, 1.0),
]


def smooth_photo(width, height, seed=0):
    levels = np.random.default_rng(seed).integers(20, 236, (9, 9, 3), dtype=np.uint8)
    return Image.fromarray(levels).resize((width, height), Image.Resampling.BICUBIC)


def ramp(width, height):
    """A photo that says where it is: red is the column and green the row, from 0 to 1."""
    columns, rows = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    pixels = np.stack([columns, rows, 0 * rows], -1)
    return Image.fromarray(np.rint(255 * pixels).astype(np.uint8))


@pytest.mark.parametrize("plan", PLANS, ids=str)
@pytest.mark.parametrize("size", [(200, 121), (121, 200)])
def test_a_crop_is_the_part_of_the_photo_that_the_plan_says(tmp_path, plan, size):
    width, height = size
    ramp(width, height).save(tmp_path / "a.png")

    crop = read_crop(tmp_path / "a.png", 40, plan)

    square = 40 + plan.zoom * (121 - 40)
    steps = (np.arange(40) + 0.5) * square / 40 - 0.5
    columns = (plan.right * (width - square) + steps) / (width - 1)
    rows = (plan.down * (height - square) + steps) / (height - 1)
    inside = slice(2, -2)  # At its border the kernel is one-sided.
    expected = np.broadcast_to(columns, (40, 40)), np.broadcast_to(rows[:, None], (40, 40))
    for channel, values in enumerate(expected):
        np.testing.assert_allclose(
            crop[inside, inside, channel], values[inside, inside], atol=1.5 / 255
        )


@pytest.mark.parametrize("plan", CORNERS, ids=str)
def test_the_smallest_crop_is_the_photos_own_pixels(tmp_path, plan):
    photo = smooth_photo(70, 50)
    photo.save(tmp_path / "a.png")
    top, left = round(plan.down * 18), round(plan.right * 38)

    crop = read_crop(tmp_path / "a.png", 32, plan)

    assert crop.dtype == np.float32
    np.testing.assert_array_equal(
        crop, np.float32(np.asarray(photo)[top : top + 32, left : left + 32]) / 255
    )


def test_a_flipped_crop_is_the_mirror_image(tmp_path):
    smooth_photo(70, 50).save(tmp_path / "a.png")
    plan = CropPlan(0.4, 0.3, 0.8)
    flipped = CropPlan(0.4, 0.3, 0.8, flipped=True)

    crops = [read_crop(tmp_path / "a.png", 20, each) for each in (plan, flipped)]

    np.testing.assert_array_equal(crops[1], crops[0][:, ::-1])
    assert np.abs(crops[1] - crops[0]).max() > 0.05


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("size", [(60, 40), (480, 320)])
def test_a_photo_is_cut_as_its_orientation_shows_it(tmp_path, orientation, size):
    exif = Image.Exif()
    exif[0x0112] = orientation
    smooth_photo(*size).save(tmp_path / "turned.jpg", quality=95, exif=exif)
    shown = Image.fromarray(np.uint8(np.rint(255 * read_image(tmp_path / "turned.jpg").pixels)))
    shown.save(tmp_path / "shown.png")
    assert (shown.width < shown.height) == (orientation >= 5)

    for plan in (CropPlan(), CropPlan(0.5, 0.1, 0.8)):
        crops = [read_crop(tmp_path / name, 32, plan) for name in ("turned.jpg", "shown.png")]
        np.testing.assert_allclose(*crops, atol=0.04)


@pytest.mark.parametrize("plan", PLANS, ids=str)
def test_decoding_a_jpeg_at_a_smaller_scale_does_not_change_what_is_cut(tmp_path, plan):
    smooth_photo(803, 601).save(tmp_path / "a.jpg", quality=98, subsampling=0)
    Image.open(tmp_path / "a.jpg").save(tmp_path / "a.png")

    crops = [read_crop(tmp_path / name, 48, plan) for name in ("a.jpg", "a.png")]

    np.testing.assert_allclose(*crops, atol=0.03)


@pytest.mark.parametrize("zoom", [0.0, 0.2, 0.6, 1.0])
def test_a_jpeg_is_decoded_as_small_as_the_crop_allows(tmp_path, monkeypatch, zoom):
    smooth_photo(800, 600).save(tmp_path / "a.jpg")
    sizes = []
    decode = JpegImagePlugin.JpegImageFile.load

    def load(image, *arguments):
        sizes.append(image.size)
        return decode(image, *arguments)

    monkeypatch.setattr(JpegImagePlugin.JpegImageFile, "load", load)
    read_crop(tmp_path / "a.jpg", 60, CropPlan(zoom))

    square = 60 + zoom * 540
    scale = min(8, 2 ** math.floor(math.log2(square / 60)))
    assert set(sizes) == {(800 // scale, 600 // scale)}


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK", "1", "I;16", "F"])
def test_every_kind_of_pixels_is_cut_as_read_image_shows_it(tmp_path, mode):
    photo = smooth_photo(64, 48)
    if mode == "I;16":
        photo = Image.fromarray(np.asarray(photo.convert("L")).astype(np.uint16) * 257)
    elif mode == "F":
        photo = Image.fromarray(np.asarray(photo.convert("L")).astype(np.float32) / 255)
    else:
        photo = photo.convert(mode)
    if mode == "RGBA":
        photo.putalpha(Image.linear_gradient("L").resize((64, 48)))
    path = tmp_path / ("a.png" if mode not in ("CMYK", "F") else "a.tif")
    photo.save(path)

    crop = read_crop(path, 48, CropPlan(1.0, 0.0, 0.0))

    np.testing.assert_allclose(crop, read_image(path).pixels[:, :48], atol=1.01 / 255)


@pytest.mark.parametrize("size", [(31, 90), (90, 31)])
def test_a_photo_smaller_than_the_crop_is_refused_in_one_line(tmp_path, size):
    path = tmp_path / "small.png"
    smooth_photo(*size).save(path)

    assert message_of(read_crop, path, 32, CropPlan()) == (
        f"'{path}' is {size[0]} x {size[1]} pixels, but each side needs at least 32. "
        "Use a larger photo, or smaller crops."
    )
    assert read_crop(path, 31, CropPlan()).shape == (31, 31, 3)


def test_random_plans_are_of_any_zoom_anywhere_and_half_of_them_flipped():
    generator = np.random.default_rng(3)
    plans = [photo_crops.random_crop_plan(generator) for _ in range(2000)]

    for name in ("zoom", "down", "right"):
        values = [getattr(plan, name) for plan in plans]
        assert 0 <= min(values) < 0.01 and 0.99 < max(values) <= 1
        assert np.mean(values) == pytest.approx(0.5, abs=0.03)
    assert np.mean([plan.flipped for plan in plans]) == pytest.approx(0.5, abs=0.04)


@pytest.mark.parametrize("plan", [*PLANS, CropPlan(0.3, flipped=True)], ids=str)
@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_a_kept_photo_is_cut_as_its_file_unless_it_was_made_smaller(tmp_path, plan, suffix):
    path = tmp_path / f"a.{suffix}"
    smooth_photo(150, 79).save(path)

    kept = read_photo(path, 40)

    assert kept.shape == (79, 150, 3) and kept.dtype == np.uint8
    np.testing.assert_array_equal(cut_crop(kept, 40, plan), read_crop(path, 40, plan))


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_a_large_photo_is_kept_smaller_with_its_orientation_and_its_largest_square(
    tmp_path, suffix
):
    path = tmp_path / f"a.{suffix}"
    exif = Image.Exif()
    exif[0x0112] = 6  # A quarter turn.
    smooth_photo(900, 600).save(path, exif=exif)

    kept = read_photo(path, 40)

    assert kept.shape == (120, 80, 3)
    for plan in (CropPlan(), CropPlan(1.0, 0.0), CropPlan(1.0, 1.0, flipped=True)):
        difference = cut_crop(kept, 40, plan) - read_crop(path, 40, plan)
        assert np.abs(difference).max() < 4 / 255


@pytest.mark.parametrize(
    ("size", "kept"),
    [((500, 400), (500, 400)), ((513, 512), (513, 512)), ((4000, 3000), (683, 512))],
)
def test_a_photo_is_kept_at_two_crops_on_its_shorter_side(size, kept):
    assert photo_crops.kept_size(size, 256) == kept
    assert photo_crops.kept_size(size[::-1], 256) == kept[::-1]
