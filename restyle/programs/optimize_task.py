"""A run that was asked for, read and checked before anything slow is done."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from restyle.errors import UserError
from restyle.exact.problem import Problem, read_problem
from restyle.exact.schedule import Scale, scales_of
from restyle.exact.settings import STARTS, OptimizeConfig, PictureObjective
from restyle.masks import WHOLE, mask_pairs
from restyle.models.objective_config import ObjectiveConfig, shares
from restyle.networks import named_network
from restyle.programs.flags import WrongFlags
from restyle.programs.optimize_settings import Sources
from restyle.programs.settings import as_settings, built, settings_text
from restyle.record.recipe import file_sha256


@dataclasses.dataclass(frozen=True)
class Task:
    """A run that was asked for, read and checked.

    Attributes:
      inputs: sha256 by path of every picture it is made from, as they were when they were read.
      network: the trained network whose picture is the start, which the problem does not have yet.
    """

    sources: Sources
    objective: ObjectiveConfig
    config: OptimizeConfig
    problem: Problem
    scales: Sequence[Scale]
    inputs: Mapping[str, str]
    network: Path | None = None

    def started(self, picture: np.ndarray) -> "Task":
        """The same with the picture to start from, (h, w, 3)."""
        return dataclasses.replace(self, problem=dataclasses.replace(self.problem, start=picture))

    def with_precision(self, precision: str) -> "Task":
        """The same with "auto" decided."""
        config = dataclasses.replace(self.config, precision=precision)
        return dataclasses.replace(self, config=config)

    def settings(self) -> dict[str, Any]:
        """All that shapes the result."""
        return as_settings(self.sources, self.objective, self.config)

    def plan(self) -> str:
        """The settings and the scales, a line each."""
        lines = [settings_text(self.settings())]
        for number, scale in enumerate(self.scales, 1):
            height, width = scale.size
            lines.append(
                f"scale {number}/{len(self.scales)}: {width}x{height}, {scale.iterations} "
                f"iterations, paintings {scale.style_long_side} long"
            )
        return "\n".join(lines)


def read_task(settings: Mapping[str, Any]) -> Task:
    """Reads and checks all that the settings name, before anything slow is done."""
    sources, objective = built(Sources, settings), built(PictureObjective, settings)
    config = built(OptimizeConfig, settings)
    if not sources.content or not sources.style:
        raise WrongFlags("No pictures: pass --content photo.jpg --style painting.jpg. See --help.")
    try:
        shares(sources.style_blend_weights, sources.style, "style_blend_weights")
    except ValueError as error:
        raise WrongFlags(str(error)) from error
    network = None if config.init in STARTS else named_network(config.init)
    start = config.init if config.init not in STARTS and not network else None
    masks = mask_pairs(sources.content_mask, sources.style_mask, sources.style)
    problem = read_problem(
        sources.content,
        sources.style,
        blend_weights=sources.style_blend_weights,
        masks=masks,
        start=start,
    )
    scales = scales_of(problem, objective, config)
    drawn = [path for pair in masks for path in pair if path != WHOLE]
    paths = [sources.content, *sources.style, *drawn, *filter(None, [start])]
    inputs = {path: file_sha256(path) for path in paths}
    if network:
        inputs[config.init] = file_sha256(str(network))
    return Task(sources, objective, config, problem, scales, inputs, network)


def check_size(task: Task, snapshot: Mapping[str, np.ndarray]) -> None:
    """Raises UserError unless a snapshot is of a picture of this task's size."""
    size, index = snapshot["state image"].shape[1:3], int(snapshot["scale_index"])
    if task.scales[index:] and task.scales[index].size == size:
        return
    raise UserError(
        f"'{task.sources.content}' has changed since this run began: the run's "
        f"state is {size[1]} x {size[0]}. Restore the old picture, or start a new run."
    )
