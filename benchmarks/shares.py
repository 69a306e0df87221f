"""How two large scales best share the work: the objective of the last one, for equal work.

  python -m benchmarks.shares --content photo.jpg --style painting.jpg --size 1600 --work 12,24

A start, which is the same for all, is made coarse to fine up to half the last size. From there the
scale of size / sqrt(2) makes some iterations and the last scale the rest, in several ratios; 0 goes
from the start to the last scale at once. --work is in iterations of the last scale, one of the
scale before counts as half. What a run then took is measured: pixels seen by all its evaluations
after the start, in evaluations at the last size. Pictures are measured as saved, in 8 bits, at the
last size and in float32. Prints Markdown; --folder, which must be there, keeps the pictures.
"""

import argparse
import dataclasses
import gc
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from restyle.models.weights.load import VGGWeights, load_vgg_weights

from benchmarks.coarse_to_fine import Point, objectives, pictures_on_the_way
from benchmarks.report import head, line, listed, parser_of
from restyle.exact.problem import Problem, read_problem
from restyle.exact.settings import OptimizeConfig
from restyle.machine.precision import PRECISIONS
from restyle.media.images import write_image

HEADINGS = ("iterations before", "per last", "iterations at the last", "work", "objective")
# Pixels of the scale before, for one of the last.
HALF = 0.5


@dataclasses.dataclass(frozen=True)
class Share:
    """How many iterations the last two scales get."""

    before: int
    last: int

    @property
    def name(self) -> str:
        return f"{self.before}_{self.last}"


def main() -> None:
    flags = _flags()
    problem = read_problem(flags.content, [flags.style])
    weights = load_vgg_weights()
    config = OptimizeConfig(
        size=flags.size,
        precision=flags.precision,
        style_scale=flags.style_scale,
        memory_gb=flags.memory_gb,
    )
    shares = [shared(work, ratio) for work in flags.work for ratio in flags.ratios]
    points = _run(problem, config, weights, shares, flags.start)
    values = objectives(list(points.values()), problem, config, weights)
    print(head(HEADINGS))
    for (share, point), value in zip(points.items(), values, strict=True):
        ratio = f"{share.before / share.last:.2g}"
        numbers = str(share.before), ratio, str(share.last), f"{point.work:.1f}"
        print(line([*numbers, f"{value:.5f}"]))
        if flags.folder:
            write_image(Path(flags.folder) / f"{share.name}.png", point.pixels)


def _flags() -> argparse.Namespace:
    parser = parser_of(__doc__, "content", "style")
    parser.add_argument("--size", type=int, default=1600, help="long side of the last scale")
    parser.add_argument("--start", type=int, default=100, help="iterations up to half of that")
    parser.add_argument("--work", type=listed(int), default=[12, 24])
    parser.add_argument(
        "--ratios",
        type=listed(float),
        default=[0, 1, math.sqrt(2), 3],
        help="iterations of the scale before for one of the last",
    )
    parser.add_argument("--style_scale", type=float, default=1.0)
    parser.add_argument("--memory_gb", type=float, default=0.0)
    parser.add_argument("--precision", choices=PRECISIONS, default="bfloat16")
    parser.add_argument("--folder", help="keeps the pictures")
    return parser.parse_args()


def shared(work: int, ratio: float) -> Share:
    """The share of so much work in which the scale before makes `ratio` iterations for one."""
    last = work / (1 + HALF * ratio)
    return Share(round(ratio * last), round(last))


def _run(
    problem: Problem,
    config: OptimizeConfig,
    weights: VGGWeights,
    shares: Sequence[Share],
    iterations: int,
) -> dict[Share, Point]:
    """The picture of each share, its work counted from the start that all have in common."""
    half = round(config.size / 2)
    coarse = dataclasses.replace(config, size=half, iterations=iterations)
    coarse = dataclasses.replace(coarse, smallest_scale=round(half / 4))
    (start,) = pictures_on_the_way(problem, coarse, weights, {iterations})
    befores = {share.before for share in shares} - {0}
    side = round(config.size / math.sqrt(2))
    begun = side, start.pixels
    starts = _at_one_scale(problem, config, weights, begun, befores) if befores else {}
    starts[0] = Point(0, 0.0, 0.0, start.pixels)
    points = {}
    for before in sorted({share.before for share in shares}):
        lasts = {share.last for share in shares if share.before == before}
        begun = config.size, starts[before].pixels
        for last, point in _at_one_scale(problem, config, weights, begun, lasts).items():
            work = point.work + HALF * starts[before].work
            points[Share(before, last)] = point._replace(work=work)
    return {share: points[share] for share in shares}


def _at_one_scale(
    problem: Problem,
    config: OptimizeConfig,
    weights: VGGWeights,
    begun: tuple[int, np.ndarray],
    iterations: set[int],
) -> dict[int, Point]:
    """The pictures after each number of iterations, from (long side, picture to start from)."""
    side, start = begun
    one = dataclasses.replace(config, size=side, iterations=max(iterations), init="picture")
    begins = dataclasses.replace(problem, start=start)
    points = pictures_on_the_way(begins, one, weights, iterations)
    made = {point.iterations: point for point in points}
    gc.collect()  # Graphs hold on to what a run remembered.
    return made


if __name__ == "__main__":
    main()
