"""What a start is worth: from the photo, and from the picture a trained network makes of it.

  python -m benchmarks.starts --model starry_night --style starry_night.jpg --photos PHOTOS \
      --sizes 512,1024

Four ways to the same picture: each start coarse to fine, and at one scale. Work is the pixels that
all evaluations saw, in evaluations at the final size: it does not depend on who else was busy. The
network's pass costs less than one. Every picture is measured as saved, in 8 bits, at the final size
and in float32. What a way saves is the work that the photo, coarse to fine, takes to come down to
the same objective, less its own; lines are straight between points on logarithmic axes. Prints
Markdown.
"""

import argparse
import dataclasses
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from restyle.models.weights.load import VGGWeights, load_vgg_weights

from benchmarks.coarse_to_fine import Point, objectives, pictures_on_the_way
from benchmarks.report import line, listed, parser_of
from benchmarks.worth import evaluations_worth
from restyle.errors import UserError
from restyle.exact.problem import Problem, read_problem
from restyle.exact.settings import SMALLEST_SCALE, OptimizeConfig, result_size
from restyle.files import check_target
from restyle.machine.precision import PRECISIONS, decided_precision
from restyle.media.folders import find_pictures
from restyle.media.images import resize
from restyle.paint.painter import Painter
from restyle.record.scores import TABLES, write_scores


class Way(NamedTuple):
    """Where a run starts, and whether it goes through all scales."""

    start: str
    coarse_to_fine: bool

    def __str__(self) -> str:
        return f"{self.start}, {'coarse to fine' if self.coarse_to_fine else 'one scale'}"


WAYS = [Way(start, fine) for start in ("photo", "network") for fine in (True, False)]


class Result(NamedTuple):
    """A picture of one way: its number of iterations, the work it took and its objective."""

    iterations: int
    work: float
    objective: float


def main() -> None:
    flags = _flags()
    if flags.csv:
        check_target(flags.csv, TABLES)
    photos = [path for place in flags.photos for path in find_pictures(place)]
    weights, rows = load_vgg_weights(), []
    for size in flags.sizes:
        measured = []
        for photo in photos:
            measured.append(run_all_ways(flags, str(photo), size, weights))
            rows += _rows(size, photo.name, measured[-1])
            if flags.csv:  # After each photo: a run takes hours.
                write_scores(flags.csv, rows)
        print(f"\nAt {size} pixels, the mean over {len(photos)} photos:\n")
        print(table(mean_over_photos(measured)), flush=True)


def _flags() -> argparse.Namespace:
    parser = parser_of(__doc__, "model")
    parser.add_argument("--style", required=True, help="the painting of the network")
    parser.add_argument("--photos", required=True, nargs="+")
    parser.add_argument("--sizes", type=listed(int), default=[512, 1024])
    parser.add_argument("--iterations", type=listed(int), default=[50, 100, 200, 300])
    parser.add_argument(
        "--ways",
        nargs="+",
        choices=[str(way) for way in WAYS],
        default=[str(way) for way in WAYS],
        help=f"those to run; '{WAYS[0]}', which the others are compared with, always is",
    )
    parser.add_argument("--precision", choices=PRECISIONS, default=decided_precision("auto"))
    parser.add_argument("--csv", help="a .csv or .json of every value")
    return parser.parse_args()


def run_all_ways(
    flags: argparse.Namespace, photo: str, size: int, weights: VGGWeights
) -> dict[Way, list[Result]]:
    """The pictures of every way after each of the numbers of iterations."""
    problem = read_problem(photo, [flags.style])
    config = OptimizeConfig(size=size, precision=flags.precision)
    picture = one_pass(flags.model, problem.content, config)
    starts = {"photo": "content", "network": "picture"}
    measured = {}
    for way in WAYS:
        if way != WAYS[0] and str(way) not in flags.ways:
            continue
        started = dataclasses.replace(problem, start=picture)
        smallest = SMALLEST_SCALE if way.coarse_to_fine else size
        asked = dataclasses.replace(config, init=starts[way.start], smallest_scale=smallest)
        found = list(_points(started, asked, weights, flags.iterations))
        values = objectives(found, problem, config, weights)
        measured[way] = [
            Result(point.iterations, point.work, value)
            for point, value in zip(found, values, strict=True)
        ]
    return measured


def one_pass(model: str, photo: np.ndarray, config: OptimizeConfig) -> np.ndarray:
    """What a network makes of a photo at the size of the result."""
    painter = Painter(model, engine="tensorflow", precision=config.precision)
    return painter(resize(photo, result_size(photo.shape[:2], config)))


def _points(
    problem: Problem, config: OptimizeConfig, weights: VGGWeights, iterations: Sequence[int]
) -> Iterator[Point]:
    """One scale is run once and looked at along the way; coarse to fine once for each number."""
    most = dataclasses.replace(config, iterations=max(iterations))
    if config.smallest_scale >= config.size:
        yield from pictures_on_the_way(problem, most, weights, set(iterations))
        return
    for number in iterations:
        less = dataclasses.replace(config, iterations=number)
        yield from pictures_on_the_way(problem, less, weights, {number})


def mean_over_photos(measured: Sequence[Mapping[Way, Sequence[Result]]]) -> dict[Way, list[Result]]:
    """The mean work and objective of each way after each number of iterations."""
    return {
        way: [
            Result(*np.mean(results, axis=0))
            for results in zip(*(each[way] for each in measured), strict=True)
        ]
        for way in measured[0]
    }


def table(measured: Mapping[Way, Sequence[Result]]) -> str:
    """All results in Markdown."""
    reference = measured[WAYS[0]]
    rows = [["run", "iterations", "work", "objective", "work saved"], ["---"] * 5]
    for way, results in measured.items():
        for result in results:
            saved = "" if way == WAYS[0] else work_saved(reference, result)
            work = f"{result.work:.0f}"
            rows.append(
                [str(way), f"{result.iterations:.0f}", work, f"{result.objective:.5f}", saved]
            )
    return "\n".join(line(row) for row in rows)


def work_saved(reference: Sequence[Result], result: Result) -> str:
    """The work that the reference takes to come to the same objective, less that of a result.

    Empty where the reference did no more work than the result and did not come so low.
    """
    works, values = [each.work for each in reference], [each.objective for each in reference]
    needed = evaluations_worth(works, values, result.objective)
    if needed == 0:
        return f"? (above {values[0]:.3f})"
    if math.isinf(needed):
        more = works[-1] - result.work
        return f"more than {more:.0f}" if more > 0 else ""
    return f"{needed - result.work:.0f}"


def _rows(size: int, photo: str, measured: Mapping[Way, Sequence[Result]]) -> list[dict]:
    return [
        {"size": size, "photo": photo, "run": str(way), **result._asdict()}
        for way, results in measured.items()
        for result in results
    ]


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        sys.exit(f"error: {error}")
