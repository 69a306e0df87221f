"""What optimize_style.py does, from Python, and the objective of any program's picture."""

import collections
import dataclasses
import inspect
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from restyle.exact.problem import Problem, despeckled, despeckled_at, read_problem
from restyle.exact.schedule import scales_of
from restyle.exact.settings import STARTS, OptimizeConfig, PictureObjective
from restyle.files import AnyPath
from restyle.keywords import configured, with_preset
from restyle.machine.tensorflow_start import keras_on_tensorflow, quiet_start
from restyle.masks import mask_pairs
from restyle.media import images
from restyle.media.image_source import ImageSource, Pictures, is_path, picture_from, several
from restyle.networks import named_network
from restyle.paint.painter import Painter

if TYPE_CHECKING:
    from restyle.exact.step import Step
    from restyle.models.weights.load import VGGWeights

LOGGER = logging.getLogger(__name__)


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


def _problem(
    content: ImageSource,
    style: Pictures,
    *,
    blend_weights: Sequence[float],
    masks: tuple[Pictures, Pictures],
    start: ImageSource | None = None,
) -> Problem:
    styles = several(style)
    if not styles:
        raise ValueError("Got no style, expected a painting or several.")
    content_masks, style_masks = map(several, masks)
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


def _vgg(file: AnyPath | None) -> "VGGWeights":
    keras_on_tensorflow()
    with quiet_start("tensorflow"):
        from restyle.measure import vgg_weights
    return vgg_weights(file, LOGGER.info)
