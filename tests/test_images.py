import errno
import io
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
from picture_files import profile_with_red_and_blue_swapped, ramp, save
from PIL import ExifTags, Image
from user_errors import message_of

from restyle.errors import UserError
from restyle.media import images
from restyle.media.transparency import on_white, without_white

RNG = np.random.default_rng(0)
HALF_A_LEVEL = 0.5 / 255 + 1e-6
RED, WHITE = (1, 0, 0), (1, 1, 1)


# Reading: the pixels.


@pytest.mark.parametrize("name", ["a.png", "a.bmp", "a.tif", "a.gif", "a.ppm", "a.jp2"])
def test_a_lossless_file_gives_its_levels_over_255(tmp_path, name):
    levels = ramp() // 64 * 64  # Few enough colors for a GIF.
    picture = images.read_image(save(tmp_path / name, levels))

    assert picture.pixels.dtype == np.float32
    np.testing.assert_allclose(picture.pixels, levels / 255, atol=1e-6)
    assert picture.alpha is None
    assert picture.note == ""


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGBA", "CMYK"])
def test_every_mode_shows_black_and_white(tmp_path, mode):
    levels = np.zeros((4, 4, 3), np.uint8)
    levels[:, 2:] = 255
    name = "a.tif" if mode == "CMYK" else "a.png"
    picture = images.read_image(save(tmp_path / name, levels, mode))

    np.testing.assert_array_equal(picture.pixels, levels / 255)
    assert picture.alpha is None


DEEP = np.array([[0, 1, 1000], [32768, 65534, 65535]], np.uint16)


@pytest.mark.parametrize(
    ("name", "samples", "white"),
    [
        *((name, DEEP, 65535) for name in ("a.png", "a.tif", "a.pgm")),
        ("a.tif", np.array([[0, 0.25, 1]], np.float32), 1),
    ],
)
def test_gray_of_16_bits_or_floats_keeps_all_its_levels(tmp_path, name, samples, white):
    picture = images.read_image(save(tmp_path / name, samples))

    expected = np.repeat(samples[..., np.newaxis] / white, 3, axis=-1)
    np.testing.assert_allclose(picture.pixels, expected, atol=1e-7)


def test_16_bit_colors_keep_their_upper_8_bits(tmp_path):
    deep = np.array([[(0, 1000, 65535), (40000, 32768, 255)]], np.uint16)
    cv2.imwrite(str(tmp_path / "a.png"), deep[..., ::-1])

    pixels = images.read_image(tmp_path / "a.png").pixels
    np.testing.assert_allclose(pixels, deep / 65535, atol=1 / 255)


@pytest.mark.parametrize("bad", [200, -3, np.nan])
def test_float_samples_far_from_0_to_1_are_refused_not_clipped(tmp_path, bad):
    path = save(tmp_path / "a.tif", np.array([[0, 0.5, bad]], np.float32))

    assert "expected 0 to 1" in message_of(images.read_image, path)


# Reading: transparency.


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.webp"])
def test_transparent_parts_are_laid_on_white_and_alpha_is_kept(tmp_path, name):
    levels = np.full((2, 3, 4), (255, 0, 0, 255), np.uint8)
    levels[:, :, 3] = (0, 51, 255)
    options = {"lossless": True, "exact": True} if name.endswith("webp") else {}
    picture = images.read_image(save(tmp_path / name, levels, **options))

    assert picture.alpha is not None
    np.testing.assert_allclose(picture.alpha[0], [0, 0.2, 1], rtol=1e-6)
    np.testing.assert_allclose(picture.pixels[0], [WHITE, (1, 0.8, 0.8), RED], rtol=1e-6)


PALETTE = Image.new("P", (2, 1))
PALETTE.putpalette([9, 8, 7, 0, 0, 255])
PALETTE.putpixel((1, 0), 1)


@pytest.mark.parametrize(
    ("name", "levels", "clear"),
    [
        ("a.png", PALETTE, 1),
        ("a.png", PALETTE, b"\xff\x00"),
        ("a.gif", PALETTE, 1),
        ("a.png", np.array([[7, 90]], np.uint8), 90),
        ("a.png", np.array([[7, 40000]], np.uint16), 40000),
        ("a.png", np.array([[(7, 7, 7), (9, 8, 7)]], np.uint8), (9, 8, 7)),
    ],
)
def test_a_color_named_transparent_becomes_alpha(tmp_path, name, levels, clear):
    picture = images.read_image(save(tmp_path / name, levels, transparency=clear))

    np.testing.assert_array_equal(picture.alpha, [[1, 0]])
    np.testing.assert_array_equal(picture.pixels[0, 1], WHITE)
    assert np.all(picture.pixels[0, 0] < 0.1)


# Reading: orientation, color profiles, animations.


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif", "a.webp", "a.avif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_upright_and_its_size_is_known_beforehand(tmp_path, name, orientation):
    turn_back = {  # What the camera did to the upright picture: EXIF 2.3, tag 0x0112.
        1: lambda p: p,
        2: lambda p: p[:, ::-1],
        3: lambda p: p[::-1, ::-1],
        4: lambda p: p[::-1],
        5: lambda p: p.transpose(1, 0, 2),
        6: lambda p: np.rot90(p, 1),
        7: lambda p: p[::-1, ::-1].transpose(1, 0, 2),
        8: lambda p: np.rot90(p, -1),
    }[orientation]
    upright = ramp(24, 32)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    stored = np.ascontiguousarray(turn_back(upright))
    path = save(tmp_path / name, stored, exif=exif, quality=95)

    assert images.image_size(path) == (24, 32)
    assert np.abs(images.read_image(path).pixels - upright / 255.0).mean() < 0.03


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_colors_mean_what_the_profile_says(tmp_path, name, mode):
    levels = ramp() // 128 * 128
    image = Image.fromarray(levels)
    image = image.quantize(8) if mode == "P" else image.convert(mode)
    path = save(tmp_path / name, image, icc_profile=profile_with_red_and_blue_swapped())
    picture = images.read_image(path)

    seen = np.asarray(image.convert("RGB"))[..., ::-1]
    np.testing.assert_allclose(picture.pixels, seen / 255, atol=1 / 255 + 1e-6)
    assert picture.note == ""


def profile_with_invisible_cyan():
    """A CMYK profile of ICC version 2: black ink is black, the other three do not show."""
    identity, grid = bytes(range(256)), b"\xff\x80\x80\x00\x80\x80" * 8  # Lab, K fastest.
    matrix = (65536 * np.eye(3)).astype(">i4").tobytes()
    lookup = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + matrix + identity * 4 + grid + identity * 3
    white = np.array([0.9642, 1, 0.8249]) * 65536  # Of D50, as the format prescribes.
    white_point = b"XYZ " + bytes(4) + white.astype(">i4").tobytes()
    header = bytearray(128)
    header[8], header[36:40] = 2, b"acsp"
    header[12:24] = b"prtrCMYKLab "
    header[68:80] = white_point[8:]
    start = len(header) + 4 + 2 * 12
    tags = np.array([start, len(white_point), start + len(white_point), len(lookup)], ">u4")
    table = b"\0\0\0\2wtpt" + tags[:2].tobytes() + b"A2B0" + tags[2:].tobytes()
    profile = header + table + white_point + lookup
    profile[:4] = len(profile).to_bytes(4, "big")
    return bytes(profile)


@pytest.mark.parametrize("name", ["a.jpg", "a.tif"])
def test_inks_mean_what_the_profile_says(tmp_path, name):
    inks = np.zeros((16, 48, 4), np.uint8)
    inks[:, 16:32, 0] = 255
    inks[:, 32:, 3] = 255
    path = tmp_path / name
    image = Image.fromarray(inks, mode="CMYK")

    image.save(path, quality=100)
    np.testing.assert_allclose(images.read_image(path).pixels[8, 24], (0, 1, 1), atol=0.01)
    image.save(path, quality=100, icc_profile=profile_with_invisible_cyan())
    picture = images.read_image(path)
    np.testing.assert_allclose(picture.pixels[8, [8, 24, 40]], [WHITE, WHITE, (0, 0, 0)], atol=0.01)
    assert picture.note == ""


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_broken_profile_is_ignored_with_a_note(tmp_path, mode):
    levels = np.full((4, 4, 3), 51, np.uint8)
    path = save(tmp_path / "a.tif", levels, mode, icc_profile=b"no profile at all")
    picture = images.read_image(path)

    np.testing.assert_allclose(picture.pixels, levels / 255, rtol=1e-6)
    assert picture.note == f"'{path}': its color profile is broken and was ignored"


@pytest.mark.parametrize("name", ["a.gif", "a.png", "a.webp", "a.tif"])
def test_of_an_animation_the_first_frame_is_read_and_a_note_says_so(tmp_path, name):
    frames = [Image.new("RGB", (4, 4), color) for color in ("red", "green", "blue")]
    options = {"lossless": True} if name == "a.webp" else {}
    path = save(tmp_path / name, frames[0], save_all=True, append_images=frames[1:], **options)
    picture = images.read_image(path)

    np.testing.assert_array_equal(picture.pixels, np.broadcast_to(RED, (4, 4, 3)))
    assert picture.note == f"'{path}': first of 3 frames"


def test_a_jpeg_with_a_second_picture_inside_is_no_animation(tmp_path):
    first, second = Image.new("RGB", (16, 16), "red"), Image.new("RGB", (16, 16), "blue")
    path = save(tmp_path / "a.mpo", first, save_all=True, append_images=[second])
    picture = images.read_image(path.rename(tmp_path / "a.jpg"))

    np.testing.assert_allclose(picture.pixels[8, 8], RED, atol=0.02)
    assert picture.note == ""


# Reading: what goes wrong.


READERS = pytest.mark.parametrize("read", [images.read_image, images.image_size])


@READERS
def test_a_missing_image_is_one_line_that_says_where_it_was_looked_for(tmp_path, monkeypatch, read):
    monkeypatch.chdir(tmp_path)

    assert message_of(read, "gone.jpg") == f"No image at 'gone.jpg' (looked in {tmp_path})."
    absolute = tmp_path / "gone.jpg"
    assert message_of(read, absolute) == f"No image at '{absolute}'."


@READERS
@pytest.mark.parametrize(
    ("make", "said"),
    [
        (Path.mkdir, "is a folder."),
        (Path.touch, "is empty (0 bytes)."),
        (
            lambda path: path.write_text("Dear diary. " * 80),
            "is not a picture in a known format (AVIF, BMP, ",
        ),
    ],
    ids=["folder", "empty", "text"],
)
def test_what_is_no_picture_is_said_to_be_none(tmp_path, read, make, said):
    path = tmp_path / "a.jpg"
    make(path)

    assert message_of(read, path).startswith(f"'{path}' {said}")


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif", "a.gif", "a.webp", "a.bmp", "a.avif"])
def test_whatever_bytes_are_missing_or_wrong_the_error_is_the_users(tmp_path, name):
    path = save(tmp_path / name, RNG.integers(0, 256, (32, 32, 3), np.uint8))
    sound = np.frombuffer(path.read_bytes(), np.uint8)
    path.write_bytes(sound[: len(sound) // 2].tobytes())
    assert message_of(images.read_image, path).startswith(f"'{path}' is ")
    for _ in range(60):
        broken = sound.copy()
        broken[RNG.integers(2, len(sound), 3)] = RNG.integers(0, 256, 3)
        path.write_bytes(broken.tobytes())
        try:
            images.read_image(path)
        except UserError as error:
            assert str(error).startswith(f"'{path}' ")


@pytest.mark.parametrize("side", [13400, 60000])  # More than we take; more than Pillow takes.
@READERS
def test_a_bomb_is_refused_before_it_goes_off(tmp_path, read, side):
    file = io.BytesIO()
    Image.new("1", (1, 1)).save(file, "BMP")
    header = bytearray(file.getvalue())
    header[18:26] = np.array([side, side], "<i4").tobytes()
    path = tmp_path / "a.bmp"
    path.write_bytes(header)

    assert message_of(read, path).startswith(f"'{path}' is too large: ")


@READERS
def test_as_many_pixels_as_the_limit_are_read(tmp_path, monkeypatch, read):
    path = save(tmp_path / "a.png", ramp(6, 8))
    monkeypatch.setattr("restyle.media.image_files.MAX_PIXELS", 48)
    read(path)
    monkeypatch.setattr("restyle.media.image_files.MAX_PIXELS", 47)
    assert "8 x 6 pixels are 48, the limit is 47" in message_of(read, path)


def test_a_file_without_read_permission_is_said_to_be_so(guarded):
    path = save(guarded / "a.png", ramp())
    path.chmod(0)

    message = message_of(images.read_image, path)
    assert message.startswith(f"'{path}' cannot be read: permission denied.")


def test_what_pillow_warns_of_stays_inside(tmp_path):
    image = Image.fromarray(ramp()).quantize(4)
    path = save(tmp_path / "a.png", image, transparency=b"\x00\x80\xff\xff")

    with pytest.warns(UserWarning, match="Transparency"), Image.open(path) as opened:
        opened.convert("RGB")
    with warnings.catch_warnings(record=True) as leaked:
        images.read_image(path)

    assert not leaked


# Writing.


def test_a_jpeg_keeps_the_colors_of_single_pixels(tmp_path):
    red_and_blue = np.zeros((16, 16, 3))
    red_and_blue[:, ::2, 0] = 1
    red_and_blue[:, 1::2, 2] = 1
    images.write_image(tmp_path / "o.jpg", red_and_blue)

    written = images.read_image(tmp_path / "o.jpg").pixels
    assert np.abs(written - red_and_blue).max() < 0.1  # 0.5 if chroma is subsampled.


@pytest.mark.parametrize("name", ["o.jpg", "o.webp"])
def test_a_lossy_format_loses_no_more_than_two_levels_of_brightness(tmp_path, name):
    brightness = images.resize(RNG.random((16, 16)), (64, 64))
    pixels = np.repeat(brightness[..., np.newaxis], 3, axis=-1)
    images.write_image(tmp_path / name, pixels)

    written = images.read_image(tmp_path / name).pixels
    assert 255 * np.abs(written - pixels).mean() < 2


def test_a_gif_shows_a_photo_in_few_colors_that_are_right_on_average(tmp_path):
    pixels = images.resize(RNG.random((5, 7, 3)), (100, 140))
    images.write_image(tmp_path / "o.gif", pixels)
    picture = images.read_image(tmp_path / "o.gif")

    assert len(np.unique(picture.pixels.reshape(-1, 3), axis=0)) <= 255
    small = (10, 14)
    error = images.resize(picture.pixels, small) - images.resize(pixels, small)
    assert np.abs(error).mean() < 1.5 / 255


@pytest.mark.parametrize("name", ["o.png", "o.jpg", "o.webp", "o.tif", "o.gif"])
def test_a_recipe_is_read_back_as_it_was_written(tmp_path, name):
    recipe = '{"content": "grüne Brücke.jpg",\n "style": "神奈川沖浪裏", "steps": 500}'
    images.write_image(tmp_path / name, RNG.random((8, 8, 3)), recipe=recipe)

    assert images.read_recipe(tmp_path / name) == recipe


@pytest.mark.parametrize("name", ["o.png", "o.jpg", "o.bmp", "o.gif"])
def test_a_picture_without_a_recipe_is_said_to_have_none(tmp_path, name):
    exif = Image.Exif()
    exif[ExifTags.Base.ImageDescription] = "A bridge, by a camera."
    path = save(tmp_path / name, ramp(), exif=exif, comment="A bridge, by a camera.")

    assert message_of(images.read_recipe, path).startswith(f"'{path}' holds no recipe")


@pytest.mark.parametrize("failure", [OSError(errno.ENOSPC, "No space left"), KeyboardInterrupt()])
def test_a_write_that_fails_halfway_leaves_the_old_picture_and_nothing_else(
    tmp_path, monkeypatch, failure
):
    path = tmp_path / "o.png"
    path.write_bytes(b"the old picture")

    def save_half(image, file, *args, **options):
        file.write(b"half a picture")
        raise failure

    monkeypatch.setattr(Image.Image, "save", save_half)
    with pytest.raises((UserError, KeyboardInterrupt)) as caught:
        images.write_image(path, np.zeros((2, 2, 3)))

    assert path.read_bytes() == b"the old picture"
    assert list(tmp_path.iterdir()) == [path]
    if caught.type is UserError:
        assert str(caught.value).startswith(f"'{path}' cannot be written: No space left")


def test_a_picture_too_large_for_its_format_is_a_user_error(tmp_path):
    with pytest.raises(UserError, match="o.webp' cannot be written: .*16383"):
        images.write_image(tmp_path / "o.webp", np.zeros((1, 16384, 3)))
    with pytest.raises(UserError, match="o.gif' cannot be written: a side is too long"):
        images.write_image(tmp_path / "o.gif", np.zeros((1, 65536, 3)))

    assert not list(tmp_path.iterdir())


def test_writing_through_a_link_keeps_the_link(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "o.png").symlink_to(tmp_path / "real" / "o.png")
    images.write_image(tmp_path / "o.png", np.zeros((2, 2, 3)))

    assert (tmp_path / "o.png").is_symlink()
    assert images.image_size(tmp_path / "real" / "o.png") == (2, 2)


def test_a_written_file_has_the_permissions_of_any_new_file(tmp_path):
    (tmp_path / "any").touch()
    images.write_image(tmp_path / "o.png", np.zeros((2, 2, 3)))

    assert (tmp_path / "o.png").stat().st_mode == (tmp_path / "any").stat().st_mode


@pytest.mark.parametrize(
    "pixels", [np.zeros((1, 4, 4, 3)), np.zeros((4, 4)), np.full((4, 4, 3), np.nan)]
)
def test_what_is_no_picture_never_replaces_one(tmp_path, pixels):
    (tmp_path / "o.png").write_bytes(b"the old picture")

    with pytest.raises(ValueError, match=r"finite pixels of shape \(h, w, 3\)"):
        images.write_image(tmp_path / "o.png", pixels)
    assert (tmp_path / "o.png").read_bytes() == b"the old picture"


# Asking beforehand.


WRITERS = pytest.mark.parametrize(
    "write", [images.check_writable, lambda path: images.write_image(path, np.zeros((2, 2, 3)))]
)


@pytest.mark.parametrize("name", ["out", "out.xyz", "out.psd", ".png"])
@WRITERS
def test_a_name_without_a_known_ending_lists_those_that_work(tmp_path, write, name):
    message = message_of(write, tmp_path / name)

    assert message.startswith(f"'{tmp_path / name}' ")
    assert ".jpg, .png, .tif" in message


@WRITERS
def test_a_missing_folder_and_one_in_the_place_of_the_picture_are_named(tmp_path, write):
    (tmp_path / "o.png").mkdir()

    missing = message_of(write, tmp_path / "gone" / "o.png")
    assert f"there is no folder '{tmp_path / 'gone'}'" in missing
    assert message_of(write, tmp_path / "o.png").startswith(f"'{tmp_path / 'o.png'}' is a folder.")


@WRITERS
def test_what_is_read_only_is_not_written_to(guarded, write):
    path = guarded / "o.png"
    path.write_bytes(b"precious")
    path.chmod(0o444)
    assert f"'{path}' is read-only" in message_of(write, path)
    assert path.read_bytes() == b"precious"
    guarded.chmod(0o555)
    assert f"'{guarded}' is read-only" in message_of(write, guarded / "new.png")


# Levels and sizes.


def test_levels_come_back_from_pixels_which_go_to_the_nearest_and_are_clipped():
    levels = np.arange(256, dtype=np.uint8)
    pixels = np.array([-0.3, 0.4 / 255, 0.6 / 255, 254.6 / 255, 1.7], np.float32)

    np.testing.assert_array_equal(images.quantize(images.dequantize(levels)), levels)
    np.testing.assert_array_equal(images.quantize(pixels), [0, 0, 1, 255, 255])


@pytest.mark.parametrize(
    ("size", "long_side", "expected"),
    [
        ((300, 400), 200, (150, 200)),
        ((400, 300), 800, (800, 600)),
        ((5, 5), 7, (7, 7)),
        ((1, 5000), 512, (1, 512)),
    ],
)
def test_the_long_side_fits_and_the_aspect_stays(size, long_side, expected):
    assert images.fit_long_side(size, long_side) == expected


def test_a_ramp_stays_a_ramp_when_enlarged():
    ramp_along_width = np.repeat(np.linspace(0, 1, 8)[np.newaxis, :, np.newaxis], 3, axis=2)
    resized = images.resize(np.repeat(ramp_along_width, 4, axis=0), (4, 16))

    assert resized.dtype == np.float32 and resized.shape == (4, 16, 3)
    position = (np.arange(16) + 0.5) / 2 - 0.5  # Of pixel centers, in the small picture.
    expected = np.broadcast_to(position[4:12] / 7, (4, 8))
    np.testing.assert_allclose(resized[:, 4:12, 1], expected, atol=0.01)


def test_fine_stripes_become_gray_not_coarse_stripes():
    stripes = np.zeros((64, 64, 3))
    stripes[:, ::2] = 1

    shrunk = images.resize(stripes, (20, 20))
    np.testing.assert_allclose(shrunk[2:-2, 2:-2], 0.5, atol=0.03)


def test_a_resized_edge_stays_within_0_and_1():
    edge = np.zeros((16, 16, 3))
    edge[:, 8:] = 1
    resized = images.resize(edge, (40, 40))

    assert resized.min() == 0
    assert resized.max() == 1


@pytest.mark.parametrize("size", [(8, 8), (64, 64)])
def test_a_resized_mask_has_no_ripples_beside_its_edge(size):
    mask = np.zeros((32, 32))
    mask[:, 16:] = 1
    row = images.resize(mask, size)[0]

    assert np.all(np.diff(row) >= 0)
    assert np.all(row[: size[1] * 3 // 8] == 0)


def test_threads_may_read_at_the_same_time(tmp_path):
    paths = [save(tmp_path / f"{i}.png", np.full((9, 9, 3), i, np.uint8)) for i in range(40)]
    with ThreadPoolExecutor(40) as threads:
        pictures = list(threads.map(images.read_image, paths))

    seen = [images.quantize(picture.pixels)[0, 0, 0] for picture in pictures]
    assert seen == list(range(40))


FORMATS = {".png": "PNG", ".jpg": "JPEG", ".JPG": "JPEG", ".webp": "WEBP"}
FORMATS |= {".tif": "TIFF", ".tiff": "TIFF", ".bmp": "BMP"}


@pytest.mark.parametrize("ending", FORMATS)
@pytest.mark.parametrize("alpha", [None, RNG.random((6, 8), dtype=np.float32)])
def test_the_format_follows_the_name_and_as_saved_is_what_it_gives_back(tmp_path, ending, alpha):
    """Where the format has no alpha, that is the picture laid on white."""
    pixels, path = RNG.random((6, 8, 3), dtype=np.float32), tmp_path / f"o{ending}"
    images.write_image(path, pixels, alpha=alpha, recipe="{}")
    picture, form = images.read_image(path), FORMATS[ending]

    with Image.open(path) as image:
        assert image.format == form
    saved = images.as_saved(pixels, ending, alpha=alpha)
    np.testing.assert_array_equal(saved, picture.pixels)
    opacity = np.ones((6, 8)) if alpha is None else alpha
    if form not in ("JPEG", "WEBP"):
        seen = 1 - opacity[..., np.newaxis] * (1 - pixels)
        np.testing.assert_allclose(picture.pixels, seen, atol=2 * HALF_A_LEVEL)
    assert (picture.alpha is None) == (alpha is None or form in ("JPEG", "BMP"))
    if picture.alpha is not None:
        np.testing.assert_allclose(picture.alpha, opacity, atol=HALF_A_LEVEL)


def test_colors_without_white_are_those_that_were_laid_on_it():
    colors, alpha = RNG.random((6, 8, 3), dtype=np.float32), RNG.uniform(0.1, 1, (6, 8))

    np.testing.assert_allclose(without_white(on_white(colors, alpha), alpha), colors, atol=1e-5)
    np.testing.assert_array_equal(without_white(colors, None), colors)


def test_what_is_too_dark_for_its_opacity_becomes_black_and_what_is_clear_stays_finite():
    colors = without_white(np.full((1, 3, 3), 0.25), np.array([[0.5, 0.75, 0.0]]))

    np.testing.assert_allclose(colors[0, :, 0], [0, 0, 0])
