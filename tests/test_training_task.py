import dataclasses

import numpy as np
import pytest
from restyle.models.objective_config import ObjectiveConfig
from restyle.models.transform_config import TransformConfig

from restyle.media.images import write_image
from restyle.networks import network_path, read_network_shape
from restyle.record.recipe import file_sha256
from restyle.training import task
from restyle.training.settings import TrainConfig
from restyle.training.task import read_training, shape_for, with_start


@pytest.fixture
def networks(monkeypatch):
    """A base of width 8 and three blocks, and a network of width 4 without a dial."""
    shapes = {"base": TransformConfig(8, 3), "own": TransformConfig(4, 2, strength=False)}
    monkeypatch.setattr(task, "read_network_shape", lambda name: dataclasses.asdict(shapes[name]))


@pytest.mark.parametrize("said", [{}, {"start_from": None}, {"start_from": "base"}])
def test_a_training_starts_from_the_base_and_has_its_shape(networks, said):
    expected = {"start_from": "base", "width": 8, "residual_blocks": 3, "strength": True}
    expected["learning_rate"] = TrainConfig().learning_rate / 2

    assert with_start({**said, "steps": 9}) == {**expected, "steps": 9}
    assert with_start({**said, "strength": False, "width": 8}) == {**expected, "strength": False}


@pytest.mark.parametrize("shape", [{"width": 16}, {"residual_blocks": 2}])
def test_a_training_of_another_shape_starts_from_nothing(networks, shape):
    assert with_start(shape) == {**shape, "start_from": "none"}


def test_a_training_told_to_start_from_nothing_has_no_shape_but_what_is_given(networks):
    assert with_start({"start_from": "none"}) == {"start_from": "none"}


def test_the_shape_follows_the_network_that_is_named_except_where_it_is_given(networks):
    own = {"start_from": "own", "width": 4, "residual_blocks": 2, "strength": False}
    own["learning_rate"] = 0.003

    asked = {"start_from": "own", "learning_rate": 0.003}
    assert with_start(asked) == own
    assert with_start({**asked, "width": 9}) == {**own, "width": 9}


def test_the_base_has_the_shape_that_a_training_from_nothing_has():
    base, default = TransformConfig(**read_network_shape("base")), TransformConfig()

    assert dataclasses.replace(base, styles=default.styles) == default


def test_a_recipe_names_a_network_that_comes_with_restyle_and_no_folder_of_this_machine(tmp_path):
    gray = np.full((32, 32, 3), 0.5, np.float32)
    for i in range(2):
        write_image(tmp_path / f"{i}.png", gray)
    config = TrainConfig(image_size=(32,), style_size=(32,), held_out=1)
    objective = ObjectiveConfig(content_layers=("conv1_2",), style_layers=("conv1_1",))

    made = read_training(
        [gray], str(tmp_path), objective, shape_for([gray], config), config, start_from="base"
    )

    assert made.inputs["base"] == file_sha256(str(network_path("base")))
    assert not any(str(network_path("base").parent) in name for name in made.inputs)
