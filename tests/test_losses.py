"""The objective is the papers', and does not depend on what it should not depend on."""

import dataclasses
import math

import numpy as np
import pytest
import tensorflow as tf
from restyle.models import losses
from restyle.models.losses import Objective, StyleTarget, style_target
from restyle.models.objective_config import ObjectiveConfig

RNG = np.random.default_rng(3)
CHANNELS = {"conv1_1": 3, "conv2_1": 4, "conv3_1": 5, "conv4_1": 6, "conv5_1": 7, "conv4_2": 5}
SMALL = ObjectiveConfig(
    content_layers=("conv2_1",), style_layers=("conv1_1", "conv2_1"), style_loss="gram"
)
STYLE_LOSSES = [
    {"style_loss": "wasserstein"},
    {"style_loss": "gram"},
    {"style_loss": "gram", "formula": "gatys"},
]


def random_features(height=4, width=6, channels=3, batch=1):
    return RNG.normal(size=(batch, height, width, channels)).astype(np.float32)


def random_layers(height=4, width=6, batch=1):
    return {
        layer: random_features(height, width, channels, batch)
        for layer, channels in CHANNELS.items()
    }


def left_part(height, width, columns):
    mask = np.zeros((1, height, width, 1), np.float32)
    mask[:, :, :columns] = 1
    return mask


def numpy_gram(features):
    flat = features.reshape(-1, features.shape[-1])
    return flat.T @ flat


def close(got, expected, rtol=1e-5):
    np.testing.assert_allclose(got, expected, rtol=rtol, atol=1e-6)


def test_gram_matrix_is_the_mean_over_positions_of_products_of_channels():
    features = random_features(batch=2)

    expected = [numpy_gram(picture) / 24 for picture in features]

    close(losses.gram_matrix(features), expected)


def test_gram_matrix_does_not_see_where_things_are():
    features = random_features(5, 7, batch=2)
    moved = features.reshape(2, 35, 3)[:, RNG.permutation(35)].reshape(2, 5, 7, 3)

    close(losses.gram_matrix(moved), losses.gram_matrix(features))


def test_soft_guidance_weighs_positions_by_its_square():
    features, mask = random_features(), RNG.random((1, 4, 6, 1)).astype(np.float32)

    expected = numpy_gram(features * mask) / np.square(mask).sum()

    close(losses.gram_matrix(features, mask), expected[np.newaxis])


def test_bfloat16_features_have_float32_gram_matrices_that_lose_no_sum():
    features = random_features(64, 64)
    rounded = tf.cast(features, "bfloat16")

    gram = losses.gram_matrix(rounded)

    assert gram.dtype == tf.float32
    close(gram, losses.gram_matrix(tf.cast(rounded, "float32")), rtol=1e-6)
    assert losses.relative_error(rounded, features).dtype == tf.float32
    assert losses.gatys_content_error(rounded, features).dtype == tf.float32


def test_a_mask_at_a_layer_is_the_mean_of_what_each_position_stands_for():
    mask = left_part(8, 16, 8)

    guidance = np.asarray(losses.guidance_at(mask, (2, 4)))

    assert guidance.shape == (1, 2, 4, 1)
    assert np.all(np.diff(guidance, axis=2) <= 1e-6)
    close(guidance[:, :, 0], 1)
    close(guidance[:, :, 3], 0)
    close(guidance.mean(), 0.5)


def test_total_variation_is_the_mean_squared_difference_of_neighbors():
    images = RNG.random((2, 5, 4, 3)).astype(np.float32)

    expected = []
    for image in images:
        straight = np.mean(np.diff(image, axis=0) ** 2) + np.mean(np.diff(image, axis=1) ** 2)
        falling = np.mean((image[1:, 1:] - image[:-1, :-1]) ** 2)
        rising = np.mean((image[1:, :-1] - image[:-1, 1:]) ** 2)
        expected.append(2 / 3 * straight + (falling + rising) / 6)

    close(losses.total_variation(images), expected)
    close(losses.total_variation(np.full((1, 5, 4, 3), 0.3, np.float32)), [0])


def test_gatys_formula_is_equations_1_to_7_of_gatys_2016():
    config = ObjectiveConfig(
        content_weight=3.0, style_weight=700.0, formula="gatys", style_loss="gram"
    )
    features, photo, painting = random_layers(), random_layers(), random_layers()

    content = 0.5 * np.sum((features["conv4_2"] - photo["conv4_2"]) ** 2)  # Eq. 1.
    style = 0.0
    for layer in ("conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1"):
        gram, target = numpy_gram(features[layer]), numpy_gram(painting[layer])  # Eq. 3.
        error = np.sum((gram - target) ** 2) / (4 * CHANNELS[layer] ** 2 * 24**2)  # Eq. 4.
        style += error / 5  # Eq. 5.
    objective = Objective(config, [style_target(painting, config)])
    terms = objective.terms(random_features(), features, photo)

    close(objective.total(terms), [3.0 * content + 700.0 * style])  # Eq. 7.


def test_relative_formula_sums_terms_that_are_fractions_of_their_targets():
    config = ObjectiveConfig(content_weight=0.3, style_weight=2.0, tv_weight=0.7, style_loss="gram")
    features, photo, painting = random_layers(), random_layers(), random_layers()
    images = random_features()

    expected = 0.3 * np.sum((features["conv4_2"] - photo["conv4_2"]) ** 2)
    expected /= np.sum(photo["conv4_2"] ** 2)
    for layer in config.style_layers:
        gram, target = numpy_gram(features[layer]), numpy_gram(painting[layer])
        expected += 2.0 / 5 * np.sum((gram - target) ** 2) / np.sum(target**2)
    expected += 0.7 * np.asarray(losses.total_variation(images))
    objective = Objective(config, [style_target(painting, config)])

    close(objective.total(objective.terms(images, features, photo)), expected)


def test_a_term_without_weight_is_left_out_whatever_it_is():
    config = ObjectiveConfig(content_weight=0.5, tv_weight=0.0)
    objective = Objective(config, [style_target(random_layers(), config)])
    terms = dict.fromkeys(objective.weights, 0.0)

    total = objective.total({**terms, "content conv4_2": 3.0, "total variation": math.nan})

    assert total == 1.5


def test_several_styles_are_averaged_by_their_shares():
    features = random_features(channels=CHANNELS["conv2_1"])
    statistics = [style_target(random_layers(), SMALL).statistics for _ in range(3)]

    def term(*styles):
        return np.asarray(Objective(SMALL, styles).style_term("conv2_1", features))

    blend = term(*map(StyleTarget, statistics, (1.0, 4.0, 0.0)))
    one, four = (term(StyleTarget(each)) for each in statistics[:2])
    close(blend, 0.2 * one + 0.8 * four)


@pytest.mark.parametrize("style_loss", ["wasserstein", "gram"])
def test_a_masked_style_is_compared_inside_its_masks(style_loss):
    config = dataclasses.replace(SMALL, style_loss=style_loss)
    painting, features = random_layers(4, 8), random_features(channels=CHANNELS["conv2_1"])
    masks = {"style_mask": left_part(4, 8, 3), "content_mask": left_part(4, 6, 2)}
    masked = style_target(painting, config, **masks)
    plain = style_target({layer: each[:, :, :3] for layer, each in painting.items()}, config)

    close(
        Objective(config, [masked]).style_term("conv2_1", features),
        Objective(config, [plain]).style_term("conv2_1", features[:, :, :2]),
    )


def test_shares_of_styles_are_their_weights_times_the_mean_squares_of_their_masks():
    statistics = style_target(random_layers(), SMALL).statistics
    half_gray = np.full((1, 4, 8, 1), 0.5, np.float32)
    styles = [
        StyleTarget(statistics, 1.0, left_part(4, 8, 2)),  # 1 * 1/4
        StyleTarget(statistics, 3.0, half_gray),  # 3 * 1/4
        StyleTarget(statistics, 1.0),  # 1 * 1
    ]

    close(Objective(SMALL, styles).style_shares, [0.125, 0.375, 0.5])


def test_weights_of_layers_are_shares_of_the_overall_weights():
    layers = {"content_layers": ("conv2_1", "relu4_2"), "style_layers": ("conv1_1", "conv3_1")}
    overall = {"content_weight": 2.0, "style_weight": 5.0, "tv_weight": 0.25}
    config = ObjectiveConfig(**layers, **overall, style_layer_weights=(1.0, 4.0))

    weights = Objective(config, [style_target(random_layers(), config)]).weights

    expected = {"content conv2_1": 1.0, "content conv4_2": 1.0, "style conv1_1": 1.0}
    expected |= {"style conv3_1": 4.0, "total variation": 0.25}
    assert weights == pytest.approx(expected)


def test_style_layers_count_by_their_blocks_and_equally_by_gram_matrices():
    layers = ("conv2_2", "conv1_1", "conv5_4")
    by_blocks = ObjectiveConfig(style_layers=layers, style_layer_weights=(5, 4, 1))
    assert ObjectiveConfig(style_layers=layers) == by_blocks
    assert ObjectiveConfig(style_layers=layers, style_loss="gram").style_layer_weights == ()


@pytest.mark.parametrize("asked", STYLE_LOSSES)
@pytest.mark.parametrize("masked", [False, True])
def test_a_batch_of_two_is_two_batches_of_one(asked, masked):
    config = ObjectiveConfig(tv_weight=1.0, **asked)
    features, photo = random_layers(batch=2), random_layers(batch=2)
    images = random_features(batch=2)
    mask = left_part(4, 6, 2) if masked else None
    objective = Objective(config, [style_target(random_layers(), config, content_mask=mask)])

    together = objective.terms(images, features, photo)

    for one in (slice(0, 1), slice(1, 2)):
        layers = (
            {name: values[one] for name, values in each.items()} for each in (features, photo)
        )
        for name, value in objective.terms(images[one], *layers).items():
            close(together[name][one], value)


@pytest.mark.parametrize(
    "asked, named",
    [
        ({"content_weight": -1.0}, "content_weight"),
        ({"tv_weight": float("nan")}, "tv_weight"),
        ({"style_weight": float("inf")}, "style_weight"),
        ({"content_weight": 0.0, "style_weight": 0.0}, "above 0"),
        ({"style_layers": ("conv9_1",)}, "conv9_1"),
        ({"style_layers": ()}, "style_layers"),
        ({"content_layers": ("conv4_2", "relu4_2")}, "each named once"),
        ({"style_layer_weights": (1.0, 2.0)}, "2 style_layer_weights for 5"),
        ({"style_layer_weights": (1.0, 2.0, -1.0, 1.0, 1.0)}, "style_layer_weights"),
        ({"content_layer_weights": (0.0,)}, "content_layer_weights"),
        ({"formula": "johnson"}, "johnson"),
        ({"style_loss": "cosine"}, "cosine"),
        ({"pooling": "median"}, "median"),
        ({"formula": "gatys"}, "style_loss 'gram'"),
    ],
)
def test_an_objective_that_makes_no_sense_is_refused(asked, named):
    with pytest.raises(ValueError, match=named):
        ObjectiveConfig(**asked)


@pytest.mark.parametrize("weights", [(), (0.0, 0.0), (1.0, -0.5)])
def test_styles_need_weights_that_can_be_shared_out(weights):
    statistics = style_target(random_layers(), SMALL).statistics

    with pytest.raises(ValueError, match="style weights"):
        Objective(SMALL, [StyleTarget(statistics, weight) for weight in weights])
