import sys

import cv2
import numpy as np
import picture_files
import pytest

from restyle.errors import UserError
from restyle.paint import flow

RNG = np.random.default_rng(0)


def scenery(height=60, width=80):
    return picture_files.scenery(RNG, (height, width), (6, 18))


def shifted(right, down, height=60, width=80):
    """Two views of one scenery: what is at p in the first is at p + (right, down) in the second."""
    large = scenery(height + 40, width + 40)
    views = [(20, 20), (20 - down, 20 - right)]
    return [large[y : y + height, x : x + width] for y, x in views]


def constant(right, down, height=60, width=80):
    return np.full((height, width, 2), (right, down), np.float32)


def distance(field, truth):
    """Mean distance of two flows, in pixels: the end-point error."""
    return np.linalg.norm(field - truth, axis=-1).mean()


# The flow.


@pytest.mark.parametrize("motion", [(0, 0), (1, 0), (0, 3), (-4, 2)])
def test_the_flow_of_a_shifted_picture_is_its_shift(motion):
    found = flow.optical_flow(*shifted(*motion))

    assert found.dtype == np.float32
    inner = found[8:-8, 8:-8]  # What comes in at the border was not seen before.
    assert distance(inner, motion) < 0.05


@pytest.mark.parametrize("size", [(16, 16), (15, 100), (100, 8), (12, 640), (9, 9)])
def test_a_narrow_picture_has_a_flow_too(size):
    found = flow.optical_flow(*shifted(1, 0, *size))

    assert found.shape == (*size, 2)
    assert distance(found, (1, 0)) < 0.6


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (3, 2)])
def test_the_smallest_pictures_have_a_finite_flow(size):
    found = flow.optical_flow(RNG.random((*size, 3)), RNG.random((*size, 3)))

    assert found.shape == (*size, 2)
    assert np.isfinite(found).all()


def test_the_number_of_threads_does_not_change_the_flow():
    pair = shifted(3, 2)
    threads = cv2.getNumThreads()
    try:
        found = []
        for number in (1, 3):
            cv2.setNumThreads(number)
            found.append(flow.optical_flow(*pair))
    finally:
        cv2.setNumThreads(threads)

    np.testing.assert_array_equal(*found)


def test_frames_of_two_sizes_have_no_flow():
    with pytest.raises(ValueError, match=r"\(20, 30, 3\) and \(20, 31, 3\)"):
        flow.optical_flow(scenery(20, 30), scenery(20, 31))


def test_without_opencv_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(UserError, match="pip install opencv-python-headless$"):
        flow.optical_flow(scenery(), scenery())


# Warping.


def test_a_warp_fetches_each_pixel_from_where_the_flow_points():
    pixels = RNG.random((9, 14, 3), np.float32)
    x, y = np.meshgrid(np.arange(14), np.arange(9))
    x_from, y_from = RNG.integers(0, 14, (9, 14)), RNG.integers(0, 9, (9, 14))
    field = np.stack([x_from - x, y_from - y], axis=-1).astype(np.float32)

    np.testing.assert_allclose(flow.warp(pixels, field), pixels[y_from, x_from], atol=1e-6)


def test_a_warp_between_pixels_is_bilinear():
    pixels = RNG.random((9, 14, 3), np.float32)
    warped = flow.warp(pixels, constant(0.25, 0.5, 9, 14))

    rows = (pixels[:-1] + pixels[1:]) / 2
    expected = 0.75 * rows[:, :-1] + 0.25 * rows[:, 1:]
    np.testing.assert_allclose(warped[:-1, :-1], expected, atol=1e-6)


def test_outside_of_the_picture_is_its_nearest_edge():
    pixels = RNG.random((9, 14, 3), np.float32)
    warped = flow.warp(pixels, constant(3, -2, 9, 14))

    continued = np.pad(pixels, [(2, 0), (0, 3), (0, 0)], "edge")
    np.testing.assert_allclose(warped, continued[:9, 3:], atol=1e-6)


# Consistency.


def test_a_flow_undone_by_the_flow_back_is_consistent_where_it_stays_inside():
    mask = flow.consistent(constant(5, -2), constant(-5, 2))

    expected = np.zeros((60, 80), bool)
    expected[2:, :-5] = True
    np.testing.assert_array_equal(mask, expected)


@pytest.mark.parametrize(
    ("direction", "border"),
    [((1, 0), np.s_[:, -1]), ((-1, 0), np.s_[:, 0]), ((0, 1), np.s_[-1]), ((0, -1), np.s_[0])],
)
def test_the_picture_ends_half_a_pixel_beyond_its_outermost_pixels(direction, border):
    def mask(length):
        motion = length * np.float32(direction)
        return flow.consistent(constant(*motion), constant(*-motion))

    assert mask(0.45).all()
    assert not mask(0.55)[border].any()
    assert mask(0.55).sum() == 60 * 80 - mask(0.55)[border].size


@pytest.mark.parametrize("motion", [0, 3, 20])
def test_equation_4_allows_an_error_that_grows_with_the_motion(motion):
    errors = np.arange(0, 5, 0.01)
    limit = 0.01 * (motion**2 + (motion - errors) ** 2) + 0.5
    largest = errors[errors**2 <= limit].max()

    def trusted(error):
        return flow.consistent(constant(0, motion), constant(0, error - motion))[30, 30]

    assert trusted(largest - 0.005)
    assert not trusted(largest + 0.015)


@pytest.mark.parametrize(("slope", "expected"), [(0.04, True), (0.05, False)])
def test_equation_5_finds_the_edge_of_a_motion_by_its_gradient(slope, expected):
    # sqrt(0.002) = 0.0447 where nothing moves, which is in the middle.
    right = slope * (np.arange(80, dtype=np.float32) - 40)
    field = np.stack(np.broadcast_arrays(right, np.zeros((60, 1), np.float32)), axis=-1)

    assert flow.consistent(field, flow.warp(-field, -field / 2))[30, 40] == expected


def test_the_uncovered_background_is_found_in_frames_too():
    background, square = scenery(96, 128), scenery(48, 48)
    before, after = background.copy(), background.copy()
    before[24:72, 40:88] = square
    after[24:72, 48:96] = square
    mask = flow.consistent(flow.optical_flow(after, before), flow.optical_flow(before, after))

    assert mask[26:70, 41:47].mean() < 0.1  # Uncovered between the two frames.
    assert mask[32:64, 56:80].mean() > 0.95  # The square itself.
    assert mask[:16].mean() > 0.9 and mask[80:].mean() > 0.9  # What never moves.


# Errors.


def test_a_video_that_moves_with_the_film_has_no_warping_error():
    before, after = shifted(3, 1)
    to_former, mask = constant(-3, -1), flow.consistent(constant(-3, -1), constant(3, 1))

    assert flow.warping_error(before, after, to_former, mask) < 1e-12
    assert flow.warping_error(before, after, constant(0, 0), mask) > 1e-3


def test_the_warping_error_is_the_mean_square_over_the_mask():
    before, after = RNG.random((2, 6, 8, 3), np.float32)
    mask = RNG.random((6, 8)) < 0.5
    error = flow.warping_error(before, after, constant(0, 0, 6, 8), mask)

    expected = sum(np.square(after - before)[y, x].sum() for y, x in np.argwhere(mask))
    np.testing.assert_allclose(error, expected / (3 * mask.sum()), rtol=1e-5)


def test_nothing_to_compare_is_no_warping_error_at_all():
    nowhere = np.zeros((60, 80), bool)

    assert np.isnan(flow.warping_error(scenery(), scenery(), constant(0, 0), nowhere))
