"""How grainy results are where the photo is flat, and whether they have a lattice there.

  python -m benchmarks.flat_areas a.png b.png --content photo.jpg --style painting.jpg

The grain of a result is its gray levels, 0..255, minus their 5 x 5 median, where the photo, brought
to the result's size, has a standard deviation below 3 levels over 7 x 7 pixels.

  kurtosis in flat areas     of the grain: 3 for a Gaussian (3.2 for Gaussian noise, after the
                             median), more for isolated dots.
  phase variance / expected  variance of the grain's means over the 64 classes (x mod 8, y mod 8),
                             divided by what grain without any order has: 1, more for a lattice.
  foreign colors             share of the result's pixels, flat or not, whose color is more than
                             10 away (CIELAB, 1976) from every color of the painting, which is
                             brought to the result's long side.

Prints Markdown, a row for each result.
"""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from scipy import ndimage, stats
from scipy.spatial import KDTree

from benchmarks.report import line, parser_of
from restyle.errors import UserError
from restyle.media.images import fit_long_side, read_image, resize

FLAT_BELOW = 3.0
PERIOD = 8  # Pixels between neighboring positions of conv4_1, where lattices come from.
FOREIGN_ABOVE = 10.0
GRAY = (0.299, 0.587, 0.114)  # Of red, green and blue in ITU-R BT.601.

# sRGB (IEC 61966-2-1) to CIE XYZ, each row divided by that of its white, D65.
LINEAR_TO_XYZ = np.array(
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
)
WHITE = LINEAR_TO_XYZ.sum(axis=1)


def main() -> None:
    flags = _flags()
    photo = read_image(flags.content).pixels
    painting = read_image(flags.style).pixels if flags.style else None
    rows = {}
    for path in flags.results:
        result = read_image(path).pixels
        rows[Path(path).name] = flat_area_numbers(result, photo, painting)
    print(table(rows))


def _flags() -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("results", nargs="+", help="pictures that any program made of the photo")
    parser.add_argument("--content", required=True, help="the photo")
    parser.add_argument("--style", help="the painting; without, its colors are not looked for")
    return parser.parse_args()


def flat_area_numbers(
    result: np.ndarray, photo: np.ndarray, painting: np.ndarray | None = None
) -> dict[str, float]:
    """What is measured of a result, by name; all pictures (h, w, 3) in [0, 1], of any size.

    The numbers of the grain are nan where the photo has no flat area.
    """
    size = result.shape[0], result.shape[1]
    flat, of_result = flat_areas(resize(photo, size)), grain(result)
    numbers = {
        "flat area": float(flat.mean()),
        "kurtosis in flat areas": kurtosis(of_result[flat]),
        "phase variance / expected": phase_variance(of_result, flat),
    }
    if painting is not None:
        palette = resize(painting, fit_long_side(painting.shape[:2], max(size)))
        numbers["foreign colors"] = foreign_colors(result, palette)
    return numbers


def gray_levels(pixels: np.ndarray) -> np.ndarray:
    """Brightness of (h, w, 3) in [0, 1], (h, w) in 0..255."""
    return 255.0 * (pixels.astype(np.float64) @ GRAY)


def flat_areas(photo: np.ndarray) -> np.ndarray:
    """Where the photo varies so little that any grain was added, (h, w), true or false."""
    levels = gray_levels(photo)
    mean = ndimage.uniform_filter(levels, 7)
    variance = ndimage.uniform_filter(np.square(levels - levels.mean()), 7)
    return variance - np.square(mean - levels.mean()) < FLAT_BELOW**2


def grain(result: np.ndarray) -> np.ndarray:
    """Gray levels minus their 5 x 5 median, (h, w): strokes and slopes leave nothing, dots do."""
    levels = gray_levels(result)
    return levels - ndimage.median_filter(levels, 5)


def kurtosis(values: np.ndarray) -> float:
    """Pearson's: the fourth moment about the mean by the squared variance, 3 for a Gaussian."""
    return float(stats.kurtosis(values, fisher=False)) if np.any(values) else float("nan")


def phase_variance(values: np.ndarray, where: np.ndarray) -> float:
    """Variance of the means over the classes (x mod 8, y mod 8), by what chance gives it.

    n independent values of variance v have a mean of variance v / n, so that chance gives v times
    the mean of 1 / n over the classes. values, where: (h, w).
    """
    y, x = np.nonzero(where)
    seen = values[where]
    classes = (y % PERIOD) * PERIOD + x % PERIOD
    counts = np.bincount(classes, minlength=PERIOD**2)
    if not counts.all() or not np.any(seen):
        return float("nan")
    means = np.bincount(classes, seen, minlength=PERIOD**2) / counts
    return float(np.var(means, ddof=1) / (np.var(seen) * np.mean(1 / counts)))


def foreign_colors(result: np.ndarray, painting: np.ndarray) -> float:
    """Share of pixels that are more than `FOREIGN_ABOVE` from all of the painting's, in CIELAB."""
    palette = KDTree(lab(painting).reshape(-1, 3))
    distances, _ = palette.query(lab(result).reshape(-1, 3), distance_upper_bound=FOREIGN_ABOVE)
    return float(np.mean(np.isinf(distances)))


def lab(pixels: np.ndarray) -> np.ndarray:
    """CIELAB of sRGB pixels in [0, 1], (h, w, 3): lightness 0..100, green to red, blue to yellow.

    CIE 15, white D65. Distances between neighboring colors are about as the eye sees them; 2.3 is
    just noticed.
    """
    pixels = pixels.astype(np.float64)
    linear = np.where(pixels <= 0.04045, pixels / 12.92, ((pixels + 0.055) / 1.055) ** 2.4)
    ratios = linear @ LINEAR_TO_XYZ.T / WHITE
    straight = ratios * (29 / 6) ** 2 / 3 + 4 / 29
    x, y, z = np.moveaxis(np.where(ratios > (6 / 29) ** 3, np.cbrt(ratios), straight), -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def table(rows: Mapping[str, Mapping[str, float]]) -> str:
    """The numbers of each result in Markdown; shares in percent."""
    names = list(next(iter(rows.values())))
    lines = [["result", *names], ["---"] * (1 + len(names))]
    for result, numbers in rows.items():
        lines.append([result, *(number_text(name, value) for name, value in numbers.items())])
    return "\n".join(line(cells) for cells in lines)


def number_text(name: str, value: float) -> str:
    """A number of `flat_area_numbers` as it is shown."""
    return f"{value:.1%}" if name in ("flat area", "foreign colors") else f"{value:.2f}"


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        sys.exit(f"error: {error}")
