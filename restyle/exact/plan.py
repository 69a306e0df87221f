"""How a run keeps within its memory: decided before it begins, not by the system's killer.

Needs no TensorFlow.
"""

import dataclasses
import itertools
import math
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import psutil

from restyle.errors import UserError
from restyle.exact.settings import OptimizeConfig
from restyle.media.images import fit_long_side

Size = tuple[int, int]


@dataclasses.dataclass(frozen=True)
class Way:
    """A way to see a picture, and what it takes.

    Attributes:
      tile: side in pixels of its tiles, 0: none, the picture is seen as a whole.
      of_tile: megabytes, whatever the picture's size, by precision.
      of_pixel: bytes for each pixel of the picture, by precision.
      work: of an evaluation, that of the whole picture being 1.
    """

    tile: int
    of_tile: Mapping[str, int]
    of_pixel: Mapping[str, int]
    work: float


# Peaks of runs coarse to fine with conv5_1 the deepest layer: up to 1.4 times those of a single
# scale (benchmarks/posters.py), as TensorFlow's pool keeps what smaller scales took, in pieces.
AT_START = 1_000_000_000
WHOLE = Way(0, {"float32": 500, "bfloat16": 500}, {"float32": 4500, "bfloat16": 3600}, 1.0)
TILES = Way(512, {"float32": 1200, "bfloat16": 1000}, {"float32": 420, "bfloat16": 330}, 1.5)
WAYS = (WHOLE, TILES)


@dataclasses.dataclass(frozen=True)
class Keeping:
    """Where L-BFGS keeps its pairs.

    Attributes:
      of_pair: bytes of memory for each pixel and pair.
      of_file: bytes of files for each pixel and pair.
      work: added to that of an evaluation.
    """

    text: str
    of_pair: int
    of_file: int
    work: float


KEEPINGS = {
    "memory": Keeping("in memory", 24, 0, 0.0),
    "half": Keeping("in bfloat16", 12, 0, 0.01),
    "disk": Keeping("in files", 0, 12, 0.1),
}
# Of an evaluation, down to conv5_1 and back; how much of a convolution's speed it comes to; and
# how many of them an iteration takes.
OPERATIONS_PER_PIXEL, SHARE_OF_SPEED, EVALUATIONS = 1.5e6, 0.8, 1.05
# Files of an older state, and those of the scale before, which has half as many pixels.
MORE_PAIRS, MORE_FILES = 2, 1.5


@dataclasses.dataclass(frozen=True)
class Room:
    """What a run may take.

    Attributes:
      memory: bytes, of the whole process.
      disk: bytes of files.
      folder: of these files, and of the pairs that a saved state needs; None: a temporary one.
    """

    memory: int
    disk: int
    folder: Path | None = None


def room_for(
    config: OptimizeConfig,
    folder: Path | None = None,
    resume: Mapping[str, np.ndarray] | None = None,
) -> Room:
    """What a run may take here; the same as before for one that goes on after a snapshot."""
    if resume:
        memory, disk = map(int, resume["room"])
        return Room(memory, disk, folder)
    memory = int(config.memory_gb * 1e9) or psutil.virtual_memory().available
    there = [each for each in (folder, *folder.parents) if each.exists()] if folder else []
    disk = shutil.disk_usage(there[0] if there else tempfile.gettempdir()).free
    return Room(memory, disk, folder)


@dataclasses.dataclass(frozen=True)
class MemoryPlan:
    """How a run keeps within its memory at one scale.

    Attributes:
      size: (height, width) of the picture.
      precision: of the network's activations.
      way: how the picture is seen.
      keeping: where L-BFGS keeps its pairs, one of `KEEPINGS`.
      history: how many it keeps; 0 with another optimizer.
    """

    size: Size
    precision: str
    way: Way
    keeping: str
    history: int

    @property
    def peak(self) -> int:
        """Bytes that the process takes at most, about."""
        pixel = self.way.of_pixel[self.precision] + self.history * KEEPINGS[self.keeping].of_pair
        return AT_START + 10**6 * self.way.of_tile[self.precision] + self._pixels * pixel

    @property
    def files(self) -> int:
        """Bytes of the files that are needed."""
        pairs = (self.history + MORE_PAIRS) * KEEPINGS[self.keeping].of_file
        return int(MORE_FILES * pairs * self._pixels)

    @property
    def work(self) -> float:
        """Of an iteration, in evaluations of a whole picture of this size."""
        return self.way.work + KEEPINGS[self.keeping].work

    def seconds(self, operations_per_second: float) -> float:
        """Those of an iteration, about; see `restyle.machine.precision.operations_per_second`."""
        operations = EVALUATIONS * self.work * self._pixels * OPERATIONS_PER_PIXEL
        return operations / (SHARE_OF_SPEED * operations_per_second)

    def __str__(self) -> str:
        seen = f"in tiles of {self.way.tile} pixels" if self.way.tile else "as a whole"
        where = KEEPINGS[self.keeping].text
        kept = f", {self.history} pairs of L-BFGS {where}" if self.history else ""
        return f"{seen}{kept}"

    @property
    def _pixels(self) -> int:
        return self.size[0] * self.size[1]


def plan_for(size: Size, precision: str, config: OptimizeConfig, room: Room) -> MemoryPlan:
    """The plan of the least work by which a (height, width) stays within the room.

    L-BFGS remembers fewer pairs than it is asked to where no plan has room for them.

    Raises:
      UserError: no plan fits; the text says which size or memory would do.
    """
    for history in _histories(config):
        plans = [
            plan
            for plan in _plans(size, precision, history)
            if plan.peak <= room.memory and plan.files <= room.disk
        ]
        if plans:
            return min(plans, key=lambda plan: plan.work)
    raise UserError(_refusal(size, precision, config, room))


def plans_for(
    sizes: Sequence[Size], precision: str, config: OptimizeConfig, room: Room
) -> list[MemoryPlan]:
    """The plan of each scale of a run, coarse to fine.

    Raises:
      UserError: as `plan_for`; of the last scale, the picture asked for, if that does not fit.
    """
    fine_to_coarse = [plan_for(size, precision, config, room) for size in reversed(sizes)]
    return fine_to_coarse[::-1]


def least_memory(size: Size, precision: str, config: OptimizeConfig, disk: float = math.inf) -> int:
    """Bytes of memory that a (height, width) needs whatever the plan."""
    fewest = _histories(config)[-1]
    return min(plan.peak for plan in _plans(size, precision, fewest) if plan.files <= disk)


def largest_side(size: Size, precision: str, config: OptimizeConfig, room: Room) -> int:
    """The longest side, its own at most, at which a (height, width) has a plan; 0: at none."""
    for side in range(max(size), 0, -1):
        at = fit_long_side(size, side)
        if least_memory(at, precision, config, room.disk) <= room.memory:
            return side
    return 0


def _histories(config: OptimizeConfig) -> list[int]:
    """How many pairs may be kept, the most first."""
    if config.optimizer != "lbfgs":
        return [0]
    return [config.history >> halved for halved in range(config.history.bit_length())]


def _plans(size: Size, precision: str, history: int) -> list[MemoryPlan]:
    """All there are; a picture that is no larger than a tile is seen as a whole."""
    ways = [way for way in WAYS if max(size) > way.tile]
    keepings = KEEPINGS if history else ["memory"]
    return [
        MemoryPlan(size, precision, way, keeping, history)
        for way, keeping in itertools.product(ways, keepings)
    ]


def _refusal(size: Size, precision: str, config: OptimizeConfig, room: Room) -> str:
    least = math.ceil(least_memory(size, precision, config, room.disk) / 1e8) / 10
    if config.memory_gb:
        there, remedy = f"--memory_gb={config.memory_gb:g} allows less", f"Pass --memory_gb={least}"
    else:
        there, remedy = f"{room.memory / 1e9:.1f} GB are free", "Free some memory"
    side = largest_side(size, precision, config, room)
    smaller = f", or pass --size={side} or less" if side else ""
    return (
        f"A picture of {size[1]} x {size[0]} needs {least} GB even in small tiles, and {there}. "
        f"{remedy}{smaller}."
    )
