"""What runs a trained network on a batch: TensorFlow, or a faster engine if there is one.

Nothing here imports TensorFlow before it is needed: a network that was converted before starts
in a fraction of the time.
"""

import contextlib
import dataclasses
import importlib.util
import json
import logging
import platform
import textwrap
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from restyle.engines.conversion import (
    cache_folder,
    can_keep,
    import_openvino,
    load_converted,
)
from restyle.errors import UserError, check_installed
from restyle.files import written_beside
from restyle.machine.processor import check_usable
from restyle.models.transform_config import TransformConfig
from restyle.networks import load_network, read_network_shape

LOGGER = logging.getLogger(__name__)

Inputs = Mapping[str, np.ndarray]

PRECISIONS_OF = {
    "tensorflow": ("float32", "bfloat16"),
    "openvino": ("float32", "bfloat16", "int8"),
    "onnxruntime": ("float32",),
}
ENGINES = ("auto", *PRECISIONS_OF)
PRECISIONS = ("auto", *PRECISIONS_OF["openvino"])  # It knows all.

TRIAL_SIDE = 256
TRIALS = 4


@dataclasses.dataclass(frozen=True)
class Engine:
    """Runs a network on a batch of pictures of any size.

    {"images": (b, h, w, 3) in [0, 1]} and, for networks that take them, "style_weights" (b, n) and
    "strength" (b, 1), all float32, give (b, h, w, 3) in [0, 1].

    Attributes:
      name: kind and precision, as "openvino bfloat16".
    """

    name: str
    run: Callable[[Inputs], np.ndarray]

    def __call__(self, inputs: Inputs) -> np.ndarray:
        return self.run(inputs)


def engine_named(
    kind: str, model_path: Path, *, precision: str = "auto", device: str | None = None
) -> Engine:
    """The engine of a kind for a .keras file.

    Args:
      kind: "tensorflow", "openvino", "onnxruntime", or "auto" for the fastest one here that can
        compute in this precision. It is measured once, and remembered beside the converted files.
      precision: "float32", "bfloat16", "int8" (OpenVINO alone), or "auto" for the kind's fastest
        that keeps floating-point numbers.
      device: TensorFlow's name of one, as "/gpu:1".

    Raises:
      UserError: a package or a device is not there, the kind has no such precision, or it cannot
        start on this machine.
    """
    if kind == "auto":
        return _fastest(model_path, precision, device)
    if precision not in ("auto", *PRECISIONS_OF[kind]):
        able = [name for name, known in PRECISIONS_OF.items() if precision in known]
        raise UserError(f"{kind} cannot compute in {precision}. Pass --engine={' or '.join(able)}.")
    if device and kind != "tensorflow":
        raise UserError(f"Got --device {device} with {kind}. Pass --engine=tensorflow, or drop it.")
    check_installed(f"The engine {kind}", kind)
    check_usable(kind)
    try:
        if kind == "tensorflow":
            return tensorflow_engine(model_path, precision, device)
        make = openvino_engine if kind == "openvino" else onnxruntime_engine
        return make(model_path, precision)
    except UserError:
        raise
    except Exception as error:  # Each library has its own.
        raise UserError(f"The engine {kind} cannot start: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    return textwrap.shorten(f"{type(error).__name__}: {error}", 300)


def tensorflow_engine(path: Path, precision: str, device: str | None = None) -> Engine:
    """One graph for every size, on TensorFlow's own choice of device if none is named."""
    import tensorflow as tf

    from restyle.machine import precision as formats

    _check_device(device)
    with tf.device(device):
        precision = formats.decided_precision(precision)
        network = load_network(str(path), dtype=formats.PRECISIONS[precision])
        given = {each.name: tf.TensorSpec(each.shape, each.dtype) for each in network.inputs}
        compiled = tf.function(lambda inputs: network(inputs), input_signature=[given])

    def run(inputs: Inputs) -> np.ndarray:
        with tf.device(device):
            return compiled(dict(inputs)).numpy()

    return Engine(f"tensorflow {precision}", run)


def _check_device(device: str | None) -> None:
    """TensorFlow itself takes the processor, and says nothing, for a device that is not there."""
    import tensorflow as tf

    known = tf.config.list_logical_devices()
    try:
        wanted = tf.DeviceSpec.from_string(device or known[0].name)
    except ValueError:
        wanted = None
    names = [tf.DeviceSpec.from_string(each.name) for each in known]
    if wanted not in names:
        raise UserError(
            f"No device '{device}'. TensorFlow has {', '.join(each.name for each in known)}."
        )


def openvino_engine(path: Path, precision: str) -> Engine:
    """OpenVINO on the processor. "bfloat16" where it has instructions for it, else float32."""
    openvino = import_openvino()
    core = openvino.Core()
    able = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    half = able and precision != "float32"
    settings = {
        "INFERENCE_PRECISION_HINT": "bf16" if half else "f32",
        "ENABLE_CPU_PINNING": False,  # Pinned threads wait for cores that others are using.
    }
    form = "openvino-int8" if precision == "int8" else "openvino"
    compiled = load_converted(path, form, lambda file: core.compile_model(file, "CPU", settings))
    number = "int8" if precision == "int8" else "bfloat16" if half else "float32"
    return Engine(f"openvino {number}", lambda inputs: compiled(dict(inputs))[0])


def onnxruntime_engine(path: Path, precision: str = "float32") -> Engine:
    """ONNX Runtime on the processor, float32."""
    import onnxruntime

    def load(file: Path):
        return onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])

    session = load_converted(path, "onnx", load)
    return Engine("onnxruntime float32", lambda inputs: session.run(None, dict(inputs))[0])


def _fastest(path: Path, precision: str, device: str | None) -> Engine:
    kinds = ["tensorflow"] if device else _candidates(precision)
    if len(kinds) == 1:
        return engine_named(kinds[0], path, precision=precision, device=device)
    ready = _ready_engines(kinds, path, precision)
    if not can_keep(path):
        return next(ready)[1]
    remembered = cache_folder(path) / f"fastest-{precision}-{platform.node()}.json"
    with contextlib.suppress(OSError, ValueError, KeyError, UserError):
        kind = json.loads(remembered.read_text())["engine"]
        return engine_named(kind, path, precision=precision)
    engines = dict(ready)
    seconds = measure_engines(engines, path) if len(engines) > 1 else dict.fromkeys(engines, 0.0)
    fastest = min(seconds, key=lambda kind: seconds[kind])
    with contextlib.suppress(UserError), written_beside(remembered) as file:
        file.write(json.dumps({"engine": fastest, "seconds": seconds}).encode())
    return engines[fastest]


def _candidates(precision: str) -> Sequence[str]:
    """The kinds that are installed and can compute so; those that are always here first."""
    needed = {"tensorflow": "tensorflow", "openvino": "openvino", "onnxruntime": "tf2onnx"}
    able = [kind for kind, known in PRECISIONS_OF.items() if precision in ("auto", *known)]
    here = [kind for kind in able if all(map(importlib.util.find_spec, {kind, needed[kind]}))]
    return here or able[:1]


def _ready_engines(
    kinds: Sequence[str], path: Path, precision: str
) -> Iterator[tuple[str, Engine]]:
    """The kinds that start and paint, with their engines; a note of each that does not.

    Raises:
      UserError: none does.
    """
    reasons, inputs = [], _trial_inputs(path)
    for kind in kinds:
        try:
            engine = engine_named(kind, path, precision=precision)
            engine(inputs)
        except Exception as error:  # Whatever is wrong with it, another one may work.
            reasons.append(str(error) if isinstance(error, UserError) else _reason(error))
            LOGGER.warning("--engine=auto passes over %s: %s", kind, reasons[-1])
        else:
            yield kind, engine
    if len(reasons) == len(kinds):
        raise UserError(f"No engine works here: {' '.join(reasons)}")


def measure_engines(engines: Mapping[str, Engine], path: Path) -> dict[str, float]:
    """The least seconds of each for a small picture; they take turns, so that all are disturbed."""
    inputs = _trial_inputs(path)
    seconds = {name: [] for name in engines}
    for _ in range(1 + TRIALS):
        for name, engine in engines.items():
            began = time.perf_counter()
            engine(inputs)
            seconds[name].append(time.perf_counter() - began)
    return {name: min(taken[1:]) for name, taken in seconds.items()}


def _trial_inputs(path: Path) -> Inputs:
    shape = TransformConfig(**read_network_shape(str(path)))
    picture = np.random.default_rng(0).random((1, TRIAL_SIDE, TRIAL_SIDE, 3), np.float32)
    return shape.inputs(picture)
