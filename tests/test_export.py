import dataclasses
import shutil
import sys

import numpy as np
import pytest
from painters import random_inputs, random_network
from restyle.models.transform_config import TransformConfig
from user_errors import message_of

from restyle.engines import conversion, export
from restyle.engines.export import FORMATS, export_network

RNG = np.random.default_rng(3)
SHAPE = TransformConfig(width=2, residual_blocks=0, styles=("a", "b"), strength=True)


def only(monkeypatch, *formats):
    monkeypatch.setattr(export, "FORMATS", {name: FORMATS[name] for name in formats})


@pytest.fixture(scope="module")
def network():
    return random_network(SHAPE, RNG)


@pytest.fixture(scope="module")
def exported(network, tmp_path_factory):
    """What became of each format."""
    rows = export_network(network, tmp_path_factory.mktemp("exported"))
    return {row.format: row for row in rows}


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_is_written_and_agrees_with_keras(name, exported):
    row = exported[name]

    assert row.max_difference < export.MOST_DIFFERENT and row.path.exists()
    assert str(row).startswith(f"{name}: {row.path}, 0.00")
    assert ("512 x 512" in str(row)) == (name == "litert")  # Whose size is fixed.
    assert list(row.path.parents[1 if row.path.is_file() else 0].glob(".writing-*")) == []


@pytest.mark.parametrize("name", ["saved_model", "onnx", "openvino"])
def test_what_was_written_takes_any_size_and_is_steered(name, network, exported):
    run = export.FORMATS[name].read(exported[name].path)
    for size in ((9, 14), (31, 6)):
        given = random_inputs(SHAPE, size, RNG, count=3)
        np.testing.assert_allclose(run(given), network(given), atol=1e-4)


def test_a_format_that_gives_another_picture_is_not_written(
    network, exported, tmp_path, monkeypatch
):
    def write_another(_, path):
        conversion.write_saved_model(random_network(SHAPE, RNG), path)

    only(monkeypatch, "saved_model")
    shutil.copytree(exported["saved_model"].path, tmp_path / "saved_model")
    weights = tmp_path / "saved_model" / "variables" / "variables.data-00000-of-00001"
    content = weights.read_bytes()
    wrong = dataclasses.replace(export.FORMATS["saved_model"], write=write_another)
    monkeypatch.setitem(export.FORMATS, "saved_model", wrong)

    (row,) = export_network(network, tmp_path)

    assert row.path is None and row.max_difference > 1 and "not written" in str(row)
    assert weights.read_bytes() == content
    assert [path.name for path in tmp_path.iterdir()] == ["saved_model"]


def test_numbers_that_are_none_and_pictures_of_another_shape_do_not_agree(network):
    for wrong in (np.float32(np.nan), np.zeros((1, 1, 1, 3), np.float32)):
        difference = export.max_difference(network, lambda inputs, w=wrong: w, ((4, 4),))
        assert not difference <= export.MOST_DIFFERENT


def test_a_converter_that_fails_or_is_missing_does_not_stop_the_others(
    network, tmp_path, monkeypatch
):
    def fail(*_):
        raise RuntimeError("no such operation\nand a long story")

    only(monkeypatch, "onnx", "openvino", "saved_model")
    broken = dataclasses.replace(export.FORMATS["openvino"], write=fail)
    monkeypatch.setitem(export.FORMATS, "openvino", broken)
    monkeypatch.setitem(sys.modules, "tf2onnx", None)

    onnx, openvino, saved_model = export_network(network, tmp_path)

    assert "pip install tf2onnx" in str(onnx)
    assert str(openvino) == "openvino: not written (RuntimeError: no such operation)"
    assert saved_model.path == tmp_path / "saved_model"
    assert [path.name for path in tmp_path.iterdir()] == ["saved_model"]


def test_a_folder_that_cannot_be_written_is_the_user_s_mistake(network, tmp_path):
    (tmp_path / "file").write_text("no folder")

    assert "Cannot export into" in message_of(export_network, network, tmp_path / "file")
