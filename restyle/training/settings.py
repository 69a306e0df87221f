"""How a network is trained: needs no TensorFlow to be read."""

import dataclasses
import math

PRECISIONS = ("auto", "float32", "bfloat16", "float16")
STRATEGIES = ("one", "mirrored", "multi_worker")
TUNED = ("all", "norms")


@dataclasses.dataclass(frozen=True)
class TrainConfig:
    """How a network is trained.

    Attributes:
      image_size: side in pixels of the square crops.
      style_size: long sides in pixels of the paintings, from small to large: strokes come out at
        these scales. With several the network has a dial between them.
      tune: "all" weights, or the "norms" alone: gamma and beta (Dumoulin et al. 2017, 3.2).
      batch_size: crops in one step, of all devices together.
      epochs: how often each photo is seen; counts if neither `steps` nor `minutes` is given.
      steps: in all; 0 means by `epochs`.
      minutes: how long to train, in the place of steps; 0 means unused.
      learning_rate: of Adam, at its highest.
      warmup: steps in which the rate rises to that; it then falls to 0 in half a cosine.
      gradient_clip: longest gradient of all weights together; longer ones are shortened.
      temporal_weight: weight of the steadiness under motion, 0 for pictures only.
      seed: of the network's first weights, the order of the photos, their crops and motions.
      precision: of activations, "float32", "bfloat16", "float16" or "auto", the faster here.
      held_out: photos that are not trained on but shown and measured.
      checkpoint_interval: steps between saved states.
      retries: how often a loss that is not finite sends the run back, at half the rate.
      cache_photos: whether photos are decoded once and stay in memory, made smaller if they are
        large: see restyle/media/photo_crops.py.
    """

    image_size: int = 256
    style_size: tuple[int, ...] = (384,)
    tune: str = "all"
    batch_size: int = 4
    epochs: float = 2.0
    steps: int = 0
    minutes: float = 0.0
    learning_rate: float = 1e-3
    warmup: int = 50
    gradient_clip: float = 0.5
    temporal_weight: float = 0.0
    seed: int = 0
    precision: str = "auto"
    held_out: int = 4
    checkpoint_interval: int = 200
    retries: int = 4
    cache_photos: bool = False

    def __post_init__(self):
        least = {"image_size": 16, "batch_size": 1, "steps": 0, "warmup": 0}
        least |= {"minutes": 0, "temporal_weight": 0, "held_out": 0, "checkpoint_interval": 1}
        for name, bound in (least | {"retries": 0}).items():
            if not bound <= getattr(self, name) < math.inf:
                raise ValueError(f"Got {name} {getattr(self, name)}, expected {bound} or more.")
        for name in ("epochs", "learning_rate", "gradient_clip"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"Got {name} {getattr(self, name)}, expected a number above 0.")
        if not self.style_size or min(self.style_size) < 16:
            raise ValueError(f"Got style_size {self.style_size}, expected 16 pixels or more.")
        if self.tune not in TUNED:
            raise ValueError(f"Got tune {self.tune!r}, expected one of {TUNED}.")
        if self.steps and self.minutes:
            raise ValueError("Got both steps and minutes: give the one that is to end the run.")

    def steps_for(self, photos: int) -> int:
        """How many steps a run over so many photos takes; with `minutes`, only the clock knows."""
        return self.steps or max(1, round(self.epochs * photos / self.batch_size))


def learning_rate_at(step: int, progress: float, config: TrainConfig) -> float:
    """The rate of a step: a linear rise over `warmup` steps, half a cosine down to 0.

    step: from 0. progress: share of the run that is done, in [0, 1].
    """
    rise = min(1.0, (step + 1) / (config.warmup + 1))
    return config.learning_rate * rise * 0.5 * (1.0 + math.cos(math.pi * progress))
