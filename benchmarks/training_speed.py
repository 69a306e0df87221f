"""Photos that a network learns from in a second, beside the same step in PyTorch.

  python -m benchmarks.training_speed --width 16 --torch_python VENV/bin/python

A step is that of train_fast.py: network, VGG-19 twice, loss, gradient, Muon; by either style term.
Each configuration is a process of its own; they take turns, and ratios are medians over the rounds:
"times the first" of processor seconds, to the table's first row, "PyTorch / ours" of seconds. All
begin with the same weights and learn from the same photos, so that their losses must agree; the
program ends if they do not. Prints a table in Markdown.
"""

import argparse
import itertools
import os
import statistics
import sys
import tempfile
from pathlib import Path

import numpy as np
from restyle.models.objective_config import STYLE_LOSSES, ObjectiveConfig
from restyle.models.transform_config import TransformConfig
from restyle.models.weights.load import VGGWeights, load_vgg_weights, random_vgg_weights

from benchmarks.report import head, line, parser_of
from benchmarks.value_and_gradient import needed_layers
from benchmarks.worker import Round, Worker, serve, take_turns
from restyle.media.images import fit_long_side, read_image, resize
from restyle.training.settings import TrainConfig

PRECISIONS = ("float32", "bfloat16")
# Of the first two losses. A first move goes by the sign of each gradient or by each of its
# directions alike, rounding's too.
TOLERANCES = {"float32": (1e-3, 1e-2), "bfloat16": (3e-2, 5e-2)}
HEADINGS = (
    "style term",
    "precision",
    "photos/s",
    "seconds a step",
    "times the first",
    "PyTorch photos/s",
    "PyTorch / ours",
    "GB",
)


def main() -> None:
    flags = _flags()
    if flags.worker:
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
        serve(training_step(*flags.worker))
        return
    with tempfile.TemporaryDirectory() as folder:
        inputs = Path(folder) / "inputs.npz"
        np.savez(inputs, allow_pickle=False, **_inputs(flags))
        rounds = take_turns(_workers(inputs, flags), flags.rounds)
    print(f"Width {flags.width}, {flags.batch_size} crops of {flags.image_size} pixels.\n")
    print(head(HEADINGS))
    for kind in _kinds(flags):
        print(line(_row(kind, rounds, flags)))


def _flags() -> argparse.Namespace:
    parser = parser_of(__doc__, "style", "torch_python")
    defaults = TrainConfig()
    parser.add_argument("--width", type=int, default=16, help="of the network; 32 is the paper's")
    parser.add_argument("--image_size", type=int, default=defaults.largest_side, help="of a crop")
    parser.add_argument("--batch_size", type=int, default=defaults.batch_size)
    parser.add_argument(
        "--style_losses", nargs="+", choices=STYLE_LOSSES, default=[ObjectiveConfig().style_loss]
    )
    parser.add_argument("--precisions", nargs="+", choices=PRECISIONS, default=PRECISIONS)
    parser.add_argument("--rounds", type=int, default=7, help="steps of each configuration")
    parser.add_argument("--photo", default="samples/landscape.jpg", help="that crops are cut from")
    parser.add_argument("--random_vgg", action="store_true", help="random weights, just as fast")
    parser.add_argument("--worker", nargs=3, help=argparse.SUPPRESS)
    return parser.parse_args()


def _inputs(flags: argparse.Namespace) -> dict[str, np.ndarray]:
    """Photos, painting, the weights of both networks, and the numbers of the run, by name."""
    config = TrainConfig(batch_size=flags.batch_size)
    painting = read_image(flags.style).pixels
    painting = resize(painting, fit_long_side(painting.shape[:2], config.style_size[0]))
    inputs = {"painting": painting[None], "photos": _crops(flags)}
    weights = random_vgg_weights() if flags.random_vgg else load_vgg_weights()
    for name in needed_layers():
        inputs[f"{name} kernel"], inputs[f"{name} bias"] = weights.filters[name]
    shape = TransformConfig(width=flags.width, strength=False)
    for index, array in enumerate(_first_weights(shape, config.seed)):
        inputs[f"weight {index}"] = array
    inputs |= {"width": np.array(shape.width), "residual_blocks": np.array(shape.residual_blocks)}
    names = ("learning_rate", "gradient_clip")
    return inputs | {name: np.array(getattr(config, name)) for name in names}


def _crops(flags: argparse.Namespace) -> np.ndarray:
    """Random squares of a photo, (b, side, side, 3)."""
    photo, generator = read_image(flags.photo).pixels, np.random.default_rng(0)
    side, crops = flags.image_size, []
    if min(photo.shape[:2]) < side:
        sys.exit(f"error: '{flags.photo}' has no squares of {side} pixels. Give a larger --photo.")
    for _ in range(flags.batch_size):
        top, left = (generator.integers(length - side + 1) for length in photo.shape[:2])
        crops.append(photo[top : top + side, left : left + side])
    return np.stack(crops)


def _first_weights(shape: TransformConfig, seed: int) -> list[np.ndarray]:
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
    from restyle.models.transform_net import TransformNet

    return TransformNet(shape, seed=seed).get_weights()


def _kinds(flags: argparse.Namespace) -> list[tuple[str, str]]:
    """Each style term in each precision."""
    return list(itertools.product(flags.style_losses, flags.precisions))


def _workers(inputs: Path, flags: argparse.Namespace) -> dict[str, Worker]:
    workers = {}
    for kind in _kinds(flags):
        arguments, name = [str(inputs), *kind], " ".join(kind)
        workers[f"ours {name}"] = Worker("benchmarks.training_speed", ["--worker", *arguments])
        if flags.torch_python:
            theirs = Worker("benchmarks.pytorch_training", arguments, python=flags.torch_python)
            workers[f"PyTorch {name}"] = theirs
    return workers


def training_step(inputs: str, style_loss: str, precision: str):
    """A function that makes one step of our training and returns the loss before it."""
    from restyle.models.vgg19 import vgg19_features

    from restyle.machine.precision import PRECISIONS as DTYPES
    from restyle.training.backend import strategy_named, trainer_class
    from restyle.training.held_out import plain_batch
    from restyle.training.loss import TrainingLoss, painting_targets

    with np.load(inputs) as arrays:
        given = dict(arrays)
    filters = {n: (given[f"{n} kernel"], given[f"{n} bias"]) for n in needed_layers()}
    vgg, objective = VGGWeights(filters, "benchmark", ""), ObjectiveConfig(style_loss=style_loss)
    shape = TransformConfig(int(given["width"]), int(given["residual_blocks"]), strength=False)
    batch = plain_batch(given["photos"])
    config = TrainConfig(batch_size=len(batch.images), precision=precision)

    def loss() -> TrainingLoss:
        precise = vgg19_features(vgg, objective.style_layers, pooling=objective.pooling)
        targets = painting_targets(precise, list(given["painting"]), objective)
        networks = (
            vgg19_features(vgg, layers, dtype=DTYPES[precision], pooling=objective.pooling)
            for layers in (objective.layers, objective.content_layers)
        )
        return TrainingLoss(objective, targets, *networks)

    trainer = trainer_class()(shape, config, loss, strategy_named("one"))
    count = len(trainer.network.weights)
    trainer.network.set_weights([given[f"weight {i}"] for i in range(count)])
    sent = trainer.send(batch)
    return lambda: float(trainer.step(sent, config.learning_rate)["loss"])


def _row(
    kind: tuple[str, str], rounds: dict[str, list[Round]], flags: argparse.Namespace
) -> list[str]:
    """The cells of a row; those that need a worker that has ended are empty."""
    cells = dict.fromkeys(HEADINGS, "") | dict(zip(HEADINGS, kind, strict=False))
    ours, theirs, first = (
        rounds.get(" ".join((who, *which)), [])
        for who, which in (("ours", kind), ("PyTorch", kind), ("ours", _kinds(flags)[0]))
    )
    if ours:
        seconds = min(turn.seconds for turn in ours[1:])
        cells["photos/s"] = f"{flags.batch_size / seconds:.2f}"
        cells["seconds a step"] = f"{seconds:.2f}"
        cells["GB"] = f"{max(turn.peak_bytes for turn in ours) / 1e9:.2f}"
    if ours and first:
        pairs = zip(ours[1:], first[1:], strict=True)
        ratio = statistics.median(o.processor_seconds / f.processor_seconds for o, f in pairs)
        cells["times the first"] = f"{ratio:.2f}"
    if theirs:
        seconds = min(turn.seconds for turn in theirs[1:])
        cells["PyTorch photos/s"] = f"{flags.batch_size / seconds:.2f}"
    if ours and theirs:
        _check_same_losses(ours, theirs, kind[1])
        ratios = [t.seconds / o.seconds for t, o in zip(theirs[1:], ours[1:], strict=True)]
        cells["PyTorch / ours"] = f"{statistics.median(ratios):.2f}"
    return list(cells.values())


def _check_same_losses(ours: list[Round], theirs: list[Round], precision: str) -> None:
    """Of the first step, and of the second, which the first one's gradient changed."""
    for mine, other, tolerance in zip(ours, theirs, TOLERANCES[precision], strict=False):
        if not np.isclose(mine.value, other.value, rtol=tolerance):
            sys.exit(f"error: ours has a loss of {mine.value}, PyTorch {other.value}.")


if __name__ == "__main__":
    main()
