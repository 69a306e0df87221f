import keras
import numpy as np
import pytest

from restyle.training.muon import Muon

RATE = 0.01
SHAPE = (3, 3, 4, 8)


def kernel(name, shape=SHAPE):
    with keras.name_scope(name):
        return keras.Variable(np.zeros(shape, np.float32), name="kernel")


def gradient(seed, shape=SHAPE):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def steps(optimizer, variable, *gradients):
    """Where each step on these gradients leaves the variable."""
    optimizer.build([variable])
    places = []
    for each in gradients:
        optimizer.apply([keras.ops.convert_to_tensor(each)])
        places.append(np.array(variable))
    return places


def test_a_step_moves_all_directions_of_a_convolution_alike_and_turns_none():
    left, sizes, right = np.linalg.svd(gradient(0).reshape(36, 8), full_matrices=False)
    uneven = (left * np.geomspace(100, 1, 8)) @ right

    (place,) = steps(Muon(RATE, 1e6), kernel("down2_conv"), uneven.reshape(SHAPE).astype("f4"))

    along = left.T @ -place.reshape(36, 8) @ right.T / (RATE * 0.2 * np.sqrt(36))
    assert np.all((np.diag(along) > 0.6) & (np.diag(along) < 1.3)), np.diag(along)
    np.testing.assert_allclose(along, np.diag(np.diag(along)), atol=1e-3)


def test_momentum_sums_gradients_and_looks_one_step_ahead():
    first, second = gradient(1), gradient(2)

    places = steps(Muon(RATE, 1e6), kernel("up1_conv"), first, second)

    ahead = second + 0.9 * (0.9 * first + second)
    (alone,) = steps(Muon(RATE, 1e6), kernel("up1_conv"), ahead)
    np.testing.assert_allclose(places[1] - places[0], alone, atol=1e-6)


@pytest.mark.parametrize(
    "name, shape", [("in_conv", (9, 9, 3, 8)), ("out_conv", (9, 9, 8, 3)), ("up1_norm", (2, 8))]
)
def test_norms_and_the_convolutions_at_the_ends_go_by_adam_at_a_quarter_of_the_rate(name, shape):
    gradients = gradient(3, shape), gradient(4, shape)

    places = steps(Muon(RATE, 1e6), kernel(name, shape), *gradients)

    expected = steps(keras.optimizers.Adam(RATE / 4), kernel(name, shape), *gradients)
    np.testing.assert_allclose(places, expected, atol=1e-7)
