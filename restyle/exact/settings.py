"""How the objective is minimised: needs no TensorFlow to be read."""

import dataclasses

from restyle.media.images import fit_long_side

OPTIMIZERS = ("lbfgs", "adam")
STARTS = ("content", "noise", "style")
PICTURE = "picture"
SMALLEST_SCALE = 128
PRECISIONS = ("auto", "float32", "bfloat16")
COLORS = ("none", "luminance", "match")
CHOICES = {
    "optimizer": OPTIMIZERS,
    "init": (*STARTS, PICTURE),
    "precision": PRECISIONS,
    "preserve_color": COLORS,
}


@dataclasses.dataclass(frozen=True)
class OptimizeConfig:
    """How the objective is minimised; `restyle.exact.optimizer.optimize` obeys every field.

    Attributes:
      size: long side of the result in pixels; 0 keeps the content's own size.
      smallest_scale: long side at which coarse to fine begins; `size` or more means one scale. 0
        means 128, but one scale from a picture, whose details coarser ones would throw away.
      iterations: of all scales together.
      optimizer: "lbfgs" or "adam".
      learning_rate: of Adam, about the change of a pixel in one iteration.
      init: what the run starts from, "content", "noise", "style", or "picture": the problem's own.
      seed: of the noise.
      style_scale: long side of the style as a multiple of the result's.
      style_size: long side of the style in pixels at the last scale; 0 means by `style_scale`.
      history: pairs that L-BFGS remembers.
      precision: of the network's activations, "float32", "bfloat16" or "auto", the faster here.
      preserve_color: "none"; "luminance" takes the content's colours into the result, "match"
        gives them to the style first.
    """

    size: int = 512
    smallest_scale: int = 0
    iterations: int = 300
    optimizer: str = "lbfgs"
    learning_rate: float = 0.02
    init: str = "content"
    seed: int = 0
    style_scale: float = 1.0
    style_size: int = 0
    history: int = 20
    precision: str = "auto"
    preserve_color: str = "none"

    def __post_init__(self):
        for name, known in CHOICES.items():
            if getattr(self, name) not in known:
                raise ValueError(f"Got {name} {getattr(self, name)!r}, expected one of {known}.")
        least = {"size": 0, "smallest_scale": 0, "iterations": 1, "history": 1, "style_size": 0}
        for name, bound in least.items():
            if getattr(self, name) < bound:
                raise ValueError(f"Got {name} {getattr(self, name)}, expected {bound} or more.")
        for name in ("learning_rate", "style_scale"):
            if not 0 < getattr(self, name) < float("inf"):
                raise ValueError(f"Got {name} {getattr(self, name)}, expected a number above 0.")


def result_size(content_size: tuple[int, int], config: OptimizeConfig) -> tuple[int, int]:
    """The (height, width) of the picture that a run makes of a content of this size."""
    return fit_long_side(content_size, config.size) if config.size else content_size


def first_long_side(size: tuple[int, int], config: OptimizeConfig) -> int:
    """The least long side of a scale on the way to a picture of `size`."""
    if config.smallest_scale:
        return config.smallest_scale
    return max(size) if config.init == PICTURE else SMALLEST_SCALE


def style_long_side(size: tuple[int, int], last: tuple[int, int], config: OptimizeConfig) -> int:
    """Long side in pixels of the style at a scale of `size`, when the last scale is `last`."""
    if config.style_size:
        return max(1, round(config.style_size * max(size) / max(last)))
    return max(1, round(config.style_scale * max(size)))
