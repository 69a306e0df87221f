"""A run goes coarse to fine, downhill, and on from where it was interrupted."""

import dataclasses
import functools

import numpy as np
import pytest
import tensorflow as tf
from restyle.models.objective_config import ObjectiveConfig
from restyle.models.weights.load import random_vgg_weights

from restyle.color import keep_luminance, match_color
from restyle.errors import UserError
from restyle.exact import optimizer
from restyle.exact.adam import Adam
from restyle.exact.lbfgs import FIRST_STEP
from restyle.exact.optimizer import optimize, starting_image
from restyle.exact.plan import MemoryPlan, Room, Way
from restyle.exact.problem import Problem
from restyle.exact.schedule import Scale
from restyle.exact.settings import OptimizeConfig
from restyle.machine import precision
from restyle.measure import Measured
from restyle.media.images import resize
from restyle.media.specks import median_filter

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
WEIGHTS = random_vgg_weights(width_divisor=16)
QUICK = OptimizeConfig(
    size=17, smallest_scale=12, iterations=7, style_size=14, history=2, precision="float32"
)
SCHEDULE = (Scale((8, 12), 10, 3), Scale((11, 17), 14, 4))


def picture(height, width):
    return RNG.random((height, width, 3), dtype=np.float32)


PROBLEM = Problem(picture(16, 24), [picture(20, 20)])


def run(config, problem=PROBLEM, objective=CONFIG, resume=None):
    return optimize(problem, objective, config, WEIGHTS, resume=resume)


def config_of(optimizer):
    return dataclasses.replace(QUICK, optimizer=optimizer)


@pytest.fixture(scope="module", params=["lbfgs", "adam"])
def whole_run(request):
    """(optimizer, the steps of a run, the pixels and the snapshot after each)."""
    steps, pixels, snapshots = [], [], []
    for step in run(config_of(request.param)):
        steps.append(step)
        pixels.append(step.pixels())
        snapshots.append(step.snapshot())
    return request.param, steps, pixels, snapshots


@pytest.mark.parametrize("interrupted_after", [3, 5])  # At the end of a scale, and within one.
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


def test_a_step_knows_where_in_the_run_it_is_and_the_share_of_the_pixels_done(whole_run):
    steps = whole_run[1]

    assert [step.iteration for step in steps] == [1, 2, 3, 1, 2, 3, 4]
    assert [step.scale for step in steps] == [SCHEDULE[0]] * 3 + [SCHEDULE[1]] * 4
    assert [step.iteration_of_run for step in steps] == [1, 2, 3, 4, 5, 6, 7]
    assert np.all(np.diff([step.seconds for step in steps]) > 0)
    work = np.cumsum([8 * 12] * 3 + [11 * 17] * 4)
    np.testing.assert_allclose([step.progress for step in steps], work / work[-1])


def test_each_scale_ends_lower_than_it_began(whole_run):
    values = [step.value for step in whole_run[1]]

    assert values[2] < values[0] and values[6] < values[3]
    if whole_run[0] == "lbfgs":
        assert np.all(np.diff(values[:3]) < 0) and np.all(np.diff(values[3:]) < 0)


def test_a_scale_starts_from_the_enlarged_result_of_the_one_before(whole_run):
    optimizer, _, pixels, _ = whole_run
    longest_first_move = {"lbfgs": FIRST_STEP, "adam": OptimizeConfig.learning_rate}[optimizer]

    move = pixels[3] - resize(pixels[2], SCHEDULE[1].size)

    assert 0 < np.abs(move).max() < 1.01 * longest_first_move


def test_a_run_starts_from_the_picture_that_is_named():
    own = picture(5, 6)
    problem = Problem(PROBLEM.content, PROBLEM.styles, start=own)

    for init, expected in zip(
        ("picture", "content", "style"), (own, PROBLEM.content, PROBLEM.styles[0]), strict=True
    ):
        start = starting_image(problem, OptimizeConfig(init=init), (8, 12))
        np.testing.assert_array_equal(start, expected)
    with pytest.raises(ValueError, match="Got init 'other', expected one of .*has no start"):
        next(run(dataclasses.replace(QUICK, init="other")))


@functools.cache
def result(config):
    *_, last = run(config)
    return last.finished()


ONE_SCALE = dataclasses.replace(QUICK, smallest_scale=17, iterations=3, optimizer="adam")

# A value for each field, and what it takes for the field to matter.
OTHER_VALUES = {
    "size": (20, {}),
    "smallest_scale": (12, {}),
    "iterations": (2, {}),
    "optimizer": ("lbfgs", {}),
    "learning_rate": (0.1, {}),
    "init": ("noise", {}),
    "seed": (3, {"init": "noise"}),
    "style_scale": (1.5, {"style_size": 0}),
    "style_size": (12, {}),
    "despeckle": (3, {}),
    "history": (1, {"optimizer": "lbfgs"}),
    "precision": ("bfloat16", {}),
    "preserve_color": ("luminance", {}),
}


def test_every_field_has_another_value():
    fields = {field.name for field in dataclasses.fields(OptimizeConfig)}

    assert fields - OTHER_VALUES.keys() == {"memory_gb"}  # Which is to change as little as it can.


@pytest.mark.parametrize("name", OTHER_VALUES)
def test_every_field_of_the_settings_changes_the_picture(name):
    other, context = OTHER_VALUES[name]
    config = dataclasses.replace(ONE_SCALE, **context)

    changed = result(dataclasses.replace(config, **{name: other}))

    assert not np.array_equal(changed, result(config))


@pytest.fixture
def in_tiles(monkeypatch):
    """Has all plans be of tiles of 16 pixels, and L-BFGS's pairs where it is told."""

    def in_tiles(keeping):
        way = Way(16, {}, {}, 1.0)
        plan = functools.partial(MemoryPlan, way=way, keeping=keeping, history=QUICK.history)
        plans_for = lambda sizes, precision, *_: [plan(size, precision) for size in sizes]  # noqa: E731
        monkeypatch.setattr(optimizer, "plans_for", plans_for)

    return in_tiles


@functools.cache
def last_step(keeping=None):
    """Of a run, where in_tiles(keeping) was called before unless it is None."""
    *_, last = run(QUICK)
    return last


@pytest.mark.parametrize("keeping, most", [("memory", 1e-4), ("half", 1e-3), ("disk", 1e-3)])
def test_in_tiles_and_with_pairs_rounded_or_in_files_the_picture_is_nearly_the_same(
    in_tiles, keeping, most
):
    expected = last_step()
    in_tiles(keeping)
    got = last_step(keeping)

    assert np.abs(got.pixels() - expected.pixels()).mean() < most
    assert got.value == pytest.approx(expected.value, rel=5 * most)


@pytest.mark.parametrize("keeping", ["memory", "half", "disk"])
@pytest.mark.parametrize("interrupted_after", [1, 2, 4, 6])  # As each scale begins; within it.
def test_a_run_whose_pairs_are_in_a_folder_loses_nothing_when_it_is_cut_off(
    in_tiles, tmp_path, keeping, interrupted_after
):
    in_tiles(keeping)
    room = Room(10**9, 10**9, tmp_path / "cut")
    steps = optimize(PROBLEM, CONFIG, QUICK, WEIGHTS, room=room)
    for _ in range(interrupted_after):
        snapshot = next(steps).snapshot()
    next(steps)  # Of this one no state is saved.
    steps.close()

    assert not any(name.startswith(("move", "turn")) for name in snapshot)
    *_, last = optimize(PROBLEM, CONFIG, QUICK, WEIGHTS, resume=snapshot, room=room)
    np.testing.assert_array_equal(last.pixels(), last_step(keeping).pixels())
    assert not (tmp_path / "cut").exists()  # An ended run needs none.


def test_nothing_is_left_to_do_after_the_last_snapshot(whole_run):
    optimizer, _, _, snapshots = whole_run

    assert list(run(config_of(optimizer), resume=snapshots[-1])) == []


def test_a_run_too_large_for_its_memory_is_refused_before_it_begins():
    with pytest.raises(UserError, match="A picture of 17 x 11 needs .*--memory_gb=0.1 allows less"):
        run(dataclasses.replace(QUICK, memory_gb=0.1))


def test_matched_colors_are_those_the_run_sees():
    plain = config_of("adam")
    config = dataclasses.replace(plain, preserve_color="match")
    recolored = [match_color(style, PROBLEM.content) for style in PROBLEM.styles]

    matched = next(run(config))
    expected = next(run(plain, dataclasses.replace(PROBLEM, styles=recolored)))

    np.testing.assert_array_equal(matched.finished(), expected.finished())
    assert matched.value != next(run(plain)).value


def test_specks_are_taken_out_of_a_style_and_of_the_copy_that_a_scale_sees():
    first = SCHEDULE[0].style_long_side
    style = median_filter(resize(median_filter(PROBLEM.styles[0], 3), (first, first)), 3)

    despeckled = next(run(dataclasses.replace(QUICK, despeckle=3)))
    expected = next(run(QUICK, dataclasses.replace(PROBLEM, styles=[style])))

    np.testing.assert_array_equal(despeckled.finished(), expected.finished())


def test_a_finished_step_of_an_early_scale_has_the_size_of_the_result():
    step = next(run(dataclasses.replace(config_of("adam"), preserve_color="luminance")))

    assert step.pixels().shape == (8, 12, 3)
    content = resize(PROBLEM.content, (11, 17))
    expected = keep_luminance(resize(step.pixels(), (11, 17)), content)
    np.testing.assert_array_equal(step.finished(), expected)


def test_an_undecided_precision_is_decided(monkeypatch):
    monkeypatch.setattr(precision, "fastest_precision", lambda: "bfloat16")

    step, same = (
        next(run(dataclasses.replace(config_of("adam"), precision=asked)))
        for asked in ("auto", "bfloat16")
    )

    assert step.config.precision == "bfloat16"
    np.testing.assert_array_equal(step.finished(), same.finished())


@pytest.mark.parametrize("name", ["optimizer", "precision", "preserve_color"])
def test_a_setting_that_nothing_obeys_is_refused(name):
    with pytest.raises(ValueError, match=f"Got {name} 'other', expected one of"):
        dataclasses.replace(QUICK, **{name: "other"})


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

    steps = list(run(QUICK, Problem(flat, [flat]), config))

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

    settings = {"size": 16, "smallest_scale": 16, "iterations": 30, "style_size": 12, "history": 20}
    *_, last = run(dataclasses.replace(QUICK, **settings), problem, FIRST_LAYER)

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
