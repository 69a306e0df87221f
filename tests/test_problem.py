import numpy as np

from restyle.color import luminance
from restyle.exact.problem import Problem, finished, saved_alpha
from restyle.exact.settings import OptimizeConfig
from restyle.media.images import resize

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


def test_luminance_is_that_of_the_image_and_color_that_of_the_content():
    content = 0.45 + 0.1 * picture(12, 16)
    pixels = 0.4 + 0.2 * picture(6, 8)

    config = OptimizeConfig(size=8, preserve_color="luminance")
    result = finished(pixels, Problem(content, []), config)

    np.testing.assert_allclose(luminance(result), luminance(pixels), atol=1e-5)
    small = resize(content, (6, 8))
    gray = luminance(result - small)[..., np.newaxis]
    np.testing.assert_allclose(result - small, np.repeat(gray, 3, axis=-1), atol=1e-5)


def test_alpha_takes_the_size_of_the_result():
    alpha = RNG.random((12, 16), dtype=np.float32)

    assert saved_alpha(Problem(picture(12, 16), []), (6, 8)) is None
    small = saved_alpha(Problem(picture(12, 16), [], alpha=alpha), (6, 8))
    np.testing.assert_array_equal(small, resize(alpha, (6, 8)))
