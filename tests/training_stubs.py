"""What tests change in a process that trains; each is given a MonkeyPatch."""

import signal
import sys

import numpy as np


def nothing_slow(patch, backend="", *missing):
    """A mistake must be found before TensorFlow is started.

    backend: what KERAS_BACKEND says. missing: packages that are not installed.
    """
    from restyle.programs import train

    def session(*_):
        raise AssertionError("The mistake was not found in time.")

    patch.setattr(train, "_session", session)
    if backend:
        patch.setenv("KERAS_BACKEND", backend)
    for package in missing:
        patch.setitem(sys.modules, package, None)


def silent(patch):
    from restyle.programs import train

    patch.setattr(train.ProgressDisplay, "say", lambda *_: None)


def interrupted_at_the_first_step(patch):
    from restyle.training.tensorflow_trainer import TensorFlowTrainer

    step, calls = TensorFlowTrainer.step, []

    def interrupted(*args):
        calls.append(1)
        if len(calls) == 1:
            signal.raise_signal(signal.SIGINT)
        return step(*args)

    patch.setattr(TensorFlowTrainer, "step", interrupted)


def another_worker_asked_for_more(patch):
    from restyle.training.tensorflow_devices import TensorFlowStrategy

    def gathered(self, values):
        return np.array([values, [values[0] + 1]])

    patch.setattr(TensorFlowStrategy, "values_of_workers", gathered)


def painting(patch, folder):
    """The network that was written, loaded again where it was trained, paints a photo."""
    from restyle.programs import train

    save = train._save

    def save_and_paint(session, training, output, steps):
        save(session, training, output, steps)
        from restyle.networks import load_network
        from restyle.training.held_out import plain_batch
        from restyle.training.loss import network_inputs

        network = load_network(output)
        batch = plain_batch(np.load(f"{folder}/photo.npy"), 1, 0.7)
        painted = network(network_inputs(network.config, batch))
        np.save(f"{folder}/painted.npy", np.asarray(painted))

    patch.setattr(train, "_save", save_and_paint)
