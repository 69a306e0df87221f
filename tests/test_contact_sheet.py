import numpy as np

from restyle.media.contact_sheet import GAP, LINE, contact_sheet
from restyle.media.images import dequantize

RNG = np.random.default_rng(5)


def picture(height, width):
    """Dark, unlike paper; of eight-bit levels, which a sheet can hold exactly."""
    return dequantize(RNG.integers(0, 200, (height, width, 3), dtype=np.uint8))


def test_every_picture_is_at_its_place_pixel_for_pixel():
    sizes = [[(30, 90), (40, 120)], [(50, 100), (20, 80)]]
    rows = [[picture(*size) for size in row] for row in sizes]

    sheet = contact_sheet(rows, row_labels=["up", "down"], column_labels=["a", "b"])

    tops, lefts = (2 * LINE, 3 * LINE + 40 + GAP), (GAP, GAP + 100 + GAP)
    for row, top in zip(rows, tops, strict=True):
        for cell, left in zip(row, lefts, strict=True):
            height, width = cell.shape[:2]
            np.testing.assert_array_equal(sheet[top : top + height, left : left + width], cell)
    assert sheet.shape == (3 * LINE + 40 + GAP + 50 + 2 * GAP, 100 + 120 + 3 * GAP, 3)


def test_labels_stand_above_what_they_name():
    sheet = contact_sheet([[picture(40, 150)] * 2], row_labels=["row"], column_labels=["one", "l"])

    ink = (sheet < 0.9).any(axis=-1)
    column_labels, row_label = ink[:LINE], ink[LINE : 2 * LINE]
    left_half = slice(0, GAP + 150)
    assert column_labels[:, left_half].sum() > column_labels[:, GAP + 150 :].sum() > 0
    assert row_label[:, left_half].any() and not row_label[:, GAP + 150 :].any()


def test_a_label_is_never_cut_nor_run_into_by_the_next():
    label, cell = "content_weight 0.1", picture(20, 20)
    alone = contact_sheet([[cell]], row_labels=[""], column_labels=[label])
    beside = contact_sheet([[cell] * 2], row_labels=[""], column_labels=[label] * 2)
    row = contact_sheet([[cell]], row_labels=[label], column_labels=["a"])

    for sheet in (alone, beside, row):
        ink = (sheet < 0.9).any(axis=-1)
        assert ink[:, -2 * GAP : -GAP].any() and not ink[:, -GAP:].any()
    second = alone.shape[1] - GAP
    np.testing.assert_array_equal(beside[:LINE, second:], alone[:LINE])


def test_large_pictures_are_shrunk_and_small_ones_are_not_enlarged():
    sheet = contact_sheet(
        [[picture(400, 1000), picture(10, 150)]],
        row_labels=[""],
        column_labels=["a", "b"],
        long_side=200,
    )

    assert sheet.shape == (LINE + 80 + 2 * GAP, 200 + 150 + 3 * GAP, 3)
