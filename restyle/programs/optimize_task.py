"""The run that the flags ask for, read and checked before anything slow is done."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from absl import flags

from restyle.errors import UserError
from restyle.exact.problem import Problem, read_problem
from restyle.exact.schedule import Scale, scales_of
from restyle.exact.settings import PICTURE, OptimizeConfig
from restyle.masks import WHOLE, mask_pairs
from restyle.models.objective_config import ObjectiveConfig, shares
from restyle.programs.flag_settings import settings
from restyle.programs.objective_flags import numbers, objective_config
from restyle.programs.optimize_flags import optimize_config
from restyle.record.recipe import file_sha256

FLAGS = flags.FLAGS
NOT_SETTINGS = (
    *("run_dir", "resume", "show_recipe", "sweep", "save_every", "output"),
    *("tensorboard", "time_lapse"),
)


@dataclasses.dataclass(frozen=True)
class Task:
    """A run that was asked for, read and checked.

    Attributes:
      inputs: sha256 by path of every picture it is made from, as they were when they were read.
      network: the trained network whose picture is the start, which the problem does not have yet.
    """

    problem: Problem
    objective: ObjectiveConfig
    config: OptimizeConfig
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
        """All flags that shape the result, the precision as it was decided."""
        return settings(NOT_SETTINGS) | {"precision": self.config.precision}


def read_task(network: Path | None) -> Task:
    """Reads and checks all that the flags name, before anything slow is done.

    network: what --init names, if that is a trained network.
    """
    try:
        objective, config = objective_config(), optimize_config()
        blend_weights = numbers("style_blend_weights")
        shares(blend_weights, FLAGS.style, "style_blend_weights")
    except ValueError as error:
        raise UserError(str(error)) from error
    masks = mask_pairs(FLAGS.content_mask, FLAGS.style_mask, FLAGS.style)
    start = FLAGS.init if config.init == PICTURE and not network else None
    problem = read_problem(
        FLAGS.content,
        FLAGS.style,
        blend_weights=blend_weights,
        masks=masks,
        start=start,
    )
    scales = scales_of(problem, objective, config)
    drawn = [path for pair in masks for path in pair if path != WHOLE]
    paths = [FLAGS.content, *FLAGS.style, *drawn, *filter(None, [start])]
    inputs = {path: file_sha256(path) for path in paths}
    if network:
        inputs[FLAGS.init] = file_sha256(str(network))
    return Task(problem, objective, config, scales, inputs, network)


def take_cell(cell: Mapping[str, str]) -> None:
    """Sets the flags to those of one cell of a sweep."""
    for name, value in cell.items():
        if name not in settings(NOT_SETTINGS):
            raise UserError(
                f"Got --sweep={name}=..., but there is no setting --{name}. See --help."
            )
        FLAGS[name].unparse()  # Or --style, which may be given several times, would add to itself.
        try:
            FLAGS[name].parse(value)
        except flags.Error as error:
            raise UserError(f"Got --sweep={name}={value}: {error}") from error


def check_size(task: Task, snapshot: Mapping[str, np.ndarray]) -> None:
    """Raises UserError unless a snapshot is of a picture of this task's size."""
    size, index = snapshot["state image"].shape[1:3], int(snapshot["scale_index"])
    if task.scales[index:] and task.scales[index].size == size:
        return
    raise UserError(
        f"'{FLAGS.content}' is now another picture than when this run began: the run's state is "
        f"{size[1]} x {size[0]}. Put the old one back, or begin another run."
    )
