"""The scores that the flags of evaluate.py ask for."""

from collections.abc import Mapping, Sequence

import numpy as np
from absl import flags

from restyle.errors import UserError
from restyle.media.images import read_image
from restyle.programs.objective_flags import objective_config

FLAGS = flags.FLAGS
Pictures = Mapping[str, np.ndarray]


def read_compared(
    content: str, styles: Sequence[str], results: Sequence[str]
) -> tuple[np.ndarray, Pictures, Pictures]:
    """The photo, the paintings and the results by their paths; UserError for what is no picture."""
    paintings = {path: read_image(path).pixels for path in styles}
    return (
        read_image(content).pixels,
        paintings,
        {path: read_image(path).pixels for path in results},
    )


def score_results(
    photo: np.ndarray, paintings: Pictures, results: Pictures, style_size: int
) -> dict[str, dict[str, float]]:
    """The objective of each result and its terms before their weights.

    style_size: long side in pixels of the paintings; 0: that of each result.
    """
    from restyle.measure import Painting, score
    from restyle.models.vgg19 import vgg19_features
    from restyle.models.weights.load import WeightsError, load_vgg_weights

    try:
        config = objective_config()
        weights = load_vgg_weights(FLAGS.vgg_weights, report=lambda line: None)
    except (ValueError, WeightsError) as error:
        raise UserError(str(error)) from error
    network = vgg19_features(weights, config.layers, pooling=config.pooling)
    asked = [Painting(pixels) for pixels in paintings.values()]
    return {
        path: score(result, photo, asked, network, config, style_long_side=style_size or None)
        for path, result in results.items()
    }
