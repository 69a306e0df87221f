"""The objective of pictures of one photo: prepared here for optimizer, trainer and scorer alike."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from restyle.errors import UserError
from restyle.files import AnyPath
from restyle.media.images import fit_long_side, resize
from restyle.models.losses import Features, Objective, StyleTarget, style_target
from restyle.models.objective_config import ObjectiveConfig
from restyle.models.vgg_layers import smallest_side
from restyle.models.weights.load import VGGWeights, WeightsError, load_vgg_weights
from restyle.tiled_comparison import TiledComparison, content_in_tiles, style_target_in_tiles
from restyle.tiles import stages_of

Tensor = Any
# What is only scored is seen in tiles of this many pixels if it is larger than four of them.
SCORED_TILE = 512


@dataclasses.dataclass(frozen=True)
class Painting:
    """A style that was asked for.

    Attributes:
      pixels: (h, w, 3) in [0, 1], at its own size.
      weight: its share among several; only the ratios matter.
      mask: (h, w) in [0, 1] at the painting's size, None for all of it.
      content_mask: (h', w') in [0, 1] at the content's size, where in the picture it was wanted.
    """

    pixels: np.ndarray
    weight: float = 1.0
    mask: np.ndarray | None = None
    content_mask: np.ndarray | None = None


class Measured(NamedTuple):
    """The objective at one image.

    Attributes:
      value: scalar, the weighted sum of the terms.
      gradient: of the value with respect to the image, (1, h, w, 3).
      terms: (t,), the terms before their weights, in the order of `Objective.weights`.
    """

    value: Tensor
    gradient: Tensor
    terms: Tensor


Evaluation = Callable[[Tensor], Measured]
"""What an optimizer needs. Another way to compute the same, by tiles say, has this shape."""


@dataclasses.dataclass(frozen=True)
class Comparison:
    """A photo and paintings that pictures of one size are compared with.

    Attributes:
      network: from pixels to the features of all layers of the objective.
      objective: its styles are the paintings'.
      content: features of the photo at the size of the pictures, by layer.
    """

    network: keras.Model
    objective: Objective
    content: Features

    def terms(self, images: Tensor) -> dict[str, Tensor]:
        """The terms of pictures (b, h, w, 3) before their weights, {name: (b,)}."""
        return self.objective.terms(images, self.network(images), self.content)

    def numbers(self, picture: np.ndarray) -> dict[str, float]:
        """The objective of a picture (h, w, 3) and its terms before their weights, by name."""
        terms = self.terms(as_batch(picture))
        values = {name: float(value[0]) for name, value in terms.items()}
        return {"objective": self.objective.total(values), **values}


def vgg_weights(file: AnyPath | None, report: Callable[[str], object]) -> VGGWeights:
    """As `load_vgg_weights`; UserError if the file holds other weights or no source has them."""
    try:
        return load_vgg_weights(file, report=report)
    except WeightsError as error:
        raise UserError(str(error)) from error


def compare(
    content: np.ndarray,
    paintings: Sequence[Painting],
    network: keras.Model,
    config: ObjectiveConfig,
    *,
    size: tuple[int, int],
    style_long_side: int,
    tile: int = 0,
) -> Comparison | TiledComparison:
    """What pictures of `size` are compared with; the content and its masks are brought to it.

    Args:
      content: (h, w, 3) in [0, 1].
      style_long_side: in pixels; see `style_targets`.
      tile: side in pixels of the tiles in which all pictures are seen, see restyle/tiles.py; 0:
        each is seen as a whole.
    """
    targets = style_targets(
        paintings, network, config, size=size, long_side=style_long_side, tile=tile
    )
    objective, photo = Objective(config, targets), as_batch(content, size)
    if tile:
        stages = stages_of(network)
        maps = content_in_tiles(stages, ops.convert_to_numpy(photo), config, tile)
        return TiledComparison(stages, objective, maps, size=size, tile=tile)
    features = network(photo)
    return Comparison(network, objective, {each: features[each] for each in config.content_layers})


def style_targets(
    paintings: Sequence[Painting],
    network: keras.Model,
    config: ObjectiveConfig,
    *,
    size: tuple[int, int] | None = None,
    long_side: int | None = None,
    tile: int = 0,
) -> list[StyleTarget]:
    """What each of several paintings asks for.

    Args:
      size: that the content masks are brought to, the pictures'; None: they have it already.
      long_side: that the paintings are brought to, their aspect never squashed; None: they stay.
      tile: as for `compare`.

    Raises:
      UserError: a painting is too small for the layers.
    """
    targets = []
    for painting in paintings:
        at = painting.pixels.shape[:2]
        if long_side:
            at = fit_long_side(at, long_side)
        _check_size("A style", at, config)
        masks = {}
        if painting.mask is not None:
            masks["style_mask"] = as_batch(painting.mask, at)
        if painting.content_mask is not None:
            masks["content_mask"] = as_batch(painting.content_mask, size)
        pixels = as_batch(painting.pixels, at)
        if tile:
            seen = stages_of(network), ops.convert_to_numpy(pixels), config, tile
            target = style_target_in_tiles(*seen, weight=painting.weight, **masks)
        else:
            target = style_target(network(pixels), config, weight=painting.weight, **masks)
        targets.append(target)
    return targets


def score(
    result: np.ndarray,
    content: np.ndarray,
    paintings: Sequence[Painting],
    network: keras.Model,
    config: ObjectiveConfig,
    *,
    style_long_side: int | None = None,
) -> dict[str, float]:
    """The objective of a picture and its terms before their weights, by name.

    For what optimize_style.py saved, the terms that its recipe states: content and masks are
    brought to the result's size, the paintings to `style_long_side`.

    Args:
      result: (h, w, 3) in [0, 1].
      content: (h', w', 3) in [0, 1].
      network: from pixels to the features of all layers of `config`, in float32.
      style_long_side: pixels; as long as the result's if None, which is --style_scale=1.

    Raises:
      UserError: the result or a painting is too small for the layers.
    """
    size = result.shape[0], result.shape[1]
    _check_size("A result", size, config)
    at = {"size": size, "style_long_side": style_long_side or max(size), "tile": scoring_tile(size)}
    return compare(content, paintings, network, config, **at).numbers(result)


def scoring_tile(size: tuple[int, int]) -> int:
    """The tile by which pictures that are only scored are compared: large ones, to save memory."""
    return SCORED_TILE if size[0] * size[1] > 4 * SCORED_TILE**2 else 0


def as_batch(pixels: np.ndarray, size: tuple[int, int] | None = None) -> Tensor:
    """A picture or a mask as a batch of one, at `size` if given: (1, h, w, 3) or (1, h, w, 1)."""
    if size and pixels.shape[:2] != size:
        pixels = resize(pixels, size)
    return ops.convert_to_tensor(pixels.reshape(1, *pixels.shape[:2], -1), "float32")


def _check_size(what: str, size: tuple[int, int], config: ObjectiveConfig) -> None:
    least = smallest_side(config.layers)
    if min(size) < least:
        raise UserError(
            f"{what} would be measured at {size[1]} x {size[0]}, but the layers "
            f"({', '.join(config.layers)}) need {least} pixels on each side. Give a larger one."
        )
