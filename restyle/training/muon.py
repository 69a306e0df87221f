"""Muon, the optimizer of a training: a step moves all directions of a convolution alike."""

from typing import Any

import keras
from keras import ops

Tensor = Any

# The convolutions at either end, which hold the three colors: Adam moves them, and all that is no
# convolution.
BY_ADAM = ("in_conv/", "out_conv/")
ADAM_RATE = 0.25


class Muon(keras.optimizers.Muon):
    """Jordan et al. (2024), Muon, with the kernel of a convolution taken for a matrix.

    M <- m M + G;  W <- W - rate 0.2 sqrt(max(rows, columns)) orthogonal(G + m M)

    orthogonal(X) is X with its singular values brought near 1 by five Newton-Schulz iterations, so
    that the few strong directions of a gradient do not outrun the many weak ones. The factor before
    it, by Liu et al. (2025), makes the step of a weight about as long as Adam's. We depart from
    Keras, which moves by Muon only what has two axes, and from both papers with m = 0.9 in place of
    0.95, which is better in trainings of some hundred steps.

    Args:
      learning_rate: of the convolutions; all else goes by Adam at a quarter of it.
      longest_gradient: a longer one, over all weights together, is shortened to it.
    """

    def __init__(self, learning_rate: float, longest_gradient: float):
        super().__init__(
            learning_rate,
            global_clipnorm=longest_gradient,
            momentum=0.9,
            adam_lr_ratio=ADAM_RATE,
            weight_decay=None,
            adam_weight_decay=None,
            name="muon",
        )

    def _should_use_adamw(self, variable: keras.Variable) -> bool:
        return len(variable.shape) != 4 or variable.path.startswith(BY_ADAM)

    def _muon_update_step(
        self, gradient: Tensor, variable: keras.Variable, lr: Tensor, m: keras.Variable
    ) -> None:
        self.assign(m, self.momentum * m + gradient)
        ahead = ops.reshape(gradient + self.momentum * m, (-1, variable.shape[-1]))
        step = self.lr_adjust(lr * self.zeropower_via_newtonschulz5(ahead, self.ns_steps))
        self.assign_sub(variable, ops.reshape(step, variable.shape))
