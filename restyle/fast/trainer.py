"""One step of training, on the devices of a tf.distribute strategy."""

from collections.abc import Callable, Mapping

import keras
import numpy as np
import tensorflow as tf

from models.transform_config import TransformConfig
from models.transform_net import TransformNet
from restyle.fast.starting_weights import start_from
from restyle.fast.strategies import batch_rows
from restyle.fast.train_config import TrainConfig
from restyle.fast.training_loss import Batch, TrainingLoss
from restyle.precision import PRECISIONS

Snapshot = Mapping[str, np.ndarray]


class Trainer:
    """A network and its optimizer, on the devices of a strategy."""

    def __init__(
        self,
        shape: TransformConfig,
        config: TrainConfig,
        loss: Callable[[], TrainingLoss],
        strategy: tf.distribute.Strategy,
    ):
        """loss: builds the loss, called where the strategy wants variables to be made."""
        self.config, self.strategy = config, strategy
        keras.utils.set_random_seed(config.seed)
        with strategy.scope():
            self.network = TransformNet(shape, dtype=PRECISIONS[config.precision])
            self.optimizer = _optimizer(config, strategy.num_replicas_in_sync)
            self.optimizer.build(self.network.trainable_variables)
            self.loss = loss()
        self.distributed_step = tf.function(self._distributed_step)

    def step(self, batch: Batch, learning_rate: float) -> tuple[float, dict[str, float]]:
        """Changes the network; the loss and its terms before that, means over the whole batch.

        batch: this process's share of the batch of all.
        """
        self.optimizer.learning_rate.assign(learning_rate)
        values = self.distributed_step(self._shares(batch))
        value, *terms = (float(value) for value in values.values())
        return value, dict(zip(list(values)[1:], terms, strict=True))

    def _shares(self, batch: Batch) -> Batch:
        """What each device of this process gets of its part of the batch."""
        size = self.config.batch_size // self.strategy.num_replicas_in_sync
        if len(batch.images) == size:
            return Batch(*map(tf.convert_to_tensor, batch))
        first = batch_rows(self.strategy, self.config.batch_size).start

        def share(values: np.ndarray) -> tf.distribute.DistributedValues:
            def of_device(context: tf.distribute.experimental.ValueContext) -> tf.Tensor:
                start = context.replica_id_in_sync_group * size - first
                return tf.convert_to_tensor(values[start : start + size])

            return self.strategy.experimental_distribute_values_from_function(of_device)

        return Batch(*map(share, batch))

    def _distributed_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        values = self.strategy.run(self._replica_step, args=(batch,))
        return {
            name: self.strategy.reduce(tf.distribute.ReduceOp.SUM, value, axis=None)
            for name, value in values.items()
        }

    def _replica_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        context = tf.distribute.get_replica_context()
        weights = self.network.trainable_variables
        with tf.GradientTape() as tape:
            losses, terms = self.loss(self.network, batch)
            loss = tf.reduce_sum(losses) / self.config.batch_size
            scaled = self.optimizer.scale_loss(loss)
        gradients = tape.gradient(scaled, [weight.value for weight in weights])
        # Keras adds up the gradients of the devices, but only after it has shortened each: so each
        # device is given the mean, which is an n-th of their sum, and a bound that is too.
        gradients = context.all_reduce(tf.distribute.ReduceOp.MEAN, gradients)
        self.optimizer.apply(gradients, weights)
        means = {n: tf.reduce_sum(v) / self.config.batch_size for n, v in terms.items()}
        return {"loss": loss, **means}

    def start_from(self, network: TransformNet) -> None:
        """Takes the first weights from a network of the same width and depth."""
        start_from(self.network, network)

    def variables(self) -> dict[str, keras.Variable]:
        """All that a step changes, by name."""
        groups = {"network": self.network.weights, "optimizer": self.optimizer.variables}
        return {f"{name} {i}": v for name, group in groups.items() for i, v in enumerate(group)}

    def snapshot(self) -> dict[str, np.ndarray]:
        """The values of `variables`. Undone by `restore`."""
        return {name: np.array(variable) for name, variable in self.variables().items()}

    def restore(self, snapshot: Snapshot) -> None:
        """Sets `variables`; other entries of the snapshot are left alone. Undoes `snapshot`."""
        for name, variable in self.variables().items():
            variable.assign(snapshot[name])


def _optimizer(config: TrainConfig, devices: int) -> keras.optimizers.Optimizer:
    bound = config.gradient_clip / devices
    adam = keras.optimizers.Adam(config.learning_rate, global_clipnorm=bound)
    if config.precision == "float16":
        return keras.optimizers.LossScaleOptimizer(adam)
    return adam
