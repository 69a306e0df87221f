"""Value and gradient of the objective at an image, apart from the optimiser that consumes them."""

from collections.abc import Callable
from typing import NamedTuple

import keras
import tensorflow as tf

from models.losses import Features, Objective


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
        gradient = tape.gradient(value, image)
        return Measured(value[0], gradient, tf.concat(list(terms.values()), axis=0))

    def terms(self, image: tf.Tensor) -> dict[str, float]:
        """The terms of an image by name, without a gradient."""
        terms = self.objective.terms(image, self.network(image), self.content)
        return {name: float(value[0]) for name, value in terms.items()}
