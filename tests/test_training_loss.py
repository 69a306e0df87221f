"""The training loss is the objective of the optimizer, and steadiness under known motion."""

import dataclasses

import keras
import numpy as np
import pytest
from restyle.models.objective_config import ObjectiveConfig, without_deepest_style
from restyle.models.transform_config import TransformConfig
from restyle.models.vgg19 import vgg19_features
from restyle.models.weights.load import random_vgg_weights

from restyle.exact.evaluation import evaluation_at
from restyle.exact.problem import Problem
from restyle.training.held_out import plain_batch
from restyle.training.loss import TrainingLoss, network_inputs, painting_targets
from restyle.training.motion import moved, random_motions, seen_before

RNG = np.random.default_rng(3)
OBJECTIVE = ObjectiveConfig(
    content_weight=0.3,
    style_weight=2.0,
    tv_weight=0.5,
    content_layers=("conv2_1",),
    style_layers=("conv1_1", "conv2_1"),
    style_layer_weights=(3.0, 1.0),
)
WEIGHTS = random_vgg_weights(width_divisor=16)
VGG = vgg19_features(WEIGHTS, OBJECTIVE.layers, pooling="max")
PHOTOS = RNG.random((2, 16, 20, 3), np.float32)
PAINTINGS = [RNG.random((12, 24, 3), np.float32), RNG.random((24, 18, 3), np.float32) ** 3]
WEAVE = np.full((4, 4, 1), -0.01, np.float32)
WEAVE[1, 2] = 0.15
SHIFTED = np.array([[1, 0, 3, 0, 1, -2, 0, 0]] * 2, np.float32)


class Stub:
    """In the place of a network, a function of the images, which are kept in `seen`."""

    def __init__(self, function, **shape):
        self.config = TransformConfig(**{"strength": False, **shape})
        self.function, self.seen = function, []

    def __call__(self, inputs, training=False):
        self.seen.append(inputs)
        return self.function(inputs["images"])


def painted(images):
    return 0.25 + 0.5 * keras.ops.flip(images, axis=-1)


def loss(temporal_weight=0.0, objective=OBJECTIVE, lattice_weight=0.0):
    targets = painting_targets(VGG, PAINTINGS, objective)
    return TrainingLoss(
        objective,
        targets,
        VGG,
        VGG,
        lattice_weight=lattice_weight,
        temporal_weight=temporal_weight,
    )


@pytest.mark.parametrize("style", [0, 1])
@pytest.mark.parametrize(
    "style_loss, formula", [("wasserstein", "relative"), ("gram", "relative"), ("gram", "gatys")]
)
def test_optimizer_and_trainer_report_the_same_number_for_the_same_image(
    style, style_loss, formula
):
    objective = dataclasses.replace(OBJECTIVE, style_loss=style_loss, formula=formula)
    evaluation = evaluation_at(
        Problem(PHOTOS[0], [PAINTINGS[style]]), objective, VGG, size=(16, 20), style_long_side=24
    )
    picture = np.asarray(painted(PHOTOS[:1]))

    value, terms = loss(objective=objective)(Stub(painted), plain_batch(PHOTOS[:1], style))

    assert value.shape == (1,)
    expected = evaluation.numbers(picture[0])
    reported = {"objective": value, **terms}
    assert list(reported) == list(expected)
    for name, number in expected.items():
        np.testing.assert_allclose(reported[name][0], number, rtol=1e-4)


def test_the_loss_of_a_batch_is_that_of_each_of_its_photos():
    batch = plain_batch(PHOTOS)._replace(style=np.array([1, 0], np.int32))

    together, _ = loss()(Stub(painted), batch)

    alone = [
        loss()(Stub(painted), plain_batch(photo[None], style))[0][0]
        for photo, style in zip(PHOTOS, (1, 0), strict=True)
    ]
    np.testing.assert_allclose(together, alone, rtol=1e-5)
    assert abs(together[0] - together[1]) > 1e-3


def test_a_stroke_size_is_compared_with_the_painting_at_that_size():
    network = Stub(painted, stroke_sizes=(18, 24))

    fine, broad = (loss()(network, plain_batch(PHOTOS, stroke=stroke))[0] for stroke in (0, 1))

    first, second = (loss()(Stub(painted), plain_batch(PHOTOS, style))[0] for style in (0, 1))
    np.testing.assert_allclose([fine, broad], [first, second], rtol=1e-5)
    given = [np.asarray(inputs["stroke"]).tolist() for inputs in network.seen]
    assert given == [[[0.0], [0.0]], [[1.0], [1.0]]]


@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0])
def test_the_dial_weighs_the_style_by_the_square_of_the_strength_and_nothing_else(strength):
    network = Stub(painted, strength=True)
    value, terms = loss()(network, plain_batch(PHOTOS, strength=strength))

    style = strength**2 * 2.0 * (0.75 * terms["style conv1_1"] + 0.25 * terms["style conv2_1"])
    rest = 0.3 * terms["content conv2_1"] + 0.5 * terms["total variation"]
    np.testing.assert_allclose(value, style + rest, rtol=1e-5)


def test_a_network_gets_the_style_strength_and_stroke_of_each_photo():
    shape = TransformConfig(styles=("a", "b"), strength=True, stroke_sizes=(18, 24))
    batch = plain_batch(PHOTOS, strength=0.5, stroke=1)._replace(style=np.array([1, 0], np.int32))

    inputs = network_inputs(shape, batch)

    np.testing.assert_array_equal(inputs["style_weights"], [[0, 1], [1, 0]])
    np.testing.assert_array_equal(inputs["strength"], [[0.5], [0.5]])
    np.testing.assert_array_equal(inputs["stroke"], [[1], [1]])
    assert set(network_inputs(TransformConfig(strength=False), batch)) == {"images"}


def test_without_its_deepest_style_layer_the_loss_is_that_of_the_others():
    objective = dataclasses.replace(OBJECTIVE, content_layers=("conv1_2",))
    less = dataclasses.replace(objective, style_layers=("conv1_1",), style_layer_weights=())
    vgg = vgg19_features(WEIGHTS, objective.layers, pooling="max")
    asked = TrainingLoss(objective, painting_targets(vgg, PAINTINGS, objective), vgg, vgg)
    expected = TrainingLoss(less, painting_targets(vgg, PAINTINGS, less), vgg, vgg)

    value, terms = asked(Stub(painted), plain_batch(PHOTOS), whole=False)
    other, others = expected(Stub(painted), plain_batch(PHOTOS))

    np.testing.assert_array_equal(value, other)
    assert list(terms) == ["content conv1_2", "style conv1_1", "style conv2_1", "total variation"]
    assert np.isnan(terms.pop("style conv2_1")).all()
    np.testing.assert_array_equal(list(terms.values()), list(others.values()))
    assert [layer.name for layer in asked.shallow_features.layers][-1] == "conv1_2"


@pytest.mark.parametrize(
    ("content", "style", "weights", "left"),
    [
        ("conv4_2", ("conv1_1", "conv5_1", "conv3_1"), (1, 2, 3), ("conv1_1", "conv3_1")),
        ("conv5_1", ("conv1_1", "conv5_1"), (), ("conv1_1", "conv5_1")),
        ("conv4_2", ("conv5_1",), (), ("conv5_1",)),
        ("conv4_2", ("conv1_1", "conv5_1"), (0, 1), ("conv1_1", "conv5_1")),
    ],
)
def test_the_deepest_style_layer_is_left_out_if_that_saves_work(content, style, weights, left):
    objective = ObjectiveConfig(
        content_layers=(content,), style_layers=style, style_layer_weights=weights
    )
    less = without_deepest_style(objective)

    assert less.style_layers == left
    assert less == objective or less.style_layer_weights == (1, 3)


def test_a_lattice_costs_its_weight_times_its_power():
    woven = Stub(lambda images: 0.5 + 0.0 * images + np.tile(WEAVE, (4, 5, 1)))

    plain, _ = loss()(woven, plain_batch(PHOTOS))
    value, terms = loss(lattice_weight=100.0)(woven, plain_batch(PHOTOS))

    np.testing.assert_allclose(value - plain, 100 * terms["lattice"], rtol=1e-3)
    assert min(terms["lattice"]) > 1e-4


def test_without_a_weight_steadiness_is_neither_measured_nor_paid_for():
    network = Stub(painted)
    _, terms = loss(0.0)(network, plain_batch(PHOTOS)._replace(motions=SHIFTED))

    assert "temporal" not in terms and len(network.seen) == 1


@pytest.mark.parametrize("function", [painted, lambda images: images])
def test_a_network_that_moves_with_the_photo_has_no_temporal_error(function):
    motions = random_motions(np.random.default_rng(0), 2, (16, 20))
    batch = plain_batch(PHOTOS)._replace(motions=motions)

    _, terms = loss(1.0)(Stub(function), batch)

    np.testing.assert_allclose(terms["temporal"], [0, 0], atol=1e-10)


def test_a_network_whose_paint_stays_on_the_canvas_has_a_temporal_error():
    canvas = RNG.random((1, 16, 20, 3), np.float32)
    batch = plain_batch(PHOTOS)._replace(motions=SHIFTED)

    value, terms = loss(10.0)(Stub(lambda images: canvas + 0.0 * images), batch)

    # Of 16 x 20 pixels 14 x 17 were seen before: all but two rows and three columns.
    error = np.mean((canvas[0, 2:, :17] - canvas[0, :14, 3:]) ** 2)
    np.testing.assert_allclose(terms["temporal"], [error, error], rtol=1e-4)
    steady, _ = loss(0.0)(Stub(lambda images: canvas + 0.0 * images), batch)
    np.testing.assert_allclose(value - steady, [10 * error] * 2, rtol=1e-3)


def test_what_was_not_seen_before_does_not_count():
    """A network that spoils just the part that comes into view has no temporal error."""
    new = 1.0 - np.asarray(seen_before(SHIFTED, (16, 20)))
    calls = []

    def spoils_what_is_new(images):
        calls.append(images)
        return images + (new if len(calls) == 2 else 0.0)

    batch = plain_batch(PHOTOS)._replace(motions=SHIFTED)
    _, terms = loss(1.0)(Stub(spoils_what_is_new), batch)

    assert len(calls) == 2 and new.sum() > 0
    np.testing.assert_allclose(terms["temporal"], [0, 0], atol=1e-10)


def test_a_network_that_answers_noise_pays_for_it():
    noise = RNG.normal(0, 0.1, PHOTOS.shape).astype(np.float32)
    network = Stub(lambda images: 3.0 * images)

    still = np.tile(np.float32([1, 0, 0, 0, 1, 0, 0, 0]), (len(PHOTOS), 1))

    _, terms = loss(1.0)(network, plain_batch(PHOTOS)._replace(noise=noise, motions=still))

    np.testing.assert_allclose(
        terms["temporal"], np.mean((3 * noise) ** 2, axis=(1, 2, 3)), rtol=1e-4
    )


def test_the_moved_photo_is_painted_in_the_same_style_and_strength():
    network = Stub(painted, styles=("a", "b"), strength=True)
    batch = plain_batch(PHOTOS, style=1, strength=0.25)._replace(motions=SHIFTED)

    loss(1.0)(network, batch)

    first, second = network.seen
    np.testing.assert_array_equal(first["images"], PHOTOS)
    np.testing.assert_allclose(second["images"], moved(PHOTOS, SHIFTED), atol=1e-6)
    for name in ("style_weights", "strength"):
        np.testing.assert_array_equal(first[name], second[name])
