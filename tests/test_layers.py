import keras
import numpy as np
import pytest
from keras import ops
from restyle.models.layers import (
    Condition,
    ConditionalInstanceNorm,
    CropToInput,
    InstanceNorm,
    PadToMultiple,
    ReflectionPadding,
    StrengthDial,
)

RNG = np.random.default_rng(3)


def normal(*shape):
    return RNG.normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("training", [False, True])
def test_instance_norm_is_the_formula(training):
    values, gamma, beta = normal(2, 5, 7, 3), normal(3), normal(3)
    layer = InstanceNorm(epsilon=0.1)
    layer.build(values.shape)
    layer.set_weights([gamma, beta])
    mean, variance = values.mean((1, 2), keepdims=True), values.var((1, 2), keepdims=True)

    expected = (values - mean) / np.sqrt(variance + 0.1) * gamma + beta

    np.testing.assert_allclose(layer(values, training=training), expected, rtol=1e-4, atol=1e-5)


def test_instance_norm_keeps_float32_statistics_under_half_precision():
    values = np.full((1, 64, 64, 1), 1000, np.float32)
    values[:, ::2] += 2  # A bfloat16 sum of 4096 such values is off by far more than 2.
    norm = InstanceNorm(dtype="mixed_bfloat16")

    result = ops.convert_to_numpy(ops.cast(norm(ops.cast(values, "float32")), "float32"))

    assert norm(values).dtype == "bfloat16"
    assert abs(result.mean()) < 0.2


def test_conditional_instance_norm_blends_gamma_and_beta():
    values = normal(2, 4, 5, 3)
    layer = ConditionalInstanceNorm(2)
    layer.build([values.shape, (2, 2)])
    gamma, beta = normal(2, 3), normal(2, 3)
    layer.set_weights([gamma, beta])
    share = np.array([[1.0, 0.0], [0.25, 0.75]], np.float32)

    def alone(row, weights):
        plain = InstanceNorm()
        plain.build(values.shape)
        plain.set_weights([weights @ gamma, weights @ beta])
        return plain(values[row : row + 1])

    expected = np.concatenate([alone(0, share[0]), alone(1, share[1])])
    np.testing.assert_allclose(layer([values, share]), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (2, 3), (7, 8), (8, 8), (9, 30), (13, 5)])
def test_padding_mirrors_as_numpy_does_and_cropping_undoes_it(size):
    images = normal(1, *size, 3)
    height, width = (max(-(-side // 4) * 4, 8) for side in size)

    padded = ops.convert_to_numpy(PadToMultiple(4, 8)(images))

    more = [(0, 0), (0, height - size[0]), (0, width - size[1]), (0, 0)]
    np.testing.assert_array_equal(padded, np.pad(images, more, mode="reflect"))
    np.testing.assert_array_equal(CropToInput()([padded, images]), images)


def test_reflection_padding_mirrors_without_repeating_the_edge():
    row = np.arange(4, dtype=np.float32).reshape(1, 1, 4, 1) + np.zeros((1, 3, 1, 1), np.float32)

    padded = ops.convert_to_numpy(ReflectionPadding(2)(row))

    assert padded[0, 0, :, 0].tolist() == [2, 1, 0, 1, 2, 3, 2, 1]


def test_what_is_too_small_to_be_mirrored_is_refused():
    ReflectionPadding(2)(normal(1, 3, 3, 1))
    with pytest.raises(ValueError, match="width is 2, expected more than the padding of 2"):
        ReflectionPadding(2)(normal(1, 3, 2, 1))


def test_condition_is_the_photo_first_then_the_styles():
    weights = np.array([[0.25, 0.75]], np.float32)
    dial = np.array([[0.5]], np.float32)

    both = Condition()({"style_weights": weights, "strength": dial})

    np.testing.assert_allclose(both, [[0.5, 0.125, 0.375]])
    np.testing.assert_allclose(Condition()({"style_weights": weights}), weights)
    np.testing.assert_allclose(Condition()({"strength": dial}), [[0.5, 0.5]])


@pytest.mark.parametrize(
    ("stroke", "shares"),
    [(0, [1, 0, 0]), (0.25, [0.5, 0.5, 0]), (0.5, [0, 1, 0]), (0.9, [0, 0.2, 0.8])],
)
def test_a_stroke_lies_between_the_two_sizes_beside_it(stroke, shares):
    inputs = {"stroke": np.array([[stroke]], np.float32)}
    weights = np.array([[0.25, 0.75]], np.float32)
    dial = np.array([[0.5]], np.float32)
    several = {**inputs, "style_weights": weights, "strength": dial}

    condition = Condition(3)

    np.testing.assert_allclose(condition(inputs), [shares], atol=1e-6)
    expected = np.concatenate([[0.5], 0.125 * np.array(shares), 0.375 * np.array(shares)])
    np.testing.assert_allclose(condition(several), [expected], atol=1e-6)


def test_the_dial_gives_the_photo_exactly_at_0_and_the_picture_at_1():
    photo, picture = normal(3, 2, 2, 3), normal(3, 2, 2, 3)
    dial = np.array([[0.0], [1.0], [0.5]], np.float32)

    result = ops.convert_to_numpy(StrengthDial()([photo, picture, dial]))

    np.testing.assert_array_equal(result[0], photo[0])
    np.testing.assert_allclose(result[1], picture[1], atol=1e-6)
    np.testing.assert_allclose(result[2], photo[2] / 16 + picture[2] * 15 / 16, atol=1e-6)


@pytest.mark.parametrize(
    "layer",
    [
        InstanceNorm(epsilon=0.5),
        ConditionalInstanceNorm(3, epsilon=0.5),
        ReflectionPadding(3),
        PadToMultiple(8, least=16),
        CropToInput(),
        Condition(3),
        StrengthDial(),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_a_layer_is_made_anew_from_its_configuration(layer):
    config = layer.get_config()

    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))

    assert type(again) is type(layer)
    assert again.get_config() == config


@pytest.mark.parametrize(
    ("layer", "shapes"),
    [
        (InstanceNorm(), (2, 6, 5, 3)),
        (ReflectionPadding(2), (2, 6, 5, 3)),
        (PadToMultiple(), (2, 6, 5, 3)),
        (CropToInput(), [(2, 8, 8, 3), (2, 6, 5, 3)]),
        (ConditionalInstanceNorm(2), [(2, 6, 5, 3), (2, 2)]),
        (StrengthDial(), [(2, 6, 5, 3), (2, 6, 5, 3), (2, 1)]),
        (Condition(), {"style_weights": (2, 3), "strength": (2, 1)}),
        (Condition(), {"strength": (2, 1)}),
        (Condition(3), {"style_weights": (2, 3), "strength": (2, 1), "stroke": (2, 1)}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_layer_says_the_shape_that_it_gives(layer, shapes):
    def pictures(shape):
        return np.zeros(shape, np.float32)

    if isinstance(shapes, dict):
        inputs = {name: pictures(shape) for name, shape in shapes.items()}
    else:
        inputs = [pictures(s) for s in shapes] if isinstance(shapes, list) else pictures(shapes)

    assert tuple(layer.compute_output_shape(shapes)) == tuple(layer(inputs).shape)
