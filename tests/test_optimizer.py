"""A run goes coarse to fine, downhill, and on from where it was interrupted."""

import numpy as np
import pytest
import tensorflow as tf

from models.objective_config import ObjectiveConfig
from models.vgg19 import vgg19_features
from models.vgg_weights import random_vgg_weights
from restyle.exact.adam import Adam
from restyle.exact.evaluation import Measured
from restyle.exact.lbfgs import FIRST_STEP
from restyle.exact.optimize_config import OptimizeConfig
from restyle.exact.optimizer import optimize, starting_image
from restyle.exact.problem import Problem
from restyle.exact.schedule import Scale
from restyle.media.images import resize

RNG = np.random.default_rng(11)
CONFIG = ObjectiveConfig(
    content_weight=0.1,
    tv_weight=0.5,
    content_layers=("conv2_1",),
    style_layers=("conv1_1", "conv2_1"),
)
FIRST_LAYER = ObjectiveConfig(
    content_weight=0.0, content_layers=("conv1_1",), style_layers=("conv1_1",)
)
NETWORK = vgg19_features(random_vgg_weights(width_divisor=16), CONFIG.layers, pooling="max")
SCHEDULE = (Scale((8, 12), 10, 3), Scale((11, 17), 14, 4))


def picture(height, width):
    return RNG.random((height, width, 3), dtype=np.float32)


PROBLEM = Problem(picture(16, 24), [picture(20, 20)])


def run(config, problem=PROBLEM, objective=CONFIG, schedule=SCHEDULE, resume=None):
    return optimize(problem, objective, config, NETWORK, schedule, resume=resume)


def config_of(optimizer):
    return OptimizeConfig(optimizer=optimizer, history=2)


@pytest.fixture(scope="module", params=["lbfgs", "adam"])
def whole_run(request):
    """(optimizer, the steps of a run, the pixels and the snapshot after each)."""
    steps, pixels, snapshots = [], [], []
    for step in run(config_of(request.param)):
        steps.append(step)
        pixels.append(step.pixels())
        snapshots.append(step.snapshot())
    return request.param, steps, pixels, snapshots


@pytest.mark.parametrize("interrupted_after", [2, 3, 5])
def test_a_run_that_is_interrupted_and_resumed_ends_as_one_that_is_not(
    whole_run, interrupted_after
):
    optimizer, steps, pixels, snapshots = whole_run

    resumed = run(config_of(optimizer), resume=snapshots[interrupted_after - 1])

    for index, step in enumerate(resumed, interrupted_after):
        expected = steps[index]
        np.testing.assert_array_equal(step.pixels(), pixels[index])
        assert step.iteration_of_run == expected.iteration_of_run == index + 1
        assert (step.value, step.terms) == (expected.value, expected.terms)
        assert step.evaluations == expected.evaluations
        interrupted_after += 1
    assert interrupted_after == len(steps) == 7


def test_a_snapshot_does_not_change_with_the_steps_that_follow(whole_run):
    _, _, pixels, snapshots = whole_run

    for before, snapshot in zip(pixels, snapshots, strict=True):
        np.testing.assert_array_equal(snapshot["state image"][0], before)
    assert not np.array_equal(pixels[0], pixels[1])


def test_a_step_knows_where_in_the_run_it_is(whole_run):
    steps = whole_run[1]

    assert [step.iteration for step in steps] == [1, 2, 3, 1, 2, 3, 4]
    assert [step.scale for step in steps] == [SCHEDULE[0]] * 3 + [SCHEDULE[1]] * 4
    assert [step.iteration_of_run for step in steps] == [1, 2, 3, 4, 5, 6, 7]
    assert np.all(np.diff([step.seconds for step in steps]) > 0)


def test_progress_is_the_share_of_the_pixels_done_and_ends_at_one(whole_run):
    progress = [step.progress for step in whole_run[1]]

    work = np.cumsum([8 * 12] * 3 + [11 * 17] * 4)
    np.testing.assert_allclose(progress, work / work[-1])


def test_terms_weigh_up_to_the_value(whole_run):
    weights = [0.1, 0.5, 0.5, 0.5]

    for step in whole_run[1]:
        assert list(step.terms) == [
            "content conv2_1",
            "style conv1_1",
            "style conv2_1",
            "total variation",
        ]
        assert step.value == pytest.approx(np.dot(weights, list(step.terms.values())), rel=1e-5)


def test_each_scale_ends_lower_than_it_began(whole_run):
    values = [step.value for step in whole_run[1]]

    assert values[2] < values[0] and values[6] < values[3]
    if whole_run[0] == "lbfgs":
        assert np.all(np.diff(values[:3]) < 0) and np.all(np.diff(values[3:]) < 0)


def test_pictures_have_the_size_of_their_scale_and_stay_in_range(whole_run):
    for step, pixels in zip(whole_run[1], whole_run[2], strict=True):
        assert pixels.shape == (*step.scale.size, 3) and pixels.dtype == np.float32
        assert 0 <= pixels.min() and pixels.max() <= 1


def test_a_scale_starts_from_the_enlarged_result_of_the_one_before(whole_run):
    optimizer, _, pixels, _ = whole_run
    longest_first_move = {"lbfgs": FIRST_STEP, "adam": OptimizeConfig.learning_rate}[optimizer]

    move = pixels[3] - resize(pixels[2], SCHEDULE[1].size)

    assert 0 < np.abs(move).max() < 1.01 * longest_first_move


@pytest.mark.parametrize(
    "init, expected", [("content", PROBLEM.content), ("style", PROBLEM.styles[0])]
)
def test_a_run_starts_from_the_picture_that_is_named(init, expected):
    start = starting_image(PROBLEM, OptimizeConfig(init=init), (8, 12))

    np.testing.assert_array_equal(start, expected)


def test_a_file_to_start_from_comes_before_anything_else():
    own = picture(5, 6)
    problem = Problem(PROBLEM.content, PROBLEM.styles, start=own)

    for init in ("a.jpg", "content", "noise"):
        start = starting_image(problem, OptimizeConfig(init=init), (8, 12))
        np.testing.assert_array_equal(start, own)


def test_noise_depends_on_the_seed_alone():
    others = Problem(picture(30, 20), [picture(9, 9), picture(7, 8)])
    start = starting_image(PROBLEM, OptimizeConfig(init="noise", seed=4), (40, 50))

    again = starting_image(others, OptimizeConfig(init="noise", seed=4, iterations=9), (40, 50))
    np.testing.assert_array_equal(again, start)
    other = starting_image(PROBLEM, OptimizeConfig(init="noise", seed=5), (40, 50))
    assert np.abs(other - start).mean() > 0.2
    assert start.shape == (40, 50, 3) and start.dtype == np.float32
    assert 0 <= start.min() < 0.01 and 0.99 < start.max() <= 1
    assert abs(np.corrcoef(start[:, 1:].ravel(), start[:, :-1].ravel())[0, 1]) < 0.05


def test_a_scale_without_a_way_down_ends_early():
    flat = np.full((12, 17, 3), 0.5, np.float32)
    config = ObjectiveConfig(
        style_weight=0.0, content_layers=("conv1_1",), style_layers=("conv1_1",)
    )

    steps = list(run(OptimizeConfig(), Problem(flat, [flat]), config))

    assert [step.scale_index for step in steps] == [0, 1]
    np.testing.assert_allclose(steps[-1].pixels(), 0.5, atol=1e-6)


def test_each_half_comes_nearer_to_its_own_style():
    left = np.zeros((12, 16), np.float32)
    left[:, :8] = 1
    colors = np.array([[0.8, 0.2, 0.1], [0.1, 0.3, 0.9]], np.float32)
    problem = Problem(
        0.5 + 0.1 * (picture(12, 16) - 0.5),
        [np.tile(color, (12, 12, 1)) for color in colors],
        content_masks=[left, 1 - left],
        style_masks=[np.ones((12, 12), np.float32)] * 2,
    )

    *_, last = run(OptimizeConfig(), problem, FIRST_LAYER, (Scale((12, 16), 12, 30),))

    halves = last.pixels()[:, :7], last.pixels()[:, 9:]
    for half, own, other in zip(halves, colors, colors[::-1], strict=True):
        mean = half.mean(axis=(0, 1))
        assert np.linalg.norm(mean - own) < 0.75 * np.linalg.norm(0.5 - own)
        assert np.linalg.norm(mean - own) < 0.6 * np.linalg.norm(mean - other)


def well(highest):
    """The squared distance to 0.9, not a number where the image is above `highest`."""

    def evaluate(image):
        value = tf.reduce_sum(tf.square(image - 0.9))
        value = tf.where(tf.reduce_max(image) > highest, float("nan"), value)
        return Measured(value, 2 * (image - 0.9), value[tf.newaxis])

    return evaluate


def test_adam_moves_each_pixel_by_the_learning_rate_first():
    """Kingma and Ba (2015), algorithm 1: the first step is the sign of the gradient."""
    adam = Adam(well(1.0), tf.fill((1, 2, 2, 3), 0.5), learning_rate=0.03)

    adam.step()

    np.testing.assert_allclose(adam.image, 0.53, rtol=1e-4)
    np.testing.assert_allclose(adam.value, 12 * 0.37**2, rtol=1e-3)
    assert adam.evaluations == 2


def test_adam_stays_in_the_box():
    adam = Adam(well(2.0), tf.fill((1, 2, 2, 3), 0.05), learning_rate=3.0)

    images = [adam.image.numpy() for _ in range(6) if adam.step() is None]

    assert np.min(images) >= 0 and np.max(images) == 1
    assert adam.value < 12 * 0.85**2


def test_adam_stalls_before_a_value_that_is_not_finite():
    adam = Adam(well(0.56), tf.fill((1, 2, 2, 3), 0.5), learning_rate=0.04)

    adam.step()
    assert not adam.stalled
    adam.step()

    assert adam.stalled
    np.testing.assert_allclose(adam.image, 0.54, rtol=1e-4)
    np.testing.assert_allclose(adam.value, 12 * 0.36**2, rtol=1e-3)
