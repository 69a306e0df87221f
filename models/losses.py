"""The one objective: what the optimizer minimizes, the trainer trains on and the scorer measures.

    L = content_weight * content + style_weight * style + tv_weight * total variation

Gatys, Ecker, Bethge (2016), eq. 7. We depart in the units: each term is relative to what it is
compared with, so that it reads as a fraction, and the same weights mean the same at every size.
`formula="gatys"` gives the paper's own units. And in the style term: models/wasserstein.py compares
means and covariances where the paper compares Gram matrices, `style_loss="gram"`.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from keras import ops
from restyle.models.objective_config import ObjectiveConfig, check_weights, shares
from restyle.models.wasserstein import gaussian_target, wasserstein_error

Tensor = Any
Features = Mapping[str, Tensor]
Statistics = Mapping[str, Tensor]

# Steps (down, right) to the neighbors that `total_variation` looks at, and what each counts. Each
# pair of pixels is met once, so that these four are all eight neighbors.
NEIGHBORS = {(1, 0): 2 / 3, (0, 1): 2 / 3, (1, 1): 1 / 6, (1, -1): 1 / 6}


def gram_matrix(
    features: Tensor, guidance: Tensor | None = None, *, positions: float | None = None
) -> Tensor:
    """How often two channels fire together, averaged over positions.

    G[b, i, j] = sum_p T[p]^2 F[b, p, i] F[b, p, j] / sum_p T[p]^2

    Gatys et al. (2016) sum in eq. 3 and divide in eq. 4. Dividing here lets the style image have
    another size than the content. With `guidance` T only a region counts: the guided Gram matrix
    of Gatys et al. (2017), section 3. Without, T is one everywhere and the divisor is h w.
    float32 even under mixed precision: a half-precision sum over h w positions overflows.

    features: (b, h, w, c). guidance: (1, h, w, 1) in [0, 1]. positions: the divisor, given where
    the features are of a part of a picture; the sum over its parts is then the picture's matrix.
    Returns (b, c, c).
    """
    batch, height, width, channels = ops.shape(features)
    features = ops.cast(features, "float32")
    if guidance is not None:
        features = features * guidance
    if positions is None:
        positions = height * width if guidance is None else ops.sum(ops.square(guidance))
    flat = ops.reshape(features, (batch, height * width, channels))
    # F^T F seen as linear in the right F only. The transpose adds the same gradient for the left
    # one, so that backwards there is one product with all positions in place of two.
    product = ops.matmul(ops.transpose(ops.stop_gradient(flat), (0, 2, 1)), flat)
    gram = product + ops.transpose(product, (0, 2, 1)) - ops.stop_gradient(product)
    return gram / ops.cast(positions, "float32")


def channel_mean(
    features: Tensor, guidance: Tensor | None = None, *, positions: float | None = None
) -> Tensor:
    """Mean activation of each channel over the positions, (b, c) float32.

    m[b, i] = sum_p T[p]^2 F[b, p, i] / sum_p T[p]^2

    With T as in `gram_matrix`, so that the Gram matrix less m m^T is the covariance of the region.
    features: (b, h, w, c). guidance: (1, h, w, 1) in [0, 1]. positions: as in `gram_matrix`.
    """
    features = ops.cast(features, "float32")
    if positions is not None:
        features = features if guidance is None else features * ops.square(guidance)
        return ops.sum(features, axis=(1, 2)) / positions
    if guidance is None:
        return ops.mean(features, axis=(1, 2))
    shares = ops.square(guidance) / ops.sum(ops.square(guidance))
    return ops.sum(features * shares, axis=(1, 2))


def relative_error(values: Tensor, target: Tensor) -> Tensor:
    """Squared distance as a fraction of the target: |values - target|^2 / |target|^2, (b,)."""
    return squared_distance(values, target) / square_norm(target)


def squared_distance(values: Tensor, target: Tensor) -> Tensor:
    """|values - target|^2, (b,) float32."""
    return _square_sum(ops.cast(values, "float32") - ops.cast(target, "float32"))


def square_norm(target: Tensor) -> Tensor:
    """|target|^2 as a divisor, never zero, (b,) float32."""
    return _square_sum(ops.cast(target, "float32")) + 1e-20


def gatys_style_error(gram: Tensor, target: Tensor) -> Tensor:
    """E_l of Gatys et al. (2016), eq. 4: sum_ij (G - A)^2 / (4 N^2 M^2).

    Our Gram matrices are divided by M already. The two agree when style and content have one
    size, as in the paper. gram, target: (b, N, N). Returns (b,).
    """
    return _square_sum(gram - target) / (4.0 * gram.shape[-1] ** 2)


def gatys_content_error(features: Tensor, target: Tensor) -> Tensor:
    """L_content of Gatys et al. (2016), eq. 1: half the sum of (F - P)^2, (b,)."""
    return 0.5 * squared_distance(features, target)


def total_variation(images: Tensor) -> Tensor:
    """Mean squared difference of neighbors, diagonal ones included: how rough the images are.

    2/3 (down + right) + 1/6 (both diagonals), the weights of the nine-point Laplacian, which is
    alike in all directions. Johnson et al. (2016), section 3.2, sum over vertical and horizontal
    neighbors; a mean is the same at every size, and on a slope the diagonals change nothing.
    images: (b, h, w, 3). Returns (b,).
    """
    total = 0.0
    for (down, right), weight in NEIGHBORS.items():
        here, there = neighbors(images, down, right)
        total = total + weight * ops.mean(ops.square(there - here), axis=(1, 2, 3))
    return total


def neighbors(images: Tensor, down: int, right: int) -> tuple[Tensor, Tensor]:
    """All pixels of (b, h, w, c) that have a neighbor so far down and to the right, and those."""
    rows, lower_rows = _apart(down)
    columns, later_columns = _apart(right)
    return images[:, rows, columns], images[:, lower_rows, later_columns]


def _apart(step: int) -> tuple[slice, slice]:
    """What has something `step` further on along an axis, and that."""
    if step < 0:
        return slice(-step, None), slice(None, step)
    return slice(None, -step or None), slice(step, None)


def _square_sum(values: Tensor) -> Tensor:
    return ops.sum(ops.square(values), axis=tuple(range(1, len(values.shape))))


def guidance_at(mask: Tensor, size: Sequence[int]) -> Tensor:
    """A mask at a layer's size, each position the mean of the mask over what it stands for.

    Gatys et al. (2017), section 3, compare ways to carry guidance down the network; this is their
    simplest. mask: (1, h, w, 1). size: (height, width) of the layer. Returns (1, height, width, 1).
    """
    height, width = size
    return ops.image.resize(mask, (height, width), interpolation="bilinear", antialias=True)


@dataclasses.dataclass(frozen=True)
class StyleTarget:
    """What one painting asks for.

    Attributes:
      statistics: by layer, what the style loss compares with: "gram", (1, c, c), or what
        `gaussian_target` gives; of its own region if it has a mask.
      weight: its share among several styles; only the ratios matter.
      mask: (1, h, w, 1) in [0, 1], where in the picture it applies; None for everywhere.
    """

    statistics: Mapping[str, Statistics]
    weight: float = 1.0
    mask: Tensor | None = None


def style_target(
    features: Features,
    config: ObjectiveConfig,
    *,
    weight: float = 1.0,
    style_mask: Tensor | None = None,
    content_mask: Tensor | None = None,
) -> StyleTarget:
    """The style of a painting: statistics of its features, inside `style_mask` if given.

    features: of the painting, (1, h, w, c) by layer. style_mask: (1, h, w, 1) at the painting's
    size; content_mask: (1, h, w, 1) at the picture's, where this style is to be.
    """
    statistics = {}
    for layer in config.style_layers:
        size = features[layer].shape[1:3]
        guidance = None if style_mask is None else guidance_at(style_mask, size)
        seen = style_statistics(features[layer], config, guidance)
        statistics[layer] = asked_of(seen, config)
    return StyleTarget(statistics, weight, content_mask)


def asked_of(statistics: Statistics, config: ObjectiveConfig) -> Statistics:
    """What `style_error` compares with, from the `style_statistics` of a painting's layer."""
    return gaussian_target(**statistics) if config.style_loss == "wasserstein" else statistics


def style_statistics(
    features: Tensor,
    config: ObjectiveConfig,
    guidance: Tensor | None = None,
    *,
    positions: float | None = None,
) -> dict[str, Tensor]:
    """What the style loss looks at: "gram", (b, c, c), and "mean", (b, c), if it needs that.

    Sums over positions divided by their number, whatever the loss. `positions` is that number where
    the features are of a part of a picture; the sum over all parts is then the picture's.
    """
    statistics = {"gram": gram_matrix(features, guidance, positions=positions)}
    if config.style_loss == "wasserstein":
        statistics["mean"] = channel_mean(features, guidance, positions=positions)
    return statistics


def style_error(statistics: Statistics, target: Statistics, config: ObjectiveConfig) -> Tensor:
    """How far the statistics of a picture's layer are from those asked for, (b,)."""
    if config.style_loss == "wasserstein":
        return wasserstein_error(**statistics, target=target)
    if config.formula == "gatys":
        return gatys_style_error(statistics["gram"], target["gram"])
    return relative_error(statistics["gram"], target["gram"])


class Objective:
    """The terms of a picture and their weighted sum.

    Several styles: their errors are averaged with the shares w_s |T_s|^2 / sum_r w_r |T_r|^2. The
    mean square of the mask, |T_s|^2, is one for a style without one; by it each pixel of a small
    region and of a large one meets the same balance of style and content.
    """

    def __init__(self, config: ObjectiveConfig, styles: Sequence[StyleTarget]):
        check_weights("style weights", [style.weight for style in styles])
        self.config = config
        self.styles = tuple(styles)
        areas = [1.0 if s.mask is None else float(ops.mean(ops.square(s.mask))) for s in styles]
        weighted = [style.weight * area for style, area in zip(styles, areas, strict=True)]
        self.style_shares = shares(weighted, styles, "style weights")
        self.weights = self._weights()

    def _weights(self) -> dict[str, float]:
        config, weights = self.config, {}
        by_layer = shares(config.content_layer_weights, config.content_layers, "content weights")
        for layer, share in zip(config.content_layers, by_layer, strict=True):
            weights[f"content {layer}"] = config.content_weight * share
        by_layer = shares(config.style_layer_weights, config.style_layers, "style weights")
        for layer, share in zip(config.style_layers, by_layer, strict=True):
            weights[f"style {layer}"] = config.style_weight * share
        weights["total variation"] = config.tv_weight
        return weights

    def terms(self, images: Tensor, features: Features, content: Features) -> dict[str, Tensor]:
        """Each term by name, before its weight: "content conv4_2", "style conv1_1" ...

        images: (b, h, w, 3). features: of the images, by layer. content: of the photos, by
        layer. Returns {name: (b,)} in the order of `weights`.
        """
        gatys = self.config.formula == "gatys"
        content_error = gatys_content_error if gatys else relative_error
        terms = {}
        for layer in self.config.content_layers:
            terms[f"content {layer}"] = content_error(features[layer], content[layer])
        for layer in self.config.style_layers:
            terms[f"style {layer}"] = self.style_term(layer, features[layer])
        terms["total variation"] = total_variation(images)
        return terms

    def style_term(self, layer: str, features: Tensor) -> Tensor:
        """Error of the style at one layer, averaged over the styles by their shares, (b,).

        The statistics of a picture are computed once for all styles without a mask.
        """
        whole = None
        regions = []
        for style in self.styles:
            if style.mask is not None:
                guidance = guidance_at(style.mask, features.shape[1:3])
                regions.append(style_statistics(features, self.config, guidance))
            else:
                whole = whole or style_statistics(features, self.config)
                regions.append(whole)
        return self.style_term_of(layer, regions)

    def style_term_of(self, layer: str, regions: Sequence[Statistics]) -> Tensor:
        """`style_term` from the statistics of the picture in the region of each style, (b,)."""
        total = 0.0
        for style, share, seen in zip(self.styles, self.style_shares, regions, strict=True):
            total = total + share * style_error(seen, style.statistics[layer], self.config)
        return total

    def total(self, terms: Mapping[str, Tensor], *, style: Tensor = 1.0) -> Tensor:
        """L of eq. 7, the weighted sum of the terms, (b,).

        Terms without weight are left out, so that no gradient is computed for them.
        style: factor of the weight of the style, one for all or (b,).
        """
        weighed = [name for name in terms if self.weights[name]]
        factors = {name: style if name.startswith("style") else 1.0 for name in weighed}
        return sum(self.weights[name] * factors[name] * terms[name] for name in weighed)
