"""The objective's terms of a picture that any program made of a photograph and paintings."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from restyle.errors import UserError
from restyle.media.images import fit_long_side, resize
from restyle.models.losses import Objective, StyleTarget, style_target
from restyle.models.objective_config import PRESETS, ObjectiveConfig
from restyle.models.vgg_layers import smallest_side

Tensor = Any


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
    long_side = style_long_side or max(size)
    targets = [_target(painting, network, config, size, long_side) for painting in paintings]
    objective = Objective(config, targets)
    images = _as_batch(result, size)
    values = objective.terms(images, network(images), network(_as_batch(content, size)))
    terms = {name: float(value[0]) for name, value in values.items()}
    return {"objective": sum(objective.weights[n] * v for n, v in terms.items()), **terms}


def recipe_objective(settings: Mapping[str, Any]) -> ObjectiveConfig:
    """The objective that the "settings" of a recipe ask for, a picture's or a network's.

    Raises UserError for those of another program or version.
    """
    names = {field.name for field in dataclasses.fields(ObjectiveConfig)} - {"formula"}
    # Versions that did not say had Gram matrices and average pooling.
    settings = {"style_loss": "gram", "pooling": "average", **settings}
    try:
        fields = {name: settings[name] for name in names}
        for name in ("content_layer_weights", "style_layer_weights"):  # As on the command line.
            fields[name] = tuple(float(weight) for weight in settings[name])
        formula = PRESETS[settings["preset"]].get("formula", ObjectiveConfig.formula)
        return ObjectiveConfig(**fields, formula=formula)
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(
            f"The recipe does not say which objective was minimised ({error}). Give a picture or "
            "a network that this version of restyle made."
        ) from error


def _target(
    painting: Painting,
    network: keras.Model,
    config: ObjectiveConfig,
    size: tuple[int, int],
    long_side: int,
) -> StyleTarget:
    """What a painting asks for; its aspect is never squashed."""
    style_size = fit_long_side(painting.pixels.shape[:2], long_side)
    _check_size("A style", style_size, config)
    masks = {}
    if painting.mask is not None:
        masks["style_mask"] = _as_batch(painting.mask, style_size)
    if painting.content_mask is not None:
        masks["content_mask"] = _as_batch(painting.content_mask, size)
    features = network(_as_batch(painting.pixels, style_size))
    return style_target(features, config, weight=painting.weight, **masks)


def _check_size(what: str, size: tuple[int, int], config: ObjectiveConfig) -> None:
    least = smallest_side(config.layers)
    if min(size) < least:
        raise UserError(
            f"{what} would be measured at {size[1]} x {size[0]}, but the layers "
            f"({', '.join(config.layers)}) need {least} pixels on each side. Give a larger one."
        )


def _as_batch(pixels: np.ndarray, size: tuple[int, int]) -> Tensor:
    """A picture or a mask at `size`, (1, h, w, 3) or (1, h, w, 1)."""
    resized = pixels if pixels.shape[:2] == size else resize(pixels, size)
    return ops.convert_to_tensor(resized.reshape(1, *size, -1), "float32")
