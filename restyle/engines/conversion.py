"""A network in the forms of other engines, converted once and kept in Keras' own folder."""

import contextlib
import hashlib
import importlib.metadata
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from restyle import models
from restyle.engines.quantization import quantized
from restyle.errors import check_installed
from restyle.models.cache import cache_home
from restyle.networks import load_network
from restyle.record.recipe import file_sha256

if TYPE_CHECKING:
    from restyle.models.transform_net import TransformNet

Loaded = TypeVar("Loaded")

MODELS = Path(models.__file__).parent

# What a converted network depends on beside its weights.
SOURCES = (MODELS / "layers.py", MODELS / "transform_net.py", Path(__file__))
PACKAGES = ("tensorflow", "keras", "openvino", "onnxruntime", "tf2onnx", "nncf")


def import_openvino() -> Any:
    """OpenVINO without its telemetry, which reports each import by way of Google Analytics.

    It does without where the package openvino_telemetry is not to be found.
    """
    sys.modules.setdefault("openvino_telemetry", None)  # pyright: ignore[reportArgumentType]
    import openvino

    return openvino


def write_saved_model(network: "TransformNet", target: Path) -> None:
    """TensorFlow's SavedModel, a folder, with one function `serve`."""
    network.export(target, format="tf_saved_model", verbose=False)


def write_onnx(network: "TransformNet", target: Path) -> None:
    """One .onnx file."""
    check_installed("Conversion to ONNX", "tf2onnx")
    # Given, since Keras finds them by itself only in a network that has run.
    signature = [{each.name: each for each in network.inputs}]
    with warnings.catch_warnings():
        # Keras looks for NumPy 1's np.object.
        warnings.filterwarnings("ignore", "In the future `np.object`", FutureWarning)
        network.export(target, format="onnx", verbose=False, input_signature=signature)


def write_openvino(network: "TransformNet", target: Path) -> None:
    """An .xml file and its weights, float32, in a .bin beside it.

    By way of a SavedModel, which OpenVINO reads by itself: twice as fast as Keras' own export.
    """
    check_installed("Conversion to OpenVINO", "openvino")
    openvino = import_openvino()
    with tempfile.TemporaryDirectory() as folder:
        write_saved_model(network, Path(folder))
        model = openvino.Core().read_model(folder)
        openvino.save_model(model, target, compress_to_fp16=False)


def write_quantized(network: "TransformNet", target: Path) -> None:
    """Like `write_openvino`, with convolutions in int8."""
    check_installed("int8", "nncf")
    openvino = import_openvino()
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / target.name
        write_openvino(network, whole)
        model = quantized(openvino.Core().read_model(whole), network.config)
        openvino.save_model(model, target, compress_to_fp16=False)


def write_litert(network: "TransformNet", target: Path, size: tuple[int, int]) -> None:
    """One .tflite file for one picture of this (height, width).

    For sizes that vary the converter falls back on TensorFlow's convolution, which the LiteRT
    package does not have.
    """
    import keras

    shapes = {each.name: (1, *each.shape[1:]) for each in network.inputs} | {
        "images": (1, *size, 3)
    }
    signature = {
        name: keras.InputSpec("float32", shape, name=name) for name, shape in shapes.items()
    }
    network.export(target, format="litert", verbose=False, input_signature=[signature])


CONVERSIONS = {
    "onnx": ("network.onnx", write_onnx),
    "openvino": ("network.xml", write_openvino),
    "openvino-int8": ("network.xml", write_quantized),
}


def load_converted(network_file: Path, form: str, load: Callable[[Path], Loaded]) -> Loaded:
    """What `load` makes of a network's file in one of the forms of `CONVERSIONS`.

    Without TensorFlow, if it was converted before. What cannot be read is converted again; where
    nothing can be kept, each time.
    """
    kept = cache_folder(network_file) / form
    name, write = CONVERSIONS[form]
    if kept.is_dir():
        try:
            return load(kept / name)
        except Exception:  # However it broke, it can be made again.
            shutil.rmtree(kept, ignore_errors=True)
    with _workspace(kept.parent) as folder:
        write(load_network(str(network_file)), folder / name)
        try:
            os.rename(folder, kept)
        except OSError:  # Another process was first, or nothing can be kept.
            return load(folder / name)
        return load(kept / name)


def cache_folder(network_file: Path) -> Path:
    """Where what was made of a network is kept, whether it is there or not.

    restyle/engines/<sha256 of the file>-<versions of packages and of the network's own code> in
    $KERAS_HOME, or ~/.keras.
    """
    return cache_home() / "engines" / f"{file_sha256(str(network_file))}-{_versions()}"


def can_keep(network_file: Path) -> bool:
    """Whether the cache can be written."""
    folder = cache_folder(network_file)
    with _workspace(folder) as inside:
        return inside.parent == folder


def _versions() -> str:
    digest = hashlib.sha256()
    for package in PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            digest.update(f"{package} {importlib.metadata.version(package)}\n".encode())
    for source in SOURCES:
        digest.update(source.read_bytes())
    return digest.hexdigest()[:12]


@contextlib.contextmanager
def _workspace(parent: Path) -> Iterator[Path]:
    """Yields a new folder, in `parent` if that can be; gone at the end, unless it was renamed."""
    try:
        parent.mkdir(parents=True, exist_ok=True)
        folder = tempfile.mkdtemp(prefix=".writing-", dir=parent)
    except OSError:
        folder = tempfile.mkdtemp(prefix="restyle-")
    try:
        yield Path(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
