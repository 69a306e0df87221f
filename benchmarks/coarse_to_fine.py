"""The objective at the final size against seconds: one scale, and coarse to fine.

  python -m benchmarks.coarse_to_fine --size 512 --one_scale 500 --iterations 60,120,200

One scale is run once and looked at along the way; each coarse-to-fine run ends at its own number of
iterations. Every picture is measured as saved, in 8 bits, at the final size and in float32. Runs
follow each other on the same machine; for seconds that do not depend on who else was busy, work is
given too: pixels seen by all evaluations, in evaluations at the final size. Prints Markdown, and
draws docs/coarse_to_fine.png.
"""

import argparse
import dataclasses
import time
from collections.abc import Iterator
from typing import NamedTuple

import matplotlib
import numpy as np
from restyle.models.weights.load import VGGWeights, load_vgg_weights

from benchmarks.report import head, line, listed, parser_of
from restyle.exact.evaluation import measure_stages
from restyle.exact.optimizer import optimize
from restyle.exact.problem import Problem, read_problem
from restyle.exact.schedule import scales_of
from restyle.exact.settings import STARTS, OptimizeConfig, PictureObjective
from restyle.machine.precision import PRECISIONS
from restyle.media.images import as_saved

matplotlib.use("Agg")


class Point(NamedTuple):
    """A picture on the way: iterations and seconds until then, work, and its pixels."""

    iterations: int
    seconds: float
    work: float
    pixels: np.ndarray


def main() -> None:
    flags = _flags()
    problem = read_problem(flags.content, [flags.style])
    config = OptimizeConfig(size=flags.size, precision=flags.precision, init=flags.init)
    weights = load_vgg_weights()
    most = flags.one_scale
    at = {round(most * share) for share in (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0)}
    one = dataclasses.replace(config, smallest_scale=flags.size, iterations=most)
    curves = {"one scale": list(pictures_on_the_way(problem, one, weights, at))}
    for smallest in flags.smallest_scales:
        points = []
        for iterations in flags.iterations:
            fine = dataclasses.replace(config, smallest_scale=smallest, iterations=iterations)
            points += pictures_on_the_way(problem, fine, weights, {iterations})
        curves[f"from {smallest} px"] = points
    measured = {}
    print(head(["run", "iterations", "seconds", "work", "objective"]), flush=True)
    for name, points in curves.items():
        values = objectives(points, problem, one, weights)
        measured[name] = [
            (point.seconds, value) for point, value in zip(points, values, strict=True)
        ]
        for point, value in zip(points, values, strict=True):
            row = (str(point.iterations), f"{point.seconds:.0f}", f"{point.work:.0f}")
            print(line([name, *row, f"{value:.5f}"]), flush=True)
    _plot(measured, flags)


def _flags() -> argparse.Namespace:
    parser = parser_of(__doc__, "content", "style")
    parser.add_argument("--size", type=int, default=512, help="long side in pixels")
    parser.add_argument("--one_scale", type=int, default=500, help="iterations at one scale")
    parser.add_argument("--iterations", type=listed(int), default=[60, 120, 200])
    parser.add_argument("--smallest_scales", type=listed(int), default=[128])
    parser.add_argument("--precision", choices=PRECISIONS, default="bfloat16")
    parser.add_argument("--init", choices=STARTS, default="content")
    parser.add_argument("--plot", default="docs/coarse_to_fine.png")
    return parser.parse_args()


def pictures_on_the_way(
    problem: Problem, config: OptimizeConfig, weights: VGGWeights, at: set[int]
) -> Iterator[Point]:
    """The pictures after each number of iterations in `at`, and the last one."""
    began, work, seen = time.monotonic(), 0.0, (-1, 0)
    height, width = scales_of(problem, PictureObjective(), config)[-1].size
    for step in optimize(problem, PictureObjective(), config, weights):
        fresh = step.evaluations - (seen[1] if seen[0] == step.scale_index else 0)
        seen = (step.scale_index, step.evaluations)
        work += fresh * step.scale.size[0] * step.scale.size[1] / (height * width)
        if step.iteration_of_run in at | {config.iterations}:
            seconds = time.monotonic() - began
            yield Point(step.iteration_of_run, seconds, work, step.pixels())


def objectives(
    points: list[Point], problem: Problem, config: OptimizeConfig, weights: VGGWeights
) -> list[float]:
    """The objective of each picture as saved, at the final size, in float32."""
    stages = {str(index): as_saved(point.pixels, ".png") for index, point in enumerate(points)}
    measured = measure_stages(stages, problem, PictureObjective(), config, weights)
    return [terms["objective"] for terms in measured.values()]


def _plot(curves: dict[str, list[tuple[float, float]]], flags: argparse.Namespace) -> None:
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6, 4), layout="constrained")
    for name, points in curves.items():
        axes.plot(*zip(*points, strict=True), marker="o", label=name)
    axes.set(xlabel="seconds", ylabel="objective of the saved picture", yscale="log")
    axes.set_title(f"Coarse to fine, long side {flags.size} px, {flags.precision}")
    axes.legend()
    figure.savefig(flags.plot, dpi=120)


if __name__ == "__main__":
    main()
