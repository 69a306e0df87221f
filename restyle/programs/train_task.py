"""The training that the flags ask for, read and checked before anything slow is done."""

from typing import Any

from absl import flags

from restyle.errors import UserError
from restyle.networks import SUFFIX
from restyle.programs.flag_settings import settings
from restyle.programs.objective_flags import objective_config
from restyle.programs.train_flags import ALIASES, train_config
from restyle.record.tensorboard_log import check_tensorboard
from restyle.training.backend import checked_backend
from restyle.training.task import TrainTask, check_output, read_training, shape_for

FLAGS = flags.FLAGS
NOT_SETTINGS = ("run_dir", "resume", "show_recipe", "output", "tensorboard", *ALIASES)


def read_train_task() -> TrainTask:
    """Reads and checks all that the flags name, before anything slow is done."""
    if not FLAGS.style or not FLAGS.train_path:
        raise UserError("Pass --style painting.jpg --train_path PHOTOS. See --help.")
    check_output(FLAGS.output)
    checked_backend(FLAGS.strategy)
    check_tensorboard(FLAGS.tensorboard)
    try:
        objective, config = objective_config(), train_config()
        shape = shape_for(
            FLAGS.style,
            config,
            width=FLAGS.width,
            residual_blocks=FLAGS.residual_blocks,
            strength=FLAGS.strength,
        )
    except ValueError as error:
        raise UserError(str(error)) from error
    return read_training(
        FLAGS.style,
        FLAGS.train_path,
        objective,
        shape,
        config,
        tests=FLAGS.test,
        start_from=FLAGS.start_from,
    )


def train_settings() -> dict[str, Any]:
    """All flags that shape the network."""
    return settings(NOT_SETTINGS)


def run_folder_path() -> str:
    """The folder of the run: as given, or beside the output."""
    return FLAGS.run_dir or f"{FLAGS.output.removesuffix(SUFFIX)}_run"
