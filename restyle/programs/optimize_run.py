"""The picture of a task, made step by step with all that is to be left of it, and saved."""

import contextlib
import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from restyle.color import without_white
from restyle.machine.tensorflow_start import quiet_start
from restyle.media.images import as_saved, resize, write_image
from restyle.programs.interruption import Interruption
from restyle.programs.optimize_plan import Snapshot, expected
from restyle.programs.optimize_records import (
    BoardRecord,
    FolderRecord,
    PreviewsBeside,
    Record,
    TimeLapseRecord,
    step_line,
)
from restyle.programs.optimize_settings import SAVE_EVERY, Results
from restyle.programs.optimize_task import Task
from restyle.programs.progress import ProgressDisplay
from restyle.record.recipe import recipe_text, run_record
from restyle.record.run_folder import RunFolder

if TYPE_CHECKING:
    from restyle.models.weights.load import VGGWeights

PROGRAM = "optimize_style.py"


def weights_loader(say: Callable[[str], object]) -> Callable[[str | None], "VGGWeights"]:
    """What loads a VGG-19, each file once; TensorFlow is imported here, not before."""
    with quiet_start("tensorflow"):
        from restyle.measure import vgg_weights

    return functools.cache(functools.partial(vgg_weights, report=say))


def run_task(
    task: Task,
    results: Results,
    weights: "VGGWeights",
    display: ProgressDisplay,
    interruption: Interruption,
    folder: RunFolder | None = None,
    snapshot: Snapshot | None = None,
) -> np.ndarray:
    """The picture at the end of the run, or where it was interrupted, at its full size."""
    from restyle.exact.optimizer import optimize
    from restyle.exact.problem import finished

    if task.network and not snapshot:
        task = task.started(_one_pass(task))
    room, lines = expected(task, folder, snapshot)
    display.say("\n".join(lines))
    steps = optimize(task.problem, task.objective, task.config, weights, resume=snapshot, room=room)
    if folder and not results.resume:
        folder.begin(run_record(PROGRAM, task.settings(), task.inputs))
    step = None
    with contextlib.ExitStack() as until_the_end:
        records = _records(task, results, folder, until_the_end)
        for step in steps:
            display.show(step.progress, step_line(step))
            for record in records:
                record.add(step)
            if interruption:
                break
        if step is None:
            assert snapshot, "a run has a step, unless it had ended before it was resumed"
            return finished(snapshot["state image"][0], task.problem, task.config)
        for record in records:
            record.end(step)
    return step.finished()


def save_picture(
    task: Task,
    output: str,
    weights: "VGGWeights",
    picture: np.ndarray,
    display: ProgressDisplay,
) -> None:
    """Writes the picture with its recipe and says what the network sees in it."""
    from restyle.exact.evaluation import measure_stages
    from restyle.exact.problem import saved_alpha

    size = task.scales[-1].size
    alpha = saved_alpha(task.problem, size)
    drawn = picture if alpha is None else without_white(picture, alpha)
    saved = as_saved(drawn, Path(output).suffix, alpha=alpha)
    stages = {"before saving": picture, "saved": saved}
    terms = measure_stages(stages, task.problem, task.objective, task.config, weights)
    recipe = recipe_text(
        PROGRAM,
        task.settings(),
        inputs=task.inputs,
        weights={"source": weights.source, "sha256": weights.sha256},
        terms=terms,
    )
    write_image(output, drawn, alpha=alpha, recipe=recipe)
    for stage, values in terms.items():
        display.say(f"{stage:>13}: " + "  ".join(f"{k} {v:.5f}" for k, v in values.items()))
    display.say(f"Wrote {output}, {size[1]} x {size[0]}.")


def _one_pass(task: Task) -> np.ndarray:
    """What the network that --init names makes of the content, at the size of the first scale."""
    from restyle.api import load

    network = load(str(task.network), engine="tensorflow", precision=task.config.precision)
    return network(resize(task.problem.content, task.scales[0].size))


def _records(
    task: Task,
    results: Results,
    folder: RunFolder | None,
    until_the_end: contextlib.ExitStack,
) -> list[Record]:
    """What is to be left by the steps of a run."""
    save_every = SAVE_EVERY if results.save_every is None else results.save_every
    records: list[Record] = []
    if folder:
        records.append(FolderRecord(folder, save_every))
    elif results.save_every is not None:
        records.append(PreviewsBeside(Path(results.output), save_every))
    if results.tensorboard:
        records.append(BoardRecord(results.tensorboard, save_every))
    if results.time_lapse:
        size = task.scales[-1].size
        time_lapse = TimeLapseRecord(results.time_lapse, size, task.config.iterations)
        until_the_end.enter_context(time_lapse.clip)
        records.append(time_lapse)
    return records
