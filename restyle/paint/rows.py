"""Activations that are never there as a whole: sources of rows that ask one another for rows.

The same numbers as those of the layers in models/, for one picture: reflection padding becomes
mirroring at the picture's own edges only, instance norm gets its statistics handed in.
"""

import tempfile
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from restyle.models.layers import PadToMultiple

Tensor = Any
Moments = tuple[np.ndarray, np.ndarray]


class Rows(NamedTuple):
    """An activation of one picture over its full width, of which any rows can be asked.

    `read(first, last)` gives (1, last - first, w, c), 0 <= first < last <= height.
    """

    height: int
    read: Callable[[int, int], Tensor]


def bands(height: int, rows: int) -> Iterator[tuple[int, int]]:
    """(first, last) of each band from top to bottom; the last band may be lower."""
    for first in range(0, height, rows):
        yield first, min(first + rows, height)


def padded(images: np.ndarray, layer: PadToMultiple) -> Rows:
    """What the layer makes of a picture (1, h, w, 3)."""
    _, *larger, _ = layer.compute_output_shape(images.shape)
    rows, columns = (
        np.pad(np.arange(old), (0, new - old), mode="reflect")
        for old, new in zip(images.shape[1:3], larger, strict=True)
    )
    return Rows(len(rows), lambda first, last: images[:, rows[first:last]][:, :, columns])


def convolved(source: Rows, layer: keras.layers.Conv2D) -> Rows:
    """Reflection padding by half the kernel, and the layer, one that does not pad."""
    edge, stride = layer.kernel_size[0] // 2, layer.strides[0]

    def read(first: int, last: int) -> Tensor:
        above, below = first * stride - edge, (last - 1) * stride + edge + 1
        top, bottom = max(above, 0), min(below, source.height)
        mirror = [[0, 0], [top - above, below - bottom], [edge, edge], [0, 0]]
        return layer(ops.pad(source.read(top, bottom), mirror, mode="reflect"))

    return Rows(-(-source.height // stride), read)


def normalized(source: Rows, moments: Moments, gamma: Tensor, beta: Tensor, epsilon: float) -> Rows:
    """Instance norm with these `statistics`; float32, as models/layers.py has it."""
    mean, variance, gamma, beta = (ops.cast(each, "float32") for each in (*moments, gamma, beta))

    def read(first: int, last: int) -> Tensor:
        values = ops.cast(source.read(first, last), "float32")
        return ops.batch_normalization(
            values, mean, variance, axis=-1, offset=beta, scale=gamma, epsilon=epsilon
        )

    return Rows(source.height, read)


def rectified(source: Rows) -> Rows:
    """ReLU."""
    return Rows(source.height, lambda first, last: ops.relu(source.read(first, last)))


def enlarged(source: Rows) -> Rows:
    """Twice the height and width, each value four times."""

    def read(first: int, last: int) -> Tensor:
        above = first // 2
        values = source.read(above, (last + 1) // 2)
        values = ops.repeat(ops.repeat(values, 2, axis=1), 2, axis=2)
        return values[:, first - 2 * above : last - 2 * above]

    return Rows(2 * source.height, read)


def added(one: Rows, other: Rows) -> Rows:
    """The sum of two of the same shape."""
    return Rows(one.height, lambda first, last: one.read(first, last) + other.read(first, last))


def statistics(source: Rows, rows: int) -> Moments:
    """Mean and variance of each channel over all positions, band by band: (c,) each, float64.

    variance = mean of the rows' variances + variance of the rows' means

    Chan, Golub and LeVeque (1979) for parts of equal size: no difference of two large sums of
    squares. A float32 sum runs along a single row only, so that on a large picture this is
    nearer to the truth than a float32 mean over all positions.
    """
    parts = []
    for first, last in bands(source.height, rows):
        parts.append(ops.moments(ops.cast(source.read(first, last), "float32"), axes=2))
    means, variances = (
        np.concatenate([ops.convert_to_numpy(each)[0] for each in column]).astype(np.float64)
        for column in zip(*parts, strict=True)
    )
    return means.mean(axis=0), variances.mean(axis=0) + means.var(axis=0)


def stored(source: Rows, rows: int, *, on_disk: bool) -> Rows:
    """The same rows, each computed once, band by band, and kept as float32 as long as this is."""
    kept = _File() if on_disk else _Array(source.height)
    for first, last in bands(source.height, rows):
        kept.append(ops.convert_to_numpy(ops.cast(source.read(first, last), "float32")))
    return Rows(source.height, kept.read)


class _Array:
    """Rows in memory."""

    def __init__(self, height: int):
        self.height, self.filled, self.values = height, 0, np.empty((1, 0, 0, 0), np.float32)

    def append(self, rows: np.ndarray) -> None:
        if not self.filled:
            self.values = np.empty((1, self.height, *rows.shape[2:]), np.float32)
        self.values[:, self.filled : self.filled + rows.shape[1]] = rows
        self.filled += rows.shape[1]

    def read(self, first: int, last: int) -> np.ndarray:
        return self.values[:, first:last]


class _File:
    """Rows in a file without a name, which is gone with its last reader.

    Read and written, not mapped: mapped pages count as the process's memory until the system takes
    them back, and a disk that gets full is an error then, not the end of the process.
    """

    def __init__(self):
        self.file, self.row_shape = tempfile.TemporaryFile(buffering=0), (0, 0)

    def append(self, rows: np.ndarray) -> None:
        self.row_shape = rows.shape[2:]
        rows.tofile(self.file)

    def read(self, first: int, last: int) -> np.ndarray:
        row = int(np.prod(self.row_shape))
        self.file.seek(first * row * np.dtype(np.float32).itemsize)
        values = np.fromfile(self.file, np.float32, (last - first) * row)
        return values.reshape(1, last - first, *self.row_shape)

    def __del__(self):
        self.file.close()
