"""What the programs do, from Python: `import restyle` hands these names out.

Pictures are paths, PIL images or arrays (uint8, or float in [0, 1]); results are (h, w, 3) float32
in [0, 1]. Every setting is a keyword with its flag's name; --help of the programs says what each
means. A mistake that a person can fix is a `UserError`, as are files that cannot be used; a wrong
keyword is a TypeError, a value out of range a ValueError.
"""

import collections
import dataclasses
import inspect
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from restyle.errors import UserError
from restyle.exact.problem import Problem, despeckled, despeckled_at, read_problem
from restyle.exact.schedule import scales_of
from restyle.exact.settings import STARTS, OptimizeConfig, PictureObjective
from restyle.files import AnyPath
from restyle.keywords import configured, with_preset
from restyle.machine.tensorflow_start import keras_on_tensorflow, quiet_start
from restyle.masks import mask_pairs
from restyle.media import images
from restyle.media.image_source import ImageSource, is_path, picture_from
from restyle.media.transparency import without_white
from restyle.models.objective_config import ObjectiveConfig
from restyle.models.transform_config import TransformConfig
from restyle.networks import named_network, save_network
from restyle.paint.painter import Painter
from restyle.training.backend import checked_backend
from restyle.training.settings import TrainConfig
from restyle.training.task import TrainTask, check_output, read_training, shape_for, with_start

if TYPE_CHECKING:
    from restyle.exact.step import Step
    from restyle.models.weights.load import VGGWeights
    from restyle.training.loop import TrainStep

LOGGER = logging.getLogger(__name__)

Pictures = ImageSource | Sequence[ImageSource]


def stylize(content: ImageSource, style: Pictures, **settings: Any) -> np.ndarray:
    """The content repainted in the style of a painting, as optimize_style.py makes it.

      picture = restyle.stylize("photo.jpg", "painting.jpg", size=400, content_weight=0.2)

    style: a painting, or several to blend. settings: as for `steps`.
    """
    last = collections.deque(steps(content, style, **settings), maxlen=1)
    if not last:
        raise ValueError("Got a snapshot of a finished run: no step is left.")
    return last[0].finished()


def steps(
    content: ImageSource,
    style: Pictures,
    *,
    init: ImageSource = "content",
    content_mask: Pictures = (),
    style_mask: Pictures = (),
    style_blend_weights: Sequence[float] = (),
    preset: str = "restyle",
    vgg_weights: AnyPath | None = None,
    resume: Mapping[str, np.ndarray] | None = None,
    **settings: Any,
) -> "Iterator[Step]":
    """The iterations of `stylize`, one at a time; stop when you like what you see.

      for step in restyle.steps("photo.jpg", ["a.jpg", "b.jpg"], iterations=200):
          print(step.progress, step.value, step.terms)
      restyle.write_image("out.png", step.finished())

    A step has `pixels()`, the image as it is now and at its present size, and `finished()`, what
    would be saved of it.

    Args:
      init: "content", "noise" or "style"; a picture; or a trained network, whose picture of the
        content is the start.
      content_mask, style_mask: one for each style; "all" is the whole painting.
      resume: the `snapshot()` of a step of the same run: this one goes on after it.
      settings: the fields of `PictureObjective` and `OptimizeConfig`.
    """
    also = inspect.signature(steps).parameters
    named = is_path(init) and str(init) in STARTS
    settings = with_preset(preset, settings)
    objective, config = configured(settings, PictureObjective, OptimizeConfig, also=also)
    config = dataclasses.replace(config, init=str(init) if named else "picture")
    network = None if named or not is_path(init) else named_network(str(init))
    problem = _problem(
        content,
        style,
        blend_weights=style_blend_weights,
        masks=(content_mask, style_mask),
        start=None if named or network else init,
    )
    scales = scales_of(problem, objective, config)
    weights = _vgg(vgg_weights)
    if network and not resume:
        painter = Painter(network, engine="tensorflow", precision=config.precision)
        start = painter(images.resize(problem.content, scales[0].size))
        problem = dataclasses.replace(problem, start=start)
    from restyle.exact.optimizer import optimize

    return optimize(problem, objective, config, weights, resume=resume)


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


def score(
    picture: ImageSource, content: ImageSource, style: Pictures, **settings: Any
) -> dict[str, float]:
    """The objective of any program's picture, and its terms before their weights, by name.

    settings: style_size, the long side of the paintings in pixels, 0 for that of the picture;
      despeckle, with which the picture was made; content_mask, style_mask, style_blend_weights,
      preset and vgg_weights as for `steps`; the fields of `PictureObjective`.
    """
    measure = scorer(content, style, **settings)
    return measure(picture_from(picture).pixels)


def scorer(
    content: ImageSource,
    style: Pictures,
    *,
    content_mask: Pictures = (),
    style_mask: Pictures = (),
    style_blend_weights: Sequence[float] = (),
    style_size: int = 0,
    despeckle: int = 0,
    preset: str = "restyle",
    vgg_weights: AnyPath | None = None,
    **settings: Any,
) -> Callable[[np.ndarray], dict[str, float]]:
    """What measures many pictures, (h, w, 3) in [0, 1], as `score` does; VGG-19 is read once."""
    also = inspect.signature(scorer).parameters
    (objective,) = configured(with_preset(preset, settings), PictureObjective, also=also)
    config = OptimizeConfig(style_size=style_size, despeckle=despeckle)
    problem = _problem(
        content, style, blend_weights=style_blend_weights, masks=(content_mask, style_mask)
    )
    weights = _vgg(vgg_weights)
    from restyle import measure
    from restyle.exact.evaluation import network_for, paintings_of

    network = network_for(weights, objective.layers, objective.pooling, "float32")
    whole = despeckled(problem, config)

    def measured(picture: np.ndarray) -> dict[str, float]:
        long_side = style_size or max(picture.shape[:2])
        seen = despeckled_at(whole, config, long_side)
        paintings = paintings_of(seen)
        return measure.score(
            picture, seen.content, paintings, network, objective, style_long_side=long_side
        )

    return measured


def read_image(picture: ImageSource) -> np.ndarray:
    """A picture, (h, w, 3) float32 in [0, 1]: upright, in sRGB, with white where it is clear."""
    return picture_from(picture).pixels


def write_image(path: AnyPath, picture: ImageSource) -> None:
    """Writes a picture in the format that the path's ending names: whole, or not at all."""
    given = picture_from(picture)
    pixels = without_white(given.pixels, given.alpha)
    images.write_image(path, pixels, alpha=given.alpha)


def _problem(
    content: ImageSource,
    style: Pictures,
    *,
    blend_weights: Sequence[float],
    masks: tuple[Pictures, Pictures],
    start: ImageSource | None = None,
) -> Problem:
    styles = _several(style)
    if not styles:
        raise ValueError("Got no style, expected a painting or several.")
    content_masks, style_masks = map(_several, masks)
    problem = read_problem(
        content,
        styles,
        blend_weights=tuple(blend_weights),
        masks=mask_pairs(content_masks, style_masks, styles),
        start=start,
    )
    for note in problem.notes:
        LOGGER.info(note)
    return problem


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
    styles = _several(style)
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


def _several(pictures: Pictures) -> Sequence[ImageSource]:
    return pictures if isinstance(pictures, list | tuple) else [pictures]  # type: ignore[list-item]


def _vgg(file: AnyPath | None) -> "VGGWeights":
    keras_on_tensorflow()
    with quiet_start("tensorflow"):
        from restyle.measure import vgg_weights
    return vgg_weights(file, LOGGER.info)
