"""The export of the page, without a browser: see test_page_browser.py."""

import base64
import hashlib
import io
import json
import tarfile
import urllib.error
import urllib.request

import keras
import numpy as np
import onnxruntime
import pytest
from painters import as_in_a_file
from PIL import Image
from restyle.models.transform_config import TransformConfig
from user_errors import message_of

from restyle.errors import UserError
from restyle.page import export
from restyle.page import runtime as page_runtime
from restyle.page.export import export_page
from restyle.page.network import convolution, page_network, weight_table

RNG = np.random.default_rng(31)


def random_network(**shape):
    return as_in_a_file(TransformConfig(2, 1, **{"strength": False, **shape}), RNG)


@pytest.fixture
def runtime(tmp_path):
    folder = tmp_path / "onnxruntime-web-0"
    folder.mkdir()
    (folder / "ort.mjs").write_text("// In the place of 14 MB.")
    return folder


@pytest.mark.parametrize("styles", [("one",), ("one", "two")])
@pytest.mark.parametrize("strength", [False, True])
def test_every_shape_of_network_can_be_exported(styles, strength, runtime, tmp_path):
    network = random_network(styles=styles, strength=strength)

    (row,) = export_page({"water_lilies": network}, tmp_path / "site", runtime=runtime)

    assert row.title == "Water Lilies" and row.max_difference < 0.01
    (entry,) = json.loads((tmp_path / "site" / "networks.json").read_text())["networks"]
    assert entry["dials"] == (["strength"] if strength else [])
    assert [style["title"] for style in entry["styles"]] == [name.title() for name in styles]
    for each in (entry, *entry["styles"]):
        with Image.open(tmp_path / "site" / each["thumbnail"]) as thumbnail:
            assert thumbnail.size == (240, 180)


def test_the_table_finds_each_weight_in_the_file():
    network = random_network(styles=("one", "two"))
    file = page_network(network).SerializeToString()

    table = weight_table(file)

    kernel = network.get_layer("up1_conv").get_weights()[0].transpose(3, 2, 0, 1)
    place = table["up1_conv/kernel"]
    found = np.frombuffer(file, np.float16, kernel.size, place["offset"])
    np.testing.assert_array_equal(found.reshape(place["shape"]), kernel)
    assert len(table) == len(network.weights)


def test_a_convolution_takes_its_weights_as_inputs():
    session = onnxruntime.InferenceSession(convolution(2).SerializeToString())
    values, kernel = RNG.random((1, 3, 9, 8), np.float32), RNG.random((5, 3, 3, 3), np.float32)
    bias = RNG.random(5, np.float32)

    (convolved,) = session.run(None, {"values": values, "kernel": kernel, "bias": bias})

    first = np.einsum("iyx,oiyx->o", values[0, :, 2:5, 4:7], kernel) + bias
    assert convolved.shape == (1, 5, 4, 3)
    np.testing.assert_allclose(convolved[0, :, 1, 2], first, rtol=1e-5)


def test_a_layer_that_the_page_does_not_know_is_named():
    network = random_network()
    other = keras.Model(network.inputs, keras.layers.Softmax(name="edges")(network.outputs[0]))

    with pytest.raises(UserError, match=r"'edges' \(Softmax\)"):
        page_network(other)


def test_a_network_that_would_paint_another_picture_is_not_exported(runtime, tmp_path, monkeypatch):
    monkeypatch.setattr(export, "page_network", lambda network: page_network(random_network()))

    with pytest.raises(UserError, match="'wrong' differs from Keras by .* of 255"):
        export_page({"wrong": random_network()}, tmp_path / "site", runtime=runtime)

    assert list((tmp_path / "site").iterdir()) == []


def test_a_second_export_replaces_the_first_and_nothing_else(runtime, tmp_path):
    site = tmp_path / "site"
    export_page({"one": random_network()}, site, runtime=runtime)
    version = (site / "files.js").read_text()
    (site / "CNAME").write_text("example.org")

    export_page({"two": random_network()}, site, runtime=runtime)

    assert (site / "CNAME").read_text() == "example.org"
    assert (site / "files.js").read_text() != version
    networks = {path.name.partition("-")[0] for path in site.glob("networks/*.onnx")}
    assert networks == {"two", "convolution1", "convolution2"}
    assert not list(site.glob(".*"))


def test_the_service_worker_is_told_every_file_that_the_page_begins_with(runtime, tmp_path):
    export_page({"one": random_network()}, tmp_path / "site", runtime=runtime)

    text = (tmp_path / "site" / "files.js").read_text()
    files = set(json.loads(text.removeprefix("self.SITE = ").removesuffix(";\n"))["files"])

    sources = {path.name for path in export.SOURCES.iterdir()}
    assert sources - files == {"README.md", "_headers", "index.html"} and "./" in files
    assert not any(name.endswith(".onnx") for name in files)


def test_another_site_is_left_alone(runtime, tmp_path):
    (tmp_path / "index.html").write_text("mine")

    with pytest.raises(UserError, match="holds another site"):
        export_page({"one": random_network()}, tmp_path, runtime=runtime)

    assert (tmp_path / "index.html").read_text() == "mine"


@pytest.fixture
def npm(tmp_path, monkeypatch):
    """Answers with an archive like npm's; asked: how often."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as files:
        for name, _ in page_runtime._members():
            member = tarfile.TarInfo(f"package/dist/{name}")
            member.size = len(name)
            files.addfile(member, io.BytesIO(name.encode()))
    content, asked = archive.getvalue(), []
    digest = base64.b64encode(hashlib.sha512(content).digest()).decode()

    def urlopen(url, **_):
        asked.append(url)
        return io.BytesIO(content)

    monkeypatch.setattr(page_runtime, "SHA512", digest)
    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    return asked


def test_the_runtime_is_fetched_once_and_webassembly_is_packed(npm):
    folder = page_runtime.runtime_folder()

    assert page_runtime.runtime_folder() == folder and len(npm) == 1
    names = {path.name for path in folder.iterdir()}
    assert {"LICENSE", "ort.wasm.min.mjs", "ort-wasm-simd-threaded.wasm.gz"} <= names
    assert (folder / "ort-wasm-simd-threaded.wasm.gz").read_bytes().startswith(b"\x1f\x8b")


def test_a_runtime_that_is_not_what_was_expected_is_not_kept(npm, tmp_path, monkeypatch):
    monkeypatch.setattr(page_runtime, "SHA512", "another")

    assert "expected another" in message_of(page_runtime.runtime_folder)

    assert list((tmp_path / "restyle").iterdir()) == []


def test_without_a_connection_one_is_told_what_to_fetch_by_hand(npm, tmp_path, monkeypatch):
    def offline(*_, **__):
        raise urllib.error.URLError("no route")

    monkeypatch.setattr(urllib.request, "urlopen", offline)

    with pytest.raises(UserError, match=f"no route. Put {page_runtime.URL} into '{tmp_path}"):
        page_runtime.runtime_folder()


def test_the_page_takes_no_two_networks_of_one_name(paint_with, tmp_path):
    models = [tmp_path / folder / "wave.keras" for folder in ("one", "two")]
    for model in models:
        model.parent.mkdir()
        model.touch()

    answer = paint_with(*(f"--model={m}" for m in models), f"--export_page={tmp_path / 'site'}")

    assert answer.status == 1
    assert answer.error.splitlines()[-1].startswith("error: Got two networks of one name:")
