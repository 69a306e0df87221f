"""The objective of a picture that is seen in tiles: statistics are sums, so tiles add up."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from keras import ops

from restyle.models.losses import (
    NEIGHBORS,
    Features,
    Objective,
    StyleTarget,
    asked_of,
    guidance_at,
    neighbors,
    square_norm,
    squared_distance,
    style_statistics,
)
from restyle.models.objective_config import ObjectiveConfig
from restyle.tiles import Map, Place, Stage, seen_in_tiles

Tensor = Any
Sums = dict[str, np.ndarray]
BAND = 256


class TiledComparison:
    """A photo and paintings that pictures of one size are compared with, see measure.Comparison.

    Every term is a function of sums over positions: of the squared distance to the content, of the
    style's statistics in each region, of squared differences of neighbors. They are summed in
    float64, part by part.
    """

    def __init__(
        self,
        stages: Sequence[Stage],
        objective: Objective,
        content: Features,
        *,
        size: tuple[int, int],
        tile: int,
    ):
        """content: maps of the photo by layer. size: of the pictures. tile: see `tile_sides`."""
        self.stages, self.objective, self.content = stages, objective, content
        self.size, self.tile = size, tile
        # Styles without a mask share a region; each of the others has its own.
        alone = [index for index, style in enumerate(objective.styles) if style.mask is None]
        self.regions = [
            alone[0] if style.mask is None else index
            for index, style in enumerate(objective.styles)
        ]
        gatys = objective.config.formula == "gatys"
        self.divisors = {
            layer: 2.0 if gatys else _square_norm(features) for layer, features in content.items()
        }

        self.guidance = {layer: self._guidance(layer) for layer in objective.config.style_layers}

    def _guidance(self, layer: str) -> dict[int, tuple[np.ndarray | None, float]]:
        """By region: where in a layer it is, None for everywhere, and the positions it counts."""
        found, size = {}, layer_size(layer, self.size)
        for region in dict.fromkeys(self.regions):
            mask = self.objective.styles[region].mask
            guidance = None if mask is None else ops.convert_to_numpy(guidance_at(mask, size))
            found[region] = guidance, positions_of(guidance, size)
        return found

    def parts(self, layer: str, place: Place) -> dict[str, np.ndarray]:
        """What the features of a layer at a place are to be seen with, by name."""
        parts = {}
        if layer in self.content:
            parts[f"content {layer}"] = self.content[layer][place]
        for region, (guidance, _) in self.guidance.get(layer, {}).items():
            if guidance is not None:
                parts[f"guidance {layer} {region}"] = guidance[place]
        return parts

    def part_sums(
        self, layer: str, features: Tensor, parts: Mapping[str, Tensor]
    ) -> dict[str, Tensor]:
        """What a part of a layer's features adds to the sums, by name."""
        sums = {}
        if layer in self.content:
            distance = squared_distance(features, parts[f"content {layer}"])
            sums[f"content {layer}"] = distance / self.divisors[layer]
        for region, (_, positions) in self.guidance.get(layer, {}).items():
            guidance = parts.get(f"guidance {layer} {region}")
            config = self.objective.config
            seen = style_statistics(features, config, guidance, positions=positions)
            sums |= {f"style {layer} {region} {kind}": each for kind, each in seen.items()}
        return sums

    def terms_of(self, sums: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Each term by name, before its weight, (1,), in the order of `Objective.weights`."""
        config, terms = self.objective.config, {}
        for layer in config.content_layers:
            terms[f"content {layer}"] = sums[f"content {layer}"]
        kinds = ("gram", "mean") if config.style_loss == "wasserstein" else ("gram",)
        for layer in config.style_layers:
            seen = [
                {kind: sums[f"style {layer} {region} {kind}"] for kind in kinds}
                for region in self.regions
            ]
            terms[f"style {layer}"] = self.objective.style_term_of(layer, seen)
        return terms | {"total variation": sums["total variation"]}

    def sums(self, image: np.ndarray) -> Sums:
        """Those over all positions of a picture (1, h, w, 3), by name."""
        sums = {"total variation": np.array([variation(image)])}
        for layer, place, features in seen_in_tiles(self.stages, image, self.tile):
            add(sums, self.part_sums(layer, features, self.parts(layer, place)))
        return sums

    def numbers(self, picture: np.ndarray) -> dict[str, float]:
        """The objective of a picture (h, w, 3) and its terms before their weights, by name."""
        sums = self.sums(picture[np.newaxis].astype(np.float32))
        terms = self.terms_of({name: each.astype(np.float32) for name, each in sums.items()})
        values = {name: float(value[0]) for name, value in terms.items()}
        return {"objective": self.objective.total(values), **values}


def style_target_in_tiles(
    stages: Sequence[Stage],
    image: np.ndarray,
    config: ObjectiveConfig,
    tile: int,
    *,
    weight: float = 1.0,
    style_mask: Tensor | None = None,
    content_mask: Tensor | None = None,
) -> StyleTarget:
    """What `losses.style_target` gives for a painting (1, h, w, 3), seen in tiles."""
    sums = {}
    for layer, place, features in seen_in_tiles(stages, image, tile):
        if layer in config.style_layers:
            size = layer_size(layer, image.shape[1:3])
            guidance = None
            if style_mask is not None:
                guidance = ops.convert_to_numpy(guidance_at(style_mask, size))
            positions = positions_of(guidance, size)
            part = None if guidance is None else guidance[place]
            seen = style_statistics(features, config, part, positions=positions)
            add(sums.setdefault(layer, {}), seen)
    asked = {}
    for layer in config.style_layers:
        seen = {kind: ops.convert_to_tensor(v, "float32") for kind, v in sums[layer].items()}
        asked[layer] = asked_of(seen, config)
    return StyleTarget(asked, weight, content_mask)


def content_in_tiles(
    stages: Sequence[Stage], image: np.ndarray, config: ObjectiveConfig, tile: int
) -> Features:
    """The features of a photo (1, h, w, 3) at the content layers, seen in tiles."""
    maps = {}
    for layer, place, features in seen_in_tiles(stages, image, tile):
        if layer in config.content_layers:
            size = layer_size(layer, image.shape[1:3])
            maps.setdefault(layer, Map(size)).put(place, features)
    return {layer: each.values for layer, each in maps.items()}


def layer_size(layer: str, size: Sequence[int]) -> tuple[int, int]:
    """(height, width) of a layer, convK_i, for a picture of `size`."""
    stride = 2 ** (int(layer[4]) - 1)
    return size[0] // stride, size[1] // stride


def positions_of(guidance: np.ndarray | None, size: tuple[int, int]) -> float:
    """How many positions a region counts: the divisor of `losses.gram_matrix`."""
    if guidance is None:
        return float(size[0] * size[1])
    return float(np.sum(np.square(guidance, dtype=np.float64)))


def add(sums: Sums, more: Mapping[str, Tensor]) -> None:
    """Adds values to those of the same names, in float64."""
    for name, value in more.items():
        sums[name] = sums.get(name, 0.0) + ops.convert_to_numpy(value).astype(np.float64)


def variation(image: np.ndarray, slope: float = 0.0, gradient: np.ndarray | None = None) -> float:
    """`losses.total_variation` of (1, h, w, 3), band by band.

    If `gradient` is given, `slope` times that of the variation is added to it.
    """
    _, height, width, channels = image.shape
    total = 0.0
    for (down, right), weight in NEIGHBORS.items():
        share = weight / (channels * (height - down) * (width - abs(right)))
        for first in range(0, height, BAND):
            rows = slice(first, first + BAND + down)
            here, there = neighbors(image[:, rows], down, right)
            steps = there - here
            total += share * float(np.sum(np.square(steps), dtype=np.float64))
            if gradient is not None and slope:
                move_here, move_there = neighbors(gradient[:, rows], down, right)
                steps *= 2 * slope * share
                move_there += steps
                move_here -= steps
    return total


def _square_norm(features: Tensor) -> float:
    """`losses.square_norm` of a whole map, row by row."""
    return sum(
        float(square_norm(features[:, row : row + 1])[0]) for row in range(features.shape[1])
    )
