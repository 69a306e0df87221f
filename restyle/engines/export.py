"""A network in the formats of other programs, each compared with Keras before it is kept."""

import dataclasses
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from restyle.engines.conversion import (
    import_openvino,
    write_litert,
    write_onnx,
    write_openvino,
    write_saved_model,
)
from restyle.errors import UserError, check_installed

if TYPE_CHECKING:
    from restyle.models.transform_net import TransformNet

Run = Callable[[Mapping[str, np.ndarray]], np.ndarray]
Size = tuple[int, int]

# A hundredth of the step between two levels of an 8-bit picture is usual.
MOST_DIFFERENT = 0.1
ODD_SIZES = ((64, 64), (37, 53), (5, 90), (71, 2))
LITERT_SIZE = (512, 512)


@dataclasses.dataclass(frozen=True)
class Exported:
    """What became of one format.

    Attributes:
      path: the file or folder to give to the other program; None if none was written.
      max_difference: largest difference from Keras, on 0..255; None if it could not be compared.
      note: why it was not written, or what its reader should know.
    """

    format: str
    path: Path | None
    max_difference: float | None
    note: str = ""

    def __str__(self) -> str:
        written = f"{self.path}" if self.path else "not written"
        off = "" if self.max_difference is None else f", {self.max_difference:.2g} of 255 off"
        return f"{self.format}: {written}{off}" + (f" ({self.note})" if self.note else "")


@dataclasses.dataclass(frozen=True)
class _Format:
    """packages: what conversion and comparison need. name: the result within its folder."""

    name: str
    packages: Sequence[str]
    write: Callable[["TransformNet", Path], None]
    read: Callable[[Path], Run]
    sizes: Sequence[Size] = ODD_SIZES
    note: str = ""


def _read_saved_model(path: Path) -> Run:
    import tensorflow as tf

    loaded = tf.saved_model.load(path)
    return lambda inputs: loaded.serve(dict(inputs)).numpy()


def _read_onnx(path: Path) -> Run:
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return lambda inputs: session.run(None, dict(inputs))[0]


def _read_openvino(path: Path) -> Run:
    core = import_openvino().Core()
    compiled = core.compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return lambda inputs: compiled(dict(inputs))[0]


def _read_litert(path: Path) -> Run:
    from ai_edge_litert.interpreter import Interpreter

    run = Interpreter(str(path)).get_signature_runner()
    return lambda inputs: run(**inputs)["output_0"]


FORMATS = {
    "saved_model": _Format("", (), write_saved_model, _read_saved_model),
    "onnx": _Format("network.onnx", ("tf2onnx", "onnxruntime"), write_onnx, _read_onnx),
    "openvino": _Format("network.xml", ("openvino",), write_openvino, _read_openvino),
    "litert": _Format(
        "network.tflite",
        ("ai-edge-litert",),
        lambda network, path: write_litert(network, path, LITERT_SIZE),
        _read_litert,
        sizes=(LITERT_SIZE,),
        note="for one picture of {} x {}: sizes that vary would need TensorFlow's own "
        "kernels".format(*LITERT_SIZE),
    ),
}


def export_network(network: "TransformNet", folder: str | os.PathLike[str]) -> list[Exported]:
    """Writes a float32 network into folder/<format>/, and says what became of each of `FORMATS`.

    All but LiteRT take any size. A format counts as written once it has given the pictures that
    Keras gives, at several sizes, odd ones too. Before that nothing in `folder` is touched, and
    what was there in a format that fails stays.

    Raises:
      UserError: the folder cannot be written.
    """
    target = Path(folder)
    try:
        target.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".writing-", dir=target) as work:
            return [_export(network, name, Path(work), target) for name in FORMATS]
    except OSError as error:
        raise UserError(f"Cannot export into '{folder}': {error.strerror or error}.") from error


def _export(network: "TransformNet", name: str, work: Path, target: Path) -> Exported:
    known = FORMATS[name]
    made = work / name
    try:
        check_installed(name, *known.packages)
        made.mkdir()
        known.write(network, made / known.name)
        difference = max_difference(network, known.read(made / known.name), known.sizes)
    except UserError as error:
        return Exported(name, None, None, str(error))
    except Exception as error:  # Converters fail in ways of their own; the other formats go on.
        return Exported(name, None, None, f"{type(error).__name__}: {_first_line(error)}")
    if not difference <= MOST_DIFFERENT:  # Neither is it if the difference is no number.
        why = f"more than {MOST_DIFFERENT} of 255 from what Keras gives"
        return Exported(name, None, difference, why)
    _replace_folder(target / name, made, work / f"{name}-before")
    return Exported(name, target / name / known.name, difference, known.note)


def max_difference(network: "TransformNet", run: Run, sizes: Sequence[Size] = ODD_SIZES) -> float:
    """Of both runs over a few random pictures, on 0..255; not a number if one of them is none."""
    generator, config = np.random.default_rng(0), network.config
    differences = []
    for size in sizes:
        inputs = config.inputs(
            generator.random((1, *size, 3), np.float32),
            generator.dirichlet(np.ones(len(config.styles))).tolist(),
            strength=generator.random(),
            stroke=generator.random(),
        )
        expected = np.asarray(network(inputs))
        got = run(inputs)
        if got.shape != expected.shape:
            return float("nan")
        differences.append(np.abs(got - expected).max())
    return 255 * float(np.max(differences))


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or ["no reason given"])[0][:200]


def _replace_folder(target: Path, made: Path, before: Path) -> None:
    if target.exists():
        os.replace(target, before)
    os.replace(made, target)
    shutil.rmtree(before, ignore_errors=True)
