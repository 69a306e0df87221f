"""What is lost if the style's statistics come from a thumbnail, not from all of a large picture.

  python -m benchmarks.thumbnail_statistics --size 1024 --thumbnail 512 --iterations 25

Programs that paint large pictures piece by piece with little memory take the statistics, by which
all pieces are to agree, from a small copy: Wang et al. (2022, URST) those of instance norms. Here
the optimizer does the same: at each iteration the derivatives of the style's terms by the
statistics are those of a small copy of the picture and of the paintings, and each tile of the large
picture follows them. Beside it, the exact objective, whose statistics are sums over all tiles.

Both begin with the enlarged result of a run at the thumbnail's size, and go the same number of
steps of Adam, which asks for gradients alone. All pictures are measured at the full size as they
are saved. Prints Markdown; with --pictures, writes them into a folder.
"""

import argparse
import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from restyle.models.weights.load import VGGWeights, load_vgg_weights

from benchmarks.report import head, line, parser_of
from restyle.exact.adam import Adam
from restyle.exact.evaluation import evaluation_at, measure_stages, network_for
from restyle.exact.optimizer import optimize
from restyle.exact.plan import TILES
from restyle.exact.problem import Problem, read_problem
from restyle.exact.schedule import scales_of
from restyle.exact.settings import OptimizeConfig, PictureObjective
from restyle.exact.tiled_image import Sums, TiledImage
from restyle.machine.precision import PRECISIONS
from restyle.measure import as_batch
from restyle.media.images import as_saved, fit_long_side, resize, write_image


class ByThumbnail(TiledImage):
    """Evaluates a large picture by the style's statistics of its small copy.

    The value and the style's terms are those of the copy too; content and variation are exact.
    """

    def __init__(self, large: TiledImage, small: TiledImage):
        super().__init__(large.comparison)
        self.small, self.copy = small, np.empty(0)

    def _measure(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        self.copy = resize(image[0], self.small.comparison.size)
        return super()._measure(image)

    def _slopes(self, sums: Sums) -> tuple[np.ndarray, np.ndarray, Mapping[str, Any]]:
        seen = self.small.comparison.sums(self.copy[np.newaxis])
        own = {name: each for name, each in sums.items() if not name.startswith("style")}
        return self.small._slopes(seen | own)


def main() -> None:
    flags = _flags()
    problem = read_problem(flags.content, [flags.style])
    config = OptimizeConfig(
        size=flags.size, smallest_scale=flags.size, precision=flags.precision, init="content"
    )
    weights, objective = load_vgg_weights(), PictureObjective()
    pictures = dict(_pictures(flags, problem, objective, config, weights))
    stages = {name: as_saved(pixels, ".png") for name, pixels in pictures.items()}
    measured = measure_stages(stages, problem, objective, config, weights)
    print(head(["picture", *next(iter(measured.values()))]))
    for name, terms in measured.items():
        print(line([name, *(f"{value:.4f}" for value in terms.values())]))
        if flags.pictures:
            write_image(Path(flags.pictures) / f"{name.replace(' ', '_')}.png", pictures[name])


def _flags() -> argparse.Namespace:
    parser = parser_of(__doc__, "content", "style")
    parser.add_argument("--size", type=int, default=1024)
    parser.add_argument("--thumbnail", type=int, default=512)
    parser.add_argument("--first", type=int, default=100, help="iterations of the small picture")
    parser.add_argument("--iterations", type=int, default=25, help="of the large picture")
    parser.add_argument("--precision", choices=PRECISIONS, default="bfloat16")
    parser.add_argument("--pictures", help="a folder for them")
    return parser.parse_args()


def _pictures(
    flags: argparse.Namespace,
    problem: Problem,
    objective: PictureObjective,
    config: OptimizeConfig,
    weights: VGGWeights,
) -> Iterator[tuple[str, np.ndarray]]:
    """Pictures of the full size, and what they are."""
    first = dataclasses.replace(
        config, size=flags.thumbnail, smallest_scale=0, iterations=flags.first
    )
    *_, step = optimize(problem, objective, first, weights)
    size = scales_of(problem, objective, config)[-1].size
    start = np.clip(resize(step.pixels(), size), 0, 1)
    yield "enlarged", start
    network = network_for(weights, objective.layers, objective.pooling, flags.precision)
    large, small = (
        evaluation_at(
            problem,
            objective,
            network,
            size=fit_long_side(size, side),
            style_long_side=side,
            tile=TILES.tile,
        )
        for side in (flags.size, flags.thumbnail)
    )
    assert isinstance(large, TiledImage) and isinstance(small, TiledImage)
    ways = {"by all of the picture": large, "by a thumbnail": ByThumbnail(large, small)}
    for name, evaluation in ways.items():
        optimizer = Adam(evaluation, as_batch(start), learning_rate=config.learning_rate)
        for _ in range(flags.iterations):
            optimizer.step()
        yield name, tf.squeeze(optimizer.image, 0).numpy()


if __name__ == "__main__":
    main()
