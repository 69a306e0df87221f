import numpy as np
import pytest
from picture_files import gray

from benchmarks.bright_dots import dots_in_dark_places

SIZE = (100, 200)


def half_dark():
    """Levels of 30 on the left and of 100 on the right, with ten dots of 60 more on each side."""
    levels = np.where(np.arange(SIZE[1]) < 100, 30.0, 100.0) * np.ones((SIZE[0], 1))
    levels[5::10, [20, 120]] += 60
    return levels


def test_dots_count_where_it_is_dark():
    assert dots_in_dark_places(gray(half_dark())) == pytest.approx((0.5, 1e6 * 10 / 10_000))


def test_faint_dots_edges_and_broad_strokes_do_not_count():
    levels = half_dark()
    levels[5::10, 20] -= 30
    levels[:, 60:66] += 60

    assert dots_in_dark_places(gray(levels))[1] == 0
