import numpy as np
import pytest

from restyle import color

RNG = np.random.default_rng(0)


def picture(height=20, width=30, spread=0.1):
    """Pixels whose channels are correlated, as in a photo, well inside [0, 1]."""
    mixing = np.array([[1, 0.6, 0.3], [0, 0.7, 0.5], [0, 0, 0.4]])
    noise = RNG.uniform(-1, 1, (height, width, 3)) @ mixing
    return np.clip(0.5 + spread * noise, 0, 1).astype(np.float32)


def gray(height=20, width=30):
    return np.repeat(RNG.uniform(0.2, 0.8, (height, width, 1)), 3, axis=-1).astype(np.float32)


def flat(*rgb):
    return np.full((20, 30, 3), rgb, np.float32)


def yiq(pixels):
    """Y, I, Q by the NTSC matrix, which keep_luminance never writes down."""
    matrix = [
        [0.299, 0.587, 0.114],
        [0.595716, -0.274453, -0.321263],
        [0.211456, -0.522591, 0.311135],
    ]
    return pixels @ np.array(matrix).T


def mean_and_covariance(pixels):
    colors = pixels.reshape(-1, 3).astype(np.float64)
    centered = colors - colors.mean(axis=0)
    return colors.mean(axis=0), centered.T @ centered / len(colors)


# Luminance.


def test_luminance_is_the_y_of_yiq():
    pixels = RNG.random((5, 7, 3))

    np.testing.assert_allclose(color.luminance(pixels), yiq(pixels)[..., 0], rtol=1e-6)


def test_keep_luminance_takes_y_from_one_picture_and_i_and_q_from_the_other():
    stylized, content = picture(), picture()
    kept = yiq(color.keep_luminance(stylized, content))

    np.testing.assert_allclose(kept[..., 0], yiq(stylized)[..., 0], atol=1e-6)
    np.testing.assert_allclose(kept[..., 1:], yiq(content)[..., 1:], atol=1e-5)


BRIGHT, COLORFUL = RNG.random((2, 20, 30, 3))
KEPT = color.keep_luminance(BRIGHT, COLORFUL)


def test_a_color_without_room_becomes_paler_but_keeps_its_hue_and_the_luminance_stays():
    kept, wanted = yiq(KEPT)[..., 1:], yiq(COLORFUL)[..., 1:]

    assert KEPT.min() >= 0 and KEPT.max() <= 1
    np.testing.assert_allclose(yiq(KEPT)[..., 0], yiq(BRIGHT)[..., 0], atol=1e-6)
    # The same direction in the plane of I and Q, no longer than it was.
    turned = kept[..., 0] * wanted[..., 1] - kept[..., 1] * wanted[..., 0]
    np.testing.assert_allclose(turned, 0, atol=1e-5)
    assert np.all(np.sum(kept * wanted, axis=-1) >= -1e-6)
    assert np.all(np.linalg.norm(kept, axis=-1) <= np.linalg.norm(wanted, axis=-1) + 1e-5)


def test_a_color_is_made_no_paler_than_it_must():
    all_of_it = np.isclose(yiq(KEPT)[..., 1:], yiq(COLORFUL)[..., 1:], atol=1e-5).all(axis=-1)
    at_the_border = (np.minimum(KEPT, 1 - KEPT) < 1e-6).any(axis=-1)

    assert np.all(all_of_it | at_the_border)
    assert all_of_it.any() and at_the_border.any()


@pytest.mark.parametrize("function", [color.keep_luminance, color.match_color])
def test_a_picture_with_its_own_colors_stays_as_it_is(function):
    pixels = picture(spread=0.5)  # With values at 0 and 1.
    kept = function(pixels, pixels)

    assert kept.dtype == np.float32
    np.testing.assert_allclose(kept, pixels, atol=1e-5)


# Mean and covariance.


def test_the_transform_gives_the_style_the_mean_and_covariance_of_the_content():
    style, content = picture(), picture(31, 17)[..., ::-1]
    matrix, offset = color.color_transform(style, content)

    moved = style.astype(np.float64) @ matrix.T + offset
    for got, wanted in zip(mean_and_covariance(moved), mean_and_covariance(content), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-9, atol=1e-12)


def test_the_transform_is_that_of_image_analogies_with_roots_by_denman_and_beavers():
    style, content = picture(), picture()[..., ::-1]

    def root_and_inverse_root(matrix):
        root, inverse = matrix, np.eye(3)
        for _ in range(30):
            root, inverse = (root + np.linalg.inv(inverse)) / 2, (inverse + np.linalg.inv(root)) / 2
        return root, inverse

    content_root, _ = root_and_inverse_root(mean_and_covariance(content)[1])
    _, style_inverse_root = root_and_inverse_root(mean_and_covariance(style)[1])
    matrix, _ = color.color_transform(style, content)

    np.testing.assert_allclose(matrix, content_root @ style_inverse_root, rtol=1e-6, atol=1e-8)


def test_match_color_is_the_transform_clipped():
    style, content = picture(), np.clip(picture(spread=0.6) + 0.2, 0, 1)
    matrix, offset = color.color_transform(style, content)
    matched = color.match_color(style, content)

    unclipped = style @ matrix.T + offset
    assert unclipped.max() > 1
    np.testing.assert_allclose(matched, np.clip(unclipped, 0, 1), atol=1e-6)


def test_a_flat_style_becomes_the_mean_of_the_content():
    content = picture()
    matched = color.match_color(flat(0.1, 0.9, 0.3), content)

    np.testing.assert_allclose(matched, flat(*content.mean(axis=(0, 1))), atol=1e-6)


def test_a_gray_style_keeps_its_one_dimension_and_takes_the_mean():
    content = picture()
    style = gray()
    matched = color.match_color(style, content)

    deviations = matched.reshape(-1, 3) - content.mean(axis=(0, 1))
    singular_values = np.linalg.svd(deviations, compute_uv=False)
    assert singular_values[0] > 0.1
    assert singular_values[1] < 1e-3 * singular_values[0]


def test_noise_of_half_a_level_in_a_gray_style_is_not_blown_up_into_colors():
    clean, content = gray(), picture(spread=0.4)
    noisy = clean + RNG.normal(0, 0.5 / 255, (20, 30, 3))
    difference = color.match_color(noisy, content) - color.match_color(clean, content)

    assert np.abs(difference).max() < 5 / 255
