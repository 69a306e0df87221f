"""First weights for a network, taken from one that can already paint."""

import numpy as np

from restyle.models.layers import ConditionalInstanceNorm, InstanceNorm
from restyle.models.transform_config import TransformConfig
from restyle.models.transform_net import TransformNet


def start_from(network: TransformNet, source: TransformNet) -> None:
    """Gives the network the weights of another one of the same width and depth.

    Dumoulin et al. (2017), section 3.2, learn a further style by its norms alone, from a network of
    others. A style that both networks have, by its name, keeps its norms; a new one begins with the
    mean of the old ones.
    """
    shares = _shares(network.config, source.config)
    for layer in network.layers:
        if not layer.weights:
            continue
        values = source.get_layer(layer.name).get_weights()
        if isinstance(layer, InstanceNorm | ConditionalInstanceNorm):
            rows = [shares @ np.atleast_2d(value) for value in values]
            values = [
                row.reshape(weight.shape) for row, weight in zip(rows, layer.weights, strict=True)
            ]
        layer.set_weights(values)


def _shares(new: TransformConfig, old: TransformConfig) -> np.ndarray:
    """How much of each condition of the old network is in each of the new one's, (new, old)."""
    known = _conditions(old)
    rows = []
    for condition in _conditions(new):
        alike = [i for i, each in enumerate(known) if each == condition]
        same_style = [i for i, each in enumerate(known) if each[0] == condition[0]]
        styles = [i for i, each in enumerate(known) if each[0] is not None]
        chosen = alike or same_style or styles
        rows.append(np.isin(np.arange(len(known)), chosen) / len(chosen))
    return np.array(rows, np.float32)


def _conditions(config: TransformConfig) -> list[tuple[str | None, int]]:
    """Style and stroke size of each row of the norms, as `Condition` orders them; None: a photo."""
    conditions: list[tuple[str | None, int]] = [(None, 0)] * config.strength
    for style in config.styles:
        conditions += [(style, size) for size in config.stroke_sizes or (0,)]
    return conditions
