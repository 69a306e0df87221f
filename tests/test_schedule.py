"""Which sizes a run goes through, and how long it stays at each."""

import math

import numpy as np
import pytest
from restyle.models.vgg_layers import smallest_side
from user_errors import message_of

from restyle.exact.schedule import Scale, coarse_to_fine, iterations_left, schedule
from restyle.exact.settings import OptimizeConfig, result_size
from restyle.media.images import fit_long_side

LAYERS = ("conv1_1", "conv5_1")
SHAPES = [(512, 512), (341, 512), (700, 300), (129, 128), (1, 1000), (3000, 4096)]


@pytest.mark.parametrize("size", SHAPES)
@pytest.mark.parametrize("iterations", [1, 2, 3, 7, 50, 300, 1001])
def test_the_iterations_of_all_scales_are_those_asked_for(size, iterations):
    scales = coarse_to_fine(size, OptimizeConfig(iterations=iterations))

    assert sum(scale.iterations for scale in scales) == iterations
    assert all(scale.iterations > 0 for scale in scales)
    assert scales[-1].size == size


@pytest.mark.parametrize("size", SHAPES[:4])
def test_sides_rise_by_the_square_root_of_two_and_keep_the_aspect(size):
    scales = coarse_to_fine(size, OptimizeConfig(smallest_scale=60))

    assert len(scales) > 2
    assert 60 <= max(scales[0].size) < 60 * math.sqrt(2) + 1
    for small, large in zip(scales, scales[1:], strict=False):
        assert max(large.size) / max(small.size) == pytest.approx(math.sqrt(2), rel=0.02)
    for scale in scales:
        assert scale.size == fit_long_side(size, max(scale.size))


def test_the_defaults_go_from_128_to_512_in_five_scales():
    scales = schedule((600, 800), [(500, 500)], OptimizeConfig(), LAYERS)

    sizes = [scale.size for scale in scales]
    assert sizes == [(96, 128), (136, 181), (192, 256), (272, 362), (384, 512)]


def test_from_a_picture_there_is_one_scale_unless_more_are_asked_for():
    config = OptimizeConfig(init="picture", iterations=9)
    coarse = OptimizeConfig(init="picture", iterations=9, smallest_scale=128)

    assert coarse_to_fine((384, 512), config) == (Scale((384, 512), 512, 9),)
    assert len(coarse_to_fine((384, 512), coarse)) == 5


def test_a_scale_above_1024_pixels_gets_iterations_in_inverse_proportion_to_its_side():
    scales = coarse_to_fine((2048, 4096), OptimizeConfig(iterations=8807))

    expected = [*[1000] * 7, 707, 500, 353, 250]
    assert [scale.iterations for scale in scales] == pytest.approx(expected, abs=1)
    assert sum(scale.work for scale in scales) < 3.5 * scales[-1].work


@pytest.mark.parametrize("smallest_scale", [512, 600])
def test_a_smallest_scale_that_is_not_smaller_means_one_scale(smallest_scale):
    config = OptimizeConfig(smallest_scale=smallest_scale, iterations=9)

    assert coarse_to_fine((300, 512), config) == (Scale((300, 512), 512, 9),)


@pytest.mark.parametrize("size", [(20, 512), (512, 40), (16, 2000)])
def test_a_narrow_picture_never_gets_too_narrow_for_the_layers(size):
    config = OptimizeConfig(size=0, style_size=900)

    scales = schedule(size, [(500, 500)], config, LAYERS)

    assert scales[-1].size == size
    assert all(min(scale.size) >= smallest_side(LAYERS) for scale in scales)


def test_size_0_is_the_size_of_the_content():
    scales = schedule((150, 131), [(64, 64)], OptimizeConfig(size=0), LAYERS)

    assert scales[-1].size == (150, 131)
    assert result_size((150, 131), OptimizeConfig(size=75)) == (75, 66)


def test_style_scale_is_relative_to_the_picture_at_every_scale():
    scales = coarse_to_fine((300, 512), OptimizeConfig(style_scale=0.75))

    for scale in scales:
        assert scale.style_long_side == pytest.approx(0.75 * max(scale.size), abs=0.5)


def test_style_size_holds_at_the_last_scale_and_shrinks_with_the_picture():
    scales = coarse_to_fine((300, 512), OptimizeConfig(style_size=256, style_scale=9.0))

    assert scales[-1].style_long_side == 256
    for scale in scales:
        assert scale.style_long_side == pytest.approx(max(scale.size) / 2, abs=0.5)


def test_a_picture_too_small_for_the_layers_is_refused_by_name_and_size():
    message = message_of(schedule, (3000, 60), [(500, 500)], OptimizeConfig(size=512), LAYERS)
    assert "10 x 512" in message
    assert "conv1_1, conv5_1" in message and "16 pixels" in message
    assert "--size" in message


def test_a_style_too_small_at_the_first_scale_is_refused_with_a_remedy_that_helps():
    sizes = [(400, 400), (100, 900)]
    message = message_of(schedule, (500, 500), sizes, OptimizeConfig(), LAYERS)
    assert "style of 900 x 100 would be 128 x 14" in message
    assert "16 pixels" in message and "--style_scale" in message
    assert schedule((500, 500), sizes, OptimizeConfig(style_scale=2.0), LAYERS)


def test_what_is_left_of_a_run_is_all_that_a_snapshot_has_not_done():
    scales = coarse_to_fine((512, 512), OptimizeConfig(iterations=303))
    snapshot = {"scale_index": np.array(2), "iteration": np.array(11)}

    assert iterations_left(scales) == [60, 60, 61, 61, 61]
    assert iterations_left(scales, snapshot) == [0, 0, 50, 61, 61]
