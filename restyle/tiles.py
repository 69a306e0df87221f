"""What VGG-19 sees in a picture, tile by tile: the features of the whole, in bounded memory.

The network is cut behind some of its pooling layers into stages. Each goes over its input in tiles
that overlap by what its own convolutions see beyond a tile, a few positions of its own grid; what
it pools is kept whole for the next one, a few numbers for each pixel. Tiles end where pooling
windows do, and see the picture's own borders where they are, so every position of every layer has
the features that it has in the whole picture, up to rounding.
"""

import dataclasses
import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

Tensor = Any
Place = tuple[slice, slice, slice]

STAGE_ENDS = ("pool2", "pool3")
POOLED = "pooled"
# Narrower tiles, in units of a stage's grid, could end up without a position.
LEAST_UNITS = 4


class Span(NamedTuple):
    """A tile along one axis: it answers for first to last, and sees begin to end."""

    first: int
    last: int
    begin: int
    end: int

    def place(self, stride: int) -> slice:
        """What it answers for, in a layer's map of the whole picture."""
        return slice(self.first // stride, self.last // stride)

    def core(self, stride: int) -> slice:
        """The same, in the layer's features of this tile."""
        return slice((self.first - self.begin) // stride, (self.last - self.begin) // stride)


class Tile(NamedTuple):
    """Rows and columns of a stage's input."""

    rows: Span
    columns: Span

    def crop(self, values: np.ndarray) -> np.ndarray:
        """What the tile sees of a map (1, h, w, c); a view."""
        return values[:, self.rows.begin : self.rows.end, self.columns.begin : self.columns.end]

    def place(self, stride: int) -> Place:
        """Index of what the tile answers for, in a layer's map of the whole picture."""
        return slice(None), self.rows.place(stride), self.columns.place(stride)

    def core(self, stride: int) -> Place:
        """Index of the same in the layer's features of this tile."""
        return slice(None), self.rows.core(stride), self.columns.core(stride)


@dataclasses.dataclass(frozen=True)
class Stage:
    """A part of the network.

    Attributes:
      model: from its input to {layer: features, POOLED: the input of the next stage}.
      strides: positions of the input for one of a layer, by the names of `model`'s outputs.
      unit: grid on which its tiles are cut, the largest stride.
      halo: positions that it sees beyond a tile, a multiple of `unit`.
      values: activations for each position of the input.
    """

    model: keras.Model
    strides: dict[str, int]
    unit: int
    halo: int
    values: float

    def tiles(self, size: Sequence[int], side: int) -> list[Tile]:
        """Tiles of about `side`, in positions of this stage's input, that cover `size`."""
        rows, columns = (spans(length, side, unit=self.unit, halo=self.halo) for length in size)
        return [Tile(row, column) for row in rows for column in columns]


def spans(length: int, side: int, *, unit: int, halo: int) -> list[Span]:
    """Cuts an axis into equal parts of at most about `side`, at multiples of `unit`."""
    count = math.ceil(length / max(side, LEAST_UNITS * unit))
    cuts = [unit * round(length * index / (count * unit)) for index in range(count)] + [length]
    return [
        Span(first, last, max(0, first - halo), min(length, last + halo))
        for first, last in zip(cuts, cuts[1:], strict=False)
    ]


def stages_of(network: keras.Model) -> list[Stage]:
    """Cuts `vgg19_features` into stages."""
    wanted, parts = list(network.output), [[]]
    for layer in network.layers[1:]:
        parts[-1].append(layer)
        if layer.name in STAGE_ENDS:
            parts.append([])
    return [_stage(part, wanted, network.input) for part in parts if part]


def _stage(layers: Sequence[keras.layers.Layer], wanted: Sequence[str], images: Tensor) -> Stage:
    first = layers[0].input
    inputs = keras.Input(first.shape[1:], dtype=first.dtype)
    values, outputs, strides = inputs, {}, {}
    stride, halo, count = 1, 0, 0.0
    for layer in layers:
        values = layer(values)
        if isinstance(layer, keras.layers.Conv2D):
            halo += stride * (layer.kernel_size[0] // 2)
        elif hasattr(layer, "pool_size"):
            stride *= 2
        count += values.shape[-1] / stride**2
        if layer.name in wanted:
            outputs[layer.name], strides[layer.name] = values, stride
    if layers[-1].name in STAGE_ENDS:
        outputs[POOLED], strides[POOLED] = values, stride
    halo = stride * math.ceil(halo / stride)
    return Stage(keras.Model(inputs, outputs, trainable=False), strides, stride, halo, count)


def tile_sides(stages: Sequence[Stage], side: int) -> list[int]:
    """Sides of the tiles of each stage that take as much memory as `side` pixels of the first."""
    return [round(side * math.sqrt(stages[0].values / stage.values)) for stage in stages]


def seen_in_tiles(
    stages: Sequence[Stage], image: np.ndarray, side: int
) -> Iterator[tuple[str, Place, Tensor]]:
    """Every layer's features, part by part: the layer, the part's place in its map, the features.

    image: (1, h, w, 3). side: pixels of a tile of the first stage; see `tile_sides`.
    """
    values = image
    for stage, at in zip(stages, tile_sides(stages, side), strict=True):
        pooled = Map([length // stage.unit for length in values.shape[1:3]])
        for tile in stage.tiles(values.shape[1:3], at):
            for layer, features in stage.model(ops.convert_to_tensor(tile.crop(values))).items():
                stride = stage.strides[layer]
                place, part = tile.place(stride), features[tile.core(stride)]
                if layer == POOLED:
                    pooled.put(place, part)
                else:
                    yield layer, place, part
        values = pooled.values


class Map:
    """A layer's values for the whole picture, put together in the memory of the host.

    Attributes:
      values: (1, h, w, c).
    """

    def __init__(self, size: Sequence[int]):
        """size: (height, width) of the layer."""
        self.size, self.values = tuple(size), np.empty((1, 0, 0, 0), np.float32)

    def put(self, place: Place, part: Tensor) -> None:
        part = ops.convert_to_numpy(part)
        if not self.values.size:
            self.values = np.empty((1, *self.size, part.shape[-1]), part.dtype)
        self.values[place] = part
