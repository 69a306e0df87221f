"""How a network is trained: needs no TensorFlow to be read."""

import dataclasses
import math

from restyle.models.settings import check_choices, setting

PRECISIONS = ("auto", "float32", "bfloat16", "float16")
STRATEGIES = ("one", "mirrored", "multi_worker")
TUNED = ("all", "norms")


@dataclasses.dataclass(frozen=True)
class TrainConfig:
    """How a network is trained."""

    image_size: tuple[int, ...] = setting(
        (128, 192, 256),
        "Side in pixels of the square crops of the photos. Given several, from small to large, the "
        "crops grow during the run, each size for an equal share of it.",
    )
    style_size: tuple[int, ...] = setting(
        (384,),
        "Long side in pixels at which the paintings are seen: larger gives broader strokes. "
        "Several, such as 256,384,576, give the network a dial from fine strokes to broad ones.",
    )
    # Dumoulin et al. (2017), section 3.2, learn further styles by the norms alone.
    tune: str = setting(
        "all",
        "Which weights to train: all, or only gamma and beta of the norms.",
        choices=TUNED,
    )
    batch_size: int = setting(4, "Crops per step, over all devices.")
    epochs: float = setting(
        2.0, "How often each photo is seen; used if neither --steps nor --minutes is given."
    )
    steps: int = setting(0, "Steps to train; 0: as --epochs says.")
    minutes: float = setting(0.0, "Minutes to train, in place of --steps; 0: unused.")
    learning_rate: float = setting(
        8e-3,
        "Muon's highest learning rate; it falls to 0 at the end. Norms and the convolutions at "
        "either end go by Adam at a quarter of it. If not given, half of this when training starts "
        "from a network.",
    )
    warmup: int = setting(100, "Steps over which the learning rate rises.")
    gradient_clip: float = setting(
        0.5, "Longest gradient, over all weights together; a longer one is shortened to it."
    )
    lattice_weight: float = setting(
        500.0,
        "Weight of a term that removes the weave of 4 by 4 pixels that networks leave in their "
        "pictures; 0: none.",
    )
    temporal_weight: float = setting(
        0.0, "Steadiness under motion, for video; try 1 to 10. 0: for pictures only."
    )
    deep_from: float = setting(
        0.0,
        "Share of the run after which the deepest style layer joins, if it is deeper than the "
        "content's; say 0.67. Until then it is not computed, which saves about a sixth of each "
        "step, but gained nothing in runs of ten minutes.",
    )
    seed: int = setting(
        0, "Seed of the first weights, the order of the photos, their crops and motions."
    )
    precision: str = setting(
        "auto",
        "Precision of the activations; auto: whichever is faster here. float16 is for GPUs.",
        choices=PRECISIONS,
    )
    held_out: int = setting(4, "Photos to keep out of the training, for measurements and previews.")
    save_every: int = setting(200, "Steps between saved states.")
    retries: int = setting(
        4, "How many times a loss that is not finite may send the run back, at half the rate."
    )
    cache_photos: bool = setting(
        False,
        "Decode each photo once and keep it in memory, its shorter side at most twice the largest "
        "--image_size: 1.2 MB for a 3:2 photo at 256. The largest crops then show at least half of "
        "a large photo.",
    )

    def __post_init__(self):
        check_choices(self)
        least = {"batch_size": 1, "steps": 0, "warmup": 0}
        least |= {
            "minutes": 0,
            "lattice_weight": 0,
            "temporal_weight": 0,
            "held_out": 0,
            "save_every": 1,
        }
        for name, bound in (least | {"retries": 0}).items():
            if not bound <= getattr(self, name) < math.inf:
                raise ValueError(f"Got {name} {getattr(self, name)}, expected {bound} or more.")
        for name in ("epochs", "learning_rate", "gradient_clip"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"Got {name} {getattr(self, name)}, expected a number above 0.")
        if not 0 <= self.deep_from < 1:
            raise ValueError(f"Got deep_from {self.deep_from}, expected at least 0 and below 1.")
        for name in ("image_size", "style_size"):
            if not getattr(self, name) or min(getattr(self, name)) < 16:
                raise ValueError(f"Got {name} {getattr(self, name)}, expected 16 pixels or more.")
        if list(self.image_size) != sorted(set(self.image_size)):
            raise ValueError(
                f"Got image_size {self.image_size}, expected sizes from small to large."
            )
        if self.steps and self.minutes:
            raise ValueError("Got both steps and minutes, expected at most one of them.")

    def steps_for(self, photos: int) -> int:
        """How many steps a run over so many photos takes; with `minutes`, only the clock knows."""
        return self.steps or max(1, round(self.epochs * photos / self.batch_size))

    @property
    def largest_side(self) -> int:
        """Of the crops."""
        return self.image_size[-1]

    def side_at(self, progress: float) -> int:
        """Of the crops when this share of the run is done, in [0, 1]."""
        place = int(progress * len(self.image_size))
        return self.image_size[min(place, len(self.image_size) - 1)]

    def whole_at(self, progress: float) -> bool:
        """Whether the whole objective counts when this share of the run is done, in [0, 1]."""
        return progress >= self.deep_from


def learning_rate_at(step: int, progress: float, config: TrainConfig) -> float:
    """The rate of a step: a linear rise over `warmup` steps, and a line down to 0.

    rate = learning_rate min(1, (step + 1) / (warmup + 1)) (1 - progress)

    Bergsma et al. (2025), Straight to Zero, find a line best for language models. Half a cosine,
    by which little moves in the last third of a run, left objectives 0.8% higher here, on average.

    step: from 0. progress: share of the run that is done, in [0, 1].
    """
    rise = min(1.0, (step + 1) / (config.warmup + 1))
    return config.learning_rate * rise * (1.0 - progress)
