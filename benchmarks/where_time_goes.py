"""Where the time of an exact picture goes: scale by scale, and within an iteration.

  python -m benchmarks.where_time_goes --content photo.jpg --style painting.jpg --size 512

Runs what optimize_style.py runs, and then times the parts of an iteration at each scale by
themselves: VGG-19 forward and back, for which the loss is the sum of its features; what the terms
add to it, statistics of the layers, eigendecompositions and their gradients; and what is left of an
iteration, which is L-BFGS and trials that were not lower. "prepare" is what the first iteration of
a scale takes more than the others: the photo and the painting seen at that size, and the graph
compiled. Processor seconds of all cores, which other work on the machine changes little; parts are
medians. Prints Markdown.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import keras
import tensorflow as tf
from restyle.models.objective_config import STYLE_LOSSES
from restyle.models.weights.load import VGGWeights, load_vgg_weights

from benchmarks.report import head, line, parser_of
from restyle.exact.evaluation import evaluation_at, network_for
from restyle.exact.optimizer import optimize
from restyle.exact.problem import Problem, read_problem
from restyle.exact.schedule import Scale, scales_of
from restyle.exact.settings import PRECISIONS, OptimizeConfig, PictureObjective
from restyle.machine.precision import decided_precision
from restyle.measure import as_batch

HEADINGS = ("scale", "iterations", "all, s", "of the run", "prepare, s", "an iteration, s")
PARTS = ("VGG-19", "terms", "L-BFGS and further trials")


class Spent(NamedTuple):
    """Processor seconds at one scale: before the first iteration ended, and of each other one."""

    first: float
    others: Sequence[float]

    @property
    def iteration(self) -> float:
        """Of an iteration as a rule."""
        return statistics.median(self.others or [self.first])

    @property
    def whole(self) -> float:
        """Of the scale."""
        return self.first + sum(self.others)


def main() -> None:
    flags = _flags()
    problem = read_problem(flags.content, [flags.style])
    objective = PictureObjective(style_loss=flags.style_loss)
    config = OptimizeConfig(
        size=flags.size, iterations=flags.iterations, precision=decided_precision(flags.precision)
    )
    weights = load_vgg_weights()
    spent = _run(problem, objective, config, weights)
    network = network_for(weights, objective.layers, objective.pooling, config.precision)
    everything = sum(scale.whole for scale in spent)
    print(f"{config.precision}, {everything:.0f} processor seconds for all iterations.\n")
    print(head((*HEADINGS, *PARTS)), flush=True)
    for scale, seconds in zip(scales_of(problem, objective, config), spent, strict=True):
        parts = _parts(problem, objective, network, scale, flags.rounds)
        print(_row(scale, seconds, parts, everything), flush=True)


def _flags() -> argparse.Namespace:
    parser = parser_of(__doc__, "content", "style")
    parser.add_argument("--size", type=int, default=512, help="long side in pixels")
    parser.add_argument("--iterations", type=int, default=OptimizeConfig().iterations)
    parser.add_argument("--style_loss", choices=STYLE_LOSSES, default=PictureObjective().style_loss)
    parser.add_argument("--precision", choices=PRECISIONS, default="auto")
    parser.add_argument("--rounds", type=int, default=5, help="of each part; medians count")
    return parser.parse_args()


def _run(
    problem: Problem, objective: PictureObjective, config: OptimizeConfig, weights: VGGWeights
) -> list[Spent]:
    """A whole run, scale by scale."""
    seconds: dict[int, list[float]] = {}
    began = time.process_time()
    for step in optimize(problem, objective, config, weights):
        now = time.process_time()
        seconds.setdefault(step.scale_index, []).append(now - began)
        began = now
    return [Spent(first, others) for first, *others in seconds.values()]


def _parts(
    problem: Problem, objective: PictureObjective, network: keras.Model, scale: Scale, rounds: int
) -> tuple[float, float]:
    """Processor seconds of the network alone and of a whole evaluation, both with a gradient."""
    evaluation = evaluation_at(
        problem, objective, network, size=scale.size, style_long_side=scale.style_long_side
    )
    image = tf.convert_to_tensor(as_batch(problem.content, scale.size))

    @tf.function
    def network_alone(pixels: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(pixels)
            maps = network(pixels).values()
            loss = tf.add_n([tf.reduce_sum(tf.cast(each, tf.float32)) for each in maps])
        return tf.convert_to_tensor(tape.gradient(loss, pixels))

    calls = (lambda: network_alone(image), lambda: evaluation(image).gradient)
    alone, whole = (_median(call, rounds) for call in calls)
    return alone, whole


def _median(call: Callable[[], tf.Tensor], rounds: int) -> float:
    call()  # Compiled here.
    seconds = []
    for _ in range(rounds):
        began = time.process_time()
        call().numpy()
        seconds.append(time.process_time() - began)
    return statistics.median(seconds)


def _row(scale: Scale, spent: Spent, parts: tuple[float, float], everything: float) -> str:
    alone, evaluation = parts
    shares = (alone, evaluation - alone, spent.iteration - evaluation)
    height, width = scale.size
    return line(
        [
            f"{width} x {height}",
            str(1 + len(spent.others)),
            f"{spent.whole:.1f}",
            f"{spent.whole / everything:.0%}",
            f"{spent.first - spent.iteration:.1f}",
            f"{spent.iteration:.3f}",
            *(f"{share / spent.iteration:.0%}" for share in shares),
        ]
    )


if __name__ == "__main__":
    main()
