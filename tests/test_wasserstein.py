"""The style term is the Wasserstein distance of Gaussians, with the gradient of its value."""

import numpy as np
import pytest
import scipy.linalg
import tensorflow as tf
from restyle.models import losses, wasserstein
from restyle.models.losses import channel_mean, gram_matrix
from restyle.models.objective_config import ObjectiveConfig

RNG = np.random.default_rng(5)
LAYER = ObjectiveConfig(style_layers=("conv1_1",))


def random_features(positions=40, channels=6, batch=1):
    mixing = RNG.normal(size=(channels, channels))
    values = RNG.normal(size=(batch, positions // 4, 4, channels)) @ mixing
    return (values + RNG.normal(size=channels)).astype(np.float32)


def error(features, painting, guidance=None):
    target = losses.style_target({"conv1_1": painting}, LAYER).statistics["conv1_1"]
    return losses.style_error(losses.style_statistics(features, LAYER, guidance), target, LAYER)


def numpy_error(features, painting, ridge=wasserstein.RIDGE):
    """Olkin and Pukelsheim's formula with scipy's roots, in double precision."""
    flat, flat_painting = (
        each.reshape(-1, each.shape[-1]).astype(np.float64) for each in (features, painting)
    )
    mean, mean_painting = flat.mean(0), flat_painting.mean(0)
    spread, spread_painting = (
        np.cov(each, rowvar=False, bias=True) for each in (flat, flat_painting)
    )
    ridges = ridge * np.trace(spread_painting) / len(mean) * np.eye(len(mean))
    spread, spread_painting = spread + ridges, spread_painting + ridges
    root = scipy.linalg.sqrtm(spread_painting)
    shared = np.trace(scipy.linalg.sqrtm(root @ spread @ root)).real
    squared = np.sum((mean - mean_painting) ** 2)
    squared += np.trace(spread) + np.trace(spread_painting) - 2 * shared
    return squared / (np.sum(mean_painting**2) + np.trace(spread_painting))


def close(got, expected, rtol=1e-4, atol=3e-5):
    np.testing.assert_allclose(got, expected, rtol=rtol, atol=atol)


def test_the_error_is_the_distance_of_gaussians_as_scipy_has_it():
    painting = random_features(60)
    features = random_features(batch=2)

    got = error(features, painting)

    close(got, [numpy_error(each, painting) for each in features])
    close(got, [numpy_error(each, painting, ridge=0) for each in features], rtol=2e-3)


def test_fewer_positions_than_channels_have_the_same_distance():
    features, painting = random_features(8, channels=12), random_features(60, channels=12)

    close(error(features, painting), [numpy_error(features, painting)], rtol=1e-3)


def test_a_picture_with_the_statistics_of_the_painting_has_no_error():
    painting = random_features()
    moved = painting.reshape(1, 40, 6)[:, RNG.permutation(40)].reshape(painting.shape)

    close(error(moved, painting), [0])


def test_directions_of_hardly_any_variance_count_for_what_they_are():
    def flat_features():  # As conv1_1's, which has a few colors and edges to see.
        features = np.repeat(random_features(400, channels=3), 20, axis=-1)
        return features + 0.1 * RNG.normal(size=features.shape).astype(np.float32)

    features, painting = flat_features(), flat_features()

    close(error(features, painting), [numpy_error(features, painting)], rtol=1e-3)
    close(error(painting, painting), [0], atol=1e-3)


def test_the_error_does_not_see_the_scale():
    features, painting = random_features(), random_features()

    close(error(7 * features, 7 * painting), error(features, painting))


def test_the_gradient_is_the_slope_of_the_value():
    features, painting = random_features(batch=2).astype(np.float64), random_features()
    direction = RNG.normal(size=features.shape)

    watched = tf.constant(features, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(watched)
        value = tf.reduce_sum(error(watched, painting))
    gradient = tape.gradient(value, watched)
    ahead, behind = (
        sum(numpy_error(each, painting) for each in features + step * direction)
        for step in (1e-4, -1e-4)
    )

    close(np.sum(gradient * direction), (ahead - behind) / 2e-4, rtol=1e-3)


def test_equal_eigenvalues_have_a_finite_gradient():
    spread = tf.constant(np.eye(5, dtype=np.float32)[None])

    with tf.GradientTape() as tape:
        tape.watch(spread)
        value = wasserstein.trace_of_root(spread, 2 * np.eye(5, dtype=np.float32)[None])

    close(value, [10])
    close(tape.gradient(value, spread), np.eye(5)[None])  # Of tr (4 S)^(1/2).


def test_a_gram_matrix_without_the_means_is_the_covariance():
    features, mask = random_features(), RNG.random((1, 10, 4, 1)).astype(np.float32)
    weights = np.square(mask).ravel()

    got = wasserstein.covariance(channel_mean(features, mask), gram_matrix(features, mask))

    close(got[0], np.cov(features.reshape(-1, 6), rowvar=False, bias=True, aweights=weights))


def test_each_picture_of_a_batch_may_have_a_painting_of_its_own():
    features, paintings = random_features(batch=2), random_features(batch=2)
    painted, wanted = ((channel_mean(each), gram_matrix(each)) for each in (features, paintings))

    together = wasserstein.wasserstein_error(*painted, wasserstein.gaussian_target(*wanted))

    alone = [error(one[None], own[None])[0] for one, own in zip(features, paintings, strict=True)]
    close(together, alone)


@pytest.mark.parametrize("scale", [0.1, 30.0])
def test_bfloat16_activations_lose_no_more_than_their_rounding(scale):
    features, painting = scale * random_features(4000), scale * random_features(4000)
    rounded, rounded_painting = tf.cast(features, "bfloat16"), tf.cast(painting, "bfloat16")

    got = error(rounded, rounded_painting)

    assert got.dtype == tf.float32
    close(got, error(features, painting), rtol=2e-2)
