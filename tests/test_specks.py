import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from restyle.media.specks import median_filter

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("side", [3, 5])
def test_each_color_becomes_the_median_of_the_square_around_it(side):
    pixels = RNG.random((7, 11, 3), dtype=np.float32)
    edge = side // 2
    padded = np.pad(pixels, [(edge, edge), (edge, edge), (0, 0)], mode="edge")
    expected = np.median(sliding_window_view(padded, (side, side), axis=(0, 1)), axis=(-2, -1))

    np.testing.assert_array_equal(median_filter(pixels, side), expected)


@pytest.mark.parametrize("side", [-3, 1, 4])
def test_a_square_that_has_no_middle_among_others_is_refused(side):
    with pytest.raises(ValueError, match=f"Got side {side}, expected an odd number"):
        median_filter(RNG.random((7, 11, 3)), side)
