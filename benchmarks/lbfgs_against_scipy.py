"""Our L-BFGS beside scipy's L-BFGS-B: the objective after the same number of evaluations.

  python -m benchmarks.lbfgs_against_scipy --size 256 --evaluations 100

All start from the content and remember 20 pairs. Three ways to end with a picture in [0, 1]:
project each step (ours), solve for the bounds (L-BFGS-B), ignore them and clip at the end (scipy
without bounds). What counts is the picture as saved, in 8 bits, measured in float32. The second
table is what a step costs beside its evaluations. Prints Markdown.
"""

import argparse
import statistics
import time
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import scipy.optimize
import tensorflow as tf
from restyle.models.objective_config import ObjectiveConfig
from restyle.models.vgg19 import vgg19_features
from restyle.models.weights.load import load_vgg_weights

from benchmarks.report import head, line, parser_of
from restyle.exact.evaluation import WholeImage, evaluation_at
from restyle.exact.lbfgs import LBFGS
from restyle.exact.problem import Problem, read_problem
from restyle.exact.tiled_image import TiledImage
from restyle.machine.precision import PRECISIONS
from restyle.measure import Measured, as_batch
from restyle.media.images import as_saved, fit_long_side

HISTORY = 20
STEPS_TIMED = 30


class Run(NamedTuple):
    """The lowest value after each evaluation, the picture at the end, the iterations it took."""

    lowest: Sequence[float]
    pixels: np.ndarray
    iterations: int


def main() -> None:
    flags = _flags()
    problem = read_problem(flags.content, [flags.style])
    size = fit_long_side(problem.content.shape[:2], flags.size)
    start, count = as_batch(problem.content, size), flags.evaluations
    evaluations = {name: _evaluation(problem, size, name) for name in PRECISIONS}
    judge = evaluations["float32"]
    runs = {f"ours, {name}": ours(at, start, count) for name, at in evaluations.items()}
    runs["scipy L-BFGS-B"] = scipys(judge, start, count, bounds=(0, 1))
    runs["scipy without bounds, clipped"] = scipys(judge, start, count, bounds=None)
    at = [count // 10, count // 5, count // 2, count]
    titles = ["method", *(f"after {n}" for n in at), "saved, float32", "iterations"]
    print(head(titles), flush=True)
    for name, run in runs.items():
        reached = (f"{run.lowest[min(n, len(run.lowest)) - 1]:.5f}" for n in at)
        saved = judge.numbers(as_saved(run.pixels, ".png"))["objective"]
        print(line([name, *reached, f"{saved:.5f}", str(run.iterations)]), flush=True)
    print()
    print(head(["pixels", "evaluation, seconds", "rest of a step, seconds", "share"]), flush=True)
    for long_side in flags.overhead_sizes:
        _print_overhead(problem, fit_long_side(problem.content.shape[:2], long_side))


def _flags() -> argparse.Namespace:
    parser = parser_of(__doc__, "content", "style")
    parser.add_argument("--size", type=int, default=256, help="long side in pixels")
    parser.add_argument("--evaluations", type=int, default=100)
    parser.add_argument("--overhead_sizes", type=int, nargs="*", default=[256, 512])
    return parser.parse_args()


def _evaluation(problem: Problem, size: tuple[int, int], precision: str) -> WholeImage | TiledImage:
    config = ObjectiveConfig()
    network = vgg19_features(
        load_vgg_weights(), config.layers, dtype=PRECISIONS[precision], pooling=config.pooling
    )
    return evaluation_at(problem, config, network, size=size, style_long_side=max(size))


def ours(evaluate: WholeImage | TiledImage, start: tf.Tensor, evaluations: int) -> Run:
    """Our L-BFGS until `evaluations` are spent, the last step's trials included."""
    optimizer = LBFGS(evaluate, start, history=HISTORY)
    lowest, iterations = [float(optimizer.value)], 0
    while len(lowest) < evaluations and not optimizer.stalled:
        optimizer.step()
        iterations += 1
        trials = int(optimizer.evaluations) - len(lowest)
        lowest += [lowest[-1]] * (trials - 1) + [float(optimizer.value)]
    return Run(lowest, optimizer.image.numpy()[0], iterations)


def scipys(evaluate: WholeImage | TiledImage, start: tf.Tensor, evaluations: int, *, bounds) -> Run:
    """scipy's L-BFGS-B in float64 around our evaluation; clipped at the end."""
    graph, lowest, best = tf.function(evaluate.__call__), [], []

    def value_and_gradient(vector: np.ndarray) -> tuple[float, np.ndarray]:
        measured = graph(tf.constant(vector.reshape(np.shape(start)), tf.float32))
        value = float(measured.value)
        if not lowest or value < lowest[-1]:
            best[:] = [vector.copy()]
        lowest.append(min([value, *lowest[-1:]]))
        return value, measured.gradient.numpy().ravel().astype(np.float64)

    result = scipy.optimize.minimize(
        value_and_gradient,
        start.numpy().ravel().astype(np.float64),
        jac=True,
        method="L-BFGS-B",
        bounds=bounds and [bounds] * int(tf.size(start)),
        options={"maxcor": HISTORY, "maxfun": evaluations, "ftol": 0, "gtol": 0},
    )
    pixels = np.clip(best[0], 0, 1).reshape(start.shape).astype(np.float32)[0]
    return Run(lowest, pixels, result.nit)


def _print_overhead(problem: Problem, size: tuple[int, int]) -> None:
    """Medians of steps on a cheap quadratic, with all pairs in use, and of real evaluations."""
    start = as_batch(problem.content, size)
    curvature = tf.random.stateless_uniform(np.shape(start), (0, 0), 0.5, 50.0)

    def quadratic(image: tf.Tensor) -> Measured:
        gradient = curvature * (image - 0.5)
        value = 0.5 * tf.reduce_sum(gradient * (image - 0.5))
        return Measured(value, gradient, value[tf.newaxis])

    optimizer = LBFGS(quadratic, start, history=HISTORY)
    graph = tf.function(_evaluation(problem, size, "bfloat16").__call__)
    for _ in range(HISTORY + 1):
        optimizer.step()
    graph(start)
    steps, evaluations = [], []
    for index in range(STEPS_TIMED):
        steps.append(_seconds(optimizer.step))
        if index % 6 == 0:
            evaluations.append(_seconds(lambda: graph(start)))
    step, evaluation = statistics.median(steps), statistics.median(evaluations)
    row = (f"{size[1]} x {size[0]}", f"{evaluation:.2f}", f"{step:.3f}", f"{step / evaluation:.1%}")
    print(line(row), flush=True)
    assert int(optimizer.made) >= HISTORY, "The quadratic did not fill the memory."


def _seconds(work) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
