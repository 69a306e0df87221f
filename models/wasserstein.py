"""How far apart the features of two pictures are, each layer seen as a Gaussian.

The squared Wasserstein distance of order two between N(m, S) and N(m*, S*) is

    W = |m - m*|^2 + tr S + tr S* - 2 tr (R S R)^(1/2),  R = S*^(1/2)

(Olkin and Pukelsheim 1982, theorem 4). A Gram matrix mixes the mean and the covariance of a layer
and weighs an error by the square of the activations; here the two are compared apart, in the units
of the activations themselves. Pictures come out with fewer isolated bright dots and with no colors
that the painting does not have.
"""

from collections.abc import Mapping
from typing import Any

from keras import ops

Tensor = Any

# Share of the mean variance that is added to each channel's own: no direction is without variance.
RIDGE = 1e-4
# Float32's rounding mixes the eigenvectors below this share of the largest eigenvalue: nothing is
# divided by the roots of smaller ones.
FLOOR = 1e-7


def covariance(mean: Tensor, gram: Tensor) -> Tensor:
    """Covariance of the channels, G - m m^T, from their mean (b, c) and Gram matrix (b, c, c)."""
    return gram - ops.expand_dims(mean, 2) * ops.expand_dims(mean, 1)


def gaussian_target(mean: Tensor, gram: Tensor) -> dict[str, Tensor]:
    """What `wasserstein_error` needs to know of a painting's layer.

    mean: (b, c). gram: (b, c, c), see `losses.gram_matrix`. Returns "mean", "ridge": (b, 1, 1),
    what is added to the variances of both pictures, and "root": (b, c, c), the symmetric root of
    the covariance with its ridge.
    """
    own = covariance(mean, gram)
    channels = gram.shape[-1]
    ridge = RIDGE * ops.trace(own, axis1=1, axis2=2) / channels
    ridge = ops.reshape(ridge, (-1, 1, 1))
    values, vectors = ops.linalg.eigh(own + ridge * ops.eye(channels))
    roots = ops.expand_dims(ops.sqrt(ops.maximum(values, 0.0)), 1)
    root = ops.matmul(vectors * roots, ops.transpose(vectors, (0, 2, 1)))
    return {"mean": mean, "ridge": ridge, "root": root}


def wasserstein_error(mean: Tensor, gram: Tensor, target: Mapping[str, Tensor]) -> Tensor:
    """W as a fraction of |m*|^2 + tr S*, (b,): one for a picture in which nothing fires.

    mean: (b, c). gram: (b, c, c). target: `gaussian_target` of the painting; its first axis is one
    or b.
    """
    channels = gram.shape[-1]
    own = covariance(mean, gram) + target["ridge"] * ops.eye(channels)
    target_trace = ops.sum(ops.square(target["root"]), axis=(1, 2))  # tr R R = tr S*.
    means = ops.sum(ops.square(mean - target["mean"]), axis=1)
    spreads = ops.trace(own, axis1=1, axis2=2) + target_trace
    spreads = spreads - 2.0 * trace_of_root(own, target["root"])
    return (means + spreads) / (ops.sum(ops.square(target["mean"]), axis=1) + target_trace)


def trace_of_root(covariance: Tensor, root: Tensor) -> Tensor:
    """tr M^(1/2) of M = R S R, (b,); its gradient with respect to S is R M^(-1/2) R / 2.

    From one eigendecomposition, which is not differentiated: the derivatives of eigenvectors are
    infinite where two eigenvalues are equal, that of the trace is not.

    covariance: S, (b, c, c), symmetric. root: R, (b or 1, c, c), symmetric.
    """
    fixed = ops.stop_gradient(covariance)
    inner = ops.matmul(ops.matmul(root, fixed), root)
    # TensorFlow raises for what is not finite; the sum below stays not finite all the same.
    inner = ops.nan_to_num(inner, nan=0.0, posinf=0.0, neginf=0.0)
    _, vectors = ops.linalg.eigh(inner)
    along = ops.matmul(root, vectors)
    # v^T M v in place of eigh's own values: of the small ones M's rounding has left no digit.
    values = ops.sum(along * ops.matmul(fixed, along), axis=1)
    roots = ops.sqrt(ops.maximum(values, 0.0))
    least = ops.sqrt(FLOOR * ops.max(values, axis=1, keepdims=True))
    half = along / ops.expand_dims(ops.sqrt(ops.maximum(roots, least)), 1)
    slope = 0.5 * ops.matmul(half, ops.transpose(half, (0, 2, 1)))
    # Zero in value; it carries the gradient.
    moving = ops.sum(ops.stop_gradient(slope) * (covariance - fixed), axis=(1, 2))
    return ops.stop_gradient(ops.sum(roots, axis=1)) + moving
