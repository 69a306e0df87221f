"""Coarse to fine: which sizes a picture goes through, and how long it stays at each."""

import dataclasses
import math
from collections.abc import Mapping, Sequence

import numpy as np

from restyle.errors import UserError
from restyle.exact.problem import Problem
from restyle.exact.settings import (
    OptimizeConfig,
    first_long_side,
    result_size,
    style_long_side,
)
from restyle.media.images import fit_long_side
from restyle.models.objective_config import ObjectiveConfig
from restyle.models.vgg_layers import smallest_side

# Long side in pixels up to which scales have equal shares of the iterations.
EQUAL_UP_TO = 1024


@dataclasses.dataclass(frozen=True)
class Scale:
    """One stage of a run.

    Attributes:
      size: (height, width) of the image.
      style_long_side: pixels of the paintings' long sides.
      iterations: spent here.
    """

    size: tuple[int, int]
    style_long_side: int
    iterations: int

    @property
    def work(self) -> int:
        """Iterations times pixels, to which the time spent here is proportional."""
        return self.iterations * self.size[0] * self.size[1]


def coarse_to_fine(
    size: tuple[int, int], config: OptimizeConfig, *, narrowest: int = 1
) -> tuple[Scale, ...]:
    """The scales of a run, each sqrt(2) larger than the one before, the last one `size`.

    Scales up to 1024 pixels get equal shares of the iterations, which makes all the coarser ones
    together as costly as the last one alone. The share of a larger scale is smaller by as much as
    its side is larger: the forms are there, and what is left to do is to sharpen them, so that a
    poster costs a small multiple of its few last iterations. Gatys et al. (2017), section 6, go in
    two steps; many small ones leave less to mend at each. Scales that would get no iteration, the
    coarse ones of a short run, are left out.

    narrowest: pixels that the short side of no scale but the last falls below.
    """
    sides, smallest = [float(max(size))], first_long_side(size, config)
    while (side := sides[-1] / math.sqrt(2)) >= smallest - 0.5:
        if min(fit_long_side(size, round(side))) < narrowest:
            break
        sides.append(side)
    sizes = [size, *(fit_long_side(size, round(side)) for side in sides[1:])]
    scales = [
        Scale(at, style_long_side(at, size, config), iterations)
        for at, iterations in zip(sizes, shared(config.iterations, sizes), strict=True)
        if iterations
    ]
    return tuple(reversed(scales))


def shared(iterations: int, sizes: Sequence[tuple[int, int]]) -> list[int]:
    """The iterations of each of several scales, fine to coarse; the finest take the rest."""
    weights = [min(1.0, EQUAL_UP_TO / max(size)) for size in sizes]
    shares = [math.floor(iterations * weight / sum(weights)) for weight in weights]
    rest = iterations - sum(shares)
    return [share + (position < rest) for position, share in enumerate(shares)]


def scales_of(
    problem: Problem, objective: ObjectiveConfig, config: OptimizeConfig
) -> tuple[Scale, ...]:
    """The scales of a run; UserError if one is too small for the layers of the objective."""
    styles = [style.shape[:2] for style in problem.styles]
    return schedule(problem.content.shape[:2], styles, config, objective.layers)


def schedule(
    content_size: tuple[int, int],
    style_sizes: Sequence[tuple[int, int]],
    config: OptimizeConfig,
    layers: Sequence[str],
) -> tuple[Scale, ...]:
    """The scales of a run on these pictures; UserError if one is too small for `layers`."""
    narrowest = smallest_side(layers)
    size = result_size(content_size, config)
    scales = coarse_to_fine(size, config, narrowest=narrowest)
    needed = f"the layers ({', '.join(layers)}) need {narrowest} pixels on each side"
    if min(size) < narrowest:
        raise UserError(
            f"The picture would be {size[1]} x {size[0]}, but {needed}. "
            "Pass a larger --size, or crop the content to a less extreme shape."
        )
    for style in style_sizes:
        height, width = fit_long_side(style, scales[0].style_long_side)
        if min(height, width) < narrowest:
            raise UserError(
                f"A style of {style[1]} x {style[0]} would be {width} x {height} at the first "
                f"scale, but {needed}. Pass a larger --style_scale, --style_size or "
                "--smallest_scale, or crop the style to a less extreme shape."
            )
    return scales


def iterations_left(
    scales: Sequence[Scale], resume: Mapping[str, np.ndarray] | None = None
) -> list[int]:
    """Iterations of each scale that are still to be done after a `Step.snapshot`."""
    index, done = (int(resume["scale_index"]), int(resume["iteration"])) if resume else (0, 0)
    finished = [scale.iterations for scale in scales[:index]] + [done]
    return [
        scale.iterations - (finished[at] if at < len(finished) else 0)
        for at, scale in enumerate(scales)
    ]
