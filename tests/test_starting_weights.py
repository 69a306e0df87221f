import numpy as np
import pytest

from models.transform_config import TransformConfig
from models.transform_net import TransformNet
from restyle.fast.starting_weights import start_from

RNG = np.random.default_rng(17)
IMAGES = RNG.random((1, 12, 12, 3), np.float32)


def network(**shape):
    """A network of which no two weights are equal."""
    made = TransformNet(TransformConfig(width=2, residual_blocks=1, **shape))
    made.set_weights([RNG.normal(size=value.shape) for value in made.get_weights()])
    return made


def test_a_network_that_starts_from_another_paints_as_it_does():
    old, new = network(), network()

    start_from(new, old)

    np.testing.assert_array_equal(new({"images": IMAGES}), old({"images": IMAGES}))


@pytest.mark.parametrize("style", [0, 1, 2])
def test_every_new_style_starts_as_the_old_one(style):
    old, new = network(), network(styles=("a", "b", "c"))

    start_from(new, old)

    inputs = {"images": IMAGES, "style_weights": np.eye(3, dtype=np.float32)[[style]]}
    np.testing.assert_allclose(new(inputs), old({"images": IMAGES}), atol=1e-6)


def test_the_dial_starts_at_the_old_style_too():
    old, new = network(), network(strength=True)

    start_from(new, old)

    inputs = {"images": IMAGES, "strength": np.ones((1, 1), np.float32)}
    np.testing.assert_allclose(new(inputs), old({"images": IMAGES}), atol=1e-6)


def test_a_single_style_starts_from_the_mean_of_several():
    old, new = network(styles=("a", "b")), network()

    start_from(new, old)

    norm = old.get_layer("in_norm")
    np.testing.assert_allclose(
        new.get_layer("in_norm").gamma, np.asarray(norm.gamma).mean(0), rtol=1e-6
    )
