"""The step of training in TensorFlow."""

from typing import Any

import numpy as np
import tensorflow as tf

from restyle.training.loss import Batch
from restyle.training.tensorflow_devices import TensorFlowStrategy
from restyle.training.trainer import Trainer


class TensorFlowTrainer(Trainer):
    """One graph, run on each device of a tf.distribute strategy."""

    strategy: TensorFlowStrategy

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._compiled = tf.function(self._distributed_step)

    @property
    def longest_gradient(self) -> float:
        # Keras adds up the gradients of the devices, but only after it has shortened each: so each
        # device is given the mean, which is an n-th of their sum, and a bound that is too.
        return self.config.gradient_clip / self.strategy.devices

    def send(self, batch: Batch) -> Batch:
        size = self.config.batch_size // self.strategy.devices
        if len(batch.images) == size:
            return Batch(*map(tf.convert_to_tensor, batch))
        first = self.strategy.batch_rows(self.config.batch_size).start

        def share(values: np.ndarray) -> tf.distribute.DistributedValues:
            def of_device(context: tf.distribute.experimental.ValueContext) -> tf.Tensor:
                start = context.replica_id_in_sync_group * size - first
                return tf.convert_to_tensor(values[start : start + size])

            distribution = self.strategy.distribution
            return distribution.experimental_distribute_values_from_function(of_device)

        return Batch(*map(share, batch))

    def step(self, batch: Batch, learning_rate: float, whole: bool = True) -> dict[str, Any]:
        self.optimizer.learning_rate.assign(learning_rate)
        return self._compiled(batch, whole)

    def _distributed_step(self, batch: Batch, whole: bool) -> dict[str, tf.Tensor]:
        distribution = self.strategy.distribution
        values = distribution.run(self._replica_step, args=(batch, whole))
        return {
            name: distribution.reduce(tf.distribute.ReduceOp.SUM, value, axis=None)
            for name, value in values.items()
        }

    def _replica_step(self, batch: Batch, whole: bool) -> dict[str, tf.Tensor]:
        context = tf.distribute.get_replica_context()
        weights = self.network.trainable_variables
        with tf.GradientTape() as tape:
            losses, terms = self.loss(self.network, batch, whole=whole)
            loss = tf.reduce_sum(losses) / self.config.batch_size
            scaled = self.optimizer.scale_loss(loss)
        gradients = tape.gradient(scaled, [weight.value for weight in weights])
        gradients = context.all_reduce(tf.distribute.ReduceOp.MEAN, gradients)
        self.optimizer.apply(gradients, weights)
        means = {n: tf.reduce_sum(v) / self.config.batch_size for n, v in terms.items()}
        return {"loss": loss, **means}
