"""Where a training runs: one device, the devices of one machine, or several machines."""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from restyle.errors import UserError


def strategy_named(name: str) -> tf.distribute.Strategy:
    """ "one", "mirrored" or "multi_worker", which takes its machines from TF_CONFIG."""
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


def workers(strategy: tf.distribute.Strategy) -> tuple[int, int]:
    """Which of the processes that train together this one is, from 0, and how many there are."""
    resolver = strategy.cluster_resolver
    if resolver is None or resolver.task_id is None:
        return 0, 1
    return resolver.task_id, len(resolver.cluster_spec().task_indices("worker"))


def batch_rows(strategy: tf.distribute.Strategy, batch_size: int) -> range:
    """Which photos of the joint batch are this process's.

    Raises UserError for a batch that the devices cannot share evenly.
    """
    devices = strategy.num_replicas_in_sync
    if batch_size % devices:
        raise UserError(
            f"Got a batch of {batch_size} for {devices} devices, which cannot share it evenly. "
            f"Pass --batch_size={devices * max(1, round(batch_size / devices))}."
        )
    place, count = workers(strategy)
    share = batch_size // count
    return range(place * share, (place + 1) * share)


def values_of_workers(strategy: tf.distribute.Strategy, values: Sequence[float]) -> np.ndarray:
    """These values of each process that trains, (devices, values); the same in all of them.

    All processes must call it together.
    """
    row = tf.constant([values], tf.float64)
    if workers(strategy)[1] == 1:
        return row.numpy()

    def of_device() -> tf.Tensor:
        return tf.distribute.get_replica_context().all_gather(row, axis=0)

    return strategy.experimental_local_results(strategy.run(of_device))[0].numpy()


def largest_of_workers(strategy: tf.distribute.Strategy, values: Sequence[float]) -> list[float]:
    """Each value where it is largest, so that what hangs on it is decided alike everywhere."""
    return values_of_workers(strategy, values).max(axis=0).tolist()
