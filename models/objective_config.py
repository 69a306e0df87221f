"""What is asked of a picture, apart from how it is computed: needs no Keras to be read."""

import dataclasses
from collections.abc import Sequence

from restyle.models.settings import check_choices, setting
from restyle.models.vgg_layers import LAYER_NAMES, block_of, paper_name

FORMULAS = ("relative", "gatys")
STYLE_LOSSES = ("wasserstein", "gram")
POOLINGS = ("max", "average")
# What a style layer of conv1, conv2 ... conv5 counts by the Wasserstein distance, chosen by eye:
# the first ones keep to the painting's palette and strokes, the deep ones ask for its figures too.
BLOCK_WEIGHTS = (4.0, 5.0, 6.0, 4.0, 1.0)
# Gatys et al. (2016): Gram matrices, average pooling, and section 2.4's alpha / beta = 1e-3.
PRESETS = {
    "restyle": {},
    "gatys": {
        "formula": "gatys",
        "style_loss": "gram",
        "pooling": "average",
        "content_weight": 1.0,
        "style_weight": 1000.0,
        "tv_weight": 0.0,
        "style_layer_weights": (),
    },
}


@dataclasses.dataclass(frozen=True)
class ObjectiveConfig:
    """What is asked of a picture. Weights have the meaning of Gatys et al. (2016), eq. 7."""

    content_weight: float = setting(
        0.08, "How much of the scene is kept; 0 gives a pure texture. 0 or more."
    )
    style_weight: float = setting(
        1.0, "How much of the style is taken on; 0 reconstructs the content. 0 or more."
    )
    tv_weight: float = setting(
        0.0, "Smoothness: weight of the total variation. Try 0.1 to 10. 0 or more."
    )
    content_layers: tuple[str, ...] = setting(
        ("conv4_2",),
        "VGG-19 layers of the content, comma-separated; conv4_2 and relu4_2 mean the same.",
    )
    style_layers: tuple[str, ...] = setting(
        ("conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1"),
        "VGG-19 layers of the style, comma-separated; conv4_2 and relu4_2 mean the same.",
    )
    content_layer_weights: tuple[float, ...] = setting(
        (), "One number for each of the content_layers; only the ratios matter. Empty: equal."
    )
    style_layer_weights: tuple[float, ...] = setting(
        (),
        "One number for each of the style_layers; only the ratios matter. Empty: 4, 5, 6, 4 and 1 "
        "for layers of conv1, conv2 ... conv5; equal with Gram matrices, the paper's w_l = 1/5.",
    )
    style_loss: str = setting(
        "wasserstein",
        "wasserstein compares means and covariances; gram compares the paper's Gram matrices.",
        choices=STYLE_LOSSES,
    )
    pooling: str = setting(
        "max",
        "Pooling in VGG-19: max, as it was trained, or average, as the paper prefers.",
        choices=POOLINGS,
    )
    # "gatys" has the paper's units, with weights of about 1 and 1000, for Gram matrices only. The
    # programs set it by --preset.
    formula: str = "relative"

    def __post_init__(self):
        for name in ("content_layers", "style_layers"):
            layers = tuple(paper_name(layer) for layer in getattr(self, name))
            if not layers or len(set(layers)) < len(layers):
                raise ValueError(f"Got {name} {layers}, expected one or more, each named once.")
            object.__setattr__(self, name, layers)
        if self.style_loss == "wasserstein" and not self.style_layer_weights:
            weights = tuple(BLOCK_WEIGHTS[block_of(layer) - 1] for layer in self.style_layers)
            object.__setattr__(self, "style_layer_weights", weights)
        overall = (self.content_weight, self.style_weight, self.tv_weight)
        check_weights("content_weight, style_weight, tv_weight", overall)
        shares(self.content_layer_weights, self.content_layers, "content_layer_weights")
        shares(self.style_layer_weights, self.style_layers, "style_layer_weights")
        check_choices(self)
        if self.formula not in FORMULAS:
            raise ValueError(f"Got formula {self.formula!r}, expected one of {FORMULAS}.")
        if self.formula == "gatys" and self.style_loss != "gram":
            raise ValueError(
                f"Got formula 'gatys' with style_loss {self.style_loss!r}: the paper's units are "
                "those of Gram matrices. Use style_loss 'gram'."
            )

    @property
    def layers(self) -> tuple[str, ...]:
        """All layers that the objective looks at."""
        return tuple(dict.fromkeys(self.content_layers + self.style_layers))


def without_deepest_style(objective: ObjectiveConfig) -> ObjectiveConfig:
    """The objective without its deepest style layer, for which VGG-19 is computed further.

    The same objective if the content needs that layer, or one as deep, or no other has a weight.
    """
    deepest = max(objective.layers, key=LAYER_NAMES.index)
    if deepest in objective.content_layers:
        return objective
    place = objective.style_layers.index(deepest)
    layers, weights = (
        values[:place] + values[place + 1 :]
        for values in (objective.style_layers, objective.style_layer_weights)
    )
    if not layers or (objective.style_layer_weights and not any(weights)):
        return objective
    return dataclasses.replace(objective, style_layers=layers, style_layer_weights=weights)


def check_weights(name: str, weights: Sequence[float]) -> None:
    """Raises ValueError unless all are finite, none is negative and one is positive."""
    if not all(0 <= weight < float("inf") for weight in weights) or not any(weights):
        raise ValueError(
            f"Got {name} = {', '.join(f'{weight:g}' for weight in weights)}, expected numbers of "
            "0 or more, at least one above 0."
        )


def shares(weights: Sequence[float], items: Sequence, name: str) -> list[float]:
    """`weights`, one for each of `items`, scaled to sum to one; equal where none are given."""
    weights = list(weights) or [1.0] * len(items)
    if len(weights) != len(items):
        raise ValueError(f"Got {len(weights)} {name} for {len(items)}: give one for each.")
    check_weights(name, weights)
    return [weight / sum(weights) for weight in weights]
