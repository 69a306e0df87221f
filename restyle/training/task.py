"""A training that was asked for, read and checked before anything slow is done."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from restyle.errors import UserError
from restyle.files import check_target
from restyle.media.image_source import ImageSource, is_path, picture_from
from restyle.media.images import fit_long_side, resize
from restyle.models.objective_config import ObjectiveConfig
from restyle.models.transform_config import TransformConfig
from restyle.models.vgg_layers import smallest_side
from restyle.networks import SUFFIX, network_path, read_network_shape
from restyle.record.recipe import file_sha256, pixels_sha256
from restyle.training.photos import Photos
from restyle.training.settings import TrainConfig

# What a training starts from unless it is told otherwise, and how it is told so.
BASE, NOTHING = "base", "none"
# What two networks must share for one to start from the other.
CONVOLUTIONS = ("width", "residual_blocks")


@dataclasses.dataclass(frozen=True)
class TrainTask:
    """A training that was asked for, read and checked.

    Attributes:
      paintings: (h, w, 3), each style of `shape` at each size whose strokes are learned.
      tests: photos of the user's own, (h, w, 3), twice as long as the largest crops, for previews.
      start: name or path of the network to start from, or None.
      inputs: sha256 of the paintings by path, and of the network that is `start`.
    """

    objective: ObjectiveConfig
    shape: TransformConfig
    config: TrainConfig
    paintings: Sequence[np.ndarray]
    photos: Photos
    tests: Sequence[np.ndarray]
    start: str | None
    inputs: Mapping[str, str]

    def with_precision(self, precision: str) -> "TrainTask":
        """The same with "auto" decided."""
        return dataclasses.replace(
            self, config=dataclasses.replace(self.config, precision=precision)
        )


def read_training(
    styles: Sequence[ImageSource],
    train_path: str,
    objective: ObjectiveConfig,
    shape: TransformConfig,
    config: TrainConfig,
    *,
    tests: Sequence[ImageSource] = (),
    start_from: str | None = None,
) -> TrainTask:
    """Reads and checks all that a training needs; UserError for the first that cannot be used.

    styles: the paintings. train_path: a folder of photos. shape: `shape_for` these styles.
    start_from: name or path of a network of the same width and depth; None or "none": the first
      weights are random.
    """
    _check_sides(config, objective)
    start = None if start_from == NOTHING else start_from
    if start is not None:
        _check_start(start, shape)
    if config.tune == "norms" and start is None:
        raise UserError(
            "Got --tune=norms with no network to start from: the convolutions would keep their "
            "random weights. Pass --start_from, or drop --tune."
        )
    paintings = [picture_from(style).pixels for style in styles]
    inputs = {
        str(style) if is_path(style) else name: _sha256(style, pixels)
        for name, style, pixels in zip(shape.styles, styles, paintings, strict=True)
    }
    if start is not None:
        inputs[start] = file_sha256(str(network_path(start)))
    return TrainTask(
        objective,
        shape,
        config,
        [_with_long_side(pixels, side) for pixels in paintings for side in config.style_size],
        Photos(train_path, config.largest_side, config.held_out, cache=config.cache_photos),
        [_with_long_side(picture_from(test).pixels, 2 * config.largest_side) for test in tests],
        start,
        inputs,
    )


def with_start(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings with a "start_from", and the shape of that network where no other is given.

    If none is given it is `BASE`, and `NOTHING` if a width or a depth is given that is not its own.
    A network learns on at half the learning rate of one that starts from scratch.
    """
    asked = settings.get("start_from")
    if asked == NOTHING:
        return dict(settings)
    start = dict(read_network_shape(asked or BASE))
    if not asked and any(settings.get(name, start[name]) != start[name] for name in CONVOLUTIONS):
        return {**settings, "start_from": NOTHING}
    shape = {name: start[name] for name in (*CONVOLUTIONS, "strength")}
    rate = TrainConfig.learning_rate / 2
    return {"learning_rate": rate, **shape, **settings, "start_from": asked or BASE}


def shape_for(
    styles: Sequence[ImageSource], config: TrainConfig, **settings: Any
) -> TransformConfig:
    """The network of a training: its styles by the paintings' names, a dial for several sizes.

    settings: width, residual_blocks, strength, each as in `TransformConfig`.
    """
    sizes = config.style_size if len(config.style_size) > 1 else ()
    return TransformConfig(styles=style_names(styles), stroke_sizes=sizes, **settings)


def style_names(styles: Sequence[ImageSource]) -> tuple[str, ...]:
    """Names of the files without folder and extension; numbered where two are the same."""
    names: list[str] = []
    for style in styles:
        stem, number = Path(style).stem if is_path(style) else "style", 2
        name = stem
        while name in names:
            name, number = f"{stem}_{number}", number + 1
        names.append(name)
    return tuple(names)


def check_output(output: str) -> None:
    """Raises UserError if no network could be written here: before a long run, not after."""
    check_target(output, (SUFFIX,))


def _check_sides(config: TrainConfig, objective: ObjectiveConfig) -> None:
    least = smallest_side(objective.layers)
    for name in ("image_size", "style_size"):
        side = min(getattr(config, name))
        if side < least:
            raise UserError(
                f"Got --{name}={side}, but the deepest layer of the objective needs {least} "
                "pixels. Pass at least that."
            )


def _check_start(model: str, shape: TransformConfig) -> None:
    start = TransformConfig(**read_network_shape(model))
    if (start.width, start.residual_blocks) != (shape.width, shape.residual_blocks):
        raise UserError(
            f"'{model}' has width {start.width} and {start.residual_blocks} residual blocks. "
            f"To start from it, pass --width={start.width} "
            f"--residual_blocks={start.residual_blocks}; or pass --start_from={NOTHING}."
        )


def _sha256(style: ImageSource, pixels: np.ndarray) -> str:
    return file_sha256(str(style)) if is_path(style) else pixels_sha256(pixels)


def _with_long_side(pixels: np.ndarray, long_side: int) -> np.ndarray:
    return resize(pixels, fit_long_side(pixels.shape[:2], long_side))
