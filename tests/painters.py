"""Small networks and stylizers whose work is easy to tell."""

import numpy as np
from restyle.models.transform_config import TransformConfig

from restyle.paint.stylizer import Look, Stylizer


def identity(inputs):
    return inputs["images"]


def negative(inputs):
    return 1 - inputs["images"]


def stylizer(engine=identity, look=None, *, fits=lambda size: True):
    """An engine in place of a network of one style without a dial."""
    return Stylizer(
        engine, TransformConfig(strength=False), look or Look(), in_bands=engine, fits=fits
    )


def random_network(shape, generator, spread=0.2):
    """A network of which every weight was moved, the ones and zeros of its norms too."""
    from restyle.models.transform_net import TransformNet

    network = TransformNet(shape)
    weights = network.get_weights()
    network.set_weights([each + generator.normal(0, spread, each.shape) for each in weights])
    return network


def as_in_a_file(shape, generator, spread=0.2):
    """Such a network, its weights as a .keras file has them: at half precision."""
    network = random_network(shape, generator, spread)
    halved = [each.astype(np.float16).astype(np.float32) for each in network.get_weights()]
    network.set_weights(halved)
    return network


def random_inputs(shape, size, generator, count=1):
    """All that such a network takes, each picture with a style and strength of its own."""
    given = {"images": generator.random((count, *size, 3), np.float32)}
    if len(shape.styles) > 1:
        shares = generator.dirichlet(np.ones(len(shape.styles)), count)
        given["style_weights"] = shares.astype(np.float32)
    if shape.strength:
        given["strength"] = generator.random((count, 1), np.float32)
    return given
