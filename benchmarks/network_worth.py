"""How many evaluations of the optimizer one pass of a trained network is worth.

  python -m benchmarks.network_worth --model painting.keras --photos PHOTOS --sizes 256,512

Johnson et al. (2016), section 4.1: the objective of the network's output beside that of L-BFGS from
white noise; theirs is worth 50 to 100 iterations. We count evaluations, of which each costs the
same, and start from the photo too. The objective is the one the network was trained on, or with
`--objective johnson` that of their layers, the painting as large as in its training; every picture
is measured in float32, whatever made it. Passes are timed between evaluations, so that both meet
the same load. Prints Markdown.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from restyle.models.objective_config import ObjectiveConfig
from restyle.models.vgg19 import vgg19_features
from restyle.models.weights.load import VGGWeights, load_vgg_weights

from benchmarks.report import listed, parser_of
from benchmarks.worth import Measured, counted_at, plot, table, worth_text
from restyle.errors import UserError
from restyle.exact.optimizer import optimize, starting_image
from restyle.exact.problem import Problem
from restyle.exact.settings import PRECISIONS as CHOICES
from restyle.exact.settings import OptimizeConfig
from restyle.files import check_target
from restyle.machine.precision import PRECISIONS, decided_precision
from restyle.measure import Painting, score
from restyle.media.folders import find_pictures
from restyle.media.images import fit_long_side, read_image, resize
from restyle.networks import load_network, read_network_recipe
from restyle.record.recipe import recipe_objective
from restyle.record.scores import TABLES, write_scores
from restyle.training.held_out import plain_batch
from restyle.training.loss import network_inputs

STARTS = {"noise": "noise", "the photo": "content"}
# The layers of Johnson et al. (2016), figure 2, on which they count; theirs are of VGG-16. The
# balance of content and style is ours, since ours are relative errors.
JOHNSON = ObjectiveConfig(
    content_layers=("conv3_3",),
    style_layers=("conv1_2", "conv2_2", "conv3_3", "conv4_3"),
    style_loss="gram",
)


class Contest(NamedTuple):
    """The two that meet, and what they are measured by.

    Attributes:
      network: the trained network, in the precision that is timed.
      style: which of the network's styles.
      painting: (h, w, 3).
      style_long_side: of the painting as the network learned it.
      weights, precision: of the VGG-19 that the optimizer uses.
      precise_vgg: what measures.
    """

    network: Any
    style: int
    painting: np.ndarray
    style_long_side: int
    objective: ObjectiveConfig
    weights: VGGWeights
    precision: str
    precise_vgg: keras.Model


def main() -> None:
    flags = _flags()
    if flags.csv:
        check_target(flags.csv, TABLES)
    photos = [path for place in flags.photos for path in find_pictures(place)]
    contest, evaluations = read_contest(flags), counted_at(flags.evaluations)
    by_size, rows = {}, []
    for size in flags.sizes:
        by_size[size] = []
        for path in photos:
            measured = meet(contest, path, size, evaluations)
            by_size[size].append(measured)
            rows += _rows(size, evaluations, measured)
            if flags.csv:  # After each photo: a run takes hours.
                write_scores(flags.csv, rows)
        print(f"\n{worth_text(size, evaluations, by_size[size])}\n", flush=True)
        print(table(evaluations, by_size[size]), flush=True)
    if flags.plot:
        plot(flags.plot, Path(flags.model).stem, evaluations, by_size)


def _flags() -> argparse.Namespace:
    parser = parser_of(__doc__, "model")
    parser.add_argument("--photos", required=True, nargs="+", help="that it was not trained on")
    parser.add_argument("--style", help="the painting; if not given: the path in the recipe")
    parser.add_argument("--style_index", type=int, default=0, help="of a network's several styles")
    parser.add_argument("--sizes", type=listed(int))
    parser.set_defaults(sizes=[256, 512])
    parser.add_argument("--evaluations", type=int, default=500, help="of each of the two starts")
    parser.add_argument("--objective", choices=("own", "johnson"), default="own")
    parser.add_argument("--precision", choices=CHOICES, default="auto", help="of what is timed")
    parser.add_argument("--plot", help="a .png of the objective against evaluations")
    parser.add_argument("--csv", help="a .csv or .json of every value")
    return parser.parse_args()


def read_contest(flags: argparse.Namespace) -> Contest:
    """The network, its objective and its painting, by the recipe of its training."""
    recipe = json.loads(read_network_recipe(flags.model))
    settings = recipe["settings"]
    objective = JOHNSON if flags.objective == "johnson" else recipe_objective(settings)
    precision, weights = decided_precision(flags.precision), load_vgg_weights()
    print(f"{flags.model} in {precision}; VGG-19 from {weights.source}", flush=True)
    if weights.sha256 != recipe["weights"]["sha256"]:
        print("note: the network was trained with VGG-19 weights from another source", flush=True)
    return Contest(
        network=load_network(flags.model, dtype=PRECISIONS[precision]),
        style=flags.style_index,
        painting=read_image(flags.style or settings["style"][flags.style_index]).pixels,
        style_long_side=int(np.atleast_1d(settings["style_size"])[0]),
        objective=objective,
        weights=weights,
        precision=precision,
        precise_vgg=vgg19_features(weights, objective.layers, pooling=objective.pooling),
    )


def meet(contest: Contest, path: Path, size: int, evaluations: Sequence[int]) -> Measured:
    """Network and optimizer at one photo, `size` pixels long."""
    photo = read_image(path).pixels
    photo = resize(photo, fit_long_side(photo.shape[:2], size))
    one_pass = _one_pass(contest, photo)

    def objective_of(picture: np.ndarray) -> float:
        terms = score(
            picture,
            photo,
            [Painting(contest.painting)],
            contest.precise_vgg,
            contest.objective,
            style_long_side=contest.style_long_side,
        )
        return terms["objective"]

    curves, times = {}, {"evaluation": [], "pass": []}
    network = objective_of(one_pass())
    for name, start in STARTS.items():
        problem = Problem(photo, [contest.painting])
        pictures = _pictures(contest, problem, start, evaluations, times=times, one_pass=one_pass)
        curves[name] = [objective_of(picture) for picture in pictures]
    medians = (statistics.median(times[name]) for name in ("evaluation", "pass"))
    return Measured(path.name, network, curves, *medians)


def _one_pass(contest: Contest, photo: np.ndarray) -> Callable[[], np.ndarray]:
    """A function that has the network paint the photo, traced already."""
    batch = network_inputs(contest.network.config, plain_batch(photo[None], contest.style))
    inputs = {name: tf.constant(values) for name, values in batch.items()}
    graph = tf.function(lambda: contest.network(inputs))
    graph()
    return lambda: graph().numpy()[0]


def _pictures(
    contest: Contest, problem: Problem, start: str, evaluations: Sequence[int], *, times, one_pass
) -> Iterator[np.ndarray]:
    """The optimizer's picture after each number of evaluations; a pass is timed with each.

    A line search that goes past a number counts for the next one.
    """
    size, most = problem.content.shape[:2], evaluations[-1]
    config = OptimizeConfig(
        size=max(size),
        smallest_scale=max(size),
        style_size=contest.style_long_side,
        iterations=most,
        init=start,
        precision=contest.precision,
    )
    steps = optimize(problem, contest.objective, config, contest.weights)
    picture, seen = starting_image(problem, config, (size[0], size[1])), 1
    waiting = list(evaluations)
    while waiting:
        seconds, step = _timed(lambda: next(steps, None))
        while waiting and (step is None or waiting[0] < step.evaluations):
            del waiting[0]
            times["pass"].append(_timed(one_pass)[0])
            yield picture
        if step:
            times["evaluation"].append(seconds / (step.evaluations - seen))
            picture, seen = step.pixels(), step.evaluations


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


def _rows(size: int, evaluations: Sequence[int], measured: Measured) -> list[dict[str, Any]]:
    common = {"size": size, "photo": measured.photo}
    rows = [{**common, "start": "network", "evaluations": 0, "objective": measured.network}]
    for start, curve in measured.curves.items():
        for count, value in zip(evaluations, curve, strict=True):
            rows.append({**common, "start": start, "evaluations": count, "objective": value})
    return rows


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        sys.exit(f"error: {error}")
