"""How the objective is minimized: needs no TensorFlow to be read."""

import dataclasses

from restyle.media.images import fit_long_side
from restyle.models.objective_config import ObjectiveConfig
from restyle.models.settings import check_choices, setting

OPTIMIZERS = ("lbfgs", "adam")
STARTS = ("content", "noise", "style")
SMALLEST_SCALE = 128
PRECISIONS = ("auto", "float32", "bfloat16")
COLORS = ("none", "luminance", "match")


@dataclasses.dataclass(frozen=True)
class PictureObjective(ObjectiveConfig):
    """The objective with the defaults of a picture whose pixels are optimized one by one.

    Pixels that are free take on a grain that no layer minds; a network, which paints all places
    by the same filters, has little of it, and is trained without total variation.
    """

    tv_weight: float = setting(
        2.0, "Smoothness: weight of the total variation, which removes specks. 0 or more."
    )


@dataclasses.dataclass(frozen=True)
class OptimizeConfig:
    """How the objective is minimized; `restyle.exact.optimizer.optimize` obeys every field."""

    size: int = setting(512, "Long side of the result in pixels; 0: the content's own size.")
    smallest_scale: int = setting(
        0,
        "Long side in pixels of the first, coarsest scale; give the value of --size for a single "
        "scale. 0: 128, or a single scale if --init is a network or a picture, whose details "
        "coarser scales would lose.",
    )
    iterations: int = setting(300, "Iterations of all scales together, 1 or more.")
    optimizer: str = setting(
        "lbfgs", "adam needs less memory but more iterations.", choices=OPTIMIZERS
    )
    learning_rate: float = setting(
        0.02, "For adam: roughly how much a pixel changes in one iteration, above 0."
    )
    init: str = setting(
        "content",
        "What to start from: content, noise or style; a trained network, by its name (starry_night "
        "...) or .keras file, for the picture it makes of the content; or the path of a picture. "
        "For a picture that has one of these names write ./NAME.",
    )
    seed: int = setting(0, "Seed of the noise for --init=noise.")
    style_scale: float = setting(
        1.0, "Long side of the style as a multiple of the result's, above 0."
    )
    style_size: int = setting(
        0, "Long side of the style in pixels, in place of style_scale; 0: unused."
    )
    despeckle: int = setting(
        0,
        "Remove specks of the painting, which would come back as bright dots: side in pixels, odd, "
        "of a median filter over it, at its own size and at each scale. Try 3; 0: none.",
    )
    history: int = setting(
        20, "Steps that L-BFGS remembers, 1 or more; each costs up to 24 bytes a pixel."
    )
    precision: str = setting(
        "auto",
        "Precision of the network's activations; auto: whichever is faster on this machine.",
        choices=PRECISIONS,
    )
    memory_gb: float = setting(
        0.0,
        "Memory that the run may use, in GB; 0: what is free. A picture that needs more is "
        "processed in tiles, and what L-BFGS remembers is rounded or kept in files.",
    )
    preserve_color: str = setting(
        "none",
        "Keep the content's colors: luminance puts them back into the result; match gives them to "
        "the style beforehand.",
        choices=COLORS,
    )

    def __post_init__(self):
        check_choices(self)
        least = {"size": 0, "smallest_scale": 0, "iterations": 1, "history": 1, "style_size": 0}
        for name, bound in least.items():
            if getattr(self, name) < bound:
                raise ValueError(f"Got {name} {getattr(self, name)}, expected {bound} or more.")
        if self.despeckle and (self.despeckle < 3 or self.despeckle % 2 == 0):
            raise ValueError(
                f"Got despeckle {self.despeckle}, expected 0 or an odd number of 3 or more."
            )
        for name in ("learning_rate", "style_scale"):
            if not 0 < getattr(self, name) < float("inf"):
                raise ValueError(f"Got {name} {getattr(self, name)}, expected a number above 0.")
        if not 0 <= self.memory_gb < float("inf"):
            raise ValueError(f"Got memory_gb {self.memory_gb}, expected 0 or more.")


def result_size(content_size: tuple[int, int], config: OptimizeConfig) -> tuple[int, int]:
    """The (height, width) of the picture that a run makes of a content of this size."""
    return fit_long_side(content_size, config.size) if config.size else content_size


def first_long_side(size: tuple[int, int], config: OptimizeConfig) -> int:
    """The least long side of a scale on the way to a picture of `size`."""
    if config.smallest_scale:
        return config.smallest_scale
    return SMALLEST_SCALE if config.init in STARTS else max(size)


def style_long_side(size: tuple[int, int], last: tuple[int, int], config: OptimizeConfig) -> int:
    """Long side in pixels of the style at a scale of `size`, when the last scale is `last`."""
    if config.style_size:
        return max(1, round(config.style_size * max(size) / max(last)))
    return max(1, round(config.style_scale * max(size)))
