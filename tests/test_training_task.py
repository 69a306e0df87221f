import dataclasses

import pytest
from restyle.models.transform_config import TransformConfig

from restyle.networks import read_network_shape
from restyle.training import task
from restyle.training.settings import TrainConfig
from restyle.training.task import with_start


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
