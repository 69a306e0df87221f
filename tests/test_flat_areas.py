import numpy as np
import pytest
from picture_files import gray

from benchmarks.flat_areas import (
    flat_area_numbers,
    flat_areas,
    foreign_colors,
    grain,
    lab,
    phase_variance,
)

RNG = np.random.default_rng(0)
SIZE = (160, 200)


FLAT = gray(np.full(SIZE, 128.0))
NOISE = gray(128 + RNG.normal(0, 6, SIZE))


def with_dots(picture, rows, columns):
    dotted = picture.copy()
    dotted[rows, columns] += 40 / 255
    return dotted


def numbers(result, photo=FLAT):
    measured = flat_area_numbers(result, photo)
    return measured["kurtosis in flat areas"], measured["phase variance / expected"]


def test_noise_has_the_kurtosis_of_a_gaussian_and_no_lattice():
    of_kurtosis, of_phase = numbers(NOISE)

    assert of_kurtosis == pytest.approx(3, abs=0.3)
    assert of_phase == pytest.approx(1, abs=0.5)


def test_isolated_bright_dots_raise_the_kurtosis_and_not_the_phase_variance():
    rows, columns = RNG.integers(SIZE[0], size=60), RNG.integers(SIZE[1], size=60)

    of_kurtosis, of_phase = numbers(with_dots(NOISE, rows, columns))

    assert of_kurtosis > 5
    assert of_phase == pytest.approx(1, abs=0.5)


def test_a_lattice_of_period_8_raises_the_phase_variance():
    rows, columns = np.meshgrid(np.arange(3, SIZE[0], 8), np.arange(5, SIZE[1], 8))

    assert numbers(with_dots(NOISE, rows, columns))[1] > 10


def test_chance_gives_a_phase_variance_of_one_whatever_the_shape_of_the_area():
    corner = np.add.outer(np.arange(SIZE[0]), np.arange(SIZE[1])) < 120
    measured = [phase_variance(RNG.normal(size=SIZE), corner) for _ in range(60)]

    assert np.mean(measured) == pytest.approx(1, abs=0.1)


def test_where_the_photo_is_not_flat_nothing_is_measured():
    photo = FLAT.copy()
    photo[:, 100:] = gray(128 + RNG.normal(0, 30, SIZE))[:, 100:]
    dotted = with_dots(NOISE, RNG.integers(SIZE[0], size=60), RNG.integers(110, SIZE[1], 60))

    assert numbers(dotted, photo)[0] == pytest.approx(3, abs=0.3)
    assert flat_areas(photo)[:, :96].all() and not flat_areas(photo)[:, 104:].any()


def test_a_deviation_just_below_3_levels_is_flat_and_just_above_is_not():
    stripes = np.where(np.arange(SIZE[1]) % 2, 1.0, -1.0) * np.ones(SIZE)  # Deviation 0.99 in 7.

    assert flat_areas(gray(200 + 2.9 * stripes))[10:-10, 10:-10].all()
    assert not flat_areas(gray(200 + 3.1 * stripes))[10:-10, 10:-10].any()


def test_slopes_and_broad_strokes_are_no_grain():
    slope = gray(np.add.outer(np.arange(SIZE[0]), np.arange(SIZE[1])) / 2.0)
    assert np.abs(grain(slope)[4:-4, 4:-4]).max() < 1e-3

    stroke = gray(np.where((np.arange(SIZE[1]) // 30) % 2, 90.0, 160.0) * np.ones(SIZE))
    assert not grain(stroke).any()


def test_the_photo_is_brought_to_the_size_of_the_result():
    assert numbers(NOISE, FLAT[:50, :70]) == numbers(NOISE, FLAT)


def test_without_a_flat_area_there_is_no_number():
    measured = flat_area_numbers(NOISE, gray(128 + RNG.normal(0, 60, SIZE)))

    assert measured["flat area"] == 0
    assert np.isnan(measured["kurtosis in flat areas"])
    assert np.isnan(measured["phase variance / expected"])


@pytest.mark.parametrize(
    ("color", "expected"),
    [
        ((1.0, 1.0, 1.0), (100.0, 0.0, 0.0)),
        ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0)),
        ((1.0, 0.0, 0.0), (53.24, 80.09, 67.20)),  # As tables of sRGB's primaries have them.
        ((0.0, 0.0, 1.0), (32.30, 79.19, -107.86)),
    ],
)
def test_lab_of_known_colors(color, expected):
    np.testing.assert_allclose(lab(np.array([[color]]))[0, 0], expected, atol=0.05)


def test_colors_count_as_foreign_when_the_painting_has_none_like_them():
    painting = np.zeros((8, 8, 3))
    painting[:4] = (0.8, 0.4, 0.1)
    result = np.zeros((10, 10, 3))
    result[:5] = (0.81, 0.4, 0.11)  # Almost the painting's.
    result[5, :3] = (0.1, 0.8, 0.2)

    assert foreign_colors(result, painting) == pytest.approx(0.03)
    assert foreign_colors(painting, painting) == 0
