"""What decoding and encoding add to a video's time, beside the network alone on the same frames.

  python -m benchmarks.video_overlap --model painting.keras --clips a.mp4 b.mp4

Each round paints the clip as evaluate.py does, file to file, then runs the network alone on the
frames already decoded, in the same process; ratios are taken within a round, so that both meet
nearly the same load. The first round, which compiles, is left out. Decoding and encoding alone are
what would come on top if nothing overlapped. Prints Markdown.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.report import head, line, parser_of
from restyle.engines.engines import ENGINES, PRECISIONS
from restyle.media.images import fit_long_side, resize
from restyle.media.video.reader import Frame, VideoReader
from restyle.media.video.segments import SegmentedVideo
from restyle.paint.painter import Painter
from restyle.paint.stylizer import Stylizer
from restyle.paint.videos import paint_video

HEADINGS = (
    *("clip", "size", "frames", "network, s", "video, s", "files alone, s"),
    *("video / network", "lowest to highest"),
)


def main() -> None:
    flags = _flags()
    painter = Painter(flags.model, engine=flags.engine, precision=flags.precision)
    stylizer = painter.stylizer()
    print(head(HEADINGS))
    for clip in flags.clips:
        print(line(_row(clip, stylizer, flags)), flush=True)


def _flags() -> argparse.Namespace:
    parser = parser_of(__doc__, "model", "clips")
    parser.add_argument("--seconds", type=float, default=2.0, help="of each clip")
    parser.add_argument("--max_size", type=int, default=320, help="long side in pixels")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--engine", choices=ENGINES, default="auto")
    parser.add_argument("--precision", choices=PRECISIONS, default="auto")
    return parser.parse_args()


def _row(clip: str, stylizer: Stylizer, flags: argparse.Namespace) -> list[str]:
    reader = VideoReader(clip, duration=flags.seconds)
    size = reader.info.size
    if max(size) > flags.max_size:
        height, width = fit_long_side(size, flags.max_size)
        size = height // 2 * 2, width // 2 * 2
    frames = [Frame(resize(each.pixels, size), each.time) for each in reader.frames()]
    videos, networks, files = [], [], []
    for _ in range(flags.rounds + 1):
        videos.append(_seconds(lambda: _whole(reader, stylizer, size)))
        networks.append(_seconds(lambda: _network_alone(stylizer, frames)))
        files.append(_seconds(lambda: _files_alone(reader, size)))
    ratios = [a / b for a, b in zip(videos[1:], networks[1:], strict=True)]
    return [
        *(Path(clip).stem, f"{size[1]} x {size[0]}", str(len(frames))),
        *(f"{statistics.median(each[1:]):.2f}" for each in (networks, videos, files)),
        *(f"{statistics.median(ratios):.3f}", f"{min(ratios):.3f} to {max(ratios):.3f}"),
    ]


def _seconds(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _whole(reader: VideoReader, stylizer: Stylizer, size: tuple[int, int]) -> None:
    """File to file, as evaluate.py does it."""
    with tempfile.TemporaryDirectory() as folder:
        with SegmentedVideo(Path(folder) / "out.mkv", reader, size=size) as video:
            for _ in paint_video(reader, video, stylizer, size=size):
                pass


def _network_alone(stylizer: Stylizer, frames: list[Frame]) -> None:
    for frame in frames:
        stylizer.frames(frame.pixels[np.newaxis])


def _files_alone(reader: VideoReader, size: tuple[int, int]) -> None:
    """Decoding, then encoding, one frame after the other."""
    with tempfile.TemporaryDirectory() as folder:
        with SegmentedVideo(Path(folder) / "out.mkv", reader, size=size) as video:
            for frame in reader.frames():
                video.write(Frame(resize(frame.pixels, size), frame.time))
            video.finish()


if __name__ == "__main__":
    main()
