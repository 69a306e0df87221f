"""What a network is trained on: the objective of its pictures, steady and without a lattice."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from restyle.measure import Painting, style_targets
from restyle.models.losses import Objective, Statistics, StyleTarget
from restyle.models.objective_config import ObjectiveConfig, without_deepest_style
from restyle.models.transform_config import TransformConfig
from restyle.training.lattice import lattice
from restyle.training.motion import moved, seen_before

Tensor = Any
Network = Any


class Batch(NamedTuple):
    """What one step learns from; a tuple, which every backend's step takes as it is.

    Attributes:
      images: (b, h, w, 3), the photos.
      style: (b,) int32, which style each is to have.
      strength: (b, 1) in [0, 1], how much of it.
      stroke: (b,) int32, at which of the stroke sizes.
      motions: (b, 8), how each moves, see restyle/training/motion.py.
      noise: (b, h, w, 3), what is added to the moved photo.
    """

    images: Tensor
    style: Tensor
    strength: Tensor
    stroke: Tensor
    motions: Tensor
    noise: Tensor


def network_inputs(network: TransformConfig, batch: Batch) -> dict[str, Tensor]:
    """The inputs that a network of this shape takes."""
    stroke = ops.cast(batch.stroke, "float32") / max(1, network.strokes - 1)
    values = {
        "images": batch.images,
        "style_weights": ops.one_hot(batch.style, len(network.styles)),
        "strength": batch.strength,
        "stroke": ops.expand_dims(stroke, 1),
    }
    # A Keras model takes arrays or tensors, but not both together.
    return {name: ops.convert_to_tensor(values[name]) for name in network.input_shapes}


def painting_targets(
    features: keras.Model, paintings: Sequence[np.ndarray], objective: ObjectiveConfig
) -> dict[str, Statistics]:
    """What the paintings ask for by layer, row by row: all stroke sizes of a style, then the next.

    features: a VGG-19. paintings: (h, w, 3) in [0, 1], each of its own size.
    """
    targets = style_targets([Painting(pixels) for pixels in paintings], features, objective)
    return {
        layer: {
            name: ops.concatenate([target.statistics[layer][name] for target in targets])
            for name in targets[0].statistics[layer]
        }
        for layer in objective.style_layers
    }


class TrainingLoss:
    """The objective of what a network makes of photos, a function of network and batch alone.

    Johnson et al. (2016), eq. 5, with the terms of models/losses.py: the same numbers as the
    optimizer reports. Two terms are ours, for what a network does wrong and an optimizer does not:
    a lattice, and paint that flickers in video. Backend neutral: a training step in any Keras
    backend is this and a gradient.

    Where not the whole of it is asked for, the deepest style layer is left out, and VGG-19 computed
    no further than the others need; the style's weight is then theirs alone.
    """

    def __init__(
        self,
        objective: ObjectiveConfig,
        targets: Mapping[str, Statistics],
        features: keras.Model,
        content_features: keras.Model,
        *,
        lattice_weight: float = 0.0,
        temporal_weight: float = 0.0,
    ):
        self.objective, self.targets = objective, targets
        self.features, self.content_features = features, content_features
        self.shallow = without_deepest_style(objective)
        shallow = {layer: features.output[layer] for layer in self.shallow.layers}
        self.shallow_features = keras.Model(features.input, shallow)
        self.lattice_weight, self.temporal_weight = lattice_weight, temporal_weight

    def __call__(
        self, network: Network, batch: Batch, *, whole: bool = True
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss of each photo, (b,), and its terms before their weights, {name: (b,)}.

        Terms that are left out are not a number.
        """
        inputs = network_inputs(network.config, batch)
        stylized = network(inputs, training=True)
        value, terms = self.objective_of(stylized, batch, network.config.strokes, whole=whole)
        if self.lattice_weight:
            terms["lattice"] = lattice(stylized)
            value = value + self.lattice_weight * terms["lattice"]
        if self.temporal_weight:
            terms["temporal"] = self.temporal_error(network, inputs, stylized, batch)
            value = value + self.temporal_weight * terms["temporal"]
        return value, terms

    def objective_of(
        self, stylized: Tensor, batch: Batch, strokes: int, *, whole: bool = True
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The objective of each picture, (b,), and its terms before their weights.

        The dial turns the weight of the style: strength^2 of it. At strength 1 the objective is
        the optimizer's. strokes: how many stroke sizes each style has.
        """
        row = batch.style * strokes + batch.stroke
        chosen = {
            layer: {name: ops.take(rows, row, axis=0) for name, rows in target.items()}
            for layer, target in self.targets.items()
        }
        objective = Objective(self.objective if whole else self.shallow, [StyleTarget(chosen)])
        features = self.features if whole else self.shallow_features
        content = self.content_features(batch.images)
        terms = objective.terms(stylized, features(stylized), content)
        value = objective.total(terms, style=ops.square(batch.strength[:, 0]))
        left_out = ops.full_like(value, math.nan)
        names = Objective(self.objective, [StyleTarget(chosen)]).weights
        return value, {name: terms.get(name, left_out) for name in names}

    def temporal_error(
        self, network: Network, inputs: Mapping[str, Tensor], stylized: Tensor, batch: Batch
    ) -> Tensor:
        """How far the moved photo's picture is from the picture moved, (b,).

        mean over what was seen before of (f(m(x) + noise) - m(f(x)))^2

        The optical flow of a video, which Ruder et al. (2018) train with, is known without any
        video where the motion is ours: their section 4 on single images.
        """
        images = moved(batch.images, batch.motions) + batch.noise
        after = network({**inputs, "images": images}, training=True)
        seen = seen_before(batch.motions, batch.images.shape[1:3])
        error = ops.square(after - moved(stylized, batch.motions)) * seen
        return ops.sum(error, axis=(1, 2, 3)) / (3.0 * ops.sum(seen, axis=(1, 2, 3)) + 1e-6)
