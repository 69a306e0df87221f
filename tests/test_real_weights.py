"""What only the real VGG-19 can show; the weights are cached, or downloaded first."""

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from records import rows_of

from restyle.media.images import read_image, read_recipe, resize

pytestmark = pytest.mark.real_weights
ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def network():
    from restyle.models.vgg19 import vgg19_features
    from restyle.models.vgg_layers import LAYER_NAMES
    from restyle.models.weights.load import load_vgg_weights

    return vgg19_features(load_vgg_weights(), LAYER_NAMES, pooling="max")


@pytest.fixture(scope="module")
def landscape():
    return resize(read_image(ROOT / "samples" / "landscape.jpg").pixels, (192, 256))[np.newaxis]


def test_the_network_is_the_normalized_one(network, landscape):
    means = {name: float(np.mean(values)) for name, values in network(landscape).items()}

    # One over many photos and all positions; less on a smooth drawing, the deeper the layer.
    for name in ("conv1_1", "conv1_2", "conv2_1", "conv2_2"):
        assert means[name] == pytest.approx(1, abs=0.4), name
    assert all(0.05 < mean < 1.4 for mean in means.values())


def test_deep_layers_know_a_scene_again_that_was_made_brighter(network, landscape):
    from restyle.models.losses import relative_error

    features = network(landscape)
    brighter = network(0.8 * landscape + 0.1)
    moved = network(np.roll(landscape, 100, axis=2))

    def distance(other):
        return float(relative_error(other["conv4_2"], features["conv4_2"])[0])

    assert distance(brighter) < 0.5 * distance(moved)


def test_the_program_lowers_the_objective_of_the_samples_to_less_than_half(tmp_path):
    output = tmp_path / "out.png"
    command = [
        *(sys.executable, "optimize_style.py", "--size=160", "--iterations=40", "--save-every=0"),
        *("--content=samples/landscape.jpg", "--style=samples/brushwork.jpg"),
        *(f"--output={output}", f"--run_dir={tmp_path / 'run'}", "--precision=float32"),
    ]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert result.returncode == 0, result.stderr
    assert "Traceback" not in result.stderr
    assert "oneDNN" not in result.stderr
    terms = json.loads(read_recipe(output))["terms"]
    saved, unsaved = terms["saved"]["objective"], terms["before saving"]["objective"]
    assert saved < float(rows_of(tmp_path / "run")[0]["objective"]) / 2
    assert saved == pytest.approx(unsaved, rel=0.01)


def test_bfloat16_ends_where_float32_does():
    from restyle.models.objective_config import ObjectiveConfig
    from restyle.models.weights.load import load_vgg_weights

    from restyle.exact.evaluation import measure_stages
    from restyle.exact.optimizer import optimize
    from restyle.exact.problem import read_problem
    from restyle.exact.settings import OptimizeConfig

    problem = read_problem(
        str(ROOT / "samples" / "landscape.jpg"), [str(ROOT / "samples" / "brushwork.jpg")]
    )
    objective, config = ObjectiveConfig(), OptimizeConfig(size=96, iterations=12)
    weights, pictures = load_vgg_weights(), {}
    for precision in ("float32", "bfloat16"):
        in_it = dataclasses.replace(config, precision=precision)
        *_, last = optimize(problem, objective, in_it, weights)
        pictures[precision] = last.finished()
    ends = measure_stages(pictures, problem, objective, config, weights)

    objectives = {precision: terms["objective"] for precision, terms in ends.items()}
    assert objectives["bfloat16"] == pytest.approx(objectives["float32"], rel=0.05)
