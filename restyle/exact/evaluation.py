"""Value and gradient of the objective at an image, apart from the optimiser that consumes them."""

from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from restyle.exact.problem import Problem
from restyle.media.images import fit_long_side, resize
from restyle.models.losses import Features, Objective, StyleTarget, style_target
from restyle.models.objective_config import ObjectiveConfig


class Measured(NamedTuple):
    """The objective at one image.

    Attributes:
      value: scalar, the weighted sum of the terms.
      gradient: of the value with respect to the image, (1, h, w, 3).
      terms: (t,), the terms before their weights, in the order of `Objective.weights`.
    """

    value: tf.Tensor
    gradient: tf.Tensor
    terms: tf.Tensor


Evaluation = Callable[[tf.Tensor], Measured]
"""What an optimiser needs. Another way to compute the same, by tiles say, has this shape."""


class WholeImage:
    """Evaluates the objective with all of the image in memory at once."""

    def __init__(self, network: keras.Model, objective: Objective, content: Features):
        """content: features of the photograph, at the size of the images to come."""
        self.network = network
        self.objective = objective
        self.content = content

    def __call__(self, image: tf.Tensor) -> Measured:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(image)
            terms = self.objective.terms(image, self.network(image), self.content)
            value = self.objective.total(terms)
        gradient = tf.convert_to_tensor(tape.gradient(value, image))
        return Measured(value[0], gradient, tf.concat(list(terms.values()), axis=0))

    def terms(self, image: tf.Tensor) -> dict[str, float]:
        """The terms of an image by name, without a gradient."""
        terms = self.objective.terms(image, self.network(image), self.content)
        return {name: float(value[0]) for name, value in terms.items()}


def as_batch(pixels: np.ndarray, size: tuple[int, int]) -> tf.Tensor:
    """Pixels or a mask at `size`, as a batch of one: (1, h, w, 3) or (1, h, w, 1)."""
    resized = pixels if pixels.shape[:2] == size else resize(pixels, size)
    return tf.constant(resized.reshape(1, *size, -1), tf.float32)


def evaluation_at(
    problem: Problem,
    config: ObjectiveConfig,
    network: keras.Model,
    *,
    size: tuple[int, int],
    style_long_side: int,
) -> WholeImage:
    """The objective of a problem at one size of the picture and one of the paintings."""
    content = as_batch(problem.content, size)
    objective = Objective(config, _style_targets(problem, config, network, size, style_long_side))
    features = network(content)
    return WholeImage(network, objective, {name: features[name] for name in config.content_layers})


def _style_targets(problem, config, network, size, style_long_side) -> list[StyleTarget]:
    """What the paintings ask for; their aspect is never squashed."""
    targets = []
    for index, style in enumerate(problem.styles):
        style_size = fit_long_side(style.shape[:2], style_long_side)
        masks = {}
        if problem.content_masks:
            masks["content_mask"] = as_batch(problem.content_masks[index], size)
            masks["style_mask"] = as_batch(problem.style_masks[index], style_size)
        weight = problem.blend_weights[index] if problem.blend_weights else 1.0
        features = network(as_batch(style, style_size))
        targets.append(style_target(features, config, weight=weight, **masks))
    return targets
