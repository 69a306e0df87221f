"""What is asked of a picture, apart from how it is computed: needs no Keras to be read."""

import dataclasses
from collections.abc import Sequence

from restyle.models.vgg_layers import paper_name

FORMULAS = ("relative", "gatys")
STYLE_LOSSES = ("wasserstein", "gram")
POOLINGS = ("max", "average")
# Gatys et al. (2016): Gram matrices, average pooling, and section 2.4's alpha / beta = 1e-3.
PRESETS = {
    "restyle": {},
    "gatys": {
        "formula": "gatys",
        "style_loss": "gram",
        "pooling": "average",
        "content_weight": 1.0,
        "style_weight": 1000.0,
    },
}


@dataclasses.dataclass(frozen=True)
class ObjectiveConfig:
    """What is asked of a picture.

    Attributes:
      content_weight: alpha of eq. 7. Higher keeps more of the scene.
      style_weight: beta of eq. 7.
      tv_weight: weight of the total variation. Higher smooths.
      content_layers, style_layers: VGG-19 layers by the paper's names.
      content_layer_weights, style_layer_weights: one for each layer, only their ratios matter;
        empty means equal, the paper's w_l = 1/5.
      style_loss: "wasserstein" compares means and covariances, "gram" the paper's Gram matrices.
      pooling: of VGG-19, "max" as it was trained, or "average", which the paper prefers.
      formula: "relative", or "gatys" for the paper's units (weights then are about 1 and 1000;
        for style_loss "gram" only).
    """

    content_weight: float = 0.1
    style_weight: float = 1.0
    tv_weight: float = 0.0
    content_layers: tuple[str, ...] = ("conv4_2",)
    style_layers: tuple[str, ...] = ("conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1")
    content_layer_weights: tuple[float, ...] = ()
    style_layer_weights: tuple[float, ...] = ()
    style_loss: str = "wasserstein"
    pooling: str = "max"
    formula: str = "relative"

    def __post_init__(self):
        for name in ("content_layers", "style_layers"):
            layers = tuple(paper_name(layer) for layer in getattr(self, name))
            if not layers or len(set(layers)) < len(layers):
                raise ValueError(f"Got {name} {layers}, expected one or more, each named once.")
            object.__setattr__(self, name, layers)
        overall = (self.content_weight, self.style_weight, self.tv_weight)
        check_weights("content_weight, style_weight, tv_weight", overall)
        shares(self.content_layer_weights, self.content_layers, "content_layer_weights")
        shares(self.style_layer_weights, self.style_layers, "style_layer_weights")
        choices = {"formula": FORMULAS, "style_loss": STYLE_LOSSES, "pooling": POOLINGS}
        for name, known in choices.items():
            if getattr(self, name) not in known:
                raise ValueError(f"Got {name} {getattr(self, name)!r}, expected one of {known}.")
        if self.formula == "gatys" and self.style_loss != "gram":
            raise ValueError(
                f"Got formula 'gatys' with style_loss {self.style_loss!r}: the paper's units are "
                "those of Gram matrices. Use style_loss 'gram'."
            )

    @property
    def layers(self) -> tuple[str, ...]:
        """All layers that the objective looks at."""
        return tuple(dict.fromkeys(self.content_layers + self.style_layers))


def check_weights(name: str, weights: Sequence[float]) -> None:
    """Raises ValueError unless all are finite, none is negative and one is positive."""
    if not all(0 <= weight < float("inf") for weight in weights) or not any(weights):
        raise ValueError(
            f"Got {name} = {', '.join(f'{weight:g}' for weight in weights)}, expected numbers of "
            f"at least 0 of which one is above 0."
        )


def shares(weights: Sequence[float], items: Sequence, name: str) -> list[float]:
    """`weights`, one for each of `items`, scaled to sum to one; equal where none are given."""
    weights = weights or [1.0] * len(items)
    if len(weights) != len(items):
        raise ValueError(f"Got {len(weights)} {name} for {len(items)}: give one for each.")
    check_weights(name, weights)
    return [weight / sum(weights) for weight in weights]
