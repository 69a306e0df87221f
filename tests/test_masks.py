import math

import numpy as np
import pytest
from PIL import Image
from user_errors import message_of

from restyle import masks
from restyle.errors import UserError


def save(path, levels, mode="L"):
    Image.fromarray(np.asarray(levels, np.uint8), mode=mode).save(path)
    return path


def left_half(height, width):
    levels = np.zeros((height, width), np.uint8)
    levels[:, : width // 2] = 255
    return levels


def test_white_is_the_region_and_gray_is_part_of_it(tmp_path):
    path = save(tmp_path / "m.png", [[0, 51, 255]])
    mask = masks.read_mask(path, (1, 3))

    assert mask.dtype == np.float32
    np.testing.assert_allclose(mask, [[0, 0.2, 1]], atol=1e-6)


@pytest.mark.parametrize("size", [(20, 40), (40, 80), (5, 10), (60, 120)])
def test_a_mask_takes_the_size_of_the_picture(tmp_path, size):
    mask = masks.read_mask(save(tmp_path / "m.png", left_half(40, 80)), size)

    height, width = size
    assert mask.shape == size
    np.testing.assert_array_equal(mask[:, : width // 2 - 2], 1)
    np.testing.assert_array_equal(mask[:, width // 2 + 2 :], 0)


def test_a_mask_and_its_negative_share_out_every_pixel(tmp_path):
    white_left = masks.read_mask(save(tmp_path / "a.png", left_half(40, 81)), (17, 34))
    white_right = masks.read_mask(save(tmp_path / "b.png", 255 - left_half(40, 81)), (17, 34))

    np.testing.assert_allclose(white_left + white_right, 1, atol=1e-5)


def test_what_is_transparent_does_not_belong_to_the_region(tmp_path):
    white_on_nothing = [[(255, 255), (255, 51), (255, 0), (0, 255), (0, 0)]]
    path = save(tmp_path / "m.png", white_on_nothing, "LA")

    np.testing.assert_allclose(masks.read_mask(path, (1, 5)), [[1, 0.2, 0, 0, 0]], atol=1e-6)


@pytest.mark.parametrize("levels", [np.zeros((4, 6)), np.dstack([np.zeros((4, 6, 2))])])
def test_a_black_mask_is_said_to_select_nothing(tmp_path, levels):
    path = save(tmp_path / "m.png", levels, "L" if levels.ndim == 2 else "LA")

    with pytest.raises(UserError, match="is black: it selects nothing") as caught:
        masks.read_mask(path, (4, 6))
    assert str(path) in str(caught.value)


def test_a_mask_of_another_aspect_is_refused_with_both_sizes(tmp_path):
    path = save(tmp_path / "m.png", left_half(40, 80))

    with pytest.raises(
        UserError, match="m.png' is 40 x 80, but its picture is 80 x 40 .*aspects differ"
    ):
        masks.read_mask(path, (80, 40))


@pytest.mark.parametrize(("original", "long_side"), [((1080, 1919), 512), ((333, 1000), 77)])
def test_a_mask_may_be_rounded_to_whole_pixels_but_not_be_cropped(tmp_path, original, long_side):
    height, width = (side * long_side / max(original) for side in original)
    for rounding in (math.floor, math.ceil):
        rounded = rounding(height), rounding(width)
        for drawn, size in ((rounded, original), (original, rounded)):
            whole = save(tmp_path / "m.png", left_half(*drawn))
            assert masks.read_mask(whole, size).shape == size
    crop = save(tmp_path / "crop.png", left_half(round(height), round(width) - 5))
    assert "aspects differ" in message_of(masks.read_mask, crop, original)


def test_a_whole_painting_needs_no_mask_drawn(tmp_path):
    drawn = str(save(tmp_path / "m.png", left_half(4, 6)))

    assert (masks.read_style_mask("all", (8, 12)) == 1).all()
    half = masks.read_mask(drawn, (8, 12))
    np.testing.assert_array_equal(masks.read_style_mask(drawn, (8, 12)), half)


def test_masks_are_paired_in_their_order_and_without_style_masks_paintings_are_whole():
    assert masks.mask_pairs(["a", "b"], ["c", "d"], ["x"] * 2) == [("a", "c"), ("b", "d")]
    assert masks.mask_pairs(["a", "b"], [], ["x"] * 2) == [("a", "all"), ("b", "all")]
    assert masks.mask_pairs([], [], ["x"] * 2) == []


@pytest.mark.parametrize(
    "counts", [(1, 2, 2), (2, 1, 2), (2, 2, 1), (0, 1, 1), (3, 2, 1), (1, 0, 2)]
)
def test_any_other_number_of_masks_is_refused_with_the_counts(counts):
    expected = "Got {} content masks and {} style masks for {} styles".format(*counts)

    with pytest.raises(UserError, match=expected):
        masks.mask_pairs(*(["x"] * count for count in counts))
