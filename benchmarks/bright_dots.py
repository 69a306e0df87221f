"""How many bright dots pictures have in their dark places.

  python -m benchmarks.bright_dots poster.png painting.jpg --style_size 0,1166 --despeckle 3

A dot is a pixel more than 40 of 255 levels brighter than the median of the 9 x 9 pixels around it,
and the brightest of them; a place is dark where that median is below 70. Ends of strokes count too,
so that the number of a painting tells what to expect of a picture in its style.

Prints Markdown, a row for each picture as it is, and one for each long side in pixels that it is
brought to, as a run brings the painting.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from scipy import ndimage

from benchmarks.flat_areas import gray_levels
from benchmarks.report import head, line, listed, parser_of
from restyle.errors import UserError
from restyle.exact.problem import Problem, despeckled, despeckled_at
from restyle.exact.settings import OptimizeConfig
from restyle.media.images import fit_long_side, read_image, resize

AROUND = 9
BRIGHTER_BY = 40.0
DARK_BELOW = 70.0


def main() -> None:
    flags = _flags()
    print(head(["picture", "long side", "dark places", "dots in a megapixel of them"]))
    for path in flags.pictures:
        pixels = read_image(path).pixels
        for side in flags.style_size:
            seen = as_seen(pixels, side, flags.despeckle)
            dark, dots = dots_in_dark_places(seen)
            long_side = f"{max(seen.shape[:2])}"
            print(line([Path(path).name, long_side, f"{dark:.0%}", f"{dots:.0f}"]), flush=True)


def _flags() -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("pictures", nargs="+", help="results of any program, or paintings")
    sizes = "long sides in pixels; 0: its own"
    parser.add_argument("--style_size", type=listed(int), default=[0], help=sizes)
    parser.add_argument("--despeckle", type=int, default=0, help="as of optimize_style.py")
    return parser.parse_args()


def as_seen(pixels: np.ndarray, long_side: int, despeckle: int) -> np.ndarray:
    """A picture at another size, or at its own if that is 0, filtered as a run does."""
    size = fit_long_side(pixels.shape[:2], long_side or max(pixels.shape))
    config = OptimizeConfig(despeckle=despeckle)
    whole = despeckled(Problem(pixels, [pixels]), config)
    (seen,) = despeckled_at(whole, config, max(size)).styles
    return resize(seen, size)


def dots_in_dark_places(pixels: np.ndarray) -> tuple[float, float]:
    """The share of (h, w, 3) in [0, 1] that is dark, and the dots in a million pixels of it."""
    levels = gray_levels(pixels)
    median = ndimage.median_filter(levels, AROUND)
    dark = median < DARK_BELOW
    brightest = levels == ndimage.maximum_filter(levels, AROUND)
    dots = brightest & (levels - median > BRIGHTER_BY) & dark
    return float(dark.mean()), float(1e6 * dots.sum() / max(1, dark.sum()))


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        sys.exit(f"error: {error}")
