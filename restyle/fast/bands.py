"""A transform network on a picture of any size, in bounded memory: the same picture as at once.

Instance norm has to see all positions of a layer before it can let the first one pass. That is why
pieces stylised by themselves do not match each other, and why all of a layer is kept otherwise.
Here a layer is a source of rows (restyle/fast/rows.py) that asks the layer before it for those it
needs, band by band over the full width, and the statistics of a norm are a pass of their own. What
is large is computed twice (the convolutions `in` and `up1`, at full resolution), what is small is
stored: 1.2 times the arithmetic of the whole picture, and a ninth of the memory; with files, none
but the result grows with the height.
"""

import dataclasses
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from keras import ops

from models.layers import ConditionalInstanceNorm, InstanceNorm
from models.transform_config import TransformConfig
from models.transform_net import TransformNet
from restyle.errors import UserError
from restyle.fast.rows import (
    Rows,
    added,
    bands,
    convolved,
    enlarged,
    normalized,
    padded,
    rectified,
    statistics,
    stored,
)

Tensor = Any

# Measured as growth of the peak of a process that has run the network on a small picture before,
# in float32 on a CPU, one to sixteen megapixels. Whole, in a tf.function: 214 bytes for each pixel
# at width 8, 405 to 418 at 16, 803 to 882 at 32; a tenth to a fifth more here. Bands: 42 to 48
# bytes for each channel of the width, column and row of a band with its overlap.
WHOLE_BYTES = 30
BAND_BYTES = 48
BYTES_AT_START = 50_000_000
RESULT_BYTES = 12  # Three float32 numbers.

# A band computes again 8 rows for the last convolution: of 64, an eighth of one layer's work.
FEWEST_ROWS, MOST_ROWS, OVERLAP = 4, 64, 8


def bytes_needed_whole(config: TransformConfig, size: tuple[int, int]) -> int:
    """An estimate of what a (height, width) takes at once: above the process with its network.

    For a compiled call, tf.function(network) or predict. `network(inputs)` keeps every layer until
    the end and takes more than four times as much.
    """
    return BYTES_AT_START + size[0] * size[1] * (2 * RESULT_BYTES + WHOLE_BYTES * config.width)


@dataclasses.dataclass(frozen=True)
class Plan:
    """How a picture is cut.

    Attributes:
      rows: of a band, at every resolution.
      on_disk: whether what is stored goes to temporary files.
    """

    rows: int
    on_disk: bool = False


def plan_bands(config: TransformConfig, size: tuple[int, int], memory: int) -> Plan:
    """The cut with which a (height, width) takes `memory` bytes, result included.

    Files are used if memory is too small for what is stored. A band has four rows at least, however
    small memory is. UserError if the files are larger than the disk.
    """
    pixels, width = size[0] * size[1], config.width
    # Three bytes for each channel and pixel: both first layers below full resolution, three of a
    # residual block, or the last block and the first enlarged layer. The result comes after.
    kept = pixels * max(3 * width, 2 * width + RESULT_BYTES)
    rows = _rows_that_fit(config, size, memory - kept)
    if rows >= FEWEST_ROWS:
        return Plan(rows)
    _check_disk(size, 3 * width * pixels)
    rows = _rows_that_fit(config, size, memory - pixels * RESULT_BYTES)
    return Plan(max(rows, FEWEST_ROWS), on_disk=True)


def _rows_that_fit(config: TransformConfig, size: tuple[int, int], memory: int) -> int:
    row = BAND_BYTES * config.width * size[1]
    return min((memory - BYTES_AT_START) // row - OVERLAP, MOST_ROWS)


def _check_disk(size: tuple[int, int], needed: int) -> None:
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise UserError(
            f"A picture of {size[1]} x {size[0]} needs {needed / 1e9:.1f} GB for temporary files, "
            f"and '{folder}' has {free / 1e9:.1f} GB. Set TMPDIR to a folder that has more."
        )


def stylize_in_bands(
    network: TransformNet, inputs: Mapping[str, np.ndarray], *, memory: int
) -> np.ndarray:
    """What `network(inputs)` gives for one picture, up to float32 rounding, in bounded memory.

    Args:
      inputs: those of the network; "images" is (1, h, w, 3), float32.
      memory: bytes that it may add to the process, the result included; see `plan_bands`.

    Returns:
      (1, h, w, 3) in [0, 1], float32.
    """
    images = inputs["images"]
    plan = plan_bands(network.config, images.shape[1:3], memory)
    painted = np.empty(images.shape, np.float32)
    for first, band in painted_bands(network, inputs, plan):
        painted[:, first : first + band.shape[1]] = band
    return painted


def painted_bands(
    network: TransformNet, inputs: Mapping[str, np.ndarray], plan: Plan
) -> Iterator[tuple[int, np.ndarray]]:
    """The bands of the result from top to bottom: the index of the first row, and (1, rows, w, 3).

    inputs: as for `stylize_in_bands`. ValueError for more than one picture.
    """
    images = inputs["images"]
    if len(images) != 1:
        raise ValueError(f"Got {len(images)} pictures, expected one: give one after the other.")
    values = _Graph(network, inputs, plan).before_sigmoid()
    height, width = images.shape[1:3]
    for first, last in bands(height, plan.rows):
        pixels = network.get_layer("sigmoid")(values.read(first, last)[:, :, :width])
        if network.config.strength:
            photo = ops.convert_to_tensor(images[:, first:last])
            pixels = network.get_layer("dial")([photo, pixels, inputs["strength"]])
        yield first, ops.convert_to_numpy(pixels)


class _Graph:
    """The layers of a `TransformNet` in their order there, as sources of rows."""

    def __init__(self, network: TransformNet, inputs: Mapping[str, np.ndarray], plan: Plan):
        self.layer, self.config, self.plan = network.get_layer, network.config, plan
        self.images = inputs["images"]
        steering = {name: value for name, value in inputs.items() if name != "images"}
        self.condition = self.layer("condition")(steering) if steering else None

    def before_sigmoid(self) -> Rows:
        values = padded(self.images, self.layer("pad"))
        values = rectified(self._normalized_again(values, "in"))
        for name in ("down2", "down4"):
            values = rectified(self._normalized(values, name))
        for block in range(1, 1 + self.config.residual_blocks):
            changed = rectified(self._normalized(values, f"residual{block}a"))
            changed = self._normalized(changed, f"residual{block}b")
            values = self._stored(added(values, changed))
        values = rectified(self._normalized(enlarged(values), "up2"))
        values = rectified(self._normalized_again(enlarged(values), "up1"))
        return convolved(values, self.layer("out_conv"))

    def _normalized(self, values: Rows, name: str) -> Rows:
        """A convolution, stored, and its norm."""
        values = self._stored(convolved(values, self.layer(f"{name}_conv")))
        return self._norm(values, self.layer(f"{name}_norm"))

    def _normalized_again(self, values: Rows, name: str) -> Rows:
        """A convolution, computed again whenever it is asked for, and its norm."""
        values = convolved(values, self.layer(f"{name}_conv"))
        return self._norm(values, self.layer(f"{name}_norm"))

    def _stored(self, values: Rows) -> Rows:
        return stored(values, self.plan.rows, on_disk=self.plan.on_disk)

    def _norm(self, values: Rows, norm: InstanceNorm | ConditionalInstanceNorm) -> Rows:
        gamma, beta = norm.gamma, norm.beta
        if self.condition is not None:
            condition = ops.cast(self.condition, gamma.dtype)
            gamma, beta = (ops.matmul(condition, each)[0] for each in (gamma, beta))
        moments = statistics(values, self.plan.rows)
        return normalized(values, moments, gamma, beta, norm.epsilon)
