"""What train_fast.py and evaluate.py do, from Python."""

import dataclasses
import inspect
import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from restyle.errors import UserError
from restyle.files import AnyPath
from restyle.keywords import configured, with_preset
from restyle.machine.tensorflow_start import quiet_start
from restyle.media.image_source import Pictures, several
from restyle.models.objective_config import ObjectiveConfig
from restyle.models.transform_config import TransformConfig
from restyle.networks import save_network
from restyle.paint.painter import Painter
from restyle.training.backend import checked_backend
from restyle.training.settings import TrainConfig
from restyle.training.task import TrainTask, check_output, read_training, shape_for, with_start

if TYPE_CHECKING:
    from restyle.training.loop import TrainStep

LOGGER = logging.getLogger(__name__)


def load(network: AnyPath, **settings: Any) -> Painter:
    """A trained network as a function from picture to picture: see `Painter`.

      starry = restyle.load("starry_night")
      picture = starry("photo.jpg", strength=0.7)
      starry.video("clip.mp4", "painted.mp4", smooth=0.7)

    network: a .keras file, or the name of one that comes with restyle. settings: engine, precision,
      device and memory_gb, the fields of `EngineConfig`.
    """
    return Painter(str(network), **settings)


def train(
    style: Pictures,
    train_path: AnyPath,
    output: AnyPath,
    *,
    start_from: AnyPath | None = None,
    strategy: str = "one",
    preset: str = "restyle",
    vgg_weights: AnyPath | None = None,
    resume: Mapping[str, np.ndarray] | None = None,
    interrupted: object = False,
    preview_every: int = 0,
    watch: "Callable[[TrainStep], object]" = lambda step: None,
    preview: Callable[[np.ndarray], object] = lambda sheet: None,
    **settings: Any,
) -> Painter:
    """Trains a network to paint in a style, or several, writes it, and returns it ready to paint.

      painter = restyle.train("painting.jpg", "PHOTOS", "painting.keras", minutes=30)

    Args:
      train_path: a folder of photos to learn from.
      output: the .keras file to write.
      start_from: a network to start from, or "none"; if not given base, unless it has another
        width or depth than is asked for.
      watch: is told every step: its number, loss, terms and progress; `snapshot` is what `resume`
        takes, at checkpoints. What it raises ends the training.
      interrupted: once it is true, the step that is being done is the last one; the network is
        written as it is then.
      preview: is shown what the network makes of the photos held out, a contact sheet, every
        `preview_every` steps and at the end; 0: never.
      settings: the fields of `ObjectiveConfig` and `TrainConfig`; width, residual_blocks and
        strength of the network.
    """
    check_output(str(output))
    task, kept = _training(style, train_path, start_from, with_preset(preset, settings))
    with quiet_start(checked_backend(strategy)):
        from restyle.training.loop import Diverged
        from restyle.training.session import Session
    vgg_file = str(vgg_weights) if vgg_weights else None
    session = Session(task, strategy, vgg_file=vgg_file, report=LOGGER.info)
    done = int(resume["step"]) if resume else 0
    try:
        for step in session.steps(resume, interrupted, preview_every):
            watch(step)
            done = step.step
            if preview_every and (done % preview_every == 0 or step.progress >= 1.0):
                preview(session.preview())
    except Diverged as error:
        raise UserError(str(error)) from error
    if session.chief:
        save_network(session.trainer.network, output, session.recipe(kept, done))
    return Painter(str(output))


def _training(
    style: Pictures, train_path: AnyPath, start_from: AnyPath | None, settings: Mapping[str, Any]
) -> tuple[TrainTask, dict[str, Any]]:
    """The training that is asked for, and its settings by name as its recipe keeps them."""
    follows = {"styles", "stroke_sizes"}.intersection(settings)
    if follows:
        raise TypeError(f"Got {follows.pop()}, which follows from style and style_size. Drop it.")
    also = inspect.signature(train).parameters
    settings = with_start({**settings, "start_from": str(start_from) if start_from else None})
    start = settings.pop("start_from")
    configs = configured(settings, ObjectiveConfig, TrainConfig, TransformConfig, also=also)
    objective, config, shape = configs
    network = {name: getattr(shape, name) for name in ("width", "residual_blocks", "strength")}
    styles = several(style)
    task = read_training(
        styles,
        str(train_path),
        objective,
        shape_for(styles, config, **network),
        config,
        start_from=start,
    )
    configs = {**dataclasses.asdict(objective), **dataclasses.asdict(config)}
    return task, {"start_from": start, **configs, **network}
