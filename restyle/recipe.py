"""How a result was made, as text that travels with it."""

import hashlib
import importlib.metadata
import json
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PACKAGES = ("tensorflow", "keras", "numpy", "pillow")


def versions() -> dict[str, str]:
    """The versions of Python and of the packages that a result depends on."""
    installed = {name: importlib.metadata.version(name) for name in PACKAGES}
    return {"python": platform.python_version()} | installed


def file_sha256(path: str) -> str:
    """Hexadecimal sha256 of a file's bytes."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def recipe_text(
    program: str,
    settings: Mapping[str, Any],
    *,
    inputs: list[str],
    weights: Mapping[str, str],
    terms: Mapping[str, Mapping[str, float]],
) -> str:
    """The recipe of a picture, JSON that a person can read.

    settings: all flags that shape the result. inputs: paths of the pictures it was made from.
    weights: source and sha256 of the VGG-19. terms: of the saved picture, and before saving.
    """
    content = {
        "program": program,
        "settings": dict(settings),
        "inputs": {Path(path).name: file_sha256(path) for path in inputs},
        "weights": dict(weights),
        "terms": {stage: dict(values) for stage, values in terms.items()},
        "versions": versions(),
    }
    return json.dumps(content, indent=1)
