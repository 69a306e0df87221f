"""HEIC, written by the encoder of pillow-heif, read everywhere that pictures are."""

import sys

import numpy as np
import picture_files
import pillow_heif
import pytest
from PIL import ExifTags, Image

from restyle.errors import UserError
from restyle.media import images
from restyle.media.folders import find_pictures
from restyle.media.heif_files import is_heif
from restyle.media.photo_crops import CropPlan, read_crop
from restyle.media.video.files import is_video

RNG = np.random.default_rng(11)
EXACT = {"quality": -1, "chroma": 444, "matrix_coefficients": 0}


def ramp(height=24, width=32):
    return Image.fromarray(picture_files.ramp(height, width))


def save(path, image, **options):
    pillow_heif.from_pillow(image).save(path, **EXACT | options)
    return path


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_turned_once_though_both_file_and_exif_say_so(tmp_path, orientation):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    heic = save(tmp_path / "a.heic", ramp(), exif=exif.tobytes())
    ramp().save(tmp_path / "a.png", exif=exif)

    upright, picture = images.read_image(tmp_path / "a.png").pixels, images.read_image(heic)
    assert images.image_size(heic) == upright.shape[:2]
    np.testing.assert_allclose(picture.pixels, upright, atol=1e-6)
    assert picture.alpha is None and picture.note == ""


@pytest.mark.parametrize("name", ["a.heic", "a.png"])
def test_transparency_and_profile_mean_what_they_mean_in_a_png(tmp_path, name):
    swapped = picture_files.profile_with_red_and_blue_swapped()
    image = Image.new("RGBA", (8, 8), (200, 100, 0, 51))
    if name == "a.heic":
        save(tmp_path / name, image, icc_profile=swapped)
    else:
        image.save(tmp_path / name, icc_profile=swapped)

    picture = images.read_image(tmp_path / name)
    assert picture.alpha is not None
    np.testing.assert_allclose(picture.alpha, 0.2, atol=1e-6)
    seen = 0.8 + 0.2 * np.array([0, 100, 200]) / 255
    np.testing.assert_allclose(picture.pixels[4, 4], seen, atol=1.5 / 255)


def test_of_several_pictures_the_main_one_is_read_and_a_note_says_so(tmp_path):
    several = pillow_heif.from_pillow(Image.new("RGB", (16, 16), "blue"))
    several.add_from_pillow(Image.new("RGB", (16, 16), "red"))
    several.save(tmp_path / "a.heic", primary_index=1, **EXACT)

    picture = images.read_image(tmp_path / "a.heic")
    np.testing.assert_array_equal(picture.pixels[8, 8], (1, 0, 0))
    assert picture.note == f"'{tmp_path}/a.heic': main of 2 frames"


def test_however_it_is_broken_the_error_is_one_line_that_names_it(tmp_path):
    path = save(tmp_path / "a.heic", ramp())
    sound = np.frombuffer(path.read_bytes(), np.uint8)
    cuts = [sound[: len(sound) * tenth // 10] for tenth in range(1, 10)]
    spoiled = [sound.copy() for _ in range(40)]
    for content in spoiled:
        content[RNG.integers(12, len(sound), 4)] = RNG.integers(0, 256, 4)
    refused = 0
    for content in [*cuts, *spoiled]:
        path.write_bytes(content.tobytes())
        try:
            images.read_image(path)
        except UserError as error:
            refused += 1
            assert str(error).startswith(f"'{path}' is ") and "\n" not in str(error)

    assert refused > len(cuts)


def test_it_is_known_by_its_content_and_is_no_video_and_no_avif(tmp_path):
    heic = save(tmp_path / "a.heic", ramp()).rename(tmp_path / "photo.jpg")
    ramp().save(tmp_path / "a.avif")

    assert is_heif(heic) and not is_video(heic)
    assert not any(is_heif(path) for path in (tmp_path / "a.avif", tmp_path, tmp_path / "gone"))
    assert images.image_size(heic) == (24, 32)


def test_without_the_package_it_is_said_how_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    path = tmp_path / "a.heic"
    path.write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")

    assert not is_video(path)
    for read in (images.read_image, images.image_size):
        with pytest.raises(UserError, match="^'.*a.heic' .* pip install pillow-heif$"):
            read(path)


@pytest.mark.parametrize("plan", [CropPlan(), CropPlan(0.3, 1.0, 0.2, True)], ids=str)
def test_a_crop_to_learn_from_is_that_of_the_same_photo_in_png(tmp_path, plan):
    photo = ramp(60, 80)
    photo.save(tmp_path / "a.png")
    expected = read_crop(tmp_path / "a.png", 16, plan)

    assert find_pictures(save(tmp_path / "a.heic", photo).parent)[0].name == "a.heic"
    np.testing.assert_allclose(read_crop(tmp_path / "a.heic", 16, plan), expected, atol=1e-6)
    save(tmp_path / "b.heic", photo, thumbnails=[40])  # What is cut is the same in a thumbnail.
    np.testing.assert_allclose(read_crop(tmp_path / "b.heic", 16, plan), expected, atol=0.05)


def test_it_is_not_written(tmp_path):
    with pytest.raises(UserError, match=r"out.heic' .* format .* \.jpg, \.png"):
        images.check_writable(tmp_path / "out.heic")
