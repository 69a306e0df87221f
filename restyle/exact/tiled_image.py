"""Value and gradient of the objective at an image of any size, in bounded memory."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from restyle.measure import Measured
from restyle.tiled_comparison import TiledComparison, add, variation
from restyle.tiles import POOLED, Map, Span, Stage, Tile, tile_sides

Sums = dict[str, np.ndarray]
Parts = Mapping[str, tf.Tensor]


class TiledImage:
    """Evaluates the objective tile by tile: what `WholeImage` gives, up to rounding.

    The style compares statistics that are sums over all positions, so the gradient takes two
    passes. The first goes down the network and sums. Then the derivatives of the value by the sums
    are known, and are the same for every tile: the second goes back up and adds to the gradient
    what each tile has to say. What a tile computed on the way down is forgotten and computed again
    on the way up: to keep it takes three times the memory, and was measured to save no time.

    Galerne et al. (2024) do the same for the network as a whole. Its stages one by one have little
    overlap, a few positions of their own grids in place of 80 pixels.
    """

    def __init__(self, comparison: TiledComparison):
        self.comparison, self.objective = comparison, comparison.objective
        sides = tile_sides(comparison.stages, comparison.tile)
        self.stages = [
            _TiledStage(stage, comparison, side)
            for stage, side in zip(comparison.stages, sides, strict=True)
        ]

    def __call__(self, image: tf.Tensor) -> Measured:
        # On the host, as maps are. tf.py_function would record all of it for a gradient of its own.
        types = [tf.float32] * 3
        value, gradient, terms = tf.numpy_function(self._measure, [image], types)
        value.set_shape(())
        gradient.set_shape(image.shape)
        terms.set_shape(len(self.objective.weights))
        return Measured(value, gradient, terms)

    def numbers(self, picture: np.ndarray) -> dict[str, float]:
        """The objective of a picture (h, w, 3) and its terms by name, without a gradient."""
        return self.comparison.numbers(picture)

    def _measure(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        sums: Sums = {"total variation": np.array([variation(image)])}
        maps = [image]
        for stage in self.stages:
            maps.append(stage.down(maps[-1], sums))
        value, terms, slopes = self._slopes(sums)
        gradient = None
        for stage in reversed(self.stages):
            maps.pop()
            gradient = stage.up(maps[-1], slopes, gradient)
        assert gradient is not None
        variation(image, float(slopes["total variation"][0]), gradient)
        return value, gradient, terms

    def _slopes(self, sums: Sums) -> tuple[np.ndarray, np.ndarray, Mapping[str, Any]]:
        """The value, the terms, and the derivative of the value by each sum."""
        seen = {name: tf.constant(each, tf.float32) for name, each in sums.items()}
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(seen)
            terms = self.comparison.terms_of(seen)
            value = self.objective.total(terms)
        slopes = tape.gradient(value, seen, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        return value[0].numpy(), tf.concat(list(terms.values()), axis=0).numpy(), slopes


class _TiledStage:
    """A stage of the network with what the objective looks at in it."""

    def __init__(self, stage: Stage, comparison: TiledComparison, side: int):
        self.stage, self.comparison, self.side = stage, comparison, side
        given = self._signature()
        self.compiled_sums = tf.function(self._sums, input_signature=given)
        seen = self.compiled_sums.get_concrete_function().structured_outputs
        self.wanted = {name: tf.TensorSpec(each.shape, each.dtype) for name, each in seen.items()}
        signature = [*given, self.wanted]
        self.compiled_slope = tf.function(self._slope, input_signature=signature)

    def down(self, values: np.ndarray, sums: Sums) -> np.ndarray:
        """Adds to the sums what this stage sees; returns what it pools for the next one.

        values: its input, (1, h, w, c).
        """
        pooled = Map([length // self.stage.unit for length in values.shape[1:3]])
        for tile in self._tiles(values):
            seen = self.compiled_sums(*self._given(tile, values))
            if POOLED in seen:
                pooled.put(tile.place(self.stage.unit), seen[POOLED])
            add(sums, {name: each for name, each in seen.items() if name != POOLED})
        return pooled.values

    def up(
        self,
        values: np.ndarray,
        slopes: Mapping[str, Any],
        pooled: np.ndarray | None,
    ) -> np.ndarray:
        """Derivative of the value by this stage's input, (1, h, w, c) float32.

        slopes: derivative by each of the sums. pooled: that by what the stage pools, None for the
        last one.
        """
        gradient = np.zeros(values.shape, np.float32)
        for tile in self._tiles(values):
            wanted = {name: slopes[name] for name in self.wanted if name != POOLED}
            if pooled is not None:
                part = tf.constant(pooled[tile.place(self.stage.unit)])
                wanted[POOLED] = tf.cast(part, self.wanted[POOLED].dtype)
            slope = self.compiled_slope(*self._given(tile, values), wanted)
            tile.crop(gradient)[...] += tf.cast(slope, tf.float32).numpy()
        return gradient

    def _signature(self) -> list[Any]:
        """Of what `_given` returns: tiles differ in size, and are traced once."""
        nothing = Tile(Span(0, 0, 0, 0), Span(0, 0, 0, 0))
        images = self.stage.model.input
        _, core, parts = self._given(nothing, np.empty((1, 0, 0, 1)))
        specs = {
            name: tf.TensorSpec((1, None, None, part.shape[-1]), part.dtype)
            for name, part in parts.items()
        }
        crop = tf.TensorSpec((1, None, None, images.shape[-1]), images.dtype)
        return [crop, tf.TensorSpec(core.shape, core.dtype), specs]

    def _tiles(self, values: np.ndarray) -> list[Tile]:
        return self.stage.tiles(values.shape[1:3], self.side)

    def _given(self, tile: Tile, values: np.ndarray) -> tuple[tf.Tensor, tf.Tensor, Parts]:
        """What a tile sees, the rows and columns there that it answers for, and the parts."""
        parts = {}
        for layer, stride in self.stage.strides.items():
            if layer != POOLED:
                parts |= self.comparison.parts(layer, tile.place(stride))
        _, rows, columns = tile.core(1)
        core = tf.constant([rows.start, rows.stop, columns.start, columns.stop])
        return tf.constant(tile.crop(values)), core, {k: tf.constant(v) for k, v in parts.items()}

    def _sums(self, crop: tf.Tensor, core: tf.Tensor, parts: Parts) -> dict[str, tf.Tensor]:
        """What a tile adds to the sums, and what it pools."""
        sums = {}
        for layer, features in self.stage.model(crop).items():
            top, bottom, left, right = tf.unstack(core // self.stage.strides[layer])
            features = features[:, top:bottom, left:right]
            if layer == POOLED:
                sums[POOLED] = features
            else:
                sums |= self.comparison.part_sums(layer, features, parts)
        return sums

    def _slope(
        self, crop: tf.Tensor, core: tf.Tensor, parts: Parts, wanted: Mapping[str, Any]
    ) -> tf.Tensor:
        """Derivative of the value by a crop, from that by each of what is seen in it."""
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(crop)
            seen = self._sums(crop, core, parts)
        names = list(seen)
        slope = tape.gradient(
            [seen[name] for name in names],
            crop,
            output_gradients=[wanted[name] for name in names],
        )
        return tf.convert_to_tensor(slope)
