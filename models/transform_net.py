"""The transform network of Johnson et al. (2016): from a photo to a picture in one pass."""

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops
from restyle.models.layers import (
    Condition,
    ConditionalInstanceNorm,
    CropToInput,
    InstanceNorm,
    PadToMultiple,
    ReflectionPadding,
    StrengthDial,
)
from restyle.models.transform_config import TransformConfig

Tensor = Any


@keras.saving.register_keras_serializable(package="restyle")
class TransformNet(keras.Model):
    """Johnson et al. (2016), supplementary material, table 1, with what became customary since.

    9x9 convolution, two 3x3 of stride 2, residual blocks, two upsamplings, 9x9 convolution.
    We depart from the paper
    - with instance norm in place of batch norm (Ulyanov et al. 2016);
    - by reflection padding at every convolution, so that residual blocks keep their size;
    - by nearest upsampling and a convolution in place of a transposed one, which leaves a
      checkerboard (Odena et al. 2016);
    - with a sigmoid in place of a scaled tanh: the result lies in [0, 1] without clipping;
    - by padding to a multiple of 4 and cropping inside: any size in, the same size out.

    Its configuration and the recipe of its training are saved with it. The precision is not: it is
    how a network is run, not what it is.

    Args:
      config: its shape; a dict of it when it is loaded.
      recipe: JSON text, how it was trained; empty before.
      seed: of the first weights.
      dtype: a Keras dtype policy, "mixed_bfloat16" for one.

    Input: {"images": (b, h, w, 3) in [0, 1]} and, if it has them, "style_weights": (b, styles),
    which should sum to one, "strength": (b, 1) and "stroke": (b, 1), both in [0, 1].
    Output: (b, h, w, 3) in [0, 1].
    """

    def __init__(
        self,
        config: TransformConfig | dict,
        recipe: str = "",
        *,
        seed: int = 0,
        dtype: str = "float32",
        **kwargs,
    ):
        config = TransformConfig(**config) if isinstance(config, dict) else config
        inputs = _symbolic_inputs(config)
        super().__init__(inputs=inputs, outputs=_Graph(config, seed, dtype)(inputs), **kwargs)
        self.config, self.recipe = config, recipe

    def get_config(self):
        own = {"config": dataclasses.asdict(self.config), "recipe": self.recipe}
        return {**own, "name": self.name}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        return cls(**config)

    def in_precision(self, dtype: str) -> "TransformNet":
        """The same network with activations, or all, in another precision."""
        other = TransformNet(self.config, self.recipe, dtype=dtype, name=self.name)
        other.set_weights(self.get_weights())
        return other


def _symbolic_inputs(config: TransformConfig) -> dict[str, Tensor]:
    """By name; float32 in every precision."""
    return {
        name: keras.Input(shape, name=name, dtype="float32")
        for name, shape in config.input_shapes.items()
    }


def glorot_uniform(*seed: int) -> Callable[..., Tensor]:
    """An initializer of convolutions: uniform in +-sqrt(6 / (inputs + outputs)).

    Glorot and Bengio (2010), eq. 16, as Keras has it. Drawn by numpy, since what Keras draws hangs
    on the backend; these are the same numbers in each.
    """

    def draw(shape: tuple[int, ...], dtype: str) -> Tensor:
        height, width, inputs, outputs = shape
        limit = math.sqrt(6.0 / (height * width * (inputs + outputs)))
        values = np.random.default_rng(seed).uniform(-limit, limit, shape)
        return ops.convert_to_tensor(values.astype(np.float32), dtype)

    return draw


class _Graph:
    """Calls the layers one after another, each norm with the condition if there is one."""

    def __init__(self, config: TransformConfig, seed: int, dtype: str):
        self.config, self.seed, self.dtype = config, seed, dtype

    def __call__(self, inputs: dict[str, Tensor]) -> Tensor:
        images, width = inputs["images"], self.config.width
        self.condition = self._condition(inputs)
        values = PadToMultiple(name="pad", dtype="float32")(images)
        values = self._convolve(values, width, 9, name="in")
        for factor in (2, 4):
            values = self._convolve(values, factor * width, 3, strides=2, name=f"down{factor}")
        for block in range(1, 1 + self.config.residual_blocks):
            values = self._residual_block(values, name=f"residual{block}")
        for factor in (2, 1):
            values = keras.layers.UpSampling2D(dtype=self.dtype, name=f"enlarge{factor}")(values)
            values = self._convolve(values, factor * width, 3, name=f"up{factor}")
        values = self._convolution(values, 3, 9, name="out")
        pixels = keras.layers.Activation("sigmoid", dtype="float32", name="sigmoid")(values)
        pixels = CropToInput(dtype="float32", name="crop")([pixels, images])
        if not self.config.strength:
            return pixels
        return StrengthDial(dtype="float32", name="dial")([images, pixels, inputs["strength"]])

    def _condition(self, inputs: dict[str, Tensor]) -> Tensor | None:
        steering = {name: value for name, value in inputs.items() if name != "images"}
        if not steering:
            return None
        return Condition(self.config.strokes, dtype="float32", name="condition")(steering)

    def _convolution(
        self, values: Tensor, channels: int, size: int, *, strides: int = 1, name: str
    ) -> Tensor:
        values = ReflectionPadding(size // 2, dtype=self.dtype, name=f"{name}_mirror")(values)
        return keras.layers.Conv2D(
            channels,
            size,
            strides,
            padding="valid",
            kernel_initializer=glorot_uniform(self.seed, *name.encode()),
            dtype=self.dtype,
            name=f"{name}_conv",
        )(values)

    def _norm(self, values: Tensor, name: str) -> Tensor:
        if self.condition is None:
            return InstanceNorm(dtype=self.dtype, name=f"{name}_norm")(values)
        norm = ConditionalInstanceNorm(
            self.config.conditions, dtype=self.dtype, name=f"{name}_norm"
        )
        return norm([values, self.condition])

    def _convolve(
        self, values: Tensor, channels: int, size: int, *, strides: int = 1, name: str
    ) -> Tensor:
        """Convolution, instance norm, ReLU."""
        values = self._convolution(values, channels, size, strides=strides, name=name)
        values = self._norm(values, name)
        return keras.layers.ReLU(dtype=self.dtype, name=f"{name}_relu")(values)

    def _residual_block(self, values: Tensor, name: str) -> Tensor:
        """Without a ReLU after the sum, as in the paper (Gross and Wilber 2016)."""
        channels = values.shape[-1]
        changed = self._convolve(values, channels, 3, name=f"{name}a")
        changed = self._norm(self._convolution(changed, channels, 3, name=f"{name}b"), f"{name}b")
        return keras.layers.Add(dtype=self.dtype, name=name)([values, changed])
