"""A trained network as it was asked to paint: pixels in, pixels out."""

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from restyle.color import keep_luminance
from restyle.errors import UserError
from restyle.masks import read_mask
from restyle.media.image_source import ImageSource, picture_from
from restyle.models.objective_config import shares
from restyle.models.settings import check_choices, setting
from restyle.models.transform_config import TransformConfig

COLORS = ("none", "luminance")

# From the inputs of a network, by name, to what it paints.
Run = Callable[[Mapping[str, np.ndarray]], np.ndarray]


@dataclasses.dataclass(frozen=True)
class Look:
    """How a network is to paint; `Stylizer` obeys every field."""

    style_blend_weights: tuple[float, ...] = setting(
        (),
        "One number for each style of the network, comma-separated; only the ratios matter. Empty: "
        "equal.",
    )
    strength: float = setting(1.0, "0 gives the photo, 1 the style.")
    stroke: float | None = setting(
        None,
        "0 gives the finest strokes that the network has learned, 1 the broadest. If not given: "
        "those in the middle.",
    )
    preserve_color: str = setting(
        "none",
        "Keep the photo's colors: luminance takes only the brightness from the painted picture.",
        choices=COLORS,
    )
    mask: ImageSource = setting("", "A grayscale picture, white where the style applies.")

    def __post_init__(self):
        check_choices(self)
        for name, value in (("strength", self.strength), ("stroke", self.stroke)):
            if value is not None and not 0 <= value <= 1:
                raise ValueError(f"Got {name} {value}, expected a number from 0 to 1.")

    @property
    def masked(self) -> bool:
        """Whether the style applies to a part only."""
        return not (isinstance(self.mask, str) and self.mask == "")

    def check(self, shape: TransformConfig) -> None:
        """Raises UserError unless a network of this shape can paint so, with a mask that is one."""
        try:
            shares(self.style_blend_weights, shape.styles, "style_blend_weights")
        except ValueError as error:
            raise UserError(f"{error} The network's styles: {', '.join(shape.styles)}.") from error
        if self.stroke is not None and shape.strokes == 1:
            raise UserError(
                f"Got --stroke={self.stroke:g} for a network that has learned one stroke size. "
                "Drop it, or train a network with --style_size=256,384,576."
            )
        if self.masked:
            picture_from(self.mask)

    def inputs(self, images: np.ndarray, shape: TransformConfig) -> dict[str, np.ndarray]:
        """What a network of this shape takes for these images, (b, h, w, 3)."""
        stroke = 0.5 if self.stroke is None else self.stroke
        return shape.inputs(images, self.style_blend_weights, strength=self.strength, stroke=stroke)


class Stylizer:
    """Paints pictures of any size.

    Args:
      engine: runs the network on a batch, see restyle/engines/engines.py.
      in_bands: runs it on one picture in bounded memory, see restyle/paint/bands.py.
      fits: whether a (height, width) is for the engine, or else for `in_bands`.
    """

    def __init__(
        self,
        engine: Run,
        shape: TransformConfig,
        look: Look,
        *,
        in_bands: Run,
        fits: Callable[[tuple[int, int]], bool],
    ):
        look.check(shape)
        self.engine, self.shape, self.look = engine, shape, look
        self.in_bands, self.fits = in_bands, fits
        # The frames of a video all have one size.
        self._mask = functools.lru_cache(maxsize=1)(functools.partial(read_mask, look.mask))

    def picture(self, pixels: np.ndarray) -> np.ndarray:
        """One picture, (h, w, 3) in [0, 1], painted: the same size."""
        return self.frames(pixels[np.newaxis])[0]

    def frames(self, images: np.ndarray) -> np.ndarray:
        """Pictures of one size, (b, h, w, 3) in [0, 1], painted: the same shape."""
        count, height, width = images.shape[:3]
        whole = self.fits((count * height, width))  # As much memory as one picture so high.
        if count > 1 and not whole:
            return np.concatenate([self.frames(image[np.newaxis]) for image in images])
        run = self.engine if whole else self.in_bands
        return self._finished(run(self.look.inputs(images, self.shape)), images)

    def _finished(self, painted: np.ndarray, images: np.ndarray) -> np.ndarray:
        look = self.look
        if look.strength < 1 and not self.shape.strength:
            painted = images + look.strength * (painted - images)
        if look.preserve_color == "luminance":
            pairs = zip(painted, images, strict=True)
            painted = np.stack([keep_luminance(one, photo) for one, photo in pairs])
        if look.masked:
            mask = self._mask(images.shape[1:3])[..., np.newaxis]
            painted = images + mask * (painted - images)
        return painted


def strength_note(look: Look, shapes: Sequence[TransformConfig]) -> str:
    """What to say of a strength that a network was not trained for; mostly ""."""
    if look.strength < 1 and not all(shape.strength for shape in shapes):
        return (
            "the network has no strength dial: its picture is blended with the photo instead. "
            "Train one with train_fast.py --strength."
        )
    return ""
