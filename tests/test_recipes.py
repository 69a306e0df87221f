import numpy as np
import pytest
import scipy.linalg

from benchmarks.recipes import (
    CAFFE_UNITS,
    TORCHVISION_UNITS,
    Crowsonkb,
    Jcjohnson,
    RunningAverage,
    Stage,
    gaussian,
    gram_by_elements,
    in_units,
    layer_shares,
    newton_schulz_root,
    nine_point_variation,
    shortened,
    wasserstein_term,
)

RNG = np.random.default_rng(0)
CHANNELS = 6
IDENTITY = np.eye(CHANNELS)


def features(positions=200, spread=1.0):
    mixed = RNG.normal(size=(CHANNELS, CHANNELS)) @ RNG.normal(size=(CHANNELS, positions))
    return np.maximum(spread * mixed, 0)  # As after a ReLU.


def test_the_root_squared_is_the_matrix():
    factor = RNG.normal(size=(CHANNELS, CHANNELS))
    matrix = factor @ factor.T + IDENTITY

    root = newton_schulz_root(matrix, IDENTITY, iterations=20)

    np.testing.assert_allclose(root @ root, matrix, rtol=1e-8)
    np.testing.assert_allclose(root, scipy.linalg.sqrtm(matrix), rtol=1e-8)


def test_wasserstein_term_is_the_distance_of_gaussians_by_the_channels():
    picture, painting = features(), features(spread=1.3)
    mean, other = picture.mean(axis=1), painting.mean(axis=1)
    covariance = np.cov(picture, bias=True) + 1e-4 * IDENTITY
    wanted = np.cov(painting, bias=True) + 1e-4 * IDENTITY
    root = scipy.linalg.sqrtm(wanted)
    cross = scipy.linalg.sqrtm(root @ covariance @ root).real
    expected = np.sum((mean - other) ** 2) + np.trace(covariance + wanted - 2 * cross)

    term = wasserstein_term(picture, gaussian(painting, IDENTITY), IDENTITY)

    assert term == pytest.approx(expected / CHANNELS, rel=1e-4)


def test_crowsonkb_goes_from_128_pixels_by_factors_of_the_root_of_two():
    sides = [stage.long_side for stage in Crowsonkb().stages(512)]

    assert sides == [128, 181, 256, 362, 512]
    assert [stage.iterations for stage in Crowsonkb().stages(512)] == [1000, 500, 500, 500, 500]
    assert [stage.long_side for stage in Crowsonkb().stages(200)] == [141, 200]
    assert Crowsonkb().stages(100) == [Stage(100, 1000)]


def test_a_share_of_a_run_has_its_scales_and_a_share_of_its_iterations():
    stages = [Stage(128, 1000), Stage(256, 4)]

    assert shortened(stages, 0.1) == [Stage(128, 100), Stage(256, 1)]
    assert shortened(stages, 1.0) == stages


def test_the_average_weighs_each_value_by_its_age():
    values = RNG.normal(size=(30, 4))
    average = RunningAverage(values[0], 0.9)
    for value in values[1:]:
        average.update(value)
    weights = 0.9 ** np.arange(29, -1, -1)

    np.testing.assert_allclose(average.value, weights @ values / weights.sum())


def test_crowsonkbs_layers_share_the_weight_of_one_by_powers_of_four():
    shares = layer_shares(Crowsonkb().style_layer_weights)

    assert sum(shares) == pytest.approx(1)
    np.testing.assert_allclose(np.divide(shares[:-1], shares[1:]), 4)
    assert len(shares) == len(Crowsonkb().style_layers)


def test_nine_point_variation_of_a_slope():
    slope = np.zeros((1, 3, 20, 30)) + 0.1 * np.arange(30)

    # Right 0.01, down 0, both diagonals 0.01.
    assert nine_point_variation(slope) == pytest.approx(2 * (0.01 / 3 + 0.02 / 12))


def test_gram_by_elements_of_ones_is_one_by_the_channels():
    gram = gram_by_elements(np.ones((4, 50)))

    np.testing.assert_allclose(gram, np.full((4, 4), 1 / 4))


@pytest.mark.parametrize("units", [TORCHVISION_UNITS, CAFFE_UNITS])
@pytest.mark.parametrize("recipe", [Crowsonkb(), Jcjohnson()])
def test_every_layer_of_a_recipe_has_its_unit(recipe, units):
    assert {recipe.content_layer, *recipe.style_layers} == units.keys()
    assert in_units({layer: 2.0 for layer in units} | {"conv1_2": 1.0}, units) == {
        layer: 2 * unit for layer, unit in units.items()
    }
