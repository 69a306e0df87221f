"""The objective of a problem at one size: of the whole image or tile by tile, as a plan has it."""

import functools
from collections.abc import Mapping

import keras
import numpy as np
import tensorflow as tf

from restyle.exact.problem import Problem, despeckled, despeckled_at, recolored
from restyle.exact.schedule import scales_of
from restyle.exact.settings import OptimizeConfig
from restyle.exact.tiled_image import TiledImage
from restyle.machine.precision import PRECISIONS
from restyle.measure import Comparison, Measured, Painting, compare, scoring_tile
from restyle.models.objective_config import ObjectiveConfig
from restyle.models.vgg19 import vgg19_features
from restyle.models.weights.load import VGGWeights
from restyle.tiled_comparison import TiledComparison


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


@functools.lru_cache(maxsize=2)  # One that optimizes, and one in float32 that measures.
def network_for(
    weights: VGGWeights, layers: tuple[str, ...], pooling: str, precision: str
) -> keras.Model:
    """The network from pixels to the features of `layers`, its activations in `precision`."""
    return vgg19_features(weights, layers, pooling=pooling, dtype=PRECISIONS[precision])


def evaluation_at(
    problem: Problem,
    config: ObjectiveConfig,
    network: keras.Model,
    *,
    size: tuple[int, int],
    style_long_side: int,
    tile: int = 0,
) -> WholeImage | TiledImage:
    """The objective of a problem at one size of the picture and one of the paintings.

    tile: as for `restyle.measure.compare`.
    """
    compared = compare(
        problem.content,
        paintings_of(problem),
        network,
        config,
        size=size,
        style_long_side=style_long_side,
        tile=tile,
    )
    if isinstance(compared, TiledComparison):
        return TiledImage(compared)
    return WholeImage(compared)


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
    whole = despeckled(recolored(problem, config), config)
    seen = despeckled_at(whole, config, scale.style_long_side)
    measure = compare(
        seen.content,
        paintings_of(seen),
        network,
        objective,
        size=scale.size,
        style_long_side=scale.style_long_side,
        tile=scoring_tile(scale.size),
    )
    return {stage: measure.numbers(pixels) for stage, pixels in stages.items()}
