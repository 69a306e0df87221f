"""Seconds and memory of a transform network on large pictures: whole, and in bands.

  python -m benchmarks.large_pictures --megapixels 4,16

Each way, width and size is a process of its own. Pictures are 4:3 and random, so is the network:
neither changes what there is to compute. Peak memory is that of the process, with TensorFlow, the
picture and the result; what bands may add to the first two is a flag. On a busy machine only
processor seconds mean something. Prints Markdown.
"""

import argparse
import os

import numpy as np

from benchmarks.report import head, line, listed, parser_of, size_of
from benchmarks.worker import Round, Worker, serve, turn_of

WAYS = ("whole", "bands")
HEADINGS = (
    *("width", "megapixels", "picture", "way", "seconds", "seconds / megapixel"),
    *("processor seconds / megapixel", "peak GB", "same picture"),
)


def main() -> None:
    flags = _flags()
    if flags.worker:
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
        way, *numbers = flags.worker
        serve(_work(way, *map(int, numbers)))
        return
    print(head(HEADINGS))
    for width in flags.widths:
        for size in map(size_of, flags.megapixels):
            whole = None
            for way in flags.ways:
                measured = _measured(way, width, size, flags)
                if measured is None:
                    continue
                whole = measured if way == "whole" else whole
                row = _row(width, size, way, measured, whole)
                print(line(row), flush=True)


def _flags() -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--megapixels", type=listed(float), default=[4, 16])
    parser.add_argument("--widths", type=listed(int), default=[16, 32], help="of the network")
    parser.add_argument("--ways", type=listed(str), default=WAYS, help="whole, bands")
    parser.add_argument("--memory", type=float, default=2, help="GB that bands may add")
    parser.add_argument("--worker", nargs=5, help=argparse.SUPPRESS)
    return parser.parse_args()


def _measured(
    way: str, width: int, size: tuple[int, int], flags: argparse.Namespace
) -> Round | None:
    """None if the process ended, as it may where memory does."""
    numbers = (width, *size, int(flags.memory * 1e9))
    worker = Worker("benchmarks.large_pictures", ["--worker", way, *map(str, numbers)])
    measured = turn_of(f"{size[1]} x {size[0]}, width {width}, {way}", worker)
    worker.close()
    return measured


def _work(way: str, width: int, height: int, columns: int, memory: int):
    """Paints the picture; the answer is a projection of some pixels, the same for both ways."""
    import tensorflow as tf
    from restyle.models.transform_config import TransformConfig
    from restyle.models.transform_net import TransformNet

    from restyle.paint.bands import stylize_in_bands

    network = TransformNet(TransformConfig(width=width, strength=False), seed=1)
    compiled = tf.function(network, reduce_retracing=True)
    generator = np.random.default_rng(1)

    def paint(images: np.ndarray) -> np.ndarray:
        if way == "whole":
            return compiled({"images": images}).numpy()
        return stylize_in_bands(network, {"images": images}, memory=memory)

    for side in (64, 72):  # Compiles; the second size makes the graph one for all sizes.
        paint(generator.random((1, side, side, 3), np.float32))
    images = generator.random((1, height, columns, 3), np.float32)
    sample = np.s_[:, ::37, ::41]
    signs = np.where(generator.random(images[sample].shape) < 0.5, -1, 1)
    return lambda: float(np.sum(paint(images)[sample] * signs))


def _row(
    width: int, size: tuple[int, int], way: str, measured: Round, whole: Round | None
) -> list[str]:
    megapixels = size[0] * size[1] / 1e6
    processor = measured.processor_seconds / megapixels
    same = ""
    if whole and way != "whole":
        same = "yes" if np.isclose(measured.value, whole.value, rtol=1e-3, atol=1e-2) else "NO"
    return [
        *(str(width), f"{megapixels:.0f}", f"{size[1]} x {size[0]}", way),
        *(f"{measured.seconds:.1f}", f"{measured.seconds / megapixels:.2f}"),
        *(f"{processor:.2f}", f"{measured.peak_bytes / 1e9:.2f}", same),
    ]


if __name__ == "__main__":
    main()
