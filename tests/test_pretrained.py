import json

import numpy as np
import pytest

from restyle.networks import load_network, network_path, pretrained_names, read_network_recipe

RNG = np.random.default_rng(23)
PROMISED = {
    *("base", "composition_vii", "shipwreck", "starry_night", "the_scream"),
    *("udnie", "water_lilies", "wave", "woman_with_hat"),
    *("starry_night_steady", "starry_night_strokes"),
}


def test_the_promised_networks_are_here():
    assert set(pretrained_names()) >= PROMISED


@pytest.mark.parametrize("name", pretrained_names())
def test_a_network_is_small_and_says_how_it_was_made(name):
    recipe = json.loads(read_network_recipe(name))

    assert network_path(name).stat().st_size < 4_000_000
    assert recipe["program"] == "train_fast.py"
    assert recipe["steps"] == recipe["settings"]["steps"]
    assert {"styles", "inputs", "weights", "photos", "held out terms", "versions"} <= set(recipe)
    paths = [recipe["settings"]["train_path"], *recipe["inputs"]]
    assert not any(path.startswith("/") for path in paths), "a path of the machine that made it"


@pytest.mark.parametrize("name", pretrained_names())
def test_a_network_paints_each_photo_in_the_colors_of_its_painting(name):
    network = load_network(name)
    gray = np.full((1, 64, 64, 3), 0.5, np.float32) + 0.2 * RNG.random((1, 64, 64, 1), np.float32)
    first_style = np.eye(len(network.config.styles))[0]

    painted = np.asarray(network(network.config.inputs(gray, first_style)))

    chroma = painted - painted.mean(-1, keepdims=True)
    assert painted.shape == gray.shape
    assert np.abs(chroma).mean() > 0.02, "a gray photo stayed gray"
    assert painted.std() > 0.05, "no strokes"


def test_the_dial_of_strokes_goes_from_one_picture_to_another():
    network = load_network("starry_night_strokes")
    photo = RNG.random((1, 64, 64, 3), np.float32)

    fine, middling, broad = (
        np.asarray(network(network.config.inputs(photo, stroke=stroke))) for stroke in (0, 0.5, 1)
    )

    to_middling, to_broad = np.std(middling - fine), np.std(broad - fine)
    assert to_broad > 1.2 * to_middling > 0.02
