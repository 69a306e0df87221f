"""Trained networks: .keras files, and the names of those that come with restyle."""

import json
import os
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from restyle import models
from restyle.errors import UserError
from restyle.files import written_beside

if TYPE_CHECKING:
    from restyle.models.transform_net import TransformNet

PRETRAINED = Path(models.__file__).parent / "pretrained"
SUFFIX = ".keras"

# By the name of a network that comes with restyle: the painting, and who painted it when. In the
# order in which they are shown.
PAINTINGS = {
    "starry_night": ("The Starry Night", "Vincent van Gogh, 1889"),
    "wave": ("The Great Wave", "Katsushika Hokusai, 1831"),
    "the_scream": ("The Scream", "Edvard Munch, 1893"),
    "composition_vii": ("Composition VII", "Wassily Kandinsky, 1913"),
    "shipwreck": ("The Shipwreck", "J. M. W. Turner, 1805"),
    "udnie": ("Udnie", "Francis Picabia, 1913"),
    "water_lilies": ("Water Lilies", "Claude Monet, 1919"),
    "woman_with_hat": ("Woman with a Hat", "Henri Matisse, 1905"),
    "starry_night_steady": ("The Starry Night, steady", "Vincent van Gogh, 1889"),
    "starry_night_strokes": ("The Starry Night, fine to broad", "Vincent van Gogh, 1889"),
    "base": ("All eight, blended", ""),
}

# What zipfile, json, HDF5 and Keras raise when the bytes are not those of a network.
BROKEN_NETWORK = (
    *(OSError, EOFError, ValueError, TypeError, KeyError, RuntimeError),
    *(zipfile.BadZipFile, zlib.error),
)


def pretrained_names() -> list[str]:
    """The networks that come with restyle, in the order in which they are shown."""
    names = sorted(path.stem for path in PRETRAINED.glob(f"*{SUFFIX}"))
    shown = [*PAINTINGS]
    return sorted(names, key=lambda name: shown.index(name) if name in shown else len(shown))


def network_title(name: str) -> str:
    """A network's or a style's name as it is shown: "my_waves" is "My Waves"."""
    return PAINTINGS[name][0] if name in PAINTINGS else name.replace("_", " ").title()


def painted_by(name: str) -> str:
    """Who painted what a network or a style has learned from, and when; empty if unknown."""
    return PAINTINGS[name][1] if name in PAINTINGS else ""


def network_path(model: str) -> Path:
    """Where a network is, by name or by path; UserError if there is none."""
    named = PRETRAINED / f"{model}{SUFFIX}"
    for path in (Path(model), named) if os.sep in model or SUFFIX in model else (named,):
        if path.is_file():
            return path
    raise UserError(
        f"No network '{model}'. Give a {SUFFIX} file that train_fast.py wrote, or one of the "
        f"names {', '.join(pretrained_names()) or '(none here)'}."
    )


def named_network(text: str) -> Path | None:
    """Where a network is if `text` names one, None if it may be something else.

    It does if it ends in .keras, or is the name of a network that comes with restyle.

    Raises UserError if there is no such file, or it is no network.
    """
    if not text.endswith(SUFFIX) and text not in pretrained_names():
        return None
    read_network_shape(text)
    return network_path(text)


def load_network(model: str, *, dtype: str = "float32") -> "TransformNet":
    """The network of a name or path, ready to run in a precision; UserError if it is none."""
    import keras

    from restyle.models.transform_net import TransformNet

    path = network_path(model)
    try:
        network = keras.saving.load_model(path, compile=False)
    except BROKEN_NETWORK as error:
        raise UserError(_why_unusable(path)) from error
    if not isinstance(network, TransformNet):
        raise UserError(_why_unusable(path))
    return network if dtype == "float32" else network.in_precision(dtype)


def read_network_recipe(model: str) -> str:
    """How a network was trained, JSON text; from the file alone, without TensorFlow."""
    return _configuration(network_path(model))["recipe"]


def read_network_shape(model: str) -> dict[str, Any]:
    """The fields of the network's TransformConfig; from the file alone, without TensorFlow."""
    return _configuration(network_path(model))["config"]


def _configuration(path: Path) -> dict[str, Any]:
    try:
        with zipfile.ZipFile(path) as archive:
            config = json.loads(archive.read("config.json"))["config"]
            return {"recipe": config["recipe"], "config": config["config"]}
    except BROKEN_NETWORK as error:
        raise UserError(_why_unusable(path)) from error


def _why_unusable(path: Path) -> str:
    return (
        f"'{path}' is not a network that train_fast.py wrote, or is cut off. Give another, or copy "
        "it again."
    )


def save_network(network: "TransformNet", path: str | os.PathLike[str], recipe: str) -> None:
    """Writes a network with its recipe as float16 numbers, half the size: whole, or not at all.

    Once loaded it is float32 again. The rounding, a thousandth of each weight, is far below what
    eight bits show.
    """
    half = network.in_precision("float16")
    half.recipe = recipe
    with tempfile.TemporaryDirectory() as folder:
        saved = Path(folder) / f"network{SUFFIX}"
        half.save(saved)
        content = saved.read_bytes()
    with written_beside(path) as file:
        file.write(content)
