"""train_fast.py on JAX, where TensorFlow cannot even be imported: TensorFlow's training."""

import importlib.metadata
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from records import board_of, rows_of, state_of, where

from restyle.media.images import image_size
from restyle.networks import load_network, read_network_recipe
from restyle.training.held_out import plain_batch
from restyle.training.loss import network_inputs

ROOT = Path(__file__).resolve().parent.parent


def losses(folder):
    """Learning rate, loss and terms of each step."""
    rows = rows_of(folder / "run")
    # A resumed run measures the photos held out when it begins.
    own = [n for n in rows[0] if n != "seconds" and not n.startswith("held out")]
    return [[float(row[name]) for name in own] for row in rows]


def assert_alike(folder, other):
    np.testing.assert_allclose(losses(folder), losses(other), rtol=1e-3)
    mine, others = state_of(folder / "run"), state_of(other / "run")
    assert mine.keys() == others.keys() and int(mine["step"]) == 6
    for name, values in mine.items():
        # A step is up to 0.01 long, wherever rounding sends it: Muon brings weak directions up to
        # strong ones, what rounding has put there too.
        np.testing.assert_allclose(values, others[name], rtol=1e-3, atol=5e-4, err_msg=name)


@pytest.fixture(scope="module")
def on_jax(train_on_jax, changing, tmp_path_factory):
    """The folder of a run on one device: out.keras, run/, and a photo painted by the network."""
    folder = tmp_path_factory.mktemp("on_jax")
    np.save(folder / "photo.npy", np.random.default_rng(0).random((1, 37, 45, 3), np.float32))
    asked = [*changing, *where(folder), f"--tensorboard={folder}/board"]
    answer = train_on_jax(*asked, stub=("painting", str(folder)))
    assert answer.status == 0, answer
    assert answer.error.splitlines()[0].endswith("float32 on 1 device"), answer
    return folder


def test_jax_trains_the_network_that_tensorflow_trains(on_jax, on_tensorflow):
    assert_alike(on_jax, on_tensorflow)


def test_the_recipe_and_tensorboard_do_without_tensorflow(on_jax):
    versions = json.loads(read_network_recipe(str(on_jax / "out.keras")))["versions"]
    assert versions["jax"] == importlib.metadata.version("jax") and "tensorflow" not in versions
    assert list(board_of(on_jax / "board")["loss"]) == [1, 2, 3, 4, 5, 6]


def test_a_network_trained_without_tensorflow_paints_the_same_with_it(on_jax):
    network = load_network(str(on_jax / "out.keras"))
    batch = plain_batch(np.load(on_jax / "photo.npy"), 1, 0.7)

    painted = network(network_inputs(network.config, batch))

    np.testing.assert_allclose(painted, np.load(on_jax / "painted.npy"), atol=1e-5)


def test_evaluate_paints_with_tensorflow_even_where_jax_trains(
    on_jax, start, pictures, tmp_path, monkeypatch
):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    photo, painted = pictures / "photo.png", tmp_path / "painted.png"
    asked = [f"--model={on_jax}/out.keras", "--engine=tensorflow", "--precision=float32"]
    process = start(*asked, f"--input={photo}", f"--output={painted}", script=ROOT / "evaluate.py")

    _, error = process.communicate(timeout=120)

    assert process.returncode == 0, error
    assert image_size(painted) == image_size(photo)


@pytest.mark.parametrize(
    ("begun", "resumed"),
    [("on_jax", "train_on_jax"), ("on_jax", "train"), ("on_tensorflow", "train_on_jax")],
)
def test_a_run_goes_on_where_it_was_begun_or_on_the_other_backend(
    request, tmp_path, begun, resumed
):
    whole, train = request.getfixturevalue(begun), request.getfixturevalue(resumed)
    shutil.copytree(whole / "run", tmp_path / "run")
    os.replace(tmp_path / "run" / "state_before.npz", tmp_path / "run" / "state.npz")  # Of step 4.

    answer = train(f"--resume={tmp_path}/run", f"--output={tmp_path}/out.keras")

    assert answer.status == 0, answer
    assert_alike(tmp_path, whole)
    if resumed == "train_on_jax" and begun == "on_jax":
        np.testing.assert_array_equal(losses(tmp_path), losses(whole))
        mine = state_of(tmp_path / "run")
        for name, values in state_of(whole / "run").items():
            np.testing.assert_array_equal(mine[name], values, err_msg=name)


def test_two_devices_train_as_one_with_their_joint_batch(train_on_jax, on_jax, changing, tmp_path):
    answer = train_on_jax(*changing, "--strategy=mirrored", *where(tmp_path))

    assert answer.status == 0, answer
    assert "float32 on 2 devices" in answer.error
    assert_alike(tmp_path, on_jax)


def test_norms_are_tuned_alike_in_half_precision(
    train, train_on_jax, on_jax, quick_training, tmp_path
):
    asked = [*quick_training, "--held_out=0", "--steps=2", "--precision=float16"]
    asked += ["--style_layers=conv1_1", "--content_layers=conv1_1"]
    asked += [f"--start_from={on_jax}/out.keras", "--tune=norms"]
    for folder, train_there in ((tmp_path / "jax", train_on_jax), (tmp_path / "tf", train)):
        folder.mkdir()
        answer = train_there(*asked, *where(folder))
        assert answer.status == 0, answer

    np.testing.assert_allclose(losses(tmp_path / "jax"), losses(tmp_path / "tf"), rtol=0.02)


def test_several_machines_need_tensorflow(train_on_jax, changing, tmp_path):
    answer = train_on_jax(*changing, "--strategy=multi_worker", *where(tmp_path))

    assert answer.status == 1
    assert answer.error.startswith("error: --strategy=multi_worker needs TensorFlow")
    assert answer.error.count("\n") == 1
