"""Repaint a photograph in the style of a painting: Gatys, Ecker, Bethge (2016), exact and slow.

  python optimize_style.py --content photo.jpg --style painting.jpg --output out.png

Several styles: give --style several times, with --style_blend_weights 2,1.
One style for each region: a --content_mask for each --style.
A grid of settings: --sweep "content_weight=0.03,0.1,0.3".
"""

import contextlib
import functools
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from absl import flags

from restyle.color import without_white
from restyle.errors import UserError
from restyle.media.contact_sheet import contact_sheet
from restyle.media.images import as_saved, check_writable, read_recipe, resize, write_image
from restyle.media.video.time_lapse import check_time_lapse
from restyle.networks import named_network
from restyle.programs import command_line
from restyle.programs.flag_settings import settings, take_settings
from restyle.programs.interruption import Interruption
from restyle.programs.optimize_flags import define_optimize_flags
from restyle.programs.optimize_records import (
    BoardRecord,
    FolderRecord,
    PreviewsBeside,
    Record,
    TimeLapseRecord,
)
from restyle.programs.optimize_task import NOT_SETTINGS, Task, check_size, read_task, take_cell
from restyle.programs.optimize_text import step_line
from restyle.programs.progress import ProgressDisplay
from restyle.programs.sweep import SweptFlag, combinations, parse_sweep
from restyle.record.recipe import recipe_text
from restyle.record.run_folder import RunFolder
from restyle.record.tensorboard_log import check_tensorboard
from restyle.tensorflow_start import quiet_start

if TYPE_CHECKING:
    from restyle.models.weights.load import VGGWeights

FLAGS = flags.FLAGS


def main() -> int:
    os.environ["KERAS_BACKEND"] = "tensorflow"  # Only train_fast.py may take another.
    if FLAGS.show_recipe:
        print(read_recipe(FLAGS.show_recipe))
        return 0
    folder, snapshot = _resumed_folder() if FLAGS.resume else (None, None)
    if not FLAGS.content or not FLAGS.style:
        raise UserError("No pictures: pass --content photo.jpg --style painting.jpg. See --help.")
    check_writable(FLAGS.output)
    check_tensorboard(FLAGS.tensorboard)
    if FLAGS.time_lapse:
        check_time_lapse(FLAGS.time_lapse)
    if FLAGS.sweep:
        return _sweep([parse_sweep(text) for text in FLAGS.sweep])
    task = _task()
    if snapshot:
        check_size(task, snapshot)
    if FLAGS.run_dir:
        folder = RunFolder(FLAGS.run_dir)
        folder.make()
    interruption = Interruption()
    with ProgressDisplay() as display:
        for note in task.problem.notes:
            display.say(f"note: {note}")
        weights, task = _weights_loader(display.say)(), _decided(task)
        picture = _run(task, weights, display, interruption, folder=folder, snapshot=snapshot)
        _save(task, weights, picture, display)
    if interruption:
        print(f"Interrupted: the best picture so far is in {FLAGS.output}.", file=sys.stderr)
    return command_line.INTERRUPTED if interruption else 0


def _task() -> Task:
    return read_task(named_network(FLAGS.init))


def _weights_loader(say: Callable[[str], object]) -> Callable[[], "VGGWeights"]:
    """What loads the VGG-19 that the flags ask for, each file once.

    TensorFlow is imported here, not before.
    """
    with quiet_start("tensorflow"):
        from restyle.models.weights.load import WeightsError, load_vgg_weights

    @functools.cache
    def load(file: str | None) -> "VGGWeights":
        try:
            return load_vgg_weights(file, report=say)
        except WeightsError as error:
            raise UserError(str(error)) from error

    return lambda: load(FLAGS.vgg_weights)


def _decided(task: Task) -> Task:
    from restyle.precision import decided_precision

    return task.with_precision(decided_precision(task.config.precision))


def _run(
    task: Task, weights: "VGGWeights", display, interruption, *, folder=None, snapshot=None
) -> np.ndarray:
    """The picture at the end of the run, or where it was interrupted, at its full size."""
    from restyle.exact.optimizer import optimize
    from restyle.exact.problem import finished

    if task.network and not snapshot:
        task = task.started(_one_pass(task))
    steps = optimize(task.problem, task.objective, task.config, weights, resume=snapshot)
    if folder and not FLAGS.resume:
        folder.begin(task.settings())
    step = None
    with contextlib.ExitStack() as until_the_end:
        records = _records(task, folder, until_the_end)
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


def _one_pass(task: Task) -> np.ndarray:
    """What the network that --init names makes of the content, at the size of the first scale."""
    from restyle.paint.stylizer import Look
    from restyle.programs.evaluate_task import ready_stylizer

    network = ready_stylizer(
        str(task.network),
        Look(),
        memory_gb=0,
        engine="tensorflow",
        precision=task.config.precision,
        device=None,
    )
    return network.picture(resize(task.problem.content, task.scales[0].size))


def _records(
    task: Task, folder: RunFolder | None, until_the_end: contextlib.ExitStack
) -> list[Record]:
    """What the flags ask to be left by the steps of a run."""
    records: list[Record] = []
    if folder:
        records.append(FolderRecord(folder, FLAGS.save_every))
    elif FLAGS["save_every"].present and not FLAGS.sweep:
        records.append(PreviewsBeside(Path(FLAGS.output), FLAGS.save_every))
    if FLAGS.tensorboard:
        records.append(BoardRecord(FLAGS.tensorboard, FLAGS.save_every))
    if FLAGS.time_lapse:
        size = task.scales[-1].size
        time_lapse = TimeLapseRecord(FLAGS.time_lapse, size, task.config.iterations)
        until_the_end.enter_context(time_lapse.clip)
        records.append(time_lapse)
    return records


def _save(task: Task, weights: "VGGWeights", picture: np.ndarray, display) -> None:
    """Writes the picture with its recipe and says what the network sees in it."""
    from restyle.exact.evaluation import measure_stages
    from restyle.exact.problem import saved_alpha

    size = task.scales[-1].size
    alpha = saved_alpha(task.problem, size)
    drawn = picture if alpha is None else without_white(picture, alpha)
    saved = as_saved(drawn, Path(FLAGS.output).suffix, alpha=alpha)
    stages = {"before saving": picture, "saved": saved}
    terms = measure_stages(stages, task.problem, task.objective, task.config, weights)
    recipe = recipe_text(
        "optimize_style.py",
        task.settings(),
        inputs=task.inputs,
        weights={"source": weights.source, "sha256": weights.sha256},
        terms=terms,
    )
    write_image(FLAGS.output, drawn, alpha=alpha, recipe=recipe)
    for stage, values in terms.items():
        display.say(f"{stage:>13}: " + "  ".join(f"{k} {v:.5f}" for k, v in values.items()))
    display.say(f"Wrote {FLAGS.output}, {size[1]} x {size[0]}.")


def _resumed_folder() -> tuple[RunFolder, Mapping[str, np.ndarray] | None]:
    """The folder to go on with and its state; the flags become those of its run."""
    folder = RunFolder(FLAGS.resume)
    take_settings(folder, settings(NOT_SETTINGS), ["run_dir", "sweep"])
    snapshot = folder.state()
    folder.forget_after(int(snapshot["iteration_of_run"]) if snapshot else 0)
    return folder, snapshot


def _sweep(swept: Sequence[SweptFlag]) -> int:
    """Runs every combination and writes one contact sheet of the results."""
    if len(swept) > 2:
        raise UserError(f"Got {len(swept)} --sweep flags, expected one or two: rows and columns.")
    for name in ("run_dir", "tensorboard", "time_lapse"):
        if FLAGS[name].value:
            raise UserError(f"Got --{name} together with --sweep, which keeps its sheet. Drop one.")
    rows, columns = swept if len(swept) == 2 else (SweptFlag("content", [FLAGS.content]), swept[0])
    for cell in combinations(rows, columns):  # A mistake in the last should not wait for it.
        take_cell(cell)
        _task()
    interruption, pictures = Interruption(), []
    with ProgressDisplay() as display:
        load_weights = _weights_loader(display.say)
        for cell in combinations(rows, columns):
            display.say("  ".join(f"{name} {value}" for name, value in cell.items()))
            take_cell(cell)
            task = _decided(_task())
            pictures.append(_run(task, load_weights(), display, interruption))
            if interruption:
                display.say("Interrupted: no sheet was written.")
                return command_line.INTERRUPTED
    grid = [
        pictures[at : at + len(columns.values)]
        for at in range(0, len(pictures), len(columns.values))
    ]
    labels = rows.labels() if len(swept) == 2 else [""]
    sheet = contact_sheet(grid, row_labels=labels, column_labels=columns.labels())
    write_image(FLAGS.output, sheet)
    print(f"Wrote {FLAGS.output}, {len(pictures)} results.", file=sys.stderr)
    return 0


define_optimize_flags()

if __name__ == "__main__":
    sys.exit(command_line.run(main, __doc__ or "", sys.argv))
