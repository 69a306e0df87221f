"""Several pictures on one sheet, with words beside them."""

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from restyle.media.images import dequantize, fit_long_side, quantize, resize

GAP = 8
LINE = 22
INK = (40, 40, 40)


def contact_sheet(
    rows: Sequence[Sequence[np.ndarray]],
    *,
    row_labels: Sequence[str],
    column_labels: Sequence[str],
    long_side: int = 320,
) -> np.ndarray:
    """Pictures in rows and columns under their labels, (h, w, 3) in [0, 1] on white.

    rows: of pictures (h, w, 3), shown with a long side of at most `long_side` pixels.
    row_labels, column_labels: one for each; a row's label stands above it, lines split by newlines.
    """
    cells = [[_shrunk(picture, long_side) for picture in row] for row in rows]
    font = ImageFont.load_default(15)
    widths = [
        max(_width(label, font), *(cell.shape[1] for cell in column))
        for label, column in zip(column_labels, zip(*cells, strict=True), strict=True)
    ]
    widths[-1] += max(0, max(_width(label, font) for label in row_labels) - sum(widths))
    heights = [max(cell.shape[0] for cell in row) for row in cells]
    label_heights = [LINE * (1 + label.count("\n")) if label else 0 for label in row_labels]
    head = LINE * (1 + max(label.count("\n") for label in column_labels))
    height = head + sum(heights) + sum(label_heights) + GAP * (len(cells) + 1)
    sheet = Image.new("RGB", (sum(widths) + GAP * (len(widths) + 1), height), "white")
    draw = ImageDraw.Draw(sheet)
    lefts = [GAP + sum(widths[:index]) + GAP * index for index in range(len(widths))]
    for left, label in zip(lefts, column_labels, strict=True):
        draw.text((left, 3), label, INK, font)
    top = head
    for row, label, row_height, label_height in zip(
        cells, row_labels, heights, label_heights, strict=True
    ):
        draw.text((GAP, top), label, INK, font)
        top += label_height
        for left, cell in zip(lefts, row, strict=True):
            sheet.paste(Image.fromarray(quantize(cell)), (left, top))
        top += row_height + GAP
    return dequantize(np.asarray(sheet))


def _shrunk(picture: np.ndarray, long_side: int) -> np.ndarray:
    size = picture.shape[0], picture.shape[1]
    return picture if max(size) <= long_side else resize(picture, fit_long_side(size, long_side))


def _width(label: str, font: ImageFont.ImageFont | ImageFont.FreeTypeFont) -> int:
    return math.ceil(max(font.getlength(line) for line in label.split("\n")))
