"""First weights for a network, taken from one that can already paint."""

from collections.abc import Sequence

import numpy as np

from models.layers import ConditionalInstanceNorm, InstanceNorm
from models.transform_net import TransformNet


def start_from(network: TransformNet, source: TransformNet) -> None:
    """Gives the network the weights of another one of the same width and depth.

    Dumoulin et al. (2017), section 3.2, learn a further style by its norms alone, from a network of
    others; here all weights go on learning. Where the two have other styles, each of the new ones
    begins with the norms of the old ones' mean.
    """
    for layer in network.layers:
        if not layer.weights:
            continue
        values = source.get_layer(layer.name).get_weights()
        if isinstance(layer, InstanceNorm | ConditionalInstanceNorm):
            values = _with_shapes(values, [tuple(weight.shape) for weight in layer.weights])
        layer.set_weights(values)


def _with_shapes(
    values: Sequence[np.ndarray], shapes: Sequence[tuple[int, ...]]
) -> list[np.ndarray]:
    """Each as it is if it fits, or else the mean of its styles for every style."""
    return [
        value if value.shape == shape else np.broadcast_to(np.atleast_2d(value).mean(0), shape)
        for value, shape in zip(values, shapes, strict=True)
    ]
