"""Repaint a photograph in the style of a painting: Gatys, Ecker, Bethge (2016), exact and slow.

  python optimize_style.py --content photo.jpg --style painting.jpg --output out.png

Several styles: give --style several times, with --style_blend_weights 2,1.
One style for each region: a --content_mask and a --style_mask for each --style.
A grid of settings: --sweep "content_weight=0.03,0.1,0.3".
"""

import dataclasses
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from absl import flags

from models.objective_config import ObjectiveConfig, shares
from restyle import command_line
from restyle.errors import UserError
from restyle.exact.optimize_config import STARTS, OptimizeConfig
from restyle.exact.optimize_flags import define_optimize_flags, optimize_config
from restyle.exact.problem import Problem, read_problem
from restyle.exact.schedule import Scale, schedule
from restyle.interruption import Interruption
from restyle.masks import check_mask_count
from restyle.media.contact_sheet import contact_sheet
from restyle.media.images import check_writable, read_recipe, write_image
from restyle.objective_flags import numbers, objective_config, overall_weights
from restyle.progress import ProgressDisplay
from restyle.recipe import file_sha256, recipe_text
from restyle.run_folder import RunFolder
from restyle.sweep import SweptFlag, combinations, parse_sweep

FLAGS = flags.FLAGS
NOT_SETTINGS = ("run_dir", "resume", "show_recipe", "sweep", "save_every", "output")


@dataclasses.dataclass(frozen=True)
class Task:
    """A run that was asked for, read and checked.

    Attributes:
      inputs: sha256 by path of every picture it is made from, as they were when they were read.
    """

    problem: Problem
    objective: ObjectiveConfig
    config: OptimizeConfig
    scales: Sequence[Scale]
    inputs: Mapping[str, str]


def main() -> int:
    if FLAGS.show_recipe:
        print(read_recipe(FLAGS.show_recipe))
        return 0
    folder, snapshot = _resumed_folder() if FLAGS.resume else (None, None)
    if not FLAGS.content or not FLAGS.style:
        raise UserError("No pictures: pass --content photo.jpg --style painting.jpg. See --help.")
    check_writable(FLAGS.output)
    if FLAGS.sweep:
        return _sweep([parse_sweep(text) for text in FLAGS.sweep])
    task = _task()
    if snapshot:
        _check_size(task, snapshot)
    if FLAGS.run_dir:
        folder = RunFolder(FLAGS.run_dir)
        folder.make()
    interruption = Interruption()
    with ProgressDisplay() as display:
        for note in task.problem.notes:
            display.say(f"note: {note}")
        pixels = _run(task, display, interruption, folder=folder, snapshot=snapshot)
        _save(task, pixels, display)
    if interruption:
        print(f"Interrupted: the best picture so far is in {FLAGS.output}.", file=sys.stderr)
    return command_line.INTERRUPTED if interruption else 0


def _task() -> Task:
    """Reads and checks all that the flags name, before anything slow is done."""
    try:
        objective, config = objective_config(), optimize_config()
        blend_weights = numbers("style_blend_weights")
        shares(blend_weights, FLAGS.style, "style_blend_weights")
    except ValueError as error:
        raise UserError(str(error)) from error
    if FLAGS.content_mask or FLAGS.style_mask:
        check_mask_count(FLAGS.content_mask, FLAGS.style_mask, FLAGS.style)
    start = [] if config.init in STARTS else [config.init]
    problem = read_problem(
        FLAGS.content,
        FLAGS.style,
        blend_weights=blend_weights,
        masks=list(zip(FLAGS.content_mask, FLAGS.style_mask, strict=True)),
        start=start[0] if start else None,
        match_style_color=config.preserve_color == "match",
    )
    scales = schedule(
        problem.content.shape[:2],
        [style.shape[:2] for style in problem.styles],
        config,
        objective.layers,
    )
    paths = [FLAGS.content, *FLAGS.style, *FLAGS.content_mask, *FLAGS.style_mask, *start]
    inputs = {path: file_sha256(path) for path in paths}
    return Task(problem, objective, config, scales, inputs)


def _network(task: Task, precision: str, say):
    """VGG-19 for a task and the precision chosen; TensorFlow is imported here, not before."""
    with command_line.quiet_start():
        from models.vgg19 import vgg19_features
        from restyle.exact.precision import PRECISIONS, fastest_precision
    from models.vgg_weights import WeightsError, load_vgg_weights

    try:
        weights = load_vgg_weights(FLAGS.vgg_weights, report=say)
    except WeightsError as error:
        raise UserError(str(error)) from error
    precision = fastest_precision() if precision == "auto" else precision
    network = vgg19_features(
        weights, task.objective.layers, pooling=task.config.pooling, dtype=PRECISIONS[precision]
    )
    return network, weights, precision


def _run(task: Task, display, interruption, *, folder=None, snapshot=None) -> np.ndarray:
    """The image at the end of the run, or where it was interrupted, at its last scale's size."""
    network, _, precision = _network(task, task.config.precision, display.say)
    from restyle.exact.memory import check_memory
    from restyle.exact.optimizer import optimize, starting_image

    size = task.scales[-1].size
    check_memory(size, precision, task.config)
    FLAGS["precision"].value = precision  # The recipe says which, and a resumed run keeps to it.
    if folder and not FLAGS.resume:
        folder.begin(_settings())
    keep_every, step = 0 if FLAGS.sweep else FLAGS.save_every, None
    for step in optimize(
        task.problem, task.objective, task.config, network, task.scales, resume=snapshot
    ):
        display.show(step.progress, _line(step))
        if folder:
            folder.log(_row(step))
        if keep_every and step.iteration_of_run % keep_every == 0:
            _keep(step, folder)
        if interruption:
            break
    if step is None:  # The run had ended before it was resumed, or had nowhere to go.
        if snapshot:
            return snapshot["state image"][0]
        return starting_image(task.problem, task.config, size)
    if folder:
        folder.keep_state(step.snapshot())
        folder.plot(["objective", *step.terms])
    return step.pixels()


def _keep(step, folder: RunFolder | None) -> None:
    """Saves a preview, and the state where there is a folder for it."""
    if folder:
        folder.preview(f"{step.iteration_of_run:05d}", step.pixels())
        folder.keep_state(step.snapshot())
    else:
        output = Path(FLAGS.output)
        name = f"{output.stem}_{step.iteration_of_run:05d}{output.suffix}"
        write_image(output.with_name(name), step.pixels())


def _save(task: Task, pixels: np.ndarray, display) -> None:
    """Writes the picture with its recipe and says what the network sees in it."""
    network, weights, _ = _network(task, "float32", display.say)
    from restyle.exact.result import as_saved, measure_stages, saved_alpha, without_white

    size = task.scales[-1].size
    picture, alpha = _finished(task, pixels), saved_alpha(task.problem, size)
    drawn = picture if alpha is None else without_white(picture, alpha)
    saved = as_saved(drawn, Path(FLAGS.output).suffix, alpha=alpha)
    stages = {"before saving": picture, "saved": saved}
    terms = measure_stages(stages, task.problem, task.objective, network, task.scales[-1])
    recipe = recipe_text(
        "optimize_style.py",
        _settings(),
        inputs=task.inputs,
        weights={"source": weights.source, "sha256": weights.sha256},
        terms=terms,
    )
    write_image(FLAGS.output, drawn, alpha=alpha, recipe=recipe)
    for stage, values in terms.items():
        display.say(f"{stage:>13}: " + "  ".join(f"{k} {v:.5f}" for k, v in values.items()))
    display.say(f"Wrote {FLAGS.output}, {size[1]} x {size[0]}.")


def _settings() -> dict[str, Any]:
    """All flags that shape the result, by name, with what the preset makes of them."""
    named = [flag for group in command_line.headed_groups().values() for flag in group]
    values = {flag.name: flag.value for flag in named if flag.name not in NOT_SETTINGS}
    return values | overall_weights()


def _resumed_folder() -> tuple[RunFolder, Mapping[str, np.ndarray] | None]:
    """The folder to go on with and its state; the flags become those of its run."""
    folder = RunFolder(FLAGS.resume)
    settings = folder.config()
    if settings.keys() != _settings().keys():
        raise UserError(
            f"'{folder.path}' holds a run of another program or version. Give the folder of a run "
            "that this optimize_style.py made with --run_dir."
        )
    for name in [*settings, "run_dir", "sweep"]:
        if FLAGS[name].present:
            raise UserError(
                f"Got --{name} together with --resume: a run goes on with its own settings. "
                f"Drop --{name}, or begin another run."
            )
    for name, value in settings.items():
        FLAGS[name].value = value
        FLAGS[name].present = 1  # A preset changes only what was not given.
    snapshot = folder.state()
    folder.forget_after(int(snapshot["iteration_of_run"]) if snapshot else 0)
    return folder, snapshot


def _check_size(task: Task, snapshot: Mapping[str, np.ndarray]) -> None:
    size, index = snapshot["state image"].shape[1:3], int(snapshot["scale_index"])
    if task.scales[index:] and task.scales[index].size == size:
        return
    raise UserError(
        f"'{FLAGS.content}' is now another picture than when this run began: the run's state is "
        f"{size[1]} x {size[0]}. Put the old one back, or begin another run."
    )


def _sweep(swept: Sequence[SweptFlag]) -> int:
    """Runs every combination and writes one contact sheet of the results."""
    if len(swept) > 2:
        raise UserError(f"Got {len(swept)} --sweep flags, expected one or two: rows and columns.")
    if FLAGS.run_dir:
        raise UserError("Got --run_dir together with --sweep, which keeps its sheet. Drop one.")
    rows, columns = swept if len(swept) == 2 else (SweptFlag("content", [FLAGS.content]), swept[0])
    for settings in combinations(rows, columns):  # A mistake in the last should not wait for it.
        _task_with(settings)
    interruption, pictures = Interruption(), []
    with ProgressDisplay() as display:
        for settings in combinations(rows, columns):
            display.say("  ".join(f"{name} {value}" for name, value in settings.items()))
            task = _task_with(settings)
            pictures.append(_finished(task, _run(task, display, interruption)))
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


def _task_with(settings: Mapping[str, str]) -> Task:
    """The task of one cell of a sweep; the flags stay as they are set for it."""
    for name, value in settings.items():
        if name not in _settings():
            raise UserError(
                f"Got --sweep={name}=..., but there is no setting --{name}. See --help."
            )
        FLAGS[name].unparse()  # Or --style, which may be given several times, would add to itself.
        try:
            FLAGS[name].parse(value)
        except flags.Error as error:
            raise UserError(f"Got --sweep={name}={value}: {error}") from error
    return _task()


def _finished(task: Task, pixels: np.ndarray) -> np.ndarray:
    from restyle.exact.result import finished

    return finished(pixels, task.problem, task.scales[-1].size, task.config.preserve_color)


def _row(step) -> dict[str, float]:
    height, width = step.scale.size
    return {
        "iteration": step.iteration_of_run,
        "height": height,
        "width": width,
        "evaluations": step.evaluations,
        "seconds": step.seconds,
        "objective": step.value,
        **step.terms,
    }


def _line(step) -> str:
    """A step in one line: scale, iteration, objective, and the terms before their weights."""
    height, width = step.scale.size
    parts = [
        f"scale {step.scale_index + 1}/{len(step.schedule)} {width}x{height}",
        f"iteration {step.iteration}/{step.scale.iterations}",
        f"objective {step.value:.4f}",
    ]
    for kind in ("content", "style"):
        terms = [f"{value:.3f}" for name, value in step.terms.items() if name.startswith(kind)]
        parts.append(f"{kind} {' '.join(terms)}")
    return "  ".join(parts)


define_optimize_flags()

if __name__ == "__main__":
    sys.exit(command_line.run(main, __doc__ or "", sys.argv))
