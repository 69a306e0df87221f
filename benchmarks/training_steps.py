"""What a step of training costs by the size of its crops, with and without the deepest style layer.

  python -m benchmarks.training_steps --sides 128,192,256 --rounds 3

Steps as train_fast.py makes them with its defaults, on TensorFlow. Both kinds of step take turns.
Processor seconds, which other work on the same cores changes little. Prints a table in Markdown.
"""

import argparse
import statistics
import time

import numpy as np
from restyle.models.objective_config import ObjectiveConfig
from restyle.models.transform_config import TransformConfig
from restyle.models.vgg19 import vgg19_features
from restyle.models.weights.load import load_vgg_weights

from benchmarks.report import head, line, listed, parser_of
from restyle.machine.precision import PRECISIONS, decided_precision
from restyle.media.images import fit_long_side, read_image, resize
from restyle.training.backend import strategy_named, trainer_class
from restyle.training.held_out import plain_batch
from restyle.training.loss import Batch, TrainingLoss, painting_targets
from restyle.training.settings import TrainConfig
from restyle.training.trainer import Trainer

HEADINGS = ("crops", "all layers, s", "without the deepest, s", "saved", "of a step at the largest")


def main() -> None:
    flags = _flags()
    trainer = _trainer(flags)
    config = trainer.config
    print(f"{config.batch_size} crops, width {TransformConfig().width}, {config.precision}.\n")
    seconds = {side: _seconds(trainer, side, flags.rounds) for side in flags.sides}
    largest = seconds[max(seconds)][True]
    print(head(HEADINGS))
    for side, by_kind in seconds.items():
        whole, less = by_kind[True], by_kind[False]
        cells = [str(side), f"{whole:.2f}", f"{less:.2f}"]
        cells += [f"{1 - less / whole:.0%}", f"{less / largest:.0%}"]
        print(line(cells), flush=True)


def _flags() -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--sides", type=listed(int))
    parser.set_defaults(sides=list(TrainConfig().image_size))
    parser.add_argument("--batch_size", type=int, default=TrainConfig().batch_size)
    parser.add_argument("--rounds", type=int, default=3, help="steps of each kind; medians count")
    parser.add_argument("--style", default="samples/brushwork.jpg")
    return parser.parse_args()


def _trainer(flags: argparse.Namespace) -> Trainer:
    config = TrainConfig(batch_size=flags.batch_size, precision=decided_precision("auto"))
    objective, weights = ObjectiveConfig(), load_vgg_weights()
    painting = read_image(flags.style).pixels
    painting = resize(painting, fit_long_side(painting.shape[:2], config.style_size[0]))

    def vgg19(layers, dtype="float32"):
        return vgg19_features(weights, layers, pooling=objective.pooling, dtype=dtype)

    def loss() -> TrainingLoss:
        targets = painting_targets(vgg19(objective.style_layers), [painting], objective)
        dtype = PRECISIONS[config.precision]
        networks = (vgg19(names, dtype) for names in (objective.layers, objective.content_layers))
        return TrainingLoss(objective, targets, *networks, lattice_weight=config.lattice_weight)

    return trainer_class()(TransformConfig(), config, loss, strategy_named("one"))


def _seconds(trainer: Trainer, side: int, rounds: int) -> dict[bool, float]:
    """Processor seconds of a step with the whole objective and without its deepest style layer."""
    generator = np.random.default_rng(0)
    photos = generator.random((trainer.config.batch_size, side, side, 3), np.float32)
    batch = trainer.send(plain_batch(photos))
    times: dict[bool, list[float]] = {True: [], False: []}
    for kind in times:
        _timed_step(trainer, batch, kind)  # Traced here.
    for _ in range(rounds):
        for kind, seen in times.items():
            seen.append(_timed_step(trainer, batch, kind))
    return {kind: statistics.median(seen) for kind, seen in times.items()}


def _timed_step(trainer: Trainer, batch: Batch, whole: bool) -> float:
    began = time.process_time()
    float(trainer.step(batch, 1e-3, whole)["loss"])
    return time.process_time() - began


if __name__ == "__main__":
    main()
