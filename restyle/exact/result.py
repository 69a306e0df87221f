"""The picture of a run, as it is saved and as the network then sees it."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from restyle.color import keep_luminance
from restyle.exact.evaluation import as_batch, evaluation_at
from restyle.exact.network import network_for
from restyle.exact.problem import Problem, recolored
from restyle.exact.schedule import scales_of
from restyle.exact.settings import OptimizeConfig, result_size
from restyle.media.images import read_image, resize, write_image
from restyle.models.objective_config import ObjectiveConfig
from restyle.models.weights.load import VGGWeights


def finished(pixels: np.ndarray, problem: Problem, config: OptimizeConfig) -> np.ndarray:
    """What is saved of an image: enlarged if it is of an early scale, its colours put back."""
    size = result_size(problem.content.shape[:2], config)
    if pixels.shape[:2] != size:
        pixels = resize(pixels, size)
    if config.preserve_color == "luminance":
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
    objective: ObjectiveConfig,
    config: OptimizeConfig,
    weights: VGGWeights,
) -> dict[str, dict[str, float]]:
    """The terms and the objective of each of several pictures, all of the size of the last scale.

    In float32, whatever the run was computed in, so that runs can be compared.
    """
    network = network_for(weights, objective.layers, objective.pooling, "float32")
    scale = scales_of(problem, objective, config)[-1]
    evaluation = evaluation_at(
        recolored(problem, config),
        objective,
        network,
        size=scale.size,
        style_long_side=scale.style_long_side,
    )
    measured = {}
    for stage, pixels in stages.items():
        terms = evaluation.terms(as_batch(pixels, scale.size))
        total = sum(evaluation.objective.weights[name] * value for name, value in terms.items())
        measured[stage] = {"objective": total, **terms}
    return measured
