import numpy as np
import pytest
from painters import random_network
from restyle.models.transform_config import TransformConfig

from restyle.training.starting_weights import start_from

RNG = np.random.default_rng(17)
IMAGES = RNG.random((1, 12, 12, 3), np.float32)


def network(**shape):
    """A network of which no two weights are equal."""
    return random_network(TransformConfig(2, 1, **{"strength": False, **shape}), RNG, spread=1)


def test_a_network_that_starts_from_another_paints_as_it_does():
    old, new = network(), network()

    start_from(new, old)

    np.testing.assert_array_equal(new({"images": IMAGES}), old({"images": IMAGES}))


@pytest.mark.parametrize("style", [0, 1, 2])
def test_every_new_style_starts_as_the_old_one_and_the_dial_too(style):
    old, new = network(), network(styles=("a", "b", "c"), strength=True)

    start_from(new, old)

    painted = new(new.config.inputs(IMAGES, np.eye(3)[style]))
    np.testing.assert_allclose(painted, old({"images": IMAGES}), atol=1e-6)


def test_a_style_that_both_know_keeps_its_look_and_so_does_the_photo():
    old = network(styles=("a", "b"), strength=True)
    new = network(styles=("c", "b", "a"), strength=True)

    start_from(new, old)

    before = old(old.config.inputs(IMAGES, [0, 1], strength=0.5))
    after = new(new.config.inputs(IMAGES, [0, 1, 0], strength=0.5))
    np.testing.assert_allclose(after, before, atol=1e-6)


def test_a_new_style_starts_from_the_mean_of_the_old_ones_without_the_photo():
    old, new = network(styles=("a", "b"), strength=True), network(styles=("c",))

    start_from(new, old)

    gamma = np.asarray(old.get_layer("in_norm").gamma)
    np.testing.assert_allclose(new.get_layer("in_norm").gamma, gamma[1:].mean(0), rtol=1e-6)


def test_a_stroke_size_that_both_know_keeps_its_look_and_another_starts_from_the_styles_mean():
    old, new = network(stroke_sizes=(64, 128)), network(stroke_sizes=(64, 96, 128))

    start_from(new, old)

    gamma = np.asarray(old.get_layer("in_norm").gamma)
    expected = [gamma[0], gamma.mean(0), gamma[1]]
    np.testing.assert_allclose(new.get_layer("in_norm").gamma, expected, rtol=1e-6)
