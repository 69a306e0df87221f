"""VGG-19 as the eyes of the objective: convolutions and pooling, no fully connected layers."""

from collections.abc import Sequence

import keras
import numpy as np
from keras import ops
from restyle.models.vgg_layers import LAYER_NAMES, paper_name
from restyle.models.weights.load import VGGWeights

POOLINGS = {"average": keras.layers.AveragePooling2D, "max": keras.layers.MaxPooling2D}
CAFFE_MEANS_BGR = (103.939, 116.779, 123.68)


@keras.saving.register_keras_serializable(package="restyle")
class CaffePreprocessing(keras.layers.Layer):
    """RGB in [0, 1] to what the Oxford network was trained on: BGR in 0..255 minus Caffe's means.

    Input and output shape: (b, h, w, 3).
    """

    def call(self, images):
        return ops.flip(images, axis=-1) * 255.0 - ops.cast(CAFFE_MEANS_BGR, images.dtype)

    def compute_output_shape(self, input_shape):
        return input_shape


def vgg19_features(
    weights: VGGWeights,
    layers: Sequence[str],
    *,
    pooling: str,
    dtype: str = "float32",
) -> keras.Model:
    """VGG-19 up to the deepest of `layers`, a model from pixels to {paper name: activations}.

    Gatys et al. (2016), section 2: the normalized network, without fully connected layers.
    Activations are those after the ReLU. pooling: "max", as the network was trained, or "average",
    as in the paper.

    With `dtype` "mixed_bfloat16" only the activations are bfloat16. The image and the first
    convolution stay float32: at 0..255 bfloat16 is coarser than the eight bits of a picture.

    Images: (b, h, w, 3) float32 RGB in [0, 1], each side at least `smallest_side(layers)`.
    Features of layer convK_i: (b, h // 2^(K-1), w // 2^(K-1), c).
    """
    wanted = {paper_name(layer) for layer in layers}
    if pooling not in POOLINGS:
        raise ValueError(f"Got pooling {pooling!r}, expected one of {', '.join(POOLINGS)}.")
    images = keras.Input((None, None, 3), name="images", dtype="float32")
    values = CaffePreprocessing(dtype="float32", name="caffe_preprocessing")(images)
    features = {}
    for name in LAYER_NAMES[: 1 + max(LAYER_NAMES.index(layer) for layer in wanted)]:
        if name.endswith("_1") and name != "conv1_1":
            values = POOLINGS[pooling](2, dtype=dtype, name=f"pool{int(name[4]) - 1}")(values)
        precision = "float32" if name == "conv1_1" else dtype
        values = _convolution(name, weights, precision)(values)
        if name in wanted:
            features[name] = values
    return keras.Model(images, features, trainable=False, name="vgg19")


def _convolution(name: str, weights: VGGWeights, dtype: str) -> keras.layers.Layer:
    kernel, bias = weights.filters[name]
    layer = keras.layers.Conv2D(
        kernel.shape[-1],
        3,
        padding="same",
        activation="relu",
        kernel_initializer="zeros",  # Random ones would be drawn in vain, slowly in JAX.
        dtype=dtype,
        name=name,
    )
    layer.build((None, None, None, kernel.shape[-2]))
    layer.set_weights([np.asarray(kernel), np.asarray(bias)])
    return layer
