"""A transform network on a picture of any size, in bounded memory: the same picture as at once.

Instance norm has to see all positions of a layer before it can let the first one pass. That is why
pieces stylized by themselves do not match each other, and why all of a layer is kept otherwise.
Here a layer is a source of rows (restyle/paint/rows.py) that asks the layer before it for those it
needs, band by band over the full width, and the statistics of a norm are a pass of their own. What
is large is computed twice (the convolutions `in` and `up1`, at full resolution), what is small is
stored: 1.2 times the arithmetic of the whole picture, and a ninth of the memory; with files, none
but the result grows with the height.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from keras import ops

from restyle.models.layers import ConditionalInstanceNorm, InstanceNorm
from restyle.models.transform_net import TransformNet
from restyle.paint.band_plan import Plan, plan_bands
from restyle.paint.rows import (
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
            values = self._residual(values, f"residual{block}")
        values = rectified(self._normalized(enlarged(values), "up2"))
        values = rectified(self._normalized_again(enlarged(values), "up1"))
        return convolved(values, self.layer("out_conv"))

    def _residual(self, values: Rows, name: str) -> Rows:
        """A residual block, stored. What it kept on the way is gone when it ends."""
        changed = rectified(self._normalized(values, f"{name}a"))
        changed = self._normalized(changed, f"{name}b")
        return self._stored(added(values, changed))

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
