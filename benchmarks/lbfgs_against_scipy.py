"""Our L-BFGS beside scipy's L-BFGS-B: the objective for the same number of evaluations.

  python -m benchmarks.lbfgs_against_scipy --size 256 --evaluations 100

All start from the content and remember 20 pairs. Three ways to end with a picture in [0, 1]:
project each step (ours), solve for the bounds (L-BFGS-B), ignore them and clip at the end (scipy
unbounded). What counts is the objective of the picture as saved, in 8 bits, measured in float32.
Prints tables in Markdown.
"""

import argparse
import time

import numpy as np
import scipy.optimize
import tensorflow as tf

from models.objective_config import ObjectiveConfig
from models.vgg19 import vgg19_features
from models.vgg_weights import load_vgg_weights
from restyle.exact.evaluation import WholeImage, as_batch, evaluation_at
from restyle.exact.lbfgs import LBFGS
from restyle.exact.precision import PRECISIONS
from restyle.exact.problem import Problem, read_problem
from restyle.exact.result import as_saved
from restyle.media.images import fit_long_side

HISTORY = 20


class Counted:
    """An evaluation that keeps the lowest value so far, evaluation by evaluation."""

    def __init__(self, evaluate: tf.types.experimental.PolymorphicFunction):
        self.evaluate = evaluate
        self.lowest: list[float] = []

    def __call__(self, vector: np.ndarray, shape) -> tuple[float, np.ndarray]:
        measured = self.evaluate(tf.constant(vector.reshape(shape), tf.float32))
        value = float(measured.value)
        self.lowest.append(min([value, *self.lowest[-1:]]))
        return value, measured.gradient.numpy().ravel().astype(np.float64)


def main() -> None:
    flags = _flags()
    problem = read_problem(flags.content, [flags.style])
    at = [int(share * flags.evaluations) for share in (0.1, 0.2, 0.5, 1.0)]
    judge = _evaluation(problem, flags.size, "float32")
    runs = {}
    for precision in PRECISIONS:
        whole = judge if precision == "float32" else _evaluation(problem, flags.size, precision)
        runs[f"ours, {precision}"] = _ours(whole, flags.evaluations)
    for name, bounds in (("L-BFGS-B", (0, 1)), ("unbounded, clipped", None)):
        runs[f"scipy {name}"] = _scipy(judge, flags.evaluations, bounds)
    _print_row("method", *(f"after {n}" for n in at), "saved", "iterations")
    _print_row(*["---"] * (len(at) + 3))
    for name, (lowest, pixels, iterations) in runs.items():
        reached = (f"{lowest[min(n, len(lowest)) - 1]:.5f}" for n in at)
        _print_row(name, *reached, f"{_saved(judge, pixels):.5f}", str(iterations))
    for size in flags.overhead_sizes:
        _print_overhead(_evaluation(problem, size, flags.overhead_precision), size)


def _flags() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--content", default="samples/landscape.jpg")
    parser.add_argument("--style", default="samples/brushwork.jpg")
    parser.add_argument("--size", type=int, default=256, help="long side in pixels")
    parser.add_argument("--evaluations", type=int, default=100)
    parser.add_argument("--overhead_sizes", type=int, nargs="*", default=[512])
    parser.add_argument("--overhead_precision", choices=PRECISIONS, default="bfloat16")
    return parser.parse_args()


def _evaluation(problem: Problem, long_side: int, precision: str) -> WholeImage:
    config = ObjectiveConfig()
    network = vgg19_features(load_vgg_weights(), config.layers, dtype=PRECISIONS[precision])
    size = fit_long_side(problem.content.shape[:2], long_side)
    return evaluation_at(problem, config, network, size=size, style_long_side=long_side)


def _start(whole: WholeImage, problem: Problem) -> tf.Tensor:
    height, width = (8 * side for side in next(iter(whole.content.values())).shape[1:3])
    return as_batch(problem.content, (height, width))
