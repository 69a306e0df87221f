"""Value and gradient of the objective at an image, apart from the optimizer that consumes them."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from restyle.exact.network import network_for
from restyle.exact.problem import Problem, recolored
from restyle.exact.schedule import scales_of
from restyle.exact.settings import OptimizeConfig
from restyle.measure import Comparison, Painting, compare
from restyle.models.objective_config import ObjectiveConfig
from restyle.models.weights.load import VGGWeights


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
"""What an optimizer needs. Another way to compute the same, by tiles say, has this shape."""


class WholeImage:
    """Evaluates the objective with all of the image in memory at once."""

    def __init__(self, comparison: Comparison):
        self.comparison = comparison
        self.objective = comparison.objective

    def __call__(self, image: tf.Tensor) -> Measured:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(image)
            terms = self.comparison.terms(image)
            value = self.objective.total(terms)
        gradient = tf.convert_to_tensor(tape.gradient(value, image))
        return Measured(value[0], gradient, tf.concat(list(terms.values()), axis=0))

    def numbers(self, picture: np.ndarray) -> dict[str, float]:
        """The objective of a picture (h, w, 3) and its terms by name, without a gradient."""
        return self.comparison.numbers(picture)


def evaluation_at(
    problem: Problem,
    config: ObjectiveConfig,
    network: keras.Model,
    *,
    size: tuple[int, int],
    style_long_side: int,
) -> WholeImage:
    """The objective of a problem at one size of the picture and one of the paintings."""
    paintings = paintings_of(problem)
    comparison = compare(
        problem.content, paintings, network, config, size=size, style_long_side=style_long_side
    )
    return WholeImage(comparison)


def paintings_of(problem: Problem) -> list[Painting]:
    """The styles of a problem, each with its weight and its masks."""
    count = len(problem.styles)
    return [
        Painting(*painting)
        for painting in zip(
            problem.styles,
            problem.blend_weights or [1.0] * count,
            problem.style_masks or [None] * count,
            problem.content_masks or [None] * count,
            strict=True,
        )
    ]


def measure_stages(
    stages: Mapping[str, np.ndarray],
    problem: Problem,
    objective: ObjectiveConfig,
    config: OptimizeConfig,
    weights: VGGWeights,
) -> dict[str, dict[str, float]]:
    """The terms and the objective of each of several pictures, all of the size of the last scale.

    In float32, whatever the run was computed in, so that runs can be compared.
    """
    network = network_for(weights, objective.layers, objective.pooling, "float32")
    scale = scales_of(problem, objective, config)[-1]
    evaluation = evaluation_at(
        recolored(problem, config),
        objective,
        network,
        size=scale.size,
        style_long_side=scale.style_long_side,
    )
    return {stage: evaluation.numbers(pixels) for stage, pixels in stages.items()}
