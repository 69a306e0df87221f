"""How a result was made, as text that travels with it."""

import hashlib
import importlib.metadata
import json
import platform
from collections.abc import Mapping
from typing import Any

import numpy as np

PACKAGES = ("keras", "numpy", "pillow")


def versions(backend: str = "tensorflow") -> dict[str, str]:
    """The versions of Python and of the packages that a result depends on.

    backend: the package that Keras computes with.
    """
    packages = {name: _version(name) for name in (backend, *PACKAGES)}
    return {"python": platform.python_version()} | packages


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:  # TensorFlow goes by several names.
        return "unknown"


def file_sha256(path: str) -> str:
    """Hexadecimal sha256 of a file's bytes."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def pixels_sha256(pixels: np.ndarray) -> str:
    """Hexadecimal sha256 of the bytes of a picture that came from no file."""
    return hashlib.sha256(np.ascontiguousarray(pixels, "<f4").tobytes()).hexdigest()


def recipe_text(
    program: str,
    settings: Mapping[str, Any],
    *,
    inputs: Mapping[str, str],
    weights: Mapping[str, str],
    terms: Mapping[str, Mapping[str, float]],
) -> str:
    """The recipe of a picture, JSON that a person can read.

    settings: all flags that shape the result. inputs: sha256 by path of what it was made from.
    weights: source and sha256 of the VGG-19. terms: of the saved picture, and before saving.
    """
    content = {
        "program": program,
        "settings": dict(settings),
        "inputs": dict(inputs),
        "weights": dict(weights),
        "terms": {stage: dict(values) for stage, values in terms.items()},
        "versions": versions(),
    }
    return json.dumps(content, indent=1)
