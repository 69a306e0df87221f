"""How steady a stylized video is: frame by frame, smoothed, and by a temporally trained network.

  python -m benchmarks.steadiness --model painting.keras --clips a.mp4 b.mp4

E_warp of Lai et al. (2018): the mean squared difference of each stylized frame and the one before,
moved along the optical flow of the frames as filmed, over the pixels where that flow is consistent
(Ruder et al. 2016). A blurred or faded video is steady too, so the last column says what is left of
the detail: the mean squared step between neighboring pixels, of that of each frame by itself. The
row "as filmed" is what flow and light alone amount to. Prints Markdown.
"""

import argparse
import itertools
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.report import head, line, parser_of
from restyle.engines.engines import ENGINES, PRECISIONS
from restyle.media.images import fit_long_side, resize
from restyle.media.video.reader import VideoReader
from restyle.paint.flow import consistent, optical_flow, warping_error
from restyle.paint.painter import Painter
from restyle.paint.smoothing import Smoother
from restyle.paint.stylizer import Stylizer

HEADINGS = ("clip", "video", "error x 1000", "of per frame", "ms per frame", "detail")

Paint = Callable[[np.ndarray], np.ndarray]


class Motion(NamedTuple):
    """Of a frame to the one before: (h, w, 2), and (h, w) where it can be trusted."""

    flow: np.ndarray
    mask: np.ndarray


def main() -> None:
    flags = _flags()
    plain = _stylizer(flags, flags.model)
    temporal = _stylizer(flags, flags.temporal_model) if flags.temporal_model else None
    print(head(HEADINGS))
    for clip in flags.clips:
        frames = clip_frames(clip, flags.max_size, flags.frames)
        _print_rows(clip, frames, _ways(plain, temporal, flags.smooth))


def _flags() -> argparse.Namespace:
    parser = parser_of(__doc__, "model", "clips")
    parser.add_argument("--temporal_model", help="one of the same painting, trained to be steady")
    parser.add_argument("--frames", type=int, default=40, help="of each clip, from its beginning")
    parser.add_argument("--max_size", type=int, default=320, help="long side in pixels")
    parser.add_argument("--smooth", type=float, default=0.7)
    parser.add_argument("--engine", choices=ENGINES, default="auto")
    parser.add_argument("--precision", choices=PRECISIONS, default="auto")
    return parser.parse_args()


def _stylizer(flags: argparse.Namespace, model: str) -> Stylizer:
    return Painter(model, engine=flags.engine, precision=flags.precision).stylizer()


def clip_frames(clip: str, max_size: int, count: int) -> list[np.ndarray]:
    """The first frames of a clip, (h, w, 3), at most `max_size` pixels long."""
    reader = VideoReader(clip)
    size = reader.info.size
    if max(size) > max_size:
        size = fit_long_side(size, max_size)
    return [resize(frame.pixels, size) for frame in itertools.islice(reader.frames(), count)]


def _ways(plain: Stylizer, temporal: Stylizer | None, smooth: float) -> Iterator[tuple[str, Paint]]:
    """What is compared, by name; the first one is what the others are related to."""
    yield "per frame", plain.picture
    yield f"smoothed, {smooth:g}", _smoothed(plain, Smoother(smooth))
    if temporal is not None:
        yield "temporally trained", temporal.picture
        yield f"temporally trained, smoothed, {smooth:g}", _smoothed(temporal, Smoother(smooth))
    yield "as filmed", np.copy


def _smoothed(stylizer: Stylizer, smoother: Smoother) -> Paint:
    return lambda frame: smoother(frame, stylizer.picture(frame))


def _print_rows(clip: str, frames: Sequence[np.ndarray], ways: Iterator[tuple[str, Paint]]) -> None:
    motions = [_motion(after, before) for before, after in itertools.pairwise(frames)]
    first: tuple[float, float] | None = None
    for name, paint in ways:
        results, seconds = _painted(paint, frames)
        error, detail = video_error(results, motions), float(np.mean([*map(_detail, results)]))
        first = first or (error, detail)
        cells = (Path(clip).stem, name, f"{1000 * error:.3f}", f"{error / first[0]:.2f}")
        cells += (f"{1000 * seconds:.0f}", f"{detail / first[1]:.2f}")
        print(line(cells), flush=True)


def _motion(frame: np.ndarray, before: np.ndarray) -> Motion:
    flow = optical_flow(frame, before)
    return Motion(flow, consistent(flow, optical_flow(before, frame)))


def _painted(paint: Paint, frames: Sequence[np.ndarray]) -> tuple[list[np.ndarray], float]:
    """The results, and the median of the seconds that one took; compilation is not counted."""
    results, seconds = [], []
    for frame in frames:
        began = time.perf_counter()
        results.append(paint(frame))
        seconds.append(time.perf_counter() - began)
    return results, statistics.median(seconds)


def video_error(results: Sequence[np.ndarray], motions: Sequence[Motion]) -> float:
    """The mean of E_warp over all pairs of neighboring frames that have consistent pixels."""
    pairs = zip(itertools.pairwise(results), motions, strict=True)
    return float(np.nanmean([warping_error(*pair, *motion) for pair, motion in pairs]))


def _detail(pixels: np.ndarray) -> float:
    """The mean squared step from a pixel to its neighbors, to the right and down."""
    return float(sum(np.mean(np.square(np.diff(pixels, axis=axis))) for axis in (0, 1)))


if __name__ == "__main__":
    main()
