"""What runs leave behind, and how they are cut off."""

import csv

import numpy as np

from restyle.networks import load_network
from restyle.record.run_folder import RunFolder


class PowerCut(BaseException):
    """Ends a run wherever it is, as nothing in it expects."""


def rows_of(run_dir):
    """The lines of a run's metrics.csv."""
    with open(run_dir / "metrics.csv", newline="") as file:
        return list(csv.DictReader(file))


def counted_in(run_dir, name="iteration"):
    """Which iterations, or steps, the lines of metrics.csv are of."""
    return [int(row[name]) for row in rows_of(run_dir)]


def where(folder):
    """Arguments by which a training writes out.keras and run/ in a folder."""
    return [f"--output={folder}/out.keras", f"--run_dir={folder}/run"]


def state_of(run_dir):
    """What a training has come to."""
    state = RunFolder(str(run_dir)).state()
    assert state is not None
    return {name: values for name, values in state.items() if name != "seconds"}


def assert_same_network(path, other):
    networks = [load_network(str(each)).get_weights() for each in (path, other)]
    for mine, others in zip(*networks, strict=True):
        np.testing.assert_array_equal(mine, others)


def cut_at(monkeypatch, iteration):
    """Cuts the power when an iteration has been logged."""
    log = RunFolder.log

    def log_and_die(self, row):
        log(self, row)
        if row["iteration"] == iteration:
            raise PowerCut

    monkeypatch.setattr(RunFolder, "log", log_and_die)


def board_of(folder):
    """TensorBoard's {name: {step: array}}, pictures among them."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.util import tensor_util

    board = EventAccumulator(str(folder), size_guidance={"tensors": 0}).Reload()
    return {
        name: {e.step: tensor_util.make_ndarray(e.tensor_proto) for e in board.Tensors(name)}
        for name in board.Tags()["tensors"]
    }
