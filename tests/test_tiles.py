"""A picture seen in tiles: its features, terms, value and gradient are those of the whole."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from restyle.models.losses import total_variation
from restyle.models.objective_config import ObjectiveConfig
from restyle.models.vgg19 import vgg19_features
from restyle.models.vgg_layers import LAYER_NAMES
from restyle.models.weights.load import random_vgg_weights

from restyle.exact.evaluation import WholeImage
from restyle.exact.tiled_image import TiledImage
from restyle.measure import Painting, compare
from restyle.tiled_comparison import variation
from restyle.tiles import seen_in_tiles, spans, stages_of

RNG = np.random.default_rng(23)
# A root of an eigenvalue that is all rounding, at FLOOR of the largest, is that much off.
TOLERANCES = {"gram": 2e-4, "wasserstein": 2e-3}
WEIGHTS = random_vgg_weights(width_divisor=16)
CONFIG = ObjectiveConfig(tv_weight=0.7, style_loss="gram")


def picture(height, width):
    """Soft shapes: features of noise alone are nearly the same everywhere."""
    coarse = RNG.random((1, height // 9 + 2, width // 9 + 2, 3), dtype=np.float32)
    soft = tf.image.resize(coarse, (height, width), "bicubic")[0].numpy()
    noise = RNG.random((height, width, 3), dtype=np.float32)
    return np.clip(0.8 * soft + 0.2 * noise, 0, 1)


def network(config, dtype="float32"):
    return vgg19_features(WEIGHTS, config.layers, pooling=config.pooling, dtype=dtype)


def evaluations(config, size, tile, paintings=None, dtype="float32"):
    """The whole image's and the tiles', of the same photo and paintings."""
    vgg = network(config, dtype)
    asked = picture(*size), paintings or [Painting(picture(70, 90))], vgg, config
    whole = compare(*asked, size=size, style_long_side=80)
    tiled = compare(*asked, size=size, style_long_side=80, tile=tile)
    return WholeImage(whole), TiledImage(tiled)


def check_same(whole, tiled, size, rtol=None):
    """The value, the terms and the gradient, whose error is a share of its own length."""
    rtol = rtol or TOLERANCES[whole.objective.config.style_loss]
    image = tf.constant(picture(*size)[np.newaxis])
    expected, got = whole(image), tf.function(tiled)(image)
    np.testing.assert_allclose(got.value, expected.value, rtol=rtol)
    np.testing.assert_allclose(got.terms, expected.terms, rtol=rtol, atol=1e-7)
    error = np.linalg.norm(got.gradient - expected.gradient)
    assert error < 5 * rtol * np.linalg.norm(expected.gradient)
    assert got.gradient.shape == image.shape


@pytest.mark.parametrize("pooling", ["max", "average"])
@pytest.mark.parametrize("size, side", [((101, 149), 32), ((64, 210), 50), ((33, 16), 16)])
def test_every_layer_has_the_features_of_the_whole(pooling, size, side):
    layers = vgg19_features(WEIGHTS, LAYER_NAMES, pooling=pooling)
    image = picture(*size)[np.newaxis]
    expected = {layer: features.numpy() for layer, features in layers(image).items()}
    got = {layer: np.full_like(features, np.nan) for layer, features in expected.items()}

    for layer, place, features in seen_in_tiles(stages_of(layers), image, side):
        assert np.isnan(got[layer][place]).all(), "a position was seen twice"
        got[layer][place] = features

    for layer in LAYER_NAMES:
        np.testing.assert_allclose(got[layer], expected[layer], atol=3e-6 * expected[layer].max())


@pytest.mark.parametrize("length", [1, 15, 16, 17, 100, 1001])
@pytest.mark.parametrize("side", [16, 40, 64])
def test_spans_cover_an_axis_once_and_end_where_pooling_windows_do(length, side):
    cut = spans(length, side, unit=4, halo=8)

    assert [p for span in cut for p in range(span.first, span.last)] == list(range(length))
    for span in cut:
        assert span.first % 4 == span.begin % 4 == 0 and span.last - span.first <= side + 4
        assert span.begin == max(0, span.first - 8) and span.end == min(length, span.last + 8)
        assert len(cut) == 1 or span.last - span.first >= 4


def layers(style, content):
    return {"style_layers": tuple(style.split()), "content_layers": tuple(content.split())}


PAPER = {"formula": "gatys", "content_weight": 1.0, "style_weight": 1000.0, "pooling": "average"}


@pytest.mark.parametrize(
    "changes, size, tile",
    [
        ({"style_loss": "wasserstein"}, (97, 131), 32),
        ({"pooling": "average"}, (80, 64), 48),
        ({"style_loss": "wasserstein", "pooling": "average"}, (49, 150), 64),
        ({}, (83, 83), 200),
        (PAPER, (97, 131), 32),
        (layers("conv1_1", "conv2_2"), (97, 131), 32),
        (layers("conv3_3 conv1_2", "conv3_3 conv2_1"), (97, 131), 32),
        (layers("conv5_4", "conv4_2 conv5_2"), (97, 131), 32),
    ],
)
def test_value_and_gradient_are_those_of_the_whole_image(changes, size, tile):
    config = dataclasses.replace(CONFIG, **changes)

    check_same(*evaluations(config, size, tile), size)


@pytest.mark.parametrize("style_loss", ["gram", "wasserstein"])
def test_several_styles_with_masks_and_without(style_loss):
    size, left, part = (97, 131), np.zeros((97, 131), np.float32), np.ones((70, 90), np.float32)
    left[:, :40] = 1  # Most tiles do not touch it.
    part[:30] = 0.25
    paintings = [
        Painting(picture(70, 90), 2.0, part, left),
        Painting(picture(60, 60)),
        Painting(picture(80, 50), 0.5, None, 1 - left),
        Painting(picture(50, 70)),
    ]
    config = dataclasses.replace(CONFIG, style_loss=style_loss)

    check_same(*evaluations(config, size, 32, paintings), size)


@pytest.mark.parametrize("style_loss", ["gram", "wasserstein"])
def test_in_bfloat16(style_loss):
    config = dataclasses.replace(CONFIG, style_loss=style_loss)

    check_same(*evaluations(config, (97, 131), 48, dtype="mixed_bfloat16"), (97, 131), rtol=1e-2)


def test_terms_without_a_gradient_are_those_of_the_whole():
    whole, tiled = evaluations(CONFIG, (97, 131), 32)
    pixels = picture(97, 131)

    expected, got = whole.numbers(pixels), tiled.numbers(pixels)

    assert list(got) == list(expected)
    np.testing.assert_allclose(list(got.values()), list(expected.values()), rtol=2e-4)


@pytest.mark.parametrize("size", [(2, 2), (255, 5), (256, 3), (257, 4), (600, 7)])
def test_variation_in_bands_is_that_of_the_whole(size):
    image = tf.constant(RNG.random((1, *size, 3), dtype=np.float32))
    with tf.GradientTape() as tape:
        tape.watch(image)
        expected = total_variation(image)
    gradient = np.zeros(image.shape, np.float32)

    value = variation(image.numpy(), 3.0, gradient)

    np.testing.assert_allclose(value, expected[0], rtol=1e-5)
    np.testing.assert_allclose(gradient, 3 * tape.gradient(expected, image), rtol=1e-4, atol=1e-7)
