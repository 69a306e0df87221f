"""The step of training in JAX."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import jax
import keras
from keras import ops

from restyle.training.jax_devices import JaxStrategy
from restyle.training.loss import Batch
from restyle.training.trainer import Trainer

Values = list[jax.Array]
Terms = dict[str, jax.Array]


class JaxTrainer(Trainer):
    """Compiled functions of a batch and of what the variables hold."""

    strategy: JaxStrategy

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        # Arguments too, since the compiler would work out again what it takes for constants.
        self._fixed = [
            *self.network.non_trainable_variables,
            *self.loss.features.variables,
            *self.loss.content_features.variables,
        ]
        self._compiled_step = jax.jit(self._changed, donate_argnums=(0, 1), static_argnums=(4,))
        self._compiled_losses = jax.jit(self._losses)
        self._compiled_stylized = jax.jit(self._stylized)

    def send(self, batch: Batch) -> Batch:
        return Batch(*map(self.strategy.send, batch))

    def step(self, batch: Batch, learning_rate: float, whole: bool = True) -> dict[str, Any]:
        self.optimizer.learning_rate.assign(learning_rate)
        changing = self.network.trainable_variables, self.optimizer.variables
        arrays = map(_values, (*changing, self._fixed))
        *changed, values = self._compiled_step(*arrays, batch, whole)
        for variables, arrays in zip(changing, changed, strict=True):
            for variable, array in zip(variables, arrays, strict=True):
                variable.assign(array)
        return values

    def losses(self, batch: Batch) -> tuple[jax.Array, Terms]:
        weights = _values(self.network.trainable_variables)
        return self._compiled_losses(weights, _values(self._fixed), batch)

    def stylized(self, batch: Batch) -> jax.Array:
        weights = _values(self.network.trainable_variables)
        return self._compiled_stylized(weights, _values(self._fixed), batch)

    def _changed(
        self, weights: Values, state: Values, fixed: Values, batch: Batch, whole: bool
    ) -> tuple[Values, Values, Terms]:
        """Weights and optimizer's state after a step; the loss and its terms before it, means."""

        def scaled_loss(weights: Values) -> tuple[jax.Array, Terms]:
            losses, terms = self._losses(weights, fixed, batch, whole)
            means = {"loss": losses, **terms}
            means = OrderedDict((name, ops.mean(values)) for name, values in means.items())
            with keras.StatelessScope(_pairs(self.optimizer.variables, state)):
                return self.optimizer.scale_loss(means["loss"]), means

        gradients, means = jax.grad(scaled_loss, has_aux=True)(weights)
        weights, state = self.optimizer.stateless_apply(state, gradients, weights)
        return weights, state, means

    def _losses(
        self, weights: Values, fixed: Values, batch: Batch, whole: bool = True
    ) -> tuple[jax.Array, Terms]:
        with self._scope(weights, fixed):
            losses, terms = self.loss(self.network, batch, whole=whole)
        return losses, OrderedDict(terms)  # Of a dict JAX would sort the names.

    def _stylized(self, weights: Values, fixed: Values, batch: Batch) -> jax.Array:
        with self._scope(weights, fixed):
            return super().stylized(batch)

    def _scope(self, weights: Values, fixed: Values) -> keras.StatelessScope:
        """In it the variables have these values."""
        variables = [*self.network.trainable_variables, *self._fixed]
        return keras.StatelessScope(_pairs(variables, [*weights, *fixed]))


def _values(variables: Sequence[keras.Variable]) -> Values:
    return [variable.value for variable in variables]


def _pairs(
    variables: Sequence[keras.Variable], values: Values
) -> list[tuple[keras.Variable, jax.Array]]:
    return list(zip(variables, values, strict=True))
