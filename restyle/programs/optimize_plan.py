"""What a run is going to take and do, as --dry_run and its first lines say it."""

from collections.abc import Mapping, Sequence

import numpy as np

from restyle.exact.plan import MemoryPlan, Room, plans_for, room_for
from restyle.exact.schedule import iterations_left
from restyle.machine.tensorflow_start import quiet_start
from restyle.programs.optimize_task import Task
from restyle.record.run_folder import RunFolder

Snapshot = Mapping[str, np.ndarray]


def print_plan(task: Task, folder: RunFolder | None, snapshot: Snapshot | None) -> int:
    """Prints what would be done; needs TensorFlow to see how fast it is here."""
    with quiet_start("tensorflow"):
        task_here = decided(task)
    _, lines = expected(task_here, folder, snapshot)
    print("\n".join([task.plan(), *lines]))
    return 0


def decided(task: Task) -> Task:
    """The task with the precision that "auto" is here."""
    from restyle.machine.precision import decided_precision

    return task.with_precision(decided_precision(task.config.precision))


def expected(
    task: Task, folder: RunFolder | None, snapshot: Snapshot | None
) -> tuple[Room, list[str]]:
    """What a run may take, and lines that say what it will; UserError if that is too much."""
    from restyle.machine.precision import operations_per_second

    config = task.config
    room = room_for(config, folder.pairs_path if folder else None, snapshot)
    plans = plans_for([scale.size for scale in task.scales], config.precision, config, room)
    left = iterations_left(task.scales, snapshot)
    return room, plan_lines(plans, left, room, operations_per_second(config.precision))


def plan_lines(
    plans: Sequence[MemoryPlan], iterations: Sequence[int], room: Room, speed: float
) -> list[str]:
    """What a run is going to take: memory at its last scale, and time.

    iterations: left to do by each plan. speed: operations per second, see
    restyle/machine/precision.py.
    """
    last, (height, width) = plans[-1], plans[-1].size
    total = sum(plan.seconds(speed) * n for plan, n in zip(plans, iterations, strict=True))
    return [
        f"memory: about {last.peak / 1e9:.1f} of {room.memory / 1e9:.1f} GB, for {width}x{height} "
        f"{last}",
        f"time: about {duration(total)}, {duration(last.seconds(speed))} an iteration at the end",
    ]


def duration(seconds: float) -> str:
    """A duration in round numbers: 0.4 s, 50 s, 12 min, 3.5 h."""
    if seconds < 100:
        return f"{seconds:.2g} s"
    if seconds < 6000:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
