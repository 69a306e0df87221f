"""The backend of Keras that a training runs on: TensorFlow, or JAX if the environment says so."""

import os
from typing import TYPE_CHECKING

from restyle.errors import UserError, check_installed
from restyle.training.devices import Strategy

if TYPE_CHECKING:
    from restyle.training.trainer import Trainer

BACKENDS = ("tensorflow", "jax")


def checked_backend(strategy: str) -> str:
    """The backend that KERAS_BACKEND names, TensorFlow if it is not set; Keras will take it.

    To be called before Keras is imported. A file of Keras' settings does not count: what it says
    was said to other programs. Raises UserError for a backend that cannot train here.
    """
    name = os.environ.get("KERAS_BACKEND") or BACKENDS[0]
    if name not in BACKENDS:
        raise UserError(f"Got KERAS_BACKEND={name}, expected {' or '.join(BACKENDS)}.")
    check_installed(f"KERAS_BACKEND={name}", name)
    if name == "jax" and strategy == "multi_worker":
        raise UserError(
            "--strategy=multi_worker needs TensorFlow: drop KERAS_BACKEND=jax. "
            "--strategy=mirrored trains on the devices of one machine in JAX too."
        )
    os.environ["KERAS_BACKEND"] = name
    return name


def strategy_named(name: str) -> Strategy:
    """ "one", "mirrored" or "multi_worker", in the backend that Keras runs on."""
    import keras

    if keras.backend.backend() == "jax":
        from restyle.training.jax_devices import JaxStrategy

        return JaxStrategy(name)
    from restyle.training.tensorflow_devices import TensorFlowStrategy

    return TensorFlowStrategy(name)


def trainer_class() -> "type[Trainer]":
    """The trainer of the backend that Keras runs on."""
    import keras

    if keras.backend.backend() == "jax":
        from restyle.training.jax_trainer import JaxTrainer

        return JaxTrainer
    from restyle.training.tensorflow_trainer import TensorFlowTrainer

    return TensorFlowTrainer
