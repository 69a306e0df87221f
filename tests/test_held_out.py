import numpy as np
import pytest
from painters import random_network
from restyle.models.objective_config import ObjectiveConfig
from restyle.models.transform_config import TransformConfig
from restyle.models.vgg19 import vgg19_features
from restyle.models.weights.load import random_vgg_weights

from restyle.training import held_out
from restyle.training.held_out import measure, plain_batch, preview
from restyle.training.loss import TrainingLoss, network_inputs, painting_targets

RNG = np.random.default_rng(9)
PHOTOS = RNG.random((3, 16, 16, 3), np.float32)
OBJECTIVE = ObjectiveConfig(content_layers=("conv1_1",), style_layers=("conv1_1", "conv2_1"))
VGG = vgg19_features(random_vgg_weights(width_divisor=16), OBJECTIVE.layers, pooling="max")


@pytest.fixture(scope="module")
def network():
    shape = TransformConfig(width=2, residual_blocks=0, styles=("a", "b"), strength=True)
    return random_network(shape, RNG)


@pytest.fixture(scope="module")
def loss():
    paintings = [RNG.random((16, 20, 3), np.float32) ** power for power in (1, 4)]
    return TrainingLoss(OBJECTIVE, painting_targets(VGG, paintings, OBJECTIVE), VGG, VGG)


def painter(network):
    return lambda batch: network(network_inputs(network.config, batch))


def stylized(network, photo, style, strength=1.0):
    given = network.config.inputs(photo[None], np.eye(2)[style], strength=strength)
    return np.asarray(network(given))[0]


def test_a_plain_batch_has_one_style_at_one_strength_and_moves():
    batch = plain_batch(PHOTOS, 1, 0.5)

    np.testing.assert_array_equal(batch.images, PHOTOS)
    np.testing.assert_array_equal(batch.style, [1, 1, 1])
    np.testing.assert_array_equal(batch.strength, [[0.5]] * 3)
    assert np.abs(batch.motions[:, 2]).min() > 0  # They move, or steadiness could not be measured.
    assert not batch.noise.any()


def test_a_measure_is_the_mean_over_photos_and_styles_at_full_strength(network, loss):
    measured = measure(lambda batch: loss(network, batch), network.config, PHOTOS)

    batches = [plain_batch(PHOTOS, style) for style in (0, 1)]
    values, terms = zip(*(loss(network, batch) for batch in batches), strict=True)
    assert list(measured) == ["loss", *terms[0]]
    assert measured["loss"] == pytest.approx(float(np.mean(values)), rel=1e-4)
    for name in terms[0]:
        mean = np.mean([each[name] for each in terms])
        assert measured[name] == pytest.approx(float(mean), rel=1e-4)
    assert abs(np.mean(values[0]) - np.mean(values[1])) > 1e-3


def test_no_photos_are_no_measure(network, loss):
    assert measure(lambda batch: loss(network, batch), network.config, PHOTOS[:0]) == {}


def test_a_preview_shows_each_photo_and_what_is_made_of_it(network, monkeypatch):
    shown = {}

    def contact_sheet(rows, **labels):
        shown.update(labels, rows=rows)

    monkeypatch.setattr(held_out, "contact_sheet", contact_sheet)
    photos = [PHOTOS[0], RNG.random((10, 21, 3), np.float32)]

    preview(painter(network), network.config, photos)

    assert shown["column_labels"] == ["photo", "a at 0.33", "a at 0.67", "a", "b"]
    assert len(shown["rows"]) == len(shown["row_labels"]) == 2
    for photo, (first, third, two_thirds, a, b) in zip(photos, shown["rows"], strict=True):
        np.testing.assert_array_equal(first, photo)
        np.testing.assert_allclose(third, stylized(network, photo, 0, 0.33), atol=1e-5)
        np.testing.assert_allclose(two_thirds, stylized(network, photo, 0, 0.67), atol=1e-5)
        np.testing.assert_allclose(a, stylized(network, photo, 0), atol=1e-5)
        np.testing.assert_allclose(b, stylized(network, photo, 1), atol=1e-5)
        assert np.abs(a - b).max() > 0.01
