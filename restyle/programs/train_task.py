"""The training that the flags ask for, read and checked before anything slow is done."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from absl import flags

from restyle.errors import UserError
from restyle.media.images import fit_long_side, read_image, resize
from restyle.models.objective_config import ObjectiveConfig
from restyle.models.transform_config import TransformConfig
from restyle.models.vgg_layers import smallest_side
from restyle.networks import SUFFIX, network_path, read_network_shape
from restyle.programs.flag_settings import settings
from restyle.programs.objective_flags import objective_config
from restyle.programs.train_flags import ALIASES, train_config
from restyle.record.recipe import file_sha256
from restyle.record.tensorboard_log import check_tensorboard
from restyle.train.backend import checked_backend
from restyle.train.photos import Photographs
from restyle.train.settings import TrainConfig

FLAGS = flags.FLAGS
NOT_SETTINGS = ("run_dir", "resume", "show_recipe", "output", "tensorboard", *ALIASES)


@dataclasses.dataclass(frozen=True)
class TrainTask:
    """A training that was asked for, read and checked.

    Attributes:
      paintings: (h, w, 3), each style of `shape` at each size whose strokes are learnt.
      tests: photos of the user's own, (h, w, 3), twice as long as a crop, for previews.
      start: path of the network to start from, or None.
      inputs: sha256 by path of the paintings and of `start`.
    """

    objective: ObjectiveConfig
    shape: TransformConfig
    config: TrainConfig
    paintings: Sequence[np.ndarray]
    photographs: Photographs
    tests: Sequence[np.ndarray]
    start: str | None
    inputs: Mapping[str, str]

    def with_precision(self, precision: str) -> "TrainTask":
        """The same with "auto" decided."""
        return dataclasses.replace(
            self, config=dataclasses.replace(self.config, precision=precision)
        )


def read_train_task() -> TrainTask:
    """Reads and checks all that the flags name, before anything slow is done."""
    if not FLAGS.style or not FLAGS.train_path:
        raise UserError("Pass --style painting.jpg --train_path PHOTOS. See --help.")
    check_output(FLAGS.output)
    checked_backend(FLAGS.strategy)
    check_tensorboard(FLAGS.tensorboard)
    try:
        objective, config = objective_config(), train_config()
        shape = TransformConfig(
            width=FLAGS.width,
            residual_blocks=FLAGS.residual_blocks,
            styles=style_names(FLAGS.style),
            strength=FLAGS.strength,
            stroke_sizes=config.style_size if len(config.style_size) > 1 else (),
        )
    except ValueError as error:
        raise UserError(str(error)) from error
    _check_sides(config, objective)
    if config.tune == "norms" and not FLAGS.start_from:
        raise UserError(
            "Got --tune=norms without --start_from: the convolutions would stay as they were drawn "
            "at random. Pass a network to start from, or drop --tune."
        )
    start = FLAGS.start_from and _checked_start(FLAGS.start_from, shape)
    return TrainTask(
        objective,
        shape,
        config,
        _paintings(FLAGS.style, config.style_size),
        Photographs(
            FLAGS.train_path, config.image_size, config.held_out, cache=config.cache_photos
        ),
        [_with_long_side(read_image(path).pixels, 2 * config.image_size) for path in FLAGS.test],
        start,
        {path: file_sha256(path) for path in [*FLAGS.style, *filter(None, [start])]},
    )


def train_settings() -> dict[str, Any]:
    """All flags that shape the network."""
    return settings(NOT_SETTINGS)


def run_folder_path() -> str:
    """The folder of the run: as given, or beside the output."""
    return FLAGS.run_dir or f"{FLAGS.output.removesuffix(SUFFIX)}_run"


def style_names(paths: Sequence[str]) -> tuple[str, ...]:
    """Names of the files without folder and extension; numbered where two are the same."""
    names: list[str] = []
    for path in paths:
        stem, number = Path(path).stem, 2
        name = stem
        while name in names:
            name, number = f"{stem}_{number}", number + 1
        names.append(name)
    return tuple(names)


def check_output(output: str) -> None:
    """Raises UserError if no network could be written here: before a long run, not after."""
    path = Path(output)
    if path.suffix != SUFFIX:
        raise UserError(f"Got --output={output}, expected a name that ends with {SUFFIX}.")
    if not path.parent.is_dir():
        raise UserError(f"There is no folder '{path.parent}' for --output={output}. Create it.")


def _check_sides(config: TrainConfig, objective: ObjectiveConfig) -> None:
    least = smallest_side(objective.layers)
    for name, side in (("image_size", config.image_size), ("style_size", min(config.style_size))):
        if side < least:
            raise UserError(
                f"Got --{name}={side}, but the deepest layer of the objective needs {least} "
                "pixels. Pass at least that."
            )


def _checked_start(model: str, shape: TransformConfig) -> str:
    start = TransformConfig(**read_network_shape(model))
    if (start.width, start.residual_blocks) != (shape.width, shape.residual_blocks):
        raise UserError(
            f"'{model}' has width {start.width} and {start.residual_blocks} residual blocks. "
            f"To start from it, pass --width={start.width} "
            f"--residual_blocks={start.residual_blocks}."
        )
    return str(network_path(model))


def _paintings(paths: Sequence[str], long_sides: Sequence[int]) -> list[np.ndarray]:
    """All sizes of the first painting, then all of the next."""
    return [
        _with_long_side(painting, long_side)
        for painting in [read_image(path).pixels for path in paths]
        for long_side in long_sides
    ]


def _with_long_side(pixels: np.ndarray, long_side: int) -> np.ndarray:
    return resize(pixels, fit_long_side(pixels.shape[:2], long_side))
