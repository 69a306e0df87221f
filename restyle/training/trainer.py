"""A network in training: what is the same in every backend."""

import abc
from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
from keras import ops

from restyle.errors import UserError
from restyle.machine.precision import PRECISIONS
from restyle.models.transform_config import TransformConfig
from restyle.models.transform_net import TransformNet
from restyle.training.devices import Strategy
from restyle.training.loss import Batch, Tensor, TrainingLoss, network_inputs
from restyle.training.muon import Muon
from restyle.training.settings import TrainConfig
from restyle.training.starting_weights import start_from

Snapshot = Mapping[str, np.ndarray]


class Trainer(abc.ABC):
    """A network, its optimizer and its loss on the devices of a strategy.

    A backend adds how a batch is sent to them, and the step.
    """

    def __init__(
        self,
        shape: TransformConfig,
        config: TrainConfig,
        loss: Callable[[], TrainingLoss],
        strategy: Strategy,
    ):
        """loss: builds the loss, called where the strategy wants variables to be made."""
        self.config, self.strategy = config, strategy
        with strategy.scope():
            dtype = PRECISIONS[config.precision]
            self.network = TransformNet(shape, seed=config.seed, dtype=dtype)
            if config.tune == "norms":
                _hold_convolutions(self.network)
            self.optimizer = _optimizer(config, self.longest_gradient)
            self.optimizer.build(self.network.trainable_variables)
            self.loss = loss()

    @property
    def longest_gradient(self) -> float:
        """The length beyond which the optimizer is to shorten the gradients that it is given."""
        return self.config.gradient_clip

    @abc.abstractmethod
    def send(self, batch: Batch) -> Batch:
        """This process's share of the batch of all, on its way to the devices. Any thread may."""

    @abc.abstractmethod
    def step(self, batch: Batch, learning_rate: float, whole: bool = True) -> dict[str, Any]:
        """Changes the network; the loss and its terms before that, means over the whole batch.

        They may still be being computed when this returns; `float` waits for a value.

        batch: as `send` returned it. whole: whether the deepest style layer counts too.
        """

    def losses(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss of each photo and its terms before their weights; the network stays as it is."""
        return self.loss(self.network, batch)

    def stylized(self, batch: Batch) -> Tensor:
        """What the network makes of the photos, (b, h, w, 3)."""
        return self.network(network_inputs(self.network.config, batch))

    def start_from(self, network: TransformNet) -> None:
        """Takes the first weights from a network of the same width and depth."""
        start_from(self.network, network)

    def variables(self) -> dict[str, keras.Variable]:
        """All that a step changes, by name: the same names in every backend."""
        groups = {"network": self.network.weights, "optimizer": self.optimizer.variables}
        return {f"{name} {i}": v for name, group in groups.items() for i, v in enumerate(group)}

    def snapshot(self) -> dict[str, np.ndarray]:
        """The values of `variables`, after all steps that have begun. Undone by `restore`."""
        # Copied, since a step may write where the variables are.
        return {n: np.array(ops.convert_to_numpy(v)) for n, v in self.variables().items()}

    def restore(self, snapshot: Snapshot) -> None:
        """Sets `variables`; other entries of the snapshot are left alone. Undoes `snapshot`.

        Raises UserError for a snapshot of another network or optimizer.
        """
        for name, variable in self.variables().items():
            if name not in snapshot or snapshot[name].shape != tuple(variable.shape):
                raise UserError(
                    f"The state of the run has another {name} than this version of restyle, which "
                    "trains with another optimizer. Start a new run, from a network of the old one "
                    "with --start_from if it has one."
                )
            variable.assign(snapshot[name])


def _hold_convolutions(network: TransformNet) -> None:
    for layer in network.layers:
        layer.trainable = not isinstance(layer, keras.layers.Conv2D)


def _optimizer(config: TrainConfig, longest_gradient: float) -> keras.optimizers.Optimizer:
    muon = Muon(config.learning_rate, longest_gradient)
    if config.precision == "float16":
        return keras.optimizers.LossScaleOptimizer(muon)
    return muon
