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

from restyle import command_line
from restyle.errors import UserError
from restyle.exact.optimize_config import STARTS, result_size
from restyle.exact.optimize_flags import define_optimize_flags, optimize_config
from restyle.exact.problem import Problem, read_problem
from restyle.exact.schedule import Scale, schedule
from restyle.interruption import Interruption
from restyle.media.contact_sheet import contact_sheet
from restyle.media.images import check_writable, read_recipe, write_image
from restyle.objective_flags import numbers, objective_config
from restyle.progress import ProgressDisplay
from restyle.recipe import recipe_text
from restyle.run_folder import RunFolder
from restyle.sweep import SweptFlag, combinations, parse_sweep

FLAGS = flags.FLAGS
NOT_SETTINGS = ("run_dir", "resume", "show_recipe", "sweep", "save_every", "output")
INTERRUPTED = 130


@dataclasses.dataclass(frozen=True)
class Task:
    """A run that was asked for, read and checked."""

    problem: Problem
    objective: Any
    config: Any
    scales: Sequence[Scale]


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
    if FLAGS.run_dir and folder is None:
        folder = RunFolder(FLAGS.run_dir)
        folder.begin(_settings())
    interruption = Interruption()
    with ProgressDisplay() as display:
        for note in task.problem.notes:
            display.say(f"note: {note}")
        pixels = _run(task, display, interruption, folder=folder, snapshot=snapshot)
        _save(task, pixels, display)
    if interruption:
        print(f"Interrupted: the best picture so far is in {FLAGS.output}.", file=sys.stderr)
    return INTERRUPTED if interruption else 0


def _task() -> Task:
    """Reads and checks all that the flags name, before anything slow is done."""
    try:
        objective, config = objective_config(), optimize_config()
        blend_weights = numbers("style_blend_weights")
    except ValueError as error:
        raise UserError(str(error)) from error
    if len(FLAGS.content_mask) != len(FLAGS.style_mask):
        raise UserError(
            f"Got {len(FLAGS.content_mask)} --content_mask and {len(FLAGS.style_mask)} "
            "--style_mask. Give one of each for every style, in the same order."
        )
    problem = read_problem(
        FLAGS.content,
        FLAGS.style,
        blend_weights=blend_weights,
        masks=list(zip(FLAGS.content_mask, FLAGS.style_mask, strict=True)),
        start=None if config.init in STARTS else config.init,
        match_style_color=config.preserve_color == "match",
    )
    scales = schedule(
        problem.content.shape[:2],
        [style.shape[:2] for style in problem.styles],
        config,
        objective.layers,
    )
    return Task(problem, objective, config, scales)


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
    pixels = starting_image(task.problem, task.config, size)
    step = None
    for step in optimize(
        task.problem, task.objective, task.config, network, task.scales, resume=snapshot
    ):
        display.show(step.progress, _line(step))
        if folder:
            folder.log(_row(step))
        if FLAGS.save_every and step.iteration_of_run % FLAGS.save_every == 0:
            _keep(step, folder)
        if interruption:
            break
    if step is not None:
        pixels = step.pixels()
        if folder:
            folder.keep_state(step.snapshot())
            folder.plot(["objective", *step.terms])
    return pixels


def _keep(step, folder: RunFolder | None) -> None:
    """Saves a preview, and the state where there is a folder for it."""
    if folder:
        folder.preview(f"{step.iteration_of_run:05d}", step.pixels())
        folder.keep_state(step.snapshot())
    else:
        output = Path(FLAGS.output)
        name = f"{output.stem}_{step.iteration_of_run:05d}{output.suffix}"
        write_image(output.with_name(name), step.pixels())


def _save(task: Task, pixels: np.ndarray, display) -> np.ndarray:
    """Writes the picture with its recipe and says what the network sees in it."""
    network, weights, _ = _network(task, "float32", display.say)
    from restyle.exact.result import as_saved, finished, measure_stages, saved_alpha

    size = task.scales[-1].size
    picture = finished(pixels, task.problem, size, task.config.preserve_color)
    stages = {"before saving": picture, "saved": as_saved(picture, Path(FLAGS.output).suffix)}
    terms = measure_stages(stages, task.problem, task.objective, network, task.scales[-1])
    recipe = recipe_text(
        "optimize_style.py",
        _settings(),
        inputs=[FLAGS.content, *FLAGS.style, *FLAGS.content_mask, *FLAGS.style_mask],
        weights={"source": weights.source, "sha256": weights.sha256},
        terms=terms,
    )
    alpha = saved_alpha(task.problem, size)
    write_image(FLAGS.output, picture, alpha=alpha, recipe=recipe)
    for stage, values in terms.items():
        display.say(f"{stage:>13}: " + "  ".join(f"{k} {v:.5f}" for k, v in values.items()))
    display.say(f"Wrote {FLAGS.output}, {size[1]} x {size[0]}.")
    return picture


def _settings() -> dict[str, Any]:
    """All flags that shape the result, by name."""
    named = [flag for group in command_line.headed_groups().values() for flag in group]
    return {flag.name: flag.value for flag in named if flag.name not in NOT_SETTINGS}


def _resumed_folder() -> tuple[RunFolder, Mapping[str, np.ndarray] | None]:
    """The folder to go on with and its state; the flags become those of its run."""
    folder = RunFolder(FLAGS.resume)
    settings = folder.config()
    for name in settings:
        if FLAGS[name].present:
            raise UserError(
                f"Got --{name} together with --resume: a run goes on with its own settings. "
                f"Drop --{name}, or begin another run."
            )
        FLAGS[name].value = settings[name]
    snapshot = folder.state()
    folder.forget_after(int(snapshot["iteration_of_run"]) if snapshot else 0)
    return folder, snapshot


def _sweep(swept: Sequence[SweptFlag]) -> int:
    """Runs every combination and writes one contact sheet of the results."""
    if len(swept) > 2:
        raise UserError(f"Got {len(swept)} --sweep flags, expected one or two: rows and columns.")
    rows, columns = swept if len(swept) == 2 else (SweptFlag("content", [FLAGS.content]), swept[0])
    interruption, pictures = Interruption(), []
    with ProgressDisplay() as display:
        for settings in combinations(rows, columns):
            for name, value in settings.items():
                _set_flag(name, value)
            display.say("  ".join(f"{name} {value}" for name, value in settings.items()))
            task = _task()
            pixels = _run(task, display, interruption)
            pictures.append(_finished(task, pixels))
            if interruption:
                return INTERRUPTED
    grid = [
        pictures[at : at + len(columns.values)]
        for at in range(0, len(pictures), len(columns.values))
    ]
    labels = rows.labels() if len(swept) == 2 else [""]
    sheet = contact_sheet(grid, row_labels=labels, column_labels=columns.labels())
    write_image(FLAGS.output, sheet)
    print(f"Wrote {FLAGS.output}, {len(pictures)} results.", file=sys.stderr)
    return 0


def _set_flag(name: str, value: str) -> None:
    if name not in _settings():
        raise UserError(f"Got --sweep={name}=..., but there is no setting --{name}. See --help.")
    try:
        flags.FLAGS[name].parse(value)
    except flags.Error as error:
        raise UserError(f"Got --sweep={name}={value}: {error}") from error


def _finished(task: Task, pixels: np.ndarray) -> np.ndarray:
    from restyle.exact.result import finished

    size = result_size(task.problem.content.shape[:2], task.config)
    return finished(pixels, task.problem, size, task.config.preserve_color)


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
