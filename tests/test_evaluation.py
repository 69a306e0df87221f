"""The gradient is that of the value, and reaches only the pixels that it should."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from restyle.models.losses import Objective, StyleTarget, gram_matrix
from restyle.models.objective_config import ObjectiveConfig
from restyle.models.vgg19 import vgg19_features
from restyle.models.weights.load import random_vgg_weights

from restyle.exact.evaluation import evaluation_at
from restyle.exact.problem import Problem
from restyle.measure import as_batch

RNG = np.random.default_rng(7)
WEIGHTS = random_vgg_weights(width_divisor=16)
SIZE = (12, 20)
CONFIG = ObjectiveConfig(
    tv_weight=0.5, content_layers=("conv2_1",), style_layers=("conv1_1", "conv2_1")
)
FIRST_LAYER = ObjectiveConfig(
    content_layers=("conv1_1",), style_layers=("conv1_1",), style_loss="gram"
)
NETWORK = vgg19_features(WEIGHTS, CONFIG.layers, pooling="max")


def picture(height=SIZE[0], width=SIZE[1]):
    return RNG.random((height, width, 3), dtype=np.float32)


def columns(start, stop, size=SIZE):
    mask = np.zeros(size, np.float32)
    mask[:, start:stop] = 1
    return mask


def evaluation(problem, config=CONFIG, size=SIZE, style_long_side=20):
    return evaluation_at(problem, config, NETWORK, size=size, style_long_side=style_long_side)


def halves(first, second):
    """Two styles, one for each half of the picture, both taken from all of their paintings."""
    whole = np.ones(SIZE, np.float32)
    return Problem(
        picture(),
        [first, second],
        content_masks=[columns(0, 10), columns(10, 20)],
        style_masks=[whole, whole],
    )


def test_the_value_is_the_weighted_sum_of_the_terms_and_the_same_without_a_gradient():
    measure, image = evaluation(Problem(picture(), [picture()])), picture()

    measured, numbers = measure(as_batch(image)), measure.numbers(image)

    weights = measure.objective.weights
    assert measured.value.shape == () and list(numbers) == ["objective", *weights]
    total = np.array(list(weights.values())) @ measured.terms.numpy()
    np.testing.assert_allclose(measured.value, total, rtol=1e-5)
    np.testing.assert_allclose(list(numbers.values()), [measured.value, *measured.terms], rtol=1e-5)


@pytest.mark.parametrize("masked", [False, True])
def test_the_gradient_is_the_slope_of_the_value(masked):
    problem = halves(picture(), picture()) if masked else Problem(picture(), [picture()])
    measure = evaluation(problem)
    image = as_batch(0.2 + 0.6 * picture(), SIZE)

    measured = measure(image)
    direction = measured.gradient / tf.norm(measured.gradient)
    ahead, behind = (measure(image + side * 0.02 * direction).value for side in (1, -1))

    slope = np.sum(measured.gradient * direction)
    np.testing.assert_allclose((ahead - behind) / 0.04, slope, rtol=0.02)


def test_a_style_does_not_move_pixels_beyond_its_mask_and_its_layers_sight():
    problem = halves(picture(), picture())
    other = dataclasses.replace(problem, styles=[picture(), problem.styles[1]])
    image = as_batch(picture(), SIZE)

    one, two = (evaluation(p, FIRST_LAYER)(image).gradient[0].numpy() for p in (problem, other))

    # A position of conv1_1 sees one pixel to each side: column 10 is seen from the first half.
    np.testing.assert_array_equal(one[:, 11:], two[:, 11:])
    assert np.abs(one[:, :11] - two[:, :11]).max(axis=(0, 2)).min() > 0
    assert np.abs(one[:, 11:]).max() > 0


def test_a_pixel_feels_the_same_pull_in_a_small_region_and_in_a_large_one():
    """Regions of one quarter and three quarters, all alike, pull as one style without masks."""
    block = RNG.normal(size=(1, 4, 4, 5)).astype(np.float32)
    features = tf.constant(np.tile(block, (1, 1, 4, 1)))
    gram = gram_matrix(RNG.normal(size=(1, 4, 4, 5)).astype(np.float32))
    statistics = {"conv1_1": {"gram": gram}}
    masks = [columns(0, 4, (4, 16)), columns(4, 16, (4, 16))]
    masked = [StyleTarget(statistics, mask=mask[np.newaxis, :, :, np.newaxis]) for mask in masks]

    gradients = []
    for styles in (masked, [StyleTarget(statistics)]):
        with tf.GradientTape() as tape:
            tape.watch(features)
            error = Objective(FIRST_LAYER, styles).style_term("conv1_1", features)
        gradients.append(tape.gradient(error, features))

    np.testing.assert_allclose(gradients[0], gradients[1], rtol=1e-4, atol=1e-7)


def test_masks_follow_the_picture_to_a_smaller_size():
    measure = evaluation(halves(picture(), picture()), size=(6, 10), style_long_side=10)

    for style, mask in zip(measure.objective.styles, [columns(0, 5), columns(5, 10)], strict=True):
        np.testing.assert_allclose(style.mask[0, :, :, 0], mask[:6, :10], atol=0.2)
