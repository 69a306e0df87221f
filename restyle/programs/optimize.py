"""Repaint a photo in the style of a painting by optimizing its pixels: Gatys, Ecker, Bethge (2016).

  python optimize_style.py --content photo.jpg --style painting.jpg --output out.png

Blend styles: give --style several times, and --style_blend_weights 2,1.
Give each region its own style: a --content_mask for each --style.
Compare settings on one sheet: --sweep "content_weight=0.03,0.1,0.3".
Use the settings of an earlier picture: --like out.png, and any flags that should differ.
"""

import contextlib
import functools
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from restyle.machine.tensorflow_start import quiet_start
from restyle.media.contact_sheet import contact_sheet
from restyle.media.images import check_writable, read_recipe, resize, write_image
from restyle.media.video.time_lapse import check_time_lapse
from restyle.programs import command_line
from restyle.programs.flags import WrongFlags
from restyle.programs.interruption import Interruption
from restyle.programs.optimize_plan import Snapshot, decided, expected, print_plan
from restyle.programs.optimize_records import records_of, step_line
from restyle.programs.optimize_saving import PROGRAM, save_picture
from restyle.programs.optimize_settings import CONFIGS, FLAGS, SWEPT, Results, idle
from restyle.programs.optimize_task import Task, check_size, read_task
from restyle.programs.progress import ProgressDisplay
from restyle.programs.settings import (
    built,
    chosen,
    recorded_settings,
    refuse,
    refuse_beside_resume,
)
from restyle.programs.sweep import SweptFlag, combinations, parse_sweep, swept_settings
from restyle.record.recipe import run_record
from restyle.record.run_folder import RunFolder
from restyle.record.tensorboard_log import check_tensorboard

if TYPE_CHECKING:
    from restyle.models.weights.load import VGGWeights


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the program and returns its exit status; None means the arguments of this process."""
    return command_line.run_program(_optimize, FLAGS, __doc__ or "", arguments)


def _optimize(given: dict[str, Any]) -> int:
    os.environ["KERAS_BACKEND"] = "tensorflow"  # Only training may take another.
    results = built(Results, given)
    if results.show_recipe:
        refuse(given, given.keys() - {"show_recipe"}, "with --show_recipe")
        print(read_recipe(results.show_recipe))
        return 0
    if results.resume:
        return _go_on(given, results)
    if results.sweep:
        return _sweep(given, results)
    task = read_task(chosen(given, *CONFIGS))
    for name, why in idle(task.config).items():
        refuse(given, [name], why)
    _check_results(results)
    folder = RunFolder(results.run_dir) if results.run_dir else None
    if given.get("dry_run"):
        return print_plan(task, folder, None)
    if folder:
        folder.make()
    return _make(task, results, folder, None)


def _go_on(given: Mapping[str, Any], results: Results) -> int:
    """Resumes the run in a folder, by the settings that are kept there."""
    refuse_beside_resume(given, ("output", "save_every", "tensorboard", "time_lapse"))
    folder = RunFolder(results.resume or "")
    settings = recorded_settings(folder.config(), folder.path, *CONFIGS)
    snapshot = folder.state()
    _check_results(results)
    task = read_task(settings)
    if snapshot:
        check_size(task, snapshot)
    if given.get("dry_run"):
        return print_plan(task, folder, snapshot)
    folder.forget_after(int(snapshot["iteration_of_run"]) if snapshot else 0)
    return _make(task, results, folder, snapshot)


def _check_results(results: Results) -> None:
    """Raises UserError for what cannot be left where it was asked for."""
    check_writable(results.output)
    check_tensorboard(results.tensorboard)
    if results.time_lapse:
        check_time_lapse(results.time_lapse)


def _make(task: Task, results: Results, folder: RunFolder | None, snapshot: Snapshot | None) -> int:
    """Makes a picture and saves it, whether the run ends or is interrupted."""
    interruption = Interruption()
    with ProgressDisplay() as display:
        for note in task.problem.notes:
            display.say(f"note: {note}")
        weights = weights_loader(display.say)(task.sources.vgg_weights)
        task = decided(task)
        picture = _run(task, results, weights, display, interruption, folder, snapshot)
        save_picture(task, results.output, weights, picture, display)
    if interruption:
        print(f"Interrupted: the best picture so far is in {results.output}.", file=sys.stderr)
    return command_line.INTERRUPTED if interruption else 0


def _run(
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
        records = records_of(task, results, folder, until_the_end)
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
    picture = step.finished()
    step.optimizer.forget()  # What is measured next may take the place of its pairs.
    return picture


def _one_pass(task: Task) -> np.ndarray:
    """What the network that --init names makes of the content, at the size of the first scale."""
    from restyle.api import load

    network = load(str(task.network), engine="tensorflow", precision=task.config.precision)
    return network(resize(task.problem.content, task.scales[0].size))


def weights_loader(say: Callable[[str], object]) -> Callable[[str | None], "VGGWeights"]:
    """What loads a VGG-19, each file once; TensorFlow is imported here, not before."""
    with quiet_start("tensorflow"):
        from restyle.measure import vgg_weights

    return functools.cache(functools.partial(vgg_weights, report=say))


def _sweep(given: Mapping[str, Any], results: Results) -> int:
    """Runs every combination and writes one contact sheet of the results."""
    swept = [parse_sweep(text) for text in results.sweep]
    if len(swept) > 2:
        raise WrongFlags(f"Got {len(swept)} --sweep flags, expected one or two: rows and columns.")
    refuse(given, ("run_dir", "tensorboard", "time_lapse", "save_every"), "together with --sweep")
    check_writable(results.output)
    cells = list(combinations(*swept))
    plans = _checked(cells, given)  # A mistake in the last cell should not wait for it.
    if given.get("dry_run"):
        print("\n\n".join(plans))
        return 0
    interruption, pictures = Interruption(), []
    with ProgressDisplay() as display:
        load_weights = weights_loader(display.say)
        for cell in cells:
            display.say("  ".join(f"{name} {value}" for name, value in cell.items()))
            task = decided(read_task(_settings_of(cell, given)))
            weights = load_weights(task.sources.vgg_weights)
            pictures.append(_run(task, Results(), weights, display, interruption))
            if interruption:
                display.say("Interrupted: no sheet was written.")
                return command_line.INTERRUPTED
    write_image(results.output, _sheet(pictures, swept))
    print(f"Wrote {results.output}, {len(pictures)} results.", file=sys.stderr)
    return 0


def _settings_of(cell: Mapping[str, str], given: Mapping[str, Any]) -> dict[str, Any]:
    return chosen({**given, **swept_settings(cell, FLAGS, SWEPT)}, *CONFIGS)


def _checked(cells: Sequence[Mapping[str, str]], given: Mapping[str, Any]) -> list[str]:
    """The plan of each cell; refuses a flag that does nothing in any."""
    tasks = [read_task(_settings_of(cell, given)) for cell in cells]
    unused = [idle(task.config) for task in tasks]
    for name, why in unused[0].items():
        if all(name in each for each in unused):
            refuse({**given, **cells[0]}, [name], why)
    return [task.plan() for task in tasks]


def _sheet(pictures: Sequence[np.ndarray], swept: Sequence[SweptFlag]) -> np.ndarray:
    """The pictures in rows, one if a single flag is swept."""
    columns = swept[-1].labels()
    rows = swept[0].labels() if len(swept) == 2 else [""]
    grid = [pictures[at : at + len(columns)] for at in range(0, len(pictures), len(columns))]
    return contact_sheet(grid, row_labels=rows, column_labels=columns)
