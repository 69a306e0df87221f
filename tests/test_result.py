import numpy as np
import pytest

from restyle.color import luminance, without_white
from restyle.exact.problem import Problem
from restyle.exact.result import as_saved, finished, saved_alpha
from restyle.exact.settings import OptimizeConfig
from restyle.media.images import quantize, read_image, resize, write_image

RNG = np.random.default_rng(11)


def picture(height, width):
    return RNG.random((height, width, 3), dtype=np.float32)


def test_an_image_of_the_right_size_is_saved_as_it_is():
    pixels, problem = picture(6, 8), Problem(picture(12, 16), [])

    assert finished(pixels, problem, OptimizeConfig(size=8)) is pixels


def test_a_run_that_was_stopped_early_is_enlarged():
    pixels, problem = picture(6, 8), Problem(picture(12, 16), [])

    np.testing.assert_array_equal(
        finished(pixels, problem, OptimizeConfig(size=12)), resize(pixels, (9, 12))
    )


def test_luminance_is_that_of_the_image_and_colour_that_of_the_content():
    content = 0.45 + 0.1 * picture(12, 16)
    pixels = 0.4 + 0.2 * picture(6, 8)

    config = OptimizeConfig(size=8, preserve_color="luminance")
    result = finished(pixels, Problem(content, []), config)

    np.testing.assert_allclose(luminance(result), luminance(pixels), atol=1e-5)
    small = resize(content, (6, 8))
    grey = luminance(result - small)[..., np.newaxis]
    np.testing.assert_allclose(result - small, np.repeat(grey, 3, axis=-1), atol=1e-5)


def test_alpha_takes_the_size_of_the_result():
    alpha = RNG.random((12, 16), dtype=np.float32)

    assert saved_alpha(Problem(picture(12, 16), []), (6, 8)) is None
    small = saved_alpha(Problem(picture(12, 16), [], alpha=alpha), (6, 8))
    np.testing.assert_array_equal(small, resize(alpha, (6, 8)))


def test_colours_without_white_are_those_that_were_laid_on_it():
    colors, alpha = picture(6, 8), RNG.uniform(0.1, 1, (6, 8))
    on_white = 1 - alpha[..., np.newaxis] * (1 - colors)

    np.testing.assert_allclose(without_white(on_white, alpha), colors, atol=1e-5)


def test_what_is_too_dark_for_its_opacity_becomes_black_and_what_is_clear_stays_finite():
    colors = without_white(np.full((1, 3, 3), 0.25), np.array([[0.5, 0.75, 0.0]]))

    np.testing.assert_allclose(colors[0, :, 0], [0, 0, 0])


def test_without_alpha_in_the_way_nothing_changes():
    pixels = picture(6, 8)

    np.testing.assert_allclose(without_white(pixels, np.ones((6, 8))), pixels, atol=1e-6)


@pytest.mark.parametrize("extension", [".png", ".jpg", ".webp", ".tif", ".bmp", ".JPG"])
@pytest.mark.parametrize("alpha", [None, RNG.random((6, 8), dtype=np.float32)])
def test_as_saved_is_what_the_file_gives_back(tmp_path, extension, alpha):
    pixels = picture(6, 8)
    path = tmp_path / f"out{extension}"
    write_image(path, pixels, alpha=alpha, recipe="{}")

    saved = as_saved(pixels, extension, alpha=alpha)

    np.testing.assert_array_equal(saved, read_image(path).pixels)


def test_a_png_only_rounds():
    pixels = picture(6, 8)

    np.testing.assert_array_equal(quantize(as_saved(pixels, ".png")), quantize(pixels))
