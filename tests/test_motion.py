import numpy as np

from restyle.training.motion import ROTATION, SHIFT, ZOOM, moved, random_motions, seen_before

RNG = np.random.default_rng(11)
STILL = np.array([[1, 0, 0, 0, 1, 0, 0, 0]], np.float32)


def shift(right, down):
    """The motion after which a picture shows at (x, y) what was at (x + right, y + down)."""
    return np.array([[1, 0, right, 0, 1, down, 0, 0]], np.float32)


def sampled(image, motion):
    """Bilinear sampling in plain numpy, 0 outside."""
    height, width, channels = image.shape
    a, b, c, d, e, f = np.float64(motion[:6])
    padded = np.zeros((height + 2, width + 2, channels))
    padded[1:-1, 1:-1] = image
    result = np.zeros(image.shape)
    for y in range(height):
        for x in range(width):
            column, row = a * x + b * y + c + 1, d * x + e * y + f + 1
            left, top = int(np.floor(column)), int(np.floor(row))
            if not (0 <= left <= width and 0 <= top <= height):
                continue
            right, down = column - left, row - top
            corners = padded[top : top + 2, left : left + 2]
            weights = np.outer([1 - down, down], [1 - right, right])
            result[y, x] = (weights[..., None] * corners).sum(axis=(0, 1))
    return result


def test_no_motion_leaves_the_picture_and_all_of_it_was_seen_before():
    images = RNG.random((2, 7, 9, 3), np.float32)
    still = np.repeat(STILL, 2, axis=0)

    np.testing.assert_allclose(moved(images, still), images, atol=1e-6)
    np.testing.assert_array_equal(seen_before(still, (7, 9)), np.ones((2, 7, 9, 1)))


def test_what_was_outside_is_mirrored_or_black():
    image = RNG.random((1, 6, 6, 3), np.float32)

    mirrored = np.asarray(moved(image, shift(2, 0)))
    black = np.asarray(moved(image, shift(2, 0), outside="constant"))

    np.testing.assert_allclose(mirrored[:, :, 4:], image[:, :, :3:-1], atol=1e-6)
    np.testing.assert_array_equal(black[:, :, 4:], 0)


def test_random_motions_are_sampled_as_the_equation_says():
    images = RNG.random((4, 12, 17, 2), np.float32)
    motions = random_motions(np.random.default_rng(0), 4, (12, 17))

    result = moved(images, motions, outside="constant")

    expected = [sampled(image, motion) for image, motion in zip(images, motions, strict=True)]
    np.testing.assert_allclose(result, expected, atol=1e-4)


def test_seen_before_is_where_the_motion_comes_from_inside():
    size = (30, 44)
    motions = random_motions(np.random.default_rng(1), 8, size)
    y, x = np.mgrid[: size[0], : size[1]]

    for motion, seen in zip(motions, np.asarray(seen_before(motions, size)), strict=True):
        a, b, c, d, e, f = np.float64(motion[:6])
        column, row = a * x + b * y + c, d * x + e * y + f
        # The distance to the border, positive inside. What is too close to tell does not count.
        margin = np.minimum.reduce([column, size[1] - 1 - column, row, size[0] - 1 - row])
        clear = np.abs(margin) > 0.01
        np.testing.assert_array_equal(seen[clear, 0], margin[clear] > 0)
        assert 0.5 < seen.mean() < 1


def test_random_motions_are_small_and_turn_about_the_center():
    height, width = 20, 50
    motions = np.float64(random_motions(np.random.default_rng(2), 3000, (height, width)))
    a, b, c, d, e, f, *rest = motions.T

    np.testing.assert_array_equal(rest, np.zeros((2, 3000)))
    zooms, angles = np.log(np.hypot(a, d)), np.arctan2(d, a)
    np.testing.assert_allclose([a, b], [e, -d], atol=1e-6)  # The aspect is kept.
    x, y = (width - 1) / 2, (height - 1) / 2
    right, down = a * x + b * y + c - x, d * x + e * y + f - y
    for values, bound in ((zooms, ZOOM), (angles, ROTATION), (right / width, SHIFT)):
        assert 0.98 * bound < np.abs(values).max() <= bound * 1.001
        assert np.abs(values.mean()) < 0.05 * bound
    assert 0.98 * SHIFT < np.abs(down / height).max() <= SHIFT * 1.001
