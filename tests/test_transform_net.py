import keras
import numpy as np
import pytest
from restyle.models.layers import InstanceNorm
from restyle.models.transform_config import TransformConfig
from restyle.models.transform_net import TransformNet

RNG = np.random.default_rng(5)
SHAPES = [
    TransformConfig(2, 1, strength=False),
    TransformConfig(2, 1, styles=("a", "b"), strength=False),
    TransformConfig(2, 1, strength=True),
    TransformConfig(2, 1, styles=("a", "b", "c"), strength=True),
    TransformConfig(2, 1, styles=("a", "b"), strength=True, stroke_sizes=(64, 96, 128)),
    TransformConfig(2, 1, stroke_sizes=(64, 128), strength=False),
]
PLAIN = TransformNet(SHAPES[0])


def inputs(shape, size, count=1):
    return shape.inputs(RNG.random((count, *size, 3), np.float32), strength=0.5)


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (5, 3), (16, 16), (17, 30), (31, 18)])
def test_any_size_comes_out_as_it_went_in(size):
    result = np.asarray(PLAIN(inputs(SHAPES[0], size, count=2)))

    assert result.shape == (2, *size, 3)
    assert np.isfinite(result).all() and result.min() >= 0 and result.max() <= 1


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_a_saved_network_comes_back_with_its_shape_and_recipe(shape, tmp_path):
    network = TransformNet(shape, "how it was made")
    given = inputs(shape, (13, 10))

    network.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras")

    assert (loaded.config, loaded.recipe) == (shape, "how it was made")
    np.testing.assert_array_equal(loaded(given), network(given))


def test_a_network_saved_in_half_precision_is_float32_again():
    half = PLAIN.in_precision("float16")

    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(half))

    assert {weight.dtype for weight in half.weights} == {"float16"}
    assert {weight.dtype for weight in again.weights} == {"float32"}


@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_gives_the_same_picture_nearly(dtype):
    network = TransformNet(TransformConfig(8, 1, strength=False))
    given = inputs(network.config, (32, 32))

    mixed = network.in_precision(dtype)

    assert {weight.dtype for weight in mixed.weights} == {"float32"}
    assert mixed.get_layer("down2_conv").compute_dtype == dtype.removeprefix("mixed_")
    assert mixed(given).dtype == "float32"
    np.testing.assert_allclose(mixed(given), network(given), atol=0.05)


def test_the_paper_s_network_has_its_number_of_weights():
    network = TransformNet(TransformConfig(width=32, strength=False))

    # Table 1 of the supplement of Johnson et al. (2016), counted by hand: the five residual blocks
    # have ten 3x3x128x128, and every norm two numbers for each channel.
    ends = 9 * 9 * 3 * 32 + 32 + 9 * 9 * 32 * 3 + 3
    down = 9 * 32 * 64 + 64 + 9 * 64 * 128 + 128
    up = 9 * 128 * 64 + 64 + 9 * 64 * 32 + 32
    blocks = 10 * (9 * 128 * 128 + 128)
    norms = 2 * (32 + 64 + 128 + 10 * 128 + 64 + 32)
    assert network.count_params() == ends + down + up + blocks + norms
    assert sum(isinstance(layer, InstanceNorm) for layer in network.layers) == 15


@pytest.mark.parametrize(
    "wrong",
    [
        {"width": 0},
        {"residual_blocks": -1},
        {"styles": ()},
        {"styles": ("a", "a")},
        {"stroke_sizes": (64, 64)},
        {"stroke_sizes": (0, 64)},
    ],
)
def test_a_shape_that_cannot_be_is_refused(wrong):
    with pytest.raises(ValueError, match="expected"):
        TransformConfig(**wrong)


def test_first_weights_are_drawn_by_seed_and_layer_within_glorots_bounds():
    def kernels(seed):
        network = TransformNet(TransformConfig(8, 2, strength=False), seed=seed)
        return {w.path: np.asarray(w) for w in network.weights if w.path.endswith("kernel")}

    first, again, other = kernels(3), kernels(3), kernels(4)
    for path, kernel in first.items():
        np.testing.assert_array_equal(kernel, again[path])
        assert (kernel != other[path]).all()
        area, (inputs, outputs) = kernel.shape[0] * kernel.shape[1], kernel.shape[2:]
        bound = np.sqrt(6 / (area * (inputs + outputs)))
        assert 0.98 * bound < np.abs(kernel).max() <= bound
        assert np.var(kernel) == pytest.approx(bound**2 / 3, rel=0.1)  # Uniform.
    assert (first["residual1a_conv/kernel"] != first["residual2a_conv/kernel"]).all()
