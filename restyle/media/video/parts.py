"""The folder of finished parts of a video: what makes a killed run go on where it stopped."""

import json
import os
import shutil
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from restyle.files import BROKEN_ARRAYS

State = dict[str, np.ndarray]

MADE_BY = "made_by.json"
UNFINISHED = "unfinished.nut"
STATE = "state/"


class Finished(NamedTuple):
    """The parts that are there.

    Attributes:
      count: how many.
      until: time of the last frame in them; None if there are none.
      state: what was given with that frame.
    """

    count: int
    until: Fraction | None
    state: State


def parts_folder(output: Path) -> Path:
    """The folder, hidden beside the output."""
    return output.with_name(f".{output.name}.parts")


def open_parts(folder: Path, made_by: Mapping[str, Any]) -> Finished:
    """The finished parts; those made in another way, or damaged, are thrown away.

    Args:
      made_by: all that the parts depend on, as JSON can hold it.
    """
    wanted = json.dumps(made_by, indent=2, sort_keys=True)
    try:
        known = (folder / MADE_BY).read_text()
    except (OSError, UnicodeDecodeError):
        known = ""
    finished = _finished(folder) if known == wanted else None
    if finished is None:
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir()
        (folder / MADE_BY).write_text(wanted)
        return Finished(0, None, {})
    remove_unfinished(folder)
    return finished


def part_path(folder: Path, index: int) -> Path:
    """Where the part is, or will be once it is finished."""
    return folder / f"{index:05d}.nut"


def finish_part(folder: Path, index: int, time: Fraction, state: Mapping[str, np.ndarray]) -> None:
    """Keeps the unfinished part, with the time of its last frame and the state after it.

    The part gets its name last: where it has one, there is a state.
    """
    arrays = {STATE + name: np.asarray(array) for name, array in state.items()}
    unfinished = folder / "unfinished.npz"
    np.savez(unfinished, allow_pickle=False, time=np.array(str(time)), **arrays)
    os.replace(unfinished, _state_path(folder, index))
    os.replace(folder / UNFINISHED, part_path(folder, index))
    if index:  # Only the last one is ever read, and a state may be several whole frames.
        _state_path(folder, index - 1).unlink(missing_ok=True)


def remove_unfinished(folder: Path) -> None:
    """Removes the part that was being written."""
    (folder / UNFINISHED).unlink(missing_ok=True)
    (folder / "unfinished.npz").unlink(missing_ok=True)


def _finished(folder: Path) -> Finished | None:
    """The parts with what `finish_part` was given for the last; None if that is broken."""
    count = 0
    while part_path(folder, count).exists():
        count += 1
    if not count:
        return Finished(0, None, {})
    try:
        # Opened here, because numpy leaves a broken file open.
        with (
            open(_state_path(folder, count - 1), "rb") as file,
            np.load(file, allow_pickle=False) as arrays,
        ):
            names = [name for name in arrays.files if name.startswith(STATE)]
            state = {name.removeprefix(STATE): arrays[name] for name in names}
            return Finished(count, Fraction(str(arrays["time"])), state)
    except BROKEN_ARRAYS:
        return None


def _state_path(folder: Path, index: int) -> Path:
    return folder / f"{index:05d}.npz"
