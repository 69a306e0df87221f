"""Value and gradient of the objective at an image, apart from the optimizer that consumes them."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from restyle.measure import Comparison


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
        # Uncompiled it would take half as much memory again.
        self.compiled = tf.function(self._measure)

    def __call__(self, image: tf.Tensor) -> Measured:
        return self.compiled(image)

    def _measure(self, image: tf.Tensor) -> Measured:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(image)
            terms = self.comparison.terms(image)
            value = self.objective.total(terms)
        gradient = tf.convert_to_tensor(tape.gradient(value, image))
        return Measured(value[0], gradient, tf.concat(list(terms.values()), axis=0))

    def numbers(self, picture: np.ndarray) -> dict[str, float]:
        """The objective of a picture (h, w, 3) and its terms by name, without a gradient."""
        return self.comparison.numbers(picture)
