"""The shape of a transform network: needs no Keras to be read."""

import dataclasses
import itertools
from collections.abc import Sequence

import numpy as np
from restyle.models.objective_config import shares
from restyle.models.settings import setting


@dataclasses.dataclass(frozen=True)
class TransformConfig:
    """The shape of a transform network.

    Attributes:
      width: there are twice and four times as many below.
      styles: names of the styles it paints; with several it takes "style_weights".
      strength: it takes "strength".
      stroke_sizes: long sides in pixels at which its paintings were learned, from fine strokes to
        broad ones; with several it has a dial between them, and takes "stroke". Empty: one size.
    """

    width: int = setting(
        24, "Channels at full resolution; 32 is the paper's, 16 is three times as fast."
    )
    residual_blocks: int = setting(5, "Residual blocks, at a quarter of the resolution.")
    styles: tuple[str, ...] = ("style",)
    strength: bool = setting(True, "Give the network a dial from photo to style.")
    stroke_sizes: tuple[int, ...] = ()

    def __post_init__(self):
        object.__setattr__(self, "styles", tuple(self.styles))
        object.__setattr__(self, "stroke_sizes", tuple(self.stroke_sizes))
        if self.width < 1 or self.residual_blocks < 0:
            raise ValueError(
                f"Got width {self.width} and residual_blocks {self.residual_blocks}, expected at "
                "least 1 and 0."
            )
        if not self.styles or len(set(self.styles)) < len(self.styles):
            raise ValueError(f"Got styles {self.styles}, expected one or more, each named once.")
        if any(low >= high for low, high in itertools.pairwise((0, *self.stroke_sizes))):
            raise ValueError(
                f"Got stroke_sizes {self.stroke_sizes}, expected pixels from small to large."
            )

    @property
    def conditions(self) -> int:
        """What the norms blend: see models/layers.py; 0 for one style without a dial."""
        looks = len(self.styles) * self.strokes
        return looks + self.strength if looks > 1 or self.strength else 0

    @property
    def input_shapes(self) -> dict[str, tuple[int | None, ...]]:
        """Shapes of the inputs that it takes, by name, without that of the batch."""
        shapes: dict[str, tuple[int | None, ...]] = {"images": (None, None, 3)}
        if len(self.styles) > 1:
            shapes["style_weights"] = (len(self.styles),)
        if self.strength:
            shapes["strength"] = (1,)
        if self.strokes > 1:
            shapes["stroke"] = (1,)
        return shapes

    def inputs(
        self,
        images: np.ndarray,
        style_weights: Sequence[float] = (),
        *,
        strength: float = 1.0,
        stroke: float = 0.5,
    ) -> dict[str, np.ndarray]:
        """What it takes to paint images, (b, h, w, 3), all alike.

        style_weights: one for each style, only the ratios matter; empty: equal.
        """
        values = {
            "style_weights": shares(style_weights, self.styles, "style_blend_weights"),
            "strength": [strength],
            "stroke": [stroke],
        }
        rows = {
            name: np.tile(np.array(values[name], np.float32), (len(images), 1))
            for name in self.input_shapes
            if name != "images"
        }
        return {"images": np.ascontiguousarray(images, np.float32), **rows}

    @property
    def strokes(self) -> int:
        """In how many stroke sizes it paints each style."""
        return max(1, len(self.stroke_sizes))
