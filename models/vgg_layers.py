"""The layers of VGG-19 by the paper's names."""

from collections.abc import Sequence

CONVOLUTIONS_PER_BLOCK = (2, 2, 4, 4, 4)
LAYER_NAMES = tuple(
    f"conv{block}_{index}"
    for block, count in enumerate(CONVOLUTIONS_PER_BLOCK, 1)
    for index in range(1, count + 1)
)


def paper_name(layer: str) -> str:
    """The paper's name of a layer: `relu4_2` and `conv4_2` both mean its output after the ReLU."""
    name = layer.strip().replace("relu", "conv")
    if name not in LAYER_NAMES:
        raise ValueError(
            f"VGG-19 has no layer {layer!r}. Choose from {LAYER_NAMES[0]} ... {LAYER_NAMES[-1]} "
            f"(conv and relu mean the same): {', '.join(LAYER_NAMES)}."
        )
    return name


def block_of(layer: str) -> int:
    """The block of a layer, 1 to 5: VGG-19 pools before each but the first."""
    return int(paper_name(layer)[4])


def smallest_side(layers: Sequence[str]) -> int:
    """Pixels that an image needs on each side for every one of `layers` to have a position."""
    return max(2 ** (block_of(layer) - 1) for layer in layers)
