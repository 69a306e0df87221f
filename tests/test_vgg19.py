"""VGG-19 is the network of Simonyan and Zisserman, up to the layer that is needed."""

import keras
import numpy as np
import pytest
from restyle.models.vgg19 import CaffePreprocessing, vgg19_features
from restyle.models.vgg_layers import LAYER_NAMES, paper_name, smallest_side
from restyle.models.weights.load import random_vgg_weights

RNG = np.random.default_rng(5)
WEIGHTS = random_vgg_weights(width_divisor=8)
POOLS = {"average": np.mean, "max": np.max}


def random_images(height=20, width=24, batch=1):
    return RNG.random((batch, height, width, 3)).astype(np.float32)


def numpy_convolution(values, name):
    """Zero padding, a 3 x 3 cross-correlation, ReLU; (h, w, in) -> (h, w, out)."""
    kernel, bias = WEIGHTS.filters[name]
    height, width = values.shape[:2]
    padded = np.pad(values, [(1, 1), (1, 1), (0, 0)])
    total = bias.astype(np.float64)
    for row in range(3):
        for column in range(3):
            shifted = padded[row : row + height, column : column + width]
            total = total + shifted @ kernel[row, column].astype(np.float64)
    return np.maximum(total, 0)


def numpy_pool(values, pooling):
    height, width = values.shape[0] // 2, values.shape[1] // 2
    blocks = values[: 2 * height, : 2 * width].reshape(height, 2, width, 2, -1)
    return POOLS[pooling](blocks, axis=(1, 3))


@pytest.mark.parametrize("pooling", ["average", "max"])
@pytest.mark.parametrize("size", [(8, 10), (7, 9)])
def test_features_are_convolutions_of_caffe_pixels(pooling, size):
    image = random_images(*size)
    caffe = 255 * image[0, :, :, ::-1].astype(np.float64) - [103.939, 116.779, 123.68]
    expected = {"conv1_1": numpy_convolution(caffe, "conv1_1")}
    expected["conv1_2"] = numpy_convolution(expected["conv1_1"], "conv1_2")
    pooled = numpy_pool(expected["conv1_2"], pooling)
    expected["conv2_1"] = numpy_convolution(pooled, "conv2_1")

    features = vgg19_features(WEIGHTS, list(expected), pooling=pooling)(image)

    assert set(features) == set(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(features[name][0], values, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("layer", ["conv1_1", "conv2_2", "conv3_1", "conv4_2", "conv5_4"])
def test_an_image_of_the_smallest_side_has_exactly_one_position(layer):
    side = smallest_side([layer])

    features = vgg19_features(WEIGHTS, [layer], pooling="max")(random_images(side, side))

    assert features[layer].shape[1:3] == (1, 1)
    assert smallest_side(["conv1_1", layer]) == side


def test_conv_and_relu_name_the_same_activations_whatever_else_is_asked_for():
    image = random_images()

    by_relu = vgg19_features(WEIGHTS, ["relu4_2"], pooling="max")(image)
    every = vgg19_features(WEIGHTS, LAYER_NAMES, pooling="max")(image)

    assert list(by_relu) == ["conv4_2"] and tuple(every) == LAYER_NAMES
    np.testing.assert_allclose(every["conv4_2"], by_relu["conv4_2"], rtol=1e-5, atol=1e-6)
    assert np.min(every["conv4_2"]) == 0


def test_the_network_ends_with_the_deepest_layer_asked_for():
    network = vgg19_features(WEIGHTS, ["conv3_1", "conv1_1"], pooling="max")

    convolutions = [layer.name for layer in network.layers if layer.name.startswith("conv")]
    pools = [layer.name for layer in network.layers if layer.name.startswith("pool")]
    assert convolutions == ["conv1_1", "conv1_2", "conv2_1", "conv2_2", "conv3_1"]
    assert pools == ["pool1", "pool2"]


def test_every_weight_is_as_given_and_none_is_trained():
    network = vgg19_features(WEIGHTS, LAYER_NAMES, pooling="max")

    assert network.trainable_weights == []
    for name, (kernel, bias) in WEIGHTS.filters.items():
        got = network.get_layer(name).get_weights()
        np.testing.assert_array_equal(got[0], kernel)
        np.testing.assert_array_equal(got[1], bias)


def test_bfloat16_is_close_to_float32_and_begins_after_the_first_convolution():
    image = random_images(64, 64)
    layers = ["conv1_1", "conv1_2", "conv3_1", "conv5_1"]

    exact = vgg19_features(WEIGHTS, layers, pooling="max")(image)
    rough = vgg19_features(WEIGHTS, layers, dtype="mixed_bfloat16", pooling="max")(image)

    types = [keras.backend.standardize_dtype(rough[layer].dtype) for layer in layers]
    assert types == ["float32", *["bfloat16"] * 3]
    np.testing.assert_allclose(rough["conv1_1"], exact["conv1_1"], rtol=1e-5, atol=1e-6)
    for layer in layers[1:]:
        expected = np.asarray(exact[layer])
        error = np.asarray(rough[layer]).astype(np.float32) - expected
        assert 0 < np.linalg.norm(error) < 0.05 * np.linalg.norm(expected)


def test_preprocessing_survives_its_configuration():
    layer = CaffePreprocessing.from_config(CaffePreprocessing(name="eyes").get_config())
    white = np.ones((1, 1, 1, 3), np.float32)

    assert layer.name == "eyes"
    np.testing.assert_allclose(layer(white)[0, 0, 0], [151.061, 138.221, 131.32], rtol=1e-5)


@pytest.mark.parametrize("layer", ["conv6_1", "conv3_5", "block4_conv2", "pool1", ""])
def test_a_layer_and_a_pooling_that_vgg19_lacks_are_refused(layer):
    with pytest.raises(ValueError, match=f"no layer '{layer}'.*conv5_4"):
        paper_name(layer)
    with pytest.raises(ValueError, match="no layer"):
        vgg19_features(WEIGHTS, ["conv1_1", layer], pooling="max")
    with pytest.raises(ValueError, match="'median', expected one of average, max"):
        vgg19_features(WEIGHTS, ["conv1_1"], pooling="median")
