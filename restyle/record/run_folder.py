"""A run's folder: what it was asked, how it went, and what it needs to go on."""

import csv
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from restyle.errors import UserError
from restyle.files import BROKEN_ARRAYS, make_folder, written_beside
from restyle.media.images import write_image


class RunFolder:
    """config.json, metrics.csv, loss.png, previews/ and the last two states of one run.

    Attributes:
      pairs_path: a folder for what L-BFGS remembers, which is too much to be written in each state.
    """

    def __init__(self, path: str):
        self.path = Path(path)
        self.config_path = self.path / "config.json"
        self.metrics_path = self.path / "metrics.csv"
        self.state_path = self.path / "state.npz"
        self.state_before_path = self.path / "state_before.npz"
        self.pairs_path = self.path / "pairs"

    def make(self) -> None:
        """Makes the folder; refuses one that holds a run."""
        if self.config_path.exists():
            raise UserError(
                f"'{self.path}' already holds a run. "
                f"Pass --resume={self.path} to resume it, or another --run_dir."
            )
        for folder in (self.path, self.path / "previews"):
            make_folder(folder, "Choose another --run_dir.")

    def begin(self, config: Mapping[str, Any]) -> None:
        """Makes the folder if need be and writes what the run was asked: now it holds a run."""
        self.make()
        with written_beside(self.config_path) as file:
            file.write(json.dumps(config, indent=1).encode())

    def config(self) -> dict[str, Any]:
        """What the run was asked."""
        try:
            return dict(json.loads(self.config_path.read_text()))
        except (OSError, TypeError, ValueError) as error:
            raise UserError(
                f"'{self.path}' holds no run to resume: {self.config_path.name} is missing or "
                f"broken ({type(error).__name__}). Give the folder of a run made with --run_dir."
            ) from error

    def keep_state(self, snapshot: Mapping[str, np.ndarray]) -> None:
        """Replaces what `state` returns; the snapshot before it is kept too.

        However the process ends, one of the two is whole.
        """
        newest = self.path / "state_new.npz"
        with written_beside(newest) as file:
            np.savez(file, allow_pickle=False, **snapshot)
        if self.state_path.exists():
            os.replace(self.state_path, self.state_before_path)
        os.replace(newest, self.state_path)

    def state(self) -> dict[str, np.ndarray] | None:
        """The last snapshot that is whole, or None if the run was ended before its first."""
        paths = [path for path in (self.state_path, self.state_before_path) if path.exists()]
        broken = None
        for path in paths:
            try:
                with open(path, "rb") as file, np.load(file, allow_pickle=False) as arrays:
                    return dict(arrays)
            except BROKEN_ARRAYS as error:
                broken = broken or error
        if not paths:
            return None
        raise UserError(
            f"'{paths[0]}' is broken ({type(broken).__name__}). Delete it to start this run over, "
            "or start a new one."
        ) from broken

    def log(self, row: Mapping[str, float]) -> None:
        """Adds a line to metrics.csv; its first column counts the iterations."""
        with open(self.metrics_path, "a", newline="") as file:
            new = file.tell() == 0
            writer = csv.writer(file, lineterminator="\n")
            writer.writerows([row.keys(), row.values()] if new else [row.values()])

    def forget_after(self, iteration: int) -> None:
        """Drops the lines of metrics.csv that a resumed run will write again."""
        if not self.metrics_path.exists():
            return
        lines = self.metrics_path.read_text().splitlines(keepends=True)
        whole = [line for line in lines if line.endswith("\n")]  # The last may have been cut off.
        kept = [line for line in whole[1:] if int(line.split(",")[0]) <= iteration]
        with written_beside(self.metrics_path) as file:
            file.write("".join(whole[:1] + kept).encode())

    def preview(self, name: str, pixels: np.ndarray) -> None:
        """Adds a picture to previews/."""
        write_image(self.path / "previews" / f"{name}.jpg", pixels)

    def plot(self, columns: Sequence[str]) -> None:
        """Draws these columns of metrics.csv against the first one into loss.png."""
        os.environ.setdefault("MPLBACKEND", "agg")
        from matplotlib import pyplot  # Takes a second, which only runs with a folder should pay.

        with open(self.metrics_path, newline="") as file:
            head, *rows = csv.reader(file)
        values = dict(zip(head, np.array(rows, float).T, strict=True))
        figure, axes = pyplot.subplots(figsize=(8, 5), layout="constrained")
        for name in columns:
            if np.nan_to_num(values[name]).any():
                axes.semilogy(values[head[0]], values[name], label=name)
        axes.set(xlabel=head[0], ylabel="objective, and terms before their weights")
        axes.legend(fontsize="small")
        with written_beside(self.path / "loss.png") as file:
            figure.savefig(file, format="png", dpi=110)
        pyplot.close(figure)
