"""The strategies of TensorFlow: those of tf.distribute."""

import contextlib
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from restyle.errors import UserError
from restyle.training.devices import Strategy


class TensorFlowStrategy(Strategy):
    """The devices of a tf.distribute strategy.

    Attributes:
      distribution: that strategy.
    """

    def __init__(self, name: str):
        """name: "one", "mirrored" or "multi_worker", which takes its machines from TF_CONFIG."""
        # What is the same bit for bit when it is done again, a resumed run must be able to be.
        tf.config.experimental.enable_op_determinism()
        self.distribution = _distribution(name)
        self.devices = self.distribution.num_replicas_in_sync
        resolver = self.distribution.cluster_resolver
        if resolver is not None and resolver.task_id is not None:
            self.worker = resolver.task_id
            self.workers = len(resolver.cluster_spec().task_indices("worker"))

    def scope(self) -> contextlib.AbstractContextManager:
        return self.distribution.scope()

    def values_of_workers(self, values: Sequence[float]) -> np.ndarray:
        if self.workers == 1:
            return super().values_of_workers(values)
        row = tf.constant([values], tf.float64)

        def of_device() -> tf.Tensor:
            return tf.distribute.get_replica_context().all_gather(row, axis=0)

        gathered = self.distribution.run(of_device)
        return self.distribution.experimental_local_results(gathered)[0].numpy()


def _distribution(name: str) -> tf.distribute.Strategy:
    if name == "mirrored":
        return tf.distribute.MirroredStrategy([device.name for device in _devices()])
    if name == "multi_worker":
        try:
            return tf.distribute.MultiWorkerMirroredStrategy()
        except (ValueError, RuntimeError, tf.errors.OpError) as error:
            raise UserError(
                f"--strategy=multi_worker could not reach its workers: {error}. Set TF_CONFIG on "
                "each machine to the same cluster and its own task, see the README."
            ) from error
    return tf.distribute.get_strategy()


def _devices() -> list:
    return tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
