from pathlib import Path

import keras
import numpy as np
import pytest
from imported_by import imported_by
from painters import random_inputs, random_network
from restyle.models.transform_config import TransformConfig
from user_errors import message_of

from restyle import networks
from restyle.errors import UserError
from restyle.networks import load_network, named_network, network_path, save_network

SHAPE = TransformConfig(width=2, residual_blocks=1, styles=("wave", "scream"), strength=True)
RECIPE = '{"program": "train_fast.py", "styles": ["w\\u00e4ve"]}'
READERS = [load_network, networks.read_network_recipe, networks.read_network_shape]
INPUTS = random_inputs(SHAPE, (20, 17), np.random.default_rng(0), count=2)
NOT_OURS = (
    "is not a network that train_fast.py wrote, or is cut off. Give another, or copy it again."
)


@pytest.fixture(scope="module")
def network():
    return random_network(SHAPE, np.random.default_rng(1), 0.1)


@pytest.fixture(scope="module")
def saved(network, tmp_path_factory):
    path = tmp_path_factory.mktemp("networks") / "wave.keras"
    save_network(network, path, RECIPE)
    return path


def test_a_name_or_a_keras_file_is_a_network_and_anything_else_may_be_a_picture(saved):
    assert named_network("wave") == network_path("wave")
    assert named_network(str(saved)) == saved
    for text in ("content", "./wave", "wave.png", "waves"):
        assert named_network(text) is None


def test_a_saved_network_paints_what_the_one_in_memory_did(network, saved):
    loaded = load_network(str(saved))

    assert (loaded.config, loaded.recipe) == (SHAPE, RECIPE)
    assert {weight.dtype for weight in loaded.weights} == {"float32"}
    np.testing.assert_allclose(loaded(INPUTS), network(INPUTS), atol=1 / 255)


def test_a_file_holds_half_the_bytes_of_its_weights_and_leaves_the_network_as_it_was(
    network, tmp_path
):
    before = network.get_weights()
    network.save(tmp_path / "whole.keras")
    save_network(network, tmp_path / "half.keras", RECIPE)

    whole, half = ((tmp_path / f"{name}.keras").stat().st_size for name in ("whole", "half"))
    numbers = sum(weight.size for weight in before)
    assert whole - half == pytest.approx(2 * numbers, rel=0.05)
    assert network.recipe == "" and {weight.dtype for weight in network.weights} == {"float32"}
    for weight, now in zip(before, network.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, now)


def test_a_network_runs_in_the_precision_asked_for(saved):
    loaded = load_network(str(saved), dtype="mixed_bfloat16")

    assert loaded.get_layer("down2_conv").compute_dtype == "bfloat16"
    assert loaded.recipe == RECIPE


def test_recipe_and_shape_are_read_without_tensorflow(saved):
    recipe, modules, _ = imported_by("restyle.networks", "read_network_recipe", saved)
    shape, more_modules, _ = imported_by("restyle.networks", "read_network_shape", saved)

    assert recipe == RECIPE and TransformConfig(**shape) == SHAPE
    assert not {"tensorflow", "keras"} & (modules | more_modules)


def test_a_network_is_found_by_its_path_or_by_the_name_of_one_that_comes_along(
    saved, tmp_path, monkeypatch
):
    monkeypatch.setattr(networks, "PRETRAINED", saved.parent)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "wave").write_text("A file of that name is not what is meant.")

    assert networks.pretrained_names() == ["wave"]
    assert network_path("wave") == network_path(str(saved)) == saved
    (tmp_path / "wave.keras").write_text("But by its whole name it is.")
    assert network_path("wave.keras") == Path("wave.keras")


def test_a_network_is_shown_as_its_painting_is_called_and_those_of_ones_own_by_their_names():
    assert set(networks.PAINTINGS) == set(networks.pretrained_names())
    assert networks.pretrained_names()[-1] == "base", "first those of one painting"
    assert networks.network_title("wave") == "The Great Wave"
    assert networks.painted_by("wave") == "Katsushika Hokusai, 1831"
    assert networks.network_title("my_waves") == "My Waves" and not networks.painted_by("my_waves")


@pytest.mark.parametrize("model", ["", "gone", "gone.keras", "/gone/gone.keras", "."])
@pytest.mark.parametrize("reader", READERS)
def test_a_network_that_is_not_there_is_one_line_with_those_that_are(
    reader, model, saved, monkeypatch
):
    monkeypatch.setattr(networks, "PRETRAINED", saved.parent)

    assert message_of(reader, model) == (
        f"No network '{model}'. Give a .keras file that train_fast.py wrote, or one of the names "
        "wave."
    )


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: b"",
        lambda data: b"This is a letter.",
        *(lambda data, share=share: data[: int(share * len(data))] for share in (0.01, 0.5, 0.999)),
        lambda data: data.replace(b"restyle", b"another"),
        lambda data: data[:-80] + bytes(80),
        # "Encrypted", and "packed in a way of the future", for zipfile.
        lambda data: data.replace(b"PK\1\2\x14\3\x14\0\0\0", b"PK\1\2\x14\3\x14\0\1\0"),
        lambda data: data.replace(b"PK\1\2\x14\3\x14\0\0\0\0", b"PK\1\2\x14\3\x14\0\0\0\x63"),
    ],
    ids=["empty", "text", "1%", "50%", "99.9%", "renamed", "no end", "encrypted", "packed"],
)
def test_a_spoiled_file_is_refused_in_one_line(reader, spoil, saved, tmp_path):
    path = tmp_path / "spoiled.keras"
    path.write_bytes(spoil(saved.read_bytes()))
    assert path.read_bytes() != saved.read_bytes()

    assert message_of(reader, str(path)) == f"'{path}' {NOT_OURS}"


@pytest.mark.parametrize("reader", READERS)
def test_a_keras_model_of_another_kind_is_refused_in_one_line(reader, tmp_path):
    path = tmp_path / "foreign.keras"
    keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)]).save(path)

    assert message_of(reader, str(path)) == f"'{path}' {NOT_OURS}"


def test_what_cannot_be_written_leaves_what_was_there(network, saved, tmp_path, monkeypatch):
    path = tmp_path / "wave.keras"
    path.write_bytes(b"an older network")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(UserError, match="cannot be written: No space left on device. Nothing was"):
        save_network(network, path, RECIPE)

    assert path.read_bytes() == b"an older network"
    assert [file.name for file in tmp_path.iterdir()] == ["wave.keras"]
