"""What two other programs ask of a picture, in operations that NumPy and PyTorch share.

crowsonkb's style-transfer-pytorch and jcjohnson's neural-style, written anew from what is known of
them: constants, terms, order. benchmarks/pytorch_recipes.py carries them out. Features are flat,
(c, p): channels and positions.
"""

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

Array = Any

# Their constants were chosen for networks in other units than ours, in which the mean activation of
# every filter is one. The factor of a layer from ours to theirs; those of single filters are not
# to be had without the weights themselves.
#
# torchvision's: root mean square of the activations of its VGG-16 by that of ours, at 512 pixels,
# mean of eleven pictures, from which each is off by 3 to 26%.
TORCHVISION_UNITS = {
    "conv1_1": 0.30,
    "conv2_1": 0.83,
    "conv3_1": 1.50,
    "conv4_1": 1.93,
    "conv4_2": 1.20,
    "conv5_1": 0.69,
}
# Caffe's VGG-19, which Keras has too: the mean activations that TensorFlow's tutorial on style
# transfer prints for a painting. conv4_2, which it leaves out, has the ratio to conv4_1 as above.
CAFFE_UNITS = {
    "conv1_1": 28.0,
    "conv2_1": 160.0,
    "conv3_1": 160.0,
    "conv4_1": 690.0,
    "conv4_2": 430.0,
    "conv5_1": 56.0,
}


class Stage(NamedTuple):
    """A scale of a run: long side in pixels, and the iterations spent there."""

    long_side: int
    iterations: int

    @property
    def work(self) -> int:
        """Iterations times pixels of a square, to which the time spent here is proportional."""
        return self.iterations * self.long_side**2


@dataclasses.dataclass(frozen=True)
class Crowsonkb:
    """The defaults of style-transfer-pytorch: Adam from coarse to fine, the mean of its iterates.

    Attributes:
      style_layer_weights: in the order of the layers; only the ratios matter.
      first_iterations, iterations: at the first scale, and at each other.
      step_size, betas: of Adam.
      average_decay: of the exponential mean of the iterates, which is the result.
    """

    content_weight: float = 0.015
    tv_weight: float = 2.0
    content_layer: str = "conv4_2"
    style_layers: tuple[str, ...] = ("conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1")
    style_layer_weights: tuple[float, ...] = (256, 64, 16, 4, 1)
    smallest_scale: int = 128
    first_iterations: int = 1000
    iterations: int = 500
    step_size: float = 0.02
    betas: tuple[float, float] = (0.9, 0.99)
    average_decay: float = 0.99

    def stages(self, size: int) -> list[Stage]:
        """From the smallest scale to `size`, each sqrt(2) larger than the one before."""
        smallest = min(self.smallest_scale, size)
        falling = (round(size / 2 ** (index / 2)) for index in itertools.count())
        sides = sorted(itertools.takewhile(lambda side: side >= smallest, falling))
        return [
            Stage(side, self.iterations if index else self.first_iterations)
            for index, side in enumerate(sides)
        ]


@dataclasses.dataclass(frozen=True)
class Jcjohnson:
    """The defaults of neural-style: L-BFGS at one scale from noise.

    Attributes:
      noise: deviation of the image that it starts from, in 0..255 about Caffe's means.
      history: pairs that L-BFGS remembers.
    """

    content_weight: float = 5.0
    style_weight: float = 100.0
    tv_weight: float = 1e-3
    content_layer: str = "conv4_2"
    style_layers: tuple[str, ...] = ("conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1")
    iterations: int = 1000
    noise: float = 1e-3
    history: int = 100

    def stages(self, size: int) -> list[Stage]:
        """The one scale."""
        return [Stage(size, self.iterations)]


def shortened(stages: Sequence[Stage], share: float) -> list[Stage]:
    """The same scales with a share of the iterations, at least one each."""
    return [Stage(side, max(1, round(share * iterations))) for side, iterations in stages]


def layer_shares(weights: Sequence[float]) -> list[float]:
    """The weights divided by their sum."""
    return [weight / sum(weights) for weight in weights]


class RunningAverage:
    """Exponential mean of what it is told, each value by its age, as in Adam (Kingma and Ba 2015).

    mean = sum_k d^(n - k) x_k / sum_k d^(n - k): without a bias to the value it begins with.
    """

    def __init__(self, value: Array, decay: float):
        self.decay = decay
        self.total = (1 - decay) * value
        self.missing = decay

    def update(self, value: Array) -> None:
        """Takes one more value into the mean."""
        self.total = self.decay * self.total + (1 - self.decay) * value
        self.missing *= self.decay

    @property
    def value(self) -> Array:
        """The mean so far."""
        return self.total / (1 - self.missing)


class Gaussian(NamedTuple):
    """What a painting's layer asks for: mean (c,), covariance and its square root (c, c)."""

    mean: Array
    covariance: Array
    root: Array


def moments(features: Array, identity: Array, *, ridge: float = 1e-4) -> tuple[Array, Array]:
    """Mean (c,) and covariance (c, c) over the positions of (c, p); `ridge` adds to variances."""
    mean = features.mean(1)
    second = features @ features.T / features.shape[1]
    return mean, second - mean[:, None] * mean[None, :] + ridge * identity


def gaussian(features: Array, identity: Array) -> Gaussian:
    """A painting's layer, (c, p), as `wasserstein_term` compares with it."""
    mean, covariance = moments(features, identity)
    return Gaussian(mean, covariance, newton_schulz_root(covariance, identity))


def wasserstein_term(features: Array, target: Gaussian, identity: Array) -> Array:
    """Squared Wasserstein distance of two layers seen as Gaussians, divided by the channels.

    (|m - m*|^2 + tr(S + S* - 2 (S*^(1/2) S S*^(1/2))^(1/2))) / c

    features: (c, p). identity: (c, c), of the same kind.
    """
    mean, covariance = moments(features, identity)
    root = newton_schulz_root(target.root @ covariance @ target.root, identity)
    spread = (identity * (covariance + target.covariance - 2 * root)).sum()
    return (((mean - target.mean) ** 2).sum() + spread) / mean.shape[0]


def newton_schulz_root(matrix: Array, identity: Array, *, iterations: int = 12) -> Array:
    """Square root of a positive definite matrix by products alone, differentiable as it stands.

    Y' = Y (3 I - Z Y) / 2, Z' = (3 I - Z Y) / 2 Z from Y = M / |M|, Z = I; Y goes to the root of
    M / |M|, Z to its inverse (Higham 2008, Functions of Matrices, chapter 6). What directions of
    small variance add is not there yet after twelve rounds, in crowsonkb's program as here.
    """
    norm = (matrix * matrix).sum() ** 0.5
    root, inverse = matrix / norm, identity
    for _ in range(iterations):
        half = (3 * identity - inverse @ root) / 2
        root, inverse = root @ half, half @ inverse
    return root * norm**0.5


def nine_point_variation(images: Array) -> Array:
    """Mean squared difference to the eight neighbors, the diagonal ones with a quarter the weight.

    images: (1, 3, h, w). At the borders a neighbor that is missing is left out.
    """
    right = ((images[..., :, 1:] - images[..., :, :-1]) ** 2).mean()
    down = ((images[..., 1:, :] - images[..., :-1, :]) ** 2).mean()
    falling = ((images[..., 1:, 1:] - images[..., :-1, :-1]) ** 2).mean()
    rising = ((images[..., 1:, :-1] - images[..., :-1, 1:]) ** 2).mean()
    return 2 * ((right + down) / 3 + (falling + rising) / 12)


def summed_variation(images: Array) -> Array:
    """Half the sum of squared differences to the right and lower neighbors, (1, 3, h, w)."""
    corner = images[..., :-1, :-1]
    right, down = images[..., :-1, 1:] - corner, images[..., 1:, :-1] - corner
    return ((right**2).sum() + (down**2).sum()) / 2


def gram_by_elements(features: Array) -> Array:
    """F F^T divided by the number of elements of F, (c, c), of features (c, p)."""
    return features @ features.T / (features.shape[0] * features.shape[1])


def mean_square(values: Array, target: Array) -> Array:
    """Mean squared difference."""
    return ((values - target) ** 2).mean()


def in_units(features: Mapping[str, Array], units: Mapping[str, float]) -> dict[str, Array]:
    """The layers that `units` names, each times its factor."""
    return {layer: unit * features[layer] for layer, unit in units.items()}
