"""VGG-19 for a run and for what measures its result, built once where the two are the same."""

import functools

import keras

from restyle.machine.precision import PRECISIONS
from restyle.models.vgg19 import vgg19_features
from restyle.models.weights.load import VGGWeights


@functools.lru_cache(maxsize=2)  # One that optimizes, and one in float32 that measures.
def network_for(
    weights: VGGWeights, layers: tuple[str, ...], pooling: str, precision: str
) -> keras.Model:
    """The network from pixels to the features of `layers`, its activations in `precision`."""
    return vgg19_features(weights, layers, pooling=pooling, dtype=PRECISIONS[precision])
