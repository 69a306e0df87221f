"""A transform network on a picture of any size, in bounded memory: the same picture as at once.

Instance norm looks at all positions of a layer before a single one can go on, which is why tiles
that are stylised on their own do not match and why the whole picture is kept at every layer. Here
the picture is cut into bands of rows over its full width. A layer is a source of rows that asks the
layer before for those it needs, so nothing is kept between them; the norm's statistics are taken in
a pass of their own, over all bands. What is large is computed again (the convolutions `in` and
`up1` at full resolution, twice each), what is small is stored: a sixth more arithmetic than at once.
"""

import dataclasses
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from models.layers import ConditionalInstanceNorm, InstanceNorm, PadToMultiple
from models.transform_config import TransformConfig
from models.transform_net import TransformNet
from restyle.errors import UserError

Tensor = Any

WHOLE_BYTES = (0, 0)
BAND_BYTES = 40
HALO = 8
FEWEST_ROWS, MOST_ROWS = 4, 128


def bytes_needed_whole(config: TransformConfig, size: tuple[int, int]) -> int:
    """An estimate of what the network takes at once."""
    return size[0] * size[1] * (WHOLE_BYTES[0] + WHOLE_BYTES[1] * config.width)


@dataclasses.dataclass(frozen=True)
class Plan:
    """How a picture is cut.

    Attributes:
      rows: of a band, at every resolution.
      on_disk: whether what is stored goes to files, in the folder for temporary ones.
    """

    rows: int
    on_disk: bool


def plan_bands(config: TransformConfig, size: tuple[int, int], memory: int) -> Plan:
    """The cut of a (height, width) for `memory` bytes; UserError if the disk is full."""
    stored = 3 * config.width * size[0] * size[1]
    row = BAND_BYTES * config.width * size[1]

    def rows(free: int) -> int:
        return min(free // row - HALO, MOST_ROWS)

    if rows(memory - stored) >= FEWEST_ROWS:
        return Plan(rows(memory - stored), on_disk=False)
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    if free < stored:
        raise UserError(
            f"A picture of {size[1]} x {size[0]} needs {stored / 1e9:.1f} GB of disk and "
            f"'{folder}' has {free / 1e9:.1f} GB. Set TMPDIR to a folder with more."
        )
    return Plan(max(rows(memory), FEWEST_ROWS), on_disk=True)


def stylize_in_bands(
    network: TransformNet, inputs: Mapping[str, np.ndarray], *, memory: int
) -> np.ndarray:
    """What `network(inputs)` gives for one picture, within about `memory` bytes."""
    images = inputs["images"]
    painted = np.empty(images.shape, np.float32)
    plan = plan_bands(network.config, images.shape[1:3], memory)
    for first, band in painted_bands(network, inputs, plan):
        painted[:, first : first + band.shape[1]] = band
    return painted


def painted_bands(
    network: TransformNet, inputs: Mapping[str, np.ndarray], plan: Plan
) -> Iterator[tuple[int, np.ndarray]]:
    """The bands of the result from top to bottom, each with the index of its first row.

    inputs: as of the network, for one picture; "images" (1, h, w, 3).
    """
    images = inputs["images"]
    if len(images) != 1:
        raise ValueError(f"Got {len(images)} pictures, expected one: give them one by one.")
    values = _Graph(network, inputs, plan).before_sigmoid()
    height, width = images.shape[1:3]
    for first, last in _bands(height, plan.rows):
        pixels = network.get_layer("sigmoid")(values.read(first, last)[:, :, :width])
        if network.config.strength:
            photo = images[:, first:last]
            pixels = network.get_layer("dial")([photo, pixels, inputs["strength"]])
        yield first, ops.convert_to_numpy(pixels)


class _Graph:
    """The layers of a `TransformNet` one after another, each a source of rows."""

    def __init__(self, network: TransformNet, inputs: Mapping[str, np.ndarray], plan: Plan):
        self.layer, self.config, self.plan = network.get_layer, network.config, plan
        self.images = inputs["images"]
        steering = {name: value for name, value in inputs.items() if name != "images"}
        self.condition = self.layer("condition")(steering) if steering else None

    def before_sigmoid(self) -> "Rows":
        values = padded(self.images, self.layer("pad"))
        values = self._convolve(values, "in", store=False)
        for name in ("down2", "down4"):
            values = self._convolve(values, name)
        for block in range(1, 1 + self.config.residual_blocks):
            changed = self._convolve(values, f"residual{block}a")
            changed = self._convolve(changed, f"residual{block}b", relu=False)
            values = stored(added(values, changed), self.plan)
        values = self._convolve(enlarged(values), "up2")
        values = self._convolve(enlarged(values), "up1", store=False)
        return convolved(values, self.layer("out_conv"))

    def _convolve(
        self, values: "Rows", name: str, *, relu: bool = True, store: bool = True
    ) -> "Rows":
        """Convolution, instance norm, ReLU; what the convolution gives stored, or computed twice."""
        values = convolved(values, self.layer(f"{name}_conv"))
        if store:
            values = stored(values, self.plan)
        norm = self.layer(f"{name}_norm")
        gamma, beta = _gamma_and_beta(norm, self.condition)
        mean, variance = statistics(values, self.plan.rows)
        return normalized(values, (mean, variance), (gamma, beta), norm.epsilon, relu=relu)


def _gamma_and_beta(
    norm: InstanceNorm | ConditionalInstanceNorm, condition: Tensor | None
) -> tuple[Tensor, Tensor]:
    if condition is None:
        return norm.gamma, norm.beta
    return ops.matmul(condition, norm.gamma)[0], ops.matmul(condition, norm.beta)[0]


class Rows(NamedTuple):
    """An activation of which any rows can be asked, so that it need not be there as a whole."""

    height: int
    read: Callable[[int, int], Tensor]


def _bands(height: int, rows: int) -> Iterator[tuple[int, int]]:
    for first in range(0, height, rows):
        yield first, min(first + rows, height)


def padded(images: np.ndarray, layer: PadToMultiple) -> Rows:
    size, (_, *more, _) = images.shape[1:3], layer.compute_output_shape(images.shape)
    rows, columns = (
        np.pad(np.arange(old), (0, new - old), mode="reflect")
        for old, new in zip(size, more, strict=True)
    )
    return Rows(more[0], lambda first, last: images[:, rows[first:last]][:, :, columns])


def convolved(source: Rows, layer: keras.layers.Conv2D) -> Rows:
    edge, stride = layer.kernel_size[0] // 2, layer.strides[0]

    def read(first: int, last: int) -> Tensor:
        above, below = first * stride - edge, (last - 1) * stride + edge + 1
        top, bottom = max(above, 0), min(below, source.height)
        mirror = [[0, 0], [top - above, below - bottom], [edge, edge], [0, 0]]
        return layer(ops.pad(source.read(top, bottom), mirror, mode="reflect"))

    return Rows(-(-source.height // stride), read)


def normalized(source, moments, scale_and_shift, epsilon, *, relu) -> Rows:
    mean, variance = (ops.cast(each, "float32") for each in moments)
    gamma, beta = (ops.cast(each, "float32") for each in scale_and_shift)

    def read(first: int, last: int) -> Tensor:
        values = ops.cast(source.read(first, last), "float32")
        values = ops.batch_normalization(
            values, mean, variance, axis=-1, offset=beta, scale=gamma, epsilon=epsilon
        )
        return ops.relu(values) if relu else values

    return Rows(source.height, read)


def enlarged(source: Rows) -> Rows:
    def read(first: int, last: int) -> Tensor:
        above = first // 2
        values = source.read(above, (last + 1) // 2)
        values = ops.repeat(ops.repeat(values, 2, axis=1), 2, axis=2)
        return values[:, first - 2 * above : last - 2 * above]

    return Rows(2 * source.height, read)


def added(one: Rows, other: Rows) -> Rows:
    return Rows(one.height, lambda first, last: one.read(first, last) + other.read(first, last))


def statistics(source: Rows, rows: int) -> tuple[np.ndarray, np.ndarray]:
    means, variances = [], []
    for first, last in _bands(source.height, rows):
        values = ops.cast(source.read(first, last), "float32")
        mean, variance = ops.moments(values, axes=2)
        means.append(ops.convert_to_numpy(mean)[0])
        variances.append(ops.convert_to_numpy(variance)[0])
    means, variances = (np.concatenate(each).astype(np.float64) for each in (means, variances))
    return means.mean(0), variances.mean(0) + means.var(0)


def stored(source: Rows, plan: Plan) -> Rows:
    buffer = _File() if plan.on_disk else _Array(source.height)
    for first, last in _bands(source.height, plan.rows):
        buffer.append(ops.convert_to_numpy(ops.cast(source.read(first, last), "float32")))
    return Rows(source.height, buffer.read)


class _Array:
    """Rows in memory."""

    def __init__(self, height: int):
        self.height, self.filled, self.values = height, 0, None

    def append(self, rows: np.ndarray) -> None:
        if self.values is None:
            self.values = np.empty((1, self.height, *rows.shape[2:]), np.float32)
        self.values[:, self.filled : self.filled + rows.shape[1]] = rows
        self.filled += rows.shape[1]

    def read(self, first: int, last: int) -> np.ndarray:
        assert self.values is not None
        return self.values[:, first:last]


class _File:
    """Rows in a file that has no name and is gone when nobody reads it any more."""

    def __init__(self):
        self.file, self.shape = tempfile.TemporaryFile(buffering=0), (0, 0)

    def append(self, rows: np.ndarray) -> None:
        self.shape = rows.shape[2:]
        rows.tofile(self.file)

    def read(self, first: int, last: int) -> np.ndarray:
        row = self.shape[0] * self.shape[1]
        self.file.seek(first * row * 4)
        return np.fromfile(self.file, np.float32, (last - first) * row).reshape(1, -1, *self.shape)
