import json
import shutil
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from imported_by import imported_by
from painters import random_inputs, random_network
from restyle.models.layers import ConditionalInstanceNorm, InstanceNorm
from restyle.models.transform_config import TransformConfig
from restyle.models.transform_net import TransformNet
from user_errors import message_of

from restyle.engines import conversion, engines, quantization
from restyle.engines.engines import engine_named
from restyle.errors import UserError
from restyle.machine import processor
from restyle.media import images
from restyle.networks import load_network

RNG = np.random.default_rng(9)
SHAPES = {
    "plain": TransformConfig(2, 1, strength=False),
    "blend": TransformConfig(width=2, residual_blocks=0, styles=("a", "b"), strength=True),
}
FLOAT32 = [("tensorflow", "plain"), ("tensorflow", "blend")]
FLOAT32 += [("openvino", "plain"), ("openvino", "blend"), ("onnxruntime", "blend")]
LEVEL = 1 / 255


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    """Keras' own folder, where this module's networks are kept in their other forms."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_HOME", str(tmp_path_factory.mktemp("keras_home")))
        yield


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Networks whose styles differ, by name."""
    folder = tmp_path_factory.mktemp("networks")
    for name, shape in SHAPES.items():
        random_network(shape, RNG).save(folder / f"{name}.keras")
    return {name: folder / f"{name}.keras" for name in SHAPES}


def copied_from(folder):
    """A conversion that copies what was converted before, for tests that convert again."""

    def copy(network, target):
        shutil.copytree(folder, target.parent, dirs_exist_ok=True)

    return "network.xml", copy


def forbidden(*arguments, **named):
    raise AssertionError("was called")


@pytest.mark.parametrize(("kind", "name"), FLOAT32)
def test_every_engine_gives_the_picture_of_keras_at_any_size(kind, name, files):
    network = load_network(str(files[name]))
    engine = engine_named(kind, files[name], precision="float32")

    assert engine.name == f"{kind} float32"
    for size in ((1, 1), (1, 30), (5, 3), (33, 46)):
        given = random_inputs(SHAPES[name], size, RNG, count=2)
        result = engine(given)
        assert result.dtype == np.float32 and result.shape == given["images"].shape
        if size != (1, 1):  # Of one color a norm enlarges nothing but rounding.
            np.testing.assert_allclose(result, network(given), atol=0.1 * LEVEL)


@pytest.mark.parametrize("kind", ["tensorflow", "openvino"])
def test_bfloat16_is_near_and_says_so(kind, files):
    engine = engine_named(kind, files["plain"], precision="bfloat16")
    given = random_inputs(SHAPES["plain"], (32, 40), RNG)

    difference = np.abs(engine(given) - load_network(str(files["plain"]))(given))

    assert difference.mean() < 5 * LEVEL
    assert (engine.name == f"{kind} bfloat16") == (difference.max() > 0.1 * LEVEL)


def test_int8_is_the_same_picture_roughly_and_says_so(files, monkeypatch):
    monkeypatch.setattr(quantization, "LONG_SIDES", (64,))
    engine = engine_named("openvino", files["plain"], precision="int8")
    given = random_inputs(SHAPES["plain"], (33, 40), RNG)
    result, expected = engine(given), load_network(str(files["plain"]))(given)

    assert engine.name == "openvino int8"
    assert np.abs(result - expected).max() > 0.5 * LEVEL
    # A network so narrow, with random weights, loses most.
    assert np.corrcoef(result.ravel(), np.ravel(expected))[0, 1] > 0.8


@pytest.mark.parametrize("name", SHAPES)
def test_openvino_knows_every_instance_norm(name, files):
    core = conversion.import_openvino().Core()
    compiled = conversion.load_converted(
        files[name], "openvino", lambda file: core.compile_model(file, "CPU")
    )
    kinds = [
        each.get_rt_info()["layerType"].astype(str)
        for each in compiled.get_runtime_model().get_ops()
    ]
    norms = (InstanceNorm, ConditionalInstanceNorm)
    expected = sum(isinstance(layer, norms) for layer in load_network(str(files[name])).layers)

    assert expected == 5 + 2 * SHAPES[name].residual_blocks
    assert kinds.count("MVN") == expected


def test_tensorflow_builds_one_graph_for_all_sizes(files, monkeypatch):
    called, call = [], TransformNet.call

    def counted(self, *arguments, **named):
        called.append(self)
        return call(self, *arguments, **named)

    monkeypatch.setattr(TransformNet, "call", counted)
    engine = engine_named("tensorflow", files["plain"], precision="float32")
    called.clear()
    for size in ((8, 8), (9, 8), (8, 30)):
        engine(random_inputs(SHAPES["plain"], size, RNG))

    assert len(called) == 1


def test_a_second_start_needs_no_tensorflow_and_reports_to_nobody(files, tmp_path):
    engine_named("openvino", files["blend"], precision="float32")
    images.write_image(tmp_path / "in.png", np.zeros((9, 9, 3)))
    paths = [f"--input={tmp_path}/in.png", f"--output={tmp_path}/out.png"]
    asked = [f"--model={files['blend']}", "--engine=openvino", "--precision=float32", *paths]

    status, modules, _ = imported_by("restyle.programs.evaluate", "main", asked)

    assert status == 0 and (tmp_path / "out.png").exists()
    assert "openvino" in modules and not {"tensorflow", "keras", "openvino_telemetry"} & modules


def test_a_broken_conversion_is_made_again(files, tmp_path, monkeypatch):
    engine_named("openvino", files["plain"], precision="float32")
    kept = conversion.cache_folder(files["plain"]) / "openvino" / "network.xml"
    shutil.copytree(kept.parent, tmp_path / "before")
    monkeypatch.setitem(conversion.CONVERSIONS, "openvino", copied_from(tmp_path / "before"))
    whole = kept.read_bytes()
    kept.write_bytes(whole[:1000])

    engine_named("openvino", files["plain"], precision="float32")

    assert kept.read_bytes() == whole


def test_another_network_or_another_version_is_converted_for_itself(files, monkeypatch):
    folders = [conversion.cache_folder(files[name]) for name in SHAPES]
    monkeypatch.setattr(conversion.importlib.metadata, "version", lambda package: "1.2.3")
    folders.append(conversion.cache_folder(files["plain"]))

    assert len(set(folders)) == 3


def test_without_a_cache_it_works_and_auto_does_not_measure(files, tmp_path, monkeypatch):
    engine_named("openvino", files["plain"], precision="float32")
    kept = conversion.cache_folder(files["plain"]) / "openvino"
    monkeypatch.setitem(conversion.CONVERSIONS, "openvino", copied_from(kept))
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "file"))
    monkeypatch.setattr(engines, "measure_engines", forbidden)
    given = random_inputs(SHAPES["plain"], (9, 9), RNG)

    openvino, auto = (
        engine_named(k, files["plain"], precision="float32") for k in ("openvino", "auto")
    )

    assert auto.name == "tensorflow float32"
    np.testing.assert_allclose(openvino(given), auto(given), atol=0.1 * LEVEL)


def test_auto_takes_the_fastest_engine_and_measures_once(files, monkeypatch):
    def measured(candidates, path):
        return {kind: 1.0 if kind == "openvino" else 2.0 for kind in candidates}

    monkeypatch.setattr(engines, "measure_engines", measured)
    first = engine_named("auto", files["blend"], precision="float32")
    monkeypatch.setattr(engines, "measure_engines", forbidden)
    monkeypatch.setattr(conversion, "load_network", forbidden)
    second = engine_named("auto", files["blend"], precision="float32")

    assert first.name == second.name == "openvino float32"
    (remembered,) = conversion.cache_folder(files["blend"]).glob("fastest-float32-*.json")
    seconds = json.loads(remembered.read_text())["seconds"]
    assert seconds == {"tensorflow": 2.0, "openvino": 1.0, "onnxruntime": 2.0}


def test_auto_is_tensorflow_where_nothing_else_is_installed(files, monkeypatch):
    for package in ("openvino", "onnxruntime"):
        monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.setattr(engines, "measure_engines", forbidden)

    engine = engine_named("auto", files["plain"], precision="float32")

    assert engine.name == "tensorflow float32"


def broken(*arguments):
    raise RuntimeError("of no\nuse")


def dying(monkeypatch):
    monkeypatch.setattr(processor, "hold_back", lambda: {"openvino": "ended by a signal"})


def not_starting(monkeypatch):
    monkeypatch.setattr(engines, "openvino_engine", broken)


def not_painting(monkeypatch):
    monkeypatch.setattr(engines, "openvino_engine", lambda *given: engines.Engine("o", broken))


@pytest.mark.parametrize(
    ("fail", "reason"),
    [
        (dying, "openvino cannot be used on this processor: it ended by a signal"),
        (not_starting, "The engine openvino cannot start: RuntimeError: of no use"),
        (not_painting, "RuntimeError: of no use"),
    ],
)
def test_auto_passes_over_an_engine_that_fails_and_says_why(
    fail, reason, files, tmp_path, monkeypatch, caplog
):
    fail(monkeypatch)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(engines, "_candidates", lambda precision: ["tensorflow", "openvino"])
    working = engines.Engine("working", lambda given: given["images"])
    monkeypatch.setattr(engines, "tensorflow_engine", lambda *given: working)

    assert engine_named("auto", files["plain"], precision="float32") is working
    (note,) = caplog.messages
    assert note.startswith(f"--engine=auto passes over openvino: {reason}")


@pytest.mark.parametrize("fail", [dying, not_starting])
def test_an_engine_asked_for_by_name_that_fails_is_a_users_error(fail, files, monkeypatch):
    fail(monkeypatch)

    assert "openvino cannot" in message_of(engine_named, "openvino", files["plain"])


def test_auto_where_every_engine_fails_says_why(files, tmp_path, monkeypatch):
    for make in ("openvino_engine", "onnxruntime_engine"):
        monkeypatch.setattr(engines, make, broken)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(engines, "_candidates", lambda precision: ["openvino", "onnxruntime"])

    with pytest.raises(UserError, match="No engine works here: .*openvino.* .*onnxruntime"):
        engine_named("auto", files["plain"])


def test_auto_on_a_named_device_is_tensorflow(files):
    engine = engine_named("auto", files["plain"], precision="float32", device="/cpu:0")

    assert engine.name == "tensorflow float32"


def test_the_measure_is_the_least_of_several_and_not_the_first(files, monkeypatch):
    clock = SimpleNamespace(now=0)
    clock.perf_counter = lambda: clock.now
    monkeypatch.setattr(engines, "time", clock)

    def engine(*durations):
        left = iter(durations)
        return engines.Engine("", lambda given: vars(clock).update(now=clock.now + next(left)))

    both = {"slow": engine(0, 5, 2, 5, 5), "quick": engine(0, 1, 5, 5, 5)}

    assert engines.measure_engines(both, files["plain"]) == {"slow": 2, "quick": 1}


@pytest.mark.parametrize(
    ("kind", "precision", "device", "message"),
    [
        ("tensorflow", "int8", None, "Pass --engine=openvino"),
        ("onnxruntime", "bfloat16", None, "Pass --engine=tensorflow or openvino"),
        ("openvino", "auto", "/gpu:0", "Pass --engine=tensorflow"),
        ("tensorflow", "auto", "/gpu:7", "TensorFlow has /device:CPU:0"),
        ("tensorflow", "auto", "sofa", "TensorFlow has /device:CPU:0"),
    ],
)
def test_what_an_engine_cannot_do_is_refused(kind, precision, device, message, files):
    with pytest.raises(UserError, match=message):
        engine_named(kind, files["plain"], precision=precision, device=device)


@pytest.mark.parametrize("kind", ["openvino", "onnxruntime"])
def test_a_missing_package_is_one_line_with_the_command_that_helps(kind, files, monkeypatch):
    monkeypatch.setitem(sys.modules, kind, None)

    with pytest.raises(UserError, match=f"pip install {kind}$"):
        engine_named(kind, files["plain"])
