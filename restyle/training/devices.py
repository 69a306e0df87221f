"""Where a training runs: one device, the devices of one machine, or several machines."""

import contextlib
from collections.abc import Sequence

import numpy as np

from restyle.errors import UserError


class Strategy:
    """One device in one process; the strategies of a backend say otherwise.

    Attributes:
      devices: how many train together, in all processes.
      worker: which of the processes that train together this one is, from 0.
      workers: how many there are.
    """

    devices: int = 1
    worker: int = 0
    workers: int = 1

    def scope(self) -> contextlib.AbstractContextManager:
        """Where the variables of a training are to be made."""
        return contextlib.nullcontext()

    def values_of_workers(self, values: Sequence[float]) -> np.ndarray:
        """These values of each process that trains, (devices, values); the same in all of them.

        All processes must call it together.
        """
        return np.array([values], np.float64)

    def largest_of_workers(self, values: Sequence[float]) -> list[float]:
        """Each value where it is largest: what hangs on it is decided alike everywhere."""
        return self.values_of_workers(values).max(axis=0).tolist()

    def batch_rows(self, batch_size: int) -> range:
        """Which photos of the joint batch are this process's.

        Raises UserError for a batch that the devices cannot share evenly.
        """
        devices = self.devices
        if batch_size % devices:
            raise UserError(
                f"Got a batch of {batch_size} for {devices} devices, which cannot share it evenly. "
                f"Pass --batch_size={devices * max(1, round(batch_size / devices))}."
            )
        share = batch_size // self.workers
        return range(self.worker * share, (self.worker + 1) * share)
