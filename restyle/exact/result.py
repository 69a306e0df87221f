"""The picture of a run, as it is saved and as the network then sees it."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np

from models.objective_config import ObjectiveConfig
from restyle.color import keep_luminance
from restyle.exact.evaluation import as_batch, evaluation_at
from restyle.exact.problem import Problem
from restyle.exact.schedule import Scale
from restyle.media.images import read_image, resize, write_image


def finished(
    pixels: np.ndarray, problem: Problem, size: tuple[int, int], preserve_color: str
) -> np.ndarray:
    """What is saved of an image: enlarged if the run was stopped early, its colours put back."""
    if pixels.shape[:2] != size:
        pixels = resize(pixels, size)
    if preserve_color == "luminance":
        pixels = keep_luminance(pixels, resize(problem.content, size))
    return pixels


def saved_alpha(problem: Problem, size: tuple[int, int]) -> np.ndarray | None:
    """The content's opacity at the size of the result."""
    return None if problem.alpha is None else resize(problem.alpha, size)


def as_saved(pixels: np.ndarray, extension: str, *, alpha: np.ndarray | None = None) -> np.ndarray:
    """The pixels that a file of this kind gives back: rounded to 8 bits, and whatever JPEG does."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"picture{extension}"
        write_image(path, pixels, alpha=alpha)
        return read_image(path).pixels


def measure_stages(
    stages: Mapping[str, np.ndarray],
    problem: Problem,
    config: ObjectiveConfig,
    network: keras.Model,
    scale: Scale,
) -> dict[str, dict[str, float]]:
    """The terms and the objective of each of several pictures, all of the size of the last scale.

    network: in float32, whatever the run was computed in, so that runs can be compared.
    """
    evaluation = evaluation_at(
        problem, config, network, size=scale.size, style_long_side=scale.style_long_side
    )
    measured = {}
    for stage, pixels in stages.items():
        terms = evaluation.terms(as_batch(pixels, scale.size))
        total = sum(evaluation.objective.weights[name] * value for name, value in terms.items())
        measured[stage] = {"objective": total, **terms}
    return measured
