"""The shape of a transform network: needs no Keras to be read."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class TransformConfig:
    """The shape of a transform network.

    Attributes:
      width: channels at full resolution; twice and four times as many below. 32 is the paper's.
      residual_blocks: at a quarter of the resolution.
      styles: names of the styles it paints; with several it takes "style_weights".
      strength: whether it has a dial from photo to style, and takes "strength".
    """

    width: int = 32
    residual_blocks: int = 5
    styles: tuple[str, ...] = ("style",)
    strength: bool = False

    def __post_init__(self):
        object.__setattr__(self, "styles", tuple(self.styles))
        if self.width < 1 or self.residual_blocks < 0:
            raise ValueError(
                f"Got width {self.width} and residual_blocks {self.residual_blocks}, expected at "
                "least 1 and 0."
            )
        if not self.styles or len(set(self.styles)) < len(self.styles):
            raise ValueError(f"Got styles {self.styles}, expected one or more, each named once.")

    @property
    def conditions(self) -> int:
        """What the norms blend: see models/layers.py; 0 for one style without a dial."""
        several = len(self.styles) if len(self.styles) > 1 or self.strength else 0
        return several + self.strength
