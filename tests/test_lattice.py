"""The lattice of a picture is the power of its pattern of period 4, and nothing else."""

import keras
import numpy as np
import pytest

from restyle.training.lattice import lattice

SIDE = 72  # Without the border of 4 pixels on which no mean of 9 x 9 fits: 64.
PLACES = np.arange(SIDE)


def gray(values):
    return np.repeat(values[None, :, :, None], 3, axis=-1).astype(np.float32)


def wave_of(period):
    """Around 0.5, of power 0.01, along the rows; with some of it along the columns."""
    wave = np.cos(2 * np.pi * (PLACES[:, None] + 2 * PLACES[None]) / period + 0.3)
    return 0.5 + 0.1 * np.sqrt(2) * wave


@pytest.mark.parametrize("across", [False, True])
def test_a_wave_of_period_4_has_its_own_power(across):
    picture = gray(wave_of(4).T if across else wave_of(4))

    # The mean over 9 x 9 pixels keeps 1/9 of the wave in one direction and 1/9 in the other.
    np.testing.assert_allclose(lattice(picture), [0.01 * (1 - 1 / 81) ** 2], rtol=1e-3)


@pytest.mark.parametrize("period", [8, 16, 32])
def test_a_wave_of_another_period_has_none(period):
    np.testing.assert_allclose(lattice(gray(wave_of(period))), [0], atol=1e-9)


def test_a_ramp_has_none():
    np.testing.assert_allclose(lattice(gray(PLACES[:, None] / SIDE + 0 * PLACES)), [0], atol=1e-9)


def test_noise_has_as_little_as_the_number_of_its_pixels_says():
    noise = np.random.default_rng(0).normal(0.5, 0.1, (20, SIDE, SIDE, 3)).astype(np.float32)

    # 0.01 over 16 x 16 pixels of each phase, times 15/16 for the mean of all.
    expected = 0.01 / 256 * 15 / 16
    np.testing.assert_allclose(np.mean(lattice(noise)), expected, rtol=0.1)


def test_colors_do_not_cancel_each_other():
    picture = np.stack([wave_of(4), 1 - wave_of(4), np.full((SIDE, SIDE), 0.5)], -1)[None]

    opposed, alike = lattice(picture.astype(np.float32)), lattice(gray(wave_of(4)))
    np.testing.assert_allclose(opposed, 2 / 3 * np.asarray(alike), rtol=1e-3)


def test_each_picture_of_a_batch_has_its_own():
    pictures = np.concatenate([gray(wave_of(4)), gray(wave_of(8))])[:, :, :70]

    both = keras.ops.convert_to_numpy(lattice(pictures))
    np.testing.assert_allclose(
        both, [lattice(pictures[:1])[0], lattice(pictures[1:])[0]], rtol=1e-5
    )
