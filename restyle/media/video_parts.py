"""The folder of finished parts of a video: what makes a killed run go on where it stopped."""

import json
import os
import shutil
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

State = dict[str, np.ndarray]

MADE_BY = "made_by.json"
UNFINISHED = "unfinished.nut"
STATE = "state/"


def parts_folder(output: Path) -> Path:
    """Returns the folder, hidden beside the output."""
    return output.with_name(f".{output.name}.parts")


def open_parts(folder: Path, made_by: Mapping[str, Any]) -> int:
    """Returns how many finished parts there are; those made in another way are thrown away.

    Args:
      made_by: all that the parts depend on, as JSON can hold it.
    """
    wanted = json.dumps(made_by, indent=2, sort_keys=True)
    try:
        known = (folder / MADE_BY).read_text()
    except (OSError, UnicodeDecodeError):
        known = ""
    if known != wanted:
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir()
        (folder / MADE_BY).write_text(wanted)
    remove_unfinished(folder)
    count = 0
    while part_path(folder, count).exists():
        count += 1
    return count


def part_path(folder: Path, index: int) -> Path:
    """Returns where the part is, or will be once it is finished."""
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


def read_state(folder: Path, index: int) -> tuple[Fraction, State]:
    """Returns what `finish_part` was given."""
    with np.load(_state_path(folder, index), allow_pickle=False) as arrays:
        names = [name for name in arrays.files if name.startswith(STATE)]
        state = {name.removeprefix(STATE): arrays[name] for name in names}
        return Fraction(str(arrays["time"])), state


def remove_unfinished(folder: Path) -> None:
    """Removes the part that was being written."""
    (folder / UNFINISHED).unlink(missing_ok=True)
    (folder / "unfinished.npz").unlink(missing_ok=True)


def _state_path(folder: Path, index: int) -> Path:
    return folder / f"{index:05d}.npz"
