"""How a result was made, as text that travels with it."""

import dataclasses
import functools
import hashlib
import importlib.metadata
import json
import os
import platform
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from restyle.errors import UserError
from restyle.models.objective_config import PRESETS, ObjectiveConfig

PACKAGES = ("keras", "numpy", "pillow")
CLONE = Path(__file__).resolve().parents[2]  # If restyle was not installed.


def versions(backend: str = "tensorflow") -> dict[str, str]:
    """The versions of Python and of the packages that a result depends on; the commit of a clone.

    backend: the package that Keras computes with.
    """
    packages = {name: _version(name) for name in (backend, *PACKAGES)}
    own = {"restyle": found} if (found := commit(CLONE)) else {}
    return own | {"python": platform.python_version()} | packages


@functools.cache  # A run has one, whatever is done to the files meanwhile.
def commit(clone: Path) -> str:
    """The commit that a folder has checked out, and "+" if its files differ; "" if it is no clone.

    A repository in which restyle was installed says nothing of it: models/ is then elsewhere.
    """
    if not ((clone / ".git").exists() and (clone / "models").is_dir()):
        return ""
    asked = ["git", "--no-optional-locks", "describe", "--always", "--exclude=*", "--abbrev=12"]
    # Those that a hook sets are of its repository.
    surroundings = {name: each for name, each in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(
            [*asked, "--dirty=+"], cwd=clone, env=surroundings, capture_output=True, timeout=5
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode().strip() if done.returncode == 0 else ""


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


def run_record(
    program: str,
    settings: Mapping[str, Any],
    inputs: Mapping[str, str],
    backend: str = "tensorflow",
) -> dict[str, Any]:
    """What a run was asked, and of what and by what: with it the run can be repeated.

    settings: the fields of its dataclasses. inputs: sha256 by path of what it is made from.
    """
    return {
        "program": program,
        "settings": dict(settings),
        "inputs": dict(inputs),
        "versions": versions(backend),
    }


def recipe_text(
    program: str,
    settings: Mapping[str, Any],
    *,
    inputs: Mapping[str, str],
    weights: Mapping[str, str],
    terms: Mapping[str, Mapping[str, float]],
) -> str:
    """The recipe of a picture, JSON that a person can read.

    settings: all that shapes the result. inputs: sha256 by path of what it was made from.
    weights: source and sha256 of the VGG-19. terms: of the picture at each stage.
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


def current_settings(record: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a recipe or a config.json; those of older versions in today's names."""
    settings = dict(record.get("settings", record))
    settings.pop("average", None)  # Of the weights, which was given up.
    if record.get("program") == "evaluate.py":  # Whose older recipes name too much.
        idle = ("style_loss", "pooling", "allow_different_dimensions")
        return {name: value for name, value in settings.items() if name not in idle}
    if "checkpoint_interval" in settings:
        settings["save_every"] = settings.pop("checkpoint_interval")
    if "preset" in settings:
        formula = PRESETS[settings.pop("preset")].get("formula", ObjectiveConfig.formula)
        # Versions that did not say had Gram matrices and average pooling.
        settings = {"style_loss": "gram", "pooling": "average", "formula": formula} | settings
    if settings.get("style_loss") == "wasserstein" and not settings.get("style_layer_weights", 1):
        # Versions that left this open had equal weights.
        settings["style_layer_weights"] = [1.0] * len(settings["style_layers"])
    return settings


def recipe_objective(settings: Mapping[str, Any]) -> ObjectiveConfig:
    """The objective that the "settings" of a recipe ask for, a picture's or a network's.

    Raises UserError for those of another program or version.
    """
    settings = current_settings(settings)
    try:
        fields = {field.name: settings[field.name] for field in dataclasses.fields(ObjectiveConfig)}
        for name in ("content_layer_weights", "style_layer_weights"):  # Once kept as text.
            fields[name] = tuple(float(weight) for weight in settings[name])
        return ObjectiveConfig(**fields)
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(
            f"The recipe does not say which objective was minimized ({error}). Give a picture or "
            "a network that this version of restyle made."
        ) from error
