"""The strategies of JAX: one device, or the devices of one machine."""

import contextlib

import jax
import keras

from restyle.training.devices import Strategy


class JaxStrategy(Strategy):
    """One device, or all of a machine with the same variables on each.

    Attributes:
      distribution: how variables and batches lie on the devices; None for one device.
    """

    def __init__(self, name: str):
        """name: "one" or "mirrored"."""
        self.distribution = None
        if name == "mirrored":
            self.distribution = keras.distribution.DataParallel(auto_shard_dataset=False)
            self.devices = self.distribution.num_model_replicas

    def scope(self) -> contextlib.AbstractContextManager:
        return self.distribution.scope() if self.distribution else contextlib.nullcontext()

    def send(self, values):
        """A batch's array on its way to the devices, an equal share for each."""
        if self.distribution is None:
            return jax.device_put(values)
        return jax.device_put(
            values, self.distribution.get_data_layout(values.shape).backend_layout
        )
