"""The layers of the transform network that Keras does not have."""

from typing import Any

import keras
from keras import ops

Tensor = Any
register = keras.saving.register_keras_serializable(package="restyle")


def instance_norm(
    values: Tensor, gamma: Tensor, beta: Tensor, epsilon: float, *, training: bool = False
) -> Tensor:
    """Each channel of each picture with mean `beta` and deviation `gamma` over its positions.

    y = (x - mean) / sqrt(variance + epsilon) * gamma + beta

    Ulyanov et al. (2016). Written as it stands: this form CPU inference engines know and fuse. In
    training gamma / sqrt(variance + epsilon) comes first, which spares a third of the operations on
    all positions, forward and back. float32 statistics whatever the precision: a half-precision
    sum over h w positions is off by more than the differences it is to even out.

    values: (b, h, w, c). gamma, beta: (c,) or (b, 1, 1, c). Returns (b, h, w, c), dtype of values.
    """
    precise = ops.cast(values, "float32")
    centered = precise - ops.mean(precise, axis=(1, 2), keepdims=True)
    deviation = ops.sqrt(ops.mean(ops.square(centered), axis=(1, 2), keepdims=True) + epsilon)
    gamma, beta = ops.cast(gamma, "float32"), ops.cast(beta, "float32")
    scaled = centered * (gamma / deviation) if training else centered / deviation * gamma
    return ops.cast(scaled + beta, values.dtype)


@register
class InstanceNorm(keras.layers.Layer):
    """Instance norm with learned `gamma` and `beta`, see `instance_norm`.

    Input and output shape: (b, h, w, c).
    """

    def __init__(self, epsilon: float = 1e-5, **kwargs):
        super().__init__(**kwargs)
        self.epsilon = epsilon

    def build(self, input_shape):
        channels = (input_shape[-1],)
        self.gamma = self.add_weight(name="gamma", shape=channels, initializer="ones")
        self.beta = self.add_weight(name="beta", shape=channels, initializer="zeros")

    def call(self, values, training=False):
        return instance_norm(values, self.gamma, self.beta, self.epsilon, training=training)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "epsilon": self.epsilon}


@register
class ConditionalInstanceNorm(keras.layers.Layer):
    """Instance norm whose gamma and beta are blended from those of several conditions.

    gamma[b] = sum_k condition[b, k] gamma_k, and likewise beta

    Dumoulin et al. (2017), eq. 5 and section 3.4: styles share every convolution and differ in
    these two vectors alone, and what lies between two styles is a style.

    Args:
      conditions: how many there are to blend.

    Input: [values (b, h, w, c), condition (b, conditions)]. Output: (b, h, w, c).
    """

    def __init__(self, conditions: int, epsilon: float = 1e-5, **kwargs):
        super().__init__(**kwargs)
        self.conditions, self.epsilon = conditions, epsilon

    def build(self, input_shape):
        shape = (self.conditions, input_shape[0][-1])
        self.gamma = self.add_weight(name="gamma", shape=shape, initializer="ones")
        self.beta = self.add_weight(name="beta", shape=shape, initializer="zeros")

    def call(self, inputs, training=False):
        values, condition = inputs
        condition = ops.cast(condition, self.gamma.dtype)
        gamma = ops.matmul(condition, self.gamma)[:, None, None, :]
        beta = ops.matmul(condition, self.beta)[:, None, None, :]
        return instance_norm(values, gamma, beta, self.epsilon, training=training)

    def compute_output_shape(self, input_shape):
        return input_shape[0]

    def get_config(self):
        own = {"conditions": self.conditions, "epsilon": self.epsilon}
        return {**super().get_config(), **own}


@register
class ReflectionPadding(keras.layers.Layer):
    """Pads height and width by mirroring, so that borders get no frame as from zeros.

    Args:
      padding: rows and columns to add on each side, fewer than there are.

    Input: (b, h, w, c). Output: (b, h + 2 padding, w + 2 padding, c).
    Raises ValueError for an input that is known to be too small to be mirrored.
    """

    def __init__(self, padding: int, **kwargs):
        super().__init__(**kwargs)
        self.padding = padding

    def build(self, input_shape):
        for name, size in zip(("height", "width"), input_shape[1:3], strict=True):
            if size is not None and size <= self.padding:
                raise ValueError(
                    f"Got an input whose {name} is {size}, expected more than the padding of "
                    f"{self.padding}. Give a larger one, or put PadToMultiple before it."
                )

    def call(self, values):
        edge = [self.padding, self.padding]
        return ops.pad(values, [[0, 0], edge, edge, [0, 0]], mode="reflect")

    def compute_output_shape(self, input_shape):
        batch, *sizes, channels = input_shape
        padded = [None if size is None else size + 2 * self.padding for size in sizes]
        return (batch, *padded, channels)

    def get_config(self):
        return {**super().get_config(), "padding": self.padding}


@register
class PadToMultiple(keras.layers.Layer):
    """Mirrors rows below and columns on the right until both counts are multiples of a number.

    Any size will do, a single pixel too: what is mirrored once is mirrored again. Undone by
    `CropToInput`.

    Args:
      multiple: of what height and width become multiples.
      least: height and width become at least this, itself a multiple of `multiple`.

    Input: (b, h, w, c). Output: (b, h', w', c) with h <= h', w <= w'.
    """

    def __init__(self, multiple: int = 4, least: int = 8, **kwargs):
        super().__init__(**kwargs)
        self.multiple, self.least = multiple, least

    def call(self, images):
        height, width = ops.shape(images)[1:3]
        images = ops.take(images, self._mirrored(height), axis=1)
        return ops.take(images, self._mirrored(width), axis=2)

    def _mirrored(self, size: Any) -> Tensor:
        """Which row each padded row shows: 0 1 2 1 0 1 ... for a size of 3."""
        # A size that is known stays a number: JAX wants to know the shape of what it compiles.
        larger = max if isinstance(size, int) else ops.maximum
        padded = larger((size + self.multiple - 1) // self.multiple * self.multiple, self.least)
        period = larger(2 * (size - 1), 1)
        phase = ops.arange(padded, dtype="int32") % period
        return ops.minimum(phase, period - phase)

    def compute_output_shape(self, input_shape):
        batch, *sizes, channels = input_shape
        return (batch, *(self._padded_size(size) for size in sizes), channels)

    def _padded_size(self, size: int | None) -> int | None:
        if size is None:
            return None
        return max(-(-size // self.multiple) * self.multiple, self.least)

    def get_config(self):
        return {**super().get_config(), "multiple": self.multiple, "least": self.least}


@register
class CropToInput(keras.layers.Layer):
    """Cuts what `PadToMultiple` added below and on the right.

    Input: [values (b, h', w', c), images (b, h, w, c')]. Output: (b, h, w, c).
    """

    def call(self, inputs):
        values, images = inputs
        height, width = ops.shape(images)[1:3]
        return values[:, :height, :width]

    def compute_output_shape(self, input_shape):
        values, images = input_shape
        return (*images[:3], values[-1])


@register
class Condition(keras.layers.Layer):
    """What `ConditionalInstanceNorm` blends: the photo itself, then each style at each stroke size.

    condition = [1 - strength, strength * w_1 * t_1, strength * w_1 * t_2, ... strength * w_n * t_m]
    t_k = max(0, 1 - |(m - 1) stroke - (k - 1)|)

    The dial from photo to style, and that from fine strokes to broad ones, are further conditions
    beside the styles of Dumoulin et al. (2017). Two neighboring stroke sizes are blended. Without
    a strength dial the first entry is left out.

    Args:
      strokes: m, the stroke sizes in which each style was learned.

    Input: {"style_weights": (b, n) if there are several styles, "strength": (b, 1) if there is a
    dial, "stroke": (b, 1) if there are several sizes}, one of them at least.
    Output: (b, conditions).
    """

    def __init__(self, strokes: int = 1, **kwargs):
        super().__init__(**kwargs)
        self.strokes = strokes

    def call(self, inputs):
        one = ops.ones_like(next(iter(inputs.values()))[:, :1])
        weights = inputs.get("style_weights", one)
        if self.strokes > 1:
            weights = self._at_each_size(weights, inputs["stroke"])
        strength = inputs.get("strength")
        if strength is None:
            return weights
        return ops.concatenate([1.0 - strength, strength * weights], axis=-1)

    def _at_each_size(self, weights: Tensor, stroke: Tensor) -> Tensor:
        """w_i * t_k, (b, n * m), all sizes of a style side by side."""
        sizes = ops.arange(self.strokes, dtype=stroke.dtype)
        shares = ops.maximum(0.0, 1.0 - ops.abs((self.strokes - 1.0) * stroke - sizes))
        columns = [weights[:, i : i + 1] * shares for i in range(weights.shape[-1])]
        return ops.concatenate(columns, axis=-1)

    def compute_output_shape(self, input_shape):
        batch = next(iter(input_shape.values()))[0]
        styles = input_shape.get("style_weights", (batch, 1))[-1]
        return (batch, styles * self.strokes + ("strength" in input_shape))

    def get_config(self):
        return {**super().get_config(), "strokes": self.strokes}


@register
class StrengthDial(keras.layers.Layer):
    """The photo at strength 0, the stylized picture at 1.

    photo + (1 - (1 - strength)^4) (stylized - photo)

    Instance norm forgets how bright and how colorful a photo is, so that no setting of it can
    give the photo back; this makes 0 exact. The power leaves the rest of the dial to the network,
    which is trained through it: at 0.5 only a sixteenth of the photo shines through.

    Input: [photo (b, h, w, 3), stylized (b, h, w, 3), strength (b, 1)]. Output: (b, h, w, 3).
    """

    def call(self, inputs):
        photo, stylized, strength = inputs
        share = 1.0 - (1.0 - strength[:, :, None, None]) ** 4
        return photo + share * (stylized - photo)

    def compute_output_shape(self, input_shape):
        return input_shape[0]
