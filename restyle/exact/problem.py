"""What a run is asked: a photo, paintings, and masks; and its answer in their colors."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from restyle.color import keep_luminance, match_color
from restyle.exact.settings import OptimizeConfig, result_size
from restyle.masks import read_mask, read_style_mask
from restyle.media.image_source import ImageSource, picture_from
from restyle.media.images import fit_long_side, resize
from restyle.media.specks import median_filter


@dataclasses.dataclass(frozen=True)
class Problem:
    """A photo and the paintings it is to look like, at their own sizes.

    Attributes:
      content: (h, w, 3) float32 in [0, 1].
      styles: of the same kind, each of its own size.
      blend_weights: one for each style, only the ratios matter; empty means equal.
      content_masks: (h, w) in [0, 1] at the content's size, one for each style, or empty.
      style_masks: (h, w) in [0, 1], each at its style's size, or empty.
      start: (h, w, 3), the picture of any size that a run starts from unless its init is one of
        `STARTS`.
      alpha: (h, w), the content's opacity, None if it is opaque all over.
      notes: what the user should know of the files that were read.
    """

    content: np.ndarray
    styles: Sequence[np.ndarray]
    blend_weights: Sequence[float] = ()
    content_masks: Sequence[np.ndarray] = ()
    style_masks: Sequence[np.ndarray] = ()
    start: np.ndarray | None = None
    alpha: np.ndarray | None = None
    notes: Sequence[str] = ()


def recolored(problem: Problem, config: OptimizeConfig) -> Problem:
    """The problem with the content's colors in its styles, if `preserve_color` is "match".

    Gatys et al. (2017), section 5.
    """
    if config.preserve_color != "match":
        return problem
    styles = [match_color(style, problem.content) for style in problem.styles]
    return dataclasses.replace(problem, styles=styles)


def despeckled(problem: Problem, config: OptimizeConfig) -> Problem:
    """The problem with the specks of its styles, as large as they are, taken out.

    Statistics know how many specks a painting has and not that they lie along its strokes: they
    come back as dots, anywhere.
    """
    if not config.despeckle:
        return problem
    styles = [median_filter(style, config.despeckle) for style in problem.styles]
    return dataclasses.replace(problem, styles=styles)


def despeckled_at(problem: Problem, config: OptimizeConfig, long_side: int) -> Problem:
    """A despeckled problem as a scale sees it that brings the styles to `long_side` pixels.

    In a smaller copy what was a stroke is a speck: those are taken out too.
    """
    if not config.despeckle:
        return problem
    copies = [resize(style, fit_long_side(style.shape[:2], long_side)) for style in problem.styles]
    return despeckled(dataclasses.replace(problem, styles=copies), config)


def finished(pixels: np.ndarray, problem: Problem, config: OptimizeConfig) -> np.ndarray:
    """What is saved of an image: enlarged if it is of an early scale, its colors put back.

    pixels: (h, w, 3) in [0, 1], of any scale; the result is at the last one's size, in [0, 1] too.
    """
    size = result_size(problem.content.shape[:2], config)
    if pixels.shape[:2] != size:
        pixels = resize(pixels, size)
    if config.preserve_color == "luminance":
        pixels = keep_luminance(pixels, resize(problem.content, size))
    return pixels


def saved_alpha(problem: Problem, size: tuple[int, int]) -> np.ndarray | None:
    """The content's opacity at the size of the result."""
    return None if problem.alpha is None else resize(problem.alpha, size)


def read_problem(
    content: ImageSource,
    styles: Sequence[ImageSource],
    *,
    blend_weights: Sequence[float] = (),
    masks: Sequence[tuple[ImageSource, ImageSource]] = (),
    start: ImageSource | None = None,
) -> Problem:
    """Reads all pictures of a run; UserError for the first that cannot be used.

    masks: (content mask, style mask) for each style, see restyle/masks.py, or empty.
    """
    photo = picture_from(content)
    paintings = [picture_from(style) for style in styles]
    beginning = [] if start is None else [picture_from(start)]
    pixels = [painting.pixels for painting in paintings]
    pairs = list(zip(masks, pixels, strict=True)) if masks else []
    return Problem(
        content=photo.pixels,
        styles=pixels,
        blend_weights=blend_weights,
        content_masks=[read_mask(mask[0], photo.pixels.shape[:2]) for mask in masks],
        style_masks=[read_style_mask(mask[1], style.shape[:2]) for mask, style in pairs],
        start=beginning[0].pixels if beginning else None,
        alpha=photo.alpha,
        notes=[picture.note for picture in [photo, *paintings, *beginning] if picture.note],
    )
